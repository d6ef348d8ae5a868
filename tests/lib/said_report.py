# SPDX-License-Identifier: GPL-2.0-or-later
"""What a report of firstpayload said has to say, worked out from the lines of the log; and what it says, read from its text and from its page."""
import collections
import html.parser
import re

NAME_BYTES_MAX = 512
KINDS = {"protocol": "Protocols", "server name": "Server names", "JA4": "JA4", "host": "HTTP hosts", "banner": "Banners"}
GREETINGS = ("smtp", "ftp", "pop3", "imap")
REPLACED = "\ufffd"     # in JSON, what was no UTF-8: which bytes it was is not known any more

Count = collections.namedtuple("Count", "streams first last")


def escape(name):
    """As the log and reports have it."""
    data = name.encode()[:NAME_BYTES_MAX]
    return "".join(chr(byte) if 0x20 <= byte < 0x7f and byte != 0x5c else "\\x%02x" % byte for byte in data)


def is_later(line):
    """Whether it is of a ClientHello that is not the first thing said. Behind a PROXY header it is in the first message."""
    return "turn" in line and "proxy" not in line


def names_of(line):
    """(kind, name) of each name that a line has."""
    protocol = line.get("app_proto", "unknown")
    if not is_later(line):
        yield "protocol", protocol
    if "tls" in line:
        yield "server name", line["tls"].get("sni", "")
        yield "JA4", line["tls"].get("ja4", "")
    elif protocol == "http":
        yield "host", line["http"].get("hostname", "")
    elif protocol == "ssh":
        said = next(iter(line["ssh"].values()))
        yield "banner", " ".join(said[key] for key in ("software_version", "comments") if key in said) and "ssh " + " ".join(
            said[key] for key in ("software_version", "comments") if key in said)
    elif protocol in GREETINGS and line[protocol].get("greeting"):
        yield "banner", "%s %s" % (protocol, line[protocol]["greeting"])
    elif protocol == "mysql" and line["mysql"].get("version"):
        yield "banner", "mysql " + line["mysql"]["version"]


def second(timestamp):
    return timestamp[:19].replace("T", " ") if len(timestamp.split("-")[0]) == 4 else timestamp.partition(".")[0].replace("T", " ")


def expected(lines):
    """{kind: {name: Count}} of the objects of a JSON log; the name of streams without one is "". Of banners, what is cut counts with the protocol."""
    found = {kind: {} for kind in KINDS}
    for line in lines:
        at = second(line["timestamp"])
        for kind, name in names_of(line):
            before = found[kind].get(escape(name), Count(0, at, at))
            found[kind][escape(name)] = Count(before.streams + 1, min(before.first, at), max(before.last, at))
    return {kind: names for kind, names in found.items() if names}


def from_text(text):
    """(first line, {kind: {name: Count}}, {kind: {what is said of others: streams}}) of a report as text."""
    head, *tables = text.rstrip("\n").split("\n\n")
    counts, others = {}, {}
    for table in tables:
        first, *rows = table.split("\n")
        kind = re.fullmatch(r" *streams  first +last +(.*)", first).group(1)
        counts[kind], others[kind] = {}, {}
        for row in rows:
            found = re.fullmatch(r" *([\d,]+)[+ ] (\S+ \S+)  (\S+ \S+)  (.*)", row)
            other = re.fullmatch(r" *([\d,]+)  (.*)", row)
            if found and re.match(r"[-+]?\d{4,}-\d\d-\d\d ", found.group(2)):
                counts[kind][found.group(4)] = Count(int(found.group(1).replace(",", "")), found.group(2), found.group(3))
            elif other:
                others[kind][other.group(2)] = int(other.group(1).replace(",", ""))
    return head, counts, others


class Page(html.parser.HTMLParser):
    """The rows of all tables, {heading: [[cell]]}; and every tag with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.tables, self.tags, self.heading, self.row, self.cell, self.is_heading, self.open = {}, [], "", None, None, False, []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)
        if tag == "h2":
            self.is_heading, self.heading = True, ""
        elif tag == "tr":
            self.row = []
        elif tag in ("th", "td"):
            self.cell = ""

    def handle_endtag(self, tag):
        if tag == "h2":
            self.is_heading = False
        elif tag in ("th", "td") and self.row is not None:
            self.row.append(self.cell)
            self.cell = None
        elif tag == "tr":
            self.tables.setdefault(self.heading, []).append(self.row)

    def handle_data(self, data):
        if self.is_heading:
            self.heading += data
        if self.cell is not None:
            self.cell += data


def from_page(text):
    """({kind: {name: Count}}, {kind: {what is said of others: streams}}) of a report as a page."""
    page, counts, others = Page(text), {}, {}
    for kind, heading in KINDS.items():
        for head, *row in [(None, *row) for row in page.tables.get(heading, [])[1:]]:
            del head
            name, rest = row[0], row[1:]
            if kind == "banner" and len(rest) == 5:
                name, rest = "%s %s" % (rest[0], name), rest[1:]
            streams = int(re.sub("[,+]", "", rest[0]))
            if len(rest) < 4:
                others.setdefault(kind, {})[name] = streams
                continue
            first, last = rest[2:4] if kind == "protocol" else rest[1:3]
            counts.setdefault(kind, {})[name] = Count(streams, first, last)
    return counts, others
