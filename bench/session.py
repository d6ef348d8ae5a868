# SPDX-License-Identifier: GPL-2.0-or-later
"""What all measurements share: our programs, where and how often to measure, and what is to be said below the tables."""
import os
import shutil
import statistics
import sys
from dataclasses import dataclass, field

import programs
import rounds
from measure import Failed, Runner


@dataclass(frozen=True)
class Tools:
    """The paths of programs of ours."""
    firstpayload: str
    plugins: str
    generate: str
    pause: str
    rusage: str
    read_blocks: str
    read_libpcap: str       # is not there when libpcap was not at configuring
    read_libwiretap: str


def install_tools(build, folder):
    """Copies them to where everybody may run them: the build folder may be closed to the user who does."""
    def install(name):
        source, goal = os.path.join(build, name), os.path.join(folder, os.path.basename(name))
        if os.path.exists(source):
            shutil.copy(source, goal)
        return goal

    return Tools(
        firstpayload=install("firstpayload"),
        plugins=shutil.copytree(os.path.join(build, "plugins"), os.path.join(folder, "plugins")),
        generate=install("bench/generate"),
        pause=install("bench/pause"),
        rusage=install("bench/rusage"),
        read_blocks=install("bench/read-blocks"),
        read_libpcap=install("bench/read-libpcap"),
        read_libwiretap=install("bench/read-libwiretap"),
    )


@dataclass
class Session:
    tools: Tools
    runner: Runner
    folder: str
    megabytes: int
    rounds: int
    notes: list = field(default_factory=list)
    spreads: list = field(default_factory=list)

    def use(self, program, path):
        """What program used to read the capture at path."""
        return self.runner.run(programs.fill(program.command, path, self.runner.scratch), program.with_plugin)

    def installed(self, chosen):
        """Those that can be run; the others are noted."""
        missing = [program for program in chosen if not self.runner.has(program.command[0])]
        self.notes += [f"Left out: {program.name}: not there ({program.package})" for program in missing]
        return [program for program in chosen if program not in missing]

    def ratios(self, jobs, where, times=1):
        """The medians of the ratios of the jobs to the first of them. jobs: (program, function that returns seconds)."""
        seconds, failures = rounds.in_rounds({program.name: job for program, job in jobs}, self.rounds * times)
        base = jobs[0][0]
        for program, _ in jobs:
            failure = failures.get(program.name)
            if failure and (program.is_ours or program is base):
                raise Failed(f"{program.name} on {where}: {failure}")
            if failure:
                self.notes.append(f"Left out: {program.name} on {where}: {failure}")
        found = rounds.ratios(seconds, base.name)
        self.spreads.append((where, max(map(rounds.spread, found.values()))))
        return {name: statistics.median(values) for name, values in found.items()}


def say(text):
    """Progress, on standard error: standard output is for the tables."""
    print(f"bench: {text}", file=sys.stderr, flush=True)
