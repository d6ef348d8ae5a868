# SPDX-License-Identifier: GPL-2.0-or-later
"""Orders for processes that are started once and go on as a copy for each: see serve.h."""
import atexit
import os
import select
import subprocess
import tempfile

ORDER_BYTES_MAX = (1 << 16) - 1


def fits(words):
    """Whether an order can have these words."""
    return not any({"\t", "\n"} & set(word) for word in words) and len("\t".join(words).encode()) < ORDER_BYTES_MAX - 2000     # for names of files


class Server:
    def __init__(self, command, **more):
        """more: for subprocess.Popen."""
        self.said = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.said, text=True, **more)
        atexit.register(self.end)

    def run(self, words, seconds=None):
        """Returns the exit status of what an order started, or minus the signal that ended it. Raises if that takes longer, or the server has died."""
        self.process.stdin.write("\t".join(words) + "\n")
        self.process.stdin.flush()
        if seconds and not select.select([self.process.stdout], [], [], seconds)[0]:
            os.killpg(self.process.pid, 9)
            raise subprocess.TimeoutExpired(words, seconds)
        status = self.process.stdout.readline()
        if not status:
            self.said.seek(0)
            raise RuntimeError(f"it has ended while it waited: {self.said.read().decode(errors='replace')}")
        return os.waitstatus_to_exitcode(int(status))

    def answer(self, words, folder, seconds=None):
        """Returns the CompletedProcess. folder: for files with what it printed."""
        with tempfile.TemporaryDirectory(dir=folder) as place:
            os.chmod(place, 0o777)
            out, err = os.path.join(place, "out"), os.path.join(place, "err")
            status = self.run([out, err, *words], seconds)
            with open(out, "rb") as printed, open(err, "rb") as errors:
                return subprocess.CompletedProcess(words, status, printed.read(), errors.read())

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
        self.said.close()
