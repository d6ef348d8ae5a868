# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes captures byte by byte, and runs the program on them."""
import os
import struct
import subprocess
import tempfile
import unittest

import few_names
from waiting import PATIENCE_SECONDS

os.environ.update(few_names.variables())    # for programs that start tshark
PROGRAM = os.environ["FIRSTPAYLOAD_PROGRAM"]
CAPTURES = os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "captures")

SYN, ACK, FIN, RST = 0x02, 0x10, 0x01, 0x04
MICROSECONDS, NANOSECONDS, MODIFIED = 0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34


def segment(sport, dport, seq, flags, payload=b"", ack=0, src=b"\xc0\x00\x02\x01", dst=b"\xc0\x00\x02\x02"):
    """Returns an Ethernet frame with a TCP segment over IPv4."""
    tcp = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 64240, 0, 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0x4000, 64, 6, 0, src, dst) + tcp
    return b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\x00" + ip


def datagram(sport, dport, payload=b"", src=b"\xc0\x00\x02\x01", dst=b"\xc0\x00\x02\x02"):
    """An Ethernet frame with a UDP datagram over IPv4."""
    udp = struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0x4000, 64, 17, 0, src, dst) + udp
    return b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\x00" + ip


def answer(sport, dport, payload=b""):
    """The same, back."""
    return datagram(sport, dport, payload, src=b"\xc0\x00\x02\x02", dst=b"\xc0\x00\x02\x01")


def connection(port=40000, request=b"GET / HTTP/1.1\r\n\r\n"):
    """Returns five frames: SYN, SYN/ACK, ACK, request, answer. The fourth is the first payload frame."""
    client = dict(src=b"\xc0\x00\x02\x01", dst=b"\xc0\x00\x02\x02")
    server = dict(src=b"\xc0\x00\x02\x02", dst=b"\xc0\x00\x02\x01")
    return [
        segment(port, 80, 1000, SYN, **client),
        segment(80, port, 5000, SYN | ACK, ack=1001, **server),
        segment(port, 80, 1001, ACK, ack=5001, **client),
        segment(port, 80, 1001, ACK, request, ack=5001, **client),
        segment(80, port, 5001, ACK, b"HTTP/1.1 200 OK\r\n\r\n", ack=1001 + len(request), **server),
    ]


def header(order="<", magic=MICROSECONDS, link=1, snaplen=262144):
    return struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link)


def record(frame, n=0, order="<", magic=MICROSECONDS, wire=None):
    """Returns the n-th record of a capture that has one per millisecond."""
    fraction = n * (1000000 if magic == NANOSECONDS else 1000)
    extra = struct.pack(order + "IHBB", 7, 0x0800, 4, 0) if magic == MODIFIED else b""
    return struct.pack(order + "IIII", 1700000000, fraction, len(frame), wire or len(frame)) + extra + frame


def pcap(frames, order="<", magic=MICROSECONDS, **kwargs):
    return header(order, magic, **kwargs) + b"".join(record(f, n, order, magic) for n, f in enumerate(frames))


def write(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def stub(folder, name, script):
    """A program in folder, which anybody may run, and write to the folder: tshark does not run as root. Returns its path."""
    path = write(folder, name, script.encode())
    os.chmod(path, 0o755)
    os.chmod(folder, 0o777)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def slim(*arguments, stdin=b"", **kwargs):
    """Runs firstpayload slim. The result has standard output as bytes, and standard error as text."""
    result = subprocess.run([PROGRAM, "slim", *arguments], input=stdin, capture_output=True, timeout=PATIENCE_SECONDS, **kwargs)
    result.stderr = result.stderr.decode()
    return result


def rows(*arguments, **kwargs):
    """Runs slim --list. Returns {frame number: classes}."""
    out = slim("--list", "-q", *arguments, **kwargs).stdout.decode()
    return {int(number): classes for number, classes in (line.split("\t") for line in out.splitlines())}


class InFolder(unittest.TestCase):
    """A test with its own folder."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)
