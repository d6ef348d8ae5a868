# SPDX-License-Identifier: GPL-2.0-or-later
"""-f and -c on files: the frames that tcpdump -r passes with the same expression, with the numbers that they have in the file."""
import os
import subprocess
import tempfile
import unittest

from pcaps import CAPTURES, connection, pcap, rows, slim, write


def of_tcpdump(capture, expression):
    """Returns the first payload frames of what tcpdump keeps of a capture."""
    precision = ["--time-stamp-precision=nano"] if "nano" in capture else []
    kept = subprocess.run(["tcpdump", *precision, "-r", capture, "-w", "-", expression], capture_output=True, check=True).stdout
    return slim("-q", "-", stdin=kept).stdout


class Filter(unittest.TestCase):
    def test_as_tcpdump_has_it(self):
        for name in ("mixed.pcap", "any-sll.pcap", "any-sll2.pcap", "vlan.pcap", "nanosecond.pcap"):
            for expression in ("port 443", "ip6", "tcp[tcpflags] & tcp-push != 0", "src port 80 or port 22", "vlan"):
                if expression == "vlan" and "sll" in name:
                    continue        # tcpdump refuses it there, see below
                with self.subTest(capture=name, filter=expression):
                    capture = os.path.join(CAPTURES, name)
                    result = slim("-q", "-f", expression, capture)
                    self.assertEqual(result.returncode, 0, result.stderr)
                    self.assertEqual(result.stdout[24:], of_tcpdump(capture, expression)[24:])

    def test_through_libwiretap_too(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("mixed.pcap", "any-sll.pcap", "any-sll2.pcap"):
                capture, other = os.path.join(CAPTURES, name), os.path.join(folder, "other.pcapng")
                subprocess.run(["editcap", "-F", "pcapng", capture, other], check=True)
                for expression in ("port 443", "ip6", "portrange 22-25"):
                    self.assertEqual(rows("-f", expression, capture), rows("-f", expression, other))

    def test_numbers_are_those_of_the_file(self):
        with tempfile.TemporaryDirectory() as folder:
            capture = write(folder, "in.pcap", pcap(connection(40000) + connection(40001)))
            self.assertEqual([n for n, classes in rows("-f", "port 40001", capture).items() if "first" in classes], [9])
            result = slim("--list", "-f", "port 40001", capture)
            self.assertRegex(result.stderr, r"frames +10\n +not matched by -f +5\n")

    def test_count_is_of_frames_that_match(self):
        with tempfile.TemporaryDirectory() as folder:
            capture = write(folder, "in.pcap", pcap((connection(40000) + connection(40001)) * 20))
            for count, seen in ((1, 1), (3, 3), (31, 31), (32, 32), (33, 33), (199, 199), (200, 200), (1000, 200)):
                self.assertRegex(slim("--list", "-c", str(count), capture).stderr, rf"frames +{seen}\n")
            self.assertRegex(slim("--list", "-c", "4", "-f", "port 40001", capture).stderr, r"frames +9\n +not matched by -f +5\n")

    def test_a_link_type_without_filters_is_left_out(self):
        """A pcapng that also contains USB packets."""
        with tempfile.TemporaryDirectory() as folder:
            usb = write(folder, "usb.pcap", pcap([b"\0" * 64], link=249))
            both, merged = write(folder, "tcp.pcap", pcap(connection())), os.path.join(folder, "merged.pcapng")
            subprocess.run(["mergecap", "-a", "-w", merged, both, usb], check=True)
            result = slim("--list", "-f", "tcp", merged)
            self.assertEqual(result.returncode, 0)
            self.assertIn(b"4\tfirst,flight\n", result.stdout)
            self.assertIn("link type 249", result.stderr)

    def test_enough_is_enough(self):
        """What follows the last frame that -c asks for is not even opened."""
        with tempfile.TemporaryDirectory() as folder:
            capture = write(folder, "in.pcap", pcap(connection()))
            self.assertEqual(slim("-c", "5", "-w", "/dev/null", capture, os.path.join(folder, "none")).returncode, 0)
            for option in (("-c", "0"), ("-B", "0"), ("-s", "0")):
                self.assertEqual(slim(*option, "-w", "/dev/null", capture).returncode, 64)

    def test_what_makes_no_sense(self):
        capture = os.path.join(CAPTURES, "any-sll.pcap")
        for expression, words in (("port nowhere", ["-f 'port nowhere'", "unknown port"]), ("tcp and", ["-f 'tcp and'", "syntax error"]),
                                  ("vlan", ["-f 'vlan'", capture, "link type 113"])):
            result = slim("-w", "/dev/null", "-f", expression, capture)
            self.assertEqual(result.returncode, 64)
            for word in words:
                self.assertIn(word, result.stderr)
