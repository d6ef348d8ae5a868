#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""wire.py - the cable between the two namespaces of record.sh: carries frames between two tap devices.

A cable of our own, so that what goes wrong on it can be said exactly ("the second payload of the client is lost"),
where netem would draw lots. Devices are given as NAMESPACE:DEVICE and must exist; it runs until it gets SIGTERM.
"""
import argparse
import ctypes
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
CLONE_NEWNET = 0x40000000
FRAME_MAX_BYTES = 65536
TCP = 6


def open_tap(where):
    """Attaches to a tap device of a namespace; the process stays in that namespace."""
    namespace, device = where.split(":")
    with open(f"/run/netns/{namespace}", "rb") as handle:
        if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), CLONE_NEWNET) != 0:
            sys.exit(f"wire.py: cannot enter namespace {namespace}: {os.strerror(ctypes.get_errno())}")
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH", device.encode(), IFF_TAP | IFF_NO_PI))
    return tap


def tcp_of(frame):
    """(destination port, payload bytes) of a TCP frame without IPv6 extension headers, else None."""
    ethertype = frame[12:14]
    if ethertype == b"\x08\x00" and frame[23] == TCP:
        tcp = 14 + (frame[14] & 0x0F) * 4
        end = 14 + int.from_bytes(frame[16:18], "big")
    elif ethertype == b"\x86\xdd" and frame[20] == TCP:
        tcp = 14 + 40
        end = tcp + int.from_bytes(frame[18:20], "big")
    else:
        return None
    return int.from_bytes(frame[tcp + 2:tcp + 4], "big"), end - tcp - (frame[tcp + 12] >> 4) * 4


def with_vlan_tag(frame, vlan):
    return frame[:12] + b"\x81\x00" + vlan.to_bytes(2, "big") + frame[12:]


class Faults:
    """What happens to frames on their way from the client."""

    def __init__(self, options):
        self.drop = set(options.drop_payload)
        self.swap = set(options.swap_payload)
        self.drop_ports = set(options.drop_port)
        self.payloads = 0
        self.held = None

    def passed_on(self, frame):
        """The frames to deliver now that the client sent this one."""
        tcp = tcp_of(frame)
        if tcp is not None and tcp[0] in self.drop_ports:
            return []
        if tcp is not None and tcp[1] > 0:
            self.payloads += 1
            if self.payloads in self.drop:
                return []
            if self.payloads in self.swap:
                self.held = frame
                return []
        delivered = [frame] if self.held is None else [frame, self.held]
        self.held = None
        return delivered


def carry(client, server, trunk, options):
    faults = Faults(options)
    under_way = []  # (due time, tap, frame) in order of due time, as the delay is the same for all
    while True:
        timeout = max(0.0, under_way[0][0] - time.monotonic()) if under_way else None
        for tap in select.select([client, server], [], [], timeout)[0]:
            frame = os.read(tap, FRAME_MAX_BYTES)
            due = time.monotonic() + options.delay_ms / 1000
            for passed in faults.passed_on(frame) if tap == client else [frame]:
                under_way.append((due, server if tap == client else client, passed))
        while under_way and under_way[0][0] <= time.monotonic():
            _, tap, frame = under_way.pop(0)
            os.write(tap, frame)
            if trunk is not None:
                os.write(trunk, with_vlan_tag(frame, options.vlan))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("client")
    parser.add_argument("server")
    parser.add_argument("--delay-ms", type=float, default=2.0, help="one way")
    parser.add_argument("--drop-payload", type=int, action="append", default=[], metavar="N", help="lose the client's N-th frame with payload")
    parser.add_argument("--swap-payload", type=int, action="append", default=[], metavar="N", help="deliver it after the frame that follows it")
    parser.add_argument("--drop-port", type=int, action="append", default=[], metavar="PORT", help="lose all that the client sends there")
    parser.add_argument("--trunk", help="copy every frame to this tap device, as a switch's mirror port does, with a VLAN tag")
    parser.add_argument("--vlan", type=int, default=100)
    options = parser.parse_args()

    client, server = open_tap(options.client), open_tap(options.server)
    trunk = open_tap(options.trunk) if options.trunk else None
    carry(client, server, trunk, options)


if __name__ == "__main__":
    main()
