# SPDX-License-Identifier: GPL-2.0-or-later
"""Keeps what tshark says of captures: without plugins, so that ./check asks it once, not again for the build with sanitizers; with the plugin, so that the
tests of a build that look at the same fields ask once.

FIRSTPAYLOAD_ANSWERS names the folder, which ./check makes anew each time; without it nothing is kept. An answer is one to the same arguments, the same
bytes under the same name (its end tells libwiretap what to try first), and the same tshark with the same libraries and plugins. Only questions are kept that read
nothing but the capture and write nothing.
"""
import functools
import hashlib
import os
import pickle
import shutil
import subprocess
import tempfile
import zlib

# The arguments of such questions, and how many words each takes.
WORDS = {"-n": 1, "-2": 1, "-r": 2, "-o": 2, "-Y": 2, "-T": 2, "-E": 2, "-e": 2, "-d": 2, "--enable-protocol": 2}


def capture_of(args):
    """Returns the capture that a question is about; None if it may read or write something else, as preferences that name files do."""
    at, capture = 0, None
    while at < len(args):
        words = WORDS.get(args[at], len(args) + 1)
        if at + words > len(args) or (args[at] == "-o" and "/" in args[at + 1]):
            return None
        if args[at] == "-r":
            capture = args[at + 1]
        at += words
    return capture if capture and os.path.isabs(capture) and os.path.isfile(capture) else None


@functools.cache
def identity(program):
    """Says which program that is, and which libraries it loads: when each was changed, and how large it is."""
    path = shutil.which(program)
    listed = subprocess.run(["ldd", path], capture_output=True, check=True, text=True).stdout.split()
    files = [path, *sorted({word for word in listed if word.startswith("/")})]
    return [(file, os.stat(file).st_size, os.stat(file).st_mtime_ns) for file in files]


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).digest()


def place_of(program, args, capture, plugins):
    """Returns where the answer is kept."""
    key = hashlib.sha256(repr((identity(program), [arg for arg in args if arg != capture], os.path.basename(capture), plugins)).encode())
    key.update(digest_of(capture))
    return os.path.join(os.environ["FIRSTPAYLOAD_ANSWERS"], key.hexdigest())


def ask(program, args, run, plugins=()):
    """Returns run(), or what it returned for the same question before. plugins: digests of all that tshark loads."""
    capture = capture_of(args) if os.environ.get("FIRSTPAYLOAD_ANSWERS") else None
    if not capture:
        return run()
    place = place_of(program, args, capture, plugins)
    try:
        with open(place, "rb") as file:
            return pickle.loads(zlib.decompress(file.read()))
    except FileNotFoundError:
        pass
    answer = run()
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(place), delete=False) as file:
        file.write(zlib.compress(pickle.dumps(answer), 1))    # trees as XML are large
    os.replace(file.name, place)
    return answer
