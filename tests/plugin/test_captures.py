# SPDX-License-Identifier: GPL-2.0-or-later
"""Every class, on real captures: exactly the expected frames match."""
import concurrent.futures
import os
import unittest

import capture_files
import other_versions
import tshark_runner

EVERY = int(os.environ.get("FIRSTPAYLOAD_EVERY", "5"))     # every so many-th of the shared captures; agree-shared takes all of them, by fields
FILTERS = {"first": "firstpayload", "reply": "firstpayload.reply", "flight": "firstpayload.flight", "handshake": "firstpayload.handshake"}
ENDS = {"opening": "firstpayload.opening", "closing": "firstpayload.closing"}     # agree-more compares these with lists


def setUpModule():
    assert tshark_runner.plugin_is_listed(), "tshark does not list the plugin"


def read_expected(path):
    frames = {name: [] for name in FILTERS}
    with open(path, encoding="ascii") as file:
        for line in file:
            number, classes = line.split()
            for name in classes.split(","):
                frames[name].append(int(number))
    return frames


def answers(capture, extra=(), filters=FILTERS):
    return {name: tshark_runner.frames(capture, display_filter, extra) for name, display_filter in filters.items()}


class Captures(unittest.TestCase):
    def for_each(self, function, items):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            yield from zip(items, pool.map(function, items))

    def test_shared_captures(self):
        agree = dict.fromkeys(FILTERS, 0)
        others = other_versions.captures("plugin")    # agree-shared tests those
        pairs = [pair for pair in capture_files.shared()[::EVERY] if not pair[0].endswith(tuple(others))]
        for (capture, expected), got in self.for_each(lambda pair: answers(pair[0]), pairs):
            wanted = read_expected(expected)
            for name in FILTERS:
                agree[name] += got[name] == wanted[name]
                with self.subTest(capture=capture, frames=name):
                    self.assertEqual(got[name], wanted[name])
        if pairs:
            print(f"of {len(pairs)} captures agree:", ", ".join(f"{name} {count}" for name, count in agree.items()))

    def test_own_captures_in_one_pass_and_in_two(self):
        filters = FILTERS | ENDS
        own = capture_files.merged(capture_files.own())
        one, two = (answers(own, extra, filters) for extra in ((), ["-2"]))
        self.assertEqual(one, two)
        self.assertGreater(min(map(len, one.values())), 20)
        self.assertLessEqual(set(one["first"]), set(one["flight"]))
        self.assertLessEqual({*one["first"], *one["reply"]}, set(one["opening"]))


if __name__ == "__main__":
    unittest.main()
