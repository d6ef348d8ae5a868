#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The watcher is killed again and again while tcpdump and dumpcap rotate and somebody takes its outputs away: nothing is lost and nothing comes
twice."""
import collections
import os
import random
import subprocess
import time

import log_schema
from capturing import dumpcap, tcpdump
from ringtest import EVERY, FIRST, RingTest, main
from traffic import Traffic
from waiting import wait_for
from watching import PROGRAM, Consumer

KILLS = 25                      # at least
SEED = int(os.environ.get("FIRSTPAYLOAD_SEED") or random.SystemRandom().randrange(1 << 32))

# name -> what rotates, in a ring buffer that outlasts the pauses, on a busy machine, too; and the watcher's options
RINGS = {
    "tcpdump-delete": (tcpdump("-C", "1", "-W", "2000", "-w", "ring.pcap"), ("--keep", EVERY, "--then", "delete")),
    "dumpcap-archive": (dumpcap("-b", "packets:40", "-b", "files:9000", "-w", "ring.pcapng"), ("--keep", FIRST, "--log", "beside")),
    "dumpcap-keep": (dumpcap("-b", "packets:100", "-w", "f.pcapng"), ("--keep", EVERY, "--then", "keep")),
}


class Kill(RingTest):
    def kill_at_random(self, watchers, consumers):
        """Kills watchers until there have been enough kills and outputs. Each watcher lives for a moment, and is missing for another. Once there have
        been enough kills, only a watcher that has given something since its last one is killed: on a slow machine, moments are too short for that."""
        chance = random.Random(SEED)
        kills, taken = 0, dict.fromkeys(watchers, 0)
        while kills < KILLS or any(len(consumer.paths) < 10 for consumer in consumers.values()):
            name = chance.choice(list(watchers))
            watcher = watchers[name]
            if kills >= KILLS:
                wait_for(lambda: len(consumers[name].paths) > taken[name], lambda: f"an output of {name}: {watcher.said()[-500:]}")
            time.sleep(chance.random() ** 2 * 0.25)
            watcher.kill()
            taken[name] = len(consumers[name].paths)
            time.sleep(chance.random() ** 2 * 0.2)
            watcher.start()
            kills += 1
        return kills

    def test_killed(self):
        print("FIRSTPAYLOAD_SEED=%d" % SEED, flush=True)
        watchers = {name: self.watcher(name, *options) for name, (_, options) in RINGS.items()}
        consumers = {}
        for name, watcher in watchers.items():
            watcher.start()
            consumers[name] = Consumer(watcher.out, os.path.join(self.folder, name, "taken"))
            self.addCleanup(consumers[name].stop)
            self.capture(RINGS[name][0], watcher.inbox)
        traffic = Traffic(self.namespace, SEED, bulk_bytes=30_000_000, seconds_silent=5)
        traffic.start()
        kills = self.kill_at_random(watchers, consumers)
        traffic.stop()
        self.finish_capturing()
        for name, watcher in watchers.items():
            if "keep" in name:
                self.finish_left_in_place(watcher)
            else:
                watcher.finish()
            consumers[name].stop()
            with self.subTest(ring=name):
                self.assert_same_records(consumers[name].records(), self.expected(RINGS[name][1][1]), name)
                if "--log" in RINGS[name][1]:
                    self.assert_same_log(consumers[name].log())
                print("%s: %d outputs" % (name, len(consumers[name].paths)), flush=True)
        print("%d kills" % kills, flush=True)

    def assert_same_log(self, found):
        """Compares it with what slim says of the uninterrupted capture, without times, files and numbers, which differ between two captures."""
        said = subprocess.run([PROGRAM, "slim", "-q", "--log", "-", "--log-format", "json", self.whole], capture_output=True, check=True).stdout
        keys = "src_ip", "src_port", "dest_ip", "dest_port", "side", "length", "fast_open", "midstream", "payload"
        of_each = [collections.Counter(tuple(entry[key] for key in keys) for entry in log) for log in (found, log_schema.entries(said))]
        self.assertEqual(of_each[0] - of_each[1], collections.Counter(), "lines that come twice, or are wrong")
        self.assertEqual(of_each[1] - of_each[0], collections.Counter(), "lines that are missing")
        self.assertGreater(len(found), 100)

    def finish_left_in_place(self, watcher):
        """Waits until all is done, which the number of files tells. It does not tell whether the outputs are right."""
        files = len([name for name in os.listdir(watcher.inbox) if name.endswith(".pcapng")])
        wait_for(lambda: watcher.status().get("files", 0) >= files and watcher.status()["state"] == "idle", "the watcher: %s" % watcher.said()[-500:])
        watcher.end()
        self.assertEqual(watcher.status()["files"], files)


if __name__ == "__main__":
    main()
