# SPDX-License-Identifier: GPL-2.0-or-later
"""Files that are finished out of order: the watcher waits for a while for what is older, by its first record or its name, and not finished. No test
waits for a fixed time; the status tells that a capture waits."""
import contextlib
import gzip
import json
import os
import subprocess
import unittest

import faulty
from pcaps import connection, header, record, slim, write
from test_watcher import Watching
from waiting import wait_for


def part(begin, end=None):
    """Returns a capture of some frames of two connections, each with its number as its time: those of the first part are the older ones."""
    frames = list(enumerate(connection(40000) + connection(40001)))[begin:end]
    return header() + b"".join(record(f, n) for n, f in frames)


FIRST, SECOND = part(0, 3), part(3)


class Waits(Watching):
    def write_open(self, name, data):
        """Somebody is writing the file, and has written this much."""
        file = self.open_files.enter_context(open(os.path.join(self.place.inbox, name), "wb", buffering=0))
        file.write(data)
        return file

    def setUp(self):
        super().setUp()
        self.open_files = contextlib.ExitStack()
        self.addCleanup(self.open_files.close)

    def waits_for(self, name):
        wait_for(lambda: (self.status().get("waits_for") or "").startswith(name), lambda: f"{name} to be waited for: {self.status()}")
        self.assertEqual(self.outputs(), [])

    def taken(self):
        """Returns what has been taken, in order."""
        return [name.split("-", 1)[1] for name in sorted(os.listdir(os.path.join(self.place.state, "done")))]

    def check_order(self, *names):
        wait_for(lambda: len(self.taken()) == len(names), lambda: f"{names}, but {self.taken()}; {self.said()}")
        self.assertEqual(self.taken(), list(names))
        outputs = [name.removesuffix(".gz") for name in names]
        self.await_outputs(*outputs)
        whole = slim("-q", write(self.place.folder, "whole", part(0))).stdout
        self.assertEqual(b"".join(self.output(name)[24:] for name in outputs), whole[24:])
        self.is_idle()
        self.assertIsNone(self.status()["waits_for"])
        self.assertEqual(self.status()["files_overtaken"], 0)
        self.stop()


class Compressed(Waits):
    """tcpdump -z gzip: several files at once."""

    def test_begun(self):
        self.start("--match", "*.gz", "--wait", "100000")
        data = gzip.compress(FIRST)
        older = self.write_open("x-1.pcap.gz", data[:-10])
        write(self.place.inbox, "x-2.pcap.gz", gzip.compress(SECOND))
        self.waits_for("x-1.pcap.gz")
        older.write(data[-10:])
        older.close()
        self.check_order("x-1.pcap.gz", "x-2.pcap.gz")

    def test_empty_beside_what_it_is_made_of(self):
        """The first record counts, whatever the names say."""
        write(self.place.inbox, "y.pcap", FIRST)
        older = self.write_open("y.pcap.gz", b"")
        write(self.place.inbox, "a.pcap.gz", gzip.compress(SECOND))
        self.start("--match", "*.gz", "--wait", "100000")
        self.waits_for("y.pcap")
        older.write(gzip.compress(FIRST))
        older.close()
        os.unlink(os.path.join(self.place.inbox, "y.pcap"))
        self.check_order("y.pcap.gz", "a.pcap.gz")

    def test_empty_and_alone(self):
        """Then the file's name counts."""
        self.start("--wait", "100000")
        older = self.write_open("x9.pcap.gz", b"")
        write(self.place.inbox, "x10.pcap.gz", gzip.compress(SECOND))
        self.waits_for("x9.pcap.gz")
        older.write(gzip.compress(FIRST))
        older.close()
        self.check_order("x9.pcap.gz", "x10.pcap.gz")

    def test_not_begun(self):
        """Files that would match only if they were compressed."""
        write(self.place.inbox, "x-1.pcap", FIRST)
        write(self.place.inbox, "x-2.pcap.gz", gzip.compress(SECOND))
        self.start("--match", "*.gz", "--wait", "100000")
        self.waits_for("x-1.pcap")
        self.assertEqual(self.status()["files_unmatched"], 1)
        subprocess.run(["gzip", os.path.join(self.place.inbox, "x-1.pcap")], check=True)
        self.check_order("x-1.pcap.gz", "x-2.pcap.gz")

    def test_last_one_of_tcpdump_is_not_left_in_silence(self):
        write(self.place.inbox, "x-1.pcap.gz", gzip.compress(FIRST))
        write(self.place.inbox, "x-2.pcap", SECOND)
        write(self.place.inbox, "README", b"no capture, and no business of ours")
        run = subprocess.run(self.command("--match", "*.gz", "--once"), capture_output=True, text=True, check=True)
        self.assertEqual(self.taken(), ["x-1.pcap.gz"])
        self.assertIn("x-2.pcap: does not match (--match), and nobody has compressed it; it is left where it is", run.stderr)
        self.assertNotIn("README", run.stderr)
        self.assertEqual(self.status_of_stopped()["files_unmatched"], 1)

    def status_of_stopped(self):
        return json.loads(subprocess.run([faulty.PROGRAM, "status", "--json", self.place.state], capture_output=True, check=True).stdout)


class Copied(Waits):
    def check(self, hidden):
        """rsync, or somebody else who copies to a hidden name and renames."""
        self.start("--wait", "100000")
        older = self.write_open(hidden, FIRST[:60])
        write(self.place.inbox, "x-2.pcap", SECOND)
        self.waits_for(hidden)
        older.write(FIRST[60:])
        older.close()
        os.rename(os.path.join(self.place.inbox, hidden), os.path.join(self.place.inbox, "x-1.pcap"))
        self.check_order("x-1.pcap", "x-2.pcap")

    def test_by_rsync(self):
        self.check(".x-1.pcap.x7Kq2a")

    def test_under_a_hidden_name(self):
        self.check(".x-1.pcap")

    def test_by_rsync_and_empty_yet(self):
        self.start("--wait", "100000")
        older = self.write_open(".x9.pcap.x7Kq2a", b"")
        os.utime(os.path.join(self.place.inbox, ".x9.pcap.x7Kq2a"), (1, 1))     # as if that had been some time before the other
        write(self.place.inbox, "x10.pcap", SECOND)
        self.waits_for(".x9.pcap.x7Kq2a")
        older.write(FIRST)
        older.close()
        os.rename(os.path.join(self.place.inbox, ".x9.pcap.x7Kq2a"), os.path.join(self.place.inbox, "x9.pcap"))
        self.check_order("x9.pcap", "x10.pcap")

    def test_leftover_of_a_copy_does_not_hold_up_for_long(self):
        """The file could be about to be renamed, but not for ever."""
        write(self.place.inbox, ".x-1.pcap.x7Kq2a", FIRST)
        write(self.place.inbox, "x-2.pcap", part(0))
        self.start("--wait", "100000")
        self.check_order("x-2.pcap")


class Writers(Waits):
    """Several programs capture into one folder."""

    def check(self, *options, then="archive"):
        self.then = then
        self.start("--wait", "100000", *options)
        older = self.write_open("b.pcap", FIRST[:-5])
        write(self.place.inbox, "a.pcap", SECOND)
        self.waits_for("b.pcap")
        older.write(FIRST[-5:])
        older.close()

    def test_by_first_record(self):
        self.check()
        self.check_order("b.pcap", "a.pcap")

    def test_left_in_place(self):
        self.check(then="keep")
        self.await_outputs("a.pcap", "b.pcap")
        whole = slim("-q", write(self.place.folder, "whole", part(0))).stdout
        self.assertEqual(self.output("b.pcap") + self.output("a.pcap")[24:], whole)
        self.stop()

    def test_killed_while_it_waits(self):
        self.start("--wait", "100000")
        older = self.write_open("b.pcap", FIRST[:-5])
        write(self.place.inbox, "a.pcap", SECOND)
        self.waits_for("b.pcap")
        self.kill(self.process)
        older.write(FIRST[-5:])
        older.close()
        self.start()
        self.check_order("b.pcap", "a.pcap")

    def test_of_another_user(self):
        """The same without a lease."""
        self.start("--wait", "100000", only=["lease"], kind="EACCES", at=1, stay=1)
        older = self.write_open("b.pcap", FIRST[:-5])
        write(self.place.inbox, "a.pcap", SECOND)
        self.waits_for("b.pcap")
        older.write(FIRST[-5:])
        older.close()
        self.check_order("b.pcap", "a.pcap")

    def test_limit(self):
        self.start("--wait", "1")
        older = self.write_open("b.pcap", FIRST)
        write(self.place.inbox, "a.pcap", SECOND)
        self.await_outputs("a.pcap")
        self.assertEqual(self.said().count("b.pcap: is older than others, and not finished; they are taken before it, after waiting for 1 seconds"), 1)
        self.assertEqual(self.status()["files_overtaken"], 1)
        write(self.place.inbox, "c.pcap", part(5))          # the watcher gives it up
        self.await_outputs("a.pcap", "c.pcap")
        older.close()
        self.await_outputs("a.pcap", "b.pcap", "c.pcap")
        self.assertEqual(self.status()["files_overtaken"], 1)
        self.stop()

    def test_no_waiting(self):
        self.start("--wait", "0", has_clock=False)
        self.write_open("b.pcap", FIRST)
        write(self.place.inbox, "a.pcap", SECOND)
        self.await_outputs("a.pcap")
        self.stop()


class Rings(Waits):
    def test_beginning_again_with_the_first_name(self):
        """The file that is being written has the lower number and nothing in it, and is the younger one all the same."""
        self.start("--wait", "100000", has_clock=False)
        write(self.place.inbox, "ring.pcap9", part(0))
        self.write_open("ring.pcap0", b"")
        self.check_order("ring.pcap9")

    def test_younger_writer_holds_up_nobody(self):
        self.start("--wait", "100000", has_clock=False)
        self.write_open("a.pcap", part(5))
        write(self.place.inbox, "b.pcap", part(0))
        self.check_order("b.pcap")


del Watching  # otherwise its tests would be found here, too


if __name__ == "__main__":
    unittest.main()
