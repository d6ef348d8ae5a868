# SPDX-License-Identifier: GPL-2.0-or-later
"""If you type something wrong, the answer says what is right."""
import os
import shlex
import subprocess
import unittest

from pcaps import CAPTURES, PROGRAM, InFolder, connection, pcap, write
from waiting import PATIENCE_SECONDS

HTTP = os.path.join(CAPTURES, "http.pcap")
ROTATE = os.path.join(os.path.dirname(PROGRAM), "firstpayload-rotate")


def run(*words, program=PROGRAM, **kwargs):
    return subprocess.run([program, *words], capture_output=True, text=True, timeout=PATIENCE_SECONDS, stdin=subprocess.DEVNULL, **kwargs)


class Usage(unittest.TestCase):
    def refused(self, *words, **kwargs):
        result = run(*words, **kwargs)
        self.assertEqual((result.returncode, result.stdout), (64, ""), words)
        return result.stderr

    def shown(self, *words, **kwargs):
        result = run(*words, **kwargs)
        self.assertEqual((result.returncode, result.stderr), (0, ""), words)
        return result.stdout

    def test_help(self):
        page = self.shown("--help")
        for command in ("show", "said", "slim", "watch", "status", "rotate"):
            self.assertRegex(page, f"(?m)^  firstpayload {command} ")
            self.assertEqual(self.shown("help", command), self.shown(command, "--help"))
            self.assertEqual(self.shown("--help", command), self.shown(command, "-h"))
        self.assertEqual(self.shown("help"), page)
        self.assertEqual(self.shown("-h"), page)
        self.assertEqual(self.refused(), page)

    def test_version(self):
        version = self.shown("--version")
        self.assertRegex(version, r"^firstpayload \d+\.\d+\.\d+\n$")
        for words in (("-V",), ("version",), ("show", "-V"), ("said", "-V"), ("slim", "--version"), ("watch", "-V"), ("status", "--version"), ("rotate", "-V")):
            self.assertEqual(self.shown(*words), version)
        self.assertEqual(self.shown("-V", program=ROTATE), version)

    def test_misspelt_commands(self):
        for word, command in (("slm", "slim"), ("SLIM", "slim"), ("silm", "slim"), ("slimm", "slim"), ("sl", "slim"), ("watc", "watch"),
                              ("wacth", "watch"), ("stat", "status"), ("state", "status"), ("rotat", "rotate"), ("rotates", "rotate"), ("shwo", "show"), ("sho", "show")):
            self.assertIn(f": {word}: is neither a command nor an existing file. Did you mean:\n  firstpayload {command} a.pcap -q\n", self.refused(word, "a.pcap", "-q"))
        for word in ("capture", "dump", "x", "", "slimslimslimslimslimslimslimslimslim"):
            self.assertIn(": is neither a command nor an existing file. The commands are: show said slim digest watch status rotate\n", self.refused(word))

    def test_file_without_a_command(self):
        """It is shown. test_show.py has the rest."""
        self.assertEqual(len(run(HTTP).stdout.splitlines()), 6)
        self.assertEqual(run(HTTP).stdout, self.shown("show", "-q", HTTP))

    def test_file_behind_an_option(self):
        """What the messages suggest can be typed, and then works."""
        said = self.refused("-r", HTTP)
        self.assertIn("http.pcap: takes no option before it, only a command:\n", said)
        line = next(line for line in said.splitlines() if "firstpayload show" in line).partition("    ")[0]
        self.assertEqual(line, f"  firstpayload show {HTTP}")
        self.assertEqual(len(run(*shlex.split(line)[1:]).stdout.splitlines()), 6)
        self.assertIn("  firstpayload show - ", self.refused("-r", "-"))

    def test_file_that_is_not_there(self):
        said = self.refused("gone.pcap", "other.pcap")
        self.assertIn("gone.pcap: is neither a command nor an existing file. What to type:\n", said)
        self.assertIn("  firstpayload show gone.pcap other.pcap ", said)

    def test_names_that_cannot_be_typed_as_they_are(self):
        said = self.refused("a\x1b[2J b.pcap")
        self.assertIn("firstpayload: a\\x1b[2J b.pcap: is neither", said)
        self.assertIn("  firstpayload show ... ", said)

    def test_folder_without_a_command(self):
        said = self.refused(CAPTURES)
        self.assertIn(f"  firstpayload status {CAPTURES} ", said)
        self.assertIn(f"  firstpayload watch {CAPTURES} OUTDIR ", said)

    def test_options_without_a_command(self):
        self.assertIn("-i: a command goes before options:\n  firstpayload slim -i eth0 --log -\n", self.refused("-i", "eth0", "--log", "-"))

    def test_empty_names(self):
        """As a script has them whose variable is not set."""
        for arguments, word in ((("show", ""), "the name of a file or folder is empty"), (("said", ""), "the name of a file or folder is empty"),
                                (("slim", "-w", "x", ""), "the name of a file or folder is empty"), (("digest", "-w", "x", ""), "the name of a file or folder is empty"),
                                (("watch", "", "x"), "the name of a file or folder is empty"), (("slim", "-w", ""), "--write takes a name, and this one is empty"),
                                (("slim", "--log="), "--log takes a name"), (("said", "--html", ""), "--html takes a name"), (("digest", "-w", ""), "--write takes a name"),
                                (("slim", "--metrics", "", "-i", "lo"), "--metrics takes a name"), (("watch", "--config", ""), "--config takes a name"),
                                (("status", ""), "the name of the folder is empty"), (("",), "'': is neither a command")):
            with self.subTest(arguments=arguments):
                result = run(*arguments)
                self.assertEqual(result.returncode, 64, result.stderr)
                self.assertIn(word, result.stderr)

    def test_misspelt_options(self):
        for command in ("show", "slim", "watch", "status"):
            self.assertIn(f"firstpayload: see firstpayload {command} --help\n", self.refused(command, "--no-such-option"))

    def test_rotate(self):
        page = self.shown("--help", program=ROTATE)
        self.assertEqual(self.shown("rotate", "--help"), page)
        self.assertIn("rotate.conf", page)
        self.assertIn("here.conf", self.shown("rotate", "--help", env={**os.environ, "FIRSTPAYLOAD_CONFIG": "/nowhere/here.conf"}))
        for words in ((), ("-x",), ("a", "b")):
            self.assertEqual(self.refused(*words, program=ROTATE), page)


class Status(InFolder):
    """Whichever of the folders that belong to a watcher is named."""

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("in"))
        os.mkdir(self.path("out"))

    def once(self, *options):
        write(self.folder, "in/a.pcap", pcap(connection()))
        # A relative name, as many people type it: it counts from where the watcher was started.
        result = run("watch", "--once", *options, "in", "out", cwd=self.folder)
        self.assertEqual(result.returncode, 0, result.stderr)

    def assert_found(self, *folders):
        for folder in folders:
            for name in (self.path(folder), self.path(folder) + "/", os.path.relpath(self.path(folder))):
                result = run("status", name)
                self.assertEqual((result.returncode, result.stderr), (0, ""), folder)
                self.assertRegex(result.stdout, r"(?m)^files +1$")
            self.assertEqual(run("status", ".", cwd=self.path(folder)).returncode, 0, folder)

    def test_state_folder_output_folder_and_inbox(self):
        self.once()
        self.assert_found("out/.firstpayload", "out", "in")

    def test_state_folder_elsewhere(self):
        self.once("--state", "state")
        self.assert_found("state", "in", "out")

    def test_of_several_watchers(self):
        os.mkdir(self.path("other"))
        self.assertEqual(run("watch", "--once", self.path("other"), self.path("other-out")).returncode, 0)
        self.once()
        self.assert_found("out", "in")

    def test_what_belongs_to_none(self):
        os.mkdir(self.path("other"))
        self.once()
        for name, why in (("other", "no watcher has its state there"), ("gone", "No such file or directory"), ("in/../in/..", "no watcher")):
            result = run("status", self.path(name))
            self.assertEqual(result.returncode, 66)
            self.assertIn(f"{name}: {why}", result.stderr)
            self.assertIn("name the state folder of a watcher, which is .firstpayload in its output folder", result.stderr)
        self.assertIn("is not a folder", run("status", HTTP).stderr)
        result = run("status")
        self.assertEqual(result.returncode, 64)
        self.assertIn(".firstpayload in the output folder", result.stderr)


if __name__ == "__main__":
    unittest.main()
