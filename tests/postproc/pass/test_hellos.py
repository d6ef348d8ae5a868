# SPDX-License-Identifier: GPL-2.0-or-later
"""--all-hellos: each ClientHello at the start of a later turn, or behind words that ask for TLS, has a line; nothing else has one."""
import itertools
import os
import struct
import subprocess
import sys
import unittest

import test_messages  # not its classes: they would run once more
from pcaps import ACK, CAPTURES, FIN, PROGRAM, RST, SYN, InFolder, pcap, segment, slim, write

sys.path.insert(0, os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "tests", "lib"))
import log_schema  # noqa: E402
import tshark_runner  # noqa: E402
from hello import client_hello  # noqa: E402

HELLO = client_hello("later.example", 600)
CLIENT, SERVER = b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02"
STREAM = b" xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
MYSQL = (b"\x4a\0\0\0\n8.0.36\0\1\0\0\0abcdefgh\0\xff\xff\x21\2\0\xff\xdf\x15" + bytes(10) + b"ijklmnopqrst\0caching_sha2_password\0")
MYSQL_SSL = b"\x20\0\0\1\0\xaa\x0a\0\0\0\0\1\x21" + bytes(23)
PROXY_2 = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + CLIENT + SERVER + b"\x30\x39\x01\xbb"
STARTTLS = "1.3.6.1.4.1.1466.20037".encode()
LDAP = b"\x30\x1d\2\1\1\x77\x18\x80\x16" + STARTTLS
RDP = b"\3\0\0\x13\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0"
SERVER_HELLO = b"\x16\3\3\0\x31\2\0\0\x2d" + b"\3\3" + bytes(32) + b"\0\x13\1\0\0\5\0\x2b\0\2\3\4"

# The turns, with who speaks in each; what the hello comes after; and its turn, which is the last of the client.
CONVERSATIONS = {
    "smtp": ([("s", b"220 mail.example ESMTP\r\n"), ("c", b"EHLO a\r\n"), ("s", b"250-mail.example\r\n250 STARTTLS\r\n"), ("c", b"STARTTLS\r\n"),
              ("s", b"220 Ready\r\n")], "smtp", 6),
    "imap": ([("s", b"* OK IMAP4rev1 ready\r\n"), ("c", b"a STARTTLS\r\n"), ("s", b"a OK\r\n")], "imap", 4),
    "pop3": ([("s", b"+OK POP3 ready\r\n"), ("c", b"STLS\r\n"), ("s", b"+OK\r\n")], "pop3", 4),
    "ftp": ([("s", b"220 (vsFTPd 3.0.3)\r\n"), ("c", b"AUTH TLS\r\n"), ("s", b"234 Proceed\r\n")], "ftp", 4),
    "xmpp": ([("c", b"<?xml version='1.0'?><stream:stream to='im.example'" + STREAM),
              ("s", b"<?xml version='1.0'?><stream:stream from='im.example' id='1'" + STREAM + b"<stream:features/>"),
              ("c", b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"), ("s", b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>")], "xmpp", 5),
    "ldap": ([("c", LDAP), ("s", b"\x30\x0c\2\1\1\x78\7\x0a\1\0\4\0\4\0")], "ldap", 3),
    "postgres": ([("c", b"\0\0\0\x08\4\xd2\x16\x2f"), ("s", b"S")], "postgres", 3),
    "postgres-gssenc": ([("c", b"\0\0\0\x08\4\xd2\x16\x30"), ("s", b"N"), ("c", b"\0\0\0\x08\4\xd2\x16\x2f"), ("s", b"S")], "postgres", 5),
    "rdp": ([("c", RDP), ("s", b"\3\0\0\x13\x0e\xd0\0\0\x12\x34\0\2\x1f\x08\0\2\0\0\0")], "rdp", 3),
    "http-connect": ([("c", b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"), ("s", b"HTTP/1.1 200 OK\r\n\r\n")], "http-connect", 3),
    "http": ([("c", b"OPTIONS * HTTP/1.1\r\nUpgrade: TLS/1.3\r\n\r\n"), ("s", b"HTTP/1.1 101 Switching\r\n\r\n")], "http", 3),
    "get-then-connect": ([("c", b"GET / HTTP/1.1\r\n\r\n"), ("s", b"HTTP/1.1 407 Who?\r\n\r\n"), ("c", b"CONNECT a:443 HTTP/1.1\r\n\r\n"),
                          ("s", b"HTTP/1.1 200 OK\r\n\r\n")], "http-connect", 5),
    "socks4": ([("c", b"\4\1\1\xbb\xc0\0\2\x09me\0"), ("s", b"\0\x5a" + bytes(6))], "socks", 3),
    "socks4a": ([("c", b"\4\1\1\xbb\0\0\0\1\0later.example\0"), ("s", b"\0\x5a" + bytes(6))], "socks", 3),
    "socks5": ([("c", b"\5\1\0"), ("s", b"\5\0"), ("c", b"\5\1\0\3\x0dlater.example\1\xbb"), ("s", b"\5\0\0\1" + bytes(6))], "socks", 5),
    "proxy-then-smtp": ([("c", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"), ("s", b"220 mail.example ESMTP\r\n"), ("c", b"STARTTLS\r\n"),
                         ("s", b"220 Ready\r\n")], "smtp", 5),
    "proxy-then-unknown": ([("c", PROXY_2), ("s", b"\x01\x02")], "proxy", 3),
    "smtp-in-a-tunnel": ([("c", b"CONNECT mail:25 HTTP/1.1\r\n\r\n"), ("s", b"HTTP/1.1 200 OK\r\n\r\n"), ("c", b"HELP\r\n"),
                          ("s", b"220 mail.example ESMTP\r\n"), ("c", b"STARTTLS\r\n"), ("s", b"220 Ready\r\n")], "smtp", 7),
    "unknown": ([("s", b"hello there\n")], "unknown", 2),
}
# Where the hello comes in the same turn, right after the words.
BEHIND = {
    "mysql": ([("s", MYSQL), ("c", MYSQL_SSL)], "mysql", 2),
    "postgres-at-once": ([("c", b"\0\0\0\x08\4\xd2\x16\x2f")], "postgres", 1),
    "connect-at-once": ([("c", b"CONNECT a:443 HTTP/1.1\r\n\r\n")], "http-connect", 1),
    "proxy-and-postgres": ([("c", b"PROXY UNKNOWN\r\n\0\0\0\x08\4\xd2\x16\x2f")], "postgres", 1),
    "ldap-at-once": ([("c", LDAP)], "ldap", 1),
    "socks4-at-once": ([("c", b"\4\1\1\xbb\xc0\0\2\x09me\0")], "socks", 1),
}


class Talk:
    """A connection, frame by frame. Each frame acknowledges everything that the other side has said."""

    def __init__(self, port=40000):
        self.port, self.next = port, {"c": 1001, "s": 5001}
        self.frames = [segment(port, 80, 1000, SYN), segment(80, port, 5000, SYN | ACK, ack=1001, src=SERVER, dst=CLIENT),
                       segment(port, 80, 1001, ACK, ack=5001)]

    def frame(self, side, payload=b"", flags=ACK, seq=None, ack=None):
        """Returns a segment without adding it to the connection."""
        seq = self.next[side] if seq is None else seq
        ack = self.next["s" if side == "c" else "c"] if ack is None else ack
        if side == "c":
            return segment(self.port, 80, seq, flags, payload, ack=ack)
        return segment(80, self.port, seq, flags, payload, ack=ack, src=SERVER, dst=CLIENT)

    def say(self, side, payload, flags=ACK):
        self.frames.append(self.frame(side, payload, flags))
        self.next[side] += len(payload)
        return self

    def up_to(self, turns):
        for side, payload in turns:
            self.say(side, payload)
        return self


def entries(data, *arguments):
    return log_schema.entries(slim("-q", "--log", "-", "--log-format", "json", "--all-hellos", *arguments, "-", stdin=data).stdout)


def later(found):
    return [(e["turn"], e["after"], e["tls"]["sni"], e["complete"]) for e in found if "turn" in e]


class Conversations(InFolder):
    def check(self, frames, after, turn, *arguments):
        found = entries(pcap(frames), *arguments)
        self.assertEqual(later(found), [(turn, after, "later.example", True)])
        return found

    def test_each(self):
        for name, (turns, after, turn) in CONVERSATIONS.items():
            with self.subTest(name):
                talk = Talk().up_to(turns).say("c", HELLO).say("s", SERVER_HELLO)
                first, hello = self.check(talk.frames, after, turn)
                self.assertEqual((hello["pcap_cnt"], hello["frames"], hello["side"], hello["src_port"]),
                                 (4 + len(turns), [4 + len(turns)], "client", 40000))
                self.assertEqual((hello["length"], hello["message_length"], hello["stream"]), (len(HELLO), len(HELLO), first["stream"]))
                self.assertEqual((hello["flow_id"], hello["community_id"]), (first["flow_id"], first["community_id"]))
                self.assertNotIn("turn", first)

    def test_each_behind_the_words(self):
        for name, (turns, after, turn) in BEHIND.items():
            for is_one_frame in (False, True):
                with self.subTest(name, is_one_frame=is_one_frame):
                    talk = Talk().up_to(turns[:-1])
                    words = [("c", turns[-1][1] + HELLO)] if is_one_frame else [("c", turns[-1][1]), ("c", HELLO)]
                    talk.up_to(words).say("s", SERVER_HELLO)
                    found = self.check(talk.frames, after, turn)
                    self.assertEqual(found[-1]["message_length"], len(HELLO))

    def test_proxy_header_and_hello_are_one_message(self):
        for proxy in (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", PROXY_2):
            for words in ([proxy + HELLO], [proxy, HELLO]):
                with self.subTest(words=len(words)):
                    talk = Talk().up_to(("c", word) for word in words)
                    found, = self.check(talk.frames, "proxy", 1)
                    self.assertEqual((found["pcap_cnt"], found["length"]), (4, len(words[0])))

    def test_first_lines_stay_as_they_are(self):
        frames = []
        for port, (turns, _, _) in enumerate(itertools.chain(CONVERSATIONS.values(), BEHIND.values()), 40000):
            frames += Talk(port).up_to(turns).say("c", HELLO).say("s", SERVER_HELLO).frames
        for form in ("text", "json"):
            arguments = ("-q", "--log", "-", "--log-format", form)
            without = slim(*arguments, "-", stdin=pcap(frames)).stdout.splitlines()
            found = slim(*arguments, "--all-hellos", "-", stdin=pcap(frames)).stdout.splitlines()
            mark = b"\tturn=" if form == "text" else b'"turn":'
            self.assertEqual([line for line in found if mark not in line], without)
            self.assertEqual(len(found), len(without) + len(CONVERSATIONS) + len(BEHIND))

    def test_text_and_table(self):
        frames = Talk().up_to(CONVERSATIONS["smtp"][0]).say("c", HELLO).frames
        line = slim("-q", "--log", "-", "--all-hellos", "-", stdin=pcap(frames)).stdout.splitlines()[1]
        self.assertRegex(line, rb"\ttls later\.example ja4=[^\t]*\tturn=6\tafter=smtp$")
        path = write(self.folder, "a.pcap", pcap(frames))
        rows = subprocess.run([PROGRAM, "show", "--all-hellos", path], capture_output=True, check=True).stdout
        self.assertIn(b"(turn 6, after smtp)", rows)

    def test_kept_frames_stay_as_they_are(self):
        frames = Talk().up_to(CONVERSATIONS["imap"][0]).say("c", HELLO).say("s", SERVER_HELLO, ACK | FIN).frames
        for keep in ("first", "flight,reply", "closing", "opening"):
            for form in (["-w", "-"], ["--list"]):
                with self.subTest(keep=keep, form=form):
                    arguments = ("-q", "--keep", keep, *form, "-")
                    log = os.path.join(self.folder, "log")
                    self.assertEqual(slim("--all-hellos", "--log", log, *arguments, stdin=pcap(frames)).stdout, slim(*arguments, stdin=pcap(frames)).stdout)

    def test_summary_stays_as_it_is(self):
        path = write(self.folder, "a.pcap", pcap(Talk().up_to(CONVERSATIONS["smtp"][0]).say("c", HELLO).frames))
        log, out = os.path.join(self.folder, "log"), os.path.join(self.folder, "out.pcap")
        without = slim("-w", out, "--log", log, path).stderr
        self.assertEqual(slim("-w", out, "--log", log, "--all-hellos", path).stderr, without)

    def test_needs_a_log(self):
        found = subprocess.run([PROGRAM, "slim", "--all-hellos", "-w", "out", "in"], capture_output=True, check=False)
        self.assertEqual(found.returncode, 64)
        self.assertIn(b"--all-hellos", found.stderr)


class Pieces(InFolder):
    """The hello after STARTTLS, in whatever pieces its frames bring it."""

    def setUp(self):
        super().setUp()
        self.talk = Talk().up_to(CONVERSATIONS["smtp"][0])

    def check(self, frames, turn=6, *arguments):
        found = entries(pcap(self.talk.frames + frames), *arguments)
        self.assertEqual(later(found), [(turn, "smtp", "later.example", True)])
        return found[-1]

    def cut(self, *cuts):
        start = self.talk.next["c"]
        return [self.talk.frame("c", HELLO[first:last], seq=start + first) for first, last in zip((0, *cuts), (*cuts, len(HELLO)))]

    def test_cut_at_every_byte(self):
        frames, port = [], 30000
        for cut in range(1, len(HELLO)):
            talk = Talk(port + cut).up_to(CONVERSATIONS["smtp"][0])
            frames += talk.say("c", HELLO[:cut]).say("c", HELLO[cut:]).frames
        found = entries(pcap(frames))
        self.assertEqual(later(found), [(6, "smtp", "later.example", True)] * (len(HELLO) - 1))

    def test_every_order(self):
        for pieces in itertools.permutations(self.cut(5, 200, 500)):
            self.check(list(pieces))

    def test_last_piece_of_the_answer_is_captured_late(self):
        answer = self.talk.frames.pop()
        self.check([*self.cut(), answer], 5)
        self.check([*self.cut(300)[:1], answer, *self.cut(300)[1:]], 5)

    def test_server_hello_is_captured_early(self):
        first, second = self.cut(300)
        self.check([first, self.talk.frame("s", SERVER_HELLO, ack=self.talk.next["c"] + len(HELLO)), second])

    def test_copies(self):
        first, second = self.cut(300)
        starttls = self.talk.frame("c", b"STARTTLS\r\n", seq=self.talk.next["c"] - 10)
        self.check([starttls, first, starttls, first, second, first])

    def test_what_was_said_before_is_lost(self):
        del self.talk.frames[6:8]
        self.check(self.cut(), 4)

    def test_one_direction(self):
        frames = [frame for frame in self.talk.frames if frame[26:30] == CLIENT]
        found = entries(pcap(frames + self.cut(300)))
        self.assertEqual(later(found), [(3, "unknown", "later.example", True)])

    def test_missing_piece(self):
        found = entries(pcap(self.talk.frames + self.cut(300)[:1]))
        self.assertEqual(later(found), [(6, "smtp", "later.example", False)])

    def test_two_records(self):
        halves = HELLO[:5], HELLO[5:]
        split = [b"\x16\3\1" + struct.pack(">H", len(part)) + part for part in (halves[1][:100], halves[1][100:])]
        found = entries(pcap(self.talk.say("c", split[0]).say("c", split[1]).frames))
        self.assertEqual(later(found), [(6, "smtp", "later.example", True)])

    def test_in_order(self):
        first, second = self.cut(300)
        other = Talk(40001).say("c", b"GET / HTTP/1.1\r\n\r\n").frames
        unordered, ordered = (entries(pcap(self.talk.frames + [first] + other + [second]), *arguments) for arguments in ((), ("--in-order",)))
        self.assertEqual([e["pcap_cnt"] for e in unordered], [4, 13, 9])
        self.assertEqual([e["pcap_cnt"] for e in ordered], [4, 9, 13])



class Bounds(InFolder):
    """How long, and how many, streams are followed."""

    def test_five_minutes(self):
        for seconds, expected in ((299, 1), (301, 0)):
            with self.subTest(seconds):
                talk = Talk().up_to(CONVERSATIONS["imap"][0])
                before, hello = talk.frames, talk.say("c", HELLO).frames[-1]
                times = [*((0, frame) for frame in before[:-1]), (seconds * 1000, hello)]
                self.assertEqual(len(later(entries(test_messages.at(*times)))), expected)

    def test_those_silent_for_longest_go_first(self):
        """A quarter of the memory for messages is for some 1500 streams."""
        talks = [Talk(20000 + port).up_to(CONVERSATIONS["imap"][0]) for port in range(3000)]
        before = [frame for talk in talks for frame in talk.frames]
        hellos = [talk.say("c", HELLO).frames[-1] for talk in (talks[0], talks[-1])]
        found = entries(pcap(before + hellos), "--message-memory", "1M")
        self.assertEqual([e["src_port"] for e in found if "turn" in e], [22999])
        found = entries(pcap(before + hellos), "--message-memory", "4M")
        self.assertEqual([e["src_port"] for e in found if "turn" in e], [20000, 22999])


class Others(InFolder):
    """What has no line of its own."""

    def check(self, frames, lines):
        found = entries(pcap(frames))
        self.assertEqual((len(found), later(found)), (lines, []))

    def test_hello_retry_request(self):
        self.check(Talk().say("c", HELLO).say("s", SERVER_HELLO).say("c", HELLO).frames, 1)

    def test_hello_retry_request_after_starttls(self):
        talk = Talk().up_to(CONVERSATIONS["imap"][0]).say("c", HELLO).say("s", SERVER_HELLO).say("c", HELLO)
        self.assertEqual(later(entries(pcap(talk.frames))), [(4, "imap", "later.example", True)])

    def test_inside_a_download(self):
        talk = Talk().say("c", b"GET / HTTP/1.1\r\n\r\n").say("s", b"HTTP/1.1 200 OK\r\n\r\n").say("s", HELLO).say("s", b"more")
        self.check(talk.frames, 1)
        talk.frames.append(talk.frame("s", HELLO, seq=5001 + 19))        # again
        self.check(talk.frames, 1)

    def test_inside_an_upload(self):
        talk = Talk().say("c", b"POST / HTTP/1.1\r\n\r\n").say("c", HELLO)
        self.check(talk.frames, 1)
        talk.frames += [talk.frame("s", b"HTTP/1.1 100 Continue\r\n\r\n", ack=1001 + 19)]
        talk.frames += [talk.frame("c", HELLO, ack=5001)]                # sent before the client had heard
        self.check(talk.frames, 1)

    def test_download_after_the_client_has_closed(self):
        talk = Talk().say("c", b"GET / HTTP/1.1\r\n\r\n").say("s", b"HTTP/1.1 200 OK\r\n\r\n")
        talk.frames.append(talk.frame("c", flags=ACK | FIN))
        talk.next["c"] += 1
        self.check(talk.say("s", HELLO).frames, 1)

    def test_beyond_the_opening(self):
        talk = Talk().up_to(CONVERSATIONS["imap"][0][:1]).say("c", b"x" * 2000).say("s", b"a OK\r\n").say("c", HELLO)
        self.assertEqual(len(later(entries(pcap(talk.frames)))), 1)
        self.assertEqual(later(entries(pcap(talk.frames), "--opening-bytes", "2000")), [])

    def test_after_the_end(self):
        talk = Talk().up_to(CONVERSATIONS["imap"][0])
        talk.frames.append(talk.frame("s", flags=RST))
        self.check(talk.say("c", HELLO).frames, 1)

    def test_not_asked_for(self):
        talk = Talk().up_to(CONVERSATIONS["imap"][0]).say("c", HELLO)
        self.assertEqual(len(slim("-q", "--log", "-", "-", stdin=pcap(talk.frames)).stdout.splitlines()), 1)

    def test_what_begins_like_one(self):
        for words in (b"\x16\3", b"\x16\3\1\2\0\2\0", b"\x16\3\1\0\x04\1\0\0\1\0", b"\x16"):
            self.check(Talk().up_to(CONVERSATIONS["imap"][0]).say("c", words).say("s", b"?").say("c", b"bye").frames, 1)

    def test_ports_used_again(self):
        frames = []
        for isn in (0, 100000, 200000):
            talk = Talk().up_to(CONVERSATIONS["imap"][0]).say("c", HELLO)
            frames += [frame[:38] + struct.pack(">I", int.from_bytes(frame[38:42], "big") + isn) +
                       (struct.pack(">I", int.from_bytes(frame[42:46], "big") + isn) if frame[47] & ACK else frame[42:46]) + frame[46:]
                       for frame in talk.frames]
        found = entries(pcap(frames))
        self.assertEqual([e["stream"] for e in found if "turn" in e], [0, 1, 2])
        self.assertEqual(later(found), [(4, "imap", "later.example", True)] * 3)


class Recorded(unittest.TestCase):
    """Captures of real programs: the hellos are those that stock tshark shows, except those that answer a HelloRetryRequest."""
    HELLO_RETRY_REQUEST = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"        # RFC 8446 4.1.3

    def hellos(self, name):
        """Returns the frames that have a ClientHello, or its end."""
        fields = ("frame.number", "tcp.stream", "tls.handshake.type", "tls.handshake.random")
        rows = tshark_runner.run_tshark(["-r", name, "-d", "tcp.port==3389,tls", "-Y", "tls.handshake.type == 1 || tls.handshake.type == 2", "-T", "fields",
                                         *(word for field in fields for word in ("-e", field))], plugin=False).stdout.decode().splitlines()
        found, retried = set(), set()
        for frame, stream, kind, random in (row.split("\t") for row in rows):
            if "1" in kind.split(",") and stream not in retried:
                found.add(int(frame))
            if self.HELLO_RETRY_REQUEST in random.replace(":", "").split(","):
                retried.add(stream)
        return found

    def check(self, path):
        found = [e for e in log_schema.entries(slim("-q", "--log", "-", "--log-format", "json", "--all-hellos", path).stdout)
                 if e.get("app_proto") == "tls" and e["complete"]]
        self.assertEqual({e["frames"][-1] for e in found}, self.hellos(path))
        self.assertEqual(len(found), len({e["stream"] for e in found}))
        return found

    def test_all(self):
        for name in sorted(os.listdir(CAPTURES)):
            if name.endswith((".pcap", ".pcapng")) and not name.startswith("snaplen"):
                with self.subTest(name):
                    self.check(os.path.join(CAPTURES, name))

    def test_starttls(self):
        found = self.check(os.path.join(CAPTURES, "starttls.pcap"))
        afters = ["smtp", "imap", "pop3", "ftp", "xmpp", "ldap", "ldap", "postgres", "postgres", "mysql", "mysql", "rdp", "http-connect", "socks", "socks",
                  "proxy", "proxy", None, "smtp"]
        self.assertEqual([e.get("after") for e in found], afters)


class Asked(InFolder):
    """What tshark says of later hellos."""
    NAME = "tls.handshake.extensions_server_name"

    def capture(self):
        """Hellos of three frames, out of order, between other connections; one that never becomes whole."""
        several = []
        for port, name in enumerate(("smtp", "postgres", "http-connect", "imap"), 40000):
            talk = Talk({"smtp": 25, "postgres": 5432, "http-connect": 8080, "imap": 143}[name]).up_to(CONVERSATIONS[name][0])
            start = talk.next["c"]
            cuts = ((200, 500), (0, 200), (500, len(HELLO))) if name != "imap" else ((0, 200),)
            talk.frames += [talk.frame("c", HELLO[first:last], seq=start + first) for first, last in cuts]
            several.append([self.ported(frame, port) for frame in talk.frames])
        several.append([self.ported(frame, 50000) for frame in Talk(443).say("c", HELLO).frames])
        return pcap([frame for frames in itertools.zip_longest(*several) for frame in frames if frame is not None])

    @staticmethod
    def ported(frame, port):
        """The server's port is where tshark expects the protocol."""
        sport, dport = struct.unpack(">HH", frame[34:38])
        return frame[:34] + (struct.pack(">HH", port, sport) if dport == 80 else struct.pack(">HH", dport, port)) + frame[38:]

    def test_fields(self):
        found = entries(self.capture(), "--in-order", "--fields", self.NAME)
        self.assertEqual([e["pcap_cnt"] for e in found], sorted(e["pcap_cnt"] for e in found))
        self.assertEqual([(e["after"], e["complete"], e["fields"]) for e in found if "turn" in e],
                         [("postgres", True, {self.NAME: "later.example"}), ("http-connect", True, {self.NAME: "later.example"}),
                          ("imap", False, {}), ("smtp", True, {self.NAME: "later.example"})])
        without = [{**e, "fields": None} for e in entries(self.capture(), "--in-order")]
        self.assertEqual([{**e, "fields": None} for e in found], without)

    def test_display_filter(self):
        for condition, count in (("tls.handshake.type == 1", 4), ("not tls", 5), ("tls && !(tls.handshake.type == 2)", 4)):
            with self.subTest(condition):
                self.assertEqual(len(entries(self.capture(), "-Y", condition)), count)

    def test_kept_frames_stay_as_they_are(self):
        for keep in ("first", "flight,reply,opening"):
            arguments = ("-q", "--keep", keep, "-Y", "tls", "-w", "-", "-")
            log = os.path.join(self.folder, "log")
            self.assertEqual(slim("--all-hellos", "--log", log, *arguments, stdin=self.capture()).stdout, slim(*arguments, stdin=self.capture()).stdout)

    def test_recorded(self):
        path = os.path.join(CAPTURES, "starttls.pcap")
        arguments = ("-q", "--log", "-", "--log-format", "json", "--all-hellos", "--in-order")
        found = log_schema.entries(slim(*arguments, "--fields", "tls.handshake.ja3", path).stdout)
        for entry in found:
            if "tls" in entry and entry.get("after") != "rdp":           # tshark takes RDP's for TPKT's
                self.assertEqual(entry["fields"], {"tls.handshake.ja3": entry["tls"]["ja3"]["hash"]})
        plain = log_schema.entries(slim(*arguments, path).stdout)
        self.assertEqual([{key: value for key, value in entry.items() if key != "fields"} for entry in found], plain)


if __name__ == "__main__":
    unittest.main()
