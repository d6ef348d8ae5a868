# SPDX-License-Identifier: GPL-2.0-or-later
"""slim --fields and -Y: what tshark says of the first flight, compared with what it says of the whole capture; and what happens if there is no
tshark, or if it dies, hangs or rejects the question. tests/agree compares many captures."""
import itertools
import json
import os
import select
import shutil
import signal
import struct
import subprocess
import sys
import unittest

from pcaps import ACK, CAPTURES, FIN, PROGRAM, RST, SYN, InFolder, connection, header, pcap, read, record, rows, segment, slim, stub, write
from test_slim import in_fragments
from test_stream_key import tagged, vxlan
from waiting import PATIENCE_SECONDS, wait_for, wait_until_taken, tsharks_of

sys.path.insert(0, os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "tests", "lib"))
import log_schema  # noqa: E402
from hello import client_hello  # noqa: E402

SNI, HOST = "tls.handshake.extensions_server_name", "http.host"
MIXED = os.path.join(CAPTURES, "mixed.pcap")
TSHARK = shutil.which("tshark")


def entries(*arguments, fields=SNI, **kwargs):
    result = slim("-q", "--in-order", "--log", "-", "--log-format", "json", "--fields", fields, *arguments, **kwargs)
    assert result.returncode == 0, result.stderr
    return log_schema.entries(result.stdout)


def names(frames, *arguments, **kwargs):
    return [entry["fields"].get(SNI) for entry in entries(*arguments, "-", stdin=pcap(frames), **kwargs)]


def hello_in(pieces, port=40000, name="www.example", reply=True):
    """Returns a connection to port 443 whose ClientHello comes in pieces, given as offsets from and to, in that order: three frames, the pieces, a
    reply."""
    hello = client_hello(name, 2000)
    client, server = b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02"
    frames = [segment(port, 443, 1000, SYN), segment(443, port, 5000, SYN | ACK, ack=1001, src=server, dst=client), segment(port, 443, 1001, ACK, ack=5001)]
    frames += [segment(port, 443, 1001 + begin, ACK, hello[begin:end], ack=5001) for begin, end in pieces]
    alert = segment(443, port, 5001, ACK, b"\x15\x03\x03\0\x02\x02\x28", ack=1001 + len(hello), src=server, dst=client)
    return frames + [alert] * reply


def aggregate(frames):
    """Returns an A-MSDU: one frame of 802.11 with the packets of all these Ethernet frames."""
    out = b"\x88\x01\0\0" + 3 * b"\x02\0\0\0\0\x01" + b"\0\0" + b"\x80\0"
    for frame in frames:
        llc = b"\xaa\xaa\3\0\0\0" + frame[12:]
        out += frame[:12] + struct.pack(">H", len(llc)) + llc + b"\0" * (-(14 + len(llc)) % 4)
    return out


def poisoned(deaths, how, each=False):
    """Returns a program in place of TSHARK to which this happens at a frame with POISON in it, or with each, at any frame. It writes to deaths then."""
    return f"""#!{sys.executable}
import os, signal, subprocess, sys, time
child = subprocess.Popen(["TSHARK", *sys.argv[1:]], stdin=subprocess.PIPE)
seen = b""
while True:
    data = os.read(0, 65536)
    seen = seen[-10:] + data
    if b"POISON" in seen or ({each} and b"HTTP" in seen):
        open({deaths!r}, "a").write("x")
        {how}
    if not data:
        break
    child.stdin.write(data)
    child.stdin.flush()
child.stdin.close()
sys.exit(child.wait())
"""


class Fields(InFolder):
    def test_as_tshark_has_them_of_the_whole_capture(self):
        asked = [SNI, "tls.handshake.ja3", HOST, "ssh.protocol"]
        out = subprocess.run([TSHARK, "-n", "-r", MIXED, "-T", "fields", "-e", "frame.number", "-e", "tcp.stream", "-e", "tcp.srcport",
                              *(word for name in asked for word in ("-e", name))], capture_output=True, check=True, text=True).stdout
        lines = [line.split("\t") for line in out.splitlines()]
        where = {int(line[0]): tuple(line[1:3]) for line in lines}
        wanted = {}
        for line in lines:
            for name, value in zip(asked, line[3:]):
                if value:
                    wanted.setdefault(tuple(line[1:3]), {}).setdefault(name, value)
        found = entries(MIXED, fields=",".join(asked))
        self.assertEqual([entry["fields"] for entry in found], [wanted.get(where[entry["pcap_cnt"]], {}) for entry in found])
        self.assertEqual([sum(name in entry["fields"] for entry in found) for name in asked], [5, 5, 13, 1])
        plain = log_schema.entries(slim("-q", "--log", "-", "--log-format", "json", MIXED).stdout)
        self.assertEqual([{key: value for key, value in entry.items() if key != "fields"} for entry in found], plain)

    def test_a_message_in_pieces_is_found_once(self):
        n = len(client_hello("www00.example", 2000))
        a, b = 700, 1400
        cases = {"one": [(0, n)], "two": [(0, a), (a, n)], "three": [(0, a), (a, b), (b, n)], "first last": [(a, b), (b, n), (0, a)],
                 "swapped": [(0, a), (b, n), (a, b)], "last first": [(b, n), (0, a), (a, b)], "backwards": [(b, n), (a, b), (0, a)],
                 "first twice": [(0, a), (0, a), (a, n)], "all twice": [(0, a), (0, a), (a, b), (a, b), (b, n), (b, n)],
                 "first thirty times": [(0, a)] * 30 + [(a, n)],    # more bytes than a flight may have, although it has not got that far
                 "again together": [(0, a), (b, n), (0, b)], "small": [(i, min(i + 50, n)) for i in range(0, n, 50)]}
        for reply in (True, False):
            streams = [hello_in(pieces, 1000 + n, f"www{n:02}.example", reply) for n, pieces in enumerate(cases.values())]
            found = names([frame for stream in streams for frame in stream])
            self.assertEqual(dict(zip(cases, found)), {what: f"www{n:02}.example" for n, what in enumerate(cases)}, f"reply={reply}")
            self.assertEqual(len(found), len(cases))
        self.assertEqual(names(hello_in(cases["backwards"])), ["www.example"])      # alone, too

    def test_many_streams_at_once_in_pieces(self):
        n = len(client_hello("a0.example", 2000))
        each = [hello_in([(700, n), (0, 700)], 1000 + i, f"a{i}.example") for i in range(10)]
        woven = [stream[i] for i in range(len(each[0])) for stream in each]
        self.assertEqual(names(woven), [f"a{i}.example" for i in range(10)])

    def test_in_fast_open_fragments_vlans_and_tunnels(self):
        hello = client_hello("www.example")
        self.assertEqual(names([segment(40000, 443, 1000, SYN, hello)]), ["www.example"])
        start, first, rest = hello_in([(0, 700), (700, len(client_hello("www.example", 2000)))])[:3], *hello_in([(0, 700), (700, 2100)])[3:5]
        for options in ((), ("-w", self.path("out.pcap")), ("-w", self.path("out.pcap"), "--marked-only")):
            self.assertEqual(names(start + in_fragments(first) + [rest], *options), ["www.example"])
        whole = hello_in([(0, 700), (700, 2100)])
        self.assertEqual(names([tagged(f, 7) for f in whole]), ["www.example"])
        self.assertEqual(names([vxlan(f, 5, n in (1, 5)) for n, f in enumerate(whole)]), ["www.example"])

    def test_several_segments_in_a_frame(self):
        """tshark is given the frame only once: the second time, it would be a retransmission, in which there is nothing."""
        syn, syn_ack, ack, first, rest, _ = hello_in([(0, 700), (700, 2100)])
        for groups in ([[syn], [syn_ack], [ack], [first, rest]], [[syn], [syn_ack], [ack, first], [rest]], [[syn], [syn_ack], [ack, first, rest]],
                       [[syn_ack], [ack, first, rest]]):
            with self.subTest([len(group) for group in groups]):
                data = pcap([aggregate(group) for group in groups], link=105)
                for text in ("tls", "not http"):
                    self.assertEqual([e["fields"] for e in entries("-", "-Y", text, stdin=data)], [{SNI: "www.example"}])
                self.assertEqual(entries("-", "-Y", "not tls", stdin=data), [])

    def test_fields_of_what_carries_the_message_do_not_end_the_asking(self):
        n = len(client_hello("www.example", 2000))
        found = entries("-", stdin=pcap(hello_in([(0, 700), (700, n)])), fields=f"ip.ttl,{SNI},tcp.len")
        self.assertEqual(found[0]["fields"], {"ip.ttl": "64", SNI: "www.example", "tcp.len": "700"})
        self.assertEqual(entries("-", stdin=pcap(connection()), fields="ip.ttl")[0]["fields"], {"ip.ttl": "64"})

    def test_several_values_are_an_array(self):
        found = entries("-", stdin=pcap(connection(request=b"GET / HTTP/1.1\r\nA: 1,2\r\nB: 2\r\n\r\n")), fields="http.request.line,http.request.method")
        self.assertEqual(found[0]["fields"], {"http.request.line": ["A: 1,2\r\n", "B: 2\r\n"], "http.request.method": "GET"})
        line = slim("-q", "--log", "-", "--log-bytes", "3", "--fields", "http.request.line,http.request.method",
                    "-", stdin=pcap(connection(request=b"GET / HTTP/1.1\r\nA: 1,2\r\nB: 2\r\n\r\n"))).stdout.decode()
        self.assertTrue(line.endswith(" GET\thttp GET /\thttp.request.line=A: 1\\x2c2\\x0d\\x0a,B: 2\\x0d\\x0a\thttp.request.method=GET\n"), line)

    def test_names_are_not_resolved(self):
        """Wireshark knows to which maker the first three bytes of this address belong."""
        source = write(self.folder, "maker.pcap", pcap([frame[:6] + b"\0\0\x0c\1\2\3" + frame[12:] for frame in connection()]))
        (entry,) = entries(source, fields="eth.src_resolved")
        self.assertEqual(entry["fields"]["eth.src_resolved"], "00:00:0c:01:02:03")

    def test_nothing_but_plain_ascii_gets_through(self):
        nasty = ("\x1b]0;owned\x07", "a\n7\tevil", "b\x1e\x1f\x01c,d", 'q"\\', "\u202eevil", "\x9b31m")
        frames = [frame for port, name in enumerate(nasty, 1000) for frame in hello_in([(0, 10000)], port, name)]
        found = names(frames)
        self.assertEqual(len(found), len(nasty))
        self.assertEqual(found[:4], list(nasty[:4]))        # the others are no ASCII
        lines = slim("-q", "--log", "-", "--fields", SNI, "-", stdin=pcap(frames)).stdout.decode().splitlines(True)
        self.assertEqual([line.count("\t") for line in lines], [2] * len(nasty))
        self.assertTrue(all(" " <= character <= "~" for line in lines for character in line[:-1].replace("\t", "")), lines)

    def test_other_formats_and_link_types(self):
        for name in ("pcapng", "nsecpcap", "snoop"):
            path = self.path(name)
            subprocess.run(["editcap", "-F", name, MIXED, path], check=True)
            plain = [entry["fields"] for entry in entries(MIXED, fields=f"{SNI},{HOST}")]
            self.assertEqual([entry["fields"] for entry in entries(path, fields=f"{SNI},{HOST}")], plain)
        ethernet = write(self.folder, "1.pcap", pcap(hello_in([(0, 700), (700, 2100)], 1)))
        raw = write(self.folder, "2.pcap", pcap([f[14:] for f in hello_in([(0, 700), (700, 2100)], 2, "raw.example")], link=101))
        result = slim("-q", "-F", "pcapng", "-w", self.path("out"), "--log", "-", "--log-format", "json", "--fields", SNI, ethernet, raw)
        self.assertEqual([e["fields"] for e in log_schema.entries(result.stdout)], [{SNI: "www.example"}, {SNI: "raw.example"}], result.stderr)

    def test_flights_go_on_from_file_to_file(self):
        frames = hello_in([(0, 700), (700, 1400), (1400, 2100)])
        for at in range(1, len(frames)):
            first, second = write(self.folder, "1.pcap", pcap(frames[:at])), write(self.folder, "2.pcap", pcap(frames[at:]))
            found = entries(first, second)
            self.assertEqual([e["fields"] for e in found], [{SNI: "www.example"}])
            self.assertEqual(found[0]["pcap_filename"], first if at > 3 else second)


class Filters(InFolder):
    def kept(self, *arguments, **kwargs):
        out = self.path("out.pcap")
        result = slim("-w", out, *arguments, **kwargs)
        self.assertEqual(result.returncode, 0, result.stderr)
        return read(out), result.stderr

    def test_what_is_written_and_what_is_logged(self):
        firsts = [number for number, classes in rows(MIXED).items() if "first" in classes]
        hellos = [61, 211, 233, 324, 345]
        found = entries("-Y", "tls.handshake.type == 1", "-w", self.path("out.pcap"), MIXED)
        self.assertEqual([entry["pcap_cnt"] for entry in found], hellos)
        data, said = self.kept("-Y", "tls.handshake.type == 1", MIXED)
        self.assertEqual(data, read(self.path("out.pcap")))
        self.assertEqual(list(rows("-", stdin=data)), [1, 2, 3, 4, 5])
        self.assertRegex(said, rf"left out +{len(firsts) - len(hellos)} streams")
        self.assertRegex(said, r"kept +5 frames")
        self.assertEqual(self.kept("-Y", "frame", MIXED)[0], slim("-q", MIXED).stdout)
        self.assertEqual(self.kept("-Y", "sip", MIXED)[0], read(MIXED)[:24])

    def test_relatives_follow_their_stream(self):
        n = len(client_hello("www.example", 2000))
        tls, http = hello_in([(700, n), (0, 700)], 1), connection(2)
        woven = [frame for pair in zip(http, tls) for frame in pair] + tls[len(http):]
        late = segment(1, 443, 1000, SYN, ack=9)
        for keep, wanted in (("first", tls[3:4]), ("flight", tls[3:5]), ("handshake", tls[:3] + [late]), ("reply", tls[5:]),
                             ("first,reply", [tls[3], tls[5]]), ("opening", tls[3:]), ("closing", []), ("handshake,opening,closing", tls + [late]),
                             ("handshake,flight,reply", tls + [late])):
            with self.subTest(keep):
                data = self.kept("-Y", "tls.handshake.type == 1", "--keep", keep, "-", stdin=pcap(woven + [late]))[0]
                self.assertEqual(data[24:], b"".join(record(f, (woven + [late]).index(f)) for f in woven + [late] if f in wanted))

    def test_only_the_flight_is_judged(self):
        frames = connection()
        for text in ("tcp.flags.syn == 1", "http.response", "frame.number == 1", "tcp.srcport == 80"):
            self.assertEqual(self.kept("-Y", text, "--keep", "handshake,flight,reply", "-", stdin=pcap(frames))[0], header())
        self.assertEqual(self.kept("-Y", "tcp.dstport == 80", "-", stdin=pcap(frames))[0][24:], record(frames[3], 3))

    def test_handshakes_of_who_says_nothing_do_not_match(self):
        """Nor do they hold up others. If such a client speaks late, its flight is kept, and the summary says so."""
        silent, talks = connection(1), connection(2)
        data = header() + b"".join(record(f, n) for n, f in enumerate(silent[:3] + talks))
        data += record(silent[3], 11_000_000 // 1000) + record(talks[4], 12_000_000 // 1000)
        out, said = self.kept("-Y", "http", "--keep", "handshake,flight", "-", stdin=data)
        self.assertEqual(out[24:], b"".join(record(f, n + 3) for n, f in enumerate(talks[:4])) + record(silent[3], 11000))
        self.assertRegex(said, r"late +1 streams")

    def test_fragments_follow(self):
        frames = connection()[:3] + in_fragments(connection()[3]) + [connection()[4]]
        whole = slim("-q", "-", stdin=pcap(frames)).stdout
        self.assertEqual(self.kept("-Y", "http", "-", stdin=pcap(frames))[0], whole)
        self.assertEqual(self.kept("-Y", "tls", "-", stdin=pcap(frames))[0], header())

    def test_sections_of_pcapng(self):
        """Kept frames are in the section that they came from."""
        one, two = self.path("1.pcapng"), self.path("2.pcapng")
        for path, port in ((one, 1), (two, 2)):
            subprocess.run(["editcap", "-F", "pcapng", "-", path], input=pcap(hello_in([(0, 700), (700, 2100)], port)[:4]), check=True)
        both = write(self.folder, "both.pcapng", read(one) + read(two))
        for inputs in ((one, two), (both,)):
            data = self.kept("-Y", "tcp", "--keep", "handshake,flight", *inputs)[0]
            self.assertEqual(data, slim("-q", "--keep", "handshake,flight", *inputs).stdout)

    def test_both_ways_together(self):
        found = entries("-Y", "http.host or ssh", MIXED, fields=f"{HOST},ssh.protocol")
        self.assertEqual((len(found), sum(HOST in e["fields"] for e in found)), (15, 13))


class Usage(InFolder):
    def test_tshark_says_what_is_wrong(self):
        for words, what in ((["--log", "-", "--fields", "tls.nosuch,http.host"], "tshark: Some fields aren't valid: tls.nosuch"),
                            (["-Y", "tcp.port ==", "-w", self.path("out")], "tshark: Unexpected end of filter expression"),
                            (["-Y", "nosuch == 1", "-w", self.path("out")], "nosuch"),
                            (["-Y", "tls) || (frame", "-w", self.path("out")], "unexpected"),
                            (["--log", "-", "--fields", HOST, "-Y", "nosuch"], "nosuch"),
                            (["--log", "-", "--fields", "tls.nosuch", "-Y", "tls"], "tshark: Some fields aren't valid: tls.nosuch")):
            result = slim(*words, MIXED)
            self.assertEqual((result.returncode, result.stdout), (64, b""), result.stderr)
            self.assertIn(what, result.stderr)
            self.assertNotIn("root", result.stderr)
            self.assertEqual(os.listdir(self.folder), [])

    def test_wrong_usage_says_what_is_right(self):
        for words, what in ((["--fields", HOST, "-w", "x"], "go with --log"), (["--log", "-", "--fields", ""], "--fields takes"),
                            (["--log", "-", "--fields", "a,,b"], "--fields takes"), (["--log", "-", "--fields", f"{HOST},{HOST}"], "each once"),
                            (["-Y", "", "-w", "x"], "-Y takes"), (["--list", "-Y", "tcp"], "--list")):
            result = slim(*words, MIXED)
            self.assertEqual(result.returncode, 64, result.stderr)
            self.assertIn(what, result.stderr)


class Broken(InFolder):
    """Programs in place of tshark."""

    def tshark(self, script, **environment):
        stub(self.folder, "tshark", script.replace("TSHARK", TSHARK))
        return {"env": {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}", **environment}}

    def poisoned(self, how, each=False, **environment):
        return self.tshark(poisoned(self.path("deaths"), how, each), **environment)

    def mixed_streams(self, n=30, at=(15,)):
        return pcap([f for i in range(n) for f in connection(1000 + i, b"GET /POISON HTTP/1.1\r\nHost: h\r\n\r\n" if i in at else f"GET / HTTP/1.1\r\nHost: h{i}\r\n\r\n".encode())])

    def test_one_that_is_slow_to_end(self):
        """It has said what is wrong, and closed its output long before."""
        slow = self.tshark("#!/bin/sh\nTSHARK \"$@\"\nstatus=$?\nexec >&- 2>&-\ni=0\nwhile [ $i -lt 500000 ]; do i=$((i + 1)); done\nexit $status\n")
        result = slim("--log", "-", "--fields", "no.such", MIXED, **slow)
        self.assertEqual(result.returncode, 64, result.stderr)
        self.assertIn("aren't valid: no.such", result.stderr)

    def test_no_tshark(self):
        without = {"env": {**os.environ, "PATH": self.folder}}
        result = slim("--log", "-", "--log-format", "json", "--fields", HOST, MIXED, **without)
        found = log_schema.entries(result.stdout)
        self.assertEqual((result.returncode, len(found)), (1, 22))
        self.assertTrue(all(e["fields"] is None and "cannot be started" in e["tshark_error"] for e in found))
        self.assertEqual(result.stderr.count("tshark: cannot be started: No such file or directory; it comes with Wireshark (Debian's package tshark)"), 1)
        self.assertRegex(result.stderr, "no fields +of 22 streams")
        self.assertIn("\ttshark_error=tshark: cannot be", slim("-q", "--log", "-", "--fields", HOST, MIXED, **without).stdout.decode())
        result = slim("-Y", "tls", "-w", self.path("out"), MIXED, **without)
        self.assertEqual((result.returncode, os.listdir(self.folder)), (69, []), result.stderr)
        self.assertIn("Debian's package tshark", result.stderr)

    def test_one_that_always_dies(self):
        for script in ("#!/bin/sh\nexit 3\n", "#!/bin/sh\nkill -9 $$\n", "#!/bin/sh\necho no luck >&2; exit 127\n"):
            with self.subTest(script):
                result = slim("--log", "-", "--log-format", "json", "--fields", HOST, MIXED, **self.tshark(script))
                found = log_schema.entries(result.stdout)
                self.assertEqual((result.returncode, len(found)), (1, 22), result.stderr)
                self.assertTrue(all(e["fields"] is None and e["tshark_error"] for e in found))
                self.assertEqual(result.stderr.count("lines go on without fields"), 1)
                self.assertEqual(slim("-Y", "tls", "-w", self.path("out"), MIXED, **self.tshark(script)).returncode, 69)

    def test_one_that_dies_once(self):
        """Nothing is missing: another tshark is given what had not been answered."""
        once = self.poisoned(f"os.path.getsize({self.path('deaths')!r}) > 1 or os.kill(child.pid, 9) or os._exit(1)")
        for options, field in ((("--fields", HOST), True), (("-Y", "http"), False)):
            if os.path.exists(self.path("deaths")):
                os.remove(self.path("deaths"))
            result = slim("--log", "-", "--log-format", "json", *options, "-", stdin=self.mixed_streams(), **once)
            found = log_schema.entries(result.stdout)
            self.assertEqual([e["src_port"] for e in found], list(range(1000, 1030)), result.stderr)
            self.assertGreaterEqual(os.path.getsize(self.path("deaths")), 1)
            self.assertFalse([e for e in found if "tshark_error" in e])
            if field:
                self.assertEqual([e["fields"][HOST] for e in found], [f"h{i}" if i != 15 else "h" for i in range(30)])
            self.assertEqual(result.stderr.count("another one is started"), 1)

    def test_one_that_dies_of_a_stream(self):
        dies = self.poisoned("child.kill(); os.kill(os.getpid(), signal.SIGSEGV)")
        result = slim("--log", "-", "--log-format", "json", "--fields", HOST, "-Y", "http.host and not http.host contains \"h2\"", "-w", self.path("out"),
                      "-", stdin=self.mixed_streams(at=(7, 15)), **dies)
        found = log_schema.entries(result.stdout)
        wanted = [i for i in range(30) if i == 15 or not str(i).startswith("2")]
        self.assertEqual([e["src_port"] - 1000 for e in found], wanted, result.stderr)
        self.assertEqual([e["fields"] and e["fields"][HOST] for e in found], [None if i in (7, 15) else f"h{i}" for i in wanted])
        self.assertTrue(all("died on it twice" in e["tshark_error"] for e in found if e["fields"] is None))
        self.assertRegex(result.stderr, "unjudged +2 streams")
        self.assertEqual((result.returncode, len(rows(self.path("out")))), (1, len(wanted)))

    def test_one_that_dies_of_every_stream(self):
        """Whole captures do not wait for it for ever, and with -Y nothing is lost."""
        dies = self.poisoned("child.kill(); os._exit(1)", each=True)
        result = slim("--log", "-", "--log-format", "json", "-Y", "tls", "-w", self.path("out"), "-", stdin=self.mixed_streams(), **dies)
        self.assertEqual(len(log_schema.entries(result.stdout)), 30, result.stderr)
        self.assertEqual(len(rows(self.path("out"))), 30)
        self.assertRegex(result.stderr, "unjudged +30 streams")
        self.assertEqual(result.stderr.count("streams are kept whether or not they match the display filter"), 1)

    def test_one_that_hangs(self):
        hangs = self.poisoned("signal.pause()", FIRSTPAYLOAD_TSHARK_SECONDS=str(PATIENCE_SECONDS // 10))
        result = slim("-q", "--log", "-", "--log-format", "json", "--fields", HOST, "-", stdin=self.mixed_streams(), **hangs)
        found = log_schema.entries(result.stdout)
        self.assertEqual([e["fields"] and e["fields"][HOST] for e in found], [f"h{i}" if i != 15 else None for i in range(30)], result.stderr)
        self.assertIn("does not answer", result.stderr)

    def test_one_that_does_not_start(self):
        """It ends without a word, and those that come after it do not answer."""
        script = self.tshark(f"#!/bin/sh\n[ -e {self.path('asked')} ] && exec tail -f /dev/null\n>{self.path('asked')}\n", FIRSTPAYLOAD_TSHARK_SECONDS="10")
        result = slim("--log", "-", "--log-format", "json", "--fields", HOST, MIXED, **script)
        self.assertEqual((result.returncode, len(log_schema.entries(result.stdout))), (1, 22), result.stderr)
        self.assertIn("does not answer", result.stderr)

    def test_one_that_never_answers(self):
        script = self.tshark("#!/bin/sh\nexec tail -f /dev/null\n", FIRSTPAYLOAD_TSHARK_SECONDS="2")
        result = slim("--log", "-", "--log-format", "json", "--fields", HOST, MIXED, **script)
        self.assertEqual((result.returncode, len(log_schema.entries(result.stdout))), (1, 22), result.stderr)
        self.assertIn("tshark does not answer; try tshark -v", result.stderr)
        result = slim("-Y", "tls", "-w", self.path("out"), MIXED, **script)
        self.assertEqual((result.returncode, os.path.exists(self.path("out"))), (69, False), result.stderr)
        self.assertIn("tshark does not answer; try tshark -v", result.stderr)

    def test_it_is_started_once_for_each_question(self):
        """The one that works also tells whether its question makes sense. It is wrong if another one says so, too, and one that is asked nothing does not."""
        script = self.tshark(f"#!/bin/sh\necho x >>{self.path('begun')}\nexec TSHARK \"$@\"\n")
        for words, starts, status in ((["--fields", HOST], 1, 0), (["-Y", "http"], 1, 0), (["--fields", HOST, "-Y", "(http) or tls"], 2, 0),
                                      (["--fields", "no.such"], 3, 64), (["-Y", "http =="], 3, 64)):
            os.chmod(write(self.folder, "begun", b""), 0o666)
            result = slim("-q", "--log", "-", *words, MIXED, **script)
            with self.subTest(words):
                self.assertEqual((result.returncode, len(read(self.path("begun")).split())), (status, starts), result.stderr)

    def test_no_child_stays(self):
        script = self.tshark("#!/bin/sh\nexec TSHARK \"$@\"\n")
        run = subprocess.Popen([PROGRAM, "slim", "-q", "--log", self.path("log"), "--fields", HOST, "-"], stdin=subprocess.PIPE, **script)
        run.stdin.write(pcap(connection()))
        run.stdin.flush()
        wait_for(lambda: os.path.exists(self.path("log")) and read(self.path("log")), "a line")
        tsharks = tsharks_of(run.pid)
        self.assertEqual(len(tsharks), 1)
        run.send_signal(signal.SIGKILL)
        run.wait()
        run.stdin.close()

        def runs(pid):
            try:
                return "Z" not in read(f"/proc/{pid}/stat").decode().split(")")[1][:3]
            except (FileNotFoundError, ProcessLookupError):
                return False

        wait_for(lambda: not any(map(runs, tsharks)), "tshark to end as slim has")


class Live(InFolder):
    def start(self, *arguments, **kwargs):
        run = subprocess.Popen([PROGRAM, "slim", "-q", "--log", "-", *arguments, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, **kwargs)
        self.addCleanup(run.kill)
        run.stdin.write(header())
        run.stdin.flush()
        return run

    def start_answering(self, *arguments, **kwargs):
        """Starts slim, and returns when tshark has started. Until then, lines may come without what it would have said, as on a busy machine where
        that takes long."""
        run = self.start(*arguments, bufsize=0, **kwargs)
        ports = itertools.count(10000)

        def answered():
            self.give(run, hello_in([(0, 2100)], next(ports)))
            return b"www.example" in run.stdout.readline()

        wait_for(answered, "tshark to start")
        return run

    @staticmethod
    def give(run, frames, n=0):
        for i, frame in enumerate(frames):
            run.stdin.write(record(frame, n + i))
            run.stdin.flush()

    def test_lines_come_at_once(self):
        """They come while nothing more is said and the pipe stays open, and not only when the time for answers is over. The last line waits for
        that."""
        run = self.start_answering("--fields", f"{SNI},{HOST}", "-Y", "tls or http")
        for port in (1, 2, 3):
            frames = hello_in([(0, 700), (700, 2100)], port)
            self.give(run, frames[:-1], 10 * port)
            if port == 3:
                self.give(run, [segment(4, 80, 1000, ACK, b"GET / HTTP/1.1\r\n")], 40)
            self.assertIn(b"www.example", run.stdout.readline())
        self.assertEqual(select.select([run.stdout], [], [], 0)[0], [])
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0, run.stderr.read())

    def test_a_line_waits_for_no_other_stream(self):
        run = self.start_answering("--fields", SNI)
        self.give(run, connection(1)[:4])                       # no reply: its flight is not over
        self.give(run, hello_in([(0, 2100)], 2), 10)
        self.assertIn(b"www.example", run.stdout.readline())
        self.give(run, connection(1)[4:], 20)
        self.assertIn(b":1 > ", run.stdout.readline())
        run.stdin.close()
        self.assertEqual((run.wait(PATIENCE_SECONDS), run.stdout.read()), (0, b""))

    def test_a_line_waits_for_its_stream_with_a_filter(self):
        """What is kept of other streams, handshakes included, is written in its order, and holds up no line."""
        run = self.start_answering("-Y", "tls or http", "-w", self.path("out"), "--keep", "handshake,first")
        self.give(run, connection(1)[:4] + hello_in([(0, 700), (700, 2100)], 2)[:-1])
        self.give(run, hello_in([(0, 2100)], 3), 10)
        for port in (b":1 ", b":2 ", b":3 "):
            self.assertIn(port, run.stdout.readline())
        self.give(run, connection(4)[:3] + [segment(4, 80, 1001, ACK, b"no HTTP", ack=5001)], 20)
        self.give(run, hello_in([(0, 2100)], 5), 30)
        self.assertIn(b":5 ", run.stdout.readline())
        run.stdin.close()
        self.assertEqual((run.wait(PATIENCE_SECONDS), run.stdout.read()), (0, b""))

    def test_lines_of_files_are_in_order(self):
        """Whichever stream is answered first."""
        path = write(self.folder, "in.pcap", pcap(connection(1)[:4] + hello_in([(0, 2100)], 2) + connection(1)[4:]))
        self.assertEqual([e["src_port"] for e in log_schema.entries(
            slim("-q", "--log", "-", "--log-format", "json", "--fields", SNI, path).stdout)], [1, 2])

    def test_what_has_no_answer_comes_when_its_time_is_over(self):
        """In order, it holds up what came after it, but not for ever. No more frames, whose times would tell, need to come."""
        run = self.start("--fields", SNI, "--in-order")
        self.give(run, connection(1)[:4])
        self.give(run, hello_in([(0, 2100)], 2), 10)
        self.assertIn(b":1 > ", run.stdout.readline())
        self.assertIn(b"www.example", run.stdout.readline())
        run.stdin.close()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)

    def test_a_connection_that_is_closed_without_a_reply_is_not_waited_for(self):
        """Its flight is over then, and is not cut off after its time, which the line would say. The same goes for a flight that goes beyond its
        bytes."""
        server = dict(src=b"\xc0\x00\x02\x02", dst=b"\xc0\x00\x02\x01")
        request = segment(1, 80, 1001, ACK, b"x" * 10, ack=5001)
        for what, end in (("RST of the server", segment(80, 1, 5001, RST, **server)), ("RST", segment(1, 80, 1011, RST)),
                          ("FIN", segment(1, 80, 1011, ACK | FIN, ack=5001)), ("FIN with payload", segment(1, 80, 1011, ACK | FIN, b"y", ack=5001)),
                          ("beyond", segment(1, 80, 1001 + 16384, ACK, b"y", ack=5001))):
            with self.subTest(what):
                run = self.start_answering("--fields", SNI)
                self.give(run, [*connection(1)[:3], request, end])
                line = run.stdout.readline()
                self.assertIn(b":1 > ", line)
                self.assertNotIn(b"flight_open", line)
                run.stdin.close()
                self.assertEqual(run.wait(PATIENCE_SECONDS), 0, run.stderr.read())

    def test_signals_are_for_slim_alone(self):
        """Ctrl-C reaches all processes of the terminal; what had come is still answered."""
        run = self.start_answering("--fields", SNI, start_new_session=True)
        self.give(run, hello_in([(0, 700)]))
        wait_until_taken(run, run.stdin)
        self.give(run, hello_in([(0, 700), (700, 2100)])[4:5], 5)
        os.killpg(run.pid, signal.SIGINT)
        out, said = run.communicate(timeout=PATIENCE_SECONDS)
        self.assertEqual((run.returncode, said), (0, b""))
        self.assertIn(b"www.example", out)


class Many(InFolder):
    def test_thousands_of_streams_and_tsharks_that_take_over(self):
        n = 3000
        frames = [f for i in range(n) for f in (hello_in([(700, 2100), (0, 700)], 1000 + i, f"a{i}.example")[:-1] if i % 7 == 0 else
                                                connection(1000 + i, f"GET / HTTP/1.1\r\nHost: a{i}\r\n\r\n".encode()))]
        env = {**os.environ, "FIRSTPAYLOAD_TSHARK_FRAMES": "2000"}
        for options in ((), ("-Y", "http or tls")):
            found = entries("--log-bytes", "0", *options, "-", stdin=pcap(frames), fields=f"{SNI},{HOST}", env=env)
            self.assertEqual([e["fields"] for e in found], [{SNI: f"a{i}.example"} if i % 7 == 0 else {HOST: f"a{i}"} for i in range(n)])
        out = slim("-q", "-Y", "tls", "--keep", "handshake,flight", "-", stdin=pcap(frames), env=env).stdout
        ports = lambda frame: (int.from_bytes(frame[34:36], "big"), int.from_bytes(frame[36:38], "big"))  # noqa: E731
        tls = header() + b"".join(record(f, k) for k, f in enumerate(frames) if 443 in ports(f))
        self.assertEqual(out, slim("-q", "--keep", "handshake,flight", "-", stdin=tls).stdout)

    def parsed(self, result):
        """Of so many lines that are alike, some are held against the schema."""
        lines = result.stdout.splitlines(True)
        log_schema.entries(b"".join(lines[::1000]))
        return [json.loads(line) for line in lines]

    def test_more_than_may_wait(self):
        """Streams that nobody answers, far more at once than there is memory for: nothing is lost, and the order stays."""
        n = 60000
        frames = [segment(1 + i % 60000, 7, 1000, ACK, b"\x80" * 1300 + bytes((i % 7,)), src=b"\xc0\0\2" + bytes((i // 60000,))) for i in range(n)]
        data = header() + b"".join(record(f, i % 900) for i, f in enumerate(frames))
        found = self.parsed(slim("-q", "--in-order", "--log", "-", "--log-format", "json", "--fields", HOST, "--log-bytes", "0", "-", stdin=data))
        self.assertEqual([(e["src_port"], e["fields"], e.get("tshark_error")) for e in found], [(1 + i, {}, None) for i in range(n)])
        path = write(self.folder, "in.pcap", data)      # in a pipe, flights would also be over after ten seconds by the clock, and a busy machine needs more than that
        result = slim("--log", "-", "--log-format", "json", "--log-bytes", "0", "-Y", "http", "-w", self.path("out"), path)
        self.assertEqual(result.returncode, 1, result.stderr)
        found = self.parsed(result)
        left_out = int(result.stderr.split("left out")[1].split()[0])
        self.assertTrue(all("too much waited" in e["tshark_error"] for e in found))
        self.assertEqual((len(found) + left_out, len(rows(self.path("out")))), (n, len(found)))
        self.assertGreater(min(left_out, len(found)), 1000)

    def test_scans_are_not_given_to_tshark(self):
        """Nor is anything else that never has payload."""
        given = self.path("given.")
        stub(self.folder, "tshark", f"#!/bin/sh\ntee {given}$$ | {TSHARK} \"$@\"\n")
        env = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"}
        frames = [segment(1000 + i % 60000, 80 + i // 60000, 1000, SYN) for i in range(100000)] + connection(70, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual([e["fields"] for e in entries("-Y", "http", "-", stdin=pcap(frames), fields=HOST, env=env)], [{HOST: "a"}])
        sizes = [os.path.getsize(self.path(name)) for name in os.listdir(self.folder) if name.startswith("given.")]
        self.assertTrue(0 < sum(sizes) < len(pcap(frames)) / 10, sizes)


if __name__ == "__main__":
    unittest.main()
