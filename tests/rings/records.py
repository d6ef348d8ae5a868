# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the records of the captures in these tests: pcap and pcapng in this machine's byte order.

A record is (microseconds since 1970, length on the wire, frame).
"""
import collections
import gzip
import struct

MICROSECONDS, NANOSECONDS = 0xA1B2C3D4, 0xA1B23C4D
SECTION, INTERFACE, ENHANCED = 0x0A0D0D0A, 1, 6
RESOLUTION = 9

Record = collections.namedtuple("Record", "time_us wire frame")


def pcap_records(data):
    nanoseconds = struct.unpack_from("<I", data)[0] == NANOSECONDS
    at, records = 24, []
    while at < len(data):
        seconds, fraction, captured, wire = struct.unpack_from("<IIII", data, at)
        at += 16 + captured
        if at > len(data):
            raise ValueError("the last record is cut")
        records.append(Record(seconds * 1000000 + (fraction // 1000 if nanoseconds else fraction), wire, data[at - captured:at]))
    return records


def units_per_second(interface):
    """interface: the body of an interface description block."""
    at = 8
    while at < len(interface):
        code, length = struct.unpack_from("<HH", interface, at)
        if code == RESOLUTION:
            return 10 ** interface[at + 4]
        at += 4 + (length + 3) // 4 * 4
    return 1000000


def pcapng_records(data):
    at, records, units = 0, [], []
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if at + length > len(data):
            raise ValueError("the last block is cut")
        body = data[at + 8:at + length - 4]
        at += length
        if kind == SECTION:
            units = []
        elif kind == INTERFACE:
            units.append(units_per_second(body))
        elif kind == ENHANCED:
            interface, high, low, captured, wire = struct.unpack_from("<IIIII", body)
            records.append(Record((high << 32 | low) * 1000000 // units[interface], wire, body[20:20 + captured]))
    return records


def records(path):
    with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as file:
        data = file.read()
    if len(data) >= 4 and struct.unpack_from("<I", data)[0] == SECTION:
        return pcapng_records(data)
    return pcap_records(data)
