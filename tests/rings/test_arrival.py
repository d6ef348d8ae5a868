#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that others put into the inbox, faster than it is looked at, and compressed while they are taken."""
import gzip
import os
import struct
import tempfile
import unittest

from capturing import wait_for
from records import records
from ringtest import main
from watching import Watcher, visible


class Races(unittest.TestCase):
    """What depends on who comes first."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="firstpayload-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def watcher(self, *options):
        watcher = Watcher(self.folder, *options)
        self.addCleanup(watcher.kill)
        watcher.start()
        wait_for(lambda: watcher.status().get("state") == "idle", "the watcher")
        return watcher

    @staticmethod
    def capture(number):
        """One with a SYN with payload, all of different connections, a millisecond apart."""
        tcp = struct.pack(">HHIIBBHHH", 1024 + number % 60000, 80, 1, 0, 0x50, 0x02, 0, 0, 0) + b"hello"
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, 1 + number // 60000, 2) + tcp
        return (struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101) +
                struct.pack("<IIII", 1700000000 + number // 1000, number % 1000 * 1000, len(ip), len(ip)) + ip)

    def test_writer_faster_than_the_look(self):
        """Files are finished while the folder is read: those passed by as unfinished do not fall behind those further on."""
        watcher = self.watcher()
        for number in range(8000):
            with open(os.path.join(watcher.inbox, "f%d" % number), "wb") as file:
                file.write(self.capture(number))
        watcher.finish()
        done = sorted(os.listdir(os.path.join(watcher.state, "done")))
        self.assertEqual([name.split("-", 1)[1] for name in done], ["f%d" % number for number in range(8000)])

    def check_compressed(self, then):
        """gzip has opened the file before it is claimed, and its output comes after that."""
        watcher = self.watcher("--then", then)
        plain, compressed = (os.path.join(watcher.inbox, name) for name in ("f", "f.gz"))
        capture = self.capture(1) + self.capture(2)[24:]
        with open(plain, "wb") as file:
            file.write(capture)
        wait_for(lambda: os.path.exists(os.path.join(watcher.out, "f")), "the output")
        with gzip.open(compressed, "wb") as file:
            file.write(capture)
        if then == "keep":
            os.unlink(plain)
        wait_for(lambda: watcher.status().get("files") == 2, "both files")
        self.assertEqual(visible(watcher.out), ["f"])
        self.assertIn("f.gz: a copy, compressed otherwise, of a capture that has been taken", watcher.said())
        with open(os.path.join(watcher.inbox, ".next"), "wb") as file:       # another one of that name, as in a ring
            file.write(gzip.compress(self.capture(3)))
        os.rename(file.name, compressed)
        wait_for(lambda: watcher.status().get("files") == 3, "the third file")
        self.assertEqual(sorted(visible(watcher.out)), ["f", "f-3"])
        self.assertEqual(len(records(os.path.join(watcher.out, "f-3"))), 1)

    def test_compressed_after_it_was_taken(self):
        self.check_compressed("archive")

    def test_compressed_and_left_in_place(self):
        self.check_compressed("keep")


if __name__ == "__main__":
    main()
