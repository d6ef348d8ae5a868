# SPDX-License-Identifier: GPL-2.0-or-later
"""What docs/live.md says of containers: a root with the program and its libraries in it and nothing else, no /proc, /sys or /dev, in which nothing
can be written but a folder that is mounted there; a user who is root with CAP_NET_RAW alone, and cannot get more."""
import ctypes
import os
import re
import shutil
import subprocess
import unittest

from namespaces import CLONE_NEWNET, checked, libc
from pcaps import PROGRAM, InFolder, read
from test_rotation import Talker, said_in
from waiting import PATIENCE_SECONDS, wait_for

CAP_NET_RAW, CAP_LAST = 13, 40
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_PDEATHSIG, SIGKILL = 24, 38, 1, 9


class Container(InFolder):
    def setUp(self):
        super().setUp()
        self.assertEqual(os.geteuid(), 0, "containers take root: run the tests as root")
        self.talker = Talker()
        self.addCleanup(self.talker.close)
        self.root = self.path("root")
        os.makedirs(os.path.join(self.root, "out"))
        libraries = subprocess.run(["ldd", PROGRAM], capture_output=True, check=True, text=True).stdout
        for path in [*re.findall(r"(/\S+) \(0x", libraries), PROGRAM]:
            where = self.root + (path if path != PROGRAM else "/firstpayload")
            os.makedirs(os.path.dirname(where), exist_ok=True)
            shutil.copy(path, where)
        subprocess.run(["mount", "--bind", "-o", "ro", self.root, self.root], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.root], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.root + "/out"], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.root + "/out"], check=True)

    def enter(self):
        """In the child: becomes what a container is."""
        checked(libc.setns(self.talker.namespace.descriptor, CLONE_NEWNET), "the network")
        os.chroot(self.root)
        os.chdir("/")
        for capability in range(CAP_LAST + 1):
            if capability != CAP_NET_RAW:
                checked(libc.prctl(PR_CAPBSET_DROP, ctypes.c_ulong(capability), 0, 0, 0), "the capabilities")
        checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
        checked(libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "an end with the test")

    def start(self, *arguments):
        run = subprocess.Popen(["/firstpayload", "slim", "-i", "lo", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=self.enter, env={})
        self.addCleanup(lambda: [file.close() for file in (run.stdout, run.stderr)])
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        self.assertTrue(any(b"listening on lo" in line for line in iter(run.stderr.readline, b"")))    # that it lacks CAP_BPF comes before
        return run

    def test_lines(self):
        run = self.start("--log", "-")
        self.talker.talk()
        self.assertIn(b"words 000000", run.stdout.readline())
        run.terminate()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)

    def test_files(self):
        run = self.start("-G", "1", "-w", "/out/%s.pcap")
        out = os.path.join(self.root, "out")
        self.talker.talk()
        wait_for(lambda: sum(len(read(os.path.join(out, name))) > 24 for name in os.listdir(out) if not name.startswith(".")), "a file with a frame")
        run.terminate()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)
        self.assertEqual([words for name in sorted(os.listdir(out)) for words in said_in(os.path.join(out, name))], self.talker.all_words())

    def test_it_is_closed(self):
        """Outside of the mounted folder nothing can be written."""
        run = subprocess.run(["/firstpayload", "slim", "-i", "lo", "-w", "/x.pcap"], capture_output=True, text=True, preexec_fn=self.enter, env={})
        self.assertEqual(run.returncode, 73)
        self.assertIn("Read-only file system", run.stderr)


if __name__ == "__main__":
    unittest.main()
