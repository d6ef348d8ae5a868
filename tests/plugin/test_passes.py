# SPDX-License-Identifier: GPL-2.0-or-later
"""The answer is the same however the frames are visited: one pass, two, from a pipe, at random, written out, loaded again."""
import os
import shutil
import subprocess
import unittest

import tshark_runner
from packets import ACK, FIN, PSH, SYN, Capture, Stream, icmp_unreachable, ip
from sharkd import Sharkd

FILTERS = ("firstpayload", "firstpayload.reply", "firstpayload.flight", "firstpayload.handshake", "firstpayload.opening", "firstpayload.closing")


def setUpModule():
    assert tshark_runner.plugin_is_listed(), "tshark does not list the plugin"


def make_capture():
    """Thirty interleaved streams; every third has no SYN."""
    capture, streams = Capture(), [Stream(Capture(), 40000 + i) for i in range(30)]
    for stream in streams:
        stream.capture = capture
    for i, stream in enumerate(streams):
        if i % 3 != 0:
            stream.client(SYN, 0)
    for i, stream in enumerate(streams):
        if i % 3 != 0:
            stream.server(SYN | ACK, 0, 1)
    for stream in streams:
        stream.client(ACK, 1, 1)
    for i, stream in enumerate(reversed(streams)):
        stream.client(PSH | ACK, 1, 1, b"ask %02d" % i)
        stream.client(PSH | ACK, 7, 1, b"ask more")
    for stream in streams:
        stream.server(PSH | ACK, 1, 15, b"answer")
        stream.client(PSH | ACK, 15, 7, b"again")
        stream.client(FIN | ACK, 20, 7)
    return capture


class Passes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.capture = make_capture()
        cls.path = cls.capture.write(os.path.join(tshark_runner.folder(), "passes.pcap"))
        cls.expected = {name: tshark_runner.frames(cls.path, name) for name in FILTERS}
        assert [len(frames) for frames in cls.expected.values()] == [30, 30, 60, 60, 120, 30], cls.expected

    def test_two_passes(self):
        for name in FILTERS:
            self.assertEqual(tshark_runner.frames(self.path, name, ["-2"]), self.expected[name])

    def test_read_filter_that_drops_what_was_marked(self):
        """A frame gets the number of a dropped first payload frame, but its own TCP does not count: it is quoted, or truncated too early."""
        for captured in (None, 44):
            capture = Capture()
            stream = Stream(capture, 40000)
            stream.client(SYN, 0)
            stream.client(PSH | ACK, 1, 1, b"dropped")
            if captured is None:
                capture.add(ip("10.0.0.9", "10.0.0.1", icmp_unreachable(stream.client_packet(PSH | ACK, 1, 1, b"dropped")), 1))
            else:
                stream.client(ACK, 8, 1, captured=captured)
            stream.server(PSH | ACK, 1, 8, b"answer")
            path = capture.write(os.path.join(tshark_runner.folder(), "dropped.pcap"))
            arguments = ["-r", path, "-2", "-R", "frame.len != 61", "-T", "fields", "-e", "frame.protocols", "-e", "tcp.srcport"]
            ours = tshark_runner.run_tshark([*arguments, "-e", "firstpayload.len", "-e", "firstpayload.flight", "-e", "firstpayload.first_frame"])
            stock = tshark_runner.run_tshark(arguments, plugin=False)
            rows = [line.split("\t") for line in ours.stdout.decode().splitlines()]
            self.assertEqual([row[:2] for row in rows], [line.split("\t") for line in stock.stdout.decode().splitlines()])
            self.assertEqual([row[2:] for row in rows], [["", "", ""]] * 3)

    def test_read_filter(self):
        """With -R, the next frame gets the number of a frame that is dropped."""
        for read_filter, left in (("firstpayload", 30), ("tcp.len > 0", 120)):
            done = tshark_runner.run_tshark(["-r", self.path, "-2", "-R", read_filter, "-T", "fields", "-e", "frame.number", "-e", "firstpayload.len"])
            rows = [line.split("\t") for line in done.stdout.decode().splitlines()]
            self.assertEqual([int(number) for number, _ in rows], list(range(1, left + 1)))
            self.assertEqual(len([length for _, length in rows if length]), 30)

    def test_from_a_pipe(self):
        # dumpcap, which reads for -i, hangs at exit when libasan is loaded into it
        for reader in ("-r",) if os.environ.get("FIRSTPAYLOAD_PRELOAD") else ("-r", "-i"):
            done = tshark_runner.run_tshark([reader, "-", "-Y", "firstpayload", "-T", "fields", "-e", "frame.number"], input=self.capture.bytes())
            self.assertEqual([int(number) for number in done.stdout.split()], self.expected["firstpayload"], done.stderr)

    def test_merged(self):
        """mergecap joins two captures, each with every other frame of the same connections: one section, two interfaces."""
        parts = []
        for start in (0, 1):
            part = Capture()
            part.records = self.capture.records[start::2]
            parts.append(part.write(os.path.join(tshark_runner.folder(), f"part{start}.pcap")))
        merged = os.path.join(tshark_runner.folder(), "merged.pcapng")
        subprocess.run(["mergecap", "-w", merged, *parts], check=True, capture_output=True)
        for name in FILTERS:
            self.assertEqual(tshark_runner.frames(merged, name), self.expected[name])

    def test_written_out(self):
        for name in FILTERS:
            out = os.path.join(tshark_runner.folder(), "out.pcap")
            done = tshark_runner.run_tshark(["-r", self.path, "-Y", name, "-F", "pcap", "-w", out])
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            kept = Capture()
            kept.records = [self.capture.records[number - 1] for number in self.expected[name]]
            with open(out, "rb") as file:
                self.assertEqual(file.read()[24:], kept.bytes()[24:])

    def test_text_output_says_nothing_else(self):
        for options in ([], ["-V"], ["-T", "json"], ["-T", "ek"], ["-T", "pdml"], ["-T", "psml"], ["-q", "-z", "io,phs"], ["-x"]):
            done = tshark_runner.run_tshark(["-r", self.path, *options])
            self.assertEqual((done.returncode, done.stderr), (0, b""), options)

    def test_beside_the_plugins_of_the_system(self):
        # without WIRESHARK_PLUGIN_DIR, which would be the answer
        listed = subprocess.run([os.environ.get("FIRSTPAYLOAD_TSHARK") or "tshark", "-G", "folders"], capture_output=True, check=True, text=True)
        system = [line.split(":", 1)[1].strip() for line in listed.stdout.splitlines() if line.startswith("Global Plugins")]
        both = os.path.join(tshark_runner.folder(), "both")
        shutil.copytree(os.environ["FIRSTPAYLOAD_PLUGINS"], both)
        for folder in system:
            if os.path.isdir(folder):
                shutil.copytree(folder, os.path.join(both, os.path.basename(folder)), dirs_exist_ok=True,
                                ignore=shutil.ignore_patterns("firstpayload.so"))
        self.assertEqual(tshark_runner.frames(self.path, "firstpayload", plugin=both), self.expected["firstpayload"])


class RandomAccess(unittest.TestCase):
    def setUp(self):
        self.sharkd = Sharkd()
        self.addCleanup(self.sharkd.close)
        self.capture = make_capture()
        self.path = self.capture.write(os.path.join(tshark_runner.folder(), "random.pcap"))
        self.expected = {name: tshark_runner.frames(self.path, name) for name in FILTERS}

    def test_any_order_and_any_filter(self):
        self.sharkd.ask("load", file=self.path)
        for name in (*reversed(FILTERS), *FILTERS):
            self.assertEqual(self.sharkd.frames(name), self.expected[name])
        for number in reversed(self.expected["firstpayload"]):
            self.assertIn("Flight", self.sharkd.labels(number)[0])
        self.assertEqual(self.sharkd.frames("firstpayload"), self.expected["firstpayload"])

    def test_links_are_known_after_the_first_visit(self):
        self.sharkd.ask("load", file=self.path)
        first, reply = self.expected["firstpayload"][-1], self.expected["firstpayload.reply"][0]
        delay = "0.020000000 seconds" if tshark_runner.version() < (4, 6) else "20.000000 milliseconds"
        self.assertIn(f"Reply in: {reply}", self.sharkd.labels(first)[0])
        self.assertEqual(self.sharkd.labels(reply), [["Reply", "Opening", f"First payload in: {first}", f"Time from first payload to reply: {delay}"]])

    def test_loaded_again_and_another_file(self):
        other = Capture()
        number = Stream(other, 40000).client(PSH | ACK, 1, 1, b"other")
        other_path = other.write(os.path.join(tshark_runner.folder(), "other.pcap"))
        for _ in range(3):
            self.sharkd.ask("load", file=self.path)
            self.assertEqual(self.sharkd.frames("firstpayload"), self.expected["firstpayload"])
            self.sharkd.ask("load", file=other_path)
            self.assertEqual(self.sharkd.frames("firstpayload"), [number])

    def test_preference_edited_between_loads(self):
        for flight_bytes, name in (("1", "firstpayload"), ("16384", "firstpayload.flight")):
            self.sharkd.ask("setconf", name="firstpayload.flight_bytes", value=flight_bytes)
            self.sharkd.ask("load", file=self.path)
            self.assertEqual(self.sharkd.frames("firstpayload.flight"), self.expected[name])

    def test_time_references(self):
        """They change the times that Wireshark shows, but not those of the stream."""
        self.sharkd.ask("load", file=self.path)
        columns = {"column0": "frame.time_relative:0", "column1": "firstpayload.age:0"}
        plain = self.sharkd.ask("frames", filter="firstpayload", **columns)
        marked = self.sharkd.ask("frames", filter="firstpayload ", refs=str(self.expected["firstpayload"][3]), **columns)
        self.assertNotEqual([row["c"][0] for row in marked], [row["c"][0] for row in plain])
        self.assertEqual([row["c"][1] for row in marked], [row["c"][1] for row in plain])
        self.assertTrue(all(row["c"][1] for row in plain))

    def test_a_column(self):
        self.sharkd.ask("load", file=self.path)
        rows = self.sharkd.ask("frames", filter="firstpayload", column0="firstpayload.text:0")
        self.assertEqual(sorted(row["c"][0] for row in rows), [f"ask {i:02d}" for i in range(30)])


if __name__ == "__main__":
    unittest.main()
