# SPDX-License-Identifier: GPL-2.0-or-later
"""await_open.py PID NAME... - ends once that process has two descriptors of each of these files: of a capture that waits, the watcher has one to see
that it stays what it is, and the threads that read it have another."""
import contextlib
import os
import sys

from waiting import wait_for


def is_open_twice(pid, name):
    folder, n = f"/proc/{pid}/fd", 0
    for fd in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):    # closed meanwhile
            n += os.readlink(os.path.join(folder, fd)).endswith(name)
    return n >= 2


for wanted in sys.argv[2:]:
    wait_for(lambda: is_open_twice(sys.argv[1], wanted), f"{wanted} to be opened by threads")
