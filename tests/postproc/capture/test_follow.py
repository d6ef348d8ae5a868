# SPDX-License-Identifier: GPL-2.0-or-later
"""slim --follow: a file to which somebody still writes, as it grows. Capturing takes root."""
import contextlib
import gzip
import os
import signal
import subprocess
import sys
import unittest

from pcaps import CAPTURES, PROGRAM, InFolder, connection, header, pcap, read, record, slim, write
from test_live import Server
from waiting import PATIENCE_SECONDS, send_signal, wait_for, wait_until_caught

sys.path.insert(0, os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "tests", "lib"))
import log_schema  # noqa: E402


class Follow(InFolder):
    until = staticmethod(wait_for)

    def setUp(self):
        super().setUp()
        self.source, self.log = self.path("in.pcap"), self.path("a.log")

    def follow(self, *options):
        command = [PROGRAM, "slim", "-q", "--follow", "--log", self.log, *options, self.source]
        run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.addCleanup(run.stderr.close)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        return run

    def wait_until_taken(self, run):
        """Waits until everything in the file has been read."""
        def position():
            for descriptor in os.listdir(f"/proc/{run.pid}/fd"):
                with contextlib.suppress(FileNotFoundError):       # closed in the meantime
                    if os.path.samestat(os.stat(f"/proc/{run.pid}/fd/{descriptor}"), os.stat(self.source)):
                        return int(read(f"/proc/{run.pid}/fdinfo/{descriptor}").split()[1])
            return -1

        wait_for(lambda: run.poll() is not None or position() == os.path.getsize(self.source), "the file to be read")

    def lines(self):
        return read(self.log).rpartition(b"\n")[0].splitlines() if os.path.exists(self.log) else []

    def append(self, data):
        with open(self.source, "ab") as file:
            file.write(data)

    def finish(self, run, number=signal.SIGINT):
        run.send_signal(number)
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0, run.stderr.read())


def count(pid, file, name):
    """Returns what the kernel has counted for a process: calls of read (syscr in io), or how often it went to sleep voluntarily."""
    return next(int(line.split()[1]) for line in read(f"/proc/{pid}/{file}").decode().splitlines() if line.startswith(name))


class Growing(Follow):
    def test_line_by_line(self):
        """The file may be empty at first, and may grow in any pieces. The rest of a record is waited for; the end of the file does not truncate it."""
        write(self.folder, "in.pcap", b"")
        run = self.follow("-w", self.path("out.pcap"))
        for piece in (header()[:10], header()[10:]):
            self.append(piece)
            self.wait_until_taken(run)
        for port in range(1, 6):
            data = b"".join(record(f, n) for n, f in enumerate(connection(port)))
            for at in range(0, len(data), 97):
                self.append(data[at:at + 97])
                if at % 5 == 0:                 # otherwise two pieces come at once, which may happen
                    self.wait_until_taken(run)
            wait_for(lambda: len(self.lines()) == port, "the line")
        self.append(record(connection(6)[0])[:-3])
        self.wait_until_taken(run)
        self.finish(run, signal.SIGTERM)
        self.assertEqual(read(self.path("out.pcap")), header() + b"".join(record(connection(port)[3], 3) for port in range(1, 6)))

    def test_file_that_is_not_there_yet(self):
        """As behind a tcpdump that was started a moment before."""
        run = self.follow()
        self.assertEqual(run.stderr.readline(), f"firstpayload: {self.source}: is not there yet; waiting for it\n")
        write(self.folder, "in.pcap", pcap(connection()))
        wait_for(lambda: len(self.lines()) == 1, "the line")
        self.finish(run)

    def test_signal_while_the_file_is_not_there(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            run = self.follow()
            run.stderr.readline()
            run.send_signal(number)
            self.assertEqual(run.wait(PATIENCE_SECONDS), 66)
            self.assertIn("in.pcap: cannot be opened: No such file or directory", run.stderr.read())

    def test_pcapng(self):
        data = read(os.path.join(CAPTURES, "two-interfaces.pcapng"))
        wanted = slim("-q", "--log", "-", "--log-format", "json", os.path.join(CAPTURES, "two-interfaces.pcapng")).stdout
        write(self.folder, "in.pcap", data[:50])
        run = self.follow("--log-format", "json", "-w", self.path("out.pcapng"))
        for at in range(50, len(data), 1001):
            self.append(data[at:at + 1001])
            if at // 1001 % 10 == 0:
                self.wait_until_taken(run)
        wait_for(lambda: len(self.lines()) == len(wanted.splitlines()), "all lines")
        self.finish(run)
        strip = lambda found: [{**entry, "pcap_filename": ""} for entry in log_schema.entries(found)]  # noqa: E731
        self.assertEqual(strip(read(self.log)), strip(wanted))
        self.assertEqual(read(self.path("out.pcapng")), slim("-q", os.path.join(CAPTURES, "two-interfaces.pcapng")).stdout)

    def test_what_is_written_right_after_the_signal_is_taken(self):
        """Frames come after the signal, as from a writer that Ctrl-C reaches, too. If this machine did not get to write them in the time that slim
        gives its writer, the test tries again."""
        def taken():
            write(self.folder, "in.pcap", header())
            write(self.folder, "a.log", b"")
            run = self.follow()
            wait_until_caught(run, signal.SIGINT)
            self.wait_until_taken(run)
            send_signal(run, signal.SIGINT)
            self.append(b"".join(record(f, n) for n, f in enumerate(connection())))
            self.assertEqual(run.wait(PATIENCE_SECONDS), 0, run.stderr.read())
            return len(self.lines()) == 1

        wait_for(taken, "an attempt in which what was written after the signal is taken")

    def test_count_ends_it(self):
        write(self.folder, "in.pcap", pcap(connection()))
        run = self.follow("-c", "5")
        self.assertEqual((run.wait(PATIENCE_SECONDS), len(self.lines())), (0, 1))

    def test_hangup_opens_the_log_anew(self):
        write(self.folder, "in.pcap", pcap(connection(1)))
        run = self.follow()
        wait_for(lambda: len(self.lines()) == 1, "the line")
        os.rename(self.log, self.path("old"))
        run.send_signal(signal.SIGHUP)
        wait_for(lambda: os.path.exists(self.log), "the new log")
        self.append(b"".join(record(f, n) for n, f in enumerate(connection(2))))
        wait_for(lambda: len(self.lines()) == 1, "the line")
        self.finish(run)
        self.assertEqual((b":1 > " in read(self.path("old")), b":2 > " in read(self.log)), (True, True))

    def test_file_that_becomes_shorter(self):
        write(self.folder, "in.pcap", pcap(connection()))
        run = self.follow("-w", self.path("out.pcap"))
        wait_for(lambda: len(self.lines()) == 1, "the line")
        os.truncate(self.source, 30)
        self.assertEqual(run.wait(PATIENCE_SECONDS), 1)
        self.assertIn(f"in.pcap: the capture ended: it is shorter now than offset {len(pcap(connection()))}", run.stderr.read())
        self.assertEqual(read(self.path("out.pcap")), header() + record(connection()[3], 3))

    def test_idle_it_costs_next_to_nothing(self):
        write(self.folder, "in.pcap", pcap(connection()))
        run = self.follow()
        wait_for(lambda: len(self.lines()) == 1, "the line")
        n_reads, n_sleeps = count(run.pid, "io", "syscr"), count(run.pid, "status", "voluntary_ctxt_switches")
        wait_for(lambda: count(run.pid, "status", "voluntary_ctxt_switches") >= n_sleeps + 10, "it to look at the file and sleep")
        n_sleeps = count(run.pid, "status", "voluntary_ctxt_switches") - n_sleeps
        self.assertLessEqual(count(run.pid, "io", "syscr") - n_reads, 2 * n_sleeps)
        self.finish(run)


class Refused(Follow):
    def refused(self, status, words, *options):
        run = self.follow(*options)
        self.assertEqual(run.wait(PATIENCE_SECONDS), status)
        said = run.stderr.read()
        for word in words:
            self.assertIn(word, said)

    def test_what_cannot_be_followed(self):
        write(self.folder, "in.pcap", gzip.compress(pcap(connection())))
        self.refused(65, ["in.pcap: offset 0", "can be followed"])
        write(self.folder, "in.pcap", read(os.path.join(CAPTURES, "two-interfaces.pcapng")))
        self.refused(65, ["in.pcap: offset 0", "-F"], "-F", "pcap", "-w", self.path("out.pcap"))
        self.source = self.path("nowhere/in.pcap")
        self.refused(66, ["nowhere/in.pcap: cannot be opened"])
        self.source = "/dev/zero"
        self.refused(64, ["/dev/zero: is not a regular file"])

    def test_usage(self):
        for words in (["--follow"], ["--follow", "a", "b"], ["--follow", "-i", "lo"], ["--follow", "-"]):
            with self.subTest(words):
                result = slim("--log", self.log, *words)
                self.assertEqual(result.returncode, 64, result.stderr)


class RealPrograms(Follow):
    """tcpdump and dumpcap write, connections are made, and lines appear while these go on."""

    def said(self):
        return [entry["payload_printable"] for entry in log_schema.entries(b"".join(line + b"\n" for line in self.lines()))]

    def behind(self, command):
        self.assertEqual(os.geteuid(), 0, "capturing takes root: run the tests as root")
        server = Server().__enter__()
        self.addCleanup(server.__exit__)
        os.chmod(self.folder, 0o777)
        command += ["-i", "lo", "-w", self.source, *(["-f"] if command[0] == "dumpcap" else []), f"tcp port {server.port}"]
        run = self.follow("--log-format", "json")       # as if somebody had typed both commands: the one that follows may be the first to begin
        writer = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.addCleanup(writer.wait)
        self.addCleanup(writer.kill)

        def talk_until_heard():
            server.talk(b"first")
            return self.lines()

        wait_for(talk_until_heard, "the first line")    # the first connection may come before the capture has begun
        for n in range(5):          # tcpdump takes a second for each
            server.talk(b"hello %d" % n)
            wait_for(lambda: f"hello {n}" in self.said(), f"line {n} while {command[0]} goes on")
        writer.send_signal(signal.SIGINT)
        writer.wait(PATIENCE_SECONDS)
        self.finish(run)
        wanted = log_schema.entries(slim("-q", "--log", "-", "--log-format", "json", self.source).stdout)
        self.assertEqual(log_schema.entries(read(self.log)), wanted)
        self.assertGreater(len(wanted), 5)

    def test_tcpdump(self):
        self.behind(["tcpdump", "-U"])

    def test_dumpcap(self):
        self.behind(["dumpcap", "-q"])


if __name__ == "__main__":
    unittest.main()
