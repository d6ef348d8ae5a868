# SPDX-License-Identifier: GPL-2.0-or-later
"""Several captures are read ahead by several threads, and everything is as with one: outputs, messages, their order, exit status."""
import bz2
import glob
import gzip
import lzma
import os
import shutil
import signal
import subprocess

from pcaps import ACK, CAPTURES, PROGRAM, InFolder, connection, pcap, read, segment, slim, write
from test_threads import many
from waiting import PATIENCE_SECONDS, is_asleep, wait_for, wait_until_caught

THREADS = ("2", "3", "8")
PACKERS = ((".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress))


class Several(InFolder):
    def source(self, data, name):
        return write(self.folder, name, data)

    def with_each(self, *arguments):
        """Returns the result with one thread, and checks that it is the same with more, and with as many as there are processors."""
        one = slim("-j", "1", *arguments)
        for threads in [("-j", n) for n in THREADS] + [("-j", "8", "--read-ahead", "1"), ()]:
            with self.subTest(threads=threads):
                more = slim(*threads, *arguments)
                self.assertEqual((more.returncode, more.stderr), (one.returncode, one.stderr))
                self.assertEqual(more.stdout, one.stdout)
        return one

    def copies(self, path):
        """Returns the capture at path, compressed copies of it, and damaged ones: cut in the middle, and with a byte changed there."""
        data, name = read(path), os.path.basename(path)
        copies = [path]
        for suffix, compress in PACKERS:
            packed = compress(data)
            middle = len(packed) // 2
            copies += [self.source(packed, name + suffix), self.source(packed[:middle], "cut-" + name + suffix),
                       self.source(packed[:middle] + bytes([packed[middle] ^ 0x55]) + packed[middle + 1:], "damaged-" + name + suffix)]
        return copies + [self.source(data[:len(data) // 2], "cut-" + name), self.source(data[:-20] + b"\xff" * 20, "damaged-" + name)]


class Captures(Several):
    def test_all_in_one_run(self):
        """With copies, some 250 files, many of them damaged. What is not a frame comes out in its place, too."""
        sources = [copy for path in sorted(glob.glob(os.path.join(CAPTURES, "*.pcap*"))) for copy in self.copies(path)]
        self.assertGreater(len(sources), 200)
        for options in (["--list"], ["--log", "-", "--log-format", "json", "--stream-key", "interface"]):
            with self.subTest(options=options):
                result = self.with_each(*options, *sources)
                self.assertEqual(result.returncode, 65)
                self.assertGreater(len(result.stdout), 10000)
                self.assertRegex(result.stderr, r"\d+ of %d files were not read whole: " % len(sources))

    def test_what_libwiretap_converts(self):
        """pcapng is read by libwiretap then, in between what is read ahead."""
        sources = [copy for name in ("http.pcap", "two-interfaces.pcapng", "ipv6.pcap") for copy in self.copies(os.path.join(CAPTURES, name))[:2]]
        self.assertEqual(self.with_each("-F", "pcapng", "-w", "-", *sources).returncode, 0)

    def test_digests_among_files(self):
        """They are not read ahead, wherever they stand."""
        captures = [os.path.join(CAPTURES, name) for name in ("http.pcap", "two-interfaces.pcapng", "ipv6.pcap")]
        digest, packed = self.path("digest"), self.source(gzip.compress(read(captures[2])), "packed.gz")
        subprocess.run([PROGRAM, "digest", "-q", "-w", digest, *captures[:2]], check=True, timeout=PATIENCE_SECONDS)
        for sources in ([packed, digest, captures[0], digest], [digest, packed, captures[1]]):
            self.assertEqual(self.with_each("--list", *sources).returncode, 0)
            self.assertEqual(self.with_each("-F", "pcapng", "-w", "-", *sources).returncode, 64)  # refused, not taken for a pcapng

    def test_pcapng_is_copied(self):
        path = os.path.join(CAPTURES, "two-interfaces.pcapng")
        self.assertEqual(self.with_each("--keep", "first,reply,flight,handshake", "-w", "-", path, *self.copies(path)[:2], path).returncode, 0)

    def test_streams_go_on_in_the_next(self):
        frames = many(20000)
        sources = [self.source((gzip.compress if i % 2000 else bytes)(pcap(frames[i:i + 1000])), f"{i}.pcap") for i in range(0, len(frames), 1000)]
        whole = self.with_each("--list", self.source(pcap(frames), "whole.pcap"))
        pieces = self.with_each("--list", *sources)
        self.assertEqual((pieces.returncode, pieces.stdout), (0, whole.stdout))
        self.assertGreater(pieces.stdout.count(b"\n"), 1000)
        for n in ("1", "999", "1000", "12345"):
            self.with_each("--list", "-c", n, *sources)


class Failures(Several):
    def setUp(self):
        super().setUp()
        self.good = [self.source(gzip.compress(pcap(many(5000, seed))), f"good-{seed}.pcap.gz") for seed in (1, 2)]
        self.bad = [(self.path("missing.pcap"), "cannot be opened"), (self.path("folder"), "is a directory"),
                    (self.source(b"no capture at all", "text.pcap"), "offset 0: "), (self.source(b"", "empty.pcap"), "is empty"),
                    (self.source(read(self.good[0])[:-9], "cut.pcap.gz"), "is cut short"),
                    (self.source(read(self.good[0])[:-8] + bytes(8), "damaged.pcap.gz"), "cannot be decompressed"),
                    (self.source(pcap(many(9)) + b"\xff" * 100, "damaged.pcap"), "is longer than any packet")]
        os.mkdir(self.path("folder"))

    def test_order_of_messages(self):
        """Each is at its place; all are named again at the end; everything else is done."""
        one, other = self.good
        sources = [self.bad[0][0], one, *(path for path, _ in self.bad[1:]), other]
        result = self.with_each("-q", "--list", *sources)
        lines = [line for line in result.stderr.splitlines() if "which was read before it" not in line]
        self.assertEqual(result.returncode, 66)
        self.assertEqual(len(lines), len(self.bad) + 1, lines)
        for line, (path, said) in zip(lines, self.bad):
            self.assertTrue(line.startswith(f"firstpayload: {path}: "), line)
            self.assertIn(said, line)
        self.assertEqual(lines[-1], f"firstpayload: 7 of 9 files were not read whole: {', '.join(path for path, _ in self.bad)}")

    def test_what_is_good_is_taken(self):
        """A missing file, and one that is no capture, change nothing."""
        bad = [self.bad[0][0], self.bad[2][0]]
        self.assertEqual(self.with_each("-w", "-", bad[0], self.good[0], bad[1], self.good[1]).stdout, slim("-w", "-", *self.good).stdout)
        result = slim("-q", "-w", self.path("out"), *bad, *self.good)
        self.assertEqual((result.returncode, os.path.exists(self.path("out"))), (66, True))
        self.assertIn("2 of 4 files were not read whole", result.stderr)

    def test_nothing_is_good(self):
        for sources, status in (([self.bad[2][0], self.bad[0][0]], 66), ([self.bad[0][0], self.bad[2][0]], 65), ([self.bad[0][0]], 66)):
            result = self.with_each("-q", "-w", self.path("out"), *sources)
            self.assertEqual((result.returncode, os.path.exists(self.path("out"))), (status, False))
            self.assertEqual(len(result.stderr.splitlines()), len(sources))

    def test_failure_to_write_ends_it(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "slim", "-q", "-j", "3", "--list", *self.good * 3], stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE_SECONDS, check=False)
        self.assertEqual(done.returncode, 74)


class Pipes(Several):
    def test_pipes_among_files(self):
        """A pipe is opened when it is its turn, as its writer may wait for that; files behind it are read ahead meanwhile."""
        data = pcap(many(3000))
        packed, fifo = self.source(gzip.compress(data), "a.pcap.gz"), self.path("fifo")
        os.mkfifo(fifo)
        outputs = []
        for threads in ("1", "3"):
            with open(self.path("out"), "wb") as out, subprocess.Popen([PROGRAM, "slim", "-j", threads, "--list", packed, fifo, packed, "-", packed],
                                                                       stdin=subprocess.PIPE, stdout=out, stderr=subprocess.PIPE) as run:
                with open(fifo, "wb") as writer:
                    writer.write(data)
                messages = run.communicate(data, timeout=PATIENCE_SECONDS)[1]
            outputs.append((read(self.path("out")), messages, run.returncode))
        self.assertEqual(outputs[0], outputs[1])
        self.assertEqual(outputs[0][2], 0)

    def test_signal_ends_all_threads(self):
        """The output is a pipe that nobody reads, so the signal comes while all threads have read as far as they may."""
        source = self.source(gzip.compress(pcap([segment(1, 80, n, ACK, b"x" * 900) for n in range(9000)] + connection() * 9000)), "a.pcap.gz")
        sources = [shutil.copy(source, self.path(f"{n}.pcap.gz")) for n in range(9)]
        with subprocess.Popen([PROGRAM, "slim", "-q", "-j", "4", "--list", *sources], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
            wait_until_caught(run, signal.SIGTERM)
            wait_for(lambda: is_asleep(run.pid), "all threads to sleep")
            run.send_signal(signal.SIGTERM)
            _, messages = run.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"a signal ended the reading", messages)
