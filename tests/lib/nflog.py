# SPDX-License-Identifier: GPL-2.0-or-later
"""The TCP packets of a pcap file of link type NFLOG."""
import collections
import socket
import struct

NFLOG = 239
PAYLOAD_ATTRIBUTE = 9
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10

Packet = collections.namedtuple("Packet", "time length source source_port destination destination_port sequence flags payload")


def records(data):
    magic, = struct.unpack_from("<I", data)
    fraction = {0xA1B2C3D4: 1e-6, 0xA1B23C4D: 1e-9}[magic]
    link, = struct.unpack_from("<I", data, 20)
    if link != NFLOG:
        raise ValueError("link type %d" % link)
    at = 24
    while at < len(data):
        seconds, part, captured, _ = struct.unpack_from("<IIII", data, at)
        yield seconds + part * fraction, data[at + 16:at + 16 + captured]
        at += 16 + captured


def ip_packet(frame):
    at = 4
    while at < len(frame):
        length, kind = struct.unpack_from("=HH", frame, at)
        if kind == PAYLOAD_ATTRIBUTE:
            return frame[at + 4:at + length]
        at += (length + 3) & ~3
    raise ValueError("no payload attribute")


def tcp_packet(time, packet):
    if packet[0] >> 4 == 4:
        family, addresses, tcp = socket.AF_INET, packet[12:20], packet[(packet[0] & 15) * 4:]
    else:
        family, addresses, tcp = socket.AF_INET6, packet[8:40], packet[40:]      # no test sends extension headers
    half = len(addresses) // 2
    source_port, destination_port, sequence = struct.unpack_from(">HHI", tcp)
    return Packet(time, len(packet), socket.inet_ntop(family, addresses[:half]), source_port, socket.inet_ntop(family, addresses[half:]),
                  destination_port, sequence, tcp[13], tcp[(tcp[12] >> 4) * 4:])


def packets(path):
    with open(path, "rb") as file:
        return [tcp_packet(time, ip_packet(frame)) for time, frame in records(file.read())]
