# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of connections when the reader is stopped or dead."""
import concurrent.futures
import signal
import statistics
import time

from connections import HTTP, SERVER4
from peers import client_socket
from ways import READERS

CORNER = "connections of which each says a line and gets one"
COLUMNS = "reader at work", "reader stopped (SIGSTOP)", "reader killed"
AT_ONCE = 8
PATIENCE_SECONDS = 3
# A segment that is lost is sent again after 0.2 s at the least; whatever else the machine does takes a question and an answer less.
NOTICED_SECONDS = 0.15


def exchange(net):
    """Seconds that it took, or None."""
    begin = time.monotonic()
    with client_socket(net.client, SERVER4) as client:
        client.settimeout(PATIENCE_SECONDS)
        try:
            client.connect((SERVER4, HTTP))
            net.http(client)
        except TimeoutError:
            return None
    return time.monotonic() - begin


def measure(net):
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda _: exchange(net), range(AT_ONCE)))


def word(seconds):
    """That of the machine's other work must not be in it: for that the fastest counts."""
    done = [one for one in seconds if one is not None]
    if not done:
        return "none got through in %d s" % PATIENCE_SECONDS
    if len(done) < len(seconds):
        return "%d of %d got through in %d s" % (len(done), len(seconds), PATIENCE_SECONDS)
    return "as without it" if min(done) < NOTICED_SECONDS else "each 0.2 s later" if min(done) < 0.9 else "each later by a second or more"


def states(net, way):
    """[seconds of each connection] in each state of the reader."""
    way.shell(way.load)
    way.start()
    try:
        found = [measure(net)]
        way.signal(signal.SIGSTOP)
        found.append(measure(net))
        way.kill()
        found.append(measure(net))
    finally:
        way.kill()
    way.unload()
    return found


def table(net, folder):
    """(columns, rows)"""
    rows = []
    for kind in READERS:
        way = kind(net.router, folder)
        found = states(net, way)
        print("    %s: medians %s" % (way.title, [round(statistics.median(one or PATIENCE_SECONDS for one in some), 3) for some in found]), flush=True)
        rows.append((way.title, [word(some) for some in found]))
    return COLUMNS, rows
