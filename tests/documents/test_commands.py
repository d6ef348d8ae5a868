#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What README, docs/ and the manual pages tell people to type works, and prints what they show: every command of every block is run, in the order
of the document, or reasons.py says why not. Each document has a copy of this machine of its own (world.py) and a terminal (terminal.py).

    test_commands.py                 all documents, as the test documents-commands
    test_commands.py docs/log.md     this one
"""
import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
import unittest

import reasons
import world
from documented import blocks, documents
from terminal import Failed, Terminal

CTRL_C_STATUS = {"tshark": 2, "tail": 130, "jq": 130}     # of programs that take Ctrl-C for a failure, at the end of a pipe
ENDED_BY_PIPE = 141     # by SIGPIPE: its reader had enough
ROOT_WARNING = 'Running as user "root" and group "root". This could be dangerous.'     # of tshark
PCAP_HEADER_BYTES = 24
AS_USER = "setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/tmp "     # from 4.4 on, Wireshark runs no Lua for root
OUTPUTS_MIN = 4     # of a watcher behind a tcpdump that rotates: without the right to write, it dies at the second file


def in_release_build():
    return os.path.realpath(world.BUILD) == os.path.realpath(os.path.join(world.SOURCE, "build", "release"))


def first_word_lines(command):
    """Returns the command without the comment after it."""
    return re.sub(r"\s+#.*", "", command.splitlines()[0])


def reason_against(document, command):
    """Returns why it is not run, or None."""
    if not in_release_build() and re.match(reasons.BUILDS, command):
        return "would build all that is built already elsewhere: run in build/release alone"
    return reasons.NOT_RUN.get(document, {}).get(first_word_lines(command))


def is_taken_elsewhere(block):
    test, others = reasons.ELSEWHERE.get(block.document, (None, ()))
    return test is not None and block.first not in others


def words(command):
    found = shlex.split(command.replace("|", " | ").replace(";", " ; "), comments=True)
    return words(found[2]) if found[:2] == ["sh", "-c"] else found


def last_program(command):
    """That of a pipe which says how it ended."""
    found = words(command)
    return found[len(found) - found[::-1].index("|")] if "|" in found else found[0]


def goes_on(command):
    """Whether only Ctrl-C ends it."""
    found = words(command)
    if "--check-config" in found:
        return False
    if "watch" in found:
        return not {"--once", "--dry-run"} & set(found)
    return (bool({"slim", "show"} & set(found)) and bool({"-i", "--follow"} & set(found)) and "-c" not in found) or found[:2] == ["tail", "-F"]


def is_table(command):
    is_report = words(command)[:2] == ["firstpayload", "said"] and "--html" not in words(command)
    return is_report or words(command)[:2] == ["firstpayload", "show"] or re.match(r"firstpayload \S+\.pcap", command)


def value_of(command, option):
    found = words(command)
    return found[found.index(option) + 1] if option in found else None


def watched(command):
    """Returns the inbox and the output folder of a watcher."""
    return [word for word in words(command) if word.startswith("/")][-2:]


def size(path):
    """That of all files together, if the name has the time in it."""
    return sum(map(os.path.getsize, glob.glob(re.sub("%.", "*", path))))


def outputs(folder):
    return [name for name in os.listdir(folder) if not name.startswith(".")] if os.path.isdir(folder) else []


class Run:
    """The commands of one block."""

    def __init__(self, commands):
        self.commands = commands
        for slow, quick in reasons.QUICKER.items():
            self.commands = [command.replace(slow, quick) for command in self.commands]
        self.commands = [AS_USER + command if "lua_script" in command else command for command in self.commands]
        self.has_capturer = any(re.match("tcpdump .*&$", command) for command in commands)
        for command in self.commands:
            if goes_on(command) and "watch" in words(command):
                self.prepare_folders(command)

    def prepare_folders(self, command):
        """Empties the output folder, and puts captures into the inbox if nobody captures."""
        inbox, folder = watched(command)
        shutil.rmtree(folder, ignore_errors=True)
        if not self.has_capturer:
            os.makedirs(inbox, exist_ok=True)
            for n in range(OUTPUTS_MIN):
                shutil.copy("captures/mixed.pcap", os.path.join(inbox, "%d.pcap" % n))

    def is_enough(self, n, shown, size_before):
        command = self.commands[n]
        if not goes_on(command):
            return False
        if "watch" in words(command):
            return len(outputs(watched(command)[1])) >= OUTPUTS_MIN
        log, capture = value_of(command, "--log"), value_of(command, "-w")
        if "-G" in words(command) and "tcpdump" not in words(command):
            return size(log) > 0 and size(capture) > PCAP_HEADER_BYTES
        if "tcpdump" not in words(command) and capture not in (None, "-"):
            return b" kept" in shown and b" 0 kept" not in shown        # the line that shows progress
        return size(log) > size_before if log not in (None, "-") else world.HERE.encode() in shown

    def run(self):
        """Returns what each command has printed."""
        terminal = Terminal(self.commands, [value_of(command, "--log") or "-" for command in self.commands], self.is_enough)
        terminal.run()
        for n, command in enumerate(self.commands):
            fine = {0, ENDED_BY_PIPE, CTRL_C_STATUS.get(last_program(command), 0) if goes_on(command) else 0}
            if terminal.status.get(n) not in fine:
                raise Failed("exit status %s of: %s\n%s" % (terminal.status.get(n), command, terminal.text(n)))
            check_result(command, terminal.text(n))
        return [terminal.text(n) for n in range(len(self.commands))]


def check_result(command, shown):
    """Fails unless the command has done something: written frames, if it has -w, or printed something, if that is what it is for."""
    capture = value_of(command, "-w")
    if size(value_of(command, "--html") or ".") == 0:
        raise Failed("there is no page after: %s" % command)
    if capture not in (None, "-"):
        if not command.endswith("&") and size(capture) <= PCAP_HEADER_BYTES:
            raise Failed("there is nothing in %s after: %s" % (capture, command))
    elif "tshark" in words(command) or is_table(command) or "--list" in words(command) or value_of(command, "--log") == "-":
        if not shown.replace(ROOT_WARNING, "").strip():
            raise Failed("nothing is printed by: %s" % command)


def is_as_shown(found, shown):
    pattern = "".join("(.*\n)*" if line.strip() == "..." else re.escape(line.rstrip()) + " *\n" for line in shown if line.strip() or shown)
    return re.fullmatch(pattern, found) is not None


def compare(what, found, shown):
    if not is_as_shown(found, shown):
        raise Failed("%s\nprints\n%s\nand not, as is shown,\n%s" % (what, found, "\n".join(shown)))


class Document:
    def __init__(self, name):
        self.name = name
        self.printed = {}       # by command

    def check_shown(self, block, command):
        """Checks that what another command has printed has the lines of the block in it, in the same order."""
        if command not in self.printed:
            return print("  not compared, as it was not run: %s" % command)
        shown = [line for line in block.text.splitlines() if line]
        found = "\n".join(line for line in self.printed[command].splitlines() if line) + "\n"
        at = found.index(shown[0]) if shown[0] in found else 0
        return compare(command, found[at:], with_gaps(shown))

    def check_file(self, block, command):
        path = "/tmp/block-%d" % block.line
        with open(path, "w") as file:
            file.write(block.text)
        Run([command.replace("BLOCK", path)]).run()

    def check_commands(self, block):
        commands = []
        for command, shown in block.commands():
            why = reason_against(self.name, command)
            if why:
                print("  not run: %s: %s" % (first_word_lines(command), why))
            else:
                commands.append((command, shown))
        printed = Run([command for command, _ in commands]).run() if commands else []
        for (command, shown), found in zip(commands, printed):
            self.printed[first_word_lines(command)] = found
            if shown:
                compare(command, found, shown)

    def check(self, block):
        why = reasons.NO_COMMANDS.get(self.name, {}).get(block.first)
        file, command = reasons.FILES.get(self.name, {}).get(block.first), reasons.SHOWN_BY.get(self.name, {}).get(block.first)
        print(block, flush=True)
        if is_taken_elsewhere(block):
            print("  not run: the test %s does that" % reasons.ELSEWHERE[self.name][0])
        elif why:
            print("  not run: %s" % why)
        elif file:
            self.check_file(block, file)
        elif command:
            self.check_shown(block, command)
        else:
            self.check_commands(block)


def with_gaps(shown):
    """A document may show fewer lines of a table than the command prints; those that it shows must be there."""
    return [line for both in ((line, "...") for line in shown) for line in both]


def run_document(name):
    """Runs in the namespaces. Returns how many blocks failed."""
    world.begin()
    document, n_failed = Document(name), 0
    for block in blocks(name):
        try:
            document.check(block)
        except Failed as failure:
            n_failed += 1
            print("  FAILED: %s" % failure)
    return n_failed


def run_in_a_world(name):
    return world.enter([sys.executable, "-B", os.path.abspath(__file__), name]).returncode


class Commands(unittest.TestCase):
    def test_documents(self):
        for name in documents():
            with self.subTest(name):
                print("== " + name, flush=True)
                if not all(is_taken_elsewhere(block) for block in blocks(name)):
                    self.assertEqual(run_in_a_world(name), 0)
                elif name in reasons.ELSEWHERE:
                    print("  not run: the test %s takes all of it" % reasons.ELSEWHERE[name][0])
                else:
                    print("  has no commands")


if __name__ == "__main__":
    if world.INSIDE in os.environ:
        sys.exit(1 if run_document(sys.argv[1]) else 0)
    lacks = world.lacks()
    if lacks:
        sys.exit("test_commands: cannot run, this is missing here: " + lacks)
    if len(sys.argv) > 1:
        sys.exit(run_in_a_world(sys.argv[1]))
    unittest.main()
