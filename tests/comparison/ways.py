# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways to log what connections say first, each with its firewall rules and its reader, in a namespace."""
import base64
import collections
import contextlib
import glob
import ipaddress
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

from comparison_document import BY_NUMBER, BY_PROTOCOL, FIRST_SH, LOG, NFQUEUE, SLIM_INTERFACE, SLIM_NFLOG, TCPDUMP
from document import RULES as NFLOG_RULES
from waiting import PATIENCE_SECONDS, is_asleep, is_capturing, wait_for, whole_lines

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ["FIRSTPAYLOAD_PROGRAM"]
QUEUE = re.search(r"--queue-num (\d+)", NFQUEUE)[1]

# A line that a way has logged. ends: both (address, port). name: the server's name, if the way knows it.
Entry = collections.namedtuple("Entry", "ends payload name midstream", defaults=("", False))


def ends(source, source_port, destination, destination_port):
    return frozenset(((source, int(source_port)), (destination, int(destination_port))))


class Way:
    """Has start, signal, kill and stop; entries then returns what was logged. seconds: the CPU time of readers that have ended."""
    title = ""
    load = "true"
    reader = "true"

    def __init__(self, namespace, folder):
        self.namespace = namespace
        self.folder = tempfile.mkdtemp(dir=folder)
        self.process = None
        self.seconds = 0.0

    def shell(self, commands):
        return self.namespace.run("sh", "-euc", commands, cwd=self.folder)

    def unload(self):
        self.shell(self.load.replace(" -A ", " -D "))

    def ready(self):
        return True

    def start(self):
        environment = dict(os.environ, PATH=os.path.dirname(PROGRAM) + ":" + os.environ["PATH"])
        with open(os.path.join(self.folder, "said"), "ab") as said:
            self.process = subprocess.Popen(self.namespace.argv("sh", "-euc", self.reader), cwd=self.folder, env=environment,
                                            stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        # Twice: a program that configures the kernel may sleep for a moment before it does so.
        for _ in range(2):
            wait_for(lambda: self.process.poll() is not None or self.ready() and is_asleep(self.process.pid), "the reader of " + self.title)
            time.sleep(0.02)
        if self.process.poll() is not None:
            raise RuntimeError("the reader of %s ended: %s" % (self.title, "\n".join(whole_lines(os.path.join(self.folder, "said")))))

    def signal(self, number):
        if self.process:
            self.process.send_signal(number)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self):
        """Stops the reader as Ctrl-C does."""
        if not self.process:
            return
        self.process.send_signal(signal.SIGINT)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.process.wait(PATIENCE_SECONDS)
        self.settle()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.seconds += after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.process = None

    def settle(self):
        """Waits for what the reader has started: it may go on for a while."""

    def entries(self):
        return []


class Nothing(Way):
    title = "nothing"

    def start(self):
        pass


class Log(Way):
    """Its reader is dmesg, which reads what a system's log service would read."""
    title = "LOG"
    load = LOG
    reader = "exec dmesg --follow-new --raw >>log"

    def ready(self):
        folder = "/proc/%d/fd" % self.process.pid
        return any(os.path.realpath(os.path.join(folder, name)) == "/dev/kmsg" for name in os.listdir(folder))

    def entries(self):
        found = [re.search(r"first: .* SRC=(\S+) DST=(\S+) .* SPT=(\d+) DPT=(\d+) ", line) for line in whole_lines(os.path.join(self.folder, "log"))]
        return [Entry(ends(compressed(match[1]), match[3], compressed(match[2]), match[4]), b"") for match in found if match]


def compressed(address):
    """The kernel's log writes IPv6 addresses with all digits."""
    return str(ipaddress.ip_address(address))


class Queue(Way):
    title = "NFQUEUE 3:3"
    load = NFQUEUE
    reader = "exec %s -B %s %s >>log" % (sys.executable, os.path.join(HERE, "nfqueue.py"), QUEUE)

    def ready(self):
        return any(line.split()[0] == QUEUE for line in self.namespace.read("netfilter/nfnetlink_queue").splitlines())

    def entries(self):
        rows = [line.split(" ") for line in whole_lines(os.path.join(self.folder, "log"))]
        return [Entry(ends(*row[:4]), bytes.fromhex(row[4])) for row in rows]


class QueueBypass(Queue):
    title = "NFQUEUE 3:3, bypass"
    load = NFQUEUE.replace("--queue-num", "--queue-bypass --queue-num")


class QueueEight(Queue):
    title = "NFQUEUE 1:8"
    load = NFQUEUE.replace("3:3", "1:8").replace("--connbytes-dir original", "--connbytes-dir both").replace("-m conntrack --ctdir ORIGINAL ", "")


class QueueEightBypass(Queue):
    title = "NFQUEUE 1:8, bypass"
    load = QueueEight.load.replace("--queue-num", "--queue-bypass --queue-num")


class Tshark(Way):
    """tcpdump -z: its children go on when it has ended, and it does not hand over its last file."""
    title = "tshark by protocol"
    filter = BY_PROTOCOL
    unfinished = 0                              # captures that no tcpdump has handed over: the last one of each

    def start(self):
        script = os.path.join(self.folder, "first.sh")
        with open(script, "w") as file:
            file.write(FIRST_SH + "\ntimes >>times\n")
        os.chmod(script, 0o755)
        self.reader = "%s\nexec %s" % (self.filter, TCPDUMP)
        self.unfinished += 1
        super().start()

    def ready(self):
        return is_capturing(self.process.pid)

    def captures(self, ending):
        return glob.glob(os.path.join(self.folder, "ring-*.pcap" + ending))

    def settle(self):
        """A capture is written to until the first packet of the next one, or until tcpdump ends."""
        def is_done():
            self.hurry()
            return len(self.times()) >= len(self.captures("")) - self.unfinished

        wait_for(is_done, "first.sh")
        self.seconds += sum(self.times())       # tcpdump does not wait for them

    def hurry(self):
        """tcpdump starts first.sh with the lowest priority. On a machine that has other work, it would take very long."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):      # it has ended
                if os.path.samefile(f"/proc/{pid}/cwd", self.folder):
                    os.setpriority(os.PRIO_PROCESS, int(pid), 0)

    def times(self):
        """Returns the seconds of each first.sh: two lines, of two times such as 0m0.050s."""
        found = [float(part) for line in whole_lines(os.path.join(self.folder, "times")) for part in re.findall(r"[\d.]+(?=s)", line)]
        return [sum(found[at:at + 4]) for at in range(0, len(found) - 3, 4)]

    def entries(self):
        rows = [line.split(" ") for path in sorted(self.captures(".first")) for line in whole_lines(path)]
        return [Entry(ends(row[0] or row[1], row[2], row[3] or row[4], row[5]), bytes.fromhex(row[6]), row[7]) for row in rows]


class TsharkByNumber(Tshark):
    title = "tshark by number"
    filter = BY_NUMBER


class Slim(Way):
    def entries(self):
        found = map(json.loads, whole_lines(os.path.join(self.folder, "first.jsonl")))
        return [Entry(ends(one["src_ip"], one["src_port"], one["dest_ip"], one["dest_port"]), base64.b64decode(one["payload"]), "", one["midstream"])
                for one in found]


class SlimNflog(Slim):
    title = "slim, NFLOG"
    load = "cat >rules <<'E'\n%sE\nnft -f rules" % NFLOG_RULES
    reader = "exec " + SLIM_NFLOG

    def unload(self):
        self.shell("nft delete table inet firstpayload")

    def ready(self):
        return any(line.split()[0] == "5" for line in self.namespace.read("netfilter/nfnetlink_log").splitlines())


class SlimInterface(Slim):
    title = "slim, interface"
    reader = "exec " + SLIM_INTERFACE

    def ready(self):
        return is_capturing(self.process.pid)


LOGGERS = Log, Queue, Tshark, TsharkByNumber, SlimNflog, SlimInterface
READERS = Nothing, Log, Queue, QueueBypass, QueueEight, QueueEightBypass, Tshark, SlimNflog, SlimInterface
