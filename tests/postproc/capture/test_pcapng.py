# SPDX-License-Identifier: GPL-2.0-or-later
"""pcapng, block by block: what is kept stays as it was, byte for byte, and so does everything that is not a frame."""
import json
import os
import struct
import subprocess

from pcaps import ACK, InFolder, connection, read, rows, segment, slim, write


class Writer:
    """Makes blocks in one byte order."""

    def __init__(self, order):
        self.order = order

    def block(self, kind, body):
        body += b"\0" * (-len(body) % 4)
        length = struct.pack(self.order + "I", 12 + len(body))
        return struct.pack(self.order + "I", kind) + length + body + length

    def option(self, code, value):
        return struct.pack(self.order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)

    def section(self, length=-1, comment=b"of a section"):
        return self.block(0x0A0D0D0A, struct.pack(self.order + "IHHq", 0x1A2B3C4D, 1, 0, length) + self.option(1, comment) + b"\0" * 4)

    def interface(self, link=1, snaplen=0, options=b""):
        return self.block(1, struct.pack(self.order + "HHI", link, 0, snaplen) + options)

    def packet(self, frame, ticks=0, interface=0, options=b""):
        body = struct.pack(self.order + "IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame)) + frame
        return self.block(6, body + b"\0" * (-len(frame) % 4) + options)

    def old_packet(self, frame, interface=0):
        return self.block(2, struct.pack(self.order + "HHIIII", interface, 7, 0, 5, len(frame), len(frame)) + frame)

    def simple_packet(self, frame, wire=None):
        return self.block(3, struct.pack(self.order + "I", wire or len(frame)) + frame)

    def others(self):
        """Returns names, secrets, statistics, and a block of an unknown type."""
        return [self.block(4, struct.pack(self.order + "HH", 1, 10) + b"\xc0\0\2\1name\0" + b"\0" * 7),
                self.block(10, struct.pack(self.order + "II", 0x544C534B, 9) + b"CLIENT_R\n"),
                self.block(5, struct.pack(self.order + "III", 0, 1, 2)),
                self.block(0x7FFF0000, b"what ever")]


class Pcapng(InFolder):
    def slim(self, data, *options, status=0):
        result = slim(*options, write(self.folder, "in.pcapng", data))
        self.assertEqual(result.returncode, status, result.stderr)
        piped = slim(*options, "-", stdin=data)
        self.assertEqual((piped.returncode, piped.stdout), (result.returncode, result.stdout))
        return result

    def test_all_but_the_frames_stays(self):
        for order in "<>":
            w = Writer(order)
            names, secrets, statistics, unknown = w.others()
            comment = w.option(1, b"a comment on a packet")
            packets = [w.packet(frame, n, options=comment) for n, frame in enumerate(connection())]
            before, after = [w.section(), w.interface(options=w.option(2, b"eth0")), names], [secrets, w.interface(101), statistics, unknown]
            data = b"".join(before + packets[:3] + after + packets[3:])
            self.assertEqual(self.slim(data).stdout, b"".join(before + after + [packets[3]]))
            self.assertEqual(self.slim(data, "--keep", "handshake").stdout, b"".join(before + packets[:3] + after))

    def test_the_sections_length_is_not_known_any_more(self):
        w = Writer("<")
        rest = w.interface() + w.packet(connection()[3])
        self.assertEqual(self.slim(w.section(length=1234) + rest).stdout, w.section(length=-1) + rest)

    def test_sections_of_either_byte_order(self):
        little, big = Writer("<"), Writer(">")
        first = [little.section(), little.interface()] + [little.packet(frame) for frame in connection(40000)]
        second = [big.section(), big.interface(101), big.interface(1)] + [big.packet(frame, interface=1) for frame in connection(40001)]
        wanted = b"".join(first[:2] + [first[5]] + second[:3] + [second[6]])
        self.assertEqual(self.slim(b"".join(first + second)).stdout, wanted)
        result = slim(write(self.folder, "1", b"".join(first)), write(self.folder, "2", b"".join(second)))
        self.assertEqual(result.stdout, wanted)

    def test_each_kind_of_packet_block(self):
        w = Writer("<")
        frames = connection()
        data = [w.section(), w.interface(snaplen=60), w.simple_packet(frames[0]), w.old_packet(frames[1]), w.packet(frames[2]),
                w.simple_packet(frames[3][:60], wire=len(frames[3])), w.old_packet(frames[4])]
        self.assertEqual(self.slim(b"".join(data)).stdout, b"".join(data[:2] + [data[5]]))
        self.assertEqual(rows(self.folder + "/in.pcapng"), {1: "handshake", 2: "handshake", 3: "handshake", 4: "first,flight", 5: "reply"})

    def test_blocks_that_have_a_frame_number_and_are_none(self):
        w = Writer("<")
        extra = [w.block(9, b"__REALTIME_TIMESTAMP=1\n"), w.block(0xBAD, struct.pack("<I", 1) + b"x"), w.block(0x40000BAD, struct.pack("<I", 1))]
        data = b"".join([w.section(), w.interface()] + extra + [w.packet(frame) for frame in connection()])
        result = self.slim(data, "--list")
        self.assertIn(b"7\tfirst,flight\n", result.stdout)
        self.assertRegex(result.stderr, r"not a packet +3\n")
        counted = subprocess.run(["tshark", "-r", self.folder + "/in.pcapng", "-Y", "tcp.len > 0", "-T", "fields", "-e", "frame.number"],
                                 capture_output=True, check=True, text=True).stdout.split()
        self.assertEqual(counted[0], "7")

    def test_times_as_libwiretap_has_them(self):
        """In every resolution and with offsets, the times of kept frames are the same in the output, which -c and classes would not show."""
        w, told = Writer("<"), set()
        for resolution in (None, 0, 3, 6, 9, 12, 0x80 + 10, 0x80 + 32, 0x80 + 63, 19):
            for offset in (None, -3600, 86400):
                options = b"" if resolution is None else w.option(9, bytes([resolution]))
                options += b"" if offset is None else w.option(14, struct.pack("<q", offset))
                data = w.section() + w.interface(options=options) + w.packet(connection()[3], 0x0000_0005_1234_5678)
                kept = write(self.folder, "out.pcapng", self.slim(data).stdout)
                times = {subprocess.run(["capinfos", "-T", "-r", "-a", "-S", name], capture_output=True, check=True, text=True).stdout.split()[-1]
                         for name in (self.folder + "/in.pcapng", kept)}
                self.assertEqual(len(times), 1, (resolution, offset, times))
                told |= times
        self.assertGreater(len(told), 20)

    def test_blocks_larger_than_what_is_read_at_once(self):
        w = Writer("<")
        big = w.block(10, struct.pack("<II", 0x544C534B, 3000000) + b"s" * 3000000)
        commented = w.packet(connection()[3], options=b"".join(w.option(1, b"c" * 60000) for _ in range(20)))
        data = w.section() + w.interface() + big + commented + w.packet(connection()[4])
        self.assertEqual(self.slim(data).stdout, w.section() + w.interface() + big + commented)

    def test_keys_of_a_proxy(self):
        """A block of 17 MiB and one of an unknown type, also read ahead; the file truncated in it; a block whose two lengths differ."""
        w = Writer(">")
        keys = w.block(10, struct.pack(">II", 0x544C534B, 17 << 20) + b"CLIENT_RANDOM 01\n" * (1 << 20))
        unknown = w.block(0x7FFF0000, b"\1\0\0\0" * (1 << 19))      # a piece of it looks like an interface
        frames = [w.packet(frame) for frame in connection()]
        before = w.section() + w.interface()
        data = before + frames[0] + keys + unknown + b"".join(frames[1:])
        wanted = before + keys + unknown + frames[3]
        self.assertEqual(self.slim(data).stdout, wanted)
        self.assertEqual(self.slim(data, "-j", "2").stdout, wanted)
        self.assertEqual(slim("-F", "pcapng", self.folder + "/in.pcapng").returncode, 0)
        cut = len(before) + len(frames[0]) + (5 << 20)
        result = self.slim(data[:cut], status=1)
        self.assertIn(f"offset {len(before) + len(frames[0])}: the last record is cut short", result.stderr)
        self.assertEqual(result.stdout, before)
        unequal = data.replace(keys, keys[:-4] + struct.pack(">I", len(keys) + 4))
        self.assertIn("the two lengths of a block differ", slim(write(self.folder, "in.pcapng", unequal)).stderr)
        longer = w.block(10, struct.pack(">II", 0x544C534B, 18 << 20) + b"CLIENT_RANDOM 01\n" * (1 << 20))
        result = slim(write(self.folder, "in.pcapng", data.replace(keys, longer)))
        self.assertEqual(result.returncode, 65)
        self.assertIn("secrets are longer than their block", result.stderr)

    def test_sections_are_converted(self):
        """Interfaces are numbered anew in each section; in a single section they keep their numbers."""
        w = Writer("<")
        nano = w.option(9, b"\x09")
        first = w.section() + w.interface(options=w.option(2, b"eth0")) + w.packet(connection(40000)[3], 3)
        for link, frame in ((1, connection(40001)[3]), (101, connection(40001)[3][14:])):
            data = first + w.section() + w.interface(link, options=w.option(2, b"tun0") + nano) + w.packet(frame, 126)
            out = self.folder + "/out.pcapng"
            self.assertEqual(slim("-w", out, "-F", "pcapng", write(self.folder, "in.pcapng", data)).returncode, 0)
            told = subprocess.run(["tshark", "-r", out, "-T", "fields", "-e", "frame.interface_name", "-e", "frame.time_epoch", "-e",
                                   "frame.encap_type"], capture_output=True, check=True, text=True).stdout.split()
            self.assertEqual(told, ["eth0", "0.000003000", "1", "tun0", "0.000000126", "1" if link == 1 else "7"])

    def test_fragments_stand_only_where_their_interface_is(self):
        w = Writer("<")
        frame = connection(request=b"x" * 600)[3]
        ip, payload = bytearray(frame[14:34]), frame[34:]
        parts = []
        for start, end in ((0, 400), (400, len(payload))):
            ip[2:4], ip[6:8] = struct.pack(">H", 20 + end - start), struct.pack(">H", (0x2000 if end == 400 else 0) | start // 8)
            parts.append(frame[:14] + bytes(ip) + payload[start:end])
        before = w.section() + w.interface() + w.packet(parts[0])
        for interface, kept in ((w.interface(), True), (w.interface(options=w.option(9, b"\x09")), False), (w.interface(snaplen=60), False)):
            result = self.slim(before + w.section() + interface + w.packet(parts[1]))
            wanted = w.section() + w.interface() + w.section() + interface + (w.packet(parts[0]) if kept else b"") + w.packet(parts[1])
            self.assertEqual(result.stdout, wanted)
            self.assertEqual("1 fragments" in result.stderr, kept)

    def test_nflog_of_a_big_endian_machine(self):
        frames = [frame[14:] for frame in connection()]
        for order in "<>":
            w = Writer(order)
            logged = [struct.pack("BBH", 2, 0, 0) + struct.pack(order + "HH", 4 + len(f), 9) + f + b"\0" * (-len(f) % 4) for f in frames]
            self.slim(w.section() + w.interface(239) + b"".join(w.packet(f) for f in logged))
            self.assertEqual(rows(self.folder + "/in.pcapng")[4], "first,flight")
            classic = struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 239) + b"".join(
                struct.pack(order + "IIII", 1, 0, len(f), len(f)) + f for f in logged)
            self.assertEqual(rows(write(self.folder, "in.pcap", classic))[4], "first,flight")

    def test_link_types_of_the_same_meaning(self):
        w = Writer("<")
        for link in (104, 112):
            frames = [b"\x0f\0\x08\0" + frame[14:] for frame in connection()]
            self.slim(w.section() + w.interface(link) + b"".join(w.packet(f) for f in frames))
            self.assertEqual(rows(self.folder + "/in.pcapng")[4], "first,flight")

    def test_cut(self):
        w = Writer("<")
        sound = w.section() + w.interface() + b"".join(w.packet(frame) for frame in connection())
        for cut in (1, 7, 11, 12, 40, len(w.packet(connection()[0])) - 1):
            result = self.slim(sound + w.packet(connection(40001)[0])[:cut], status=1)
            self.assertIn(f"offset {len(sound)}: the last record is cut short", result.stderr)
            self.assertEqual(result.stdout, w.section() + w.interface() + w.packet(connection()[3]))

    def test_damage_is_named_with_its_offset(self):
        w = Writer("<")
        frame = segment(1, 2, 3, ACK, b"x")
        sound = w.section() + w.interface() + w.packet(frame)
        unequal = bytearray(w.packet(frame))
        unequal[-4] ^= 4
        for bad, word in ((bytes(unequal), "lengths"), (w.packet(frame, interface=1), "interface"), (struct.pack("<II", 6, 8) + b"\0" * 8, "shorter"),
                          (struct.pack("<II", 6, 1 << 28) + b"\0" * 8, "longer"), (w.block(6, b"\0" * 8), "too short"),
                          (w.block(6, struct.pack("<IIIII", 0, 0, 0, 500, 500)), "too short"), (w.block(1, b"\0" * 4), "too short"),
                          (w.packet(frame, options=struct.pack("<HH", 1, 900) + b"\0" * 8), "option"), (w.interface(options=b"\1\0\x08\0"), "option"),
                          (w.block(3, struct.pack("<I", 8) + b"\0" * 12), "not as long"),
                          (w.section().replace(b"\x4d\x3c\x2b\x1a", b"\0\0\0\0"), "magic"),
                          (w.section()[:12] + struct.pack("<H", 2) + w.section()[14:], "version")):
            result = self.slim(sound + bad + w.packet(frame), "-w", self.folder + "/out.pcapng", status=65)
            self.assertIn(f"in.pcapng: offset {len(sound)}: ", slim("-w", "/dev/null", self.folder + "/in.pcapng").stderr)
            self.assertIn(word, result.stderr)
            self.assertEqual(os.listdir(self.folder), ["in.pcapng"])
        self.assertEqual(slim("-w", "/dev/null", write(self.folder, "x", w.section()[:26])).returncode, 65)
        self.assertIn("before any interface", slim("-w", "/dev/null", write(self.folder, "x", w.section() + w.simple_packet(frame))).stderr)

    def test_what_wireshark_refuses_is_not_copied_on(self):
        """Lengths that options of their kind cannot have, in each kind of block that is kept."""
        frames = connection()
        for order in "<>":
            w = Writer(order)
            ipv4, nothing = b"\xc0\0\2\1", b"\0" * 4
            values = [(2, 0), (2, 3), (2, 8), (4, 4), (5, 4), (6, 8), (7, 0)]
            wrong = [w.packet(frames[3], options=w.option(code, b"\0" * n)) for code, n in values]
            wrong += [w.packet(frames[3], options=w.option(7, bytes([kind]) + b"\0" * 4)) for kind in (1, 2)]
            wrong += [w.packet(frames[3], options=w.option(code, b"\0" * 3)) for code in (2988, 2989, 19372, 19373)]
            wrong += [w.packet(frames[3], options=w.option(2988, struct.pack(order + "I", 10949) + b"\1"))]
            wrong += [w.interface(options=w.option(11, b"")), w.interface(options=w.option(2989, b"")), w.section() + w.interface(options=b"\0\2\2\0")]
            wrong += [w.block(4, body) for body in (
                struct.pack(order + "HH", 1, 3) + ipv4, struct.pack(order + "HH", 1, 8) + ipv4 + b"name", struct.pack(order + "HH", 2, 4) + ipv4,
                struct.pack(order + "HH", 1, 40) + ipv4, nothing + w.option(2988, b"abc"))]
            wrong += [w.block(4, b""), w.block(5, b"\0" * 8), w.block(5, b"\0" * 12 + w.option(2988, b"abc")), w.block(10, b"\0" * 4),
                      w.block(10, struct.pack(order + "II", 1, 9) + b"\0" * 8)]
            sound = w.section() + w.interface() + b"".join(w.packet(frame) for frame in frames[:3])
            for bad in wrong:
                source = write(self.folder, "in.pcapng", sound + bad + w.packet(frames[4]))
                result = slim("-w", self.folder + "/out.pcapng", source)
                self.assertEqual(result.returncode, 65)
                self.assertRegex(result.stderr, r"in.pcapng: offset \d+: .*the file is damaged from here on", bad)
                if order == "<":        # tshark says so, or takes it for the end
                    tshark = subprocess.run(["tshark", "-r", source], capture_output=True, text=True)
                    self.assertEqual(tshark.stdout.count("\n"), 3, bad)
            right = [w.packet(frames[3], options=w.option(code, b"\0" * n)) for code, n in ((2, 4), (3, 1), (4, 8), (5, 8), (6, 4), (7, 1), (8, 0), (2988, 4))]
            right += [w.interface(options=w.option(11, b"\0")), w.block(4, struct.pack(order + "HH", 1, 4) + ipv4)]
            kept = self.slim(sound + b"".join(right) + w.packet(frames[3])).stdout
            self.assertEqual(kept.count(b"GET"), 1)
            write(self.folder, "out.pcapng", kept)
            subprocess.run(["tshark", "-r", self.folder + "/out.pcapng"], capture_output=True, check=True)

    def test_times_that_64_bits_of_ns_do_not_hold(self):
        """Nanoseconds without if_tsresol, and times before 1901 and after 2106: differences are those of tshark, dates are right."""
        w = Writer("<")
        for options, start, date in ((b"", 1700000000000000000, "+55840-"), (w.option(14, struct.pack("<q", -3000000000)), 0, "1874-"),
                                     (w.option(14, struct.pack("<q", 5000000000)), 0, "2128-"), (w.option(9, b"\x00"), 1 << 35, "3058-"),
                                     (w.option(14, struct.pack("<q", -12000000000)), 0, "1589-")):
            step = 1 if options == w.option(9, b"\x00") else 3200700000
            data = w.section() + w.interface(options=options) + b"".join(w.packet(f, start + n * step) for n, f in enumerate(connection()))
            source, packed = write(self.folder, "in.pcapng", data), self.folder + "/in.pcapng.gz"
            subprocess.run(f"gzip -c {source} > {packed}", shell=True, check=True)
            for name in (source, packed):
                line = json.loads(slim("-q", "--log", "-", "--log-format", "json", name).stdout)
                told = subprocess.run(["tshark", "-n", "-r", name, "-Y", "frame.number == 4", "-T", "fields", "-e", "tcp.time_relative"],
                                      capture_output=True, check=True, text=True).stdout
                self.assertEqual(line["delay"], float(told))
                self.assertEqual(line["age"], float(told))
                self.assertTrue(line["timestamp"].startswith(date), line["timestamp"])

    def test_as_libwiretap_reads_it(self):
        """The same capture as snoop, which goes through libwiretap."""
        w = Writer(">")
        data = w.section() + w.interface(options=w.option(9, b"\x09")) + b"".join(w.packet(f, n * 3221225000) for n, f in enumerate(connection()))
        plain, other = write(self.folder, "a.pcapng", data), self.folder + "/a.snoop"
        subprocess.run(["editcap", "-F", "snoop", plain, other], check=True, capture_output=True)
        self.assertEqual(slim("--list", plain).stdout, slim("--list", other).stdout)
        for capture in (plain, other):
            slim("-w", capture + ".out", capture)
        fields = [subprocess.run(["tshark", "-r", capture + ".out", "-T", "fields", "-e", "frame.time_epoch", "-e", "tcp.payload"], capture_output=True,
                                 check=True).stdout for capture in (plain, other)]
        self.assertEqual(*fields)
        self.assertTrue(read(plain + ".out"))
