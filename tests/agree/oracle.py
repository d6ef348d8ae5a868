#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The frames of each class in a capture, written out from stock tshark's fields: no plugin, no code of this project.

usage: oracle.py FILE        prints frame, tab, classes, for each frame that is in any class

Each stream's segments are gathered first and looked at as a whole afterwards.
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
    offset: int         # where its payload begins in its side's bytes
    has_payload: bool


def tshark(path, *args):
    return tshark_runner.output_of(tshark_runner.run_tshark([*OPTIONS, "-r", path, *args], plugin=False))


def to_segment(frame, address, fields):
    """(stream, segment); or None where stock tshark does not know all: quoted in an ICMP error, a lone fragment, an impossible header."""
    if not all(fields.get(name) for name in ("tcp.stream", "tcp.len", "tcp.flags")):
        return None
    flags, length = int(fields["tcp.flags"], 16), int(fields["tcp.len"])
    number = int(fields["tcp.seq"]) - (0 if flags & SYN else 1)
    has_payload = length > 0 and not flags & RST and not fields.get("tcp.analysis.keep_alive")
    offset = (number + 2**31) % 2**32 - 2**31
    return int(fields["tcp.stream"]), Segment(frame, (address, fields["tcp.srcport"]), flags, offset, has_payload)


def segments_of_rows(path):
    """Every segment, from a table of fields; None when some frame has several IP or TCP layers: a table does not tell which field is whose."""
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
    """(address, fields) of each TCP layer; the address is that of the IP layer before it."""
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
    """The same from whole trees, which takes far longer."""
    segments = []
    text = NOT_XML.sub("?", tshark(path, "-Y", "tcp", "-T", "pdml"))
    for packet in map(ElementTree.fromstring, re.findall(r"<packet>.*?</packet>", text, re.DOTALL)):
        frame = int(packet.find("proto[@name='geninfo']/field[@name='num']").get("show"))
        segments += [to_segment(frame, address, fields) for address, fields in layers(packet)]
    return [segment for segment in segments if segment]


def streams(path):
    """Every stream's segments, in the order of the capture."""
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
    """(first, reply, flight): first and reply are None when there is none."""
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


def classify(path, opening_bytes):
    """{frame: set of class names}"""
    classes = {}
    for segments in streams(path):
        first, reply, flight = spoken(segments)
        for name, members in zip(ORDER, ([first], [reply], flight, handshake(segments), opening(segments, opening_bytes), closing(segments))):
            for segment in members:
                if segment:
                    classes.setdefault(segment.frame, set()).add(name)
    return classes


def rows(path, asked=USUAL, opening_bytes=OPENING_BYTES):
    """["frame<TAB>classes", ...] of the classes asked for"""
    of_frames = [(frame, [name for name in ORDER if name in names and name in asked]) for frame, names in sorted(classify(path, opening_bytes).items())]
    return [f"{frame}\t{','.join(names)}" for frame, names in of_frames if names]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("\n".join(rows(os.path.abspath(sys.argv[1]))))
