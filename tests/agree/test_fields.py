#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`slim -Y` keeps the streams whose flights, as a whole, match by what stock tshark says of their frames when it sees all of the capture; and
what `--fields` says of a stream is what stock tshark says of the first frame of its flight that has any of it. On every capture."""
import sys
import unittest

import answers
import log_schema
import tshark_runner

HELLO, HTTP, LONG = "tls.handshake.type == 1", "http.request or http.response", "tcp.len > 200"
FILTERS = [HELLO, f"{HTTP} or ({LONG} and not tls)"]
FIELDS = ["tls.handshake.extensions_server_name", "tls.handshake.ja3", "http.host", "ssh.protocol"]
OPTIONS = ["-n", "-o", "tcp.reassemble_out_of_order:TRUE"]


def stock_rows(path, *extra):
    """[(frame, stream, (sequence number, length), [value of each field])] of frames with TCP."""
    words = [word for field in FIELDS for word in ("-e", field)]
    done = tshark_runner.run_tshark([*OPTIONS, "-r", str(path), *extra, "-T", "fields", "-E", "occurrence=f", "-E", "separator=/t",
                                     "-e", "frame.number", "-e", "tcp.stream", "-e", "tcp.seq", "-e", "tcp.len", *words], plugin=False)
    if done.returncode not in (0, 2):
        raise RuntimeError(f"tshark ended with {done.returncode} on {path}: {done.stderr.decode(errors='replace')}")
    rows = [line.split("\t") for line in done.stdout.decode(errors="replace").splitlines()]
    return [(int(row[0]), row[1], (int(row[2] or 0), int(row[3] or 0)), row[4:]) for row in rows if row[1]]


def by_log(path, *options):
    done = answers.program("slim", "-q", "--log", "-", "--log-format", "json", "--log-bytes", "0", *options, path, check=False)
    if done.returncode not in (0, 1, 65):
        raise AssertionError(done.stderr.decode(errors="replace"))
    return log_schema.entries(done.stdout), done.stderr.decode(errors="replace")


def that_match(path, text, flight, streams):
    """The streams of whose flights a frame matches."""
    return {streams[n] for n in tshark_runner.frames(str(path), text, OPTIONS, plugin=False) if n in flight and n in streams}


def long_ones(rows, flight):
    """The streams whose flight begins with a long segment: that with its first byte, and of several the longest."""
    first = {}
    for number, stream, (seq, length), _ in rows:
        if number in flight:
            first.setdefault(stream, []).append((seq, -length))
    return {stream for stream, segments in first.items() if -min(segments)[1] > 200}


def ask_all(path):
    listed = [row.split("\t") for row in answers.slim(path, check=False)]
    flight = {int(number) for number, classes in listed if "flight" in classes}
    rows = stock_rows(path)
    streams = {number: stream for number, stream, _, _ in rows}
    wanted_fields = {}
    for number, stream, _, values in rows:
        if number in flight and any(values):
            wanted_fields.setdefault(stream, {field: value for field, value in zip(FIELDS, values) if value})
    plain, _ = by_log(path)
    firsts = [entry["pcap_cnt"] for entry in plain]
    found = {"": by_log(path, "--fields", ",".join(FIELDS))}
    wanted = {"": [wanted_fields.get(streams.get(number), {}) for number in firsts]}
    negated = that_match(path, HTTP, flight, streams) | long_ones(rows, flight) - that_match(path, "tls", flight, streams)
    for text, matching in zip(FILTERS, (that_match(path, HELLO, flight, streams), negated)):
        found[text] = by_log(path, "-Y", text)
        wanted[text] = [number for number in firsts if streams.get(number) in matching]
    return found, wanted, firsts


def first_of(fields):
    """Of each field, as tshark is asked for here, the first value; one that is there and empty is not told from one that is not."""
    firsts = {name: value[0] if isinstance(value, list) else value for name, value in fields.items()}
    return {name: value for name, value in firsts.items() if value}


class Agreement(unittest.TestCase):
    def check(self, paths):
        streams = matches = 0
        for path, result in zip(paths, answers.in_parallel(ask_all, paths)):
            if isinstance(result, Exception):
                raise result
            found, wanted, firsts = result
            streams += len(firsts)
            for text, (entries, said) in found.items():
                with self.subTest(str(path), filter=text):
                    self.assertNotIn("tshark", said)
                    got = [entry["pcap_cnt"] if text else first_of(entry["fields"]) for entry in entries]
                    self.assertEqual(got, wanted[text])
                    matches += len(got)
        return streams, matches

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
