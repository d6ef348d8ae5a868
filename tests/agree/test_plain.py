#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The short way of plain frames (postproc/decode/plain.h) gives what the long way gives: on every scenario, every capture, and frames with
bytes changed at random where the short way looks. All of them are read by one process, so streams of one capture meet those of others."""
import os
import random
import struct
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import answers
import files

LONG_WAY = "FIRSTPAYLOAD_LONG_WAY"
ETHERNET = 1
SEED = 20261130
MUTANTS = 40000
CLASSES = "first,reply,flight,handshake,opening,closing"
LOG = ("--log-format", "json")
EACH = (
    (),
    ("--keep", CLASSES, "--idle", "2", *LOG),
    ("--keep", CLASSES, "--stream-key", "vlan,vni,interface"),
    ("--transport", "tcp,udp", *LOG),
    ("--transport", "udp"),
    ("--all-hellos", *LOG),
    ("--log-reply", *LOG),
    ("--syn-restarts-clock", "--no-midstream"),
    ("-j", "2"),
    ("-j", "2", "--all-hellos", "--log-reply", *LOG),
)
WITH_FILTER = ("-f", "tcp or vlan", "--keep", CLASSES)


def ethernet_frames(path):
    """The frames of a classic pcap with Ethernet; none of others."""
    data = files.contents(path)
    if not files.is_pcap(data):
        return []
    header, records, _ = files.pcap_records(data)
    order = files.PCAP_MAGICS[data[:4]]
    return [record[16:] for record in records] if struct.unpack(order + "I", header[20:24])[0] & 0xffff == ETHERNET else []


def changed(rand, frame):
    """The frame as it is, with bytes of its headers changed, or cut, or longer than its packet."""
    frame, kind = bytearray(frame), rand.randrange(6)
    for _ in range(rand.choice((1, 1, 1, 3))):
        at = rand.choice((rand.randrange(12, 24), rand.randrange(12, 75), 47, 67))     # 47, 67: the flags over IPv4 and IPv6
        if kind in (1, 2, 3) and at < len(frame):
            frame[at] = rand.choice((rand.randrange(256), frame[at] ^ 1 << rand.randrange(8)))
    wire = max(len(frame), 14)
    if kind == 4:
        frame = frame[:rand.randrange(14, 80)]
    if kind == 5:
        frame += bytes(rand.randrange(20))
        wire = len(frame) + rand.choice((0, 0, 9))
    return bytes(frame), max(wire, len(frame))


def write_mutants(path, frames):
    """In the format that scenario-to-pcap writes, so that both fit into one capture."""
    rand = random.Random(SEED)
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b23c4d, 2, 4, 0, 0, 262144, ETHERNET))
        for i in range(MUTANTS):
            frame, wire = changed(rand, frames[(i // 4 if i % 2 else rand.randrange(len(frames))) % len(frames)])
            if i > 10 and i % 16 == 0:        # shorter on the wire than captured: among the first records, that would make it another format
                wire = rand.randrange(len(frame))
            file.write(struct.pack("<IIII", 1700000000 + i // 300, i % 300 * 3000000, len(frame), wire) + frame)


def scenario_captures(folder):
    sources = sorted(answers.SCENARIOS.glob("*.scenario"))
    goals = [os.path.join(folder, path.stem + ".pcap") for path in sources]
    with ThreadPoolExecutor(answers.WORKERS) as pool:
        list(pool.map(answers.scenario_to_pcap, sources, goals))
    return goals


class PlainFrames(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="firstpayload-plain-")
        cls.addClassCleanup(cls.temporary.cleanup)
        folder = cls.temporary.name
        own = sorted(str(path) for path in answers.OWN_CAPTURES.iterdir() if path.suffix in answers.CAPTURE_SUFFIXES)
        shared = sorted(str(path) for _, path, _ in answers.shared_captures())
        cls.mutants = os.path.join(folder, "mutants.pcap")
        cls.scenarios = scenario_captures(folder)
        plain = [frame for path in own + cls.scenarios for frame in ethernet_frames(path)]
        write_mutants(cls.mutants, [frame for frame in plain if len(frame) >= 54])
        cls.all = [*own, *cls.scenarios, cls.mutants]
        cls.shared = shared
        cls.ethernet = [path for path in (*own, *cls.scenarios, cls.mutants) if ethernet_frames(path)]

    def result(self, words, way):
        """Everything that the program says and writes, the names of its outputs aside."""
        environment = {name: value for name, value in os.environ.items() if name != LONG_WAY}
        environment["ASAN_OPTIONS"] = "detect_leaks=0"        # libwiretap forgets a string of one of the captures, and the report has a process number
        if way == "long":
            environment[LONG_WAY] = "1"
        with tempfile.TemporaryDirectory(dir=self.temporary.name) as folder:
            places = {"LOG": os.path.join(folder, "log"), "OUT": os.path.join(folder, "out")}
            alone = () if "-j" in words else ("-j", "1")      # which reads classic pcap in a way of its own
            done = subprocess.run([os.environ["FIRSTPAYLOAD_PROGRAM"], "slim", *alone, *(places.get(word, word) for word in words)],
                                  capture_output=True, check=False, env=environment)
            written = [Path(path).read_bytes() if os.path.exists(path) else None for path in places.values()]
        return done.returncode, done.stdout, done.stderr, *written

    def compare(self, *words):
        """Both ways; returns what the program printed, of which there must be something."""
        short, long = self.result(words, "short"), self.result(words, "long")
        for what, one, other in zip(("status", "standard output", "messages", "log", "capture"), short, long):
            self.assertEqual(one, other, f"{what} of slim {' '.join(words[:8])} ...")
        return short

    def test_list_and_log(self):
        for options in EACH:
            with self.subTest(options=options):
                _, rows, summary, log, _ = self.compare("--list", "--log", "LOG", *options, *self.all)
                self.assertGreater(rows.count(b"\n"), 50)
                self.assertGreater(log.count(b"\n"), 20)
                self.assertIn(b"TCP segment" if options != ("--transport", "udp") else b"UDP datagram", summary)

    def test_capture(self):
        for options, paths in (((), [path for path in self.ethernet if path.startswith(self.temporary.name)]), (("-F", "pcapng"), self.ethernet)):
            with self.subTest(options=options):
                status, *_, capture = self.compare("-w", "OUT", "--keep", CLASSES, *options, *paths)
                self.assertEqual(status, 0)
                self.assertGreater(len(capture), 50000)

    def test_filter(self):
        self.assertGreater(self.compare("--list", *WITH_FILTER, *self.ethernet)[1].count(b"\n"), 50)

    def test_shared(self):
        """Nothing is read behind a capture that is damaged, or of a kind that cannot be read, so another process goes on there."""
        if not self.shared:
            answers.say_absent(1)
            self.skipTest("shared captures absent")
        rest = self.shared
        while rest:
            _, _, messages, _, _ = self.compare("--list", "--log", "LOG", "--keep", CLASSES, *rest)
            last = messages.decode().splitlines()[-1]
            rest = next((rest[i + 1:] for i, path in enumerate(rest) if path in last), [])


if __name__ == "__main__":
    unittest.main()
