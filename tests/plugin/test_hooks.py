# SPDX-License-Identifier: GPL-2.0-or-later
"""What is in the place of TCP and UDP, as a script in Lua sees it: the plugin's hooks only while a file is open that they are wanted for."""
import os
import shutil
import unittest

import tshark_runner
from packets import ACK, PSH, Capture, Stream
from sharkd import Sharkd

HOOKED_TCP, HOOKED_UDP = "First Payload (before TCP)", "First Payload (before UDP)"
# Wireshark calls init where a file begins, before the plugin's own, and where one ends, before the plugin's own.
PROBE = """
local function note(when)
    local place = DissectorTable.get("ip.proto")
    local file = io.open(%r, "a")
    file:write(when, "\\t", tostring(place:get_dissector(6)), "\\t", tostring(place:get_dissector(17)), "\\n")
    file:close()
end
note("load")
local tap = Listener.new("frame")
function tap.packet(pinfo) note("frame " .. pinfo.number) end
local probe = Proto("fp_test_probe", "Probe")
function probe.dissector() end
function probe.init() note("init") end
"""


def setUpModule():
    assert tshark_runner.plugin_is_listed(), "tshark does not list the plugin"


class Hooks(unittest.TestCase):
    def setUp(self):
        self.noted = os.path.join(tshark_runner.new_home(), "noted")
        self.script = self.noted + ".lua"
        with open(self.script, "w", encoding="utf-8") as file:
            file.write(PROBE % self.noted)
        os.chmod(self.script, 0o644)
        capture = Capture()
        stream = Stream(capture, 40000)
        stream.handshake()
        stream.client(PSH | ACK, 1, 1, b"hello")
        self.path = capture.write(os.path.join(tshark_runner.folder(), "hooks.pcap"))

    def notes(self):
        with open(self.noted, encoding="utf-8") as file:
            return [tuple(line.rstrip("\n").split("\t")) for line in file]

    def places(self, *args):
        """Returns what is in the places of TCP and UDP before a file is open, and at its last frame."""
        done = tshark_runner.run_tshark(["-X", "lua_script:" + self.script, "-r", self.path, *args])
        self.assertEqual(done.returncode, 0, done.stderr)
        notes = self.notes()
        os.unlink(self.noted)
        return [next(note[1:] for note in notes if note[0] == when) for when in ("load", "frame 4")]

    def test_wanted(self):
        self.assertEqual(self.places("-Y", "firstpayload"), [("TCP", "UDP"), (HOOKED_TCP, "UDP")])
        self.assertEqual(self.places("-Y", "firstpayload", "-o", "firstpayload.transport:tcp,udp"), [("TCP", "UDP"), (HOOKED_TCP, HOOKED_UDP)])
        self.assertEqual(self.places("-Y", "firstpayload", "-o", "firstpayload.transport:quic"), [("TCP", "UDP"), ("TCP", HOOKED_UDP)])

    def test_not_asked_for(self):
        self.assertEqual(self.places("-Y", "tcp"), [("TCP", "UDP"), ("TCP", "UDP")])

    def test_disabled(self):
        for extra in ([], ["-2"], ["-o", "firstpayload.transport:tcp,udp"]):
            self.assertEqual(self.places("-Y", "firstpayload || tcp", "--disable-protocol", "firstpayload", *extra), [("TCP", "UDP"), ("TCP", "UDP")])

    def test_decode_as_stays(self):
        self.assertEqual(self.places("-Y", "firstpayload", "-d", "ip.proto==6,udp"), [("TCP", "UDP"), ("UDP", "UDP")])

    def test_between_files(self):
        """Another file, and the end, find what was there before."""
        plugins = shutil.copytree(tshark_runner.readable(os.environ["FIRSTPAYLOAD_PLUGINS"]), os.path.join(os.path.dirname(self.noted), "plugins"))
        shutil.copy(self.script, plugins)
        sharkd = Sharkd(plugins)
        self.addCleanup(sharkd.close)
        for _ in range(2):
            sharkd.ask("load", file=self.path)
        notes = [note[1] for note in self.notes() if note[0] == "init"]
        self.assertIn(HOOKED_TCP, notes[:2])
        self.assertEqual(notes[-1], "TCP")


if __name__ == "__main__":
    unittest.main()
