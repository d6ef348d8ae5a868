#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The colours of the profile as Wireshark draws them, in light and in dark mode: all can be read, and first payloads stand out. Without the plugin,
the packet list says so."""
import shutil
import sys
import unittest

import contrast
from contrast import UNCOLOURED

TOOLS = "Xvfb", "xdotool", "wireshark"
READABLE = 4.5              # WCAG 2.1, 1.4.3
MISSING = "No plugin: First Payload is not loaded, or does not see this frame"


class Colours(unittest.TestCase):
    def check(self, is_dark):
        names = [name for name in contrast.rules() if name != MISSING]
        found = contrast.measure(True, is_dark, [*names, UNCOLOURED])
        self.assertEqual({name: ratio for name, (ratio, _) in found.items() if ratio < READABLE}, {})
        firsts = [away for name, (_, away) in found.items() if name.startswith("First payload")]
        receding = [away for name, (_, away) in found.items() if name in ("Handshake", "Closing")]
        self.assertEqual((len(firsts), len(receding)), (4, 2))
        self.assertGreater(min(firsts), max(receding))

    def test_light(self):
        self.check(False)

    def test_dark(self):
        self.check(True)

    def test_without_the_plugin(self):
        """The rows are there, in the colour of the rule whose name is in their column Class."""
        for is_dark in (False, True):
            ratio, _ = contrast.measure(False, is_dark, [MISSING])[MISSING]
            self.assertGreaterEqual(ratio, READABLE)


class Measure(unittest.TestCase):
    def test_contrast(self):
        """The examples of WCAG: black on white, and the lightest grey that is enough."""
        self.assertAlmostEqual(contrast.contrast((0, 0, 0), (255, 255, 255)), 21)
        self.assertAlmostEqual(contrast.contrast((0x76, 0x76, 0x76), (255, 255, 255)), 4.54, places=2)

    def test_difference(self):
        self.assertAlmostEqual(contrast.difference((0, 0, 0), (255, 255, 255)), 100, places=1)
        self.assertEqual(contrast.difference((1, 2, 3), (1, 2, 3)), 0)


if __name__ == "__main__":
    lacks = [tool for tool in TOOLS if not shutil.which(tool)]
    if lacks:
        sys.exit(f"tests/gui: cannot run, this is missing here: {', '.join(lacks)} (scripts/install-packages check)")
    unittest.main(verbosity=2)
