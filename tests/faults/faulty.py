# SPDX-License-Identifier: GPL-2.0-or-later
"""A watcher in folders of its own that meets faults, and what its files must have come to in the end."""
import concurrent.futures
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

for where in ("postproc/capture", "lib"):
    sys.path.insert(0, os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "tests", where))
import served  # noqa: E402
from pcaps import ACK, PROGRAM, connection, header, pcap, read, record, segment, write  # noqa: E402
from test_pcapng import Writer  # noqa: E402

LIBRARY = os.environ["FAULT_LIBRARY"]
SANITIZER = os.environ.get("FAULT_SANITIZER", "")  # the runtime that must be loaded first, if there is one
MEMORY = "/dev/shm"
START = 1700000000  # the first record's time

# What the watcher ends with: all done; all done, but something was put aside or cut; and the statuses of error.h.
EXIT_WELL, EXIT_TOLD = (0, 1), (66, 70, 73, 74)


def temporary_folder():
    """In memory, if the machine has a file system there: thousands of runs would otherwise wait for a disk."""
    return tempfile.TemporaryDirectory(prefix="firstpayload-faults-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None)


def variables(faults):
    """Returns the variables that tell fault.c about faults: at=, kind=, only=, run=, name=, count=, stay=, boot=, boot_id=, clock=, later=, log=."""
    return {"FAULT_" + name.upper(): f",{','.join(value)}," if name == "only" else str(value) for name, value in faults.items()}


def environment(**faults):
    """Returns the environment of a program that meets faults."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("FAULT_")}
    env["LD_PRELOAD"] = f"{SANITIZER} {LIBRARY}".strip()
    env["ASAN_OPTIONS"] = "verify_asan_link_order=0"
    return {**env, **variables(faults)}


def options(then, log=None, threads="1"):
    """With one thread, each run makes the same calls in the same order."""
    return ["watch", "--max-streams", "500", "--threads", threads, "--then", then, *(["--log", log] if log else [])]


class Server(served.Server):
    """The program as watch --once, linked once and run often; it runs in a folder, from its in to its out."""

    def __init__(self, *arguments):
        super().__init__([PROGRAM, *arguments, "--once", "in", "out"], env={**environment(serve=1), "LD_BIND_NOW": "1", "LC_ALL": "C"})

    def meet(self, folder, faults):
        """Returns its exit status, or minus the signal that ended it."""
        return self.run([folder, *(f"{name}={value}" for name, value in variables(faults).items())])


servers = {}  # of this process, by what becomes of inputs, which outputs there are, threads, and whether faults are commands


def server(then, log, threads, runs_commands):
    key = (os.getpid(), then, log, threads, runs_commands)  # those of the process that this one was forked from cannot be used here
    if key not in servers:
        rights = ["--without", "seccomp,landlock"] if runs_commands else []     # which would end it when it executes something
        servers[key] = Server(*options(then, log, threads), *rights)
    return servers[key]


def in_two(port, request):
    """Returns a connection whose request comes in two segments, so that its line waits for the second."""
    syn, syn_ack, _, _, answer = connection(port, request)
    return [syn, syn_ack, segment(port, 80, 1001, ACK, request[:5], ack=5001), segment(port, 80, 1006, ACK, request[5:], ack=5001), answer]


def frames():
    """Returns frames of 16 connections, interleaved so that each goes on through several files."""
    connections = [(in_two if n % 3 == 1 else connection)(40000 + n, b"GET /%d HTTP/1.1\r\n\r\n" % n) for n in range(16)]
    steps = [[c[step] for c in connections] for step in range(5)]
    return [frame for pair in zip(*[iter(sum(steps, []))] * 2) for frame in pair]


def pcapng(numbered):
    w = Writer("<")
    return w.section() + w.interface() + b"".join(w.packet(f, START * 1000000 + n * 1000) for n, f in numbered)


def plain(numbered):
    return header() + b"".join(record(f, n) for n, f in numbered)


def written_ns(last):
    """Returns when the writer of a file ended whose last record has that number."""
    return (START * 1000 + last) * 1000000 + 500000


def put(folder, name, data, last):
    """Puts a file there whose writer ended with the record of that number."""
    path = write(folder, name, data)
    os.utime(path, ns=(0, written_ns(last)))


def two_batches():
    """Returns two lists of (name, bytes, number of the last record), in capture order; the second has what can go wrong."""
    numbered = list(enumerate(frames()))
    parts = [numbered[start:start + 8] for start in range(0, len(numbered), 8)]
    whole = [plain(part) for part in parts]
    last = [part[-1][0] for part in parts]
    first = [("ring1.pcap", whole[0], last[0]), ("ring2.pcap", whole[1], last[1]), ("ring10.pcap", whole[2], last[2])]
    second = [
        ("ring1.pcap", whole[3], last[3]),
        ("b.pcap.gz", gzip.compress(whole[4], mtime=0), last[4]),
        ("empty.pcap", b"", last[4] + 1),
        ("c.pcapng", pcapng(parts[5]), last[5]),
        ("garbage.pcap", b"this is no capture\n" * 20, last[5] + 1),
        ("b.pcap", whole[6], last[6]),
        ("cut.pcap", whole[7][:-7], last[7]),
        ("header.pcap", header(), last[7] + 1),
        ("ring2.pcap", whole[8] + whole[9][24:], last[9]),
    ]
    return first, second


class Place:
    """A watcher's folders: in, out, and what a consumer has taken away from out, as name -> bytes."""

    def __init__(self, folder, then, log=None, threads="1"):
        self.folder = folder
        self.then = then
        self.log = log
        self.threads = threads
        self.inbox = os.path.join(folder, "in")
        self.output = os.path.join(folder, "out")
        self.state = os.path.join(self.output, ".firstpayload")
        self.taken = {}
        for path in (self.inbox, self.output):
            os.makedirs(path, exist_ok=True)

    def put(self, files):
        for name, data, last in files:
            put(self.inbox, name, data, last)

    def once(self, **faults):
        """Runs a watcher until all is done. Returns its exit status and what it said."""
        status = server(self.then, self.log, self.threads, faults.get("kind") == "run").meet(self.folder, faults)
        return status, read(os.path.join(self.folder, "said")).decode(errors="replace")

    def must_end_well(self):
        status, said = self.once()
        if status not in EXIT_WELL:
            raise AssertionError(f"without faults the watcher ended with {status}: {said}")

    def consume(self):
        """Takes away what has appeared. A name that comes twice is an output that came twice, or would overwrite one."""
        for name in sorted(os.listdir(self.output)):
            if name.startswith("."):
                continue
            if name in self.taken:
                raise AssertionError(f"{name} was published twice")
            path = os.path.join(self.output, name)
            self.taken[name] = read(path)
            os.unlink(path)

    def build_folders(self):
        return [name for name in os.listdir(self.output) if name.startswith(".firstpayload-")]

    def figures(self):
        """Returns what the watcher counted of captures. Files put aside are left out: a watcher that is killed at that moment forgets that it has
        counted one."""
        counted = ("files", "files_empty", "files_cut", "frames", "frames_kept", "bytes_in", "bytes_out", "streams",
                   "streams_with_payload", "streams_open")
        if self.then != "keep":                      # a file that could not be put aside gets another number there
            counted += ("committed",)
        with open(os.path.join(self.state, "status"), encoding="utf-8") as file:
            lines = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
        return {name: lines[name] for name in counted}

    def result(self):
        """Returns everything that must be the same, whatever happened on the way."""
        listed = {name: sorted(os.listdir(os.path.join(self.state, name))) for name in ("claim", "done", "failed")}
        reasons = [name[:-4] for name in listed["failed"] if name.endswith(".why")]
        listed["failed"] = [name for name in listed["failed"] if not name.endswith(".why")]
        listed["in"] = sorted(os.listdir(self.inbox))
        listed["built"] = [sorted(os.listdir(os.path.join(self.output, name))) for name in self.build_folders()]
        return {"outputs": self.taken, "folders": listed, "reasons": dict.fromkeys(reasons, "there"), "figures": self.figures()}


def difference(was, expected, parts):
    """Returns the first difference in words, or None."""
    for part in parts:
        for name in sorted(set(was[part]) | set(expected[part])):
            one, other = was[part].get(name), expected[part].get(name)
            if one != other:
                shown = (one, other) if part != "outputs" else tuple(d if d is None else f"{len(d)} bytes" for d in (one, other))
                return f"{part} {name}: {shown[0]}, should be {shown[1]}"
    return None


class Scene:
    """Where trials begin: folders with waiting files, perhaps with a past, and what comes of them undisturbed."""

    def __init__(self, folder, then, has_past, log, threads="1"):
        self.folder = folder
        self.then = then
        self.log = log
        self.threads = threads
        self.has_past = has_past
        first, second = two_batches()
        place = Place(os.path.join(folder, "template"), then, log, threads)
        if has_past:
            place.put(first)
            place.must_end_well()
            place.consume()
        place.put(second)
        self.taken = place.taken
        self.expected = self.undisturbed()

    def copy(self, name):
        """Returns a copy for a trial."""
        path = os.path.join(self.folder, name)
        shutil.copytree(os.path.join(self.folder, "template"), path, symlinks=True)
        place = Place(path, self.then, self.log, self.threads)
        place.taken = dict(self.taken)
        return place

    def undisturbed(self):
        place = self.copy("undisturbed")
        place.must_end_well()
        place.consume()
        return place.result()

    def calls(self, only=None):
        """Returns the names of the calls that an undisturbed run makes."""
        place = self.copy("calls")
        log = os.path.join(self.folder, "log")
        place.once(log=log, **({"only": only} if only else {}))
        with open(log, encoding="utf-8", errors="replace") as file:
            names = [line.split()[1] for line in file]
        os.unlink(log)
        shutil.rmtree(place.folder)
        return names

    def trial(self, name, runs):
        """Runs watchers with the faults of runs, one after the other, and then one without faults. Returns what is wrong then, or None."""
        place = self.copy(name)
        try:
            for faults in runs:
                status, said = place.once(**faults)
                dies = faults["kind"] in ("kill", "torn") and status == -9
                if not dies and status not in EXIT_WELL + EXIT_TOLD:
                    return f"{name}: {faults}: ended with {status}: {said}"
                if status in EXIT_TOLD and not said:
                    return f"{name}: {faults}: ended with {status} without a word"
                place.consume()
            place.must_end_well()
            place.consume()
            parts = ["outputs", "folders", "figures"]
            if all(faults["kind"] in ("kill", "torn", "short") for faults in runs):
                parts.append("reasons")  # which may be missing if they cannot be written
            wrong = difference(place.result(), self.expected, parts)
            return wrong and f"{name}: {runs}: {wrong}"
        except Exception:  # an exception in a trial is reported with its faults
            return f"{name}: {runs}: {traceback.format_exc()}"
        finally:
            shutil.rmtree(place.folder, ignore_errors=True)


def run_trials(scene, trials):
    """trials: lists of faults. They run in processes, not threads: threads share their descriptors with each other's children for moments, and a
    capture that somebody has open for writing does not count as finished. There are more of them than processors, as most of a trial is waiting: a
    kernel takes some hundredths of a second until it has closed an inotify descriptor."""
    with concurrent.futures.ProcessPoolExecutor(max_workers=4 * os.cpu_count()) as pool:
        jobs = [pool.submit(scene.trial, f"trial-{n}", runs) for n, runs in enumerate(trials)]
        return [job.result() for job in jobs if job.result() is not None]
