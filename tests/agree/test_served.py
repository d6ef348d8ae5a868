#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A tshark that answers many questions, and a program that runs often, say what one says that is started for each (tests/lib/served_tshark.py,
served_program.py)."""
import os
import pathlib
import re
import signal
import tempfile
import unittest
from unittest import mock

import answers
import served_program
import served_tshark
import tshark_runner

FIELDS = ["-T", "fields", "-e", "frame.number", "-e", "frame.time_epoch", "-e", "frame.protocols"]
QUESTIONS = {
    "fields": ["-n", *FIELDS],
    "each value": ["-n", *FIELDS, "-e", "tcp.seq", "-E", "occurrence=a", "-E", "aggregator=;", "-E", "separator=|"],
    "a preference": ["-n", "-o", "tcp.relative_sequence_numbers:FALSE", *FIELDS, "-e", "tcp.seq"],
    "two passes": ["-n", "-2", "-Y", "tcp", *FIELDS],
    "another dissector": ["-n", "-d", "tcp.port==80,tls", *FIELDS],
    "a protocol that is off": ["-n", "--enable-protocol", "communityid", *FIELDS, "-e", "communityid"],
    "a filter": ["-n", "-Y", "tcp.flags.syn == 1"],
    "a wrong filter": ["-n", "-Y", "tcp.nothing == 1", *FIELDS],
    "a wrong preference": ["-n", "-o", "tcp.nothing:1", *FIELDS],
    "a wrong field": ["-n", "-T", "fields", "-e", "tcp.nothing"],
    "details": ["-n", "-T", "pdml"],
}


def ask(path, question, plugin, served):
    with mock.patch.dict(os.environ):
        os.environ.pop("FIRSTPAYLOAD_ANSWERS", None)
        if not served:
            del os.environ["FIRSTPAYLOAD_SERVE_TSHARK"]
        done = tshark_runner.run_tshark(["-r", path, *question], plugin=plugin)
    return done.returncode, re.sub(b' time="[^"]*"', b"", done.stdout), done.stderr


class ServedTshark(unittest.TestCase):
    def setUp(self):
        captures = sorted(answers.own_captures(), key=lambda path: path.stat().st_size)
        self.captures = [*captures[:3], self.write("cut.pcap", captures[0].read_bytes()[:-1]), self.write("none.pcap", b"none at all")]

    def write(self, name, data):
        path = pathlib.Path(tshark_runner.folder()) / name
        path.write_bytes(data)
        path.chmod(0o644)
        return path

    def test_each_question(self):
        for plugin in (False, True):
            more = ["-e", "firstpayload", "-e", "firstpayload.flight"] if plugin else []
            for what, question in QUESTIONS.items():
                path = self.captures[0]
                question = [*question, *(more if "fields" in question else [])]
                with self.subTest(what, plugin=plugin):
                    answer = ask(path, question, plugin, served=True)
                    self.assertEqual(answer, ask(path, question, plugin, served=False))
                    self.assertEqual(answer[0] != 0, "wrong" in what)

    def test_each_capture(self):
        """Answers do not depend on those before."""
        for path in self.captures:
            with self.subTest(path.name):
                self.assertEqual(ask(path, QUESTIONS["fields"], True, served=True), ask(path, QUESTIONS["fields"], True, served=False))

    def test_it_is_started_once(self):
        with mock.patch.object(served_tshark, "Server", wraps=served_tshark.Server) as server, mock.patch.object(served_tshark._servers, "of", {}):
            for path in self.captures:
                ask(path, QUESTIONS["fields"], False, served=True)
        self.assertEqual(server.call_count, 1)

    def test_one_that_is_killed(self):
        with mock.patch.object(served_tshark._servers, "of", {}):
            answer = ask(self.captures[0], QUESTIONS["fields"], False, served=True)
            (server,) = served_tshark._servers.of.values()
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
            self.assertEqual(ask(self.captures[0], QUESTIONS["fields"], False, served=True), answer)


RUNS = {
    "a list": ["slim", "-q", "--list", "CAPTURE"],
    "a log": ["slim", "--log", "-", "--log-format", "json", "CAPTURE"],
    "an output": ["slim", "-w", "OUT", "CAPTURE", "CAPTURE"],
    "two threads": ["slim", "-j", "2", "-w", "OUT", "CAPTURE"],
    "tshark": ["slim", "-q", "-Y", "http.request", "--list", "CAPTURE"],
    "standard input": ["slim", "--list", "-"],
    "an empty word": ["slim", "--list", "", "CAPTURE"],
    "no such file": ["slim", "--list", "CAPTURE.not"],
    "wrong usage": ["slim", "--no-such-option"],
    "no arguments": [],
    "a line feed": ["slim", "--list", "no\nfile"],
}


class ServedProgram(unittest.TestCase):
    def ran(self, words, capture, out):
        """Returns all that came of it: exit status, what was printed, errors, and what was written."""
        done = served_program.run(os.environ["FIRSTPAYLOAD_PROGRAM"], [word.replace("CAPTURE", capture).replace("OUT", out) for word in words])
        written = pathlib.Path(out).read_bytes() if os.path.exists(out) else None
        return done.returncode, done.stdout, re.sub(rb"[0-9.]+ (s|MB/s)\b", b"", done.stderr), written

    def test_each_run(self):
        captures = sorted(answers.own_captures(), key=lambda path: path.stat().st_size)
        with tempfile.TemporaryDirectory() as folder:
            cut, out = os.path.join(folder, "cut.pcap"), os.path.join(folder, "out")
            pathlib.Path(cut).write_bytes(captures[0].read_bytes()[:-1])
            for what, words in RUNS.items():
                for capture in (str(captures[0]), cut):
                    with self.subTest(what, capture=capture):
                        served = self.ran(words, capture, out)
                        with mock.patch.dict(os.environ):
                            del os.environ["FIRSTPAYLOAD_SERVE"]
                            self.assertEqual(served, self.ran(words, capture, out))

    def test_it_is_started_once_for_each_thread(self):
        with mock.patch.object(served_program._servers, "of", {}, create=True):
            for _ in range(3):
                served_program.run(os.environ["FIRSTPAYLOAD_PROGRAM"], ["--version"])
            self.assertEqual(len(served_program._servers.of), 1)


if __name__ == "__main__":
    unittest.main()
