# SPDX-License-Identifier: GPL-2.0-or-later
"""Names of cipher suites are those that Wireshark has for the same numbers."""
import os
import re
import subprocess
import unittest


class Ciphers(unittest.TestCase):
    def test_names(self):
        ours = dict(line.split() for line in subprocess.check_output([os.environ["FIRSTPAYLOAD_SAID_CIPHERS"]], text=True).splitlines())
        values = subprocess.run([os.environ.get("FIRSTPAYLOAD_TSHARK") or "tshark", "-G", "values"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                text=True, check=True, errors="replace").stdout
        theirs = {str(int(number, 0)): name for number, name in re.findall(r"^V\ttls\.handshake\.ciphersuite\t(\S+)\t(\S+)", values, re.M)}
        self.assertGreaterEqual(len(ours), 33)
        self.assertEqual(ours, {number: theirs.get(number) for number in ours})


if __name__ == "__main__":
    unittest.main()
