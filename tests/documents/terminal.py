# SPDX-License-Identifier: GPL-2.0-or-later
"""Types commands at a terminal, as a reader of a document does, and Ctrl-C where a command would go on for ever."""
import fcntl
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import termios
import time

LIMIT_SECONDS = 1200     # for one command, however busy the machine
MARK = re.compile(rb"\x1e([BE])(\d+) (\d+)\x1e")
# Job control as at a prompt: Ctrl-C reaches what is in the foreground, and nothing else. At the end of a block, what still runs in the
# background is ended; what no longer runs by then has failed.
BEGIN, END = "set -m -o pipefail; trap : INT\n", """
for job in $(jobs -p); do kill "$job" || { printf '\\036E%d 255\\036' "$last"; exit; }; done
wait
"""


class Failed(Exception):
    pass


def script(commands, files):
    """Prints a mark before and after each command: its number and the size of its file; its number and its exit status."""
    parts = ["last=%d; printf '\\036B%d %%d\\036' \"$(stat -c %%s %s 2>/dev/null)\"\n%s\nprintf '\\036E%d %%d\\036' $?\n"
             % (n, n, shlex.quote(file), command, n) for n, (command, file) in enumerate(zip(commands, files))]
    return BEGIN + "".join(parts) + END


def make_terminal():
    ours, its = pty.openpty()
    mode = termios.tcgetattr(its)
    mode[1] &= ~termios.OPOST
    mode[3] &= ~(termios.ECHO | termios.ECHOCTL)
    termios.tcsetattr(its, termios.TCSANOW, mode)
    return ours, its


class Terminal:
    """commands: they run one after the other in one shell. files: one for each command, which may write to it. is_enough(n, shown, size):
    whether the n-th command, if only Ctrl-C ends it, has done its task; shown is what it has shown, size that of its file before."""

    def __init__(self, commands, files, is_enough):
        self.commands, self.files, self.is_enough = commands, files, is_enough
        self.shown, self.status = {}, {}        # by the commands' numbers
        self.now, self.size, self.pending = None, 0, b""

    def run(self):
        ours, its = make_terminal()
        shell = subprocess.Popen(["bash", "-c", script(self.commands, self.files)], stdin=its, stdout=its, stderr=its, start_new_session=True,
                                 preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(its)
        try:
            self.follow(ours, shell)
        finally:
            if shell.poll() is None:
                os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()
            os.close(ours)

    def follow(self, ours, shell):
        deadline, asked = time.monotonic() + LIMIT_SECONDS, None
        while shell.poll() is None:
            if select.select([ours], [], [], 0.1)[0]:
                try:
                    self.take(os.read(ours, 65536))
                except OSError:         # nobody has it open any more
                    shell.wait(LIMIT_SECONDS)
            if self.now is not None and self.now not in self.shown:
                self.shown[self.now], deadline = b"", time.monotonic() + LIMIT_SECONDS
            if self.now is not None and asked != self.now and self.may_end():
                asked = self.now
                os.write(ours, b"\x03")
            if time.monotonic() > deadline:
                raise Failed("waited %d s in vain for: %s\n%s" % (LIMIT_SECONDS, self.commands[self.now or 0], self.text(self.now)))
        self.take_rest(ours)

    def take_rest(self, ours):
        """what the shell had written by the time it was seen to have ended"""
        while select.select([ours], [], [], 0)[0]:
            try:
                data = os.read(ours, 65536)
            except OSError:
                return
            if not data:
                return
            self.take(data)

    def take(self, data):
        data = self.pending + data
        at = 0
        for mark in MARK.finditer(data):
            self.add(data[at:mark.start()])
            kind, n, status = mark.group(1), int(mark.group(2)), int(mark.group(3))
            if kind == b"B":
                self.now, self.size = n, status
                self.shown.setdefault(n, b"")
            else:
                self.status[n] = status
            at = mark.end()
        tail = data[at:]
        cut = tail.rfind(b"\x1e")
        self.pending = tail[cut:] if cut >= 0 else b""
        self.add(tail[:cut] if cut >= 0 else tail)

    def add(self, data):
        if self.now is not None:
            self.shown[self.now] += data

    def may_end(self):
        return self.now not in self.status and self.is_enough(self.now, self.shown[self.now], self.size)

    def text(self, n):
        """Returns what the n-th command has shown, without colours."""
        return re.sub(r"\x1b\[[\d;]*[mK]|\r", "", self.shown.get(n, b"").decode(errors="replace"))
