# SPDX-License-Identifier: GPL-2.0-or-later
"""A bridge that loses, repeats and reorders TCP segments, as tc's netem does. Not every kernel has netem, so it is done here.

SYNs are lost, but not repeated or reordered: a SYN that comes after a FIN begins another stream (core/verdict.h), even if it is a late
copy of the connection's first."""
import array
import fcntl
import heapq
import os
import random
import select
import socket
import struct
import threading
import time

ETH_P_ALL = 3
PACKET_OUTGOING = 4             # linux/if_packet.h
SIOCETHTOOL = 0x8946
OFFLOADS = {"receive checksums": 0x15, "checksums": 0x17, "scatter and gather": 0x19, "TSO": 0x1F, "GSO": 0x24, "GRO": 0x2C}     # ETHTOOL_S...
HELD_SECONDS = 0.01


def switch_offloads_off(namespace, device):
    """Frames are on the wire as they would be on a real one: of the MTU at most, with checksums."""
    def there():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            for command in OFFLOADS.values():
                value = array.array("I", [command, 0])
                fcntl.ioctl(any_socket, SIOCETHTOOL, struct.pack("16sQ", device.encode(), value.buffer_info()[0]))

    namespace.call(there)


def is_tcp(frame):
    kind = frame[12:14]
    return (kind == b"\x08\0" and frame[23] == 6) or (kind == b"\x86\xdd" and frame[20] == 6)


def is_syn(frame):
    at = 14 + (frame[14] & 15) * 4 if frame[12:14] == b"\x08\0" else 54
    return frame[at + 13] & 2


class Bridge:
    """Between two devices of a namespace. loss, duplicates, reorder: the parts of segments to which it happens."""

    def __init__(self, namespace, devices, seed, loss=0.05, duplicates=0.05, reorder=0.25):
        self.random = random.Random(seed)
        self.loss, self.duplicates, self.reorder = loss, duplicates, reorder
        self.lost = self.repeated = self.held_back = 0
        self.held = []              # a heap of (when to send it, count, socket, frame)
        self.count = 0
        self.sockets = [namespace.call(lambda device=device: self.socket_of(device)) for device in devices]
        self.end, self.told = os.pipe()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    @staticmethod
    def socket_of(device):
        found = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        found.bind((device, ETH_P_ALL))
        return found

    def close(self):
        os.write(self.told, b"x")
        self.thread.join()
        for found in self.sockets:
            found.close()
        os.close(self.end)
        os.close(self.told)

    def run(self):
        to = {self.sockets[0]: self.sockets[1], self.sockets[1]: self.sockets[0]}
        while True:
            wait = max(0, self.held[0][0] - time.monotonic()) if self.held else None
            ready = select.select([self.end, *self.sockets], [], [], wait)[0]
            if self.end in ready:
                return
            for found in ready:
                frame, address = found.recvfrom(65536)
                if address[2] != PACKET_OUTGOING:
                    self.take(to[found], frame)
            while self.held and self.held[0][0] <= time.monotonic():
                _, _, there, frame = heapq.heappop(self.held)
                there.send(frame)

    def take(self, there, frame):
        if not is_tcp(frame):
            there.send(frame)
            return
        if self.random.random() < self.loss:
            self.lost += 1
            return
        if is_syn(frame):
            there.send(frame)
            return
        copies = 1
        if self.random.random() < self.duplicates:
            self.repeated += 1
            copies = 2
        for _ in range(copies):
            if self.random.random() < self.reorder:
                self.held_back += 1
                self.count += 1
                heapq.heappush(self.held, (time.monotonic() + self.random.uniform(0, HELD_SECONDS), self.count, there, frame))
            else:
                there.send(frame)
