# SPDX-License-Identifier: GPL-2.0-or-later
"""The main table: CPU time of all programs on each kind of capture, as a ratio to cat; and wall time with one thread and two."""
import os

import captures
import memory
import programs
import report
from session import say

KINDS = {"mixed": "mixed", "small": "small", "churn": "churn with a SYN scan"}
SHARE_PERCENT = 3           # of a capture, for what is slow
SHARE_MEGABYTES_MIN = 10


def job(session, program, capture):
    return lambda: session.use(program, capture.path).seconds


def wall_job(session, program, capture):
    return lambda: session.use(program, capture.path).wall_seconds


def scaled_job(session, program, capture, share, empty):
    """The time on the share less that on an empty capture, for as many frames as the whole has."""
    def measure():
        seconds = session.use(program, share.path).seconds - session.use(program, empty).seconds
        return seconds * capture.frames / share.frames
    return measure


def generate(session, kind):
    """A capture and a share of it, in a folder of its own as it has the same name."""
    megabytes = min(session.megabytes, max(SHARE_MEGABYTES_MIN, session.megabytes * SHARE_PERCENT // 100))
    folder = os.path.join(session.folder, "share")
    os.makedirs(folder, exist_ok=True)
    say(f"{kind}: generating and checking {session.megabytes} MB")
    return captures.generate(session.tools, session.folder, kind, session.megabytes), captures.generate(session.tools, folder, kind, megabytes)


def measure_kind(session, kind, chosen):
    """The columns of the table that a kind makes, that of the table of wall time, and what memory was used."""
    capture, share = generate(session, kind)
    empty = captures.empty(session.folder, capture)
    say(f"{kind}: {capture.firsts} first payload frames in {capture.frames}, as the generator says; measuring")
    jobs = [(program, scaled_job(session, program, capture, share, empty) if program.on_share else job(session, program, capture))
            for program in session.installed(chosen)]
    heading = f"{KINDS[kind]}, {capture.frame_bytes:.0f}-byte frames"
    columns = [(heading, session.ratios(jobs, kind))]
    wall_jobs = [(program, wall_job(session, program, capture)) for program in programs.threads(session.tools)]
    wall = (heading, session.ratios(wall_jobs, f"{kind}, wall time"))
    if kind == "mixed":
        columns += measure_pcapng(session, capture, chosen)
    used = memory.measure(session, capture, share, empty)
    capture.remove()
    share.remove()
    return columns, wall, used


def measure_pcapng(session, capture, chosen):
    if not session.runner.has("editcap"):
        session.notes.append("Left out: mixed as pcapng: no editcap to make it (wireshark-common)")
        return []
    say("mixed as pcapng: converting, checking and measuring")
    pcapng = captures.as_pcapng(session.tools, capture)
    found = session.ratios([(program, job(session, program, pcapng)) for program in chosen if program.reads_pcapng], "mixed as pcapng")
    session.notes.append(f"On pcapng, slim -w /dev/null took {report.ratio(found[programs.SLIM] / found[programs.WIRETAP_LOOP])} "
                         "times what the bare loop of libwiretap took.")
    pcapng.remove()
    return [("mixed as pcapng", found)]


def show_ratios(session, what, columns, chosen):
    title = f"{what} as a ratio to {chosen[0].name} in the same round, medians of {session.rounds} rounds; {session.megabytes} MB each"
    report.table(title, [heading for heading, _ in columns],
                 [(program.name, [report.ratio(found.get(program.name)) for _, found in columns]) for program in chosen])


def show(session):
    """Returns what memory was used, by kind."""
    chosen = [*programs.readers(session.tools), *programs.ours(session.tools), *programs.copiers(), *programs.followers(),
              *programs.mercury(session.folder)]
    columns, walls, used = [], [], {}
    for kind in KINDS:
        of_kind, wall, used[kind] = measure_kind(session, kind, chosen)
        columns += of_kind
        walls.append(wall)
    show_ratios(session, "CPU time", columns, chosen)
    show_ratios(session, "Wall time", walls, programs.threads(session.tools))
    scaled = [program.name for program in chosen if program.on_share and any(program.name in found for _, found in columns)]
    if scaled:
        session.notes.append(f"On a share of each capture, without their start, scaled up by frames: {', '.join(scaled)}.")
    return used
