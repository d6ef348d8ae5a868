# SPDX-License-Identifier: GPL-2.0-or-later
"""CPU time of firstpayload against other programs, as ratios to cat, taken in one run.

usage: bench.py GENERATE FIRSTPAYLOAD PLUGINS [MEGABYTES]

Absolute times mean little, and ratios from different runs little more: all commands are run in turn, several rounds; the
ratio within a round counts, of the rounds their median. Every capture is made by one program with a fixed seed, and written the same way, as the page cache serves files that were written
in other ways at other speeds. What firstpayload finds is checked against the generator's own list first.
"""
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

ROUNDS = 5
TSHARK_ROUNDS = 20          # short runs, and many: what the plugin costs is less than what one run differs from the next
TSHARK_MEGABYTES = 60
KINDS = ("mixed", "small", "churn")


def cpu_seconds(command, **kwargs):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kwargs)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(commands, rounds=ROUNDS):
    """The CPU times of each of the named commands, run in turn, in another order each round."""
    order = random.Random(1)
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name in order.sample(list(commands), len(commands)):
            command, kwargs = commands[name]
            times[name].append(cpu_seconds(command, **kwargs))
    return times


def as_nobody():
    """What makes tshark take plugins from a folder of ours: as root it would not."""
    return dict(user=65534, group=65534, extra_groups=[]) if os.geteuid() == 0 else {}


def generate(program, kind, megabytes, folder):
    path, answers = os.path.join(folder, kind + ".pcap"), os.path.join(folder, kind + ".list")
    with open(path, "wb") as file:
        subprocess.run([program, kind, str(megabytes), answers], stdout=file, check=True)
    os.chmod(path, 0o644)
    return path, answers


def check(program, path, answers):
    found = subprocess.run([program, "slim", "-q", "--list", path], capture_output=True, check=True, text=True).stdout.splitlines()
    firsts = [row.split("\t")[0] for row in found if "first" in row]
    with open(answers, encoding="ascii") as file:
        if firsts != file.read().split():
            sys.exit(f"bench: {path}: firstpayload and the generator disagree")
    return len(firsts)


def bench_slim(program, path, folder):
    out = os.path.join(folder, "out.pcap")
    return measure({
        "cat": (["cat", path], {}),
        "firstpayload slim -w /dev/null": ([program, "slim", "-q", "-w", "/dev/null", path], {}),
        "firstpayload slim -w FILE": ([program, "slim", "-q", "-w", out, path], {}),
        "tcpdump -r -w /dev/null": (["tcpdump", "-r", path, "-w", "/dev/null"], {}),
        "editcap to a file": (["editcap", path, out], {}),
    })


def bench_tshark(program, plugins, path, home):
    stock = dict(env={"PATH": os.environ["PATH"], "HOME": home}, **as_nobody())
    ours = dict(stock, env=dict(stock["env"], WIRESHARK_PLUGIN_DIR=plugins))
    return measure({
        "firstpayload slim -w /dev/null": ([program, "slim", "-q", "-w", "/dev/null", path], {}),
        "tshark -Y 'tcp.len>0 && tcp.seq==1' -w": (["tshark", "-r", path, "-Y", "tcp.len>0 && tcp.seq==1", "-w", "/dev/null"], stock),
        "tshark -Y 'tcp.len>0'": (["tshark", "-r", path, "-Y", "tcp.len>0"], stock),
        "  with the plugin loaded": (["tshark", "-r", path, "-Y", "tcp.len>0"], ours),
        "  with the plugin, -Y firstpayload": (["tshark", "-r", path, "-Y", "firstpayload"], ours),
    }, rounds=TSHARK_ROUNDS)


def show(title, times, base):
    print(f"\n{title}\n  {'':42} CPU seconds   ratio to {base.strip()}")
    for name, seconds in times.items():
        ratio = statistics.median(mine / other for mine, other in zip(seconds, times[base]))
        print(f"  {name:42} {statistics.median(seconds):11.3f}   {ratio:8.2f}")


def main():
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    generator, program, plugins = sys.argv[1:4]
    megabytes = int(sys.argv[4]) if len(sys.argv) == 5 else 1000
    folder = tempfile.mkdtemp(prefix="firstpayload-bench-")
    os.chmod(folder, 0o755)
    public_plugins = shutil.copytree(plugins, os.path.join(folder, "plugins"))   # the build folder may be closed to others
    home = os.path.join(folder, "home")
    os.mkdir(home)
    os.chmod(home, 0o777)
    try:
        for kind in KINDS:
            path, answers = generate(generator, kind, megabytes, folder)
            found = check(program, path, answers)
            show(f"{kind}: {megabytes} MB, {found} first payload frames, as the generator says", bench_slim(program, path, folder), "cat")
        path, answers = generate(generator, "mixed", TSHARK_MEGABYTES, folder)
        check(program, path, answers)
        show(f"mixed: {TSHARK_MEGABYTES} MB", bench_tshark(program, public_plugins, path, home), "tshark -Y 'tcp.len>0'")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
