#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What slim --keep handshake,opening,closing leaves of captures, by how long openings are: the table of docs/openings.md.

usage: kept.py PROGRAM NAME=CAPTURE[,CAPTURE...] ...

A row for each NAME. Bytes are those of the files as classic pcap, without their headers; what does not fit that, or is damaged, is left out. The frames of a file that is cut short count up to there.
"""
import re
import subprocess
import sys

KIB = (0, 1, 4, 16, 64, 1024)
CLASSES = "handshake,opening,closing"
PCAP_HEADER = 24
BITS_30_DAYS = 10**9 * 30 * 86400       # of a link of 1 Gbit/s that is never idle


def slim(program, path, *options):
    """(frames, frames kept, bytes kept), as classic pcap; None when it does not fit that, or is damaged."""
    command = [program, "slim", "-F", "pcap", *options, "-w", "-", path]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode not in (0, 1):
        return None
    found = re.search(rb"^frames +(\d+).*^kept +(\d+) frames", done.stderr, re.DOTALL | re.MULTILINE)
    return [int(n) for n in found.groups()] + [len(done.stdout) - PCAP_HEADER]


def all_bytes(path):
    """Of the capture as classic pcap, whatever is in it; 0 when it does not fit that."""
    done = subprocess.run(["editcap", "-F", "pcap", path, "-"], capture_output=True, check=False)
    return len(done.stdout) - PCAP_HEADER if done.returncode == 0 else 0


def terabytes(share):
    return f"{BITS_30_DAYS / 8 * share / 1e12:.3g}"


def row(program, name, paths):
    paths = [path for path in paths if slim(program, path) and all_bytes(path)]
    size = sum(map(all_bytes, paths))
    cells = []
    for kib in KIB:
        results = [slim(program, path, "--keep", CLASSES, "--opening-bytes", str(kib * 1024)) for path in paths]
        frames, kept, kept_bytes = map(sum, zip(*results))
        cells.append(f"{100 * kept_bytes / size:.3g}% ({100 * kept / frames:.3g}%), {terabytes(kept_bytes / size)} TB")
    print(f"| {name} | {len(paths)} | {size / 1e6:.3g} MB, {frames} | {' | '.join(cells)} |", flush=True)


def main(program, *rows):
    print("| traffic | files | size, frames | " + " | ".join(f"{kib} KiB" for kib in KIB) + " |")
    print("| --- | --- | --- |" + " --- |" * len(KIB))
    for text in rows:
        name, _, paths = text.partition("=")
        row(program, name, paths.split(","))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
