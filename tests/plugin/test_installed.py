# SPDX-License-Identifier: GPL-2.0-or-later
"""A plugin installed below ~/.local is found by tshark without any setting."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import tshark_runner
from packets import ACK, PSH, Capture, Stream


def install(home):
    """Installs the component "user" as docs/installing.md says. Returns the files."""
    build = pathlib.Path(os.environ["FIRSTPAYLOAD_BUILD"])
    subprocess.run([os.environ["FIRSTPAYLOAD_CMAKE"], "--install", build, "--prefix", home / ".local", "--component", "user"],
                   capture_output=True, check=True)
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", str(tshark_runner.UNPRIVILEGED_ID), home], check=True)
    return [pathlib.Path(line) for line in (build / "install_manifest_user.txt").read_text().splitlines()]


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tshark_runner.new_home())
        cls.files = install(cls.home)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.home)

    def test_the_folder_is_the_one_that_tshark_looks_in(self):
        folders = tshark_runner.run("tshark", ["-G", "folders"], home=self.home).stdout.decode()
        personal = re.search(r"^Personal Plugins:\s*(\S+)$", folders, re.MULTILINE)[1]
        self.assertTrue((pathlib.Path(personal) / "epan" / "firstpayload.so").exists(), folders)

    def test_it_is_found_and_works(self):
        listed = tshark_runner.run("tshark", ["-G", "plugins"], home=self.home).stdout.decode()
        self.assertRegex(listed, rf"(?m)^firstpayload\.so\s.*{re.escape(str(self.home))}")
        capture = Capture()
        first = Stream(capture, 40000).client(PSH | ACK, 1, 1, b"hello")
        path = capture.write(os.path.join(tshark_runner.folder(), "installed.pcap"))
        done = tshark_runner.run("tshark", ["-r", path, "-Y", "firstpayload", "-T", "fields", "-e", "frame.number"], home=self.home)
        self.assertEqual(tshark_runner.output_of(done).split(), [str(first)])

    def test_the_program_is_there_too(self):
        local = self.home / ".local"
        said = subprocess.run([local / "bin" / "firstpayload", "--version"], capture_output=True, check=True, text=True).stdout
        self.assertRegex(said, r"^firstpayload \d")
        for path in ("bin/firstpayload-rotate", "share/man/man1/firstpayload.1.gz", "share/bash-completion/completions/firstpayload"):
            self.assertTrue((local / path).exists(), path)

    def test_it_goes_as_it_came(self):
        other = pathlib.Path(tshark_runner.new_home())
        for file in install(other):
            file.unlink()
        self.assertEqual([path for path in other.rglob("*") if not path.is_dir()], [])


if __name__ == "__main__":
    unittest.main()
