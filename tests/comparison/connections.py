# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections of a client to a server behind a router, each with a peculiarity that may confuse ways to log its first words.

All are connections of real kernels: firewall rules at either end, in front of the router or behind it, drop what is lost.
"""
import collections
import contextlib
import errno
import itertools
import os
import socket
import ssl
import struct
import subprocess
import threading
import time

from namespaces import ESTABLISHED, Namespace, add_addresses, cable
from nflog import tcp_packet
from peers import Service, client_socket, serve, tcp_info, wait_until_acknowledged
from waiting import PATIENCE_SECONDS, wait_for

HTTP, TLS, SSH, OTHER, BULK = 80, 443, 22, 7000, 8080
SERVER4, SERVER6 = "198.51.100.2", "2001:db8:1::2"
FAST_OPEN_WITHOUT_COOKIES = 0x207
FAST_OPEN_CONNECT = 30                      # TCP_FASTOPEN_CONNECT: the SYN waits for the first words
PCAP_HEADER_BYTES, RECORD_HEADER_BYTES, ETHERNET_BYTES = 24, 16, 14

ports = itertools.count(20001)              # for connections that a rule has to name: each has another

# ends: both (address, port). message: what is said first. frame: the part of it that the first payload frame has.
Said = collections.namedtuple("Said", "ends message frame name", defaults=("",))


def exchange_lines(connection, *_):
    """Answers each line until the client closes the connection. The client looks no closer at HTTP."""
    with connection, connection.makefile("rwb") as file:
        for line in file:
            if line == b"\r\n" or not line.endswith(b"\r\n"):
                file.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" if line == b"\r\n" else b"yes\n")
                file.flush()


def greet(connection, *_):
    with connection:
        connection.sendall(b"SSH-2.0-server\r\n")
        connection.recv(100)


class Loss:
    """Drops some of what comes to a namespace, from now on until the end of the block."""

    def __init__(self, namespace, table, rule):
        self.namespace, self.table = namespace, table
        namespace.run("nft", "add table inet %s; add chain inet %s input { type filter hook input priority 0; }; "
                      "add rule inet %s input %s counter drop" % (table, table, table, rule))

    def wait_for_one(self):
        wait_for(lambda: "counter packets 0 " not in self.namespace.run("nft", "list table inet " + self.table), "something to be lost: " + self.table)

    def end(self):
        self.namespace.run("nft", "delete table inet " + self.table)


class Net:
    """Client, router, server; everything is logged at the router. rings: for each tcpdump there, a function that returns the paths of its captures.
    alone: a lock, for connections of which one is made at a time."""
    rings = ()

    def __init__(self, folder):
        self.alone = threading.Lock()
        self.client, self.router, self.server = self.namespaces = [Namespace() for _ in range(3)]
        for namespace in self.namespaces:       # an address that is still being checked sends no neighbour solicitation, and SYNs would be repeated
            namespace.run("sysctl", "-qw", "net.ipv6.conf.all.accept_dad=0", "net.ipv6.conf.default.accept_dad=0")
        cable(self.client, "eth0", self.router, "eth1")
        cable(self.router, "eth0", self.server, "eth0")
        add_addresses(self.client, "eth0", "192.0.2.1/24", "2001:db8::1/64")
        add_addresses(self.router, "eth1", "192.0.2.254/24", "2001:db8::fe/64")
        add_addresses(self.router, "eth0", "198.51.100.254/24", "2001:db8:1::fe/64")
        add_addresses(self.server, "eth0", SERVER4 + "/24", SERVER6 + "/64")
        self.router.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.netfilter.nf_conntrack_acct=1")
        for peer, gateways in ((self.client, ("192.0.2.254", "2001:db8::fe")), (self.server, ("198.51.100.254", "2001:db8:1::fe"))):
            peer.run("sysctl", "-qw", "net.ipv4.tcp_fastopen=%d" % FAST_OPEN_WITHOUT_COOKIES)
            for gateway in gateways:
                peer.run("ip", "route", "add", "default", "via", gateway)
        self.make_certificate(folder)
        handlers = (HTTP, exchange_lines), (TLS, self.serve_tls), (SSH, greet), (OTHER, exchange_lines), (BULK, serve)
        self.services = [Service(self.server, port, handler) for port, handler in handlers]

    def make_certificate(self, folder):
        key, certificate = os.path.join(folder, "key.pem"), os.path.join(folder, "certificate.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=example",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
        self.server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server_side.load_cert_chain(certificate, key)
        self.client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.client_side.check_hostname = False
        self.client_side.verify_mode = ssl.CERT_NONE
        self.client_side.set_ecdh_curve("prime256v1")    # the key shares of later versions of OpenSSL would not leave room in one segment

    def serve_tls(self, connection, *_):
        connection.settimeout(PATIENCE_SECONDS)
        try:
            with self.server_side.wrap_socket(connection, server_side=True) as inside:
                inside.sendall(b"answer to " + inside.recv(1000))
        except OSError:
            pass                                # the client reports what went wrong

    def close(self):
        for service in self.services:
            service.close()
        for namespace in self.namespaces:
            namespace.close()

    def rotations(self):
        """Returns how many captures each tcpdump has begun."""
        return [len(ring()) for ring in self.rings]

    def have_in_one(self, ends):
        """Whether each tcpdump has all packets of the connection in one capture. They must have been written."""
        return all(sum(has_packet(path, ends) for path in ring()) == 1 for ring in self.rings)

    def rotate(self):
        """Returns when each tcpdump has begun another capture, which it does at a packet. It must do so twice: at the first one, it may not have
        reached what has been said up to now."""
        before = self.rotations()

        def rotated():
            with self.connect(OTHER) as client:
                self.http(client, b"TICK %d\n")
            return all(now >= then + 2 for now, then in zip(self.rotations(), before))

        wait_for(rotated, "captures to be rotated")

    # --- what is said ---

    def connect(self, service, address=SERVER4, port=0, option=None):
        client = client_socket(self.client, address, port)
        if option:
            client.setsockopt(socket.IPPROTO_TCP, *option)
        client.connect((address, service))
        return client

    def http(self, client, message=b"GET /%d HTTP/1.1\r\nHost: www.example\r\n\r\n", times=1):
        messages = [message % time.monotonic_ns() for _ in range(times)]
        for each in messages:
            client.sendall(each)
            if not client.recv(1000):
                raise RuntimeError("no answer to %r" % each)
        return said(client, messages[0])

    def tls(self, client, name, before=None, between=None, after=None):
        """Makes a whole TLS connection. before: called when the ClientHello has been made; between: called between its halves; after: when it has been
        said, and once more when the handshake of TLS has ended."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        inside = self.client_side.wrap_bio(incoming, outgoing, server_hostname=name)
        hello = step(inside.do_handshake, client, incoming, outgoing, once=True)
        half = len(hello) // 2 if between else len(hello)
        if before:
            before()
        client.sendall(hello[:half])
        if between:
            between()
            client.sendall(hello[half:])
        if after:
            after()
        step(inside.do_handshake, client, incoming, outgoing)
        if after:
            after()
        inside.write(b"question")
        if step(lambda: inside.read(100), client, incoming, outgoing) != b"answer to question":
            raise RuntimeError("a wrong answer")
        return said(client, hello, hello[:half], name)


def has_packet(path, ends):
    """Whether tcpdump's capture has a packet of the connection. Of its last packet, a part may not be written yet."""
    with open(path, "rb") as file:
        data = file.read()
    at = PCAP_HEADER_BYTES
    while at + RECORD_HEADER_BYTES <= len(data):
        begin, end = at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + struct.unpack_from("=I", data, at + 8)[0]
        if end > len(data):
            break
        packet = tcp_packet(0, data[begin + ETHERNET_BYTES:end])
        if ends == {(packet.source, packet.source_port), (packet.destination, packet.destination_port)}:
            return True
        at = end
    return False


def step(call, client, incoming, outgoing, once=False):
    """Calls call until it has what it needs from the server. once: instead of waiting for the server, returns what is to be said to it."""
    while True:
        try:
            return call()
        except ssl.SSLWantReadError:
            if once:
                return outgoing.read()
            client.sendall(outgoing.read())
            part = client.recv(65536)
            if not part:
                raise RuntimeError("the server closed")
            incoming.write(part)
        finally:
            if not once and outgoing.pending:
                client.sendall(outgoing.read())


def said(client, message, frame=None, name=""):
    return Said(frozenset((client.getsockname()[:2], client.getpeername()[:2])), message, frame or message, name)


# --- connections, each of which begins and ends by itself ---

def plain_http(net):
    """HTTP, one request"""
    with net.connect(HTTP) as client:
        return net.http(client)


def requests(net):
    """HTTP, three requests on one connection"""
    with net.connect(HTTP) as client:
        return net.http(client, times=3)


def plain_tls(net):
    """TLS"""
    with net.connect(TLS) as client:
        return net.tls(client, "plain.example")


def plain_ipv6(net):
    """TLS over IPv6"""
    with net.connect(TLS, SERVER6) as client:
        return net.tls(client, "ipv6.example")


def other_protocol(net):
    """a protocol that no filter names"""
    with net.connect(OTHER) as client:
        return net.http(client, b"HELLO %d\n")


def server_first(net):
    """the server speaks first (SSH)"""
    with net.connect(SSH) as client:
        message = client.recv(100)
        client.sendall(b"SSH-2.0-client\r\n")
        return said(client, message)


def fast_open(net):
    """TCP Fast Open: ClientHello in the SYN"""
    with net.connect(TLS, option=(FAST_OPEN_CONNECT, 1)) as client:
        return net.tls(client, "fastopen.example")


def two_segments(net):
    """ClientHello in two segments"""
    with net.connect(TLS) as client:
        return net.tls(client, "segments.example", between=lambda: wait_until_acknowledged(client))


def acknowledged_late(net):
    """the ACK of the handshake carries the ClientHello"""
    def with_the_hello():
        """The kernel waits for some hundredths of a second with each ACK, which may not be enough on a busy machine."""
        sent = []
        with client_socket(net.client, SERVER4, 0) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
            said = net.tls(client, "late.example", before=lambda: client.connect((SERVER4, TLS)), after=lambda: sent.append(tcp_info(client).sent))
        return sent == [2, 3] and said          # a SYN, the ClientHello, and what ends the handshake of TLS

    return wait_for(with_the_hello, "a connection that sends no ACK alone")


def lost_ack(net):
    """the ACK of the handshake is lost behind the router"""
    port = next(ports)
    loss = Loss(net.server, "ack", "tcp sport %d tcp flags & (syn | ack | psh) == ack" % port)
    with net.connect(TLS, port=port) as client:
        loss.wait_for_one()
        loss.end()
        # After one second, the server sends its SYN/ACK again.
        wait_for(lambda: net.server.states(port) == [ESTABLISHED], "the server to know of the connection")
        return net.tls(client, "ack.example")


def lost_syn_ack(net):
    """a SYN/ACK is lost, the SYN comes twice"""
    def with_two_syns():
        """On a busy machine, the server may send its SYN/ACK again before the client sends its SYN again."""
        with lose_syn_ack(net, next(ports)) as client:
            return tcp_info(client).sent_again == 1 and net.tls(client, "synack.example")

    return wait_for(with_two_syns, "a SYN to come twice")


def lose_syn_ack(net, port):
    """Returns a connected client."""
    loss = Loss(net.client, "synack", "tcp dport %d" % port)
    client = client_socket(net.client, SERVER4, port)
    client.setblocking(False)
    client.connect_ex((SERVER4, TLS))
    loss.wait_for_one()
    loss.end()
    client.settimeout(PATIENCE_SECONDS)
    wait_for(lambda: client.connect_ex((SERVER4, TLS)) in (0, errno.EISCONN), "the connection")
    return client


def keep_alive(net):
    """a keep-alive before the first word"""
    client = client_socket(net.client, SERVER4)
    for level, option, value in ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)):
        client.setsockopt(level, option, value)
    with client:
        before = net.client.counter("TCPKeepAlive")
        client.connect((SERVER4, TLS))
        wait_for(lambda: net.client.counter("TCPKeepAlive") > before, "a keep-alive")
        return net.tls(client, "idle.example")


def said_again(net):
    """the first payload is retransmitted"""
    port = next(ports)
    with net.connect(TLS, port=port) as client:
        loss = Loss(net.client, "again", "tcp dport %d" % port)

        def heal():
            wait_for(lambda: tcp_info(client).sent_again > 0, "it to be sent again")
            loss.end()

        healing = threading.Thread(target=heal)
        healing.start()
        try:
            return net.tls(client, "again.example")
        finally:
            healing.join()


def goes_on(net):
    """open across a rotation, its first word before"""
    with net.connect(HTTP) as client:
        first = net.http(client)
        net.rotate()
        net.http(client)
        return first


def speaks_later(net):
    """a rotation between handshake and first word"""
    with net.connect(TLS) as client:
        net.rotate()
        return net.tls(client, "later.example")


def halves(net):
    """a rotation between two segments of a ClientHello"""
    with net.connect(TLS) as client:
        return net.tls(client, "halves.example", between=net.rotate)


def in_one_capture(net, talk):
    """Talks until all of a connection is in one capture of each tcpdump: on a busy machine, it may take longer than until the next capture begins. All
    do so side by side at first, and then one after the other, which takes each less time."""
    def once(alone):
        with alone:
            said = talk(net)
        net.rotate()
        return net.have_in_one(said.ends) and said

    return once(contextlib.nullcontext()) or wait_for(lambda: once(net.alone), talk.__doc__)


WITHIN_A_CAPTURE = (plain_http, requests, plain_tls, plain_ipv6, other_protocol, server_first, fast_open, two_segments, acknowledged_late, lost_ack,
                    lost_syn_ack, keep_alive, said_again)
ACROSS_CAPTURES = (goes_on, speaks_later, halves)
