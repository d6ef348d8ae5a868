# SPDX-License-Identifier: GPL-2.0-or-later
"""What is not a capture is not taken for one, whatever libwiretap reads it as; and --formats limits which formats are."""
import gzip
import json
import os
import random
import subprocess

from pcaps import CAPTURES, PROGRAM, InFolder, connection, header, pcap, read, rows, slim, write
from waiting import PATIENCE_SECONDS

MIXED = os.path.join(CAPTURES, "mixed.pcap")
LINES = b"".join(b"Nov 29 11:%02d:07 host daemon[%d]: the answer is %d; nothing to do\n" % (n % 60, 400 + n, n * n) for n in range(400))
NUMBERS = random.Random(12)
CERTIFICATE = b"-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ1+zMA0GCSqGSIb3DQEB\nBQADggEBAKJ9\n-----END CERTIFICATE-----\n"
JOURNAL = b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1700000000000000\n__MONOTONIC_TIMESTAMP=1\n_BOOT_ID=00\nMESSAGE=it began\n\n"
TRANSPORT_STREAM = b"".join(b"\x47\x40\x11" + bytes([0x10 | n % 16]) + bytes(184) for n in range(60))
LOGCAT = b"".join(b"11-29 11:%02d:00.000  1234  5678 I Tag: message %d\n" % (n, n) for n in range(50))
CANDUMP = b"".join(b"(1700000000.%06d) can0 123#DEADBEEF\n" % n for n in range(50))
TRACE_XML = b'<?xml version="1.0" encoding="UTF-8"?>\n<traceCollecFile xmlns="http://www.3gpp.org/ftp/specs/archive/32_series/32.423">\n</traceCollecFile>\n'

NO_CAPTURES = {
    "config.json": b'{"a": 1}',
    "list.json": json.dumps([{"name": str(n), "n": n} for n in range(300)]).encode(),
    "lines.jsonl": b'{"a": 1}\n' * 200,
    "watch.pid": b"12345\n",
    "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "picture.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(100),
    "picture.gif": b"GIF89a\x01\x00\x01\x00" + bytes(40),
    "film.mp4": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(100),
    "film.ts": TRANSPORT_STREAM,
    "song.mp3": b"ID3\x03\x00\x00\x00\x00\x00\x0a" + bytes(10) + (b"\xff\xfb\x90\x00" + bytes(413)) * 8,
    "key.pem": CERTIFICATE,
    "cert.der": b"\x30\x82\x01\x0a\x02\x82\x01\x01" + bytes(258),
    "mail.tnef": b"\x78\x9f\x3e\x22\x01\x00\x01\x06\x90\x08\x00\x04\x00\x00\x00\x00\x00\x01\x00\x01\x00",
    "marshal": b"\x04\x08[\x08i\x06i\x07i\x08",
    "journal.export": JOURNAL * 3,
    "android.logcat": LOGCAT,
    "can.log": CANDUMP,
    "trace.xml": TRACE_XML,
    "page.html": b"<!DOCTYPE html>\n<html><body>" + b"<p>text</p>\n" * 100 + b"</body></html>\n",
    "script.sh": b"#!/bin/sh\nset -e\n" + b"echo hello\n" * 50,
    "six-bytes.txt": b"hello\n",
    "one-byte": b"\n",
    "messages.log": LINES,
    "table.csv": b"".join(b"%d,%d,%d\n" % (n, n * n, n ^ 99) for n in range(300)),
    "program": read(PROGRAM)[:300000],
    "zeros": bytes(100000),
    "ones": b"\xff" * 5000,
    "random": NUMBERS.randbytes(50000),
    "empty.gz": gzip.compress(b""),
    "flows.ipfix": b"\x00\x0a\x00\x14" + bytes([0x65, 0x53, 0xf1, 0]) + bytes(8) + b"\x00\x02\x00\x04",
}
NO_CAPTURES.update({name + ".gz": gzip.compress(data) for name, data in NO_CAPTURES.items() if len(data) > 100})

# Formats that editcap writes, and whose records say the same as those of a pcap.
FORMATS = ("snoop", "netmon1", "netmon2", "nettl", "ngsniffer", "ngwsniffer_1_1", "ngwsniffer_2_0", "lanalyzer", "5views", "commview-ncf",
           "k12text", "visual", "nsecpcap", "pcapng", "modpcap")


class NoCaptures(InFolder):
    def test_slim_refuses_each(self):
        for name, data in NO_CAPTURES.items():
            with self.subTest(name=name):
                path = write(self.folder, name, data)
                for arguments in ([path], ["-"]):
                    result = slim("-q", "--log", self.path("log"), *arguments, stdin=data)
                    self.assertEqual(result.returncode, 65, result.stderr)
                    self.assertIn("offset 0: is not a capture", result.stderr)
                    self.assertIn(arguments[0] if arguments != ["-"] else "standard input", result.stderr)
                    self.assertEqual(slim("-F", "pcapng", "-w", self.path("out"), *arguments, stdin=data).returncode, 65)
                    self.assertFalse(os.path.exists(self.path("out")))

    def test_it_says_what_they_are_read_as(self):
        for name, words in (("config.json", "JavaScript Object Notation"), ("picture.png", "MIME"), ("key.pem", "RFC 7468"), ("film.mp4", "MP4")):
            result = slim("--list", write(self.folder, name, NO_CAPTURES[name]))
            self.assertIn(words, result.stderr)

    def test_none_is_deleted(self):
        for options in (["--log", "only"], ["--format", "pcapng"], ["--formats", "pcap,pcapng"]):
            with self.subTest(options=options):
                inbox, out = self.path("in" + options[0]), self.path("out" + options[0])
                os.makedirs(inbox)
                for name, data in NO_CAPTURES.items():
                    write(inbox, name, data)
                write(inbox, "good.pcap", pcap(connection()))
                done = subprocess.run([PROGRAM, "watch", "--once", "--then", "delete", *options, inbox, out], capture_output=True, timeout=PATIENCE_SECONDS)
                self.assertEqual(done.returncode, 1, done.stderr)
                failed = {name.split("-", 1)[1]: name for name in os.listdir(os.path.join(out, ".firstpayload/failed"))}
                self.assertEqual(set(failed), set(NO_CAPTURES) | {name + ".why" for name in NO_CAPTURES})
                for name, data in NO_CAPTURES.items():
                    self.assertEqual(read(os.path.join(out, ".firstpayload/failed", failed[name])), data)
                    self.assertIn(b"is not a capture", read(os.path.join(out, ".firstpayload/failed", failed[name + ".why"])))


class Captures(InFolder):
    """What holds packets stays a capture, whatever its format."""

    def convert(self, kind):
        path = self.path("in." + kind)
        subprocess.run(["editcap", "-F", kind, MIXED, path], check=True, capture_output=True)
        return path

    def test_each_format_of_packets(self):
        wanted = rows(MIXED)
        self.assertGreater(len(wanted), 0)
        for kind in FORMATS:
            with self.subTest(kind=kind):
                path = self.convert(kind)
                taken = slim("--list", path)
                self.assertEqual(taken.returncode, 0, taken.stderr)
                if kind != "nettl":         # its frames have an encapsulation of their own, which is not decoded
                    self.assertEqual(rows(path), wanted)

    def test_packets_of_other_networks(self):
        for link in (148, 201, 227, 243, 252):      # link types of users, Bluetooth, CAN, MPEG, and what Wireshark exports
            source = write(self.folder, "in.pcap", pcap(connection(), link=link))
            self.assertEqual(slim("--list", source).returncode, 0)

    def test_without_packets(self):
        self.assertEqual(slim("-", stdin=header()).returncode, 0)
        self.assertEqual(slim("-", stdin=gzip.compress(header())).returncode, 0)
        write(self.folder, "none.pcap", header())
        subprocess.run(["editcap", "-F", "snoop", self.path("none.pcap"), self.path("none.snoop")], check=True, capture_output=True)
        self.assertEqual(slim("--list", self.path("none.snoop")).returncode, 0)

    def test_formats_limits_what_is_taken(self):
        wanted = rows(MIXED)
        for kind in FORMATS:
            path = self.convert(kind)
            name = "pcap" if kind.endswith("pcap") else kind
            packed = write(self.folder, "in.gz", gzip.compress(read(path)))
            for source in path, packed:
                with self.subTest(kind=kind, source=source):
                    self.assertEqual(slim("--formats", name, "--list", source).returncode, 0)
                    result = slim("--formats", "pcap,pcapng", "--list", source)
                    self.assertEqual(result.returncode, 0 if name in ("pcap", "pcapng") else 65, result.stderr)
                    others = slim("--formats", "erf,netscreen,radcom", "--list", "-", stdin=read(source))
                    self.assertEqual(others.returncode, 65)
                    self.assertIn("--formats", others.stderr)
        self.assertEqual(rows("--formats", "erf, pcap", MIXED), wanted)
        self.assertEqual(rows("--formats", "snoop,netmon2,5views", self.convert("5views")), wanted)

    def test_the_same_reader_reads_others(self):
        """netmon1 and netmon2 have one."""
        self.assertEqual(slim("--formats", "netmon1", "--list", self.convert("netmon2")).returncode, 65)

    def test_a_wrong_name_gives_a_list(self):
        for names in "nosuch", "pcap,", "", "pcap,json", "nsecpcap":
            with self.subTest(names=names):
                result = slim("--formats", names, "--list", MIXED)
                self.assertEqual(result.returncode, 64)
                for word in ("pcap", "pcapng", "snoop", "erf", "netmon2", "nstrace35", "5views"):
                    self.assertIn(" " + word, result.stderr)

    def test_watch_and_its_configuration(self):
        inbox = self.path("in")
        os.makedirs(inbox)
        os.rename(self.convert("snoop"), inbox + "/a.snoop")
        write(inbox, "b.pcap", pcap(connection()))
        config = write(self.folder, "c.conf", b"[watch]\nformats = pcap,pcapng\n")
        dry = subprocess.run([PROGRAM, "watch", "--dry-run", "--config", config, inbox, self.path("out")], capture_output=True, timeout=PATIENCE_SECONDS, text=True)
        self.assertIn("a.snoop", dry.stdout)
        done = subprocess.run([PROGRAM, "watch", "--once", "--config", config, inbox, self.path("out")], capture_output=True, timeout=PATIENCE_SECONDS)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(sorted(name for name in os.listdir(self.path("out")) if name[0] != "."), ["b.pcap"])
        self.assertEqual(len(os.listdir(self.path("out/.firstpayload/failed"))), 2)
        wrong = write(self.folder, "wrong.conf", b"[watch]\nformats = pcap,nosuch\n")
        refused = subprocess.run([PROGRAM, "watch", "--check-config", "--config", wrong, inbox, self.path("out")], capture_output=True, timeout=PATIENCE_SECONDS)
        self.assertEqual(refused.returncode, 78)
        self.assertIn(b"snoop", refused.stderr)
