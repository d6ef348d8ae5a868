# SPDX-License-Identifier: GPL-2.0-or-later
"""What counting costs, against the log of the same streams: in instructions, which do not depend on how busy the machine is."""
import unittest

from crowd import crowd
from pcaps import PROGRAM, InFolder, write
from test_work import instructions

STREAMS = 100000
LARGEST_RATIO = 3


class Work(InFolder):
    def test_it_takes_no_more_than_the_log(self):
        capture = write(self.folder, "crowd.pcap", b"".join(crowd(STREAMS)))
        log = instructions(PROGRAM, "slim", "-q", "--log", "/dev/null", capture)
        page = instructions(PROGRAM, "said", "-q", "--html", "/dev/null", capture)
        print(f"said --html: {page / log:.2f} times the instructions of slim --log", flush=True)
        self.assertLess(page, LARGEST_RATIO * log)


if __name__ == "__main__":
    unittest.main()
