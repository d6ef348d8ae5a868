# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark finds the profile: listed as global, copied to the user on first use, with columns, colours and buttons that work."""
import csv
import os
import re
import shutil
import subprocess
import unittest

import capture_files
import profile_capture
import tshark_runner
from packets import ACK, FIN, PSH, Capture, Stream
from profile_capture import GET

NAME = "First Payload"
PROFILE = os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "plugin", "profile", NAME)
MISSING = "No plugin: First Payload is not loaded, or does not see this frame"


def setUpModule():
    assert tshark_runner.plugin_is_listed(), "tshark does not list the plugin"


def data_folder():
    """Makes a folder like Wireshark's own, with the profile among the global ones."""
    listed = subprocess.run([os.environ.get("FIRSTPAYLOAD_TSHARK") or "tshark", "-G", "folders"], capture_output=True, check=True, text=True)
    system = next(line.split(":", 1)[1].strip() for line in listed.stdout.splitlines() if line.startswith("Global configuration"))
    folder = os.path.join(tshark_runner.folder(), "data")
    os.mkdir(folder)
    for name in os.listdir(system):
        if name != "profiles":
            os.symlink(os.path.join(system, name), os.path.join(folder, name))
    shutil.copytree(PROFILE, os.path.join(folder, "profiles", NAME))
    return folder


class Profile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.environ["WIRESHARK_DATA_DIR"] = data_folder()
        capture, cls.frames, cls.hole = profile_capture.make()
        cls.path = capture.write(os.path.join(tshark_runner.folder(), "profile.pcap"))

    @classmethod
    def tearDownClass(cls):
        del os.environ["WIRESHARK_DATA_DIR"]

    def tshark(self, *args):
        done = tshark_runner.run_tshark(["-C", NAME, "-r", self.path, *args])
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout.decode().splitlines()

    def test_columns(self):
        rows = self.tshark("-Y", f"frame.number == {self.frames['First payload']}", "-T", "tabs")
        self.assertEqual([row.strip().split("\t")[-10:] for row in rows],
                         [["HTTP", "0", "", "client", str(len(GET)), "HTTP", "www.example.org", "0.030000000", "", "GET / HTTP/1.1"]])
        rows = self.tshark("-Y", f"frame.number == {self.frames['Reply']}", "-T", "tabs")
        self.assertEqual([row.strip().split("\t")[-3:-1] for row in rows], [["", "0.020000000"]])

    def test_columns_leave_room_for_info(self):
        with open(os.path.join(PROFILE, "recent"), encoding="utf-8") as file:
            words = next(line for line in file if line.startswith("column.width:")).split(":", 1)[1].split(",")
        widths = {name.strip(): int(width) for name, width in zip(words[::2], words[1::2])}
        with open(os.path.join(PROFILE, "preferences"), encoding="utf-8") as file:
            columns = [row[1].removesuffix(":0:R") for row in csv.reader((line.strip() for line in file if line.startswith("\t")), skipinitialspace=True)]
        self.assertEqual(list(widths), columns)
        self.assertLessEqual(sum(widths.values()), 1100)

    def test_colours(self):
        rows = self.tshark("--color", "-T", "fields", "-e", "frame.number", "-e", "frame.coloring_rule.name")
        rules = dict(row.rstrip("\n").split("\t") for row in rows)
        self.assertEqual({name: rules[str(number)] for name, number in self.frames.items()}, {name: name for name in self.frames})

    def test_colours_of_captures(self):
        """Whatever the plugin sees, it does not say that it is missing."""
        found = set()
        for path in capture_files.own():
            done = tshark_runner.run_tshark(["-C", NAME, "-r", path, "--color", "-T", "fields", "-e", "frame.coloring_rule.name"])
            self.assertEqual(done.returncode, 0, path)    # Wireshark's own dissectors may have warned of something
            self.assertNotIn(b"firstpayload", done.stderr)
            found.update(done.stdout.decode().split("\n"))
        self.assertNotIn(MISSING, found)
        self.assertIn("Handshake", found)

    def test_without_the_plugin(self):
        """Each SYN and what streams begin with says so in the column Class, and so does tshark on the terminal. The columns that need no plugin work."""
        done = tshark_runner.run_tshark(["-C", NAME, "-r", self.path, "--color", "-T", "tabs"], plugin=False)
        self.assertEqual(done.returncode, 0)
        self.assertIn(b'No such preference "firstpayload.this_profile_needs_the_plugin"', done.stderr)
        rows = [re.sub("\x1b\\[[0-9;]*[mK]", "", row).strip().split("\t") for row in done.stdout.decode().splitlines()]
        told = {int(row[0]) for row in rows if MISSING in row}
        self.assertEqual(told & set(self.frames.values()),
                         {self.frames[name] for name in ("Handshake", "First payload", "Reply", *(name for name in self.frames if name.startswith("First payload,")))})
        row = next(row for row in rows if row[0] == str(self.frames["First payload"]))
        self.assertEqual(row[-10:], ["HTTP", "0", MISSING, "", "", "", "", "", "", "GET / HTTP/1.1"])

    def test_what_slim_keeps_by_default(self):
        """First payload frames alone are midstream, and the expert info says what to do about it."""
        capture = Capture()
        Stream(capture, 40000, server_port=80).client(PSH | ACK, 1, 1, GET)
        path = capture.write(os.path.join(tshark_runner.folder(), "slim.pcap"))
        done = tshark_runner.run_tshark(["-C", NAME, "-r", path, "--color", "-T", "fields", "-e", "frame.coloring_rule.name", "-e", "_ws.expert.message"])
        self.assertEqual(done.stdout.decode().strip().split("\t")[0], "First payload, midstream")
        self.assertIn("as in what slim writes without --keep handshake", done.stdout.decode())

    def test_buttons(self):
        found = {}
        with open(os.path.join(PROFILE, "dfilter_buttons"), encoding="utf-8", newline="") as file:
            for is_shown, label, display_filter, comment in csv.reader(line for line in file if not line.startswith("#")):
                self.assertEqual(is_shown, "TRUE")
                self.assertTrue(comment)
                found[label] = tshark_runner.frames(self.path, display_filter.replace(r"\x22", '"'))
        without = {self.frames[name] for name in ("", "Bad TCP", "TCP RST")}
        self.assertEqual(set(self.frames.values()) - set(found.pop("Without the middle")), without)
        firsts = sorted([self.hole, *(number for name, number in self.frames.items() if name.startswith("First"))])
        self.assertEqual(found, {
            "First payloads": firsts,
            "First flights": sorted([*firsts, self.frames["Flight"]]),
            "Server speaks first": [self.frames["First payload, server speaks first"]],
            "Fast open": [self.frames["First payload, fast open"]],
            "Out of order": [self.hole],
            "Silent": [self.frames["TCP RST"] - 1],
            "Slow to speak": [self.frames["First payload, server speaks first"]],
        })

    def test_the_user_gets_a_copy(self):
        command = tshark_runner.command("tshark", ["-C", NAME, "-r", self.path])
        home = next(word.split("=", 1)[1] for word in command if word.startswith("WIRESHARK_CONFIG_DIR="))
        subprocess.run(command, check=True, capture_output=True)
        copied = os.listdir(os.path.join(home, "profiles", NAME))
        self.assertTrue({"preferences", "colorfilters"} <= set(copied), copied)

    def test_upgrade_and_removal(self):
        """The user's copy stays as it is when the system's profile changes, or goes. Once it is removed, there is the system's, or none."""
        command = tshark_runner.command("tshark", ["-C", NAME, "-r", self.path, "-c", "1"])
        home = next(word.split("=", 1)[1] for word in command if word.startswith("WIRESHARK_CONFIG_DIR="))
        copy = os.path.join(home, "profiles", NAME)
        system = os.path.join(os.environ["WIRESHARK_DATA_DIR"], "profiles", NAME)

        def rules():
            subprocess.run(command, check=True, capture_output=True)
            with open(os.path.join(copy, "colorfilters"), encoding="utf-8") as file:
                return file.read()

        old = rules()
        with open(os.path.join(system, "colorfilters"), "a", encoding="utf-8") as file:
            file.write("# newer\n")
        self.assertEqual(rules(), old)
        shutil.rmtree(copy)    # what docs/installing.md says
        self.assertEqual(rules(), old + "# newer\n")
        self.addCleanup(shutil.copytree, PROFILE, system)
        shutil.rmtree(system)
        self.assertEqual(rules(), old + "# newer\n")
        shutil.rmtree(copy)
        self.assertNotEqual(subprocess.run(command, check=False, capture_output=True).returncode, 0)


if __name__ == "__main__":
    unittest.main()
