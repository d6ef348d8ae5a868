#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""watch --follow: what a capture says while it is being written is in the log at once, and in the end the outputs are the same as without --follow."""
import json
import os
import random
import signal
import socket
import time

from capturing import dumpcap, tcpdump
from peers import WEB
from records import records
from ringtest import EVERY, RingTest, main
from traffic import Traffic
from waiting import PATIENCE_SECONDS, wait_for, whole_lines
from watching import Consumer, visible

DISTURBANCES = 25
WRITERS = {
    "tcpdump-G": tcpdump("-U", "-G", "2", "-w", "at-%s.pcap"),
    "tcpdump-C-W": tcpdump("-U", "-C", "2", "-W", "30", "-w", "ring.pcap"),
    "dumpcap": dumpcap("-b", "duration:2", "-w", "f.pcapng"),
}
OPTIONS = "--follow", "--log", "beside", "--keep", EVERY


class Follow(RingTest):
    def ports(self, path):
        """Returns the clients that a log names; there is no live log between two captures."""
        return {entry[key] for entry in map(json.loads, whole_lines(path)) for key in ("src_port", "dest_port")}

    def find(self, port, watcher):
        """Returns where a client is: "live"; "done", if the capture was finished in the meantime; or None."""
        if port in self.ports(os.path.join(watcher.state, "live.jsonl")):
            return "live"
        logs = [os.path.join(watcher.out, name) for name in visible(watcher.out) if name.endswith(".jsonl")]
        return "done" if any(port in self.ports(log) for log in logs) else None

    def speak(self):
        """Makes a connection and returns the client's port. It runs on the processor that the traffic runs on, because otherwise captures see
        frames in different orders."""
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

    def wait_until_live(self, name, watcher):
        """Waits until a line of one of our connections is in the live log; a line of another connection may appear there only after a rotation."""
        def is_live():
            port = self.speak()
            return wait_for(lambda: self.find(port, watcher), lambda: f"{port} in a log of {name}: {watcher.said()}") == "live"

        wait_for(is_live, f"a line of {name} before the rotation")

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
        """The line is in the live log before the rotation, and in the end each line is once in the log of some capture."""
        watchers = self.watchers()
        traffic = Traffic(self.namespace, 1, seconds_silent=6)
        traffic.start()
        for name, watcher in watchers.items():
            self.wait_until_live(name, watcher)
            wait_for(lambda: len(visible(watcher.out)) > 3, f"outputs of {name}: {watcher.said()}")
        traffic.stop()
        self.finish(watchers)
        expected = self.expected(EVERY)
        for name, watcher in watchers.items():
            with self.subTest(writer=name):
                self.assert_same_records([r for _, output in watcher.outputs() for r in records(output)], expected, name)
                self.assertEqual(len([n for n in os.listdir(os.path.join(watcher.state, "done"))]) * 2, len(visible(watcher.out)))

    def test_killed_and_told(self):
        """The watcher is killed, stopped and given new options while it follows a capture: what it read early is never counted twice."""
        chance = random.Random(5)
        watchers = self.watchers()
        consumers = {name: Consumer(watcher.out, os.path.join(self.folder, name, "taken")) for name, watcher in watchers.items()}
        for consumer in consumers.values():
            self.addCleanup(consumer.stop)
        traffic = Traffic(self.namespace, 2, seconds_silent=6)
        traffic.start()
        for _ in range(DISTURBANCES):
            watcher = chance.choice(list(watchers.values()))
            time.sleep(chance.random() * 0.3)
            if chance.random() < 0.3:
                watcher.process.send_signal(signal.SIGHUP)
                continue
            watcher.process.send_signal(chance.choice([signal.SIGKILL, signal.SIGTERM]))
            watcher.process.wait(PATIENCE_SECONDS)
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
