# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/shipping.md does what it says: the test runs its configuration of rsyslog and logrotate unchanged, with slim and watch as sources.

Everything runs in namespaces of its own: paths, ports and process names are those of the document, and no service of this machine is touched. A
collector is ended and killed there while lines come, and logs are rotated.
"""
import collections
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

import log_schema
from blocks import read_blocks
from lacks import exit_if_lacking
from pcaps import connection, header, pcap, record
from waiting import PATIENCE_SECONDS, is_asleep, wait_for

PROGRAM = os.environ["FIRSTPAYLOAD_PROGRAM"]
DOCUMENT = os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "docs", "shipping.md")
INSIDE = "FIRSTPAYLOAD_TEST_INSIDE"
LOG, ALL = "/var/log/firstpayload.jsonl", "/var/log/firstpayload-all.jsonl"
# What may be lost each time that a peer goes away while lines come. With RELP, it is what the sensor's rsyslog had sent and nobody had acknowledged,
# which is at most librelp's window, and the line that it was about to send. Otherwise it is what is in the sockets, see prepare.
RELP_LOST = 128 + 1
SOCKET_BYTES = 131072
TCP_LOST = 2 * SOCKET_BYTES // 500      # no line is shorter than that
# How many lines a test lets come before it goes on, and how many there are at most until then.
MORE, MOST = 100, 1000
# Hidden by empty folders of the test's own.
FOLDERS = "/var/log", "/var/spool/rsyslog", "/var/lib/logrotate", "/srv", "/run"
TOOLS = {"rsyslogd": "rsyslog", "logrotate": "logrotate", "unshare": "util-linux", "ip": "iproute2"}
MODULES = {"omrelp": "rsyslog-relp", "imrelp": "rsyslog-relp", "omkafka": "rsyslog-kafka"}

_blocks = read_blocks(DOCUMENT)
SENSOR, COLLECTOR, LONG_LINES, TCP, LOGROTATE, KAFKA = (_blocks.pop(name) for name in (
    "sensor.conf", "collector.conf", "long-lines", "tcp", "firstpayload.logrotate", "kafka"))
if _blocks:
    raise ValueError(DOCUMENT + ": blocks that are not tested: " + ", ".join(_blocks))


def with_action(action, module=""):
    """Returns the sensor's configuration with another action."""
    return module + re.sub(r"^    action\(.*?\)$\n", lambda _: action, SENSOR, flags=re.M | re.S)


def read(path):
    if not os.path.exists(path):
        return b""
    with open(path, "rb") as file:
        return file.read()


class Rsyslog:
    """An rsyslog in the foreground, with a configuration that the system's would include."""

    def __init__(self, name, configuration):
        self.folder = "/var/spool/rsyslog/" + name
        os.makedirs(self.folder)
        self.path = os.path.join(self.folder, "rsyslog.conf")
        with open(self.path, "w") as file:
            file.write('global(workDirectory="%s")\n%s' % (self.folder, configuration))
        self.process = None

    def check(self):
        done = subprocess.run(["rsyslogd", "-N1", "-f", self.path], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        if done.returncode != 0 or re.search("error|warning|parameter .* not known", done.stderr):
            raise RuntimeError(done.stderr)

    def said(self):
        return read(os.path.join(self.folder, "said"))

    def start(self):
        with open(os.path.join(self.folder, "said"), "a") as said:
            self.process = subprocess.Popen(["rsyslogd", "-n", "-i", os.path.join(self.folder, "pid"), "-f", self.path], stdout=said, stderr=said)

    def end(self, number=signal.SIGTERM):
        if self.process:
            self.process.send_signal(number)
            self.process.wait(PATIENCE_SECONDS)
            self.process = None
            # The next rsyslog would take this file for that of a running one.
            if os.path.exists(os.path.join(self.folder, "pid")):
                os.unlink(os.path.join(self.folder, "pid"))


class LineCollector:
    """Does what a collector that takes lines over TCP does; stop does not lose what has come."""

    def __init__(self):
        self.data = []
        self.start()

    def start(self):
        self.listener = socket.create_server(("127.0.0.1", 5140))
        self.listener.settimeout(0.1)
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        with self.listener:
            while not self.stopping.is_set():
                try:
                    peer = self.listener.accept()[0]
                except TimeoutError:
                    continue
                with peer:
                    self.take(peer)

    def take(self, peer):
        self.data.append(bytearray())
        peer.settimeout(0.1)
        while not self.stopping.is_set():
            try:
                part = peer.recv(65536)
            except TimeoutError:
                continue
            if not part:
                return
            self.data[-1] += part

    def stop(self):
        self.stopping.set()
        self.thread.join()

    def lines(self):
        """Returns the lines of each connection; a piece at the end without a line end does not count as a line."""
        return [line for data in map(bytes, list(self.data)) for line in data[:data.rfind(b"\n") + 1].splitlines()]


class Source:
    """slim --log that reads connections from a pipe as they come."""

    def __init__(self, *options):
        noting = ["sh", "-c", 'echo $$ >/run/firstpayload.pid; exec "$@"', "sh"]
        self.process = subprocess.Popen([*noting, PROGRAM, "slim", "-q", "--log", LOG, "--log-format", "json", *options, "-"], stdin=subprocess.PIPE)
        self.process.stdin.write(header())
        self.process.stdin.flush()
        self.count = 0
        # Before that, SIGHUP would end the shell.
        wait_for(lambda: os.path.exists(LOG), "the log")

    def give(self, n=1, more=b""):
        for _ in range(n):
            self.count += 1
            frames = connection(1 + self.count % 60000, b"GET /%d HTTP/1.1\r\n\r\n" % self.count + more)
            self.process.stdin.write(b"".join(record(frame, self.count) for frame in frames))
            self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        if self.process.wait(PATIENCE_SECONDS) != 0:
            raise RuntimeError("slim ended with %d" % self.process.returncode)


def rotate():
    """Rotates as logrotate's timer would."""
    path = "/var/spool/rsyslog/firstpayload.logrotate"
    with open(path, "w") as file:
        file.write(LOGROTATE)
    done = subprocess.run(["logrotate", "--force", path], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    if done.returncode != 0 or done.stderr:
        raise RuntimeError(done.stderr)


class Shipping(unittest.TestCase):
    maxDiff = None
    is_flowing = True                   # lines come, or would come if the program that is being ended were there

    def setUp(self):
        for folder in FOLDERS:
            subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", folder], check=True)
            self.addCleanup(subprocess.run, ["umount", "--lazy", folder], check=True)

    def start(self, name, configuration):
        one = Rsyslog(name, configuration)
        one.check()
        self.addCleanup(one.end, signal.SIGKILL)
        one.start()
        return one

    def source(self, *options):
        source = Source(*options)
        self.addCleanup(source.process.kill)
        return source

    def logged(self, folder="/var/log"):
        """Returns what slim, or watch, has written, wherever logrotate has put it."""
        found = []
        for name in os.listdir(folder):
            if re.fullmatch(r"firstpayload\.jsonl.*|\d+\.pcap\.jsonl", name):
                data = subprocess.run(["zcat", "-f", os.path.join(folder, name)], check=True, capture_output=True).stdout
                found += log_schema.entries(data)
        return collections.Counter(json.dumps(entry, sort_keys=True) for entry in found)

    def come(self, lines):
        """Counts the lines, without what the sensor has added to them."""
        found = collections.Counter()
        for line in lines:
            entry = json.loads(line)
            self.assertEqual(entry.pop("host"), socket.gethostname().split(".")[0])
            found[json.dumps(entry, sort_keys=True)] += 1
        return found

    def assert_all(self, wanted, lines, lost_at_most=0):
        """Checks that each line comes as it was, at least once. lost_at_most: a number, or a function that returns one when all has been done."""
        lost_at_most = lost_at_most() if callable(lost_at_most) else lost_at_most
        def lost():
            return list(wanted - self.come(lines()))

        wait_for(lambda: len(lost()) <= lost_at_most, lambda: "the lines; %d are missing, as %s" % (len(lost()), lost()[:3]))
        found = self.come(lines())
        print("    %d lines, %d lost, %d came again" % (len(wanted), len(wanted - found), sum((found - wanted).values())), flush=True)
        self.assertEqual(set(found) - set(wanted), set())

    def all_lines(self):
        """Returns the lines that are whole: the collector writes a long one in parts."""
        return read(ALL).rpartition(b"\n")[0].splitlines()

    def await_given(self, n=MORE):
        self.most = self.source_now.count + MOST
        before = self.source_now.count
        wait_for(lambda: self.source_now.count >= before + n, "more lines to be written")

    def await_come(self, lines):
        self.most = self.source_now.count + MOST
        before = len(lines())
        wait_for(lambda: len(lines()) >= before + MORE, "more lines to come")

    def under_way(self, source, what):
        """Does what while lines come all the time."""
        self.source_now, self.most = source, MOST
        stopping = threading.Event()

        def give():
            while not stopping.wait(0.001):
                if source.count < self.most:
                    source.give()

        thread = threading.Thread(target=give)
        thread.start()
        try:
            what()
        finally:
            stopping.set()
            thread.join()

    def await_last(self, source, lines):
        """Then what was written before has come, or is lost."""
        source.give(1, b"the last")
        wait_for(lambda: any(b"the last" in line for line in lines()), "the last line")

    def check(self, what, **kwargs):
        """Calls what(collector, sensor) while lines come."""
        collector, sensor = self.start("collector", COLLECTOR), self.start("sensor", SENSOR)
        source = self.source()
        self.under_way(source, lambda: what(collector, sensor))
        self.await_last(source, self.all_lines)
        source.end()
        self.assertEqual(source.count, sum(self.logged().values()))
        self.assert_all(self.logged(), self.all_lines, **kwargs)

    def test_log_rotated(self):
        def what(*_):
            for _ in range(5):
                self.await_come(self.all_lines)
                rotate()

        self.check(what)

    def restart(self, one, *numbers):
        """Lines come before each end, unless the other side is down, and are written after it."""
        for number in numbers:
            self.await_given()
            if self.is_flowing:
                self.await_come(self.all_lines)
            one.end(number)
            self.await_given()
            one.start()

    def test_collector_ended_and_started(self):
        self.check(lambda collector, _: self.restart(collector, signal.SIGTERM, signal.SIGTERM))

    def test_collector_killed(self):
        self.check(lambda collector, _: self.restart(collector, signal.SIGKILL, signal.SIGKILL))

    def test_sensor_ended_and_started(self):
        self.check(lambda _, sensor: self.restart(sensor, signal.SIGTERM, signal.SIGTERM), lost_at_most=2 * RELP_LOST)

    def test_sensor_ended_while_the_collector_is_down(self):
        def what(collector, sensor):
            self.await_come(self.all_lines)
            collector.end()
            self.is_flowing = False
            self.restart(sensor, signal.SIGTERM)
            collector.start()

        self.check(what, lost_at_most=RELP_LOST)

    def test_sensor_ended_while_the_collector_hangs(self):
        """This is like a collector whose machine has no time for it, and which goes on when the sensor has given up. How many lines rsyslog loses
        when it cancels its own queue depends on the moment; those written since it was started again all come."""
        for configuration in SENSOR, TCP, KAFKA:
            self.assertIn('queue.dequeueBatchSize="1"', configuration)
        written = []

        def what(collector, sensor):
            for _ in range(2):
                self.await_come(self.all_lines)
                collector.process.send_signal(signal.SIGSTOP)
                self.await_given(MOST)
                before = len(sensor.said())
                sensor.process.send_signal(signal.SIGTERM)
                wait_for(lambda: sensor.process.poll() is not None or b"hard cancellation" in sensor.said()[before:], "the sensor to wait no more")
                collector.process.send_signal(signal.SIGCONT)
                sensor.end()
                sensor.start()
                written.append(self.source_now.count)
                self.await_come(self.all_lines)

        self.check(what, lost_at_most=lambda: written[-1])
        with open(LOG, "rb") as file:
            since = log_schema.entries(file.read())[written[-1]:]
        self.assertEqual({json.dumps(entry, sort_keys=True) for entry in since} - set(self.come(self.all_lines())), set())

    def test_sensor_killed(self):
        self.check(lambda _, sensor: self.restart(sensor, signal.SIGKILL, signal.SIGKILL), lost_at_most=2 * RELP_LOST)

    def test_sensor_killed_after_rotation_while_the_collector_is_down(self):
        def what(collector, sensor):
            self.await_come(self.all_lines)
            collector.end()
            self.is_flowing = False
            self.await_given()
            rotate()
            self.restart(sensor, signal.SIGKILL)
            collector.start()

        self.check(what, lost_at_most=RELP_LOST)

    def tcp(self, what, **kwargs):
        collector = LineCollector()
        self.addCleanup(collector.stop)
        sensor = self.start("sensor", with_action(TCP))
        source = self.source()
        what(source, collector, sensor)
        self.await_last(source, collector.lines)
        source.end()
        self.assert_all(self.logged(), collector.lines, **kwargs)

    def test_tcp(self):
        """The collector is away while nothing is on its way to it."""
        def what(source, collector, sensor):
            source.give(500)
            wait_for(lambda: len(collector.lines()) == 500, "the lines")
            collector.stop()
            source.give(500)
            wait_for(lambda: read(LOG).count(b"\n") == 1000 and is_asleep(sensor.process.pid), "the sensor to have found nobody there")
            collector.start()

        self.tcp(what)

    def test_tcp_while_lines_come(self):
        def leave(collector):
            for _ in range(3):
                self.await_come(collector.lines)
                collector.stop()
                self.await_given()
                collector.start()

        self.tcp(lambda source, collector, _: self.under_way(source, lambda: leave(collector)), lost_at_most=3 * TCP_LOST)

    def test_watch(self):
        collector = self.start("collector", COLLECTOR)
        self.start("sensor", SENSOR)
        for folder in ("/srv/in", "/srv/out"):
            os.mkdir(folder)
        watcher = subprocess.Popen([PROGRAM, "watch", "--log", "only", "--then", "delete", "/srv/in", "/srv/out"], stderr=subprocess.DEVNULL)
        self.addCleanup(watcher.kill)
        for n in range(40):
            with open("/srv/.capture", "wb") as file:
                file.write(pcap(connection(1000 + n) + connection(2000 + n)))
            os.rename("/srv/.capture", "/srv/in/%d.pcap" % n)
            if n == 20:
                wait_for(self.all_lines, "the first lines")
                collector.end(signal.SIGTERM)
        wait_for(lambda: len([name for name in os.listdir("/srv/out") if name.endswith(".jsonl")]) == 40, "the logs")
        collector.start()
        watcher.send_signal(signal.SIGTERM)
        self.assertEqual(watcher.wait(PATIENCE_SECONDS), 0)
        wanted = self.logged("/srv/out")
        self.assertEqual(sum(wanted.values()), 80)
        self.assert_all(wanted, self.all_lines)

    def test_long_lines(self):
        """Messages up to the longest that can occur: each byte is a backslash, which takes two in JSON."""
        self.start("collector", LONG_LINES + COLLECTOR)
        self.start("sensor", LONG_LINES + SENSOR)
        source = self.source("--log-bytes", "65535")
        for size in (1000, 3000, 10000, 65400):
            source.give(1, b"\\" * size)
        source.end()
        self.assert_all(self.logged(), self.all_lines)

    def test_lines_that_are_not_long(self):
        """A message of 3000 bytes, and any message with the option that the document names."""
        self.start("collector", COLLECTOR)
        self.start("sensor", SENSOR)
        for size, options in ((3000, ()), (16000, ("--message-bytes", "256"))):
            source = self.source(*options)
            source.give(1, b"\\" * size)
            source.end()
        self.assert_all(self.logged(), self.all_lines)

    def test_kafka(self):
        """The test shows only that rsyslog takes the configuration: nobody here answers as Kafka does."""
        Rsyslog("kafka", with_action(KAFKA, 'module(load="omkafka")\n')).check()


def missing():
    """Returns in words what this machine lacks."""
    if os.geteuid() != 0:
        return ["root: it makes namespaces and mounts folders in them"]
    lacks = ["the program %s (package %s)" % both for both in TOOLS.items() if not shutil.which(both[0])]
    if not lacks:
        lacks = ["rsyslog's module %s (package %s)" % both for both in MODULES.items() if not has_module(both[0])]
    return lacks


def has_module(module):
    configuration = 'module(load="%s")\n*.* /dev/null\n' % module
    return subprocess.run(["rsyslogd", "-N1", "-f", "/dev/stdin"], input=configuration, text=True, capture_output=True).returncode == 0


def enter():
    """Runs this program again, in namespaces of its own. In a folder that was entered by chroot, there is no mount to make private."""
    os.environ[INSIDE] = "1"
    is_mount = subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0
    propagation = [] if is_mount else ["--propagation", "unchanged"]
    os.execvp("unshare", ["unshare", "--mount", *propagation, "--net", "--pid", "--fork", "--kill-child", "--mount-proc", sys.executable, "-B",
                          *sys.argv])


def prepare():
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["sysctl", "-qw", *("net.ipv4.tcp_%smem=4096 %d %d" % (kind, SOCKET_BYTES, SOCKET_BYTES) for kind in "rw")], check=True)
    hosts = "/tmp/firstpayload-test-hosts-%d" % time.monotonic_ns()
    with open(hosts, "w") as file:
        file.write("127.0.0.1 localhost collector.example\n")
    subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
    os.unlink(hosts)


if __name__ == "__main__":
    exit_if_lacking("test_shipping", missing())
    if INSIDE not in os.environ:
        enter()
    prepare()
    unittest.main(verbosity=2)
