# SPDX-License-Identifier: GPL-2.0-or-later
"""Waits for other processes. No test knows how long they take, so each waits for a condition; PATIENCE_SECONDS is the limit if it never comes true."""
import array
import contextlib
import fcntl
import os
import subprocess
import termios
import time

PATIENCE_SECONDS = int(os.environ.get("FIRSTPAYLOAD_PATIENCE", "600"))    # scripts/mutants has less: there, what never comes true is no surprise


def wait_for(condition, what, seconds=PATIENCE_SECONDS):
    """Returns what condition returned once that is true. what: words for the error message, or a function that returns them."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what() if callable(what) else what}")
        time.sleep(0.02)
    return value


def whole_lines(path):
    """Returns the lines of a file that another process may be writing, without one whose end is not written yet; none if there is no file."""
    try:
        with open(path, "rb") as file:
            return file.read().rpartition(b"\n")[0].decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []


def without_clock(environment=os.environ):
    """Returns the environment for a program that is to wake up only when something happens: see no-clock.c."""
    libraries = f"{environment.get('LD_PRELOAD', '')} {environment['FIRSTPAYLOAD_NO_CLOCK']}".strip()
    return {**environment, "LD_PRELOAD": libraries, "ASAN_OPTIONS": "verify_asan_link_order=0"}


def _sleeping(pid):
    """Returns {thread: how often it has gone to sleep} of the process; None if one does not sleep, but runs, is starting, or has ended."""
    found = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/status", encoding="utf-8", errors="replace") as file:
                values = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        except (FileNotFoundError, ProcessLookupError):     # it has just ended
            return None
        if values["State"][0] != "S":
            return None
        found[thread] = values["voluntary_ctxt_switches"]
    return found


def are_asleep(*pids):
    """Whether all threads of the processes sleep at the same time. Each is looked at twice: one that was woken up in the meantime, and woke up another that
    had been looked at before, has gone to sleep once more."""
    before = [_sleeping(pid) for pid in pids]
    return None not in before and before == [_sleeping(pid) for pid in pids]


def is_asleep(pid):
    """Whether all threads of the process sleep at the same time."""
    return are_asleep(pid)


def is_capturing(pid):
    """Whether a process has a socket that receives frames: the kernel lists sockets that are bound to an interface by their inodes."""
    inodes = set()
    with contextlib.suppress(FileNotFoundError):            # it has ended
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):    # closed in the meantime
                inodes.add(os.readlink(f"/proc/{pid}/fd/{descriptor}"))
    with open(f"/proc/{pid}/net/packet", encoding="ascii") as file:
        return any(f"socket:[{row[8]}]" in inodes and row[5] == "1" for row in map(str.split, file))


def tsharks_of(pid):
    """Returns the processes that the helper of the program with that number has started."""
    helper = subprocess.run(["pgrep", "-P", str(pid), "fp-helper"], capture_output=True, text=True, check=True).stdout.strip()
    return subprocess.run(["pgrep", "-P", helper], capture_output=True, text=True).stdout.split()


def unread(pipe):
    """Returns the number of unread bytes in a pipe. pipe: either end."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


def wait_until_taken(process, pipe):
    """Waits until process has read everything from the pipe, and sleeps: it waits for more."""
    wait_for(lambda: process.poll() is not None or unread(pipe) == 0 and is_asleep(process.pid) and unread(pipe) == 0, "everything in the pipe to be read")


def has_signal(process, kind, number):
    """kind: ShdPnd, signals that are pending; SigCgt, signals with a handler (proc(5))."""
    with open(f"/proc/{process.pid}/status", encoding="utf-8", errors="replace") as file:
        return int(next(line for line in file if line.startswith(kind)).split()[1], 16) >> (number - 1) & 1


def wait_until_caught(process, number):
    """Waits until process has a handler for the signal: before that, the signal would end it."""
    wait_for(lambda: process.poll() is not None or has_signal(process, "SigCgt", number), f"a handler for signal {number}")


def send_signal(process, number):
    """Returns once the signal is delivered: two that are pending at the same time are one."""
    process.send_signal(number)
    wait_for(lambda: process.poll() is not None or not has_signal(process, "ShdPnd", number), f"signal {number} to be heard")
