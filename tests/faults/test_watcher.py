# SPDX-License-Identifier: GPL-2.0-or-later
"""A watcher that keeps running while disk, inbox, kernel and people do what they do."""
import contextlib
import json
import os
import shutil
import signal
import stat
import struct
import subprocess
import unittest

import faulty
from pcaps import ACK, connection, header, pcap, read, record, segment, write
from test_pcapng import Writer
from waiting import PATIENCE_SECONDS, is_asleep, send_signal, wait_for, whole_lines, without_clock

SLOW = 10 if os.environ.get("FAULT_SANITIZER") else 1
NOBODY = 65534


def one(port):
    """Returns a capture of one connection."""
    return pcap(connection(port))


class Watching(unittest.TestCase):
    then = "archive"

    def setUp(self):
        folder = faulty.temporary_folder()
        self.addCleanup(folder.cleanup)
        logs = faulty.temporary_folder()
        self.addCleanup(logs.cleanup)
        self.log_path = os.path.join(logs.name, "log")
        self.place = faulty.Place(folder.name, self.then)
        self.process = None

    def start(self, *options, before=(), has_clock=True, **faults):
        env = faulty.environment(**faults) if faults else os.environ
        env = env if has_clock else without_clock(env)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([*before, *self.command(*options)], env=env, stdin=subprocess.DEVNULL, stderr=log)
        self.addCleanup(self.kill, self.process)
        self.is_idle()
        return self.process

    def command(self, *options):
        return [faulty.PROGRAM, *faulty.options(self.then), *options, self.place.inbox, self.place.output]

    @staticmethod
    def kill(process):
        process.kill()
        process.wait()

    def stop(self):
        """Stops the watcher; it must end well, and soon."""
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(PATIENCE_SECONDS), 0, self.said())

    def said(self):
        return read(self.log_path).decode(errors="replace")

    def status(self):
        with contextlib.suppress(subprocess.CalledProcessError, json.JSONDecodeError):
            run = subprocess.run([faulty.PROGRAM, "status", "--json", self.place.state], capture_output=True, check=True)
            return json.loads(run.stdout)
        return {"state": "not there yet", "running": False}

    def is_idle(self):
        """Waits until it sleeps, and has said so before: what the status says may be of a round before."""
        def is_so():
            return is_asleep(self.process.pid) and self.status()["running"] and self.status()["state"] == "idle"

        wait_for(is_so, "it to be idle")

    def arrive(self, name, data):
        """The file appears whole, as mv moves it."""
        write(self.place.folder, "arriving", data)
        os.rename(os.path.join(self.place.folder, "arriving"), os.path.join(self.place.inbox, name))

    def outputs(self):
        return sorted(name for name in os.listdir(self.place.output) if not name.startswith("."))

    def output(self, name):
        return read(os.path.join(self.place.output, name))

    def await_outputs(self, *names):
        wait_for(lambda: self.outputs() == sorted(names), lambda: f"{names}, but {self.outputs()}; {self.said()}")

    def begin_big(self):
        """Has the watcher begin to build a file that takes long. Returns a function that lets it end soon."""
        path = write(self.place.folder, "arriving", one(40000))
        os.truncate(path, 1 << 33)
        os.rename(path, os.path.join(self.place.inbox, "a.pcap"))
        wait_for(lambda: any(os.listdir(os.path.join(self.place.output, name)) for name in self.place.build_folders()), "building")
        claimed = os.path.join(self.place.state, "claim", "0000000000000001-a.pcap")
        return lambda: os.truncate(claimed, len(one(40000)) + 16000)

    def slim(self, *paths):
        return subprocess.run([faulty.PROGRAM, "slim", "-q", *paths], capture_output=True, check=True).stdout


class Signals(Watching):
    def test_second_watcher(self):
        first = self.start()
        second = subprocess.run(self.command(), capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        self.assertEqual(second.returncode, 75)
        self.assertIn(f"process {first.pid} works on this state folder", second.stderr)
        self.arrive("a.pcap", one(40000))
        self.await_outputs("a.pcap")
        first.kill()
        first.wait()
        self.start()  # a lock ends with the process that held it
        self.stop()

    def test_term_within_a_big_file(self):
        """The watcher ends before that is read; what it had begun is rolled back, and built at the next start."""
        self.start()
        path = write(self.place.folder, "arriving", one(40000))
        with open(path, "ab") as file:  # records without bytes, which take many seconds to read
            file.truncate(1 << 30 if SLOW > 1 else 1 << 33)
        os.rename(path, os.path.join(self.place.inbox, "big.pcap"))
        wait_for(lambda: self.status()["state"] == "working", "it to be working")
        self.stop()
        self.assertEqual(self.outputs(), [])
        self.assertEqual([os.listdir(os.path.join(self.place.output, f)) for f in self.place.build_folders()], [[]])
        claimed = os.path.join(self.place.state, "claim", "0000000000000001-big.pcap")
        os.truncate(claimed, len(one(40000)) + (1 << 20))  # the rest would say nothing more
        self.start()
        self.await_outputs("big.pcap")
        self.assertIn(b"GET /", self.output("big.pcap"))
        self.stop()

    def test_busy_with_a_big_file(self):
        """Meanwhile it says how things are, once, and claims what comes, which goes behind what has been begun, however old it is."""
        self.start()
        end = self.begin_big()
        send_signal(self.process, signal.SIGUSR1)
        wait_for(lambda: "0 files taken, 0 failed, 1 wait; " in self.said(), "it to say how things are")
        self.arrive("b.pcap", header() + b"".join(struct.pack("<I", faulty.START - 3600) + record(f, n)[4:] for n, f in enumerate(connection(9))))
        wait_for(lambda: not os.listdir(self.place.inbox), "the other to be claimed")
        end()
        self.await_outputs("a.pcap", "b.pcap")
        self.stop()
        self.assertEqual(sorted(os.listdir(os.path.join(self.place.state, "done"))), [f"{1:016}-a.pcap", f"{2:016}-b.pcap"])
        self.assertEqual(self.said().count(" files taken, "), 1)

    def test_new_options_within_a_capture(self):
        """It is finished with the old ones, and not begun anew."""
        config = write(self.place.folder, "watch.conf", b"[watch]\nkeep = first\n")
        new = write(self.place.folder, "new.conf", b"[watch]\nkeep = reply\n")
        self.start("--config", config, "--without", "seccomp,landlock", only=["read"], name="a.pcap", kind="run", at=2, run=f"mv {new} {config}; kill -HUP $PPID", later=100)
        path = write(self.place.folder, "arriving", one(40000))
        os.truncate(path, 1 << 24)  # records without bytes
        os.rename(path, os.path.join(self.place.inbox, "a.pcap"))
        self.await_outputs("a.pcap")
        wait_for(lambda: "options were read again" in self.said(), "the new ones")
        self.arrive("b.pcap", one(40001))
        self.await_outputs("a.pcap", "b.pcap")
        self.assertEqual([(self.output(n).count(b"GET /"), self.output(n).count(b"HTTP/1.1 200 OK")) for n in ("a.pcap", "b.pcap")], [(1, 0), (0, 1)])
        self.stop()

    def test_configuration_read_again(self):
        config = os.path.join(self.place.folder, "watch.conf")

        def configure(**keys):
            lines = "".join(f"{key.replace('_', '-')} = {value}\n" for key, value in keys.items())
            write(self.place.folder, "watch.conf", f"[watch]\n{lines}".encode())

        def reload(expected):
            before = self.said()
            self.process.send_signal(signal.SIGHUP)
            wait_for(lambda: expected in self.said()[len(before):], expected)

        configure(keep="first")
        self.start("--config", config)
        self.arrive("first.pcap", one(40000))
        self.await_outputs("first.pcap")
        configure(keep="first,reply")
        reload("options were read again")
        self.arrive("reply.pcap", one(40001))
        self.await_outputs("first.pcap", "reply.pcap")
        for wrong, said in ((dict(keep="first", colour="red"), "has no key colour"), (dict(keep="nothing"), "keep"),
                            (dict(state="/elsewhere"), "cannot change while a watcher runs")):
            configure(**wrong)
            reload(said)
            self.assertIn("the old options are kept", self.said())
        os.unlink(config)
        reload("the old options are kept")
        self.arrive("still.pcap", one(40002))
        self.await_outputs("first.pcap", "reply.pcap", "still.pcap")
        self.assertEqual([self.output(n).count(b"HTTP/1.1 200 OK") for n in ("first.pcap", "reply.pcap", "still.pcap")], [0, 1, 1])
        self.stop()


class Events(Watching):
    def test_no_events_at_all(self):
        """Where the kernel gives no watches (fs.inotify.max_user_watches), the watcher finds files by looking every two seconds, or when it is told
        to."""
        faults = dict(only=["inotify_add_watch"], kind="ENOSPC", at=1, stay=1)
        self.start(**faults)
        self.arrive("a.pcap", one(40000))
        self.await_outputs("a.pcap")
        self.stop()
        self.start(has_clock=False, **faults)
        self.arrive("b.pcap", one(40001))
        self.process.send_signal(signal.SIGUSR1)
        self.await_outputs("a.pcap", "b.pcap")
        self.stop()

    def test_lost_events(self):
        """Causes more events than the queue holds while nobody reads it."""
        with open("/proc/sys/fs/inotify/max_queued_events", encoding="ascii") as file:
            size = int(file.read())
        if size > 200000:
            self.skipTest("the queue is too long")
        self.start(has_clock=False)
        self.process.send_signal(signal.SIGSTOP)
        for n in range(size + 1000):  # alternating, as the queue does not hold the same event twice in a row
            os.close(os.open(os.path.join(self.place.inbox, f".{n % 2}"), os.O_WRONLY | os.O_CREAT))
        self.arrive("a.pcap", one(40000))
        self.process.send_signal(signal.SIGCONT)
        self.await_outputs("a.pcap")
        self.arrive("b.pcap", one(40001))  # and events come again
        self.await_outputs("a.pcap", "b.pcap")
        self.stop()

    def test_inbox_vanishes(self):
        self.start()
        aside = os.path.join(self.place.folder, "aside")
        self.arrive("a.pcap", one(40000))
        self.await_outputs("a.pcap")
        os.rename(self.place.inbox, aside)
        self.process.send_signal(signal.SIGUSR1)
        status = wait_for(lambda: self.status()["state"] == "waiting" and self.status(), "it to be waiting")
        self.assertEqual(status["trouble"], 1)
        self.assertIn("No such file", status["trouble_reason"])
        write(aside, "b.pcap", one(40001))
        os.rename(aside, self.place.inbox)
        self.await_outputs("a.pcap", "b.pcap")
        self.is_idle()
        self.assertIn("it works again", self.said())
        os.rename(self.place.inbox, aside)  # replaced before anybody looks
        os.mkdir(self.place.inbox)
        self.is_idle()
        self.arrive("c.pcap", one(40002))
        self.await_outputs("a.pcap", "b.pcap", "c.pcap")
        self.stop()


class Inbox(Watching):
    """One watcher for each inbox, whatever its state folder."""

    def other(self, *options, then="archive"):
        output = os.path.join(self.place.folder, "other")
        os.makedirs(output, exist_ok=True)
        command = [faulty.PROGRAM, *faulty.options(then), *options, self.place.inbox, output]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS)

    def refused(self, first, *options, then="archive"):
        other = self.other(*options, then=then)
        self.assertEqual(other.returncode, 75, other.stderr)
        self.assertIn(f"{self.place.inbox}: process {first.pid} takes its files, with the state folder {self.place.state}; ", other.stderr)

    def test_other_state_folder(self):
        first = self.start()
        self.refused(first)
        self.refused(first, "--once")
        self.refused(first, then="keep")
        self.arrive("a.pcap", one(40000))
        self.await_outputs("a.pcap")
        self.stop()
        self.arrive("b.pcap", one(40001))
        other = self.other("--once")
        self.assertEqual((other.returncode, os.listdir(self.place.inbox)), (0, []), other.stderr)
        self.assertIn("b.pcap", os.listdir(os.path.join(self.place.folder, "other")))

    def test_by_another_name(self):
        first = self.start()
        link = os.path.join(self.place.folder, "link")
        os.symlink(self.place.inbox, link)
        self.place.inbox = link
        other = self.other()
        self.assertEqual(other.returncode, 75)
        self.assertIn(f"{link}: process {first.pid} takes its files", other.stderr)

    def test_those_that_leave_files_alone(self):
        """Several watchers may look at them, as long as none of them takes them away."""
        self.then = "keep"
        first = self.start()
        self.refused(first, then="delete")
        self.arrive("a.pcap", one(40000))
        self.await_outputs("a.pcap")
        other = self.other("--once", then="keep")
        self.assertEqual(other.returncode, 0, other.stderr)
        self.assertIn("a.pcap", os.listdir(os.path.join(self.place.folder, "other")))
        self.stop()

    def test_killed(self):
        """The lock ends with the process that held it, whatever is left in the folder."""
        first = self.start()
        first.kill()
        first.wait()
        self.assertEqual(self.other("--once").returncode, 0)
        self.assertEqual(os.listdir(self.place.inbox), [])

    def test_replaced_by_one_that_is_taken(self):
        """Then the second watcher ends with a status on which systemd starts it again."""
        first = self.start()
        first.send_signal(signal.SIGSTOP)
        os.rename(self.place.inbox, os.path.join(self.place.folder, "aside"))
        os.mkdir(self.place.inbox)
        output = os.path.join(self.place.folder, "other")
        os.mkdir(output)
        other = subprocess.Popen([faulty.PROGRAM, "watch", self.place.inbox, output], stderr=subprocess.DEVNULL)
        self.addCleanup(self.kill, other)
        wait_for(lambda: os.path.exists(os.path.join(output, ".firstpayload", "status")), "the second watcher to begin")
        first.send_signal(signal.SIGCONT)
        self.assertEqual(first.wait(PATIENCE_SECONDS), 75)
        self.assertIn(f"process {other.pid} takes its files", self.said())

    def test_rotate(self):
        first = self.start()
        lines = f"[watch]\ninbox={self.place.inbox}\noutdir={self.place.folder}\n"
        config = write(self.place.folder, "rotate.conf", lines.encode())
        first.send_signal(signal.SIGSTOP)
        file = write(self.place.folder, "a.pcap", one(40000))
        run = subprocess.run([faulty.PROGRAM, "rotate", file], capture_output=True, text=True, env={**os.environ, "FIRSTPAYLOAD_CONFIG": config})
        first.send_signal(signal.SIGCONT)
        self.assertEqual(run.returncode, 75)
        self.assertIn(f"process {first.pid} takes its files", run.stderr)
        self.await_outputs("a.pcap")
        self.stop()


class Deleted(Watching):
    """Folders that somebody deletes while the watcher runs are made again."""

    def check(self, delete, then="archive"):
        """Takes two files, deletes, takes a third that continues a connection of the first."""
        self.then = then
        frames = connection()
        self.start()
        self.arrive("1.pcap", pcap(frames[:4]))
        self.arrive("2.pcap", one(40001))
        self.await_outputs("1.pcap", "2.pcap")
        self.is_idle()
        delete()
        self.arrive("3.pcap", header() + b"".join(record(f, 10 + n) for n, f in enumerate(frames[4:])))
        self.await_outputs("1.pcap", "2.pcap", "3.pcap")
        self.is_idle()
        self.assertEqual(self.output("3.pcap"), header())  # has no first payload frame
        self.assertEqual(self.status()["files"], 3)
        self.stop()
        self.start()
        self.is_idle()
        self.assertEqual((self.status()["files"], self.outputs()), (3, ["1.pcap", "2.pcap", "3.pcap"]))
        self.stop()

    def in_state(self, *names):
        for name in names:
            shutil.rmtree(os.path.join(self.place.state, name))

    def test_claims(self):
        self.check(lambda: self.in_state("claim"))

    def test_all_in_the_state_folder(self):
        self.check(lambda: self.in_state("claim", "done", "failed"))

    def test_state_folder(self):
        for then in ("archive", "delete", "keep"):
            with self.subTest(then):
                self.place = faulty.Place(os.path.join(self.place.folder, then), then)
                self.check(self.delete_state, then)

    def delete_state(self):
        """Deletes all at once; otherwise the watcher would make the first again while the rest is still there."""
        aside = os.path.join(self.place.folder, "aside")
        os.rename(self.place.state, aside)
        shutil.rmtree(aside)

    def test_state_folder_piece_by_piece(self):
        for then in ("archive", "keep"):
            with self.subTest(then):
                self.place = faulty.Place(os.path.join(self.place.folder, then), then)
                self.check(lambda: subprocess.run(["rm", "-rf", self.place.state], stderr=subprocess.DEVNULL), then)

    def test_lock(self):
        self.check(lambda: os.unlink(os.path.join(self.place.state, "lock")))

    def test_build_folder(self):
        self.check(lambda: os.rmdir(os.path.join(self.place.output, self.place.build_folders()[0])))

    def test_state_and_build_folder(self):
        def delete():
            shutil.rmtree(os.path.join(self.place.output, self.place.build_folders()[0]))
            self.delete_state()
        self.check(delete)

    def test_state_folder_put_aside(self):
        """The watcher works on what came instead; what was moved away is left as it is."""
        aside = os.path.join(self.place.folder, "aside")
        self.check(lambda: os.rename(self.place.state, aside))
        self.assertIn("checkpoint.0", os.listdir(aside))

    def test_other_state_folder_in_its_place(self):
        first = self.start()
        other = faulty.Place(os.path.join(self.place.folder, "elsewhere"), "archive")
        other.must_end_well()
        os.rename(self.place.state, os.path.join(self.place.folder, "aside"))
        os.rename(other.state, self.place.state)
        first.send_signal(signal.SIGUSR1)
        self.assertEqual(first.wait(PATIENCE_SECONDS), 75)
        self.assertIn("another state folder has been put in its place", self.said())

    def test_output_folder_comes_back(self):
        self.start()
        self.arrive("a.pcap", one(40000))
        self.await_outputs("a.pcap")
        self.is_idle()
        aside = os.path.join(self.place.folder, "aside")
        os.rename(self.place.output, aside)        # at once: the watcher may be writing its status
        shutil.rmtree(aside, ignore_errors=True)
        self.arrive("b.pcap", one(40001))
        wait_for(lambda: "is gone, and cannot be created: No such file" in self.said(), "trouble")
        write(self.place.folder, os.path.basename(self.place.output), b"")
        wait_for(lambda: "is gone, and cannot be created: Not a directory; trying again until it works" in self.said(), "trouble of another kind to be said, too")
        os.unlink(self.place.output)
        os.mkdir(self.place.output)
        self.await_outputs("b.pcap")
        self.is_idle()
        self.assertEqual(self.status()["files"], 2)
        self.stop()

    def test_while_it_builds(self):
        for delete in (lambda: shutil.rmtree(os.path.join(self.place.output, self.place.build_folders()[0])),
                       lambda: [os.unlink(os.path.join(self.place.output, folder, name)) for folder in self.place.build_folders()
                                for name in os.listdir(os.path.join(self.place.output, folder))],
                       lambda: shutil.rmtree(os.path.join(self.place.state, "done"))):
            with self.subTest():
                self.place = faulty.Place(os.path.join(self.place.folder, "next"), self.then)
                self.start()
                end = self.begin_big()
                delete()
                end()
                self.await_outputs("a.pcap")
                self.arrive("b.pcap", one(40001))
                self.await_outputs("a.pcap", "b.pcap")
                self.assertIn(b"GET /", self.output("a.pcap"))
                self.stop()
                self.assertEqual(os.listdir(os.path.join(self.place.state, "failed")), [])

    def test_other_state_folder_in_its_place_while_it_builds(self):
        """Nothing is committed there."""
        first = self.start()
        self.begin_big()
        other = faulty.Place(os.path.join(self.place.folder, "elsewhere"), "archive")
        other.must_end_well()
        aside = os.path.join(self.place.folder, "aside")
        os.rename(self.place.state, aside)
        os.rename(other.state, self.place.state)
        names = ("checkpoint.1", "committed")
        before = [read(os.path.join(self.place.state, name)) for name in names]
        os.truncate(os.path.join(aside, "claim", "0000000000000001-a.pcap"), len(one(40000)) + 16000)
        self.assertEqual(first.wait(PATIENCE_SECONDS), 75, self.said())
        self.assertEqual([read(os.path.join(self.place.state, name)) for name in names], before)
        self.assertFalse(os.path.exists(os.path.join(self.place.state, "checkpoint.0")))

    def test_before_it_is_published(self):
        """What was committed is not built again: its input is kept where it is found."""
        for then, listed in (("archive", "failed"), ("delete", "failed")):
            with self.subTest(then):
                self.then = then
                self.place = faulty.Place(os.path.join(self.place.folder, then), then)
                self.place.put([("a.pcap", one(40000), 1)])
                publish = self.renames().index("out/")
                status, _ = self.place.once(kind="kill", only=["rename"], at=publish + 1)
                self.assertEqual(status, -9)
                shutil.rmtree(os.path.join(self.place.output, self.place.build_folders()[0]))
                status, said = self.place.once()
                self.assertEqual((status, self.outputs()), (1, []))
                self.assertIn("somebody has deleted the folder with its output", said)
                names = os.listdir(os.path.join(self.place.state, listed))
                self.assertEqual(sorted(name[17:] for name in names), ["a.pcap", "a.pcap.why"])

    def renames(self):
        """Returns, for each file that an undisturbed run renames, the folder that it is in."""
        place = faulty.Place(os.path.join(self.place.folder, "undisturbed"), self.then)
        place.put([("a.pcap", one(40000), 1)])
        log = os.path.join(place.folder, "log")
        place.once(log=log, only=["rename"])
        with open(log, encoding="utf-8") as file:
            return ["out/" if "out/.firstpayload-" in line else "" for line in file]


class FullDisk(Watching):
    """On a small file system of its own."""

    def setUp(self):
        super().setUp()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", self.place.folder], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("nothing can be mounted")
        self.addCleanup(subprocess.run, ["umount", self.place.folder], check=True)
        self.place = faulty.Place(self.place.folder, self.then)

    def fill(self, left):
        path = os.path.join(self.place.folder, "ballast")
        free = os.statvfs(self.place.folder)
        with open(path, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(free.f_bavail * free.f_frsize - left, 4096))
        return path

    def big(self, n):
        """Returns a capture whose output is as long as the capture itself."""
        ports = range(20000 + n * 200, 20200 + n * 200)
        return pcap([segment(port, 80, 1001, ACK, b"x" * 1200) for port in ports])

    def check(self, left, captures=None, kept=400):
        self.start()
        captures = captures or {f"{n}.pcap": self.big(n) for n in range(2)}
        for name, data in captures.items():
            write(self.place.folder, f".{name}", data)
        ballast = self.fill(left)
        for name in captures:
            os.rename(os.path.join(self.place.folder, f".{name}"), os.path.join(self.place.inbox, name))
        status = wait_for(lambda: self.status()["state"] == "waiting" and self.status(), "it to be waiting")
        self.assertEqual(status["trouble"], 1)
        self.assertIn("No space left", status["trouble_reason"])
        self.assertEqual(self.outputs(), [])
        waiting = os.listdir(os.path.join(self.place.state, "claim")) + os.listdir(self.place.inbox)
        self.assertEqual(len(waiting), 2)
        wait_for(lambda: is_asleep(self.process.pid), "the attempt to fail")
        n_open = len(os.listdir(f"/proc/{self.process.pid}/fd"))
        for _ in range(2):  # and through other attempts
            send_signal(self.process, signal.SIGUSR1)
            wait_for(lambda: is_asleep(self.process.pid), "the attempt to fail")
        self.assertEqual(len(os.listdir(f"/proc/{self.process.pid}/fd")), n_open)
        self.assertEqual(self.status()["state"], "waiting")
        self.assertEqual(self.said().count("trying again until it works"), 1, self.said())
        os.unlink(ballast)
        self.await_outputs(*captures)
        self.is_idle()
        self.assertEqual((self.status()["trouble"], self.status()["frames_kept"]), (0, kept))
        for name, data in captures.items():
            self.assertEqual(self.output(name), data)
        self.stop()

    def test_no_room_for_an_output(self):
        self.check(left=64 * 1024)

    def test_no_room_at_all(self):
        self.check(left=0)

    def test_no_room_for_blocks_that_are_not_frames(self):
        """They are copied while the capture is read; the capture is not to blame."""
        def capture(port):
            writer = Writer("<")
            return b"".join([writer.section(), writer.interface(), writer.block(0x7FFF0000, b"x" * 300000), writer.packet(segment(port, 80, 1001, ACK, b"x"))])
        self.check(left=64 * 1024, captures={"0.pcapng": capture(20000), "1.pcapng": capture(20001)}, kept=2)

    def test_no_room_for_the_checkpoint_of_all(self):
        """Fewer at a time leave room for theirs. A consumer takes the outputs away."""
        self.start()
        captures = {f"{n}.pcap": pcap([segment(port, 80, 1001, ACK, b"x" * 1200) for port in range(20000 + n * 26, 20026 + n * 26)]) for n in range(5)}
        for name, data in captures.items():
            write(self.place.folder, f".{name}", data)
        self.fill(112 * 1024)  # a page less than three outputs and a checkpoint need
        for name in captures:
            os.rename(os.path.join(self.place.folder, f".{name}"), os.path.join(self.place.inbox, name))
        for name, data in captures.items():
            wait_for(lambda name=name: name in self.outputs(), lambda name=name: f"{name}; {self.said()}")
            self.assertEqual(self.output(name), data)
            os.unlink(os.path.join(self.place.output, name))
        self.is_idle()
        self.assertIn("0.pcap: 26 frames", self.said())
        self.stop()

    def five(self, **faults):
        """Has five captures wait, whose checkpoint meets no room. Returns what is said, once all are done."""
        self.start()
        self.stop()
        captures = {f"{n}.pcap": pcap([segment(20000 + n, 80, 1001, ACK, b"x")]) for n in range(5)}
        for name, data in captures.items():
            write(self.place.inbox, name, data)
        self.start(kind="ENOSPC", **faults)
        self.stop()
        self.assertEqual({name: self.output(name) for name in captures}, captures)
        return self.said()

    def test_no_room_found_when_the_checkpoint_is_synced(self):
        """As on NFS. The disk has the checkpoint before, and fewer captures at a time are taken."""
        said = self.five(only=["fdatasync"], name="checkpoint.", at=2)  # the first is of the slot that is loaded
        self.assertEqual([said.count(f" {n}.pcap: ") for n in range(5)], [2] * 5)
        self.assertNotIn("trying again", said)

    def test_no_room_found_when_the_state_folder_is_synced(self):
        """Nobody knows which checkpoint the disk has, so the same is tried again."""
        said = self.five(only=["fsync"], name=".firstpayload", at=16)  # the ones before are of the outputs and of the folders that claims go through
        self.assertIn("the state cannot be synced to disk: No space left on device; trying again", said)
        self.assertEqual([said.count(f" {n}.pcap: ") for n in range(5)], [1] * 5)

    def test_full_at_the_start(self):
        """Then it ends with an error; it begins when there is room."""
        ballast = self.fill(0)
        run = subprocess.run(self.command(), capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        self.assertIn(run.returncode, (73, 74), run.stderr)
        self.assertIn("No space left", run.stderr)
        os.unlink(ballast)
        self.start()
        self.arrive("a.pcap", one(40000))
        self.await_outputs("a.pcap")
        self.stop()


class Following(Watching):
    def test_a_log_that_cannot_be_written_once(self):
        """That happens while more is waited for. The capture is read anew, and not taken for finished."""
        self.start("--follow", "--log", "only", only=["write"], name="a.pcap.jsonl", kind="ENOSPC", at=1)
        frames = connection(40000) + connection(40001)
        with open(os.path.join(self.place.inbox, "a.pcap"), "wb") as file:
            file.write(header() + b"".join(record(f, n) for n, f in enumerate(frames[:5])))
            file.flush()
            wait_for(lambda: "No space left on device; trying again until it works" in self.said(), "the failure to be told")
            wait_for(lambda: self.lines() == 1, "the line to be there")
            self.assertEqual(self.outputs(), [])
            file.write(b"".join(record(f, n + 5) for n, f in enumerate(frames[5:])))
        self.await_outputs("a.pcap.jsonl")
        self.assertEqual([json.loads(line)["src_port"] for line in self.output("a.pcap.jsonl").splitlines()], [40000, 40001])
        self.stop()

    def test_new_options_while_it_waits_for_more(self):
        """The capture is read anew with these, and not taken for finished, although it is as it was when it came."""
        config = write(self.place.folder, "watch.conf", b"[watch]\nkeep = first\n")
        self.start("--follow", "--log", "beside", "--config", config)
        path = write(self.place.folder, "arriving", one(40000))
        with open(path, "ab") as file:
            os.rename(path, os.path.join(self.place.inbox, "a.pcap"))
            wait_for(lambda: self.lines() == 1, "the line to be there")
            write(self.place.folder, "watch.conf", b"[watch]\nkeep = reply\n")
            self.process.send_signal(signal.SIGHUP)
            wait_for(lambda: "options were read again" in self.said() and self.lines() == 1, "the capture to be read anew")
            self.assertEqual(self.outputs(), [])
            file.write(one(40001)[24:])
        self.await_outputs("a.pcap", "a.pcap.jsonl")
        self.assertEqual((self.output("a.pcap").count(b"GET /"), self.output("a.pcap").count(b"HTTP/1.1 200 OK")), (0, 2))
        self.assertEqual([json.loads(line)["src_port"] for line in self.output("a.pcap.jsonl").splitlines()], [40000, 40001])
        self.stop()

    def test_link_that_was_begun(self):
        """By a process that was killed before it had its name."""
        os.makedirs(self.place.state)
        os.symlink("nowhere", os.path.join(self.place.state, "live.jsonl.new"))
        self.start("--follow", "--log", "only")
        path = write(self.place.folder, "arriving", one(40000))
        with open(path, "ab"):
            os.rename(path, os.path.join(self.place.inbox, "a.pcap"))
            wait_for(lambda: self.lines() == 1, "the line to be there")
        self.await_outputs("a.pcap.jsonl")
        self.stop()

    def lines(self):
        return len(whole_lines(os.path.join(self.place.state, "live.jsonl")))


class Files(Watching):
    def clock_back(self):
        """Returns two captures of one connection, the second from an hour before the first."""
        frames = connection()
        late = header() + b"".join(record(f, n) for n, f in enumerate(frames[:2]))
        early = header() + b"".join(struct.pack("<I", faulty.START - 3600) + record(f, n)[4:] for n, f in enumerate(frames[2:]))
        return late, early

    def test_clock_steps_back(self):
        """Files that come one after the other are taken in that order; the connection goes on."""
        late, early = self.clock_back()
        self.start()
        self.arrive("1.pcap", late)
        self.await_outputs("1.pcap")
        self.arrive("2.pcap", early)
        self.await_outputs("1.pcap", "2.pcap")
        self.assertEqual(self.output("2.pcap").count(b"GET /"), 1)
        self.is_idle()
        self.assertEqual(self.status()["streams"], 1)
        self.stop()

    def test_backlog_with_a_step_back(self):
        """Of files that wait together, only their times are known: they are taken in that order, and none is lost."""
        late, early = self.clock_back()
        self.arrive("1.pcap", late)
        self.arrive("2.pcap", early)
        self.start()
        self.await_outputs("1.pcap", "2.pcap")
        paths = [write(self.place.folder, name, data) for name, data in (("early", early), ("late", late))]
        both = self.slim(*paths)
        self.assertEqual(self.output("2.pcap") + self.output("1.pcap")[24:], both)
        self.stop()

    def test_bad_among_good(self):
        good = {f"good{n}.pcap": one(40000 + n) for n in range(4)}
        bad = {"garbage.pcap": b"no capture at all\n" * 9, "later.pcap": one(41000) + b"\xff" * 400}
        cut = {"cut.pcap": one(42000)[:-5]}
        nothing = {"empty.pcap": b"", "half-a-header.pcap": header()[:11]}
        self.start()
        for name, data in {**dict(list(good.items())[:2]), **bad, **cut, **nothing, "header.pcap": header(),
                           **dict(list(good.items())[2:])}.items():
            self.arrive(name, data)
        self.await_outputs(*good, *cut, "header.pcap")
        wait_for(lambda: self.status()["files_empty"] == 2, "the empty file")  # which is taken when it is ten seconds old
        for name, data in good.items():
            self.assertEqual(self.output(name), self.slim(write(self.place.folder, "one", data)), name)
        failed = os.listdir(os.path.join(self.place.state, "failed"))
        put_aside = ["garbage.pcap", "later.pcap", "half-a-header.pcap"]
        self.assertEqual(sorted(n.split("-", 1)[1] for n in failed if not n.endswith(".why")), sorted(put_aside))
        for name in failed:
            if name.endswith(".why"):
                why = read(os.path.join(self.place.state, "failed", name)).decode()
                self.assertRegex(why, r"^.*offset \d+: .*\n$")
        status = self.status()
        self.assertEqual([status[n] for n in ("files_failed", "files_cut", "files_empty", "streams")], [3, 1, 2, 5])
        self.stop()

    def test_renamed_when_it_is_claimed(self):
        """As gzip does with what tcpdump has finished. The watcher looks for it again before it takes anything younger."""
        files = [(name, faulty.plain(list(enumerate(faulty.frames()))[begin:end]), end - 1) for name, begin, end in (("a.pcap", 0, 64), ("b.pcap", 64, 80))]
        log = os.path.join(self.place.folder, "log")
        results = []
        for name in ("listed", "renamed"):
            place = faulty.Place(os.path.join(self.place.folder, name), "archive")
            place.put(files)
            if results:
                with open(log, encoding="utf-8") as file:
                    claimed = next(int(n) for n, _, path in map(str.split, file) if path.endswith("in/a.pcap"))
                self.assertIn(place.once(kind="run", run='mv "$1" "$1.aside"', at=claimed, only=["rename"])[0], faulty.EXIT_WELL)
            else:
                place.once(log=log, only=["rename"])
            place.consume()
            results.append([data for _, data in sorted(place.taken.items())])
        self.assertEqual(sorted(place.taken), ["a.pcap.aside", "b.pcap"])
        self.assertEqual(*results)

    def test_giant(self):
        """Hundreds of megabytes between two small files; a hole is records without bytes."""
        self.start()
        self.arrive("1.pcap", one(40000))
        path = write(self.place.folder, "arriving", one(40001))
        os.truncate(path, len(one(40001)) + 16 * 1000000 * (1 if SLOW > 1 else 16))
        os.rename(path, os.path.join(self.place.inbox, "2.pcap"))
        self.arrive("3.pcap", one(40002))
        self.await_outputs("1.pcap", "2.pcap", "3.pcap")
        self.assertEqual(self.output("2.pcap"), self.slim(write(self.place.folder, "one", one(40001))))
        self.stop()

    def test_disk_that_does_not_give_it_back(self):
        """What cannot be read, however often it is tried, is put aside; the files after it are taken."""
        self.start(only=["read", "pread"], kind="EIO", name="1.pcap", at=1, stay=1)
        self.arrive("1.pcap", one(40000))
        self.arrive("2.pcap", one(40001))

        def are_taken():
            self.process.send_signal(signal.SIGUSR1)  # has it try again
            return self.outputs() == ["2.pcap"] and os.listdir(os.path.join(self.place.state, "claim")) == []

        wait_for(are_taken, "the other to be taken")
        failed = os.listdir(os.path.join(self.place.state, "failed"))
        self.assertEqual(sorted(name.split("-", 1)[1] for name in failed), ["1.pcap", "1.pcap.why"])
        self.stop()

    @unittest.skipUnless(os.geteuid() == 0, "gives files to other users")
    def test_unreadable(self):
        """Somebody else's file that may not be read is put aside, where the problem can be solved; the files after it are taken."""
        os.chmod(self.place.folder, 0o755)
        for path in (self.place.inbox, self.place.output):
            os.chown(path, NOBODY, NOBODY)
        program = shutil.copy(faulty.PROGRAM, self.place.folder)  # from a folder that others may enter
        self.command = lambda *options: [program, *faulty.options(self.then), *options, self.place.inbox, self.place.output]
        locked = write(self.place.folder, "locked", one(40000))
        os.chmod(locked, 0)
        os.rename(locked, os.path.join(self.place.inbox, "1.pcap"))
        free = write(self.place.folder, "free", one(40001))
        os.chown(free, NOBODY, NOBODY)
        os.rename(free, os.path.join(self.place.inbox, "2.pcap"))
        self.start(before=["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"])
        self.await_outputs("2.pcap")
        folder = os.path.join(self.place.state, "failed")  # where the reason comes before the file
        failed = wait_for(lambda: [name for name in os.listdir(folder) if name.endswith("1.pcap")], "1.pcap in failed/")
        wait_for(lambda: "Permission denied" in self.said(), "the reason")
        self.assertTrue(stat.S_ISREG(os.stat(os.path.join(folder, failed[0])).st_mode))
        self.stop()


if __name__ == "__main__":
    unittest.main()
