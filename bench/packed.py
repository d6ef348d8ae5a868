# SPDX-License-Identifier: GPL-2.0-or-later
"""What reading compressed captures costs, to what decompressing them alone costs."""
import os

import captures
import programs
import report
from session import say

# The end of the name, what makes such a file, and what unpacks it: the base.
PACKERS = [
    (".gz", "gzip", programs.Program("`zcat FILE`", ("zcat", "IN"), "gzip")),
    (".zst", "zstd", programs.Program("`zstd -dc FILE`", ("zstd", "-qdc", "IN"), "zstd")),
    (".lz4", "lz4", programs.Program("`lz4 -dc FILE`", ("lz4", "-qdc", "IN"), "lz4")),
]


def measure(session, capture, slim, suffix, packer, unpacker):
    """The ratio of slim on the compressed capture, and on the plain one, to unpacking it."""
    packed = capture.path + suffix
    captures.write([packer, "-c", capture.path], packed)
    plain = programs.Program("plain", slim.command)
    found = session.ratios([(unpacker, lambda: session.use(unpacker, packed).seconds), (slim, lambda: session.use(slim, packed).seconds),
                            (plain, lambda: session.use(plain, capture.path).seconds)], os.path.basename(packed))
    os.unlink(packed)
    return [report.ratio(found[slim.name]), report.ratio(found[plain.name])]


def show(session):
    slim = programs.ours(session.tools)[0]
    chosen = [row for row in PACKERS if session.installed([row[2]])]
    columns = {row[2].name: [] for row in chosen}
    for kind in ("mixed", "small"):
        say(f"packed {kind}: generating and checking {session.megabytes} MB")
        capture = captures.generate(session.tools, session.folder, kind, session.megabytes)
        say(f"packed {kind}: measuring")
        for suffix, packer, unpacker in chosen:
            columns[unpacker.name] += measure(session, capture, slim, suffix, packer, unpacker)
        capture.remove()
    report.table(f"Compressed captures: CPU time of {slim.name} on the compressed one, and on the plain one, to that of unpacking it; {session.megabytes} MB, "
                 f"medians of {session.rounds} rounds", ["mixed", "mixed, plain", "small", "small, plain"], list(columns.items()))
