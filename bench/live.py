# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures at how many frames a second slim, tcpdump and dumpcap begin to drop, on one veth pair, in one run. README.md beside this file says how.
Run it as root, on an idle machine, with the build folder of the preset release."""
import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "lib"))

import captures  # noqa: E402
import report  # noqa: E402
from namespaces import Namespace, cable  # noqa: E402
from waiting import is_asleep, is_capturing, wait_for  # noqa: E402

PACKAGES = {"tcpdump": "tcpdump", "dumpcap": "wireshark-common"}
BUFFERS_KIB = (None, 2048, 32768)       # None: the program's default
AS_FAST_AS_IT_CAN = 10**9
TRIES = 2       # a rate counts as kept if one of so many has no drop: others use the machine


@dataclass(frozen=True)
class Program:
    name: str
    command: tuple
    buffer: object          # the options for a buffer of so many KiB
    dropped: str            # finds in what it says at the end how many frames the kernel dropped


def programs(firstpayload):
    def ours(name, *options):
        return Program(name, (firstpayload, "slim", "-i", "eth0", *options), lambda kib: ("-B", str(kib)), r"dropped +(\d+) frames by the kernel")

    yield ours("`firstpayload slim -w -`", "-w", "-")
    yield ours("`firstpayload slim --kernel-cut off -w -`", "--kernel-cut", "off", "-w", "-")
    yield ours("`firstpayload slim --kernel-cut off --log - --log-format json`", "--kernel-cut", "off", "--log", "-", "--log-format", "json")
    yield Program("`tcpdump -w -`", ("tcpdump", "-n", "-Z", "root", "-i", "eth0", "-w", "-"), lambda kib: ("-B", str(kib)),
                  r"(\d+) packets? dropped by kernel")
    yield Program("`dumpcap -w -`", ("dumpcap", "-q", "-i", "eth0", "-w", "-"), lambda kib: ("-B", str(kib // 1024)),
                  r"received/dropped on interface '[^']*': \d+/(\d+)")


@dataclass
class Wire:
    """A veth pair: frames sent into one end come out of the other."""
    send: str
    capture: str
    seconds: float
    sender: Namespace = field(default_factory=Namespace)
    taker: Namespace = field(default_factory=Namespace)

    def __post_init__(self):
        for namespace in (self.sender, self.taker):         # no frames of the kernel's own
            namespace.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        cable(self.sender, "eth0", self.taker, "eth0")
        for namespace in (self.sender, self.taker):
            namespace.run("ip", "link", "set", "eth0", "mtu", "9000")       # full segments over IPv6 take more than 1500

    def send_at(self, rate, frames):
        """Sends at that many frames a second. Returns (frames, frames a second that it came to)."""
        words = self.sender.run(self.send, self.capture, "eth0", str(rate), str(frames)).split()
        return int(words[0]), int(words[0]) / float(words[1])

    def drops(self, program, kib, rate):
        """Returns (frames that the kernel dropped as program was too slow, frames a second that were sent). What is still in its buffer when
        the program is asked to end, which tcpdump leaves there, is not counted."""
        options = program.buffer(kib) if kib else ()
        with tempfile.TemporaryFile("w+") as said:
            process = subprocess.Popen(self.taker.argv(*program.command, *options), stdout=subprocess.DEVNULL, stderr=said)
            try:
                wait_for(lambda: process.poll() is not None or is_capturing(process.pid) and is_asleep(process.pid), f"{program.name} to capture")
                _, reached = self.send_at(rate, int(rate * self.seconds))
                process.send_signal(signal.SIGINT)
                process.wait()
            finally:
                process.kill()
                process.wait()
            said.seek(0)
            text = said.read()
        dropped = re.search(program.dropped, text)
        if not dropped:
            raise SystemExit(f"live: {program.name}: says nothing of drops:\n{text}")
        return int(dropped[1]), reached


@dataclass
class Search:
    """Halves, in each step, the range in which the rate lies at which a program begins to drop."""
    program: Program
    kib: int
    kept: float             # the highest rate without drops
    lost: float             # the lowest with drops; None: there was none

    def step(self, wire, most):
        rate = most if self.lost is None and self.kept == 0 else (self.kept + (self.lost or most)) / 2
        for _ in range(TRIES):
            dropped, reached = wire.drops(self.program, self.kib, int(rate))
            if dropped == 0:
                self.kept = max(self.kept, min(rate, reached))
                return
        self.lost = rate

    def cell(self):
        return f"{self.kept / 1000:.0f}" if self.lost else f"at least {self.kept / 1000:.0f}"


def say(text):
    print(f"live: {text}", file=sys.stderr, flush=True)


def measure(wire, options, firstpayload):
    most = max(wire.send_at(AS_FAST_AS_IT_CAN, 1_000_000)[1] for _ in range(3))
    say(f"the sender comes to {most / 1000:.0f} thousand frames a second")
    searches = [Search(program, kib, 0, None) for program in programs(firstpayload) for kib in BUFFERS_KIB]
    for step in range(options.steps):
        for search in searches:        # one after another: what else the machine does then meets all of them
            if search.lost is not None or search.kept == 0:
                search.step(wire, most)
        say(f"step {step + 1} of {options.steps}: " + ", ".join(search.cell() for search in searches))
    return most, searches


def show(wire, options, firstpayload, frame_bytes):
    most, searches = measure(wire, options, firstpayload)
    rows = {}
    for search in searches:
        rows.setdefault(search.program.name, []).append(search.cell())
    report.table(f"Thousand frames a second, of {frame_bytes:.0f} bytes in the mean, up to which none of {options.seconds:g} seconds is dropped, by the size of the buffer; "
                 f"the sender comes to {most / 1000:.0f}",
                 ["its default" if kib is None else f"{kib // 1024} MiB" for kib in BUFFERS_KIB], list(rows.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", help="the build folder")
    parser.add_argument("--kind", default="mixed", choices=["mixed", "small", "churn"], help="what is sent (default: mixed)")
    parser.add_argument("--megabytes", type=int, default=100, help="of the capture that is sent over and over (default: 100)")
    parser.add_argument("--seconds", type=float, default=5, help="of each try (default: 5)")
    parser.add_argument("--steps", type=int, default=8, help="of the search: each halves what is not known (default: 8)")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("live: run it as root: it makes network namespaces, and captures in them")
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))        # so that the folder goes
    with tempfile.TemporaryDirectory(prefix="firstpayload-bench-") as folder:
        path = os.path.join(folder, "capture.pcap")
        captures.write([os.path.join(options.build, "bench/generate"), options.kind, str(options.megabytes)], path)
        firstpayload = os.path.abspath(os.path.join(options.build, "firstpayload"))
        done = subprocess.run([firstpayload, "slim", "-w", "/dev/null", path], capture_output=True, text=True, check=True)
        n = captures.summary(done.stderr, "frames")
        wire = Wire(os.path.abspath(os.path.join(options.build, "bench/send")), path, options.seconds)
        print(f"{report.system()}; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; {time.strftime('%-d %B %Y')}")
        show(wire, options, firstpayload, (os.path.getsize(path) - captures.FILE_HEADER) / n - captures.RECORD_HEADER)


if __name__ == "__main__":
    main()
