# SPDX-License-Identifier: GPL-2.0-or-later
"""-i given several times, and -i any: one capture of several interfaces, in which each frame says where it came from. Takes root."""
import base64
import os
import signal
import socket
import subprocess
import tempfile
import unittest

import log_schema
from namespaces import Namespace, add_addresses, cable
from pcaps import PROGRAM, connection, read, slim
from peers import WEB, Service, connect
from waiting import PATIENCE_SECONDS, is_asleep, is_capturing, wait_for

ADDRESSES = {"eth0": "192.0.2.%d", "eth1": "198.51.100.%d"}


class Lives(unittest.TestCase):
    def setUp(self):
        self.assertEqual(os.geteuid(), 0, "it makes network namespaces and captures in them: run the tests as root")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.log, self.out = os.path.join(folder.name, "log"), os.path.join(folder.name, "out")
        self.here, self.there = Namespace(), Namespace()
        self.addCleanup(self.here.close)
        self.addCleanup(self.there.close)
        for name, address in ADDRESSES.items():
            cable(self.here, name, self.there, name)
            add_addresses(self.here, name, address % 1 + "/24")
            add_addresses(self.there, name, address % 2 + "/24")
        self.addCleanup(Service(self.here, WEB).close)

    def start(self, *options):
        process = subprocess.Popen(self.here.argv(PROGRAM, "slim", "--log", self.log, "--log-format", "json", *options), stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_for(lambda: process.poll() is not None or is_capturing(process.pid) and is_asleep(process.pid), "packet sockets that are waited for")
        return process

    def finish(self, process, status=0):
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=PATIENCE_SECONDS)[1]
        self.assertEqual(process.returncode, status, said)
        return said, log_schema.entries(read(self.log))

    def talk(self, *names):
        return [(connect(self.there, ADDRESSES[name] % 1, WEB), name) for name in names]

    def check(self, lines, talks):
        self.assertEqual([(line["client_port"], base64.b64decode(line["payload"]), line["in_iface"]) for line in lines if line["event_type"] == "firstpayload"],
                         [(one.key[3], one.first, name) for one, name in talks])

    def test_two_interfaces(self):
        """The log, the capture and the counters tell them apart; one goes away, which is said at once, and the other goes on."""
        process = self.start("-i", "eth0", "-i", "eth1", "-f", "tcp", "-w", self.out, "--stats", "1")
        self.assertEqual([process.stderr.readline() for _ in range(2)],
                         [f"firstpayload: listening on {name}, link type EN10MB (Ethernet), snapshot length 262144 bytes\n" for name in ("eth0", "eth1")])
        talks = self.talk("eth0", "eth1", "eth1", "eth0", "eth1")
        wait_for(lambda: read(self.log).count(b'"firstpayload"') == len(talks), "five lines")
        self.here.run("ip", "link", "del", "eth1")
        self.assertRegex(process.stderr.readline(), r"^firstpayload: eth1: its capture ended: .*; the others go on\n$")
        talks += self.talk("eth0")
        said, lines = self.finish(process, 1)
        self.check(lines, talks)
        counted = {one.pop("in_iface"): one for one in lines[-1]["stats"]["capture"]["interfaces"]}
        self.assertEqual(list(counted), ["eth0", "eth1"])
        self.assertTrue(all(one["kernel_packets"] >= 3 * 8 and one["kernel_drops"] == 0 for one in counted.values()), counted)
        self.assertRegex(said, r"(?m)^dropped +0 frames by the kernel")
        shown = subprocess.run(["tshark", "-r", self.out, "-T", "fields", "-e", "frame.interface_name", "-e", "tcp.payload"], capture_output=True, check=True, text=True)
        self.assertEqual(shown.stdout.splitlines(), [f"{name}\t{one.first.hex()}" for one, name in talks])
        again = log_schema.entries(slim("-q", "--log", "-", "--log-format", "json", self.out).stdout)
        self.assertEqual([(line["timestamp"], line["in_iface"], line["payload"]) for line in again],
                         [(line["timestamp"], line["in_iface"], line["payload"]) for line in lines if line["event_type"] == "firstpayload"])

    def test_streams_are_shared_unless_the_interface_is_in_their_key(self):
        for options, firsts in ((), ["eth0"]), (("--stream-key", "interface"), ["eth0", "eth1"]):
            process = self.start("-i", "eth0", "-i", "eth1", "-f", "tcp port 80 or tcp port 443 or tcp port 40000", *options, "--stats", "1")
            for n, name in enumerate(("eth0", "eth1"), 1):
                with self.there.call(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)) as wire:
                    wire.bind((name, 0))
                    for frame in connection():
                        wire.send(frame)
                wait_for(lambda: stats_of(self.log, lambda stats: stats["decoder"]["pkts"] == n * len(connection())), f"the frames of {name}")
            lines = [line["in_iface"] for line in self.finish(process)[1] if line["event_type"] == "firstpayload"]
            self.assertEqual(lines, firsts)
            os.unlink(self.log)

    def test_any_interface(self):
        """Its frames begin with a header that names the interface, and says which way they went."""
        process = self.start("-i", "any", "-f", "tcp port 80")
        talks = self.talk("eth0", "eth1")
        talks.append((connect(self.here, ADDRESSES["eth0"] % 1, WEB), "lo"))
        lines = self.finish(process)[1]
        self.check(lines, talks)
        self.assertEqual([line["iface_direction"] for line in lines[:2]], ["in", "in"])
        process = self.start("-i", "any", "-f", "tcp port 80")
        self.addCleanup(Service(self.there, WEB).close)
        connect(self.here, ADDRESSES["eth1"] % 2, WEB)
        self.assertEqual(self.finish(process)[1][-1]["iface_direction"], "out")

    def test_promiscuous_mode_of_each(self):
        for options, mode in (((), "promiscuity 1"), (("-p",), "promiscuity 0")):
            process = self.start("-i", "eth0", "-i", "eth1", *options)
            for name in ADDRESSES:
                self.assertIn(mode, self.here.run("ip", "-d", "link", "show", name))
            self.finish(process)

    def test_all_go_away(self):
        process = self.start("-i", "eth0", "-i", "eth1")
        for name in ADDRESSES:
            self.here.run("ip", "link", "del", name)
        said = process.communicate(timeout=PATIENCE_SECONDS)[1]
        self.assertEqual(process.returncode, 1, said)
        self.assertIn("eth0, eth1: the capture ended: ", said)

    def test_what_makes_no_sense(self):
        for arguments, status, word in ((("-i", "lo", "-i", "lo"), 64, "-i names an interface twice"), (("-i", "lo", "-i", "any"), 64, "no other -i goes with it"),
                                        (("-i", "lo", "-i", "nosuch0"), 66, "nosuch0: cannot capture"), (("-i", "lo", "-i", "nosuch0", "-F", "pcap"), 64, "-F pcapng")):
            result = slim("-w", self.out, *arguments)
            self.assertEqual(result.returncode, status, result.stderr)
            self.assertIn(word, result.stderr)
            self.assertFalse(os.path.exists(self.out))


def stats_of(path, condition):
    data = read(path) if os.path.exists(path) else b""
    lines = log_schema.entries(data[:data.rfind(b"\n") + 1])
    return any(line["event_type"] == "stats" and condition(line["stats"]) for line in lines)


if __name__ == "__main__":
    unittest.main()
