# SPDX-License-Identifier: GPL-2.0-or-later
"""What it costs to log names: of connections that begin with the ClientHello of a browser, a third of them in two segments."""
import re
import subprocess

import captures
import programs
import report
from kinds import job
from session import say

STREAMS = 100_000


def check_names(session, capture):
    """Raises Wrong unless the log has each name once."""
    done = subprocess.run(programs.fill(programs.slim(session.tools, "-q", "--log", "-"), capture.path, ""), stdout=subprocess.PIPE, check=True)
    names = re.findall(rb"\ttls host-(\d+)\.example ", done.stdout)
    if sorted(map(int, names)) != list(range(STREAMS)) or b"\tincomplete" in done.stdout:
        raise captures.Wrong(f"the log has {len(set(names))} names in {len(names)} lines, not {STREAMS} in as many")


def instructions(session, program, capture):
    """In millions, as valgrind counts them; None where it is not installed."""
    if not session.runner.has("valgrind"):
        return None
    command = programs.fill(program.command, capture.path, session.runner.scratch)
    said = session.runner.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command]).messages
    return int(re.search(r"Collected : (\d+)", said)[1]) / 1e6


def show(session):
    say(f"hello: generating and checking {STREAMS:,} connections")
    capture = captures.generate(session.tools, session.folder, "hello", 0, [STREAMS])
    check_names(session, capture)
    chosen = session.installed(programs.name_loggers(session.tools))
    say("hello: measuring")
    ratios = session.ratios([(program, job(session, program, capture)) for program in chosen], "hello")
    counted = {program.name: instructions(session, program, capture) for program in chosen if program.is_ours}
    if None in counted.values():
        session.notes.append("Left out: instructions: no valgrind to count them")
    base = counted[chosen[0].name]
    report.table(f"Names: {STREAMS:,} connections that begin with a ClientHello, a third of these in two segments, in {capture.frames:,} frames; "
                 f"medians of {session.rounds} rounds", ["CPU time", "instructions", "instructions a connection"],
                 [(program.name, [report.ratio(ratios.get(program.name)), *columns(counted.get(program.name), base)]) for program in chosen])
    capture.remove()


def columns(millions, base):
    return (report.ratio(millions / base), f"{millions * 1e6 / STREAMS:,.0f}") if millions else ("", "")
