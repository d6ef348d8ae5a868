#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""On every capture of this project, the program, the plugin and stock tshark give the same answer."""
import unittest

import answers
import tshark_runner


def ask_all(path):
    return {"slim": answers.slim(path), "plugin": answers.plugin(path), "stock tshark": answers.stock(path)}


class OwnCaptures(unittest.TestCase):
    def test_one_answer(self):
        paths = answers.own_captures()
        self.assertTrue(tshark_runner.plugin_is_listed())
        self.assertTrue(paths, "no captures")
        for path in paths:
            tshark_runner.readable(str(path))
        for path, result in zip(paths, answers.in_parallel(ask_all, paths)):
            with self.subTest(path.name):
                if isinstance(result, Exception):
                    raise result
                self.assertTrue(result["stock tshark"], "a capture that shows nothing")
                for who in ("slim", "plugin"):
                    self.assertEqual("", answers.difference(result["stock tshark"], result[who], "stock tshark", who))

    def test_filters(self):
        """The four filters as people type them, on the three smallest captures."""
        for path in sorted(answers.own_captures(), key=lambda path: path.stat().st_size)[:3]:
            with self.subTest(path.name):
                self.assertEqual("", answers.difference(answers.slim(path), answers.plugin_by_filters(path), "slim", "-Y"))


if __name__ == "__main__":
    unittest.main()
