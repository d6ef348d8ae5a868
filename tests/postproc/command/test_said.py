# SPDX-License-Identifier: GPL-2.0-or-later
"""firstpayload said: what connections said first, counted. tests/agree/test_report.py holds the counts against the log; test_said_page.py has the
page in a browser."""
import gzip
import os
import re
import signal
import subprocess
import unittest

from hello import client_hello
from pcaps import ACK, CAPTURES, PROGRAM, SYN, InFolder, connection, header, pcap, read, record, segment, write
from said_report import Count, Page, from_page, from_text
from test_show import PLAIN, SGR
from waiting import PATIENCE_SECONDS, is_asleep, wait_for

FIRST, TIME = "2023-11-14 22:13:20", 19
HOSTILE = b"<script>alert(1)</script>\"'&\xe2\x80\xae\x1b[2J\n\t\\.example"
ESCAPED = "<script>alert(1)</script>\"'&\\xe2\\x80\\xae\\x1b[2J\\x0a\\x09\\x5c.example"


def capture(name):
    return os.path.join(CAPTURES, name)


def said(*words, stdin=b"", env=None, status=0, **kwargs):
    """What it prints."""
    result = subprocess.run([PROGRAM, "said", *map(str, words)], input=stdin, capture_output=True, timeout=PATIENCE_SECONDS, env={**PLAIN, **(env or {})}, **kwargs)
    assert result.returncode == status, (result.returncode, result.stderr)
    said.errors = result.stderr.decode()
    return result.stdout.decode("ascii")


def request(host):
    return b"GET / HTTP/1.1\r\nHost: %s\r\n\r\n" % host


def capture_of(*requests, port=20000):
    """A capture in which each is said by a client of its own."""
    return pcap([frame for n, text in enumerate(requests) for frame in connection(port + n, text)])


def hellos(*names, **kwargs):
    return capture_of(*map(client_hello, names), **kwargs)


class Text(InFolder):
    def test_a_report(self):
        shown = said("-", stdin=capture_of(request(b"a.example"), b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", request(b"b.example"), request(b"a.example")))
        self.assertEqual(shown.replace("2023-11-14 22:13:20", "T"), """\
4 streams: 4 said something (T to T UTC), 0 said nothing

streams  first                last                 protocol
      3  T  T  http
      1  T  T  ssh

streams  first                last                 host
      2  T  T  a.example
      1  T  T  b.example

streams  first                last                 banner
      1  T  T  ssh OpenSSH_9.2p1 Debian-2
""")
        self.assertEqual(said.errors, "20 frames, 4 streams, 4 with payload\n")

    def test_several_captures_are_one(self):
        paths = [write(self.folder, f"{n}.pcap", hellos("a.example", f"{n}.example", port=1000 * n)) for n in range(1, 4)]
        packed = write(self.folder, "packed.pcap.gz", gzip.compress(hellos("a.example", port=9000)))
        counts = from_text(said(*paths[1:], packed, "-", stdin=read(paths[0])))[1]["server name"]
        self.assertEqual({name: count.streams for name, count in counts.items()}, {"a.example": 4, "1.example": 1, "2.example": 1, "3.example": 1})

    def test_who_says_nothing_is_counted(self):
        silent = [segment(30000 + n, 80, 1, SYN) for n in range(3)]
        shown = said("-", stdin=pcap([*connection(), *silent]))
        self.assertIn("4 streams: 1 said something (%s to %s UTC), 3 said nothing\n" % (FIRST, FIRST), shown)
        self.assertEqual(said("-", stdin=pcap(silent)), "3 streams: 0 said something, 3 said nothing\n")
        self.assertIn("TCP segment", said.errors)       # the question is then what the frames are
        self.assertEqual(said("-q", "-", stdin=pcap([])), "0 streams: 0 said something, 0 said nothing\n")
        self.assertEqual(said.errors, "")

    def test_streams_that_are_left_out(self):
        midstream = segment(30000, 80, 7, ACK, b"more")
        frames = pcap([*connection(), midstream])
        self.assertIn("2 streams: 2 said something", said("-", stdin=frames))
        self.assertIn("UTC), 1 said nothing or began before the capture\n", said("--no-midstream", "-", stdin=frames))
        shown = said("-q", "-Y", "http", write(self.folder, "two.pcap", frames))
        self.assertIn("2 streams: 1 said something", shown)
        self.assertIn(", 0 said nothing, 1 not matched by -Y\n", shown)
        self.assertEqual(set(from_text(shown)[1]["protocol"]), {"http"})

    def test_names_are_text(self):
        shown = said("-", stdin=capture_of(request(HOSTILE.replace(b"\n", b"").replace(b"\t", b"")), client_hello(HOSTILE)))
        self.assertRegex(shown, r"\A[ -~\n]*\Z")
        counts = from_text(shown)[1]
        self.assertEqual(list(counts["server name"]), [ESCAPED])
        self.assertEqual(list(counts["host"]), [ESCAPED.replace("\\x0a\\x09", "")])

    def test_names_that_look_like_remarks(self):
        """A remark begins where times stand, so no name can be taken for one."""
        hello = client_hello("43 others (--top)")
        _, counts, others = from_text(said("--top", "1", "-", stdin=capture_of(hello, hello, client_hello("x"), client_hello(""))))
        self.assertEqual(list(counts["server name"]), ["43 others (--top)"])
        self.assertEqual(others["server name"], {"1 other (--top)": 1, "without a server name": 1})

    def test_top(self):
        data = hellos(*(f"{n}.example" for n in range(30) for _ in range(n + 1)))
        _, counts, others = from_text(said("-", stdin=data))
        self.assertEqual(list(counts["server name"]), [f"{n}.example" for n in range(29, 9, -1)])
        self.assertEqual(others["server name"], {"10 others (--top)": sum(range(11))})
        self.assertEqual(len(from_text(said("--top", "0", "-", stdin=data))[1]["server name"]), 30)

    def test_numbers_have_commas_and_are_aligned(self):
        shown = said("--top", "1", "-", stdin=hellos(*["a.example"] * 1234, "b.example"))
        self.assertIn("\n  1,234  2", shown)
        self.assertIn("\n      1  1 other", shown)

    def test_more_names_than_are_remembered(self):
        flood = [f"{n}.example" for n in range(300)]
        shown = said("--top", "0", "--max-names", "16", "-", stdin=hellos(*["often.example"] * 5, *flood, "0.example"))
        _, counts, others = from_text(shown)
        names = counts["server name"]
        self.assertEqual(names["often.example"].streams, 5)
        self.assertLessEqual(len(names), 16)
        self.assertRegex(shown, r"\n      1\+ .*  0\.example\n")
        self.assertRegex(shown, r"\n\+ and perhaps up to \d+ more, of those that were dropped\n")
        dropped = others["server name"]["of rare names that were dropped, as there were too many (--max-names)"]
        self.assertEqual(sum(count.streams for count in names.values()) + dropped, 306)
        self.assertNotIn("+", said("--top", "0", "-", stdin=hellos(*flood)).partition("\n")[2])

    def test_other_transports(self):
        self.assertIn("0 streams", said("--transport", "udp", capture("http.pcap")))

    def test_times_of_damaged_captures(self):
        frames = connection()
        data = header() + b"".join(record(frame).replace(b"\x00\xf1\x53\x65", b"\xff\xff\xff\xff") for frame in frames) + pcap(connection(50000))[24:]
        counts = from_text(said("-", stdin=data))[1]["protocol"]["http"]
        self.assertEqual(counts, Count(2, "2023-11-14 22:13:20", "2106-02-07 06:28:15"))
        self.assertEqual(from_page(said("--html", "-", "-", stdin=data))[0]["protocol"]["http"], counts)


class Terminal(InFolder):
    def test_lines_are_cut_to_the_width(self):
        data = hellos("a" * 200 + ".example", "b" * 26)
        for width in (70, 87, 120):
            lines = said("-", stdin=data, env={"COLUMNS": str(width)}).splitlines()[1:]
            self.assertEqual(max(map(len, lines)), width)
            self.assertEqual(sum(line.endswith("...") for line in lines), 1 if width >= 87 else 3)    # JA4s are 36 long
        self.assertIn("a" * 200 + ".example\n", said("-", stdin=data))

    def test_colours(self):
        data = hellos("a.example", "b.example")
        plain, coloured = said("--top", "1", "-", stdin=data), said("--top", "1", "--color", "always", "-", stdin=data)
        self.assertNotIn("\033", plain)
        self.assertEqual(SGR.sub("", coloured), plain)
        self.assertIn("\033[1mstreams  first", coloured)
        self.assertNotIn("\033", said("--color", "never", "-", stdin=data))

    def test_what_makes_no_sense(self):
        for words, why in ((["--top", "-1"], "--top takes a number from 0"), (["--max-names", "15"], "--max-names takes a number from 16 to 1000000"),
                           (["--max-names", "1000001"], "--max-names takes"), (["--color", "red"], "--color takes auto, always or never"),
                           (["-i", "eth0"], "so there can be no FILE"), (["--html", "a", "--html", "b"], "--html is given twice"),
                           (["--transport", "udp", "-Y", "tls"], "streams of TCP alone"), (["--log", "-"], "--log")):
            self.assertEqual(said(*words, capture("http.pcap"), status=64), "")
            self.assertIn(why, said.errors)
        self.assertEqual(said(status=64), "")
        self.assertIn("no FILE is given", said.errors)


class Failures(InFolder):
    """Text says what was read before; a page is whole, or not there."""

    def test_damaged(self):
        path = write(self.folder, "damaged.pcap", hellos("a.example") + b"\xff" * 64)
        for page in ("page.html", "old.html"):
            if page == "old.html":
                write(self.folder, page, b"old")
            self.assertEqual(said("--html", self.path(page), path, status=65), "")
        self.assertEqual(sorted(os.listdir(self.folder)), ["damaged.pcap", "old.html"])
        self.assertEqual(read(self.path("old.html")), b"old")
        shown = said(path, status=65)
        self.assertIn("0 said nothing; a capture ended too early\n", shown)
        self.assertIn("a.example", shown)

    def test_cut(self):
        path = write(self.folder, "cut.pcap", hellos("a.example")[:-1])
        self.assertIn("; a capture ended too early\n", said(path, status=1))
        self.assertEqual(said("--html", self.path("page.html"), path, status=1), "")
        self.assertIn(b"a capture ended too early", read(self.path("page.html")))

    def test_missing(self):
        self.assertEqual(said(self.path("gone.pcap"), status=66), "")
        self.assertIn("a.example", said("-", self.path("gone.pcap"), stdin=hellos("a.example"), status=66))

    def test_output_that_cannot_be_written(self):
        path = write(self.folder, "a.pcap", hellos("a.example"))
        said("--html", self.path("no/page.html"), path, status=73)
        said("--html", path, path, status=64)
        with open("/dev/full", "wb") as full:
            for words in ((), ("--html", "-")):
                result = subprocess.run([PROGRAM, "said", *words, path], stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE_SECONDS)
                self.assertEqual(result.returncode, 74, result.stderr)
        self.assertEqual(read(path), hellos("a.example"))

    def test_what_goes_on_ends_with_a_signal(self):
        path = write(self.folder, "growing.pcap", hellos("a.example"))
        process = subprocess.Popen([PROGRAM, "said", "-q", "--follow", path], stdout=subprocess.PIPE)
        wait_for(lambda: is_asleep(process.pid), "the end of what there is")
        process.send_signal(signal.SIGINT)
        shown, _ = process.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual(process.returncode, 0)
        self.assertIn("a.example", shown.decode())


class Pages(InFolder):
    def test_it_says_the_same(self):
        data = hellos(*["often.example"] * 1500, *(f"{n}.example" for n in range(100)), "")
        counts, others = from_page(said("--html", "-", "-", stdin=data))
        self.assertEqual(counts, from_text(said("--top", "0", "-", stdin=data))[1])
        self.assertEqual(others, {"server name": {"without a server name": 1}})
        counts, others = from_page(said("--html", "-", "--top", "3", "-", stdin=data))
        self.assertEqual(len(counts["server name"]), 3)
        self.assertEqual(others["server name"], {"98 others": 98, "without a server name": 1})

    def test_the_same_input_gives_the_same_page(self):
        self.assertEqual(said("--html", "-", capture("mixed.pcap")), said("--html", "-", capture("mixed.pcap")))

    def test_names_are_text(self):
        counts, _ = from_page(said("--html", "-", "-", stdin=capture_of(client_hello(HOSTILE), b"220 " + HOSTILE.replace(b"\n", b"") + b"\r\n")))
        self.assertEqual(list(counts["server name"]), [ESCAPED])

    def test_captures_have_any_names(self):
        path = write(self.folder, "<script>\u202e\"'&\x1b.pcap", hellos("a.example"))
        shown = said("--html", "-", path, env={"LC_ALL": "C"})
        page = Page(shown)
        self.assertNotIn("\x1b", shown)
        self.assertEqual([tag for tag, _ in page.tags].count("script"), 1)
        self.assertIn("&lt;script&gt;\\xe2\\x80\\xae&quot;&#39;&amp;\\x1b.pcap", shown)

    def test_nothing_leads_elsewhere(self):
        page = Page(said("--html", "-", capture("mixed.pcap")))
        attributes = [(tag, name, value) for tag, attrs in page.tags for name, value in attrs.items()]
        self.assertEqual([row for row in attributes if row[1] in ("href", "src", "action", "srcset", "xlink:href")], [("link", "href", "data:,")])
        self.assertEqual([row for row in attributes if row[1] == "style" or row[1].startswith("on")], [])
        policy = next(attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy")
        self.assertRegex(policy, r"\Adefault-src 'none'; style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}='; img-src data:; base-uri 'none'; form-action 'none'\Z")
        self.assertLess([tag for tag, _ in page.tags].index("meta"), [tag for tag, _ in page.tags].index("title"))

    def test_tables_are_tables(self):
        page = Page(said("--html", "-", capture("mixed.pcap")))
        heads = [attrs for tag, attrs in page.tags if tag == "th"]
        self.assertTrue(all(attrs.get("scope") in ("col", "row") for attrs in heads))
        ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
        self.assertEqual(len(ids), len(set(ids)))
        for _, attrs in page.tags:
            for name in ("aria-labelledby", "for"):
                if name in attrs:
                    self.assertIn(attrs[name], ids)

    def test_of_nothing(self):
        page = Page(said("--html", "-", "-", stdin=pcap([])))
        self.assertEqual(page.tables, {})
        self.assertNotIn("form", [tag for tag, _ in page.tags])


if __name__ == "__main__":
    unittest.main()
