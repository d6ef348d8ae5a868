# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that wait are read by several threads, and everything is as with one: outputs, logs, messages, what is put aside, exit status."""
import glob
import gzip
import os
import random
import resource
import shutil
import signal

from pcaps import CAPTURES, connection, pcap, read, slim
from test_read_ahead import Several
from test_threads import many
from test_watch import Watch
from waiting import wait_for


class Ahead(Watch, Several):
    def wait_all(self, sources):
        """Puts captures into the inbox, to be taken in this order."""
        for folder in (self.inbox, self.outdir):
            shutil.rmtree(folder)
            os.mkdir(folder)
        for n, source in enumerate(sources):
            shutil.copy(source, os.path.join(self.inbox, f"{n:04}-{os.path.basename(source)}"))
            os.utime(os.path.join(self.inbox, f"{n:04}-{os.path.basename(source)}"), (n, n))

    def everything(self):
        """Returns all files below the output folder, but not the state itself, in which there are times."""
        found = {}
        for folder, _, names in os.walk(self.outdir):
            for name in names:
                path = os.path.join(folder, name)
                if folder != self.state:
                    found[os.path.relpath(path, self.outdir)] = read(path)
        return found

    def with_each(self, *arguments):
        """Returns the result with one thread, and what it left, and checks that it is the same with more. The last argument is what waits. A
        damaged capture has those before it taken again, and told again, if they were not committed, which the time decides."""
        *options, sources = arguments
        results = []
        for threads in (("-j", "1"), ("-j", "2"), ("-j", "7", "--read-ahead", "1")):
            self.wait_all(sources)
            result = self.watch("--once", *threads, *options)
            results.append((result.returncode, {line.split("; waiting: ")[0] for line in result.stderr.splitlines()}, self.everything()))
            with self.subTest(threads=threads):
                for one, other in zip(results[0], results[-1]):
                    self.assertEqual(one, other)
        return results[0]

    def test_all_in_one_run(self):
        """With compressed copies, which have no output of their own, and damaged ones."""
        paths = sorted(glob.glob(os.path.join(CAPTURES, "*.pcap*")))[::2]
        sources = [copy for path in paths for copy in self.copies(path)] + [self.source(b"", "empty.pcap"), self.source(b"text", "text.pcap")]
        random.Random(1).shuffle(sources)
        self.assertGreater(len(sources), 100)
        status, said, left = self.with_each("--log", "beside", sources)
        self.assertEqual(status, 1)
        self.assertGreater(len(left), 100)
        self.assertGreater(sum("it was moved to failed/" in line for line in said), 20)

    def test_captures_that_stay(self):
        sources = [copy for name in ("http.pcap", "two-interfaces.pcapng", "ipv6.pcap") for copy in self.copies(os.path.join(CAPTURES, name))]
        status, said, _ = self.with_each("--then", "keep", "--log", "beside", sources)
        self.assertEqual(status, 1)
        self.assertGreater(sum("it is left where it is" in line for line in said), 3)

    def test_streams_go_on_in_the_next(self):
        frames = many(20000)
        sources = [self.source((gzip.compress if i % 2000 else bytes)(pcap(frames[i:i + 1000])), f"{i}.pcap") for i in range(0, len(frames), 1000)]
        status, said, left = self.with_each("--log", "only", sources)
        logs = b"".join(left[name] for name in sorted(left) if name.endswith(".jsonl"))
        self.assertEqual(status, 0)
        waiting = next(int(line.split()[1]) for line in said if "lines wait for the rest of their message" in line)
        self.assertEqual(logs.count(b"\n") + waiting, slim("--log", "-", *sources).stdout.count(b"\n"))
        self.assertGreater(logs.count(b"\n"), 1000)

    def test_what_libwiretap_converts(self):
        """It cannot be read ahead, and is, in between what is."""
        sources = [copy for name in ("http.pcap", "two-interfaces.pcapng", "ipv6.pcap") for copy in self.copies(os.path.join(CAPTURES, name))[:2]]
        self.assertEqual(self.with_each("-F", "pcap", sources)[0], 0)

    def test_copies_that_are_still_being_read(self):
        """A copy, compressed differently, is not opened at its turn; what threads have opened of it is closed."""
        first, longer = pcap(connection()[:1]), pcap(connection()[:1] + many(6000))
        for n in range(5):
            self.arrive(f"{n}.pcap", first)
            self.arrive(f"{n}.pcap.gz", gzip.compress(longer, 1))
        for threads in ("4", "2"):
            result = self.once("-j", threads, "--read-ahead", "1", "--then", "keep", "--state", self.path(f"state-{threads}"))
            self.assertEqual(result.stderr.count("a copy, compressed differently"), 5)
        self.assertEqual(len(self.outputs()), 10)   # of each of the five, one from either watcher

    def test_threads_end_with_the_backlog(self):
        for n in range(6):
            self.arrive(f"{n}.pcap.gz", gzip.compress(pcap(many(500, n)), 1))
        run = self.start("-j", "4")
        wait_for(lambda: len(self.outputs()) == 6 and self.status()["state"] == "idle", "all outputs")
        wait_for(lambda: len(os.listdir(f"/proc/{run.pid}/task")) <= 2, "three threads to end")    # ThreadSanitizer has one of its own

    def test_threads_again_after_trouble(self):
        """When no capture has waited in between. The first of the next ones takes long, so that threads can be seen."""
        run = self.start("-j", "4")
        os.mkdir(os.path.join(self.state, "checkpoint.0"))
        self.arrive("a.pcap", pcap(connection()))
        wait_for(lambda: self.status()["state"] == "waiting", "trouble")
        os.rmdir(os.path.join(self.state, "checkpoint.0"))
        wait_for(lambda: self.status()["state"] == "idle" and self.outputs(), "it to work again")
        run.send_signal(signal.SIGSTOP)
        os.truncate(self.arrive("b.pcap", pcap(connection(1))), 1 << 33)
        for n in range(3):
            self.arrive(f"c{n}.pcap", pcap(connection(2 + n)))
        run.send_signal(signal.SIGCONT)
        wait_for(lambda: len(os.listdir(f"/proc/{run.pid}/task")) > 3, "threads")

    def test_few_descriptors(self):
        """With more threads than descriptors can be had for, it goes on without."""
        for n in range(30):
            self.arrive(f"{n}.pcap", pcap(connection(40000 + n)))
        few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
        result = self.watch("--once", "-j", "64", preexec_fn=few)
        self.assertEqual((result.returncode, len(self.outputs())), (0, 30), result.stderr)

    def test_wrong_usage(self):
        for option, value in (("-j", "0"), ("-j", "257"), ("--read-ahead", "much")):
            self.assertIn(f"takes a number of {'threads' if option == '-j' else 'bytes'}", self.once(option, value, expected=64).stderr)
        self.source(b"[watch]\nthreads=3\nread-ahead=1M\n", "watch.conf")
        self.arrive("a.pcap", pcap(connection()))
        self.once("--config", self.path("watch.conf"), "-j", "2", "--read-ahead", "2M")
        self.source(b"[watch]\nthreads=none\n", "watch.conf")
        self.assertIn("threads", self.once("--config", self.path("watch.conf"), expected=78).stderr)
