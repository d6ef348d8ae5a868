# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections on the loopback interface of a namespace: short ones of every kind all the time, some that transfer much data, and some that are open
and silent until late."""
import collections
import errno
import itertools
import os
import random
import socket
import threading
import time

from peers import MAIL, WEB, Service, connect
from waiting import PATIENCE_SECONDS

ADDRESSES = "127.0.0.1", "::1"
LATE, FILLING = 2525, 2526
SHORT_MAX = 3000
BLOCKS_BYTES = 1 << 20          # more than two of the blocks in which the kernel hands frames over
FAST_OPEN_WITHOUT_COOKIES = 0x207


class Ends:
    """A connection of which this process has both ends."""

    def __init__(self, namespace, address, port):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with namespace.socket(family) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.listen()
            self.client = namespace.socket(family)
            self.client.connect((address, port))
            self.server = listener.accept()[0]

    def close(self):
        self.client.close()
        self.server.close()


class Filling(Ends):
    """The kernel hands frames over in blocks, when they are full or after a second. This fills them with frames of a connection of which nothing
    more is kept."""

    def __init__(self, namespace):
        super().__init__(namespace, ADDRESSES[0], FILLING)
        self.say(self.client, self.server, b"x" * 20000)        # farther than the flight can go
        self.say(self.server, self.client, b"yes")

    @staticmethod
    def say(speaker, hearer, words):
        sending = threading.Thread(target=speaker.sendall, args=(words,))
        sending.start()
        left = len(words)
        while left > 0:
            left -= len(hearer.recv(1 << 20))
        sending.join()

    def fill(self):
        self.say(self.client, self.server, b"x" * BLOCKS_BYTES)
        self.close()


class Silent(Ends):
    """A connection on which nobody says anything until told to."""

    def __init__(self, namespace, address):
        super().__init__(namespace, address, LATE)

    def speak(self, server_first):
        """One side says something and the other answers; the connection stays open."""
        one, other = (self.server, self.client) if server_first else (self.client, self.server)
        for speaker, hearer, words in ((one, other, b"at last, %d" % time.monotonic_ns()), (other, one, b"yes")):
            speaker.sendall(words)
            hearer.settimeout(PATIENCE_SECONDS)
            hearer.recv(100)


class Traffic:
    """Runs between start and stop. After the first SHORT_MAX short connections it only trickles, so that rings and buffers hold all of it for
    minutes. errors: what went wrong in its threads; stop raises it. is_ahead: told the number of short connections so far, says whether more are to wait."""

    def __init__(self, namespace, seed, n_silent=40, bulk_bytes=0, short=True, seconds_silent=6.0, is_ahead=lambda n: False):
        self.is_ahead = is_ahead
        self.namespace = namespace
        self.random = random.Random(seed)
        self.n_silent = n_silent
        self.bulk_bytes = bulk_bytes
        self.short = short
        self.seconds_silent = seconds_silent
        self.ranges = (itertools.count(first) for first in (10000, 20000))     # ports of our own; the kernel's begin at 32768
        self.errors = []
        self.counts = collections.Counter()
        self.stopping = threading.Event()
        namespace.run("sysctl", "-qw", "net.ipv4.tcp_fastopen=%d" % FAST_OPEN_WITHOUT_COOKIES)

    def start(self):
        """Starts all threads on one processor: with more, captures of the same interface may see frames in different orders."""
        processors = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(processors)})
        try:
            self.start_threads()
        finally:
            os.sched_setaffinity(0, processors)

    def start_threads(self):
        self.services = [Service(self.namespace, port) for port in (WEB, MAIL)]
        self.filling = Filling(self.namespace)
        self.silent = [Silent(self.namespace, ADDRESSES[i % 2]) for i in range(self.n_silent)]
        tasks = [self.wake_silent] + [self.short_ones] * (2 if self.short else 0) + [self.bulk] * (self.bulk_bytes > 0)
        self.threads = [threading.Thread(target=self.guard, args=(task,), daemon=True) for task in tasks]
        for thread in self.threads:
            thread.start()

    def guard(self, task):
        try:
            task()
        except Exception as error:
            self.errors.append(error)

    def wake_silent(self):
        """Has the silent connections speak one after the other, spread over time; the last ones speak just before the end."""
        for i, connection in enumerate(self.silent[:-4]):
            self.stopping.wait(self.seconds_silent / self.n_silent)
            connection.speak(server_first=i % 4 >= 2)
        self.stopping.wait()
        for i, connection in enumerate(self.silent[-4:]):
            connection.speak(server_first=i % 4 >= 2)
        for connection in self.silent:
            connection.close()

    def short_ones(self):
        port = next(self.ranges)
        kinds = [dict(service=WEB), dict(service=MAIL), dict(service=WEB, size=50000), dict(service=WEB, parts=[b"a" * 700, b"b" * 700]),
                 dict(service=WEB, fast_open=True), dict(service=WEB, reset=True), dict(service=MAIL, reset=True), dict(refused=True),
                 dict(service=WEB, reused=True)]
        while not self.stopping.is_set():
            if self.is_ahead(self.counts["short"]):
                self.stopping.wait(0.01)
                continue
            address, kind = self.random.choice(ADDRESSES), dict(self.random.choice(kinds))
            if kind.pop("refused", False):
                self.refused(address)
            elif kind.pop("reused", False):
                number = next(port)
                for _ in range(3):
                    self.reuse(address, number, kind)
            else:
                connect(self.namespace, address, **kind)
            self.counts["short"] += 1
            self.stopping.wait(0.002 if self.counts["short"] < SHORT_MAX else 0.2)

    def reuse(self, address, port, kind):
        """Tries again when the last connection is not closed yet: a process that is being started holds our descriptors until its exec."""
        while not self.stopping.is_set():
            try:
                return connect(self.namespace, address, port=port, reset=True, **kind)
            except OSError as error:
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EADDRINUSE):
                    raise
                time.sleep(0.01)

    def refused(self, address):
        with self.namespace.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as client:
            client.connect_ex((address, 9))

    def bulk(self):
        """Transfers data evenly over the time of the silent connections, so that rotations go on while these are silent."""
        part = 1_000_000
        pause = self.seconds_silent / (self.bulk_bytes / part)
        for number in range(self.bulk_bytes // part):
            while not self.stopping.wait(pause) and self.is_ahead(self.counts["short"]):
                pass
            if self.stopping.is_set():
                break
            connect(self.namespace, ADDRESSES[number % 2], WEB, size=part)
            self.counts["bulk"] += 1

    def stop(self):
        """Afterwards, the kernel has handed all frames over to the programs that capture."""
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        for service in self.services:
            service.close()
        self.filling.fill()
        if self.errors:
            raise self.errors[0]
