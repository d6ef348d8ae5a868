#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How well the colours of the profile can be read, and how far they stand out: from what Wireshark draws, in light and in dark mode.

The bands of each colour's background are looked for on the screen. The text is what differs most from the background there. By hand, for the
table in docs/wireshark.md:

    tests/gui/contrast.py build/release [FOLDER FOR PICTURES]
"""
import collections
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
if __name__ == "__main__":
    ROOT = os.path.dirname(os.path.dirname(HERE))
    os.environ.update(FIRSTPAYLOAD_SOURCE=ROOT, FIRSTPAYLOAD_PLUGINS=os.path.join(os.path.abspath(sys.argv[1]), "plugins"))
    sys.path[:0] = [os.path.join(ROOT, "tests", folder) for folder in ("lib", "plugin", "gui")]
import profile_capture  # noqa: E402
import tshark_runner  # noqa: E402
from desktop import PROFILE, Desktop  # noqa: E402
from waiting import wait_for  # noqa: E402

RULE = re.compile(r"^@(?P<name>[^@]*)@.*@\[(?P<background>[\d,]*)\]\[(?P<text>[\d,]*)\]$")
HEIGHT = 1400               # so that all rows of the capture are seen
PART = 0.01, 0.9            # of the screen's width: the map of all frames, and what scrolls, are right of that
BAND_SHARE = 0.5            # of the width that has the background, at least, in a row of a band
UNCOLOURED = ""
NEVER = "This profile needs the plugin First Payload, which is not loaded"      # a rule that matches nothing


def rules():
    """Returns the background of each rule of the profile by its name, as the screen has it. Without that which matches nothing."""
    with open(os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "plugin", "profile", PROFILE, "colorfilters"), encoding="utf-8") as file:
        found = (RULE.match(line.rstrip("\n")) for line in file if line.startswith("@"))
        return {match["name"]: tuple(int(word) >> 8 for word in match["background"].split(",")) for match in found if match["name"] != NEVER}


def linear(colour):
    return [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in (byte / 255 for byte in colour)]


def luminance(colour):
    """WCAG 2.1, relative luminance."""
    return sum(share * value for share, value in zip((0.2126, 0.7152, 0.0722), linear(colour)))


def contrast(one, other):
    """WCAG 2.1, contrast ratio: 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def lab(colour):
    """CIE L*a*b*, D65."""
    red, green, blue = linear(colour)
    x, y, z = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505, luminance(colour), (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    x, y, z = (value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116 for value in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def difference(one, other):
    """CIE76: 2 can just be seen."""
    return sum((mine - its) ** 2 for mine, its in zip(lab(one), lab(other))) ** 0.5


def colours(row):
    return collections.Counter(zip(row[0::3], row[1::3], row[2::3]))


def bands(seen, background):
    """The rows of the screen where something was drawn on the background, from one edge of a frame's row to the other."""
    needle, enough = bytes(background), BAND_SHARE * seen.width
    return [row for row in seen.rows if row.count(needle) >= enough / 2 and colours(row)[background] >= enough]


def base(seen):
    """The background of frames without a colour: what most rows of the packet list's lower end have, where no frames are."""
    counted = collections.Counter()
    for row in seen.rows[len(seen.rows) // 8:len(seen.rows) // 2]:
        counted.update(colours(row))
    known = set(rules().values())
    return next(colour for colour, _ in counted.most_common() if colour not in known)


def text_on(rows, background):
    """Of the colours there, that which differs most from the background."""
    found = set()
    for row in rows:
        found.update(colours(row))
    return max(found, key=lambda colour: contrast(colour, background))


def looks(seen, names):
    """Returns (contrast of the text, how far the background is from that of frames without a colour) by name."""
    backgrounds = {**rules(), UNCOLOURED: base(seen)}
    found = {}
    for name in names:
        background = backgrounds[name]
        rows = bands(seen, background)
        found[name] = contrast(text_on(rows, background), background), difference(background, backgrounds[UNCOLOURED])
    return found


def packet_list(seen):
    left, right = (int(share * seen.width) for share in PART)
    return seen.part(left, 0, right - left, seen.height)


def shows(seen, names):
    backgrounds = rules()
    return all(bands(seen, backgrounds[name]) for name in names)


def measure(plugin, is_dark, names, picture=None):
    """Returns looks() of what Wireshark shows of a capture with all of them."""
    path = profile_capture.make()[0].write(os.path.join(tshark_runner.folder(), "colours.pcap"))
    with Desktop(height=HEIGHT) as desktop:
        desktop.start("-r", path, plugin=plugin, is_dark=is_dark)
        wait_for(lambda: shows(packet_list(desktop.look()), [name for name in names if name]), "all colours on the screen")
        desktop.settle()
        seen = desktop.look()
    if picture:
        seen.save(picture)
    return looks(packet_list(seen), names)


def main():
    missing = next(name for name in rules() if name.startswith("No plugin"))
    found = {}
    for is_dark in (False, True):
        for plugin in (True, False):
            names = [name for name in rules() if name != missing] + [UNCOLOURED] if plugin else [missing]
            picture = os.path.join(sys.argv[2], f"{'dark' if is_dark else 'light'}{'' if plugin else '-no-plugin'}.png") if len(sys.argv) > 2 else None
            for name, values in measure(plugin, is_dark, names, picture).items():
                found.setdefault(name, []).extend(values)
    print("Wireshark", ".".join(map(str, tshark_runner.version())))
    for name, (light, light_away, dark, dark_away) in found.items():
        print(f"| {name or 'none'} | {light:.1f} | {dark:.1f} | {light_away:.0f} | {dark_away:.0f} |")


if __name__ == "__main__":
    main()
