# SPDX-License-Identifier: GPL-2.0-or-later
"""What the documents show in blocks: commands to type, what these print, configuration.

In Markdown, a block is fenced or indented; in manual pages, it is between .EX and .EE. If a line begins with "$ ", the block is what a terminal
shows: commands and, after each, what it prints, with "..." for any lines. Otherwise all of it is commands, unless reasons.py says what it is.
"""
import os
import re
import subprocess

SOURCE = os.environ["FIRSTPAYLOAD_SOURCE"]
ESCAPES = {"\\-": "-", "\\e": "\\", "\\(aq": "'", "\\(dq": '"', "\\&": ""}


class Block:
    def __init__(self, document, line, text):
        self.document, self.line, self.text = document, line, text
        self.first = text.splitlines()[0].strip()

    def __str__(self):
        return "%s:%d: %s" % (self.document, self.line, self.first)

    def commands(self):
        """Returns (command, what it prints, or None for anything) for each."""
        if not re.search(r"^\$ ", self.text, re.M):
            return [(command, None) for command in split(self.text)]
        shown = re.split(r"^\$ ", self.text, flags=re.M)
        if shown[0]:
            raise ValueError("%s: begins with what no command printed" % self)
        return [split_shown(part) for part in shown[1:]]


def is_whole(text):
    """Whether the shell would not wait for another line."""
    return subprocess.run(["bash", "-n", "-c", text], capture_output=True).returncode == 0 and not text.rstrip().endswith(("\\", "|"))


def split(text):
    """Splits the text into commands, each of which may have several lines. What is not a command of the shell stays whole."""
    found, lines = [], []
    for line in text.splitlines():
        lines.append(line)
        if is_whole("\n".join(lines)):
            found.append("\n".join(lines))
            lines = []
    return found + (["\n".join(lines)] if lines else [])


def split_shown(part):
    """Returns what follows a "$ ": a command, which goes on in lines that begin with "> ", and what it prints."""
    command, *lines = part.splitlines()
    while lines and lines[0].startswith("> "):
        command += "\n" + lines.pop(0)[2:]
    return command, lines


def unindent(lines):
    return "".join(line[4:] if line.startswith("    ") else line for line in lines)


def in_markdown(document, lines):
    fence, start = None, None       # the line before which a block begins
    for number, (before, line) in enumerate(zip(["\n", *lines], [*lines, "end\n"])):
        if line.startswith("```"):
            if fence is not None:
                yield Block(document, fence + 1, "".join(lines[fence:number]))
            elif start is not None:
                yield Block(document, start + 1, unindent(lines[start:number]).rstrip("\n") + "\n")
                start = None
            fence = None if fence is not None else number + 1
        elif fence is not None:
            continue
        elif start is None and line.startswith("    ") and not before.strip():
            start = number
        elif start is not None and line.strip() and not line.startswith("    "):
            yield Block(document, start + 1, unindent(lines[start:number]).rstrip("\n") + "\n")
            start = None
    if fence is not None:
        raise ValueError("%s:%d: a fence without an end" % (document, fence))


def unescape(text):
    """Fails at an escape that is not in ESCAPES."""
    return re.sub(r"\\(\(..|.)", lambda found: ESCAPES[found.group(0)], text)


def in_page(document, lines):
    start = None
    for number, line in enumerate(lines, 1):
        if line.startswith(".EX"):
            start = number
        elif line.startswith(".EE"):
            yield Block(document, start + 1, unescape("".join(lines[start:number - 1])))


def documents():
    """Finds them by their names, relative to the project's root."""
    folders = {"docs": ".md", "man": (".1", ".5", ".8")}
    return ["README.md"] + [os.path.join(folder, name) for folder, ends in folders.items()
                            for name in sorted(os.listdir(os.path.join(SOURCE, folder))) if name.endswith(ends)]


def blocks(document):
    with open(os.path.join(SOURCE, document)) as file:
        lines = file.readlines()
    return list((in_markdown if document.endswith(".md") else in_page)(document, lines))
