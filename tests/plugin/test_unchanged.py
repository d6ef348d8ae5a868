# SPDX-License-Identifier: GPL-2.0-or-later
"""What stock tshark says stays as it was, byte for byte, but for what the plugin adds."""
import concurrent.futures
import os
import re
import unittest

import capture_files
import tshark_runner

# An element of ours at the root of a packet: the protocol, or fields in the wrapper that PDML puts around lone fields.
OURS = re.compile(rb'  <proto name="(?:firstpayload\w*|fake-field-wrapper)".*?\n  </proto>\n', re.DOTALL)
WRITTEN_AT = re.compile(rb' time="[^"]*"')
PATHS = re.compile(rb'(?<=pdml2html.xsl in )[^ ]*|(?<= capture_file=")[^"]*')     # those of another process, where the answer was kept
LOGGED_BY = re.compile(rb"\(tshark:\d+\) [\d:.]+")    # 4.6 warns of SSH, with a process and a time
EVERY = int(os.environ.get("FIRSTPAYLOAD_EVERY", "10"))    # of the shared captures, one in so many


def setUpModule():
    assert tshark_runner.plugin_is_listed(), "tshark does not list the plugin"


def without_ours(pdml):
    def keep(match):
        element = match.group(0)
        return b"" if element.startswith(b'  <proto name="firstpayload') or b'\n    <field name="firstpayload.' in element else element

    return OURS.sub(keep, pdml)


def plain(pdml):
    return without_ours(PATHS.sub(b"", WRITTEN_AT.sub(b"", pdml, count=1), count=2))


def logged(done):
    return LOGGED_BY.sub(b"", done.stderr)


def first_difference(one, two):
    for a, b in zip(one.splitlines(), two.splitlines()):
        if a != b:
            return a, b
    return len(one), len(two)


class Unchanged(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.captures = capture_files.own() + [capture for capture, _ in capture_files.shared()][::EVERY]
        cls.all_in_one = [capture_files.merged(cls.captures)]

    def compare(self, options, strip=lambda output: output, ours=(), captures=None):
        """ours: options that only the plugin knows. captures: by default, all of them as one."""
        def run(job):
            path, plugin = job
            return tshark_runner.run_tshark(["-n", "-r", path, *(ours if plugin else ()), *options], plugin)

        jobs = [(path, plugin) for path in captures or self.all_in_one for plugin in (False, True)]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            done = list(pool.map(run, jobs))
        for (path, _), stock, with_ours in zip(jobs[::2], done[::2], done[1::2]):
            with self.subTest(capture=path, options=options):
                self.assertGreater(len(stock.stdout), 100)
                self.assertEqual((with_ours.returncode, logged(with_ours)), (stock.returncode, logged(stock)))
                if strip(with_ours.stdout) != strip(stock.stdout):
                    self.fail(first_difference(strip(stock.stdout), strip(with_ours.stdout)))

    def test_pdml(self):
        self.compare(["-T", "pdml"], plain, captures=self.captures)

    def test_pdml_of_the_second_pass(self):
        self.compare(["-2", "-T", "pdml"], plain)

    def test_pdml_with_datagrams(self):
        self.compare(["-T", "pdml"], plain, ["-o", "firstpayload.transport:tcp,udp"])

    def test_layers_with_datagrams(self):
        self.compare(["-T", "fields", "-e", "frame.protocols", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info", "-e", "udp.stream"],
                     ours=["-o", "firstpayload.transport:udp"])

    def test_protocol_hierarchy(self):
        self.compare(["-q", "-z", "io,phs"], lambda output: re.sub(rb" *firstpayload\w* .*\n", b"", output))

    def test_conversations(self):
        self.compare(["-q", "-z", "conv,tcp"])

    def test_layers(self):
        self.compare(["-T", "fields", "-e", "frame.protocols", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info", "-e", "tcp.stream"])

    def test_packet_list(self):
        self.compare([])

    def test_something_else_in_place_of_tcp(self):
        """The hook is taken out when nobody asks: not what the user put in its place."""
        self.compare(["-d", "ip.proto==6,udp"])


if __name__ == "__main__":
    unittest.main()
