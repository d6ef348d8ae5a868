# SPDX-License-Identifier: GPL-2.0-or-later
"""What bounds memory does so, whatever is sent: the process grows by that and little more. Other tests do the same for --message-memory
(test_messages) and --read-ahead (test_read_ahead_memory); the kernel has what -B says."""
import gzip
import resource
import struct
import subprocess

from pcaps import ACK, PROGRAM, InFolder, header, read, record, segment, write
from test_pcapng import Writer
from waiting import PATIENCE_SECONDS, wait_until_taken

MIB = 1 << 20
FRAGMENTS = 64 * MIB    # of all fragments that wait
INTERFACES = 64 * MIB   # of all interfaces of a section of pcapng
HELD = 64 * MIB         # of all frames that digest holds back, and of what waits for tshark
SLACK = 6 * MIB         # what the C library keeps of what was freed, and blocks of the input that are larger than others


def numbered(frame, at, n):
    """Returns n records of a frame, in which the four bytes at that offset count."""
    whole = record(frame)
    before, after = whole[:16 + at], whole[20 + at:]
    return b"".join(b"".join((before, number.to_bytes(4, "big"), after)) for number in range(n))


def syns(n):
    """n streams of which there is a SYN, from as many addresses."""
    return numbered(segment(1000, 80, 1, 2), 26, n)


def said_once(n):
    """n streams whose client has said something."""
    return numbered(segment(1000, 80, 1, ACK, b"what"), 26, n)


def fragments(n, payload_bytes):
    """n first fragments, each of a datagram of its own, of which no more comes."""
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + payload_bytes, 1, 0x2000, 64, 6, 0, b"\xc0\0\2\1", b"\xc0\0\2\2") + bytes(payload_bytes)
    return numbered(b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x08\x00" + ip, 26, n)


def peak(pieces, *command, **kwargs):
    """Returns the most memory that the program had when it had read all pieces of data and waits for more."""
    with subprocess.Popen([PROGRAM, *command, "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kwargs) as run:
        run.stdin.write(header())
        for piece in pieces:
            run.stdin.write(piece)
        run.stdin.flush()
        wait_until_taken(run, run.stdin)
        found = int(read(f"/proc/{run.pid}/status").split(b"VmHWM:")[1].split()[0]) * 1024
        run.kill()
    return found


class Memory(InFolder):
    def peak(self, data, *command):
        return peak([data], *command)

    def test_streams(self):
        """Streams of all kinds: beginning ones, and such as have spoken; and where more is kept of each."""
        base = self.peak(syns(10), "slim", "-q", "--list")
        for what, data in (("syns", syns(700000)), ("said", said_once(400000))):
            for more in ((), ("--idle", "60", "--keep", "opening", "--opening-bytes", str(1 << 29))):
                peaks = {}
                for mib in (2, 24):
                    peaks[mib] = self.peak(data, "slim", "-q", "--list", "--max-memory", f"{mib}M", *more) - base
                    with self.subTest(what, mib=mib, more=more, grown=peaks[mib] / MIB):
                        self.assertLess(peaks[mib], mib * MIB + SLACK)
                self.assertGreater(peaks[24], peaks[2] + 6 * MIB, "it was full")

    def test_max_streams(self):
        """A hundred bytes each, and a table that doubles."""
        base = self.peak(syns(10), "slim", "-q", "--list")
        for n in (10000, 100000):
            grown = self.peak(said_once(400000), "slim", "-q", "--list", "--max-streams", str(n)) - base
            with self.subTest(n=n, grown=grown / MIB):
                self.assertLess(grown, n * 100 + SLACK)

    def test_fragments(self):
        """Long ones and short ones; and of records that are kept until it is known whether the frame that completes them is."""
        for how in (("--list",), ("-w", "/dev/null")):
            base = self.peak(b"", "slim", "-q", *how)
            for payload_bytes, n in ((1480, 80000), (8, 400000)):
                grown = self.peak(fragments(n, payload_bytes), "slim", "-q", *how) - base
                with self.subTest(how, payload_bytes=payload_bytes, grown=grown / MIB):
                    self.assertLess(grown, FRAGMENTS + 2 * SLACK)
                    self.assertGreater(grown, FRAGMENTS / 4)

    def test_replies(self):
        """Lines that wait for an answer that never comes."""
        data = said_once(200000)
        base = self.peak(said_once(10), "slim", "-q", "--log", "/dev/null", "--log-reply", "--max-memory", "8M")
        for mib in (1, 16):
            grown = self.peak(data, "slim", "-q", "--log", "/dev/null", "--log-reply", "--max-memory", "8M", "--message-memory", f"{mib}M") - base
            with self.subTest(mib=mib, grown=grown / MIB):
                self.assertLess(grown, (8 + mib) * MIB + SLACK)

    def test_names(self):
        """Names of 500 bytes, each of which comes once: of each kind as many are remembered as --max-names says."""
        names = [b"%0500d" % n for n in range(40000)]
        data = b"".join(record(segment(1000 + n % 60000, 80, 1, ACK, b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % name, src=struct.pack(">I", n)))
                        for n, name in enumerate(names))
        base = self.peak(data[:100], "said", "-q")
        peaks = {n: self.peak(data, "said", "-q", "--max-streams", "1000", "--max-names", str(n)) - base for n in (100, 10000)}
        with self.subTest(peaks=peaks):
            self.assertLess(peaks[100], SLACK)
            self.assertLess(peaks[10000], 10000 * 1200 + SLACK)
            self.assertGreater(peaks[10000], 10000 * 500)


class Limited(InFolder):
    def run_within(self, limit, data, *command, compressed=False):
        """Runs the program with so much memory for its data."""
        path = write(self.folder, "in.pcapng.gz" if compressed else "in.pcapng", gzip.compress(data, 1) if compressed else data)
        return subprocess.run([PROGRAM, *command, path], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)))


class Pcapng(Limited):
    def test_interfaces(self):
        """A section that describes as many as it likes is refused where they would take too much; compressed, they cost a sender next to nothing."""
        w = Writer("<")
        for what, interface, n in (("small", w.interface(), 600000), ("named", w.interface(options=w.option(2, b"x" * 60000)), 3000)):
            for how in (("--list", "-j", "1"), ("--list", "-j", "2"), ("-w", "/dev/null", "-j", "1"), ("-w", "/dev/null", "-j", "2"), ("--log", "/dev/null", "-j", "2")):
                for compressed in (False, True):
                    with self.subTest(what, how=how, compressed=compressed):
                        result = self.run_within(INTERFACES + 96 * MIB, w.section() + interface * n, "slim", "-q", "--read-ahead", "8M", *how, compressed=compressed)
                        self.assertEqual(result.returncode, 65, result.stderr)
                        self.assertIn("a section describes more interfaces than fit into 64 MiB", result.stderr)

    def test_sections(self):
        """What a section has described is forgotten with it."""
        w = Writer("<")
        data = (w.section() + w.interface(options=w.option(2, b"x" * 1000)) * 20) * 15000
        for how in (("--list",), ("-w", "/dev/null"), ("--log", "/dev/null")):
            result = self.run_within(96 * MIB, data, "slim", "--read-ahead", "8M", *how, compressed=True)
            self.assertEqual(result.returncode, 0, result.stderr)


class Digests(Limited):
    """What digest knows of streams, and the frames of them that it holds back until another one comes."""

    def one_sided(self, n):
        """n streams, of which one side alone goes on: of each a frame is held back, the last, with a comment of 60,000 bytes."""
        w = Writer("<")
        data = [w.section(), w.interface()]
        for i in range(n):
            client, server = struct.pack(">I", i), b"\xc0\0\2\2"
            data += [w.packet(segment(1000, 80, 1, ACK, b"one", ack=9, src=client, dst=server)),
                     w.packet(segment(80, 1000, 9, ACK, ack=4, src=server, dst=client)),
                     w.packet(segment(1000, 80, 4, ACK, b"two", ack=9, src=client, dst=server))]
        for i in range(n):
            data.append(w.packet(segment(1000, 80, 7, ACK, b"three", ack=9, src=struct.pack(">I", i), dst=b"\xc0\0\2\2"), options=w.option(1, b"x" * 60000)))
        return b"".join(data)

    def test_streams(self):
        """More than the table has room for: 8 Mi streams of 56 bytes, 3/4 of which are used, and half of that where it has just doubled."""
        how = ("digest", "-q", "-w", "/dev/null")
        grown = peak((numbered(segment(1000, 80, 1, 2, src=bytes([n, 0, 0, 0])), 27, 1 << 16) for n in range(107)), *how) - peak([], *how)
        with self.subTest(grown=grown / MIB):
            self.assertLess(grown, (8 + 4) * MIB * 56 + SLACK)
            self.assertGreater(grown, 8 * MIB * 56)

    def test_held_back(self):
        data, path = self.one_sided(5000), self.path("digest")
        made = self.run_within(HELD + 32 * MIB, data, "digest", "--flight-bytes", "1", "-w", path, compressed=True)
        self.assertEqual(made.returncode, 0, made.stderr)
        found = [subprocess.run([PROGRAM, "slim", "--list", "-q", "--flight-bytes", "1", source], capture_output=True, timeout=PATIENCE_SECONDS, check=True).stdout
                 for source in (path, self.path("in.pcapng.gz"))]
        self.assertEqual(found[0], found[1])
        self.assertEqual(found[0].count(b"\n"), 5000)


class Tshark(InFolder):
    """Streams whose message goes on and never ends, so that there is no answer yet: their lines and frames wait, and so do the frames that tshark is
    given, which are held until it has answered. That is three times what is held at most."""

    def flood(self, n, payload_bytes):
        for first in range(0, n, 100):
            yield b"".join(record(segment(1000, 80, 1, ACK, b"GET /" + b"x" * payload_bytes, src=struct.pack(">I", i))) for i in range(first, first + 100))

    def test_what_waits(self):
        for how in (("--log", "/dev/null", "--fields", "http.host"), ("-w", "/dev/null", "-Y", "http.host"),
                    ("-w", "/dev/null", "--log", "/dev/null", "--fields", "http.host", "-Y", "http.host")):
            base = peak([], "slim", "-q", *how)
            for n, payload_bytes in ((4500, 60000), (100000, 1200)):
                grown = peak(self.flood(n, payload_bytes), "slim", "-q", *how) - base
                with self.subTest(how, payload_bytes=payload_bytes, grown=grown / MIB):
                    self.assertLess(grown, 3 * HELD + 2 * SLACK)
                    self.assertGreater(grown, HELD / 2)
