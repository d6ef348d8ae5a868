#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a scenario of random connections, for which stock tshark and the definition must give one answer.

usage: random_scenario.py SEED CONNECTIONS [VERSION [TRANSPORTS]] > FILE.scenario

Numbers are drawn from around the few places where something changes. What the two treat differently by intention (see
differs-from-tshark in tests/scenarios) is left out: a SYN or SYN/ACK after a RST or a FIN, a repeated SYN after a gap, a next number of 0.
With TRANSPORTS other than tcp half of the connections are of UDP, and where one of these did not begin as QUIC nothing looks like it later. VERSION is tshark's, default 4.0. Since 4.4 a SYN/ACK with another number starts a stream for it also where none was seen, and a
zero-window probe whose byte was acknowledged is a keep-alive probe when it comes again, and it learns numbers from headers that are cut or too long; since 4.6 it needs no window.
"""
import random
import re
import sys

FLAGS = ["."] * 12 + ["P."] * 4 + ["S", "S", "S.", "S.", "R", "R.", "F.", "-", "FP.", "U."]
LENGTHS = [0, 0, 1, 1, 1, 2, 5, 300, 1000, 8192]


class Connection:
    def __init__(self, rand, index, version):
        self.rand, self.name, self.version = rand, f"c{index}", version
        self.base = [None, None]            # relative, once tshark knows it: what a SYN/ACK must repeat
        self.ipv6 = rand.random() < 0.3
        self.isn = [rand.choice([1000, 0x7ffffff0, 0xfffffd00 + rand.randrange(512), rand.randrange(1 << 32)]) for _ in "cs"]
        self.end = [0, 0]                   # relative: where each sender is
        self.unsure = False                 # about base: what was to teach it may not have been decoded
        self.closed = self.data = False
        self.has_probes = version < (4, 4) or index % 2 == 0    # segments of one byte; and windows of 0 only where the two may meet
        self.has_zero_windows = version < (4, 4) or not self.has_probes
        self.left = rand.randrange(4, 25)

    def declaration(self, index):
        hosts = (f"[2001:db8::{index + 1:x}]", "[2001:db8:7::7]") if self.ipv6 else (f"192.0.{2 + (index >> 8)}.{index & 255}", "198.51.100.7")
        return f"connection {self.name} {hosts[0]}:{20000 + index % 7} > {hosts[1]}:9999 isn {self.isn[0]} {self.isn[1]}"

    def place(self, sender, flags):
        """Where a segment begins, relative to its sender's initial number."""
        rand, end = self.rand, self.end[sender]
        if "S" in flags and (rand.random() < 0.85 or flags == "S"):
            return 0
        if rand.random() < 0.8:
            return max(0, end - rand.choice([0, 0, 0, 0, 1, 1, 2, 300]))
        return rand.choice([0, 1, 2, 6, 301, 16383, 16384, 16385, 17000])

    def segment(self):
        rand = self.rand
        sender, flags = rand.randrange(2), rand.choice(FLAGS)
        if flags == "S" and (self.closed or self.data):
            flags = "P."
        start, length = self.place(sender, flags), rand.choice(LENGTHS)
        if length == 1 and not self.has_probes:
            length = 2
        if flags == "S." and (self.closed or (self.version >= (4, 4) and (self.unsure or self.base[sender] not in (None, start)))):
            flags = "P."
        end = start + length + ("S" in flags or "F" in flags)
        if (self.isn[sender] + end) % (1 << 32) == 0:
            return self.segment()
        self.end[sender] = max(end, self.end[sender]) if rand.random() < 0.9 else end
        self.closed |= "R" in flags or "F" in flags
        self.data |= flags != "S" and (length > 0 or start > 1)
        self.left -= 1
        ack = max(0, self.end[1 - sender] - rand.choice([0, 0, 0, 1, 5])) if "." in flags else None
        modifiers, known = self.modifiers(flags, length, ack), list(self.base)
        self.learn(sender, flags, start, ack)
        if self.version >= (4, 4) and self.base != known:
            modifiers = re.sub(r" ?(captured|header) \d+", "", modifiers)
        self.unsure |= self.base != known and "fragments" in modifiers
        return f"{self.name} {'><'[sender]} {flags} {start}:{start + length}({length}) {modifiers}"

    def learn(self, sender, flags, start, ack):
        if flags == "S" and self.base[sender] not in (None, start):
            self.base = [None, None]        # another stream
        if "S" in flags:
            self.base[sender] = start
        elif self.base[sender] is None:
            self.base[sender] = start - 1
        if ack is not None and self.base[1 - sender] is None:
            self.base[1 - sender] = ack - 1

    def modifiers(self, flags, length, ack):
        rand, words = self.rand, []
        if ack is not None:
            words.append(f"ack {ack}")
        window = rand.choice([0, 1000, 1000])
        words.append(f"win {window if self.has_zero_windows else 1000}")
        options = rand.choice([0, 0, 0, 4, 12])
        if options:
            words.append(f"options {options}")
        chance = rand.random()
        if chance < 0.02:
            words.append(f"header {rand.choice([0, 16, 60])}")
        elif chance < 0.06 and length != 1:  # in a header that is cut stock tshark shows no keep-alive
            captured = rand.choice([15, 16, 17, 20, 25])
            words.append(f"captured {captured if self.version < (4, 6) else max(16, captured)}")
        elif chance < 0.09:
            middle = rand.randrange(8, 20 + options, 8)
            pieces = [f"0-{middle}", f"{middle}-{20 + options + length}"]
            words.append("fragments " + ",".join(rand.choice([pieces, pieces[::-1], pieces[:1]])))
        elif chance < 0.12:
            words.append(f"pad {rand.randrange(1, 9)}")
        elif chance < 0.14:
            words.append(f"ip-length +{rand.randrange(1, 90)}")
        elif chance < 0.15 and not self.ipv6:
            words.append("ip-length 0")
        elif chance < 0.17:
            words.append(f"vlan {rand.randrange(1, 9)}")
        return " ".join(words)


QUIC = ["c3000000010800010203040506070000", "ff6b3343cf0000", "c0ff00001d0014" + "00" * 20, "dffaceb00200"]
NO_QUIC = ["43000000010000", "c3000000020000", "c3ff00001a0000", "c30000000115", "17030300"]


class Datagrams(Connection):
    """UDP between endpoints."""

    def __init__(self, rand, index, version):
        super().__init__(rand, index, version)
        self.name = f"d{index}"
        self.begun = self.quic = False

    def segment(self):
        rand, self.left = self.rand, self.left - 1
        length = rand.choice([0, 1, 30, 40, 300, 1000, 1200, 8192, 16383])
        words = [f"{self.name} {'><'[rand.randrange(2)]} udp {length}"]
        if length >= 30 and rand.random() < 0.5:
            may_be_quic = not self.begun or self.quic
            words.append("bytes " + rand.choice(QUIC if may_be_quic and rand.random() < 0.7 else NO_QUIC))
        is_quic = words[-1][6:] in QUIC[:3]    # the last lacks a byte
        words += self.changes(length)
        if not self.begun and length > 0 and not words[-1].startswith("udp-length"):
            self.begun, self.quic = True, is_quic
        return " ".join(words)

    def changes(self, length):
        rand, chance = self.rand, self.rand.random()
        if chance < 0.03:
            return [f"pad {rand.randrange(1, 9)}"]
        if chance < 0.06:
            return [f"ip-length +{rand.randrange(1, 90)}"]
        if chance < 0.09:
            return [f"vlan {rand.randrange(1, 9)}"]
        if chance < 0.13 and length == 8192:
            return ["fragments " + rand.choice(["0-1480,1480-8200", "1480-8200,0-1480"])]
        if chance < 0.16 and length == 40:
            return [f"udp-length {rand.choice([0, 7]) if not self.ipv6 else 7}"]
        return []


def main():
    rand = random.Random(int(sys.argv[1]))
    version = tuple(map(int, (sys.argv[3:] or ["4.0"])[0].split(".")))
    transports = (sys.argv[4:] or ["tcp"])[0]
    kinds = [Connection] if transports == "tcp" else [Connection, Datagrams]
    connections = [kinds[i % len(kinds)](rand, i // len(kinds), version) for i in range(int(sys.argv[2]))]
    print(f"Random connections, drawn with seed {sys.argv[1]}.\n")
    if transports != "tcp":
        print(f"transport {transports}")
    for i, connection in enumerate(connections):
        print(connection.declaration(i // len(kinds)))
    print()
    while connections:
        connection = rand.choice(connections[:8])
        print(f"+.00{rand.randrange(1, 9)} {connection.segment()}")
        if connection.left == 0:
            connections.remove(connection)


if __name__ == "__main__":
    main()
