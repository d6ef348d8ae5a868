# SPDX-License-Identifier: GPL-2.0-or-later
"""A client, a server, the rules in a namespace, and a reader of what the kernel copies there."""
import collections
import os
import re
import signal
import subprocess
import tempfile
import time
import unittest

from document import COPIED, LOAD, READER, RULES
from namespaces import Namespace, add_addresses, cable
from nflog import ACK, SYN, packets
from peers import MAIL, WEB, Service, connect
from waiting import PATIENCE_SECONDS, is_asleep, wait_for

PROGRAM = os.environ["FIRSTPAYLOAD_PROGRAM"]
CLIENT4, SERVER4, CLIENT6, SERVER6 = "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"
FAST_OPEN_WITHOUT_COOKIES = 0x207
BULK = 20_000_000


def connection_of(packet):
    """Returns the endpoints in the form of Connection.key."""
    source, destination = (packet.source, packet.source_port), (packet.destination, packet.destination_port)
    return source + destination if packet.source_port in (WEB, MAIL) else destination + source


def by_connection(found):
    """Returns the packets of each connection, as (key, packets). A SYN that comes after other packets begins another connection."""
    current, every = {}, []
    for packet in found:
        key = connection_of(packet)
        if key not in current or packet.flags & (SYN | ACK) == SYN and not current[key][-1].flags & SYN:
            current[key] = []
            every.append((key, current[key]))
        current[key].append(packet)
    return every


def number_of_first(stream):
    """Returns the number, from 1, of the first packet with payload."""
    return next(number for number, packet in enumerate(stream, 1) if packet.payload)


class Network(unittest.TestCase):
    """Client and server joined by a cable, and the rules at the server. Subclasses put something between the two."""
    client_addresses = [CLIENT4 + "/24", CLIENT6 + "/64"]
    server_addresses = [SERVER4 + "/24", SERVER6 + "/64"]

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.capture = os.path.join(self.folder, "first.pcap")
        self.client, self.server = self.namespace(), self.namespace()
        self.watched = self.server
        self.lay_cables()
        add_addresses(self.client, "eth0", *self.client_addresses)
        add_addresses(self.server, "eth0", *self.server_addresses)
        for port in (WEB, MAIL):
            self.addCleanup(Service(self.server, port).close)

    def namespace(self):
        namespace = Namespace()
        self.addCleanup(namespace.close)
        namespace.run("sysctl", "-qw", "net.ipv4.tcp_fastopen=%d" % FAST_OPEN_WITHOUT_COOKIES)
        return namespace

    def lay_cables(self):
        cable(self.client, "eth0", self.server, "eth0")

    # --- the rules ---

    def shell(self, commands):
        return self.watched.run("sh", "-euc", commands, cwd=self.folder)

    def load(self, commands=LOAD, rules=RULES):
        with open(os.path.join(self.folder, "firstpayload.nft"), "w") as file:
            file.write(rules)
        self.shell(commands)

    def copied(self):
        return sum(map(int, re.findall(r"counter packets (\d+)", self.shell(COPIED))))

    # --- the reader ---

    def start_reader(self, command=READER):
        self.reader = self.start("exec " + command)
        wait_for(lambda: self.reader.poll() is not None or self.is_read() and self.is_asleep(), "a reader of group 5")
        time.sleep(0.02)
        wait_for(lambda: self.reader.poll() is not None or self.is_asleep(), "a reader of group 5")
        self.assertIsNone(self.reader.poll(), self.reader.poll() is not None and self.reader.stderr.read())

    def start(self, command):
        environment = dict(os.environ, PATH=os.path.dirname(PROGRAM) + ":" + os.environ["PATH"])
        run = subprocess.Popen(self.watched.argv("sh", "-euc", command), cwd=self.folder, env=environment, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end_process, run)
        return run

    @staticmethod
    def end_process(run):
        run.kill()
        run.wait()
        run.stderr.close()

    def is_read(self):
        return any(line.split()[0] == "5" for line in self.watched.read("netfilter/nfnetlink_log").splitlines())

    def is_asleep(self):
        """Before it waits for packets, libpcap has the kernel configure the group, and throws away packets that come in the meantime."""
        return is_asleep(self.reader.pid)

    def buffered(self):
        """Returns how many bytes wait in the reader's socket: Rmem of the NETLINK_NETFILTER sockets that are not the kernel's."""
        rows = [line.split() for line in self.watched.read("netlink").splitlines()]
        return sum(int(row[4]) for row in rows if row[1] == "12" and row[2] != "0")

    def wait_until_read(self):
        """Waits until the reader has read everything, including the packets that end the connections."""
        wait_for(lambda: not self.client.has_open_connections() and not self.server.has_open_connections(), "connections to end")
        wait_for(lambda: self.buffered() == 0 and self.is_asleep() and self.buffered() == 0, "the reader to read")

    def stop_reader(self):
        """Stops the reader with SIGINT, as Ctrl-C does. Returns the packets that it wrote."""
        self.wait_until_read()
        self.reader.send_signal(signal.SIGINT)
        said = self.reader.communicate(timeout=PATIENCE_SECONDS)[1]
        self.assertEqual(self.reader.returncode, 0, said)
        return packets(self.capture)

    # --- connections ---

    def exchange(self, *servers):
        """Makes connections of every kind."""
        done = []
        for server in servers or (SERVER4, SERVER6):
            done += [
                connect(self.client, server, WEB),
                connect(self.client, server, MAIL),
                connect(self.client, server, WEB, parts=[b"a" * 1200, b"b" * 1200, b"c" * 1200]),
                connect(self.client, server, WEB, size=BULK),
                connect(self.client, server, MAIL, size=BULK),
                connect(self.client, server, WEB, fast_open=True),
                connect(self.client, server, WEB, fast_open=True, size=BULK),
            ]
            # three times from the same port
            done += [connect(self.client, server, WEB, port=40001, size=BULK, reset=True) for _ in range(3)]
        return done

    def assert_first(self, connections, found):
        """Checks that there is one packet for each connection with what was said first; with Fast Open, the packet is the SYN."""
        difference = collections.Counter((c.key, c.first, c.fast_open) for c in connections)
        difference.subtract((connection_of(packet), packet.payload, bool(packet.flags & SYN)) for packet in found)
        self.assertEqual({what: count for what, count in difference.items() if count}, {})
