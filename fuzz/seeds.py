#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""seeds.py - makes what the fuzzers begin with, in fuzz/corpus: small files with what each target has to get past.

usage: fuzz/seeds.py BUILD    with the programs in that folder: tables and messages are taken from checkpoints of its firstpayload

They are there already; this is how they were made. Other files in these folders are what fuzzers have found.
"""
import bz2
import gzip
import lzma
import os
import random
import re
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
os.environ["FIRSTPAYLOAD_PROGRAM"] = os.path.join(sys.argv[1], "firstpayload")
os.environ["FIRSTPAYLOAD_SOURCE"] = os.path.join(HERE, "..")
sys.path[:0] = [os.path.join(HERE, "../tests", name) for name in ("lib", "postproc/capture")]
from pcaps import connection, datagram, header, pcap, record, segment  # noqa: E402
from test_pcapng import Writer  # noqa: E402

HELLO = bytes.fromhex("16030100300100002c0303") + bytes(32) + bytes.fromhex("000002130101000001ff")


def put(target, name, data):
    folder = os.path.join(HERE, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def frames():
    return connection(40000) + connection(40001, HELLO)


def records(*all_frames):
    return b"".join(struct.pack(">H", len(frame)) + frame for frame in all_frames)


def ipv4(protocol, payload, flags=0, number=1):
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), number, flags, 64, protocol, 0, b"\x0a\0\0\1", b"\x0a\0\0\2") + payload


def ipv6(next_header, payload):
    return struct.pack(">IHBB", 0x60000000, len(payload), next_header, 64) + bytes(15) + b"\1" + bytes(15) + b"\2" + payload


def decode():
    tcp = struct.pack(">HHIIBBHHH", 40000, 80, 1, 1, 0x50, 0x18, 1000, 0, 0) + b"GET / HTTP/1.1\r\n\r\n"
    udp = struct.pack(">HHHH", 40000, 4789, 8 + 8 + 14 + 20 + len(tcp), 0)
    ethernet = bytes(12) + b"\x08\x00"
    inner = ethernet + ipv4(6, tcp)
    for name, kind, frame in (
            ("tcp", 1, inner), ("vlan", 1, bytes(12) + bytes.fromhex("8100000588a80006") + b"\x08\x00" + ipv4(6, tcp)),
            ("ipv6", 1, bytes(12) + b"\x86\xdd" + ipv6(6, tcp)), ("vxlan", 1, ethernet + ipv4(17, udp + bytes.fromhex("0800000000000500") + inner)),
            ("gre", 1, ethernet + ipv4(47, bytes.fromhex("00000800") + ipv4(6, tcp))), ("erspan3", 1, ethernet + ipv4(47, bytes.fromhex("100022eb00000001") + bytes(12) + inner)),
            ("mpls", 1, bytes(12) + bytes.fromhex("884700002140") + ipv4(6, tcp)), ("pppoe", 1, bytes(12) + bytes.fromhex("8864110000010050") + b"\0\x21" + ipv4(6, tcp)),
            ("icmp", 1, ethernet + ipv4(1, bytes.fromhex("0301000000000000") + ipv4(6, tcp[:20]))), ("udp", 1, ethernet + ipv4(17, udp)),
            ("raw", 10, ipv4(6, tcp)), ("ipip", 10, ipv4(4, ipv4(6, tcp))), ("extension", 1, bytes(12) + b"\x86\xdd" + ipv6(0, bytes.fromhex("0600010400000000") + tcp))):
        put("decode", name, bytes([kind, 0x0f]) + records(frame))
    pieces = [ethernet + ipv4(6, tcp[:16], 0x2000), ethernet + ipv4(6, tcp[16:], 2)]
    put("decode", "fragments", bytes([1, 0x0f]) + records(*pieces))
    put("decode", "fragments-reversed", bytes([1, 0x0f]) + records(*reversed(pieces)))
    for kind in range(48):
        put("decode", f"link-{kind}", bytes([kind, 0x3f]) + records(inner, bytes(30) + ipv4(6, tcp)))


def captures():
    whole = pcap(frames()[:6])
    put("pcap", "two-connections", whole)
    put("pcap", "big-endian", header(">") + b"".join(record(frame, n, ">") for n, frame in enumerate(frames()[:4])))
    put("pcap", "nanoseconds", header(magic=0xa1b23c4d) + record(frames()[0], 0, magic=0xa1b23c4d))
    put("pcap", "modified", header(magic=0xa1b2cd34) + record(frames()[0], 0, magic=0xa1b2cd34))
    put("pcap", "cut", whole[:-5])
    for order in "<>":
        w = Writer(order)
        put("pcapng", f"section-{'little' if order == '<' else 'big'}", w.section() + w.interface() + b"".join(w.packet(f, 1000000 * n) for n, f in enumerate(frames()[:4])))
    w = Writer("<")
    put("pcapng", "two-sections", (w.section() + w.interface() + w.packet(frames()[3], 1)) * 2)
    pieces = {"gz": gzip.compress(whole, mtime=0), "xz": lzma.compress(whole), "bz2": bz2.compress(whole)}
    for name in ("zstd", "lz4"):
        pieces[name] = subprocess.run([name, "-c"], input=whole, capture_output=True, check=True).stdout
    for name, data in pieces.items():
        put("compressed", name, data)
        put("unpack", name, b"\xff" + data)
        put("unpack", f"{name}-twice", b"\x01" + data * 2)
        put("unpack", f"{name}-cut", b"\x01" + data[:-9] + b"\0" * 4)


def state_files(state):
    """Yields the files of a state folder as fuzz/checkpoint.c takes them: of slots, header and body."""
    for name in ("checkpoint.0", "checkpoint.1", "committed"):
        path = os.path.join(state, name)
        data = b""
        if os.path.exists(path):
            with open(path, "rb") as file:
                data = file.read()
        if data and name != "committed":
            data = data[:struct.unpack_from("<I", data, 12)[0]] + data[4096:]
        yield data


def checkpoints(build):
    program = os.path.join(build, "firstpayload")
    for options, how in (([], 0), (["--log-reply"], 1)):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("in", "out"):
                os.mkdir(os.path.join(folder, name))
            syn, syn_ack, ack, request, answer = connection(40000, b"GET /long HTTP/1.1\r\nHost: a.example\r\n")
            with open(os.path.join(folder, "in", "a.pcap"), "wb") as file:
                file.write(pcap([syn, syn_ack, ack, request, *connection(40001)[:2], *connection(40002, HELLO[:20])[:4]]))
            run = subprocess.run([program, "watch", "--once", "--log", "beside", "--max-streams", "100", *options, "in", "out"], cwd=folder, capture_output=True)
            if run.returncode:
                continue
            state = os.path.join(folder, "out", ".firstpayload")
            data = max((open(os.path.join(state, f"checkpoint.{n}"), "rb").read() for n in (0, 1)), key=lambda d: d[16:24])
            put("checkpoint", f"watched-{how}", b"\0" + b"".join(struct.pack(">H", len(file)) + file for file in state_files(state)))
            n_names, n_files, n_matched = struct.unpack_from("<QQQ", data, 40)
            table = data[4096 + 8 * (n_names + n_files + n_matched):]
            ends = [at for at in range(len(table) - 8) if struct.unpack_from("<Q", table, at)[0] == len(table) - at - 8 > 0]
            put("streams", f"checkpoint-{how}", bytes([how]) + table[:min(ends, default=len(table))])
            for at in ends:
                put("messages", f"checkpoint-{how}", bytes([how]) + table[at + 8:])


def digest_pieces(data):
    """Returns a digest as fuzz/digest.c takes it: notes without their check, blocks without their lengths."""
    at, found = 0, b""
    while at < len(data):
        order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" or data[at:at + 4] != b"\x0a\x0d\x0d\x0a" and data[at] else ">"
        length = struct.unpack_from(order + "I", data, at + 4)[0]
        block = data[at:at + length]
        kind, piece = 1, block[:4] + block[8:-4]
        if b"firstpayload digest" in block[:60] and order == "<":
            kind, piece = 0, block[28:28 + struct.unpack_from("<H", block, 26)[0]].rpartition(b"check: ")[0]
        elif order == ">":
            kind, piece = 2, block
        found += bytes([kind]) + struct.pack(">H", len(piece)) + piece
        at += length
    return found


def digests(build):
    one, other = Writer("<"), Writer(">")
    made_of = {"pcap": pcap(frames()), "asserts": pcap(connection()), "datagrams": pcap([datagram(40000, 53, b"asked")] * 5),
               "pcapng": one.section() + one.interface() + b"".join(one.packet(frame, 1000000 * n) for n, frame in enumerate(connection())),
               "big-endian": other.section() + other.interface() + other.packet(frames()[3], 1)}
    found = {}
    options = {"datagrams": ["--transport", "tcp,udp"], "pcapng": ["--opening-bytes", "100", "--stream-key", "vlan,vni"]}
    for name, data in made_of.items():
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "100"), "wb") as file:
                file.write(data)
            subprocess.run([os.path.join(build, "firstpayload"), "digest", *options.get(name, []), "-w", "digest", "100"], cwd=folder, check=True, capture_output=True)
            with open(os.path.join(folder, "digest"), "rb") as file:
                pieces = digest_pieces(file.read())
        pieces = re.sub(rb"(?s)\x00(.)(firstpayload digest 1\nbegins: 100\nfile: )", lambda found: bytes([0, found[1][0] + len("/proc/self/fd/")]) + found[2] + b"/proc/self/fd/", pieces)
        if name == "asserts":
            pieces = pieces.replace(struct.pack("<HHQ", 5, 8, 4), struct.pack("<HHQ", 5, 8, 4 | 1 << 62))
        found[name] = pieces + b"\3" + struct.pack(">H", len(data)) + data
        put("digest", name, found[name])
    put("digest", "two-captures", found["asserts"] + found["pcapng"])


def others():
    put("tshark-answer", "fields", b'{"timestamp":"1","layers":{"frame_number":["7"],"http_host":["a.example"],"ip_ttl":["64","63"]}}')
    put("tshark-answer", "index", b'{"index":{"_index":"packets"}}')
    put("tshark-answer", "escapes", b'{"layers":{"frame_number":["7"],"http_host":["\\u00e9\\ud83d\\ude00\\"\\\\\\n"]}}')
    put("filters", "name", b"*.example.?om\nwww.EXAMPLE.com")
    put("filters", "stars", b"*a*a*a*b\naaaaaaaaaaaaaaaa")
    put("filters", "display", b'tls.handshake.type == 1 && (http.host contains "a" or !dns) and ip.addr in {10.0.0.1 .. 10.0.0.9}')
    with open(os.path.join(HERE, "../packaging/examples/eth0.conf"), "rb") as file:
        put("config", "example", file.read())
    put("config", "many", b"[watch]\ninbox=/in\noutdir=/out\nlog=beside\nmax-streams=1M\nstream-key=vlan,vni\nidle=10s\nonly=tls,http\nserver-name=*.example\nfilter=tcp port 80\n")
    rand = random.Random(1)
    for n in range(12):
        put("scenario", f"random-{n}", bytes([n * 21 & 0xff]) + bytes(rand.choice((0, 1, 2, 3, 4, 16, 17, 18, 20, 128, 129, rand.randrange(256))) for _ in range(5 * 30)))


decode()
captures()
others()
checkpoints(os.path.abspath(sys.argv[1]))
digests(os.path.abspath(sys.argv[1]))
