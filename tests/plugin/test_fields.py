# SPDX-License-Identifier: GPL-2.0-or-later
"""The value of every field, on handmade streams."""
import json
import os
import unittest

import tshark_runner
from packets import ACK, FIN, PSH, SYN, Capture, Stream

REQUEST = b"GET /index.html HTTP/1.1\r\nHost: example.org\r\n\r\n"


def setUpModule():
    assert tshark_runner.plugin_is_listed(), "tshark does not list the plugin"


class Fields(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        capture = Capture()
        ordinary = Stream(capture, 40000)
        ordinary.client(SYN, 0, at=1.0)
        ordinary.server(SYN | ACK, 0, 1, at=1.1)
        ordinary.client(ACK, 1, 1, at=1.2)
        cls.ordinary = ordinary.client(PSH | ACK, 1, 1, REQUEST, at=1.25)
        cls.later = ordinary.client(PSH | ACK, 1 + len(REQUEST), 1, b"more", at=1.3)
        cls.reply = ordinary.server(PSH | ACK, 1, 1 + len(REQUEST), b"HTTP/1.1 200 OK\r\n\r\n", at=1.4)

        fast_open = Stream(capture, 40001, "2001:db8::1", "2001:db8::2")
        cls.fast_open = fast_open.client(SYN, 0, 0, b"\x16\x03\x01\x00\x05hello", at=2.0)

        midstream = Stream(capture, 40002)
        cls.midstream = midstream.server(PSH | ACK, 1000, 1000, b"middle", at=3.0)

        hole = Stream(capture, 40003)
        hole.handshake()
        cls.hole = hole.client(PSH | ACK, 101, 1, b"after a hole", at=5.0)

        greeting = Stream(capture, 40004)
        cls.greeting = greeting.server(PSH | ACK | FIN, 1, 1, b"220 mail\x07\xff ready\r\n250 second line", at=6.0)
        cls.greeted = greeting.client(PSH | ACK, 1, 36, b"EHLO example\r\n", at=6.05)

        late = Stream(capture, 40005)
        cls.answered = late.client(PSH | ACK, 1, 1, b"\r\n", at=7.0)
        late.server(SYN | ACK, 0, 1, at=7.5)

        again = Stream(capture, 40001, "2001:db8::1", "2001:db8::2")    # the same port again: another SYN with data
        cls.fast_open_again = again.client(SYN, 70000, 0, b"\x00\x01\x02", at=8.0)

        retried = Stream(capture, 40006)
        cls.first_syn = retried.client(SYN, 0, at=9.0)
        retried.client(SYN, 0, at=10.0)
        cls.retried = retried.client(PSH | ACK, 1, 1, b"at last", at=11.0)
        cls.syn_again = retried.client(SYN, 0, at=12.0)
        cls.path = capture.write(os.path.join(tshark_runner.folder(), "fields.pcap"))

    def values(self, frame, *fields, extra=()):
        options = [option for field in fields for option in ("-e", "firstpayload." + field)]
        done = tshark_runner.run_tshark(["-r", self.path, *extra, "-Y", f"frame.number == {frame}", "-T", "fields", *options])
        self.assertEqual(done.stderr, b"")
        return done.stdout.decode().rstrip("\n").split("\t")

    def test_ordinary(self):
        self.assertEqual(self.values(self.ordinary, "stream", "direction", "len", "seq", "age", "delay"),
                         ["0", "client", str(len(REQUEST)), "1", "0.250000000", "0.250000000"])
        self.assertEqual(self.values(self.ordinary, "fast_open", "midstream", "out_of_order"), ["", "", ""])
        self.assertEqual(self.values(self.ordinary, "text", "data"), ["GET /index.html HTTP/1.1", REQUEST.hex()])

    def test_links(self):
        self.assertEqual(self.values(self.ordinary, "syn_frame", "reply_frame"), ["1", ""])
        self.assertEqual(self.values(self.ordinary, "syn_frame", "reply_frame", extra=["-2"]), ["1", str(self.reply)])
        self.assertEqual(self.values(self.reply, "first_frame"), [str(self.ordinary)])
        self.assertEqual(self.values(self.later, "first_frame"), [str(self.ordinary)])
        self.assertEqual(self.values(1, "first_frame", extra=["-2"]), [str(self.ordinary)])

    def test_the_first_of_several_syns(self):
        self.assertEqual(self.values(self.retried, "syn_frame"), [str(self.first_syn)])
        self.assertEqual(self.values(self.retried, "syn_frame", extra=["-2"]), [str(self.first_syn)])
        self.assertEqual(self.values(self.syn_again, "first_frame"), [str(self.retried)])

    def test_no_syn(self):
        self.assertEqual(self.values(self.greeted, "syn_frame", "first_frame"), ["", str(self.greeting)])

    def test_reply_delay(self):
        self.assertEqual(self.values(self.reply, "reply_delay"), ["0.150000000"])
        self.assertEqual(self.values(self.ordinary, "reply_delay"), [""])
        self.assertEqual(self.values(self.ordinary, "reply_delay", extra=["-2"]), ["0.150000000"])
        self.assertEqual(tshark_runner.frames(self.path, "firstpayload.reply_delay > 0.1", ["-2"]), [self.ordinary, self.reply])
        self.assertEqual(self.values(self.midstream, "reply_delay", extra=["-2"]), [""])

    def test_fast_open(self):
        self.assertEqual(self.values(self.fast_open, "stream", "direction", "len", "seq", "delay", "fast_open", "out_of_order"),
                         ["1", "client", "10", "0", "0.000000000", tshark_runner.true(), ""])
        self.assertEqual(self.values(self.fast_open, "text"), ["16 03 01 00 05 68 65 6c 6c 6f"])

    def test_stream_of_a_syn_is_the_one_it_starts(self):
        for extra in ([], ["-2"]):
            shown = tshark_runner.run_tshark(["-r", self.path, *extra, "-Y", f"frame.number == {self.fast_open_again}", "-T", "fields",
                                              "-e", "tcp.stream", "-e", "firstpayload.stream"]).stdout.split()
            self.assertEqual(len(set(shown)), 1, shown)

    def test_midstream(self):
        self.assertEqual(self.values(self.midstream, "direction", "seq", "age", "delay", "midstream", "syn_frame"),
                         ["unknown", "1", "0.000000000", "", tshark_runner.true(), ""])

    def test_out_of_order(self):
        self.assertEqual(self.values(self.hole, "seq", "out_of_order"), ["101", tshark_runner.true()])

    def test_text_stops_at_the_line_end_and_has_no_control_bytes(self):
        self.assertEqual(self.values(self.greeting, "text"), ["220 mail.. ready"])

    def test_text_of_an_empty_line(self):
        self.assertEqual(self.values(self.answered, "text"), ["0d 0a"])

    def test_booleans_alone_in_a_filter(self):
        for name, frames in (("fast_open", [self.fast_open, self.fast_open_again]),
                             ("midstream", [self.midstream, self.greeting, self.answered]), ("out_of_order", [self.hole])):
            self.assertEqual(tshark_runner.frames(self.path, "firstpayload." + name), frames)
            self.assertEqual(tshark_runner.frames(self.path, f"firstpayload.{name} == 1"), frames)

    def test_each_alone_in_a_filter(self):
        """Whatever else is asked for."""
        known = tshark_runner.run_tshark(["-G", "fields"]).stdout.decode().splitlines()
        for field in sorted({line.split("\t")[2] for line in known if line.split("\t")[2].startswith("firstpayload")}):
            for options in ([], ["-2"]):
                self.assertEqual(tshark_runner.listed_frames(self.path, field, options), tshark_runner.frames(self.path, field, options), field)

    def test_filters_on_values(self):
        for display_filter, frames in ((f'firstpayload.text contains "index"', [self.ordinary]),
                                       ("firstpayload.data[0:3] == 16:03:01", [self.fast_open]),
                                       ("firstpayload.delay > 0.2", [self.ordinary, self.hole, self.retried]),
                                       ('firstpayload.direction == "unknown" && firstpayload.len > 10', [self.greeting]),
                                       (f"firstpayload.first_frame == {self.ordinary}", [self.later, self.reply])):
            self.assertEqual(tshark_runner.frames(self.path, display_filter), frames, display_filter)

    def test_a_column(self):
        self.assertEqual(tshark_runner.column(self.path, "firstpayload.text:0:R", ["-Y", f"frame.number == {self.ordinary}"]),
                         {self.ordinary: "GET /index.html HTTP/1.1"})

    def test_json(self):
        done = tshark_runner.run_tshark(["-r", self.path, "-2", "-Y", "firstpayload || firstpayload.reply", "-T", "json", "--no-duplicate-keys"])
        packets = {int(packet["_source"]["layers"]["frame"]["frame.number"]): packet["_source"]["layers"] for packet in json.loads(done.stdout)}
        first = packets[self.ordinary]["firstpayload"]
        self.assertEqual(first["firstpayload.text"], "GET /index.html HTTP/1.1")
        self.assertEqual(first["firstpayload.reply_frame"], str(self.reply))
        self.assertNotIn("firstpayload", packets[self.reply])
        self.assertEqual(packets[self.reply]["firstpayload_relative"]["firstpayload.first_frame"], str(self.ordinary))


if __name__ == "__main__":
    unittest.main()
