# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes captures: classic pcap, Ethernet, and as much IP and TCP as the tests need. Checksums are 0."""
import ipaddress
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
CLIENT_ISN, SERVER_ISN = 1000, 5000


def tcp(source_port, destination_port, seq, ack, flags, payload=b"", window=64000):
    return struct.pack(">HHIIBBHHH", source_port, destination_port, seq & 0xffffffff, ack & 0xffffffff, 0x50, flags, window, 0, 0) + payload


def ip(source, destination, payload, protocol=6):
    """Returns an IPv4 or IPv6 packet, depending on the addresses."""
    source, destination = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    if source.version == 4:
        return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, 64, protocol, 0) + source.packed + destination.packed + payload
    return struct.pack(">IHBB", 0x60000000, len(payload), protocol, 64) + source.packed + destination.packed + payload


def icmp_unreachable(quoted):
    return struct.pack(">BBHI", 3, 1, 0, 0) + quoted


def udp(source_port, destination_port, payload):
    return struct.pack(">HHHH", source_port, destination_port, 8 + len(payload), 0) + payload


def client_hello(server_name, padding_bytes=0):
    """Returns a TLS record with a ClientHello (RFC 8446 4.1.2), with a server name (RFC 6066 3) and padding (RFC 7685)."""
    def vector(length_bytes, content):
        return len(content).to_bytes(length_bytes, "big") + content

    name = vector(2, b"\0" + vector(2, server_name.encode()))
    extensions = b"\0\x00" + vector(2, name) + b"\0\x15" + vector(2, bytes(padding_bytes))
    hello = b"\x03\x03" + bytes(32) + vector(1, b"") + vector(2, b"\x13\x01") + vector(1, b"\0") + vector(2, extensions)
    return b"\x16\x03\x01" + vector(2, b"\x01" + vector(3, hello))


class Capture:
    """A capture whose frames are 10 ms apart by default; the first is 0.01 s after the start."""

    def __init__(self):
        self.records = []
        self.now = 0.0

    def add(self, packet, at=None, captured=None, padding=b""):
        """Adds an IP packet. at: seconds since the start. captured: the snaplen of this frame. Returns the frame's number."""
        self.now = round(self.now + 0.01, 6) if at is None else at
        frame = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02" + (b"\x08\0" if packet[0] >> 4 == 4 else b"\x86\xdd") + packet + padding
        microseconds = round(self.now * 1000000)
        kept = frame[:captured]
        self.records.append(struct.pack("<IIII", 1700000000 + microseconds // 1000000, microseconds % 1000000, len(kept), len(frame)) + kept)
        return len(self.records)

    def bytes(self):
        return struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1) + b"".join(self.records)

    def write(self, path):
        with open(path, "wb") as file:
            file.write(self.bytes())
        return path


class Stream:
    """Two endpoints. Sequence numbers are relative, as Wireshark shows them: 0 is the SYN, 1 the first byte."""

    def __init__(self, capture, port, client="10.0.0.1", server="10.0.0.2", server_port=7777):
        self.capture, self.port, self.server_port = capture, port, server_port
        self.client_address, self.server_address = client, server

    def client_packet(self, flags, seq, ack=0, payload=b""):
        return ip(self.client_address, self.server_address,
                  tcp(self.port, self.server_port, CLIENT_ISN + seq, SERVER_ISN + ack if flags & ACK else 0, flags, payload))

    def server_packet(self, flags, seq, ack=0, payload=b""):
        return ip(self.server_address, self.client_address,
                  tcp(self.server_port, self.port, SERVER_ISN + seq, CLIENT_ISN + ack if flags & ACK else 0, flags, payload))

    def client(self, flags, seq, ack=0, payload=b"", **kept):
        return self.capture.add(self.client_packet(flags, seq, ack, payload), **kept)

    def server(self, flags, seq, ack=0, payload=b"", **kept):
        return self.capture.add(self.server_packet(flags, seq, ack, payload), **kept)

    def handshake(self):
        """Adds SYN, SYN/ACK and ACK. Returns their frame numbers."""
        return [self.client(SYN, 0), self.server(SYN | ACK, 0, 1), self.client(ACK, 1, 1)]
