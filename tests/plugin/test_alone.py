# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin can be built without the program: as strict C11, by gcc and clang, and with nothing that only Linux has."""
import os
import shutil
import subprocess
import unittest

import tshark_runner
from packets import ACK, PSH, Capture, Stream

LINUX_ONLY = "sys/inotify.h", "sys/mman.h", "pcap.h", "pcap/pcap.h"


class Alone(unittest.TestCase):
    def build(self, compiler):
        """Returns the folder of the build, for a system that is not called Linux."""
        build = os.path.join(tshark_runner.folder(), "alone-" + compiler)
        configure = [os.environ["FIRSTPAYLOAD_CMAKE"], "-S", os.environ["FIRSTPAYLOAD_SOURCE"], "-B", build, "-G", "Ninja", "-DFIRSTPAYLOAD_PROGRAM=OFF",
                     "-DFIRSTPAYLOAD_WERROR=ON", "-DCMAKE_C_COMPILER=" + compiler, "-DCMAKE_C_FLAGS=-U__linux__ -std=c11 -pedantic"]
        for command in (configure, ["ninja", "-C", build]):
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            self.assertEqual(done.returncode, 0, done.stdout)
        return build

    def check(self, compiler):
        build = self.build(compiler)
        read = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, check=True, text=True).stdout
        self.assertIn("epan/packet.h", read)
        self.assertEqual([header for header in LINUX_ONLY if f"/{header}\n" in read], [])
        capture = Capture()
        streams = [Stream(capture, 1024 + number) for number in range(20000)]    # enough for the table of streams to grow
        firsts = [stream.client(PSH | ACK, 1, 1, b"hello") for stream in streams]
        path = capture.write(os.path.join(tshark_runner.folder(), "alone.pcap"))
        self.assertEqual(tshark_runner.frames(path, "firstpayload", plugin=os.path.join(build, "plugins")), firsts)

    def test_gcc(self):
        self.check("gcc")

    @unittest.skipUnless(shutil.which("clang"), "no clang")
    def test_clang(self):
        self.check("clang")


if __name__ == "__main__":
    unittest.main()
