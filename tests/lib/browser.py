# SPDX-License-Identifier: GPL-2.0-or-later
"""Chromium without a window, driven by the DevTools protocol through pipes, so that no port is open.

    with Browser() as browser:
        browser.open("file:///tmp/page.html")
        browser.evaluate("document.title")
        browser.events("Log.entryAdded")        # all of that kind since the page was opened

Chromium itself may ask nobody for anything: no name is looked up, and what it would fetch in the background is switched off. A page can reach
127.0.0.1, so that who listens there sees whether it does.
"""
import base64
import json
import os
import signal
import subprocess
import tempfile

from waiting import PATIENCE_SECONDS

OPTIONS = ["--headless", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage", "--disable-background-networking",
           "--disable-component-update", "--disable-sync", "--disable-extensions", "--no-default-browser-check", "--password-store=basic",
           "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--no-proxy-server", "--force-color-profile=srgb", "--hide-scrollbars"]
KEYS = {"Tab": 9, "Enter": 13, "Space": 32}


class Failed(Exception):
    pass


class Browser:
    def __init__(self, width=1200, height=900):
        self.width, self.height = width, height
        self.home = tempfile.TemporaryDirectory(prefix="firstpayload-browser-", ignore_cleanup_errors=True)
        theirs_in, self.to = os.pipe()
        self.come_from, theirs_out = os.pipe()
        # Chromium reads from descriptor 3 and writes to 4. It starts other processes, which have to go with it, so it leads a session.
        command = ["chromium", *OPTIONS, f"--user-data-dir={self.home.name}", *(["--no-sandbox"] if os.geteuid() == 0 else []), "about:blank"]
        script = 'in=$1 out=$2; shift 2; eval "exec \\"\\$@\\" 3<&$in 4>&$out"'
        self.process = subprocess.Popen(["bash", "-c", script, "bash", str(theirs_in), str(theirs_out), *command], pass_fds=[theirs_in, theirs_out],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
                                        env={**os.environ, "HOME": self.home.name, "XDG_CONFIG_HOME": self.home.name, "XDG_CACHE_HOME": self.home.name})
        os.close(theirs_in)
        os.close(theirs_out)
        self.rest, self.number, self.seen, self.session = b"", 0, [], None
        signal.alarm(PATIENCE_SECONDS)      # ends a test that waits for a browser that is stuck

    def __enter__(self):
        target = next(target for target in self.ask("Target.getTargets")["targetInfos"] if target["type"] == "page")
        self.session = self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(domain + ".enable")
        self.resize(self.width, self.height)
        return self

    def __exit__(self, *_):
        signal.alarm(0)
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self.to)
        os.close(self.come_from)
        self.home.cleanup()

    def receive(self):
        """The next message."""
        while b"\0" not in self.rest:
            more = os.read(self.come_from, 1 << 20)
            if not more:
                raise Failed("chromium has ended")
            self.rest += more
        message, _, self.rest = self.rest.partition(b"\0")
        return json.loads(message)

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        while True:
            answer = self.receive()
            if answer.get("id") != self.number:
                self.seen.append(answer)
            elif "error" in answer:
                raise Failed(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def events(self, name):
        return [message["params"] for message in self.seen if message.get("method") == name]

    def open(self, url):
        """Returns when all of the page is loaded, and its script has run."""
        self.seen = []
        self.ask("Page.navigate", url=url)
        while not self.events("Page.loadEventFired"):
            self.seen.append(self.receive())

    def evaluate(self, expression):
        """What the expression is, as JSON has it."""
        result = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise Failed(result["exceptionDetails"]["exception"].get("description", result["exceptionDetails"]))
        return result["result"].get("value")

    def press(self, key):
        code = KEYS[key]
        text = {"Enter": "\r", "Space": " "}.get(key, "")
        name = " " if key == "Space" else key
        self.ask("Input.dispatchKeyEvent", type="keyDown", key=name, code=key, windowsVirtualKeyCode=code, text=text)
        self.ask("Input.dispatchKeyEvent", type="keyUp", key=name, code=key, windowsVirtualKeyCode=code)

    def type(self, text):
        self.ask("Input.insertText", text=text)

    def resize(self, width, height):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def media(self, kind="", scheme="light"):
        """kind: screen or print, or as it is; scheme: light or dark."""
        self.ask("Emulation.setEmulatedMedia", media=kind, features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self, path, whole=False):
        """A PNG of the window, or of the whole page."""
        data = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def paper(self):
        """The bytes of a PDF, as printed on A4."""
        return base64.b64decode(self.ask("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, preferCSSPageSize=True)["data"])
