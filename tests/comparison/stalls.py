# SPDX-License-Identifier: GPL-2.0-or-later
"""What becomes of connections while the reader is stopped or dead."""
import concurrent.futures
import errno
import select
import signal

from connections import HTTP, SERVER4
from peers import client_socket, tcp_info
from waiting import wait_for
from ways import READERS

CORNER = "connections of which each says a line and gets one"
COLUMNS = "reader at work", "reader stopped (SIGSTOP)", "reader killed"
AT_ONCE = 8
# A SYN is sent again after one second, and after two or one more; other segments after 0.2 s, 0.4 s, and so on.
GIVEN_UP_SYNS, GIVEN_UP_SEGMENTS = 2, 4


def exchange(net):
    """Returns how often the SYN and the line had to be sent again, or None when that went on for seconds."""
    with client_socket(net.client, SERVER4) as client:
        client.setblocking(False)
        if client.connect_ex((SERVER4, HTTP)) != errno.EINPROGRESS:
            raise RuntimeError("it does not begin to connect")
        wait_for(lambda: is_ready(client, select.POLLOUT) or tcp_info(client).sent_again >= GIVEN_UP_SYNS, "a connection, or none")
        if not is_ready(client, select.POLLOUT):
            return None
        syns = tcp_info(client).sent_again
        client.sendall(b"GET / HTTP/1.1\r\nHost: www.example\r\n\r\n")
        wait_for(lambda: is_ready(client, select.POLLIN) or tcp_info(client).sent_again >= syns + GIVEN_UP_SEGMENTS, "an answer, or none")
        if not is_ready(client, select.POLLIN):
            return None
        if not client.recv(1000):
            raise RuntimeError("the server closed")
        return syns, tcp_info(client).sent_again - syns


def is_ready(client, event):
    poll = select.poll()
    poll.register(client, event)
    return bool(poll.poll(0))


def measure(net):
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda _: exchange(net), range(AT_ONCE)))


def word(sent_again):
    """Other work of the machine must not count: so the connection that went best counts."""
    done = [one for one in sent_again if one is not None]
    if not done:
        return "none got through"
    if len(done) < len(sent_again):
        return "%d of %d got through" % (len(done), len(sent_again))
    syns, segments = min(done)
    return "each later by a second or more" if syns else "each 0.2 s later" if segments else "as without it"


def states(net, way):
    """Returns [what exchange says of each connection] for each state of the reader."""
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
    """Returns (columns, rows)."""
    rows = []
    for kind in READERS:
        way = kind(net.router, folder)
        found = states(net, way)
        print("    %s: SYN and line sent again %s" % (way.title, found), flush=True)
        rows.append((way.title, [word(some) for some in found]))
    return COLUMNS, rows
