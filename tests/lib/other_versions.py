# SPDX-License-Identifier: GPL-2.0-or-later
"""Known differences of Wireshark versions later than 4.0. The lists of expected frames were made with 4.0."""
import pathlib
import re

import tshark_runner

LIST = pathlib.Path(__file__).with_name("other-versions.txt")


def parse(version):
    """Turns "4.4" into a tuple like that of tshark_runner.version()."""
    return tuple(map(int, version.split(".")))


def table(file):
    """Returns the rows of a file, split at tabs."""
    return [line.split("\t") for line in file.read_text().splitlines() if line and not line.startswith("#")]


def captures(who):
    """Returns the shared captures for which who ("stock tshark", "plugin") gives another answer with this version."""
    return [name for name, since, concerned, _ in table(LIST) if who in concerned.split(", ") and tshark_runner.version() >= parse(since)]


def holds(reason):
    """Whether a scenario's reason for another answer holds for this version. It may begin with "before 4.4:" or "since 4.6:"; others always hold."""
    bound = re.match(r"(before|since) ([\d.]+):", reason)
    return bool(reason) and (not bound or (tshark_runner.version() >= parse(bound[2])) == (bound[1] == "since"))
