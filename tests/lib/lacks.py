# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests that miss something fail, and say what."""
import sys


def exit_if_lacking(who, lacks):
    """Ends with status 1, and a line for each thing that is missing, if there is one."""
    for lack in lacks:
        print(f"{who}: cannot run, this is missing here: {lack}", file=sys.stderr)
    if lacks:
        sys.exit(f"{who}: scripts/install-packages check installs packages")
