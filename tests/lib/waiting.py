# SPDX-License-Identifier: GPL-2.0-or-later
"""Waiting for what other processes do. No test knows how long that takes: what is waited for is seen, and PATIENCE_SECONDS is for what never comes."""
import array
import fcntl
import os
import termios
import time

PATIENCE_SECONDS = 600


def wait_for(condition, what, seconds=PATIENCE_SECONDS):
    """What condition returned when it was true. what: in words, or what returns them when it was waited in vain."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what() if callable(what) else what}")
        time.sleep(0.02)
    return value


def without_clock(environment=os.environ):
    """The environment of a program that waits for what happens alone, see no-clock.c."""
    libraries = f"{environment.get('LD_PRELOAD', '')} {environment['FIRSTPAYLOAD_NO_CLOCK']}".strip()
    return {**environment, "LD_PRELOAD": libraries, "ASAN_OPTIONS": "verify_asan_link_order=0"}


def is_asleep(pid):
    """All its threads wait for something: none runs, or is being started, or has ended."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/stat", encoding="utf-8", errors="replace") as file:
            if file.read().rpartition(")")[2].split()[0] != "S":
                return False
    return True


def unread(pipe):
    """Bytes that are in a pipe. Either end will do."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]


def wait_until_taken(process, pipe):
    """Until it has read all that is in the pipe, and has nothing left to do: it waits for more."""
    wait_for(lambda: process.poll() is not None or unread(pipe) == 0 and is_asleep(process.pid) and unread(pipe) == 0, "what is in the pipe to be read")


def has_signal(process, kind, number):
    """kind: ShdPnd, those that it has not been told of yet; SigCgt, those that it has handlers for."""
    with open(f"/proc/{process.pid}/status", encoding="utf-8", errors="replace") as file:
        return int(next(line for line in file if line.startswith(kind)).split()[1], 16) >> (number - 1) & 1


def wait_until_caught(process, number):
    """Until it has a handler for the signal: before, the signal would end it."""
    wait_for(lambda: process.poll() is not None or has_signal(process, "SigCgt", number), f"a handler for signal {number}")


def send_signal(process, number):
    """Returns when it has been told: two signals that come at once are one."""
    process.send_signal(number)
    wait_for(lambda: process.poll() is not None or not has_signal(process, "ShdPnd", number), f"signal {number} to be heard")
