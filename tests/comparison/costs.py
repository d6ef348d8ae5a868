# SPDX-License-Identifier: GPL-2.0-or-later
"""CPU time of the reader. What the rules cost the kernel is less than the variation of client and server from run to run."""
import statistics
import tempfile
import time

from connections import BULK
from peers import receive
from waiting import wait_for
from ways import Log, Queue, SlimInterface, SlimNflog, Tshark

CORNER = "CPU time of the reader"
KINDS = Log, Queue, Tshark, SlimNflog, SlimInterface
CONNECTIONS, ANSWER_BYTES, ROUNDS = 1000, 200_000, 3
COLUMNS = "reader started and ended", "and in between %d connections" % CONNECTIONS, "lines"


def fetch(net):
    with net.connect(BULK) as client:
        client.sendall(b"GET /%d HTTP/1.1\r\nHost: www.example\r\nX-Bytes: %d\r\n\r\n" % (time.monotonic_ns(), ANSWER_BYTES))
        receive(client, ANSWER_BYTES)


def passed(net):
    """Returns the number of packets that went through the router's interface to the server, as it counts them: merged ones once."""
    row = next(line.split() for line in net.router.read("dev").splitlines() if line.strip().startswith("eth0:"))
    return int(row[2]) + int(row[10])


def one_run(net, kind, n):
    """Returns (seconds of the reader, lines)."""
    with tempfile.TemporaryDirectory() as folder:
        way = kind(net.router, folder)
        way.shell(way.load)
        way.start()
        for _ in range(n):
            fetch(net)
        if kind is Tshark:                      # which does not take the last capture
            net.rings = [lambda: way.captures("")]
            net.rotate()
        else:
            wait_for(lambda: len(way.entries()) >= n, "all lines")
        way.stop()
        lines = len(way.entries())
        way.unload()
    return way.seconds, lines


def table(net, _):
    """Returns (columns, rows)."""
    before = passed(net)
    for _ in range(100):
        fetch(net)
    print("    packets of 100 connections: %d" % (passed(net) - before), flush=True)
    runs = {kind: ([], []) for kind in KINDS}
    for _ in range(ROUNDS):
        for kind in KINDS:
            for n, some in zip((0, CONNECTIONS), runs[kind]):
                some.append(one_run(net, kind, n))
    rows = []
    for kind, (idle, busy) in runs.items():
        started = statistics.median(run[0] for run in idle)
        median = statistics.median(run[0] for run in busy)
        rows.append((kind.title, ["%.2f s" % started, "%.2f s" % median, str(busy[0][1])]))
    return COLUMNS, rows
