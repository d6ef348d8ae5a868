# SPDX-License-Identifier: GPL-2.0-or-later
"""Connections of which most frames come when nothing of them matters any more."""
from pcaps import ACK, FIN, RST, SYN, segment

CLIENT, SERVER = b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02"


def tagged(frame):
    return frame[:12] + b"\x81\0\0\x07" + frame[12:]


def conversation(port, isn, n, is_upload, words):
    """A connection of which n frames come when nothing of it matters any more."""
    def client(flags, seq, payload=b"", ack=isn + 5001):
        return segment(port, 443, (isn + seq) % 2**32, flags, payload, ack=ack % 2**32, src=CLIENT, dst=SERVER)

    def server(flags, seq, payload=b"", ack=0):
        return segment(443, port, (isn + 5000 + seq) % 2**32, flags, payload, ack=(isn + ack) % 2**32, src=SERVER, dst=CLIENT)

    yield client(SYN, 0, ack=0)
    yield server(SYN | ACK, 0, ack=1)
    yield client(ACK, 1)
    yield client(ACK, 1, words)
    at = 1 + len(words)
    if not is_upload:
        yield server(ACK, 1, b"answer to " + words, at)
    for i in range(n // 2):
        if is_upload:
            yield client(ACK, at + 1000 * i, bytes(1000))
            yield server(ACK, 1, ack=at + 1000 * (i + 1))
        else:
            yield server(ACK, 1 + 1000 * i, bytes(1000), at)
            yield client(ACK, at, ack=isn + 5001 + 1000 * i)
    if is_upload:
        yield server(ACK, 1, b"answer to " + words, at + 1000 * (n // 2))
    yield client(FIN | ACK if port % 2 else RST | ACK, at + 1000 * (n // 2 if is_upload else 0))


def ports_used_again(rounds):
    """Each connection begins right behind the last one of the same endpoints, a little further on in its numbers, as Linux has it."""
    frames = []
    for i in range(rounds):
        for port in (1000, 1001, 1002):
            found = conversation(port, 0xffff0000 + 3000 * i, 80, port == 1001, b"words %d of %d" % (i, port))
            frames += [tagged(frame) if port == 1002 else frame for frame in found]
    return frames
