# SPDX-License-Identifier: GPL-2.0-or-later
"""firstpayload watch: what it does in a second, how long a checkpoint takes, how soon after a file is closed its output is there."""
import gzip
import json
import os
import shutil
import statistics
import subprocess
import time

import captures
import report

SMALL_FILES = 2000
SMALL_FRAMES = 20
LAG_FILES = 40
BACKLOG_FILES = 8
BACKLOG_ROUNDS = 3
STREAMS = 1000000
SCAN_RECORD_BYTES = 16 + 72


class Folders:
    """An inbox and an output folder that go when the measurement is over."""

    def __init__(self, folder):
        self.root = os.path.join(folder, "watch")
        self.inbox, self.outdir = os.path.join(self.root, "in"), os.path.join(self.root, "out")
        self.state = os.path.join(self.outdir, ".firstpayload")

    def __enter__(self):
        for path in (self.root, self.inbox, self.outdir):
            os.mkdir(path)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root)

    def arrive(self, name, data):
        with open(os.path.join(self.inbox, name), "wb") as file:
            file.write(data)

    def outputs(self):
        return [name for name in os.listdir(self.outdir) if not name.startswith(".")]


def once(tools, folders, *options):
    """Seconds that it took."""
    begun = time.monotonic()
    subprocess.run([tools.firstpayload, "watch", "--once", *options, folders.inbox, folders.outdir], check=True, stderr=subprocess.DEVNULL)
    return time.monotonic() - begun


def backlog(session, data):
    """Seconds that copies of the capture data take which wait, compressed, with one thread and with two; medians."""
    packed = gzip.compress(whole_records(data), 6)
    taken = {"1": [], "2": []}
    for _ in range(BACKLOG_ROUNDS):
        for threads, seconds in taken.items():
            with Folders(session.folder) as folders:
                for i in range(BACKLOG_FILES):
                    folders.arrive(f"{i}.pcap.gz", packed)
                seconds.append(once(session.tools, folders, "--then", "delete", "--log", "only", "-j", threads))
    return [statistics.median(seconds) for seconds in taken.values()]


def status(tools, folders):
    shown = subprocess.run([tools.firstpayload, "status", "--json", folders.state], check=True, stdout=subprocess.PIPE)
    return json.loads(shown.stdout)


def small_capture(data, first, n):
    """n records of the capture data from the offset first on, with its header; and the offset behind them."""
    at = first
    for _ in range(n):
        at += 16 + int.from_bytes(data[at + 8:at + 12], "little")
    return data[:captures.FILE_HEADER] + data[first:at], at


def whole_records(data):
    """The capture data without the record that its end cuts."""
    at = captures.FILE_HEADER
    while at + 16 <= len(data):
        end = at + 16 + int.from_bytes(data[at + 8:at + 12], "little")
        if end > len(data):
            break
        at = end
    return data[:at]


def small_files(session, data):
    """Files in a second."""
    with Folders(session.folder) as folders:
        at = captures.FILE_HEADER
        for i in range(SMALL_FILES):
            piece, at = small_capture(data, at, SMALL_FRAMES)
            folders.arrive(f"{i:06}.pcap", piece)
        seconds = once(session.tools, folders, "--then", "delete")
        if len(folders.outputs()) != SMALL_FILES:
            raise captures.Wrong(f"watch wrote {len(folders.outputs())} outputs for {SMALL_FILES} captures")
    return SMALL_FILES / seconds


def throughput(session, path):
    """Megabytes in a second of one large capture, and the same of slim with its output to a file and of cp with fsync."""
    size = os.path.getsize(path) / 1e6
    with Folders(session.folder) as folders:
        os.link(path, os.path.join(folders.inbox, "large.pcap"))
        watched = once(session.tools, folders, "--then", "delete")
        out = os.path.join(folders.root, "slim.pcap")
        begun = time.monotonic()
        subprocess.run([session.tools.firstpayload, "slim", "-q", "-w", out, path], check=True)
        slimmed = time.monotonic() - begun
        begun = time.monotonic()
        subprocess.run(["cp", path, out], check=True)
        with open(out, "rb") as file:
            os.fsync(file.fileno())
        copied = time.monotonic() - begun
    return size / watched, size / slimmed, size / copied


def checkpoint(session):
    """Seconds that a checkpoint of a million open streams takes, on average of the second and third: the first makes its files."""
    megabytes = -(-STREAMS * SCAN_RECORD_BYTES // 1000000)
    taken = []
    with Folders(session.folder) as folders:
        scan = captures.generate(session.tools, folders.root, "scan", megabytes, (STREAMS,))
        os.rename(scan.path, os.path.join(folders.inbox, "scan.pcap"))
        for i in range(5):
            once(session.tools, folders, "--then", "delete", "--max-streams", "2000000")
            now = status(session.tools, folders)
            taken.append(now["checkpoint_seconds"])
            folders.arrive(f"{i}.pcap", b"")
        size = os.path.getsize(os.path.join(folders.state, "checkpoint.0"))
    return statistics.median(taken[2:]), size / 1e6, now["streams_open"]


def wait_until(condition):
    end = time.monotonic() + 20
    while not condition():
        if time.monotonic() > end:
            raise captures.Wrong("watch did not go on")
        time.sleep(0.0005)


def lag(session, data):
    """Seconds from the close of a small file to its output, median and longest."""
    seconds = []
    with Folders(session.folder) as folders:
        watcher = subprocess.Popen([session.tools.firstpayload, "watch", "--then", "delete", folders.inbox, folders.outdir],
                                   stderr=subprocess.DEVNULL)
        try:
            at = captures.FILE_HEADER
            for i in range(LAG_FILES):
                piece, at = small_capture(data, at, SMALL_FRAMES)
                time.sleep(0.02)
                folders.arrive(f"{i}.pcap", piece)
                begun = time.monotonic()
                wait_until(lambda i=i: os.path.exists(os.path.join(folders.outdir, f"{i}.pcap")))
                seconds.append(time.monotonic() - begun)
        finally:
            watcher.terminate()
            watcher.wait()
    return statistics.median(seconds), max(seconds)


def show(session):
    capture = captures.generate(session.tools, session.folder, "mixed", session.megabytes)
    with open(capture.path, "rb") as file:
        data = file.read(100 * 1000 * 1000)
    one, two = backlog(session, data)
    watched, slimmed, copied = throughput(session, capture.path)
    seconds, megabytes, streams = checkpoint(session)
    middle, longest = lag(session, data)
    rows = [
        (f"captures of {SMALL_FRAMES} frames in a second", [f"{small_files(session, data):,.0f}"]),
        (f"a backlog of {BACKLOG_FILES} captures of {len(data) / 1e6:.0f} MB, gzip, `-j 1`, s", [f"{one:.2f}"]),
        ("the same with `-j 2`, s", [f"{two:.2f}"]),
        ("one large capture, MB/s", [f"{watched:,.0f}"]),
        ("the same by `slim -w OUT`, MB/s", [f"{slimmed:,.0f}"]),
        ("the same by `cp` and fsync, MB/s", [f"{copied:,.0f}"]),
        (f"a checkpoint of {streams:,} open streams ({megabytes:.0f} MB), ms", [f"{1000 * seconds:.0f}"]),
        ("from a small file's close to its output, median, ms", [f"{1000 * middle:.1f}"]),
        ("the longest of these, ms", [f"{1000 * longest:.1f}"]),
    ]
    capture.remove()
    report.table("`firstpayload watch`, with fsync, on the disk below TMPDIR; absolute figures, so of this machine and moment", ["watch"], rows)
