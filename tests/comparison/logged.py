# SPDX-License-Identifier: GPL-2.0-or-later
"""Who logs which first payload: all ways at once, on the same connections."""
import concurrent.futures
import time

from connections import HTTP, ROTATION_SECONDS, TLS, TOGETHER, plain_http, plain_ipv6, plain_tls
from ways import LOGGERS

CORNER = "what is special about the connection"


def verdict(said, entries):
    """In words."""
    mine = [entry for entry in entries if entry.ends == said.ends]
    told = [entry for entry in mine if entry.payload or entry.name]
    if not told:
        return "no payload" if mine else "nothing"
    # tshark puts a ClientHello together; what it dissected then is of the whole, though the frame has a part.
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

    def go_on(self):
        with self.silent, self.spoken:
            self.net.http(self.spoken)
            return [("the reader is killed and started again between handshake and first word", self.net.tls(self.silent, "silent.example")),
                    ("the same after the first word; more is said later", self.first)]


def talk(net, ways):
    """[(what is special, Said)]"""
    for talk in (plain_tls, plain_ipv6):        # who lives where is known from here on
        talk(net)
    with concurrent.futures.ThreadPoolExecutor(len(TOGETHER)) as pool:
        found = list(zip((talk.__doc__ for talk in TOGETHER), pool.map(lambda talk: talk(net), TOGETHER)))
    time.sleep(ROTATION_SECONDS)                # so that a tcpdump that is killed takes only the capture of these with it
    restarted = Restarted(net)
    time.sleep(1.5)                             # a reader that holds back what it has got does so for a second
    for way in ways:
        way.kill()
    for way in ways:
        way.start()
    found += restarted.go_on()
    time.sleep(ROTATION_SECONDS)                # so that the last one is in a capture of its own
    return found + [("the last one before the reader is ended", plain_http(net))]


def table(net, folder):
    """(columns, rows)"""
    ways = [kind(net.router, folder) for kind in LOGGERS]
    try:
        for way in ways:
            way.shell(way.load)
            way.start()
        found = talk(net, ways)
        time.sleep(1.5)
        for way in ways:
            way.stop()
        entries = [way.entries() for way in ways]
        for way in ways:
            way.unload()
    finally:
        for way in ways:
            way.kill()
    return [way.title for way in ways], [(what, [verdict(said, some) for some in entries]) for what, said in found]
