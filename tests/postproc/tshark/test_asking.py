# SPDX-License-Identifier: GPL-2.0-or-later
"""What tshark is given of a stream: enough to stand alone, whatever else it is given, and a flight as a whole for -Y. And how long it is waited
for."""
import os
import pwd
import shutil
import signal
import subprocess
import sys
import unittest

from pcaps import ACK, FIN, PROGRAM, RST, SYN, InFolder, connection, header, pcap, read, record, segment, slim, stub, write
from test_fields import HOST, SNI, TSHARK, hello_in, poisoned
from test_slim import in_fragments
from test_stream_key import tagged, vxlan
from waiting import send_signal, wait_for

sys.path.insert(0, os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "tests", "lib"))
import log_schema  # noqa: E402
from hello import client_hello  # noqa: E402

CLIENT, SERVER = b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02"
N = len(client_hello("www.example", 2000))
PIECES = {"one": [(0, N)], "two": [(0, 700), (700, N)], "swapped": [(700, N), (0, 700)], "three, backwards": [(1400, N), (700, 1400), (0, 700)],
          "middle first": [(700, 1400), (1400, N), (0, 700)], "first twice": [(0, 700), (0, 700), (700, N)], "last twice": [(0, 700), (700, N), (700, N)],
          "again together": [(0, 700), (1400, N), (0, 1400)], "overlapping": [(0, 700), (300, 1500), (1400, N)],
          "small": [(i, min(i + 50, N)) for i in range(0, N, 50)]}


def log(*arguments, stdin=b"", expected=0, **kwargs):
    result = slim("-q", "--in-order", "--log", "-", "--log-format", "json", "--log-bytes", "0", *arguments, stdin=stdin, **kwargs)
    assert result.returncode == expected, (result.returncode, result.stderr)
    return log_schema.entries(result.stdout)


def over(flags=RST, port=40000):
    return [segment(port, 443, 9000, flags | ACK, ack=5001)]


class StandsAlone(InFolder):
    """What tshark was given before changes nothing."""

    def chain(self):
        """Returns connections one after the other on the same endpoints, with the same numbers, as (frames, server name): each kind after each."""
        def kinds(name):
            cut = hello_in([(0, 700)], name=name, reply=False)
            frags = hello_in([(0, 700), (700, N)], name=name)
            return [(hello_in(PIECES["one"], name=name), name), (hello_in(PIECES["two"], name=name), name), (cut, None),
                    (hello_in(PIECES["swapped"], name=name), name), (frags[:3] + in_fragments(frags[3]) + in_fragments(frags[4])[::-1] + frags[5:], name),
                    ([*cut[:3], segment(40000, 443, 1001, ACK, b"\x80" * 99, ack=5001)], None),
                    ([segment(40000, 443, 1000, SYN, client_hello(name, 2000)[:900]), segment(40000, 443, 1901, ACK, client_hello(name, 2000)[900:], ack=5001)], None)]
        n = len(kinds("x"))
        return [kinds(f"w{i}{k}.example")[k] for i in range(n) for pair in range(n) for k in (i, pair)]

    def test_the_same_endpoints_and_numbers_again(self):
        chain = self.chain()
        frames = [f for i, (frames, _) in enumerate(chain) for f in frames + over(FIN if i % 3 else RST)]
        names = [name for _, name in chain]
        found = log("--fields", SNI, "-", stdin=pcap(frames))
        self.assertEqual(len(found), len(chain))
        split = [i for i, (frames, _) in enumerate(chain) if len(frames) == 2]     # Fast Open in two segments: its name or none, as with a SYN of its own
        got = [entry["fields"].get(SNI) for entry in found]
        self.assertEqual([name for i, name in enumerate(got) if i not in split], [name for i, name in enumerate(names) if i not in split])
        for text in (f"{SNI}", f"{SNI} and not http"):
            kept = [e["stream"] for e in log("-Y", text, "-", stdin=pcap(frames)) if e["stream"] not in split]
            self.assertEqual(kept, [i for i, name in enumerate(names) if name], text)

    def test_at_the_same_time_in_other_networks(self):
        a, b = hello_in(PIECES["three, backwards"], name="a.example"), hello_in(PIECES["small"], name="b.example")
        middle = hello_in(PIECES["two"], name="c.example")[3:]         # midstream
        longest = max(len(a), len(b), len(middle))
        woven = [tagged(stream[i], vlan) for i in range(longest) for vlan, stream in ((1, a), (2, b), (3, middle)) if i < len(stream)]
        for path in ("-", write(self.folder, "file.pcap", pcap(woven))):
            found = {e["vlan"][0]: e["fields"].get(SNI) for e in log("--stream-key", "vlan", "--fields", SNI, path, stdin=pcap(woven))}
            self.assertEqual(found, {1: "a.example", 2: "b.example", 3: "c.example"})
            for text, wanted in ((f'{SNI} contains "b.ex"', [2]), (f'tls and not {SNI} contains "b.ex"', [1, 3]), ("vlan.id == 3 and tls", [3])):
                found = [e["vlan"][0] for e in log("--stream-key", "vlan", "-Y", text, path, stdin=pcap(woven))]
                self.assertEqual(sorted(found), wanted, text)

    def test_in_files_that_come_one_after_the_other(self):
        """The second connection on the endpoints begins anywhere in the first file, or in the second."""
        frames = hello_in([(0, 700)], name="a.example") + over() + hello_in(PIECES["two"], name="b.example")
        for form, first, second in (("pcap", 8, 11), ("pcapng", 8, 11), ("pcapng", 6, 9)):
            paths = [self.path(f"{i}.{form}") for i in range(3)]
            for path, part in zip(paths, (frames[:first], frames[first:second], frames[second:])):
                subprocess.run(["editcap", "-F", form, "-", path], input=pcap(part), check=True)
            with self.subTest(form, first=first):
                self.assertEqual([e["fields"] for e in log("-w", self.path("out"), "--fields", SNI, *paths)], [{}, {SNI: "b.example"}])
                found = log("-w", self.path("out"), "-Y", SNI, *paths)
                self.assertEqual([e["stream"] for e in found], [1])

    def watch(self, frames, *words):
        inbox, out = self.path("in"), self.path("out")
        for folder in (inbox, out):
            os.mkdir(folder)
        for i, part in enumerate(frames):
            write(inbox, f"{i}.pcap", pcap(part))
        done = subprocess.run([PROGRAM, "watch", "--once", "--log", "only", *words, inbox, out], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [e for name in sorted(os.listdir(out)) if not name.startswith(".") for e in log_schema.entries(read(os.path.join(out, name)))]

    def test_watch(self):
        """A handshake in one file and what is said in the next, on endpoints on which something was said before."""
        one, two = hello_in([(0, 700)], name="a.example", reply=False), hello_in(PIECES["two"], name="b.example")
        files = [one + over() + two[:2], two[2:] + over() + one[:3], hello_in(PIECES["swapped"], name="c.example")[3:]]
        found = self.watch(files, "--fields", SNI)
        self.assertEqual([e["fields"].get(SNI) for e in found], [None, "b.example", "c.example"])
        self.assertEqual([e.get("flight_open") for e in found], [None, None, None])

    def test_watch_says_whose_flight_may_go_on_in_the_next_file(self):
        one, two = hello_in([(0, 700)], name="a.example", reply=False), hello_in(PIECES["two"], name="b.example")
        found = self.watch([one, over(), two], "--fields", SNI)
        self.assertEqual([e.get("flight_open") for e in found], [True, None])

    def test_watch_with_a_filter(self):
        one, two = hello_in([(0, 700)], name="a.example", reply=False), hello_in(PIECES["two"], name="b.example")
        found = self.watch([one + over() + two[:2], two[2:]], "-Y", SNI)
        self.assertEqual([e["stream"] for e in found], [1])

    def test_server_first_and_ipv6(self):
        greeting = [segment(25, 40000, 5001, ACK, b"220-a\r\n", ack=1001, src=SERVER, dst=CLIENT), segment(25, 40000, 5008, ACK, b"220 b\r\n", ack=1001, src=SERVER, dst=CLIENT)]
        start = [segment(40000, 25, 1000, SYN), segment(25, 40000, 5000, SYN | ACK, ack=1001, src=SERVER, dst=CLIENT)]
        end = [segment(40000, 25, 1001, RST)]
        first = write(self.folder, "1.pcap", pcap(start + greeting[:1] + end + start))
        second = write(self.folder, "2.pcap", pcap(greeting))
        found = log("-Y", "smtp.response.code == 220 and not http", "--fields", "smtp.rsp.parameter", first, second)
        self.assertEqual([e["stream"] for e in found], [0, 1])

        def ipv6(frame):
            return frame[:12] + b"\x86\xdd\x60\0\0\0" + len(frame[34:]).to_bytes(2, "big") + b"\x06\x40" + bytes(12) + frame[26:30] + bytes(12) + frame[30:34] + frame[34:]
        frames = [ipv6(f) for f in hello_in([(0, 700)], name="a.example", reply=False) + over() + hello_in(PIECES["swapped"], name="b.example")]
        self.assertEqual([e["fields"] for e in log("--fields", SNI, "-", stdin=pcap(frames))], [{}, {SNI: "b.example"}])
        self.assertEqual([e["stream"] for e in log("-Y", f"not {SNI}", "-", stdin=pcap(frames))], [0])


class AsAWhole(InFolder):
    """-Y asks about the flight, not about its frames."""

    def check(self, frames, cases):
        path = write(self.folder, "in.pcap", pcap(frames))
        for text, wanted in cases.items():
            with self.subTest(text):
                self.assertEqual([e["stream"] for e in log("-Y", text, path)], wanted)

    def test_a_hello_in_pieces(self):
        streams = [hello_in(pieces, 1000 + i, "www.example", i % 2 == 0) for i, pieces in enumerate(PIECES.values())]
        streams.append([f for f in hello_in(PIECES["two"], 2000)[:3]] + [f for part in hello_in(PIECES["two"], 2000)[3:5] for f in in_fragments(part)])
        every, none = list(range(len(streams))), []
        self.check([f for stream in streams for f in stream], {
            f"tls and not {SNI}": none, f"!{SNI} || not tls": none, f'{SNI} != "www.example"': none, f'tls and not {SNI} contains "other"': every,
            "tcp.seq == 1 and tls.handshake.type == 1": every, f"count({SNI}) == 1": every,
            "not tcp.dstport == 443 or not ip.src == 192.0.2.1 or not eth.src == 02:00:00:00:00:02": none,
            "tcp.port == 443 and ip.src == 192.0.2.1 and eth.src == 02:00:00:00:00:02 and !vlan and not tcp.flags.syn == 1": every})

    def test_in_vlans_and_tunnels(self):
        streams = [[tagged(f, 7) for f in hello_in(PIECES["two"], 1)], [vxlan(f, 5, n in (1, 5)) for n, f in enumerate(hello_in(PIECES["swapped"], 2))]]
        self.check([f for stream in streams for f in stream], {
            f"tls and not {SNI}": [], "vlan.id == 7 and not http": [0], "tls and not vlan": [1], f"vxlan.vni == 5 and {SNI} and not http": [1], "not vxlan": [0]})

    def test_several_messages(self):
        a, b = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /b HTTP/1.1\r\nHost: b\r\n\r\n"

        def says(port, *parts):
            return connection(port)[:3] + [segment(port, 80, 1001 + sum(map(len, parts[:i])), ACK, part, ack=5001) for i, part in enumerate(parts)]
        streams = [says(1, a), says(2, a, b), says(3, b, a), says(4, a[:10], a[10:]), says(5, a[:10], a[10:] + b[:20], b[20:])]
        self.check([f for stream in streams for f in stream], {
            "http and not http.host": [], f'{HOST} == "b"': [1, 2, 4], f'http and not {HOST} == "b"': [0, 3], f'{HOST} == "a" and {HOST} == "b"': [1, 2, 4],
            "http.request.method and not tls": [0, 1, 2, 3, 4]})

    def test_what_is_kept_and_said_is_one(self):
        """In captures and logs, with files and pipes."""
        frames = hello_in(PIECES["two"], 1) + connection(2) + hello_in(PIECES["swapped"], 3, reply=False)
        for text, wanted in ((f"not {SNI}", [1]), (f"tls and not {SNI}", []), ("tls and not http", [0, 2])):
            whole = slim("-q", "--keep", "handshake,flight,reply", "-Y", text, "-", stdin=pcap(frames)).stdout
            path = write(self.folder, "in.pcap", pcap(frames))
            self.assertEqual(slim("-q", "--keep", "handshake,flight,reply", "-Y", text, path).stdout, whole)
            for source in ("-", path):
                self.assertEqual([e["stream"] for e in log("-Y", text, source, stdin=pcap(frames))], wanted)


class Pauses(InFolder):
    """Twelve seconds within a message."""

    def setUp(self):
        super().setUp()
        frames = hello_in(PIECES["two"])
        self.data = header() + b"".join(record(f, n) for n, f in enumerate(frames[:4])) + record(frames[4], 12_000_000 // 1000) + record(frames[5], 12_001)

    def test_in_files_they_are_nothing(self):
        path = write(self.folder, "in.pcap", self.data)
        self.assertEqual([(e["fields"], e.get("flight_open")) for e in log("--fields", SNI, path)], [({SNI: "www.example"}, None)])
        self.assertEqual([e["stream"] for e in log("-Y", SNI, path)], [0])
        self.assertEqual(log("-Y", f"not {SNI}", path), [])

    def test_live_it_is_said(self):
        self.assertEqual([(e["fields"], e["flight_open"]) for e in log("--fields", SNI, "-", stdin=self.data)], [({}, True)])
        line = slim("-q", "--log", "-", "--log-bytes", "0", "--fields", SNI, "-", stdin=self.data).stdout.decode()
        self.assertTrue(line.endswith(" -\ttls www.example\tincomplete\tflight_open\n"), line)
        self.assertEqual([e["flight_open"] for e in log("-Y", f"tls and not {SNI}", "-", stdin=self.data)], [True])
        quick = pcap(hello_in(PIECES["two"]))
        self.assertEqual([e.get("flight_open") for e in log("--fields", SNI, "-", stdin=quick)], [None])
        self.assertEqual([e.get("flight_open") for e in log("--fields", HOST, "-", stdin=quick)], [None])      # it was over: there is no such field


class Waiting(InFolder):
    def tshark(self, script, **environment):
        """Installs a program in place of tshark; TSHARK in it is the real one."""
        stub(self.folder, "tshark", script.replace("TSHARK", TSHARK))
        return {"env": {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}", **environment}}

    def once(self, what):
        return self.tshark(f"#!/bin/bash\n[ -e {self.path('once')} ] || {{ touch {self.path('once')}; {what}; }}\nexec TSHARK \"$@\"\n")

    def watch(self, *words, env, data=None):
        inbox, out = self.path("in"), self.path("out")
        for folder in (inbox, out):
            os.makedirs(folder, exist_ok=True)
        write(inbox, "a.pcap", data or pcap(connection(request=b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")))
        done = subprocess.run([PROGRAM, "watch", "--once", "--log", "only", *words, inbox, out], capture_output=True, text=True, env=env["env"])
        found = [e for name in os.listdir(out) if not name.startswith(".") for e in log_schema.entries(read(os.path.join(out, name)))]
        return done, found

    def test_one_that_dies_once_at_the_start(self):
        data = pcap(connection(request=b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
        for what in ("kill -9 $$", "kill -ABRT $$", "exit 3", "echo out of memory >&2; exit 2"):
            with self.subTest(what):
                for words in (("--fields", HOST), ("-Y", "http", "--fields", HOST)):
                    if os.path.exists(self.path("once")):
                        os.unlink(self.path("once"))
                    self.assertEqual([e["fields"] for e in log(*words, "-", stdin=data, **self.once(what))], [{HOST: "h"}])
        os.unlink(self.path("once"))
        done, found = self.watch("-Y", "http", "--fields", HOST, env=self.once("kill -9 $$"))
        self.assertEqual((done.returncode, [e["fields"] for e in found]), (0, [{HOST: "h"}]), done.stderr)

    def test_one_that_dies_each_time_is_not_wrong_usage(self):
        for what in ("kill -9 $$", "exit 3", "echo out of memory >&2; exit 2"):
            env = self.tshark(f"#!/bin/sh\n{what}\n")
            done, _ = self.watch("-Y", "http", env=env)
            self.assertEqual(done.returncode, 69, done.stderr)
            self.assertEqual(slim("-Y", "http", "-w", self.path("x"), "-", stdin=pcap([]), **env).returncode, 69)

    def test_what_was_not_answered_is_said(self):
        """By the exit status, in the journal and the status, and in the lines."""
        env = self.tshark(poisoned(self.path("deaths"), "child.kill(); os._exit(1)", each=True))
        for words, words_for_it in (("--fields", HOST), "1 have no fields"), (("-Y", "http"), "1 are kept without being judged"):
            found = log(*words, "-", stdin=pcap(connection()), expected=1, **env)
            self.assertTrue(found[0]["tshark_error"])
            done, found = self.watch(*words, env=env)
            self.assertEqual((done.returncode, len(found)), (1, 1), done.stderr)
            self.assertTrue(found[0]["tshark_error"])
            self.assertIn(words_for_it, done.stderr)
            shutil.rmtree(self.path("out"))
        done, found = self.watch("--fields", HOST, env={"env": {**os.environ, "PATH": self.folder}})
        self.assertEqual((done.returncode, [e["fields"] for e in found]), (1, [None]), done.stderr)
        self.assertIn("a.pcap: tshark could not be asked about all its streams: 1 have no fields", done.stderr)

    def test_tshark_has_no_rights(self):
        """Its dissectors read what strangers send: so it does not run as root, has no capabilities, and has no way to gain any."""
        says = self.path("says")
        env = self.tshark(f"#!/bin/sh\n{{ id -u; echo $HOME; cat /proc/self/status; }} >{says}\nexec TSHARK \"$@\"\n")
        self.assertEqual(log("--fields", HOST, "-", stdin=pcap(connection(request=b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")), **env)[0]["fields"], {HOST: "h"})
        uid, home, *status = read(says).decode().splitlines()
        users = [entry for entry in pwd.getpwall() if entry.pw_name in ("tshark", "nobody")] if os.geteuid() == 0 else [pwd.getpwuid(os.geteuid())]
        self.assertIn((int(uid), home if os.geteuid() == 0 else users[0].pw_dir), [(entry.pw_uid, entry.pw_dir) for entry in users])
        status = dict(line.split(":\t") for line in status if ":\t" in line)
        self.assertEqual((status["NoNewPrivs"], int(status["CapEff"], 16), int(status["CapPrm"], 16), int(status["CapAmb"], 16)), ("1", 0, 0, 0))
        if os.geteuid() == 0:
            self.assertEqual((int(status["CapBnd"], 16), status["Groups"].strip()), (0, ""))

    @unittest.skipIf(os.geteuid() != 0, "takes root")
    def test_root_that_may_not_become_another_user(self):
        """As in some containers: the message says what to do."""
        for right in ("setuid", "setgid"):
            command = ["setpriv", f"--bounding-set=-{right}", f"--inh-caps=-{right}", PROGRAM, "slim", "-q", "--log", "-", "--log-format", "json"]
            for words, status in (("--fields", HOST), 1), (("-Y", "http"), 69):
                with self.subTest(right, words=words):
                    done = subprocess.run([*command, *words, "-"], input=pcap(connection()), capture_output=True)
                    self.assertEqual((done.returncode, len(done.stdout.splitlines())), (status, 1 if status == 1 else 0))
                    self.assertIn(b"takes CAP_SETUID and CAP_SETGID; run firstpayload with both, or not as root", done.stderr)

    def test_tshark_in_a_folder_of_root(self):
        env = self.tshark("#!/bin/sh\nexec TSHARK \"$@\"\n")
        os.chmod(self.folder, 0o700)
        self.assertEqual(log("--fields", HOST, "-", stdin=pcap(connection(request=b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")), **env)[0]["fields"], {HOST: "h"})

    def test_files_wait(self):
        """slim waits for a tshark that starts late, for as long as it takes."""
        env = self.tshark(f"#!/bin/sh\necho x >>{self.path('begun')}\nuntil [ -e {self.path('go')} ]; do sleep 0.1; done\nexec TSHARK \"$@\"\n")
        path = write(self.folder, "in.pcap", pcap(connection(request=b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")))
        run = subprocess.Popen([PROGRAM, "slim", "-q", "--log", "-", "--log-format", "json", "--fields", HOST, path], stdout=subprocess.PIPE, **env)
        self.addCleanup(run.kill)
        wait_for(lambda: os.path.exists(self.path("begun")), "tshark")
        write(self.folder, "go", b"")
        out = run.communicate()[0]
        self.assertEqual(([e["fields"] for e in log_schema.entries(out)], run.returncode), ([{HOST: "h"}], 0))

    def test_a_signal_while_tshark_starts(self):
        """What is in the pipe by then is taken."""
        env = self.tshark(f"#!/bin/sh\necho x >>{self.path('begun')}\nuntil [ -e {self.path('go')} ]; do sleep 0.1; done\nexec TSHARK \"$@\"\n",
                          FIRSTPAYLOAD_TSHARK_SECONDS="600")
        run = subprocess.Popen([PROGRAM, "slim", "-q", "--log", "-", "--log-format", "json", "--fields", HOST, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, **env)
        self.addCleanup(run.kill)
        run.stdin.write(pcap(connection(request=b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")))
        run.stdin.flush()
        wait_for(lambda: os.path.exists(self.path("begun")), "tshark")
        send_signal(run, signal.SIGINT)
        write(self.folder, "go", b"")
        out = run.stdout.read()
        self.assertEqual(([e["fields"] for e in log_schema.entries(out)], run.wait()), ([{HOST: "h"}], 0), run.stderr.read())
        run.stdin.close()
        run.stdout.close()
        run.stderr.close()


if __name__ == "__main__":
    unittest.main()
