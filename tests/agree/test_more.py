#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The classes that have to be asked for, and UDP and QUIC, on captures that nobody in this project made, which come with expected frames.

Lists of what is idle for 10 s are there where they differ from those without. The plugin's openings and closings are compared in test_shared.py,
which asks it for all classes of a capture at once.
"""
import sys
import unittest

import answers
import other_versions

UDP = ("--keep", "first,reply,flight,opening", "--transport", "udp")
QUIC = ("--keep", "first,reply,flight,opening", "--transport", "quic")
IDLE = ("--idle", 10)
ENDS = ("--keep", ",".join(answers.ENDS))
SPOKEN = ("first", "reply", "flight")


def end_rows(name, _):
    return answers.end_rows(name)


def listed(name, suffix):
    """The rows of a list that is there only where it has any."""
    path = answers.SHARED / "expected-more" / f"{name}.{suffix}"
    return path.read_text().splitlines() if path.exists() else []


def udp_rows(name, _):
    return listed(name, "udp.tsv")


def quic_rows(name, _):
    return listed(name, "quic.rows")


def idle_rows(name, expected):
    listed = answers.SHARED / "expected-more" / f"{name}.idle10.rows"
    return listed.read_text().splitlines() if listed.exists() else answers.in_classes(expected, SPOKEN)


class SharedCaptures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        not_yet = {row[0] for row in other_versions.table(answers.NOT_YET)}
        cls.captures = [capture for capture in answers.shared_captures() if capture[0] not in not_yet]
        if not cls.captures or not (answers.SHARED / "expected-more").is_dir():
            answers.say_absent(1)
            raise unittest.SkipTest("shared captures absent")

    def check(self, ask, captures, wanted_of):
        for (name, _, expected), found in zip(captures, answers.in_parallel(ask, captures)):
            with self.subTest(name):
                if isinstance(found, Exception):
                    raise found
                self.assertEqual("", answers.difference(wanted_of(name, expected), found, name, "found"))

    def test_opening_and_closing_in_the_program(self):
        self.check(lambda capture: answers.slim(*ENDS, capture[1], check=False), self.captures, end_rows)

    def test_there_are_datagrams(self):
        self.assertGreater(len(self.udp_captures()), 25)
        self.assertGreater(sum(bool(quic_rows(name, None)) for name, *_ in self.captures), 6)

    def test_udp_in_the_program(self):
        self.check(lambda capture: answers.slim(*UDP, capture[1], check=False), self.captures, udp_rows)

    def test_udp_in_the_plugin(self):
        self.check(lambda capture: answers.plugin(capture[1], *UDP), self.captures, udp_rows)

    def udp_captures(self):
        """What has no UDP has no QUIC."""
        return [capture for capture in self.captures if udp_rows(capture[0], None)]

    def test_quic_in_the_program(self):
        self.check(lambda capture: answers.slim(*QUIC, capture[1], check=False), self.udp_captures(), quic_rows)

    def test_quic_in_the_plugin(self):
        self.check(lambda capture: answers.plugin(capture[1], *QUIC), self.udp_captures(), quic_rows)

    def idle_captures(self):
        return [capture for capture in self.captures if (answers.SHARED / "expected-more" / f"{capture[0]}.idle10.rows").exists()]

    def test_there_are_gaps(self):
        self.assertGreater(len(self.idle_captures()), 8)

    def test_idle_in_the_program(self):
        self.check(lambda capture: answers.in_classes(answers.slim(*IDLE, capture[1], check=False), SPOKEN), self.captures, idle_rows)

    def test_idle_in_the_plugin(self):
        self.check(lambda capture: answers.in_classes(answers.plugin(capture[1], *IDLE), SPOKEN), self.idle_captures(), idle_rows)


if __name__ == "__main__":
    unittest.main(verbosity=1 if len(sys.argv) == 1 else 2)
