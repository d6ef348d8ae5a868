# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture on which the process dies three times at the same place is given up, and the others go on. If the process dies for another reason, the
capture is taken in the end."""
import os
import signal
import subprocess
import unittest

import faulty
from pcaps import connection, header, pcap, record, write
from waiting import PATIENCE_SECONDS

BLOCK = 256 * 1024    # as much as is read at once
STEP = 16 * 1024 * 1024


def one(port):
    return pcap(connection(port))


def records_of_nothing(n_bytes):
    """Returns a capture that says something, and then goes on for long."""
    return one(40002) + bytes(n_bytes)


class Attempts(unittest.TestCase):
    then = "archive"

    def setUp(self):
        folder = faulty.temporary_folder()
        self.addCleanup(folder.cleanup)
        self.place = faulty.Place(folder.name, self.then)
        self.last = 0

    def arrive(self, name, data):
        """The order of capture is that of arrival, as all have their first record in the same second."""
        self.last += 1
        faulty.put(self.place.inbox, name, data, self.last)

    def run_once(self, *options, then=None, **faults):
        command = [faulty.PROGRAM, *faulty.options(then or self.then), "--once", *options, self.place.inbox, self.place.output]
        env = {**faulty.environment(**faults), "FIRSTPAYLOAD_TSHARK_FRAMES": "20"}
        run = subprocess.run(command, env=env, capture_output=True, text=True, errors="replace", timeout=PATIENCE_SECONDS)
        return run.returncode, run.stderr

    def die(self, times, *options, died=signal.SIGABRT, kind="abort", name="deadly", **faults):
        for _ in range(times):
            status, said = self.run_once(*options, kind=kind, name=name, **{"only": ["read", "pread"], "at": 1, **faults})
            self.assertEqual(status, -died, said)
        return said

    def outputs(self):
        return sorted(name for name in os.listdir(self.place.output) if not name.startswith("."))

    def failed(self):
        return sorted(os.listdir(os.path.join(self.place.state, "failed")))

    def why(self):
        name = next(name for name in self.failed() if name.endswith(".why"))
        return faulty.read(os.path.join(self.place.state, "failed", name)).decode()

    def in_the_way(self, **faults):
        """Runs until the process no longer dies. Returns how often it died, and the last exit status and messages."""
        for deaths in range(100):
            status, said = self.run_once(name="deadly", only=["read", "pread"], **faults)
            if status >= 0:
                return deaths, status, said
        self.fail("dies again and again")

    def test_each_read(self):
        """It makes no difference which read kills it: that of the first record, for the order of captures, or a later one."""
        at, deaths = 0, 3
        while deaths > 0:
            at += 1
            self.place = faulty.Place(os.path.join(self.place.folder, str(at)), self.then)
            self.arrive("a.pcap", one(40000))
            self.arrive("deadly.pcap", one(40001))
            self.arrive("z.pcap", one(40002))
            deaths, status, said = self.in_the_way(kind="abort", at=at)
            if deaths < 3:  # the fault was in something that only the first run did
                self.assertEqual((status, self.outputs()), (0, ["a.pcap", "deadly.pcap", "z.pcap"]), said)
            else:
                self.assertEqual((status, self.outputs(), len(self.failed())), (1, ["a.pcap", "z.pcap"], 2))
                self.assertRegex(self.why(), r"^.*deadly\.pcap: offset 0: the process has died 3 times while it read this file")
        self.assertGreater(at, 3)

    def test_opened(self):
        """The same holds for opening the file, whatever for: for instance to see whether somebody writes to it."""
        for then in ("archive", "keep"):
            with self.subTest(then):
                self.then = then
                self.place = faulty.Place(os.path.join(self.place.folder, then), then)
                self.arrive("a.pcap", one(40000))
                self.arrive("deadly.pcap", one(40001))
                self.arrive("z.pcap", one(40002))
                self.die(3, only=["open-read"])
                status, said = self.run_once(kind="abort", name="deadly", only=["open-read"], at=1)
                self.assertEqual((status, self.outputs()), (1, ["a.pcap", "z.pcap"]), said)
                self.assertIn("has died 3 times", said)
                self.assertEqual(self.run_once(kind="abort", name="deadly", only=["open-read"], at=1)[0], 0)

    def test_killed(self):
        """For instance by the kernel, when memory runs out."""
        self.arrive("deadly.pcap", one(40001))
        self.die(3, died=signal.SIGKILL, kind="kill")
        self.assertEqual(self.run_once()[0], 1)
        self.assertEqual((self.outputs(), len(self.failed())), ([], 2))

    def test_those_before_it_are_there_before_the_last_death(self):
        self.arrive("a.pcap", one(40000))
        self.arrive("deadly.pcap", one(40001))
        self.die(3)
        self.assertEqual(self.outputs(), ["a.pcap"])

    def test_two_deaths_are_forgotten_when_it_is_read(self):
        for _ in range(2):
            self.arrive("deadly.pcap", one(40001))
            self.die(2)
            status, said = self.run_once()
            self.assertEqual(status, 0, said)
            self.assertIn("has died while it read this file, 2 times so far; it is tried again", said)
        self.assertEqual((self.outputs(), self.failed()), (["deadly-2.pcap", "deadly.pcap"], []))

    def test_deaths_are_not_forgotten_in_trouble(self):
        self.arrive("deadly.pcap", one(40001))
        self.die(2)
        status, said = self.run_once(kind="ENOSPC", name="deadly", only=["fsync", "fdatasync"], at=1, stay=1)
        self.assertIn(status, faulty.EXIT_TOLD, said)
        self.die(1)
        self.assertEqual(self.run_once()[0], 1)
        self.assertIn("has died 3 times", self.why())

    def test_moved_back_it_is_tried_anew(self):
        self.arrive("deadly.pcap", one(40001))
        self.die(3)
        self.assertEqual(self.run_once()[0], 1)
        os.rename(os.path.join(self.place.state, "failed", self.failed()[0]), os.path.join(self.place.inbox, "deadly.pcap"))
        self.die(2)
        self.assertEqual(self.run_once()[0], 0)
        self.assertEqual(self.outputs(), ["deadly.pcap"])

    def test_left_where_it_is(self):
        self.then = "keep"
        self.arrive("a.pcap", one(40000))
        self.arrive("deadly.pcap", one(40001))
        deaths, status, said = self.in_the_way(kind="abort", at=1)
        self.assertEqual((deaths, status, self.outputs()), (3, 1, ["a.pcap"]))
        self.assertIn("has died 3 times", said)
        self.assertEqual(self.in_the_way(kind="abort", at=1)[:2], (0, 0))
        self.assertEqual(sorted(os.listdir(self.place.inbox)), ["a.pcap", "deadly.pcap"])

    def test_several(self):
        for n in range(4):
            self.arrive(f"deadly{n}.pcap", one(40000 + n))
            self.arrive(f"good{n}.pcap", one(41000 + n))
        deaths, status, _ = self.in_the_way(kind="abort", at=1)
        self.assertEqual((deaths, status, self.outputs()), (12, 1, [f"good{n}.pcap" for n in range(4)]))
        self.assertEqual(len(self.failed()), 8)

    def test_others_that_come_meanwhile(self):
        self.arrive("deadly.pcap", one(40001))
        for n in range(3):
            self.die(1)
            faulty.put(self.place.inbox, f"older{n}.pcap", header(), -10)
        self.assertEqual(self.run_once()[0], 1)
        self.assertEqual(self.outputs(), [f"older{n}.pcap" for n in range(3)])

    def test_rotate(self):
        write(self.place.folder, "rotate.conf", f"[watch]\ninbox={self.place.inbox}\noutdir={self.place.output}\n".encode())
        config = {"FIRSTPAYLOAD_CONFIG": os.path.join(self.place.folder, "rotate.conf")}
        statuses = []
        for n in range(5):
            file = write(self.place.folder, "deadly.pcap" if n == 0 else f"{n}.pcap", one(40000 + n))
            command = [faulty.PROGRAM, "rotate", file]
            env = faulty.environment(kind="abort", name="deadly", only=["read", "pread"], at=1)
            statuses.append(subprocess.run(command, env={**env, **config}, stderr=subprocess.DEVNULL, timeout=PATIENCE_SECONDS).returncode)
        self.assertEqual(statuses, [-6, -6, -6, 0, 0])
        self.assertEqual((self.outputs(), len(self.failed())), (["1.pcap", "2.pcap", "3.pcap", "4.pcap"], 2))

    def test_killed_elsewhere_each_time(self):
        """If somebody kills the watcher while it reads a large file, it is not the file's fault."""
        self.arrive("deadly.pcap", records_of_nothing(5 * STEP))
        for step in (0, 3, 1, 4, 2, 0):
            self.die(1, died=signal.SIGKILL, kind="kill", at=5 + step * STEP // BLOCK)
        self.assertEqual(self.run_once()[0], 0)
        self.assertEqual(self.outputs(), ["deadly.pcap"])

    def test_further_on(self):
        """At the same place or next to it; the message says where."""
        self.arrive("deadly.pcap", records_of_nothing(5 * STEP))
        for more in (0, 3, -3):
            self.die(1, at=3 * STEP // BLOCK + more)
        self.assertEqual(self.run_once()[0], 1)
        self.assertRegex(self.why(), r"deadly\.pcap: offset (33554432|50331648): the process has died 3 times")

    def test_behind_what_tshark_was_asked(self):
        """While tshark is waited for it is not the file's fault; it is when the next records are read."""
        streams = [record(frame, n) for port in range(40000, 40030) for n, frame in enumerate(connection(port))]
        self.arrive("deadly.pcap", header() + b"".join(streams) + bytes(STEP))
        options = "--log", "beside", "--fields", "tcp.srcport"
        self.die(3, *options, at=STEP // BLOCK)
        self.assertEqual(self.run_once(*options)[0], 1)
        self.assertIn("has died 3 times", self.why())

    def test_anywhere_but_always(self):
        """A file that is broken from its beginning may end the process anywhere. That, too, has an end."""
        self.arrive("deadly.pcap", records_of_nothing(5 * STEP))
        for n in range(10):
            self.die(1, at=5 + n % 2 * 3 * STEP // BLOCK)
        self.assertEqual(self.run_once()[0], 1)
        self.assertIn("has died 10 times", self.why())

    def test_the_machine_went_down(self):
        self.arrive("deadly.pcap", one(40001))
        for boot in range(5):
            self.die(1, died=signal.SIGKILL, kind="kill", boot=boot * 60, boot_id=write(self.place.folder, "id", b"%d" % boot))
        self.assertEqual(self.run_once(boot=1000)[0], 0)
        self.assertEqual((self.outputs(), self.failed()), (["deadly.pcap"], []))

    def test_the_machine_went_down_and_has_no_name(self):
        self.arrive("deadly.pcap", one(40001))
        for boot in range(5):
            self.die(1, died=signal.SIGKILL, kind="kill", boot=-60 * boot, boot_id="/nowhere")
        self.assertEqual(self.run_once(boot=-1000, boot_id="/nowhere")[0], 0)
        self.assertEqual((self.outputs(), self.failed()), (["deadly.pcap"], []))

    def test_the_clock_was_set(self):
        """So that the machine seems to have been started at another time."""
        for name, more in (("with", {}), ("without", {"boot_id": "/nowhere"})):
            with self.subTest(boot_id=name):
                self.place = faulty.Place(os.path.join(self.place.folder, name), self.then)
                self.arrive("deadly.pcap", one(40001))
                for minutes in range(3):
                    self.die(1, boot=60 * minutes, **more)
                self.assertEqual(self.run_once(boot=1000, **more)[0], 1)
                self.assertRegex(self.why(), r"deadly\.pcap: offset 0: the process has died 3 times")

    def test_no_file_of_deaths(self):
        """The state folder of an older version has no notes of attempts, and damaged notes are begun anew."""
        self.arrive("deadly.pcap", one(40001))
        self.die(2)
        path = os.path.join(self.place.state, "reading")
        for damage in (os.unlink, lambda path: os.truncate(path, 100), lambda path: write(self.place.state, "reading", b"x" * 4096)):
            damage(path)
            self.die(2)
        self.assertEqual(self.run_once()[0], 0)
        self.assertEqual(self.outputs(), ["deadly.pcap"])


if __name__ == "__main__":
    unittest.main()
