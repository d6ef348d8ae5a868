# SPDX-License-Identifier: GPL-2.0-or-later
"""The code blocks of a document."""
import re


def read_blocks(path):
    """Returns {name: text}. The name of a block is the word after its language."""
    with open(path) as file:
        text = file.read()
    found = re.findall(r"^```\w+ (\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    blocks = dict(found)
    if len(blocks) != len(found) or 2 * len(found) != len(re.findall("^```", text, re.MULTILINE)):
        raise ValueError(path + ": blocks without a name, or two with the same name")
    return blocks
