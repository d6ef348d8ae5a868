# SPDX-License-Identifier: GPL-2.0-or-later
"""-F: the same frames, in another format."""
import os
import re
import subprocess

from pcaps import CAPTURES, NANOSECONDS, PROGRAM, InFolder, connection, pcap, read, slim, write
from waiting import PATIENCE_SECONDS

FIELDS = ["frame.time_epoch", "frame.len", "frame.cap_len", "frame.protocols", "tcp.payload"]


def said(capture):
    """Returns what tshark says of a capture, and its format."""
    command = ["tshark", "-r", capture, "-T", "fields"] + [word for field in FIELDS for word in ("-e", field)]
    frames = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    kind = subprocess.run(["captype", capture], capture_output=True, check=True, text=True).stdout.split(": ")[-1].strip()
    return frames, kind


class Format(InFolder):
    def slim(self, *arguments):
        result = slim("-q", *arguments)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_from_each_to_each(self):
        for name in ("mixed.pcap", "any-sll2.pcap", "nanosecond.pcap", "two-interfaces.pcapng"):
            source = os.path.join(CAPTURES, name)
            self.slim("-w", self.path("plain"), source)
            for kind in ("pcapng", "nsecpcap", "pcap"):
                with self.subTest(capture=name, format=kind):
                    self.slim("-F", kind, "-w", self.path("out"), source)
                    wanted, _ = said(self.path("plain"))
                    if kind == "pcap" and name in ("nanosecond.pcap", "two-interfaces.pcapng"):
                        wanted = "\n".join(line[:17] + "000" + line[20:] if line else "" for line in wanted.split("\n"))
                    self.assertEqual(said(self.path("out")), (wanted, kind))

    def test_the_summary_counts_what_was_written(self):
        """Not all of libwiretap's writers do."""
        mixed = os.path.join(CAPTURES, "mixed.pcap")
        for kind in ("pcapng", "snoop", "netmon2", "lanalyzer", "k12text"):
            result = slim("-F", kind, "-w", self.path("out"), mixed)
            self.assertIn(f" in, {os.path.getsize(self.path('out'))} out\n", result.stderr)

    def test_the_same_format_is_a_copy(self):
        source = os.path.join(CAPTURES, "mixed.pcap")
        self.slim("-w", self.path("plain"), source)
        self.slim("-F", "pcap", "-w", self.path("out"), source)
        self.assertEqual(read(self.path("plain")), read(self.path("out")))

    def test_pcapng_from_formats_without_interfaces(self):
        """pcapng needs an interface for each frame. Some formats have none, and libwiretap does not report one, either."""
        mixed = os.path.join(CAPTURES, "mixed.pcap")
        self.slim("-F", "pcapng", "-w", self.path("wanted"), mixed)
        wanted = [line.split("\t")[1:] for line in said(self.path("wanted"))[0].splitlines()]
        sources = []
        for kind in ("commview-ncf", "k12text", "netmon1", "netmon2", "ngsniffer", "ngwsniffer_2_0", "5views", "snoop", "lanalyzer", "nsecpcap"):
            with self.subTest(kind=kind):
                sources.append(self.path("in." + kind))
                subprocess.run(["editcap", "-F", kind, mixed, sources[-1]], check=True, capture_output=True)
                self.slim("-F", "pcapng", "-w", self.path("out"), sources[-1])
                frames, kind_written = said(self.path("out"))
                self.assertEqual(kind_written, "pcapng")
                self.assertEqual([line.split("\t")[1:] for line in frames.splitlines()], wanted)
        self.slim("-F", "pcapng", "-w", self.path("out"), *sources, os.path.join(CAPTURES, "two-interfaces.pcapng"), mixed)
        self.assertGreater(len(said(self.path("out"))[0].splitlines()), len(wanted))

    def test_captures_of_different_formats_together(self):
        one = write(self.folder, "one.pcap", pcap(connection(40000)))
        two = write(self.folder, "two.pcap", pcap(connection(40001), magic=NANOSECONDS))
        three = self.path("three.pcapng")
        subprocess.run(["editcap", "-F", "pcapng", write(self.folder, "3.pcap", pcap(connection(40002))), three], check=True)
        self.assertEqual(slim("-q", "-w", self.path("out"), one, two, three).returncode, 65)
        self.slim("-F", "pcapng", "-w", self.path("out"), one, two, three)
        frames, kind = said(self.path("out"))
        self.assertEqual((frames.count("\n"), kind), (3, "pcapng"))
        interfaces = subprocess.run(["tshark", "-r", self.path("out"), "-T", "fields", "-e", "frame.interface_id"],
                                    capture_output=True, check=True, text=True).stdout.split()
        self.assertEqual(interfaces, ["0", "1", "2"])

    def test_fragments_that_come_with_a_frame(self):
        """Frames are kept long before they are written in the new format."""
        frame = connection(request=b"x" * 600)[3]
        ip, payload = bytearray(frame[14:34]), frame[34:]
        pieces = []
        for start, end in ((0, 400), (400, len(payload))):
            more = 0x2000 if end < len(payload) else 0
            ip[2:4], ip[6:8] = (20 + end - start).to_bytes(2, "big"), (more | start // 8).to_bytes(2, "big")
            pieces.append(frame[:14] + bytes(ip) + payload[start:end])
        source = write(self.folder, "in.pcap", pcap(connection()[:3] + pieces))
        for kind in ("pcap", "pcapng"):
            self.slim("-F", kind, "-w", self.path("out"), source)
            self.assertEqual(said(self.path("out"))[0].count("\n"), 2)

    def test_formats_that_cannot_be(self):
        source = os.path.join(CAPTURES, "mixed.pcap")
        result = slim("-F", "nosuch", "-w", self.path("out"), source)
        self.assertEqual(result.returncode, 64)
        self.assertIn("pcapng", result.stderr)      # what is there
        result = slim("-F", "btsnoop", "-w", self.path("out"), source)
        self.assertEqual(result.returncode, 65)
        self.assertIn(source, result.stderr)
        self.assertEqual(slim("-F", "pcap", "--list", source).returncode, 64)
        self.assertEqual(os.listdir(self.folder), [])

    def test_what_fails_to_begin_closes_each_descriptor_once(self):
        """libwiretap closes the descriptor for some failures and not for others. Another thread may have the same number when it is closed again."""
        mixed = os.path.join(CAPTURES, "mixed.pcap")
        token_ring = write(self.folder, "802.5.pcap", pcap(connection(), link=6))
        for kind, source, output in (("netmon2", mixed, "-"), ("5views", mixed, "-"), ("btsnoop", mixed, "-"), ("lanalyzer", token_ring, "-"),
                                     ("btsnoop", mixed, self.path("out")), ("lanalyzer", mixed, "/dev/full"), ("netmon2", mixed, "/dev/full")):
            with self.subTest(kind=kind, output=output):
                trace = self.path("trace")
                run = subprocess.run(["strace", "-f", "-o", trace, "-e", "trace=close,fcntl", PROGRAM, "slim", "-q", "-F", kind, "-w", output, source],
                                     capture_output=True, timeout=PATIENCE_SECONDS, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
                calls = read(trace).decode()
                self.assertNotIn("EBADF", calls)
                self.assertNotEqual(run.returncode, 0)
                for copy in re.findall(r"F_DUPFD_CLOEXEC, 3\) += (\d+)", calls):
                    self.assertIn(f"close({copy})", calls)
