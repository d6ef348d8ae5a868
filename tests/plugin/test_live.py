# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark captures live: it shows each connection's first payload while the connection is still open."""
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import unittest

import tshark_runner
from namespaces import Namespace
from peers import MAIL, WEB, Service
from waiting import PATIENCE_SECONDS, wait_for

TRIES = 8080
CAPABILITIES = "+net_raw,+net_admin"


class Live(unittest.TestCase):
    def setUp(self):
        self.namespace = Namespace()
        self.addCleanup(self.namespace.close)
        self.services = [Service(self.namespace, port) for port in (WEB, MAIL, TRIES)]
        fields = ["firstpayload.direction", "tcp.port", "firstpayload.text"]
        command = tshark_runner.command("tshark", ["-n", "-l", "-i", "lo", "-f", "tcp", "-Y", "firstpayload", "-T", "fields",
                                                   *(word for field in fields for word in ("-e", field))])
        command[1:1] = [f"--inh-caps={CAPABILITIES}", f"--ambient-caps={CAPABILITIES}"]    # options of setpriv, for dumpcap
        self.tshark = subprocess.Popen(self.namespace.argv(*command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                       cwd=tshark_runner.folder(), text=True)
        self.addCleanup(self.tshark.kill)
        self.rows, self.heard = queue.Queue(), threading.Event()
        threading.Thread(target=self.read_rows, daemon=True).start()
        wait_for(self.captures, "tshark to capture")

    def captures(self):
        """Waits until tshark captures. Tries connections, as the first may come too early."""
        if self.tshark.poll() is not None:
            self.fail("tshark does not capture: " + self.tshark.stderr.readline())
        self.client(TRIES)[0].sendall(b"GET 0\n")
        return self.heard.wait(0.2)

    def read_rows(self):
        for line in self.tshark.stdout:
            row = line.rstrip("\n").split("\t")
            if str(TRIES) in row[1].split(","):
                self.heard.set()
            else:
                self.rows.put(row)

    def client(self, port):
        client = self.namespace.socket(socket.AF_INET)
        self.addCleanup(client.close)
        client.connect(("127.0.0.1", port))
        return client, client.getsockname()[1]

    def test_while_the_connection_is_open(self):
        self.client(WEB)                                   # says nothing
        for number in range(10):
            client, port = self.client(WEB)
            client.sendall(b"GET %d\n" % number)
            self.assertEqual(self.rows.get(timeout=PATIENCE_SECONDS), ["client", f"{port},{WEB}", f"GET {number}"])
            client, port = self.client(MAIL)
            self.assertEqual(self.rows.get(timeout=PATIENCE_SECONDS), ["server", f"{MAIL},{port}", f"220 hello, port {port}"])
        self.tshark.send_signal(signal.SIGINT)
        self.tshark.stderr.read()
        self.tshark.wait(PATIENCE_SECONDS)
        self.assertEqual(self.tshark.returncode, 0)
        self.assertTrue(self.rows.empty())


if __name__ == "__main__":
    if os.geteuid() != 0:
        sys.exit("tests/plugin/test_live.py: cannot run, this is missing here: root, as it makes a network namespace and captures there")
    unittest.main()
