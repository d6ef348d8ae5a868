# SPDX-License-Identifier: GPL-2.0-or-later
"""-G and -C: an interface and pipes into one file after another. Capturing, and small disks, take root."""
import contextlib
import glob
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import unittest

from namespaces import Namespace
from pcaps import PROGRAM, InFolder, connection, header, pcap, read, record, slim, write
from test_live import payloads
from waiting import PATIENCE_SECONDS, is_asleep, is_capturing, send_signal, wait_for, wait_until_taken


class Talker:
    """A server on the loopback interface of a network namespace, and clients of it."""

    def __init__(self):
        self.namespace = Namespace()
        self.socket = self.namespace.socket(socket.AF_INET)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(64)
        threading.Thread(target=self.serve, daemon=True).start()
        self.n = 0

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                with self.socket.accept()[0] as peer:
                    peer.recv(10000)
                    peer.sendall(b"answer")

    def talk(self, n=1, size=0):
        """Says words that differ each time."""
        for _ in range(n):
            with self.namespace.socket(socket.AF_INET) as peer:
                peer.connect(self.socket.getsockname())
                peer.sendall(b"words %06d" % self.n + bytes(size))
                while peer.recv(100):
                    pass
            self.n += 1

    def all_words(self):
        return [b"words %06d" % n for n in range(self.n)]

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.namespace.close()


def said_in(path):
    """Returns the first 12 bytes of each payload in a capture."""
    return [bytes.fromhex(words)[:12] for words in payloads(path)]


def logged_in(path):
    with open(path, encoding="ascii") as file:
        return [json.loads(line)["payload_printable"][:12].encode() for line in file]


class Rotation(InFolder):
    def files(self, pattern, hidden=False):
        """In the order in which they were begun: all are called by seconds since 1970, and numbers behind them."""
        return [path for path in sorted(glob.glob(self.path(pattern)) + glob.glob(self.path("." + pattern) if hidden else ""))]

    def hidden(self):
        return sorted(name for name in os.listdir(self.folder) if name.startswith("."))

    def words_in(self, pattern, take):
        return [words for path in self.files(pattern) for words in take(path)]


class Live(Rotation):
    def setUp(self):
        super().setUp()
        self.assertEqual(os.geteuid(), 0, "capturing takes root: run the tests as root")
        self.talker = Talker()
        self.addCleanup(self.talker.close)

    def start(self, *arguments, slowed_by=(), **kwargs):
        """Starts the program, perhaps under strace. When this returns, it waits for frames."""
        run = subprocess.Popen([*slowed_by, *self.talker.namespace.argv(PROGRAM, "slim", "-q", "-i", "lo", *arguments)], stderr=subprocess.PIPE, text=True, **kwargs)
        self.addCleanup(run.stderr.close)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        wait_for(lambda: run.poll() is not None or is_capturing(run.pid) and is_asleep(run.pid) and is_capturing(run.pid), "a packet socket that is waited for")
        return run

    def finish(self, run, status=0, number=signal.SIGTERM):
        run.send_signal(number)
        said = run.communicate(timeout=PATIENCE_SECONDS)[1]
        self.assertEqual(run.returncode, status, said)
        return said

    def mount(self, size):
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.folder], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.folder], check=True)

    def test_by_the_clock(self):
        """Nothing is lost between two files; an idle line has files, too; and none is seen before it is whole."""
        run = self.start("-G", "1", "-w", self.path("c-%s.pcap"), "--log", self.path("l-%s.jsonl"), "--log-format", "json")
        while len(self.files("c-*")) < 3:
            self.talker.talk()
            for path in self.files("*"):
                self.assertTrue(path.endswith(".pcap") and read(path)[:4] == header()[:4] or path.endswith(".jsonl"), path)
        n = len(self.files("*"))
        wait_for(lambda: len(self.files("*")) >= n + 4, "files of an idle line")
        self.assertEqual(self.finish(run), "")
        self.assertEqual(self.hidden(), [])
        self.assertEqual(self.words_in("c-*", said_in), self.talker.all_words())
        self.assertEqual(self.words_in("l-*", logged_in), self.talker.all_words())
        self.assertEqual({os.stat(path).st_mode & 0o777 for path in self.files("*")}, {0o640})

    def test_by_size(self):
        """Names without a time get numbers, and no file is ever written over."""
        for name, options in (("x.pcap", ()), ("x.pcap.zst", ()), ("x.dump", ("--compress", "lz4")), ("x.pcapng", ("-F", "pcapng"))):
            with self.subTest(name):
                stem, _, end = name.partition(".")
                mine = write(self.folder, f"{stem}_0001.{end}", b"mine")
                before = self.talker.n
                run = self.start("-C", "1K", "-w", self.path(name), *options)
                while len(self.files(f"x*.{end}")) < 4:
                    self.talker.talk(10, size=100)
                self.finish(run)
                self.assertEqual((read(mine), self.hidden()), (b"mine", []))
                os.unlink(mine)
                found = self.files(f"x.{end}") + self.files(f"x_*.{end}")
                self.assertEqual([os.path.basename(path) for path in found[:3]], [name, f"{stem}_0002.{end}", f"{stem}_0003.{end}"])
                slim("-q", "-w", self.path("plain"), "-F", "pcapng", *found)
                self.assertEqual(said_in(self.path("plain")), self.talker.all_words()[before:])
                for path in found:
                    os.unlink(path)

    def test_a_file_that_gets_its_name_meanwhile(self):
        """strace has the thread that names the first file wait, and the second file not created before that is done."""
        hidden = self.path(".x.pcap.unfinished")
        run = self.start("-C", "1K", "-w", self.path("x.pcap"), "--without", "seccomp,landlock", env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
                         slowed_by=["strace", "-D", "-f", "-o", "/dev/null", "-P", hidden, "-e", "inject=rename,renameat2:delay_enter=300000",
                                    "-e", "inject=openat:delay_enter=900000"])
        while len(self.files("x*.pcap")) < 3:
            self.talker.talk(10, size=100)
        self.finish(run)
        self.assertEqual([os.path.basename(path) for path in self.files("x.pcap") + self.files("x_*.pcap")[:2]], ["x.pcap", "x_0001.pcap", "x_0002.pcap"])

    def test_after_a_kill(self):
        """What is left gets its name at the next start, with what is whole in it; that of a process that lives is left alone."""
        names = ("-G", "3600", "-w", self.path("c-%Y.pcap.gz"), "--log", self.path("l-%Y.jsonl"), "--log-format", "json")
        other = self.start(*names)
        run = self.start(*names)
        self.talker.talk(10)
        hidden = ".l-%s_0001.jsonl.unfinished-lines" % time.strftime("%Y")
        wait_for(lambda: read(self.path(hidden)).count(b"\n") == 10 and is_asleep(run.pid), "lines")
        run.kill()
        run.wait()
        self.assertEqual((len(self.hidden()), self.files("*")), (4, []))
        with open(self.path(hidden), "ab") as file:
            file.write(b'{"torn')
        year = time.strftime("%Y")
        said = self.finish(self.start(*names))
        self.assertIn(f"c-{year}_0001.pcap.gz: was not finished when its process ended, and is there now with the 10 frames that are whole in it\n", said)
        self.assertRegex(said, rf"l-{year}_0001.jsonl: was not finished when its process ended, and is there now with the \d+ bytes of its whole lines\n")
        self.assertEqual(len(self.hidden()), 2)
        self.finish(other)
        self.assertEqual(self.hidden(), [])
        for stem, end, take in ((self.path(f"c-{year}"), ".pcap.gz", said_in), (self.path(f"l-{year}"), ".jsonl", logged_in)):
            self.assertEqual([take(stem + number + end) for number in ("", "_0001", "_0002")], [self.talker.all_words()] * 2 + [[]])

    def test_after_a_power_cut(self):
        """Zeros are in the place of what had not come to the disk."""
        lines = [b'{"n":%d,"text":"%s"}\n' % (n, b"x" * 100) for n in range(2000)]
        text = bytearray(b"".join(lines))
        at = [sum(map(len, lines[:n])) for n in range(len(lines))]
        text[at[0] + 3:at[2] + 5] = bytes(at[2] + 2 - at[0])
        text[at[1500]:at[1501]] = bytes(at[1501] - at[1500])
        write(self.folder, ".l-1.jsonl.unfinished-lines", bytes(text) + b'{"torn')
        write(self.folder, ".l-2.jsonl.unfinished-lines", bytes(4096))
        write(self.folder, ".l-3.jsonl.unfinished-lines", bytes(4096) + b"\n")
        said = self.finish(self.start("-G", "3600", "-w", self.path("c-%s.pcap"), "--log", self.path("l-%s.jsonl")))
        self.assertEqual(read(self.path("l-1.jsonl")), b"".join(lines[3:1500] + lines[1502:]))
        self.assertRegex(said, r"l-1\.jsonl: was not finished .* with the \d+ bytes of its whole lines; 3 are damaged and left out\n")
        self.assertEqual((self.hidden(), self.files("l-2*") + self.files("l-3*")), ([], []))

    def test_what_cannot_be_salvaged(self):
        """Stays, and is named."""
        write(self.folder, ".c-1.pcap.unfinished", b"this is no capture at all")
        cut = pcap(connection())
        write(self.folder, ".c-2.pcap.unfinished", cut[:-3])
        write(self.folder, ".c-3.pcap.unfinished", b"")
        write(self.folder, ".c-4.pcap.unfinished", pcap(connection()) + bytes(500))
        write(self.folder, "c-2.pcap", b"mine")
        said = self.finish(self.start("-G", "3600", "-w", self.path("c-%s.pcap")))
        self.assertRegex(said, r"c-1\.pcap\.unfinished: is left of a process that was killed, and stays there: .*not a capture")
        self.assertRegex(said, rf"c-4\.pcap\.unfinished: is left of a process that was killed, and stays there: behind {len(connection())} frames are zeros")
        self.assertEqual(self.hidden(), [".c-1.pcap.unfinished", ".c-4.pcap.unfinished"])
        self.assertEqual((read(self.path("c-2.pcap")), read(self.path("c-2_0001.pcap"))), (b"mine", pcap(connection()[:4])))

    def test_hangup(self):
        """SIGHUP finishes the files at once, and has a log without a time in its name opened anew."""
        run = self.start("-G", "3600", "-w", self.path("c-%s.pcap"), "--log", self.path("log"))
        self.talker.talk(3)
        wait_for(lambda: read(self.path("log")).count(b"\n") == 3, "lines")
        os.rename(self.path("log"), self.path("log.1"))
        run.send_signal(signal.SIGHUP)
        wait_for(lambda: os.path.exists(self.path("log")) and self.files("c-*"), "other files")
        self.assertEqual(said_in(self.files("c-*")[0]), self.talker.all_words())
        self.talker.talk(2)
        self.finish(run)
        self.assertEqual(self.words_in("c-*", said_in), self.talker.all_words())
        self.assertEqual(read(self.path("log")).count(b"\n"), 2)

    def test_durable_before_it_has_its_name(self):
        trace = self.path("trace")
        run = subprocess.Popen(["strace", "-D", "-f", "-o", trace, "-y", "-e", "trace=fsync,rename,renameat,renameat2",
                                *self.talker.namespace.argv(PROGRAM, "slim", "-q", "-i", "lo", "-G", "1", "-w", self.path("c-%s.pcap"))],
                               env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})        # which traces the program itself
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        wait_for(lambda: len(self.files("c-*")) >= 2, "two files")
        run.terminate()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)
        wait_for(lambda: b"+++ exited" in read(trace), "the whole trace")
        calls = re.findall(r"^(\d+) +(fsync|rename)\w*\((.*)", read(trace).decode(), re.M)
        self.assertGreaterEqual(len(calls), 6)
        for thread in {call[0] for call in calls}:
            mine = [(name, ".unfinished" in words) for who, name, words in calls if who == thread]
            self.assertEqual(mine, [("fsync", True), ("rename", True), ("fsync", False)] * (len(mine) // 3))

    def test_full_disk(self):
        """It goes on, says what is lost, and loses nothing of what was written before or comes after."""
        self.mount("8m")
        run = self.start("-U", "-G", "3600", "-w", self.path("c-%s.pcap"), "--log", self.path("log"))
        said = []
        threading.Thread(target=lambda: said.extend(iter(run.stderr.readline, "")), daemon=True).start()
        self.talker.talk(5)
        wait_for(lambda: read(self.path("log")).count(b"\n") == 5, "lines")
        filler = self.path("filler")
        with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        while sum("going on, and what comes until there is room is lost" in line for line in said) < 2:
            self.talker.talk(size=1000)
        os.unlink(filler)
        wait_for(lambda: self.talker.talk() or any("goes on here; some " in line for line in said), "another file")
        wait_for(lambda: self.talker.talk() or any("log: can be written again; " in line for line in said), "lines again")
        wait_for(lambda: self.files("c-*"), "the file from before")
        before = said_in(self.files("c-*")[0])
        n = self.talker.n
        self.talker.talk(5)
        run.terminate()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 1)
        self.assertEqual(before, self.talker.all_words()[:len(before)])
        self.assertGreaterEqual(len(before), 5)
        self.assertEqual(said_in(self.files("c-*")[-1])[-5:], self.talker.all_words()[n:])
        lines = read(self.path("log")).split(b"\n")
        self.assertEqual((lines[-1], [b"words %06d" % (n + i) in lines[i - 6] for i in range(5)]), (b"", [True] * 5))
        self.assertEqual(self.hidden(), [])

    def systemd(self):
        """Returns a socket for what systemd is told, and the environment that leads there."""
        there = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(there.close)
        there.bind(self.path("notify"))
        there.settimeout(PATIENCE_SECONDS)
        return there, {**os.environ, "NOTIFY_SOCKET": self.path("notify"), "WATCHDOG_USEC": "200000"}

    def test_watchdog_while_it_waits(self):
        """systemd takes the program for started, so it must not take it for dead: while the interface is not there, and while a FIFO has no reader."""
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        for words in (["-i", "away0", "--wait", "--log", self.path("log")], ["-i", "lo", "--log", fifo]):
            there, environment = self.systemd()
            run = subprocess.Popen(self.talker.namespace.argv(PROGRAM, "slim", "-q", *words), stderr=subprocess.DEVNULL, env=environment)
            self.addCleanup(run.wait)
            self.addCleanup(run.kill)
            self.assertEqual([there.recv(100) for _ in range(4)], [b"READY=1"] + [b"WATCHDOG=1"] * 3)
            run.kill()
            os.remove(self.path("notify"))

    def test_watchdog(self):
        """systemd is told that it is ready, and then again and again that it lives, also where nothing comes."""
        there, environment = self.systemd()
        run = self.start("--log", self.path("log"), env=environment)
        self.assertEqual([there.recv(100) for _ in range(4)], [b"READY=1"] + [b"WATCHDOG=1"] * 3)
        run.send_signal(signal.SIGSTOP)
        wait_for(lambda: "T" in read(f"/proc/{run.pid}/stat").decode().rpartition(")")[2], "a process that stands still")
        there.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                there.recv(100)
        run.send_signal(signal.SIGCONT)
        self.finish(run)

    def test_interfaces_that_change(self):
        """Down and up again, it goes on; renamed or removed, the capture ends with status 1, and all is published. Nothing wakes it when an interface
        that is down goes away."""
        there = self.talker.namespace
        there.run("ip", "link", "add", "fptest0", "type", "veth", "peer", "name", "fptest1")
        there.run("ip", "link", "set", "fptest1", "up")
        for change, status, word in ((("set", "fptest0", "down"), 0, ""), (("set", "fptest0", "name", "fptest2"), 1, "disappeared"),
                                     (("del", "fptest0"), 1, "disappeared")):
            with self.subTest(change):
                there.run("ip", "link", "set", "fptest0", "up")
                run = subprocess.Popen(there.argv(PROGRAM, "slim", "-q", "-i", "fptest0", "-G", "3600", "-w", self.path("%s.pcap")),
                                       stderr=subprocess.PIPE, text=True)
                self.addCleanup(run.stderr.close)
                wait_for(lambda: is_capturing(run.pid) and is_asleep(run.pid) and self.hidden(), "a packet socket that is waited for")
                there.run("ip", "link", "set", "fptest0", "down")
                wait_for(lambda: is_asleep(run.pid), "it to see that")
                there.run("ip", "link", *change)
                if status == 0:
                    there.run("ip", "link", "set", "fptest0", "up")
                    run.terminate()
                said = run.communicate(timeout=PATIENCE_SECONDS)[1]
                self.assertEqual((run.returncode, word in said, self.hidden()), (status, True, []), said)
                if "name" in change:
                    there.run("ip", "link", "set", "fptest2", "name", "fptest0")
        self.assertEqual(len(self.files("*.pcap")), 3)

    def test_configuration(self):
        """A configuration has the options of the command line, which overrides it."""
        def start(text, *arguments):
            config = write(self.folder, "live.conf", text.encode())
            return subprocess.run([PROGRAM, "slim", "-i", "nosuch0", "--config", config, *arguments], capture_output=True, text=True)

        fine = f"[live]\nlog = {self.path('l-%s')}\nrotate-seconds = 60\nlog-format = json\nredact = true\n"
        for text, arguments, status, word in ((fine, ("--check-config",), 0, ""), (fine, (), 66, "nosuch0"), (fine, ("-G", "0"), 64, "firstpayload: -G takes"),
                                              (fine + "rotate-second = 1\n", (), 78, "has no key rotate-second; see firstpayload.conf(5)"),
                                              (fine + "interface = lo\n", (), 78, "has no key interface"),
                                              (fine + "redact = perhaps\n", (), 78, "redact takes true or false"),
                                              (fine + "rotate-size = x\n", (), 78, "live.conf:6: -C takes"),
                                              ("[watch]\n", (), 78, "it has a group [watch], but only [live] is read here; see firstpayload.conf(5)")):
            done = start(text, *arguments)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(word, done.stderr)
        write(self.folder, "live.conf", fine.replace("rotate-seconds = 60\n", "").encode())
        run = self.start("--config", self.path("live.conf"), "--log", self.path("plain"))
        self.talker.talk(2)
        self.finish(run)
        self.assertEqual(logged_in(self.path("plain")), self.talker.all_words())

    def test_a_day_in_little_time(self):
        """Hundreds of files and thousands of connections: memory and descriptors stay as they are. On a busy machine it takes longer until all of
        the buffers have been used; what is lost is lost in each round."""
        run = self.start("-U", "-C", "1K", "-w", self.path("c.pcap"), "--log", self.path("l-%Y.jsonl"), "--log-format", "json",
                         env={**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=1"})        # what is freed there would look like a leak

        def taken():
            self.talker.talk(300)
            wait_for(lambda: is_asleep(run.pid), "frames to be taken")
            status = read(f"/proc/{run.pid}/status").decode()
            return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)), len(os.listdir(f"/proc/{run.pid}/fd"))

        rounds = [taken() for _ in range(8)]
        while rounds[-1][0] >= rounds[-7][0] + 1024 and len(rounds) < 24:
            rounds.append(taken())
        self.finish(run)
        descriptors = [n for _, n in rounds]            # a file that is just being finished is one more
        self.assertEqual(min(descriptors[-3:]), min(descriptors[-7:-4]))
        self.assertLess(rounds[-1][0], rounds[-7][0] + 1024)
        self.assertGreater(len(self.files("c*.pcap")), 150)
        self.assertEqual(sum((len(read(path)) - 24) // (16 + 66 + 12) for path in self.files("c*.pcap")), self.talker.n)
        self.assertEqual(sum(read(path).count(b"\n") for path in self.files("l-*")), self.talker.n)


class Pipes(Rotation):
    def test_by_size_alone(self):
        """What is small stays in one file: without -G, no clock ends it. And all that is large ends, at each look."""
        data = pcap([frame for n in range(40) for frame in connection(40000 + n)])
        for size, is_one in (("1G", True), ("1K", False)):
            result = slim("-q", "-C", size, "-w", self.path("x.pcap"), "-", stdin=data)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            found = self.files("x*.pcap")
            self.assertEqual(len(found) == 1, is_one, found)
            self.assertEqual(sum(len(payloads(path)) for path in found), 40)
            for path in found:
                os.unlink(path)

    def test_sections_and_interfaces_are_in_each_file(self):
        """Of pcapng, for what follows could not be read without."""
        write(self.folder, "in", pcap([frame for n in range(40) for frame in connection(40000 + n, b"words %06d" % n)]))
        subprocess.run(["editcap", "-F", "pcapng", self.path("in"), self.path("in.pcapng")], check=True)
        run = subprocess.Popen([PROGRAM, "slim", "-q", "-C", "1K", "-w", self.path("x.pcapng"), "-"], stdin=subprocess.PIPE)
        data = read(self.path("in.pcapng"))
        for at in range(0, len(data), 3000):
            run.stdin.write(data[at:at + 3000])
            run.stdin.flush()
            wait_until_taken(run, run.stdin)
        run.stdin.close()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)
        found = self.files("x.pcapng") + self.files("x_*")
        self.assertGreater(len(found), 3)
        self.assertEqual([words for path in found for words in said_in(path)], [b"words %06d" % n for n in range(40)])

    def test_a_pipe_by_the_clock(self):
        """What came is in a file of its own though the pipe is silent."""
        run = subprocess.Popen([PROGRAM, "slim", "-q", "-G", "1", "-w", self.path("%s.pcap"), "-"], stdin=subprocess.PIPE)
        run.stdin.write(pcap(connection()))
        run.stdin.flush()
        wait_for(lambda: any(os.path.getsize(path) > 24 for path in self.files("*.pcap")), "a file with a frame")
        run.stdin.write(record(connection(40001)[3]))
        run.stdin.close()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)
        self.assertEqual(sum(len(said_in(path)) for path in self.files("*.pcap")), 2)

    def test_what_makes_no_sense(self):
        capture = write(self.folder, "in", pcap(connection()))
        out = self.path("out")
        for arguments, word in ((("-G", "0", "-w", out, "-"), "-G takes"), (("-C", "x", "-w", out, "-"), "-C takes"), (("-C", "0", "-w", out, "-"), "-C takes"),
                                (("-G", "1", "-"), "take -w FILE"), (("-G", "1", "-w", "/dev/null", "-"), "take -w FILE"),
                                (("-G", "1", "--log", out, "-"), "has the time in it"), (("-G", "1", "-w", out, capture), "-G and -C go with -i"),
                                (("-G", "1", "-w", out + "%s", "--log", out + "%s", "-"), "different names")):
            result = slim(*arguments)
            self.assertEqual(result.returncode, 64, result.stderr)
            self.assertIn(word, result.stderr)
        self.assertEqual(slim("-G", "1", "-w", self.path("nowhere/%s"), "-", stdin=pcap(connection())).returncode, 73)
        self.assertEqual(os.listdir(self.folder), ["in"])
        subprocess.run(["editcap", "-F", "pcapng", capture, self.path("in.pcapng")], check=True)
        result = slim("-G", "1", "-F", "nsecpcap", "-w", out, "-", stdin=read(self.path("in.pcapng")))
        self.assertEqual((result.returncode, "leave -F out" in result.stderr, len(self.hidden())), (64, True, 1), result.stderr)


if __name__ == "__main__":
    unittest.main()
