#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""On every capture, `slim -Y` and `--fields` agree with a stock tshark that sees the whole capture. `-Y` keeps a stream if its flight as a whole
matches; `--fields` gives the fields of the first frame of the flight that has any of them.

tshark takes a second to start, so the program is given many captures at once. A stream goes on from one file to the next if both have one with the
same endpoints, so what is then not as expected is asked for again, of that capture alone, and that counts."""
import sys
import unittest

import answers
import log_schema
import tshark_runner

HELLO, NEGATED = "tls.handshake.type == 1", "http.request or http.response or (tcp.len > 200 and not tls)"
FIELDS = ["tls.handshake.extensions_server_name", "tls.handshake.ja3", "http.host", "ssh.protocol"]
FILTERED = ["tls.handshake.type", "http.request", "http.response", "tls"]     # the filters use these
OPTIONS = ["-n", "-o", "tcp.reassemble_out_of_order:TRUE"]
BETWEEN = "|"                                                                 # between the values of one field
AT_ONCE = 12                                                                  # captures

# slim finds what stock tshark does not: {end of a capture's path: (filter, frames of its log, reason)}.
BETTER = {
    "nDPI/tests/cfgs/default/pcap/heuristic_tcp_ack_payload.pcap":
        (HELLO, [3, 85, 164, 220], "the padding of an ACK is taken for the first two bytes of a ClientHello, which then comes as a retransmission"),
}


class Row:
    """What stock tshark says about a frame with TCP."""

    def __init__(self, line):
        number, self.stream, self.seq, self.length, *values = line.split("\t")
        self.number = int(number)
        self.firsts = [value.split(BETWEEN)[0] for value in values[:len(FIELDS)]]
        self.values = {name: value.split(BETWEEN) if value else [] for name, value in zip(FILTERED, values[len(FIELDS):])}

    def place(self):
        """Returns the sequence number and the length of the first segment in the frame."""
        return tuple(int(value.split(BETWEEN)[0] or 0) for value in (self.seq, self.length))

    def has_hello(self):
        return "1" in self.values["tls.handshake.type"]

    def has_http(self):
        return bool(self.values["http.request"] or self.values["http.response"])

    def has_tls(self):
        return bool(self.values["tls"])


def stock_rows(path):
    words = [word for field in ["frame.number", "tcp.stream", "tcp.seq", "tcp.len"] + FIELDS + FILTERED for word in ("-e", field)]
    done = tshark_runner.run_tshark([*OPTIONS, "-r", str(path), "-T", "fields", "-E", "aggregator=" + BETWEEN, "-E", "separator=/t", *words], plugin=False)
    rows = [Row(line) for line in tshark_runner.output_of(done).splitlines()]
    for row in rows:
        row.stream = row.stream.split(BETWEEN)[0]
    return [row for row in rows if row.stream]


def by_log(paths, *options):
    """Returns {path: lines of the log}, and what the program said."""
    done = answers.program("slim", "-q", "--log", "-", "--log-format", "json", "--log-bytes", "0", *options, *paths, check=False)
    said = done.stderr.decode(errors="replace")
    if done.returncode not in (0, 1, 65):
        raise AssertionError(said)
    entries = {str(path): [] for path in paths}
    for entry in log_schema.entries(done.stdout):
        entries[entry["pcap_filename"]].append(entry)
    return entries, said


def long_ones(flights):
    """Returns the streams whose flight begins with a long segment: the longest one with the flight's first byte."""
    first = {}
    for row in flights:
        seq, length = row.place()
        first.setdefault(row.stream, []).append((seq, -length))
    return {stream for stream, segments in first.items() if -min(segments)[1] > 200}


def wanted_of(path):
    """Returns {filter, or "": frames of the log, or fields of each line}, and how many lines the log has."""
    listed = [row.split("\t") for row in answers.slim(path, check=False)]
    flight = {int(number) for number, classes in listed if "flight" in classes}
    rows = stock_rows(path)
    streams = {row.number: row.stream for row in rows}
    flights = [row for row in rows if row.number in flight]
    wanted_fields = {}
    for row in flights:
        if any(row.firsts):
            wanted_fields.setdefault(row.stream, {field: value for field, value in zip(FIELDS, row.firsts) if value})
    plain, _ = by_log([path], "--in-order")  # as lines with fields come
    firsts = [entry["pcap_cnt"] for entry in plain[str(path)]]
    wanted = {"": [wanted_fields.get(streams.get(number), {}) for number in firsts]}
    hello = {row.stream for row in flights if row.has_hello()}
    negated = {row.stream for row in flights if row.has_http()} | long_ones(flights) - {row.stream for row in flights if row.has_tls()}
    for text, matching in ((HELLO, hello), (NEGATED, negated)):
        wanted[text] = [number for number in firsts if streams.get(number) in matching]
    for end, (text, frames, _) in BETTER.items():
        if str(path).endswith(end):
            wanted[text] = frames
    return wanted, len(firsts)


def first_of(fields):
    """Returns the first value of each field. An empty field is not told from an absent one."""
    firsts = {name: value[0] if isinstance(value, list) else value for name, value in fields.items()}
    return {name: value for name, value in firsts.items() if value}


def found_in(paths):
    """Returns [what the program finds, as wanted_of has it], for each capture."""
    found = [{} for _ in paths]
    for text, options in (("", ("--fields", ",".join(FIELDS))), (HELLO, ("-Y", HELLO)), (NEGATED, ("-Y", NEGATED))):
        entries, said = by_log(paths, *options)
        if "tshark" in said:
            raise AssertionError(said)
        for path, of_path in zip(paths, found):
            of_path[text] = [entry["pcap_cnt"] if text else first_of(entry["fields"]) for entry in entries[str(path)]]
    return found


def all_found(paths, wanted):
    """As found_in, of many captures at once where that is as wanted."""
    batches = [paths[i:i + AT_ONCE] for i in range(0, len(paths), AT_ONCE)]
    found = []
    for batch, result in zip(batches, answers.in_parallel(found_in, batches)):
        found += [result] * len(batch) if isinstance(result, Exception) else result
    others = [i for i, result in enumerate(found) if result != wanted[i]]
    for i, result in zip(others, answers.in_parallel(lambda i: found_in([paths[i]])[0], others)):
        found[i] = result
    return found


class Agreement(unittest.TestCase):
    @staticmethod
    def result(result):
        if isinstance(result, Exception):
            raise result
        return result

    def check(self, paths):
        expected = [self.result(result) for result in answers.in_parallel(wanted_of, paths)]
        matches = 0
        for path, (wanted, _), found in zip(paths, expected, all_found(paths, [wanted for wanted, _ in expected])):
            for text, got in self.result(found).items():
                with self.subTest(str(path), filter=text):
                    self.assertEqual(got, wanted[text])
                    matches += len(got)
        return sum(streams for _, streams in expected), matches

    def test_own_captures(self):
        streams, matches = self.check(answers.own_captures())
        self.assertGreater(streams, 50)
        self.assertGreater(matches, 50)

    def test_shared(self):
        captures = answers.shared_captures()
        if not captures:
            answers.say_absent(1)
            raise unittest.SkipTest("shared captures absent")
        for _, path, _ in captures:
            tshark_runner.readable(str(path))
        streams, _ = self.check([path for _, path, _ in captures])
        self.assertGreater(streams, 500)


if __name__ == "__main__":
    unittest.main(verbosity=1 if len(sys.argv) == 1 else 2)
