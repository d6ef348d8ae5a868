# SPDX-License-Identifier: GPL-2.0-or-later
"""--only and --sni: which messages have lines."""
import os
import subprocess
import sys

from pcaps import ACK, CAPTURES, PROGRAM, SYN, InFolder, datagram, pcap, segment, slim, write
from waiting import PATIENCE_SECONDS

sys.path.insert(0, os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "tests", "lib"))
import log_schema  # noqa: E402
from hello import client_hello  # noqa: E402

INITIAL = open(os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "tests", "said", "corpus", "datagrams", "rfc-9001"), "rb").read()[2:]
HELLO = client_hello("www.Example", 2000)
MESSAGES = HELLO, client_hello("other.test", 0), b"GET / HTTP/1.1\r\nHost: www.example\r\n\r\n", b"SSH-2.0-x\r\n", b"\x80\x01nothing known"


def capture():
    """A stream for each message, ports from 1 on; the first in two segments, of which the second comes last."""
    frames = []
    for port, message in enumerate(MESSAGES, 1):
        frames += [segment(port, 80, 1000, SYN), segment(port, 80, 1001, ACK, message[:700])]
    return pcap([*frames, segment(1, 80, 1701, ACK, HELLO[700:])])


class Choice(InFolder):
    def ports(self, *options):
        lines = slim("-q", "--log", "-", "--log-format", "json", "--in-order", *options, "-", stdin=capture()).stdout
        return [entry["src_port"] for entry in log_schema.entries(lines)]

    def refused(self, *arguments, command="slim"):
        result = subprocess.run([PROGRAM, command, *arguments], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        self.assertEqual(result.returncode, 64, result.stderr)
        return result.stderr

    def test_protocols(self):
        for protocols, ports in (("tls", [1, 2]), ("http,ssh", [3, 4]), (" unknown , ssh", [4, 5]), ("quic", []), ("tls,http,ssh,unknown", [1, 2, 3, 4, 5])):
            self.assertEqual(self.ports("--only", protocols), ports)

    def test_names(self):
        for patterns, ports in (("www.example", [1]), ("*", [1, 2]), ("*.TEST,nobody", [2]), ("w?w.*,*.test", [1, 2]), ("example", [])):
            self.assertEqual(self.ports("--sni", patterns), ports)
        self.assertEqual(self.ports("--sni", "www.*", "--only", "tls,http"), [1])

    def test_quic(self):
        data = pcap([datagram(4000, 443, INITIAL), datagram(5000, 53, b"something else")])
        for options, n in ((("--only", "quic"), 1), (("--only", "tls"), 0), (("--sni", "example.com"), 1), (("--sni", "www.*"), 0), (("--only", "unknown"), 1)):
            self.assertEqual(slim("-q", "--log", "-", "--transport", "udp", *options, "-", stdin=data).stdout.count(b"\n"), n)

    def test_summary(self):
        result = slim("--log", "-", "--only", "tls", "-", stdin=capture())
        self.assertIn("left out        3 streams that -Y, --only or --sni does not match\n", result.stderr)

    def test_with_a_display_filter(self):
        """Both have to match."""
        self.assertEqual(self.ports("-Y", "tcp.srcport <= 3"), [1, 2, 3])
        self.assertEqual(self.ports("-Y", "tcp.srcport <= 3", "--only", "http,ssh"), [3])
        self.assertEqual(self.ports("-Y", "tcp.srcport <= 3", "--sni", "other.*"), [2])

    def test_table(self):
        shown = subprocess.run([PROGRAM, "show", "--sni", "www.*", "-"], input=capture(), capture_output=True, timeout=PATIENCE_SECONDS)
        self.assertEqual((shown.returncode, shown.stdout.count(b"\n")), (0, 2))    # a row, below the names of the columns
        self.assertIn(b"tls www.Example", shown.stdout)
        self.assertIn(b", 4 not matched by -Y, --only or --sni\n", shown.stderr)

    def test_bad_options(self):
        self.assertIn("--only: there is no protocol htp. Did you mean http?", self.refused("--log", "-", "--only", "tls,htp", "-"))
        self.assertIn("--only takes protocols, comma-separated: unknown, tls, quic, http, ", self.refused("--log", "-", "--only", "", "-"))
        self.assertIn("comma-separated: unknown,", self.refused("--log", "-", "--only", "tls,,ssh", "-"))
        self.assertIn("--sni takes patterns", self.refused("--log", "-", "--sni", "a,", "-"))
        self.assertIn("which --only leaves out", self.refused("--log", "-", "--sni", "a", "--only", "ssh", "-"))
        self.assertIn("go with --log", self.refused("--only", "tls", "-w", self.path("out"), "-"))
        self.assertIn("not frames of a capture", self.refused("--only", "tls", "--log", "-", "-w", self.path("out"), "-"))
        self.assertIn("is given twice", self.refused("--only", "tls", "--only", "ssh", "--log", "-", "-"))

    def test_watch(self):
        for folder in ("in", "out"):
            os.mkdir(self.path(folder))
        folders = [self.path("in"), self.path("out")]
        self.assertIn("not frames of captures", self.refused("--log", "beside", "--only", "tls", *folders, command="watch"))
        self.assertIn("go with --log", self.refused("--only", "tls", *folders, command="watch"))
        config = write(self.folder, "a.conf", b"[watch]\nlog = only\nonly = tls, ssh\nsni = www.*\n")
        write(folders[0], "a.pcap", capture())
        subprocess.run([PROGRAM, "watch", "--once", "--config", config, *folders], check=True, capture_output=True, timeout=PATIENCE_SECONDS)
        with open(os.path.join(folders[1], "a.pcap.jsonl"), "rb") as file:
            self.assertEqual([entry["src_port"] for entry in log_schema.entries(file.read())], [1])

    def test_captures(self):
        """What is left out and what is not are all there is."""
        path = os.path.join(CAPTURES, "mixed.pcap")
        lines = slim("-q", "--log", "-", path).stdout.splitlines()
        tls = slim("-q", "--log", "-", "--only", "tls", path).stdout.splitlines()
        rest = slim("-q", "--log", "-", "--only", "http,ssh,smtp,unknown,http2,proxy,ftp,pop3,imap,mysql,pgsql,mqtt,rdp,smb,dns", path).stdout.splitlines()
        self.assertEqual(sorted(tls + rest), sorted(lines))
        self.assertTrue(tls and all(b"\ttls" in line for line in tls))
