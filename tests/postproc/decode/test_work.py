# SPDX-License-Identifier: GPL-2.0-or-later
"""Work that grows with its input and no faster, whatever a sender does. It is measured in instructions, which do not depend on how busy the machine
is."""
import os
import re
import subprocess
import unittest

N = 4000
LARGEST_RATIO = 2.5     # of twice the input


def instructions(*command):
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command], capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


class Fragments(unittest.TestCase):
    def test_that_never_complete(self):
        program = os.environ["FIRSTPAYLOAD_FRAGMENTS_WORK"]
        start = instructions(program, "rising", "1")
        counts = {order: [instructions(program, order, str(n)) - start for n in (N, 2 * N)]
                  for order in ("rising", "falling", "inwards", "even-first", "shuffled")}
        for order, (one, two) in counts.items():
            with self.subTest(order):
                self.assertGreater(one, N)
                self.assertLessEqual(two, LARGEST_RATIO * one)
                self.assertLessEqual(two, 8 * counts["rising"][1], "much the same in any order")


if __name__ == "__main__":
    unittest.main()
