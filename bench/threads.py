# SPDX-License-Identifier: GPL-2.0-or-later
"""How far threads help: simulates reading ahead (postproc/pass/read-ahead.c) from counted work, so that it need not be measured on 64 cores.

usage: threads.py [--files N] [--megabytes N] [--memory N]

A thread that is free reads the next piece of the first file that nobody reads and for which there is memory. The pass takes the pieces in their order, and reads
one itself where it would wait. Memory bandwidth, disks and locks are not simulated: what comes out is what the order of the work allows."""
import argparse
import heapq

THREADS = (1, 2, 4, 8, 16, 32, 64)
PIECE_MB = 4
OWN_PIECES = 1          # of the file that is taken, whatever memory there is

# Millions of instructions that callgrind counts for all frames of a capture: reading and decompressing, decoding, all the rest; and what a megabyte
# of it takes when it is read ahead. README.md says of which build.
KINDS = {"gzip, large frames": (70, 11.4, 18.5, 1.3), "gzip, small frames": (112, 26.5, 33.5, 2.8), "plain, large frames": (7.8, 11.4, 18.5, 1.3),
         "plain, small frames": (12, 26.5, 33.5, 2.8)}


class Simulation:
    """Time passes from one end of a piece of work to the next."""

    def __init__(self, threads, files, pieces, costs, memory, is_plain):
        self.threads, self.pieces, self.memory, self.limit = threads, pieces, memory, 1 if is_plain else pieces
        self.read, self.take = costs
        self.started, self.full, self.busy = [0] * files, [0] * files, [False] * files
        self.current = self.taken = self.held = 0
        self.ends = []          # (time, thread, file): thread 0 is the pass; file -1: it has taken a piece

    def choose(self):
        """The next file to read a piece of, or None."""
        window = range(self.current, min(len(self.full), self.current + 2 * self.threads))
        for file in window:
            if self.busy[file] or self.started[file] == self.pieces or self.full[file] >= self.limit:
                continue
            if self.held < self.memory or (file == self.current and self.full[file] < OWN_PIECES):
                return file
        return None

    def begin(self, now, thread):
        """Has a thread that is free do what there is. Returns whether there is something."""
        if thread == 0 and self.full[self.current] > 0:
            self.full[self.current] -= 1
            heapq.heappush(self.ends, (now + self.take, thread, -1))
            return True
        file = self.choose()
        if file is None:
            return False
        self.busy[file] = True
        self.started[file] += 1
        self.held += 1
        heapq.heappush(self.ends, (now + self.read, thread, file))
        return True

    def end(self, file):
        if file >= 0:
            self.busy[file] = False
            self.full[file] += 1
            return
        self.held -= 1
        self.taken += 1
        if self.taken == self.pieces:
            self.current, self.taken = self.current + 1, 0

    def run(self):
        """Returns the time until all has been taken."""
        now, idle = 0.0, set(range(self.threads))
        while self.current < len(self.full):
            idle -= {thread for thread in sorted(idle) if self.begin(now, thread)}
            now, thread, file = heapq.heappop(self.ends)
            self.end(file)
            idle.add(thread)
        return now


def wall(threads, kind, options):
    """Wall time with so many threads, relative to one."""
    read, decode, take, held = KINDS[kind]
    memory = options.memory or min(256 * threads, 1024)
    pieces = max(options.megabytes // PIECE_MB, 1)
    alone = options.files * pieces * (read + decode + take)
    if threads == 1:
        return 1.0
    costs = (read + decode, take)
    return Simulation(threads, options.files, pieces, costs, int(memory / held / PIECE_MB), kind.startswith("plain")).run() / alone


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=64)
    parser.add_argument("--megabytes", type=int, default=100, help="of each file, decompressed")
    parser.add_argument("--memory", type=int, help="what --read-ahead says, in MiB; as the program by default")
    options = parser.parse_args()
    print(f"{options.files} files of {options.megabytes} MB, {options.memory or 'the default'} MiB read ahead\n")
    print("| | serial | " + " | ".join(str(n) for n in THREADS) + " |")
    print("| --- | --- |" + " --- |" * len(THREADS))
    for kind, (read, decode, take, _) in KINDS.items():
        print(f"| {kind} | {take / (read + decode + take):.2f} | " + " | ".join(f"{wall(n, kind, options):.2f}" for n in THREADS) + " |")


if __name__ == "__main__":
    main()
