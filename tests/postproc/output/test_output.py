# SPDX-License-Identifier: GPL-2.0-or-later
"""Where slim writes if that is not a plain file: standard output by its other names, pipes, closed descriptors; and what signals do."""
import os
import pty
import signal
import subprocess

from pcaps import CAPTURES, PROGRAM, InFolder, connection, header, pcap, read, record, slim, write
from waiting import PATIENCE_SECONDS, send_signal, wait_until_caught

HTTP = os.path.join(CAPTURES, "http.pcap")
ENDS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


def shell(script, *words, **kwargs):
    """Has bash run the script; "$@" is slim with these words."""
    return subprocess.run(["bash", "-c", script, "bash", PROGRAM, "slim", "-q", *words], capture_output=True, timeout=PATIENCE_SECONDS, **kwargs)


def send(run, number):
    """Sends a signal that the program handles, and waits until it has arrived."""
    wait_until_caught(run, number)
    send_signal(run, number)


def pending(number):
    """Returns what Popen does before the program, so that a signal is there when it starts: a substitute for its first moment."""
    def send_to_itself():
        signal.pthread_sigmask(signal.SIG_BLOCK, [number])
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    return send_to_itself


class InOutFolder(InFolder):
    """A test with a folder for outputs, separate from the inputs."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("out"))
        self.out = self.path("out/out.pcap")

    def start(self, *words, **kwargs):
        run = subprocess.Popen([PROGRAM, "slim", *words], stderr=subprocess.PIPE, bufsize=0, **kwargs)
        self.addCleanup(lambda: [file.close() for file in (run.stdin, run.stdout, run.stderr) if file])
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        return run


class Closed(InOutFolder):
    """Standard descriptors that are closed when the program starts."""

    def test_nothing_else_gets_their_numbers(self):
        cut = write(self.folder, "cut.pcap", read(HTTP)[:20000])
        wanted, log = slim("-q", "-w", "-", cut).stdout, slim("-q", "--log", "-", cut).stdout
        for closed in ("2>&-", ">&-", "<&-", ">&- 2>&-", "<&- 2>&-", "<&- >&-", "<&- >&- 2>&-"):
            with self.subTest(closed):
                run = shell(f'exec "$@" {closed}', "-w", self.out, "--log", self.path("out/log"), cut)
                self.assertEqual((run.returncode, read(self.out), read(self.path("out/log"))), (1, wanted, log))
                self.assertEqual(sorted(os.listdir(self.path("out"))), ["log", "out.pcap"])
                os.unlink(self.path("out/log"))
                run = shell(f'exec "$@" {closed}', "-w", self.out, "--fields", "http.host", "--log", self.path("out/log"), cut)
                self.assertEqual((run.returncode, read(self.out)), (1, wanted))
                os.unlink(self.path("out/log"))

    def test_they_are_not_written_to_or_read_as_if_they_were_there(self):
        for redirection, words, status, named in (
                (">&-", ("-w", "-", HTTP), 73, "standard output"), (">&-", (HTTP,), 73, "standard output"),
                (">&-", ("--log", "-", HTTP), 73, "standard output"), (">&-", ("--list", HTTP), 73, "standard output"),
                (">&-", ("-w", "/dev/stdout", HTTP), 73, "/dev/stdout"), ("</dev/null >&0", ("-w", "-", HTTP), 73, "standard output"),
                ("<&-", ("-w", self.out, "-"), 66, "standard input"), ("0>/dev/null", ("-w", self.out, "-"), 66, "standard input")):
            with self.subTest(redirection, words=words):
                run = shell(f'exec "$@" {redirection}', *words)
                self.assertEqual((run.returncode, run.stdout), (status, b""), run.stderr)
                self.assertIn(named.encode() + b": is not open for", run.stderr)
                self.assertEqual(os.listdir(self.path("out")), [])
        run = shell('exec "$@" 2>&-', "--log", "/dev/stderr", HTTP)
        self.assertEqual(run.returncode, 73)

    def test_commands_that_watch(self):
        write(self.folder, "in.pcap", read(HTTP)[:20000])
        wanted = slim("-q", "-w", "-", self.path("in.pcap")).stdout
        for command in ("watch", "rotate"):
            inbox, out = self.path(command), self.path("out of " + command)
            os.mkdir(inbox)
            source = write(inbox, "in.pcap", read(self.path("in.pcap")))
            config = write(self.folder, "rotate.conf", f"[watch]\ninbox={inbox}\noutdir={out}\n".encode())
            words = ["--once", inbox, out] if command == "watch" else [source]
            subprocess.run(["bash", "-c", 'exec "$@" <&- >&- 2>&-', "bash", PROGRAM, command, *words], timeout=PATIENCE_SECONDS,
                           env={**os.environ, "FIRSTPAYLOAD_CONFIG": config})
            self.assertEqual(read(os.path.join(out, "in.pcap")), wanted)


class OtherNames(InOutFolder):
    """/dev/stdout, /dev/fd/N and the like, and FIFOs, are written to as they are."""

    def setUp(self):
        super().setUp()
        self.wanted = slim("-q", "-w", "-", HTTP).stdout
        self.lines = slim("-q", "--log", "-", HTTP).stdout
        os.symlink("/dev/stdout", self.path("link"))
        os.symlink("link", self.path("link to link"))
        self.names = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "/proc/thread-self/fd/1", "/proc/self/../self/fd/1", self.path("link to link"))

    def test_a_pipe(self):
        for name in self.names:
            with self.subTest(name):
                self.assertEqual((shell('exec "$@"', "-w", name, HTTP).stdout, shell('exec "$@"', "--log", name, HTTP).stdout), (self.wanted, self.lines))
        for words in (("-w", "/dev/stderr"), ("-w", "/dev/fd/7")):
            self.assertEqual(shell('"$@" 7>&2', *words, HTTP).stderr, self.wanted)
        self.assertEqual(shell('"$@" | cat', "-F", "pcapng", "-w", "/dev/stdout", HTTP).stdout, slim("-q", "-F", "pcapng", "-w", "-", HTTP).stdout)

    def test_a_file(self):
        """Writing goes on at the file's offset, even in the middle, and the file stays the same."""
        for name in self.names:
            for option, written in (("-w", self.wanted), ("--log", self.lines)):
                for script, before, after in (('"$@" >>"$FILE"', b"precious\n", b""), ('"$@" >"$FILE"', b"", b""),
                                              ('{ echo a; "$@"; echo z; } >"$FILE"', b"a\n", b"z\n"), ('"$@" 1<>"$FILE"', b"", b"")):
                    with self.subTest(name=name, option=option, script=script):
                        path = write(self.path("out"), "file", b"precious\n")
                        number = os.stat(path).st_ino
                        run = shell(script, option, name, HTTP, env={**os.environ, "FILE": path})
                        self.assertEqual((run.returncode, run.stderr), (0, b""))
                        self.assertEqual(read(path), before + written + after)
                        self.assertEqual((os.stat(path).st_ino, os.listdir(self.path("out"))), (number, ["file"]))
                        os.unlink(path)

    def test_process_substitution(self):
        for option, written in (("-w", self.wanted), ("--log", self.lines)):
            os.mkfifo(self.path("there"))
            run = subprocess.Popen(["bash", "-c", f'"$@" {option} >(cat >"$FIFO")', "bash", PROGRAM, "slim", "-q", HTTP],
                                   env={**os.environ, "FIFO": self.path("there")})
            self.assertEqual((read(self.path("there")), run.wait(PATIENCE_SECONDS)), (written, 0))
            os.unlink(self.path("there"))

    def test_what_another_process_has_open_is_added_to(self):
        path = write(self.path("out"), "file", b"precious\n")
        with open(path, "ab") as file:
            name = f"/proc/{os.getpid()}/fd/{file.fileno()}"
            self.assertEqual([slim("-q", option, name, HTTP).returncode for option in ("-w", "--log")], [0, 0])
        self.assertEqual((read(path), os.listdir(self.path("out"))), (b"precious\n" + self.wanted + self.lines, ["file"]))

    def test_what_is_no_descriptor_for_writing(self):
        for script, name in (('"$@"', "/dev/fd/77"), ('"$@" 7</dev/null', "/dev/fd/7"), ('"$@"', "/dev/fd/3"), ('"$@"', "/dev/fd/5"), ('"$@"', "/proc/self/fd/x")):
            for option in ("-w", "--log"):
                with self.subTest(name, option=option):
                    run = shell(script, option, name, HTTP)
                    self.assertEqual(run.returncode, 73, run.stderr)
                    self.assertIn(name.encode() + b": ", run.stderr)

    def test_one_pipe_for_two(self):
        for words in (("-w", "-", "--log", "/dev/stdout"), ("-w", "/dev/stdout", "--log", "-"), ("--list", "--log", "/dev/fd/1"),
                      ("-w", "/dev/stdout", "--log", "/dev/fd/1")):
            with self.subTest(words):
                run = shell('"$@"', *words, HTTP)
                self.assertEqual((run.returncode, run.stdout), (64, b""), run.stderr)
        self.assertEqual(slim("-w", "/dev/null", "--log", "/dev/null", HTTP).returncode, 0)

    def test_a_terminal_gets_no_capture(self):
        ours, theirs = pty.openpty()
        for name in ("-", "/dev/stdout", os.ttyname(theirs)):
            run = subprocess.run([PROGRAM, "slim", "-w", name, HTTP], stdout=theirs, stderr=subprocess.PIPE, timeout=PATIENCE_SECONDS)
            self.assertEqual(run.returncode, 64, run.stderr)
            self.assertIn(b"terminal", run.stderr)
        os.close(ours)
        os.close(theirs)

    def test_an_input_is_refused_by_any_name(self):
        path = write(self.folder, "in.pcap", read(HTTP))
        for option in ("-w", "--log"):
            run = shell('"$@" 1<>"$FILE"', option, "/dev/stdout", path, env={**os.environ, "FILE": path})
            self.assertEqual((run.returncode, read(path)), (64, read(HTTP)))
            with open(path, "r+b") as file:
                self.assertEqual(slim(option, f"/proc/{os.getpid()}/fd/{file.fileno()}", path).returncode, 64)
            self.assertEqual(read(path), read(HTTP))


class Fifos(InOutFolder):
    def setUp(self):
        super().setUp()
        self.fifo = self.path("out/fifo")
        os.mkfifo(self.fifo)

    def test_a_reader_that_comes_late(self):
        for option in ("-w", "--log"):
            run = self.start("-q", option, self.fifo, HTTP)
            wait_until_caught(run, signal.SIGTERM)
            self.assertEqual((read(self.fifo), run.wait(PATIENCE_SECONDS)), (slim("-q", option, "-", HTTP).stdout, 0))

    def test_signals_while_nobody_reads(self):
        for option in ("-w", "--log"):
            for number in ENDS:
                with self.subTest(option, number=number):
                    run = self.start("-q", option, self.fifo, HTTP)
                    send(run, number)
                    self.assertEqual(run.wait(PATIENCE_SECONDS), 73)
                    self.assertIn(f"{self.fifo}: a signal came before anybody opened it for reading", run.stderr.read().decode())
                    self.assertEqual(os.listdir(self.path("out")), ["fifo"])


class Signals(InOutFolder):
    def feed(self, run, port):
        run.stdin.write(b"".join(record(f, n) for n, f in enumerate(connection(port))))
        run.stdin.flush()

    def pipe(self, *words, **kwargs):
        """Starts slim on a pipe, of which it has taken the first frames when this returns."""
        run = self.start("-q", "-U", "-w", self.out, "--log", "/dev/stderr", *words, "-", stdin=subprocess.PIPE, **kwargs)
        run.stdin.write(header())
        self.feed(run, 1)
        self.assertIn(b":1 > ", run.stderr.readline())
        return run

    def test_each_ends_a_pipe_and_all_is_written(self):
        for number in ENDS:
            run = self.pipe()
            send(run, number)
            self.assertEqual((run.wait(PATIENCE_SECONDS), read(self.out)), (0, header() + record(connection(1)[3], 3)))

    def test_one_that_came_before_the_program_did_anything(self):
        """The signal ends the reading of files before it has begun; with a log, SIGHUP ends nothing."""
        source = write(self.folder, "in.pcap", pcap(connection()))
        for number in ENDS:
            run = subprocess.run([PROGRAM, "slim", "-q", "-w", self.out, source], preexec_fn=pending(number), capture_output=True, timeout=PATIENCE_SECONDS)
            self.assertEqual((run.returncode, read(self.out)), (-number if number == signal.SIGINT else 1, header()))
            self.assertIn(b"in.pcap: offset 24: a signal ended the reading", run.stderr)
        run = subprocess.run([PROGRAM, "slim", "-q", "-w", self.out, "--log", self.path("out/log"), source], preexec_fn=pending(signal.SIGHUP),
                             timeout=PATIENCE_SECONDS)
        self.assertEqual((run.returncode, read(self.out)), (0, header() + record(connection()[3], 3)))

    def test_ignored_ones(self):
        """nohup(1) makes programs ignore SIGHUP, and a shell makes what a script starts in the background ignore SIGINT. SIGHUP stays ignored."""
        run = self.pipe(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        run.send_signal(signal.SIGHUP)
        self.feed(run, 2)
        self.assertIn(b":2 > ", run.stderr.readline())
        run.stdin.close()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)
        run = self.pipe(preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
        send(run, signal.SIGINT)
        self.assertEqual((run.wait(PATIENCE_SECONDS), read(self.out)), (0, header() + record(connection(1)[3], 3)))

    def files(self, *words):
        """Starts slim on files. When this returns, it waits in the middle of them, as nobody reads its lines."""
        source = write(self.folder, "in.pcap", pcap([f for port in range(1, 20001) for f in connection(port)]))
        other = write(self.folder, "other.pcap", pcap(connection(30000)))
        run = self.start("-q", "-w", self.out, "--log", "-", *words, source, other, stdout=subprocess.PIPE)
        self.assertIn(b":1 > ", run.stdout.readline())
        return run

    def test_files(self):
        """What was read is written, and the rest is named. On SIGINT, the program then dies from the signal, so that a loop around it ends."""
        for words in ((), ("-j", "2")):
            for number in ENDS:
                with self.subTest(number, words=words):
                    run = self.files(*words)
                    send(run, number)
                    lines, said = run.communicate(timeout=PATIENCE_SECONDS)
                    self.assertEqual(run.returncode, -number if number == signal.SIGINT else 1, said)
                    n = len(lines.splitlines()) + 1
                    self.assertLess(n, 20000)
                    self.assertEqual(read(self.out), header() + b"".join(record(connection(port)[3], 5 * port - 2) for port in range(1, n + 1)))
                    self.assertRegex(said.decode(), r"in\.pcap: offset \d+: a signal ended the reading; what came before was taken\n"
                                                    r".*other\.pcap: a signal ended the reading before this input")

    def test_three_end_the_program(self):
        for number in ENDS:
            run = self.files()
            for _ in range(3):
                send(run, number)
            self.assertEqual((run.wait(PATIENCE_SECONDS), os.listdir(self.path("out"))), (-number, []))

    def test_a_loop_ends_with_an_interrupt(self):
        source = write(self.folder, "in.pcap", pcap([f for port in range(1, 20001) for f in connection(port)]))
        script = 'for i in 1 2; do "$@"; echo "after $i" >&2; done'
        run = subprocess.Popen(["bash", "-c", script, "bash", PROGRAM, "slim", "-q", "--log", "-", source], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               start_new_session=True)
        self.assertIn(b":1 > ", run.stdout.readline())
        os.killpg(run.pid, signal.SIGINT)
        said = run.communicate(timeout=PATIENCE_SECONDS)[1]
        self.assertNotIn(b"after", said)


class Compressed(InOutFolder):
    UNPACK = {"gz": ["gzip", "-dc"], "zst": ["zstd", "-qdc"], "lz4": ["lz4", "-qdc"]}
    HOW = {"gz": "gzip", "zst": "zstd", "lz4": "lz4"}

    def unpack(self, suffix, data):
        return subprocess.run(self.UNPACK[suffix], input=data, capture_output=True, check=True).stdout

    def test_as_the_name_says(self):
        for source in HTTP, os.path.join(CAPTURES, "two-interfaces.pcapng"):
            plain = slim("-q", source).stdout
            for suffix in self.UNPACK:
                out = f"{self.out}.{suffix}"
                result = slim("-w", out, source)
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertEqual(self.unpack(suffix, read(out)), plain)
                self.assertIn(f"in, {len(read(out))} out", result.stderr)
                self.assertEqual(read(out), slim("-q", "--compress", self.HOW[suffix], source).stdout)
                self.assertEqual(slim("-q", "-w", out, "--compress", "none", source).returncode, 0)
                self.assertEqual(read(out), plain)

    def test_of_pipes_and_to_pipes(self):
        for suffix, how in self.HOW.items():
            run = shell('"$@" | cat', "--compress", how, "-", input=read(HTTP))
            self.assertEqual(self.unpack(suffix, run.stdout), slim("-q", HTTP).stdout)

    def test_each_frame_at_once(self):
        """With -U a reader has each frame when it has come, and the end when that has."""
        for suffix, how in self.HOW.items():
            frames = connection(40000) + connection(40001)
            run = self.start("-q", "-U", "--compress", how, "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            reader = subprocess.Popen([PROGRAM, "slim", "-q", "-U", "--keep", "first", "-"], stdin=run.stdout, stdout=subprocess.PIPE, bufsize=0)
            wanted = header()
            for begin in 0, 5:
                run.stdin.write((header() if begin == 0 else b"") + b"".join(record(f, begin + n) for n, f in enumerate(frames[begin:begin + 4])))
                wanted += record(frames[begin + 3], begin + 3)
                if begin == 5:
                    run.stdin.close()
                said = b""
                while len(said) < len(wanted):
                    said += os.read(reader.stdout.fileno(), len(wanted) - len(said))
                self.assertEqual(said, wanted)
                wanted = b""
            self.assertEqual((run.wait(PATIENCE_SECONDS), reader.wait(PATIENCE_SECONDS)), (0, 0))
            reader.stdout.close()

    def test_no_room(self):
        for how in self.HOW.values():
            result = slim("--compress", how, "-w", "/dev/full", HTTP)
            self.assertEqual(result.returncode, 74)
            self.assertIn("/dev/full: offset 0: cannot be written: No space left on device", result.stderr)

    def test_what_cannot_be(self):
        for words in (["-F", "snoop", "-w", self.out + ".gz"], ["-F", "pcapng", "--compress", "zstd", "-w", self.out]):
            result = slim(*words, HTTP)
            self.assertEqual((result.returncode, os.listdir(self.path("out"))), (64, []))
            self.assertIn("compress it when it is there", result.stderr)
        self.assertIn("--compress takes gzip, zstd, lz4 or none", slim("--compress", "xz", HTTP).stderr)
        for words in (["--list"], ["--log", self.path("out/log")]):
            result = slim(*words, "--compress", "gzip", HTTP)
            self.assertEqual(result.returncode, 64)
            self.assertIn("--compress", result.stderr)


class EarlyWatch(InFolder):
    def test_a_signal_that_came_before_the_watcher_did_anything(self):
        """SIGHUP makes the watcher read its configuration again, the others stop it; none kills it."""
        for folder in ("in", "out"):
            os.mkdir(self.path(folder))
        for number, status in ((signal.SIGHUP, b"options were read again"), (signal.SIGTERM, b""), (signal.SIGINT, b"")):
            run = subprocess.run([PROGRAM, "watch", "--once", self.path("in"), self.path("out")], preexec_fn=pending(number), capture_output=True, timeout=PATIENCE_SECONDS)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertIn(status, run.stderr)
