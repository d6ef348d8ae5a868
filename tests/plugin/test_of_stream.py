# SPDX-License-Identifier: GPL-2.0-or-later
"""firstpayload.of_stream: what a stream said first, on each of its frames, if the preference says so."""
import os
import unittest

import tshark_runner
from packets import ACK, FIN, PSH, SYN, Capture, Stream, client_hello, ip, udp
from sharkd import Sharkd

ASKED = ["-o", "firstpayload.of_stream:TRUE"]
GET = b"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: form.example.org\r\nContent-Length: 4\r\n\r\n"
HELLO = client_hello("long.example.net", 2000)


def setUpModule():
    assert tshark_runner.plugin_is_listed(), "tshark does not list the plugin"


def query(name):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return b"\x12\x34\1\0\0\1\0\0\0\0\0\0" + labels + b"\0\0\1\0\1"


class OfStream(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        capture = Capture()
        web = Stream(capture, 40000, server_port=80)
        cls.web = [*web.handshake(), web.client(PSH | ACK, 1, 1, GET), web.server(PSH | ACK, 1, 1 + len(GET), b"HTTP/1.1 204 No Content\r\n\r\n"),
                   web.client(ACK, 1 + len(GET), 28), web.client(FIN | ACK, 1 + len(GET), 28), web.server(ACK, 28, 2 + len(GET))]
        split = Stream(capture, 40001, server_port=443)
        cls.split = [*split.handshake(), split.client(ACK, 1, 1, HELLO[:1400]), split.server(ACK, 1, 1401),
                     split.client(PSH | ACK, 1401, 1, HELLO[1400:]), split.server(ACK, 1, 1 + len(HELLO))]
        two_gets = GET + GET.replace(b"www", b"two")
        more = Stream(capture, 40003, server_port=80)    # the second request goes on
        cls.more = [*more.handshake(), more.client(ACK, 1, 1, two_gets[:-20]), more.client(PSH | ACK, len(two_gets) - 19, 1, two_gets[-20:])]
        again = Stream(capture, 40000, server_port=80)    # the same endpoints
        cls.again = [again.client(SYN, 70000), again.client(PSH | ACK, 70001, 1, b"something else"), again.server(ACK, 1, 70015)]
        form = Stream(capture, 40004, server_port=80)
        cls.form = [*form.handshake(), form.client(ACK, 1, 1, POST), form.client(PSH | ACK, 1 + len(POST), 1, b"body")]
        cls.silent = Stream(capture, 40002).handshake()
        cls.dns = [capture.add(ip("10.0.0.1", "10.0.0.2", udp(50000, 53, query("dns.example.org")), 17)) for _ in range(2)]
        cls.path = capture.write(os.path.join(tshark_runner.folder(), "of-stream.pcap"))

    def rows(self, field, *options, path=None):
        """Returns {frame number: value} of all frames that have the field."""
        done = tshark_runner.run_tshark(["-r", path or self.path, *options, "-T", "fields", "-e", "frame.number", "-e", "firstpayload.of_stream." + field])
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        lines = [line.split("\t") for line in done.stdout.decode().splitlines()]
        return {int(number): value for number, value in lines if value}

    def test_all_frames(self):
        self.assertEqual(self.rows("detail", *ASKED, "-2"), {**dict.fromkeys(self.web + self.more, "www.example.org"), **dict.fromkeys(self.split, "long.example.net"),
                                                             **dict.fromkeys(self.form, "form.example.org")})
        self.assertEqual(self.rows("protocol", *ASKED, "-2"), {**dict.fromkeys(self.web + self.more + self.form, "HTTP"), **dict.fromkeys(self.split, "TLS")})
        self.assertEqual(self.rows("summary", *ASKED, "-2"), {
            **dict.fromkeys(self.web, f"client {len(GET)}: HTTP GET / HTTP/1.1 (www.example.org)"),
            **dict.fromkeys(self.more, f"client {2 * len(GET) - 20}: HTTP GET / HTTP/1.1 (www.example.org)"),
            **dict.fromkeys(self.form, f"client {len(POST)}: HTTP POST / HTTP/1.1 (form.example.org) ..."),
            **dict.fromkeys(self.split, "client 1400: TLS long.example.net ..."), **dict.fromkeys(self.again, "client 14: something else")})

    def test_one_pass(self):
        """From the frame on that tells."""
        self.assertEqual(self.rows("detail", *ASKED), {**dict.fromkeys(self.web[3:] + self.more[3:], "www.example.org"), **dict.fromkeys(self.split[5:], "long.example.net"),
                                                       **dict.fromkeys(self.form[4:], "form.example.org")})
        summaries = self.rows("summary", *ASKED)
        self.assertEqual([number for number in summaries if number in self.again], self.again[1:])
        self.assertEqual([summaries[number] for number in self.split[5:]], ["client 1400: TLS long.example.net ..."] * 2)
        self.assertEqual([summaries[number] for number in self.form[3:]],
                         [f"client {len(POST)}: POST / HTTP/1.1", f"client {len(POST)}: HTTP POST / HTTP/1.1 (form.example.org) ..."])

    def test_whole_behind_the_reply(self):
        """Frames behind the flight are not looked at, though Wireshark keeps what they complete if somebody asks for tcp.segment."""
        capture = Capture()
        stream = Stream(capture, 40000, server_port=80)
        late = [*stream.handshake(), stream.client(PSH | ACK, 1, 1, POST), stream.server(PSH | ACK, 1, 1 + len(POST), b"HTTP/1.1 100 Continue\r\n\r\n"),
                stream.client(PSH | ACK, 1 + len(POST), 26, b"body")]
        path = capture.write(os.path.join(tshark_runner.folder(), "late.pcap"))
        for options, frames in (([], late[3:]), (["-2"], late)):
            for display_filter in ("frame", "frame or tcp.segment"):
                self.assertEqual(self.rows("summary", *ASKED, *options, "-Y", display_filter, path=path), dict.fromkeys(frames, f"client {len(POST)}: POST / HTTP/1.1"))

    def test_in_a_column(self):
        for options in (ASKED, [*ASKED, "-2"]):
            for field in ("summary", "protocol", "detail"):
                self.assertEqual(tshark_runner.column(self.path, "firstpayload.of_stream." + field, options), self.rows(field, *options))

    def test_in_a_filter(self):
        """Also if nobody asks for anything else, and so there would be no tree on the first visit."""
        for display_filter, frames in (('firstpayload.of_stream.detail contains "example"', self.web + self.split + self.more + self.form),
                                       ('firstpayload.of_stream.protocol == "TLS"', self.split),
                                       ('firstpayload.of_stream.summary contains "something"', self.again)):
            self.assertEqual(tshark_runner.frames(self.path, display_filter, [*ASKED, "-2"]), frames)

    def test_as_the_first_payload_frame_says(self):
        for field in ("summary", "protocol", "detail"):
            first = tshark_runner.run_tshark(["-2", "-r", self.path, *ASKED, "-Y", "firstpayload", "-T", "fields", "-e", "firstpayload." + field,
                                              "-e", "firstpayload.of_stream." + field])
            for line in first.stdout.decode().splitlines():
                self.assertEqual(*line.split("\t"))

    def test_datagrams(self):
        options = [*ASKED, "-o", "firstpayload.transport:udp"]
        self.assertEqual(self.rows("detail", *options, "-2"), dict.fromkeys(self.dns, "dns.example.org"))

    def test_in_any_order(self):
        sharkd = Sharkd()
        self.addCleanup(sharkd.close)
        sharkd.ask("setconf", name="firstpayload.of_stream", value="TRUE")
        sharkd.ask("load", file=tshark_runner.readable(self.path))
        for name, frames in (("long.example.net", self.split), ("form.example.org", self.form), ("www.example.org", self.web + self.more)):
            self.assertEqual(sharkd.frames(f'firstpayload.of_stream.detail == "{name}"'), frames)
        self.assertEqual(sharkd.labels(self.web[5])[0][:2], [f"Said first in this stream: client {len(GET)}: HTTP GET / HTTP/1.1 (www.example.org)",
                                                             "Protocol of this stream: HTTP"])

    def test_a_stream_that_was_idle(self):
        """To Wireshark it is one stream, to us two."""
        capture = Capture()
        stream = Stream(capture, 40000)
        before = [*stream.handshake(), stream.client(PSH | ACK, 1, 1, b"before"), stream.server(ACK, 1, 7)]
        after = [stream.client(PSH | ACK, 7, 1, b"after", at=1000), stream.server(ACK, 1, 12, at=1000.1)]
        path = capture.write(os.path.join(tshark_runner.folder(), "idle.pcap"))
        for word, frames in (("before", before), ("after", after)):
            self.assertEqual(tshark_runner.frames(path, f'firstpayload.of_stream.summary contains "{word}"', [*ASKED, "-2", "-o", "firstpayload.idle:60"]), frames)

    def test_nothing_else_changes(self):
        self.assertEqual(self.rows("summary", "-2"), {})
        for display_filter in ("firstpayload", "firstpayload.reply", "firstpayload.silent", "firstpayload.first_frame", "firstpayload.opening"):
            for passes in ([], ["-2"]):
                self.assertEqual(tshark_runner.frames(self.path, display_filter, [*ASKED, *passes]), tshark_runner.frames(self.path, display_filter, passes))
        for listener in ("firstpayload,tree", "expert"):
            self.assertEqual(*[tshark_runner.run_tshark(["-2", "-q", "-r", self.path, *options, "-z", listener]).stdout for options in ([], ASKED)])

    def test_a_read_filter_that_drops_what_was_said(self):
        first = self.web[3]
        rows = self.rows("detail", *ASKED, "-2", "-R", f"frame.number != {first}")
        self.assertNotIn("www.example.org", rows.values())


if __name__ == "__main__":
    unittest.main()
