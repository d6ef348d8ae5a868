# SPDX-License-Identifier: GPL-2.0-or-later
"""Compressed captures: the answer is that of their contents, and what is wrong with the compression is told."""
import bz2
import gzip
import lzma
import os
import random
import re
import subprocess

from pcaps import CAPTURES, MICROSECONDS, NANOSECONDS, InFolder, connection, header, pcap, read, record, rows, slim, write

NUMBERS = random.Random(19)
MIXED = os.path.join(CAPTURES, "mixed.pcap")
PCAPNG = os.path.join(CAPTURES, "two-interfaces.pcapng")


def tool(*command):
    return lambda data: subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


PACKERS = {"gz": gzip.compress, "zst": tool("zstd", "-qc"), "lz4": tool("lz4", "-qcB4"), "xz": lzma.compress, "bz2": lambda data: bz2.compress(data, 1)}


class Compressed(InFolder):
    def of_each(self, data, check, packers=PACKERS):
        """Calls check with the data compressed in each way: a file, and what is in it."""
        for suffix, pack in packers.items():
            with self.subTest(suffix=suffix):
                packed = pack(data)
                check(write(self.folder, "in.pcap." + suffix, packed), packed)

    def test_the_same_answer(self):
        big = [f for port in range(3000) for f in connection(port + 1, b"GET / HTTP/1.1\r\n\r\n" + NUMBERS.randbytes(port % 1400))]
        for data in (read(MIXED), read(PCAPNG), pcap(big), pcap(connection(), ">", NANOSECONDS), header()):
            plain = write(self.folder, "plain", data)
            wanted = slim("-w", self.path("wanted"), plain)
            self.assertEqual(wanted.returncode, 0, wanted.stderr)

            def check(path, packed):
                for arguments in ([path], ["-j", "2", path], ["-"]):
                    self.assertEqual(slim("-w", self.path("out"), *arguments, stdin=packed).returncode, 0)
                    self.assertEqual(read(self.path("out")), read(self.path("wanted")))

            self.of_each(data, check)

    def test_the_line_says_the_same(self):
        plain = slim("-q", "--log", "-", "--log-format", "json", MIXED).stdout

        def check(path, _):
            packed = slim("-q", "--log", "-", "--log-format", "json", path).stdout
            self.assertEqual(packed.replace(path.encode(), MIXED.encode()), plain)

        self.of_each(read(MIXED), check)

    def test_members_and_padding(self):
        frames = connection()
        parts = pcap(frames[:3]), record(frames[3], 3) + record(frames[4], 4)[:5], record(frames[4], 4)[5:]
        for suffix, pack in PACKERS.items():
            with self.subTest(suffix=suffix):
                path = write(self.folder, "in." + suffix, pack(parts[0]) + pack(parts[1]) + bytes(8) + pack(parts[2]) + bytes(512))
                result = slim("-q", "--list", path)
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertEqual(rows(path), rows("-", stdin=pcap(frames)))

    def test_mixed_with_plain_ones(self):
        frames = connection()
        first = write(self.folder, "1.pcap", pcap(frames[:3]))

        def check(path, _):
            self.assertEqual(slim("-w", self.path("out"), first, path).returncode, 0)
            self.assertEqual(read(self.path("out")), header() + record(frames[3], 0))

        self.of_each(pcap(frames[3:], ">", MICROSECONDS), check)

    def test_other_formats(self):
        """libwiretap reads these; what it cannot decompress is decompressed for it."""
        subprocess.run(["editcap", "-F", "snoop", MIXED, self.path("in.snoop")], check=True, capture_output=True)

        def check(path, packed):
            self.assertEqual(rows(path), rows(MIXED))
            self.assertEqual(rows("-", stdin=packed), rows(MIXED))

        self.of_each(read(self.path("in.snoop")), check)

    def test_offsets_are_those_of_the_contents(self):
        data = pcap(connection()) + b"\xff" * 100
        wrong = "offset %d: a record of 4294967295 bytes is longer than any packet" % len(pcap(connection()))
        sound = "the first %d bytes of its contents are sound" % len(pcap(connection()))

        def check(path, packed):
            for arguments in ([path], ["-"]):
                result = slim("--list", *arguments, stdin=packed)
                self.assertEqual(result.returncode, 65)
                self.assertIn(wrong, result.stderr)
                self.assertIn(sound, result.stderr)

        self.of_each(data, check)

    def test_cut(self):
        """The whole records before it are taken."""
        frames = [f for port in range(2000) for f in connection(port + 1, NUMBERS.randbytes(200))]
        data = pcap(frames)
        wanted = rows("-", stdin=data)

        def check(path, packed):
            for source in (path, "-"):
                half = packed[:len(packed) * 2 // 3]
                write(self.folder, os.path.basename(path), half)
                result = slim("--list", source, stdin=half)
                self.assertEqual(result.returncode, 1)
                told = re.search(rf"offset {len(half)}: the compressed data is cut short; the whole records up to offset (\d+) of its contents",
                                 result.stderr)
                self.assertEqual(result.stdout, slim("--list", "-", stdin=data[:int(told[1])]).stdout)
                self.assertGreater(len(result.stdout.splitlines()), len(wanted) // 3 if path.endswith(("gz", "xz")) else 1)

        self.of_each(data, check)

    def test_cut_at_the_beginning(self):
        def check(_, packed):
            result = slim("--list", write(self.folder, "cut", packed[:6]))
            self.assertEqual(result.returncode, 65)
            self.assertIn("offset 6: the compressed data is cut short before any of its contents", result.stderr)

        self.of_each(pcap(connection()), check)

    def test_damaged(self):
        frames = [f for port in range(2000) for f in connection(port + 1, NUMBERS.randbytes(200))]

        def check(path, packed):
            damaged = bytearray(packed)
            damaged[len(packed) * 2 // 3] ^= 0x55
            write(self.folder, os.path.basename(path), damaged)
            for arguments in ([path], ["-"], ["-j", "2", path]):
                result = slim("--list", *arguments, stdin=bytes(damaged))
                self.assertEqual(result.returncode, 65)
                self.assertRegex(result.stderr, r"offset \d+: ")  # where a record makes no sense, or the decompression fails
                self.assertGreater(len(result.stdout.splitlines()), 1)

        self.of_each(pcap(frames), check)

    def test_checksum(self):
        """All frames before it are taken, as nothing else is wrong with them."""
        data = read(MIXED)

        def check(path, packed):
            damaged = bytearray(packed)
            damaged[-8 if path.endswith("gz") else -1] ^= 1
            for arguments in (["-"], ["-j", "2", write(self.folder, "in", damaged)]):
                result = slim("--list", *arguments, stdin=bytes(damaged))
                self.assertEqual(result.returncode, 65)
                self.assertRegex(result.stderr, r"offset \d+: cannot be decompressed further than to offset \d+ of its contents: .*checksum")
            if path.endswith("gz"):
                self.assertIn(f"offset {len(packed)}: cannot be decompressed further than to offset {len(data)} of its contents", result.stderr)
                self.assertEqual(result.stdout, slim("--list", "-", stdin=data).stdout)

        self.of_each(data, check, {suffix: PACKERS[suffix] for suffix in ("gz", "zst", "lz4")})

    def test_garbage_behind(self):
        data = pcap(connection())

        def check(path, packed):
            write(self.folder, os.path.basename(path), packed + b"\0\0something else")
            result = slim("--list", path)
            self.assertEqual(result.returncode, 1)
            self.assertIn(f"offset {len(packed) + 2}: what follows is not compressed as that before it, and was left out", result.stderr)
            self.assertEqual(rows(path), rows("-", stdin=data))

        self.of_each(data, check)

    def test_too_large_for_memory(self):
        """A stranger's file may ask for more than anybody has."""
        long = subprocess.run(["zstd", "-qc", "--ultra", "-22", "--long=31"], input=header() + bytes(1 << 20), stdout=subprocess.PIPE, check=True).stdout
        at = 4 + 1  # behind magic number and descriptor: the window (RFC 8878 3.1.1.1.2), here 2 GiB
        if not long[4] & 0x20:
            long = long[:at] + bytes([(31 - 10) << 3]) + long[at + 1:]
            self.assertIn("needs more than 128 MiB of memory; pipe it from zstd -dc --long=31", slim("--list", "-", stdin=long).stderr)
        filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]
        packed = lzma.compress(header(), filters=filters)
        self.assertIn("needs more than 256 MiB of memory; pipe it from xz -dc", slim("--list", "-", stdin=packed).stderr)

    def test_no_words_but_its_own(self):
        """A pipe that ends within it is like a file that does."""
        with open(self.path("in"), "wb") as file:
            file.write(gzip.compress(pcap(connection()))[:-3])
        self.assertEqual(slim("--list", self.path("in")).stderr.replace(self.path("in"), "standard input"),
                         slim("--list", "-", stdin=read(self.path("in"))).stderr)
