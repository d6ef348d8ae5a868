# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages reach a terminal as text and nothing else, whatever names, values and other programs contain."""
import json
import os
import pathlib
import pty
import re
import select
import subprocess
import unicodedata

from pcaps import CAPTURES, PROGRAM, InFolder, connection, header, pcap, record, stub, write
from waiting import PATIENCE_SECONDS, wait_for

HTTP = os.path.join(CAPTURES, "http.pcap")

# Escape sequences, C1 as a byte and in UTF-8, directions of text, line ends, what is not UTF-8, and what is not assigned.
HOSTILE = ["a\033[31mb\033]0;title\ac\rd\be\tf\x7f", "a\nfirstpayload: done",
           "a\u009b31mb\u202ec\u2066d\u200fe\u2028f\u2029g\ue000h\U000e0041", "a\udcffb\udc9b31m"]
READABLE = "höhe-日本-Ελλ-é"
UTF8, C = {"LC_ALL": "C.UTF-8"}, {"LC_ALL": "C"}


class Terminal(InFolder):
    def run_program(self, *words, env=UTF8, **kwargs):
        return subprocess.run([PROGRAM, *words], capture_output=True, timeout=PATIENCE_SECONDS, cwd=self.folder, env={**os.environ, **env}, **kwargs)

    def assert_safe(self, said, env=UTF8):
        text = said.decode("utf-8" if env is UTF8 else "ascii")
        for character in text:
            if character != "\n":
                self.assertNotIn(unicodedata.category(character), ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"), repr(text))

    def assert_messages_safe(self, said, env=UTF8):
        self.assertNotEqual(said, b"")
        self.assert_safe(said, env)
        for line in said.splitlines():
            self.assertTrue(line.startswith(b"firstpayload: "), line)
        self.assertNotIn(b"\nfirstpayload: done", said)

    def test_messages_are_printed_in_one_place(self):
        """main.c and the commands also print usage and summaries, and progress.c a line that is overwritten."""
        found = list(pathlib.Path(os.environ["FIRSTPAYLOAD_SOURCE"], "postproc").rglob("*.c"))
        self.assertGreater(len(found), 50)
        for path in found:
            if not re.fullmatch(r"(message|main|progress|command-\w+)\.c", path.name):
                with self.subTest(path):
                    self.assertNotRegex(path.read_text(encoding="utf-8"), r"\b(stderr|g_printerr|perror|warn|warnx)\b\s*[,()]")

    def test_names_and_values(self):
        write(self.folder, "text", b"hello\n")
        for name in HOSTILE:
            cut = write(self.folder, name + "cut", pcap(connection())[:-5])
            empty = write(self.folder, name + "no-capture", b"\0" * 100)
            config = write(self.folder, name + ".conf", b"[watch]\ninbox=" + os.fsencode(name) + b"\n")
            group = write(self.folder, name + ".group", b"[" + os.fsencode(name) + b"]\n")
            for words in (["slim", "-q", "-w", "out", cut], ["slim", "-q", "-w", "out", empty], ["slim", "-w", "out", name + "missing"],
                          ["slim", "-w", name + "/out", HTTP], ["slim", "--log", name + "/log", HTTP], ["slim", "-w", cut, cut],
                          ["slim", "-w", "out", "-F", name, HTTP], ["slim", "-w", "out", "-f", name, HTTP], ["slim", "--formats", name, HTTP],
                          ["slim", "-w", "out", "--" + name, HTTP], ["slim", "-w", "out", "-i", name], ["slim", "-c", name, HTTP],
                          ["slim", "--log", "log", "-Y", name, HTTP], ["slim", "--log", "log", "--fields", name, HTTP],
                          ["slim", "-q", "-w", "out", HTTP, cut], ["slim", "-q", "-w", "out", HTTP, name + "missing"],
                          ["show", "-q", cut], ["show", empty], ["show", "-q", HTTP, name + "missing"], ["show", "-f", name, HTTP], ["show", "--color", name, HTTP],
                          ["show", "-i", name], [cut, "-q"], [empty],
                          ["status", name], ["rotate", name], [name], ["watch", "--once", name, "out"],
                          ["watch", "--config", name], ["watch", "--config", config], ["watch", "--config", group]):
                for env in UTF8, C:
                    with self.subTest(words=words, env=env):
                        done = self.run_program(*words, env=env)
                        self.assertNotEqual(done.returncode, 0)
                        self.assert_messages_safe_in(words, done, env)

    def assert_messages_safe_in(self, words, done, env):
        """The answer to an unknown word is lines of what to type."""
        if words[0] in HOSTILE:
            self.assert_safe(done.stderr, env)
        else:
            self.assert_messages_safe(done.stderr, env)

    def test_what_is_readable_stays_so(self):
        missing = READABLE + "\033.pcap"
        self.assertIn((READABLE + "\\x1b.pcap").encode(), self.run_program("slim", "--list", missing).stderr)
        said = self.run_program("slim", "--list", missing, env=C).stderr
        self.assertIn(b"h\\xc3\\xb6he-", said)
        self.assert_messages_safe(said, C)

    def test_what_tshark_says(self):
        stub(self.folder, "tshark", "#!/bin/sh\nprintf 'tshark: \\033[31mred\\nfirstpayload: done\\n   ^~~\\n' >&2\nexit 2\n")
        path = {**UTF8, "PATH": f"{self.folder}:{os.environ['PATH']}"}
        for command in (["slim", "--log", "-", "-Y", "tls", HTTP], ["slim", "--log", "-", "--fields", "http.host", HTTP]):
            said = self.run_program(*command, env=path).stderr
            self.assertIn(b"\\x1b[31mred; firstpayload: done", said)
            self.assert_messages_safe(b"".join(line + b"\n" for line in said.splitlines() if line.startswith(b"firstpayload")))
            self.assert_safe(said)

    def test_watch_dry_run_and_status(self):
        inbox = self.path("in")
        os.mkdir(inbox)
        for number, name in enumerate(HOSTILE + [READABLE]):
            write(inbox, f"{number}{name}", b"no capture")
        for env in UTF8, C:
            self.assert_safe(self.run_program("watch", "--dry-run", inbox, "out", env=env).stdout.replace(b"\t", b""), env)
        self.assertIn(READABLE.encode(), self.run_program("watch", "--dry-run", inbox, "out").stdout)
        self.assert_messages_safe(self.run_program("watch", "--once", inbox, "out").stderr)
        failed = self.path("out/.firstpayload/failed")
        reasons = [name for name in os.listdir(failed) if name.endswith(".why")]
        self.assertEqual(len(reasons), len(HOSTILE) + 1)
        for name in reasons:
            with open(os.path.join(failed, name), "rb") as file:
                said = file.read()
            self.assertEqual(said.count(b"\n"), 1)
            self.assert_safe(said)

    def test_status_of_hostile_names(self):
        for name in HOSTILE:
            inbox, out = self.path(name + "in"), self.path(name + "out")
            os.mkdir(inbox)
            write(inbox, name, b"no capture")
            write(inbox, name + "2", pcap(connection()))
            self.assert_messages_safe(self.run_program("watch", "--once", inbox, out).stderr)
            for env in UTF8, C:
                plain = self.run_program("status", out + "/.firstpayload", env=env)
                self.assertEqual(plain.returncode, 0)
                self.assert_safe(plain.stdout, env)
                self.assertRegex(plain.stdout, rb"(?m)^last_file +")
                said = self.run_program("status", "--json", out + "/.firstpayload", env=env).stdout
                self.assert_safe(said, C)
                self.assertEqual(json.loads(said)["inbox"].isprintable(), name.isprintable() or "\udcff" in name)

    def test_the_progress_line(self):
        for name in HOSTILE:
            with self.subTest(name=name):
                fifo = self.path(name)
                os.mkfifo(fifo)
                ours, theirs = pty.openpty()
                run = subprocess.Popen([PROGRAM, "slim", "-w", self.path("out"), fifo], stdin=subprocess.DEVNULL, stderr=theirs,
                                       env={**os.environ, **UTF8})
                os.close(theirs)
                shown = b""
                with open(fifo, "wb", 0) as writer:
                    writer.write(header())

                    def write_until_shown():
                        writer.write(record(connection()[0]) * 100)
                        return select.select([ours], [], [], 0)[0]

                    wait_for(write_until_shown, "progress")
                while True:
                    try:
                        chunk = os.read(ours, 65536)
                    except OSError:                 # the other end is closed
                        break
                    shown += chunk
                self.assertEqual(run.wait(PATIENCE_SECONDS), 0)
                os.close(ours)
                self.assertIn(b" frames, ", shown)
                self.assert_safe(shown.replace(b"\r\033[K", b"").replace(b"\r\n", b"\n"))
