# SPDX-License-Identifier: GPL-2.0-or-later
"""Has tshark start without its lists of names, which take a third of the time that it starts in, and tests start it thousands of times.

Makers of network cards, services, enterprises: with -n, tshark 4.0 reads them as well. Later versions have them built in, and nothing changes. As root, Wireshark ignores
the variable. What is installed is tested with everything: plugin-installed, gui-*, documents-commands.
"""
import atexit
import os
import shutil
import tempfile
import threading

LISTS = ("manuf", "services", "enterprises.tsv", "wka")

_folders = {}       # program -> what make returned
_one_at_a_time = threading.Lock()


def data_folder(program):
    """Returns Wireshark's folder of files that belong to this tshark."""
    path = shutil.which(program)
    return path and os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(path))), "share", "wireshark")


def make(program):
    """Returns a folder with everything else that tshark reads from its own, for WIRESHARK_DATA_DIR, until this process ends; None if there are no such lists."""
    whole = data_folder(program)
    if not whole or not os.path.isdir(whole) or not set(LISTS) & set(os.listdir(whole)):
        return None
    few = tempfile.mkdtemp(prefix="firstpayload-names-")
    atexit.register(shutil.rmtree, few, True)
    os.chmod(few, 0o755)
    for name in os.listdir(whole):
        if name in LISTS:
            open(os.path.join(few, name), "xb").close()
        else:
            os.symlink(os.path.join(whole, name), os.path.join(few, name))
    return few


def variables(program="tshark"):
    """Returns what to add to the environment of tshark, or of the program that starts it. A test may have a folder of its own."""
    if "WIRESHARK_DATA_DIR" in os.environ:
        return {}
    with _one_at_a_time:
        if program not in _folders:
            _folders[program] = make(program)
    return {"WIRESHARK_DATA_DIR": _folders[program]} if _folders[program] else {}
