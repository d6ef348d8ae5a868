# SPDX-License-Identifier: GPL-2.0-or-later
"""What slim -i says of itself while it runs: lines of stats in the log, metrics, SIGUSR1. Capturing takes root."""
import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
import unittest

import fastjsonschema
import log_schema
from pcaps import CAPTURES, PROGRAM, connection, pcap, read, slim
from test_live import Server
from waiting import PATIENCE_SECONDS, is_asleep, is_capturing, send_signal, wait_for

SOURCE = os.environ["FIRSTPAYLOAD_SOURCE"]
STATS = {"timestamp": "2026-11-30T13:49:13.895593Z", "event_type": "stats", "stats": {
    "capture": {"kernel_packets": 9, "kernel_drops": 3, "kernel_ifdrops": 0,
                "interfaces": [{"in_iface": "lo", "kernel_packets": 9, "kernel_drops": 3, "kernel_ifdrops": 0}]},
    "uptime": 1.5, "decoder": {"pkts": 6, "bytes": 24, "kept": 0, "cut": 0},
    "streams": {"started": 0, "with_payload": 0, "open": 0, "forgotten": 0, "unmatched": 0, "unjudged": 0, "without_fields": 0},
    "log": {"lines": 0, "waiting": 0}, "memory": {"streams": 131144, "resident": 42532864}, "cpu_seconds": 0.1, "last_frame": 0}}


class InFolder(unittest.TestCase):
    def setUp(self):
        self.assertEqual(os.geteuid(), 0, "capturing takes root: run the tests as root")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *arguments, program=PROGRAM, env=None):
        process = subprocess.Popen([program, "slim", *arguments], stderr=subprocess.PIPE, text=True, env=env)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_for(lambda: is_capturing(process.pid) and is_asleep(process.pid), "a packet socket that is waited for")
        return process

    def once(self, name, condition):
        """Returns the objects of a log once one of them is a line of stats that fulfils the condition, and that one."""
        def found():
            lines = log_schema.entries(whole_lines(self.path(name)))
            good = [line["stats"] for line in lines if line["event_type"] == "stats" and condition(line["stats"])]
            return (lines, good[0]) if good else None

        return wait_for(found, "a line of stats")


def whole_lines(path):
    data = read(path) if os.path.exists(path) else b""
    return data[:data.rfind(b"\n") + 1]


def metrics(path):
    """Returns {name and labels: value}, {name: (type, help)}; every value follows its HELP and TYPE."""
    values, about, now = {}, {}, None
    for line in read(path).decode().splitlines():
        if line.startswith("# HELP "):
            now, text = line[7:].split(" ", 1)
        elif line.startswith("# TYPE "):
            about[now] = (line.split()[3], text)
        else:
            name, value = line.rsplit(" ", 1)
            if name.partition("{")[0] != now or now not in about:
                raise ValueError(line)
            values[name] = float(value)
    return values, about


class Live(InFolder):
    def test_json_metrics_and_signal(self):
        """And the kernel's drops are said in each of them while the program runs; at the end all agree."""
        log, prom = self.path("log"), self.path("m.prom")
        with Server() as server:
            process = self.start("-i", "lo", "-f", f"tcp port {server.port}", "-B", "256", "--log", log, "--log-format", "json", "--host", "here",
                                 "--stats", "1", "--metrics", prom)
            server.talk(b"GET / HTTP/1.1\r\n\r\n")
            self.once("log", lambda stats: stats["log"]["lines"] == 1 and stats["streams"]["with_payload"] == 1)
            process.send_signal(signal.SIGSTOP)
            for _ in range(300):
                server.talk(b"x" * 9000)
            process.send_signal(signal.SIGCONT)
            lines, stats = self.once("log", lambda stats: stats["capture"]["kernel_drops"] > 0)
            wait_for(lambda: metrics(prom)[0]['firstpayload_kernel_drops_total{interface="lo"}'] > 0, "metrics with drops")
            send_signal(process, signal.SIGUSR1)
            said = ""
            while " frames read, " not in said:
                said = process.stderr.readline()
            self.assertRegex(said, r"^firstpayload: lo: \d+ frames, [1-9]\d* dropped by the kernel, 0 by the interface; \d+ frames read, 0 kept; \d+ streams, "
                                   r"\d+ with payload, \d+ open; \d+ lines, \d+ wait; [1-9]\d* KiB of memory\n$")
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=PATIENCE_SECONDS)[1]
        self.assertEqual(process.returncode, 1, said)
        self.assertEqual({line["host"] for line in lines}, {"here"})
        lines = log_schema.entries(read(log))
        self.assertEqual(lines[-1]["event_type"], "stats", "the totals come last")
        total = lines[-1]["stats"]
        self.assertEqual(total["log"], {"lines": sum(line["event_type"] == "firstpayload" for line in lines), "waiting": 0})
        self.assertEqual(total["capture"]["interfaces"], [{"in_iface": "lo", **{key: total["capture"][key] for key in ("kernel_packets", "kernel_drops", "kernel_ifdrops")}}])
        self.assertRegex(said, rf"(?m)^frames +{total['decoder']['pkts']}$")
        self.assertRegex(said, rf"(?m)^dropped +{total['capture']['kernel_drops']} frames by the kernel")
        values = {name.partition("{")[0]: value for name, value in metrics(prom)[0].items()}
        self.assertEqual((values["firstpayload_frames_total"], values["firstpayload_lines_total"]), (total["decoder"]["pkts"], total["log"]["lines"]))
        self.assertEqual(os.listdir(self.folder).count("m.prom.new"), 0)

    def test_counters_of_more_than_32_bits(self):
        """libpcap's come round; and an interface that is made again begins at 0."""
        prom = self.path("m.prom")
        process = self.start("-i", "lo", "-q", "--log", self.path("log"), "--stats", "1", "--metrics", prom, program=os.environ["FIRSTPAYLOAD_PROBED"],
                             env={**os.environ, "PROBE_COUNTERS": "1"})

        def values():
            return {name.partition("{")[0]: value for name, value in metrics(prom)[0].items()} if os.path.exists(prom) else {}

        wait_for(lambda: values().get("firstpayload_kernel_drops_total", 0) > 1 << 33, "more drops than fit into 33 bits")
        found = values()
        self.assertEqual(found["firstpayload_kernel_frames_total"] % 2000000000, 0)
        self.assertEqual(found["firstpayload_kernel_drops_total"] % 2000000000, 0)
        self.assertEqual(found["firstpayload_interface_drops_total"], 100)
        process.terminate()
        self.assertRegex(process.communicate(timeout=PATIENCE_SECONDS)[1], r"the kernel has dropped \d000000000 frames")
        self.assertEqual(process.returncode, 1)

    def test_text(self):
        """A comment, which no other line looks like; and a payload with line ends stays a line."""
        log = self.path("log")
        with Server() as server:
            process = self.start("-i", "lo", "-f", f"tcp port {server.port}", "--log", log, "--stats", "1")
            server.talk(b"# no comment\n# 2026 stats\n")
            wait_for(lambda: re.search(rb"^# .* stats .* lines=1 ", whole_lines(log), re.M), "a line of stats")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(PATIENCE_SECONDS), 0)
        comments = [line for line in read(log).decode().splitlines() if line.startswith("#")]
        self.assertEqual(len(read(log).splitlines()), len(comments) + 1)
        for line in comments:
            self.assertRegex(line, r"^# \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z stats interface=lo( [a-z_]+=[0-9.]+)+$")

    def test_metrics_that_cannot_be_written_are_said_once(self):
        """And the program goes on."""
        log = self.path("log")
        process = self.start("-q", "-i", "lo", "-f", "tcp port 1", "--log", log, "--log-format", "json", "--stats", "1", "--metrics", self.path("no/m.prom"))
        self.once("log", lambda stats: stats["uptime"] >= 2)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=PATIENCE_SECONDS)[1]
        self.assertEqual((process.returncode, said), (0, f"firstpayload: {self.path('no/m.prom')}: cannot be written: No such file or directory\n"))


class Documents(InFolder):
    def test_every_metric_is_documented(self):
        """With its type, who has it, and the help that the file has; of slim and watch the same help, as one collector reads both."""
        os.mkdir(self.path("in"))
        os.mkdir(self.path("out"))
        with open(self.path("in/a.pcap"), "wb") as file:
            file.write(pcap(connection()))
        subprocess.run([PROGRAM, "watch", "--once", "--metrics", self.path("watch.prom"), self.path("in"), self.path("out")], check=True)
        process = self.start("-q", "-i", "lo", "-f", "tcp port 1", "--log", self.path("log"), "--metrics", self.path("slim.prom"))
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE_SECONDS), 0)
        found = {}
        for command in ("slim", "watch"):
            for name, (kind, text) in metrics(self.path(command + ".prom"))[1].items():
                self.assertEqual(name.endswith("_total"), kind == "counter", name)
                known = found.setdefault(name, [kind, text, []])
                self.assertEqual(known[:2], [kind, text], name)
                known[2].append(f"`{command}`")
        document = read(os.path.join(SOURCE, "docs/metrics.md")).decode()
        rows = re.findall(r"(?m)^\| `(firstpayload_\w+)` \| (\w+) \| (.*?) \| (.*) \|$", document)
        self.assertEqual({name: (kind, of) for name, kind, of, _ in rows}, {name: (kind, ", ".join(of)) for name, (kind, _, of) in found.items()})
        for name, _, _, text in rows:
            self.assertTrue((text + ".").startswith(found[name][1] + "."), text)
        rules = read(os.path.join(SOURCE, "packaging/examples/alerts.yml")).decode()
        self.assertLessEqual(set(re.findall(r"firstpayload_\w+", rules)), set(found))
        self.assertEqual(re.findall(r"- alert: (\w+)", rules), re.findall(r"(?m)^\| `(Firstpayload\w+)` \|", document))

    def test_what_documents_ask_works_with_stats_in_the_log(self):
        """Of jq and SQLite."""
        done = slim("-q", "--log", self.path("first.jsonl"), "--log-format", "json", "captures/mixed.pcap", cwd=os.path.dirname(CAPTURES))
        self.assertEqual(done.returncode, 0, done.stderr)
        text = read(os.path.join(SOURCE, "docs/log.md")).decode().partition("## Ask it with jq")[2].partition("## What may be in it")[0]
        commands = re.findall(r"(?m)^(?:    )?\$ (.*)$", text)
        self.assertGreater(len(commands), 12)
        self.assertTrue(all(re.search(r"first\.(jsonl|db)|echo ", command) for command in commands))
        script = "set -e -o pipefail\n" + "\n".join(commands)
        want = self.shell(script)
        os.unlink(self.path("first.db"))
        lines = read(self.path("first.jsonl")).splitlines(True)
        stats = (json.dumps(STATS, separators=(",", ":")) + "\n").encode()
        with open(self.path("first.jsonl"), "wb") as file:
            file.write(stats + b"".join(lines[:3]) + stats + b"".join(lines[3:]) + stats)
        log_schema.entries(read(self.path("first.jsonl")))
        self.assertEqual(self.shell(script), want)
        asked = re.search(r"(?m)^    (jq -r 'select\(.event_type == \"stats\" .*)$", text)
        self.assertEqual(self.shell(asked.group(1)), f"{STATS['timestamp']}\t3\n" * 3)

    def shell(self, script):
        done = subprocess.run(["bash", "-c", script], cwd=self.folder, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_schema_tells_the_two_kinds_of_lines_apart(self):
        line = json.loads(slim("-q", "--log", "-", "--log-format", "json", os.path.join(CAPTURES, "http.pcap")).stdout.splitlines()[0])
        good = log_schema.validator().is_valid
        self.assertTrue(good(line) and good(STATS))
        self.assertFalse(good({**line, "stats": STATS["stats"]}) or good({**STATS, "src_ip": "192.0.2.1"}) or good({**STATS, "event_type": "firstpayload"}))
        self.assertFalse(good({key: value for key, value in line.items() if key != "stream"}))

    def test_both_validators_of_the_schema_agree(self):
        """On lines of which one value is another, or missing."""
        def is_fine(line):
            with contextlib.suppress(fastjsonschema.JsonSchemaException):
                log_schema.fast_validator()(line)
                return True
            return False

        lines = [STATS]
        for name, n in (("mixed.pcap", 12), ("ipv6.pcap", 2)):
            done = slim("-q", "--all-hellos", "--log", "-", "--log-format", "json", os.path.join(CAPTURES, name))
            lines += [json.loads(line) for line in done.stdout.splitlines()[:n]]
        self.assertGreater(len({line.get("app_proto") for line in lines}), 3)
        answers = set()
        for line in lines:
            changed = [{**line, key: value} for key in line for value in (None, -1, 70000, 1.5, "x", [], {}, "999.1.1.1")]
            for other in changed + [{key: value for key, value in line.items() if key != gone} for gone in line]:
                answers.add(is_fine(other))
                self.assertEqual(is_fine(other), log_schema.validator().is_valid(other), other)
        self.assertEqual(answers, {False, True})

    def test_what_makes_no_sense(self):
        for arguments, word in ((("--stats", "9", "--log", "-", "file"), "--stats goes with -i"), (("--metrics", "m", "file"), "--metrics goes with -i"),
                                (("-i", "lo", "--stats", "9"), "--stats goes with --log"), (("-i", "lo", "--log", "-", "--stats", "0"), "--stats takes"),
                                (("-i", "lo", "--log", "-", "--metrics", "/dev/null"), "--metrics takes the name of a file")):
            result = slim(*arguments)
            self.assertEqual(result.returncode, 64, result.stderr)
            self.assertIn(word, result.stderr)


if __name__ == "__main__":
    unittest.main()
