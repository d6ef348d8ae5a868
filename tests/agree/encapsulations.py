# SPDX-License-Identifier: GPL-2.0-or-later
"""Ways to put a packet into another, and frames made with them.

What is carried is (space, number, bytes): the space says what kind of number it is. A way leads from one space to another. LEAF is where every
frame begins, and "frame" is where it ends; there, the number is its link type. A new way is a row in WAYS.
"""
import random
import struct
import sys
import zlib

SYN, PSH, ACK = 2, 8, 16
GET, OK = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"
client_port = 50000     # of UDP; different ones for each connection and layer (build), as some of what Wireshark learns about two endpoints stays
A, B = b"\x02\0\0\0\0\x01", b"\x02\0\0\0\0\x02"     # Ethernet addresses, the client's first


def tcp(source_port, destination_port, seq, ack, flags, data=b""):
    return struct.pack(">HHIIBBHHH", source_port, destination_port, seq, ack, 0x50, flags, 64000, 0, 0) + data


def connection(port=40000, request=GET):
    """Returns [(is the client's, segment), ...]: handshake, request, answer."""
    return [(True, tcp(port, 80, 1000, 0, SYN)), (False, tcp(80, port, 5000, 1001, SYN | ACK)), (True, tcp(port, 80, 1001, 5001, ACK)),
            (True, tcp(port, 80, 1001, 5001, PSH | ACK, request)), (False, tcp(80, port, 5001, 1001 + len(request), PSH | ACK, OK))]


def be16(number):
    return struct.pack(">H", number)


def both(up, first, second):
    return first + second if up else second + first


def addresses(up):
    return both(up, B, A)


def ethernet(up, ether_type, data):
    return addresses(up) + be16(ether_type) + data


def ipv4(up, protocol, data, options=b""):
    ends = both(up, b"\x0a\0\0\x01", b"\x0a\0\0\x02")
    return struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, 0, 20 + len(options) + len(data), 7, 0, 64, protocol, 0) + ends + options + data


def ipv6(up, next_header, data):
    ends = both(up, bytes.fromhex("20010db8") + b"\0" * 11 + b"\1", bytes.fromhex("20010db8") + b"\0" * 11 + b"\2")
    return struct.pack(">IHBB", 6 << 28, len(data), next_header, 64) + ends + data


def version(packet):
    return packet[0] >> 4


def type_of(packet):
    return 0x0800 if version(packet) == 4 else 0x86dd


def udp(up, port, data):
    ports = (client_port, port) if up else (port, client_port)
    return struct.pack(">HHHH", *ports, 8 + len(data), 0) + data


def erf(kind, own, frame):
    return struct.pack("<Q", 1700000000 << 32) + struct.pack(">BBHHH", kind, 4, 16 + len(own) + len(frame), 0, len(frame)) + own + frame


def wlan(up, qos=b"", sequence=0, flags=0, addresses4=False):
    ds = 3 if addresses4 else 1 if up else 2
    three = (b"\x02\0\0\0\0\x09", A, B) if up else (A, b"\x02\0\0\0\0\x09", B)
    return bytes([0x88 if qos else 0x08, ds | flags]) + b"\0\0" + b"".join(three) + struct.pack("<H", sequence) + (A if addresses4 else b"") + qos


def deflate(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def subframe(up, llc):
    return addresses(up) + be16(len(llc)) + llc


def isl(frame):
    inner = b"\0" * 12 + frame + b"FCSF"
    return b"\x01\0\x0c\0\0\0" + B + be16(len(inner)) + inner


def hdlc_stream(ppp):
    """PPP on a serial line."""
    frame = b"\xff\3" + ppp + b"FC"
    return b"\x7e" + b"".join(bytes([0x7d, byte ^ 0x20]) if byte in (0x7d, 0x7e) or byte < 0x20 else bytes([byte]) for byte in frame) + b"\x7e"


def gre(flags, optional=b""):
    return lambda up, number, data: (47, be16(flags) + be16(number) + optional + data)


def in_type(number, head):
    """Before an Ethernet type, with head before the type."""
    return lambda up, inner, data: (number, head + be16(inner) + data)


def at(number, head=b"", tail=b""):
    """Under a number, with head before what is carried; the carried packet's own number does not matter."""
    return lambda up, inner, data: (number, head + data + tail)


LEAF = "protocol"

# (name, from, to, way): a way takes (is the client's, number, bytes) and returns (number, bytes) in the other space.
WAYS = [
    # IP
    ("ipv4", "protocol", "ip", lambda up, n, d: (4, ipv4(up, n, d))),
    ("ipv4-options", "protocol", "ip", lambda up, n, d: (4, ipv4(up, n, d, b"\x94\4\0\0"))),
    ("ipv6", "protocol", "ip", lambda up, n, d: (6, ipv6(up, n, d))),
    ("ipv6-options", "protocol", "ip", lambda up, n, d: (6, ipv6(up, 60, bytes([n, 0, 1, 4, 0, 0, 0, 0]) + d))),
    ("ah", "protocol", "protocol", lambda up, n, d: (51, bytes([n, 4, 0, 0]) + b"\0\0\0\1" * 2 + b"\0" * 12 + d)),
    ("ipcomp", "protocol", "protocol", lambda up, n, d: (108, bytes([n, 0, 0, 2]) + deflate(d))),
    ("ipcomp-zlib", "protocol", "protocol", lambda up, n, d: (108, bytes([n, 0, 0, 2]) + zlib.compress(d))),
    ("ip-in-ip", "ip", "protocol", lambda up, n, d: ({4: 4, 6: 41}[version(d)], d)),
    ("pim-register", "ip", "protocol", at(103, b"\x21\0\0\0\0\0\0\0")),
    ("etherip", "eth", "protocol", at(97, b"\x30\0")),
    ("ethernet-143", "eth", "protocol", at(143)),
    ("mpls-137", "mpls", "protocol", at(137)),
    ("udp", "port", "protocol", lambda up, n, d: (17, udp(up, n, d))),
    ("osi-in-ip", "osi", "protocol", at(80)),
    # types
    ("type-of-ip", "ip", "type", lambda up, n, d: (type_of(d), d)),
    ("ethernet", "type", "eth", lambda up, n, d: (0, ethernet(up, n, d))),
    ("vlan", "type", "type", in_type(0x8100, b"\0\5")),
    ("vlan-9100", "type", "type", in_type(0x9100, b"\0\6")),
    ("provider-vlan", "type", "type", in_type(0x88a8, b"\0\7")),
    ("vlan-length", "llc", "type", lambda up, n, d: (0x8100, b"\0\5" + be16(len(d)) + d)),
    ("provider-backbone", "type", "type", lambda up, n, d: (0x88e7, b"\0\0\0\1" + ethernet(up, n, d))),
    ("cisco-metadata", "type", "type", in_type(0x8909, b"\1\1\0\1\0\x10")),
    ("vn-tag", "type", "type", in_type(0x8926, b"\0\1\0\2")),
    ("vn-tag-length", "llc", "type", lambda up, n, d: (0x8926, b"\0\1\0\2" + be16(len(d)) + d)),
    ("e-tag", "type", "type", in_type(0x893f, b"\0\1\0\2\0\0")),
    ("r-tag", "type", "type", in_type(0xf1c1, b"\0\0\0\5")),
    ("hsr", "type", "type", lambda up, n, d: (0x892f, be16(6 + len(d)) + b"\0\5" + be16(n) + d)),
    ("macsec", "type", "type", lambda up, n, d: (0x88e5, b"\x00\0\0\0\0\1" + be16(n) + d + b"i" * 16)),
    ("macsec-sci", "type", "type", lambda up, n, d: (0x88e5, b"\x20\0\0\0\0\1" + A + b"\0\1" + be16(n) + d + b"i" * 16)),
    ("arista-64", "type", "type", in_type(0xd28b, b"\0\1\0\x10" + b"\0" * 8)),
    ("arista-48", "type", "type", in_type(0xd28b, b"\0\1\1\x20" + b"\0" * 6)),
    ("gigamon", "type", "type", in_type(0x22e5, b"\5\1\2\0\0")),
    ("homepna", "type", "type", lambda up, n, d: (0x886c, b"\0\4\1\0\0" + be16(n) + d + b"FCSF")),
    ("lab-manager", "type", "type", in_type(0x88de, b"\0" * 22)),
    ("extreme", "eth", "type", at(0xe555, b"\0" * 38)),
    ("telkonet", "eth", "type", at(0x88a1, b"\x78" + b"\0" * 7)),
    ("bridged", "eth", "type", at(0x6558)),
    ("trill", "eth", "type", at(0x22f3, b"\0\1\0\1\0\2")),
    ("trill-options", "eth", "type", at(0x22f3, b"\0\x41\0\1\0\2\0\0\0\0")),
    ("fabricpath", "eth", "eth", lambda up, n, d: (0, b"\2\0\1\0\0\1\2\0\2\0\0\1\x89\x03\0\1" + d + b"FCSF")),
    ("fabricpath-vlan", "eth", "eth", lambda up, n, d: (0, b"\2\0\1\0\0\1\2\0\2\0\0\1\x81\0\0\5\x89\x03\0\1" + d + b"FCSF")),
    ("isl", "eth", "eth", lambda up, n, d: (0, isl(d))),
    ("batman-6", "eth", "type", at(0x4305, b"\3\6" + B + b"\5")),
    ("batman-9-broadcast", "eth", "type", at(0x4305, b"\4\x09" + A + b"\0\1")),
    ("batman-12-broadcast", "eth", "type", at(0x4305, b"\4\x0c" + A + b"\1\0\0\0\1")),
    ("batman-14", "eth", "type", at(0x4305, b"\3\x0e\5\1" + B)),
    ("batman-14-4", "eth", "type", at(0x4305, b"\x09\x0e\5\1" + B + A + b"\0\0")),
    ("batman-15", "eth", "type", at(0x4305, b"\x40\x0f\5\1" + B)),
    ("batman-15-4", "eth", "type", at(0x4305, b"\x42\x0f\5\1" + B + A + b"\1\0")),
    ("batman-15-broadcast", "eth", "type", at(0x4305, b"\x01\x0f\5\0\0\0\0\1" + A)),
    ("roofnet", "ip", "type", lambda up, n, d: (0x0643, b"\1\4\1\0\0\0\0\0\0\0" + be16(len(d)) + b"\0" * 8 + b"\0" * 24 + d)),
    ("roofnet-ethernet", "eth", "type", lambda up, n, d: (0x0644, b"\1\4\0\0\0\0\0\0\2\0" + be16(len(d)) + b"\0" * 14 + d)),
    ("service-header", "ip", "type", lambda up, n, d: (0x894f, bytes([0, 2, 2, 1 if version(d) == 4 else 2]) + b"\0\0\1\xff" + d)),
    ("service-header-1", "eth", "type", at(0x894f, b"\0\6\1\3\0\0\1\xff" + b"\0" * 16)),
    ("mpls", "mpls", "type", at(0x8847)),
    ("pppoe", "ppp", "type", lambda up, n, d: (0x8864, b"\x11\0\0\1" + be16(len(d)) + d)),
    ("lwapp-type", "wlan", "type", at(0x88bb, b"\0\0\0\0\0\0")),
    # 802.2
    ("snap", "type", "llc", lambda up, n, d: (0, b"\xaa\xaa\3\0\0\0" + be16(n) + d)),
    ("snap-cisco", "type", "llc", lambda up, n, d: (0, b"\xaa\xaa\3\0\0\xf8" + be16(n) + d)),
    ("snap-bridged", "eth", "llc", at(0, b"\xaa\xaa\3\0\x80\xc2\0\7\0\0")),
    ("snap-bridged-fcs", "eth", "llc", at(0, b"\xaa\xaa\3\0\x80\xc2\0\1\0\0", b"FCSF")),
    ("llc-ip", "ip", "llc", at(0, b"\6\6\3")),
    ("llc-osi", "osi", "llc", at(0, b"\xfe\xfe\3")),
    ("osi", "ip", "osi", lambda up, n, d: (0, (b"\xcc" if version(d) == 4 else b"\x8e") + d)),
    ("802.3", "llc", "eth", lambda up, n, d: (0, ethernet(up, len(d), d))),
    ("802.3-padded", "llc", "eth", lambda up, n, d: (0, ethernet(up, len(d), d + b"\0" * 20))),
    ("llc-type", "llc", "type", at(0x8870)),
    # MPLS, PPP
    ("labels", "ip", "mpls", at(0, b"\0\1\0\x40\0\2\1\x40")),
    ("label-explicit-null", "ip", "mpls", lambda up, n, d: (0, (b"\0\0\1\x40" if version(d) == 4 else b"\0\0\x21\x40") + d)),
    ("ppp-ip", "ip", "ppp", lambda up, n, d: (0, (b"\0\x21" if version(d) == 4 else b"\0\x57") + d)),
    ("ppp-short", "ip", "ppp", lambda up, n, d: (0, (b"\x21" if version(d) == 4 else b"\x57") + d)),
    ("ppp-mpls", "mpls", "ppp", at(0, b"\2\x81")),
    ("ppp-bridged", "eth", "ppp", at(0, b"\0\x31\0\1")),
    ("ppp-bridged-fcs", "eth", "ppp", at(0, b"\0\x31\x83\1", b"FCSFpad")),
    ("ppp-osi", "osi", "ppp", at(0, b"\0\x23")),
    ("ppp-vj", "ip", "ppp", lambda up, n, d: (0, b"\0\x2f" + d[:9] + b"\3" + d[10:] if d[9] == 6 and d[0] == 0x45 else b"\0\x21" + d)),
    ("ppp-multilink", "ppp", "ppp", at(0, b"\0\x3d\xc0\0\0\1")),
    ("ppp-mux", "ppp", "ppp", lambda up, n, d: (0, b"\0\x59" + be16(0xc000 | len(d)) + d if len(d) < 0x4000 else b"\0\x59\0" + d)),
    ("ppp-hdlc", "ppp", "hdlc", at(0, b"\xff\3")),
    ("ppp-bare", "ppp", "hdlc", at(0)),
    ("cisco-hdlc", "ip", "hdlc", lambda up, n, d: (0, b"\x0f\0" + be16(type_of(d)) + d)),
    ("cisco-hdlc-osi", "osi", "hdlc", at(0, b"\x8f\0\xfe\xfe\0")),
    # GRE
    ("gre-ip", "ip", "gre", lambda up, n, d: (type_of(d), d)),
    ("gre-bridged", "eth", "gre", at(0x6558)),
    ("gre-mikrotik", "eth", "gre", at(0x6400)),
    ("gre-mpls", "mpls", "gre", at(0x8847)),
    ("gre-ppp", "hdlc", "gre", at(0x880b)),
    ("gre-cdma", "ppp", "gre", lambda up, n, d: (0x8881, b"tail" + hdlc_stream(d) + b"\x7e\xffhead")),
    ("gre-3gpp2", "ppp", "protocol", lambda up, n, d: (47, b"\0\0\x88\xd2\x01\2\0\0\x82\1\0" + hdlc_stream(d))),
    ("gre-wccp", "ip", "gre", lambda up, n, d: (0x883e, d if version(d) == 4 else b"\0\0\0\0" + d)),
    ("gre-wccp-2", "ip", "gre", at(0x883e, b"\0\1\0\0")),
    ("gre-osi", "osi", "protocol", at(47, b"\0\0\0\xfe")),
    ("gre-service-header", "ip", "gre", lambda up, n, d: (0x894f, bytes([0, 2, 2, 1 if version(d) == 4 else 2]) + b"\0\0\1\xff" + d)),
    ("gre-metadata", "ip", "gre", lambda up, n, d: (0x8909, be16(type_of(d)) + b"\1\1\0\1\0\5" + d)),
    ("gre-frame-relay", "ip", "gre", lambda up, n, d: (0x6559, b"\x18\x41\3" + (b"\xcc" if version(d) == 4 else b"\x8e") + d)),
    ("gre-aruba", "wlan", "gre", at(0x8200)),
    ("erspan-1", "eth", "gre", at(0x88be)),
    ("erspan-3", "eth", "gre", at(0x22eb, b"\x20" + b"\0" * 11)),
    ("erspan-3-platform", "eth", "gre", at(0x22eb, b"\x20" + b"\0" * 10 + b"\1" + b"\0" * 8)),
    ("gre", "gre", "protocol", gre(0)),
    ("gre-checksum", "gre", "protocol", gre(0x8000, b"\0\0\0\0")),
    ("gre-key", "gre", "protocol", gre(0x2000, b"\0\0\0\5")),
    ("gre-routes", "gre", "protocol", gre(0x4000, b"\0\0\0\0" + b"\x08\0\0\4\x0a\0\0\1" + b"\0\0\0\0")),
    ("gre-all", "gre", "protocol", gre(0xe000, b"\0\0\0\0\0\0\0\5" + b"\x08\0\0\x08\x0a\0\0\1\x0a\0\0\2" + b"\0\0\0\0")),
    ("erspan-2", "eth", "protocol", at(47, b"\x10\0\x88\xbe\0\0\0\1\x10\5\0\0\0\0\0\0")),
    ("gre-udp", "gre", "port", lambda up, n, d: (4754, b"\0\0" + be16(n) + d)),
    # UDP
    ("vxlan", "eth", "port", at(4789, b"\x08\0\0\0\0\0\1\0")),
    ("vxlan-gpe", "ip", "port", lambda up, n, d: (4790, b"\x0c\0\0" + bytes([1 if version(d) == 4 else 2]) + b"\0\0\1\0" + d)),
    ("vxlan-gpe-ethernet", "eth", "port", at(4790, b"\x0c\0\0\3\0\0\1\0")),
    ("geneve", "type", "port", lambda up, n, d: (6081, b"\1\0" + be16(n) + b"\0\0\1\0" + b"\0\1\2\0" + d)),
    ("geneve-bridged", "eth", "port", at(6081, b"\0\0\x65\x58\0\0\1\0")),
    ("gtp", "ip", "port", lambda up, n, d: (2152, b"\x32\xff" + be16(len(d) + 4) + b"\0\0\0\1\0\1\0\0" + d)),
    ("teredo", "ip", "port", lambda up, n, d: (3544, d)),
    ("l2tp", "hdlc", "port", at(1701, b"\0\2\0\1\0\2")),
    ("l2tp-length", "hdlc", "port", lambda up, n, d: (1701, b"\x40\2" + be16(8 + len(d)) + b"\0\1\0\2" + d)),
    ("capwap", "eth", "port", at(5247, b"\0\x10\0\0\0\0\0\0")),
    ("capwap-wlan", "wlan", "port", lambda up, n, d: (5247, b"\0\x10\3\0\0\0\0\0" + d[1:2] + d[:1] + d[2:])),
    ("lwapp", "wlan", "port", lambda up, n, d: (12222, b"\0\0\0\0\0\0" + d)),
    ("lwapp-controller", "wlan", "port", lambda up, n, d: (12223, (B if up else b"") + b"\0\0\0\0\0\0" + d)),
    ("lwapp-ethernet", "eth", "port", at(12220)),
    ("lisp", "ip", "port", at(4341, b"\x80\0\0\1\0\0\0\1")),
    ("ayiya", "ip", "port", lambda up, n, d: (5072, bytes([0x44, 0x52, 0x11, {4: 4, 6: 41}[version(d)]]) + b"\0" * 4 + b"\0" * 36 + d)),
    ("mpls-udp", "mpls", "port", at(6635)),
    ("juniper-mirror", "ip", "port", at(30030, b"\0\0\0\1\0\0\0\2")),
    ("juniper-mirror-ppp", "ip", "port", lambda up, n, d: (30030, b"\0\0\0\1\0\0\0\2\xff\3\0" + (b"\x21" if version(d) == 4 else b"\x57") + d)),
    ("tzsp", "eth", "port", at(37008, b"\1\0\0\1\x0a\2\0\0\0\1")),
    ("tzsp-wlan", "wlan", "port", at(37008, b"\1\0\0\x12\1")),
    ("tzsp-ppp", "hdlc", "port", at(37008, b"\1\0\0\4\1")),
    ("tzsp-raw", "ip", "port", at(37008, b"\1\0\0\7\1")),
    ("amt", "ip", "port", at(2268, b"\6\0")),
    ("mobile-ip", "ip", "port", at(434, b"\4\4\0\0")),
    ("batman-gateway", "ip", "port", at(4306, b"\1")),
    ("llc-udp", "llc", "port", at(12001)),
    # 802.11
    ("wlan-llc", "llc", "wlan", lambda up, n, d: (0, wlan(up) + d)),
    ("wlan-qos", "llc", "wlan", lambda up, n, d: (0, wlan(up, b"\0\0") + d)),
    ("wlan-ht", "llc", "wlan", lambda up, n, d: (0, wlan(up, b"\0\0\0\0\0\0", flags=0x80) + d)),
    ("wlan-4", "llc", "wlan", lambda up, n, d: (0, wlan(up, addresses4=True) + d)),
    ("wlan-mesh", "llc", "wlan", lambda up, n, d: (0, wlan(up, b"\0\1", addresses4=True) + b"\0\5\0\0\0\1" + d)),
    ("wlan-number", "llc", "wlan", lambda up, n, d: (0, wlan(up, sequence=0x1236) + d)),
    ("wlan-type", "type", "wlan", lambda up, n, d: (0, wlan(up) + be16(n) + d)),
    ("wlan-ethernet", "eth", "wlan", lambda up, n, d: (0, wlan(up) + d)),
    ("wlan-aggregate", "llc", "wlan", lambda up, n, d: (0, wlan(up, b"\x80\0") + subframe(up, d))),
    ("wlan-aggregate-arp", "llc", "wlan",
     lambda up, n, d: (0, wlan(up, b"\x80\0") + subframe(up, b"\xaa\xaa\3\0\0\0\x08\x06" + b"\0" * 28) + b"\0\0" + subframe(up, d))),
    # link types
    ("link-ethernet", "eth", "frame", at(1)),
    ("link-ieee802.11", "wlan", "frame", at(105)),
    ("link-radiotap", "wlan", "frame", at(127, b"\0\0\x08\0\0\0\0\0")),
    ("link-radiotap-fcs", "wlan", "frame", at(127, b"\0\0\x09\0\2\0\0\0\x10", b"FCSF")),
    ("link-prism", "wlan", "frame", at(119, b"\x44\0\0\0\x90\0\0\0" + b"\0" * 136)),
    ("link-avs", "wlan", "frame", at(163, b"\x80\x21\x10\1\0\0\0\x40" + b"\0" * 56)),
    ("link-ppi", "wlan", "frame", at(192, b"\0\0\x08\0\x69\0\0\0")),
    ("link-raw", "ip", "frame", at(101)),
    ("link-ppp", "hdlc", "frame", at(9)),
    ("link-ppp-direction", "hdlc", "frame", lambda up, n, d: (204, bytes([up]) + d)),
    ("link-pppoe", "ppp", "frame", lambda up, n, d: (51, b"\x11\0\0\1" + be16(len(d)) + d)),
    ("link-null", "ip", "frame", lambda up, n, d: (0, bytes([2 if version(d) == 4 else 24, 0, 0, 0]) + d)),
    ("link-loop", "ip", "frame", lambda up, n, d: (108, bytes([0, 0, 0, 2 if version(d) == 4 else 24]) + d)),
    ("link-enc", "ip", "frame", lambda up, n, d: (109, bytes([0, 0, 0, 2 if version(d) == 4 else 24]) + b"\0" * 8 + d)),
    ("link-pflog", "ip", "frame", lambda up, n, d: (117, bytes([61, 2 if version(d) == 4 else 24]) + b"\0" * 62 + d)),
    ("link-pflog-100", "ip", "frame", lambda up, n, d: (117, bytes([100, 2 if version(d) == 4 else 30]) + b"\0" * 98 + d)),
    ("link-sll", "type", "frame", lambda up, n, d: (113, b"\0\0\0\1\0\6" + A + b"\0\0" + be16(n) + d)),
    ("link-sll-llc", "llc", "frame", lambda up, n, d: (113, b"\0\0\0\1\0\6" + A + b"\0\0\0\4" + d)),
    ("link-sll-gre", "gre", "frame", lambda up, n, d: (113, b"\0\0\3\x0a\0\6" + A + b"\0\0" + be16(n) + d)),
    ("link-sll2", "type", "frame", lambda up, n, d: (276, be16(n) + b"\0\0\0\0\0\1\0\1\0\6" + A + b"\0\0" + d)),
    ("link-frame-relay", "ip", "frame", lambda up, n, d: (107, b"\x18\x41\3" + (b"\xcc" if version(d) == 4 else b"\x8e") + d)),
    ("link-frame-relay-snap", "type", "frame", lambda up, n, d: (107, b"\x18\x41\3\0\x80\0\0\0" + be16(n) + d)),
    ("link-frame-relay-cisco", "ip", "frame", lambda up, n, d: (107, b"\x18\x41" + be16(type_of(d)) + d)),
    ("link-frame-relay-bridged", "eth", "frame", at(107, b"\x18\x41\3\0\x80\0\x80\xc2\0\7")),
    ("link-cisco-hdlc", "ip", "frame", lambda up, n, d: (104, b"\x0f\0" + be16(type_of(d)) + d)),
    ("link-fddi", "llc", "frame", lambda up, n, d: (10, b"\x50" + addresses(up) + d)),
    ("link-token-ring", "llc", "frame", lambda up, n, d: (6, b"\x10\x40" + addresses(up) + d)),
    ("link-token-ring-routed", "llc", "frame", lambda up, n, d: (6, b"\x10\x40" + B + b"\x82\0\0\0\0\1" + b"\6\x20\0\x11\0\x21" + d)),
    ("link-arcnet", "ip", "frame", lambda up, n, d: (7, b"\1\2" + (b"\xd4" if version(d) == 4 else b"\xc4") + b"\0\0\1" + d)),
    ("link-arcnet-exception", "ip", "frame", lambda up, n, d: (7, b"\1\2" + (b"\xd4\xff\xff\xff\xd4" if version(d) == 4 else b"\xc4\xff\xff\xff\xc4") + b"\0\0\1" + d)),
    ("link-arcnet-linux", "ip", "frame", lambda up, n, d: (129, b"\1\2\0\0" + (b"\xf0" if version(d) == 4 else b"\xc4\0\0\1") + d)),
    ("link-infiniband", "ip", "frame", lambda up, n, d: (242, b"\0" * 40 + be16(type_of(d)) + b"\0\0" + d)),
    ("link-fibre-channel", "llc", "frame", at(122, b"\0" * 16)),
    ("link-atm", "llc", "frame", at(100)),
    ("link-ipnet", "ip", "frame", lambda up, n, d: (226, bytes([1, 2 if version(d) == 4 else 26, 0, 0]) + struct.pack(">I", len(d)) + b"\0" * 16 + d)),
    ("link-pktap", "eth", "frame", at(258, struct.pack("<III", 108, 1, 1) + b"\0" * 96)),
    ("link-pktap-raw", "ip", "frame", at(258, struct.pack("<III", 108, 1, 101) + b"\0" * 96)),
    ("link-erf", "eth", "frame", lambda up, n, d: (197, erf(2, b"\0\0", d))),
    ("link-erf-extension", "eth", "frame", lambda up, n, d: (197, erf(0x82, b"\0" * 8 + b"\0\0", d))),
    ("link-erf-hdlc", "hdlc", "frame", lambda up, n, d: (197, erf(1, b"", d))),
    ("link-erf-ip", "ip", "frame", lambda up, n, d: (197, erf(22 if version(d) == 4 else 23, b"", d))),
    ("link-netanalyzer", "eth", "frame", lambda up, n, d: (240, b"\0\x04" + struct.pack("<H", len(d) + 4) + d + b"FCSF")),
    ("link-tzsp", "eth", "frame", at(128, b"\1\0\0\1\1")),
    ("link-epon", "eth", "frame", at(259, b"\x55\xd5\x55\x55\0\1\0")),
    ("link-upper-pdu", "ip", "frame", lambda up, n, d: (252, b"\0\x0c\0\4" + (b"ip\0\0" if version(d) == 4 else b"ipv6") + b"\0\0\0\0" + d)),
    ("link-upper-pdu-type", "type", "frame", lambda up, n, d: (252, b"\0\x0e\0\x0cethertype\0\0\0" + b"\0\x20\0\4" + struct.pack(">I", n) + b"\0\0\0\0" + d)),
    ("link-juniper-ethernet", "eth", "frame", at(178, b"MGC\0")),
    ("link-juniper-extension", "eth", "frame", at(178, b"MGC\x80\0\4\1\2\0\0")),
    ("link-juniper-no-link", "ip", "frame", lambda up, n, d: (178, b"MGC\2" + bytes([2 if version(d) == 4 else 6]) + b"\0\0\0" + d)),
    ("link-juniper-pppoe", "eth", "frame", at(167, b"MGC\0")),
    ("link-juniper-ppp", "ppp", "frame", at(179, b"MGC\0\xff\3")),
    ("link-juniper-frame-relay", "ip", "frame", lambda up, n, d: (180, b"MGC\0\x18\x41\3" + (b"\xcc" if version(d) == 4 else b"\x8e") + d)),
    ("link-juniper-chdlc", "ip", "frame", lambda up, n, d: (181, b"MGC\0\x0f\0" + be16(type_of(d)) + d)),
    ("link-juniper-ggsn", "ip", "frame", lambda up, n, d: (133, b"MGC\0" + bytes([2 if version(d) == 4 else 6]) + b"\0\0\0" + d)),
    ("link-juniper-services", "ip", "frame", lambda up, n, d: (136, b"MGC\0" + b"\0" * 12 + d)),
    ("link-juniper-atm1", "llc", "frame", at(137, b"MGC\0\0\0\0\0")),
    ("link-juniper-atm2", "llc", "frame", at(135, b"MGC\0" + b"\0" * 8)),
    ("link-juniper-atm2-bridged", "eth", "frame", at(135, b"MGC\0\0\0\0\1\0\0\0\0")),
    ("link-juniper-vn", "eth", "frame", at(184, b"\1\4\0\0\0\0\xff\0")),
]

BY_NAME = {way[0]: way for way in WAYS}


def shortest(space, end):
    """Returns the ways from one space to the other, as few as possible: [] if they are the same, None if there are none."""
    found, front = {space: []}, [space]
    while front:
        here = front.pop(0)
        if here == end:
            return found[here]
        for way in WAYS:
            if way[1] == here and way[2] not in found:
                found[way[2]] = found[here] + [way]
                front.append(way[2])
    return None


# Ways for which the shortest path makes no sense: what comes before them, and after.
BEFORE = {"teredo": ["ipv6"], "wlan-mesh": ["ipv4", "type-of-ip", "snap"], "link-juniper-atm1": ["ipv4", "type-of-ip", "snap"],
          "link-juniper-atm2": ["ipv4", "type-of-ip", "snap"]}
AFTER = {"gre-wccp-2": ["gre", "ipv4", "link-raw"]}


def path_through(way):
    """Returns the shortest path from a segment to a frame that goes this way and makes sense."""
    before = [BY_NAME[name] for name in BEFORE[way[0]]] if way[0] in BEFORE else shortest(LEAF, way[1])
    after = [BY_NAME[name] for name in AFTER[way[0]]] if way[0] in AFTER else shortest(way[2], "frame")
    return before + [way] + after


def random_path(source, longest):
    """Returns a path of no fixed length."""
    space, path = LEAF, []
    while space != "frame" and len(path) < longest:
        way = source.choice([way for way in WAYS if way[1] == space])
        path.append(way)
        space = way[2]
    return path + shortest(space, "frame")


def random_paths(seed, n, longest=7):
    source = random.Random(seed)
    return [random_path(source, longest) for _ in range(n)]


def name_of(path):
    return " ".join(way[0] for way in path)


def build(path, up, segment):
    """Returns (link type, frame) for a segment."""
    global client_port
    first_port = 20000 + struct.unpack_from(">H", segment, 0 if up else 2)[0]
    number, data = 6, segment
    for depth, way in enumerate(path):
        client_port = first_port + 2000 * depth
        number, data = way[3](up, number, data)
    return number, data


# The packet of tests/postproc/decode/test-decode.c.
PACKET = ipv4(True, 6, struct.pack(">HHIIBBHHH", 40000, 80, 1001, 5001, 0x50, 0x18, 64240, 0, 0) + b"data")


def c_row(name):
    """Returns the row of tests/postproc/decode/framings.h for a way that takes the packet as it is. The name of its link type has to be filled in."""
    number, frame = 4, PACKET
    for way in path_through(BY_NAME[name])[1:]:
        number, frame = way[3](True, number, frame)
    begin = frame.index(PACKET)
    head = ", ".join(map(str, frame[:begin])) or "0"
    return f'    {{"{name}", FP_LINK_ /* {number} */, {begin}, {{{head}}}, false, {len(frame) - begin - len(PACKET)}}},'


if __name__ == "__main__":
    print("\n".join(map(c_row, sys.argv[1:])))
