# SPDX-License-Identifier: GPL-2.0-or-later
"""watch loses nothing and gives nothing twice, whichever of its file-system calls is its last, or fails.

A trial runs a watcher that meets a fault, perhaps a second one, and then a watcher without faults. A consumer takes outputs, captures and their
logs, away between them. In the end, all outputs that ever appeared are those of an undisturbed run, byte for byte, each once; inputs are where they
belong; nothing is left half built; and the counters are the same.
"""
import os
import subprocess
import unittest

import faulty
import log_schema
from waiting import PATIENCE_SECONDS

# The sanitizers' build takes only one trial in so many.
EVERY = int(os.environ.get("FAULT_EVERY", "1"))

# Calls after which the disk is as before. Killed at one of them, a watcher leaves what it leaves when it is killed at the next call that is not one.
CHANGE_NOTHING = ("open-read", "opendir", "readdir", "closedir", "stat", "lstat", "fstat", "access", "readlink", "read", "pread", "close", "lease",
                  "fcntl", "flock", "inotify_init", "inotify_add_watch")

# The calls that can fail like this. Not lease: where it fails, files are waited for by the clock, see test_watcher.py.
CAN_FAIL = {
    "EIO": ("open-read", "open-write", "opendir", "readdir", "closedir", "stat", "lstat", "fstat", "access", "mkdir", "rename", "unlink",
            "ftruncate", "fallocate", "read", "pread", "write", "pwrite", "fsync", "fdatasync", "flock", "close", "fclose", "fwrite",
            "fflush", "fdopen", "inotify_init", "inotify_add_watch"),
    "ENOSPC": ("open-write", "write", "pwrite", "fwrite", "fflush", "fclose", "close", "fsync", "fdatasync", "rename", "mkdir", "fallocate",
               "inotify_add_watch"),
    "EMFILE": ("open-read", "open-write", "opendir", "inotify_init"),
    "EROFS": ("open-write", "rename", "unlink", "mkdir"),
    "short": ("read", "pread", "write", "pwrite"),
    "torn": ("write", "pwrite"),
    "late": ("mkdir", "rename", "unlink", "symlink", "write", "pwrite", "ftruncate", "fsync", "fdatasync"),
}
# Calls that say, or take back, that something is on the disk.
COMMITTING = ("fsync", "fdatasync", "unlink", "pwrite", "rename")


def those_that_change(names):
    """Returns the numbers of the calls, counted from 1, that change something, and that of the last call."""
    return [at for at, name in enumerate(names, 1) if name not in CHANGE_NOTHING or at == len(names)]


def those_that_differ(names, only):
    """Returns the numbers, counted from 1 among the calls that only names, of those to fail. What is done for each of many files and entries comes
    many times: of calls with the same four calls before and two after, these are the first and the last; with FAULT_CALLS=all, each."""
    calls = [(name, tuple(names[max(at - 4, 0):at + 3])) for at, name in enumerate(names)]
    calls = [(number, around) for number, (_, around) in enumerate([call for call in calls if call[0] in only], 1)]
    first, last = {around: number for number, around in reversed(calls)}, {around: number for number, around in calls}
    return [number for number, around in calls if os.environ.get("FAULT_CALLS") == "all" or number in (first[around], last[around])]


class Faults(unittest.TestCase):
    def scene(self, then, has_past, log="beside"):
        folder = faulty.temporary_folder()
        self.addCleanup(folder.cleanup)
        return faulty.Scene(folder.name, then, has_past, log)

    def check(self, scene, trials):
        wrong = faulty.run_trials(scene, trials[::EVERY])
        self.assertEqual(wrong[:5], [], f"{len(wrong)} of {len(trials[::EVERY])} trials went wrong")

    def meet_each(self, kind, then, has_past, log="beside", **more):
        """Trials with a fault at each call that can fail like this. delete differs from archive in only a few calls."""
        scene = self.scene(then, has_past, log)
        only = [name for name in CAN_FAIL[kind] if then != "delete" or name in ("rename", "unlink", "write", "pwrite")]
        self.check(scene, [[{"kind": kind, "only": only, "at": at, **more}] for at in those_that_differ(scene.calls(), only)])


class Kill(Faults):
    """SIGKILL at each call that changes something, and at one call of the recovery, a different one for each."""

    def kill(self, then, has_past, log="beside"):
        scene = self.scene(then, has_past, log)
        names = scene.calls()
        self.check(scene, [[{"kind": "kill", "at": at}, {"kind": "kill", "at": at * 37 % len(names) + 1}] for at in those_that_change(names)])

    def test_archive(self):
        self.kill("archive", True)

    def test_delete(self):
        self.kill("delete", True)

    def test_keep(self):
        self.kill("keep", True)

    def test_first_start(self):
        for then, log in (("archive", None), ("keep", "beside")):
            with self.subTest(then):
                self.kill(then, False, log)

    def test_logs_only(self):
        self.kill("archive", True, "only")
        self.meet_each("torn", "archive", True, "only")

    def test_half_written(self):
        for then in ("archive", "delete", "keep"):
            with self.subTest(then):
                self.meet_each("torn", then, True)


class Errors(Faults):
    """An error occurs once; or from then on, until the watcher gives up."""

    def test_input_and_output(self):
        for then in ("archive", "delete", "keep"):
            with self.subTest(then):
                self.meet_each("EIO", then, True)

    def test_input_and_output_from_then_on(self):
        for then in ("archive", "keep"):
            with self.subTest(then):
                self.meet_each("EIO", then, True, stay=1)

    def test_on_first_start(self):
        self.meet_each("EIO", "archive", False)

    def test_others(self):
        for kind in ("ENOSPC", "EMFILE", "EROFS"):
            for then in ("archive", "delete", "keep"):
                with self.subTest(kind=kind, then=then):
                    self.meet_each(kind, then, True)
                    self.meet_each(kind, then, True, stay=1)

    def test_logs_only(self):
        for kind in ("EIO", "ENOSPC", "short"):
            with self.subTest(kind=kind):
                self.meet_each(kind, "archive", True, "only")

    def test_short(self):
        for then in ("archive", "delete", "keep"):
            with self.subTest(then):
                self.meet_each("short", then, True)


class Undecided(Faults):
    """Faults that leave open which state the disk has."""

    def test_done_but_said_to_have_failed(self):
        """After these, nobody knows which state the disk has."""
        for then in ("archive", "delete", "keep"):
            with self.subTest(then):
                self.meet_each("late", then, True)
                self.meet_each("late", then, True, stay=1)

    def test_a_few_in_a_row(self):
        """The call that would undo a failed step fails as well, and the same process goes on after that."""
        for then in ("archive", "keep"):
            scene = self.scene(then, True)
            for only in (COMMITTING, ("fsync", "fdatasync", "unlink")):
                numbers = those_that_differ(scene.calls(), only)
                for kind in ("EIO", "late", "EROFS"):
                    with self.subTest(then=then, only=only, kind=kind):
                        self.check(scene, [[{"kind": kind, "only": only, "at": at, "count": count}] for at in numbers for count in (2, 3)])


class Harness(Faults):
    def test_undisturbed_is_slim_of_all(self):
        """What all trials are compared with has the frames that slim finds when no file ends."""
        frames = faulty.frames()
        with faulty.temporary_folder() as folder:
            whole, kept = os.path.join(folder, "whole"), os.path.join(folder, "kept")
            cut = 8 * 8 - 1  # the frame at which cut.pcap is cut
            faulty.write(folder, "whole", faulty.plain([(n, f) for n, f in enumerate(frames) if n != cut]))
            subprocess.run([faulty.PROGRAM, "slim", "-q", "-w", kept, whole], check=True, timeout=PATIENCE_SECONDS)
            expected = faulty.read(kept)
        outputs = b"".join(self.scene("archive", True).expected["outputs"].values())
        kept = [f for n, f in enumerate(frames) if n != cut and f in expected]
        self.assertEqual(len(kept), 16)
        self.assertEqual([f for f in frames if f in outputs], kept)
        self.assertEqual([outputs.count(f) for f in kept], [1] * 16)

    def test_undisturbed_logs_are_that_of_slim(self):
        for log in ("beside", "only"):
            scene = self.scene("archive", True, log)
            outputs = scene.expected["outputs"]
            logs = {name: data for name, data in outputs.items() if name.endswith(".jsonl")}
            self.assertEqual(len(outputs), len(logs) * (1 if log == "only" else 2))
            found = log_schema.entries(b"".join(logs.values()))
            first, second = faulty.two_batches()
            with faulty.temporary_folder() as folder:
                good = [(name, data) for name, data, _ in first + second if data and name != "garbage.pcap"]
                paths = [faulty.write(folder, f"{n}-{name}", data) for n, (name, data) in enumerate(good)]
                run = subprocess.run([faulty.PROGRAM, "slim", "-q", "--log", "-", "--log-format", "json", *paths], capture_output=True, timeout=PATIENCE_SECONDS)
                wanted = log_schema.entries(run.stdout)
                for entry in wanted:
                    entry["pcap_filename"] = os.path.basename(entry["pcap_filename"]).split("-", 1)[1]
            by_stream = {entry["stream"]: entry for entry in found}
            self.assertEqual((len(found), by_stream), (16, {entry["stream"]: entry for entry in wanted}))

    def test_which_calls_meet_a_fault(self):
        scene = self.scene("archive", True)
        names = scene.calls()
        self.assertEqual(set(scene.calls(("read", "close"))), {"read", "close"})    # how many depends on how fast outputs are committed
        changing = those_that_change(names)
        self.assertEqual({names[at - 1] for at in changing[:-1]} & {"close", "read", "write", "rename", "fsync"}, {"write", "rename", "fsync"})
        self.assertEqual(changing[-1], len(names))
        each = list("aabxyzcabxyzcabxyzcb")
        self.assertEqual(those_that_differ(each, ("a",)), [1, 2, 3, 4])
        self.assertEqual(those_that_differ(each, ("x",)), [1, 2, 3])
        self.assertEqual(those_that_differ(list("aaaaaaaaaa"), ("a",)), [1, 2, 3, 4, 5, 8, 9, 10])

    def test_all_calls_are_met(self):
        """fault.c covers every function by which the program and its libraries reach files."""
        known = {"open", "openat", "creat", "mkostemp", "mkstemp", "fopen", "fdopen", "freopen", "opendir", "fdopendir", "readdir", "stat",
                 "lstat", "fstat", "fstatat", "statx", "access", "faccessat", "readlink", "mkdir", "mkdirat", "rename", "renameat",
                 "renameat2", "unlink", "unlinkat", "link", "linkat", "symlink", "fchmod", "ftruncate", "truncate", "fallocate",
                 "posix_fallocate", "fsync", "fdatasync", "sync_file_range", "flock", "lockf", "fcntl", "inotify_init1",
                 "inotify_add_watch", "read", "pread", "readv", "preadv", "write", "pwrite", "writev", "pwritev", "sendfile",
                 "copy_file_range", "fwrite", "fflush", "close", "closedir", "fclose"}
        linked = subprocess.run(["ldd", faulty.PROGRAM], capture_output=True, text=True, check=True).stdout
        libraries = [line.split()[2] for line in linked.splitlines() if any(n in line for n in ("libglib-2.0.so", "libwiretap.so"))]
        self.assertEqual(len(libraries), 2)

        def symbols(path, kind):
            lines = subprocess.run(["nm", "-D", path], capture_output=True, text=True, check=True).stdout.splitlines()
            return {line.split()[-1].split("@")[0] for line in lines if f" {kind} " in line}

        met = symbols(faulty.LIBRARY, "T")
        for path in [faulty.PROGRAM, *libraries]:
            used = {s for s in symbols(path, "U") if s.removeprefix("__").removesuffix("_chk").removesuffix("64") in known}
            self.assertEqual(used - met, set(), path)


if __name__ == "__main__":
    unittest.main()
