# SPDX-License-Identifier: GPL-2.0-or-later
"""-i on the loopback interface, and frames through pipes as they come. Capturing takes root."""
import contextlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

from namespaces import Namespace
from pcaps import CAPTURES, PROGRAM, connection, header, pcap, read, record, slim, stub
from waiting import PATIENCE_SECONDS, is_asleep, is_capturing, send_signal, wait_for, wait_until_caught, wait_until_taken


class Server:
    """Answers every connection to a port of 127.0.0.1 that begins with some words."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def serve(self):
        try:
            while True:
                peer = self.socket.accept()[0]
                peer.recv(10000)
                peer.sendall(b"answer")
                peer.close()
        except OSError:
            pass

    def __exit__(self, *_):
        self.socket.close()

    def talk(self, words):
        with socket.create_connection(("127.0.0.1", self.port)) as peer:
            peer.sendall(words)
            while peer.recv(100):
                pass


def payloads(capture):
    """Returns the payload of each frame in hexadecimal."""
    return subprocess.run(["tshark", "-r", capture, "-T", "fields", "-e", "tcp.payload"], capture_output=True, check=True,
                          text=True).stdout.split()


def lines_as_they_come(stream):
    lines = []
    threading.Thread(target=lambda: lines.extend(iter(stream.readline, b"")), daemon=True).start()
    return lines


def n_open(pid, path):
    """Returns how many descriptors of a process refer to the file."""
    found = []
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):       # closed in the meantime
            found.append(os.path.samestat(os.stat(f"/proc/{pid}/fd/{descriptor}"), os.stat(path)))
    return sum(found)


class Live(unittest.TestCase):
    def setUp(self):
        self.assertEqual(os.geteuid(), 0, "capturing takes root: run the tests as root")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = os.path.join(folder.name, "out.pcap")

    until = staticmethod(wait_for)

    def start(self, *arguments, namespace=None):
        """Starts the program. When this returns, it is capturing: the temporary file of its output is there, and it waits for frames."""
        folder = os.path.dirname(self.out)
        command = [PROGRAM, "slim", "-w", self.out, *arguments]
        run = subprocess.Popen(namespace.argv(*command) if namespace else command, stderr=subprocess.PIPE, text=True)
        self.addCleanup(run.stderr.close)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        wait_for(lambda: os.listdir(folder), "a temporary file")
        wait_for(lambda: is_capturing(run.pid) and is_asleep(run.pid) and is_capturing(run.pid), "a packet socket that is waited for")
        return run

    def finish(self, run, number=signal.SIGINT):
        run.send_signal(number)
        said = run.communicate(timeout=PATIENCE_SECONDS)[1]
        self.assertEqual(run.returncode, 0, said)
        return said

    def test_frames_of_an_interface(self):
        for interface, number in (("lo", signal.SIGINT), ("any", signal.SIGTERM), ("lo", signal.SIGHUP)):
            with self.subTest(interface=interface), Server() as server:
                run = self.start("-i", interface, "-f", f"tcp port {server.port}")
                for i in range(20):
                    server.talk(b"words %02d" % i)
                said = self.finish(run, number)             # at once: what the kernel still holds must come, too
                self.assertEqual(payloads(self.out), [(b"words %02d" % i).hex() for i in range(20)])
                self.assertRegex(said, r"dropped +0 frames by the kernel")
                self.assertEqual(struct.unpack("<I", read(self.out)[20:24])[0], 276 if interface == "any" else 1)
                os.unlink(self.out)

    def test_nothing_came(self):
        self.finish(self.start("-i", "lo", "-f", "tcp port 1"))
        self.assertEqual(len(read(self.out)), 24)

    def test_count_snapshot_length_and_format(self):
        with Server() as server:
            run = self.start("-i", "lo", "-f", f"tcp port {server.port}", "-c", "4", "-s", "80", "-B", "512", "-F", "pcapng")
            server.talk(b"x" * 1000)
            said = run.communicate(timeout=PATIENCE_SECONDS)[1]
        self.assertEqual(run.returncode, 0, said)
        self.assertRegex(said, r"frames +4\n")
        fields = subprocess.run(["tshark", "-r", self.out, "-T", "fields", "-e", "frame.cap_len", "-e", "frame.len", "-e",
                                 "frame.interface_name"], capture_output=True, check=True, text=True).stdout.split()
        self.assertEqual(fields, ["80", "1066", "lo"])

    def test_a_reader_that_is_held_up(self):
        """Up to 32 MiB, nothing is lost of what comes meanwhile."""
        with Server() as server:
            run = self.start("-i", "lo", "-f", f"tcp port {server.port}")
            run.send_signal(signal.SIGSTOP)
            for i in range(100):
                server.talk(b"words %02d" % i + bytes(9000))
            run.send_signal(signal.SIGCONT)
            said = self.finish(run)
        self.assertEqual([words[:16] for words in payloads(self.out)], [(b"words %02d" % i).hex() for i in range(100)])
        self.assertRegex(said, r"dropped +0 frames by the kernel")

    def test_drops_are_told_at_once(self):
        """And make the exit status 1."""
        with Server() as server:
            run = self.start("-i", "lo", "-f", f"tcp port {server.port}", "-B", "256")
            run.send_signal(signal.SIGSTOP)
            for i in range(300):
                server.talk(b"x" * 9000)
            run.send_signal(signal.SIGCONT)
            said = ""
            while "the kernel has dropped" not in said:
                server.talk(b"more")
                said += run.stderr.readline()
            run.send_signal(signal.SIGTERM)
            said += run.communicate(timeout=PATIENCE_SECONDS)[1]
        self.assertEqual(run.returncode, 1, said)
        self.assertRegex(said, r"firstpayload: lo: the kernel has dropped \d+ frames, as its buffer was full; a larger one \(-B\) or a filter \(-f\) helps\n")
        self.assertRegex(said, r"dropped +[1-9]\d* frames by the kernel")

    def test_it_captures_before_tshark_starts(self):
        """What comes while tshark is slow to start is taken, with its fields."""
        folder = os.path.dirname(self.out)
        go_on = os.path.join(folder, "go on")
        os.mkfifo(go_on, 0o666)
        os.chmod(go_on, 0o666)
        stub(folder, "tshark", f"#!/bin/sh\nread line <'{go_on}'\nexec {shutil.which('tshark')} \"$@\"\n")
        log = os.path.join(folder, "log")
        with Server() as server:
            run = subprocess.Popen([PROGRAM, "slim", "-i", "lo", "-f", f"tcp port {server.port}", "--log", log, "--log-format", "json", "--fields", "tcp.len"],
                                   stderr=subprocess.PIPE, text=True, env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"})
            self.addCleanup(run.stderr.close)
            self.addCleanup(run.wait)
            self.addCleanup(run.kill)
            self.assertEqual(run.stderr.readline(), "firstpayload: listening on lo, link type EN10MB (Ethernet), snapshot length 262144 bytes\n")
            server.talk(b"early words")
            stop = threading.Event()

            def let_go():
                while not stop.is_set():
                    with contextlib.suppress(OSError):
                        descriptor = os.open(go_on, os.O_WRONLY | os.O_NONBLOCK)
                        os.write(descriptor, b"\n")
                        os.close(descriptor)
                    stop.wait(0.01)

            thread = threading.Thread(target=let_go)
            thread.start()
            wait_for(lambda: os.path.exists(log) and read(log).endswith(b"\n"), "the line")
            stop.set()
            thread.join()
            self.finish(run)
        line = json.loads(read(log))
        self.assertEqual((line["payload"], line["fields"]["tcp.len"]), ("ZWFybHkgd29yZHM=", "11"))

    def test_promiscuous_mode(self):
        namespace = Namespace()
        self.addCleanup(namespace.close)
        namespace.run("ip", "link", "add", "fptest0", "type", "veth", "peer", "name", "fptest1")
        for name in ("fptest0", "fptest1"):
            namespace.run("ip", "link", "set", name, "up")
        for options, mode in (((), "promiscuity 1"), (("-p",), "promiscuity 0")):
            run = self.start("-i", "fptest0", *options, namespace=namespace)
            shown = subprocess.run(namespace.argv("ip", "-d", "link", "show", "fptest0"), capture_output=True, check=True, text=True).stdout
            self.assertIn(mode, shown)
            self.finish(run)
            os.unlink(self.out)

    def test_quiet(self):
        self.assertEqual(self.finish(self.start("-q", "-i", "lo", "-f", "tcp port 1")), "")

    def test_interface_that_goes_away(self):
        namespace = Namespace()
        self.addCleanup(namespace.close)
        namespace.run("ip", "link", "add", "fptest0", "type", "veth", "peer", "name", "fptest1")
        namespace.run("ip", "link", "set", "fptest0", "up")
        run = self.start("-i", "fptest0", namespace=namespace)
        namespace.run("ip", "link", "del", "fptest0")
        said = run.communicate(timeout=PATIENCE_SECONDS)[1]
        self.assertEqual(run.returncode, 1, said)
        self.assertIn("fptest0: the capture ended", said)
        self.assertGreaterEqual(len(read(self.out)), 24)

    def test_what_makes_no_sense(self):
        for arguments, status, word in ((("-i", "nosuch0"), 66, "nosuch0"), (("-i", "lo", "-f", "tcp and"), 64, "syntax"),
                                        (("-i", "lo", "file"), 64, "FILE"), (("-s", "9", "file"), 64, "-i"), (("-B", "9", "file"), 64, "-i"),
                                        (("-p", "file"), 64, "-i")):
            result = slim("-w", self.out, *arguments)
            self.assertEqual(result.returncode, status, result.stderr)
            self.assertIn(word, result.stderr)
            self.assertFalse(os.path.exists(self.out))


class Pipes(unittest.TestCase):
    until = staticmethod(wait_for)

    def start(self, *arguments):
        run = subprocess.Popen([PROGRAM, "slim", "-q", *arguments, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
        self.addCleanup(lambda: [file.close() for file in (run.stdout, run.stderr, run.stdin)])
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        return run

    def test_rows_come_while_the_pipe_is_open(self):
        for kind in ("pcap", "pcapng"):
            data = pcap(connection())
            if kind == "pcapng":
                data = subprocess.run(["editcap", "-F", "pcapng", "/dev/stdin", "/dev/stdout"], input=data, capture_output=True).stdout
            with self.subTest(format=kind):
                run = self.start("--list")
                lines = lines_as_they_come(run.stdout)
                run.stdin.write(data)
                run.stdin.flush()
                wait_for(lambda: b"4\tfirst,flight,handshake\n" in lines or b"4\tfirst,flight\n" in lines, lambda: f"a row: {lines}")

    def test_frames_come_while_the_pipe_is_open(self):
        run = self.start()
        run.stdin.write(pcap(connection()))
        run.stdin.flush()
        wanted = header() + record(connection()[3], 3)
        self.assertEqual(run.stdout.read(len(wanted)), wanted)

    def test_tcpdump_and_tshark_on_both_sides(self):
        capture = os.path.join(CAPTURES, "mixed.pcap")
        command = f"tcpdump -r {capture} -w - 2>/dev/null | {PROGRAM} slim -q - | tshark -r - 2>/dev/null"
        shown = subprocess.run(["bash", "-c", command], capture_output=True, check=True, timeout=PATIENCE_SECONDS).stdout
        self.assertEqual(len(shown.splitlines()), 22)

    def test_interrupt_writes_what_came(self):
        """Ctrl-C does this to a pipeline; but this writer does not notice."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            for tail in (b"", b"\0\0\0"):                    # a record of which only the beginning has come is not a truncated one then
                with tempfile.TemporaryDirectory() as folder:
                    out = os.path.join(folder, "out.pcap")
                    run = self.start("-w", out)
                    run.stdin.write(pcap(connection()) + tail)
                    run.stdin.flush()
                    wait_until_taken(run, run.stdin)
                    run.send_signal(number)
                    self.assertEqual(run.wait(PATIENCE_SECONDS), 0, run.stderr.read() if run.poll() else "")
                    self.assertEqual(read(out), header() + record(connection()[3], 3))

    def test_interrupt_ends_a_quiet_pipe_of_every_kind(self):
        """This goes for pipes that libwiretap reads, or is still opening, and for the inputs after them: silent pipes, and pipes without a writer."""
        data = pcap(connection())
        pcapng = subprocess.run(["editcap", "-F", "pcapng", "/dev/stdin", "/dev/stdout"], input=data, capture_output=True, check=True).stdout
        with tempfile.TemporaryDirectory() as folder:
            os.mkfifo(os.path.join(folder, "fifo"))
            silent, writer = os.pipe()
            self.addCleanup(os.close, silent)
            self.addCleanup(os.close, writer)
            for options, more, sent, status, n_passed in ((("-F", "pcapng"), (), pcapng, 0, 0), (("-F", "nsecpcap"), (), pcapng, 0, 0),
                                                          ((), (f"/dev/fd/{silent}",), data, 1, 1), ((), (os.path.join(folder, "fifo"),), data, 1, 0),
                                                          ((), (os.path.join(CAPTURES, "mixed.pcap"),), data, 1, 0)):
                with self.subTest(options=options, more=more):
                    out = os.path.join(folder, "out")
                    run = subprocess.Popen([PROGRAM, "slim", "-w", out, *options, "-", *more], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                                           pass_fds=[silent])
                    run.stdin.write(sent)
                    run.stdin.flush()
                    if more and "mixed" not in more[0]:
                        run.stdin.close()       # the program waits for the next input
                        wait_for(lambda: n_open(run.pid, more[0]) > n_passed and is_asleep(run.pid), "the next input to be waited for")
                    else:
                        wait_until_taken(run, run.stdin)
                    run.send_signal(signal.SIGTERM)
                    said = run.stderr.read().decode()
                    self.assertEqual(run.wait(PATIENCE_SECONDS), status, said)
                    run.stderr.close()
                    if not run.stdin.closed:
                        run.stdin.close()
                    self.assertEqual(payloads(out), [connection()[3][54:].hex()])
                    if more:
                        self.assertIn(f"{more[0]}: a signal ended the reading before this input", said)

    def test_interrupt_before_the_first_byte(self):
        """tcpdump holds back what it has until it is interrupted, too."""
        self.check_written_after_the_signal(0)

    def test_interrupt_takes_what_the_writer_still_writes(self):
        self.check_written_after_the_signal(24 + 16)

    def check_written_after_the_signal(self, at):
        """The capture is written up to this place, then SIGINT comes, then the rest. What counts is what is there when the time that the program
        gives its writer has passed. If this machine did not get to write it by then, the test tries again."""
        data = pcap(connection())
        wanted = header() + record(connection()[3], 3)

        def taken():
            run = self.start()
            run.stdin.write(data[:at])
            run.stdin.flush()
            wait_until_caught(run, signal.SIGINT)
            wait_until_taken(run, run.stdin)
            send_signal(run, signal.SIGINT)
            try:
                run.stdin.write(data[at:])
                run.stdin.close()
            except BrokenPipeError:
                pass
            found = run.stdout.read()
            return (found, run.wait(PATIENCE_SECONDS)) == (wanted, 0)

        wait_for(taken, "an attempt in which what was written after the signal is taken")

    def test_each_frame_at_once(self):
        """With -U, while more input is available all the time."""
        run = self.start("-U")
        wanted = header() + record(connection()[3], 3)
        endless = threading.Event()

        def feed():
            run.stdin.write(pcap(connection()))
            while not endless.is_set():
                run.stdin.write(record(b"\0" * 60) * 100)
            run.stdin.close()
        writer = threading.Thread(target=feed)
        writer.start()
        self.assertEqual(run.stdout.read(len(wanted)), wanted)
        endless.set()
        writer.join()
