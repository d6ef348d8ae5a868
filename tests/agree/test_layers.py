#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""On crafted frames of networks within networks, the program and the plugin give the same answer."""
import pathlib
import struct
import subprocess
import sys
import unittest

import answers
import encapsulations
import tshark_runner

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
GET, OK = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"
WHOLE = ["1\thandshake", "2\thandshake", "3\thandshake", "4\tfirst,flight", "5\treply"]


def tcp(source_port, destination_port, seq, ack, flags, data=b""):
    return struct.pack(">HHIIBBHHH", source_port, destination_port, seq, ack, 0x50, flags, 64000, 0, 0) + data


def connection(port=40000, request=GET):
    """Returns [(is the client's, segment), ...]: handshake, request, answer."""
    return [(True, tcp(port, 80, 1000, 0, SYN)), (False, tcp(80, port, 5000, 1001, SYN | ACK)), (True, tcp(port, 80, 1001, 5001, ACK)),
            (True, tcp(port, 80, 1001, 5001, PSH | ACK, request)), (False, tcp(80, port, 5001, 1001 + len(request), PSH | ACK, OK))]


def ethernet(ether_type, payload):
    return b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02" + struct.pack(">H", ether_type) + payload


def ipv6(up, next_header, payload, length=None):
    ends = [bytes.fromhex("20010db8" + "0" * 23 + end) for end in "12"]
    source, destination = ends if up else ends[::-1]
    return struct.pack(">IHBB", 6 << 28, len(payload) if length is None else length, next_header, 64) + source + destination + payload


def pcap(frames, link_type=1):
    out = [struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, link_type)]
    for number, frame in enumerate(frames):
        out += [struct.pack("<IIII", 1700000000 + number // 1000, number % 1000 * 1000, len(frame), len(frame)), frame]
    return b"".join(out)


def write(name, data):
    path = pathlib.Path(tshark_runner.folder()) / name
    path.write_bytes(data)
    path.chmod(0o644)
    return path


class SegmentationOffload(unittest.TestCase):
    """IPv6 with length 0, as Linux passes BIG TCP to captures: the packet ends with the layer around it (ipv6.tso_support)."""

    def check(self, name, frames, expected=None):
        path = write(name, pcap(frames))
        self.assertEqual(WHOLE if expected is None else expected, answers.plugin(path))
        self.assertEqual("", answers.difference(answers.plugin(path), answers.slim(path), "plugin", "slim"))

    def test_tcp(self):
        big = GET[:-2] + b"X: " + b"x" * 90000 + b"\r\n\r\n"
        self.check("bigtcp.pcap", [ethernet(0x86dd, ipv6(up, 6, segment, 0)) for up, segment in connection(request=big)])

    def test_behind_options(self):
        options = bytes([6, 0, 1, 4, 0, 0, 0, 0])
        self.check("bigtcp-options.pcap", [ethernet(0x86dd, ipv6(up, 60, options + segment, 0)) for up, segment in connection()])

    def test_with_a_fragment_header(self):
        fragment = bytes([6, 0, 0, 0, 0, 0, 0, 1])
        self.check("bigtcp-fragment.pcap", [ethernet(0x86dd, ipv6(up, 44, fragment + segment, 0)) for up, segment in connection()])

    def test_no_more_than_what_is_around_it(self):
        """A packet within another, followed by padding that is not data."""
        inner = [ipv6(up, 41, ipv6(up, 6, segment, 0)) for up, segment in connection()]
        self.check("bigtcp-inner.pcap", [ethernet(0x86dd, packet + b"padding") for packet in inner])

    def test_jumbograms(self):
        """Jumbograms: their option tells the length. Without it, a hop-by-hop header with length 0 means nothing."""
        jumbo = [struct.pack(">BBBBI", 6, 0, 0xc2, 4, 8 + len(segment)) + segment for _, segment in connection(request=b"x" * 70000)]
        ups = [up for up, _ in connection()]
        self.check("jumbo.pcap", [ethernet(0x86dd, ipv6(up, 0, data, 0 if len(data) > 65535 else None)) for up, data in zip(ups, jumbo)])
        none = [bytes([6, 0, 1, 4, 0, 0, 0, 0]) + segment for _, segment in connection()]
        self.check("no-jumbo.pcap", [ethernet(0x86dd, ipv6(up, 0, data, 0)) for up, data in zip(ups, none)], [])

    def test_switched_off(self):
        """The plugin changes the default of the preference, but not what a user sets."""
        path = write("bigtcp-off.pcap", pcap([ethernet(0x86dd, ipv6(up, 6, segment, 0)) for up, segment in connection()]))
        self.assertEqual([4], tshark_runner.frames(path, "firstpayload"))
        self.assertEqual([], tshark_runner.frames(path, "firstpayload", ["-o", "ipv6.tso_support:FALSE"]))


def block(kind, body):
    size = struct.pack("<I", 12 + len(body) + -len(body) % 4)
    return struct.pack("<I", kind) + size + body + b"\0" * (-len(body) % 4) + size


def pcapng(frames):
    """Makes a capture of frames, (link type, bytes), a millisecond apart, with an interface for each link type."""
    link_types = sorted({link_type for link_type, _ in frames})
    out = [block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1))]
    out += [block(1, struct.pack("<HHI", link_type, 0, 262144)) for link_type in link_types]
    for number, (link_type, frame) in enumerate(frames):
        time = 1700000000000000 + number * 1000
        head = struct.pack("<IIIII", link_types.index(link_type), time >> 32, time & 0xffffffff, len(frame), len(frame))
        out.append(block(6, head + frame))
    return b"".join(out)


class Encapsulations(unittest.TestCase):
    maxDiff = None

    def compare(self, name, paths):
        """Asks both about a capture with a connection of five frames for each path. Returns {name of a path: (the plugin's rows, the
        program's)}, numbered as if the five frames were the first: once for paths that differ, once for all."""
        frames = [encapsulations.build(path, up, segment) for port, path in enumerate(paths, 20001) for up, segment in encapsulations.connection(port)]
        capture = write(name, pcapng(frames))
        found = {encapsulations.name_of(path): ([], []) for path in paths}
        for who, rows in enumerate((answers.plugin(capture), answers.slim(capture))):
            for row in rows:
                frame, classes = row.split("\t")
                place, number = divmod(int(frame) - 1, 5)
                found[encapsulations.name_of(paths[place])][who].append(f"{number + 1}\t{classes}")
        return {path: rows for path, rows in found.items() if rows[0] != rows[1]}, found

    def test_each(self):
        """Both see the whole connection through each single way."""
        ways = {encapsulations.name_of(path): path for path in map(encapsulations.path_through, encapsulations.WAYS)}
        paths = list(ways.values())
        differing, found = self.compare("layers-each.pcapng", paths)
        self.assertEqual({}, differing)
        self.assertEqual({}, {path: rows for path, rows in found.items() if rows[0] != WHOLE})

    def test_at_random(self):
        """And through any of them inside any other; or neither does."""
        differing, found = self.compare("layers-random.pcapng", encapsulations.random_paths(14, 1500))
        self.assertEqual({}, differing)
        self.assertGreater(sum(rows[0] == WHOLE for rows in found.values()), len(found) * 2 // 3)


class Tables(unittest.TestCase):
    def test_all_entries_are_decoded_or_judged(self):
        """docs/layers.md is what docs/layers.py makes of the program's tables and those of Wireshark 4.0."""
        if tshark_runner.version() != (4, 0):
            return
        done = subprocess.run([sys.executable, answers.ROOT / "docs/layers.py", "--check"], capture_output=True, text=True, check=False)
        self.assertEqual(("", 0), (done.stderr.replace("Running as user \"root\" and group \"root\". This could be dangerous.\n", ""), done.returncode))


if __name__ == "__main__":
    unittest.main()
