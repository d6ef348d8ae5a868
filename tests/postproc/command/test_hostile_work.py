# SPDX-License-Identifier: GPL-2.0-or-later
"""Twice of anything that a sender chooses takes about twice the instructions, whatever it is: of the whole program, its start taken off. Fragments of
one datagram in any order are in decode/test_work.py."""
import os
import re
import shutil
import struct
import subprocess

from hello import client_hello
from pcaps import ACK, PROGRAM, SYN, InFolder, header, pcap, segment, write
from test_pcapng import Writer
from test_work import LARGEST_RATIO

MAC = b"\2\0\0\0\0\2\2\0\0\0\0\1"
ADDRESSES = b"\xc0\0\2\1\xc0\0\2\2"
TCP = segment(40000, 80, 1000, ACK, b"what")[34:]
IPV4, IPV6, VN_TAG = b"\x08\x00", b"\x86\xdd", b"\x89\x26"
SMALLEST_RATIO = 1.5    # less, and it is not looked at


def ipv4(protocol, payload, options=b"", number=0, fragment=0):
    first = 0x45 + len(options) // 4
    return struct.pack(">BBHHHBBH", first, 0, 20 + len(options) + len(payload), number, fragment, 64, protocol, 0) + ADDRESSES + options + payload


def ipv6(following, payload):
    return struct.pack(">IHBB", 0x60000000, len(payload), following, 64) + bytes(15) + b"\1" + bytes(15) + b"\2" + payload


class Work(InFolder):
    def instructions(self, *command):
        """Of all its processes."""
        done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", PROGRAM, *command], capture_output=True, text=True, check=False)
        counts = re.findall(r"Collected : (\d+)", done.stderr)
        self.assertTrue(counts and done.returncode in (0, 1), done.stderr)
        return sum(map(int, counts))

    def assert_linear(self, n, make, *command, name="in.pcap"):
        """make(n): the bytes of a capture with n of something."""
        start, one, two = (self.instructions(*command, write(self.folder, name, make(count))) for count in (1, n, 2 * n))
        self.check(n, start, one, two)

    def check(self, n, start, one, two):
        ratio = (two - start) / (one - start)
        print(f"{self.id().rpartition('.')[2]}: {ratio:.2f} ({(two - one) / n:.0f} instructions each)", flush=True)
        self.assertGreater(one - start, 5 * n, "it looks at each")
        self.assertGreater(ratio, SMALLEST_RATIO)
        self.assertLessEqual(ratio, LARGEST_RATIO)

    def test_datagrams_that_never_complete(self):
        self.assert_linear(3000, lambda n: pcap([MAC + IPV4 + ipv4(6, bytes(24), number=i & 0xffff, fragment=0x2000) for i in range(n)]), "slim", "-w", "/dev/null")

    def test_datagrams_that_complete(self):
        def make(n):
            halves = ((0x2000, TCP[:16]), (2, TCP[16:]))
            return pcap([MAC + IPV4 + ipv4(6, part, number=i & 0xffff, fragment=place) for place, part in halves for i in range(n)])
        self.assert_linear(1500, make, "slim", "-w", "/dev/null")

    def test_fragments_that_overlap(self):
        """Of one datagram, which each begins eight bytes further and ends at the same place."""
        self.assert_linear(1000, lambda n: pcap([MAC + IPV4 + ipv4(6, bytes(1000 - i % 100 * 8), number=i // 100, fragment=0x2000 + i % 100 + 1) for i in range(n)]),
                           "slim", "--list")

    def test_tunnels(self):
        """Layer upon layer, up to those that are looked at."""
        def nested(layers):
            packet = ipv4(6, TCP)
            for _ in range(layers):
                packet = ipv4(4, packet)
            return packet
        self.assert_linear(15, lambda n: pcap([MAC + IPV4 + nested(n)] * 400), "slim", "--list")

    def test_tags(self):
        self.assert_linear(30, lambda n: pcap([MAC + (VN_TAG + bytes(4)) * n + IPV4 + ipv4(6, TCP)] * 200), "slim", "--list")

    def test_options_of_ipv4(self):
        self.assert_linear(10, lambda n: pcap([MAC + IPV4 + ipv4(6, TCP, options=(b"\x44\x02" * n).ljust((2 * n + 3) // 4 * 4, b"\0"))] * 4000), "slim", "--list")

    def test_options_of_tcp(self):
        def make(n):
            tcp = bytearray(TCP[:20])
            tcp[12] = (5 + n) << 4
            return pcap([MAC + IPV4 + ipv4(6, bytes(tcp) + b"\x02\x04\x05\xb4" * n + b"what")] * 2000)
        one, ten = (self.instructions("slim", "--list", write(self.folder, "in.pcap", make(n))) for n in (0, 10))
        self.assertLess(ten, 1.1 * one, "nobody looks at them")

    def test_headers_of_ipv6(self):
        """A chain of them, as long as a packet."""
        def make(n):
            packet = (b"\x3c\0" + bytes(6)) * (n - 1) + b"\6\0" + bytes(6) + TCP
            return pcap([MAC + IPV6 + ipv6(60, packet)] * 4)
        self.assert_linear(2500, make, "slim", "--list")

    def test_options_of_ipv6(self):
        """Hop by hop, of two bytes each, in headers of 2048 bytes."""
        def make(n):
            headers = b"".join(bytes([0x3c if i < n - 1 else 6, 255]) + b"\1\0" * 1023 for i in range(n))
            return pcap([MAC + IPV6 + ipv6(0, headers + TCP)] * 20)
        self.assert_linear(12, make, "slim", "--list")

    def test_segments_in_one_frame(self):
        """PPP mux: as many packets in a frame as fit."""
        def make(n):
            part = b"\x21" + ipv4(6, TCP)
            return header(link=9) + pcap([b"\xff\x03\0\x59" + (bytes([0x80 | len(part)]) + part) * n] * 10)[24:]
        self.assert_linear(400, make, "slim", "-w", "/dev/null")

    def test_interfaces(self):
        w = Writer("<")
        self.assert_linear(2000, lambda n: w.section() + w.interface() * n + b"".join(w.packet(segment(1000 + i % 60000, 80, 1, ACK, b"a"), interface=i) for i in range(n)),
                           "slim", "--stream-key", "interface", "-w", "/dev/null", name="in.pcapng")

    def test_sections(self):
        w = Writer("<")
        self.assert_linear(1500, lambda n: (w.section() + w.interface() + w.packet(segment(1, 80, 1, ACK, b"a"))) * n, "slim", "-w", "/dev/null", name="in.pcapng")

    def test_options_of_a_block(self):
        w = Writer("<")
        self.assert_linear(4000, lambda n: w.section() + w.interface() + w.packet(segment(1, 80, 1, ACK, b"a"), options=w.option(1, b"abcd") * n) * 3,
                           "slim", "--log", "/dev/null", name="in.pcapng")

    def test_streams(self):
        """Beyond those that there is room for."""
        self.assert_linear(6000, lambda n: pcap([segment(1000 + i % 50000, 80, 1, SYN, src=struct.pack(">I", i)) for i in range(n)]), "slim", "--list", "--max-streams", "500")

    def test_pieces_of_messages(self):
        """A ClientHello byte by byte, the last first."""
        hello = client_hello("www.example", 12000)
        def make(n):
            first = [segment(40000, 80, 1000, SYN), segment(40000, 80, 1001, ACK, hello[:10])]
            return pcap(first + [segment(40000, 80, 1001 + i, ACK, hello[i:i + 1]) for i in range(10 + n, 10, -1)])
        self.assert_linear(3000, make, "slim", "--log", "/dev/null")

    def test_messages_that_wait(self):
        """Beyond the memory that there is for them."""
        hello = client_hello("www.example", 2000)
        self.assert_linear(4000, lambda n: pcap([segment(1000 + i % 50000, 80, 1000, ACK, hello[:300], src=struct.pack(">I", i)) for i in range(n)]),
                           "slim", "--log", "/dev/null", "--log-reply", "--message-memory", "1M")

    def test_names(self):
        """Beyond those that are remembered."""
        self.assert_linear(4000, lambda n: pcap([segment(1000 + i % 50000, 80, 1000, ACK, b"GET / HTTP/1.1\r\nHost: h%d.example\r\n\r\n" % i, src=struct.pack(">I", i))
                                                 for i in range(n)]), "said", "--max-names", "300")

    def inbox(self, fill):
        """Returns the arguments of a watcher with a new inbox. fill: puts something there."""
        for name in ("in", "out"):
            shutil.rmtree(self.path(name), ignore_errors=True)
            os.mkdir(self.path(name))
        fill(self.path("in"))
        return "watch", "--once", "--match", "*.pcap", self.path("in"), self.path("out")

    def assert_inbox_linear(self, n, put):
        """put(folder, i): puts the i-th of something there."""
        def count(of):
            def fill(folder):
                for i in range(of):
                    put(folder, i)
            return self.instructions(*self.inbox(fill))
        start, one, two = count(1), count(n), count(2 * n)
        self.check(n, start, one, two)

    def test_folders_in_the_inbox(self):
        self.assert_inbox_linear(1000, lambda folder, i: os.mkdir(os.path.join(folder, f"{i}.pcap")))

    def test_other_files_in_the_inbox(self):
        self.assert_inbox_linear(1000, lambda folder, i: write(folder, f"{i}.txt", b""))

    def test_captures_in_the_inbox(self):
        self.assert_inbox_linear(150, lambda folder, i: write(folder, f"{i}.pcap", header()))

    def test_links_in_the_inbox(self):
        self.assert_inbox_linear(100, lambda folder, i: os.symlink("elsewhere", os.path.join(folder, f"{i}.pcap")))
