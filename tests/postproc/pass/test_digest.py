# SPDX-License-Identifier: GPL-2.0-or-later
"""A digest of captures stands for them: slim, list and log are those of the captures in one pass, however these are cut and digests grouped."""
import gzip
import os
import random
import struct
import subprocess
import unittest

from pcaps import (ACK, CAPTURES, FIN, MODIFIED, NANOSECONDS, PROGRAM, SYN, InFolder, answer, connection, datagram, header, pcap, read, record, segment,
                   slim, write)
from test_pcapng import Writer
from test_slim import in_fragments
from waiting import PATIENCE_SECONDS

CLASSES = "first,reply,flight,handshake,closing"


def digest(*arguments):
    return subprocess.run([PROGRAM, "digest", "-q", *arguments], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)


def records_of(data):
    """Returns the header of a classic pcap, and its records."""
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1", b"\x34\xcd\xb2\xa1") else ">"
    extra, at, found = 8 if data[:4] in (b"\x34\xcd\xb2\xa1", b"\xa1\xb2\xcd\x34") else 0, 24, []
    while at < len(data):
        end = at + 16 + extra + struct.unpack_from(order + "I", data, at + 8)[0]
        found.append(data[at:end])
        at = end
    return data[:24], found


def alone(n, port=41000, start=1001, size=1400, ack=5001):
    """n segments of a client to which nobody answers, but that acknowledgments come."""
    for i in range(n):
        yield segment(port, 80, start + i * size, ACK, b"x" * size, ack=ack)
        if i % 2:
            yield segment(80, port, 5001, ACK, ack=start + (i + 1) * size, src=b"\xc0\x00\x02\x02", dst=b"\xc0\x00\x02\x01")


class Digests(InFolder):
    def digest(self, name, *arguments):
        """Makes a digest in a folder of its own, and returns its path."""
        os.makedirs(self.path("digests"), exist_ok=True)
        path = self.path("digests/%s" % name)
        result = digest("-w", path, *arguments)
        self.assertIn(result.returncode, (0, 1), result.stderr)
        return path

    def judge(self, inputs, options, classes):
        """What slim makes of inputs: capture and JSON log; list and text log."""
        out, log = self.path("out"), self.path("log")
        found = []
        for arguments in (["-w", out, "--keep", classes, "--log", log, "--log-format", "json"], ["--list", "--keep", classes, "--log", log]):
            for path in (out, log):
                if os.path.exists(path):
                    os.unlink(path)
            result = slim("-q", *arguments, *options, *inputs)
            self.assertIn(result.returncode, (0, 1), result.stderr)
            found.append((result.returncode, result.stdout, read(log), read(out) if os.path.exists(out) else b""))
        return found

    def same(self, pieces, trees, made_for=(), options=(), classes=CLASSES):
        """trees: digests that stand for the pieces."""
        whole = self.judge(pieces, options, classes)
        for inputs in trees:
            self.assertEqual(self.judge(inputs, options, classes), whole, (inputs, made_for, options))
        return whole

    def cut(self, path, rand, n_max=5):
        """Cuts a capture at random. Returns the pieces."""
        data = read(path)
        if not path.endswith(".pcap"):
            return [path]
        start, records = records_of(data)
        ends = sorted({rand.randrange(len(records) + 1) for _ in range(rand.randrange(n_max))} | {len(records)})
        return [write(self.folder, "%s-%d.pcap" % (os.path.basename(path), i), start + b"".join(records[first:end]))
                for i, (first, end) in enumerate(zip([0] + ends, ends))]

    def tree(self, inputs, rand, made_for=()):
        """Digests of neighbours, and digests of these; some stay as they are."""
        for level in range(2):
            reduced = []
            while inputs:
                n = rand.randrange(1, len(inputs) + 1)
                if rand.random() < 0.8:
                    reduced.append(self.digest("%d-%d-%d" % (level, len(inputs), rand.randrange(10 ** 9)), *made_for, *inputs[:n]))
                else:
                    reduced += inputs[:n]
                inputs = inputs[n:]
            inputs = reduced
        return inputs


class Captures(Digests):
    def test_captures(self):
        rand = random.Random(19)
        for name in sorted(os.listdir(CAPTURES)):
            if name.endswith((".pcap", ".pcapng")):
                with self.subTest(name):
                    pieces = self.cut(os.path.join(CAPTURES, name), rand)
                    self.same(pieces, [self.tree(pieces, rand)])

    def test_all_in_one(self):
        rand = random.Random(20)
        pieces = self.cut(os.path.join(CAPTURES, "mixed.pcap"), rand)
        self.assertEqual(read(self.digest("one", *pieces)), read(self.digest("other", *pieces)))
        self.same(pieces, [[self.digest("all", *pieces)], [self.digest("twice", self.digest("once.gz", *pieces))]])

    def test_what_show_and_said_say(self):
        source = os.path.join(CAPTURES, "mixed.pcap")
        made = self.digest("d", source)
        for command in (["show", "-q"], ["said"]):
            found = [subprocess.run([PROGRAM, *command, path], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True).stdout
                     for path in (source, made)]
            self.assertEqual(found[1], found[0])
            self.assertGreater(len(found[0]), 1000)

    def test_with_the_opening(self):
        rand = random.Random(21)
        for name in ("mixed.pcap", "smtp.pcap", "starttls.pcap"):
            pieces = self.cut(os.path.join(CAPTURES, name), rand)
            made_for = ["--opening-bytes", "20000", "--flight-bytes", "20000"]
            self.same(pieces, [self.tree(pieces, rand, made_for)], made_for, ["--log-reply", "--all-hellos"], CLASSES + ",opening")

    def test_datagrams(self):
        rand = random.Random(22)
        frames = []
        for i in range(300):
            port = 5000 + rand.randrange(6)
            payload = rand.choice((b"", b"x", b"y" * 1200, b"\xc3\0\0\0\1\x08" + b"q" * 8 + b"\0" + b"z" * 1180))
            frames.append(rand.choice((datagram, answer))(*((port, 443) if rand.random() < 0.5 else (443, port)), payload))
            frames += connection(40000 + i) if i % 40 == 0 else []
        source = write(self.folder, "datagrams.pcap", pcap(frames))
        for transport in ("tcp,udp", "tcp,quic"):
            pieces = self.cut(source, rand)
            self.same(pieces, [self.tree(pieces, rand, ["--transport", transport])], (), ["--transport", transport])

    def test_networks_and_tunnels(self):
        rand = random.Random(23)
        frames = []
        for i, frame in enumerate(connection() + list(alone(40)) + connection(40001)):
            frames.append(frame[:12] + b"\x81\0" + struct.pack(">H", 10 + i % 2) + frame[12:])
        pieces = self.cut(write(self.folder, "vlans.pcap", pcap(frames)), rand)
        for made_for in ([], ["--stream-key", "vlan"]):
            self.same(pieces, [self.tree(pieces, rand, made_for)], made_for, made_for)

    def test_fragments(self):
        rand = random.Random(24)
        frames = []
        for port in range(40000, 40030):
            for frame in connection(port):
                frames += in_fragments(frame) if rand.random() < 0.4 else [frame]
        pieces = self.cut(write(self.folder, "fragments.pcap", pcap(frames)), rand)
        self.same(pieces, [self.tree(pieces, rand)])


class Formats(Digests):
    """What slim makes of a digest has the format of the capture, byte for byte."""

    def test_headers_of_pcap(self):
        frames = connection() + connection(40001)
        odd = header() + struct.pack("<IIII", 5, 2000000, 60, 60) + frames[0][:60] + record(frames[3], 7, wire=20)
        for n, data in enumerate((pcap(frames, ">"), pcap(frames, magic=NANOSECONDS), pcap(frames, magic=MODIFIED), pcap(frames, ">", MODIFIED),
                                  pcap(frames, snaplen=96), odd, gzip.compress(pcap(frames)))):
            with self.subTest(n):
                source = write(self.folder, "%d.pcap" % n, pcap(frames) + data[24:] if n == 5 else data)
                self.same([source], [[self.digest("%d" % n, source)]])

    def test_blocks_of_pcapng(self):
        for order in "<>":
            w = Writer(order)
            names, secrets, statistics, unknown = w.others()
            comment, end = w.option(1, b"of a packet"), b"\0\0\0\0"
            frames = connection()
            blocks = [w.section(), w.interface(options=w.option(2, b"eth0") + w.option(9, b"\x09") + end), names,
                      w.packet(frames[0], 1 << 33, options=comment + end), w.packet(frames[1], 2, options=end), secrets, w.packet(frames[2], 3),
                      w.block(0xBAD, struct.pack(order + "I", 32473) + b"data"), w.simple_packet(frames[3]), unknown, w.old_packet(frames[4]), statistics,
                      w.section(comment=b"another"), w.interface(101), w.interface()]
            blocks += [w.packet(frame, n, 1, options=w.option(5, struct.pack(order + "Q", 77)) + end) for n, frame in enumerate(connection(40001))]
            source = write(self.folder, "in.pcapng", b"".join(blocks))
            once = self.digest("once%s" % ord(order), source)
            whole = self.same([source, source], [[once, once], [self.digest("both%s" % ord(order), once, source)]])
            self.assertGreater(len(whole[0][3]), 1000)

    def test_cut_short(self):
        data = pcap(connection() + connection(40001))
        source = write(self.folder, "in.pcap", data[:-20])
        made = digest("-w", self.path("d"), source)
        said = f"{source}: offset {len(data) - 20 - (len(connection()[-1]) + 16 - 20)}: the last record is cut short"
        self.assertEqual((made.returncode, said in made.stderr), (1, True), made.stderr)
        self.same([source], [[self.path("d")]])
        for path in (source, self.path("d")):
            run = slim("-w", self.path("out"), path)
            self.assertEqual((run.returncode, said in run.stderr), (1, True), run.stderr)

    def test_what_wireshark_sees(self):
        source = os.path.join(CAPTURES, "mixed.pcap")
        made = self.digest("d.pcapng", source)
        shown = subprocess.run(["tshark", "-n", "-r", made, "-T", "fields", "-e", "frame.packet_id", "-e", "frame.len"], capture_output=True, text=True,
                               timeout=PATIENCE_SECONDS, check=True)
        lengths = subprocess.run(["tshark", "-n", "-r", source, "-T", "fields", "-e", "frame.number", "-e", "frame.len"], capture_output=True, text=True,
                                 timeout=PATIENCE_SECONDS, check=True)
        rows = dict(line.split() for line in lengths.stdout.splitlines())
        found = [line.split() for line in shown.stdout.splitlines()]
        self.assertGreater(len(found), 100)
        for number, length in found:
            self.assertEqual(rows[str(int(number, 0) & 0xFFFFFFFFFFFF)], length)


class Alone(Digests):
    """A side that alone goes on sending."""

    def sources(self, before, sent):
        return [write(self.folder, "before.pcap", pcap(before)), write(self.folder, "during.pcap", pcap(list(sent))),
                write(self.folder, "after.pcap", pcap([segment(80, 41000, 5001, ACK | FIN, b"done", ack=9, src=b"\xc0\x00\x02\x02", dst=b"\xc0\x00\x02\x01")]
                                                      + connection()))]

    def test_is_left_out(self):
        pieces = self.sources(connection(41000)[:3], alone(2000))
        digests = [self.digest(str(i), piece) for i, piece in enumerate(pieces)]
        self.same(pieces, [digests, [self.digest("all", *digests)]])
        self.assertLess(os.path.getsize(digests[1]), os.path.getsize(pieces[1]) / 50)

    def test_where_tcp_is_not_wanted(self):
        pieces = self.sources([datagram(5000, 53, b"q"), answer(53, 5000, b"a")], alone(2000))
        digests = [self.digest(str(i), "--transport", "tcp,udp", piece) for i, piece in enumerate(pieces)]
        for piece in pieces[1:]:
            os.rename(piece, piece + ".away")
        found = slim("--list", "-q", "--transport", "udp", *digests)
        self.assertEqual((found.returncode, found.stdout), (0, b"1\tfirst,flight\n2\treply\n"), found.stderr)

    def mistaken(self):
        """Where the client's first segment was not the first: what it sends goes before it, and is in the flight."""
        return self.sources(connection(41000)[:2] + [segment(41000, 80, 3000001, ACK, b"late", ack=5001)],
                            [*alone(30, 41001, 1), *alone(40, start=1001), *alone(900, 41001, 42001), *alone(5, start=57001)])

    def test_is_read_again_where_the_digest_cannot_say(self):
        pieces = self.mistaken()
        pieces[0] = write(self.folder, "without.pcap", pcap([segment(80, 41000, 5001, ACK, ack=3000001, src=b"\xc0\x00\x02\x02", dst=b"\xc0\x00\x02\x01")]))
        digests = [self.digest(str(i), piece) for i, piece in enumerate(pieces)]
        deep = self.digest("all", *digests)
        self.same(pieces, [digests, [deep]])
        os.rename(pieces[1], self.path("elsewhere.pcap"))
        for inputs in (digests, [deep]):
            result = slim("-q", "-w", self.path("out"), *inputs)
            self.assertEqual(result.returncode, 66)
            self.assertIn("during.pcap", result.stderr)
        write(self.folder, "during.pcap", pcap(connection()))
        result = slim("-q", "-w", self.path("out"), *digests)
        self.assertEqual(result.returncode, 65, result.stderr)
        self.assertIn("make that again", result.stderr)


class Refusals(Digests):
    def setUp(self):
        super().setUp()
        self.source = write(self.folder, "in.pcap", pcap(connection()))
        self.made = self.digest("d", self.source)

    def refused(self, status, what, *arguments, **kwargs):
        result = slim("-q", "-w", self.path("out"), *arguments, **kwargs)
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertIn(what, result.stderr)
        self.assertFalse(os.path.exists(self.path("out")))

    def test_what_it_was_not_made_for(self):
        for what, options in (("--flight-bytes", ["--flight-bytes", "16385"]), ("--opening-bytes", ["--keep", "opening"]), ("--idle", ["--idle", "60"]),
                              ("--max-streams", ["--max-streams", "100000"]), ("--max-streams", ["--max-memory", "10M"]),
                              ("--stream-key", ["--stream-key", "vlan"]), ("--transport", ["--transport", "tcp,udp"]), ("-f ", ["-f", "tcp"]),
                              ("-c ", ["-c", "9"]), ("-F ", ["-F", "pcap"])):
            with self.subTest(what):
                self.refused(64, what, *options, self.made)
        result = digest("-w", self.path("e"), "--flight-bytes", "20000", self.made)
        self.assertEqual((result.returncode, "--flight-bytes" in result.stderr, os.path.exists(self.path("e"))), (64, True, False))

    def test_who_does_not_know_digests(self):
        self.refused(65, "is a digest", "-", stdin=read(self.made))

    def test_usage(self):
        for arguments in ([self.source], ["-w", self.path("e")], ["-w", self.path("e"), "--transport", "sctp", self.source]):
            self.assertEqual(digest(*arguments).returncode, 64)
        self.assertEqual(digest("-w", self.source, self.source).returncode, 64)

    def test_damage(self):
        data = read(self.made)
        for cut in (len(data) - 1, len(data) - 100, 300, 40):
            self.refused(65, "", write(self.folder, "cut", data[:cut]))
        for found, changed in ((b"kept: ", b"kapt: "), (b"frames: 5", b"frames: 4"), (b"digest 1", b"digest 2"), (b"pcap d4", b"pcap d5")):
            self.refused(65, "damaged", write(self.folder, "changed", data.replace(found, changed)))

    def test_random_damage(self):
        rand = random.Random(25)
        good = slim("-q", self.made).stdout
        data = read(self.digest("both", self.made, os.path.join(CAPTURES, "two-interfaces.pcapng")))
        for _ in range(30):
            changed = bytearray(data)
            for _ in range(rand.randrange(1, 4)):
                changed[rand.randrange(len(changed))] ^= 1 << rand.randrange(8)
            result = slim("-q", "-w", self.path("out"), write(self.folder, "changed", bytes(changed)))
            self.assertIn(result.returncode, (0, 1, 64, 65, 66))
        self.assertGreater(len(good), 24)


if __name__ == "__main__":
    unittest.main()
