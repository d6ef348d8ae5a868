# SPDX-License-Identifier: GPL-2.0-or-later
"""What slim leaves is on the disk when it ends: bytes before a file gets its name, and the folder that has the name. And a watcher's captures, which
their writers need not have synced, are on the disk before there are outputs of them. test_power_cuts.py has what else a watcher does."""
import os
import subprocess
import time
import unittest

import disk
import faulty
from pcaps import connection, header, pcap, record, write
from waiting import PATIENCE_SECONDS

RECORDER = os.environ["FAULT_RECORDER"]


class Syncs(unittest.TestCase):
    def setUp(self):
        folder = faulty.temporary_folder()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)
        os.mkdir(self.path("out"))
        self.capture = pcap([frame for n in range(40) for frame in connection(40000 + n)])

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_recorded(self, *arguments):
        """Runs the program. Returns its calls."""
        env = {**faulty.environment(), "RECORD_TO": self.path("record")}
        env["LD_PRELOAD"] += f" {RECORDER}"
        done = subprocess.run([faulty.PROGRAM, *arguments, "--without", "seccomp,landlock"], cwd=self.folder, env=env,
                              input=self.capture, capture_output=True, timeout=PATIENCE_SECONDS, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return list(disk.read_record(self.path("record")))

    def slim(self, *arguments):
        return self.run_recorded("slim", "-q", *arguments)

    def check(self, calls, name):
        """The file is synced after its last write, before it is renamed if it is; its folder after it has the name."""
        path, inode, around = self.path(name), os.stat(self.path(name)).st_ino, os.stat(self.path("out")).st_ino
        named = [i for i, call in enumerate(calls) if call[0] in ("rename", "create") and call[2] == path]
        self.assertNotEqual(named, [], name)
        is_renamed = calls[named[-1]][0] == "rename"
        written = [i for i, call in enumerate(calls) if call[:2] in (["write", inode], ["truncate", inode])]
        synced = [i for i, call in enumerate(calls) if call in (["sync", inode], ["datasync", inode])]
        self.assertTrue(any(i > max(written, default=-1) and (not is_renamed or i < named[-1]) for i in synced), (name, calls))
        self.assertTrue(any(i > named[-1] for i, call in enumerate(calls) if call == ["sync", around]), (name, calls))

    def test_a_file(self):
        self.check(self.slim("-w", "out/kept.pcap", "-"), "out/kept.pcap")

    @unittest.skipUnless(os.geteuid() == 0, "takes root, who becomes another user")
    def test_a_file_that_the_helper_names(self):
        """As packets were looked at without rights. The recorder does not know renameat."""
        os.chmod(self.folder, 0o755)
        calls = [call[:2] for call in self.slim("-Z", "nobody", "-w", "out/kept.pcap", "-") if call[0] == "sync"]
        self.assertEqual(calls, [["sync", os.stat(self.path(name)).st_ino] for name in ("out/kept.pcap", "out")])

    def test_a_log(self):
        """Which is appended to: it has its name from the beginning."""
        self.check(self.slim("--log", "out/log", "-"), "out/log")

    def test_files_one_after_the_other(self):
        calls = self.slim("-C", "1K", "-w", "out/kept.pcap", "-")
        names = sorted(os.listdir(self.path("out")))
        self.assertGreater(len(names), 2)
        for name in names:
            self.check(calls, f"out/{name}")

    def test_what_another_left(self):
        """A killed process left a capture whose last record is cut, and lines."""
        with open(self.path("out/.kept-2020.pcap.unfinished"), "wb") as file:
            file.write(header() + record(b"x" * 60) + b"cut")
        with open(self.path("out/.log-2020.jsonl.unfinished-lines"), "wb") as file:
            file.write(b"line\ncut")
        calls = self.slim("-G", "3600", "-w", "out/kept-%Y.pcap", "--log", "out/log-%Y.jsonl", "-")
        for name in ("out/kept-2020.pcap", "out/log-2020.jsonl"):
            self.check(calls, name)
            renamed = next(i for i, call in enumerate(calls) if call[0] == "rename" and call[2] == self.path(name))
            then = next(call[0] for call in calls[renamed + 1:] if call[0] in ("sync", "create", "rename"))
            self.assertEqual(then, "sync", "the folder, at once: what comes later may take long")

    def syncs_of_inputs(self, then, ago_s=0):
        """Has a watcher take two captures, last changed so long ago. Returns of each how often it was synced before its output had its name, and after."""
        for name in ("in", "state"):
            os.mkdir(self.path(name))
        inodes, changed = {}, time.time() - ago_s
        for name, port in (("1.pcap", 40000), ("2.pcap", 40001)):
            path = write(self.path("in"), name, pcap(connection(port)))
            os.utime(path, (changed, changed))
            inodes[name] = os.stat(path).st_ino
        calls = self.run_recorded("watch", "--once", "--then", then, "--state", "state", "in", "out")
        found = []
        for name, inode in inodes.items():
            named = next(i for i, call in enumerate(calls) if call[0] == "rename" and call[2] == self.path(f"out/{name}"))
            synced = [i < named for i, call in enumerate(calls) if call == ["sync", inode]]
            found.append((synced.count(True), synced.count(False)))
        return found

    def test_inputs_that_are_kept(self):
        """What a power cut takes of a capture of which there are outputs would make another capture of it, with outputs of its own."""
        self.assertEqual(self.syncs_of_inputs("keep"), [(1, 0), (1, 0)])

    def test_inputs_that_are_archived(self):
        self.assertEqual(self.syncs_of_inputs("archive"), [(1, 0), (1, 0)])

    def test_inputs_that_go(self):
        self.assertEqual(self.syncs_of_inputs("delete"), [(0, 0), (0, 0)])

    def test_old_inputs(self):
        """The kernel has written them to the disk long before. Of an archive, a sync of each would take much longer than to read it."""
        self.assertEqual(self.syncs_of_inputs("keep", ago_s=7200), [(0, 0), (0, 0)])


if __name__ == "__main__":
    unittest.main()
