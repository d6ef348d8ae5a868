#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""watch --follow: what a capture that is still being written says is in the log at once, and in the end all is as without it."""
import json
import os
import random
import signal
import socket
import time

from capturing import dumpcap, tcpdump, wait_for
from peers import WEB
from records import records
from ringtest import EVERY, RingTest, main
from traffic import Traffic
from watching import Consumer, visible

SECONDS = 7
PATIENCE = 10           # usually it is one second: libpcap hands over what it has got that often, and tcpdump -U writes it out at once
WRITERS = {
    "tcpdump-G": tcpdump("-U", "-G", "2", "-w", "at-%s.pcap"),
    "tcpdump-C-W": tcpdump("-U", "-C", "2", "-W", "30", "-w", "ring.pcap"),
    "dumpcap": dumpcap("-b", "duration:2", "-w", "f.pcapng"),
}
OPTIONS = "--follow", "--log", "beside", "--keep", EVERY


class Follow(RingTest):
    def ports(self, path):
        """The clients that a log names."""
        try:
            with open(path, encoding="ascii") as file:
                lines = file.read().splitlines()
        except FileNotFoundError:      # of the live one, between two captures
            return set()
        return {entry[key] for entry in map(json.loads, lines) for key in ("src_port", "dest_port")}

    def find(self, port, watcher):
        """Where a client is: "live", or "done", as captures are finished meanwhile; or nowhere yet."""
        if port in self.ports(os.path.join(watcher.state, "live.jsonl")):
            return "live"
        logs = [os.path.join(watcher.out, name) for name in visible(watcher.out) if name.endswith(".jsonl")]
        return "done" if any(port in self.ports(log) for log in logs) else None

    def speak(self):
        """A connection; returns the client's port. On the processor that the traffic is on, or captures see frames in different orders."""
        processors = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(processors)})
        try:
            with self.namespace.socket(socket.AF_INET) as client:
                client.connect(("127.0.0.1", WEB))
                client.sendall(b"GET 1\n")
                client.recv(1)
                return client.getsockname()[1]
        finally:
            os.sched_setaffinity(0, processors)

    def watchers(self):
        watchers = {name: self.watcher(name, *OPTIONS) for name in WRITERS}
        for name, watcher in watchers.items():
            watcher.start()
            self.capture(WRITERS[name], watcher.inbox)
        return watchers

    def finish(self, watchers):
        self.finish_capturing()
        for watcher in watchers.values():
            watcher.finish()

    def test_at_once(self):
        """Within seconds of the packet, not of the rotation; and every line is in the end in the log of some capture, once."""
        watchers = self.watchers()
        traffic = Traffic(self.namespace, 1, seconds_silent=SECONDS - 1)
        traffic.start()
        found = {name: [] for name in watchers}
        for _ in range(4):
            port = self.speak()
            for name, watcher in watchers.items():
                wait_for(lambda: self.find(port, watcher), f"{port} in a log of {name}: {watcher.said()}", PATIENCE)
                found[name].append(self.find(port, watcher))
            time.sleep(1)
        traffic.stop()
        for name, places in found.items():
            self.assertIn("live", places, name)
        self.finish(watchers)
        expected = self.expected(EVERY)
        for name, watcher in watchers.items():
            with self.subTest(writer=name):
                self.assertGreater(len(visible(watcher.out)), 3)
                self.assert_same_records([r for _, output in watcher.outputs() for r in records(output)], expected, name)
                self.assertEqual(len([n for n in os.listdir(os.path.join(watcher.state, "done"))]) * 2, len(visible(watcher.out)))

    def test_killed_and_told(self):
        """Killed, ended and given new options while it follows: what was read early is never counted twice."""
        chance = random.Random(5)
        watchers = self.watchers()
        consumers = {name: Consumer(watcher.out, os.path.join(self.folder, name, "taken")) for name, watcher in watchers.items()}
        for consumer in consumers.values():
            self.addCleanup(consumer.stop)
        traffic = Traffic(self.namespace, 2, seconds_silent=SECONDS - 1)
        traffic.start()
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            watcher = chance.choice(list(watchers.values()))
            time.sleep(chance.random() * 0.3)
            if chance.random() < 0.3:
                watcher.process.send_signal(signal.SIGHUP)
                continue
            watcher.process.send_signal(chance.choice([signal.SIGKILL, signal.SIGTERM]))
            watcher.process.wait(30)
            watcher.start()
        traffic.stop()
        self.finish(watchers)
        expected = self.expected(EVERY)
        for name, consumer in consumers.items():
            consumer.stop()
            with self.subTest(writer=name):
                self.assert_same_records(consumer.records(), expected, name)


if __name__ == "__main__":
    main()
