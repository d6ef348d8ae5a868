# SPDX-License-Identifier: GPL-2.0-or-later
"""--wait: an interface that is not there yet, and one that is removed and made again, after rights have ended."""
import os
import socket
import subprocess
import tempfile
import threading
import unittest

from namespaces import Namespace
from pcaps import PROGRAM, connection, read
from waiting import PATIENCE_SECONDS, wait_for


class Wait(unittest.TestCase):
    def setUp(self):
        self.assertEqual(os.geteuid(), 0, "capturing takes root: run the tests as root")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log = os.path.join(folder.name, "log")
        self.namespace = Namespace()
        self.addCleanup(self.namespace.close)

    def make(self, other="v1"):
        self.namespace.run("sh", "-ec", f"ip link add v0 type veth peer name {other}; ip link set {other} up; ip link set v0 up")

    def talk(self, words, port, other="v1"):
        def send():
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
                wire.bind((other, 0))
                for frame in connection(port, b"GET /" + words + b" HTTP/1.0\r\n\r\n"):
                    wire.send(frame)

        self.namespace.call(send)

    def start(self, *words):
        run = subprocess.Popen(self.namespace.argv(PROGRAM, "slim", *words, "-i", "v0", "-U", "--log", self.log), stderr=subprocess.PIPE, text=True)
        self.said = []
        reader = threading.Thread(target=lambda: self.said.extend(iter(run.stderr.readline, "")), daemon=True)
        reader.start()
        self.addCleanup(run.stderr.close)
        self.addCleanup(reader.join)
        self.addCleanup(run.wait)
        self.addCleanup(run.kill)
        return run

    def until_said(self, words, times=1):
        wait_for(lambda: "".join(self.said).count(words) == times, lambda: f"{words!r} in {self.said}")

    def until_logged(self, words, port, other="v1"):
        """Frames that come before the socket is bound again are not seen, so they are sent again."""
        def is_there():
            self.talk(words, port, other)
            return words in (read(self.log) if os.path.exists(self.log) else b"")

        wait_for(is_there, words)

    def test_an_interface_that_comes_and_goes(self):
        run = self.start("--wait")
        self.until_said("waiting for it")
        self.make()
        self.until_said("listening on v0")
        self.until_logged(b"first", 40001)
        for i in (1, 2):
            self.namespace.run("ip", "link", "delete", "v0")
            self.until_said("v0: the interface is gone; waiting for it", i)
            self.make()
            self.until_said("v0: the interface is back", i)
            self.until_logged(b"again%d" % i, 40001 + i)
        self.namespace.run("ip", "link", "set", "v0", "down")
        self.namespace.run("ip", "link", "set", "v0", "up")
        self.until_logged(b"up", 40004)
        self.namespace.run("ip", "link", "delete", "v0")
        self.until_said("waiting for it", 4)
        run.terminate()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0, self.said)

    def test_an_interface_that_gets_another_name(self):
        """Its frames are not those of the interface that was asked for."""
        self.make()
        run = self.start("--wait")
        self.until_said("listening on v0")
        self.until_logged(b"first", 40001)
        self.namespace.run("ip", "link", "set", "v0", "down")
        self.namespace.run("ip", "link", "set", "v0", "name", "v9")
        self.namespace.run("ip", "link", "set", "v9", "up")
        self.until_said("v0: the interface is gone; waiting for it")
        self.talk(b"renamed", 40002)
        self.make("v2")
        self.until_said("v0: the interface is back")
        self.until_logged(b"again", 40003, "v2")
        self.talk(b"renamed", 40004)
        self.until_logged(b"once-more", 40005, "v2")
        self.assertNotIn(b"renamed", read(self.log))
        run.terminate()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0, self.said)

    def test_a_signal_while_nothing_is_there(self):
        """systemd would call a unit failed that it has stopped."""
        run = self.start("--wait")
        self.until_said("waiting for it")
        run.terminate()
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0, self.said)

    def test_without_it_is_the_end(self):
        self.make()
        run = self.start()
        self.until_said("listening on v0")
        self.until_logged(b"first", 40001)
        self.namespace.run("ip", "link", "delete", "v0")
        self.assertEqual(run.wait(PATIENCE_SECONDS), 1)
        self.until_said("what came before was taken")


if __name__ == "__main__":
    unittest.main()
