#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""On random connections, tens of thousands of frames, the program, the plugin and stock tshark give the same answer."""
import pathlib
import subprocess
import sys
import unittest

import answers
import tshark_runner

SEEDS = (1, 2)
CONNECTIONS = 750
CLASSES = "first,reply,flight,handshake,opening,closing"
CLASSES_OF_UDP = ("first", "reply", "flight", "opening")


TRANSPORTS = ("tcp", "tcp,udp", "tcp,quic", "udp")


def ask_all(job):
    seed, transports = job
    scenario = pathlib.Path(tshark_runner.folder()) / f"random-{seed}-{transports}.scenario"
    version = ".".join(map(str, tshark_runner.version()))    # the peculiarities of this version are left out
    command = [sys.executable, answers.HERE / "random_scenario.py", str(seed), str(CONNECTIONS), version, transports]
    with scenario.open("w") as file:
        subprocess.run(command, stdout=file, check=True)
    capture = answers.scenario_capture(scenario)
    options = ("--keep", CLASSES, "--opening-bytes", "2000", "--transport", transports)
    return {"slim": answers.slim(*options, capture), "plugin": answers.plugin(capture, *options), "stock tshark": answers.stock(capture, *options)}


class RandomConnections(unittest.TestCase):
    def test_one_answer(self):
        jobs = [(seed, transports) for seed in SEEDS for transports in TRANSPORTS]
        for (seed, transports), result in zip(jobs, answers.in_parallel(ask_all, jobs)):
            with self.subTest(seed=seed, transports=transports):
                if isinstance(result, Exception):
                    raise result
                for name in CLASSES.split(",") if "tcp" in transports else CLASSES_OF_UDP:
                    self.assertGreater(sum(name in row for row in result["slim"]), 75)
                self.assertEqual("", answers.difference(result["stock tshark"], result["slim"], "stock tshark", "slim"))
                self.assertEqual("", answers.difference(result["stock tshark"], result["plugin"], "stock tshark", "plugin"))


if __name__ == "__main__":
    unittest.main()
