# SPDX-License-Identifier: GPL-2.0-or-later
"""tcpdump and dumpcap on the loopback interface of a namespace."""
import os
import re
import signal
import subprocess
import time

from waiting import PATIENCE_SECONDS, is_asleep, wait_for

BUFFER_KIB = 65536                      # more than any test sends in total, so the kernel drops no frame however busy the machine is


def tcpdump(*options, user="root"):
    return ["tcpdump", "-n", "-i", "lo", "-B", str(BUFFER_KIB), "-Z", user, *options, "tcp"]


def dumpcap(*options):
    return ["dumpcap", "-q", "-i", "lo", "-B", str(BUFFER_KIB // 1024), *options, "-f", "tcp"]


class Capturing:
    """A program that is capturing once the constructor returns. ends_itself: it ends without being told to."""

    def __init__(self, namespace, command, cwd, ends_itself=False):
        self.ends_itself = ends_itself
        self.namespace = namespace
        self.command = command
        before = self.sockets()
        self.said = open(os.path.join(cwd, ".said-%d" % time.monotonic_ns()), "w+")
        self.process = subprocess.Popen(namespace.argv(*command), cwd=cwd, stdin=subprocess.DEVNULL, stdout=self.said, stderr=self.said)
        wait_for(lambda: self.sockets() > before or self.process.poll() is not None, "a packet socket")
        wait_for(lambda: re.search("listening on|^File: ", self.words(), re.M) or self.process.poll() is not None, command[0])
        if self.process.poll() is not None:
            raise RuntimeError("%s: %s" % (" ".join(command), self.words()))

    def sockets(self):
        return len(self.namespace.read("packet").splitlines())

    def words(self):
        with open(self.said.name) as file:
            return file.read()

    def finish(self):
        """Stops it with SIGINT, as Ctrl-C does, once it has read what the kernel has handed over (see Traffic.stop). Raises RuntimeError if frames
        were dropped."""
        wait_for(lambda: self.process.poll() is not None or is_asleep(self.process.pid), f"{self.command[0]} to have read all")
        if self.ends_itself != (self.process.poll() is not None):
            raise RuntimeError("%s has ended, or has not: %s" % (" ".join(self.command), self.words()))
        self.process.send_signal(signal.SIGINT)
        self.process.wait(PATIENCE_SECONDS)
        words = self.words()
        self.said.close()
        dropped = re.findall(r"(\d+) packets? dropped", words) + re.findall(r"received/dropped on interface '[^']*': \d+/(\d+)", words)
        if self.process.returncode != 0 or not dropped:
            raise RuntimeError("%s: exit status %d: %s" % (" ".join(self.command), self.process.returncode, words))
        if any(map(int, dropped)):
            raise RuntimeError("the kernel dropped frames, more than %d KiB of them waited: %s: %s" % (BUFFER_KIB, " ".join(self.command), words))

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if not self.said.closed:
            self.said.close()
