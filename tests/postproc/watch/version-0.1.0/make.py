# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the folders of a watcher of version 0.1.0 that test_upgrade.py reads: stopped.tar.gz, built.tar.gz, committed.tar.gz. They were made by
the program of commit 24d30a3f, the last of that version, and the library of tests/faults:

    FIRSTPAYLOAD_PROGRAM=OLD/firstpayload FIRSTPAYLOAD_SOURCE=. PYTHONPATH=tests/lib python3 tests/postproc/watch/version-0.1.0/make.py libfault.so

Each has two of the rings taken, and their outputs. stopped: the watcher has ended, and nothing more is there. built: it was killed when it
was about to commit the third. committed: it was killed when it was about to publish that. The first two streams of eight are over when 0.1.0 ends; the
others are in all states that a stream can have."""
import os
import subprocess
import sys
import tarfile
import tempfile

from pcaps import ACK, FIN, PROGRAM, SYN, connection, header, record, segment, write

HERE = os.path.dirname(os.path.abspath(__file__))
START_NS = 1700000000 * 10**9


def step(n, at):
    """Returns the frames of the n-th stream in the ring with the number at, from 0."""
    syn, syn_ack, ack, request, answer = connection(40000 + n, b"GET /%d HTTP/1.1\r\nHost: host%d.example\r\n\r\n" % (n, n))
    more = segment(40000 + n, 80, 1001 + n, ACK, b"more", ack=6000)
    fin = segment(40000 + n, 80, 2000, ACK | FIN, ack=6000)
    return {
        0: [[syn, syn_ack, ack, request, answer, fin], [], [], []],     # over
        1: [[syn, syn_ack, ack, request, answer], [fin], [], [syn, syn_ack, request]],      # over, and the same endpoints once more
        2: [[syn], [], [syn_ack, ack], [request, answer]],              # a SYN alone
        3: [[syn, syn_ack], [ack], [request], [answer]],                # a handshake
        4: [[syn, syn_ack, ack], [request], [answer], [more]],          # first payload, no reply
        5: [[], [request], [more], [answer]],                           # midstream
        6: [[syn, syn_ack, ack, request], [answer, more], [more], [fin]],       # settled
        7: [[], [], [syn, syn_ack, ack, request], [answer]],            # new to the version that comes after
    }[n][at]


def rings():
    """Returns [(name, bytes, when its writer ended)]."""
    found, number = [], 0
    for at in range(4):
        data = header()
        for frame in (frame for n in range(8) for frame in step(n, at)):
            data += record(frame, number)
            number += 1
        found.append((f"ring{at}.pcap", data, START_NS + number * 10**6))
    return found


def put(folder, files):
    for name, data, last_ns in files:
        os.utime(write(folder, name, data), ns=(0, last_ns))


def watch(folder, config, **environment):
    return subprocess.run([PROGRAM, "watch", "--once", "--config", config], cwd=folder, capture_output=True, text=True, check=False,
                          env={**os.environ, **environment}, timeout=900)


def begin(folder, config=os.path.join(HERE, "watch.conf")):
    """Makes a watcher's folders there, and has it take the first two rings, each for itself."""
    for name in ("in", "out"):
        os.makedirs(os.path.join(folder, name))
    for ring in rings()[:2]:
        put(os.path.join(folder, "in"), [ring])
        watch(folder, config).check_returncode()


def without_owner(info):
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


def main():
    for name, call, path in (("stopped", None, None), ("built", "open-write", "checkpoint."), ("committed", "rename", ".firstpayload-")):
        with tempfile.TemporaryDirectory(prefix="firstpayload-") as folder:
            begin(folder)
            if call is not None:
                put(os.path.join(folder, "in"), rings()[2:3])
                run = watch(folder, os.path.join(HERE, "watch.conf"), LD_PRELOAD=sys.argv[1], FAULT_KIND="kill", FAULT_AT="1", FAULT_ONLY=f",{call},",
                            FAULT_NAME=path)
                if run.returncode != -9:
                    sys.exit(f"{name}: it was not killed: {run.returncode} {run.stderr}")
            os.unlink(os.path.join(folder, "metrics.prom"))
            with tarfile.open(os.path.join(HERE, name + ".tar.gz"), "w:gz") as archive:
                archive.add(folder, ".", filter=without_owner)


if __name__ == "__main__":
    main()
