# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark's sharkd, which is asked in JSON."""
import json
import subprocess

import tshark_runner


class Sharkd:
    """Talks to sharkd, which visits frames as the GUI does: all of them once, then any of them."""

    def __init__(self, plugin=True):
        self.process = subprocess.Popen(tshark_runner.command("sharkd", ["-"], plugin), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, cwd=tshark_runner.folder(), text=True)
        self.asked = 0

    def ask(self, method, **params):
        self.asked += 1
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params}) + "\n")
        self.process.stdin.flush()
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError("sharkd ended")
            answer = json.loads(line) if line.startswith("{") else {}
            if answer.get("id") == self.asked:
                return answer["result"]

    def frames(self, display_filter):
        # sharkd remembers what a filter text matched, even after it loads another file: so no text is used twice
        return [frame["num"] for frame in self.ask("frames", filter=display_filter + " " * self.asked)]

    def labels(self, frame):
        """Returns the labels below each of our root items in the tree of a frame."""
        tree = self.ask("frame", frame=frame, proto=True)["tree"]
        return [[child["l"] for child in item.get("n", [])] for item in tree if item["l"].startswith("First Payload")]

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(timeout=tshark_runner.TIMEOUT_SECONDS)
