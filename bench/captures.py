# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures to measure on, and whether firstpayload finds in them what the generator says is there."""
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass

WRITE_BYTES = 1 << 20
FILE_HEADER = 24
RECORD_HEADER = 16


class Wrong(Exception):
    """An answer is not what it must be."""


@dataclass(frozen=True)
class Capture:
    path: str
    bytes: int
    frames: int
    firsts: int         # first payload frames

    @property
    def frame_bytes(self):
        """In the mean, of a classic pcap."""
        return (self.bytes - FILE_HEADER) / self.frames - RECORD_HEADER

    @property
    def answers(self):
        return answers_of(self.path)

    def remove(self):
        os.unlink(self.path)
        if os.path.exists(self.answers):
            os.unlink(self.answers)


def answers_of(path):
    """Where the generator lists the first payload frames."""
    return os.path.splitext(path)[0] + ".list"


def write(command, path):
    """What command prints, to path in whole blocks. All captures come this way: the page cache serves what was written in others at other speeds."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process, open(path, "wb", buffering=0) as file:
        while block := process.stdout.read(WRITE_BYTES):
            file.write(block)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)
    os.chmod(path, 0o644)


def summary(messages, what):
    """A number of the summary that firstpayload prints."""
    return int(re.search(rf"^{what}\s+(\d+)", messages, re.MULTILINE)[1])


def compare(rows, answers):
    """Raises Wrong unless the rows of firstpayload --list name the first payload frames in the file answers. Returns how many."""
    count = 0
    with open(answers, encoding="ascii") as file:
        for row in rows:
            number, classes = row.rstrip("\n").split("\t")
            if "first" not in classes.split(","):
                continue
            expected = file.readline().strip()
            if number != expected:
                raise Wrong(f"first payload frame number {count + 1} is {number} for firstpayload, {expected or 'none'} for the generator")
            count += 1
        if missing := file.readline().strip():
            raise Wrong(f"first payload frame number {count + 1} is none for firstpayload, {missing} for the generator")
    return count


def check(tools, path):
    """Reads path with firstpayload and with the bare readers. Raises Wrong unless their answers are right."""
    with tempfile.TemporaryFile("w+") as messages:
        with subprocess.Popen([tools.firstpayload, "slim", "--list", path], stdout=subprocess.PIPE, stderr=messages, text=True) as process:
            firsts = compare(process.stdout, answers_of(path))
        messages.seek(0)
        said = messages.read()
    if process.returncode != 0:
        raise Wrong(f"firstpayload ended with {process.returncode}: {said}")
    frames = summary(said, "frames")
    for reader in (tools.read_blocks, tools.read_libpcap, tools.read_libwiretap):
        if not os.path.exists(reader) or (reader == tools.read_blocks and path.endswith(".pcapng")):
            continue
        counted = subprocess.run([reader, path], stdout=subprocess.PIPE, check=True, text=True).stdout
        if int(counted) != frames:
            raise Wrong(f"{path}: firstpayload read {frames} frames, {os.path.basename(reader)} {counted.strip()}")
    return Capture(path, os.path.getsize(path), frames, firsts)


def generate(tools, folder, kind, megabytes, streams=()):
    """streams, of the kind scan: how many."""
    path = os.path.join(folder, kind + ".pcap")
    write([tools.generate, kind, str(megabytes), answers_of(path), *map(str, streams)], path)
    return check(tools, path)


def as_pcapng(tools, capture):
    """The same frames as pcapng."""
    path = capture.path + "ng"
    write(["editcap", "-F", "pcapng", capture.path, "-"], path)
    return check(tools, path)


def empty(folder, capture):
    """The path of a capture of no frames, with the file header of capture."""
    path = os.path.join(folder, "empty.pcap")
    with open(capture.path, "rb") as full, open(path, "wb") as file:
        file.write(full.read(FILE_HEADER))
    os.chmod(path, 0o644)
    return path
