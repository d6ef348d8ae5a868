# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections of a client to a server behind a router, each with something about it that ways to log its first words may stumble over.

All are those of real kernels: what is lost is lost by rules of the firewall at either end, behind or before the router.
"""
import collections
import errno
import os
import socket
import ssl
import subprocess
import threading
import time

from namespaces import Namespace, add_addresses, cable
from peers import Service, client_socket, serve

HTTP, TLS, SSH, OTHER, BULK = 80, 443, 22, 7000, 8080
SERVER4, SERVER6 = "198.51.100.2", "2001:db8:1::2"
FAST_OPEN_WITHOUT_COOKIES = 0x207
FAST_OPEN_CONNECT = 30                      # TCP_FASTOPEN_CONNECT: the SYN waits for the first words
ROTATION_SECONDS = 5.5                      # longer than tcpdump -G of the document; all else above takes less

# ends: both (address, port). message: what is said first, frame: as much of it as the first payload frame has.
Said = collections.namedtuple("Said", "ends message frame name", defaults=("",))


def exchange_lines(connection, *_):
    """Each line is answered, until the client closes. HTTP as far as a client here cares."""
    with connection, connection.makefile("rwb") as file:
        for line in file:
            if line == b"\r\n" or not line.endswith(b"\r\n"):
                file.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" if line == b"\r\n" else b"yes\n")
                file.flush()


def greet(connection, *_):
    with connection:
        connection.sendall(b"SSH-2.0-server\r\n")
        connection.recv(100)


class Net:
    """Client, router, server; everything is logged at the router."""

    def __init__(self, folder):
        self.client, self.router, self.server = self.namespaces = [Namespace() for _ in range(3)]
        for namespace in self.namespaces:       # an address that is still being tried sends no neighbour solicitation, and SYNs would be repeated
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
        self.client_side.set_ecdh_curve("prime256v1")    # later OpenSSLs' key shares would not leave room in one segment

    def serve_tls(self, connection, *_):
        connection.settimeout(30)
        try:
            with self.server_side.wrap_socket(connection, server_side=True) as inside:
                inside.sendall(b"answer to " + inside.recv(1000))
        except OSError:
            pass                                # the client says what went wrong

    def close(self):
        for service in self.services:
            service.close()
        for namespace in self.namespaces:
            namespace.close()

    def lose(self, namespace, table, rule):
        """From now on; returns what ends it."""
        namespace.run("nft", "add table inet %s; add chain inet %s input { type filter hook input priority 0; }; "
                      "add rule inet %s input %s drop" % (table, table, table, rule))
        return lambda: namespace.run("nft", "delete table inet " + table)

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

    def tls(self, client, name, between=None):
        """A whole TLS connection. between: called between the halves of the ClientHello."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        inside = self.client_side.wrap_bio(incoming, outgoing, server_hostname=name)
        hello = step(inside.do_handshake, client, incoming, outgoing, once=True)
        half = len(hello) // 2 if between else len(hello)
        client.sendall(hello[:half])
        if between:
            between()
            client.sendall(hello[half:])
        step(inside.do_handshake, client, incoming, outgoing)
        inside.write(b"question")
        if step(lambda: inside.read(100), client, incoming, outgoing) != b"answer to question":
            raise RuntimeError("a wrong answer")
        return said(client, hello, hello[:half], name)


def step(call, client, incoming, outgoing, once=False):
    """Does call as far as it goes, with what the server says. once: returns what it wants to say at the first wait for the server."""
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
        return net.tls(client, "segments.example", between=lambda: time.sleep(0.1))


def acknowledged_late(net):
    """the ACK of the handshake carries the ClientHello"""
    with net.connect(TLS, option=(socket.TCP_QUICKACK, 0)) as client:
        return net.tls(client, "late.example")


def lost_ack(net):
    """the ACK of the handshake is lost behind the router"""
    heal = net.lose(net.server, "ack", "tcp sport 20001 tcp flags & (syn | ack | psh) == ack")
    with net.connect(TLS, port=20001) as client:
        time.sleep(0.5)
        heal()
        time.sleep(1.5)                         # after one second the server says SYN/ACK again
        return net.tls(client, "ack.example")


def lost_syn_ack(net):
    """a SYN/ACK is lost, the SYN comes twice"""
    heal = net.lose(net.client, "synack", "tcp dport 20002")
    client = client_socket(net.client, SERVER4, 20002)
    client.setblocking(False)
    client.connect_ex((SERVER4, TLS))
    time.sleep(0.5)
    heal()
    client.settimeout(30)
    with client:
        while client.connect_ex((SERVER4, TLS)) not in (0, errno.EISCONN):
            time.sleep(0.05)
        return net.tls(client, "synack.example")


def keep_alive(net):
    """a keep-alive before the first word"""
    client = client_socket(net.client, SERVER4)
    for level, option, value in ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1), (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)):
        client.setsockopt(level, option, value)
    with client:
        client.connect((SERVER4, TLS))
        time.sleep(1.6)
        return net.tls(client, "idle.example")


def said_again(net):
    """the first payload is retransmitted"""
    with net.connect(TLS, port=20003) as client:
        heal = net.lose(net.client, "again", "tcp dport 20003")
        timer = threading.Timer(0.5, heal)
        timer.start()
        try:
            return net.tls(client, "again.example")
        finally:
            timer.join()


def goes_on(net):
    """open across a rotation, its first word before"""
    with net.connect(HTTP) as client:
        first = net.http(client)
        time.sleep(ROTATION_SECONDS)
        net.http(client)
        return first


def speaks_later(net):
    """a rotation between handshake and first word"""
    with net.connect(TLS) as client:
        time.sleep(ROTATION_SECONDS)
        return net.tls(client, "later.example")


def halves(net):
    """a rotation between two segments of a ClientHello"""
    with net.connect(TLS) as client:
        return net.tls(client, "halves.example", between=lambda: time.sleep(ROTATION_SECONDS))


TOGETHER = (plain_http, requests, plain_tls, plain_ipv6, other_protocol, server_first, fast_open, two_segments, acknowledged_late, lost_ack,
            lost_syn_ack, keep_alive, said_again, goes_on, speaks_later, halves)
