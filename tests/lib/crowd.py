# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes captures of many connections that say different things: TLS, HTTP, SSH, SMTP and others, few names often and many rarely, over a day. The
same arguments give the same bytes."""
import hashlib
import math
import random
import struct

from pcaps import ACK, FIN, SYN, header, segment

BEGIN = 1780000000      # 2026-05-28 20:26:40 UTC
CIPHERS = [b"\x13\x01\x13\x02\x13\x03", b"\x13\x01", b"\xc0\x2b\xc0\x2f\xcc\xa9", b"\x13\x02\x13\x01\xc0\x2c", b"\xc0\x2f\x00\x9c\x00\x35"]
ALPNS = [b"\x02h2\x08http/1.1", b"\x08http/1.1", None]
SITES = ["www", "mail", "api", "cdn", "static", "login", "img", "update", "telemetry", "git", "vpn", "files"]
DOMAINS = ["example", "example.com", "example.net", "example.org", "intranet.example", "shop.example", "cloud.example"]
SOFTWARE = ["OpenSSH_9.2p1 Debian-2+deb12u7", "OpenSSH_10.0p2 Debian-7", "OpenSSH_8.9p1 Ubuntu-3ubuntu0.13", "Go", "libssh_0.11.1", "paramiko_3.5.0", "dropbear_2022.83"]
GREETINGS = ["mail.example ESMTP Postfix (Debian/GNU)", "mx1.example.net ESMTP Exim 4.96", "relay.example.org ESMTP OpenSMTPD"]
PATHS = ["/", "/index.html", "/robots.txt", "/api/v1/status", "/health"]


def _vector(length_bytes, content):
    return len(content).to_bytes(length_bytes, "big") + content


def hello(name, ciphers, alpn):
    """A TLS record with a ClientHello; name: bytes, or None for one without."""
    extensions = b"\0\x0a\0\x04\0\x02\0\x1d"
    if name is not None:
        extensions = b"\0\0" + _vector(2, _vector(2, b"\0" + _vector(2, name))) + extensions
    if alpn is not None:
        extensions += b"\0\x10" + _vector(2, _vector(2, alpn))
    body = b"\x03\x03" + bytes(32) + _vector(1, b"") + _vector(2, ciphers) + _vector(1, b"\0") + _vector(2, extensions)
    return b"\x16\x03\x01" + _vector(2, b"\x01" + _vector(3, body))


def site(chosen, share):
    """A name; a few come often, and there are thousands, most of which come within an hour."""
    rank = int(chosen.paretovariate(0.8))
    if rank <= 60:
        return "%s.%s" % (SITES[rank % len(SITES)], DOMAINS[rank % len(DOMAINS)])
    return "%s.edge.example.net" % hashlib.sha256(b"%d" % (rank % 97 + 1000 * int(24 * share))).hexdigest()[:10]


def say(chosen, share):
    """(what is said, whether the server says it, its port) of one connection, when that share of the day is over."""
    kind = chosen.random()
    if 0.61 < share < 0.64 and kind < 0.5:
        return b"SSH-2.0-libssh_0.11.1\r\n", False, 22
    if kind < 0.62:
        name = site(chosen, share).encode() if chosen.random() < 0.97 else None
        return hello(name, chosen.choices(CIPHERS, (50, 6, 20, 15, 9))[0], chosen.choices(ALPNS, (70, 20, 10))[0]), False, 443
    if kind < 0.84:
        return ("GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: curl/7.88.1\r\n\r\n" % (chosen.choice(PATHS), site(chosen, share))).encode(), False, 80
    if kind < 0.92:
        return b"SSH-2.0-%s\r\n" % chosen.choices(SOFTWARE, (40, 25, 12, 9, 7, 4, 3))[0].encode(), chosen.random() < 0.6, 22
    if kind < 0.96:
        return b"220 %s\r\n" % chosen.choices(GREETINGS, (6, 3, 1))[0].encode(), True, 25
    if kind < 0.98:
        return chosen.randbytes(64), False, 9000
    return b"", False, 443


def frames_of(n, said, by_server, port):
    client, source = 1024 + n % 60000, struct.pack(">BBH", 10, 7, n // 60000)
    here, there = dict(src=source, dst=b"\xc0\x00\x02\x02"), dict(src=b"\xc0\x00\x02\x02", dst=source)
    yield segment(client, port, 1000, SYN, **here)
    yield segment(port, client, 5000, SYN | ACK, ack=1001, **there)
    yield segment(client, port, 1001, ACK, ack=5001, **here)
    if said and by_server:
        yield segment(port, client, 5001, ACK, said, ack=1001, **there)
        yield segment(client, port, 1001, ACK | FIN, ack=5001 + len(said), **here)
    elif said:
        yield segment(client, port, 1001, ACK, said, ack=5001, **here)
        yield segment(port, client, 5001, ACK | FIN, ack=1001 + len(said), **there)


def busy(share):
    """Seconds into a day of which the middle has more than the night."""
    return 86400 * (share + 0.1 * math.sin(2 * math.pi * share))


def crowd(streams, others=()):
    """A pcap of so many streams, and one for each of others, what clients say that are not by chance."""
    chosen = random.Random(streams)
    yield header()
    for n in range(streams + len(others)):
        said = (others[n - streams], False, 443) if n >= streams else say(chosen, n / streams)
        at = busy(n / streams) if n < streams else 86400 * (n - streams) / len(others)
        for step, frame in enumerate(frames_of(n, *said)):
            moment = at + step * 0.02
            yield struct.pack("<IIII", BEGIN + int(moment), int(moment % 1 * 1e6), len(frame), len(frame)) + frame
