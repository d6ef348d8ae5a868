# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plugin keeps of a file goes when another is loaded, as for those who look through captures all day."""
import os
import re
import unittest

import tshark_runner
from packets import ACK, PSH, Capture, Stream
from sharkd import Sharkd

STREAMS = 40000
LOADS = 10
STREAM_BYTES = 128  # what is kept of a stream is more than half of that


def resident_bytes(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) << 10


def growth(path, plugin):
    """Returns by how many bytes sharkd grows while it loads the file again and again. Some of it is its own."""
    sharkd = Sharkd(plugin)
    try:
        sizes = []
        for _ in range(LOADS):
            sharkd.ask("load", file=path)
            sizes.append(resident_bytes(sharkd.process))
        return sizes[-1] - sizes[0]
    finally:
        sharkd.close()


class Memory(unittest.TestCase):
    def test_loaded_again(self):
        capture = Capture()
        for n in range(STREAMS):
            Stream(capture, 1024 + n).client(PSH | ACK, 1, 1, b"ask")
        path = capture.write(os.path.join(tshark_runner.folder(), "many.pcap"))
        self.assertEqual(len(tshark_runner.frames(path, "firstpayload")), STREAMS)
        ours, stock = growth(path, True), growth(path, False)
        self.assertLess(ours - stock, STREAMS * STREAM_BYTES // 2 * (LOADS - 1), (ours, stock))


if __name__ == "__main__":
    unittest.main()
