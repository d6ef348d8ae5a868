#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tcpdump runs as the user to which it drops its privileges, the watcher as another one: with CAP_LEASE, as the service has it, and without."""
import contextlib
import os
import pwd
import signal
import time

from capturing import tcpdump
from records import records
from ringtest import EVERY, RingTest, main
from traffic import Traffic
from waiting import is_asleep, send_signal, wait_for
from watching import visible

WATCHER = 64001                 # a user and a group without names
SILENCE_SECONDS = 5             # longer than two looks at a file that is not known by a lease to be finished


class Users(RingTest):
    def setUp(self):
        super().setUp()
        self.capturer = pwd.getpwnam("tcpdump")

    def watcher_as_other(self, *privileges, **kwargs):
        """The inbox belongs to tcpdump. Its group, which its files get too, is the watcher's."""
        user = ["setpriv", "--reuid=%d" % WATCHER, "--regid=%d" % WATCHER, "--clear-groups", *privileges]
        watcher = self.watcher("other", "--keep", EVERY, user=user, **kwargs)
        folder = os.path.dirname(watcher.inbox)
        for path in (folder, watcher.out):
            os.chown(path, WATCHER, WATCHER)
        os.chown(watcher.inbox, self.capturer.pw_uid, WATCHER)
        os.chmod(watcher.inbox, 0o2770)
        self.other = watcher
        return watcher

    def rotate(self, watcher):
        watcher.start()
        wait_for(lambda: watcher.status().get("state") == "idle", "the watcher: nobody knows how a file ended that was closed before it looked")
        command = tcpdump("-U", "-C", "1", "-W", "90", "-w", "f.pcap", user="tcpdump")
        self.capture(["sh", "-c", "umask 027; exec \"$@\"", "sh", *command], watcher.inbox)

    def talk(self, seed, seconds, n_done):
        traffic = Traffic(self.namespace, seed, n_silent=8, bulk_bytes=12_000_000, seconds_silent=seconds)
        traffic.start()
        wait_for(lambda: self.other.n_done() >= n_done, lambda: f"{n_done} files: {self.other.said()}")
        traffic.stop()

    def check(self, watcher):
        expected = self.expected(EVERY)
        watcher.finish()
        self.assert_same_records([record for _, output in watcher.outputs() for record in records(output)], expected, "other user")
        for path, _ in watcher.outputs():
            status = os.stat(path)
            self.assertEqual((status.st_uid, status.st_gid, status.st_mode & 0o777), (self.capturer.pw_uid, WATCHER, 0o640))
        self.assertGreater(len(visible(watcher.out)), 5)

    def last_write(self, watcher):
        """There is no file between two of tcpdump's."""
        times = []
        for name in visible(watcher.inbox):
            with contextlib.suppress(FileNotFoundError):                # claimed in the meantime
                times.append(os.stat(os.path.join(watcher.inbox, name)).st_mtime)
        return max(times, default=time.time())

    def talk_with_a_pause(self, watcher):
        """A file to which nothing has been written for long is still being written."""
        self.rotate(watcher)
        self.talk(1, 2, 8)
        wait_for(lambda: time.time() - self.last_write(watcher) > SILENCE_SECONDS, "a file to which nobody has written for long")
        for _ in range(2):
            send_signal(watcher.process, signal.SIGUSR1)            # makes the watcher look
            wait_for(lambda: is_asleep(watcher.process.pid), "it to have looked")
        self.talk(2, 2, 16)
        self.finish_capturing()
        self.check(watcher)
        self.assertNotIn("CAP_LEASE", watcher.said())

    def test_with_lease(self):
        self.talk_with_a_pause(self.watcher_as_other("--inh-caps=+lease", "--ambient-caps=+lease"))

    def test_without_lease(self):
        """The kernel tells when tcpdump closes a file, and that is enough: no file takes as long as two looks."""
        self.talk_with_a_pause(self.watcher_as_other())


if __name__ == "__main__":
    main()
