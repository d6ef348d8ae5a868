# SPDX-License-Identifier: GPL-2.0-or-later
"""watch --fields and -Y: what tshark says is in each file's outputs before they are committed, even through crashes."""
import os
import random
import signal
import subprocess
import sys
import time
import unittest

import test_watch  # not its classes, which would run again
import test_fields
from pcaps import CAPTURES, PROGRAM, connection, header, pcap, read, record, slim, stub, write
from test_fields import HOST, SNI, hello_in
from waiting import PATIENCE_SECONDS, tsharks_of

MIXED = os.path.join(CAPTURES, "mixed.pcap")


class Watch(test_watch.Watch):
    def log(self, name):
        return test_fields.log_schema.entries(self.output(name))

    def test_fields_and_filter(self):
        self.arrive("a.pcap", read(MIXED))
        self.once("--log", "beside", "--fields", f"{SNI},{HOST}", "-Y", "tls or http")
        wanted = slim("-q", "--log", "-", "--log-format", "json", "-w", self.path("wanted"), "--fields", f"{SNI},{HOST}", "-Y", "tls or http", MIXED).stdout
        self.assertEqual(self.output("a.pcap"), read(self.path("wanted")))
        self.assertEqual([e["fields"] for e in self.log("a.pcap.jsonl")], [e["fields"] for e in test_fields.log_schema.entries(wanted)])
        self.assertEqual((self.status()["streams_unmatched"], self.status()["streams_unjudged"], self.status()["streams_without_fields"]), (4, 0, 0))

    def test_streams_go_on_from_file_to_file_also_after_a_restart(self):
        """Which streams matched is known; those that did not match do not come back."""
        for each_alone in (True, False):
            with self.subTest(each_alone=each_alone):
                tls, http = hello_in([(0, 2100)], 10 + each_alone), connection(20 + each_alone)
                for i, frames in enumerate(([*http[:4], *tls[:4]], [http[4], tls[4]], connection(30 + each_alone))):
                    self.arrive(f"{each_alone}{i}.pcap", pcap(frames))
                    if each_alone:
                        self.once("--keep", "handshake,flight,reply", "-Y", "tls")
                self.once("--keep", "handshake,flight,reply", "-Y", "tls")
                kept = [self.output(f"{each_alone}{i}.pcap") for i in range(3)]
                self.assertEqual(kept, [header() + b"".join(record(f, n + 4) for n, f in enumerate(tls[:4])), header() + record(tls[4], 1), header()])

    def test_a_flight_is_judged_by_what_is_in_its_first_file(self):
        frames = hello_in([(0, 700), (700, 2100)])
        self.arrive("1.pcap", pcap(frames[:4]))
        self.arrive("2.pcap", pcap(frames[4:]))
        self.once("--log", "beside", "--keep", "flight", "--fields", SNI)
        self.assertEqual([e["fields"] for n in (1, 2) for e in self.log(f"{n}.pcap.jsonl")], [{}])
        self.assertEqual([len(test_watch.records(self.output(f"{n}.pcap"))) for n in (1, 2)], [1, 1])

    def test_wrong_options(self):
        for words, what in ((("--fields", "no.such", "--log", "only"), "no.such"), (("-Y", "tcp.port =="), "Unexpected end")):
            result = self.watch("--once", *words)
            self.assertEqual(result.returncode, 64, result.stderr)
            self.assertIn(what, result.stderr)
        for line, what in (("display-filter=nosuch == 1", "nosuch"), ("log=only\nfields=no.such", "no.such")):
            config = test_fields.write(self.folder, "c.conf", f"[watch]\n{line}\n".encode())
            for more in ("--check-config", "--once"):
                result = self.watch("--config", config, more)
                self.assertEqual(result.returncode, 78, result.stderr)
                self.assertIn(what, result.stderr)
        config = test_fields.write(self.folder, "c.conf", f"[watch]\nlog=only\nfields={HOST}\ndisplay-filter=http\n".encode())
        self.arrive("a.pcap", pcap(connection(request=b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")))
        self.once("--config", config)
        self.assertEqual([e["fields"] for e in self.log("a.pcap.jsonl")], [{HOST: "h"}])

    def test_no_tshark(self):
        without = {"env": {**os.environ, "PATH": self.folder}}
        for i in range(3):
            self.arrive(f"{i}.pcap", pcap(connection(i + 1)))
        result = self.watch("--once", "-Y", "http", **without)
        self.assertEqual(result.returncode, 69, result.stderr)
        result = self.watch("--once", "--log", "beside", "--fields", HOST, **without)
        self.assertEqual((result.returncode, result.stderr.count("lines go on without fields")), (1, 1), result.stderr)
        self.assertEqual([e["fields"] for i in range(3) for e in self.log(f"{i}.pcap.jsonl")], [None] * 3)
        self.assertEqual(self.status()["streams_without_fields"], 3)
        self.assertEqual(self.watch("--once", "--log", "beside", "--fields", HOST, **without).returncode, 0)

    def test_options_that_are_read_again(self):
        config = test_fields.write(self.folder, "c.conf", b"[watch]\ndisplay-filter=tls\n")
        run = self.start("--config", config)
        test_fields.write(self.folder, "c.conf", b"[watch]\ndisplay-filter=nosuch\n")
        run.send_signal(signal.SIGHUP)
        self.assertIn("the old options are kept", run.stderr.readline())
        self.arrive("1.pcap", pcap(connection(1)))
        test_watch.wait_for(lambda: self.outputs() == ["1.pcap"], "the first output")
        self.assertEqual(self.output("1.pcap"), header())
        test_fields.write(self.folder, "c.conf", b"[watch]\ndisplay-filter=http\n")
        run.send_signal(signal.SIGHUP)
        while "options" not in (said := run.stderr.readline()):
            pass                                                # lines about 1.pcap
        self.assertIn("options were read again", said)
        self.arrive("2.pcap", pcap(connection(2)))
        test_watch.wait_for(lambda: self.outputs() == ["1.pcap", "2.pcap"], "the second output")
        self.assertEqual(self.output("2.pcap"), header() + record(connection(2)[3], 3))

    def test_one_tshark_for_many_files(self):
        run = self.start("--log", "only", "--fields", HOST)
        tsharks = set()
        for i in range(8):
            self.arrive(f"{i}.pcap", pcap(connection(i + 1, b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")))
            test_watch.wait_for(lambda i=i: f"{i}.pcap.jsonl" in self.outputs(), "an output")
            self.assertEqual([e["fields"] for e in self.log(f"{i}.pcap.jsonl")], [{HOST: "h"}])
            tsharks.update(tsharks_of(run.pid))
            self.assertTrue(self.reads_nothing())
        self.assertEqual(len(tsharks), 1)

    def test_killed_while_it_waits_for_tshark(self):
        """That is not the file's fault, and it is not given up."""
        real = subprocess.run(["which", "tshark"], capture_output=True, text=True, check=True).stdout.strip()
        asked = self.path("asked")
        stub(self.folder, "tshark", f"""#!{sys.executable}
import os, subprocess, sys, time
child = subprocess.Popen([{real!r}, *sys.argv[1:]], stdin=subprocess.PIPE)
while data := os.read(0, 65536):
    if b"POISON" in data:
        open({asked!r}, "w").close()
        time.sleep(1000)
    child.stdin.write(data)
    child.stdin.flush()
child.stdin.close()
sys.exit(child.wait())
""")
        environment = {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"}
        self.arrive("a.pcap", pcap(connection(1000, b"GET /POISON HTTP/1.1\r\nHost: h\r\n\r\n")))
        command = [PROGRAM, "watch", "--once", "--log", "only", "--fields", HOST, self.inbox, self.outdir]
        for _ in range(4):
            run = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
            test_watch.wait_for(lambda: os.path.exists(asked) and self.reads_nothing(), "tshark to be asked")
            run.kill()
            run.wait()
            os.unlink(asked)
        self.once("--log", "only", "--fields", HOST)
        self.assertEqual([e["fields"] for e in self.log("a.pcap.jsonl")], [{HOST: "h"}])

    def reads_nothing(self):
        """No file is noted as being read (Current in attempts.c)."""
        return read(os.path.join(self.state, "reading"))[24:72] == bytes(48)

    def test_killed_at_any_time_nothing_is_lost_or_doubled(self):
        """The outputs are compared with those of an undisturbed run on the same files. A few arrive for each run that is killed, or the first might do all."""
        dice = random.Random(7)
        files = {f"{i:03}.pcap": pcap([f for k in range(30) for f in (
            hello_in([(0, 2100)], 1000 + 30 * i + k, f"a{i}-{k}.example") if k % 2 else
            connection(1000 + 30 * i + k, f"GET / HTTP/1.1\r\nHost: h{i}-{k}\r\n\r\n".encode()))]) for i in range(40)}
        words = ["--log", "beside", "--keep", "handshake,flight,reply", "--fields", f"{SNI},{HOST}", "-Y", "tls or http.host contains \"5\""]
        for name, data in files.items():
            self.arrive(name, data)
        quiet = self.path("quiet")
        os.mkdir(quiet)
        subprocess.run([PROGRAM, "watch", "--once", "--then", "keep", *words, self.inbox, quiet], check=True, capture_output=True, timeout=PATIENCE_SECONDS)
        wanted = {name: read(os.path.join(quiet, name)) for name in os.listdir(quiet) if not name.startswith(".")}
        self.assertEqual(len(wanted), 80)
        for name in files:
            os.rename(os.path.join(self.inbox, name), self.path(name))
        coming = sorted(files)
        kills = 0
        taken = {}
        while len(taken) < len(wanted) and kills < 60:
            for name in coming[:dice.choice((1, 4, 8, 16))]:
                os.rename(self.path(name), os.path.join(self.inbox, coming.pop(0)))
            run = subprocess.Popen([PROGRAM, "watch", *words, self.inbox, self.outdir], stderr=subprocess.DEVNULL)
            goal = min(dice.choice((0, 6, 12, 24)), 2 * (len(files) - len(coming)) - len(taken))
            test_watch.wait_for(lambda: len(self.outputs()) >= goal, "some outputs")
            time.sleep(dice.random() / 5)           # at a random moment
            run.kill()
            run.wait()
            kills += 1
            for name in self.outputs():
                self.assertNotIn(name, taken)      # a consumer took it away: it must not come again
                taken[name] = self.output(name)
                os.unlink(os.path.join(self.outdir, name))
        self.once(*words)
        self.assertEqual(self.outputs(), [])
        self.assertGreater(kills, 1)
        self.assertEqual(taken, wanted)


if __name__ == "__main__":
    unittest.main()
