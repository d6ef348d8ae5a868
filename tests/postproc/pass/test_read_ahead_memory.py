# SPDX-License-Identifier: GPL-2.0-or-later
"""What is read ahead takes as much memory as --read-ahead says, and no more."""
import gzip
import os
import re
import shutil
import subprocess

from pcaps import ACK, PROGRAM, InFolder, connection, pcap, segment, write
from waiting import is_asleep, wait_for

MIB = 1 << 20
THREADS = 4

# Beside what is read ahead: a block of each thread, eight of the file that is taken; and for each of twice as many files as there are threads
# what opening and decompressing takes.
BESIDES = (THREADS + 8) * 3 * MIB + 2 * THREADS * 2 * MIB


class Memory(InFolder):
    def peak(self, sources, *options):
        """Returns the most memory that the program had when all its threads sleep: the output is a pipe that nobody reads."""
        with subprocess.Popen([PROGRAM, "slim", "-q", "-j", str(THREADS), *options, "--list", *sources], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as run:
            wait_for(lambda: len(os.listdir(f"/proc/{run.pid}/task")) == THREADS and is_asleep(run.pid), "all threads to sleep")
            with open(f"/proc/{run.pid}/status", encoding="ascii") as file:
                peak = int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1]) * 1024
            run.kill()
            run.stdout.read()
        return peak

    def test_bound(self):
        """Of small frames, which take most beside their bytes, and of large ones."""
        for payload in (b"", b"x" * 1400):
            n = 12 * MIB // (70 + len(payload))
            data = pcap([segment(1, 80, i, ACK, payload) for i in range(n)])
            first = write(self.folder, "first.pcap", pcap(connection() * 9000))
            source = write(self.folder, "0.pcap.gz", gzip.compress(data, 1))
            sources = [first] + [shutil.copy(source, self.path(f"{i}.pcap.gz")) for i in range(1, 12)]
            base = self.peak([first] * 4, "--read-ahead", "1")
            peaks = {bound: self.peak(sources, "--read-ahead", f"{bound}M") for bound in (8, 64)}
            with self.subTest(payload=len(payload), base=base, peaks=peaks):
                for bound, peak in peaks.items():
                    self.assertLess(peak, base + bound * MIB + BESIDES)
                self.assertGreater(peaks[64], peaks[8] + 32 * MIB)
