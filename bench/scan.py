# SPDX-License-Identifier: GPL-2.0-or-later
"""Ten million streams that stay open at once, against ten thousand in as many frames."""
import os
import subprocess

import captures
import memory
import programs
import report
from session import say

MEGABYTES = 880     # ten million frames
FEW_STREAMS = 10_000


def measure(session, name, few, many, *options):
    """A row of the table. Jobs are told apart by the names of their programs."""
    command = programs.slim(session.tools, "-q", *options, "-w", "/dev/null")
    jobs = [(programs.Program(capture.path, command), lambda path=capture.path: session.runner.run(
        programs.fill(command, path, session.runner.scratch)).seconds) for capture in (few, many)]
    return name, [report.ratio(value) for value in session.ratios(jobs, f"scan, {name}").values()]


def show_pause(session, streams):
    say(f"scan: starting {streams:,} streams, timing each")
    longest = subprocess.run([session.tools.pause, str(streams)], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
    print(f"\nLongest pause while the table grows to {streams:,} streams: {longest} ms")


def show(session):
    folder = os.path.join(session.folder, "few")
    os.mkdir(folder)
    say(f"scan: generating and checking {MEGABYTES} MB twice")
    few = captures.generate(session.tools, folder, "scan", MEGABYTES, [FEW_STREAMS])
    many = captures.generate(session.tools, session.folder, "scan", MEGABYTES)
    empty = captures.empty(session.folder, many)
    say(f"scan: {few.firsts} and {many.firsts} first payload frames in {many.frames}, as the generator says; measuring")
    rows = [measure(session, "time, every first payload frame kept", few, many),
            measure(session, "time, no frame kept (`--keep reply`)", few, many, "--keep", "reply")]
    peaks = [memory.of_stream(session, capture, empty) for capture in (few, many)]
    rows.append(("memory, bytes a stream", [f"{used:.0f}" for used, _ in peaks]))
    report.table(f"Streams open at once: {programs.SLIM} on {many.frames:,} frames of {many.frame_bytes:.0f} bytes, CPU time as a ratio to the first",
                 [f"{streams:,} streams" for _, streams in peaks], rows)
    show_pause(session, many.firsts)
    few.remove()
    many.remove()
