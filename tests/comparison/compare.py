#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Prints the tables of docs/comparison.md: cmake --build --preset release --target comparison

compare.py [logged] [stalls] [costs]    only these
"""
import signal
import sys
import tempfile

import costs
import logged
import stalls
from comparison_document import markdown
from connections import Net
from lacks import exit_if_lacking
from machine import log_of_all_namespaces, missing

TABLES = {"logged": logged, "stalls": stalls, "costs": costs}


def main():
    # A shell that starts this in the background makes it ignore SIGINT, and the readers would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    exit_if_lacking("comparison", missing())
    with tempfile.TemporaryDirectory() as folder, log_of_all_namespaces():
        net = Net(folder)
        try:
            for name in sys.argv[1:] or TABLES:
                print("\n".join(["", *markdown(TABLES[name].CORNER, *TABLES[name].table(net, folder))]), flush=True)
        finally:
            net.close()


if __name__ == "__main__":
    main()
