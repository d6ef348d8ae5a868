# SPDX-License-Identifier: GPL-2.0-or-later
"""What version 0.1.0 left behind, folders and configurations, is read by this version as if that had been this one; and what a later version left
behind is refused. version-0.1.0/make.py says how the folders were made."""
import ctypes
import ctypes.util
import importlib.util
import json
import os
import re
import struct
import subprocess
import tarfile

from pcaps import PROGRAM, InFolder, read
from waiting import PATIENCE_SECONDS

OLD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "version-0.1.0")

# Of the first version: magic number, version, bytes of the header, whose last 8 are the checksum of what is before.
HEADER = struct.Struct("=QII")
NEWEST = 5


def load_make():
    spec = importlib.util.spec_from_file_location("make", os.path.join(OLD, "make.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


make = load_make()


def checksum(data):
    library = ctypes.CDLL(ctypes.util.find_library("xxhash"))
    library.XXH3_64bits.restype = ctypes.c_uint64
    library.XXH3_64bits.argtypes = (ctypes.c_char_p, ctypes.c_size_t)
    return library.XXH3_64bits(data, len(data))


def rewrite(path, version, more=b"", is_damaged=False):
    """Gives a slot another version, and its header more members before the checksum."""
    data = read(path)
    magic, _, n = HEADER.unpack_from(data)
    beginning = HEADER.pack(magic, version, n + len(more)) + data[HEADER.size:n - 8] + more
    beginning += struct.pack("=Q", checksum(beginning) ^ is_damaged)
    with open(path, "wb") as file:
        file.write(beginning + data[len(beginning):])


def everything(folder):
    """Returns {path: bytes} of all files below folder but those that say who looked last, and at what."""
    paths = (os.path.join(where, name) for where, _, names in os.walk(folder) for name in names if name not in ("lock", "reading"))
    return {os.path.relpath(path, folder): read(path) for path in paths}


class Folders(InFolder):
    def unpack(self, name):
        """Returns the folder in which 0.1.0 ran."""
        folder = self.path(name)
        with tarfile.open(os.path.join(OLD, name + ".tar.gz")) as archive:
            archive.extractall(folder)
        return folder

    def go_on(self, folder):
        """Takes the two rings that are left, as they would come in. Returns what the watcher said."""
        said = ""
        for ring in make.rings()[2:]:
            if ring[0] not in " ".join(os.listdir(os.path.join(folder, "out", ".firstpayload", "claim"))):
                make.put(os.path.join(folder, "in"), [ring])
            run = make.watch(folder, os.path.join(OLD, "watch.conf"))
            self.assertEqual(run.returncode, 0, run.stderr)
            said += run.stderr
        return said



class Upgrade(Folders):
    def undisturbed(self):
        """Returns a folder in which this version took all four rings."""
        folder = self.path("undisturbed")
        make.begin(folder)
        self.go_on(folder)
        return folder

    def status(self, folder):
        result = subprocess.run([PROGRAM, "status", "--json", os.path.join(folder, "out", ".firstpayload")], capture_output=True, check=True,
                                timeout=PATIENCE_SECONDS)
        return json.loads(result.stdout)

    def lines(self, folder, name):
        """Returns a log's lines without what the first version had not, and without what is of the run."""
        found = []
        for line in read(os.path.join(folder, "out", name)).splitlines():
            entry = json.loads(line)
            found.append({key: entry.get(key) for key in (
                "timestamp", "event_type", "src_ip", "src_port", "dest_ip", "dest_port", "proto", "community_id", "pcap_filename", "pcap_cnt", "stream",
                "side", "length", "delay", "age", "fast_open", "midstream", "out_of_order", "payload", "payload_printable")})
        return found

    def test_what_it_left_is_gone_on_with(self):
        """Stopped; killed when an output was built; killed when it was committed: streams go on in each, and nothing is missing or comes twice."""
        expected = self.undisturbed()
        figures = ("files", "files_empty", "files_failed", "files_cut", "frames", "frames_kept", "bytes_in", "bytes_out", "streams",
                   "streams_with_payload", "streams_open", "streams_forgotten", "committed")
        for name in ("stopped", "built", "committed"):
            with self.subTest(name):
                folder = self.unpack(name)
                before = everything(os.path.join(folder, "out"))
                self.assertNotIn("ring2.pcap", before)
                said = self.go_on(folder)
                self.assertNotRegex(said, "(?i)lost|damaged|version|twice")
                names = {"ring%d.pcap%s" % (n, end) for n in range(4) for end in ("", ".jsonl")}
                out = os.path.join(folder, "out")
                self.assertEqual({path for path in os.listdir(out) if not path.startswith(".")}, names)
                self.assertEqual([os.listdir(os.path.join(out, path)) for path in os.listdir(out) if path.startswith(".firstpayload-")], [[]])
                for n in range(2):
                    for end in ("", ".jsonl"):
                        self.assertEqual(read(os.path.join(out, f"ring{n}.pcap{end}")), before[f"ring{n}.pcap{end}"], "what was published stays")
                for n in range(4):
                    self.assertEqual(read(os.path.join(out, f"ring{n}.pcap")), read(os.path.join(expected, "out", f"ring{n}.pcap")))
                    self.assertEqual(self.lines(folder, f"ring{n}.pcap.jsonl"), self.lines(expected, f"ring{n}.pcap.jsonl"))
                is_now, should_be = self.status(folder), self.status(expected)
                self.assertEqual({key: is_now[key] for key in figures if key != "bytes_out"}, {key: should_be[key] for key in figures if key != "bytes_out"})
                state = os.path.join(out, ".firstpayload")
                self.assertEqual(os.listdir(os.path.join(state, "claim")), [])
                self.assertEqual(sorted(os.listdir(os.path.join(state, "done"))), [f"{n + 1:016}-ring{n}.pcap" for n in range(4)])
                self.assertEqual({os.stat(os.path.join(state, f"checkpoint.{slot}")).st_mode & 0o007 for slot in (0, 1)}, {0}, "also before its second commit")

    def test_its_status_is_read(self):
        status = self.status(self.unpack("committed"))
        self.assertEqual((status["files"], status["frames"], status["frames_kept"], status["streams"], status["running"]), (2, 27, 24, 7, False))

    def test_its_configuration_makes_sense(self):
        """The example as it was, and with each key in it that was commented out."""
        with open(os.path.join(OLD, "eth0.conf"), encoding="utf-8") as file:
            text = file.read()
        everything_set = re.sub(r"(?m)^#([a-z-]+ = )", r"\1", text)
        self.assertGreater(everything_set.count(" = "), 18)
        for folder in ("in", "out", "state"):
            os.mkdir(self.path(folder))
        for conf in (text, everything_set):
            conf = conf.replace("/var/spool/firstpayload/eth0/out/.firstpayload", self.path("state")).replace("/var/spool/firstpayload/eth0", self.folder)
            path = self.path("old.conf")
            with open(path, "w", encoding="utf-8") as file:
                file.write(conf.replace("/var/lib/prometheus/node-exporter", self.folder))
            result = subprocess.run([PROGRAM, "watch", "--check-config", "--config", path], capture_output=True, text=True, check=False,
                                    timeout=PATIENCE_SECONDS)
            self.assertEqual((result.returncode, result.stderr), (0, ""))


class Downgrade(Folders):
    def setUp(self):
        super().setUp()
        self.place = self.unpack("committed")
        self.slots = [os.path.join(self.place, "out", ".firstpayload", f"checkpoint.{slot}") for slot in (0, 1)]

    def refused(self, slot, version, *arguments):
        """Also where the archive is larger than it may be now."""
        before = everything(self.place)
        run = subprocess.run([PROGRAM, "watch", "--once", "--max-archive", "1", "--config", os.path.join(OLD, "watch.conf"), *arguments], cwd=self.place,
                             capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
        self.assertEqual(run.returncode, 78, run.stderr)
        self.assertIn(f"out/.firstpayload/checkpoint.{slot}: a newer version of firstpayload wrote this (form {version}; this version knows those up to "
                      f"{NEWEST}): go on with that version, or give this one another state folder (--state), for which all connections are new", run.stderr)
        self.assertEqual(everything(self.place), before, "nothing was touched")

    def test_what_a_newer_version_left_is_refused(self):
        for slot in (0, 1):
            for more in (b"", b"a new figure"):
                with self.subTest(slot=slot, more=more):
                    kept = read(self.slots[slot])
                    rewrite(self.slots[slot], NEWEST + 1, more)
                    self.refused(slot, NEWEST + 1)
                    self.refused(slot, NEWEST + 1, "--dry-run")
                    with open(self.slots[slot], "wb") as file:
                        file.write(kept)
        self.go_on(self.place)

    def test_another_state_folder_helps(self):
        rewrite(self.slots[0], NEWEST + 1)
        self.refused(0, NEWEST + 1)
        make.put(os.path.join(self.place, "in"), make.rings()[3:])
        run = subprocess.run([PROGRAM, "watch", "--once", "--config", os.path.join(OLD, "watch.conf"), "--state", "new"], cwd=self.place,
                             capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertTrue(os.path.exists(os.path.join(self.place, "out", "ring3.pcap")))

    def test_damage_is_no_newer_version(self):
        """A number that only looks like a later version's costs nothing, as long as the other slot is whole."""
        rewrite(self.slots[0], NEWEST + 1, is_damaged=True)
        self.assertIn("the newest checkpoint is lost; no file is lost or taken twice", self.go_on(self.place))


