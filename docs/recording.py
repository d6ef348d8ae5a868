#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes docs/recording.svg: a terminal in which the commands below are typed. What they print is what they printed when this
ran; lines wider than the terminal are cut.

    cmake --preset release && cmake --build --preset release
    docs/recording.py build/release >docs/recording.svg

Where a viewer does not animate, or is asked not to, the picture shows the last moment.
"""
import html
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
COMMANDS = [
    "firstpayload mixed.pcap -q | head -n 10",
    "firstpayload said -q mixed.pcap | head -n 11",
    "firstpayload slim -w first.pcap mixed.pcap",
    "tshark -r mixed.pcap -Y firstpayload -T fields -e frame.number -e firstpayload.summary | head -n 7",
]
COLUMNS_MAX = 112
NOBODY = 65534      # as root, tshark takes no plugin from a folder that the environment names

FONT_PX, CHAR_PX, LINE_PX, PAD_PX, BAR_PX = 14, 8.43, 19, 16, 30
TYPED_PER_SECOND, THINKING_SECONDS, LINE_SECONDS, READING_SECONDS, LAST_SECONDS = 28, 0.5, 0.05, 2.2, 7

HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{label}">
<!-- SPDX-License-Identifier: GPL-2.0-or-later. Made by docs/recording.py. -->
<style>
text {{ font: {font}px "DejaVu Sans Mono", "Liberation Mono", Menlo, Consolas, monospace; fill: #d6deeb; white-space: pre; }}
.prompt {{ fill: #7fdbca; }}
.command {{ fill: #ffffff; font-weight: bold; }}
{keyframes}
@media (prefers-reduced-motion: reduce) {{ * {{ animation: none !important; }} }}
</style>
<rect width="{width}" height="{height}" rx="8" fill="#0b1622"/>
<circle cx="20" cy="17" r="6" fill="#ff5f56"/><circle cx="40" cy="17" r="6" fill="#ffbd2e"/><circle cx="60" cy="17" r="6" fill="#27c93f"/>
"""


def run(command, folder):
    """The lines that command prints in a folder that was prepared."""
    environment = {"PATH": "%s:%s" % (folder / "bin", os.environ["PATH"]), "HOME": str(folder), "LC_ALL": "C.UTF-8",
                   "WIRESHARK_PLUGIN_DIR": str(folder / "plugins")}
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=True, **user)
    return [shorten(line.expandtabs(6)) for line in done.stdout.splitlines()]


def shorten(line):
    return line if len(line) <= COLUMNS_MAX else line[:COLUMNS_MAX - 1] + "…"


def prepare(build, folder):
    """A folder with all that the commands need, which any user may read and write."""
    (folder / "bin").mkdir()
    shutil.copy(build / "firstpayload", folder / "bin")
    shutil.copytree(build / "plugins", folder / "plugins")
    shutil.copy(ROOT / "captures" / "mixed.pcap", folder)
    folder.chmod(0o777)


class Recording:
    """Lines of the terminal, each with the moments of its characters."""

    def __init__(self):
        self.now, self.lines = 0.0, []      # (parts of the line as (class, text, moment of each character or of all))

    def type(self, command):
        if self.lines:
            self.lines.append([])
        self.now += THINKING_SECONDS
        parts = [("prompt", "$ ", self.now)]
        for word in re.findall(r"\S+\s*", command):
            self.now += len(word) / TYPED_PER_SECOND
            parts.append(("command", word, self.now))
        self.lines.append(parts)
        self.now += THINKING_SECONDS

    def show(self, lines):
        for line in lines:
            self.lines.append([("output", line, self.now)])
            self.now += LINE_SECONDS
        self.now += READING_SECONDS

    def svg(self):
        total = self.now + LAST_SECONDS
        moments = sorted({moment for parts in self.lines for _, _, moment in parts})
        keyframes = "\n".join("@keyframes t%d { 0%%, %.3f%% { opacity: 0; } %.3f%%, 100%% { opacity: 1; } }\n"
                              ".t%d { animation: t%d %.2fs linear infinite; }"
                              % (n, 100 * moment / total, 100 * moment / total + 0.01, n, n, total) for n, moment in enumerate(moments))
        width = round(2 * PAD_PX + max(sum(len(text) for _, text, _ in parts) for parts in self.lines) * CHAR_PX)
        height = BAR_PX + 2 * PAD_PX + len(self.lines) * LINE_PX
        head = HEAD.format(width=width, height=height, font=FONT_PX, keyframes=keyframes,
                           label="A terminal: " + html.escape("; ".join(COMMANDS), quote=True))
        return head + "\n".join(self.line(n, moments) for n in range(len(self.lines))) + "\n</svg>\n"

    def line(self, n, moments):
        y, at, found = BAR_PX + PAD_PX + n * LINE_PX + FONT_PX - 6, 0, []
        for kind, text, moment in self.lines[n]:
            if text.strip():
                found.append('<text class="%s t%d" x="%.1f" y="%d" xml:space="preserve">%s</text>'
                             % (kind, moments.index(moment), PAD_PX + at * CHAR_PX, y, html.escape(text.rstrip())))
            at += len(text)
        return "".join(found)


def main():
    build, recording = pathlib.Path(sys.argv[1]).resolve(), Recording()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        prepare(build, folder)
        for command in COMMANDS:
            recording.type(command)
            recording.show(run(command, folder))
    sys.stdout.write(recording.svg())


if __name__ == "__main__":
    main()
