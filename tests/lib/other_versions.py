# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known of versions of Wireshark later than 4.0, by which the lists of expected frames were made."""
import pathlib
import re

import tshark_runner

LIST = pathlib.Path(__file__).with_name("other-versions.txt")


def parse(version):
    """"4.4" as tshark_runner.version() has it."""
    return tuple(map(int, version.split(".")))


def table(file):
    """A file's rows, split at tabs."""
    return [line.split("\t") for line in file.read_text().splitlines() if line and not line.startswith("#")]


def captures(who):
    """The shared captures of which who (stock tshark, plugin) says something else with this version."""
    return [name for name, since, concerned, _ in table(LIST) if who in concerned.split(", ") and tshark_runner.version() >= parse(since)]


def holds(reason):
    """Whether a scenario's reason for another answer holds for this version: all do that do not begin with "before 4.4:" or "since 4.6:"."""
    bound = re.match(r"(before|since) ([\d.]+):", reason)
    return bool(reason) and (not bound or (tshark_runner.version() >= parse(bound[2])) == (bound[1] == "since"))
