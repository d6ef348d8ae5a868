# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures firstpayload against other programs and prints tables. README.md beside this file says how it is taken."""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import captures
import counted
import hellos
import kinds
import memory
import packed
import plugin
import report
import scan
import watcher
from measure import Failed, Runner
from session import Session, install_tools


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", help="the build folder; the targets that bench needs are built")
    parser.add_argument("--megabytes", type=int, default=1000, help="of each capture (default: 1000)")
    parser.add_argument("--rounds", type=int, default=5, help="(default: 5)")
    parser.add_argument("--large", action="store_true", help="also ten million streams at once: takes 2 GB of disk and of memory")
    return parser.parse_args()


def run(options, folder):
    tools = install_tools(options.build, folder)
    session = Session(tools, Runner(tools.rusage, folder, tools.plugins), folder, options.megabytes, options.rounds)
    print(report.system())
    counted.show(session)
    memory.show(kinds.show(session))
    packed.show(session)
    hellos.show(session)
    plugin.show(session)
    watcher.show(session)
    if options.large:
        scan.show(session)
    report.notes(session.notes, session.spreads)


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))     # so that the folder goes
    folder = tempfile.mkdtemp(prefix="firstpayload-bench-")
    os.chmod(folder, 0o755)
    try:
        run(options, folder)
    except (captures.Wrong, Failed, subprocess.CalledProcessError, OSError) as error:
        sys.exit(f"bench: {error}")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
