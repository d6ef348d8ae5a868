# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/kernel-first-cut.md does what it says: the test takes its commands and runs them on real connections in network namespaces."""
import os
import re
import signal
import socket
import subprocess
import threading
import time
import unittest

from document import (BRIDGE, BUFFER_BYTES, IPTABLES, IPTABLES_UNLOAD, LATER, LIMIT, LOAD, LOST, RAW_READER, READ_UNBUFFERED, READER,
                      RULES, SERVICES, SNAPLEN, TABLE, UNLOAD)
from lacks import exit_if_lacking
from namespaces import add_addresses, cable, missing
from network import BULK, PROGRAM, SERVER4, SERVER6, Network, by_connection, number_of_first
from nflog import ACK, SYN, packets
from peers import MAIL, WEB, client_socket, connect, receive, wait_until_acknowledged
from waiting import PATIENCE_SECONDS, wait_for

TOOLS = ("nft", "iptables", "ip6tables", "ip", "sysctl", "awk", "tcpdump", "nsenter", "setpriv")
CONNBYTES_NFLOG = " -m connbytes --connbytes 1:8 --connbytes-dir both --connbytes-mode packets -j NFLOG"
# what the kernel must have, besides network namespaces
PROBES = (
    ("veth pairs", "ip link add probe0 type veth peer name probe1"),
    ("bridges", "ip link add probe2 type bridge"),
    ("nftables (table inet)", "nft add table inet probe"),
    ("ct packets in nftables", "nft 'add table inet probe; add chain inet probe probe; add rule inet probe probe ct packets 1-8'"),
    ("log group in nftables", "nft 'add table inet probe; add chain inet probe probe; add rule inet probe probe log group 5'"),
    ("/proc/net/netfilter/nfnetlink_log", "cat /proc/net/netfilter/nfnetlink_log"),
    ("iptables with connbytes and NFLOG", "iptables -A INPUT" + CONNBYTES_NFLOG),
    ("ip6tables with connbytes and NFLOG", "ip6tables -A INPUT" + CONNBYTES_NFLOG),
    ("br_netfilter", "test -d /proc/sys/net/bridge || modprobe br_netfilter"),
    ("/proc/sys that can be written to", "sysctl -w net.ipv4.tcp_fastopen=1"),
)

FIREWALL = "add table inet firewall; add chain inet firewall input { type filter hook input priority filter; }; " \
    "add rule inet firewall input ct state established,related,new accept"
NOTRACK = "add table inet raw; add chain inet raw prerouting { type filter hook prerouting priority raw; }; " \
    "add chain inet raw output { type filter hook output priority raw; }; " \
    "add rule inet raw prerouting tcp dport 25 notrack; add rule inet raw output tcp sport 25 notrack"
LOSE_SYN_ACK = "add table inet lossy; add chain inet lossy input { type filter hook input priority filter; }; " \
    "add rule inet lossy input tcp flags & (syn | ack) == syn | ack counter drop"
REDIRECT = "add table inet nat; add chain inet nat prerouting { type nat hook prerouting priority dstnat; }; " \
    "add rule inet nat prerouting tcp dport 8080 redirect to :80"


class Local(Network):
    """The rules at the server itself."""

    def passed(self):
        """Returns the number of packets that came to the server or left it."""
        rows = [line.split() for line in self.server.read("dev").splitlines() if line.strip().startswith("eth0:")]
        return sum(int(row[2]) + int(row[10]) for row in rows)

    def check_slim(self, load, unload):
        self.load(load)
        self.start_reader()
        before = self.passed()
        connections = self.exchange()
        passed = self.passed() - before
        self.assert_first(connections, self.stop_reader())
        self.assertGreater(passed, 5 * LIMIT * len(connections))    # the long connections are long
        self.shell(unload)
        self.assertNotIn("group 5", self.watched.run("nft", "list", "ruleset"))

    def test_nftables(self):
        self.check_slim(LOAD, UNLOAD)

    def test_iptables(self):
        self.check_slim(IPTABLES, IPTABLES_UNLOAD)

    def check_few(self):
        """The first packets of each connection are copied, and no others."""
        self.start_reader(RAW_READER)
        connections = self.exchange()
        found = self.stop_reader()
        streams = by_connection(found)
        self.assertEqual([key for key, _ in streams], [connection.key for connection in connections])
        for connection, (_, stream) in zip(connections, streams):
            self.assertLessEqual(len(stream), LIMIT)
            self.assertEqual(stream[0].flags & (SYN | ACK), SYN)
            self.assertEqual(number_of_first(stream), 1 if connection.fast_open else 4)
            for part in connection.parts:
                self.assertIn(part, [packet.payload for packet in stream])
        self.assertGreater(max(packet.length for packet in found), 1500)        # some of them were merged packets
        self.assertLessEqual(max(packet.length for packet in found), SNAPLEN)
        return found

    def test_few_packets_nftables(self):
        self.load()
        self.load()                                                 # this replaces the rules: nothing is copied twice
        found = self.check_few()
        self.assertEqual(self.copied(), len(found))

    def test_few_packets_iptables(self):
        self.load(IPTABLES)
        self.check_few()

    def test_loopback(self):
        for load, unload in ((LOAD, UNLOAD), (IPTABLES, IPTABLES_UNLOAD)):
            self.load(load)
            self.start_reader(RAW_READER)
            connections = [connect(self.server, server, service) for server in ("127.0.0.1", "::1") for service in (WEB, MAIL)]
            streams = by_connection(self.stop_reader())
            self.shell(unload)
            self.assertEqual(len(streams), len(connections))
            for _, stream in streams:
                self.assertLessEqual(len(stream), LIMIT)            # each once, although it passes both output and input
            self.assert_first(connections, [stream[number_of_first(stream) - 1] for _, stream in streams])

    def test_redirected(self):
        self.watched.run("nft", REDIRECT)
        self.load()
        self.start_reader(RAW_READER)
        connection = connect(self.client, SERVER4, 8080)
        (key, stream), = by_connection(self.stop_reader())
        self.assertEqual(key, (SERVER4, WEB) + connection.key[2:])  # both directions
        self.assertEqual(stream[number_of_first(stream) - 1].payload, connection.first)

    def test_times(self):
        """Each packet is read as it comes, and gets the time at which it is read."""
        connected = []

        def when_read(_):
            wait_for(lambda: os.path.getsize(self.capture) > 24 and self.buffered() == 0 and self.is_asleep(), "the handshake to be read")
            connected.append(time.time())

        self.load()
        self.start_reader(RAW_READER)
        connect(self.client, SERVER4, WEB, before=when_read)
        stream = self.stop_reader()
        self.assertLess(stream[0].time, connected[0])
        self.assertGreater(stream[number_of_first(stream) - 1].time, connected[0] - 0.000001)      # the length to which packets are cut

    def test_times_without_threshold(self):
        """With this, the kernel collects packets for a second, and the handshake's packets get a time at which the client had long been connected.
        If connecting itself took that second on this machine, the test tries again."""
        def is_late():
            connected = []
            self.load(rules=RULES.replace(" queue-threshold 1", ""))
            self.start_reader(RAW_READER)
            connect(self.client, SERVER4, WEB, before=lambda _: connected.append(time.time()))
            wait_for(lambda: os.path.getsize(self.capture) > 24, "packets")
            return self.stop_reader()[0].time > connected[0]

        wait_for(is_late, "a SYN that is read after the client was connected")


class Numbers(Network):
    """Finds which packet is the first with payload."""

    def test_keep_alives(self):
        def idle(client):
            for option, value in ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1)):
                client.setsockopt(socket.IPPROTO_TCP, option, value)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            wait_for(lambda: self.client.counter("TCPKeepAlive") >= 3, "keep-alives")

        self.load()
        self.shell(LATER)
        self.start_reader(RAW_READER)
        connection = connect(self.client, SERVER4, WEB, before=idle)
        connect(self.client, SERVER6, WEB, size=1_000_000)
        (_, late), (_, usual) = by_connection(self.stop_reader())
        number = number_of_first(late)
        self.assertGreater(number, LIMIT)                           # the first rule alone would have lost it
        self.assertEqual(number % 2, 0)                             # 4 packets, and 2 for each keep-alive
        self.assertEqual(late[number - 1].payload, connection.first)
        self.assertLessEqual(len(usual), 2 * LIMIT)                 # where there is data, this costs little

    def test_lost_syn_acks(self):
        """SYN and SYN/ACK are sent again after one second, and after two more. Losses end before the first of these times, or before the
        second."""
        for n_lost, at_most, counted in ((1, 1, 6), (2, 3, LIMIT)):
            while self.lose_syn_acks(n_lost, counted) > at_most:    # the machine was too busy to stop that in time
                pass
            counter = self.shell("nft list chain inet firstpayload first").split("counter packets ")[1].split()[0]
            self.assertEqual(counter, "1")
            self.assertEqual(self.stream[number_of_first(self.stream) - 1].payload, self.connection.first)
            self.assertLessEqual(len(self.stream), 2 * LIMIT)

    def lose_syn_acks(self, n, counted):
        """Connects, and stops the loss once n were lost. Sets connection and stream. Returns how many were lost: more, where stopping took long."""
        self.load()
        self.shell("nft insert rule inet firstpayload first 'tcp flags & psh == psh tcp dport 80 ct packets <= %d counter'" % counted)
        self.client.run("nft", LOSE_SYN_ACK)
        self.start_reader(RAW_READER)
        heal = threading.Thread(target=self.heal_when_lost, args=(n,))
        heal.start()
        self.connection = connect(self.client, SERVER4, WEB)
        heal.join()
        self.stream = self.stop_reader()
        n_lost = self.n_lost()
        self.client.run("nft", "delete table inet lossy")
        return n_lost

    def n_lost(self):
        return int(self.client.run("nft", "list chain inet lossy input").split("counter packets ")[1].split()[0])

    def heal_when_lost(self, n):
        wait_for(lambda: self.n_lost() >= n, "SYN/ACKs to be lost")
        self.client.run("nft", "insert rule inet lossy input accept")


class Reader(Network):
    """Nothing waits for the reader."""

    def assert_nothing_waits(self, what):
        """A packet that is delayed or dropped is sent again. On a busy machine that may happen to some connections; here it would happen to each."""
        before = self.client.counter("RetransSegs") + self.server.counter("RetransSegs")
        connections = [connect(self.client, server, service) for _ in range(50) for server in (SERVER4, SERVER6) for service in (WEB, MAIL)]
        sent_again = self.client.counter("RetransSegs") + self.server.counter("RetransSegs") - before
        print("    %s: %d segments of %d connections are sent again" % (what, sent_again, len(connections)), flush=True)
        self.assertLess(sent_again, len(connections) / 10)
        for server in (SERVER4, SERVER6):
            connect(self.client, server, WEB, size=5 * BULK)

    def lost(self):
        return [int(count) for count in self.shell(LOST).split()]

    def check_nothing_waits(self, load, unload):
        self.load(load)
        self.start_reader()
        self.assert_nothing_waits("reader at work")
        self.assertEqual(self.lost(), [0])
        self.reader.send_signal(signal.SIGSTOP)
        while self.lost() == [0]:
            for _ in range(50):
                connect(self.client, SERVER4, WEB, size=100_000)
        self.assertGreater(self.buffered(), 0.9 * BUFFER_BYTES)
        self.assert_nothing_waits("reader stopped")
        self.assertGreater(self.lost()[0], 50)
        self.reader.send_signal(signal.SIGKILL)
        wait_for(lambda: not self.is_read(), "the reader to be gone")
        self.assert_nothing_waits("reader killed")
        self.assertEqual(self.lost(), [])
        self.shell(unload)
        self.assert_nothing_waits("no rules")

    def test_nothing_waits_nftables(self):
        self.check_nothing_waits(LOAD, UNLOAD)

    def test_nothing_waits_iptables(self):
        self.check_nothing_waits(IPTABLES, IPTABLES_UNLOAD)

    def test_killed(self):
        """What was read before is still there, and a new reader goes on."""
        self.load()
        for _ in range(2):
            self.start_reader(READ_UNBUFFERED)
            connections = [connect(self.client, server, service) for server in (SERVER4, SERVER6) for service in (WEB, MAIL)]
            self.wait_until_read()
            self.reader.kill()
            self.reader.wait(PATIENCE_SECONDS)
            self.assert_first(connections, packets(self.capture))

    def test_a_second_reader(self):
        self.load()
        self.start_reader()
        second = self.start(READER.replace("first.pcap", "second.pcap"))
        said = second.communicate(timeout=PATIENCE_SECONDS)[1]
        self.assertNotEqual(second.returncode, 0)
        self.assertIn("Operation not permitted", said)
        connection = connect(self.client, SERVER4, WEB)
        self.assert_first([connection], self.stop_reader())


class Counted(Network):
    """What conntrack counts, and what it does not."""

    def open(self):
        client = client_socket(self.client, SERVER4)
        client.connect((SERVER4, WEB))
        client.sendall(b"GET ")
        wait_until_acknowledged(client)
        return client

    def go_on(self, client):
        self.start_reader(RAW_READER)
        with client:
            client.sendall(b"%d\n" % BULK)
            receive(client, BULK)
        return self.stop_reader()

    def slim_list(self, *options):
        return subprocess.run([PROGRAM, "slim", "-q", "--list", *options, self.capture], check=True, stdout=subprocess.PIPE).stdout

    def is_counting(self):
        return self.shell("sysctl -n net.netfilter.nf_conntrack_acct").strip()

    def test_rule_starts_conntrack(self):
        client = self.open()
        self.load()
        self.assertLessEqual(len(self.go_on(client)), LIMIT)
        self.assertIn(b"first", self.slim_list())
        self.assertEqual(self.slim_list("--no-midstream"), b"")

    def test_known_before(self):
        self.watched.run("nft", FIREWALL)
        self.shell("sysctl -w net.netfilter.nf_conntrack_acct=0")
        client = self.open()
        self.load()
        self.assertEqual(self.is_counting(), "1")
        self.assertEqual(self.go_on(client), [])
        self.shell(UNLOAD)
        self.assertEqual(self.is_counting(), "1")

    def test_why_not_less_than_nine(self):
        self.watched.run("nft", FIREWALL)
        self.shell("sysctl -w net.netfilter.nf_conntrack_acct=0")
        client = self.open()
        self.load(rules=RULES.replace("ct packets 1-8", "ct packets < 9"))
        self.assertGreater(len(self.go_on(client)), 2 * LIMIT)

    def check_only_web(self):
        self.start_reader()
        connections = [connect(self.client, server, service) for server in (SERVER4, SERVER6) for service in (MAIL, WEB)]
        self.assert_first([c for c in connections if c.key[1] == WEB], self.stop_reader())

    def test_untracked(self):
        self.watched.run("nft", NOTRACK)
        self.load()
        self.check_only_web()

    def test_services(self):
        self.load()
        self.shell(SERVICES)
        self.check_only_web()

    def test_table(self):
        self.load()
        connect(self.client, SERVER4, WEB)
        count, most = map(int, re.findall(r"= (\d+)", self.shell(TABLE)))
        self.assertTrue(0 < count < most, (count, most))


class Routed(Network):
    """The rules at a router."""
    near, far = ("192.0.2.254", "2001:db8::fe"), ("198.51.100.254", "2001:db8:1::fe")
    servers = "198.51.100.2", "2001:db8:1::2"
    server_addresses = ["198.51.100.2/24", "2001:db8:1::2/64"]

    def lay_cables(self):
        self.watched = router = self.namespace()
        cable(self.client, "eth0", router, "near")
        cable(router, "far", self.server, "eth0")
        add_addresses(router, "near", self.near[0] + "/24", self.near[1] + "/64")
        add_addresses(router, "far", self.far[0] + "/24", self.far[1] + "/64")
        router.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")

    def setUp(self):
        super().setUp()
        for peer, gateways in ((self.client, self.near), (self.server, self.far)):
            for gateway in gateways:
                peer.run("ip", "route", "add", "default", "via", gateway)

    def check(self, load):
        self.load(load)
        self.start_reader()
        connections = self.exchange(*self.servers)
        self.assert_first(connections, self.stop_reader())

    def test_nftables(self):
        self.check(LOAD)

    def test_iptables(self):
        self.check(IPTABLES)

    def test_address_translation(self):
        """The client's own address and the server's own, in both directions, although neither end sees the other's."""
        self.watched.run("nft", "add table ip nat; add chain ip nat prerouting { type nat hook prerouting priority dstnat; }; "
                         "add chain ip nat postrouting { type nat hook postrouting priority srcnat; }; "
                         "add rule ip nat prerouting ip daddr 192.0.2.254 tcp dport 8080 dnat to 198.51.100.2:80; "
                         "add rule ip nat postrouting masquerade")
        self.load()
        self.start_reader(RAW_READER)
        connection = connect(self.client, "192.0.2.254", 8080)
        (key, stream), = by_connection(self.stop_reader())
        self.assertEqual(key, (self.servers[0], WEB) + connection.key[2:])
        self.assertEqual(stream[number_of_first(stream) - 1].payload, connection.first)


class Bridged(Network):
    """The rules at a bridge."""

    def lay_cables(self):
        self.watched = bridge = self.namespace()
        cable(self.client, "eth0", bridge, "left")
        cable(bridge, "right", self.server, "eth0")
        bridge.run("ip", "link", "add", "br0", "type", "bridge")
        bridge.run("ip", "link", "set", "br0", "up")
        for port in ("left", "right"):
            bridge.run("ip", "link", "set", port, "master", "br0")

    def check(self, load):
        self.load(load)
        self.start_reader()
        self.shell(BRIDGE.replace("=1", "=0"))
        connect(self.client, SERVER4, WEB)                          # nothing of this is copied
        self.shell(BRIDGE)
        connections = self.exchange()
        self.assert_first(connections, self.stop_reader())

    def test_nftables(self):
        self.check(LOAD)

    def test_iptables(self):
        self.check(IPTABLES)


if __name__ == "__main__":
    # A shell that starts the tests in the background makes them ignore SIGINT, and the reader would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    exit_if_lacking("test_kernel_first_cut", missing(TOOLS, PROBES))
    unittest.main(verbosity=2)
