# SPDX-License-Identifier: GPL-2.0-or-later
"""A power cut loses nothing and doubles nothing, and each fsync is needed.

A watcher is recorded while captures come in; in some scenes it is killed before it syncs something, and the next one goes on. disk.py says what may
be on the disk after each of its calls. Each of these images is built, a watcher starts on it and works to the end, and then outputs and inputs must be
those of an undisturbed run. Then, of each kind of file and folder that is synced, one sync after the other is taken as not made, until an image goes
wrong: a sync that nobody needs costs time for nothing, and a test that does not miss one does not see what it is there for. Those that are there for
something else are in NOT_MISSED, with what that is.

POWER_CUTS=all tries all images, and otherwise a sample of each scene's, the same each time.
"""
import os
import random
import re
import shutil
import subprocess
import sys
import unittest

import disk
import faulty
from pcaps import connection, pcap
from waiting import PATIENCE_SECONDS

RECORDER = os.environ["FAULT_RECORDER"]
SAMPLE = None if os.environ.get("POWER_CUTS") == "all" else 300 // int(os.environ.get("FAULT_EVERY", "1"))
WITHOUT = 12  # images tried at each call after a sync that is taken as not made

# What is synced, by its path. A sync is one "again" if a process makes it over what the one before it did.
KINDS = [
    ("output", r"out/\.firstpayload-\w+/\d+-.*\.pcap"),
    ("log", r"out/\.firstpayload-\w+/\d+-.*\.jsonl"),
    ("outbox", r"out/\.firstpayload-\w+"),
    ("published", r"out"),
    ("checkpoint", r".*/checkpoint\.\d"),
    ("claims", r".*/claim"),
    ("archive", r".*/done"),
    ("aside", r".*/failed"),
    ("inbox", r"in"),
    ("id", r".*/id\.\w+"),
    ("word", r".*/output\.\w+"),
    ("state", r"deep/state|out/\.firstpayload"),
    ("around state", r"deep"),
    ("around that", r"\."),
]
NOT_MISSED = {"word": "where outputs go is noted for a watcher that is started with another folder for them"}
AGAIN = ("checkpoint", "state", "published")

# These promise nothing: which file is being read counts until the machine is started again, and the status is for people.
PROMISES_NOTHING = re.compile(r".*/(reading|status|status\.new|lock)")


def captures():
    """Returns five captures. Each has a first payload frame of a stream that began in the one before, and a frame that would be one, too, if streams of
    two captures before were forgotten."""
    streams = [connection(40000 + n, b"GET /%d HTTP/1.1\r\n\r\n" % n) for n in range(7)]
    numbered = list(enumerate(frame for n in range(5) for frame in (*streams[n + 2][:3], streams[n + 1][3], streams[n][4])))
    return [faulty.plain(numbered[at:at + 5]) for at in range(0, 25, 5)]


def batches():
    """Returns lists of (name, bytes, number of the last record): what comes while no watcher runs."""
    one, two, three, four, five = captures()
    return [[("ring1.pcap", one, 4), ("ring2.pcap", two, 9)],
            [("ring1.pcap", three, 14), ("garbage.pcap", b"this is no capture\n", 15), ("ring3.pcap", four, 19)],
            [("ring2.pcap", five, 24)]]


def kind_of(path):
    """Returns the kind of what has that path, or the path."""
    return next((kind for kind, pattern in KINDS if re.fullmatch(pattern, path)), path)


def whole(root):
    """Returns what is under root: path -> bytes; None for a folder."""
    found = {}
    for around, folders, files in os.walk(root):
        for name in folders:
            found[os.path.relpath(os.path.join(around, name), root)] = None
        for name in files:
            found[os.path.relpath(os.path.join(around, name), root)] = faulty.read(os.path.join(around, name))
    return found


class Scene:
    """A watcher's runs, one for each batch, recorded; and what its folders hold after each if nothing happens.

    killed: the kind of what is not synced, as a first run over each batch is killed when it is about to do that for the last time.
    comes_within: the second batch comes while the first run publishes."""

    def __init__(self, folder, then, *more, killed=None, comes_within=False):
        self.folder = folder
        self.arguments = [*faulty.options(then, "beside"), *more]
        self.state = more[more.index("--state") + 1] if "--state" in more else "out/.firstpayload"
        self.server = faulty.Server(*self.arguments)
        self.tried = {}                           # what went wrong with an image, or None
        self.expected = self.undisturbed()
        self.make_record("undisturbed", [{}] * len(batches()))
        if killed is not None:
            self.make_record("killed", [{"kind": "kill", "at": at} for at in self.last_of_each_run(killed)])
        if comes_within:
            self.make_record("within", [{"kind": "run", "at": self.last_of_each_run("published")[0]}, {}, {}])

    def make_record(self, name, faults):
        """faults: of each batch, what the first run meets when it syncs: it is killed, or the next batch comes."""
        self.root, self.record = self.new_root(f"recorded-{name}"), os.path.join(self.folder, f"record-{name}")
        self.folders = {path: os.stat(os.path.join(self.root, path)).st_ino for path in (".", "in", "out")}
        for n, batch in enumerate(batches()):
            later = os.path.join(self.folder, f"batch-{name}-{n}")
            os.mkdir(later)
            for file in batch:
                faulty.put(later, *file)
            lines = "".join(f"arrive {n} {file[0]}\\n" for file in batch)
            come = f"mv {later}/* {self.root}/in && printf '{lines}' >> {self.record}"
            if n > 0 and faults[n - 1].get("kind") == "run":
                self.run_recorded(only=("fsync", "fdatasync"), run=come, **faults[n - 1])
                continue
            subprocess.run(["sh", "-c", come], check=True)
            if faults[n].get("kind") == "kill":
                self.run_recorded(only=("fsync", "fdatasync"), **faults[n])
            if faults[n].get("kind") != "run":
                self.run_recorded()
        self.must_be_complete()

    def last_of_each_run(self, kind):
        """Returns the number, among the syncs of each run, of the last of that kind."""
        *_, (_, now) = self.cuts()
        runs = [[path for number, path in now.syncs if start < number <= end] for start, end in zip(now.starts, [*now.starts[1:], now.number])]
        return [max(i for i, path in enumerate(run) if kind_of(path) == kind) + 1 for run in runs]

    def new_root(self, name):
        root = os.path.join(self.folder, name)
        for inside in ("in", "out"):
            os.makedirs(os.path.join(root, inside))
        return root

    def put(self, root, batch):
        for name, data, last in batch:
            faulty.put(os.path.join(root, "in"), name, data, last)

    def work(self, root):
        """Has a watcher work to the end, after the machine was started again."""
        status = self.server.meet(root, {"boot_id": "/nowhere", "boot": -10 ** 6})
        if status not in faulty.EXIT_WELL:
            raise AssertionError(f"ended with {status}: {faulty.read(os.path.join(root, 'said')).decode(errors='replace')}")

    def undisturbed(self):
        """Returns what there is after each batch."""
        root, results = self.new_root("undisturbed"), []
        for batch in batches():
            self.put(root, batch)
            self.work(root)
            results.append(self.result(root))
        return results

    def result(self, root):
        """Returns what must be the same: the names and bytes of files in each folder. A claim that is made again may get another number, which may be
        in the name of its output."""
        found = {}
        for folder in ("in", "out", *(f"{self.state}/{name}" for name in ("claim", "done", "failed"))):
            there = os.path.join(root, folder)
            names = [name for name in os.listdir(there) if not name.startswith(".") and not name.endswith(".why")]
            found[folder] = sorted((re.sub(r"^\d{16}-|-\d+(?=\.)", "", name), faulty.read(os.path.join(there, name))) for name in names)
        return found

    def note(self, *lines):
        with open(self.record, "a", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)

    def run_recorded(self, **faults):
        self.note("start 0 -")
        env = faulty.environment(**faults)
        env = {**env, "LD_PRELOAD": f"{env['LD_PRELOAD']} {RECORDER}", "RECORD_TO": self.record}
        rights = ["--without", "seccomp,landlock"] if faults.get("kind") == "run" else []     # which would end it when it executes something
        subprocess.run([faulty.PROGRAM, *self.arguments, *rights, "--once", "in", "out"], cwd=self.root, env=env, capture_output=True, timeout=PATIENCE_SECONDS)

    def must_be_complete(self):
        """What the record says is there is what is there."""
        *_, (_, now) = self.cuts()
        recorded = {path: contents for path, (_, _, contents) in now.image_now().items()}
        there = whole(self.root)
        wrong = [path for path in {**recorded, **there} if recorded.get(path, 0) != there.get(path, 0)]
        if wrong or self.result(self.root) != self.expected[-1]:
            raise AssertionError(f"the record differs from what is there: {wrong}")

    def cuts(self, hidden=None, last=None):
        """Yields (number of the batch, disk) after each call, up to a last one."""
        now = disk.Disk(os.path.realpath(self.root), self.folders, PROMISES_NOTHING, hidden)
        arrived = {(n, name): (data, last) for n, batch in enumerate(batches()) for name, data, last in batch}
        n = 0
        for words in disk.read_record(self.record):
            if words[0] == "arrive":
                n = words[1]
                data, last_record = arrived[n, words[2]]
                now.arrive(os.path.join(self.root, "in", words[2]), data, faulty.written_ns(last_record))
            elif words[0] == "start":
                now.starts.append(now.number)
            elif now.number == last:
                return
            elif now.call(words):
                yield n, now

    def images(self):
        """Returns all images that differ: (number of the batch, digest) -> image."""
        found = {}
        for n, now in self.cuts():
            for image in now.images():
                found.setdefault((n, disk.digest(image)), image)
        return found

    def images_without(self, number, until, images):
        """Yields images, with their keys, that there may be only if a sync was not made; the latest first."""
        for cut in range(until, number, -1):
            *_, (n, now) = self.cuts(hidden=number, last=cut)
            found = {(n, disk.digest(image)): image for image in now.images()}
            keys = [key for key in found if key not in images]
            yield from ((key, found[key]) for key in random.Random(1).sample(keys, min(WITHOUT, len(keys))))

    def syncs(self):
        """Returns all syncs: kind -> list of (number, number of the last call before the same is synced again)."""
        *_, (_, now) = self.cuts()
        checkpoints = [number for number, path in now.syncs if kind_of(path) == "checkpoint"]
        found, until = {}, {}
        for number, path in reversed(now.syncs):
            start = max(n for n in now.starts if n < number)
            kind = kind_of(path)
            is_again = start > 0 and sum(start < n < number for n in checkpoints) <= (kind != "checkpoint")
            found.setdefault(f"{kind} again" if is_again and kind in AGAIN else kind, []).append((number, until.get(path, now.number)))
            until[path] = number - 1
        return found

    def what_goes_wrong(self, key, image):
        """Returns what goes wrong with an image, or None."""
        if key not in self.tried:
            self.tried[key] = self.try_image(key[0], image)
        return self.tried[key]

    def try_image(self, n, image):
        root = os.path.join(self.folder, "image")
        os.mkdir(root)
        try:
            disk.build(image, root)
            self.work(root)
            result, expected = self.result(root), self.expected[n]
            wrong = [f"{folder}: {[name for name, _ in result[folder]]}, should be {[name for name, _ in expected[folder]]} with other bytes"
                     for folder in expected if result[folder] != expected[folder]]
            return "; ".join(wrong) or None
        except (AssertionError, OSError) as failure:
            return str(failure)
        finally:
            shutil.rmtree(root)

    def misses(self, number, until, images):
        """Whether something goes wrong without a sync."""
        return any(self.what_goes_wrong(key, image) for key, image in self.images_without(number, until, images))


class PowerCuts(unittest.TestCase):
    def scene(self, *arguments, **more):
        folder = faulty.temporary_folder()
        self.addCleanup(folder.cleanup)
        scene = Scene(folder.name, *arguments, **more)
        self.addCleanup(scene.server.end)
        return scene

    def try_images(self, scene):
        """Tries a sample of the images. Returns all."""
        images = scene.images()
        keys = list(images)
        sample = random.Random(1).sample(keys, min(SAMPLE or len(keys), len(keys)))
        wrong = [(what, sorted(images[key])) for key in sample if (what := scene.what_goes_wrong(key, images[key]))]
        self.assertEqual(wrong[:3], [], f"{len(wrong)} of {len(sample)} images went wrong, of {len(images)}")
        print(f"{len(sample)} of {len(images)} images", end=" ... ", file=sys.stderr, flush=True)
        return images

    def check_syncs(self, scene, images, kinds=None):
        """Something goes wrong without one of these kinds of syncs, by default all that there are."""
        syncs = scene.syncs()
        self.assertEqual(set(syncs) - {kind for kind, _ in KINDS} - {f"{kind} again" for kind in AGAIN}, set(), "what are these synced for?")
        for kind in kinds or [kind for kind in syncs if kind not in NOT_MISSED and not kind.endswith("again")]:
            with self.subTest(sync=kind):
                self.assertTrue(any(scene.misses(number, until, images) for number, until in syncs[kind]), "nothing goes wrong without it")

    def test_archive(self):
        scene = self.scene("archive", "--state", "deep/state", comes_within=True)
        self.check_syncs(scene, self.try_images(scene))

    def test_delete(self):
        self.try_images(self.scene("delete"))

    def test_keep(self):
        self.try_images(self.scene("keep"))

    def test_killed_before_the_commit(self):
        """The next one finds a checkpoint that may not be on the disk, and acts on it."""
        scene = self.scene("delete", killed="checkpoint")
        self.check_syncs(scene, self.try_images(scene), ["checkpoint again", "state again"])

    def test_killed_before_outputs_are_certain(self):
        """The next one finds outputs whose names may not be on the disk, and deletes their inputs."""
        scene = self.scene("delete", killed="published")
        self.check_syncs(scene, self.try_images(scene), ["published again"])


class Slim(unittest.TestCase):
    """slim -w: the name has the old capture, or the whole new one. A log has the lines that it had. Once slim has said that it is done, both are there."""

    old = {"kept.pcap": pcap([]), "log.jsonl": b'{"line": "of an earlier run"}\n'}

    def record(self, has_old):
        """Returns what yields the disk after each call, and what slim leaves."""
        folder = faulty.temporary_folder()
        self.addCleanup(folder.cleanup)
        root, record = os.path.join(folder.name, "root"), os.path.join(folder.name, "record")
        os.makedirs(os.path.join(root, "out"))
        folders = {path: os.stat(os.path.join(root, path)).st_ino for path in (".", "out")}
        inodes = {}
        for name, data in self.old.items() if has_old else ():
            faulty.write(os.path.join(root, "out"), name, data)
            inodes[name] = os.stat(os.path.join(root, "out", name)).st_ino
        capture = faulty.write(folder.name, "capture.pcap", captures()[1])
        env = {**os.environ, "LD_PRELOAD": f"{faulty.SANITIZER} {RECORDER}".strip(), "ASAN_OPTIONS": "verify_asan_link_order=0", "RECORD_TO": record}
        command = [faulty.PROGRAM, "slim", "-q", "-w", "out/kept.pcap", "--log", "out/log.jsonl", "--log-format", "json", capture]
        subprocess.run(command, cwd=root, env=env, check=True, timeout=PATIENCE_SECONDS)

        def cuts(hidden=None):
            now = disk.Disk(os.path.realpath(root), folders, re.compile("$^"), hidden)
            for name, inode in inodes.items():
                now.arrive(os.path.join(root, "out", name), self.old[name], 1, inode)
            for words in disk.read_record(record):
                if now.call(words):
                    yield now
        return cuts, {name: faulty.read(os.path.join(root, "out", name)) for name in self.old}

    def wrong_ones(self, cuts, left, has_old, hidden=None):
        """Returns the images that break a promise."""
        old = self.old if has_old else dict.fromkeys(self.old)
        wrong = []
        for now in cuts(hidden):
            for image in now.images():
                there = {name: image[f"out/{name}"][2] if f"out/{name}" in image else None for name in self.old}
                if there["kept.pcap"] not in (old["kept.pcap"], left["kept.pcap"]) or not (there["log.jsonl"] or b"").startswith(old["log.jsonl"] or b""):
                    wrong.append(there)
        return wrong + [image for image in now.images() if any(image.get(f"out/{name}", [None] * 3)[2] != left[name] for name in left)]

    def test_slim(self):
        for has_old in (False, True):
            cuts, left = self.record(has_old)
            self.assertEqual(self.wrong_ones(cuts, left, has_old), [])
            *_, now = cuts()
            self.assertEqual(len(now.syncs), 3 if has_old else 4)
            for synced in {path for _, path in now.syncs}: # a folder of two new files, for each of them
                with self.subTest(has_old=has_old, sync=synced):
                    is_missed = any(self.wrong_ones(cuts, left, has_old, hidden=number) for number, path in now.syncs if path == synced)
                    self.assertTrue(is_missed, "nothing goes wrong without it")


if __name__ == "__main__":
    unittest.main()
