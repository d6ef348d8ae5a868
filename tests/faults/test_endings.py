# SPDX-License-Identifier: GPL-2.0-or-later
"""Where there are no leases, as on network file systems (EINVAL) or for files of other users (EACCES): what the kernel's events and the descriptors
of processes tell, and what becomes of a file if nobody can tell whether it is finished."""
import functools
import os
import shutil
import signal
import subprocess
import unittest

import faulty
from pcaps import connection, header, record, slim, write
from test_watcher import NOBODY, Watching, one
from waiting import PATIENCE_SECONDS, send_signal, wait_for

UNSURE = "nobody can tell whether it is still being written"


def part(begin, end=None):
    """Returns a capture of some frames of two connections, each with its number as its time."""
    frames = list(enumerate(connection(40000) + connection(40001)))[begin:end]
    return header() + b"".join(record(f, n) for n, f in frames)


class Endings(Watching):
    def start_without(self, failure, *options, then="archive", **kwargs):
        self.then = then
        return self.start(*options, only=["lease"], kind=failure, at=1, stay=1, **kwargs)

    def start_as_other(self, *options, then="archive", **kwargs):
        """Starts the watcher as another user, to whom our files belong to somebody else, and who may not look at our processes."""
        if os.geteuid() != 0:
            return self.start_without("EACCES", *options, then=then, **kwargs)
        self.then = then
        os.chmod(self.place.folder, 0o755)
        for path in (self.place.inbox, self.place.output):
            os.chown(path, NOBODY, NOBODY)
        program = shutil.copy(faulty.PROGRAM, self.place.folder)  # from a folder that others may enter
        self.command = lambda *options: [program, *faulty.options(self.then), *options, self.place.inbox, self.place.output]
        return self.start(*options, before=["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"], **kwargs)

    def frames(self):
        """Returns the frames of all outputs, in the order in which they came."""
        return b"".join(self.output(name)[24:] for name in sorted(self.outputs(), key=lambda name: (len(name), name)))

    def whole(self):
        return slim("-q", write(self.place.folder, "whole", part(0))).stdout[24:]

    def in_state(self, folder):
        return sorted(os.listdir(os.path.join(self.place.state, folder)))


class Events(Endings):
    """The kernel tells when a file is closed, whoever its writer is."""

    def check(self, start, then="archive"):
        start("--unchanged", "100000", then=then, has_clock=False)
        with open(os.path.join(self.place.inbox, "b.pcap"), "wb", buffering=0) as writer:
            writer.write(part(0, 3))
            write(self.place.inbox, "marker", one(50000))
            self.await_outputs("marker")
            self.assertEqual(os.listdir(self.place.inbox), ["b.pcap"])
            writer.write(part(3)[24:])
        self.await_outputs("marker", "b.pcap")
        self.assertEqual(self.output("b.pcap")[24:], self.whole())
        self.is_idle()
        self.assertEqual((self.in_state("claim"), len(self.in_state("done"))), ([], 2 if then == "archive" else 0))
        self.assertNotIn(UNSURE, self.said())
        self.stop()

    def test_closed_while_watched(self):
        self.check(functools.partial(self.start_without, "EINVAL"))

    def test_of_another_user(self):
        self.check(self.start_as_other)

    def test_of_another_user_and_deleted(self):
        self.check(self.start_as_other, "delete")

    def test_closed_under_another_name(self):
        """As rsync does."""
        self.start_without("EINVAL", "--unchanged", "100000", has_clock=False)
        hidden = write(self.place.inbox, ".b.pcap.x7Kq2a", part(0))
        os.rename(hidden, os.path.join(self.place.inbox, "b.pcap"))
        self.await_outputs("b.pcap")
        self.stop()


class Processes(Endings):
    """The watcher sees what processes have open, even if they opened it before the watcher started."""

    def test_open_at_the_start(self):
        with open(os.path.join(self.place.inbox, "b.pcap"), "wb", buffering=0) as writer:
            writer.write(part(0, 3))
            self.start_without("EACCES", "--unchanged", "0", then="delete")
            write(self.place.inbox, "marker", one(50000))
            self.await_outputs("marker")
            self.assertEqual(os.listdir(self.place.inbox), ["b.pcap"])
            writer.write(part(3)[24:])
        self.await_outputs("marker", "b.pcap")
        self.assertEqual(self.frames().replace(self.output("marker")[24:], b""), self.whole())
        self.stop()


class Guesses(Endings):
    """A file that was there before causes no event."""

    def guess(self, start, then="archive"):
        """The watcher takes what is there; then the writer goes on."""
        path = write(self.place.inbox, "b.pcap", part(0, 3))
        start("--unchanged", "3", then=then)
        self.await_outputs("b.pcap")
        self.is_idle()
        self.assertEqual(self.said().count(UNSURE), 1 if then != "delete" else 2)
        self.assertFalse(os.path.exists(path))

    def go_on(self):
        """The writer does, twice. No frame is read twice."""
        for outputs, growth in ((["b.pcap", "b-2.pcap"], part(3, 5)), (["b.pcap", "b-2.pcap", "b-3.pcap"], part(5))):
            with open(os.path.join(self.place.state, "done", self.in_state("done")[0]), "ab") as writer:
                writer.write(growth[24:])
            send_signal(self.process, signal.SIGUSR1)  # a watcher that is woken looks
            self.await_outputs(*outputs)
        self.assertEqual(self.frames(), self.whole())
        self.assertEqual([self.said().count(words) for words in ("b.pcap: was written to after it was taken", "b.pcap: 2 frames,", "b.pcap: 5 frames,")], [2, 1, 1])

    def check_archived(self, start):
        self.guess(start)
        self.go_on()
        self.stop()
        self.assertEqual(self.in_state("done"), [f"{3:016}-b.pcap"])

    def test_archived(self):
        self.check_archived(functools.partial(self.start_without, "EINVAL"))

    def test_of_another_user_and_archived(self):
        self.check_archived(self.start_as_other)

    def test_not_deleted(self):
        self.guess(self.start_as_other, "delete")
        self.assertIn("b.pcap: nobody can tell whether it is still being written, so it is not deleted, but moved to done/", self.said())
        self.go_on()
        self.stop()

    def test_deleted_when_asked_for_by_name(self):
        self.guess(functools.partial(self.start_without, "EINVAL"), "delete-unsure")
        self.assertEqual(self.in_state("done"), [])
        self.stop()

    def test_old_ones_are_not_waited_for_long(self):
        path = write(self.place.inbox, "b.pcap", part(0))
        os.utime(path, (0, 0))
        self.start_without("EINVAL", "--unchanged", "100000")
        self.await_outputs("b.pcap")
        self.stop()

    def test_a_clock_that_steps_makes_nothing_old(self):
        """As when NTP sets the clock of a sensor some time after it has started."""
        ahead = write(self.place.folder, "ahead", b"0")
        path = write(self.place.inbox, "b.pcap", part(0, 3))
        self.start_without("EINVAL", "--unchanged", "100000", clock=ahead)
        wait_for(lambda: UNSURE in self.said(), "it to have seen the file unchanged for some time")
        for step in (200000, -200000, 0):
            write(self.place.folder, "ahead", str(step).encode())
            marker = f"marker{step}"
            write(self.place.inbox, marker, one(50000))
            wait_for(lambda name=marker: name in self.outputs(), "a look after the clock was set")
            self.assertEqual(os.listdir(self.place.inbox), ["b.pcap"], step)
        os.utime(path, (0, 0))
        wait_for(lambda: "b.pcap" in self.outputs(), "a file that is old to be taken")
        self.stop()

    def test_what_a_dry_run_lists(self):
        os.utime(write(self.place.inbox, "a.pcap", part(0)), (0, 0))
        write(self.place.inbox, "b.pcap", part(0))
        env = faulty.environment(only=["lease"], kind="EINVAL", at=1, stay=1)
        run = subprocess.run(self.command("--dry-run", "--unchanged", "100000"), env=env, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        self.assertEqual((run.returncode, run.stdout), (0, f"a.pcap\t{len(part(0))}\n"), run.stderr)

    def test_without_leases_nothing_is_deleted(self):
        """The watcher says so before it does anything."""
        write(self.place.inbox, "b.pcap", part(0))
        self.then = "delete"
        env = faulty.environment(only=["lease"], kind="EINVAL", at=1, stay=1)
        run = subprocess.run(self.command(), env=env, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        self.assertEqual(run.returncode, 64)
        self.assertIn(f"{self.place.inbox}: is on a file system without leases", run.stderr)
        self.assertIn("--then delete-unsure", run.stderr)
        self.assertEqual((os.listdir(self.place.inbox), self.outputs()), (["b.pcap"], []))


class Empty(Endings):
    def test_just_made(self):
        """Its writer may be about to write to it, although nobody has it open yet. For how long it is left alone, test-ending.c says; a busy machine may take
        longer."""
        self.start()
        markers = []

        def is_left():
            write(self.place.inbox, "b.pcap", b"")
            markers.append(f"marker{len(markers)}")
            write(self.place.inbox, markers[-1], one(50000 + len(markers)))
            self.await_outputs(*markers)
            return os.listdir(self.place.inbox) == ["b.pcap"]

        wait_for(is_left, "a new file to be left alone")
        with open(os.path.join(self.place.inbox, "b.pcap"), "ab") as writer:
            writer.write(part(0))
        self.await_outputs(*markers, "b.pcap")
        self.assertEqual(self.output("b.pcap")[24:], self.whole())
        self.stop()

    def test_old(self):
        os.utime(write(self.place.inbox, "b.pcap", b""), (0, 0))
        self.start()
        wait_for(lambda: self.status()["files_empty"] == 1, "the empty file")
        self.stop()


del Watching  # otherwise its tests would be found here, too


if __name__ == "__main__":
    unittest.main()
