# SPDX-License-Identifier: GPL-2.0-or-later
"""The examples in docs/examples: listeners in Lua and in C. They do what they say, and the C one compiles without warnings."""
import csv
import os
import shutil
import subprocess
import unittest

import tshark_runner
from packets import ACK, PSH, Capture, Stream, client_hello

EXAMPLES = os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "docs", "examples")
HELLO = client_hello("long.example.org", 2000)
GET = b'GET /?q="a,b" HTTP/1.1\r\nHost: www.example.org\r\n\r\n'


def setUpModule():
    assert tshark_runner.plugin_is_listed(), "tshark does not list the plugin"


def make_capture():
    capture = Capture()
    web = Stream(capture, 40000, server_port=80)
    web.handshake()
    web.client(PSH | ACK, 1, 1, GET, at=0.1)
    web.server(PSH | ACK, 1, 1 + len(GET), b"HTTP/1.1 204 No Content\r\n\r\n", at=0.35)
    split = Stream(capture, 40001, server_port=443)
    split.client(ACK, 1, 1, HELLO[:1400], at=0.5)
    split.client(PSH | ACK, 1401, 1, HELLO[1400:], at=0.6)
    Stream(capture, 40002, server_port=7777).client(PSH | ACK, 1, 1, b'say "hello", twice', at=0.7)
    return capture


def pkg_config(*words):
    return subprocess.run(["pkg-config", *words], check=True, capture_output=True, text=True).stdout.split()


class Examples(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.path = make_capture().write(os.path.join(tshark_runner.folder(), "examples.pcap"))

    def run_tshark(self, *options, plugin=True):
        done = tshark_runner.run_tshark(["-q", "-r", self.path, *options], plugin)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout.decode().splitlines()

    def script(self, name):
        return tshark_runner.readable(shutil.copy(os.path.join(EXAMPLES, name), tshark_runner.folder()))

    def test_lua_that_prints(self):
        lines = self.run_tshark("-2", "-X", "lua_script:" + self.script("said-first.lua"))
        self.assertEqual([line.split(" ", 1)[1] for line in lines], [
            f'10.0.0.1:40000 > 10.0.0.2:80 client {len(GET)}: HTTP GET /?q="a,b" HTTP/1.1 (www.example.org) (0.090 s after the SYN)',
            "10.0.0.1:40001 > 10.0.0.2:443 unknown 1400: TLS long.example.org ...",
            '10.0.0.1:40002 > 10.0.0.2:7777 unknown 18: say "hello", twice'])

    def test_lua_that_writes_csv(self):
        out = os.path.join(tshark_runner.folder(), "streams.csv")
        self.assertEqual(self.run_tshark("-2", "-X", "lua_script:" + self.script("said-first-csv.lua"), "-X", "lua_script1:" + out,
                                         "-o", "firstpayload.details:http.request.uri"), [])
        with open(out, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([(row["frame"], row["destination_port"], row["stream"], row["direction"], row["protocol"], row["detail"], row["reply_frame"]) for row in rows], [
            ("4", "80", "0", "client", "HTTP", '/?q="a,b"', "5"), ("6", "443", "1", "unknown", "TLS", "", ""), ("8", "7777", "2", "unknown", "", "", "")])
        self.assertEqual([float(rows[0][name]) for name in ("delay", "reply_delay")], [0.09, 0.25])

    def test_tap_in_c(self):
        folder = os.path.join(tshark_runner.folder(), "plugins")
        shutil.copytree(os.environ["FIRSTPAYLOAD_PLUGINS"], folder)
        epan = next(path for path, _, names in os.walk(folder) if "firstpayload.so" in names)
        include = os.path.join(tshark_runner.folder(), "include", "firstpayload")
        os.makedirs(include)
        shutil.copy(os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "plugin", "tap.h"), include)
        subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", os.path.join(epan, "said-first-tap.so"),
                        os.path.join(EXAMPLES, "said-first-tap.c"), "-I", os.path.dirname(include), *pkg_config("--cflags", "wireshark")], check=True)
        whole = ["port streams replies average-ms name", "80 1 1 250.000 www.example.org", "443 1 0 0.000 long.example.org", "7777 1 0 0.000 -"]
        for passes in ([], ["-2"]):
            self.assertEqual(self.run_tshark(*passes, "-z", "said-first", plugin=folder), whole)
        self.assertEqual(self.run_tshark("-z", "said-first,tcp.port == 443", plugin=folder), [whole[0], whole[2]])


if __name__ == "__main__":
    unittest.main()
