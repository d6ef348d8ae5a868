# SPDX-License-Identifier: GPL-2.0-or-later
"""What others do to a capture while it is claimed, read and disposed of: they swap it for something else, or go on writing. They act at chosen
calls of the watcher, so there is no race: fault.c runs a command before the call."""
import gzip
import os
import shutil
import stat
import unittest

import faulty
from pcaps import connection, header, pcap, read, record, slim, write

PROTECTED = "/proc/sys/fs/protected_hardlinks"


def part(begin, end=None):
    """Returns a capture of some frames of the two connections that the tests are about, each with its number as its time."""
    frames = connection(40000) + connection(40001)
    return header() + b"".join(record(f, n) for n, f in list(enumerate(frames))[begin:end])


class Claims(unittest.TestCase):
    def setUp(self):
        folder = faulty.temporary_folder()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.n = 0

    def place(self, then, files):
        """Returns folders with files that have long been finished, and with something outside the inbox."""
        self.n += 1
        place = faulty.Place(os.path.join(self.folder, str(self.n)), then)
        place.put([(name, data, 0) for name, data in files.items()])
        write(place.folder, "secret.pcap", pcap(connection(666)))
        write(place.folder, "rest", part(3)[24:])
        return place

    def calls(self, then, files, name):
        """Returns (number, path) of the calls with that name in an undisturbed run."""
        place = self.place(then, files)
        log = os.path.join(place.folder, "log")
        self.assertIn(place.once(log=log, only=[name])[0], faulty.EXIT_WELL)
        with open(log, encoding="utf-8") as file:
            return [(int(number), path) for number, _, path in (line.rstrip("\n").split(" ", 2) for line in file)]

    def at(self, then, files, name, end, which):
        """Returns the number of a call whose path ends like this."""
        return [number for number, path in self.calls(then, files, name) if path.endswith(end)][which]

    def disturb(self, then, files, name, end, which, command):
        """Runs a watcher; somebody does something before one of its calls."""
        at = self.at(then, files, name, end, which)
        place = self.place(then, files)
        status, said = place.once(kind="run", run=command, at=at, only=[name])
        self.assertIn(status, faulty.EXIT_WELL, said)
        return place, said

    def failed(self, place):
        return sorted(name for name in os.listdir(os.path.join(place.state, "failed")) if not name.endswith(".why"))

    def outputs(self, place):
        return {name: read(os.path.join(place.output, name)) for name in os.listdir(place.output) if name[0] != "."}


class Swapped(Claims):
    """Somebody who may write to the inbox tries to have the watcher read something else with its rights."""

    def check(self, then, make, kind, is_it):
        files = {"a.pcap": pcap(connection()), "b.pcap": pcap(connection(9))}
        command = f'rm "$1" && {make}'
        for name, end, which in (("rename", "in/a.pcap", 0),) if then != "keep" else (("open-read", "in/a.pcap", i) for i in range(1, 9)):
            with self.subTest(then=then, kind=kind, which=which):
                if then == "keep" and which >= len([p for _, p in self.calls(then, files, name) if p.endswith(end)]):
                    continue
                place, said = self.disturb(then, files, name, end, which, command)
                outputs = self.outputs(place)
                self.assertIn("b.pcap", outputs)
                self.assertFalse([n for n, data in outputs.items() if b"\x02\x9a" in data], "another file was published")  # port 666
                if then != "keep":
                    self.assertEqual(self.failed(place), [f"{1:016}-a.pcap"])
                    path = os.path.join(place.state, "failed", self.failed(place)[0])
                    self.assertTrue(is_it(os.lstat(path).st_mode))
                    self.assertIn(f"is {kind}, not a regular file", read(path + ".why").decode())
                    self.assertIn(f"is {kind}, not a regular file", said)
                place.must_end_well()
                self.assertEqual(self.outputs(place), outputs)

    def test_for_a_link(self):
        for then in ("archive", "delete", "keep"):
            self.check(then, 'ln -s "$PWD/secret.pcap" "$1"', "a symbolic link", stat.S_ISLNK)

    def test_for_a_fifo(self):
        for then in ("archive", "keep"):
            self.check(then, 'mkfifo "$1"', "a FIFO", stat.S_ISFIFO)

    def test_for_a_folder(self):
        self.check("archive", 'mkdir "$1"', "a folder", stat.S_ISDIR)

    def test_there_at_the_start(self):
        """A crash came right after the claim."""
        place = self.place("archive", {})
        place.must_end_well()
        os.symlink(os.path.join(place.folder, "secret.pcap"), os.path.join(place.state, "claim", f"{1:016}-a.pcap"))
        os.mkfifo(os.path.join(place.state, "claim", f"{2:016}-b.pcap"))
        self.assertEqual(place.once()[0], 1)
        self.assertEqual((self.outputs(place), self.failed(place)), ({}, [f"{1:016}-a.pcap", f"{2:016}-b.pcap"]))


class HardLinks(Claims):
    """Somebody who may write to the inbox may link files there that they may not read, unless the kernel prevents it."""

    def check(self, then, inbox_mode, file_mode, is_taken):
        with open(PROTECTED, encoding="ascii") as file:
            is_protected = file.read(1) != "0"
        place = self.place(then, {"b.pcap": pcap(connection(9))})
        os.chmod(place.inbox, inbox_mode)
        os.chmod(os.path.join(place.folder, "secret.pcap"), file_mode)
        os.link(os.path.join(place.folder, "secret.pcap"), os.path.join(place.inbox, "a.pcap"))
        _, said = place.once()
        is_taken = is_taken or is_protected  # then the kernel has prevented it
        self.assertEqual(sorted(self.outputs(place)), ["a.pcap", "b.pcap"] if is_taken else ["b.pcap"], said)
        self.assertEqual("a.pcap: is a hard link to a file of others" in said, not is_taken)
        self.assertEqual(read(os.path.join(place.folder, "secret.pcap")), pcap(connection(666)))

    def test_to_own_files(self):
        self.check("archive", 0o755, 0o600, True)

    def test_where_others_may_write(self):
        for then in ("archive", "keep"):
            self.check(then, 0o777, 0o600, False)
            self.check(then, 0o777, 0o666, True)
            self.check(then, 0o775, 0o640, False)
            self.check(then, 0o775, 0o660, True)


class WrittenTo(Claims):
    """Somebody goes on writing to a claimed file that nobody had open."""

    rest = 'cat rest >> "$1"'

    def frames(self, place):
        """Returns the frames of all outputs, in the order of their numbers."""
        names = sorted(self.outputs(place), key=lambda name: (len(name), name))
        return b"".join(self.outputs(place)[name][24:] for name in names)

    def check(self, then, data, which, command=rest):
        """Everything is there in the end, once."""
        place, said = self.disturb(then, {"a.pcap": data}, "lstat", "-a.pcap", which, command)
        expected = slim("-q", write(place.folder, "whole", data + (part(3) if data == b"" else part(3)[24:]))).stdout
        self.assertEqual(self.frames(place), expected[24:], said)
        self.assertEqual((os.listdir(place.inbox), os.listdir(os.path.join(place.state, "claim")), self.failed(place)), ([], [], []))
        self.assertEqual(len(os.listdir(os.path.join(place.state, "done"))), 0 if then == "delete" else 1)

    def lstats(self, then, data):
        return len([path for _, path in self.calls(then, {"a.pcap": data}, "lstat") if path.endswith("-a.pcap")])

    def test_at_any_moment(self):
        """A whole capture, one cut within a record, and a bare file header: nothing that comes later is lost, and nothing comes twice."""
        for then in ("archive", "delete"):
            for data in (part(0, 3), header()):
                for which in range(self.lstats(then, data)):
                    with self.subTest(then=then, bytes=len(data), which=which):
                        self.check(then, data, which)

    def test_after_nothing(self):
        """As from a writer that was interrupted after creating its file and before opening it."""
        for then in ("archive", "delete"):
            for which in range(self.lstats(then, b"")):
                with self.subTest(then=then, which=which):
                    self.check(then, b"", which, 'head -c 24 secret.pcap >> "$1"; cat rest >> "$1"')

    def test_cut_and_completed(self):
        data = part(0, 4)[:-7]
        for which in range(self.lstats("archive", data)):
            with self.subTest(which=which):
                place, said = self.disturb("archive", {"a.pcap": data}, "lstat", "-a.pcap", which,
                                           f'tail -c +{len(data) - 24 + 1 - (len(part(0, 3)) - 24)} rest >> "$1"')
                self.assertEqual(self.frames(place), slim("-q", write(place.folder, "whole", part(0))).stdout[24:], said)

    def test_begun_anew(self):
        """What a ring buffer writes over the file is another capture."""
        place, said = self.disturb("archive", {"a.pcap": part(0, 4)}, "lstat", "-a.pcap", -1, 'cat secret.pcap > "$1"')
        self.assertEqual(sorted(self.outputs(place)), ["a-2.pcap", "a.pcap"])
        self.assertEqual(self.frames(place), slim("-q", write(place.folder, "1", part(0, 4))).stdout[24:] +
                         slim("-q", os.path.join(place.folder, "secret.pcap")).stdout[24:])
        self.assertIn("a.pcap: was written to after it was taken", said)

    def test_only_touched(self):
        place, _ = self.disturb("archive", {"a.pcap": part(0, 4)}, "lstat", "-a.pcap", -1, 'touch "$1"')
        self.assertEqual(list(self.outputs(place)), ["a.pcap"])

    def test_compressed(self):
        """gzip files may be concatenated."""
        data, rest = gzip.compress(part(0, 3)), gzip.compress(part(3)[24:])
        at = self.at("archive", {"a.pcap.gz": data}, "lstat", "-a.pcap.gz", -1)
        place = self.place("archive", {"a.pcap.gz": data})
        write(place.folder, "rest", rest)
        place.once(kind="run", run=self.rest, at=at, only=["lstat"])
        self.assertEqual(self.frames(place), slim("-q", write(place.folder, "whole", part(0))).stdout[24:])

    def test_killed_before_the_rest_is_taken(self):
        """The new claim knows how much of the file has been taken."""
        place = self.place("archive", {})
        place.must_end_well()
        shutil.copy(write(self.folder, "grown", part(0)), os.path.join(place.state, "claim", f"{7:016}+3-a.pcap"))
        place.must_end_well()
        self.assertEqual(self.frames(place), slim("-q", write(self.folder, "later", part(3))).stdout[24:])
        self.assertEqual(os.listdir(os.path.join(place.state, "done")), [f"{7:016}-a.pcap"])

    def test_while_the_watcher_was_dead(self):
        """It is no longer known how much was taken: the file is put aside with the reason, even with --then delete."""
        for then in ("archive", "delete"):
            data = {"a.pcap": part(0, 3)}
            call = "rename" if then == "archive" else "unlink"
            at = self.at(then, data, call, "-a.pcap", -1)
            place = self.place(then, data)
            self.assertEqual(place.once(kind="kill", at=at, only=[call])[0], -9)
            claim = os.path.join(place.state, "claim", f"{1:016}-a.pcap")
            with open(claim, "ab") as file:
                file.write(part(3)[24:])
            self.assertIn("a.pcap: was written to after it was taken", place.once()[1])
            self.assertEqual(self.failed(place), [f"{1:016}-a.pcap"])
            self.assertEqual(read(os.path.join(place.state, "failed", f"{1:016}-a.pcap")), part(0))
            self.assertEqual(list(self.outputs(place)), ["a.pcap"])

    def committed(self, then, commit_s):
        """Returns folders in which the watcher died when all was committed, and a.pcap still claimed. The time of the commit is another one, as when the
        clock was set; and as after a power cut, as fdatasync(2) asks for a file's bytes and not for its times."""
        data, call = {"a.pcap": part(0, 3)}, "rename" if then == "archive" else "unlink"
        at = self.at(then, data, call, "-a.pcap", -1)
        place = self.place(then, data)
        self.assertEqual(place.once(kind="kill", at=at, only=[call])[0], -9)
        for name in os.listdir(place.state):
            if name.startswith("checkpoint."):
                os.utime(os.path.join(place.state, name), (commit_s, commit_s))
        return place

    def test_nothing_while_the_watcher_was_dead(self):
        for then in ("archive", "delete"):
            with self.subTest(then=then):
                place = self.committed(then, 1000000000)
                place.must_end_well()
                self.assertEqual((self.failed(place), list(self.outputs(place))), ([], ["a.pcap"]))
                self.assertEqual(len(os.listdir(os.path.join(place.state, "done"))), 0 if then == "delete" else 1)

    def test_before_the_commit_by_the_clock(self):
        for then in ("archive", "delete"):
            with self.subTest(then=then):
                place = self.committed(then, 4000000000)
                with open(os.path.join(place.state, "claim", f"{1:016}-a.pcap"), "ab") as file:
                    file.write(part(3)[24:])
                place.must_end_well()
                self.assertEqual(self.failed(place), [f"{1:016}-a.pcap"])

    def test_cut_by_the_power(self):
        """Its writer had not synced it: that is no reason to put it aside, if its times are none."""
        place = self.committed("delete", 4000000000)
        os.truncate(os.path.join(place.state, "claim", f"{1:016}-a.pcap"), 30)
        place.must_end_well()
        self.assertEqual((self.failed(place), list(self.outputs(place))), ([], ["a.pcap"]))


class Order(Claims):
    """Of claims that are there when the watcher starts."""

    def test_of_capture(self):
        """New numbers had been given to some of them alone, when the process was killed or the power was cut."""
        place = self.place("archive", {})
        place.must_end_well()
        for number, data in ((7, part(3)), (8, part(0, 3))):
            write(os.path.join(place.state, "claim"), f"{number:016}-{number}.pcap", data)
        place.must_end_well()
        done = os.listdir(os.path.join(place.state, "done"))
        self.assertEqual([name[17:] for name in sorted(done)], ["8.pcap", "7.pcap"])
        self.assertEqual(b"".join(self.outputs(place)[name][24:] for name in ("8.pcap", "7.pcap")),
                         slim("-q", write(place.folder, "whole", part(0))).stdout[24:])

    def test_one_that_cannot_be_opened(self):
        """It does not hold up the others, and its last change gives it its place among them."""
        place = self.place("archive", {})
        place.must_end_well()
        for number, name, data in ((1, "bad", part(3)), (2, "younger", part(3)), (3, "older", part(0, 3))):
            os.utime(write(os.path.join(place.state, "claim"), f"{number:016}-{name}.pcap", data), (2, 2))
        status, said = place.once(kind="EIO", at=1, name="-bad", only=["open-read"], stay=True)
        self.assertIn(status, faulty.EXIT_WELL, said)
        self.assertEqual([name[17:] for name in self.failed(place)], ["bad.pcap"])
        self.assertEqual([name[17:] for name in sorted(os.listdir(os.path.join(place.state, "done")))], ["older.pcap", "younger.pcap"])


if __name__ == "__main__":
    unittest.main()
