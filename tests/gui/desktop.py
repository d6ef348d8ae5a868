# SPDX-License-Identifier: GPL-2.0-or-later
"""Wireshark on a screen that nobody sees (Xvfb), with the plugin and the profile, as a user on whom it does not play safe.

In short:

    with Desktop() as desktop:
        desktop.start("-r", path)
        desktop.keys("ctrl+g"); desktop.type("6"); desktop.keys("Return")
        desktop.picture("out.png")
"""
import fcntl
import os
import shutil
import subprocess
import tempfile

import picture
import tshark_runner
from waiting import PATIENCE_SECONDS, are_asleep, wait_for

PROFILE = "First Payload"
WIDTH, HEIGHT = 1400, 900


# Qt itself reads KDE's colours; these are those of Breeze Dark.
DARK_THEME = ["QT_QPA_PLATFORMTHEME=kde", "XDG_CURRENT_DESKTOP=KDE", "KDE_SESSION_VERSION=5"]
DARK_COLOURS = {
    "Window": ("49,54,59", "239,240,241"),
    "View": ("35,38,41", "239,240,241"),
    "Button": ("49,54,59", "239,240,241"),
    "Selection": ("61,174,233", "239,240,241"),
    "Tooltip": ("49,54,59", "239,240,241"),
    "Complementary": ("49,54,59", "239,240,241"),
}


def make_dark(home):
    with open(os.path.join(home, "kdeglobals"), "w", encoding="utf-8") as file:
        for name, (background, foreground) in DARK_COLOURS.items():
            file.write(f"[Colors:{name}]\nBackgroundNormal={background}\nBackgroundAlternate={background}\nForegroundNormal={foreground}\n"
                       f"ForegroundInactive={foreground}\nForegroundLink=41,128,185\nForegroundVisited=127,140,141\n")
    os.chmod(file.name, 0o644)


def one_at_a_time():
    """Returns a file that has others who call this wait until it is closed. Xvfb takes the first free number for a screen. Where one was killed, its lock is
    still there, and two that find it may both take that number."""
    file = open(os.path.join(tempfile.gettempdir(), "firstpayload-screens.lock"), "w", encoding="utf-8")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


class Desktop:
    """Without -noreset, Xvfb would begin anew whenever its last client leaves, and send away who comes at that moment: Wireshark, while xdotool looks for its
    window."""

    def __init__(self, height=HEIGHT):
        self.height = height
        reading, writing = os.pipe()
        self.folder = tempfile.TemporaryDirectory(prefix="firstpayload-screen-")
        with one_at_a_time():
            self.screen = subprocess.Popen(["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{WIDTH}x{height}x24", "-nolisten", "tcp",
                                            "-fbdir", self.folder.name, "-noreset"],
                                           pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            os.close(writing)
            with os.fdopen(reading) as file:
                self.display = ":" + file.readline().strip()
        self.wireshark = None
        self.said = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.wireshark:
            self.wireshark.kill()
            self.wireshark.wait()
        self.screen.terminate()     # takes its lock away
        self.screen.wait()
        if self.said:
            self.said.close()
        self.folder.cleanup()

    def home(self, command):
        """The user's folder of that command, with a copy of the profile."""
        home = next(word.split("=", 1)[1] for word in command if word.startswith("HOME="))
        profiles = os.path.join(home, "profiles")
        shutil.copytree(os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "plugin", "profile", PROFILE), os.path.join(profiles, PROFILE))
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", str(tshark_runner.UNPRIVILEGED_ID), profiles], check=True)
        os.chmod(home, 0o700)
        return home

    def start(self, *args, stdin=subprocess.DEVNULL, plugin=True, is_dark=False):
        """Returns when the window is there. Its words are in self.said."""
        args = list(args)
        if "-r" in args:
            args[args.index("-r") + 1] = tshark_runner.readable(args[args.index("-r") + 1])
        command = tshark_runner.command("wireshark", ["-C", PROFILE, *args], plugin)
        home = self.home(command)
        variables = [f"DISPLAY={self.display}", f"XDG_RUNTIME_DIR={home}", "QT_QPA_PLATFORM=xcb"]
        if is_dark:
            make_dark(home)
            variables += DARK_THEME
        command[command.index("env") + 1:command.index("env") + 1] = variables
        self.said = tempfile.TemporaryFile("w+")
        self.wireshark = subprocess.Popen(command, stdin=stdin, stdout=self.said, stderr=self.said, cwd=tshark_runner.folder())
        # the title begins with the capture's name, that of the window at the start has "Wireshark" first
        window = wait_for(self.find_capture if plugin else self.find_capture_behind_warnings, "the window of Wireshark")
        self.xdotool("windowmove", "--sync", window, "0", "0", "windowsize", window, str(WIDTH), str(self.height), "windowfocus", window)
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

    def find_capture(self):
        return self.find(r"\.pcap|Capturing from")

    def find_capture_behind_warnings(self):
        """Without the plugin, Wireshark 4.4 says first which colours it does not know, and waits for OK."""
        window = self.find_capture()
        if not window and self.find("Wireshark"):
            self.settle()
            self.xdotool("key", "Return")
        return window

    def settle(self):
        """Until Wireshark has done what it was told, which the screen passes on to it: both wait for more."""
        wait_for(lambda: are_asleep(self.screen.pid, self.wireshark.pid), "Wireshark to wait for more")

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

    def look(self):
        """What is on the screen."""
        return picture.read_screen(os.path.join(self.folder.name, "Xvfb_screen0"))

    def picture(self, path, window=None):
        """Of the whole screen, or where a window is. The pointer, which is part of it, goes to the corner."""
        self.xdotool("mousemove", str(WIDTH - 1), str(self.height - 1))
        self.settle()
        seen = self.look()
        if window:
            place = dict(line.split("=") for line in self.xdotool("getwindowgeometry", "--shell", window))
            seen = seen.part(*(int(place[name]) for name in ("X", "Y", "WIDTH", "HEIGHT")))
        seen.save(path)
