#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The documents fit each other and the program: links lead somewhere, options and keys stand wherever they should, manual pages are well formed,
and reasons.py names only what is there."""
import glob
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

import reasons
from documented import SOURCE, blocks, documents

PROGRAM, BUILD = os.environ["FIRSTPAYLOAD_PROGRAM"], os.environ["FIRSTPAYLOAD_BUILD"]
PAGES = sorted(glob.glob(os.path.join(SOURCE, "man", "*.[0-9]")))
FONT_MACRO = re.compile(r"\.(BR|BI|IR|IB|RB|RI) (.*)")
# of watch: what is said of a single run, and not of a watcher
NO_KEYS = {"config", "once", "dry-run", "check-config", "help"}
# of slim: what is said of a single run, or of files
NO_LIVE_KEYS = {"config", "check-config", "interface", "count", "follow", "formats", "list", "threads", "read-ahead", "quiet", "help"}
EXPOSURE_MAX = {"firstpayload-watch@": 0.7, "firstpayload-live@": 1.4}


def read(*path):
    with open(os.path.join(SOURCE, *path)) as file:
        return file.read()


def commands():
    page = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  firstpayload ([a-z]+) ", page, re.M)


def manual_page(command):
    return "firstpayload.1" if command in ("show", "said", "slim", "digest") else "firstpayload-watch.1"


def forms(command):
    """Returns the options that a command's help lists, as "-w, --write=OUT"."""
    page = subprocess.run([PROGRAM, command, "--help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^  ((?:-\w, )?--[\w-]+(?:=\w+)?) ", page, re.M))


def options(command):
    """Returns the long names of these."""
    return {re.search(r"--([\w-]+)", form).group(1) for form in forms(command)}


def complete(*words):
    """Returns what the completion offers for the last of the words after the program's name."""
    script = read("packaging", "firstpayload.bash") + 'compopt() { :; }; COMP_WORDS=(firstpayload "$@") COMP_CWORD=$#; _firstpayload; printf "%s\\n" "${COMPREPLY[@]}"'
    return subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True, cwd=SOURCE, check=True).stdout.split()


class Commands(unittest.TestCase):
    def test_all_are_everywhere(self):
        names = commands()
        self.assertGreater(len(names), 4)
        self.assertEqual([word for word in complete("") if not os.path.exists(os.path.join(SOURCE, word))], [*names, "--help", "--version"])
        for name in names:
            synopsis = read("man", manual_page(name)).partition(".SH SYNOPSIS")[2].partition(".SH")[0]
            self.assertRegex(synopsis, r"firstpayload( |\\-)%s\b" % name)
            self.assertEqual(len(glob.glob(os.path.join(SOURCE, "postproc", "**", f"command-{name}.c"), recursive=True)), 1, name)

    def test_captures_are_offered_where_a_command_may_be_left_out(self):
        self.assertEqual(complete("captures/htt"), ["captures/http.pcap"])
        self.assertEqual(complete("sh"), ["show"])


class Named(unittest.TestCase):
    def test_everything_that_is_named_is_there(self):
        for table in (reasons.FILES, reasons.SHOWN_BY, reasons.NO_COMMANDS, {name: others for name, (_, others) in reasons.ELSEWHERE.items()}):
            for document, firsts in table.items():
                self.assertLessEqual(set(firsts), {block.first for block in blocks(document)}, document)
        for document, commands in reasons.NOT_RUN.items():
            found = {re.sub(r"\s+#.*", "", command.splitlines()[0]) for block in blocks(document) for command, _ in block.commands()}
            self.assertLessEqual(set(commands), found, document)

    def test_tests_that_are_named_take_the_document(self):
        for document, (test, _) in reasons.ELSEWHERE.items():
            folder = os.path.join(SOURCE, "tests", test.partition("-")[0])
            texts = [read(path) for path in glob.glob(os.path.join(folder, "*"))]
            self.assertTrue(any("add_test(NAME %s " % test in text for text in texts), test)
            self.assertTrue(any(os.path.basename(document) in text and "read_blocks" in text for text in texts), document)


class Links(unittest.TestCase):
    def links(self, root, document):
        """Returns where the links of a document lead: (path, heading)."""
        with open(os.path.join(root, document)) as file:
            text = re.sub(r"^```.*?^```", "", file.read(), flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if not re.match(r"\w+:", target):
                path, _, heading = target.partition("#")
                yield os.path.normpath(os.path.join(root, os.path.dirname(document), path)) if path else os.path.join(root, document), heading

    def check(self, root):
        names = [os.path.relpath(name, root) for name in glob.glob(os.path.join(root, "**", "*.md"), recursive=True)
                 if not os.path.relpath(name, root).startswith("build")]
        self.assertGreater(len(names), 5)
        for name in names:
            for path, heading in self.links(root, name):
                self.assertTrue(os.path.exists(path), "%s leads to %s, which is not there" % (name, path))
                if heading:
                    with open(path) as file:
                        headings = [re.sub(r"[^\w -]", "", line.lstrip("# ").strip().lower()).replace(" ", "-") for line in file if line.startswith("#")]
                    self.assertIn(heading, headings, name)

    def test_of_the_source(self):
        self.check(SOURCE)

    def test_of_the_package(self):
        """Looks at the documents as the package firstpayload has them, so that people who read them there find what the links name."""
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["cmake", "--install", BUILD, "--prefix", folder, "--component", "program"], check=True, capture_output=True)
            self.check(os.path.join(folder, "share", "doc", "firstpayload"))
            paths = re.findall(r"/usr(/share/doc/firstpayload/\S+[\w])", "".join(read(name) for name in documents()))
            self.assertGreater(len(paths), 1)
            for path in paths:
                self.assertTrue(os.path.exists(folder + path), path)


class FrontPage(unittest.TestCase):
    LINES_MAX = 150

    def test_it_stays_short(self):
        self.assertLess(len(read("README.md").splitlines()), self.LINES_MAX)

    def test_it_has_the_two_commands(self):
        commands = [line.split("#")[0].strip() for block in blocks("README.md") for line in block.text.splitlines()]
        self.assertLessEqual({"./demo", "./check"}, set(commands))

    def test_index_has_all_documents(self):
        index = read("docs", "README.md")
        for name in documents():
            if name.startswith("docs/") and name != "docs/README.md":
                self.assertIn("(%s)" % os.path.basename(name), index)


class Options(unittest.TestCase):
    def test_manual_pages_and_completion_have_all(self):
        for command in commands():
            text = read("man", manual_page(command)).replace("\\-", "-")
            for option in options(command) - {"help"}:
                self.assertRegex(text, r"--%s\b" % option, command)
            self.assertEqual({"--" + option for option in options(command)} | {"--help"}, set(complete(command, "--")) | {"--help"}, command)

    def test_manual_pages_have_them_as_the_program_has(self):
        """Letters and values are there, too, and none that no longer exists."""
        for page, names in (("firstpayload.1", ("show", "said", "slim")), ("firstpayload-watch.1", ("watch", "status"))):
            headings = re.findall(r'^\.TP\n\.BR? (.*\\-\\-.*)$', read("man", page), re.M)
            said = {re.sub(r'\\f[IR]| (?==)|(?<=,) ?" | ?"(?=, ?")', "", re.sub(r' ", " ', ", ", heading)).replace("\\-", "-") for heading in headings}
            known = set().union(*map(forms, names))
            self.assertLessEqual(said, known, page)
            if page == "firstpayload.1":
                self.assertEqual(said, known)

    def test_completion_knows_which_take_a_value(self):
        """File names are offered after options that take a file's name, and where a file is expected."""
        for command in commands():
            for form in forms(command):
                name, _, value = form.partition(", ")[2 if ", " in form else 0].partition("=")
                offered = complete(command, name, "captures/htt")
                takes_file = value in ("", "OUT", "FILE", "DIR", "LOG")
                self.assertEqual(offered, ["captures/http.pcap"] if takes_file else [], (command, form))

    def test_document_has_those_of_slim(self):
        table = "".join(line for line in read("docs", "slim.md").splitlines(True) if line.startswith("| `-"))
        short = {"snapshot-length": "-s", "buffer-size": "-B"}
        for option in options("slim") - {"help"}:
            self.assertIn(short.get(option, "--" + option), table)

    def test_document_has_all_exit_statuses(self):
        page = read("man", "firstpayload.1").partition(".SH EXIT STATUS")[2].partition(".SH")[0]
        table = read("docs", "slim.md").partition("## Exit status")[2]
        self.assertEqual(re.findall(r"^\.B (\d+)$", page, re.M), re.findall(r"^\| (\d+) \|", table, re.M))


class Configuration(unittest.TestCase):
    def known(self, key):
        """Whether the program takes it for a key, whatever it says of the value."""
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write("[watch]\ninbox=/tmp\noutdir=/tmp\n%s=x\n" % key)
            file.flush()
            said = subprocess.run([PROGRAM, "watch", "--check-config", "--config", file.name], capture_output=True, text=True).stderr
        return "has no key %s;" % key not in said

    def test_example_and_manual_page_have_all_keys(self):
        keys = {option for option in options("watch") - NO_KEYS if self.known(option)} | {"inbox", "outdir"}
        self.assertGreater(len(keys), 20)
        self.assertFalse(self.known("no-such-key"))
        self.assertEqual(keys, options("watch") - NO_KEYS | {"inbox", "outdir"}, "options of watch that are no keys")
        page = read("man", "firstpayload.conf.5").partition(".SH KEYS")[2].partition(".SH EXAMPLE")[0].replace("\\-", "-")
        self.assertEqual(keys, set(re.findall(r"^#?([a-z-]+) = ", read("packaging", "examples", "eth0.conf"), re.M)))
        self.assertEqual(keys, keys & set(re.findall(r"[a-z-]+", page)))

    def test_example_makes_sense(self):
        """The configuration works as it stands, and with the values of the keys that are commented out: some are about captures,
        and some need log = only."""
        text = read("packaging", "examples", "eth0.conf")
        captures, lines_only = "keep|format|compress|marked-only|opening-bytes", "only|sni"
        for lines in (text, re.sub(r"^#(?!(%s) )(?=[a-z-]+ = )" % lines_only, "", text, flags=re.M),
                      re.sub(r"^#(?!(%s) )(?=[a-z-]+ = )" % captures, "", text, flags=re.M).replace("log = beside", "log = only")):
            with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
                file.write(lines.replace("/var/spool/firstpayload", folder))
                file.flush()
                said = subprocess.run([PROGRAM, "watch", "--check-config", "--config", file.name], capture_output=True, text=True)
                self.assertEqual((said.returncode, said.stderr), (0, ""))


class LiveConfiguration(unittest.TestCase):
    """The group [live], of slim."""

    def check(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
            file.write(text)
            file.flush()
            return subprocess.run([PROGRAM, "slim", "-i", "eth0", "--check-config", "--config", file.name], capture_output=True, text=True)

    def known(self, key):
        return "has no key %s;" % key not in self.check("[live]\nlog=/tmp/x\n%s=x\n" % key).stderr

    def test_example_and_manual_page_have_all_keys(self):
        keys = {option for option in options("slim") if option not in NO_LIVE_KEYS}
        self.assertGreater(len(keys), 20)
        self.assertEqual([key for key in sorted(options("slim") - {"help"}) if self.known(key)], sorted(keys))
        page = read("man", "firstpayload.conf.5").partition(".BR [live] :")[2].partition(".SH EXAMPLE")[0].replace("\\-", "-")
        self.assertEqual(keys, set(re.findall(r"^#?([a-z-]+) = ", read("packaging", "examples", "live-eth0.conf"), re.M)))
        self.assertEqual(keys, keys & set(re.findall(r"[a-z-]+", page)))

    def test_example_makes_sense(self):
        """As it stands; with all that is commented out for lines alone; and with all that is for captures."""
        text = read("packaging", "examples", "live-eth0.conf").replace("#log = /var", "# log = /var")
        captures, lines_only, asks = "write|keep|format|compress|marked-only|rotate-seconds|rotate-size", "only|sni", "fields|display-filter"
        for left_out in ("", captures, lines_only + "|" + asks):
            lines = re.sub(r"^#(?!(%s) )(?=[a-z-]+ = )" % left_out, "", text, flags=re.M) if left_out else text
            said = self.check(lines.replace("/var/spool/firstpayload/live", "/tmp"))
            self.assertEqual((said.returncode, said.stderr), (0, ""), left_out)


class Units(unittest.TestCase):
    def test_they_are_sound_and_closed(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, most in EXPOSURE_MAX.items():
                path = os.path.join(folder, name + "i.service")
                with open(path, "w") as file:
                    file.write(read("packaging", "systemd", name + ".service").replace("/usr/bin/firstpayload", PROGRAM))
                said = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True)
                self.assertNotIn(name, said.stderr)
                said = subprocess.run(["systemd-analyze", "security", "--offline=yes", path], capture_output=True, text=True)
                exposure = re.search(r"Overall exposure level for .*: ([\d.]+)", said.stdout)
                self.assertIsNotNone(exposure, said.stderr)
                self.assertLessEqual(float(exposure.group(1)), most, name)


class ManualPages(unittest.TestCase):
    def test_without_warnings(self):
        for tool in ("groff", "mandoc"):
            self.assertIsNotNone(shutil.which(tool), "%s is missing: scripts/install-packages check" % tool)
        for page in PAGES:
            for command in (["groff", "-ww", "-man", "-Tutf8", "-z", page], ["mandoc", "-Tlint", "-Wwarning", page]):
                said = subprocess.run(command, capture_output=True, text=True)
                self.assertEqual((said.stdout, said.stderr), ("", ""), page)

    def test_words_stay_apart(self):
        """Arguments of .BR and the like are set without spaces between them: no warning says so when the text goes on in them."""
        for page in PAGES:
            for number, line in enumerate(read(page).splitlines(), 1):
                macro = FONT_MACRO.fullmatch(line)
                words = shlex.split(macro.group(2).replace("\\", "\\\\"), posix=True) if macro else []
                for one, other in zip(words, words[1:]):
                    self.assertFalse(re.search(r"[\w.,;)]$", one) and re.match(r"\w(?<!s)|s\w", other), "%s:%d: %s" % (page, number, line))


if __name__ == "__main__":
    unittest.main()
