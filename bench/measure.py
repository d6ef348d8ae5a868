# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs commands and takes what they used: CPU time, and memory at the peak."""
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass

TIMEOUT_SECONDS = 1800
NOBODY = 65534


class Failed(Exception):
    """A command did not end well; says how."""


@dataclass(frozen=True)
class Usage:
    seconds: float      # CPU time, the user's and the system's
    peak_bytes: int
    wall_seconds: float  # from its start to its end
    messages: str       # what it wrote to standard error


def as_nobody():
    """As root, tshark takes no plugins from a folder of ours, and some programs remove or give away the file they write to, be it /dev/null."""
    return dict(user=NOBODY, group=NOBODY, extra_groups=[]) if os.geteuid() == 0 else {}


def make_folder(path):
    """A new folder that the measured commands can write to."""
    os.mkdir(path)
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    return path


class Runner:
    """Runs commands in a scratch folder, emptied before each run so that every file is written anew."""

    def __init__(self, rusage, folder, plugins):
        self.rusage = rusage
        self.scratch = make_folder(os.path.join(folder, "scratch"))
        self.plugins = plugins
        self.environment = {
            "HOME": make_folder(os.path.join(folder, "home")),
            "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin",
            "LC_ALL": "C",
            "WIRESHARK_PLUGIN_DIR": make_folder(os.path.join(folder, "no-plugins")),     # a plugin of ours may be installed
        }

    def has(self, program):
        return shutil.which(program, path=self.environment["PATH"]) is not None

    def run(self, command, with_plugin=False):
        self._empty_scratch()
        environment = dict(self.environment, **({"WIRESHARK_PLUGIN_DIR": self.plugins} if with_plugin else {}))
        reading, writing = os.pipe()
        with tempfile.TemporaryFile() as messages, open(reading, encoding="ascii") as used:
            process = subprocess.Popen([self.rusage, str(writing), *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=messages, cwd=self.scratch, env=environment, pass_fds=[writing], start_new_session=True,
                                       **as_nobody())
            os.close(writing)
            status = wait(process)
            messages.seek(0)
            said = messages.read().decode(errors="replace")
            if status != 0:
                raise Failed(f"exit status {status}: {(said.strip().splitlines() or ['no message'])[-1]}")
            cpu_microseconds, peak_bytes, wall_microseconds = used.read().split()
        return Usage(int(cpu_microseconds) / 1e6, int(peak_bytes), int(wall_microseconds) / 1e6, said)

    def _empty_scratch(self):
        for entry in os.scandir(self.scratch):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)


def wait(process):
    """The exit status. Whatever keeps this from returning it, nothing is left running."""
    try:
        return process.wait(TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        raise Failed(f"not done after {TIMEOUT_SECONDS} seconds") from None
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
