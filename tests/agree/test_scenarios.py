#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""On every scenario as a capture, the program, the plugin and stock tshark give the answer that the scenario expects."""
import unittest

import answers
import other_versions
import tshark_runner


def ask_all(path):
    capture = answers.scenario_capture(path)
    options = answers.scenario_to_pcap("--options", path).split()
    return {
        "expected": answers.scenario_to_pcap("--expected", path).splitlines(),
        "slim": answers.slim(*options, capture),
        "plugin": answers.plugin(capture, *options),
        "stock tshark": answers.stock(capture, *options),
        "options": options,
        "differs": other_versions.holds(answers.scenario_to_pcap("--differs", path)),
    }


class Scenarios(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.paths = answers.scenarios()
        cls.results = dict(zip((path.stem for path in cls.paths), answers.in_parallel(ask_all, cls.paths)))

    def test_plugin_is_loaded(self):
        self.assertTrue(tshark_runner.plugin_is_listed())

    def test_there_are_scenarios(self):
        self.assertGreater(len(self.paths), 100)

    def check(self, who):
        for name, result in self.results.items():
            with self.subTest(name):
                if isinstance(result, Exception):
                    raise result
                self.assertEqual("", answers.difference(result["expected"], result[who], name, who))

    def test_program(self):
        self.check("slim")

    def test_plugin(self):
        self.check("plugin")

    def test_stock_tshark(self):
        for name, result in self.results.items():
            with self.subTest(name):
                if isinstance(result, Exception):
                    raise result
                different = answers.difference(result["expected"], result["stock tshark"], name, "stock tshark")
                if result["differs"]:
                    self.assertNotEqual("", different, "stock tshark gives the same answer: differs-from-tshark is out of date")
                else:
                    self.assertEqual("", different)

    def test_filters(self):
        """The four filters as people type them, on the scenarios with most of the classes."""
        plain = [name for name in self.results if not self.results[name]["options"]]
        names = sorted(plain, key=lambda name: (-len(self.results[name]["expected"]), name))[:12]
        captures = [answers.scenario_capture(answers.SCENARIOS / f"{name}.scenario") for name in names]
        for name, rows in zip(names, answers.in_parallel(answers.plugin_by_filters, captures)):
            with self.subTest(name):
                self.assertEqual("", answers.difference(self.results[name]["expected"], rows, name, "-Y"))


if __name__ == "__main__":
    unittest.main()
