# SPDX-License-Identifier: GPL-2.0-or-later
"""firstpayload watch does what its documents say: files, names, order, options, configuration, status. tests/faults has what crashes do to it, and
tests/rings what real programs feed it."""
import gzip
import json
import os
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import tempfile
import threading
import unittest

from pcaps import ACK, CAPTURES, FIN, PROGRAM, InFolder, connection, header, pcap, read, record, segment, slim, write
from waiting import PATIENCE_SECONDS, is_asleep, send_signal, wait_for, without_clock

PCAP_HEADER, RECORD_HEADER = 24, 16


def records(data):
    """Returns the records of a little-endian pcap, each with its header."""
    found, at = [], PCAP_HEADER
    while at < len(data):
        end = at + RECORD_HEADER + struct.unpack_from("<I", data, at + 8)[0]
        found.append(data[at:end])
        at = end
    return found


class Watch(InFolder):
    def setUp(self):
        super().setUp()
        self.inbox, self.outdir = self.path("in"), self.path("out")
        self.state = os.path.join(self.outdir, ".firstpayload")
        os.mkdir(self.inbox)
        os.mkdir(self.outdir)

    def watch(self, *arguments, **kwargs):
        command = [PROGRAM, "watch", *arguments, self.inbox, self.outdir]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, **kwargs)

    def once(self, *arguments, expected=0):
        result = self.watch("--once", *arguments)
        self.assertEqual(result.returncode, expected, result.stderr)
        return result

    def start(self, *arguments, before=(), **kwargs):
        """Starts a watcher that goes on until the test ends. before: what starts it."""
        run = subprocess.Popen([*before, PROGRAM, "watch", *arguments, self.inbox, self.outdir], stderr=subprocess.PIPE, text=True, **kwargs)
        self.addCleanup(run.stderr.close)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        wait_for(lambda: self.status().get("running") and self.status()["state"] == "idle", "the watcher to begin")
        return run

    def status(self):
        result = subprocess.run([PROGRAM, "status", "--json", self.state], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        return json.loads(result.stdout) if result.returncode == 0 else {}

    def arrive(self, name, data):
        return write(self.inbox, name, data)

    def outputs(self):
        return sorted(name for name in os.listdir(self.outdir) if not name.startswith("."))

    def output(self, name):
        return read(os.path.join(self.outdir, name))

    def in_state(self, folder):
        return sorted(os.listdir(os.path.join(self.state, folder)))


class OneCapture(Watch):
    """Outputs together are the same as slim of all inputs in one run."""

    def split(self, data, n):
        whole = records(data)
        size = -(-len(whole) // n)
        return [data[:PCAP_HEADER] + b"".join(whole[i:i + size]) for i in range(0, len(whole), size)]

    def check_pieces(self, source, n, each_alone):
        data = read(source)
        for i, piece in enumerate(self.split(data, n)):
            self.arrive(f"{i:03}.pcap", piece)
            if each_alone:
                self.once("--keep", "first,reply,flight,handshake")
        self.once("--keep", "first,reply,flight,handshake")
        wanted = slim("--keep", "first,reply,flight,handshake", source).stdout
        self.assertEqual([r for name in self.outputs() for r in records(self.output(name))], records(wanted))
        self.assertGreater(len(records(wanted)), 10)

    def test_pieces_in_one_run(self):
        self.check_pieces(os.path.join(CAPTURES, "mixed.pcap"), 60, False)

    def test_pieces_with_a_restart_after_each(self):
        self.check_pieces(os.path.join(CAPTURES, "mixed.pcap"), 60, True)

    def test_connection_that_goes_on_is_not_new(self):
        frames = connection()
        self.arrive("1.pcap", pcap(frames[:4]))
        self.once()
        self.arrive("2.pcap", pcap(frames[4:]))
        self.once()
        self.assertEqual(self.output("1.pcap"), pcap([]) + record(frames[3], 3))
        self.assertEqual(self.output("2.pcap"), header())

    def test_pieces_with_all_that_can_be_asked_for(self):
        """A file for each frame, and a restart after each: what opening, closing and idle need is in the state."""
        frames = connection(request=b"a" * 100) + [segment(40000, 80, 1101, ACK, b"b" * 100, ack=5020), segment(40000, 80, 1200, ACK, b"b", ack=5020),
                                                   segment(40000, 80, 1201, ACK | FIN, b"c" * 9, ack=5020), segment(40000, 80, 1201, ACK | FIN, ack=5020)]
        late = struct.pack("<II", 1700000009, 8000) + record(segment(40000, 80, 1300, ACK, b"late", ack=5020))[8:]     # 9 s after them
        taken = [record(frame, n) for n, frame in enumerate(frames)] + [late]
        options = ("--keep", "handshake,opening,closing,first", "--idle", "9")
        whole = slim("-q", *options, "-", stdin=header() + b"".join(taken)).stdout
        self.assertEqual(records(whole), taken[:6] + [taken[7], late])
        for n, one in enumerate(taken):
            self.arrive(f"{n:02}.pcap", header() + one)
            self.once(*options)
        self.assertEqual(b"".join(self.output(name)[PCAP_HEADER:] for name in self.outputs()), whole[PCAP_HEADER:])

    def test_opening_is_asked_for_of_streams_that_are_there(self):
        """The state of a watcher that was not asked for openings is read by one that is, and the other way round."""
        frames = connection(request=b"a" * 100) + [segment(40000, 80, 1101 + 9 * n, ACK, b"b" * 9, ack=5020) for n in range(3)]
        for n, (one, keep) in enumerate([(frames[:5], "first"), (frames[5:6], "opening"), (frames[6:7], "first"), (frames[7:], "opening,closing")]):
            self.arrive(f"{n}.pcap", pcap(one))
            self.once("--keep", keep)
        self.assertEqual([len(records(self.output(f"{n}.pcap"))) for n in range(4)], [1, 1, 0, 1])

    def test_full_table_forgets_the_same_after_a_restart(self):
        frames = [frame for port in range(2000, 2100) for frame in connection(port)[:4]]
        frames += [segment(port, 80, 1001, ACK, b"late", ack=5001) for port in range(2000, 2100)]
        self.once()                                               # chooses the seed, which determines what is forgotten first
        shutil.copytree(self.outdir, self.path("copy"))
        kept = []
        for outdir, each_alone in ((self.outdir, True), (self.path("copy"), False)):
            self.outdir = outdir
            for i in range(0, len(frames), 7):
                self.arrive(f"{i:05}.pcap", header() + b"".join(record(f, i + n) for n, f in enumerate(frames[i:i + 7])))
                if each_alone:
                    self.once("--max-streams", "32")
            self.once("--max-streams", "32")
            kept.append([self.output(name) for name in self.outputs()])
        self.assertEqual(kept[0], kept[1])
        self.assertGreater(sum(len(records(output)) for output in kept[0]), 150)   # some were forgotten, and taken for new


class Compressed(Watch):
    def test_outputs(self):
        """pcap and pcapng, however their inputs are compressed; what libwiretap writes is plain, and called so."""
        self.arrive("a.pcap", pcap(connection(1000)))
        self.arrive("b.pcap.gz", gzip.compress(pcap(connection(1001))))
        self.arrive("c.pcapng", read(os.path.join(CAPTURES, "two-interfaces.pcapng")))
        subprocess.run(["editcap", "-F", "snoop", write(self.folder, "d.pcap", pcap(connection(1002))), os.path.join(self.inbox, "d.snoop")], check=True)
        self.once("--compress", "gzip", "--log", "beside")
        logs = ["a.pcap.jsonl", "b.pcap.jsonl", "c.pcapng.jsonl", "d.snoop.jsonl"]
        self.assertEqual(self.outputs(), sorted(["a.pcap.gz", "b.pcap.gz", "c.pcapng.gz", "d.snoop", *logs]))
        self.assertEqual(records(gzip.decompress(self.output("a.pcap.gz"))), [record(connection(1000)[3], 3)])
        self.assertEqual(records(gzip.decompress(self.output("b.pcap.gz"))), [record(connection(1001)[3], 3)])
        self.assertEqual(self.status()["bytes_out"], sum(len(self.output(name)) for name in self.outputs()))

    def test_names_that_come_again(self):
        for n in range(2):
            self.arrive("a.pcap", pcap(connection(1000 + n)))
            self.once("--compress", "zstd")
        self.assertEqual(self.outputs(), ["a-2.pcap.zst", "a.pcap.zst"])


class Files(Watch):
    def test_kinds(self):
        self.arrive("a.pcap.gz", gzip.compress(pcap(connection(1000))))
        self.arrive("b.pcapng", read(os.path.join(CAPTURES, "two-interfaces.pcapng")))
        self.arrive("empty", b"")
        self.arrive("header.pcap", header())
        self.arrive("cut.pcap", pcap(connection(1001))[:-5])
        self.arrive("garbage", b"this is no capture at all")
        self.arrive(".hidden.pcap", pcap(connection(1002)))
        os.mkdir(os.path.join(self.inbox, "folder"))
        os.symlink("a.pcap.gz", os.path.join(self.inbox, "link.pcap"))
        result = self.once(expected=1)
        self.assertEqual(self.outputs(), ["a.pcap", "b.pcapng", "cut.pcap", "header.pcap"])
        self.assertEqual(sorted(os.listdir(self.inbox)), [".hidden.pcap", "folder", "link.pcap"])
        self.assertEqual(records(self.output("a.pcap")), [record(connection(1000)[3], 3)])
        self.assertEqual(records(self.output("cut.pcap")), [record(connection(1001)[3], 3)])
        self.assertEqual(self.output("header.pcap"), header())
        self.assertIn(f"cut.pcap: offset {len(pcap(connection(1001)[:4]))}: the last record is cut short", result.stderr)
        self.assertRegex(self.in_state("failed")[0], r"^\d{16}-garbage$")
        why = read(os.path.join(self.state, "failed", self.in_state("failed")[1])).decode()
        self.assertIn("is not a capture", why)
        self.assertEqual(len(self.in_state("done")), 5)
        self.assertEqual(self.in_state("claim"), [])
        status = self.status()
        self.assertEqual((status["files"], status["files_empty"], status["files_failed"], status["files_cut"]), (5, 2, 1, 1))

    def test_damage_in_the_middle_leaves_streams_as_if_it_had_not_been_there(self):
        frames = connection()
        damaged = pcap(frames[:4]) + struct.pack("<IIII", 1700000000, 0, 0x7fffffff, 0x7fffffff) + b"x" * 100
        self.arrive("1.pcap", damaged)
        self.once(expected=1)
        self.arrive("2.pcap", pcap(frames))
        self.once()
        self.assertEqual(self.outputs(), ["2.pcap"])
        self.assertEqual(records(self.output("2.pcap")), [record(frames[3], 3)])
        self.assertEqual(self.status()["files_failed"], 1)
        self.assertEqual([n for n in os.listdir(self.outdir) if n.startswith(".firstpayload-") and os.listdir(os.path.join(self.outdir, n))], [])

    def test_names_that_come_again(self):
        for port in range(1000, 1003):
            self.arrive("ring.pcap0", pcap(connection(port)))
            self.once()
            for name in self.outputs():
                os.rename(os.path.join(self.outdir, name), self.path(f"taken-{name}"))
        taken = sorted(name for name in os.listdir(self.folder) if name.startswith("taken-"))
        self.assertEqual(taken, ["taken-ring-2.pcap0", "taken-ring-3.pcap0", "taken-ring.pcap0"])

    def test_name_that_somebody_else_has_taken(self):
        write(self.outdir, "a.pcap", b"not ours")
        self.arrive("a.pcap", pcap(connection()))
        self.once()
        self.assertEqual(self.outputs(), ["a-1.pcap", "a.pcap"])
        self.assertEqual(self.output("a.pcap"), b"not ours")

    def test_long_name_is_not_cut_to_a_hidden_one(self):
        self.arrive("x" * 50 + "." * 100 + "y" * 95 + ".pcap", pcap(connection()))
        self.once()
        self.assertEqual(self.outputs(), ["y" * 95 + ".pcap"])

    def test_line_feed_in_a_name_is_one_line_of_the_log(self):
        self.arrive("a\nb.pcap", pcap(connection()))
        self.assertEqual(len(self.once().stderr.splitlines()), 1)
        self.assertEqual(self.outputs(), ["a\nb.pcap"])

    def test_file_that_may_not_be_moved_holds_up_nobody(self):
        os.chmod(self.inbox, 0o1777)
        os.chmod(self.folder, 0o755)
        os.chmod(self.outdir, 0o777)
        theirs = self.arrive("a.pcap", pcap(connection()))          # root's, in a sticky folder
        os.utime(theirs, (0, 0))                                    # nobody can tell whether it is finished, but it is old
        ours = self.arrive("b.pcap", pcap(connection(9)))
        os.chown(ours, 65534, 65534)
        folder = tempfile.mkdtemp(dir="/tmp")                       # where nobody may run it
        self.addCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        program = shutil.copy(PROGRAM, folder)
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "watch", "--once", self.inbox, self.outdir]
        result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("a.pcap: cannot be moved into the state folder: Operation not permitted; it is left out until it can", result.stderr)
        self.assertEqual((self.outputs(), os.path.exists(theirs)), (["b.pcap"], True))

    def test_long_names_keep_their_end(self):
        self.arrive("x" * 240 + ".pcap", pcap(connection()))
        self.once()
        self.assertEqual(self.outputs(), ["x" * 195 + ".pcap"])
        self.assertEqual(records(self.output("x" * 195 + ".pcap")), [record(connection()[3], 3)])

    def test_order_is_that_of_capture(self):
        later = header() + b"".join(record(f, 100 + n) for n, f in enumerate(connection()[4:]))
        self.arrive("a.pcap", later)
        self.arrive("b.pcap", pcap(connection()[:4]))
        for name in ("f10", "f9", "f"):
            self.arrive(name, header() + record(connection(7)[0], 200))
        listed = self.watch("--dry-run").stdout
        self.assertEqual([line.split("\t")[0] for line in listed.splitlines()], ["b.pcap", "a.pcap", "f", "f9", "f10"])
        self.assertEqual(self.outputs(), [])
        self.assertFalse(os.path.exists(self.state))
        self.once()
        self.assertEqual((len(records(self.output("b.pcap"))), len(records(self.output("a.pcap")))), (1, 0))

    def test_only_names_that_match(self):
        self.arrive("a.pcap", pcap(connection()))
        self.arrive("b.pcap.gz", gzip.compress(pcap(connection(9))))
        self.once("--match", "*.gz")
        self.assertEqual((self.outputs(), os.listdir(self.inbox)), (["b.pcap"], ["a.pcap"]))

    def test_format(self):
        self.arrive("a.pcap", pcap(connection()))
        self.once("--format", "pcapng")
        self.assertEqual(self.output("a.pcap")[:4], b"\x0a\x0d\x0d\x0a")

    def test_what_a_power_cut_left_half_written_in_the_state_folder(self):
        state = os.path.join(self.outdir, ".firstpayload")
        os.mkdir(state)
        others = ["id.kept-by-somebody", "identity.ABCDEF", "kept"]
        for name in ("id.ABCDEF", *others):
            write(state, name, b"")
        self.arrive("a.pcap", pcap(connection()))
        self.once()
        self.assertEqual([name for name in sorted(os.listdir(state)) if name.startswith(("id", "kept"))], sorted(["id", *others]))

    def mode(self, path):
        return stat.S_IMODE(os.stat(os.path.join(self.outdir, path)).st_mode)

    def test_others_may_read_nothing_that_was_said(self):
        """Nor may others read the state, which has the table's seed; the same goes for the folder of an older version."""
        private = ["a.pcap", "a.pcap.jsonl", ".firstpayload/checkpoint.1", ".firstpayload/committed", ".firstpayload/reading"]
        for n, (umask, mode) in enumerate(((0o022, 0o640), (0o077, 0o600), (0, 0o640))):
            self.outdir = self.path(f"out{n}")
            os.mkdir(self.outdir)
            self.arrive("a.pcap", pcap(connection()))
            self.watch("--once", "--log", "beside", umask=umask)
            self.assertEqual({name: self.mode(name) for name in private}, dict.fromkeys(private, mode))
            self.assertEqual([self.mode(f".firstpayload/{name}") for name in ("id", "lock", "status")], [0o666 & ~umask, 0o666 & ~umask, 0o644 & ~umask])
        for name in ("checkpoint.0", "checkpoint.1", "committed"):
            os.chmod(os.path.join(self.outdir, ".firstpayload", name), 0o664)
        for port in (9, 10):
            self.arrive("a.pcap", pcap(connection(port)))
            self.watch("--once")
        self.assertEqual([self.mode(f".firstpayload/{name}") for name in ("checkpoint.0", "checkpoint.1", "committed")], [0o660] * 3)


class Then(Watch):
    def test_delete(self):
        self.arrive("a.pcap", pcap(connection()))
        self.arrive("bad", b"garbage garbage garbage garbage")
        self.once("--then", "delete", expected=1)
        self.assertEqual((self.outputs(), self.in_state("done"), len(self.in_state("failed"))), (["a.pcap"], [], 2))

    def test_keep(self):
        first = self.arrive("a.pcap", pcap(connection()))
        self.arrive("bad", b"garbage garbage garbage garbage")
        self.once("--then", "keep", expected=1)
        self.once("--then", "keep")
        self.assertEqual((self.outputs(), sorted(os.listdir(self.inbox))), (["a.pcap"], ["a.pcap", "bad"]))
        self.assertEqual(self.status()["files"], 1)
        write(self.inbox, "a.pcap", pcap(connection(7)))
        self.once("--then", "keep")
        self.assertEqual(self.outputs(), ["a-3.pcap", "a.pcap"])
        os.unlink(first)
        self.once("--then", "keep")
        self.assertEqual((self.status()["files"], self.remembered()), (2, 2))
        self.arrive("b.pcap", pcap(connection(8)))
        self.once("--then", "keep")
        self.assertEqual((self.status()["files"], self.remembered()), (3, 2))   # a.pcap is forgotten

    def remembered(self):
        """Returns of how many files in the inbox the newest checkpoint knows that they were taken."""
        slots = [struct.unpack_from("=QQIIQQ", read(os.path.join(self.state, f"checkpoint.{n}")), 16) for n in (0, 1)]
        return max(slots)[5]

    def test_keep_lists_what_is_new_only(self):
        self.arrive("a.pcap", pcap(connection()))
        self.once("--then", "keep")
        self.arrive("b.pcap", pcap(connection(9)))
        self.assertEqual(self.watch("--dry-run", "--then", "keep").stdout, f"b.pcap\t{len(pcap(connection()))}\n")

    def test_what_was_kept_is_not_taken_again_when_files_are_archived(self):
        self.arrive("a.pcap", pcap(connection()))
        self.once("--then", "keep")
        self.arrive("b.pcap", pcap(connection(9)))
        self.once()
        self.assertEqual((self.outputs(), os.listdir(self.inbox), len(self.in_state("done"))), (["a.pcap", "b.pcap"], ["a.pcap"], 1))

    def test_outputs_that_waited_follow_their_folder(self):
        self.arrive("a.pcap", pcap(connection()))
        self.once()
        built = next(n for n in os.listdir(self.outdir) if n.startswith(".firstpayload-"))
        os.rename(os.path.join(self.outdir, "a.pcap"), os.path.join(self.outdir, built, f"{1:016}-a.pcap"))    # as after a kill
        os.mkdir(self.path("out2"))
        self.arrive("b.pcap", pcap(connection(9)))
        result = subprocess.run([PROGRAM, "watch", "--once", "--state", self.state, self.inbox, self.path("out2")], capture_output=True, timeout=PATIENCE_SECONDS)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual((self.outputs(), [n for n in os.listdir(self.path("out2")) if n[0] != "."]), (["a.pcap"], ["b.pcap"]))

    def test_archive_has_a_limit(self):
        size = len(pcap(connection()))
        for i in range(5):
            self.arrive(f"{i}.pcap", pcap(connection(1000 + i)))
            self.once("--max-archive", str(3 * size))
        self.assertEqual([name[17:] for name in self.in_state("done")], ["2.pcap", "3.pcap", "4.pcap"])
        self.assertEqual(self.status()["archive_bytes"], 3 * size)
        self.once("--max-archive", str(2 * size))    # a lower one holds before another capture comes
        self.assertEqual([name[17:] for name in self.in_state("done")], ["3.pcap", "4.pcap"])

    def test_other_file_system_is_refused_unless_files_are_kept(self):
        self.arrive("a.pcap", pcap(connection()))
        elsewhere = f"/dev/shm/firstpayload-test-{os.getpid()}"
        self.addCleanup(subprocess.run, ["rm", "-rf", elsewhere], check=True)
        if os.stat("/dev/shm").st_dev == os.stat(self.inbox).st_dev:
            self.fail("/dev/shm is on the file system of the test's folder: set TMPDIR to one that is not")
        result = self.watch("--once", "--state", elsewhere)
        self.assertEqual(result.returncode, 64)
        self.assertIn("on another file system", result.stderr)
        self.assertEqual(self.watch("--once", "--state", elsewhere, "--then", "keep").returncode, 0)
        self.assertEqual(self.outputs(), ["a.pcap"])


class Folders(Watch):
    def test_output_folder_is_made(self):
        self.arrive("1.pcap", pcap(connection()))
        for n, more in enumerate(([], ["--state", self.path("new/state")])):
            self.outdir = self.path(f"new/out{n}")
            self.once("--then", "keep", *more)
            self.assertEqual(self.outputs(), ["1.pcap"])

    def test_nothing_is_left_of_a_start_that_fails(self):
        file = write(self.folder, "file", b"")
        for inbox, outdir, status, said in ((self.path("nowhere"), self.path("new"), 66, "nowhere: cannot be opened: No such file or directory; INBOX is the folder into which captures are rotated"),
                                            (file, self.path("new"), 66, "file: cannot be opened: Not a directory"),
                                            (self.inbox, file, 73, "file: cannot be written to: Not a directory"),
                                            (self.inbox, self.path("file/out"), 73, "out: cannot be created: Not a directory")):
            self.inbox, self.outdir = inbox, outdir
            result = self.once("--state", self.path("state"), expected=status)
            self.assertIn(said, result.stderr)
            self.assertEqual(sorted(os.listdir(self.folder)), ["file", "in", "out"])
            self.inbox = self.path("in")


class Running(Watch):
    def test_file_is_taken_when_its_writer_closes_it(self):
        run = self.start(env=without_clock())
        with open(os.path.join(self.inbox, "a.pcap"), "wb") as file:
            file.write(pcap(connection()))
            file.flush()
            self.arrive("b.pcap", pcap(connection(9)))
            wait_for(lambda: self.outputs() == ["b.pcap"], "the other file")
            wait_for(lambda: is_asleep(run.pid), "it to have looked at all")
            self.assertEqual(os.listdir(self.inbox), ["a.pcap"])
        wait_for(lambda: self.outputs() == ["a.pcap", "b.pcap"], "the file that was closed")

    def test_moved_and_linked_files(self):
        run = self.start(env=without_clock())
        os.rename(write(self.folder, "a.pcap", pcap(connection())), os.path.join(self.inbox, "a.pcap"))
        wait_for(lambda: self.outputs() == ["a.pcap"], "a file that was moved in")
        self.arrive(".b.pcap.part", pcap(connection(9)))
        wait_for(lambda: is_asleep(run.pid), "it to have looked at all")
        self.assertEqual(self.outputs(), ["a.pcap"])
        os.rename(os.path.join(self.inbox, ".b.pcap.part"), os.path.join(self.inbox, "b.pcap"))
        wait_for(lambda: self.outputs() == ["a.pcap", "b.pcap"], "a file that got its name")

    def test_second_watcher_is_told_who_holds_the_folder(self):
        run = self.start()
        result = self.watch("--once")
        self.assertEqual(result.returncode, 75)
        self.assertIn(f"process {run.pid} works on this state folder", result.stderr)

    def test_copy_of_the_state_folder_is_refused(self):
        self.start()
        shutil.copytree(self.state, self.path("copy"))
        result = self.watch("--once", "--state", self.path("copy"))
        self.assertEqual(result.returncode, 75)
        self.assertIn("another watcher builds in it", result.stderr)

    def test_inbox_that_vanishes_costs_nothing_that_is_kept(self):
        for i in range(300):
            self.arrive(f"{i:03}.pcap", pcap(connection(1000 + i)))
        run = self.start("--then", "keep")
        for _ in range(3):
            for one, other in ((self.inbox, self.path("gone")), (self.path("gone"), self.inbox)):
                os.rename(one, other)
                send_signal(run, signal.SIGUSR1)            # makes the watcher look
                wait_for(lambda: is_asleep(run.pid), "it to have looked")
        self.arrive("last.pcap", pcap(connection(999)))
        wait_for(lambda: "last.pcap" in self.outputs(), "the last file")
        run.terminate()
        run.wait()
        self.assertEqual(self.outputs(), sorted([f"{i:03}.pcap" for i in range(300)] + ["last.pcap"]))
        self.assertEqual(self.status()["files_failed"], 0)

    def test_signals(self):
        config = write(self.folder, "c.conf", b"[watch]\nkeep = first\n")
        run = self.start("--config", config)
        self.arrive("a.pcap", pcap(connection()))
        wait_for(lambda: self.outputs() == ["a.pcap"], "the first file")
        write(self.folder, "c.conf", b"[watch]\nkeep = first,handshake\n")
        send_signal(run, signal.SIGHUP)
        self.arrive("b.pcap", pcap(connection(9)))
        wait_for(lambda: "b.pcap" in self.outputs(), "the second file")
        self.assertEqual(len(records(self.output("b.pcap"))), 4)
        write(self.folder, "c.conf", b"[watch]\nkep = first\n")
        send_signal(run, signal.SIGHUP)
        self.arrive("c.pcap", pcap(connection(11)))
        wait_for(lambda: "c.pcap" in self.outputs(), "the third file")
        self.assertEqual(len(records(self.output("c.pcap"))), 4)
        send_signal(run, signal.SIGUSR1)
        run.send_signal(signal.SIGTERM)
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)
        log = run.stderr.read()
        self.assertIn("options were read again", log)
        self.assertIn("[watch] has no key kep; see firstpayload.conf(5); the old options are kept", log)
        self.assertIn("3 files taken, 0 failed, 0 wait; 15 frames, 9 kept; 3 streams open", log)
        self.assertEqual(self.status()["state"], "stopped")

    def test_keys_that_cannot_change(self):
        base = "[watch]\nlog = only\n"
        config = write(self.folder, "c.conf", base.encode())
        run = self.start("--config", config)
        said = []
        threading.Thread(target=lambda: said.extend(iter(run.stderr.readline, "")), daemon=True).start()
        lines = ["state = /elsewhere", "match = *.cap", "then = keep", "then = delete-unsure", "wait = 7", "unchanged = 9", "max-archive = 1M", "follow = true",
                 "formats = pcap", "relinquish-privileges = nobody", "without = landlock"]
        for n, line in enumerate(lines):
            write(self.folder, "c.conf", (base + line + "\n").encode())
            send_signal(run, signal.SIGHUP)
            wait_for(lambda n=n: "".join(said).count("cannot change while a watcher runs") == n + 1, line)
        run.terminate()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)

    def test_dead_watcher_is_said_to_be_dead(self):
        run = self.start()
        self.assertEqual(self.status()["pid"], run.pid)
        run.kill()
        run.wait()
        self.assertEqual((self.status()["state"], self.status()["running"]), ("dead", False))

    def listen(self):
        """What systemd is told, as it comes: the kernel holds ten messages, and a sender of more has to wait."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(listener.close)
        self.addCleanup(listener.shutdown, socket.SHUT_RDWR)
        listener.bind(self.path("notify"))
        heard = []
        threading.Thread(target=lambda: heard.extend(iter(lambda: listener.recv(4096).decode(), "")), daemon=True).start()
        return heard

    def test_systemd_is_told(self):
        heard = self.listen()
        environment = dict(os.environ, NOTIFY_SOCKET=self.path("notify"), WATCHDOG_USEC="400000")
        run = self.start(env=environment)
        run.send_signal(signal.SIGTERM)
        run.wait(PATIENCE_SECONDS)
        wait_for(lambda: "STOPPING=1" in heard, "the last message")
        self.assertEqual(heard[0], "READY=1")
        self.assertIn("STATUS=idle, 0 files wait, 0 taken", heard)

    def test_each_line_is_an_assignment(self):
        """Whatever names folders have."""
        self.outdir = self.path("out\nSTOPPING=1")
        self.state = os.path.join(self.outdir, ".firstpayload")
        heard = self.listen()
        self.start(env=dict(os.environ, NOTIFY_SOCKET=self.path("notify")))
        os.mkdir(os.path.join(self.state, "checkpoint.0"))
        self.arrive("a.pcap", pcap(connection()))
        wait_for(lambda: any(message.startswith("STATUS=waiting") and "out STOPPING=1/" in message for message in heard), "trouble")
        self.assertEqual([message for message in heard if "\n" in message], [])

    def test_nobody_listens(self):
        """Whoever should hear of it hangs, and the kernel holds few messages: captures are taken all the same, and it ends."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(listener.close)
        listener.bind(self.path("notify"))
        run = self.start(env=dict(os.environ, NOTIFY_SOCKET=self.path("notify"), WATCHDOG_USEC="1000"))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.setblocking(False)
            with self.assertRaises(BlockingIOError):
                while True:
                    other.sendto(b"STATUS=full", self.path("notify"))
        self.arrive("a.pcap", pcap(connection()))
        wait_for(lambda: self.outputs() == ["a.pcap"], "the output")
        run.terminate()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)

    def test_systemd_is_told_of_another_configuration(self):
        """Between these, systemctl reload waits."""
        heard = self.listen()
        run = self.start(env=dict(os.environ, NOTIFY_SOCKET=self.path("notify")))
        run.send_signal(signal.SIGHUP)
        wait_for(lambda: heard.count("READY=1") == 2, "the configuration to be read again")
        self.assertEqual([message for message in heard if message in ("READY=1", "RELOADING=1")], ["READY=1", "RELOADING=1", "READY=1"])

    def test_reports_once(self):
        run = self.start()
        send_signal(run, signal.SIGUSR1)
        wait_for(lambda: is_asleep(run.pid), "it to have said how things are")
        run.terminate()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)
        self.assertEqual(run.stderr.read().count(" files taken, "), 1)

    def test_configuration_while_a_commit_is_undecided(self):
        """It is read again once the commit is on the disk. What lies in the way of that is a folder with the checkpoint's name."""
        config = write(self.folder, "c.conf", b"[watch]\nkeep = first\n")
        run = self.start("--config", config)
        self.assertEqual(self.status()["checkpoints"], 1)
        os.mkdir(os.path.join(self.state, "checkpoint.0"))
        self.arrive("a.pcap", pcap(connection()))
        wait_for(lambda: self.status()["state"] == "waiting", "trouble")
        write(self.folder, "c.conf", b"[watch]\nkeep = handshake\n")
        send_signal(run, signal.SIGHUP)
        wait_for(lambda: is_asleep(run.pid), "another attempt")
        os.rmdir(os.path.join(self.state, "checkpoint.0"))
        wait_for(lambda: self.outputs() == ["a.pcap"], "the first output")
        wait_for(lambda: self.status()["state"] == "idle", "the new options")
        self.arrive("b.pcap", pcap(connection(9)))
        wait_for(lambda: self.outputs() == ["a.pcap", "b.pcap"], "the second output")
        run.terminate()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)
        self.assertEqual([len(records(self.output(name))) for name in self.outputs()], [1, 3])
        said = [line for line in run.stderr.read().splitlines() if "it works again" in line or "options were read again" in line]
        self.assertEqual([line.split(": ")[-1][-10:] for line in said], ["orks again", "read again"])

    def test_once_waits_for_the_writer_of_a_claim(self):
        """For instance of one that a process before has left."""
        self.once()
        with open(os.path.join(self.state, "claim", f"{1:016}-a.pcap"), "wb") as file:
            file.write(pcap(connection()[:3]))
            file.flush()
            run = self.start("--once", env=without_clock())
            wait_for(lambda: is_asleep(run.pid), "it to have looked")
            file.write(pcap(connection())[file.tell():])
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)
        self.assertEqual((self.outputs(), len(records(self.output("a.pcap")))), (["a.pcap"], 1))

    def test_files_are_claimed_while_a_commit_is_undecided(self):
        """A ring may overwrite them meanwhile."""
        self.start()
        os.mkdir(os.path.join(self.state, "checkpoint.0"))
        for name in ("a.pcap", "b.pcap", "c.pcap"):
            self.arrive(name, pcap(connection()))
            wait_for(lambda: os.listdir(self.inbox) == [], "it to be claimed")
            wait_for(lambda: self.status()["state"] == "waiting", "trouble")
        self.assertEqual([name[17:] for name in self.in_state("claim")], ["a.pcap", "b.pcap", "c.pcap"])
        os.rmdir(os.path.join(self.state, "checkpoint.0"))
        wait_for(lambda: self.outputs() == ["a.pcap", "b.pcap", "c.pcap"], "all outputs")


class Sleeps(Watch):
    """For how long it sleeps when no event comes, in milliseconds, as strace sees it."""

    def trace(self, *failing):
        """failing: calls that fail, as strace takes them."""
        inject = [word for call in failing for word in ("-e", f"inject={call}")]
        return ["strace", "-D", "-qq", "-e", "trace=?poll,?ppoll,inotify_add_watch,fdatasync", *inject, "-o", self.path("trace")]

    def environment(self, **more):
        return dict(os.environ, ASAN_OPTIONS="detect_leaks=0", **more)

    def begin(self, *arguments, failing=(), **more):
        return self.start(*arguments, env=self.environment(**more), before=self.trace(*failing))

    def sleeps(self):
        found = re.findall(r"poll\(\[.*\], \d+, (?:(\d+)|\{tv_sec=(\d+), tv_nsec=(\d+)\})", read(self.path("trace")).decode())
        return [int(ms or int(seconds) * 1000 + int(ns) // 1000000) for ms, seconds, ns in found]

    def end(self, run):
        """Returns what it slept until now."""
        run.terminate()
        run.wait()
        return wait_for(self.sleeps, "strace to have written that")

    def test_watchdog_is_fed_while_idle(self):
        """It is fed twice as often as it asks for."""
        heard = Running.listen(self)
        run = self.begin(NOTIFY_SOCKET=self.path("notify"), WATCHDOG_USEC="400000")
        wait_for(lambda: heard.count("WATCHDOG=1") >= 3, "it to be fed")
        self.assertEqual(set(self.end(run)), {200})

    def test_watchdog_that_is_hasty_or_patient(self):
        for asked_us, sleep_ms in (("2000", 1), ("400000000", 30000)):
            with self.subTest(asked_us=asked_us):
                self.assertEqual(set(self.end(self.begin(NOTIFY_SOCKET=self.path("notify"), WATCHDOG_USEC=asked_us))), {sleep_ms})

    def test_idle(self):
        self.assertEqual(set(self.end(self.begin())), {30000})

    def test_no_events(self):
        """The kernel gives no watch for the inbox, or none for claims."""
        for n in (1, 2):
            with self.subTest(n=n):
                self.assertEqual(self.end(self.begin(failing=[f"inotify_add_watch:error=ENOSPC:when={n}"]))[0], 2000)

    def test_trouble(self):
        run = self.begin()
        os.mkdir(os.path.join(self.state, "checkpoint.0"))
        self.arrive("a.pcap", pcap(connection()))
        wait_for(lambda: self.status()["state"] == "waiting", "trouble")
        self.assertEqual(set(self.end(run)), {30000, 2000})

    def test_how_long_a_checkpoint_took(self):
        """The disk takes a fifth of a second for each."""
        delay = "fdatasync:delay_enter=200000"
        subprocess.run([*self.trace(delay), PROGRAM, "watch", "--once", self.inbox, self.outdir], env=self.environment(), check=True, timeout=PATIENCE_SECONDS)
        self.assertGreaterEqual(self.status()["checkpoint_seconds"], 0.2)

    def test_trouble_with_once(self):
        """Three attempts, and two waits between them; also when no file waits."""
        command = [*self.trace("fdatasync:error=EIO"), PROGRAM, "watch", "--once", self.inbox, self.outdir]
        result = subprocess.run(command, env=self.environment(), capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        self.assertEqual(result.returncode, 74, result.stderr)
        self.assertIn("checkpoint.1: the state cannot be synced to disk", result.stderr.splitlines()[-1])
        wait_for(lambda: len(self.sleeps()) == 2, "strace to have written that")
        self.assertEqual(self.sleeps(), [20, 20])

    def test_nobody_tells_when_an_empty_file_is_old(self):
        os.utime(self.arrive("a.pcap", b""), (1 << 32, 1 << 32))
        for options in ([], ["--once"]):
            with self.subTest(options=options):
                self.assertEqual(self.end(self.begin(*options))[0], 2050)

    def test_a_capture_begins(self):
        with open(os.path.join(self.inbox, "a.pcap"), "wb"):
            self.assertEqual(set(self.end(self.begin("--follow", "--log", "only"))), {100})


class Said(Watch):
    def test_status_and_metrics(self):
        self.arrive("a \"b\\\n.pcap", pcap(connection()))
        self.once("--metrics", self.path("m.prom"))
        text = subprocess.run([PROGRAM, "status", self.state], capture_output=True, text=True, check=True).stdout
        self.assertRegex(text, r"(?m)^state +stopped$")
        self.assertRegex(text, r"(?m)^frames +5$")
        self.assertRegex(text, r"(?m)^last_file +a \"b\\\\x0a\.pcap$")
        status = self.status()
        self.assertEqual((status["frames"], status["frames_kept"], status["streams"], status["last_file"]), (5, 1, 1, "a \"b\\\n.pcap"))
        self.assertLess(status["lag_seconds"], PATIENCE_SECONDS)
        self.assertEqual(int(status["last_frame_seconds"]), 1700000000)
        metrics = read(self.path("m.prom")).decode()
        self.assertIn(f'firstpayload_frames_total{{inbox="{self.inbox}"}} 5\n', metrics)
        self.assertIn("# TYPE firstpayload_backlog_files gauge\n", metrics)

    def test_all_figures(self):
        """Those that other tests do not count stand here: of one capture whole, one cut short, one empty and one that is none."""
        whole = pcap(connection())
        for name, data in (("a.pcap", whole), ("b.pcap", whole[:-1]), ("c.pcap", pcap([])), ("d.pcap", b"no capture")):
            self.arrive(name, data)
        self.once("--format", "pcap", expected=1)
        status, outputs = self.status(), [name for name in os.listdir(self.outdir) if name.endswith(".pcap")]
        expected = {"files": 3, "files_empty": 1, "files_failed": 1, "files_cut": 1, "files_overtaken": 0, "files_unmatched": 0, "frames": 9, "frames_kept": 1,
                    "bytes_in": len(whole + pcap(connection()[:4]) + pcap([])), "bytes_out": sum(os.path.getsize(os.path.join(self.outdir, name)) for name in outputs), "streams": 1,
                    "streams_with_payload": 1, "streams_open": 1, "streams_forgotten": 0, "backlog_files": 0, "backlog_bytes": 0,
                    "archive_bytes": 2 * len(whole) - 1 + len(pcap([])), "committed": 4, "lines_waiting": 0, "trouble": 0}
        self.assertEqual({name: status[name] for name in expected}, expected)
        self.assertIn("d.pcap: ", status["last_failure"])
        self.assertGreater(status["checkpoints"], 1)
        self.assertGreater(status["table_bytes"], 0)
        self.once("--format", "pcap")   # what was cut and failed before is no reason for its status

    def test_metrics_that_cannot_be_written_are_said_once(self):
        self.arrive("a.pcap", pcap(connection()))
        result = self.once("--metrics", self.path("nowhere/m.prom"))
        self.assertEqual(result.stderr.count("nowhere/m.prom: cannot be written: No such file or directory"), 1)

    def test_metrics_are_put_in_the_place_of_files_only(self):
        for name in ("/dev/null", "/dev/stdout", "-", self.path("fifo")):
            if name == self.path("fifo"):
                os.mkfifo(name)
            result = self.watch("--once", "--metrics", name)
            self.assertEqual(result.returncode, 64, result.stderr)
            self.assertIn("--metrics takes the name of a file", result.stderr)

    def test_status_of_nothing(self):
        result = subprocess.run([PROGRAM, "status", self.path("nowhere")], capture_output=True, text=True)
        self.assertEqual(result.returncode, 66)
        self.assertIn("name the state folder of a watcher", result.stderr)

    def test_figures_go_on_after_a_restart(self):
        for i in range(3):
            self.arrive(f"{i}.pcap", pcap(connection(1000 + i)))
            self.once()
        self.assertEqual((self.status()["files"], self.status()["frames"], self.status()["streams"]), (3, 15, 3))


class Configuration(Watch):
    def config(self, text):
        return write(self.folder, "c.conf", text.encode())

    def run_config(self, text, *arguments):
        return subprocess.run([PROGRAM, "watch", "--config", self.config(text), *arguments], capture_output=True, text=True, timeout=PATIENCE_SECONDS)

    def test_file_alone(self):
        self.arrive("a.pcap", pcap(connection()))
        text = f"[watch]\ninbox={self.inbox}\noutdir={self.outdir}\nthen=delete\nkeep=handshake\nmarked-only=true\nno-midstream=false\n"
        result = self.run_config(text, "--once")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(len(records(self.output("a.pcap"))), 3)
        self.assertEqual(self.in_state("done"), [])

    def test_command_line_goes_before_it(self):
        self.arrive("a.pcap", pcap(connection()))
        self.run_config("[watch]\nkeep=handshake\n", "--once", "--keep", "first", self.inbox, self.outdir)
        self.assertEqual(len(records(self.output("a.pcap"))), 1)

    def test_what_makes_no_sense(self):
        folders = f"inbox={self.inbox}\noutdir={self.outdir}\n"
        for text, status, said in (("[watch]\nkeeep=first\n", 78, "c.conf:2: [watch] has no key keeep"), ("[slim]\n", 78, "it has a group [slim], but only [watch] is read here"), ("x\n", 78, "c.conf"),
                                   ("[watch]\nonce=true\n" + folders, 78, "has no key once"),
                                   ("[watch]\n\nmarked-only=perhaps\n", 78, "c.conf:3: marked-only takes true or false"),
                                   ("[watch]\ninbox=\n", 78, "c.conf:2: inbox has no value"), ("[watch]\n state = \n" + folders, 78, "c.conf:2: --state takes a name, and"),
                                   ("[watch]\nthreads=none\n" + folders, 78, "c.conf:2: Cannot parse integer"),
                                   ("[watch]\n#keep=x\nkeeper=1\nkeep=first\nkeep=last\n" + folders, 78, "c.conf:3: [watch] has no key keeper"),
                                   ("[watch]\n#keep=x\nkeep=first\nkeep=last\n" + folders, 78, "c.conf:4: --keep takes"), ("[watch]\nthen=burn\n" + folders, 78, "--then takes"),
                                   ("[watch]\nmax-archive=20X\n" + folders, 78, "--max-archive takes"),
                                   ("[watch]\nthen=delete\nmax-archive=20G\n" + folders, 78, "--max-archive goes with"),
                                   ("[watch]\nfollow=true\n" + folders, 78, "--follow goes with --log"),
                                   ("[watch]\nfollow=true\nlog=only\nthen=keep\n" + folders, 78, "nor with --then keep"),
                                   ("[watch]\nflight-bytes=abc\n" + folders, 78, "abc"), ("[watch]\nformat=xyz\n" + folders, 78, "c.conf:2: -F xyz"),
                                   ("[watch]\nfilter=foo bar(\n" + folders, 78, "c.conf:2: -f 'foo bar('"), (folders.replace("inbox", "[watch]\nthreads=0\ninbox"), 78, "c.conf:2: -j takes"),
                                   ("[watch]\n", 78, "c.conf, or the command line: no INBOX and OUTDIR"),
                                   (f"[watch]\ninbox={self.inbox}\noutdir={self.inbox}\n", 78, "the same folder")):
            with self.subTest(text=text):
                result = self.run_config(text, "--check-config")
                self.assertEqual(result.returncode, status, result.stderr)
                self.assertIn(said, result.stderr)

    def test_whose_option_makes_no_sense(self):
        """What the command line has is not blamed on the configuration, and it goes before it."""
        folders = f"[watch]\ninbox={self.inbox}\noutdir={self.outdir}\n"
        for lines, arguments, status, said in (("keep=first\n", ("--keep", "last"), 64, "firstpayload: --keep takes"), ("keep=first\n", ("--keep=last",), 64, "firstpayload: --keep takes"),
                                               ("threads=2\n", ("-j0",), 64, "firstpayload: -j takes"), ("wait=x\n", ("--wait", "5"), 78, "c.conf:4: Cannot parse"),
                                               ("wait=x-j\nthreads=2\n", (), 78, "c.conf:4: Cannot parse"), ("keep=last\n", ("--keep", "first"), 0, ""),
                                               ("fields=http.host\n", ("--log-bytes", "3"), 78, "c.conf:4: "), ("", ("--state", ""), 64, "firstpayload: --state takes a name")):
            with self.subTest(lines=lines, arguments=arguments):
                result = self.run_config(folders + lines, "--check-config", *arguments)
                self.assertEqual((result.returncode, result.stderr[:len(said)] if status == 64 else said in result.stderr),
                                 (status, said if status == 64 else True), result.stderr)
        result = subprocess.run([PROGRAM, "watch", "--config", self.config(folders + "log=x\n")], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        self.assertTrue(result.stderr.startswith(f"firstpayload: {self.path('c.conf')}:4: --log takes"), result.stderr)

    def test_example_has_every_key_and_makes_sense(self):
        example = read(os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "packaging", "examples", "eth0.conf")).decode()
        lines = [line.lstrip("#") for line in example.splitlines() if " = " in line and not line.startswith("# ")]
        together = [line for line in lines if not line.startswith(("only = ", "sni = "))]   # these need log = only
        result = self.run_config("[watch]\n" + "\n".join(together), "--check-config")
        self.assertEqual(result.returncode, 0, result.stderr)
        page = read(os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "man", "firstpayload.conf.5")).decode().replace("\\-", "-")
        for key in (line.split(" = ")[0] for line in lines):
            self.assertIn(key, page)
        self.assertEqual(len(lines), 46)


class Rotate(Watch):
    def rotate(self, *files, more=""):
        environment = dict(os.environ, FIRSTPAYLOAD_CONFIG=write(
            self.folder, "rotate.conf", f"[watch]\ninbox={self.inbox}\noutdir={self.outdir}\n{more}".encode()))
        program = os.path.join(os.path.dirname(PROGRAM), "firstpayload-rotate")
        runs = [subprocess.Popen([program, file], env=environment, stderr=subprocess.PIPE, text=True) for file in files]
        return [(run.communicate(timeout=PATIENCE_SECONDS)[1], run.returncode) for run in runs]

    def test_many_at_once_without_a_watcher(self):
        files = [write(self.folder, f"{i:02}.pcap", pcap(connection(1000 + i))) for i in range(20)]
        for said, status in self.rotate(*files):
            self.assertEqual(status, 0, said)
        self.assertEqual(self.outputs(), [f"{i:02}.pcap" for i in range(20)])
        self.assertEqual(os.listdir(self.inbox), [])

    def test_with_a_watcher(self):
        self.start()
        self.assertEqual(self.rotate(self.arrive("a.pcap", pcap(connection())))[0][1], 0)
        wait_for(lambda: self.outputs() == ["a.pcap"], "the watcher to take it")

    def test_in_the_inbox_without_a_watcher(self):
        """It has no way to go, and must not be taken for its own copy, which would be deleted."""
        said, status = self.rotate(self.arrive("a.pcap", pcap(connection())))[0]
        self.assertEqual((status, self.outputs()), (0, ["a.pcap"]), said)

    def test_name_that_watchers_leave_alone(self):
        said, status = self.rotate(write(self.folder, ".a.pcap", pcap(connection())))[0]
        self.assertEqual(status, 64)
        self.assertIn(".a.pcap: is hidden", said)
        files = [write(self.folder, name, pcap(connection())) for name in ("b.pcap", "c.trace", ".d.trace")]
        said = self.rotate(*files, more="match=*.trace\n")
        self.assertEqual([status for _, status in said], [64, 0, 64])
        self.assertIn("b.pcap: is hidden, or its name does not match *.trace; ", said[0][0])
        self.assertEqual((self.outputs(), os.path.exists(files[0]), os.path.exists(files[2])), (["c.trace"], True, True))

    def test_name_that_is_taken(self):
        """By another file, which is not overwritten."""
        self.arrive("a.pcap", b"other")
        file = write(self.folder, "a.pcap", pcap(connection()))
        said, status = self.rotate(file)[0]
        self.assertEqual(status, 74)
        self.assertIn(f"{file}: cannot be moved to {self.inbox}/a.pcap: File exists\n", said)
        self.assertEqual(sorted(os.listdir(self.inbox)), ["a.pcap"])

    def test_file_on_another_file_system(self):
        with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
            if os.stat(elsewhere).st_dev == os.stat(self.inbox).st_dev:
                self.fail("/dev/shm is on the file system of the test's folder: set TMPDIR to one that is not")
            said, status = self.rotate(write(elsewhere, "a.pcap", pcap(connection())))[0]
            self.assertEqual(status, 74)
            self.assertIn("Invalid cross-device link; have the capture written on that file system\n", said)
            self.assertEqual((os.listdir(elsewhere), os.listdir(self.inbox)), (["a.pcap"], []))

    def test_what_is_not_there(self):
        said, status = self.rotate(self.path("nothing.pcap"))[0]
        self.assertEqual(status, 66)
        self.assertIn("nothing.pcap: cannot be handed over", said)


if __name__ == "__main__":
    unittest.main()
