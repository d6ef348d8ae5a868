# SPDX-License-Identifier: GPL-2.0-or-later
"""With -j 2, everything is as with one thread: outputs, messages, exit status."""
import glob
import gzip
import os
import random
import subprocess

from pcaps import ACK, CAPTURES, PROGRAM, SYN, InFolder, connection, header, pcap, read, record, segment, slim, write
from test_pcapng import Writer
from test_slim import in_fragments
from waiting import PATIENCE_SECONDS

def many(n, seed=1):
    """Returns connections of many frames, interleaved, with frames of all sizes and IP fragments among them."""
    rand = random.Random(seed)
    ports = [1024 + rand.randrange(60000) for _ in range(n // 50 + 1)]
    frames = []
    for i in range(n):
        port, kind = rand.choice(ports), rand.randrange(20)
        if kind == 0:
            frames += in_fragments(connection(port)[3])
        elif kind < 4:
            frames += connection(port)
        else:
            frames.append(segment(port, 80, rand.randrange(2000), rand.choice((ACK, ACK, SYN)), rand.randbytes(rand.choice((0, 1, 100, 1400)))))
    return frames


class WithThreads(InFolder):
    def both(self, *arguments, stdin=b""):
        """Returns the result with one thread, and checks that it is the same with two."""
        one = slim(*arguments, stdin=stdin)
        two = slim("-j", "2", *arguments, stdin=stdin)
        self.assertEqual((two.returncode, two.stderr), (one.returncode, one.stderr))
        self.assertEqual(two.stdout, one.stdout)
        return one

    def source(self, data, name="in.pcap"):
        return write(self.folder, name, data)


class Pcap(WithThreads):
    def test_captures(self):
        for path in sorted(glob.glob(os.path.join(CAPTURES, "*.pcap*"))):
            for options in (["--list"], ["--keep", "first,reply,flight,handshake"], ["--log", "-", "--log-format", "json"]):
                with self.subTest(os.path.basename(path), options=options):
                    self.both(*options, path)

    def test_longer_than_all_that_is_read_ahead(self):
        source = self.source(pcap(many(30000)))
        self.assertGreater(os.path.getsize(source), 3 * 8 * 256 * 1024)
        for options in ([], ["--list"], ["--keep", "first,reply,flight,handshake", "--marked-only"], ["--log", "-", "--log-format", "json"],
                        ["-f", "tcp port 80 and less 500"], ["--stream-key", "vlan,interface"], ["-F", "pcapng"], ["-c", "12345"]):
            with self.subTest(options=options):
                result = self.both(*options, source)
                self.assertEqual(result.returncode, 0)
                self.assertGreater(len(result.stdout), 10000)

    def test_streams_go_on_in_the_next_capture(self):
        frames = many(20000)
        sources = [self.source(pcap(frames[i:i + 5000]), "%d.pcap" % i) for i in range(0, 20000, 5000)]
        result = self.both("--list", *sources)
        self.assertGreater(result.stdout.count(b"\n"), 1000)

    def test_records_larger_and_smaller_than_blocks(self):
        big = segment(40000, 80, 1001, ACK, b"x" * 60000, ack=5001) + b"\0" * 200000
        none = record(b"")
        for data in (pcap(connection()[:3] + [big] * 40 + connection()), header() + none * 200000 + record(connection()[3]) + none * 100000):
            self.assertEqual(self.both(self.source(data)).returncode, 0)

    def test_cut_and_damaged(self):
        whole = pcap(many(20000))
        damage = record(b"")[:8] + b"\xff\xff\xff\x7f" * 2
        for begin in (0, 24, 40, 1000, 300000, 3000000):
            with self.subTest(cut=begin):
                self.both("--list", self.source(whole[:begin + 7]))
        for n in (10, 400, 9000):
            frames = many(n)
            with self.subTest(damaged=n):
                result = self.both("--list", self.source(pcap(frames) + damage + pcap(frames)[24:]))
                self.assertEqual(result.returncode, 65)

    def test_ended_before_its_end(self):
        """What was read ahead and not taken is not reported as read."""
        source = self.source(pcap(many(20000))[:-3])
        for n in (1, 31, 32, 33, 4000, 10000):
            with self.subTest(n):
                result = self.both("-c", str(n), "--list", source)
                self.assertEqual(result.returncode, 0)
        self.assertEqual(self.both("--list", source).returncode, 1)

    def test_what_cannot_be_read_ahead(self):
        self.both("-", stdin=pcap(connection()))

    def test_standard_input_that_is_a_file(self):
        data = pcap(many(15000))
        with open(self.source(data), "rb") as one, open(self.source(data), "rb") as two:
            outputs = [subprocess.run([PROGRAM, "slim", *options, "-"], stdin=file, capture_output=True, timeout=PATIENCE_SECONDS)
                       for options, file in ((["--list"], one), (["--list", "-j", "2"], two))]
        self.assertEqual(outputs[0].stdout, outputs[1].stdout)
        self.assertEqual((outputs[1].returncode, outputs[1].stderr), (0, outputs[0].stderr))

    def test_offset_of_what_cannot_be_written(self):
        frames = many(15000)
        frames.insert(20000, segment(9, 80, 1001, ACK, b"x" * 60000) + b"\0" * 10000)   # longer than lanalyzer has room for
        result = self.both("-F", "lanalyzer", "-w", self.path("out"), self.source(pcap(frames)))
        self.assertIn("offset", result.stderr)

    def test_compressed(self):
        self.both(self.source(gzip.compress(pcap(connection())), "in.pcap.gz"))

    def test_wrong_usage(self):
        for option, value, said in (("-j", "0", "-j takes"), ("-j", "257", "-j takes"), ("-j", "-1", "-j takes"), ("--read-ahead", "0", "--read-ahead takes"),
                                    ("--read-ahead", "much", "--read-ahead takes")):
            result = slim(option, value, "-", stdin=header())
            self.assertEqual(result.returncode, 64)
            self.assertIn(said, result.stderr)


class Pcapng(WithThreads):
    """What is not a frame is not read ahead, and comes out in its place."""

    def sections(self, order, frames, blocks_of):
        w = Writer(order)
        out = [w.section(), w.interface(options=w.option(9, b"\x09")), *w.others()]
        for n, frame in enumerate(frames):
            out += [w.interface(101)] * (n == 50) + blocks_of(w, n) + [w.packet(frame, n)]
        return b"".join(out + w.others())

    def test_blocks_between_frames(self):
        frames = many(15000)
        ways = {"none": lambda w, n: [], "some": lambda w, n: w.others() * (n % 2000 == 0), "many": lambda w, n: w.others()[:1] * (n % 3 == 0),
                "sections": lambda w, n: [w.section(), w.interface()] * (n % 5000 == 4999)}
        for name, way in ways.items():
            data = b"".join(self.sections(order, frames, way) for order in "<>")
            for options in ([], ["--list"], ["--log", "-", "--log-format", "json"], ["-c", "7001"], ["--stream-key", "interface"], ["-F", "pcap"]):
                with self.subTest(blocks=name, options=options):
                    self.both(*options, self.source(data, "in.pcapng"))

    def test_blocks_longer_than_those_of_reading(self):
        """Buffers grow with them, some of the ring earlier than others."""
        frames, w = many(12000), Writer("<")
        large = [w.packet(frames[0], 0, options=w.option(1, b"c" * 60000) * size) for size in (5, 20, 200)]
        data = self.sections("<", frames, lambda w, n: [large[n % 3]] * (n % 1000 == 10))
        result = self.both("--keep", "first,flight,reply,handshake", self.source(data, "in.pcapng"))
        self.assertEqual(result.returncode, 0)

    def test_cut_and_damaged(self):
        whole = self.sections("<", many(15000), lambda w, n: w.others() * (n % 4000 == 0))
        for end in (30, 300, 1000000, len(whole) - 100, len(whole) - 3):
            for tail in (b"", b"\0" * 100):
                with self.subTest(end=end, tail=tail):
                    self.both("--list", self.source(whole[:end] + tail, "in.pcapng"))
