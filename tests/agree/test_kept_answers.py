#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers of tshark that are kept for the next test are those that it would give (tests/lib/kept_answers.py)."""
import os
import shutil
import tempfile
import unittest
from unittest import mock

import answers
import kept_answers
import tshark_runner

CAPTURES = answers.own_captures()[:2]
FIELDS = ["-n", "-T", "fields", "-e", "frame.number", "-e", "frame.len"]


class KeptAnswers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="firstpayload-kept-", dir=tshark_runner.folder())
        self.addCleanup(folder.cleanup)
        self.answers, self.captures = (os.path.join(folder.name, name) for name in ("answers", "captures"))
        os.mkdir(self.captures)
        os.chmod(folder.name, 0o755)
        os.chmod(self.captures, 0o755)

    def copy(self, capture, name):
        path = os.path.join(self.captures, name)
        shutil.copy(capture, path)
        os.chmod(path, 0o644)
        return path

    def ask(self, path, *more, plugin=False, keeps=False):
        """Returns what was answered, and whether it was kept from before."""
        before = self.kept()
        with mock.patch.dict(os.environ, FIRSTPAYLOAD_ANSWERS=self.answers), mock.patch.object(tshark_runner.subprocess, "run", wraps=tshark_runner.subprocess.run) as run:
            done = tshark_runner.run_tshark([*FIELDS, "-r", path, *more], plugin=plugin, keeps=keeps)
        started = any(str(path) in call.args[0] for call in run.call_args_list)
        self.assertEqual(before if not started else before | self.kept(), self.kept())
        return (done.returncode, done.stdout, done.stderr), not started

    def kept(self):
        return set(os.listdir(self.answers)) if os.path.isdir(self.answers) else set()

    def fresh(self, path, *more):
        with mock.patch.dict(os.environ):
            os.environ.pop("FIRSTPAYLOAD_ANSWERS", None)
            done = tshark_runner.run_tshark([*FIELDS, "-r", path, *more], plugin=False)
        return done.returncode, done.stdout, done.stderr

    def test_the_same_again(self):
        path = self.copy(CAPTURES[0], "a.pcap")
        for was_kept in (False, True):
            self.assertEqual((self.fresh(path), was_kept), self.ask(path))
        shutil.move(path, self.captures + "/moved")
        os.mkdir(self.captures + "/else")
        os.chmod(self.captures + "/else", 0o755)
        elsewhere = self.copy(self.captures + "/moved", "else/a.pcap")
        self.assertEqual((self.fresh(elsewhere), True), self.ask(elsewhere))

    def test_another_question(self):
        path = self.copy(CAPTURES[0], "a.pcap")
        self.ask(path)
        for more in (("-Y", "tcp"), ("-Y", "udp"), ("-2",), ("-o", "tcp.relative_sequence_numbers:FALSE")):
            self.assertEqual((self.fresh(path, *more), False), self.ask(path, *more))

    def test_other_bytes_under_the_name(self):
        first = self.ask(self.copy(CAPTURES[0], "a.pcap"))
        path = self.copy(CAPTURES[1], "a.pcap")
        self.assertEqual((self.fresh(path), False), self.ask(path))
        self.assertNotEqual(first, self.ask(path))

    def test_another_name(self):
        self.ask(self.copy(CAPTURES[0], "a.pcap"))
        self.assertFalse(self.ask(self.copy(CAPTURES[0], "a.txt"))[1])

    def test_a_damaged_capture(self):
        path = self.copy(CAPTURES[0], "a.pcap")
        os.truncate(path, os.path.getsize(path) - 1)
        asked = [self.ask(path) for _ in range(2)]
        self.assertEqual([(self.fresh(path), False), (self.fresh(path), True)], asked)
        self.assertNotEqual(0, asked[1][0][0])

    def test_another_tshark(self):
        path = self.copy(CAPTURES[0], "a.pcap")
        self.ask(path)
        with mock.patch.object(kept_answers, "identity", return_value=[("tshark", 1, 2)]):
            self.assertFalse(self.ask(path)[1])
        self.assertIn("libwireshark", str(kept_answers.identity("tshark")))

    def test_not_with_the_plugin(self):
        path = self.copy(CAPTURES[0], "a.pcap")
        self.assertFalse(any(self.ask(path, plugin=True)[1] for _ in range(2)))
        self.assertEqual(set(), self.kept())

    def test_with_the_plugin_where_that_is_asked_for(self):
        path = self.copy(CAPTURES[0], "a.pcap")
        words = ("-e", "firstpayload.len")
        first, again = (self.ask(path, *words, plugin=True, keeps=True) for _ in range(2))
        self.assertEqual((False, True, first[0]), (first[1], again[1], again[0]))
        self.assertIn(b"\t", first[0][1])
        with mock.patch.object(tshark_runner, "_digests", return_value=(b"another build",)):
            self.assertFalse(self.ask(path, *words, plugin=True, keeps=True)[1])

    def test_not_what_writes_or_reads_more(self):
        path = self.copy(CAPTURES[0], "a.pcap")
        for more in (("-w", "-"), ("-o", "tls.keylog_file:/none"), ("-X", "lua_script:none.lua"), ("-c", "1"), ("-r",)):
            self.assertIsNone(kept_answers.capture_of([*FIELDS, "-r", path, *more]))
        self.assertIsNone(kept_answers.capture_of(["-n"]))
        self.assertIsNone(kept_answers.capture_of(["-n", "-r", path + "x"]))


if __name__ == "__main__":
    unittest.main()
