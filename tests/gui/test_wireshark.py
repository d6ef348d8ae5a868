#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark itself. A listener in Lua writes down which frames the tap "firstpayload" tells of, each time that Wireshark has told all."""
import os
import shutil
import subprocess
import sys
import time
import unittest

import tshark_runner
from desktop import Desktop
from packets import ACK, PSH, SYN, Capture, Stream, client_hello
from waiting import wait_for

TOOLS = "Xvfb", "xdotool", "wireshark"
LISTENER = """
local path, frames = %r, {}
local tap = Listener.new("firstpayload", %r)
function tap.reset() frames = {} end
function tap.packet(pinfo) frames[#frames + 1] = pinfo.number end
function tap.draw()
    local file = io.open(path .. ".new", "w")
    file:write(table.concat(frames, " "))
    file:close()
    os.rename(path .. ".new", path)
end
"""


HELLO = client_hello("long.example.org", 2000)


def make_split_capture():
    """A ClientHello in two frames, 4 and 5; its reply."""
    capture = Capture()
    stream = Stream(capture, 40000, server_port=443)
    stream.handshake()
    stream.client(ACK, 1, 1, HELLO[:1400])
    stream.client(PSH | ACK, 1401, 1, HELLO[1400:])
    stream.server(PSH | ACK, 1, 1 + len(HELLO), b"\x15\x03\x03\0\2\2\x28")
    return capture


def make_capture(streams=3):
    capture = Capture()
    for number in range(streams):
        stream = Stream(capture, 40000 + number)
        stream.handshake()
        stream.client(PSH | ACK, 1, 1, b"ask %d" % number)
        stream.client(PSH | ACK, 6, 1, b"ask more")
        stream.server(PSH | ACK, 1, 14, b"answer")
        stream.client(ACK, 14, 7)
    return capture


class Wireshark(unittest.TestCase):
    def setUp(self):
        self.desktop = Desktop()
        self.addCleanup(self.desktop.__exit__)
        folder = tshark_runner.folder()
        self.told = os.path.join(folder, f"told-{time.monotonic_ns()}")
        self.script = self.told + ".lua"
        self.listen("")

    def listen(self, display_filter):
        with open(self.script, "w", encoding="utf-8") as file:
            file.write(LISTENER % (self.told, display_filter))

    def frames(self):
        if not os.path.exists(self.told):
            return None
        with open(self.told, encoding="utf-8") as file:
            return [int(number) for number in file.read().split()]

    def await_frames(self, expected, when):
        try:
            wait_for(lambda: self.frames() == expected, f"{expected} {when}")
        except AssertionError as error:
            self.fail(f"{error}; told of {self.frames()}")

    def start(self, *args, **kwargs):
        return self.desktop.start("-X", "lua_script:" + self.script, *args, **kwargs)

    def test_a_file(self):
        path = make_capture().write(os.path.join(tshark_runner.folder(), "wireshark.pcap"))
        self.start("-r", path)
        self.await_frames([4, 11, 18], "when loaded")
        self.desktop.go_to(11)
        self.desktop.keys("ctrl+d")
        self.await_frames([4, 12, 18], "when frame 11 is ignored")
        self.desktop.keys("ctrl+t")
        self.await_frames([4, 12, 18], "when frame 11 is a time reference, too")
        self.desktop.keys("ctrl+d")
        self.await_frames([4, 11, 18], "when it is not ignored any more")
        os.unlink(self.told)
        self.desktop.keys("ctrl+r")
        self.await_frames([4, 11, 18], "when loaded again")
        self.desktop.go_to(21)    # the last of its stream, of which nothing is to be said
        self.desktop.keys("alt+g", "Up", "Right", "Down", "Return", "ctrl+d")
        self.await_frames([4, 11, 19], "when what Go > First Payload went to is ignored")
        up = ["Up"] if tshark_runner.version() < (4, 6) else ["Up", "Up"]    # 4.6 has ILNP below it
        self.desktop.keys("alt+s", *up, "Return")
        wait_for(lambda: self.desktop.find("First Payload"), "the window of Statistics > First Payload")

    def test_name_of_a_message_in_two_frames(self):
        """When a file was read, the first frame has the name that is known since the second: a filter finds it."""
        path = make_split_capture().write(os.path.join(tshark_runner.folder(), "split.pcap"))
        self.listen('firstpayload.detail == "long.example.org"')
        self.start("-r", path)
        self.await_frames([], "while it was read")
        self.desktop.keys("ctrl+slash")
        self.desktop.type("tcp")
        self.desktop.keys("Return")
        self.await_frames([4], "when a display filter had all frames visited again")

    def test_live(self):
        """From a pipe, frame by frame, as from an interface."""
        reading, writing = os.pipe()
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            capture = make_capture(30)
            whole = capture.bytes()
            pipe.write(whole[:24] + b"".join(capture.records[:6]))
            self.start("-k", "-i", "-", stdin=reading)
            os.close(reading)
            self.await_frames([4], "of the first frames")
            pipe.write(b"".join(capture.records[6:100]))
            self.await_frames(list(range(4, 101, 7)), "of a hundred")
            pipe.write(b"".join(capture.records[100:]))
        self.await_frames(list(range(4, 210, 7)), "of all")


if __name__ == "__main__":
    lacks = [tool for tool in TOOLS if not shutil.which(tool)]
    if lacks:
        sys.exit(f"tests/gui: cannot run, this is missing here: {', '.join(lacks)} (scripts/install-packages check)")
    unittest.main(verbosity=2)
