# SPDX-License-Identifier: GPL-2.0-or-later
"""firstpayload FILE, short for firstpayload show FILE: a table of what each connection said first, suited to a terminal, a pipe and a file."""
import base64
import fcntl
import gzip
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios

import unittest

from pcaps import ACK, CAPTURES, PROGRAM, SYN, InFolder, connection, header, pcap, record, segment, slim, write
from waiting import PATIENCE_SECONDS, wait_for

HEAD = ["frame", "from", "to", "said by", "delay", "first payload"]
REQUEST, SAID = "GET / HTTP/1.1", "http GET /"      # as it is sent, and as the table shows it
PLAIN = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR", "TERM")}
SGR = re.compile(r"\033\[\d+m")


def capture(name):
    return os.path.join(CAPTURES, name)


def run(*words, stdin=b"", env=None, **kwargs):
    result = subprocess.run([PROGRAM, *words], input=stdin, capture_output=True, timeout=PATIENCE_SECONDS, env={**PLAIN, **(env or {})}, **kwargs)
    result.stdout, result.stderr = result.stdout.decode("ascii"), result.stderr.decode()
    return result


def cells(line):
    """Returns the cells of a row; that of the delay may be empty."""
    found = re.fullmatch(r" *(\d+)  (\S+) +(\S+) +(client|server|unknown) +(?:(-?[\d.]+) s)?(?:  (.*))?", line)
    assert found, line
    return list(found.groups(""))


def table(*words, **kwargs):
    """Returns the rows that are shown."""
    result = run(*words, **kwargs)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert re.split("  +", lines[0]) == HEAD, lines[0]
    return [cells(line) for line in lines[1:] if not line.startswith("==>")]


def said(payload):
    """Returns what a row says of a connection whose request is payload."""
    return table("-", stdin=pcap(connection(request=payload)))[0][5]


class Rows(InFolder):
    def test_a_row(self):
        self.assertEqual(table("-", stdin=pcap(connection())), [["4", "192.0.2.1:40000", "192.0.2.2:80", "client", "0.003", SAID]])

    def test_rows_are_the_lines_of_the_log(self):
        for name in sorted(os.listdir(CAPTURES)):
            if not name.endswith((".pcap", ".pcapng")):
                continue
            with self.subTest(name):
                log = [json.loads(line) for line in slim("-q", "--log", "-", "--log-format", "json", capture(name)).stdout.splitlines()]
                rows = table(capture(name))
                self.assertEqual(len(rows), len(log))
                for row, line in zip(rows, log):
                    source, destination = ("%s:%d" % (f"[{a}]" if ":" in a else a, p) for a, p in ((line["src_ip"], line["src_port"]), (line["dest_ip"], line["dest_port"])))
                    delay = "%.3f" % line["delay"] if "delay" in line else ""
                    self.assertEqual(row[:5], [str(line["pcap_cnt"]), source, destination, line["side"], delay])
                    self.assert_payload(row[5], base64.b64decode(line["payload"]), line)

    def assert_payload(self, shown, payload, line):
        shown, _, remarks = shown.partition("  (")
        self.assertEqual([remark for remark in ("fast open", "midstream", "out of order") if remark in remarks],
                         [remark for remark in ("fast open", "midstream", "out of order") if line[remark.replace(" ", "_")]])
        if "app_proto" in line:
            names = [line.get("tls", {}).get("sni"), line.get("http", {}).get("url"), line.get("ssh", {}).get("server", {}).get("software_version"),
                     line.get("smtp", {}).get("greeting")]
            before = "proxy " if "proxy" in line and line["app_proto"] != "proxy" else ""
            self.assertTrue(shown.startswith(before + line["app_proto"]), shown)
            for name in filter(None, names):
                self.assertIn(name, shown)
            return
        line_of_text = payload.splitlines()[0].decode("latin-1")
        if shown not in (line_of_text, line_of_text[:77] + "..."):
            self.assertEqual(bytes.fromhex(shown), payload[:16])

    def test_remarks(self):
        self.assertEqual(table("-", stdin=pcap([segment(1, 2, 1, SYN, b"hello")]))[0][5], "hello  (fast open)")
        self.assertEqual(table("-", stdin=pcap([segment(1, 2, 1, ACK, b"hello")]))[0][5], "hello  (midstream)")
        late = connection()[:3] + [segment(40000, 80, 1010, ACK, b"hello", src=b"\xc0\x00\x02\x01", dst=b"\xc0\x00\x02\x02")]
        self.assertEqual(table("-", stdin=pcap(late))[0][5], "hello  (out of order)")
        cut = connection()[:3] + [connection()[3][:54]]
        frames = b"".join(record(frame, n, wire=len(connection()[n])) for n, frame in enumerate(cut))
        self.assertEqual(table("-", stdin=header() + frames)[0][5], "(not captured)")

    def test_text_and_bytes(self):
        for payload, shown in ((b"EHLO there\r\nsecret", "EHLO there"), (b"no end", "no end"), (b"ab\xff", "61 62 ff"), (b"abcd\xffe", "abcd.e"), (b"\r\n", "0d 0a"),
                               (b"\x16\x03\x01" + bytes(40), "16 03 01" + 13 * " 00"), (b"a\"\\b", 'a"\\b')):
            self.assertEqual(said(payload), shown)

    def test_nothing_of_strangers_gets_to_the_terminal(self):
        for byte in range(256):
            for payload in (bytes([byte]), b"abcd" + bytes([byte]) + b"e"):
                self.assertRegex(run("-", "-q", stdin=pcap(connection(request=payload)), env={"COLUMNS": "200"}).stdout, r"^[ -~\n]*$")

    def test_columns_are_aligned(self):
        out = run(capture("mixed.pcap")).stdout.splitlines()
        at = [out[0].index(name) for name in ("from", "to", "said by", "first payload")]
        self.assertIn("[2001:db8::10]", "".join(out))
        for line in out[1:]:
            for column in at:
                self.assertRegex(line[column - 2:column + 1], r"^  \S$")

    def test_what_is_wider_later_widens_its_column(self):
        """Only the first rows wait for others that may be wider."""
        short = [f for n in range(100) for f in connection(1000 + n)]
        wide = [segment(65000 + n, 65535, 1, SYN, b"hello", src=b"\xc6\x33\x64\xc8", dst=b"\xc6\x33\x64\xc9") for n in range(2)]
        lines = run("-", "-q", stdin=pcap(short + wide + connection(2000))).stdout.splitlines()
        self.assertEqual(len(lines), 104)
        self.assertEqual({line.index("192.0.2.2:80") for line in lines[1:101]}, {lines[0].index("to")})
        wider = lines[101].index("198.51.100.201")
        self.assertGreater(wider, lines[0].index("to"))
        self.assertEqual([lines[102].index("198.51.100.201"), lines[103].index("192.0.2.2:80")], [wider, wider])


class Width(InFolder):
    def lines(self, columns, name):
        return run("show", "-q", capture(name), env={"COLUMNS": str(columns)}).stdout.splitlines()

    def test_lines_are_no_wider_than_the_terminal(self):
        for name in ("mixed.pcap", "loss-at-server.pcap"):
            for columns in (78, 80, 81, 90, 100, 120, 200):
                for line in self.lines(columns, name):
                    self.assertLessEqual(len(line), columns, line)

    def test_what_is_long_is_cut(self):
        source = write(self.folder, "in.pcap", pcap(connection(request=b"x" * 1000)))
        for columns in (80, 100):
            line = run("show", "-q", source, env={"COLUMNS": str(columns)}).stdout.splitlines()[1]
            self.assertEqual((len(line), line[-4:]), (columns, "x..."))
        self.assertEqual(cells(run("show", "-q", source).stdout.splitlines()[1])[5], "x" * 77 + "...")
        exact = write(self.folder, "exact.pcap", pcap(connection(request=b"x" * 80)))
        self.assertEqual(cells(run("show", "-q", exact).stdout.splitlines()[1])[5], "x" * 80)

    def test_remarks_are_not_cut_off(self):
        source = write(self.folder, "in.pcap", pcap([segment(1, 2, 1, SYN, b"x" * 1000)]))
        self.assertRegex(run("show", "-q", source, env={"COLUMNS": "80"}).stdout, r"(?m)^.{51}x{13}\.\.\.  \(fast open\)$")
        self.assertRegex(run("show", "-q", source, env={"COLUMNS": "79"}).stdout, r"(?m)^ +1 .*0.000 s\n {7}x{56}\.\.\.  \(fast open\)$")

    def test_where_addresses_take_the_line_the_payload_has_its_own(self):
        lines = self.lines(70, "ipv6.pcap")
        self.assertEqual([lines[1].strip(), lines[3].strip()], ["first payload", "http GET www.example/small.txt"])
        self.assertEqual(lines[9], "       http GET www.example/small.txt  (fast open)")
        self.assertTrue(all(len(line) <= 70 and line == line.rstrip() for line in lines))

    def test_odd_widths(self):
        for columns in ("0", "1", "-5", "wide", "", "99999999999999999999"):
            self.assertEqual(run("show", "-q", capture("http.pcap"), env={"COLUMNS": columns}).returncode, 0)


class OnATerminal(InFolder):
    def shown(self, *words, columns=100, env=None):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
        process = subprocess.Popen([PROGRAM, *words], stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE, env={**PLAIN, "TERM": "xterm", **(env or {})})
        os.close(theirs)
        out = b""
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:                 # the other end is closed
                break
            out += chunk
        os.close(ours)
        with process.stderr:
            process.stderr.read()
        self.assertEqual(process.wait(PATIENCE_SECONDS), 0)
        return out.decode("ascii").replace("\r\n", "\n")

    def test_its_width_and_colours(self):
        for columns in (80, 133):
            out = self.shown(capture("mixed.pcap"), columns=columns)
            self.assertIn("\033[36mclient\033[0m", out)
            self.assertIn("\033[33mserver\033[0m", out)
            self.assertIn("\033[35m(fast open)\033[0m", out)
            self.assertEqual(SGR.sub("", out), run(capture("mixed.pcap"), env={"COLUMNS": str(columns)}).stdout)

    def test_who_wants_no_colours(self):
        for words, env in (((), {"NO_COLOR": "1"}), ((), {"TERM": "dumb"}), (("--color=never",), {}), (("--color", "always", "--color=never"), {})):
            self.assertNotIn("\033", self.shown(capture("http.pcap"), *words, env=env))
        for words, env in (((), {"NO_COLOR": ""}), (("--color=always",), {"NO_COLOR": "1"}), (("--color=auto",), {})):
            self.assertIn("\033[1mframe\033[0m", self.shown(capture("http.pcap"), *words, env=env))

    def test_elsewhere(self):
        self.assertNotIn("\033", run(capture("http.pcap"), env={"TERM": "xterm"}).stdout)
        self.assertIn("\033[36mclient", run("show", "--color=always", capture("http.pcap")).stdout)
        self.assertIn("--color takes auto, always or never", run("show", "--color=maybe", capture("http.pcap")).stderr)

    def test_progress_makes_room_for_rows(self):
        fifo = self.path("in")
        os.mkfifo(fifo)
        ours, theirs = pty.openpty()
        process = subprocess.Popen([PROGRAM, fifo], stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env={**PLAIN, "COLUMNS": "100"})
        os.close(theirs)
        os.set_blocking(ours, False)
        out = bytearray()

        def read_more():
            try:
                out.extend(os.read(ours, 65536))
            except OSError:
                pass
            return bytes(out)

        with open(fifo, "wb", 0) as writer:
            writer.write(header())

            def write_until_progress():
                writer.write(record(connection()[0]) * 100)
                return b" frames" in read_more()

            wait_for(write_until_progress, "progress")
            writer.write(b"".join(map(record, connection())))
            wait_for(lambda: SAID.encode() in read_more(), "the row")
        self.assertEqual(process.wait(PATIENCE_SECONDS), 0)
        self.assertRegex(bytes(read_more()), rb"\rframe  from|\r\x1b\[Kframe  from")
        self.assertNotIn(b"kept", out)
        os.close(ours)


class Inputs(InFolder):
    def test_short_form(self):
        source = capture("mixed.pcap")
        with open(source, "rb") as file:
            data = file.read()
        shown = run("show", source)
        self.assertEqual(len(shown.stdout.splitlines()), 23)
        for words in ((source,), (source, "-c", "1000"), (os.path.relpath(source),)):
            self.assertEqual(run(*words).stdout, shown.stdout, words)
        for words in (("-",), ("/dev/stdin",), ("show", "-")):
            self.assertEqual(table(*words, stdin=data), table(source), words)
        piped = subprocess.run(["bash", "-c", '"$0" <(cat "$1")', PROGRAM, source], capture_output=True, text=True, env=PLAIN, timeout=PATIENCE_SECONDS)
        self.assertEqual((piped.returncode, [cells(line) for line in piped.stdout.splitlines()[1:]]), (0, table(source)))

    def test_compressed_and_converted(self):
        source = capture("http.pcap")
        with open(source, "rb") as file:
            packed = write(self.folder, "in.pcap.gz", gzip.compress(file.read()))
        subprocess.run(["editcap", "-F", "pcapng", source, self.path("in.pcapng")], check=True, timeout=PATIENCE_SECONDS)
        subprocess.run(["editcap", "-F", "snoop", source, self.path("in.snoop")], check=True, timeout=PATIENCE_SECONDS)
        for name in packed, self.path("in.pcapng"), self.path("in.snoop"):
            self.assertEqual(table(name), table(source))

    def test_several_files_are_named(self):
        first, second = connection(1), connection(2)
        a, b, c = (write(self.folder, name, pcap(frames)) for name, frames in (("a\033[31m", first + second[:3]), ("b", second[3:]), ("c", connection(3))))
        named = [line for line in run(a, b, c).stdout.splitlines() if line.startswith("==>")]
        self.assertEqual(named, [f"==> {self.path(name)} <==" for name in ("a\\x1b[31m", "b", "c")])
        self.assertEqual([row[:2] for row in table(a, b, c)], [["4", "192.0.2.1:1"], ["1", "192.0.2.1:2"], ["4", "192.0.2.1:3"]])
        self.assertNotIn("==>", run(a).stdout)

    def test_several_files_of_which_some_match(self):
        a, b, c = (write(self.folder, f"{n}", pcap(connection(n, request=b"GET /%d HTTP/1.1\r\n\r\n" % n))) for n in (1, 2, 3))
        result = run(a, b, c, "-Y", 'http.request.uri matches "[13]"')
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual([line for line in result.stdout.splitlines() if line.startswith("==>")], [f"==> {a} <==", f"==> {c} <=="])
        self.assertIn(", 1 not matched by -Y, --only or --sni\n", result.stderr)

    def test_options_of_slim(self):
        self.assertEqual(len(table(capture("mixed.pcap"), "-f", "tcp port 22")), 2)
        self.assertEqual(len(table(capture("mixed.pcap"), "--no-midstream")), 21)
        self.assertEqual(len(table("show", "-c40", capture("mixed.pcap"))), 3)
        for words in (["--keep", "first"], ["-w", "x"], ["--log", "-"], ["-F", "pcap"]):
            self.assertEqual(run("show", *words, capture("http.pcap")).returncode, 64)

    def test_a_file_that_is_called_like_a_command(self):
        write(self.folder, "slim", pcap(connection()))
        self.assertEqual(run("slim", cwd=self.folder).returncode, 64)
        self.assertEqual(len(table("./slim", cwd=self.folder)), 1)
        self.assertEqual(len(table("show", "slim", cwd=self.folder)), 1)

    def test_an_interface_that_is_not_there(self):
        result = run("show", "-i", "no-such-one")
        self.assertIn(result.returncode, (66, 77))
        self.assertEqual(result.stdout, "")


class Outcome(InFolder):
    def test_summary(self):
        self.assertEqual(run(capture("mixed.pcap")).stderr, "462 frames, 26 streams, 22 with payload\n")
        self.assertEqual(run(capture("mixed.pcap"), "-q").stderr, "")
        self.assertIn(", 4 forgotten, as the table was full", run("-", "--max-streams", "16", stdin=pcap([f for n in range(1, 20) for f in connection(n)])).stderr)

    def test_where_nothing_was_said(self):
        result = run("-", stdin=pcap(connection()[:3] + [b"\0" * 12 + b"\x08\x06" + bytes(28)]))
        self.assertEqual((result.returncode, result.stdout), (0, ""))
        self.assertRegex(result.stderr, r"(?m)^  ARP +1$")
        self.assertRegex(result.stderr, r"(?m)^streams +1, 0 with payload$")

    def test_statuses_are_those_of_slim(self):
        whole = write(self.folder, "whole", pcap(connection(1)))
        for name, data, status, n_rows in (("cut", pcap(connection())[:-5], 1, 2), ("none", b"no capture at all", 65, 1), ("gone", None, 66, 1)):
            path = write(self.folder, name, data) if data is not None else self.path(name)
            shown, logged = run("show", whole, path), slim("--log", "-", whole, path)
            self.assertEqual((shown.returncode, logged.returncode), (status, status))
            self.assertEqual(sum("client" in line for line in shown.stdout.splitlines()), n_rows, name)     # rows of what came before the failure
            message = next(line for line in shown.stderr.splitlines() if path in line)
            self.assertIn(message, logged.stderr)

    def test_a_full_disk_and_no_output(self):
        self.assertEqual(subprocess.run(["sh", "-c", '"$0" "$1" >/dev/full', PROGRAM, capture("http.pcap")], stderr=subprocess.DEVNULL, timeout=PATIENCE_SECONDS).returncode, 74)
        self.assertEqual(subprocess.run(["sh", "-c", '"$0" "$1" >&-', PROGRAM, capture("http.pcap")], stderr=subprocess.DEVNULL, timeout=PATIENCE_SECONDS).returncode, 73)

    def test_a_reader_that_goes_away(self):
        source = write(self.folder, "in.pcap", pcap([f for n in range(1, 20000) for f in connection(n)]))
        process = subprocess.Popen([PROGRAM, source], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=PLAIN)
        self.assertRegex(process.stdout.readline(), rb"^frame  from")
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()
        self.assertEqual(process.wait(PATIENCE_SECONDS), -signal.SIGPIPE)

    def test_rows_come_as_frames_come(self):
        process = subprocess.Popen([PROGRAM, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=PLAIN)
        process.stdin.write(header())
        for port in range(1, 5):
            process.stdin.write(b"".join(map(record, connection(port))))
            process.stdin.flush()
            if port == 1:
                self.assertRegex(process.stdout.readline(), rb"^frame  from")
            self.assertIn(b"192.0.2.1:%d " % port, process.stdout.readline())
        process.stdin.close()
        self.assertEqual((process.stdout.read(), process.wait(PATIENCE_SECONDS)), (b"", 0))
        process.stdout.close()


if __name__ == "__main__":
    unittest.main()
