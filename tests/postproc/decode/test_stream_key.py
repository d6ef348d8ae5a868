# SPDX-License-Identifier: GPL-2.0-or-later
"""--stream-key tells connections apart that have the same endpoints; without it they are one stream, as for tshark."""
import gzip
import os
import struct
import subprocess
import unittest

from pcaps import MODIFIED, InFolder, connection, header, pcap, record, rows, segment, slim, write

BACK = (1, 4)               # the frames of connection() that come from the server
ALL = "vlan,vni,interface"


def tagged(frame, *tags, types=(0x8100,)):
    """Returns the frame with VLAN tags, the outermost first. types: their Ethernet types; the last one is also that of what follows."""
    for n, tag in reversed(list(enumerate(tags))):
        frame = frame[:12] + struct.pack(">HH", types[min(n, len(types) - 1)], tag) + frame[12:]
    return frame


def outer_ip(protocol, data, back):
    """Returns an Ethernet frame between two tunnel ends; back: in the other direction."""
    ends = [b"\xc6\x33\x64\x01", b"\xc6\x33\x64\x02"]
    source, destination = reversed(ends) if back else ends
    return b"\x02\0\0\0\0\x03\x02\0\0\0\0\x04\x08\x00" + struct.pack(
        ">BBHHHBBH4s4s", 0x45, 0, 20 + len(data), 0, 0x4000, 64, protocol, 0, source, destination) + data


def over_udp(port, data, back):
    return outer_ip(17, struct.pack(">HHHH", 50001 if back else 50000, port, 8 + len(data), 0) + data, back)


def vxlan(frame, vni, back, flags=8):
    return over_udp(4789, struct.pack(">II", flags << 24, vni << 8) + frame, back)


def vxlan_gpe(frame, vni, back):
    return over_udp(4790, struct.pack(">II", 0x0C000003, vni << 8) + frame, back)


def geneve(frame, vni, back):
    return over_udp(6081, struct.pack(">HHI", 0x0100, 0x6558, vni << 8) + b"\1\2\3\0" + frame, back)


def gre(frame, key, back, type=0x0800, flags=0x2000, before=b""):
    return outer_ip(47, struct.pack(">HH", flags, type) + before + struct.pack(">I", key) + (frame[14:] if type == 0x0800 else frame), back)


def pptp(frame, call, back):
    packet = b"\xff\x03\x00\x21" + frame[14:]
    return outer_ip(47, struct.pack(">HHHHI", 0x3001, 0x880B, len(packet), call, 1) + packet, back)


def gtp(frame, teid, back):
    return over_udp(2152, struct.pack(">BBHI", 0x30, 0xFF, len(frame) - 14, teid) + frame[14:], back)


def mpls(frame, label, _):
    return frame[:12] + struct.pack(">HI", 0x8847, label << 12 | 0x140) + frame[14:]


def service(frame, number, _):
    """IEEE 802.1ah."""
    return b"\x02\0\0\0\0\x05\x02\0\0\0\0\x06" + struct.pack(">HI", 0x88E7, number) + frame


def erspan(frame, vlan, session, back):
    return outer_ip(47, struct.pack(">HHIHHI", 0x1000, 0x88BE, 1, 0x1000 | vlan, session, 0) + frame, back)


def cooked(frame, interface):
    """Linux cooked capture, version 2."""
    return struct.pack(">HHIHBB8s", 0x0800, 0, interface, 1, 0, 6, b"\2") + frame[14:]


def interleaved(wrap, *numbers):
    """Returns connection() once in each network, with the networks' frames taking turns. wrap takes a frame, the network's number, and whether the
    frame goes back."""
    return [wrap(frame, number, n in BACK) for n, frame in enumerate(connection()) for number in numbers]


def pcapng(frames, link=1, interfaces=2):
    """Returns a section with pairs (interface, frame)."""
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))

    return (block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(1, struct.pack("<HHI", link, 0, 0)) * interfaces
            + b"".join(block(6, struct.pack("<IIIII", interface, 0, n, len(frame), len(frame)) + frame)
                       for n, (interface, frame) in enumerate(frames)))


def modified(frames, order="<"):
    """Returns a classic pcap of the modified kind with pairs (interface, frame)."""
    return header(order, MODIFIED) + b"".join(
        record(frame, n, order, MODIFIED)[:16] + struct.pack(order + "IHBB", interface, 0x0800, 4, 0) + frame
        for n, (interface, frame) in enumerate(frames))


def streams(data, *arguments):
    """Returns how many streams have a first payload frame."""
    return sum("first" in classes for classes in rows(*arguments, "-", stdin=data).values())


NETWORKS = {        # what tells the two apart, and how such frames are made
    "vlan": ("vlan", lambda f, n, back: tagged(f, 10 + n)),
    "a VLAN and none": ("vlan", lambda f, n, back: tagged(f, *[7] * n)),
    "inner VLAN": ("vlan", lambda f, n, back: tagged(f, 5, 10 + n, types=(0x88A8, 0x8100))),
    "outer VLAN": ("vlan", lambda f, n, back: tagged(f, 10 + n, 5, types=(0x88A8, 0x8100))),
    "the pair's order": ("vlan", lambda f, n, back: tagged(f, 5 + n, 6 - n, types=(0x9100, 0x8100))),
    "VLAN within VXLAN": ("vlan", lambda f, n, back: vxlan(tagged(f, 10 + n), 1, back)),
    "VLAN around VXLAN": ("vlan", lambda f, n, back: tagged(vxlan(f, 1, back), 10 + n)),
    "802.1ah": ("vlan", lambda f, n, back: service(f, 100 + n, back)),
    "ERSPAN": ("vlan", lambda f, n, back: erspan(f, 10 + n, 1, back)),
    "vxlan": ("vni", lambda f, n, back: vxlan(f, 5000 + n, back)),
    "VXLAN in VXLAN": ("vni", lambda f, n, back: vxlan(vxlan(f, 5000 + n, back), 1, back)),
    "VNI 0 and none": ("vni", lambda f, n, back: vxlan(f, 0, back) if n else f),
    "vxlan-gpe": ("vni", lambda f, n, back: vxlan_gpe(f, 5000 + n, back)),
    "geneve": ("vni", lambda f, n, back: geneve(f, 5000 + n, back)),
    "gre": ("vni", lambda f, n, back: gre(f, 1 + n, back)),
    "gre with checksum": ("vni", lambda f, n, back: gre(f, 1 + n, back, flags=0xA000, before=b"\0" * 4)),
    "bridges over GRE": ("vni", lambda f, n, back: gre(f, 1 + n, back, type=0x6558)),
    "nvgre": ("vni", lambda f, n, back: gre(f, (5000 + n) << 8, back, type=0x6558)),
}

ONE = {             # numbers that differ between the directions, and do not make another network
    "priority": lambda f, back: tagged(f, 0xE00A if back else 10),
    "a tag with a priority alone": lambda f, back: tagged(f, 0xE000) if back else f,
    "a type of tag": lambda f, back: tagged(f, 10, types=(0x88A8 if back else 0x8100,)),
    "vxlan": lambda f, back: vxlan(f, 5000, back),
    "a VNI that is none": lambda f, back: vxlan(f, 7 if back else 8, back, flags=0),
    "geneve": lambda f, back: geneve(f, 5000, back),
    "gre": lambda f, back: gre(f, 5, back),
    "NVGRE's flow": lambda f, back: gre(f, 5000 << 8 | (3 if back else 200), back, type=0x6558),
    "PPTP's call": lambda f, back: pptp(f, 3 if back else 200, back),
    "GTP's TEID": lambda f, back: gtp(f, 3 if back else 200, back),
    "MPLS's label": lambda f, back: mpls(f, 300 if back else 200, back),
    "ERSPAN's session": lambda f, back: erspan(f, 10, 3 if back else 200, back),
}


class InFrames(InFolder):
    def test_networks_are_told_apart_when_asked_for(self):
        for name, (kind, wrap) in NETWORKS.items():
            with self.subTest(name):
                data = pcap(interleaved(wrap, 0, 1))
                self.assertEqual(streams(data), 1)
                self.assertEqual(streams(data, "--stream-key", kind), 2)
                others = ",".join(set(ALL.split(",")) - {kind})
                self.assertEqual(streams(data, "--stream-key", others), 1)
                wanted = {2 * n - i: classes for n, classes in rows("-", stdin=pcap(connection())).items() for i in (0, 1)}
                self.assertEqual(rows("--stream-key", ALL, "-", stdin=data), wanted)

    def test_each_direction_is_of_the_same_network(self):
        wanted = rows("-", stdin=pcap(connection()))
        for name, wrap in ONE.items():
            with self.subTest(name):
                data = pcap([wrap(frame, n in BACK) for n, frame in enumerate(connection())])
                self.assertEqual(rows("-", stdin=data), wanted)
                self.assertEqual(rows("--stream-key", ALL, "-", stdin=data), wanted)

    def test_without_the_option_it_is_as_for_tshark(self):
        """All networks' connections in one capture. Each port is used in two networks, and tshark sees one connection there."""
        frames = [wrap(frame, n, i in BACK) for port, (_, wrap) in enumerate(NETWORKS.values(), 41000)
                  for i, frame in enumerate(connection(port)) for n in (0, 1)]
        source = write(self.folder, "in.pcap", pcap(frames))
        shown = subprocess.run(["tshark", "-r", source, "-T", "fields", "-e", "tcp.stream"], capture_output=True, check=True, text=True)
        self.assertEqual(len(set(shown.stdout.split())), len(NETWORKS))
        self.assertEqual(streams(pcap(frames)), len(NETWORKS))
        self.assertEqual(streams(pcap(frames), "--stream-key", ALL), 2 * len(NETWORKS))

    def test_frames_of_a_network_leave_no_trace_on_those_that_follow(self):
        """The same capture in another order: tagged and untagged frames take turns with frames that have no segment."""
        arp = tagged(b"\xff" * 6 + b"\x02\0\0\0\0\x01\x08\x06" + b"\0" * 28, 99)
        frames = [f for n, frame in enumerate(connection()) for f in (tagged(frame, 10), arp, frame, vxlan(arp, 3, False))] * 20
        data = pcap(frames + [f for port in range(50) for f in connection(41000 + port)])
        self.assertEqual(streams(data, "--stream-key", ALL), 52)

    def test_ipv6(self):
        def six(frame, n, _):
            return tagged(frame[:12] + b"\x86\xdd" + struct.pack(">IHBB", 0x60000000, len(frame) - 34, 6, 64) + b"\x20\x01" + b"\0" * 10
                          + frame[26:30] + b"\x20\x01" + b"\0" * 10 + frame[30:], 10 + n)

        data = pcap(interleaved(six, 0, 1))
        self.assertEqual((streams(data), streams(data, "--stream-key", "vlan")), (1, 2))

    def test_fragments_are_put_together_whatever_network_they_are_of(self):
        first, last = connection()[3][:14], connection()[3][34:]
        ip = connection()[3][14:34]
        parts = [first + ip[:2] + struct.pack(">HHH", 20 + 24, 1, 0x2000) + ip[8:] + last[:24],
                 first + ip[:2] + struct.pack(">HHH", 20 + len(last) - 24, 1, 3) + ip[8:] + last[24:]]
        data = pcap(connection()[:3] + [tagged(parts[0], 9), parts[1]])
        self.assertEqual(rows("--stream-key", ALL, "-", stdin=data), rows("-", stdin=data))
        self.assertEqual(rows("-", stdin=data)[5], "first,flight")


class Interfaces(InFolder):
    def test_linux_cooked_2(self):
        data = pcap(interleaved(lambda f, n, _: cooked(f, 2 + n), 0, 1), link=276)
        self.assertEqual((streams(data), streams(data, "--stream-key", "interface"), streams(data, "--stream-key", "vlan,vni")), (1, 2, 1))

    def test_modified_pcap(self):
        frames = interleaved(lambda f, n, _: (2 + n, f), 0, 1)
        for order in "<>":
            data = modified(frames, order)
            self.assertEqual((streams(data), streams(data, "--stream-key", "interface")), (1, 2))
        first, second = (write(self.folder, name, modified(frames[i::2], order)) for i, (name, order) in enumerate((("1", "<"), ("2", ">"))))
        self.assertEqual(sum("first" in c for c in rows("--stream-key", "interface", first, second).values()), 2)
        same = write(self.folder, "3", modified(frames[4::2], ">"))
        self.assertEqual(sum("first" in c for c in rows("--stream-key", "interface", first, same).values()), 1)
        packed = write(self.folder, "4.gz", gzip.compress(modified(frames)))
        self.assertEqual(sum("first" in c for c in rows("--stream-key", "interface", packed).values()), 2)

    def test_pcapng(self):
        data = pcapng(interleaved(lambda f, n, _: (n, f), 0, 1))
        self.assertEqual((streams(data), streams(data, "--stream-key", "interface"), streams(data, "--stream-key", "vlan,vni")), (1, 2, 1))
        cooked_too = pcapng(interleaved(lambda f, n, _: (n // 2, cooked(f, 2 + n % 2)), 0, 1, 2, 3), link=276)
        self.assertEqual((streams(cooked_too), streams(cooked_too, "--stream-key", "interface")), (1, 4))

    def test_numbers_count_as_they_stand_in_their_file_and_section(self):
        frames = connection()
        zero = write(self.folder, "0.pcapng", pcapng([(0, f) for f in frames[:4]]))
        for interface, firsts in ((0, 1), (1, 2)):
            rest = pcapng([(interface, f) for f in frames[4:]])
            with open(zero, "rb") as file:
                joined = file.read() + rest
            self.assertEqual(streams(joined, "--stream-key", "interface"), firsts)
            both = write(self.folder, "both.pcapng", joined)
            for how in ((), ("-F", "pcapng"), ("-F", "pcap")):    # libwiretap converts to the last, and numbers interfaces on for that
                done = slim("-q", "--stream-key", "interface", *how, "-w", os.path.join(self.folder, "out"), "--log", "-", both)
                self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, firsts), (how, done.stderr))
            found = rows("--stream-key", "interface", zero, write(self.folder, "1.pcapng", rest))
            self.assertEqual(sum("first" in c for c in found.values()), firsts)

    def test_captures_without_interfaces_are_one(self):
        data = pcap(connection() * 2)
        self.assertEqual(streams(data, "--stream-key", "interface"), 1)
        self.assertEqual(streams(gzip.compress(data), "--stream-key", "interface"), 1)


class Usage(InFolder):
    def test_unknown_words_are_refused_and_the_known_named(self):
        for wrong in ("vxlan", "", "vlan,", "vlan,,vni", "VLAN", "teid"):
            with self.subTest(wrong):
                result = slim("--stream-key", wrong, "--list", "-", stdin=header())
                self.assertEqual(result.returncode, 64)
                for word in ("--stream-key", "vlan", "vni", "interface"):
                    self.assertIn(word, result.stderr)

    def test_kept_frames_are_those_of_each_network(self):
        frames = interleaved(lambda f, n, _: tagged(f, 10 + n), 0, 1)
        out = slim("--stream-key", "vlan", "-", stdin=pcap(frames)).stdout
        self.assertEqual(out, header() + record(frames[6], 6) + record(frames[7], 7))

    def test_help(self):
        self.assertIn("--stream-key", slim("--help").stdout.decode())


if __name__ == "__main__":
    unittest.main()
