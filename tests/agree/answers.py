# SPDX-License-Identifier: GPL-2.0-or-later
"""Ways to get the frames of each class, and where captures are: what the agreement tests have in common.

Every answer is a list of rows "frame<TAB>classes", as `firstpayload slim --list` prints them. These variables of the environment, which
CMakeLists.txt sets, are used: FIRSTPAYLOAD_PROGRAM, FIRSTPAYLOAD_PLUGINS, FIRSTPAYLOAD_SCENARIO_TO_PCAP, those that served_program.py
and served_tshark.py tell of, and, if you keep the captures elsewhere, FIRSTPAYLOAD_CAPTURES.
"""
import difflib
import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "lib"))
import served_program
import tshark_runner

import oracle

SCENARIOS = HERE.parent / "scenarios"
OWN_CAPTURES = ROOT / "captures"
SHARED = pathlib.Path(os.environ.get("FIRSTPAYLOAD_CAPTURES") or ROOT.parent / "shared" / "captures")
WORKERS = 2
CAPTURE_SUFFIXES = (".pcap", ".pcapng", ".cap")
FIELDS = {"first": "firstpayload", "reply": "firstpayload.reply", "flight": "firstpayload.flight", "handshake": "firstpayload.handshake",
          "opening": "firstpayload.opening", "closing": "firstpayload.closing"}
LOG_FIELDS = ["frame.number", "frame.time_epoch", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport",
              "vlan.id", "communityid", "firstpayload.direction", "firstpayload.len", "firstpayload.delay", "firstpayload.age", "firstpayload.fast_open",
              "firstpayload.midstream", "firstpayload.out_of_order", "firstpayload.data", "firstpayload.stream",
              "sll.ifindex", "nflog.ifindex_indev", "nflog.ifindex_outdev", "frame.interface_name", "frame.interface_description", "frame.section_number"]
USUAL = tuple(FIELDS)[:4]
ENDS = tuple(FIELDS)[4:]


def program(*args, check=True):
    """Runs the program. A truncated capture makes its exit status 1, which the caller has to judge."""
    done = served_program.run(os.environ["FIRSTPAYLOAD_PROGRAM"], [str(arg) for arg in args])
    if check and done.returncode != 0:
        raise AssertionError(f"firstpayload {' '.join(map(str, args))}: status {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done


def slim(*paths, check=True):
    return program("slim", "-q", "--list", *paths, check=check).stdout.decode().splitlines()


PREFERENCES = {"--idle": "idle", "--opening-bytes": "opening_bytes", "--flight-bytes": "flight_bytes", "--transport": "transport"}


def preferences(options):
    """Returns the plugin's preferences that correspond to the program's options."""
    words = list(map(str, options))
    return [word for option, value in zip(words[::2], words[1::2]) if option != "--keep"
            for word in ("-o", f"firstpayload.{PREFERENCES[option]}:{value}")]


def kept(options):
    """Returns the classes that a list is about."""
    return options[options.index("--keep") + 1].split(",") if "--keep" in options else USUAL


def plugin_rows(path, *options):
    """Returns {field: [value of each occurrence]} for each frame in any class. Always all fields, so that the tests share one run of tshark."""
    fields = LOG_FIELDS + list(FIELDS.values())
    extract = [word for field in fields for word in ("-e", field)]
    done = tshark_runner.run_tshark([*preferences(options), "-n", "-r", str(path), "--enable-protocol", "communityid", "-T", "fields", "-E", "occurrence=a",
                                     "-E", "aggregator=;", *extract], keeps=True)
    rows = []
    for line in tshark_runner.output_of(done).splitlines():
        values = line.split("\t")
        if any(values[len(LOG_FIELDS):]):
            rows.append({field: text.split(";") if text else [] for field, text in zip(fields, values)})
    return rows


def plugin(path, *options):
    """Asks for all classes in one run."""
    found = ((row["frame.number"][0], [name for name in FIELDS if name in kept(options) and row[FIELDS[name]]]) for row in plugin_rows(path, *options))
    return [f"{frame}\t{','.join(names)}" for frame, names in found if names]


def plugin_by_filters(path):
    """Asks the same with the filters that people type."""
    classes = {}
    for name in USUAL:
        field = FIELDS[name]
        for frame in tshark_runner.frames(str(path), field):
            classes.setdefault(frame, []).append(name)
    return [f"{frame}\t{','.join(names)}" for frame, names in sorted(classes.items())]


def stock(path, *options):
    words = list(map(str, options))
    transports = words[words.index("--transport") + 1].split(",") if "--transport" in words else ("tcp",)
    opening_bytes = int(words[words.index("--opening-bytes") + 1]) if "--opening-bytes" in words else oracle.OPENING_BYTES
    return oracle.rows(str(path), kept(options), opening_bytes, transports)


def scenario_to_pcap(*args):
    return subprocess.run([os.environ["FIRSTPAYLOAD_SCENARIO_TO_PCAP"], *map(str, args)], capture_output=True, check=True).stdout.decode()


def scenarios():
    return sorted(SCENARIOS.glob("*.scenario"))


def scenario_capture(path):
    """Returns the capture of a scenario, in a place where tshark's user can read it."""
    capture = pathlib.Path(tshark_runner.folder()) / (path.stem + ".pcap")
    if not capture.exists():
        scenario_to_pcap(path, capture)
        capture.chmod(0o644)
    return capture


def own_captures():
    return sorted(path for path in OWN_CAPTURES.rglob("*") if path.suffix in CAPTURE_SUFFIXES)


NOT_YET = HERE / "not-yet.txt"    # captures that the program cannot decode


def shared_captures():
    """Returns [(name, capture, expected rows)]; an empty list if the folder is not there."""
    expected = SHARED / "expected"
    found = []
    for frames in sorted(expected.rglob("*.frames")) if expected.is_dir() else []:
        name = str(frames.relative_to(expected))[:-len(".frames")]
        found.append((name, SHARED / "files" / name, frames.read_text().splitlines()))
    return found


def end_rows(name):
    """Returns the expected rows of openings and closings in a shared capture."""
    return (SHARED / "expected-more" / f"{name}.tsv").read_text().splitlines()


def shared_captures_and_traits():
    """Returns [(name, capture, what index.tsv says of it)]."""
    index = SHARED / "index.tsv"
    rows = [line.split("\t", 1) for line in index.read_text().splitlines()[1:]] if index.exists() else []
    return [(name, SHARED / "files" / name, traits) for name, traits in rows]


def in_classes(rows, names):
    """Returns the rows with these classes only."""
    split = [(frame, [name for name in classes.split(",") if name in names]) for frame, classes in (row.split("\t") for row in rows)]
    return [f"{frame}\t{','.join(classes)}" for frame, classes in split if classes]


def say_absent(suites):
    print(f"shared captures absent: {suites} suites not run", flush=True)


def in_parallel(function, items):
    """Returns [function(item), ...]; an exception becomes the result of its item."""
    tshark_runner.folder()              # made here, so that no two threads each make one

    def guarded(item):
        try:
            return function(item)
        except Exception as error:      # the test that looks at the result fails with it
            return error
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(guarded, items))


def difference(wanted, found, wanted_name, found_name):
    """Returns "" if both are the same, otherwise the lines that differ."""
    if isinstance(found, Exception):
        raise found
    if isinstance(wanted, Exception):
        raise wanted
    return "\n".join(list(difflib.unified_diff(wanted, found, wanted_name, found_name, lineterm="", n=0))[:30])
