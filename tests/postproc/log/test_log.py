# SPDX-License-Identifier: GPL-2.0-or-later
"""slim --log does what its documents say: lines, escaping, files to which lines are added, pipes, SIGHUP, full disks. tests/agree compares what
lines say with tshark. Capturing takes root."""
import base64
import fcntl
import gzip
import os
import pty
import resource
import signal
import socket
import stat
import struct
import subprocess
import sys
import unittest

from pcaps import ACK, CAPTURES, NANOSECONDS, PROGRAM, SYN, InFolder, connection, header, pcap, read, record, segment, slim, write
from waiting import PATIENCE_SECONDS, send_signal, wait_for, wait_until_caught, wait_until_taken, whole_lines
from test_pcapng import Writer
from test_slim import in_fragments
from test_stream_key import erspan, tagged, vxlan

sys.path.insert(0, os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "tests", "lib"))
import log_schema  # noqa: E402
from hello import client_hello  # noqa: E402

REQUEST = b"GET / HTTP/1.1\r\n\r\n"
LINE = "2023-11-14T22:13:20.003000Z 192.0.2.1:40000 > 192.0.2.2:80 client 18 0.003000 - GET / HTTP/1.1\\x0d\\x0a\\x0d\\x0a\thttp GET /\n"


LINUX_COOKED_2, NFLOG = 276, 239
NFLOG_IN, NFLOG_OUT = 4, 5      # linux/netfilter/nfnetlink_log.h: NFULA_IFINDEX_INDEV and _OUTDEV


def cooked(frame, interface):
    return struct.pack(">HHIHBB8x", 0x0800, 0, interface, 1, 0, 6) + frame[14:]


def netfilter_log(frame, order, interfaces):
    """Returns family and packet in the form of NFLOG. interfaces: {attribute: index}."""
    attributes = [(attribute, struct.pack(">I", index)) for attribute, index in interfaces.items()] + [(9, frame[14:])]
    return b"\x02\0\0\5" + b"".join(struct.pack(order + "HH", 4 + len(value), kind) + value + bytes(-len(value) % 4) for kind, value in attributes)


def text(*arguments, **kwargs):
    return slim("-q", "--log", "-", *arguments, **kwargs).stdout.decode("ascii")


def entries(*arguments, **kwargs):
    return log_schema.entries(slim("-q", "--log", "-", "--log-format", "json", *arguments, **kwargs).stdout)


def entry(frames, *arguments, **kwargs):
    """Returns the line of a capture that has one."""
    found = entries(*arguments, "-", stdin=pcap(frames, **kwargs))
    assert len(found) == 1, found
    return found[0]


class Lines(InFolder):
    def test_text(self):
        self.assertEqual(text("-", stdin=pcap(connection())), LINE)

    def test_json(self):
        self.assertEqual(entry(connection()), {
            "timestamp": "2023-11-14T22:13:20.003000Z", "event_type": "firstpayload", "src_ip": "192.0.2.1", "src_port": 40000,
            "dest_ip": "192.0.2.2", "dest_port": 80, "client_ip": "192.0.2.1", "client_port": 40000, "server_ip": "192.0.2.2", "server_port": 80,
            "proto": "TCP", "community_id": entry(connection())["community_id"], "flow_id": entry(connection())["flow_id"],
            "pcap_filename": "standard input", "pcap_cnt": 4, "stream": 0, "side": "client", "length": 18, "delay": 0.003, "age": 0.003,
            "fast_open": False, "midstream": False, "out_of_order": False, "payload": base64.b64encode(REQUEST).decode(),
            "payload_printable": "GET / HTTP/1.1....", "message": base64.b64encode(REQUEST).decode(), "message_length": 18, "complete": True,
            "frames": [4], "app_proto": "http", "http": {"url": "/", "http_method": "GET", "protocol": "HTTP/1.1"}})

    def test_what_the_payload_says(self):
        """The line says what the first segment has of a ClientHello in two segments, and the same where no payload is in the log."""
        hello = client_hello("www.example", 2000)

        def said(payload, *options):
            frames = connection()[:3] + [segment(40000, 80, 1001, ACK, payload, ack=5001)]
            found = entry(frames, *options)
            return found.get("app_proto"), found.get(found.get("app_proto"))

        protocol, tls = said(hello)
        self.assertEqual((protocol, tls["sni"], sorted(tls)), ("tls", "www.example", ["ech", "ja3", "ja4", "sni", "versions"]))
        protocol, tls = said(hello[:700])
        self.assertEqual((protocol, tls), ("tls", {"sni": "www.example"}))                  # its versions are in what is missing
        for offered, versions in ((b"\x0a\x0a\x03\x04", ["TLS 1.3"]), (b"\x0a\x0a\x1a\x1a", None)):
            named = client_hello("www.example", 2000, b"\0\x2b\0\x05\x04" + offered + b"\xfe\x0d\0\0")
            self.assertEqual(said(named)[1]["versions"], versions or ["TLS 1.2"])
            self.assertEqual(said(named[:700])[1], {"sni": "www.example", "ech": True, **({"versions": versions} if versions else {})})
        self.assertEqual(said(hello, "--log-bytes", "0"), said(hello))
        self.assertEqual(said(b"SSH-2.0-x y\r\n"), ("ssh", {"client": {"proto_version": "2.0", "software_version": "x", "comments": "y"}}))
        self.assertEqual(said(b"\x80\x01nothing known"), (None, None))
        self.assertEqual(said(b"GET /" + b"\xff" * 9 + b" HTTP/1.1\r\nHost: a:81\r\n\r\n")[1],
                         {"url": "/" + "\ufffd" * 9, "http_method": "GET", "protocol": "HTTP/1.1", "hostname": "a", "http_port": 81})
        self.assertEqual(len(said(b"GET /" + b"x" * 1000 + b" HTTP/1.1\r\n\r\n")[1]["url"]), 512)

    def test_in_iface_of_files(self):
        """Linux's own headers have the interface's index. Other frames of pcap do not say where they were captured."""
        for index, name in ((7, "if7"), (0, None), (0xffffffff, "if4294967295")):
            self.assertEqual(entry([cooked(frame, index) for frame in connection()], link=LINUX_COOKED_2).get("in_iface"), name)
        self.assertNotIn("in_iface", entry(connection()))
        for interfaces, name in (({}, None), ({NFLOG_IN: 3}, "if3"), ({NFLOG_OUT: 4}, "if4"), ({NFLOG_IN: 3, NFLOG_OUT: 4}, "if3"),
                                 ({NFLOG_OUT: 4, NFLOG_IN: 3}, "if3"), ({NFLOG_IN: 0, NFLOG_OUT: 4}, "if4")):
            for order in "<>":
                found = entry([netfilter_log(frame, order, interfaces) for frame in connection()], order=order, link=NFLOG)
                self.assertEqual(found.get("in_iface"), name, (interfaces, order))

    def test_in_iface_of_pcapng(self):
        """It is the interface's name; but where a frame has an index, that counts, as the name may be "any"."""
        w = Writer("<")
        for link, frames, name in ((1, connection(), "eth7"), (LINUX_COOKED_2, [cooked(frame, 7) for frame in connection()], "if7")):
            data = w.section() + w.interface(link, options=w.option(2, b"eth7") + w.option(2, b"eth8")) + b"".join(w.packet(frame) for frame in frames)
            for name_of_file, bytes_of_file in (("a.pcapng", data), ("a.pcapng.gz", gzip.compress(data))):
                found, = entries(write(self.folder, name_of_file, bytes_of_file))
                self.assertEqual((found["in_iface"], found["pcap_filename"]), (name, self.path(name_of_file)))

    def test_in_iface_of_any_bytes(self):
        w = Writer(">")
        packets = b"".join(w.packet(frame) for frame in connection())
        found, = entries("-", stdin=w.section() + w.interface(options=w.option(2, b'"\n\xff' + b"x" * 60000)) + packets)
        self.assertEqual(found["in_iface"], '"\n\ufffd' + "x" * 509)
        found, = entries("-", stdin=w.section() + w.interface(options=w.option(2, b"")) + packets)
        self.assertNotIn("in_iface", found)

    def test_in_iface_of_a_message_that_goes_on(self):
        """It is that of the first payload frame."""
        hello, frames = client_hello("www.example", 2000), connection()[:3]
        frames += [segment(40000, 80, 1001 + at, ACK, hello[at:at + 1000], ack=5001) for at in range(0, len(hello), 1000)]
        found = entry([cooked(frame, 7 + n) for n, frame in enumerate(frames)], link=LINUX_COOKED_2)
        self.assertEqual((found["in_iface"], found["frames"]), ("if10", [4, 5, 6]))

    def test_one_line_for_each_first_payload_frame(self):
        found = entries(os.path.join(CAPTURES, "mixed.pcap"))
        listed = slim("-q", "--list", os.path.join(CAPTURES, "mixed.pcap")).stdout.decode().splitlines()
        firsts = [int(row.split("\t")[0]) for row in listed if "first" in row]
        self.assertEqual([found["pcap_cnt"] for found in found], firsts)
        self.assertEqual(len(text(os.path.join(CAPTURES, "mixed.pcap")).splitlines()), len(firsts))

    def test_flags(self):
        flags = ("fast_open", "midstream", "out_of_order")
        cases = ([segment(1, 2, 99, SYN, b"x")], "fast_open"), ([segment(1, 2, 3, ACK, b"x")], "midstream"), (
            connection()[:3] + [segment(40000, 80, 1101, ACK, b"x", ack=5001)], "out_of_order")
        for frames, flag in cases:
            with self.subTest(flag):
                self.assertEqual({name for name in flags if entry(frames)[name]}, {flag})
                self.assertIn(f" {flag} x\tincomplete\n", text("-", stdin=pcap(frames)))
        self.assertNotIn("delay", entry(cases[1][0]))
        self.assertIn(" unknown 1 - midstream ", text("-", stdin=pcap(cases[1][0])))

    def test_syn_restarts_clock(self):
        frames = connection()[:1] + connection()    # 1 ms apart, with the SYN twice
        self.assertEqual([entry(frames, *options)["delay"] for options in ([], ["--syn-restarts-clock"])], [0.004, 0.003])

    def test_server_that_speaks_first(self):
        frames = connection()[:3] + [segment(80, 40000, 5001, ACK, b"220 hello\r\n", ack=1001, src=b"\xc0\x00\x02\x02", dst=b"\xc0\x00\x02\x01")]
        found = entry(frames)
        self.assertEqual((found["side"], found["src_port"], found["dest_port"]), ("server", 80, 40000))

    def test_nothing_but_plain_ascii_gets_through(self):
        for nasty in (b"\x1b]0;owned\x07", b"\xc2\x9b31m", "\u202eevil\u2066".encode(), b"\r\n2023-11-14T forged line", bytes(range(256)), b"\\x41"):
            with self.subTest(nasty):
                frames = connection(request=nasty)[:4]
                line = text("-", stdin=pcap(frames))
                self.assertEqual(line.count("\n"), 1)
                self.assertTrue(all(" " <= character <= "~" for character in line[:-1].removesuffix("\tincomplete")))
                shown = line[:-1].split(" - ", 1)[1].removesuffix("\tincomplete")
                self.assertEqual(shown.encode().decode("unicode_escape").encode("latin-1"), nasty)
                self.assertEqual(base64.b64decode(entry(frames)["payload"]), nasty)

    def test_log_bytes(self):
        frames = connection(request=bytes(range(256)) * 5)[:4]
        for n in (1, 255, 1280, 65535):
            found = entry(frames, "--log-bytes", str(n))
            self.assertEqual((len(base64.b64decode(found["payload"])), len(found["payload_printable"]), found["length"]), (min(n, 1280), min(n, 1280), 1280))
        self.assertEqual(len(base64.b64decode(entry(frames)["payload"])), 256)
        self.assertTrue(text("--log-bytes", "0", "-", stdin=pcap(frames)).endswith(" -\n"))
        without = {"payload", "payload_printable", "message"}
        self.assertEqual({key: value for key, value in entry(frames).items() if key not in without}, entry(frames, "--log-bytes", "0"))

    def test_the_longest_line_there_can_be(self):
        big = segment(40000, 80, 1001, ACK, b"\xff" * 65480, ack=5001)
        data = pcap(connection()[:3] + [big])
        self.assertEqual(text("--log-bytes", "65535", "-", stdin=data).split(" - ")[1], "\\xff" * 65480 + "\n")

    def test_cut_payload(self):
        data = header() + b"".join(record(f, n) for n, f in enumerate(connection()[:3])) + record(connection()[3][:58], 3, wire=len(connection()[3]))
        found = entries("-", stdin=data)[0]
        self.assertEqual((base64.b64decode(found["payload"]), found["length"]), (REQUEST[:4], 18))
        data = header() + b"".join(record(f, n) for n, f in enumerate(connection()[:3])) + record(connection()[3][:54], 3, wire=len(connection()[3]))
        self.assertEqual(entries("-", stdin=data)[0]["payload"], "")

    def test_ethernet_padding_is_no_payload(self):
        self.assertEqual(entry([f + b"padding" for f in connection(request=b"x")])["payload_printable"], "x")

    def test_nanoseconds(self):
        found = entry(connection(), magic=NANOSECONDS)
        self.assertEqual(found["timestamp"], "2023-11-14T22:13:20.003000000Z")
        self.assertIn("20.003000000Z", text("-", stdin=gzip.compress(pcap(connection(), magic=NANOSECONDS))))
        self.assertIn("20.003000Z", text("-", stdin=gzip.compress(pcap(connection()))))

    def test_vlans(self):
        for tags, numbers in (((100,), [100]), ((0x2005, 300), [5, 300]), ((0, 7), [7]), ((0,), None), (range(1, 21), list(range(1, 21)))):
            with self.subTest(tags=tags):
                for options in ((), ("--stream-key", "vlan"), ("--stream-key", "vni")):
                    self.assertEqual(entry([tagged(f, *tags) for f in connection()], *options).get("vlan"), numbers)
        inside = [tagged(vxlan(tagged(f, 20), 5, n in (1, 4)), 10) for n, f in enumerate(connection())]
        self.assertEqual(entry(inside)["vlan"], [10, 20])
        self.assertEqual(entry([erspan(f, 33, 1, n in (1, 4)) for n, f in enumerate(connection())])["vlan"], [33])

    def test_in_fragments_within_a_tunnel(self):
        """The payload lies in what was put together from several frames, twice within one another, and other such frames of the batch follow."""
        inner = [tagged(frame, 9) for frame in in_fragments(connection()[3])]
        outer = [part for n, frame in enumerate(inner) for part in renumbered(in_fragments(vxlan(frame, 5, False)), n + 1)]
        others = [part for port in (1, 2, 3) for part in renumbered(in_fragments(connection(port)[3]), 100 + port)]
        start = [vxlan(f, 5, n == 1) for n, f in enumerate(connection()[:3])]
        for options in ((), ("-w", self.path("out.pcap")), ("-w", self.path("out.pcap"), "--marked-only")):
            found = entries(*options, "-", stdin=pcap(start + outer + others))
            self.assertEqual([(e["src_port"], e["payload_printable"], e.get("vlan"), e["pcap_cnt"]) for e in found],
                             [(40000, "GET / HTTP/1.1....", [9], 7)] + [(port, "GET / HTTP/1.1....", None, 7 + 2 * port) for port in (1, 2, 3)])

    def test_several_files(self):
        first = write(self.folder, "1.pcap", pcap(connection(1)[:4]))
        second = write(self.folder, "\u00e4\n.pcap", pcap(connection(1)[4:] + connection(2)))
        found = entries(first, second)
        self.assertEqual([(e["pcap_filename"], e["pcap_cnt"], e["stream"]) for e in found], [(first, 4, 0), (second, 5, 1)])

    def test_frame_numbers_are_those_of_the_file_also_with_a_filter(self):
        source = write(self.folder, "in.pcap", pcap(connection(1) + connection(2)))
        self.assertEqual([e["pcap_cnt"] for e in entries("-f", "port 2", source)], [9])

    def test_seed(self):
        self.assertEqual(entry(connection())["community_id"], entry(connection(), "--community-id-seed", "0")["community_id"])
        self.assertNotEqual(entry(connection())["community_id"], entry(connection(), "--community-id-seed", "1")["community_id"])


def renumbered(frames, number):
    """Returns fragments of another datagram."""
    at = 18
    return [frame[:at] + struct.pack(">H", number) + frame[at + 2:] for frame in frames]


class Outputs(InFolder):
    def setUp(self):
        super().setUp()
        self.source = write(self.folder, "in.pcap", pcap(connection()))
        self.log = self.path("a.log")

    def test_beside_a_capture(self):
        wanted = slim(self.source).stdout
        result = slim("--log", self.log, "-w", self.path("out.pcap"), self.source)
        self.assertEqual((result.returncode, read(self.log).decode(), read(self.path("out.pcap"))), (0, LINE, wanted))
        self.assertRegex(result.stderr, r"kept +1 frames")
        self.assertEqual(slim("-q", "--log", self.path("b.log"), "-w", "-", self.source).stdout, wanted)
        self.assertEqual(read(self.path("b.log")).decode(), LINE)

    def test_alone_it_writes_no_capture(self):
        for where in ("-", self.log):
            result = slim("--log", where, self.source)
            self.assertEqual((result.returncode, result.stdout.decode()), (0, LINE if where == "-" else ""))
            self.assertNotIn("kept", result.stderr)
        ours, theirs = pty.openpty()
        run = subprocess.run([PROGRAM, "slim", "-q", "--log", "-", self.source], stdout=theirs, timeout=PATIENCE_SECONDS)
        os.close(theirs)
        self.assertEqual((run.returncode, os.read(ours, 1000).decode().replace("\r\n", "\n")), (0, LINE))
        os.close(ours)

    def test_beside_a_list(self):
        rows = slim("-q", "--list", self.source).stdout
        self.assertEqual((slim("-q", "--list", "--log", self.log, self.source).stdout, read(self.log).decode()), (rows, LINE))

    def test_what_is_there_stays(self):
        write(self.folder, "a.log", b"before\n")
        os.chmod(self.log, 0o604)
        for n in (1, 2):
            self.assertEqual(slim("--log", self.log, self.source).returncode, 0)
            self.assertEqual(read(self.log).decode(), "before\n" + n * LINE)
        self.assertEqual(stat.S_IMODE(os.stat(self.log).st_mode), 0o604)
        for umask, mode in ((0o022, 0o640), (0o077, 0o600)):
            slim("--log", self.path(f"{umask}.log"), self.source, umask=umask)
            self.assertEqual(stat.S_IMODE(os.stat(self.path(f"{umask}.log")).st_mode), mode)

    def test_wrong_usage_says_what_is_right(self):
        for words, what in ((["--log", ""], "--log takes"), (["--log", "-", "-w", "-"], "only one of"), (["--log", "-", "--list"], "only one of"),
                            (["--log", "-", "--keep", "reply"], "-w"), (["--log", "-", "-F", "pcap"], "-w"), (["--log", "-", "--marked-only"], "-w"),
                            (["--log", "-", "--log-format", "xml"], "text or json"), (["--log", "-", "--log-bytes", "65536"], "65535"),
                            (["--log", "-", "--log-bytes", "-1"], "65535"), (["--log", "-", "--community-id-seed", "65536"], "65535"),
                            (["--log-format", "json", "-w", "x"], "go with --log"), (["--log-bytes", "1", "-w", "x"], "go with --log")):
            with self.subTest(words):
                result = slim(*words, self.source)
                self.assertEqual(result.returncode, 64, result.stderr)
                self.assertIn(what, result.stderr)

    def test_names_that_are_taken(self):
        before = read(self.source)
        os.link(self.source, self.path("link"))
        for log in (self.source, self.path("link")):
            result = slim("--log", log, self.source)
            self.assertEqual((result.returncode, read(self.source)), (64, before))
            self.assertIn("is also an input", result.stderr)
        for there in (False, True):
            result = slim("--log", os.path.join(self.folder, ".", "same"), "-w", self.path("same"), self.source)
            self.assertEqual(result.returncode, 64)
            self.assertIn("same: is the output of both the capture and the log", result.stderr)
        self.assertEqual(slim("--log", self.path("gone/a.log"), self.source).returncode, 73)

    def test_damage_leaves_the_lines_before_it(self):
        damaged = pcap(connection()) + record(connection()[0])[:8] + b"\xff\xff\xff\x7f" * 2
        result = slim("--log", self.log, write(self.folder, "bad.pcap", damaged))
        self.assertEqual((result.returncode, read(self.log).decode()), (65, LINE))

    def test_full_device(self):
        result = slim("--log", "/dev/full", self.source)
        self.assertEqual(result.returncode, 74)
        self.assertIn("/dev/full: offset 0: cannot be written: No space left on device", result.stderr)

    def test_no_room_leaves_whole_lines(self):
        """A limit on file sizes stands in for a full disk: write fails in the same place, in the middle of a line."""
        source = write(self.folder, "big.pcap", pcap([f for port in range(1, 4000) for f in connection(port, b"x" * 100)[:4]]))
        write(self.folder, "a.log", b"before\n")
        limit = 300000
        result = slim("--log", self.log, "-w", self.path("out.pcap"), source, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.assertEqual(result.returncode, 74, result.stderr)
        data = read(self.log)
        self.assertIn(f"a.log: offset {len(data)}: cannot be written", result.stderr)
        self.assertIn("the lines before it are whole", result.stderr)
        self.assertTrue(data.startswith(b"before\n") and data.endswith(b"x\n") and limit - 300 < len(data) <= limit)
        self.assertNotIn("out.pcap", os.listdir(self.folder))
        self.assertEqual(data, (b"before\n" + slim("-q", "--log", "-", source).stdout)[:len(data)])

    def test_a_torn_line_is_ended_first(self):
        """This holds under whatever name the log is given; otherwise a line of the new run would be lost."""
        for before in (b"torn", b"whole\n" * 3 + b"t", b"{\"timestamp\": \"2026", b"\n", b"whole\n", b""):
            for script in ('"$@" --log "$LOG"', '"$@" --log - >>"$LOG"', '"$@" --log /dev/stdout >>"$LOG"', '"$@" -U --log "$LOG"', '"$@" --log /dev/fd/9 9>>"$LOG"'):
                with self.subTest(before=before, script=script):
                    write(self.folder, "a.log", before)
                    subprocess.run(["bash", "-c", script, "bash", PROGRAM, "slim", "-q", "-"], input=pcap(connection()), check=True,
                                   env={**os.environ, "LOG": self.log})
                    end = b"" if before.endswith(b"\n") or not before else b"\n"
                    self.assertEqual(read(self.log), before + end + LINE.encode())
        write(self.folder, "a.log", b"torn")
        self.assertEqual(slim("-q", "--log", self.log, "-", stdin=pcap([])).returncode, 0)
        self.assertEqual(read(self.log), b"torn")        # there was nothing to write

    def test_each_write_has_whole_lines(self):
        source = write(self.folder, "big.pcap", pcap([f for port in range(1, 4000) for f in connection(port, b"\0" * 1000)[:4]]))
        traced = self.path("trace")
        for options, at_least in (((), 10), (("-U",), 3999)):
            subprocess.run(["strace", "-qq", "-e", "trace=write", "-e", "write=none", "-s", "1", "-o", traced, "-P", self.log, PROGRAM, "slim", "-q", *options,
                            "--log", self.log, "--log-bytes", "1000", source], check=True, timeout=PATIENCE_SECONDS,
                           env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})      # which cannot be found under strace
            writes = [int(line.rsplit("=", 1)[1]) for line in read(traced).decode().splitlines() if line.startswith("write(")]
            data, at = read(self.log), 0
            self.assertEqual(sum(writes), len(data))
            self.assertGreaterEqual(len(writes), at_least)
            for n in writes:
                at += n
                self.assertEqual(data[at - 1:at], b"\n")
            os.unlink(self.log)

    def test_a_line_that_another_is_writing_is_not_ended(self):
        """Whoever adds lines has a lock on the log. Without it, an empty line would follow what only looks torn because a long write is going on."""
        write(self.folder, "a.log", b"torn, or half of a line")
        with open(self.log, "rb") as other:
            fcntl.flock(other, fcntl.LOCK_SH)
            slim("-q", "--log", self.log, self.source)
        self.assertEqual(read(self.log).decode(), "torn, or half of a line" + LINE)
        with open(self.log, "ab") as other:
            other.write(b"torn")
            other.flush()
            slim("-q", "--log", self.log, self.source)
        self.assertEqual(read(self.log).decode().splitlines()[1:], ["torn", LINE.rstrip()])

    def test_two_that_write_to_one_log_tear_no_line(self):
        source = write(self.folder, "big.pcap", pcap([f for port in range(1, 3000) for f in connection(port, b"x" * 300)[:4]]))
        runs = [subprocess.Popen([PROGRAM, "slim", "-q", "-U", "--log", self.log, "--log-format", "json", source]) for _ in range(3)]
        for run in runs:
            self.assertEqual(run.wait(PATIENCE_SECONDS), 0)
        found = log_schema.entries(read(self.log))
        self.assertEqual(sorted(e["src_port"] for e in found), sorted(3 * list(range(1, 3000))))

    def test_a_reader_that_goes_away(self):
        source = write(self.folder, "big.pcap", pcap([f for port in range(1, 4000) for f in connection(port, b"x" * 300)[:4]]))
        run = subprocess.Popen([PROGRAM, "slim", "-w", self.path("out.pcap"), "--log", "-", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertIn(b" > ", run.stdout.readline())
        run.stdout.close()
        self.assertEqual(run.stderr.read(), b"")
        run.stderr.close()
        self.assertEqual(run.wait(PATIENCE_SECONDS), -signal.SIGPIPE)
        self.assertEqual(sorted(os.listdir(self.folder)), ["big.pcap", "in.pcap"])


class AsTheyCome(InFolder):
    def setUp(self):
        super().setUp()
        self.log = self.path("a.log")

    until = staticmethod(wait_for)

    def lines(self, path=None):
        return whole_lines(path or self.log)

    def start(self, *arguments, **kwargs):
        run = subprocess.Popen([PROGRAM, "slim", "-q", "--log", self.log, *arguments], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **kwargs)
        self.addCleanup(run.stderr.close)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        return run

    def give(self, run, port):
        run.stdin.write(b"".join(record(f, n) for n, f in enumerate(connection(port))))
        run.stdin.flush()

    def end(self, run):
        run.stdin.close()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0, run.stderr.read())

    def test_through_a_pipe_when_no_input_is_at_hand(self):
        for options in ((), ("-w", self.path("out.pcap")), ("--list",)):
            run = self.start(*options, "-")
            before = len(self.lines())
            run.stdin.write(header())
            for n in range(1, 4):
                self.give(run, n)
                self.until(lambda: len(self.lines()) == before + n, "the line")
            self.end(run)

    def test_hangup_opens_the_log_anew(self):
        """logrotate moves the file away, then sends the signal. No line is lost, none is torn, and none goes to the wrong file."""
        run = self.start("-w", self.path("out.pcap"), "-", umask=0o066)
        run.stdin.write(header())
        for n in range(1, 6):
            self.give(run, n)
            self.until(lambda: len(self.lines()) == 1, "the line")
            os.rename(self.log, self.path(f"old.{n}"))
            run.send_signal(signal.SIGHUP)
            self.until(lambda: os.path.exists(self.log), "the new file, with nothing to write")
            self.assertEqual(stat.S_IMODE(os.stat(self.log).st_mode), 0o600)
        self.end(run)
        for n in range(1, 6):
            self.assertIn(f":{n} > ", read(self.path(f"old.{n}")).decode())
        self.assertEqual((self.lines(), len(read(self.path("out.pcap"))) > 24), ([], True))

    def test_hangup_again_and_again_while_lines_are_written(self):
        run = self.start("-U", "-")
        run.stdin.write(header())
        self.give(run, 1)
        wait_until_caught(run, signal.SIGHUP)
        for n in range(2, 2001):
            self.give(run, n)
            if n % 50 == 0:
                if os.path.exists(self.log):
                    os.rename(self.log, self.path(f"old.{n}"))
                run.send_signal(signal.SIGHUP)
        self.end(run)
        data = b"".join(read(self.path(name)) for name in os.listdir(self.folder))
        self.assertEqual(sorted(int(line.split()[1].split(":")[1]) for line in data.decode().splitlines()), list(range(1, 2001)))

    def test_hangup_under_nohup(self):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGHUP, signal.SIG_DFL)
        self.test_hangup_opens_the_log_anew()

    def test_hangup_where_the_folder_is_gone(self):
        os.mkdir(self.path("logs"))
        self.log = self.path("logs/a.log")
        run = self.start("-")
        run.stdin.write(header())
        self.give(run, 1)
        self.until(lambda: len(self.lines()) == 1, "the line")
        os.rename(self.path("logs"), self.path("moved"))
        send_signal(run, signal.SIGHUP)
        self.give(run, 2)
        self.until(lambda: len(self.lines(self.path("moved/a.log"))) == 2, "the other line")
        run.stdin.close()
        self.assertIn(b"logs/a.log: cannot be reopened: No such file or directory", run.stderr.read())
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)

    def test_hangup_while_libwiretap_reads_the_pipe(self):
        """Another thread than the one that writes gets the signal."""
        pcapng = subprocess.run(["editcap", "-F", "pcapng", "-", "-"], input=pcap(connection(1)), capture_output=True, check=True).stdout
        run = self.start("-F", "nsecpcap", "-w", self.path("out.pcap"), "-")
        run.stdin.write(pcapng)
        run.stdin.flush()
        self.until(lambda: len(self.lines()) == 1, "the line")
        os.rename(self.log, self.path("old"))
        run.send_signal(signal.SIGHUP)
        self.until(lambda: os.path.exists(self.log), "the new file")
        run.stdin.write(pcapng)
        self.end(run)
        self.assertEqual((len(self.lines(self.path("old"))), len(self.lines())), (1, 0))      # the second time, it is not a first payload

    def test_hangup_while_files_are_read(self):
        """The signal does not end the reading, but the lines from then on are in the new file."""
        os.mkfifo(self.path("out"))
        source = write(self.folder, "in.pcap", pcap([f for port in range(1, 20001) for f in connection(port)]))
        for options in ((), ("-j", "2"), ("-U",)):
            run = self.start("-w", self.path("out"), *options, source)
            with open(self.path("out"), "rb", buffering=0) as out:
                self.assertEqual(out.read(24), header())
                os.rename(self.log, self.path("old"))
                send_signal(run, signal.SIGHUP)
                while out.read(65536):
                    pass
            self.end(run)
            before, after = self.lines(self.path("old")), self.lines()
            self.assertEqual(before + after, slim("-q", "--log", "-", source).stdout.decode().splitlines())
            self.assertGreater(len(after), 0)
            os.unlink(self.log)

    def test_hangup_without_a_file_ends_the_input(self):
        for log in ("/dev/null", "-", "/dev/stdout"):
            self.log = log
            run = self.start("-w", self.path("out.pcap"), "-")
            run.stdin.write(header() + b"".join(record(f, n) for n, f in enumerate(connection())))
            run.stdin.flush()
            wait_until_taken(run, run.stdin)
            run.send_signal(signal.SIGHUP)
            self.assertEqual((run.wait(PATIENCE_SECONDS), read(self.path("out.pcap"))), (0, header() + record(connection()[3], 3)))
            run.stdin.close()

    def test_hangup_finds_a_torn_line(self):
        run = self.start("-")
        run.stdin.write(header())
        self.give(run, 1)
        self.until(lambda: len(self.lines()) == 1, "the line")
        write(self.folder, "a.new", b"torn")
        os.rename(self.path("a.new"), self.log)
        send_signal(run, signal.SIGHUP)
        self.give(run, 2)
        self.end(run)
        self.assertEqual((self.lines()[0], len(self.lines())), ("torn", 2))
        self.assertIn(":2 > ", self.lines()[1])

    def test_an_interface(self):
        self.check_interface("lo")

    def test_all_interfaces(self):
        """The line says at which the frame came in."""
        self.check_interface("any")

    def check_interface(self, name):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            run = self.start("-i", name, "-f", f"tcp port {port}", "--log-format", "json")
            self.until(lambda: os.path.exists(self.log), "the log")

            def talk_until_heard():                 # the first connection may be too early
                with socket.create_connection(("127.0.0.1", port)) as peer:
                    peer.sendall(b"hello there")
                    server.accept()[0].close()
                return self.lines()

            self.until(talk_until_heard, "a line")
            found = log_schema.entries(self.lines()[0].encode() + b"\n")[0]
            self.assertEqual((found["in_iface"], found["payload_printable"], found["dest_port"]), ("lo", "hello there", port))
            run.send_signal(signal.SIGINT)
            self.assertEqual(run.wait(PATIENCE_SECONDS), 0)
            run.stdin.close()


if __name__ == "__main__":
    unittest.main()
