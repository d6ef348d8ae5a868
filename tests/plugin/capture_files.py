# SPDX-License-Identifier: GPL-2.0-or-later
"""The captures that tests use: the project's own, and a folder of real ones that may be absent.

FIRSTPAYLOAD_CAPTURES names that folder (default: shared/captures beside the project). In it files/PATH is a capture and
expected/PATH.frames has a row for each frame in any class: its number, a tab, its classes separated by commas.
"""
import os
import subprocess
import sys

import tshark_runner
from packets import ACK, PSH, SYN, Capture, Stream

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("FIRSTPAYLOAD_CAPTURES") or os.path.join(os.path.dirname(PROJECT), "shared", "captures")


def _below(folder):
    return sorted(os.path.join(where, name) for where, _, names in os.walk(folder) for name in names)


def shared():
    """Returns pairs of a capture and its list of expected frames. Prints a note if there are none."""
    pairs = []
    expected_folder = os.path.join(SHARED, "expected")
    for expected in _below(expected_folder):
        capture = os.path.join(SHARED, "files", os.path.relpath(expected, expected_folder)[: -len(".frames")])
        if os.path.exists(capture):
            pairs.append((capture, expected))
    if not pairs:
        print(f"NOT TESTED: no captures with expected frames in {SHARED} (set FIRSTPAYLOAD_CAPTURES)", file=sys.stderr, flush=True)
    return pairs


def own():
    """Returns the project's captures, and one made here, so that there is always one."""
    capture = Capture()
    for i in range(20):
        stream = Stream(capture, 40000 + i, *(("2001:db8::1", "2001:db8::2") if i % 2 else ()))
        stream.handshake()
        stream.client(PSH | ACK, 1, 1, b"GET / HTTP/1.1\r\n\r\n")
        stream.server(PSH | ACK, 1, 19, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        Stream(capture, 50000 + i).client(SYN, 0, 0, b"fast")
    made = capture.write(os.path.join(tshark_runner.folder(), "made.pcap"))
    return [path for path in _below(os.path.join(PROJECT, "captures")) if ".pcap" in os.path.basename(path)] + [made]


def merged(captures):
    """Returns one capture with the frames of all, one after the other: tshark starts once for it, which takes far longer than dissecting some hundred frames."""
    path = os.path.join(tshark_runner.folder(), "merged.pcapng")
    subprocess.run(["mergecap", "-a", "-F", "pcapng", "-w", path, *captures], check=True)
    os.chmod(path, 0o644)
    return path
