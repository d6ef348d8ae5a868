#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes docs/report.png: the page of firstpayload said --html in a browser, of a capture that is made up; to be looked at before it is committed.

    scripts/install-packages check
    cmake --preset release && cmake --build --preset release
    docs/report.py build/release
"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(os.path.abspath(sys.argv[1]), "firstpayload")
os.environ.update(FIRSTPAYLOAD_SOURCE=os.path.dirname(HERE), FIRSTPAYLOAD_PROGRAM=PROGRAM)
sys.path.insert(0, os.path.join(HERE, "..", "tests", "lib"))
from browser import Browser  # noqa: E402
from crowd import crowd  # noqa: E402

STREAMS = 100000
WIDTH, HEIGHT = 1180, 1180


def main():
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "tap.pcap"), "wb") as capture:
            capture.writelines(crowd(STREAMS))
        subprocess.run([PROGRAM, "said", "-q", "--html", "report.html", "tap.pcap"], cwd=folder, check=True)
        with Browser(WIDTH, HEIGHT) as browser:
            browser.open("file://" + os.path.join(folder, "report.html"))
            browser.picture(os.path.join(HERE, "report.png"))


if __name__ == "__main__":
    main()
