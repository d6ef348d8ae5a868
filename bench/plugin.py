# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plugin costs tshark: instructions a frame, CPU time, and memory a stream. Without the time, which wants an idle machine, by hand:
python3 bench/plugin.py build/release"""
import os
import re
import shutil
import sys
import tempfile

import captures
import programs
import report
from kinds import job
from measure import Runner
from session import Session, install_tools, say

MEGABYTES_MAX = 60
ROUNDS = 4          # times as many: it costs less than what one run differs from the next
COUNTED_MEGABYTES = (2, 6)
SCAN_MEGABYTES = (27, 54, 88)   # some 300,000 streams, 600,000, a million


def count(session, program, path):
    """Instructions, as callgrind counts them."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *programs.fill(program.command, path, session.runner.scratch)]
    return int(re.search(r"Collected : (\d+)", session.runner.run(command, program.with_plugin).messages)[1])


def for_a_frame(session, chosen):
    """Instructions a frame by program: between a shorter and a longer capture, so that tshark's start and end do not count."""
    counts = []
    for megabytes in COUNTED_MEGABYTES:
        capture = captures.generate(session.tools, session.folder, "mixed", megabytes)
        counts.append((capture.frames, {program: count(session, program, capture.path) for program in chosen}))
        capture.remove()
    (fewer, less), (frames, more) = counts
    return {program: (more[program] - less[program]) / (frames - fewer) for program in chosen}


def show_counted(session, chosen):
    if not session.runner.has("valgrind"):
        session.notes.append("Left out: the plugin's instructions: no valgrind to count them")
        return
    say("the plugin: counting instructions")
    found = for_a_frame(session, chosen)
    rows = [(program.name, [f"{found[program]:,.0f}", f"{found[program] / found[programs.base_of(program, chosen)]:.3f}"]) for program in chosen]
    report.table(f"The plugin: instructions a frame, between captures of {COUNTED_MEGABYTES[0]} and {COUNTED_MEGABYTES[1]} MB of mixed, and their ratio to "
                 "the same without it", ["instructions", "ratio"], rows)


def show_memory(session):
    """Each frame of the kind scan is a first payload frame of a stream of its own: the most that there can be to keep."""
    say("the plugin: measuring memory")
    without, with_plugin = programs.tsharks_that_filter()
    cells = {}
    for megabytes in SCAN_MEGABYTES:
        capture = captures.generate(session.tools, session.folder, "scan", megabytes)
        empty = captures.empty(session.folder, capture)
        used = [session.use(program, capture.path).peak_bytes - session.use(program, empty).peak_bytes for program in (without, with_plugin)]
        cells[f"{capture.firsts:,}"] = f"{(used[1] - used[0]) / capture.firsts:.0f}"
        capture.remove()
    report.table(f"The plugin: bytes a stream: the peak of {with_plugin.name}, less that of {without.name}, by streams", list(cells),
                 [("bytes", list(cells.values()))])


def show_time(session, chosen):
    megabytes = min(MEGABYTES_MAX, session.megabytes)
    say(f"the plugin: generating, checking and measuring {megabytes} MB of mixed")
    capture = captures.generate(session.tools, session.folder, "mixed", megabytes)
    found = session.ratios([(program, job(session, program, capture)) for program in chosen], "tshark", ROUNDS)
    capture.remove()
    report.table(f"The plugin: CPU time as a ratio to the first, medians of {session.rounds * ROUNDS} rounds; {capture.frames:,} frames of mixed",
                 ["ratio"], [(name, [f"{value:.2f}"]) for name, value in found.items()])


def show(session, with_time=True):
    chosen = session.installed(programs.tsharks())
    if not chosen:
        return
    show_counted(session, chosen)
    show_memory(session)
    if with_time:
        show_time(session, chosen)


def main():
    folder = tempfile.mkdtemp(prefix="firstpayload-bench-")
    os.chmod(folder, 0o755)
    try:
        tools = install_tools(sys.argv[1], folder)
        show(Session(tools, Runner(tools.rusage, folder, tools.plugins), folder, MEGABYTES_MAX, 1), with_time=False)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
