# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plugin costs tshark."""
import captures
import programs
import report
from kinds import job
from session import say

MEGABYTES_MAX = 60
ROUNDS = 4          # times as many: it costs less than what one run differs from the next


def show(session):
    chosen = session.installed(programs.tsharks())
    if not chosen:
        return
    megabytes = min(MEGABYTES_MAX, session.megabytes)
    say(f"the plugin: generating, checking and measuring {megabytes} MB of mixed")
    capture = captures.generate(session.tools, session.folder, "mixed", megabytes)
    found = session.ratios([(program, job(session, program, capture)) for program in chosen], "tshark", ROUNDS)
    capture.remove()
    report.table(f"The plugin: CPU time as a ratio to the first, medians of {session.rounds * ROUNDS} rounds; {capture.frames:,} frames of mixed",
                 ["ratio"], [(name, [f"{value:.2f}"]) for name, value in found.items()])
