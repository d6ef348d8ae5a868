#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""nfqueue.py QUEUE - lets every packet of the queue pass, and prints a line for each: addresses, ports, its payload in hexadecimal.

What people write for NFQUEUE, with nothing but sockets.
"""
import socket
import struct
import sys

from nflog import tcp_packet

NETLINK_NETFILTER = 12
NFNL_SUBSYS_QUEUE = 3
MSG_PACKET, MSG_VERDICT, MSG_CONFIG = range(3)
NFQA_PACKET_HDR, NFQA_VERDICT_HDR, NFQA_PAYLOAD = 1, 2, 10
NFQA_CFG_CMD, NFQA_CFG_PARAMS = 1, 2
CMD_BIND, COPY_PACKET, ACCEPT = 1, 2, 1
NLM_F_REQUEST = 1


def attribute(kind, value):
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def message(kind, queue, *attributes):
    body = struct.pack(">BBH", 0, 0, queue) + b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), NFNL_SUBSYS_QUEUE << 8 | kind, NLM_F_REQUEST, 0, 0) + body


def attributes(data):
    at = 20                                             # the headers of netlink and nfnetlink
    while at < len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        yield kind & 0x3fff, data[at + 4:at + length]
        at += (length + 3) & ~3


def main():
    queue = int(sys.argv[1])
    kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    kernel.bind((0, 0))
    kernel.send(message(MSG_CONFIG, queue, attribute(NFQA_CFG_CMD, struct.pack(">BBH", CMD_BIND, 0, 0))))
    kernel.send(message(MSG_CONFIG, queue, attribute(NFQA_CFG_PARAMS, struct.pack(">IB", 0xffff, COPY_PACKET))))
    while True:
        data = kernel.recv(1 << 17)
        if struct.unpack_from("=H", data, 4)[0] != NFNL_SUBSYS_QUEUE << 8 | MSG_PACKET:
            raise RuntimeError("the kernel does not let it: %s" % data[16:20].hex())
        found = dict(attributes(data))
        number = found[NFQA_PACKET_HDR][:4]
        packet = tcp_packet(0, found[NFQA_PAYLOAD])
        print(packet.source, packet.source_port, packet.destination, packet.destination_port, packet.payload.hex(), flush=True)
        kernel.send(message(MSG_VERDICT, queue, attribute(NFQA_VERDICT_HDR, struct.pack(">I", ACCEPT) + number)))


if __name__ == "__main__":
    main()
