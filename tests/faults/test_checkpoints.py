# SPDX-License-Identifier: GPL-2.0-or-later
"""What damage to the state folder costs: nothing while one checkpoint and the number of the last commit are known, and never a file."""
import os
import shutil
import struct
import typing
import unittest

import faulty

VERSION_OFFSET = 8  # in a slot's header, after the magic number
HEADER_BYTES = 4096


def flip(path, offset):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0x10]))


def other_version(path):
    with open(path, "r+b") as file:
        file.seek(VERSION_OFFSET)
        version = struct.unpack("=I", file.read(4))[0]
        file.seek(VERSION_OFFSET)
        file.write(struct.pack("=I", version + 100))  # of which nobody knows yet


class Damage(typing.NamedTuple):
    do: typing.Callable  # to the file of this path
    fate: str            # what the watcher says of it


DAMAGE = {
    "missing": Damage(os.unlink, "is gone"),
    "empty": Damage(lambda path: os.truncate(path, 0), "is cut short"),
    "cut in its header": Damage(lambda path: os.truncate(path, 100), "is cut short"),
    "cut": Damage(lambda path: os.truncate(path, os.path.getsize(path) - 1), "is damaged"),
    "a bit of its magic": Damage(lambda path: flip(path, 0), "is not a checkpoint"),
    "a bit of its header": Damage(lambda path: flip(path, 40), "is damaged"),
    "a bit of its body": Damage(lambda path: flip(path, HEADER_BYTES + 24), "is damaged"),
    "another version": Damage(other_version, "is of another version of firstpayload"),
}
WITNESS_DAMAGE = {name: DAMAGE[name] for name in ("missing", "empty", "a bit of its magic", "cut")}


class Checkpoints(unittest.TestCase):
    """Two files are taken, each with its commit, so that both slots count; then something is damaged, and the rest is taken."""

    def setUp(self):
        folder = faulty.temporary_folder()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.first, self.second = faulty.two_batches()

    def begin(self, then):
        shutil.rmtree(os.path.join(self.folder, "place"), ignore_errors=True)
        place = faulty.Place(os.path.join(self.folder, "place"), then)
        for file in self.first:
            place.put([file])
            place.must_end_well()
        place.consume()
        return place

    def generation(self, place, slot):
        return struct.unpack_from("=Q", faulty.read(os.path.join(place.state, f"checkpoint.{slot}")), 16)[0]

    def slots(self, place):
        """Returns the paths of the newest slot, of the other slot, and of the witness."""
        newest = self.generation(place, 1) > self.generation(place, 0)
        return [os.path.join(place.state, name) for name in (f"checkpoint.{newest:d}", f"checkpoint.{not newest:d}", "committed")]

    def go_on(self, place):
        """Takes the second batch. Returns what the watcher said."""
        place.put(self.second)
        place.must_end_well()
        said = faulty.read(os.path.join(place.folder, "said")).decode()
        place.consume()
        return said

    def undisturbed(self, then):
        place = self.begin(then)
        self.go_on(place)
        return place.result()

    def must_be_lost(self, place, path, what, said):
        self.assertIn(f"{os.path.relpath(path, place.folder)}: {what}: the newest checkpoint is lost; no file is lost or taken twice", said)

    def same(self, place, expected, parts=("outputs", "folders", "figures")):
        self.assertIsNone(faulty.difference(place.result(), expected, parts))

    def same_files(self, place, expected):
        """The streams may be those of another time, but there is one output for each file, under its name."""
        self.assertEqual(sorted(place.taken), sorted(expected["outputs"]))
        self.same(place, expected, ["folders"])

    def each(self, damages, check):
        for then in ("archive", "delete", "keep"):
            expected = self.undisturbed(then)
            for name, damage in damages.items():
                with self.subTest(then=then, damage=name):
                    check(self.begin(then), expected, damage)

    def test_the_other(self):
        def check(place, expected, damage):
            damage.do(self.slots(place)[1])
            self.go_on(place)
            self.same(place, expected)

        self.each(DAMAGE, check)

    def test_the_newest(self):
        def check(place, expected, damage):
            newest = self.slots(place)[0]
            damage.do(newest)
            self.must_be_lost(place, newest, damage.fate, self.go_on(place))
            self.same_files(place, expected)

        self.each(DAMAGE, check)

    def test_the_only_whole_one_is_not_written_over(self):
        """Or whatever ends the watcher in that moment would cost all that is known of streams."""
        del self.second[1:]  # one commit for one file
        place = self.begin("archive")
        newest, other, _ = self.slots(place)
        DAMAGE["a bit of its body"].do(newest)
        whole = faulty.read(other)
        self.go_on(place)
        self.assertEqual(faulty.read(other), whole)
        self.assertEqual(self.slots(place)[:2], [newest, other])

    def test_a_stale_one(self):
        """For instance a slot that was restored from a copy of the state folder."""
        for then in ("archive", "delete", "keep"):
            expected = self.undisturbed(then)
            with self.subTest(then):
                shutil.rmtree(os.path.join(self.folder, "place"), ignore_errors=True)
                place = faulty.Place(os.path.join(self.folder, "place"), then)
                place.put(self.first[:1])
                place.must_end_well()
                kept = self.slots(place)[0]
                shutil.copy(kept, os.path.join(self.folder, "stale"))
                for file in self.first[1:]:
                    place.put([file])
                    place.must_end_well()
                place.consume()
                newest = self.slots(place)[0]
                self.assertEqual(newest, kept)  # two commits later, that slot is written again
                shutil.copy(os.path.join(self.folder, "stale"), newest)
                self.must_be_lost(place, newest, "is an older one", self.go_on(place))
                self.same_files(place, expected)

    def test_both(self):
        def check(place, expected, damage):
            slots = self.slots(place)[:2]
            for path in slots:
                damage.do(path)
            self.must_be_lost(place, slots[0], damage.fate, self.go_on(place))
            self.same_files(place, expected)

        self.each(DAMAGE, check)

    def test_the_witness(self):
        def check(place, expected, damage):
            damage.do(self.slots(place)[2])
            self.go_on(place)
            self.same(place, expected)

        self.each(WITNESS_DAMAGE, check)

    def test_newest_and_witness(self):
        """The other slot is all there is: files left in the inbox may have been taken since then and are taken again; none is lost."""
        def check(place, expected, damage):
            newest, _, witness = self.slots(place)
            damage.do(newest)
            damage.do(witness)
            self.all_come(place, expected)

        self.each(WITNESS_DAMAGE, check)

    def test_all(self):
        def check(place, expected, damage):
            for path in self.slots(place):
                damage.do(path)
            said = self.all_come(place, expected)
            if place.then == "archive":  # some files have numbers that tell
                self.assertIn("outputs may come twice", said)

        self.each(WITNESS_DAMAGE, check)

    def all_come(self, place, expected):
        """All that is new has its output, whatever its number; what had one before may come again. Returns what was said."""
        before, place.taken = place.taken, {}
        said = self.go_on(place)
        new = {name.split(".")[0].split("-")[0] for name in set(expected["outputs"]) - set(before)}
        self.assertLessEqual(new, {name.split(".")[0].split("-")[0] for name in place.taken})
        folders = place.result()["folders"]
        self.assertEqual((folders["claim"], folders["built"], folders["in"]), ([], [[]], expected["folders"]["in"]))
        return said

    def test_before_publishing(self):
        """What was committed is published, even if the slot that says so is damaged before that."""
        del self.second[1:]  # one commit for one file, however slow the machine is
        for then in ("archive", "delete", "keep"):
            expected = self.undisturbed(then)
            with self.subTest(then):
                place = self.begin(then)
                place.put(self.second)
                shutil.copytree(place.folder, os.path.join(self.folder, "listing"))
                listing = faulty.Place(os.path.join(self.folder, "listing"), then)
                log = os.path.join(self.folder, "log")
                listing.once(log=log)
                with open(log, encoding="utf-8", errors="replace") as file:
                    lines = [line.split() for line in file]
                shutil.rmtree(listing.folder)
                os.unlink(log)
                published = next(int(n) for n, name, path in lines if name == "rename" and ".firstpayload-" in path)
                self.assertEqual(place.once(kind="kill", at=published)[0], -9)
                flip(self.slots(place)[0], HEADER_BYTES + 24)
                place.must_end_well()
                place.consume()
                self.same(place, expected, ["outputs", "folders"])

    def test_is_on_the_disk_before_it_is_trusted(self):
        """A watcher that is killed after it has written a slot and before its fdatasync leaves one that a power failure could still undo."""
        place = self.begin("archive")
        place.put(self.second)
        log = os.path.join(self.folder, "log")
        self.assertEqual(place.once(kind="kill", at=2, only=["fdatasync"])[0], -9)  # the first is of the slot that is loaded
        place.once(log=log, only=["fdatasync", "rename"])
        with open(log, encoding="utf-8", errors="replace") as file:
            names = [line.split()[1] for line in file]
        self.assertEqual(names[0], "fdatasync")
        place.consume()
        self.same(place, self.undisturbed("archive"), ["outputs", "folders"])

    def test_file_systems_that_cannot_sync(self):
        """What is loaded need not be, where nothing can be brought to the disk; elsewhere nobody knows what it would be after a power failure."""
        for error, statuses in (("EINVAL", faulty.EXIT_WELL), ("EROFS", faulty.EXIT_WELL), ("EIO", faulty.EXIT_TOLD)):
            with self.subTest(error):
                place = self.begin("archive")
                place.put(self.second)
                status, said = place.once(kind=error, only=["fdatasync"], name="checkpoint", at=1)
                self.assertIn(status, statuses, said)

    def test_what_is_not_committed_is_not_counted(self):
        """It will be read again, and counts then, whichever sync fails from then on, or write of an output."""
        del self.second[1:]  # one commit for one file, however slow the machine is
        expected = self.undisturbed("archive")["figures"]
        for faults in ({"only": ["fsync"]}, {"only": ["write"], "name": ".firstpayload-"}):
            for at in range(1, 15):
                with self.subTest(at, **faults):
                    place = self.begin("archive")
                    before = place.figures()
                    place.put(self.second)
                    status, said = place.once(kind="ENOSPC", at=at, stay=1, **faults)
                    self.assertIn(status, faulty.EXIT_TOLD + faulty.EXIT_WELL, said)
                    self.assertIn(place.figures(), (before, expected))

    def test_what_cannot_be_synced_is_deleted(self):
        """The kernel may take its pages for written, though the disk has not got them: a later fdatasync would say nothing."""
        place = self.begin("archive")
        newest, other, _ = self.slots(place)
        place.put(self.second)
        status, said = place.once(kind="EIO", only=["fdatasync"], name="checkpoint", at=2, stay=1)  # the first is of the slot that is loaded
        self.assertIn(status, faulty.EXIT_TOLD, said)
        self.assertEqual((os.path.exists(newest), os.path.exists(other)), (True, False))
        place.must_end_well()
        place.consume()
        self.same(place, self.undisturbed("archive"), ["outputs", "folders"])


if __name__ == "__main__":
    unittest.main()
