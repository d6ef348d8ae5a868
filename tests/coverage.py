# SPDX-License-Identifier: GPL-2.0-or-later
"""Says which lines and branches of core, postproc/said and postproc/decode their tests have run, as gcov counted them.

  python3 tests/coverage.py FOLDER [--all]     FOLDER: a build with FIRSTPAYLOAD_COVERAGE, whose tests have run; --all: each place that is missing

The target coverage builds, runs those tests and this:  cmake --preset coverage && cmake --build --preset coverage

Exit status 1: less than what is to be reached. What cannot be reached by a test has /* unreached: WHY */ behind it or before it, and is left out,
with the next line where that never runs. A mark at a line that the tests reach is an error, too. A line that several programs have is counted once: a
branch is covered when one of them took it."""
import collections
import json
import os
import re
import subprocess
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Folder: per cent of its branches that are to be reached.
REACH = {"core": 100, "postproc/said": 95, "postproc/decode": 95}

MARK = re.compile(r"/\* unreached: \S.*\*/")


class Line:
    def __init__(self):
        self.count = 0
        self.branches = []      # how often each was taken, in the order of gcov, of all compilations of the line that have as many

    def add(self, count, branches):
        self.count += count
        if len(branches) > len(self.branches):
            self.branches += [0] * (len(branches) - len(self.branches))
        for i, taken in enumerate(branches):
            self.branches[i] += taken


def counted(folder):
    """Returns {path below SOURCE: {number: Line}} of the folders in REACH."""
    data = [os.path.join(where, name) for where, _, names in os.walk(folder) for name in names if name.endswith(".gcno")]
    lines = collections.defaultdict(lambda: collections.defaultdict(Line))
    for at in range(0, len(data), 50):
        run = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", *data[at:at + 50]], capture_output=True, text=True,
                             check=False)
        if run.returncode != 0:
            sys.exit(f"coverage: gcov failed; what was counted before a program was built again has to be deleted:\n{run.stderr}")
        for answer in run.stdout.splitlines():
            answer = json.loads(answer)
            for file in answer["files"]:
                path = os.path.relpath(os.path.join(answer["current_working_directory"], file["file"]), SOURCE)
                if os.path.dirname(path) in REACH:
                    for line in file["lines"]:
                        lines[path][line["line_number"]].add(line["count"], [branch["count"] for branch in line["branches"]])
    return lines


def marks(path, lines):
    """Returns (what the marks of a file leave out, marks for nothing), as numbers of lines."""
    left_out, needless = set(), []
    with open(os.path.join(SOURCE, path), encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            if MARK.search(text):
                number += number not in lines   # the mark has a line of its own
                following = number + 1
                if number in lines and (lines[number].count == 0 or 0 in lines[number].branches):
                    left_out.add(number)
                else:
                    needless.append(number)
                if following in lines and lines[following].count == 0:
                    left_out.add(following)
    return left_out, needless


def of_file(path, lines):
    """Returns [lines, of these run, branches, of these taken], and what is missing, as texts."""
    left_out, needless = marks(path, lines)
    numbers = [0, 0, 0, 0]
    missing = [f"{path}:{number}: marked as unreached, but it is reached" for number in needless]
    for number, line in sorted(lines.items()):
        if number not in left_out or line.count != 0:
            numbers[0] += 1
            numbers[1] += line.count != 0
        if number not in left_out:
            taken = sum(count != 0 for count in line.branches)
            numbers[2] += len(line.branches)
            numbers[3] += taken
            if line.count == 0 or taken < len(line.branches):
                missing.append(f"{path}:{number}: " + (f"{taken} of {len(line.branches)} branches" if line.count else "never runs"))
    return numbers, missing, len(needless) > 0


def percent(part, whole):
    return 100 * part / whole if whole else 100.0


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--all"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    files = counted(arguments[0])
    failed = False
    print(f"{'folder':<18}{'lines':>16}{'branches':>18}   to be reached")
    for folder, reach in REACH.items():
        total, missing = [0, 0, 0, 0], []
        for path in sorted(files):
            if os.path.dirname(path) == folder:
                numbers, lacks, is_wrong = of_file(path, files[path])
                total = [a + b for a, b in zip(total, numbers)]
                missing += lacks
                failed |= is_wrong
        lines, run, branches, taken = total
        below = not branches or percent(taken, branches) < reach
        failed |= below
        print(f"{folder:<18}{percent(run, lines):7.2f} % of {lines:4}{percent(taken, branches):9.2f} % of {branches:4}   {reach} % of branches"
              + (": not reached" if below else ""))
        if below or "--all" in sys.argv:
            print("\n".join(missing))
        else:
            print("".join(f"{line}\n" for line in missing if "marked" in line), end="")
    sys.exit(failed)


if __name__ == "__main__":
    main()
