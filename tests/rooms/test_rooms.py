#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Includes run one way: a room of postproc/ includes itself, the rooms before it in postproc/CMakeLists.txt, and core/. Nothing lies outside the rooms,
and each source file is built."""
import os
import pathlib
import re
import unittest

SOURCE = pathlib.Path(os.environ["FIRSTPAYLOAD_SOURCE"])
POSTPROC = SOURCE / "postproc"
CMAKE = (POSTPROC / "CMakeLists.txt").read_text(encoding="utf-8")
ROOMS = re.search(r"^foreach\(room (.*)\)$", CMAKE, re.M)[1].split()


def files():
    return sorted(path for path in POSTPROC.rglob("*") if path.suffix in (".c", ".h"))


def includes(path):
    return re.findall(r'^\s*#\s*include "([^"]+)"', path.read_text(encoding="utf-8"), re.M)


def why_not(path, included):
    """What is wrong with it, or None."""
    room = path.parent.name
    if (path.parent / included).exists() or (SOURCE / "core" / included).exists():
        return None
    other = included.split("/")[0]
    if other not in ROOMS or not (POSTPROC / included).exists():
        return "is in no room, and not in core/"
    if ROOMS.index(other) > ROOMS.index(room):
        return f"{other}/ stands above {room}/"
    return "is in the same room: its name is enough" if other == room else None


class Rooms(unittest.TestCase):
    def test_all_are_in_a_room(self):
        self.assertEqual([str(path) for path in files() if path.parent.parent != POSTPROC or path.parent.name not in ROOMS], [])

    def test_includes_go_down(self):
        found = [(str(path.relative_to(SOURCE)), included, why_not(path, included)) for path in files() for included in includes(path)]
        self.assertGreater(len(found), 300)
        self.assertEqual([row for row in found if row[2]], [])

    def test_each_is_built(self):
        lists = CMAKE + (POSTPROC / "said" / "CMakeLists.txt").read_text(encoding="utf-8")
        built = set(re.findall(r"[\w-]+", re.sub(r"#.*", "", lists)))
        self.assertEqual([str(path) for path in files() if path.suffix == ".c" and path.stem not in built], [])


if __name__ == "__main__":
    unittest.main()
