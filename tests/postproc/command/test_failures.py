# SPDX-License-Identifier: GPL-2.0-or-later
"""What cannot be done is reported with file and offset and by the exit status, and leaves nothing half done behind."""
import os
import pty
import resource
import signal
import stat
import subprocess
import threading
import tty

from pcaps import ACK, CAPTURES, NANOSECONDS, PROGRAM, InFolder, connection, header, pcap, read, record, rows, segment, slim, write
from waiting import PATIENCE_SECONDS, wait_until_caught, wait_until_taken


class BadInput(InFolder):
    def refused(self, status, words, *arguments, **kwargs):
        """Runs slim with an output, of which nothing may be left."""
        result = slim("-w", self.path("out.pcap"), *arguments, **kwargs)
        self.assertEqual(result.returncode, status, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)
        self.assertEqual([name for name in os.listdir(self.folder) if "out" in name], [])

    def test_not_there(self):
        self.refused(66, ["gone.pcap", "No such file"], self.path("gone.pcap"))

    def test_a_folder(self):
        self.refused(66, ["is a directory"], self.folder)

    def test_not_a_capture(self):
        self.refused(65, ["text.pcap", "offset 0", "not a capture"], write(self.folder, "text.pcap", b"hello, world\n" * 10))

    def test_empty(self):
        self.refused(65, ["empty.pcap", "offset 0", "empty"], write(self.folder, "empty.pcap", b""))
        self.refused(65, ["standard input", "empty"], "-", stdin=b"")

    def test_cut_file_header(self):
        self.refused(65, ["short.pcap", "offset"], write(self.folder, "short.pcap", header()[:20]))

    def test_absurd_record_length(self):
        frames = connection()
        data = pcap(frames) + record(frames[0])[:8] + b"\xff\xff\xff\x7f" * 2
        path = write(self.folder, "damaged.pcap", data)
        self.refused(65, ["damaged.pcap", "offset %d" % len(pcap(frames)), "2147483647"], path)
        result = slim("--list", path)
        self.assertEqual(result.returncode, 65)
        self.assertEqual(len(result.stdout.splitlines()), 5)        # the rows before the damage are there

    def test_damage_in_a_later_file(self):
        """Of several files, those that are good are taken."""
        good, bad = write(self.folder, "good.pcap", pcap(connection())), write(self.folder, "bad.pcap", b"\0" * 100)
        result = slim("-q", "-w", self.path("out.pcap"), good, bad)
        self.assertEqual(result.returncode, 65)
        self.assertIn("bad.pcap: offset 0: ", result.stderr)
        self.assertIn(f"1 of 2 files was not read whole: {bad}\n", result.stderr)
        self.assertEqual(read(self.path("out.pcap")), slim(good).stdout)

    def test_an_input_that_fails_is_not_one_that_ends(self):
        """What was read until then does not become an output. The master side of a terminal fails when the other side has gone."""
        for data in (pcap(connection()), read(os.path.join(CAPTURES, "two-interfaces.pcapng"))):
            ours, theirs = pty.openpty()
            tty.setraw(theirs)

            def send():
                os.write(theirs, data)
                os.close(theirs)

            thread = threading.Thread(target=send)
            thread.start()
            run = subprocess.run([PROGRAM, "slim", "-w", self.path("out.pcap"), "-"], stdin=ours, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
            thread.join()
            os.close(ours)
            self.assertEqual(run.returncode, 74, run.stderr)
            self.assertIn("standard input: offset", run.stderr)
            self.assertEqual(os.listdir(self.folder), [])

    def test_formats_that_are_not_blocks_of_pcap_must_fit_too(self):
        def snoop(name, port, *options):
            source = write(self.folder, "pcap", pcap(connection(port)))
            subprocess.run(["editcap", *options, "-F", "snoop", source, self.path(name)], check=True, capture_output=True)
            return self.path(name)

        first = snoop("1.snoop", 40000)
        for data in (pcap([]), pcap([], "<", NANOSECONDS), read(os.path.join(CAPTURES, "two-interfaces.pcapng"))):
            self.refused(65, ["2.pcap", "another format"], first, write(self.folder, "2.pcap", data))
        self.refused(65, ["2.snoop", "another link type"], first, snoop("2.snoop", 40001, "-T", "fddi"))
        self.assertEqual(slim("-w", self.path("o"), first, snoop("2.snoop", 40001)).returncode, 0)

    def test_output_is_an_input(self):
        path = write(self.folder, "same.pcap", pcap(connection()))
        os.link(path, self.path("link.pcap"))
        before = read(path)
        for name in (path, self.path("link.pcap")):
            result = slim("-w", name, path)
            self.assertEqual(result.returncode, 64)
            self.assertIn("is also an input", result.stderr)
            self.assertEqual(read(path), before)
        with open(path, "r+b") as file:
            self.assertEqual(subprocess.run([PROGRAM, "slim", path], stdout=file, stderr=subprocess.PIPE).returncode, 64)


class CutInput(InFolder):
    def test_whole_records_are_kept_and_the_cut_is_said(self):
        data = pcap(connection())
        starts = [len(pcap(connection()[:n])) for n in range(6)]
        # Every seventh offset, and those around each record and its header.
        near = {start + n for start in starts for n in (-1, 0, 1, 15, 16, 17)}
        for cut in (cut for cut in range(len(header()) + 1, len(data)) if cut % 7 == 0 or cut in near):
            whole = max(n for n in range(6) if starts[n] <= cut)
            path = write(self.folder, "cut.pcap", data[:cut])
            result = slim("-w", self.path("out.pcap"), path)
            if cut in starts:
                self.assertEqual(result.returncode, 0)
                continue
            self.assertEqual(result.returncode, 1)
            self.assertIn("cut.pcap: offset %d: the last record is cut short" % starts[whole], result.stderr)
            self.assertEqual(read(self.path("out.pcap")), header() + (record(connection()[3], 3) if whole >= 4 else b""))

    def test_pcapng(self):
        data = read(os.path.join(CAPTURES, "two-interfaces.pcapng"))
        last = data.rindex(b"\x06\0\0\0")                              # the last packet's block type
        result = slim("--list", write(self.folder, "cut.pcapng", data[:last + 20]))
        self.assertEqual(result.returncode, 1)
        self.assertIn("cut.pcapng: offset %d: the last record is cut short" % last, result.stderr)

    def test_the_next_file_goes_on(self):
        cut = write(self.folder, "1.pcap", pcap(connection())[:-5])
        after = write(self.folder, "2.pcap", pcap(connection(40001)))
        self.assertEqual(sorted(rows(cut, after)), [1, 2, 3, 4, 5, 6, 7, 8, 9])
        self.assertEqual(slim("-q", "--list", cut, after).returncode, 1)


class Output(InFolder):
    def test_no_room(self):
        """A limit on file sizes stands in for a full disk: write fails in the same place."""
        frames = [f for port in range(2000) for f in connection(port + 1, b"x" * 500)]
        source = write(self.folder, "in.pcap", pcap(frames))

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_FSIZE, (300000, 300000))

        write(self.folder, "out.pcap", b"what was there before")
        result = slim("-w", self.path("out.pcap"), source, preexec_fn=limit)
        self.assertEqual(result.returncode, 74)
        self.assertIn("out.pcap: offset 300000: cannot be written", result.stderr)
        self.assertEqual(read(self.path("out.pcap")), b"what was there before")
        self.assertEqual(sorted(os.listdir(self.folder)), ["in.pcap", "out.pcap"])

    def test_full_device(self):
        source = write(self.folder, "in.pcap", pcap(connection()))
        result = slim("-w", "/dev/full", source)
        self.assertEqual(result.returncode, 74)
        self.assertIn("/dev/full: offset 0: cannot be written: No space left on device", result.stderr)
        with open("/dev/full", "wb") as full:
            run = subprocess.run([PROGRAM, "slim", "--list", source], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(run.returncode, 74)

    def test_no_such_folder(self):
        source = write(self.folder, "in.pcap", pcap(connection()))
        result = slim("-w", self.path("gone/out.pcap"), source)
        self.assertEqual(result.returncode, 73)
        self.assertIn("gone/out.pcap", result.stderr)

    def test_permissions(self):
        source = write(self.folder, "in.pcap", pcap(connection()))
        slim("-w", self.path("new.pcap"), source, umask=0o027)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("new.pcap")).st_mode), 0o640)
        os.chmod(write(self.folder, "old.pcap", b""), 0o604)
        slim("-w", self.path("old.pcap"), source)
        self.assertEqual(stat.S_IMODE(os.stat(self.path("old.pcap")).st_mode), 0o604)

    def test_a_link_stays_a_link(self):
        source = write(self.folder, "in.pcap", pcap(connection()))
        write(self.folder, "target.pcap", b"")
        os.symlink("target.pcap", self.path("link.pcap"))
        self.assertEqual(slim("-w", self.path("link.pcap"), source).returncode, 0)
        self.assertTrue(os.path.islink(self.path("link.pcap")))
        self.assertGreater(os.path.getsize(self.path("target.pcap")), 24)

    def test_a_link_that_leads_to_nothing_yet_stays_one(self):
        source = write(self.folder, "in.pcap", pcap(connection()))
        os.symlink("target.pcap", self.path("link.pcap"))
        self.assertEqual(slim("-w", self.path("link.pcap"), source).returncode, 0)
        self.assertTrue(os.path.islink(self.path("link.pcap")))
        self.assertGreater(os.path.getsize(self.path("target.pcap")), 24)
        os.symlink("loop.pcap", self.path("loop.pcap"))
        self.assertEqual(slim("-w", self.path("loop.pcap"), source).returncode, 73)

    def test_long_name_and_no_name(self):
        source = write(self.folder, "in.pcap", pcap(connection()))
        self.assertEqual(slim("-w", self.path("x" * 255), source).returncode, 0)
        self.assertEqual(slim("-w", "", source).returncode, 64)

    def test_descriptors_that_do_not_block(self):
        ours, theirs = os.pipe()
        os.set_blocking(ours, False)
        run = subprocess.Popen([PROGRAM, "slim", "-q", "-"], stdin=ours, stdout=subprocess.PIPE)
        wait_until_caught(run, signal.SIGINT)
        wait_until_taken(run, ours)
        os.write(theirs, pcap(connection()))
        os.close(theirs)
        os.close(ours)
        self.assertEqual(run.communicate(timeout=PATIENCE_SECONDS)[0], header() + record(connection()[3], 3))

    def test_a_pipe_by_name(self):
        os.mkfifo(self.path("pipe"))
        source = write(self.folder, "in.pcap", pcap(connection()))
        run = subprocess.Popen([PROGRAM, "slim", "-q", "-w", self.path("pipe"), source])
        self.assertEqual(read(self.path("pipe")), header() + record(connection()[3], 3))
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("pipe")).st_mode))

    def test_signals_leave_nothing(self):
        for number in (signal.SIGQUIT, signal.SIGPIPE, signal.SIGABRT, signal.SIGXCPU):
            run = subprocess.Popen([PROGRAM, "slim", "-w", self.path("out.pcap"), "-"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
            run.stdin.write(header() + record(segment(1, 2, 3, ACK, b"x")))
            run.stdin.flush()
            wait_until_taken(run, run.stdin)
            self.assertEqual(len(os.listdir(self.folder)), 1)       # its temporary file
            run.send_signal(number)
            self.assertEqual(run.wait(PATIENCE_SECONDS), -number)
            run.stdin.close()
            self.assertEqual(os.listdir(self.folder), [])

    def test_not_there_until_it_is_whole(self):
        run = subprocess.Popen([PROGRAM, "slim", "-q", "-w", self.path("out.pcap"), "-"], stdin=subprocess.PIPE)
        run.stdin.write(pcap(connection()))
        run.stdin.flush()
        wait_until_taken(run, run.stdin)
        self.assertNotIn("out.pcap", os.listdir(self.folder))
        run.stdin.close()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)
        self.assertEqual(os.listdir(self.folder), ["out.pcap"])
