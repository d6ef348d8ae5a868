# SPDX-License-Identifier: GPL-2.0-or-later
"""slim -i with its default options loses nothing that others keep: not while it is stopped, and not when its tshark is killed. Real clients and a
server at the ends of a veth pair, in namespaces of their own; what they sent is compared with the log. Takes root."""
import base64
import concurrent.futures
import contextlib
import os
import signal
import subprocess
import tempfile
import unittest

import log_schema
from namespaces import Namespace, add_addresses, cable
from pcaps import PROGRAM, read
from peers import WEB, Service, connect
from waiting import PATIENCE_SECONDS, is_asleep, is_capturing, wait_for

SERVER = "192.0.2.1"
CONNECTIONS = 40            # two seconds of 20 a second
BULK_BYTES = 12 << 20       # many times what libpcap's own default, 2 MiB, holds


def children(pid, name):
    """Returns the process IDs of all descendants of that name."""
    found, all_children = [], []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):       # ended in the meantime
        all_children = read(f"/proc/{pid}/task/{pid}/children").split()
    for child in map(int, all_children):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found += [child] if read(f"/proc/{child}/comm").strip() == name.encode() else []
        found += children(child, name)
    return found


class HeldUp(unittest.TestCase):
    def setUp(self):
        self.assertEqual(os.geteuid(), 0, "it makes network namespaces and captures in them: run the tests as root")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = os.path.join(folder.name, "log")
        self.here, self.there = Namespace(), Namespace()
        self.addCleanup(self.here.close)
        self.addCleanup(self.there.close)
        cable(self.here, "eth0", self.there, "eth0")
        add_addresses(self.here, "eth0", SERVER + "/24")
        add_addresses(self.there, "eth0", "192.0.2.2/24")
        self.addCleanup(Service(self.here, WEB).close)

    def start(self, *options):
        process = subprocess.Popen(self.here.argv(PROGRAM, "slim", "-i", "eth0", "--log", self.log, "--log-format", "json", *options),
                                   env={**os.environ, "FIRSTPAYLOAD_TSHARK_SECONDS": str(PATIENCE_SECONDS)}, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_for(lambda: process.poll() is not None or is_capturing(process.pid) and is_asleep(process.pid), "a packet socket that is waited for")
        return process

    def lines(self):
        """Returns the lines so far: of first payload frames, and of stats."""
        data = read(self.log) if os.path.exists(self.log) else b""
        lines = log_schema.entries(data[:data.rfind(b"\n") + 1])
        return [[line for line in lines if line["event_type"] == kind] for kind in ("firstpayload", "stats")]

    def talk(self, n, bulk=()):
        """Makes n connections, and some with that many bytes from the server, all at once as far as eight threads go."""
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            made = [pool.submit(connect, self.there, SERVER, WEB, size) for size in (*bulk, *[100] * n)]
            return [connection.result() for connection in made]

    def finish(self, process, connections):
        """Ends the program at once, so that what the kernel still holds must come, too. Each connection has one line, with what it said."""
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=PATIENCE_SECONDS)[1]
        self.assertEqual(process.returncode, 0, said)
        self.assertRegex(said, r"(?m)^dropped +0 frames by the kernel")
        lines = self.lines()[0]
        self.assertEqual(sorted((line["client_ip"], line["client_port"], base64.b64decode(line["payload"])) for line in lines),
                         sorted((*connection.key[2:], connection.first) for connection in connections))
        self.assertTrue(all(line["delay"] >= 0 and not line["midstream"] for line in lines), "no SYN is missing")
        return lines

    def test_a_reader_that_is_stopped(self):
        process = self.start()
        process.send_signal(signal.SIGSTOP)
        connections = self.talk(CONNECTIONS, [BULK_BYTES // 4] * 4)
        process.send_signal(signal.SIGCONT)
        self.finish(process, connections)

    def test_a_tshark_that_is_killed(self):
        """While lines wait for it: they come with their fields, from another."""
        process = self.start("--fields", "tcp.len", "--stats", "1")
        before = self.talk(1)
        wait_for(lambda: len(self.lines()[0]) == 1, "a line, so that tshark is at work")
        tshark = children(process.pid, "tshark")
        self.assertTrue(tshark, "there is a tshark")
        for pid in tshark:
            os.kill(pid, signal.SIGSTOP)
        connections = before + self.talk(CONNECTIONS)
        wait_for(lambda: any(line["stats"]["streams"]["with_payload"] == len(connections) for line in self.lines()[1]), "all to be seen")
        self.assertEqual(len(self.lines()[0]), 1, "the others wait")
        for pid in tshark:
            os.kill(pid, signal.SIGKILL)
        for line in self.finish(process, connections):
            self.assertEqual(line["fields"], {"tcp.len": str(line["length"])})


if __name__ == "__main__":
    unittest.main()
