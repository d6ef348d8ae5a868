# SPDX-License-Identifier: GPL-2.0-or-later
"""A namespace, one uninterrupted capture of it, and watchers whose outputs must agree with that capture."""
import collections
import os
import shutil
import subprocess
import tempfile
import unittest

import tshark_runner
from capturing import Capturing, tcpdump
from lacks import exit_if_lacking
from namespaces import Namespace
from records import records
from watching import PROGRAM, Watcher

FIRST, EVERY = "first", "first,reply,flight,handshake"
FILTERS = {FIRST: "firstpayload",
           EVERY: "firstpayload || firstpayload.reply || firstpayload.flight || firstpayload.handshake"}
TOOLS = "tcpdump", "dumpcap", "tshark", "ip", "nsenter", "setpriv", "gzip", "strace"
APART_MAX_US = 60_000_000


def difference(found, expected, who):
    """Describes in words which records are missing and which are surplus."""
    missing, surplus = collections.OrderedDict(), []
    for record in expected:
        missing.setdefault(record[1:], []).append(record)
    for record in found:
        if missing.get(record[1:]):
            missing[record[1:]].pop()
        else:
            surplus.append(record)
    missing = [record for some in missing.values() for record in some]
    if not missing and not surplus:
        return "%s: all frames are there, but in another order" % who
    text = ["%s: %d records, not %d; %d missing, %d too many" % (who, len(found), len(expected), len(missing), len(surplus))]
    return "\n".join(text + ["%s: %d.%06d %s" % (what, *divmod(record.time_us, 1000000), record.frame[14:90].hex())
                             for what, some in (("missing", missing), ("too many", surplus)) for record in some[:5]])


class RingTest(unittest.TestCase):
    where = None                        # the folder to work in, unless it is the usual one

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="firstpayload-test-", dir=self.where)
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.chmod(self.folder, 0o755)
        self.namespace = Namespace()
        self.addCleanup(self.namespace.close)
        self.whole = os.path.join(self.folder, "whole.pcap")
        self.capturing = []
        self.reference = self.capture(tcpdump("--nano", "-w", self.whole), self.folder)

    def capture(self, command, cwd, **kwargs):
        capturing = Capturing(self.namespace, command, cwd, **kwargs)
        self.addCleanup(capturing.kill)
        self.capturing.append(capturing)
        return capturing

    def watcher(self, name, *options, **kwargs):
        watcher = Watcher(os.path.join(self.folder, name), *options, **kwargs)
        self.addCleanup(watcher.kill)
        return watcher

    def finish_capturing(self):
        """The uninterrupted capture ends last."""
        for capturing in reversed(self.capturing):
            capturing.finish()

    def expected(self, keep):
        """Returns the records that must be kept, on which slim of the uninterrupted capture and tshark agree."""
        kept = os.path.join(self.folder, "kept-%s.pcap" % keep)
        subprocess.run([PROGRAM, "slim", "-q", "--keep", keep, "-w", kept, self.whole], check=True)
        whole = records(self.whole)
        by_tshark = [whole[number - 1] for number in tshark_runner.frames(self.whole, FILTERS[keep])]
        self.assert_same_records(by_tshark, records(kept), "tshark")
        return by_tshark

    def assert_same_records(self, found, expected, who):
        """Compares frames and their order. Each capture stamps a frame itself, so the times are only close to each other."""
        if [record[1:] for record in found] != [record[1:] for record in expected]:
            self.fail(difference(found, expected, who))
        apart = max((abs(one.time_us - other.time_us) for one, other in zip(found, expected)), default=0)
        self.assertLess(apart, APART_MAX_US, who)


def missing():
    """Returns what this machine lacks for these tests, in words."""
    if os.geteuid() != 0:
        return ["root: they make network namespaces and capture"]
    tools = ["the program %s (scripts/install-packages check)" % tool for tool in TOOLS if not shutil.which(tool)]
    if not tools and not tshark_runner.plugin_is_listed():
        tools.append("the plugin: tshark does not load it")
    return tools


def main():
    exit_if_lacking("tests/rings", missing())
    unittest.main(verbosity=2)
