# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks a tshark that has registered its dissectors already: of what it takes to start, that is nearly all, and tests start it thousands of times.

FIRSTPAYLOAD_SERVE_TSHARK names the library for LD_PRELOAD, see serve-tshark.c; without it, each question starts a tshark. It is the same tshark with
the same libraries, and does all that depends on arguments and preferences anew for each question. test_served.py compares.
"""
import os
import threading

import served

NAME = "any capture " + 4000 * "."       # which is overwritten by each name
WORDS = 300     # so many arguments tshark has, whatever the question: the rest is -n
_servers = threading.local()    # .of: those of this thread, by tshark and folder of plugins


def can_answer(args):
    """Whether the question says -n, so that more of them make no difference. args: of a question that kept_answers keeps."""
    fit = len(args) <= WORDS and all(len(arg) < len(NAME) for arg in args) and served.fits(args)
    return "FIRSTPAYLOAD_SERVE_TSHARK" in os.environ and "-n" in args and fit


def preloading(command):
    """Returns the command with the library. command: setpriv, env, variables, tshark, and no arguments; perhaps with another library."""
    library = os.environ["FIRSTPAYLOAD_SERVE_TSHARK"]
    others = [word.partition("=")[2] for word in command if word.startswith("LD_PRELOAD=")]
    return [*command[:-1], f"LD_PRELOAD={' '.join([*others, library])}", command[-1]]


class Server(served.Server):
    def __init__(self, command, folder):
        super().__init__([*preloading(command), "-r", NAME, *["-n"] * (WORDS - 2)], cwd=folder, start_new_session=True)

    def answer_about(self, args, capture, folder, seconds):
        """Returns the CompletedProcess, as if tshark had been started. Raises if it has not answered in time, or has died."""
        done = self.answer([capture, *args, *["-n"] * (WORDS - len(args))], folder, seconds)
        done.args = args
        return done


def ask(program, plugins, command, args, capture, folder, seconds):
    """command: returns setpriv, env, variables and tshark. folder: one that tshark's user can write to, where it runs. The rest is as for Server.answer_about."""
    servers = _servers.__dict__.setdefault("of", {})
    if (program, plugins) not in servers or servers[program, plugins].process.poll() is not None:
        servers[program, plugins] = Server(command(), folder)
    return servers[program, plugins].answer_about(args, capture, folder, seconds)
