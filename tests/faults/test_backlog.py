# SPDX-License-Identifier: GPL-2.0-or-later
"""Threads read captures of a backlog before their turn, and it makes no difference: whatever becomes of these captures meanwhile, and wherever the
watcher dies."""
import os
import signal
import struct
import sys
import unittest

import faulty
from pcaps import connection, header, pcap, record, write

EVERY = int(os.environ.get("FAULT_EVERY", "1")) * 7

# $PPID is the watcher, which is finishing the first capture's output.
ARE_OPEN = f"{sys.executable} -B {os.path.join(os.path.dirname(os.path.abspath(__file__)), 'await_open.py')} $PPID b.pcap c.pcap && "
FINISHES_A = {"only": ["fsync", "fdatasync"], "name": "a.pcap", "at": 1}


class Backlog(unittest.TestCase):
    def place(self, then, threads):
        folder = faulty.temporary_folder()
        self.addCleanup(folder.cleanup)
        place = faulty.Place(folder.name, then, "beside", threads)
        place.put([(f"{name}.pcap", pcap(connection(40000 + n)), n) for n, name in enumerate("abc")])
        return place

    def what_comes_of(self, then, threads, command, **more):
        """Runs command when the output of the first capture is being finished; the inbox is the folder that it runs in. Returns the watcher's exit
        status, what was told of the captures, and what there is in the end. After a damaged capture, those before it are taken and told again if they
        were not committed, which the time decides: so each line is there once."""
        place = self.place(then, threads)
        waits = ARE_OPEN if threads != "1" else ""
        status, said = place.once(kind="run", run=f"{waits}cd {place.inbox} && {command}", **FINISHES_A, **more)
        place.consume()
        told = {line.split("; waiting: ")[0] for line in said.replace(place.folder, "").splitlines()}
        return status, "\n".join(sorted(told)), place.result()

    def check(self, then, command, **more):
        """Returns what is said and what there is, which must be the same with one thread and with three."""
        results = [self.what_comes_of(then, threads, command, **more) for threads in ("1", "3")]
        self.assertEqual(results[0], results[1])
        return results[1][1], results[1][2]

    def test_read_before_their_turn(self):
        for then in ("archive", "delete", "keep"):
            with self.subTest(then):
                _, result = self.check(then, "true")
                self.assertEqual([name for name in result["outputs"] if name.endswith(".pcap")], ["a.pcap", "b.pcap", "c.pcap"])

    def test_written_to_meanwhile(self):
        """The writer adds a connection, after b.pcap has been read ahead as far as it went."""
        more = b"".join(record(frame, n) for n, frame in enumerate(connection(41000)))
        octal = "".join("\\%03o" % byte for byte in more)
        _, result = self.check("archive", f"for file in ../out/.firstpayload/claim/*-b.pcap; do printf '{octal}' >>$file; done")
        self.assertEqual(result["figures"]["streams_with_payload"], "4")

    def test_older_one_comes_meanwhile(self):
        """It is taken before those that threads have begun with. What is built in a quarter of a second is committed at once, so more has passed."""
        older = header() + struct.pack("<I", faulty.START - 3600) + record(connection(42000)[0])[4:]
        octal = "".join("\\%03o" % byte for byte in older)
        _, result = self.check("archive", f"printf '{octal}' >.older && mv .older older.pcap", later=1)
        self.assertEqual([name.split("-")[1] for name in result["folders"]["done"]], ["a.pcap", "older.pcap", "b.pcap", "c.pcap"])

    def test_overwritten_meanwhile(self):
        """As a ring does with what stays in the inbox. What b.pcap held is lost, and what it holds now is taken."""
        said, result = self.check("keep", "cat c.pcap >new && mv new b.pcap")
        self.assertRegex(said, r"b\.pcap: was overwritten before it was read; what it held is lost")
        self.assertEqual(sorted(result["outputs"])[::2], ["a.pcap", "b.pcap", "c.pcap"])

    def test_overwritten_while_its_output_is_finished(self):
        """It held no frame. Nothing comes of it, and what it holds now is taken."""
        place = self.place("keep", "1")
        faulty.put(place.inbox, "b.pcap", header(), 1)
        write(place.inbox, ".new", pcap(connection(50000)))
        _, said = place.once(kind="run", run="mv in/.new in/b.pcap", only=["fsync", "fdatasync"], name="b.pcap", at=1)
        place.consume()
        self.assertIn("b.pcap: was overwritten before it was read; what it held is lost", said)
        self.assertEqual([name for name, data in sorted(place.taken.items()) if data == header()], [])
        self.assertEqual([name[0] for name in sorted(place.taken)], ["a", "a", "b", "b", "c", "c"])

    def test_deleted_meanwhile(self):
        said, result = self.check("keep", "rm b.pcap")
        self.assertIn("b.pcap: ", said)
        self.assertEqual(sorted(result["outputs"])[::2], ["a.pcap", "c.pcap"])

    def test_claim_deleted_meanwhile(self):
        said, result = self.check("archive", "rm ../out/.firstpayload/claim/*-b.pcap")
        self.assertIn("b.pcap: ", said)
        self.assertEqual(sorted(result["outputs"])[::2], ["a.pcap", "c.pcap"])

    def test_one_thread_reads_nothing_ahead(self):
        place = self.place("archive", "1")
        place.once(kind="run", run="ls -l /proc/$PPID/fd >open", **FINISHES_A)
        names = [name for name in "abc" if f"-{name}.pcap" in faulty.read(os.path.join(place.folder, "open")).decode()]
        self.assertEqual(names, ["a"])

    def test_no_room_for_all(self):
        """Those for whose outputs there is room are published, and whoever takes them makes some."""
        for threads in ("1", "3"):
            with self.subTest(threads=threads):
                place = self.place("archive", threads)
                status, said = place.once(kind="ENOSPC", only=["write"], name="c.pcap", at=1, stay=1)
                place.consume()
                self.assertEqual((status, sorted(place.taken)[::2]), (74, ["a.pcap", "b.pcap"]), said)
                self.assertEqual(place.once()[0], 0)
                place.consume()
                self.assertEqual(sorted(place.taken)[::2], ["a.pcap", "b.pcap", "c.pcap"])

    def test_so_many_are_open(self):
        """Two for each thread, and 32 at most, besides the one whose turn it is."""
        names = [f"{n:02}.pcap" for n in range(40)]
        for threads, n_open in (("3", 7), ("16", 33), ("50", 33)):
            with self.subTest(threads=threads):
                place = self.place("archive", threads)
                place.put([(name, pcap(connection(40000 + n)), n + 9) for n, name in enumerate(names)])
                place.once(kind="run", run="ls -l /proc/$PPID/fd >open", only=["fsync", "fdatasync"], name="00.pcap", at=1)
                text = faulty.read(os.path.join(place.folder, "open")).decode()
                self.assertEqual([name for name in names if f"-{name}" in text], names[:n_open])

    def test_no_death_goes_uncounted(self):
        """Nothing is read, but by threads, when the output is finished. The next process reads nothing ahead, and so has nothing to wait for."""
        place = self.place("archive", "3")
        self.assertEqual(place.once(kind="kill", **FINISHES_A)[0], -signal.SIGKILL)
        status, said = place.once()
        place.consume()
        self.assertEqual((status, sorted(place.taken)[::2]), (0, ["a.pcap", "b.pcap", "c.pcap"]))
        self.assertIn("b.pcap: the process has died while it read this file, 1 times so far; it is tried again", said)


class Deadly(unittest.TestCase):
    """Whose turn it is has the blame, once. It is read again, alone, and then the one that is to blame is found."""

    def place(self, then, names):
        folder = faulty.temporary_folder()
        self.addCleanup(folder.cleanup)
        place = faulty.Place(folder.name, then, None, "4")
        place.put([(name, pcap(connection(40000 + n)), n) for n, name in enumerate(names)])
        return place

    def deaths(self, place, only, at=1):
        """Runs until the process no longer dies: of the first one's calls on the file that with this number is deadly, of later ones' the first.
        Returns how often it died, the last exit status, and all that was said."""
        all_said = ""
        for deaths in range(20):
            status, said = place.once(kind="abort", name="deadly", only=only, at=at if deaths == 0 else 1)
            all_said += said
            if status != -signal.SIGABRT:
                place.consume()
                return deaths, status, all_said
        return self.fail("dies again and again")

    def test_given_up(self):
        """It makes no difference which call on it is the first deadly one, in a thread or in none."""
        names = ["0.pcap", "1-deadly.pcap", "2.pcap", "3.pcap"]
        for then in ("archive", "keep"):
            died = 0
            for only, at in [(["read", "pread"], at) for at in range(1, 5)] + [(["open-read"], at) for at in range(1, 7)]:
                place = self.place(then, names)
                deaths, status, said = self.deaths(place, only, at)
                with self.subTest(then=then, only=only, at=at, deaths=deaths):
                    if deaths == 0:     # there were not as many calls
                        self.assertEqual((status, sorted(place.taken)), (0, names))
                        continue
                    died += 1
                    self.assertIn(deaths, (3, 4))
                    self.assertEqual((status, sorted(place.taken)), (1, ["0.pcap", "2.pcap", "3.pcap"]), said)
            self.assertGreater(died, 4)

    def test_innocent_ones_are_taken(self):
        """However often it dies, with processes in between that can do nothing."""
        place = self.place("archive", ["0.pcap", "1-deadly.pcap", "2.pcap"])
        for _ in range(4):
            place.once(kind="abort", name="deadly", only=["read", "pread"], at=3)
            place.once(kind="ENOSPC", only=["fsync", "fdatasync"], at=1, stay=1)
        deaths, status, said = self.deaths(place, ["read", "pread"])
        self.assertLessEqual(deaths, 3)
        self.assertIn(status, faulty.EXIT_WELL, said)
        self.assertEqual(sorted(place.taken), ["0.pcap", "2.pcap"])
        self.assertEqual([name.split("-", 1)[1] for name in sorted(os.listdir(os.path.join(place.state, "failed")))], ["1-deadly.pcap", "1-deadly.pcap.why"])

    def test_not_read_ahead_after_a_death(self):
        """Nor in a later process, which itself has seen none."""
        place = self.place("archive", ["0.pcap", "1-deadly.pcap", "2.pcap"])
        place.threads = "1"
        self.assertEqual(place.once(kind="abort", name="deadly", only=["read", "pread"], at=2)[0], -signal.SIGABRT)
        self.assertIn(place.once(kind="ENOSPC", only=["fsync", "fdatasync"], name="0.pcap", at=1, stay=1)[0], faulty.EXIT_TOLD)
        place.threads = "4"
        deaths, status, said = self.deaths(place, ["read", "pread"])
        self.assertEqual((deaths, status, sorted(place.taken)), (2, 1, ["0.pcap", "2.pcap"]))
        self.assertNotIn("0.pcap: the process has died", said)

    def test_not_opened_ahead_after_a_death(self):
        place = self.place("archive", ["0.pcap", "1-deadly.pcap", "2.pcap"])
        place.threads = "1"
        self.assertEqual(place.once(kind="abort", name="deadly", only=["read", "pread"], at=2)[0], -signal.SIGABRT)
        self.assertIn(place.once(kind="ENOSPC", only=["fsync", "fdatasync"], name="0.pcap", at=1, stay=1)[0], faulty.EXIT_TOLD)
        place.threads = "4"
        self.assertEqual(place.once(kind="run", run="ls -l /proc/$PPID/fd >open", name="0.pcap", only=["fsync", "fdatasync"], at=1)[0], 0)
        place.consume()
        names = faulty.read(os.path.join(place.folder, "open")).decode()
        self.assertEqual((len(place.taken), "-0.pcap" in names, "deadly" in names), (3, True, False))


class Anywhere(unittest.TestCase):
    """At one call in seven, as calls come in another order each time; tests/faults/test_faults.py meets each, with one thread."""

    def meet(self, then, kinds):
        folder = faulty.temporary_folder()
        self.addCleanup(folder.cleanup)
        scene = faulty.Scene(folder.name, then, True, "beside", "3")
        total = len(scene.calls())
        wrong = faulty.run_trials(scene, [[{"kind": kind, "at": at}] for kind in kinds for at in range(1, total + 1, EVERY)])
        self.assertEqual(wrong[:5], [], f"{len(wrong)} trials went wrong")

    def test_killed(self):
        for then in ("archive", "delete", "keep"):
            with self.subTest(then):
                self.meet(then, ["kill"])

    def test_input_and_output(self):
        only = ("open-read", "read", "pread", "fstat", "close", "write", "fsync", "rename")
        folder = faulty.temporary_folder()
        self.addCleanup(folder.cleanup)
        scene = faulty.Scene(folder.name, "archive", True, "beside", "3")
        total = len(scene.calls(only))
        wrong = faulty.run_trials(scene, [[{"kind": kind, "only": only, "at": at}] for kind in ("EIO", "EMFILE") for at in range(1, total + 1, EVERY)])
        self.assertEqual(wrong[:5], [], f"{len(wrong)} trials went wrong")


if __name__ == "__main__":
    unittest.main()
