# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs tshark and sharkd with the plugin.

As root, Wireshark ignores WIRESHARK_PLUGIN_DIR. So when the tests run as root, they start it as another user, with an empty home.
These variables say where things are (tests/plugin/CMakeLists.txt sets them):

    FIRSTPAYLOAD_PLUGINS   the folder that WIRESHARK_PLUGIN_DIR is set to for the plugin (needed for plugin=True)
    FIRSTPAYLOAD_TSHARK    tshark, default: the one in PATH
    FIRSTPAYLOAD_SHARKD    sharkd; likewise
    FIRSTPAYLOAD_PRELOAD   libasan, if the plugin was built with it; default: nothing
    FIRSTPAYLOAD_SERVE_TSHARK  see served_tshark.py; default: nothing

In short:

    import tshark_runner
    rows = tshark_runner.run_tshark(["-r", path, "-Y", "firstpayload", "-T", "fields", "-e", "frame.number"]).stdout.split()
    frames = tshark_runner.frames(path, "firstpayload.flight")        # the numbers as a list of int
"""
import atexit
import functools
import os
import re
import shutil
import subprocess
import tempfile

import few_names
import kept_answers
import served_tshark
from waiting import PATIENCE_SECONDS

UNPRIVILEGED_ID = 65534
TIMEOUT_SECONDS = PATIENCE_SECONDS
READ_ERROR = re.compile("cut short in the middle of a packet|damaged or corrupt|record data that TShark doesn't support")
SANITIZER_REPORTS = (b"ERROR: AddressSanitizer", b"runtime error:", b"AddressSanitizer:DEADLYSIGNAL")

_folder = None      # made on first use, removed at exit
_copies = {}        # path -> a copy that the other user can read


class SanitizerReport(AssertionError):
    """A sanitizer that the plugin was built with has reported something."""


def folder():
    """Returns a folder of this process that the user who runs tshark can write to; for -w, and for captures made by tests."""
    global _folder
    if _folder is None:
        _folder = tempfile.mkdtemp(prefix="firstpayload-test-")
        atexit.register(shutil.rmtree, _folder, True)
        if os.geteuid() == 0:
            os.chown(_folder, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
            os.chmod(_folder, 0o755)
    return _folder


def _is_open_to_all(path):
    path = os.path.realpath(path)
    if not os.stat(path).st_mode & 0o004:
        return False
    while path != os.path.dirname(path):
        path = os.path.dirname(path)
        if not os.stat(path).st_mode & 0o001:
            return False
    return True


def readable(path):
    """Returns path; or, if the user who runs tshark cannot read it, the path of a copy. A folder is copied with everything in it."""
    if os.geteuid() != 0 or not os.path.exists(path) or _is_open_to_all(path):
        return path
    if path not in _copies:
        where = os.path.join(tempfile.mkdtemp(dir=folder()), os.path.basename(os.path.normpath(path)))
        (shutil.copytree if os.path.isdir(path) else shutil.copy)(path, where)
        for name in subprocess.run(["find", os.path.dirname(where)], capture_output=True, check=True, text=True).stdout.splitlines():
            os.chmod(name, 0o755 if os.path.isdir(name) else 0o644)
        _copies[path] = where
    return _copies[path]


def _plugin_folder(plugin):
    if plugin is True:
        return readable(os.environ["FIRSTPAYLOAD_PLUGINS"])
    if plugin:
        return readable(plugin)
    empty = os.path.join(folder(), "no-plugins")
    os.makedirs(empty, exist_ok=True)
    return empty


def new_home():
    """Makes an empty home for the user who runs tshark."""
    home = tempfile.mkdtemp(prefix="home-", dir=folder())
    if os.geteuid() == 0:
        os.chown(home, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
    return home


def path_of(program):
    return os.environ.get("FIRSTPAYLOAD_" + program.upper()) or program


def command(program, args, plugin=True, home=None):
    """Returns the whole command line, for tests that start the process themselves. program: "tshark" or "sharkd"."""
    variables = {"HOME": home or new_home(), "LC_ALL": "C.UTF-8", "TZ": "UTC",
                 "WIRESHARK_EXTCAP_DIR": _plugin_folder(False)}    # extcaps are not needed, and one hangs at exit with libasan
    unset = ["-u", "WIRESHARK_PLUGIN_DIR", "-u", "WIRESHARK_CONFIG_DIR", "-u", "XDG_CONFIG_HOME"] if home else []
    if home is None:
        variables.update(WIRESHARK_CONFIG_DIR=variables["HOME"], XDG_CONFIG_HOME=variables["HOME"], WIRESHARK_PLUGIN_DIR=_plugin_folder(plugin),
                         **few_names.variables(path_of(program)))
    preload = os.environ.get("FIRSTPAYLOAD_PRELOAD")
    if preload and plugin:
        variables.update(LD_PRELOAD=preload, ASAN_OPTIONS="detect_leaks=0:exitcode=99", UBSAN_OPTIONS="halt_on_error=1")
    line = ["env", *unset, *(f"{name}={value}" for name, value in variables.items())]
    if os.geteuid() == 0:
        line = ["setpriv", f"--reuid={UNPRIVILEGED_ID}", f"--regid={UNPRIVILEGED_ID}", "--clear-groups", *line]
    args = [str(arg) for arg in args]
    args = [readable(arg) if i > 0 and args[i - 1] == "-r" else arg for i, arg in enumerate(args)]
    return [*line, path_of(program), *args]


@functools.cache
def _digests(plugins):
    """Returns those of all files in a folder."""
    files = sorted(os.path.join(where, name) for where, _, names in os.walk(plugins) for name in names)
    return tuple(kept_answers.digest_of(file) for file in files)


def run(program, args, plugin=True, input=None, home=None, keeps=False):
    """Runs program to its end. Returns the CompletedProcess, with stdout and stderr as bytes.

    plugin: True for this project's plugin only, False for no plugin, or a folder of plugins.
    home: a home in which Wireshark finds its files itself, instead of an empty one; plugin is then ignored.
    input: bytes for stdin. If the user cannot read the file named after -r, it is copied first.
    Answers without a plugin may come from an earlier run, and those with one if keeps says so, of the same plugin: see kept_answers.py.
    Raises SanitizerReport. The caller has to check the exit status.
    """
    args = [str(arg) for arg in args]
    capture = kept_answers.capture_of(args) if program == "tshark" and home is None and input is None else None

    def start():
        if capture and served_tshark.can_answer(args):
            return served_tshark.ask(path_of(program), _plugin_folder(plugin), lambda: command(program, [], plugin), args, readable(capture), folder(), TIMEOUT_SECONDS)
        return subprocess.run(command(program, args, plugin, home), input=b"" if input is None else input, capture_output=True,
                              timeout=TIMEOUT_SECONDS, check=False, cwd=folder())

    done = kept_answers.ask(path_of(program), args, start, _digests(_plugin_folder(plugin))) if capture and (keeps or not plugin) else start()
    if any(report in done.stderr for report in SANITIZER_REPORTS):
        raise SanitizerReport(done.stderr.decode(errors="replace"))
    return done


def run_tshark(args, plugin=True, input=None, keeps=False):
    """run("tshark", ...)"""
    return run("tshark", args, plugin, input, keeps=keeps)


def output_of(done):
    """Returns what tshark printed. A damaged capture still gives the frames before the damage; any other error raises."""
    errors = done.stderr.decode(errors="replace")
    if done.returncode != 0 and not READ_ERROR.search(errors):    # 2 in 4.0; 2, 3 or 14 later
        raise RuntimeError(f"tshark ended with {done.returncode}: {errors}")
    return done.stdout.decode(errors="replace")


@functools.cache
def version():
    """Returns (4, 0), (4, 4) ... Tests expect the known differences between versions of Wireshark."""
    said = run_tshark(["--version"], plugin=False).stdout.decode()
    return tuple(int(number) for number in re.search(r"(\d+)\.(\d+)\.", said).groups())


def true():
    """Returns what a Boolean field that is true prints with -T fields."""
    return "True" if version() >= (4, 4) else "1"


def frames(path, display_filter, extra=(), plugin=True):
    """Returns the numbers of the frames of a capture that match a display filter, in order."""
    done = run_tshark(["-n", *extra, "-r", path, "-Y", display_filter, "-T", "fields", "-e", "frame.number"], plugin)
    return [int(number) for number in output_of(done).split()]


def column(path, field, extra=()):
    """Returns {frame number: value} of the frames that have a field, as a column shows it. Where -T fields has Wireshark keep everything that is in a frame,
    it keeps here only what somebody asks for."""
    done = run_tshark([*extra, "-r", path, "-T", "tabs", "-o", f'gui.column.format:"No.","%m","Asked for","%Cus:{field}"'])
    lines = [line.split("\t") for line in output_of(done).splitlines()]
    return {int(number): value for number, value in lines if value}


def listed_frames(path, display_filter, extra=()):
    """Returns the same as frames(), with nothing else asked for than the filter."""
    done = run_tshark(["-n", *extra, "-r", path, "-Y", display_filter, "-T", "tabs", "-o", 'gui.column.format:"No.","%m"'])
    return [int(number) for number in output_of(done).split()]


def plugin_is_listed():
    """Whether tshark has really loaded the plugin. To be asserted before any other answer is believed."""
    listed = run_tshark(["-G", "plugins"]).stdout.decode(errors="replace")
    return any(line.split("\t")[0].strip() == "firstpayload.so" for line in listed.splitlines())
