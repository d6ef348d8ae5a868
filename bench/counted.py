# SPDX-License-Identifier: GPL-2.0-or-later
"""How many instructions slim takes for a record, as callgrind counts them: between a shorter and a longer capture of each kind, so that the
program's start and end do not count. By hand: python3 bench/counted.py build/release"""
import os
import re
import subprocess
import sys
import tempfile

import captures
import report

KINDS = {"mixed": "large", "small": "small", "churn": "churn"}
MEGABYTES = (40, 120)
REACH = {"mixed": 280, "small": 240, "churn": 380}


def count(firstpayload, path):
    """Returns (instructions, frames)."""
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", firstpayload, "slim", "-w", "/dev/null", path],
                          capture_output=True, check=True, text=True)
    return int(re.search(r"Collected : (\d+)", done.stderr)[1]), captures.summary(done.stderr, "frames")


def for_a_record(firstpayload, generator, folder, kind):
    counts = []
    for megabytes in MEGABYTES:
        path = os.path.join(folder, kind + ".pcap")
        captures.write([generator, kind, str(megabytes)], path)
        counts.append(count(firstpayload, path))
        os.unlink(path)
    (less, fewer), (more, frames) = counts
    return (more - less) / (frames - fewer)


def show_of(firstpayload, generator, folder):
    counted = {kind: for_a_record(firstpayload, generator, folder, kind) for kind in KINDS}
    report.table(f"Instructions a record, between captures of {MEGABYTES[0]} and {MEGABYTES[1]} MB", list(KINDS.values()),
                 [("`firstpayload slim -w /dev/null`", [f"{counted[kind]:.0f}" for kind in KINDS]),
                  ("to be reached", [str(REACH[kind]) for kind in KINDS])])


def show(session):
    if not session.runner.has("valgrind"):
        session.notes.append("Left out: instructions a record: no valgrind to count them")
        return
    show_of(session.tools.firstpayload, session.tools.generate, session.folder)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="firstpayload-counted-") as scratch:
        show_of(os.path.join(sys.argv[1], "firstpayload"), os.path.join(sys.argv[1], "bench", "generate"), scratch)
