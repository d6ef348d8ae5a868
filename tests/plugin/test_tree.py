# SPDX-License-Identifier: GPL-2.0-or-later
"""What Wireshark's own tree is told of our sources (plugin/wireshark-tree) is what our own build takes. scripts/check-in-wireshark builds it there."""
import os
import re
import unittest

SOURCE = os.environ["FIRSTPAYLOAD_SOURCE"]
ONLY_PROGRAM = {"digest.c", "streams-check.c", "streams-save.c", "turns.c"}    # of core/, what the plugin does not ask for


def text(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as file:
        return file.read()


def listed(what):
    """The files of a set() in the tree's CMakeLists.txt."""
    return set(re.search(rf"set\({what}\n(.*?)\)", text("plugin", "wireshark-tree", "CMakeLists.txt"), re.DOTALL)[1].split())


def sources(*folder):
    return {name for name in os.listdir(os.path.join(SOURCE, *folder)) if name.endswith(".c")}


class Tree(unittest.TestCase):
    def test_files_of_the_plugin(self):
        self.assertEqual(listed("DISSECTOR_SRC"), sources("plugin") - {"entry.c"})

    def test_files_of_core(self):
        expected = {"core/" + name for name in sources("core") - ONLY_PROGRAM - {"memory.c"}} | {"memory.c"}
        self.assertEqual(listed("CORE_SRC"), expected)

    def test_memory_is_the_same_functions(self):
        def functions(*path):
            return re.findall(r"^\w.*\(.*\)$", text(*path), re.MULTILINE)

        self.assertEqual(functions("plugin", "wireshark-tree", "memory.c"), functions("core", "memory.c"))

    def test_version(self):
        version = re.search(r"project\(firstpayload VERSION ([\d.]+)", text("CMakeLists.txt"))[1]
        self.assertIn(f"set_module_info(firstpayload {version.replace('.', ' ')} 0)", text("plugin", "wireshark-tree", "CMakeLists.txt"))


if __name__ == "__main__":
    unittest.main()
