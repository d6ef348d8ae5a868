#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""On every capture: what a report counts are the lines of the log; as text and as a page, for one capture and for several."""
import json
import unittest

import answers
import said_report

CUT = 1     # the exit status where a capture ends too early
OPTIONS = "--transport", "tcp,udp", "--all-hellos"


def lines(*paths):
    return [json.loads(line) for line in answers.program("slim", "-q", "--log", "-", "--log-format", "json", *OPTIONS, *paths, check=False).stdout.splitlines()]


def page(*paths):
    return answers.program("said", "-q", "--html", "-", *OPTIONS, *paths, check=False).stdout.decode()


def put_apart(expected):
    """({kind: {name: Count}}, {kind: streams without a name})."""
    return ({kind: {name: count for name, count in names.items() if name} for kind, names in expected.items()},
            {kind: names[""].streams for kind, names in expected.items() if "" in names})


def together(names):
    """What is left of names where JSON does not tell which bytes they had: how many streams say them."""
    lossy = said_report.escape(said_report.REPLACED)
    return {name: count for name, count in names.items() if lossy not in name}


class Counts(unittest.TestCase):
    def check(self, *paths):
        """Returns how many names were compared."""
        said = lines(*paths)
        later = sum(map(said_report.is_later, said))
        wanted, without = put_apart(said_report.expected(said))
        done = answers.program("said", "-q", "--top", 0, *OPTIONS, *paths, check=False)
        head, counts, others = said_report.from_text(done.stdout.decode("ascii"))
        if said or done.returncode in (0, CUT):
            self.assertRegex(head, r"(^|[^\d,])%s said something" % f"{len(said) - later:,}")
            self.assertEqual("; %d ClientHello" % later in head, later > 0)
        if "ended too early" in head:
            self.assertNotEqual(done.returncode, 0)
        elif head:
            self.assertIn(done.returncode, (0, CUT), "1 is also what the sanitizer makes of libwiretap's leaks")
        on_page, others_on_page = said_report.from_page(page(*paths)) if done.returncode in (0, CUT) else (counts, others)
        for kind in said_report.KINDS:
            names, found = wanted.get(kind, {}), counts.get(kind, {})
            exact = together(names)
            self.assertEqual({name: found.get(name) for name in exact}, exact)
            self.assertEqual(sum(count.streams for count in found.values()), sum(count.streams for count in names.values()))
            if len(exact) == len(names):
                self.assertEqual(found, names)
            self.assertEqual(on_page.get(kind, {}), found)
            for other in (others, others_on_page):
                self.assertEqual(sum(other.get(kind, {}).values()), without.get(kind, 0))
            self.assertEqual(list(found.values()), sorted(found.values(), key=lambda count: -count.streams))
        return sum(map(len, counts.values()))

    def check_all(self, captures, least):
        compared = 0
        for path in captures:
            with self.subTest(str(path)):
                compared += self.check(path)
        self.assertGreater(compared, least)

    def test_own_captures(self):
        self.check_all(answers.own_captures(), 50)

    def test_all_at_once(self):
        self.check(*answers.own_captures())

    def test_shared_captures(self):
        captures = answers.shared_captures()
        if not captures:
            answers.say_absent(1)
            self.skipTest("shared captures absent")
        self.check_all([path for _, path, _ in captures], 200)


if __name__ == "__main__":
    unittest.main()
