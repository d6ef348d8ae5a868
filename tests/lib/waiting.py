# SPDX-License-Identifier: GPL-2.0-or-later
"""Waiting for what other processes do."""
import time


def wait_for(condition, what, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError("waited in vain for " + what)
        time.sleep(0.02)


def is_asleep(pid):
    """It waits for something, and is neither running nor being started."""
    with open("/proc/%d/stat" % pid) as file:
        return file.read().rpartition(")")[2].split()[0] == "S"
