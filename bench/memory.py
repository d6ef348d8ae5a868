# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory: the peak, less that of a run on an empty capture."""
import captures
import programs
import report
from measure import Failed

TSHARK = programs.Program(f"`tshark -r FILE -Y '{programs.FIRST_BY_FIELDS}'`, bytes a frame (of so many)",
                          ("tshark", "-r", "IN", "-Y", programs.FIRST_BY_FIELDS), "tshark")
SLIM = f"{programs.SLIM}, bytes a stream (of so many)"


def of_stream(session, capture, empty):
    """firstpayload's bytes for each stream, and how many streams there are."""
    slim = programs.Program(programs.SLIM, programs.slim(session.tools, "-w", "/dev/null"))     # the summary says how many
    used = session.use(slim, capture.path)
    streams = captures.summary(used.messages, "streams")
    return (used.peak_bytes - session.use(slim, empty).peak_bytes) / streams, streams


def of_frame(session, share, empty):
    """tshark's bytes for each frame, and how many frames there are."""
    return (session.use(TSHARK, share.path).peak_bytes - session.use(TSHARK, empty).peak_bytes) / share.frames, share.frames


def measure(session, capture, share, empty):
    used = {SLIM: of_stream(session, capture, empty)}
    if not session.runner.has("tshark"):
        return used
    try:
        used[TSHARK.name] = of_frame(session, share, empty)
    except Failed as failure:
        session.notes.append(f"Left out: tshark's memory: {failure}")
    return used


def show(used):
    """used: kind -> name -> (bytes, of how many)."""
    def cell(kind, name):
        return "{:.0f} ({:,})".format(*used[kind][name]) if name in used[kind] else ""
    report.table("Memory at the peak, less that of a run on an empty capture", list(used),
                 [(name, [cell(kind, name) for kind in used]) for name in (SLIM, TSHARK.name)])
