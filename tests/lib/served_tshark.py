# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks a tshark that has registered its dissectors already: of what it takes to start, that is nearly all, and tests start it thousands of times.

FIRSTPAYLOAD_SERVE_TSHARK names the library for LD_PRELOAD, see serve-tshark.c; without it, each question starts a tshark. It is the same tshark with
the same libraries, and does all that depends on arguments and preferences anew for each question. test_served_tshark.py compares.
"""
import atexit
import os
import select
import subprocess
import tempfile
import threading

NAME = "any capture " + 4000 * "."       # which is overwritten by each name
WORDS = 300     # so many arguments tshark has, whatever the question: the rest is -n
_servers = threading.local()    # .of: those of this thread, by tshark and folder of plugins


def can_answer(args):
    """Whether the question says -n, so that more of them make no difference. args: of a question that kept_answers keeps."""
    fit = len(args) <= WORDS and all(len(arg) < len(NAME) and not {"\t", "\n"} & set(arg) for arg in args)
    return "FIRSTPAYLOAD_SERVE_TSHARK" in os.environ and "-n" in args and fit


def preloading(command):
    """Returns the command with the library. command: setpriv, env, variables, tshark, and no arguments; perhaps with another library."""
    library = os.environ["FIRSTPAYLOAD_SERVE_TSHARK"]
    others = [word.partition("=")[2] for word in command if word.startswith("LD_PRELOAD=")]
    return [*command[:-1], f"LD_PRELOAD={' '.join([*others, library])}", command[-1]]


class Server:
    def __init__(self, command, folder):
        self.folder = folder
        self.said = tempfile.TemporaryFile()
        self.process = subprocess.Popen([*preloading(command), "-r", NAME, *["-n"] * (WORDS - 2)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.said, cwd=folder, start_new_session=True, text=True)
        atexit.register(self.end)

    def answer(self, args, capture, seconds):
        """Returns the CompletedProcess, as if tshark had been started. Raises if it has not answered in time, or has died."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            os.chmod(folder, 0o777)
            out, err = os.path.join(folder, "out"), os.path.join(folder, "err")
            self.process.stdin.write("\t".join([out, err, capture, *args, *["-n"] * (WORDS - len(args))]) + "\n")
            self.process.stdin.flush()
            if not select.select([self.process.stdout], [], [], seconds)[0]:
                os.killpg(self.process.pid, 9)
                raise subprocess.TimeoutExpired(args, seconds)
            status = self.process.stdout.readline()
            if not status:
                self.said.seek(0)
                raise RuntimeError(f"tshark has ended while it waited: {self.said.read().decode(errors='replace')}")
            with open(out, "rb") as printed, open(err, "rb") as errors:
                return subprocess.CompletedProcess(args, os.waitstatus_to_exitcode(int(status)), printed.read(), errors.read())

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
        self.said.close()


def ask(program, plugins, command, args, capture, folder, seconds):
    """command: returns setpriv, env, variables and tshark. folder: one that tshark's user can write to, where it runs. The rest is as for Server.answer."""
    servers = _servers.__dict__.setdefault("of", {})
    if (program, plugins) not in servers or servers[program, plugins].process.poll() is not None:
        servers[program, plugins] = Server(command(), folder)
    return servers[program, plugins].answer(args, capture, seconds)
