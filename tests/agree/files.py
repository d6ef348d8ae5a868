# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads capture files: the records of a classic pcap file, the packets of a pcapng file. Independent of this project's code."""
import gzip
import pathlib
import struct
from fractions import Fraction

PCAP_MAGICS = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}
PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"
SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, PACKET = 0x0a0d0d0a, 1, 2, 3, 6
TSRESOL = 9


def contents(path):
    data = pathlib.Path(path).read_bytes()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def is_pcap(data):
    return data[:4] in PCAP_MAGICS and len(data) >= 24


def is_pcapng(data):
    return data[:4] == PCAPNG_MAGIC


def pcap_records(data):
    """Returns (file header, [record, ...], rest). Records include their headers; rest is what follows the last whole record."""
    order, at, records = PCAP_MAGICS[data[:4]], 24, []
    while at + 16 <= len(data):
        end = at + 16 + struct.unpack_from(order + "I", data, at + 8)[0]
        if end > len(data):
            break
        records.append(data[at:end])
        at = end
    return data[:24], records, data[at:]


def pcapng_blocks(data):
    """Yields (byte order, type, body) of each block."""
    at, order = 0, "<"
    while at + 12 <= len(data):
        if data[at:at + 4] == PCAPNG_MAGIC:
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, size = struct.unpack_from(order + "II", data, at)
        if size < 12 or at + size > len(data):
            return
        yield order, kind, data[at + 8:at + size - 4]
        at += size


def _units_per_second(order, body):
    at = 8
    while at + 4 <= len(body):
        code, size = struct.unpack_from(order + "HH", body, at)
        if code == TSRESOL:
            return 2 ** (body[at + 4] & 0x7f) if body[at + 4] & 0x80 else 10 ** body[at + 4]
        if code == 0:
            break
        at += 4 + (size + 3) // 4 * 4
    return 10 ** 6


def pcapng_packets(data):
    """Returns [(time in seconds, link type, length on the wire, bytes), ...]. time is None for simple packets."""
    interfaces, packets = [], []
    for order, kind, body in pcapng_blocks(data):
        if kind == SECTION:
            interfaces = []
        elif kind == INTERFACE:
            interfaces.append((struct.unpack_from(order + "H", body)[0], _units_per_second(order, body), struct.unpack_from(order + "I", body, 4)[0]))
        elif kind in (PACKET, OLD_PACKET):
            number = struct.unpack_from(order + ("I" if kind == PACKET else "H"), body)[0]
            high, low, captured, length = struct.unpack_from(order + "IIII", body, 4)
            link, units, _ = interfaces[number]
            packets.append((Fraction((high << 32) + low, units), link, length, body[20:20 + captured]))
        elif kind == SIMPLE_PACKET:
            length = struct.unpack_from(order + "I", body)[0]
            link, _, snaplen = interfaces[0]
            packets.append((None, link, length, body[4:4 + min(length, snaplen or length)]))
    return packets
