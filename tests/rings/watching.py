# SPDX-License-Identifier: GPL-2.0-or-later
"""firstpayload watch, and programs that take its outputs."""
import json
import os
import signal
import subprocess
import threading
import time

import log_schema
from records import records
from waiting import PATIENCE_SECONDS, wait_for, without_clock

PROGRAM = os.environ["FIRSTPAYLOAD_PROGRAM"]
COMPRESSIONS = ".gz", ".zst", ".lz4", ".xz", ".bz2"
LOG = ".jsonl"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def visible(folder):
    return [name for name in os.listdir(folder) if not name.startswith(".")]


class Watcher:
    """A watcher on folder/inbox and folder/out, whose state is in folder/state."""

    def __init__(self, folder, *options, user=(), has_clock=False):
        """has_clock: it also finds files by looking again, not by events alone. user: who starts it."""
        self.environment = os.environ if has_clock else without_clock()
        self.inbox, self.out, self.state = (os.path.join(folder, name) for name in ("inbox", "out", "state"))
        for path in (self.inbox, self.out):
            os.makedirs(path, exist_ok=True)
        self.said_path = os.path.join(folder, "said")
        self.command = [*user, PROGRAM, "watch", "--state", self.state, *options, self.inbox, self.out]
        self.process = None

    def start(self):
        with open(self.said_path, "a") as said:
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *self.command], stderr=said, env=self.environment)

    def said(self):
        with open(self.said_path) as file:
            return file.read()

    def status(self):
        """Returns {} before the first status is written."""
        done = subprocess.run([PROGRAM, "status", "--json", self.state], capture_output=True)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def n_done(self):
        """Returns how many files have been taken; for --then archive."""
        folder = os.path.join(self.state, "done")
        return len(os.listdir(folder)) if os.path.isdir(folder) else 0

    def is_idle(self):
        if self.process.poll() is not None:
            raise RuntimeError("the watcher ended: " + self.said())
        claims = os.path.join(self.state, "claim")
        return os.path.isdir(claims) and not visible(self.inbox) and not os.listdir(claims)

    def finish(self):
        """Waits until all is done, then stops the watcher as systemd does."""
        wait_for(self.is_idle, lambda: "the watcher; inbox %s, claims %s, it said: %s" % (
            visible(self.inbox)[:20], os.listdir(os.path.join(self.state, "claim"))[:20], self.said()[-2000:]))
        self.end()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(PATIENCE_SECONDS) != 0:
            raise RuntimeError("the watcher ended with %d: %s" % (self.process.returncode, self.said()))

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()

    def outputs(self):
        """Returns pairs (input, output) of paths, in the order of the claims, by the names that the documents promise; for --then archive. Inputs
        without an output are left out: empty ones, and compressed copies of what was taken."""
        used, taken, pairs = set(), {}, []
        for done in sorted(os.listdir(os.path.join(self.state, "done"))):
            number, given = done.split("-", 1)
            path, name = os.path.join(self.state, "done", done), given
            for suffix in COMPRESSIONS:
                name = name.removesuffix(suffix)
            if os.path.getsize(path) == 0 or name != given and name in taken and records(taken[name]) == records(path):
                continue
            taken[given] = path
            if name in used:
                stem, dot, suffix = name.rpartition(".")
                name = "%s-%d%s%s" % (stem or suffix, int(number), dot if stem else "", suffix if stem else "")
            used.add(name)
            pairs.append((path, os.path.join(self.out, name)))
        return pairs


class Consumer:
    """Takes outputs away as they appear."""

    def __init__(self, folder, taken):
        os.makedirs(taken)
        self.folder, self.taken = folder, taken
        self.paths = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopping.wait(0.005):
            self.take()

    def take(self):
        for name in visible(self.folder):
            path = os.path.join(self.taken, "%06d-%s" % (len(self.paths), name))
            os.rename(os.path.join(self.folder, name), path)
            self.paths.append(path)

    def stop(self):
        self.stopping.set()
        self.thread.join()
        self.take()

    def records(self):
        """Returns their records, in the order in which the captures began."""
        parts = [part for part in (records(path) for path in self.paths if not path.endswith(LOG)) if part]
        return [record for part in sorted(parts, key=lambda part: part[0].time_us) for record in part]

    def log(self):
        """Returns what the logs among them say, in no particular order."""
        return [entry for path in self.paths if path.endswith(LOG) for entry in log_schema.entries(read(path))]
