# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of firstpayload said --html in a browser: sorted and filtered, by keyboard too; asking nobody for anything, whatever names are in it; and to be
read in light, in the dark, on paper and in a narrow window."""
import os
import re
import socket
import subprocess
import threading
import unittest

from browser import Browser
from crowd import crowd, hello
from pcaps import PROGRAM, InFolder, read, write
from said_report import Page, escape
from waiting import PATIENCE_SECONDS

SHOWN = 50
ADDRESS = "127.0.0.1"
NAMES = ["<script>window.harmed=1</script>", "</script><script>window.harmed=1</script>", "\"><img src=x onerror=window.harmed=1>", "' onclick='window.harmed=1",
         "\u202egpj.exe\u202c\u2066abc\u2069\u200f", "<!--", "]]>", "&lt;b&gt;", "<svg/onload=window.harmed=1>", "\0\x1b[2J\r\n", "</style><style>*{display:none}"]

# Every element that shows text of its own: its colour against what is behind it (WCAG 2.2, 1.4.3).
CONTRASTS = """(() => {
    const parse = (color) => color.match(/[\\d.]+/g).map(Number);
    const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (element) => {
        for (; element; element = element.parentElement) {
            const color = parse(getComputedStyle(element).backgroundColor);
            if (color.length < 4 || color[3] === 1) return color;
        }
        return [255, 255, 255];
    };
    const found = [];
    for (const element of document.body.querySelectorAll('*')) {
        const style = getComputedStyle(element);
        const isText = Array.from(element.childNodes).some((node) => node.nodeType === 3 && node.data.trim()) || element.tagName === 'INPUT';
        if (!isText || ['SCRIPT', 'STYLE', 'title'].includes(element.tagName) || !element.getClientRects().length) continue;
        const pair = [luminance(parse(element.closest('svg') ? style.fill : style.color)), luminance(behind(element))].sort((a, b) => b - a);
        found.push([(pair[0] + 0.05) / (pair[1] + 0.05), element.tagName + '.' + (element.className.baseVal ?? element.className)]);
    }
    return found;
})()"""


def visible(table):
    """The names in rows that are shown."""
    return f"Array.from(document.querySelectorAll('[aria-labelledby={table}] tbody tr'), (row) => row).filter((row) => row.getClientRects().length).map((row) => row.cells[0].textContent)"


def head(table, text):
    return f"Array.from(document.querySelectorAll('table[aria-labelledby={table}] thead th')).find((head) => head.textContent === '{text}')"


class Listener:
    """Counts who comes to a port of this machine."""

    def __init__(self):
        self.socket = socket.create_server((ADDRESS, 0))
        self.url = "http://%s:%d" % self.socket.getsockname()
        self.asked = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=[client], daemon=True).start()     # browsers open more connections than they use

    def answer(self, client):
        with client:
            request = client.recv(4096)
            if request:
                self.asked.append(request.split(b" ")[1].decode())
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Opened(InFolder):
    """A test with the page of a capture that is open in a browser."""

    @classmethod
    def setUpClass(cls):
        cls.data = b"".join(crowd(3000, [hello(name.encode(), b"\x13\x01", None) for name in NAMES]))
        cls.browser = Browser().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.browser.__exit__()

    def setUp(self):
        super().setUp()
        capture = write(self.folder, "<b>a&b<b>.pcap", self.data)
        self.page = self.path("page.html")
        subprocess.run([PROGRAM, "said", "-q", "--html", self.page, capture], check=True, timeout=PATIENCE_SECONDS)
        self.ask = self.browser.evaluate
        self.browser.resize(1200, 900)
        self.browser.media()
        self.browser.open("file://" + self.page)

    def focus(self, element):
        """By the keyboard alone."""
        self.ask("document.activeElement.blur()")
        for _ in range(200):
            self.browser.press("Tab")
            if self.ask(f"document.activeElement === {element}"):
                return
        self.fail(f"Tab does not lead to {element}")


class Use(Opened):
    def streams(self, table):
        return self.ask(f"Array.from(document.querySelectorAll('[aria-labelledby={table}] tbody td.n:nth-of-type(1)'), (cell) => Number(cell.textContent.replace(/,/g, '')))")

    def test_it_is_sorted_by_keyboard(self):
        names, order = head("names-0", "Name"), f"{head('names-0', 'Name')}.getAttribute('aria-sort')"
        first = self.streams("names-0")
        self.assertEqual(first, sorted(first, reverse=True))
        self.focus(f"{names}.querySelector('button')")
        self.assertNotEqual(self.ask("getComputedStyle(document.activeElement).outlineStyle"), "none")
        for key, direction in (("Enter", "ascending"), ("Space", "descending"), ("Enter", "ascending")):
            self.browser.press(key)
            self.assertEqual(self.ask(order), direction)
            shown = self.ask(visible("names-0"))
            self.assertEqual(shown, sorted(shown, reverse=direction == "descending"))
            self.assertEqual(len(shown), SHOWN)
        self.assertEqual(self.ask("document.querySelectorAll('[aria-labelledby=names-0] [aria-sort]').length"), 1)
        self.focus(f"{head('names-0', 'Streams')}.querySelector('button')")
        self.browser.press("Enter")
        self.assertEqual(self.streams("names-0"), first)
        self.browser.press("Enter")
        self.assertEqual(self.streams("names-0"), first[::-1])
        self.assertNotEqual(sorted(map(str, first)), list(map(str, first[::-1])), "it would not matter whether numbers are sorted as such")

    def test_all_columns_are_sorted(self):
        for table in ("protocols", "names-0", "names-1", "names-2", "names-3"):
            for text in self.ask(f"Array.from(document.querySelectorAll('table[aria-labelledby={table}] thead button'), (button) => button.textContent)"):
                self.ask(f"{head(table, text)}.querySelector('button').click()")
                cells = self.ask(f"(() => {{ const column = {head(table, text)}.cellIndex; return Array.from(document.querySelectorAll('table[aria-labelledby={table}] tbody tr'), (row) => row.cells[column].textContent); }})()")
                is_down = self.ask(f"{head(table, text)}.getAttribute('aria-sort')") == "descending"
                number = text in ("Streams", "Share")
                keys = [float(re.sub("[,+%]", "", cell)) for cell in cells] if number else cells
                self.assertEqual(keys, sorted(keys, reverse=is_down), (table, text))
                self.assertEqual(is_down, number)

    def test_it_is_filtered(self):
        count = "document.querySelector('[aria-labelledby=names-0] .count').textContent"
        every = self.ask(f"{count}")
        self.assertRegex(every, r"^\d+ names, 50 are shown$")
        n = int(every.split()[0])
        self.focus("document.querySelector('#filter')")
        self.browser.type("MAIL.")
        shown = self.ask(visible("names-0"))
        self.assertGreater(len(shown), 1)
        self.assertTrue(all("mail." in name for name in shown), shown)
        self.assertEqual(self.ask(count), f"{len(shown)} of {n} names match")
        self.assertTrue(all("mail." in name for name in self.ask(visible("names-2") + f".concat({visible('names-3')})")))
        self.assertEqual(self.ask(visible("names-1")), [])
        self.assertGreater(len(self.ask(visible("protocols"))), 3, "protocols are no names")
        self.ask(f"{head('names-0', 'Name')}.querySelector('button').click()")
        self.assertEqual(self.ask(visible("names-0")), sorted(shown))
        self.ask("document.querySelector('#filter').select()")
        self.browser.type("smtp")       # the protocol of banners
        self.assertTrue(self.ask(visible("names-3")))
        self.ask("document.querySelector('#filter').select()")
        self.browser.type("\\xe2\\x80\\xae")
        self.assertEqual(self.ask(visible("names-0")), [escape(NAMES[4])])
        self.browser.press("Enter")     # sends no form
        self.assertEqual(self.ask("location.href.split('/').pop()"), "page.html")

    def test_all_rows_are_asked_for(self):
        more = "document.querySelector('section[aria-labelledby=names-0] .more')"
        n = self.ask("document.querySelectorAll('[aria-labelledby=names-0] tbody tr').length")
        self.assertGreater(n, SHOWN)
        self.assertEqual(self.ask(f"{more}.textContent"), f"Show all {n}")
        self.focus(more)
        self.browser.press("Enter")
        self.assertEqual(len(self.ask(visible("names-0"))), n)
        self.assertEqual(self.ask("document.querySelector('[aria-labelledby=names-0] .count').textContent"), f"{n} names")
        self.browser.press("Enter")
        self.assertEqual(len(self.ask(visible("names-0"))), SHOWN)
        self.assertFalse(self.ask("document.querySelector('section[aria-labelledby=names-1] .more').getClientRects().length"))

    def test_without_its_script(self):
        self.browser.ask("Emulation.setScriptExecutionDisabled", value=True)
        self.browser.open("file://" + self.page)
        self.browser.ask("Emulation.setScriptExecutionDisabled", value=False)
        self.assertGreater(len(self.ask(visible("names-0"))), SHOWN)
        self.assertEqual(self.ask("document.querySelectorAll('button').length + document.querySelector('form').getClientRects().length"), 0)

    def test_names_are_text(self):
        names = self.ask("Array.from(document.querySelectorAll('[aria-labelledby=names-0] tbody th'), (cell) => cell.textContent)")
        self.assertLessEqual({escape(name) for name in NAMES}, set(names))
        self.assertEqual(self.ask("typeof window.harmed"), "undefined")
        self.assertRegex(self.ask("document.body.textContent"), r"\A[\n -~]*\Z")
        self.assertEqual(self.ask("document.querySelectorAll('script, img, iframe, object, embed, [onclick], [onload], [style], b').length"), 1)
        self.assertIn("<b>a&b<b>.pcap", self.ask("document.querySelector('header').textContent"))
        self.assertIn("<b>a&b<b>.pcap", self.ask("document.title"))

    def test_nothing_is_complained_of(self):
        said = self.browser.events("Log.entryAdded") + self.browser.events("Runtime.exceptionThrown") + self.browser.events("Runtime.consoleAPICalled")
        self.assertEqual(said, [])


class Requests(Opened):
    """No request leaves the page. That it could, and that we would see it, is shown by a page without a policy."""

    EVIL = """<img src="{0}/image"><script>window.harmed=1;new Image().src="{0}/script"</script><script src="{0}/code"></script><link rel="stylesheet" href="{0}/style">
<style>body{{background:url({0}/background)}}</style><iframe src="{0}/frame"></iframe><object data="{0}/object"></object><video src="{0}/video"></video>
<svg><image href="{0}/drawn"/></svg><img src="x" onerror='new Image().src="{0}/handler"'>"""
    LEAVING = {"/image", "/script", "/code", "/style", "/frame", "/object"}

    def setUp(self):
        super().setUp()
        self.listener = Listener()
        self.addCleanup(self.listener.close)

    def open_changed(self, change):
        """Opens the page after change, a function of its text, and goes through all that one can do there."""
        path = self.path("changed.html")
        with open(self.page, encoding="utf-8") as page, open(path, "w", encoding="utf-8") as changed:
            changed.write(change(page.read()))
        self.browser.open("file://" + path)
        self.ask("document.querySelectorAll('button').forEach((button) => button.click())")
        self.ask("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def requested(self):
        return {event["request"]["url"] for event in self.browser.events("Network.requestWillBeSent")}

    def test_none_leaves(self):
        self.open_changed(lambda page: page)
        self.assertEqual({url for url in self.requested() if not url.startswith("data:")}, {"file://" + self.path("changed.html")})
        self.assertEqual(self.listener.asked, [])

    def test_none_could(self):
        """Even if a name were not escaped."""
        self.open_changed(lambda page: page.replace("<main>", "<main>" + self.EVIL.format(self.listener.url)))
        self.assertGreater(self.ask("document.querySelectorAll('img').length"), 1)
        self.assertEqual(self.ask("typeof window.harmed"), "undefined")
        self.assertEqual(self.listener.asked, [])
        refused = [event["entry"]["text"] for event in self.browser.events("Log.entryAdded") if "Content Security Policy" in event["entry"]["text"]]
        self.assertGreater(len(refused), 5)

    def test_one_would_be_seen(self):
        self.open_changed(lambda page: re.sub(r"<meta http-equiv=.*\n", "", page).replace("<main>", "<main>" + self.EVIL.format(self.listener.url)))
        self.assertEqual(self.ask("window.harmed"), 1)
        self.assertLessEqual(self.LEAVING, set(self.listener.asked))


class Looks(Opened):
    def test_contrast(self):
        for kind, scheme in (("", "light"), ("", "dark"), ("print", "light"), ("print", "dark")):
            self.browser.media(kind, scheme)
            found = self.ask(CONTRASTS)
            self.assertGreater(len(found), 200)
            self.assertGreaterEqual(min(found)[0], 4.5, (kind, scheme, min(found)))

    def test_light_and_dark(self):
        behind = "getComputedStyle(document.documentElement).backgroundColor"
        light = self.ask(behind)
        self.browser.media(scheme="dark")
        self.assertNotEqual(self.ask(behind), light)
        self.browser.media("print", "dark")
        self.assertEqual(self.ask(behind), "rgb(255, 255, 255)", "paper is white")

    def test_paper(self):
        pages = lambda: len(re.findall(rb"/Type\s*/Page\b", self.browser.paper()))
        few = pages()
        self.assertGreater(few, 1)
        self.ask("document.querySelectorAll('.more').forEach((button) => button.click())")
        self.assertGreater(pages(), few)
        self.browser.media("print")
        self.assertEqual(self.ask("Array.from(document.querySelectorAll('form, .more'), (element) => element.getClientRects().length)").count(0),
                         self.ask("document.querySelectorAll('form, .more').length"))
        self.assertEqual(self.ask("getComputedStyle(document.querySelector('thead')).display"), "table-header-group")

    def test_narrow_window(self):
        for width in (320, 390, 800):
            self.browser.resize(width, 800)
            self.assertLessEqual(self.ask("document.documentElement.scrollWidth"), width)
            wide = self.ask("Array.from(document.querySelectorAll('.scroll'), (box) => box.scrollWidth > box.clientWidth && box.tabIndex < 0).filter(Boolean).length")
            self.assertEqual(wide, 0, "what scrolls is reached by the keyboard")

    def test_what_is_read_aloud(self):
        tree = self.browser.ask("Accessibility.getFullAXTree")["nodes"]
        roles = [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in tree if not node["ignored"]]
        for role, name in (("table", "Protocols"), ("table", "Server names"), ("searchbox", "Filter names"), ("heading", "What connections said first"),
                           ("button", "Streams"), ("columnheader", "Streams"), ("rowheader", "tls"), ("image", "Over time"), ("status", "")):
            self.assertTrue((role, name) in roles, (role, name))


class Many(InFolder):
    def test_as_many_names_as_are_remembered(self):
        names = [hello(b"%d.example" % n, b"\x13\x01", None) for n in range(10000)]
        capture, page = write(self.folder, "many.pcap", b"".join(crowd(0, names))), self.path("many.html")
        subprocess.run([PROGRAM, "said", "-q", "--html", page, capture], check=True, timeout=PATIENCE_SECONDS)
        self.assertEqual(len(Page(read(page).decode()).tables["Server names"]), 10001)
        with Browser() as browser:
            browser.open("file://" + page)
            browser.evaluate("document.querySelector('#filter').focus()")
            browser.type("9999")
            self.assertEqual(browser.evaluate(visible("names-0")), ["9999.example"])
            browser.evaluate(head("names-0", "Name") + ".querySelector('button').click()")
            self.assertEqual(browser.evaluate("document.querySelector('[aria-labelledby=names-0] tbody th').textContent"), "0.example")


if __name__ == "__main__":
    unittest.main()
