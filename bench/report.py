# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables in Markdown, as docs/speed.md shows them, and what is to be said with them."""
import re
import subprocess

PACKAGES = ("tcpdump", "libpcap0.8", "wireshark-common", "tshark", "tcpslice", "nfdump", "softflowd", "argus-server", "tcptrace", "libndpi-bin")


def ratio(value):
    """With two digits: no ratio is surer than that."""
    if value is None:
        return ""
    return f"{value:.0f}" if value >= 9.95 or value == 1 else f"{value:.1f}" if value >= 0.95 else f"{value:.2f}"


def table(title, columns, rows):
    """rows: (name, cells as text). A row without any cell is left out."""
    print(f"\n{title}\n\n| | " + " | ".join(columns) + " |")
    print("| --- " * (len(columns) + 1) + "|")
    for name, cells in rows:
        if any(cells):
            print(f"| {name} | " + " | ".join(cells) + " |")


def notes(lines, spreads):
    """Each line once. spreads: (of which measurement, how far apart the middle half of the ratios lies at most)."""
    print()
    for line in dict.fromkeys(lines):
        print(line)
    print("The middle half of the rounds lies within this share of the median, or less, on " +
          ", ".join(f"{where}: {100 * spread:.0f}%" for where, spread in spreads))


def version(package):
    try:
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, check=False, text=True)
    except FileNotFoundError:
        return ""
    return re.sub(r"^\d+:|-[^-]*$", "", done.stdout)     # upstream's


def system():
    """What was measured on and with, in a line."""
    try:
        with open("/etc/os-release", encoding="utf-8") as file:
            name = re.search(r'^PRETTY_NAME="?([^"\n]*)', file.read(), re.MULTILINE)[1]
    except (OSError, TypeError):
        name = "unknown system"
    return ", ".join([name, *(f"{package} {version(package)}" for package in PACKAGES if version(package))])
