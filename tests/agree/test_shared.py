#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that nobody in this project made, which come with expected frames.

not-yet.txt lists those whose link type or tunnel the program cannot decode yet; tests/lib/other-versions.txt lists those for which later
versions of Wireshark give another answer.
"""
import sys
import unittest

import answers
import other_versions
import tshark_runner


def ask_all(capture):
    _, path, _ = capture
    of_plugin = answers.plugin(path, "--keep", ",".join(answers.FIELDS))
    return {"slim": answers.slim(path, check=False), "plugin": answers.in_classes(of_plugin, answers.USUAL), "stock tshark": answers.stock(path),
            "ends": answers.in_classes(of_plugin, answers.ENDS)}


class SharedCaptures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.captures = answers.shared_captures()
        if not cls.captures:
            answers.say_absent(1)
            raise unittest.SkipTest("shared captures absent")
        for _, path, _ in cls.captures:
            tshark_runner.readable(str(path))
        cls.results = answers.in_parallel(ask_all, cls.captures)

    def check(self, who, later=()):
        for (name, _, expected), result in zip(self.captures, self.results):
            with self.subTest(name):
                if isinstance(result, Exception):
                    raise result
                different = answers.difference(expected, result[who], name, who)
                if name in later:
                    self.assertNotEqual("", different, "is as expected by now: take it out of not-yet.txt or other-versions.txt")
                else:
                    self.assertEqual("", different)

    def test_plugin_is_loaded(self):
        self.assertTrue(tshark_runner.plugin_is_listed())

    def test_plugin(self):
        self.check("plugin", other_versions.captures("plugin"))

    def test_opening_and_closing_in_the_plugin(self):
        if not (answers.SHARED / "expected-more").is_dir():
            raise unittest.SkipTest("lists of openings and closings absent")
        not_yet = {row[0] for row in other_versions.table(answers.NOT_YET)}
        for (name, _, _), result in zip(self.captures, self.results):
            with self.subTest(name):
                if isinstance(result, Exception):
                    raise result
                if name not in not_yet:
                    self.assertEqual("", answers.difference(answers.end_rows(name), result["ends"], name, "plugin"))

    def test_stock_tshark(self):
        self.check("stock tshark", other_versions.captures("stock tshark"))

    def test_program(self):
        self.check("slim", [row[0] for row in other_versions.table(answers.NOT_YET)])

    def test_exceptions_are_there(self):
        listed = {row[0] for row in other_versions.table(answers.NOT_YET) + other_versions.table(other_versions.LIST)}
        self.assertEqual(set(), listed - {name for name, _, _ in self.captures})


if __name__ == "__main__":
    unittest.main(verbosity=1 if len(sys.argv) == 1 else 2)
