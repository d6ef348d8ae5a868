# SPDX-License-Identifier: GPL-2.0-or-later
"""packaging/archive makes of many tasks what one pass makes of all captures, with a real Slurm and with GNU parallel: when tasks are killed while
they read, when captures and digests are missing or damaged, and on several hosts.

Everything runs in namespaces of its own, which end whatever was started there. A task is held in the middle of a capture by a FIFO in its place.
"""
import errno
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import unittest

from cluster import Hosts, Slurm, start
from lacks import exit_if_lacking
from waiting import PATIENCE_SECONDS, unread, wait_for

PROGRAM, SOURCE = os.environ["FIRSTPAYLOAD_PROGRAM"], os.environ["FIRSTPAYLOAD_SOURCE"]
SCRIPTS = os.path.join(SOURCE, "packaging", "archive")
INSIDE = "FIRSTPAYLOAD_TEST_INSIDE"
TOOLS = {"slurmctld": "slurmctld", "slurmd": "slurmd", "sbatch": "slurm-client", "munged": "munge", "parallel": "parallel", "sshd": "openssh-server",
         "ssh": "openssh-client", "ip": "iproute2", "unshare": "util-linux"}
PIECES, TASKS = 6, 3    # two captures in a task


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def cut(data, pieces):
    """Cuts a classic pcap of the usual byte order into so many, of as many records each."""
    records, at = [], 24
    while at < len(data):
        length, = struct.unpack_from("<I", data, at + 8)
        records.append(data[at:at + 16 + length])
        at += 16 + length
    each = -(-len(records) // pieces)
    return [data[:24] + b"".join(records[n:n + each]) for n in range(0, len(records), each)]


def processes(*words):
    """Returns the numbers of processes whose command line has all these words."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = read("/proc/%s/cmdline" % pid).decode(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if all(word in line for word in words):
            found.append(int(pid))
    return found


def parent(pid):
    with open("/proc/%d/status" % pid) as file:
        return int(next(line for line in file if line.startswith("PPid:")).split()[1])


class Held:
    """A capture that ends nowhere: whoever reads it waits in its middle."""

    def __init__(self, path):
        self.path, self.data = path, read(path)
        os.unlink(path)
        os.mkfifo(path)
        self.pipe = None

    def opened(self):
        try:
            return os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:      # nobody reads it yet
                raise
            return None

    def reader(self):
        """Waits until half of it is read, and returns the process that reads."""
        self.pipe = wait_for(self.opened, "a reader of " + self.path)
        half = self.data[:len(self.data) // 2]
        if os.write(self.pipe, half) != len(half):
            raise AssertionError("a pipe should take half of a capture at once")
        wait_for(lambda: unread(self.pipe) == 0, "half of %s to be read" % self.path)
        return processes("digest", self.path)[0]

    def put_back(self):
        write(self.path + ".new", self.data)
        os.rename(self.path + ".new", self.path)

    def close(self):
        os.close(self.pipe)


class Job:
    """captures: their paths, in order."""

    def __init__(self, folder, captures):
        self.folder, self.captures = os.path.join(folder, "a job"), captures
        subprocess.run([SCRIPTS + "/cut-list", self.folder, str(TASKS)], input="".join(path + "\n" for path in captures), text=True, check=True,
                       stdout=subprocess.DEVNULL)
        with open(self.path("settings"), "a") as settings:
            settings.write("pause_seconds=0\n")

    def path(self, name):
        return os.path.join(self.folder, name)

    def digest(self, task):
        return self.path("digests/%06d.dig" % task)

    def identity(self, task):
        """Changes when the task makes its digest again."""
        return os.stat(self.digest(task)).st_ino, os.stat(self.digest(task)).st_mtime_ns

    def missing(self):
        """Returns {capture: why}."""
        if not os.path.exists(self.path("missing")):
            return {}
        with open(self.path("missing")) as file:
            return dict(line.rstrip("\n").split("\t", 1) for line in file)


class Base(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="firstpayload-test-")
        self.addCleanup(shutil.rmtree, self.folder)
        os.mkdir(self.folder + "/bin")
        os.symlink(PROGRAM, self.folder + "/bin/firstpayload")
        self.search = "%s/bin:%s" % (self.folder, os.environ["PATH"])
        captures = []
        for n, piece in enumerate(cut(read(os.path.join(SOURCE, "captures", "mixed.pcap")), PIECES)):
            captures.append("%s/ring %d.pcap" % (self.folder, n))
            write(captures[-1], piece)
        self.assertEqual(len(captures), PIECES)
        self.job = Job(self.folder, captures)

    def slim(self, *arguments):
        done = subprocess.run([PROGRAM, "slim", "-q", *arguments], capture_output=True, text=True)
        self.assertIn(done.returncode, (0, 1), done.stderr)     # 1: a capture ends too early
        return done.stdout

    def check_answer(self, without=(), ends_early=()):
        """The job's capture, log and list are those of one pass over its captures but those numbered in without. Those, and those that end too early,
        are named, and no others."""
        captures = [path for n, path in enumerate(self.job.captures) if n not in without]
        one = os.path.join(self.folder, "one")
        for name in (".pcap", ".jsonl"):
            if os.path.exists(one + name):
                os.unlink(one + name)
        self.slim("--keep", "first,reply", "--log-format", "json", "-w", one + ".pcap", "--log", one + ".jsonl", *captures)
        self.assertEqual(read(self.job.path("first.pcap")), read(one + ".pcap"))
        self.assertEqual(read(self.job.path("first.jsonl")), read(one + ".jsonl"))
        digests = [self.job.digest(task) for task in range(1, TASKS + 1) if os.path.exists(self.job.digest(task))]
        self.assertEqual(self.slim("--list", *digests), self.slim("--list", *captures))
        self.assertEqual(set(self.job.missing()), {self.job.captures[n] for n in (*without, *ends_early)})
        left = [name for name in os.listdir(self.job.folder) + os.listdir(self.job.path("digests")) if name.startswith(".")]
        self.assertEqual(left, [], "temporary files are left")


class CutList(Base):
    def test_captures_stay_in_order(self):
        tasks = [read(self.job.path("tasks/%06d" % n)).decode().splitlines() for n in range(1, TASKS + 1)]
        self.assertEqual(sum(tasks, []), self.job.captures)
        self.assertEqual({len(task) for task in tasks}, {PIECES // TASKS})

    def test_what_cannot_be(self):
        for name, captures, why in (("other", "ring.pcap\n", "begin with /"), ("other", "", "empty"), ("a job", "/ring.pcap\n", "not there yet")):
            done = subprocess.run([SCRIPTS + "/cut-list", os.path.join(self.folder, name), "2"], input=captures, capture_output=True, text=True)
            self.assertEqual(done.returncode, 64)
            self.assertIn(why, done.stderr)
            self.assertFalse(os.path.exists(os.path.join(self.folder, "other")))


def kill_task(reader):
    """Kills the script first, which would go on otherwise."""
    script = parent(reader)
    os.kill(script, signal.SIGKILL)
    os.kill(reader, signal.SIGKILL)


class Reduce(Base):
    def test_there_is_no_digest(self):
        done = subprocess.run([SCRIPTS + "/reduce", self.job.folder], capture_output=True, text=True)
        self.assertEqual(done.returncode, 66)
        self.assertEqual(list(self.job.missing()), self.job.captures)
        self.assertFalse(os.path.exists(self.job.path("first.pcap")))


class WithSlurm(Base):
    def setUp(self):
        super().setUp()
        os.mkdir(self.folder + "/slurm")
        os.environ["PATH"], before = self.search, os.environ["PATH"]
        self.addCleanup(os.environ.__setitem__, "PATH", before)
        self.slurm = Slurm(self.folder + "/slurm")
        self.addCleanup(self.slurm.end)
        self.slurm.start()

    def submit(self):
        done = subprocess.run([SCRIPTS + "/with-slurm", self.job.folder], env=self.slurm.environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_tasks_are_killed(self):
        retried, lost = Held(self.job.captures[1]), Held(self.job.captures[2])
        self.submit()
        reader = retried.reader()
        retried.put_back()
        os.kill(reader, signal.SIGKILL)     # the task tries again
        kill_task(lost.reader())
        lost.put_back()
        self.slurm.wait_until_empty()
        self.check_answer(without=(2, 3))
        self.assertIn("task 2 did not end", self.job.missing()[self.job.captures[2]])

        done = self.job.identity(1)
        self.submit()
        self.slurm.wait_until_empty()
        self.check_answer()
        self.assertEqual(self.job.identity(1), done, "a task that is done ran again")
        for held in (retried, lost):
            held.close()


class WithParallel(Base):
    def run_job(self, *options):
        return subprocess.run([SCRIPTS + "/with-parallel", self.job.folder, *options], env=self.environment(), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE_SECONDS)

    def environment(self):
        return {**os.environ, "PATH": self.search, "PARALLEL_HOME": self.folder + "/parallel"}

    def test_it_is_killed_and_captures_are_damaged_and_missing(self):
        """Killed with all its tasks; then without one capture, with one whose middle is not that of a capture, and one that ends in a record."""
        held = Held(self.job.captures[2])
        first = start([SCRIPTS + "/with-parallel", self.job.folder, "--jobs", "1"], self.folder + "/said", env=self.environment())
        reader = held.reader()
        os.killpg(first.pid, signal.SIGKILL)
        first.wait(PATIENCE_SECONDS)
        kill_task(reader)
        held.put_back()
        held.close()

        done = self.job.identity(1)
        self.assertFalse(os.path.exists(self.job.digest(2)))
        os.rename(self.job.captures[3], self.job.captures[3] + ".away")
        whole = read(self.job.captures[4])
        write(self.job.captures[4], whole[:len(whole) // 2] + b"\xff" * 64 + whole[len(whole) // 2:])
        last = read(self.job.captures[5])
        write(self.job.captures[5], last[:-1])
        again = self.run_job("--jobs", "2")
        self.assertEqual(again.returncode, 1, again.stderr)
        for n in (3, 4, 5):
            self.assertIn(self.job.captures[n], again.stderr)
        self.check_answer(without=(3, 4), ends_early=(5,))
        self.assertEqual(self.job.identity(1), done, "a task that is done ran again")

        os.rename(self.job.captures[3] + ".away", self.job.captures[3])
        write(self.job.captures[4], whole)
        write(self.job.captures[5], last)
        again = self.run_job("--jobs", "2")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.check_answer()
        self.assertEqual(self.job.identity(1), done, "a task that is done ran again")

    def test_a_digest_is_damaged_on_several_hosts(self):
        os.mkdir(self.folder + "/hosts")
        hosts = Hosts(self.folder + "/hosts", ("one", "two"), self.search)
        self.addCleanup(hosts.end)
        hosts.start()
        options = ("--jobs", "1", "--sshlogin", "one,two", "--ssh", hosts.ssh())
        done = self.run_job(*options)
        self.assertEqual(done.returncode, 0, done.stderr + read(self.job.path("said/parallel")).decode())
        self.check_answer()
        with open(self.job.path("joblog")) as joblog:
            self.assertEqual({line.split("\t")[1] for line in list(joblog)[1:]}, {"one", "two"})

        os.truncate(self.job.digest(2), os.path.getsize(self.job.digest(2)) // 2)
        done = subprocess.run([SCRIPTS + "/reduce", self.job.folder], env=self.environment(), capture_output=True, text=True)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.check_answer(without=(2, 3))
        self.assertIn("its digest is damaged", self.job.missing()[self.job.captures[2]])
        done = self.run_job(*options)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_answer()


def enter():
    """Runs this program again, in namespaces of its own. In a folder that was entered by chroot, there is no mount to make private."""
    is_mount = subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0
    propagation = [] if is_mount else ["--propagation", "unchanged"]
    os.environ[INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--mount", *propagation, "--net", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, "-B",
                          *sys.argv])


def prepare():
    """What sshd and slurmd want to be there. /run is hidden, with the sockets of this machine's own services."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # For getaddrinfo, loopback alone is no network (AI_ADDRCONFIG).
    subprocess.run(["ip", "address", "add", "192.0.2.1/32", "dev", "lo"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/run"], check=True)
    os.mkdir("/run/sshd")
    if not os.path.isdir("/sys/fs/cgroup"):
        raise RuntimeError("/sys/fs/cgroup is missing: slurmd does not start without; mount /sys")
    # slurmd looks whether it is there, and is not to use it.
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/sys/fs/cgroup"], check=True)


if __name__ == "__main__":
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    lacks = ["root: it makes namespaces"] if os.geteuid() != 0 else []
    lacks += ["the program %s (package %s)" % both for both in TOOLS.items() if not shutil.which(both[0])]
    exit_if_lacking("test_archive", lacks)
    if INSIDE not in os.environ:
        enter()
    prepare()
    unittest.main(verbosity=2)
