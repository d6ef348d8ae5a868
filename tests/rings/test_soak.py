#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Thousands of tiny files, as fast as dumpcap rotates: memory, descriptors and the state folder do not grow.

FIRSTPAYLOAD_SOAK_FILES says how many files there are at least.
"""
import os

from capturing import dumpcap
from ringtest import FIRST, RingTest, main
from traffic import Traffic
from waiting import is_asleep, wait_for
from watching import Consumer, visible

FILES = int(os.environ.get("FIRSTPAYLOAD_SOAK_FILES") or 12000)
STREAMS = 100                               # so that the table of streams is soon full
NOTED_BYTES = 2 * 2 * 8                     # for each file in each checkpoint: numbers for its name and its beginning
NOTED_MAX = 2 * 65536 * 8
PAGES_KB = 1024                             # by how much an allocator may vary
MEASUREMENTS, EARLY, LATE = 10, 4, 3        # resident memory jumps where files come in a burst, and falls again: only a leak raises all late ones
# A watcher that finds thousands of files at once needs memory for them. So connections, each of which fills some files, wait for the watcher.
AHEAD_MAX, FILES_OF_EACH = 50, 3


class Measurement:
    def __init__(self, watcher):
        pid = watcher.process.pid
        with open("/proc/%d/status" % pid) as file:
            self.resident_kb = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
        self.descriptors = len(os.listdir("/proc/%d/fd" % pid))
        paths = [os.path.join(folder, name) for folder, _, names in os.walk(watcher.state) for name in names]
        self.state_files = len(paths)
        self.state_bytes = sum(map(os.path.getsize, paths))
        self.files = watcher.status()["files"]

    def __str__(self):
        return "%d files taken: %d KiB resident, %d descriptors, state folder %d bytes in %d files" % (
            self.files, self.resident_kb, self.descriptors, self.state_bytes, self.state_files)


class Soak(RingTest):
    where = "/dev/shm"                      # otherwise the disk would decide how long all these files take

    def is_quiet(self, watcher, consumer):
        """Waits until all is done but the file that dumpcap has open: only then can measurements be compared. The status alone may have been
        written before the last claims."""
        status = watcher.status()
        return (len(visible(watcher.inbox)) == 1 and not visible(os.path.join(watcher.state, "claim")) and status["state"] == "idle"
                and len(consumer.paths) == status["files"] and is_asleep(watcher.process.pid))

    def test_nothing_grows(self):
        watcher = self.watcher("soak", "--keep", FIRST, "--then", "delete", "--max-streams", str(STREAMS))
        watcher.start()
        consumer = Consumer(watcher.out, os.path.join(self.folder, "taken"))
        self.addCleanup(consumer.stop)
        capturing = self.capture(dumpcap("-b", "packets:3", "-w", "f.pcapng"), watcher.inbox)
        measurements = []
        for part in range(1, MEASUREMENTS + 1):
            goal = FILES * part // MEASUREMENTS
            before = len(consumer.paths)
            traffic = Traffic(self.namespace, part, n_silent=4, is_ahead=lambda n: n > AHEAD_MAX + (len(consumer.paths) - before) // FILES_OF_EACH)
            traffic.start()
            wait_for(lambda: len(consumer.paths) >= goal, "%d files" % goal)
            traffic.stop()
            wait_for(lambda: is_asleep(capturing.process.pid), "dumpcap to have read all")
            wait_for(lambda: self.is_quiet(watcher, consumer), "the watcher")
            measurements.append(Measurement(watcher))
            print(measurements[-1], flush=True)
        self.finish_capturing()
        watcher.finish()
        consumer.stop()
        self.assert_same_records(consumer.records(), self.expected(FIRST), "soak")
        first, last = measurements[0], measurements[-1]
        noted = min((last.files - first.files) * NOTED_BYTES, 2 * NOTED_MAX)
        early = max(one.resident_kb for one in measurements[:EARLY])
        late = min(one.resident_kb for one in measurements[-LATE:])
        self.assertLessEqual(late, early + noted // 1024 + PAGES_KB)
        self.assertEqual(last.descriptors, first.descriptors)
        self.assertEqual(last.state_files, first.state_files)
        self.assertLessEqual(last.state_bytes, first.state_bytes + noted + 4096)


if __name__ == "__main__":
    main()
