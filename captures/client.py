#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""client.py - the clients of record.sh for what curl, ssh and openssl do not do: odd ways to open, wait and close."""
import socket
import ssl
import struct
import sys
import time

REQUEST = b"GET /small.txt HTTP/1.1\r\nHost: www.example\r\nConnection: close\r\n\r\n"


def connect(host, port, source_port=0, timeout=5.0):
    client = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    client.settimeout(timeout)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if source_port:
        client.bind(("", source_port))
    client.connect((host, port))
    return client


def fetch(client):
    """Sends the request and reads until the server closes."""
    client.sendall(REQUEST)
    while client.recv(65536):
        pass


def slow(host, port, seconds):
    """Connects, says nothing for a while, then asks."""
    with connect(host, port) as client:
        time.sleep(float(seconds))
        fetch(client)


def keep_alive(host, port, seconds):
    """The same, with a keep-alive probe each second of silence."""
    with connect(host, port) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
        time.sleep(float(seconds))
        fetch(client)


def silent(host, port):
    """Connects and closes without a byte."""
    connect(host, port).close()


def refused(host, port):
    """Expects the connection to fail: refused, unreachable or unanswered for three and a half seconds."""
    try:
        connect(host, port, timeout=3.5).close()
    except OSError as error:
        print(f"client.py: {host} port {port}: {error}")
        return
    sys.exit(f"client.py: {host} port {port} accepted the connection")


def reuse(host, port, source_port):
    """Three connections from one source port: closed by RST, closed by the server's FIN first, and the last."""
    with connect(host, port, int(source_port)) as client:
        client.sendall(REQUEST)
        client.recv(65536)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for _ in range(2):
        with connect(host, port, int(source_port)) as client:
            fetch(client)
        time.sleep(0.1)


def rdp(host, port, server_name):
    """Asks for TLS as RDP does (MS-RDPBCGR 2.2.1.1), and speaks it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with connect(host, port) as client:
        client.sendall(b"\3\0\0\x2a\x25\xe0\0\0\0\0\0Cookie: mstshash=demo\r\n\1\0\x08\0\1\0\0\0")
        client.recv(65536)
        context.wrap_socket(client, server_hostname=server_name).close()


def post(host, port, body_bytes):
    """A request of several segments, given to the kernel in one call."""
    body = b"x" * int(body_bytes)
    head = b"POST /small.txt HTTP/1.1\r\nHost: www.example\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    with connect(host, port) as client:
        client.sendall(head + body)
        while client.recv(65536):
            pass


def main():
    actions = {action.__name__.replace("_", "-"): action for action in (slow, keep_alive, silent, refused, reuse, post, rdp)}
    action, host, port, *rest = sys.argv[1:]
    actions[action](host, int(port), *rest)


if __name__ == "__main__":
    main()
