# SPDX-License-Identifier: GPL-2.0-or-later
"""Two services and clients of them.

Both services read a line whose last word is a number, send that many bytes, and close the connection. MAIL greets first; WEB
waits for the client. Both serve IPv4 and IPv6, and accept data in the SYN.
"""
import collections
import socket
import struct
import threading
import time

from waiting import PATIENCE_SECONDS, wait_for

WEB, MAIL = 80, 25
BLOCK = b"x" * 65536


class Connection:
    """A connection that has ended: its endpoints, and what its first payload frame must carry."""

    def __init__(self, address, service, client, first, parts, fast_open):
        self.key = (address, service) + client
        self.first = first
        self.parts = parts
        self.fast_open = fast_open


def greeting(port):
    return b"220 hello, port %d\r\n" % port


def serve(connection, client_port, speaks_first):
    with connection:
        if speaks_first:
            connection.sendall(greeting(client_port))
        request = b""
        while not request.endswith(b"\n"):
            part = connection.recv(65536)
            if not part:
                return
            request += part
        left = int(request.split()[-1])
        while left > 0:
            connection.sendall(BLOCK[:left])
            left -= len(BLOCK)


class Service:
    """Calls serve(connection, client_port, speaks_first) in a thread for each connection; serve closes the connection."""

    def __init__(self, namespace, port, serve=serve):
        self.serve = serve
        self.socket = namespace.socket(socket.AF_INET6)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
        self.socket.bind(("::", port))
        self.socket.listen(64)
        self.speaks_first = port == MAIL
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, peer = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection, peer[1], self.speaks_first), daemon=True).start()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def client_socket(namespace, address, port=0):
    client = namespace.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    client.settimeout(PATIENCE_SECONDS)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if port:
        client.bind(("", port))
    return client


TcpInfo = collections.namedtuple("TcpInfo", "state unacknowledged sent_again sent")     # all but the first count segments


def tcp_info(connection):
    """Returns what the kernel knows about a connection: struct tcp_info of linux/tcp.h."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 140)
    return TcpInfo(info[0], *(struct.unpack_from("=I", info, at)[0] for at in (24, 100, 136)))


def wait_until_acknowledged(client):
    wait_for(lambda: tcp_info(client).unacknowledged == 0, "everything sent to be acknowledged")


def receive(client, size):
    """Reads until the service closes the connection."""
    received = 0
    while True:
        part = client.recv(1 << 20)
        if not part:
            break
        received += len(part)
    if received != size:
        raise RuntimeError("received %d bytes of %d" % (received, size))


def connect(namespace, address, service, size=100, parts=(), fast_open=False, port=0, reset=False, before=None):
    """Runs a whole connection: by default, a line and its answer.

    parts    what the client sends before that line, each in its own segment
    before   called after connecting, before anything is sent
    reset    the client ends the connection with a RST
    """
    words = [*parts, b"GET /%d %d\n" % (time.monotonic_ns(), size)]
    first = words[0]
    with client_socket(namespace, address, port) as client:
        if fast_open:
            client.sendto(words.pop(0), socket.MSG_FASTOPEN, (address, service))
        else:
            client.connect((address, service))
        me = client.getsockname()[:2]
        if service == MAIL:
            first = client.recv(65536)
            if first != greeting(me[1]):
                raise RuntimeError("greeted by %r" % first)
        if before:
            before(client)
        for word in words:
            client.sendall(word)
        receive(client, size)
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return Connection(address, service, me, first, parts, fast_open)
