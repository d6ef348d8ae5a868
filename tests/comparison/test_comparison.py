# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of docs/comparison.md show what comes out: who logs what, and what becomes of connections. Costs are not tested."""
import signal
import tempfile
import unittest

import logged
import stalls
from comparison_document import markdown, tables
from connections import Net
from lacks import exit_if_lacking
from machine import log_of_all_namespaces, missing


class Comparison(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.enterContext(log_of_all_namespaces())
        self.net = Net(self.folder)
        self.addCleanup(self.net.close)

    def check(self, module):
        self.assertEqual(markdown(module.CORNER, *module.table(self.net, self.folder)), tables()[module.CORNER])

    def test_who_logs_what(self):
        self.check(logged)

    def test_what_becomes_of_connections(self):
        self.check(stalls)


if __name__ == "__main__":
    # A shell that starts the tests in the background makes them ignore SIGINT, and the readers would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    exit_if_lacking("test_comparison", missing())
    unittest.main(verbosity=2)
