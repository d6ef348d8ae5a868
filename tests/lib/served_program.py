# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a program that is linked already: with a small capture, that is most of a run.

FIRSTPAYLOAD_SERVE names the library for LD_PRELOAD, see serve-program.c; without it, each run starts the program. FIRSTPAYLOAD_PRELOAD is loaded
before it. test_served.py compares.
"""
import os
import subprocess
import threading

import served

_servers = threading.local()    # .of: those of this thread, by program


def _server(program):
    servers = _servers.__dict__.setdefault("of", {})
    if program not in servers:
        libraries = f"{os.environ.get('FIRSTPAYLOAD_PRELOAD', '')} {os.environ['FIRSTPAYLOAD_SERVE']}".strip()
        servers[program] = served.Server([program], env={**os.environ, "LD_PRELOAD": libraries, "LD_BIND_NOW": "1", "ASAN_OPTIONS": "verify_asan_link_order=0"})
    return servers[program]


def run(program, args):
    """Returns the CompletedProcess, with stdout and stderr as bytes. Nothing is on standard input."""
    if "FIRSTPAYLOAD_SERVE" in os.environ and served.fits(args):
        return _server(program).answer(args, None)
    return subprocess.run([program, *args], stdin=subprocess.DEVNULL, capture_output=True, check=False)
