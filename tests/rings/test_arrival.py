#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that other programs carry into the inbox: by renaming, copying, slow copying and hard links; fast; and compressed while they are being
taken."""
import gzip
import multiprocessing
import os
import shutil
import struct
import subprocess
import tempfile
import time
import unittest

from capturing import dumpcap
from records import records
from ringtest import EVERY, RingTest, main
from traffic import Traffic
from waiting import wait_for
from watching import Watcher, visible

FILES = 20                      # at least so many are carried


def move(path, inbox):
    """Moves a file within a file system, as mv does. The other carriers need path: they move a copy."""
    beside = path + ".copy"
    shutil.copyfile(path, beside)
    os.rename(beside, os.path.join(inbox, os.path.basename(path)))


def move_from_elsewhere(path, inbox):
    """Moves a file from another file system, as mv does: it copies to the final name."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        beside = shutil.copy(path, elsewhere)
        subprocess.run(["mv", beside, inbox], check=True)


def rsync(path, inbox):
    name = os.path.basename(path)
    hidden = os.path.join(inbox, ".%s.x7Kq2a" % name)
    shutil.copyfile(path, hidden)
    time.sleep(0.01)
    os.rename(hidden, os.path.join(inbox, name))


def copy_slowly(path, inbox):
    with open(path, "rb") as source, open(os.path.join(inbox, os.path.basename(path)), "wb", buffering=0) as target:
        while part := source.read(30000):
            target.write(part)
            time.sleep(0.02)


def link(path, inbox):
    os.link(path, os.path.join(inbox, os.path.basename(path)))


class Arrival(RingTest):
    """Each carrier carries every file that dumpcap has finished. Carriers are processes, not threads: threads share their descriptors with each
    other's children for moments, and a capture that somebody has open for writing does not count as finished."""

    def setUp(self):
        super().setUp()
        self.staging = os.path.join(self.folder, "staging")
        os.mkdir(self.staging)
        self.is_over = multiprocessing.Event()

    def finished(self):
        """Returns all files but the last until dumpcap has ended."""
        names = sorted(name for name in visible(self.staging) if name.endswith(".pcapng"))
        return names if self.is_over.is_set() else names[:-1]

    def carry(self, how, inbox):
        carried = 0
        while not (self.is_over.is_set() and carried == len(self.finished())):
            for name in self.finished()[carried:]:
                how(os.path.join(self.staging, name), inbox)
                carried += 1
            time.sleep(0.01)

    def test_ways(self):
        ways = {how.__name__: how for how in (move, move_from_elsewhere, rsync, copy_slowly, link)}
        watchers = {name: self.watcher(name, "--keep", EVERY) for name in ways}
        carriers = [multiprocessing.Process(target=self.carry, args=(how, watchers[name].inbox), daemon=True) for name, how in ways.items()]
        for watcher in watchers.values():
            watcher.start()
        for carrier in carriers:  # before there are connections, which would inherit them
            carrier.start()
        self.capture(dumpcap("-b", "packets:200", "-w", "f.pcapng"), self.staging)
        traffic = Traffic(self.namespace, 2, seconds_silent=3)
        traffic.start()
        for name, watcher in watchers.items():
            wait_for(lambda: watcher.n_done() >= FILES, lambda: f"{FILES} files of {name}: {watcher.n_done()}; {watcher.said()}")
        traffic.stop()
        self.finish_capturing()
        self.is_over.set()
        for carrier in carriers:
            carrier.join()
        self.assertEqual([carrier.exitcode for carrier in carriers], [0] * len(carriers))
        expected = self.expected(EVERY)
        for name, watcher in watchers.items():
            with self.subTest(way=name):
                watcher.finish()
                self.assertEqual(len(visible(watcher.out)), len(self.finished()))
                self.assert_same_records([record for _, output in watcher.outputs() for record in records(output)], expected, name)
        for name in self.finished():
            self.assertGreater(os.path.getsize(os.path.join(self.staging, name)), 0, "a hard link's other name was touched")


class Races(unittest.TestCase):
    """What depends on which event comes first."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="firstpayload-test-", dir="/dev/shm")    # in memory, so that thousands of files do not wait for a disk
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def watcher(self, *options, **kwargs):
        watcher = Watcher(self.folder, *options, **kwargs)
        self.addCleanup(watcher.kill)
        watcher.start()
        wait_for(lambda: watcher.status().get("state") == "idle", "the watcher")
        return watcher

    @staticmethod
    def capture(number):
        """Returns a capture of one SYN with payload. Each is of another connection and comes a millisecond after the one before."""
        tcp = struct.pack(">HHIIBBHHH", 1024 + number % 60000, 80, 1, 0, 0x50, 0x02, 0, 0, 0) + b"hello"
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, 1 + number // 60000, 2) + tcp
        return (struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101) +
                struct.pack("<IIII", 1700000000 + number // 1000, number % 1000 * 1000, len(ip), len(ip)) + ip)

    def test_writer_faster_than_the_look(self):
        """Files are finished while the folder is being read: those that were passed over as unfinished are not overtaken by later ones."""
        watcher = self.watcher()
        for number in range(5000):
            with open(os.path.join(watcher.inbox, "f%d" % number), "wb") as file:
                file.write(self.capture(number))
        watcher.finish()
        done = sorted(os.listdir(os.path.join(watcher.state, "done")))
        self.assertEqual([name.split("-", 1)[1] for name in done], ["f%d" % number for number in range(5000)])

    def test_finished_between_two_glances(self):
        """A file that is left in place is recognised when it is seen again, even if its end was written after the watcher looked at its size and
        before it asked for a lease. strace stretches that moment (AddressSanitizer cannot look for leaks under it)."""
        slowly = ["env", "ASAN_OPTIONS=detect_leaks=0", "strace", "-D", "-o", "/dev/null", "-e", "trace=fcntl", "-e", "inject=fcntl:delay_enter=3000"]
        watcher = self.watcher("--then", "keep", user=slowly)
        for number in range(60):
            with open(os.path.join(watcher.inbox, "f%d" % number), "wb", buffering=0) as file:
                file.write(self.capture(2 * number))
                time.sleep(0.01)
                file.write(self.capture(2 * number + 1)[24:])
            time.sleep(0.02)
        wait_for(lambda: watcher.status().get("files", 0) >= 60 and watcher.status()["state"] == "idle", "the watcher")
        watcher.end()
        self.assertEqual(sorted(visible(watcher.out)), sorted("f%d" % number for number in range(60)))

    def check_compressed(self, then):
        """gzip opens the file before it is claimed, and writes its output after that."""
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
        self.assertIn("f.gz: a copy, compressed differently, of a capture that has been taken", watcher.said())
        with open(os.path.join(watcher.inbox, ".next"), "wb") as file:       # another file with the same name, as in a ring buffer
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
