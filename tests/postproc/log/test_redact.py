# SPDX-License-Identifier: GPL-2.0-or-later
"""--redact: no secret that a test puts into a first message is in any line, however it is written, folded, cut into segments and captured.
What is a secret is tested in tests/said."""
import base64
import itertools
import json
import os
import re
import subprocess
import sys
import unittest

from pcaps import ACK, PROGRAM, SYN, InFolder, connection, datagram, header, pcap, read, record, segment, slim, write
from waiting import PATIENCE_SECONDS

sys.path.insert(0, os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "tests", "lib"))
import log_schema  # noqa: E402

SECRET = b"q7Zx9KfLw3Vb"    # no three of its bytes are anywhere else in these messages
PARTS = {SECRET[i:i + 3] for i in range(len(SECRET) - 2)}
CASES = (bytes.lower, bytes.upper, bytes.title, bytes.swapcase, lambda name: bytes(b ^ 0x20 if i % 2 and chr(b).isalpha() else b for i, b in enumerate(name)))
COLONS = b":", b": ", b":\t", b" : ", b"\t:  ", b":\r\n ", b": \r\n\t ", b":\n  "
FOLDS = b"", b"\r\n ", b"\r\n\t", b"\n ", b"\r\n \r\n  "
NAMES = b"Authorization", b"Proxy-Authorization", b"Cookie", b"Set-Cookie"


def requests():
    """A secret in each place of a request that one may be in."""
    for name, case in itertools.product(NAMES, CASES):
        yield b"GET / HTTP/1.1\r\nHost: a.example\r\n" + case(name) + b": Basic " + SECRET + b"\r\nAccept: */*\r\n\r\n"
    for colon, fold in itertools.product(COLONS, FOLDS):
        yield b"GET / HTTP/1.1\r\nX: y\r\nCookie" + colon + b"a=" + SECRET[:6] + fold + SECRET[6:] + b"\r\nHost: a.example\r\n\r\n"
    yield b"GET http://me:" + SECRET + b"@a.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n"
    yield b"CONNECT me:" + SECRET + b"@a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n"
    yield b"GET /x HTTP/1.1\r\nHost: me:" + SECRET + b"@a.example\r\n\r\n"
    yield b"GET /x HTTP/1.1\r\nHost: a.example\r\nReferer: https://me:" + SECRET + b"@a.example/y\r\n\r\n"
    yield b"PROXY TCP4 192.0.2.9 192.0.2.8 1 2\r\nGET http://" + SECRET + b"@a.example/ HTTP/1.1\r\nCookie: " + SECRET + b"\r\n\r\n"
    yield b"HTTP/1.1 200 OK\r\nSet-Cookie: a=" + SECRET + b"; Path=/\r\n\r\n"
    for line in (b"PASS %s", b"pass  %s", b"AUTH PLAIN %s", b"a1 LOGIN user %s", b"a1 login user \"%s\"", b"AUTH %s", b"*2\r\n$4\r\nAUTH\r\n$12\r\n%s",
                 b"APOP me %s", b"AUTHINFO PASS %s", b"OPER me %s", b"CONNECT {\"pass\":\"%s\"}"):
        yield line % SECRET + b"\r\n"
    yield b"*2\r\n$4\r\nauth\r\n$25\r\n" + SECRET + b" " + SECRET + b"\r\n"
    yield b"\x10\x20\0\4MQTT\4\xc2\0\x3c\0\2id\0\2me\0\x0c" + SECRET


def leaks(data):
    """The lines of a log, text or JSON, that have a part of the secret, however that is written down."""
    found = []
    for line in data.splitlines():
        decoded = [line]
        if line.startswith(b"{"):
            entry = json.loads(line)
            decoded += [base64.b64decode(entry.get(key, "")) for key in ("payload", "message")]
            decoded += [str(entry).encode()]
        else:
            decoded += [re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), line)]
        if any(part in text for part in PARTS for text in decoded):
            found.append(line)
    return found


def stream(port, payloads, start=0):
    """A client's segments. payloads: each with the offset of its first byte."""
    return [segment(port, 80, 1000, SYN)] + [segment(port, 80, 1001 + start + offset, ACK, payload) for offset, payload in payloads]


def ways(message, n):
    """Captures of a message that is cut before byte n."""
    first, rest = (0, message[:n]), (n, message[n:])
    yield stream(1, [first, rest])
    yield stream(2, [rest, first])
    yield stream(3, [rest])
    yield stream(4, [first])
    yield stream(5, [first, rest])[1:]    # midstream
    yield stream(6, [rest])[1:]
    yield stream(7, [(0, message[:1]), (1, message[1:n]), rest])
    yield stream(8, [(0, message[:-1]), rest])    # some bytes come twice
    yield stream(9, [(-n, message)])              # the SYN was another connection's


def cut_everywhere(message):
    frames = []
    for n in range(1, len(message)):
        frames += [b for i, way in enumerate(ways(message, n)) for b in renumbered(way, n * 16 + i)]
    return frames


def renumbered(frames, port):
    return [frame[:34] + port.to_bytes(2, "big") + frame[36:] for frame in frames]


FORMS = ("--log-format", "text"), ("--log-format", "json"), ("--log-format", "json", "--log-bytes", "65535", "--in-order")


class Redact(InFolder):
    def log(self, data, *options):
        return slim("-q", "--log", "-", "--redact", *options, "-", stdin=data).stdout

    def test_that_the_test_would_find_it(self):
        for message in requests():
            for form in FORMS:
                self.assertTrue(leaks(slim("-q", "--log", "-", *form, "-", stdin=pcap(stream(1, [(0, message)]))).stdout), message)

    def test_whole(self):
        messages = list(requests())
        data = pcap([frame for port, message in enumerate(messages, 1) for frame in renumbered(stream(1, [(0, message)]), port)])
        for form in FORMS:
            lines = self.log(data, *form)
            self.assertEqual((leaks(lines), len(lines.splitlines())), ([], len(messages)))
            self.assertEqual(lines.count(b'"redacted":true') + lines.count(b"\tredacted"), len(messages))

    def test_cut_before_each_byte(self):
        for message in requests():
            data = pcap(cut_everywhere(message))
            for form in FORMS:
                lines = self.log(data, *form)
                self.assertEqual(leaks(lines), [], message)
                self.assertGreater(len(lines.splitlines()), 7 * (len(message) - 1))

    def test_cut_by_the_snapshot_length(self):
        for message in requests():
            data = header()
            for n in range(1, len(message)):
                syn, frame = renumbered(stream(1, [(0, message)]), n)
                data += record(syn) + record(frame[:54 + n], 1, wire=len(frame))
            for form in FORMS:
                self.assertEqual(leaks(self.log(data, *form)), [], message)

    def test_log_bytes(self):
        """Whatever part of a payload is in its line."""
        message = b"GET / HTTP/1.1\r\nAuthorization: Basic " + SECRET + b"\r\nReferer: http://a:" + SECRET + b"@b/\r\n\r\n"
        for n in range(1, len(message) + 1):
            for form in FORMS[:2]:
                self.assertEqual(leaks(self.log(pcap(stream(1, [(0, message)])), *form, "--log-bytes", str(n))), [])

    def test_datagrams(self):
        message = b"REGISTER sip:a.example SIP/2.0\r\nAuthorization: Digest " + SECRET + b"\r\n\r\n"
        for form in FORMS:
            lines = self.log(pcap([datagram(5060, 5060, message)]), *form, "--transport", "udp")
            self.assertEqual((leaks(lines), len(lines.splitlines())), ([], 1))

    def test_tshark(self):
        for message in (b"GET /x HTTP/1.1\r\nCookie: " + SECRET + b"\r\nHost: a\r\n\r\n", b"PASS " + SECRET + b"\r\n"):
            lines = self.log(pcap(stream(1, [(0, message[:20]), (20, message[20:])])), "--log-format", "json", "--fields", "ip.ttl")
            self.assertEqual((leaks(lines), len(lines.splitlines())), ([], 1))

    def test_table(self):
        for message in requests():
            shown = subprocess.run([PROGRAM, "show", "-q", "--redact", "-"], input=pcap(stream(1, [(0, message)])), capture_output=True, timeout=PATIENCE_SECONDS)
            self.assertEqual((shown.returncode, leaks(shown.stdout)), (0, []))
            self.assertIn(b"redacted", shown.stdout)

    def test_what_is_left(self):
        """All but the secret, and as many bytes as there were."""
        message = b"GET http://me:pass@www.example/a HTTP/1.1\r\nHost: www.example\r\nCookie: a=b;\r\n c=d\r\n\r\n"
        left = message.replace(b"me:pass", b"*" * 7).replace(b"a=b;", b"****").replace(b"c=d", b"***")
        found, = log_schema.entries(self.log(pcap(connection(request=message)), "--log-format", "json"))
        self.assertEqual([base64.b64decode(found[key]) for key in ("payload", "message")], [left, left])
        self.assertEqual(found["http"], {"hostname": "www.example", "url": "http://*******@www.example/a", "http_method": "GET", "protocol": "HTTP/1.1"})
        self.assertEqual((found["length"], found["message_length"], found["redacted"]), (len(message), len(message), True))

    def test_nothing_to_hide(self):
        data = pcap(connection())
        for form in FORMS:
            self.assertEqual(self.log(data, *form), slim("-q", "--log", "-", *form, "-", stdin=data).stdout)

    def test_beginning_that_is_not_known(self):
        """Of what is midstream the first line, unless it is known what it is; of what came out of order all, if what was before it never came."""
        def payload(frames):
            return base64.b64decode(log_schema.entries(self.log(pcap(frames), "--log-format", "json"))[0]["payload"])
        self.assertEqual(payload([segment(1, 2, 3, ACK, b"a=b\r\n c\r\nX: y\r\n\r\n")]), b"***\r\n *\r\nX: y\r\n\r\n")
        self.assertEqual(payload([segment(1, 2, 3, ACK, b"GET / HTTP/1.1\r\nX: y\r\n\r\n")]), b"GET / HTTP/1.1\r\nX: y\r\n\r\n")
        self.assertEqual(payload([segment(1, 2, 3, ACK, b"\x80\x01a=b\n\x80")]), b"*****\n\x80")
        self.assertEqual(payload(stream(1, [(5, b"X: y\r\n\r\n")])), b"*" * 8)

    def test_goes_with_a_log(self):
        result = slim("--redact", "-w", self.path("out"), "-", stdin=pcap(connection()), check=False)
        self.assertEqual(result.returncode, 64)
        self.assertIn("--redact", result.stderr)


class Watch(InFolder):
    def lines(self, pieces, *options):
        """Of one watcher for each piece of a capture: what goes on is on the disk in between."""
        inbox, outdir = self.path("in"), self.path("out")
        for folder in (inbox, outdir):
            os.makedirs(folder, exist_ok=True)
        for n, piece in enumerate(pieces):
            write(inbox, f"{n}.pcap", piece)
            subprocess.run([PROGRAM, "watch", "--once", *options, inbox, outdir], check=True, capture_output=True, timeout=PATIENCE_SECONDS)
        return b"".join(read(os.path.join(outdir, f"{n}.pcap.jsonl")) for n in range(len(pieces)))

    def test_message_over_several_captures(self):
        message = b"GET / HTTP/1.1\r\nCookie: a=" + SECRET + b"\r\nHost: a.example\r\n\r\n"
        frames = [cut_everywhere(message)[i::8] for i in range(8)]
        lines = self.lines([pcap(part) for part in frames], "--log", "only", "--redact")
        self.assertEqual((leaks(lines), lines.count(b"\n") > 0), ([], True))
        config = write(self.folder, "a.conf", b"[watch]\nlog = only\nredact = true\n")
        lines = self.lines([pcap(stream(9, [(0, message)]))], "--config", config)
        self.assertEqual((leaks(lines), b'"redacted":true' in lines), ([], True))

    def test_out_of_order_over_two_captures(self):
        """Where in the message the first payload frame begins is not kept: nothing of it is shown."""
        message = b"GET / HTTP/1.1\r\nCookie: a=" + SECRET + b"\r\nHost: a.example\r\n\r\n"
        first, late, early = stream(1, [(30, message[30:]), (0, message[:30])])
        found, = log_schema.entries(self.lines([pcap([first, late]), header() + record(early, 2)], "--log", "only", "--redact"))
        self.assertEqual((base64.b64decode(found["payload"]), found["complete"], found["http"]["hostname"]), (b"*" * len(message[30:]), True, "a.example"))

    def test_configuration_without_a_log(self):
        """The example has it always."""
        config = write(self.folder, "a.conf", b"[watch]\nredact = true\n")
        for folder in ("in", "out"):
            os.mkdir(self.path(folder))
        subprocess.run([PROGRAM, "watch", "--check-config", "--config", config, self.path("in"), self.path("out")], check=True, capture_output=True,
                       timeout=PATIENCE_SECONDS)


if __name__ == "__main__":
    unittest.main()
