#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the pictures of Wireshark in this folder, of captures/mixed.pcap; to be looked at before they are committed.

    scripts/install-packages check
    cmake --preset release && cmake --build --preset release
    docs/screenshots.py build/release

The places that it clicks at are those of Wireshark 4.0 on Debian 12.
"""
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
os.environ.update(FIRSTPAYLOAD_SOURCE=ROOT, FIRSTPAYLOAD_PLUGINS=os.path.join(os.path.abspath(sys.argv[1]), "plugins"))
sys.path[:0] = [os.path.join(ROOT, "tests", folder) for folder in ("lib", "plugin", "gui")]
from desktop import Desktop, wait_for  # noqa: E402

BUTTON_FIRST_PAYLOADS = 610, 77
FOURTH_ROW = 300, 174
LAST_DETAIL = 120, 583
SETTLED_SECONDS = 2


def main():
    with Desktop() as desktop:
        desktop.start("-r", os.path.join(ROOT, "captures", "mixed.pcap"))
        desktop.click(*BUTTON_FIRST_PAYLOADS)
        time.sleep(SETTLED_SECONDS)
        desktop.click(*FOURTH_ROW)
        desktop.click(*LAST_DETAIL)
        desktop.keys("Right")
        time.sleep(SETTLED_SECONDS)
        desktop.picture(os.path.join(HERE, "wireshark.png"))
        desktop.keys("alt+s", "Up", "Return")
        window = wait_for(lambda: desktop.find("First Payload"), "the statistics")
        desktop.xdotool("windowmove", "--sync", window, "0", "0", "windowsize", "--sync", window, "860", "800")
        time.sleep(SETTLED_SECONDS)
        desktop.picture(os.path.join(HERE, "wireshark-statistics.png"), window)


if __name__ == "__main__":
    main()
