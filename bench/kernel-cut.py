#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel's first cut saves: bench/kernel-cut.py BUILD [--rate N] [--rounds N] [--megabytes N]

As root. Replays traffic into a veth in network namespaces, at one rate, to slim with --kernel-cut on, with off, and to nobody. Prints how many frames reached
the program, how many had to, and CPU time: the program's, and what the sender took more than without a reader. The kernel hands a frame to a reader's socket
in the time of who sends it, so that is what filter and copy cost.
"""
import argparse
import itertools
import os
import pathlib
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent
BURST = 100


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--rate", type=int, default=20000, help="frames a second")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=100, help="of each traffic")
    return parser.parse_args()


def large_flows(n_bytes):
    """A few connections that transfer much: three that download, and one that uploads and is not answered until its end."""
    flows = [conversation(2000 + i, 1000000 * i, n_bytes // 4 // 500, i == 3, b"GET / HTTP/1.1\r\n\r\n") for i in range(4)]
    return [frame for group in itertools.zip_longest(*flows) for frame in group if frame is not None]


def generated(generate, kind, megabytes, folder):
    path = os.path.join(folder, kind)
    with open(path, "wb") as file:
        subprocess.run([generate, kind, str(megabytes)], stdout=file, check=True)
    return frames_of(path)


def needed(frames):
    """How many frames a reader cannot do without: those of streams that are not settled, and those with SYN, FIN or RST, of IPv4 and IPv6 without options;
    and all that is not TCP, which passes."""
    states, n = {}, 0
    for frame in frames:
        offset = 14
        kind = frame[12:14]
        if kind == b"\x08\x00":
            transport, ends, ip = frame[23], (frame[26:30], frame[30:34]), 20
            size = struct.unpack_from(">H", frame, 16)[0] - 20
        else:
            transport, ends, ip = frame[20], (frame[22:38], frame[38:54]), 40
            size = struct.unpack_from(">H", frame, 18)[0]
        if transport != 6:
            n += 1
            continue
        tcp = offset + ip
        source, destination = (ends[0], frame[tcp:tcp + 2]), (ends[1], frame[tcp + 2:tcp + 4])
        flags, payload = frame[tcp + 13], size - (frame[tcp + 12] >> 4) * 4
        key = tuple(sorted((source, destination)))
        if flags & 7:
            n += 1
            if flags & 0x12 == 2:
                states[key] = {}
            continue
        spoken = states.setdefault(key, {})
        if len(spoken) < 2:
            only = next(iter(spoken), None)
            beyond = only is not None and spoken[only] > 16384
            n += not (beyond and (source == only or payload == 0))
            if payload > 0:
                spoken[source] = spoken.get(source, 0) + payload
    return n


def cpu_seconds(usage):
    return usage.ru_utime + usage.ru_stime


def send(wire, path, rate):
    """Returns the CPU seconds of the sender."""
    go, its_go = os.pipe()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with open(path, "rb") as file:
        sender = subprocess.Popen(wire.far.argv(os.environ["FIRSTPAYLOAD_REPLAY"], "far", str(BURST), str(go)), stdin=file, stdout=subprocess.PIPE, pass_fds=[go])
    os.close(go)
    due = time.monotonic()
    for line in sender.stdout:
        if b"left out" in line:
            break
        due += BURST / rate
        time.sleep(max(0, due - time.monotonic()))
        os.write(its_go, b"\n")
    os.close(its_go)
    sender.stdout.close()
    sender.wait()
    return cpu_seconds(resource.getrusage(resource.RUSAGE_CHILDREN)) - cpu_seconds(before)


def measure(wire, folder, path, rate, mode):
    """Returns (frames that reached the program, dropped, its CPU seconds, the sender's)."""
    if mode == "nobody":
        return 0, 0, 0.0, send(wire, path, rate)
    reader = Reader(wire, folder, mode, "--kernel-cut", mode, at_once=())
    before = send(wire, path, rate)
    children = cpu_seconds(resource.getrusage(resource.RUSAGE_CHILDREN))
    summary = reader.end(allowed=(0, 1))
    return summary["frames"], summary["dropped"], cpu_seconds(resource.getrusage(resource.RUSAGE_CHILDREN)) - children, before


def main():
    options = arguments()
    print(f"{options.rate} frames a second, median of {options.rounds} rounds\n\n| traffic | frames | needed | --kernel-cut | reached | of needed | dropped "
          "| program, s | kernel for it, s |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        traffic = {"few large flows": large_flows(options.megabytes * 1000000),
                   "mixed": generated(options.build / "bench" / "generate", "mixed", options.megabytes, folder)}
        for name, frames in traffic.items():
            path = os.path.join(folder, "frames")
            with open(path, "wb") as file:
                file.write(header("="))
                for frame in frames:
                    file.write(record(frame, order="="))
            must, rows = needed(frames), {"nobody": [], "off": [], "on": []}
            for _ in range(options.rounds):
                for mode, found in rows.items():
                    wire = Wire()
                    found.append(measure(wire, folder, path, options.rate, mode))
                    wire.close()
            nobody = statistics.median(row[3] for row in rows["nobody"])
            for mode in ("off", "on"):
                reached, dropped, program, sender = (statistics.median(column) for column in zip(*rows[mode]))
                print(f"| {name} | {len(frames)} | {must} | {mode} | {reached:.0f} | {reached / must:.2f} | {dropped:.0f} | {program:.2f} | {sender - nobody:.2f} |", flush=True)


if __name__ == "__main__":
    build = arguments().build
    os.environ.update({"FIRSTPAYLOAD_PROGRAM": str(build / "firstpayload"), "FIRSTPAYLOAD_SOURCE": str(SOURCE),
                       "FIRSTPAYLOAD_REPLAY": str(build.resolve() / "tests" / "cut" / "replay")})
    sys.path[:0] = [str(SOURCE / "tests" / "lib"), str(SOURCE / "tests" / "cut")]
    from conversations import conversation
    from pcaps import header, record
    from replayed import Reader, Wire, frames_of
    main()
