# SPDX-License-Identifier: GPL-2.0-or-later
"""What was said first in one line, the links between a stream's frames, and the expert infos."""
import os
import subprocess
import unittest

import tshark_runner
from packets import ACK, PSH, RST, SYN, Capture, Stream, client_hello
from sharkd import Sharkd

GET = b"GET /index.html HTTP/1.1\r\nHost: www.example.org\r\n\r\n"
HELLO = client_hello("www.example.org")
LONG_HELLO = client_hello("long.example.org", 2000)
LONG_NAME = "-".join(["label"] * 10) + "." + "-".join(["other"] * 9) + ".example.org"     # the end says whose it is
POST = b"POST /form HTTP/1.1\r\nHost: post.example.org\r\nContent-Length: 4\r\n\r\n"
BODY = client_hello("records.example.org", 2000)[5:]
RECORDS = b"".join(b"\x16\x03\x01" + len(part).to_bytes(2, "big") + part for part in (BODY[:100], BODY[100:]))
TWO_GETS = GET + GET.replace(b"www", b"two")
EARLY_DATA = HELLO + b"\x17\x03\x03\x01\x00" + bytes(256)
BEACON = b"\xde\xad\xbe\xef\0\1\2\3C2 beacon here"


def setUpModule():
    assert tshark_runner.plugin_is_listed(), "tshark does not list the plugin"


def make_capture(frames):
    """One stream of each kind. Sets the frames' numbers in frames."""
    capture = Capture()

    def stream(port, server_port):
        begun = Stream(capture, port, server_port=server_port)
        frames[f"syn {server_port}"] = begun.handshake()[0]
        return begun

    http = stream(40000, 80)
    frames["http"] = http.client(PSH | ACK, 1, 1, GET)
    frames["http reply"] = http.server(PSH | ACK, 1, 1 + len(GET), b"HTTP/1.1 204 No Content\r\n\r\n")
    frames["tls"] = stream(40001, 443).client(PSH | ACK, 1, 1, HELLO)
    split = stream(40002, 8443)
    frames["split"] = split.client(ACK, 1, 1, LONG_HELLO[:1400])
    frames["split end"] = split.client(PSH | ACK, 1401, 1, LONG_HELLO[1400:])
    frames["line"] = stream(40003, 7777).server(PSH | ACK, 1, 1, b"hello\x1b[31m you\r\n")
    frames["binary"] = stream(40004, 7778).client(PSH | ACK, 1, 1, b"\x00\x01\x02")
    frames["cut"] = stream(40005, 7779).client(PSH | ACK, 1, 1, b"cut away", captured=54)
    frames["fast open"] = Stream(capture, 40006, server_port=80).client(SYN, 0, 0, GET)
    frames["midstream"] = Stream(capture, 40007).server(PSH | ACK, 1000, 1000, b"in the middle")
    frames["hole"] = stream(40008, 7780).client(PSH | ACK, 101, 1, b"after a hole")
    frames["silent end"] = stream(40009, 7781).server(RST, 1)
    frames["long name"] = stream(40010, 443).client(PSH | ACK, 1, 1, client_hello(LONG_NAME))
    post = stream(40011, 8080)
    frames["post"] = post.client(ACK, 1, 1, POST)
    frames["post end"] = post.client(PSH | ACK, 1 + len(POST), 1, b"body")
    records = stream(40016, 9443)
    frames["records"] = records.client(ACK, 1, 1, RECORDS[:1400])      # the first record is whole, but not the ClientHello
    frames["records end"] = records.client(PSH | ACK, 1401, 1, RECORDS[1400:])
    for name, message, port in ("two gets", TWO_GETS, 8088), ("early data", EARLY_DATA, 443):      # the second message goes on
        more = stream(40000 + len(frames), port)
        frames[name] = more.client(ACK, 1, 1, message[:-20])
        frames[name + " end"] = more.client(PSH | ACK, 1 + len(message) - 20, 1, message[-20:])
    frames["no tls"] = stream(40012, 443).client(PSH | ACK, 1, 1, BEACON)
    frames["http on 443"] = stream(40013, 443).client(PSH | ACK, 1, 1, GET)
    frames["no ssh"] = stream(40014, 22).client(PSH | ACK, 1, 1, BEACON)
    frames["no name"] = stream(40015, 443).client(PSH | ACK, 1, 1, client_hello(""))
    return capture


class Summary(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.frames = {}
        cls.path = make_capture(cls.frames).write(os.path.join(tshark_runner.folder(), "summary.pcap"))

    def rows(self, *fields, passes=2, extra=()):
        """Returns {frame number: values} of all frames that have any of the fields."""
        options = [option for field in fields for option in ("-e", field)]
        done = tshark_runner.run_tshark(["-r", self.path, *(["-2"] if passes == 2 else []), *extra, "-T", "fields", "-e", "frame.number", *options])
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        lines = [line.split("\t") for line in done.stdout.decode().split("\n")[:-1]]
        return {int(number): values for number, *values in lines if any(values)}

    def named(self, rows):
        names = {number: name for name, number in self.frames.items()}
        return {names[number]: values[0] if len(values) == 1 else values for number, values in rows.items()}

    def test_summary(self):
        whole = {
            "http": f"client {len(GET)}: HTTP GET /index.html HTTP/1.1 (www.example.org)",
            "tls": f"client {len(HELLO)}: TLS www.example.org",
            "split": "client 1400: TLS long.example.org ...",
            "split end": f"client, since frame {self.frames['split']}: TLS long.example.org",
            "two gets": f"client {len(TWO_GETS) - 20}: HTTP GET /index.html HTTP/1.1 (www.example.org)",
            "early data": f"client {len(EARLY_DATA) - 20}: TLS www.example.org",
            "records": "client 1400: TLS records.example.org ...",
            "records end": f"client, since frame {self.frames['records']}: TLS records.example.org",
            "line": "server 16: hello.[31m you",
            "binary": "client 3: 00 01 02",
            "cut": "client 8: not captured",
            "fast open": f"client {len(GET)}: HTTP GET /index.html HTTP/1.1 (www.example.org)",
            "midstream": "unknown 13: in the middle",
            "hole": "client 12: after a hole",
            "long name": f"client {len(client_hello(LONG_NAME))}: TLS {LONG_NAME}",
            "post": f"client {len(POST)}: HTTP POST /form HTTP/1.1 (post.example.org) ...",
            "post end": f"client, since frame {self.frames['post']}: HTTP post.example.org",
            "no tls": "client 22: " + BEACON[:16].hex(" "),
            "http on 443": f"client {len(GET)}: HTTP GET /index.html HTTP/1.1 (www.example.org)",
            "no ssh": "client 22: " + BEACON[:16].hex(" "),
            "no name": f"client {len(client_hello(''))}: TLS {client_hello('')[:16].hex(' ')}",
        }
        self.assertEqual(self.named(self.rows("firstpayload.summary")), whole)
        # In one pass it is not yet known where the message ends; nor that it is HTTP and, since 4.4, TLS.
        known = "TLS " if tshark_runner.version() < (4, 4) else ""
        self.assertEqual(self.named(self.rows("firstpayload.summary", passes=1)), {
            **whole, "split": f"client 1400: {known}{LONG_HELLO[:16].hex(' ')}", "post": f"client {len(POST)}: POST /form HTTP/1.1",
            "records": f"client 1400: TLS {RECORDS[:16].hex(' ')}"})

    def test_protocol_and_detail(self):
        self.assertEqual(self.named(self.rows("firstpayload.protocol", "firstpayload.detail")), {
            "http": ["HTTP", "www.example.org"], "tls": ["TLS", "www.example.org"],
            "split": ["TLS", "long.example.org"], "split end": ["", "long.example.org"],
            "records": ["TLS", "records.example.org"], "records end": ["", "records.example.org"],
            "fast open": ["HTTP", "www.example.org"], "long name": ["TLS", LONG_NAME], "no name": ["TLS", ""],
            "http on 443": ["HTTP", "www.example.org"], "two gets": ["HTTP", "www.example.org"], "early data": ["TLS", "www.example.org"],
            "post": ["HTTP", "post.example.org"], "post end": ["", "post.example.org"]})

    def test_one_field_alone(self):
        """Each field is the same alone, although Wireshark keeps only what somebody asks for."""
        both = self.rows("firstpayload.protocol", "firstpayload.detail")
        for column, field in enumerate(("firstpayload.protocol", "firstpayload.detail")):
            alone = {number: values[0] for number, values in self.rows(field).items()}
            self.assertEqual(alone, {number: values[column] for number, values in both.items() if values[column]})

    def test_one_column_alone(self):
        """It says what -T fields says, though Wireshark keeps less for it."""
        for passes, options in ((1, []), (2, ["-2"])):
            for field in ("summary", "protocol", "detail", "name", "whole_frame", "text"):
                shown = {number: value for number, (value,) in self.rows("firstpayload." + field, passes=passes).items()}
                self.assertEqual(tshark_runner.column(self.path, "firstpayload." + field, options), shown, field)

    def test_detail_in_a_filter(self):
        named = ["http", "tls", "two gets", "early data", "split end", "records end", "fast open", "long name", "post end", "http on 443"]
        self.assertEqual(tshark_runner.frames(self.path, 'firstpayload.detail contains "example"'), sorted(self.frames[name] for name in named))
        self.assertEqual(tshark_runner.frames(self.path, 'firstpayload.detail contains "example"', ["-2"]),
                         sorted(self.frames[name] for name in [*named, "split", "records", "post"]))
        self.assertEqual(tshark_runner.frames(self.path, f'firstpayload.detail == "{LONG_NAME}"'), [self.frames["long name"]])

    def test_details_preference(self):
        rows = self.rows("firstpayload.detail", extra=["-o", "firstpayload.details:http.request.method,tls.handshake.version"])
        hellos = ("tls", "early data", "split", "split end", "records", "records end", "long name", "no name")
        gets, posts = ("http", "two gets", "http on 443", "fast open"), ("post", "post end")
        self.assertEqual(self.named(rows), {**dict.fromkeys(gets, "GET"), **dict.fromkeys(posts, "POST"), **dict.fromkeys(hellos, "0x0303")})

    def test_a_detail_of_each_frame(self):
        """The frame's own comes before that of the frame that completes the message."""
        rows = self.named(self.rows("firstpayload.detail", extra=["-o", "firstpayload.details:tcp.seq"]))
        self.assertEqual((rows["split"], rows["split end"]), ("1", "1401"))

    def test_details_table(self):
        """As Wireshark keeps it with a profile; the preference takes its place. An empty table is as none."""
        def details(rows, *options):
            command = tshark_runner.command("tshark", ["-r", tshark_runner.readable(self.path), *options, "-Y", "firstpayload.detail",
                                                       "-T", "fields", "-e", "firstpayload.detail"])
            home = next(word.split("=", 1)[1] for word in command if word.startswith("WIRESHARK_CONFIG_DIR="))
            with open(os.path.join(home, "firstpayload_details"), "w", encoding="utf-8") as file:
                file.write("".join(f'"{row}"\n' for row in rows))
            return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())

        self.assertEqual(details(["http.request.method"]), {"GET", "POST"})
        self.assertEqual(details(["http.request.method"], "-o", "firstpayload.details:http.request.version"), {"HTTP/1.1"})
        self.assertIn("www.example.org", details([]))

    def test_details_that_there_are_not(self):
        done = tshark_runner.run_tshark(["-r", self.path, "-o", "firstpayload.details:http.host no.such_field", "-Y", "firstpayload.detail"])
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"no field no.such_field", done.stderr)

    def test_whole_frame(self):
        self.assertEqual(self.named(self.rows("firstpayload.whole_frame")),
                         {"split": str(self.frames["split end"]), "records": str(self.frames["records end"]), "post": str(self.frames["post end"])})
        old_name = f"firstpayload.continued_in == {self.frames['split end']}"
        self.assertEqual(tshark_runner.frames(self.path, old_name, ["-2"]), [self.frames["split"]])

    def test_whole_behind_the_reply(self):
        """Whether or not the first payload frame has a detail itself."""
        capture = Capture()
        late = Stream(capture, 40000, server_port=80)
        late.handshake()
        first = late.client(PSH | ACK, 1, 1, POST)
        late.server(PSH | ACK, 1, 1 + len(POST), b"HTTP/1.1 100 Continue\r\n\r\n")
        end = late.client(PSH | ACK, 1 + len(POST), 26, b"body")
        path = capture.write(os.path.join(tshark_runner.folder(), "late.pcap"))
        for options in ([], ["-o", "firstpayload.details:tcp.seq"]):
            self.assertEqual(tshark_runner.frames(path, f"firstpayload.whole_frame == {end}", ["-2", *options]), [first])
            self.assertEqual(tshark_runner.column(path, "firstpayload.whole_frame", ["-2", *options]), {first: str(end)})

    def test_name(self):
        """The detail; without one, what the text says."""
        self.assertEqual(self.named(self.rows("firstpayload.name")), {
            **dict.fromkeys(("http", "tls", "two gets", "early data", "fast open", "http on 443"), "www.example.org"), "split": "long.example.org", "post": "post.example.org",
            "records": "records.example.org",
            "long name": LONG_NAME, "line": "hello.[31m you", "binary": "00 01 02", "midstream": "in the middle", "hole": "after a hole",
            "no tls": BEACON[:16].hex(" "), "no ssh": BEACON[:16].hex(" "), "no name": client_hello("")[:16].hex(" ")})

    def test_frames_that_a_read_filter_drops(self):
        """Without the frame that completes the message, nobody knows what it says. The next frame gets that number."""
        rows = self.rows("firstpayload.detail", extra=["-R", f"frame.number != {self.frames['split end']}"])
        self.assertEqual({rows.get(self.frames["split"]), tuple(rows[self.frames["tls"]])}, {None, ("www.example.org",)})

    def test_in_any_order(self):
        """As in Wireshark: all frames once, then any of them, for a filter or for display."""
        sharkd = Sharkd()
        self.addCleanup(sharkd.close)
        sharkd.ask("load", file=tshark_runner.readable(self.path))
        split = self.frames["split"]
        self.assertIn("Detail: long.example.org", [label for labels in sharkd.labels(split) for label in labels])
        rows = sharkd.ask("frames", filter='firstpayload.detail == "long.example.org"', column0="firstpayload.summary:0")
        self.assertEqual([(row["num"], row["c"][0]) for row in rows], [
            (split, "client 1400: TLS long.example.org ..."),
            (self.frames["split end"], f"client, since frame {split}: TLS long.example.org")])

    def test_links(self):
        syn, first, reply = (str(self.frames[name]) for name in ("syn 80", "http", "http reply"))
        rows = self.rows("firstpayload.syn_frame", "firstpayload.first_frame", "firstpayload.reply_frame")
        self.assertEqual([rows[int(number)] for number in (syn, first, reply)], [["", first, reply], [syn, "", reply], [syn, first, ""]])
        self.assertEqual(rows[self.frames["split end"]], [str(self.frames["syn 8443"]), str(self.frames["split"]), ""])

    def test_a_fast_open_frame_does_not_link_to_itself(self):
        self.assertNotIn(self.frames["fast open"], self.rows("firstpayload.syn_frame"))

    def test_links_make_no_first_payload(self):
        firsts = [number for name, number in self.frames.items() if not name.startswith("syn") and not name.endswith((" end", " reply"))]
        self.assertEqual(tshark_runner.frames(self.path, "firstpayload", ["-2"]), sorted(firsts))

    def test_expert_infos(self):
        for name, frames in (("fast_open", ["fast open"]), ("midstream", ["midstream"]), ("out_of_order", ["hole"]), ("continued", ["split", "post", "records"]),
                             ("silent", ["silent end"])):
            self.assertEqual(tshark_runner.frames(self.path, "firstpayload.expert." + name, ["-2"]), [self.frames[frame] for frame in frames])

    def test_list_of_expert_infos(self):
        known = ["1 Sequence First Payload No payload in this stream",
                 "1 Sequence First Payload First payload captured, but not the bytes before it",
                 "1 Sequence First Payload First payload captured, but not the start of the stream, as in what slim writes without --keep handshake",
                 "1 Sequence First Payload First payload in the SYN (TCP Fast Open)"]
        later = [f"1 Reassemble First Payload First message continues, whole in frame {self.frames[name]}" for name in ("split end", "post end")]
        for options, expected in (([], known), (["-2"], known + later)):
            done = tshark_runner.run_tshark(["-q", *options, "-r", self.path, "-z", "expert"])
            lines = [" ".join(line.split()) for line in done.stdout.decode().splitlines() if "First Payload" in line]
            self.assertEqual(sorted(lines), sorted(expected))

    def test_syn_restarts_clock_preference(self):
        capture = Capture()
        stream = Stream(capture, 40000)
        for at in (0, 1, 3):
            stream.client(SYN, 0, at=at)
        stream.server(SYN | ACK, 0, 1, at=3.1)
        number = stream.client(PSH | ACK, 1, 1, b"at last", at=3.25)
        path = capture.write(os.path.join(tshark_runner.folder(), "again.pcap"))
        for value, delay in (("FALSE", "3.25"), ("TRUE", "0.25")):
            self.assertEqual(tshark_runner.frames(path, f"firstpayload.delay == {delay}", ["-o", "firstpayload.syn_restarts_clock:" + value]), [number])


if __name__ == "__main__":
    unittest.main()
