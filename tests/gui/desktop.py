# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark on a screen that nobody sees (Xvfb), with the plugin and the profile, as a user on whom it does not play safe.

In short:

    with Desktop() as desktop:
        desktop.start("-r", path)
        desktop.keys("ctrl+g"); desktop.type("6"); desktop.keys("Return")
        desktop.picture("out.png")                                      # needs imagemagick
"""
import os
import shutil
import subprocess
import tempfile

import tshark_runner
from waiting import PATIENCE_SECONDS, is_asleep, wait_for

PROFILE = "First Payload"
WIDTH, HEIGHT = 1400, 900


class Desktop:
    def __init__(self):
        reading, writing = os.pipe()
        self.screen = subprocess.Popen(["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp"],
                                       pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(writing)
        with os.fdopen(reading) as file:
            self.display = ":" + file.readline().strip()
        self.wireshark = None
        self.said = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self.wireshark, self.screen):
            if process:
                process.kill()
                process.wait()
        if self.said:
            self.said.close()

    def home(self, command):
        """The user's folder of that command, with a copy of the profile."""
        home = next(word.split("=", 1)[1] for word in command if word.startswith("HOME="))
        profiles = os.path.join(home, "profiles")
        shutil.copytree(os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "plugin", "profile", PROFILE), os.path.join(profiles, PROFILE))
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", str(tshark_runner.UNPRIVILEGED_ID), profiles], check=True)
        os.chmod(home, 0o700)
        return home

    def start(self, *args, stdin=subprocess.DEVNULL):
        """Returns when the window is there. Its words are in self.said."""
        args = list(args)
        if "-r" in args:
            args[args.index("-r") + 1] = tshark_runner.readable(args[args.index("-r") + 1])
        command = tshark_runner.command("wireshark", ["-C", PROFILE, *args])
        home = self.home(command)
        command[command.index("env") + 1:command.index("env") + 1] = [f"DISPLAY={self.display}", f"XDG_RUNTIME_DIR={home}", "QT_QPA_PLATFORM=xcb"]
        self.said = tempfile.TemporaryFile("w+")
        self.wireshark = subprocess.Popen(command, stdin=stdin, stdout=self.said, stderr=self.said, cwd=tshark_runner.folder())
        # the title begins with the capture's name, that of the window at the start has "Wireshark" first
        window = wait_for(lambda: self.find(r"\.pcap|Capturing from"), "the window of Wireshark")
        self.xdotool("windowmove", "--sync", window, "0", "0", "windowsize", window, str(WIDTH), str(HEIGHT), "windowfocus", window)
        return window

    def xdotool(self, *words, check=True):
        done = subprocess.run(["xdotool", *words], env={**os.environ, "DISPLAY": self.display}, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        if check and done.returncode != 0:
            raise RuntimeError(f"xdotool {' '.join(words)}: {done.stderr}")
        return done.stdout.split()

    def find(self, title):
        """The id of the last window whose title has what the pattern says, or None."""
        if self.wireshark.poll() is not None:
            self.said.seek(0)
            raise RuntimeError(f"Wireshark ended with {self.wireshark.returncode}: {self.said.read()}")
        found = self.xdotool("search", "--onlyvisible", "--name", title, check=False)
        return found[-1] if found else None

    def settle(self):
        """Until Wireshark has done what it was told, which the screen passes on to it: both wait for more."""
        wait_for(lambda: all(is_asleep(process.pid) for process in (self.screen, self.wireshark, self.screen)), "Wireshark to wait for more")

    def keys(self, *names):
        for name in names:
            self.xdotool("key", "--clearmodifiers", name)
            self.settle()

    def type(self, text):
        self.xdotool("type", text)
        self.settle()

    def click(self, x, y, button=1):
        self.xdotool("mousemove", str(x), str(y), "click", str(button))
        self.settle()

    def go_to(self, frame):
        self.keys("ctrl+g")
        self.type(str(frame))
        self.keys("Return")

    def picture(self, path, window="root"):
        subprocess.run(["import", "-window", window, path], env={**os.environ, "DISPLAY": self.display}, check=True, timeout=PATIENCE_SECONDS)
