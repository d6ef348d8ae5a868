#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every way in which tcpdump and dumpcap rotate, each into an inbox that is being emptied, all at once on the same traffic."""
import collections
import os

from capturing import dumpcap, tcpdump
from records import records
from ringtest import EVERY, FIRST, RingTest, main
from traffic import Traffic
from waiting import wait_for
from watching import visible

GZIP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gzip.sh")
BULK = 30_000_000               # tcpdump -C counts in millions

# name -> command in the inbox, and how many files to wait for
MODES = {
    "tcpdump-C-W": (tcpdump("-C", "1", "-W", "20", "-w", "ring.pcap"), 25),
    "tcpdump-C": (tcpdump("-C", "1", "-w", "f"), 25),
    "tcpdump-G": (tcpdump("-G", "1", "-w", "at-%s.pcap"), 3),
    "tcpdump-G-C": (tcpdump("-G", "2", "-C", "1", "-w", "at-%s.pcap"), 25),
    "tcpdump-G-W": (tcpdump("-G", "1", "-W", "3", "-w", "at-%s.pcap"), 3),
    "tcpdump-gzip": (tcpdump("-C", "1", "-z", GZIP, "-w", "z"), 25),
    "tcpdump-U": (tcpdump("-U", "-C", "1", "-W", "50", "-w", "u.pcap"), 25),
    "dumpcap-filesize": (dumpcap("-b", "filesize:100", "-w", "size.pcapng"), 200),
    "dumpcap-duration": (dumpcap("-b", "duration:1", "-w", "time.pcapng"), 3),
    "dumpcap-files": (dumpcap("-b", "filesize:500", "-b", "files:40", "-w", "ring.pcapng"), 60),
    "dumpcap-packets": (dumpcap("-P", "-b", "packets:50", "-b", "files:400", "-w", "ring.pcap"), 100),
}

# How many files those have that write files over. None is to be written over before it is taken.
RING_FILES = {"tcpdump-C-W": 20, "tcpdump-U": 50, "dumpcap-files": 40, "dumpcap-packets": 400}


class Modes(RingTest):
    def check(self, keep, modes):
        watchers = {name: self.watcher(name, "--keep", keep) for name in modes}
        for name, watcher in watchers.items():
            watcher.start()
            self.capture(MODES[name][0], watcher.inbox, ends_itself=name == "tcpdump-G-W")
        traffic = Traffic(self.namespace, 1, bulk_bytes=BULK, seconds_silent=4,
                          is_ahead=lambda n: any(len(visible(watchers[name].inbox)) > files / 2 for name, files in RING_FILES.items()))
        traffic.start()
        for name, watcher in watchers.items():
            wait_for(lambda: watcher.n_done() >= MODES[name][1], lambda: f"{MODES[name][1]} files of {name}: {watcher.n_done()}; {watcher.said()}")
        traffic.stop()
        self.finish_capturing()
        for watcher in watchers.values():
            watcher.finish()
        expected = self.expected(keep)
        self.assertGreater(len(expected), 500)
        for name, watcher in watchers.items():
            with self.subTest(mode=name):
                self.check_outputs(watcher, expected, name)
                print("%s --keep %s: %d files, %d of %d frames" % (name, keep, watcher.n_done(), len(expected), watcher.status()["frames"]), flush=True)

    def check_outputs(self, watcher, expected, name):
        pairs = watcher.outputs()
        self.assertEqual(sorted(os.path.basename(output) for _, output in pairs), sorted(visible(watcher.out)))
        self.assertEqual(os.listdir(os.path.join(watcher.state, "failed")), [])
        found, captured = [], collections.Counter()
        for path, output in pairs:
            kept, whole = records(output), records(path)
            self.assertLessEqual(set(kept), set(whole), output)
            found += kept
            captured.update(record[1:] for record in whole)
        if "-G-W" in name:                  # it ended after three seconds: what was captured until then
            self.assertGreater(len(found), 0)
            expected = [record for record in expected if captured[record[1:]] > 0]
        self.assert_same_records(found, expected, name)

    def test_first(self):
        self.check(FIRST, MODES)

    def test_every_class(self):
        self.check(EVERY, MODES)


if __name__ == "__main__":
    main()
