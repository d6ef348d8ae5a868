#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What `firstpayload slim` promises about its output, on every capture: scenarios, own and shared ones.

Kept records are those of the input, byte for byte; slim of slim changes nothing; a capture in pieces is the capture; two threads write what one does.
"""
import os
import pathlib
import random
import tempfile
import unittest

import answers
import files
import tshark_runner

ALL = "first,reply,flight,handshake"
ENDS = "handshake,opening,closing"
ASKED = ("--keep", f"{ALL},opening,closing", "--idle", "1")
SMALL = 16          # records: smaller captures are cut at each record, larger ones at some
RANDOM_CUTS = 10

# The sanitizers' build takes only one capture in so many; the other suites run it on all.
EVERY = int(os.environ.get("AGREE_EVERY", "1"))

# The RST or FIN that tells the second stream from the first is in neither class.
NOT_REPEATABLE = ("scenario port-reuse-same-number-after-fin", "scenario port-reuse-same-number-after-rst", "scenario one-way-tap-port-reuse")


def every_capture():
    """Returns [(name, path)]."""
    return ([(f"scenario {path.stem}", answers.scenario_capture(path)) for path in answers.scenarios()] +
            [(path.name, path) for path in answers.own_captures()] + [(name, path) for name, path, _ in answers.shared_captures()])[::EVERY]


def captures_without_reuse():
    """Returns own and shared captures in which no endpoints are reused: all streams can be told apart without their SYNs."""
    own = [(path.name, path) for path in answers.own_captures() if not tshark_runner.frames(str(path), "tcp.analysis.reused_ports", plugin=False)]
    return (own + [(name, path) for name, path, traits in answers.shared_captures_and_traits() if "reused_ports" not in traits])[::EVERY]


def slim_to(output, keep, *arguments):
    """Returns the output's bytes, or None if the input was too damaged for any output."""
    done = answers.program("slim", "-q", "--keep", keep, "-w", output, *arguments, check=False)
    if done.returncode in (0, 1):
        return output.read_bytes()
    if output.exists():
        raise AssertionError(f"status {done.returncode}, and yet there is {output.name}")
    return None


def in_folder(function):
    def run(capture):
        with tempfile.TemporaryDirectory(prefix="firstpayload-test-") as folder:
            return function(capture[1], pathlib.Path(folder))
    return run


@in_folder
def kept_records(path, folder):
    """Returns what is wrong, or ""."""
    data, output = files.contents(path), slim_to(folder / "out", ALL, "--marked-only", path)
    frames = [int(row.split("\t")[0]) for row in answers.slim(path, check=False)]
    if output is None:
        return "skipped: unreadable"
    if files.is_pcap(data):
        header, records, _ = files.pcap_records(data)
        return "" if output == header + b"".join(records[frame - 1] for frame in frames) else "records differ"
    if files.is_pcapng(data):
        packets = files.pcapng_packets(data)
        return "" if files.pcapng_packets(output) == [packets[frame - 1] for frame in frames] else "packets differ"
    return "skipped: another format"


def twice(keep):
    @in_folder
    def run(path, folder):
        once = slim_to(folder / "once", keep, path)
        if once is None:
            return "skipped: unreadable"
        if not files.is_pcap(once) and not files.is_pcapng(once):
            return "skipped: another format"
        again = slim_to(folder / "again", keep, folder / "once")
        if files.is_pcapng(once):
            return "" if files.pcapng_packets(once) == files.pcapng_packets(again) else "packets differ"
        return "" if once == again else "records differ"
    return run


def cuts(count):
    if count <= SMALL:
        return [[cut] for cut in range(count + 1)] + [list(range(1, count))]
    chosen = random.Random(count).sample(range(1, count), RANDOM_CUTS)
    return [[cut] for cut in chosen] + [sorted(chosen)]


def in_pieces(*options):
    @in_folder
    def run(path, folder):
        data = files.contents(path)
        if not files.is_pcap(data):
            return "skipped: another format"
        header, records, rest = files.pcap_records(data)
        whole = answers.slim(*options, path, check=False)
        for ends in cuts(len(records)):
            pieces = []
            for number, (start, end) in enumerate(zip([0, *ends], [*ends, len(records)])):
                pieces.append(folder / f"{number}.pcap")
                pieces[-1].write_bytes(header + b"".join(records[start:end]) + (rest if end == len(records) and number == len(ends) else b""))
            found = answers.slim(*options, *pieces, check=False)
            if found != whole:
                return f"cut at {ends}: {answers.difference(whole, found, 'whole', 'pieces')}"
        return ""
    return run


@in_folder
def with_two_threads(path, folder):
    one, two = slim_to(folder / "one", ALL, path), slim_to(folder / "two", ALL, "-j", "2", path)
    return "" if one == two else "outputs differ"


class Slim(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.captures = every_capture()
        if not answers.shared_captures():
            answers.say_absent(1)

    def check(self, function, captures=None, exceptions=()):
        captures = self.captures if captures is None else captures
        checked = 0
        for (name, _), wrong in zip(captures, answers.in_parallel(function, captures)):
            with self.subTest(name):
                if isinstance(wrong, Exception):
                    raise wrong
                if name in exceptions:
                    self.assertNotEqual("", wrong, "is right by now: take it out of the exceptions")
                elif not wrong.startswith("skipped"):
                    self.assertEqual("", wrong)
                    checked += 1
        self.assertGreaterEqual(checked, len(captures) * 3 // 4, "too many were skipped")

    def test_kept_records(self):
        self.check(kept_records)

    def test_slim_of_slim(self):
        self.check(twice("first,handshake"), exceptions=NOT_REPEATABLE)

    def test_slim_of_slim_without_the_middle(self):
        self.check(twice(ENDS))

    def test_slim_of_slim_first_alone(self):
        self.check(twice("first"), captures_without_reuse())

    def test_pieces(self):
        self.check(in_pieces())

    def test_pieces_with_all_that_can_be_asked_for(self):
        self.check(in_pieces(*ASKED), [capture for capture in self.captures if capture[0].startswith("scenario")])

    def test_two_threads(self):
        self.check(with_two_threads)


if __name__ == "__main__":
    unittest.main()
