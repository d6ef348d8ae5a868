# SPDX-License-Identifier: GPL-2.0-or-later
"""The code blocks of a document."""
import re


def read_blocks(path):
    """By the word after the block's language."""
    with open(path) as file:
        text = file.read()
    found = re.findall(r"^```\w+ (\S+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    blocks = dict(found)
    if len(blocks) != len(found) or 2 * len(found) != len(re.findall("^```", text, re.MULTILINE)):
        raise ValueError(path + ": blocks without a name, or two of one name")
    return blocks
