# SPDX-License-Identifier: GPL-2.0-or-later
"""What docs/comparison.md has for the script and the test: its blocks and its tables."""
import os
import re

from blocks import read_blocks

PATH = os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "docs", "comparison.md")

# All of them are taken here: a block that no test knows is an error.
_blocks = read_blocks(PATH)
LOG, NFQUEUE, FIRST_SH, BY_PROTOCOL, BY_NUMBER, TCPDUMP, SLIM_NFLOG, SLIM_INTERFACE = (_blocks.pop(name).rstrip() for name in (
    "log", "nfqueue", "first.sh", "by-protocol", "by-number", "tcpdump", "slim-nflog", "slim-interface"))
if _blocks:
    raise ValueError(PATH + ": blocks that are not tested: " + ", ".join(_blocks))


def tables():
    """Returns the document's tables as lists of lines, by the text in their upper left corners."""
    with open(PATH) as file:
        found = re.findall(r"(?:^\|.*\n)+", file.read(), re.M)
    return {table.split("|")[1].strip(): table.splitlines() for table in found}


def markdown(corner, columns, rows):
    """rows: (name, cells)"""
    return ["| %s |" % " | ".join((corner, *columns)), "| --- " * (len(columns) + 1) + "|",
            *("| %s |" % " | ".join((name, *cells)) for name, cells in rows)]
