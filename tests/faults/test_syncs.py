# SPDX-License-Identifier: GPL-2.0-or-later
"""What slim leaves is on the disk when it ends: bytes before a file gets its name, and the folder that has the name. test_power_cuts.py has the watcher's."""
import os
import subprocess
import unittest

import disk
import faulty
from pcaps import connection, header, pcap, record
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

    def slim(self, *arguments):
        env = {**faulty.environment(), "RECORD_TO": self.path("record")}
        env["LD_PRELOAD"] += f" {RECORDER}"
        done = subprocess.run([faulty.PROGRAM, "slim", "-q", "--without", "seccomp,landlock", *arguments], cwd=self.folder, env=env,
                              input=self.capture, capture_output=True, timeout=PATIENCE_SECONDS, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return list(disk.read_record(self.path("record")))

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


if __name__ == "__main__":
    unittest.main()
