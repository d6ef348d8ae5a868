# SPDX-License-Identifier: GPL-2.0-or-later
"""Which way logs which first payload: all ways at once, on the same connections."""
import concurrent.futures
import functools

from connections import ACROSS_CAPTURES, HTTP, TLS, WITHIN_A_CAPTURE, in_one_capture, plain_http, plain_ipv6, plain_tls
from waiting import wait_for
from ways import LOGGERS, Tshark

CORNER = "what is special about the connection"


def verdict(said, entries):
    """Returns in words what the entries have of it."""
    mine = [entry for entry in entries if entry.ends == said.ends]
    told = [entry for entry in mine if entry.payload or entry.name]
    if not told:
        return "no payload" if mine else "nothing"
    # tshark puts a ClientHello together; what it dissected then belongs to the whole, although the frame has only a part of it.
    whole = [entry for entry in told if entry.payload == said.message or said.name and entry.name == said.name]
    others = [entry for entry in told if entry not in whole]
    if whole:
        word = "right" if len(whole) == 1 else "twice"
    elif any(entry.payload == said.frame for entry in told):
        word = "cut"
        others = [entry for entry in told if entry.payload != said.frame]
    else:
        return "wrong frame"
    if not others:
        return word + (", midstream" if all(entry.midstream for entry in told) else "")
    return word + (", later ones as midstream" if all(entry.midstream for entry in others) else ", later ones too")


class Restarted:
    """Connections that are open while all readers are killed and started again."""

    def __init__(self, net):
        self.net = net
        self.silent, self.spoken = net.connect(TLS), net.connect(HTTP)
        self.first = net.http(self.spoken)

    def close(self):
        self.silent.close()
        self.spoken.close()

    def go_on(self):
        with self.silent, self.spoken:
            self.net.http(self.spoken)
            return [("the reader is killed and started again between handshake and first word", self.net.tls(self.silent, "silent.example")),
                    ("the same after the first word; more is said later", self.first)]


def talk(net, ways):
    """Returns [(what is special, Said)]."""
    net.rings = [functools.partial(way.captures, "") for way in ways if isinstance(way, Tshark)]
    for talk in (plain_tls, plain_ipv6):        # from here on, it is known which address has which link-layer address
        talk(net)
    with concurrent.futures.ThreadPoolExecutor(len(WITHIN_A_CAPTURE + ACROSS_CAPTURES)) as pool:
        within = pool.map(lambda talk: in_one_capture(net, talk), WITHIN_A_CAPTURE)
        across = pool.map(lambda talk: talk(net), ACROSS_CAPTURES)
        found = [(talk.__doc__, said) for talk, said in zip(WITHIN_A_CAPTURE + ACROSS_CAPTURES, [*within, *across])]
    restarted = wait_for(lambda: restarted_in_one_capture(net, ways), "connections that tcpdump has in one capture")
    for way in ways:
        way.kill()
    for way in ways:
        way.start()
    found += restarted.go_on()
    net.rotate()                                # so that the last one is in a capture of its own
    last = plain_http(net)
    wait_until_logged(last, ways)
    return found + [("the last one before the reader is ended", last)]


def restarted_in_one_capture(net, ways):
    """A tcpdump that is killed loses the capture with these connections, and no other; None if it has gone on to the next one in the meantime."""
    net.rotate()
    before = net.rotations()
    restarted = Restarted(net)
    wait_until_logged(restarted.first, ways)
    if net.rotations() == before:
        return restarted
    restarted.close()
    return None


def wait_until_logged(said, ways):
    """Waits for all ways but tcpdump, which hands over whole captures."""
    for way in ways:
        if not isinstance(way, Tshark):
            wait_for(lambda: any(entry.ends == said.ends for entry in way.entries()), "a line of " + way.title)


def table(net, folder):
    """Returns (columns, rows)."""
    ways = [kind(net.router, folder) for kind in LOGGERS]
    try:
        for way in ways:
            way.shell(way.load)
            way.start()
        found = talk(net, ways)
        for way in ways:
            way.stop()
        entries = [way.entries() for way in ways]
        for way in ways:
            way.unload()
    finally:
        for way in ways:
            way.kill()
    return [way.title for way in ways], [(what, [verdict(said, some) for some in entries]) for what, said in found]
