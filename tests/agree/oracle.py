#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The frames of each class in a capture, computed from stock tshark's fields: without the plugin, and without any code of this project.

usage: oracle.py FILE        prints frame, tab, classes, for each frame that is in any class

First, the segments of each stream are gathered; then they are looked at as a whole.
"""
import os
import re
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "lib"))
import tshark_runner

OPTIONS = ["-n", "-o", "tcp.analyze_sequence_numbers:TRUE", "-o", "tcp.relative_sequence_numbers:TRUE", "-o", "ip.defragment:TRUE",
           "-o", "ipv6.defragment:TRUE"]
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
FLIGHT_BYTES = OPENING_BYTES = 16384
OPENING_OVER = 1 << 20
COLUMNS = ("frame.number", "ip.src", "ipv6.src", "tcp.srcport", "tcp.stream", "tcp.len", "tcp.flags", "tcp.seq", "tcp.analysis.keep_alive")
ORDER = ("first", "reply", "flight", "handshake", "opening", "closing")
USUAL = ORDER[:4]


@dataclass
class Segment:
    frame: int
    sender: tuple       # address and port
    flags: int
    offset: int         # where its payload begins among its side's bytes
    has_payload: bool


def tshark(path, *args):
    return tshark_runner.output_of(tshark_runner.run_tshark([*OPTIONS, "-r", path, *args], plugin=False))


def to_segment(frame, address, fields):
    """Returns (stream, segment); or None if stock tshark does not know everything: for a segment quoted in an ICMP error, a lone fragment, an
    impossible header."""
    if not all(fields.get(name) for name in ("tcp.stream", "tcp.len", "tcp.flags")):
        return None
    flags, length = int(fields["tcp.flags"], 16), int(fields["tcp.len"])
    number = int(fields["tcp.seq"]) - (0 if flags & SYN else 1)
    has_payload = length > 0 and not flags & RST and not fields.get("tcp.analysis.keep_alive")
    offset = (number + 2**31) % 2**32 - 2**31
    return int(fields["tcp.stream"]), Segment(frame, (address, fields["tcp.srcport"]), flags, offset, has_payload)


def segments_of_rows(path):
    """Returns every segment, from a table of fields; or None if some frame has several IP or TCP layers, as a table does not tell which field
    belongs to which."""
    columns = [word for name in COLUMNS for word in ("-e", name)]
    segments = []
    for line in tshark(path, "-Y", "tcp", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|", *columns).splitlines():
        fields = dict(zip(COLUMNS, line.split("\t")))
        addresses = [fields[name] for name in ("ip.src", "ipv6.src") if fields[name]]
        if len(addresses) != 1 or "|" in addresses[0] + fields["tcp.srcport"]:
            return None
        segments.append(to_segment(int(fields["frame.number"]), addresses[0], fields))
    return [segment for segment in segments if segment]


def layers(packet):
    """Returns (address, fields) for each TCP layer; the address is that of the IP layer before it."""
    address = None
    for layer in packet.iter("proto"):
        fields = {}
        for field in layer.iter("field"):
            fields.setdefault(field.get("name"), field.get("show") or "1")
        if layer.get("name") in ("ip", "ipv6"):
            address = fields.get("ip.src") or fields.get("ipv6.src")
        elif layer.get("name") == "tcp":
            yield address, fields


def segments_of_trees(path):
    """Returns the same from whole trees, which takes far longer."""
    segments = []
    text = NOT_XML.sub("?", tshark(path, "-Y", "tcp", "-T", "pdml"))
    for packet in map(ElementTree.fromstring, re.findall(r"<packet>.*?</packet>", text, re.DOTALL)):
        frame = int(packet.find("proto[@name='geninfo']/field[@name='num']").get("show"))
        segments += [to_segment(frame, address, fields) for address, fields in layers(packet)]
    return [segment for segment in segments if segment]


def streams(path):
    """Returns the segments of every stream, in the order of the capture."""
    found = {}
    segments = segments_of_rows(path)
    for number, segment in segments_of_trees(path) if segments is None else segments:
        found.setdefault(number, []).append(segment)
    return found.values()


def handshake(segments):
    yield from (segment for segment in segments if segment.flags & SYN)
    answered = None
    for segment in segments:
        if segment.flags & SYN:
            answered = segment.sender if segment.flags & ACK else answered
        elif answered not in (None, segment.sender) and segment.flags & (ACK | RST) == ACK:
            yield segment
            return


def spoken(segments):
    """Returns (first, reply, flight); first and reply are None if there is none."""
    payload = [segment for segment in segments if segment.has_payload]
    if not payload:
        return None, None, []
    first = payload[0]
    at = next((i for i, segment in enumerate(payload) if segment.sender != first.sender), len(payload))
    flight = [segment for i, segment in enumerate(payload[:at]) if i == 0 or segment.offset < FLIGHT_BYTES]
    return first, payload[at] if at < len(payload) else None, flight


def opening(segments, opening_bytes):
    begins, over = {}, set()
    for segment in (segment for segment in segments if segment.has_payload):
        begins.setdefault(segment.sender, 0 if 0 <= segment.offset < opening_bytes else segment.offset)
        way = (segment.offset - begins[segment.sender] + 2**31) % 2**32 - 2**31
        if way < opening_bytes and segment.sender not in over:
            yield segment
        if way >= opening_bytes + OPENING_OVER:
            over.add(segment.sender)


def closing(segments):
    for sender in {segment.sender for segment in segments}:
        yield next((segment for segment in segments if segment.sender == sender and segment.flags & FIN), None)
    yield next((segment for segment in segments if segment.flags & RST), None)


@dataclass
class Datagram:
    frame: int
    sender: tuple
    payload_bytes: int
    begins: str         # its payload in hexadecimal, as far as it was captured


UDP_COLUMNS = ("frame.number", "ip.src", "ipv6.src", "udp.srcport", "udp.stream", "udp.length", "udp.payload", "ip.len", "ip.hdr_len", "ipv6.plen",
               "ip.reassembled.length", "ipv6.reassembled.length", "ip.flags.mf", "ipv6.fraghdr.more")
QUIC_VERSIONS = {1, 0x6b3343cf, *range(0xff00001b, 0xff000023), *range(0xfaceb000, 0xfaceb020)}


def is_true(field):
    return field not in ("", "0", "False")


def ip_payload(fields):
    """Returns the length that the IP header leaves to UDP, or None where it does not say."""
    reassembled = fields["ip.reassembled.length"] or fields["ipv6.reassembled.length"]
    if reassembled:
        return int(reassembled)
    if fields["ipv6.src"]:
        return int(fields["ipv6.plen"]) or None
    return int(fields["ip.len"]) - int(fields["ip.hdr_len"]) if int(fields["ip.len"]) else None


def to_datagram(fields):
    reassembled = fields["ip.reassembled.length"] or fields["ipv6.reassembled.length"]
    is_piece = (is_true(fields["ip.flags.mf"]) or is_true(fields["ipv6.fraghdr.more"])) and not reassembled
    room, said = ip_payload(fields), int(fields["udp.length"])
    if said == 0:
        said = room or 0
    payload_bytes = 0 if is_piece else (said if room is None else min(said, room)) - 8
    sender = (fields["ip.src"] or fields["ipv6.src"], fields["udp.srcport"])
    return Datagram(int(fields["frame.number"]), sender, payload_bytes, fields["udp.payload"])


def datagram_streams(path):
    """Returns the datagrams with payload of each stream, from frames without tunnels."""
    columns = [word for name in UDP_COLUMNS for word in ("-e", name)]
    found = {}
    for line in tshark(path, "-Y", "udp.stream and not icmp and not icmpv6", "-T", "fields", "-E", "occurrence=f", *columns).splitlines():
        fields = dict(zip(UDP_COLUMNS, line.split("\t")))
        datagram = to_datagram(fields)
        if datagram.payload_bytes > 0:
            found.setdefault(fields["udp.stream"], []).append(datagram)
    return list(found.values())


def is_quic(datagram):
    begins = bytes.fromhex(datagram.begins.replace(":", ""))
    ids_at = 6 + begins[5] if len(begins) > 6 else 0
    return (ids_at and begins[0] >= 0xc0 and int.from_bytes(begins[1:5], "big") in QUIC_VERSIONS and begins[5] <= 20
            and len(begins) > ids_at and begins[ids_at] <= 20)


def datagram_classes(datagrams, opening_bytes):
    """Returns (datagram, its classes) for each."""
    sent, replied = {}, False
    for datagram in datagrams:
        before = sent.get(datagram.sender, 0)
        names = {"opening"} if before < opening_bytes else set()
        if not sent:
            names |= {"first", "flight"}
        elif datagram.sender != datagrams[0].sender and not replied:
            replied = True
            names.add("reply")
        elif not replied and before < FLIGHT_BYTES:
            names.add("flight")
        sent[datagram.sender] = before + datagram.payload_bytes
        yield datagram, names


def classify_datagrams(path, opening_bytes, transports, classes):
    for datagrams in datagram_streams(path):
        if "udp" not in transports and not is_quic(datagrams[0]):
            continue
        for datagram, names in datagram_classes(datagrams, opening_bytes):
            classes.setdefault(datagram.frame, set()).update(names)


def classify(path, opening_bytes, transports):
    """Returns {frame: set of class names}."""
    classes = {}
    if {"udp", "quic"} & set(transports):
        classify_datagrams(path, opening_bytes, transports, classes)
    for segments in streams(path) if "tcp" in transports else []:
        first, reply, flight = spoken(segments)
        for name, members in zip(ORDER, ([first], [reply], flight, handshake(segments), opening(segments, opening_bytes), closing(segments))):
            for segment in members:
                if segment:
                    classes.setdefault(segment.frame, set()).add(name)
    return classes


def rows(path, asked=USUAL, opening_bytes=OPENING_BYTES, transports=("tcp",)):
    """Returns ["frame<TAB>classes", ...] for the classes asked for."""
    of_frames = [(frame, [name for name in ORDER if name in names and name in asked]) for frame, names in sorted(classify(path, opening_bytes, transports).items())]
    return [f"{frame}\t{','.join(names)}" for frame, names in of_frames if names]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("\n".join(rows(os.path.abspath(sys.argv[1]))))
