# SPDX-License-Identifier: GPL-2.0-or-later
"""--log-reply: what the other side answers, in the line of what was said first."""
import base64
import glob
import os
import subprocess
import sys

import test_redact
import test_watch  # not its classes: they would run once more
from pcaps import ACK, CAPTURES, FIN, RST, SYN, InFolder, answer, connection, datagram, header, pcap, read, record, segment, slim
from waiting import PATIENCE_SECONDS

sys.path.insert(0, os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "tests", "lib"))
import log_schema  # noqa: E402

CLIENT, SERVER = b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02"
REQUEST = b"GET / HTTP/1.1\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n\r\nbody"


def server_hello(version=None, alpn=b"", random=bytes(range(32)), cipher=0x1301):
    extensions = b"\xff\x01\x00\x01\x00"
    if version is not None:
        extensions += b"\x00\x2b\x00\x02" + version.to_bytes(2, "big")
    if alpn:
        extensions += b"\x00\x10" + (len(alpn) + 3).to_bytes(2, "big") + (len(alpn) + 1).to_bytes(2, "big") + bytes([len(alpn)]) + alpn
    body = b"\x03\x03" + random + b"\x00" + cipher.to_bytes(2, "big") + b"\x00" + len(extensions).to_bytes(2, "big") + extensions
    message = b"\x02" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x03" + len(message).to_bytes(2, "big") + message


RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def asked(port=40000, request=REQUEST):
    return connection(port, request)[:4]


def reply(payload, offset=0, flags=ACK, port=40000):
    return segment(80, port, 5001 + offset, flags, payload, ack=1001 + len(REQUEST), src=SERVER, dst=CLIENT)


def entries(data, *options):
    return log_schema.entries(slim("-q", "--log", "-", "--log-format", "json", "--log-reply", *options, "-", stdin=data).stdout)


class Reply(InFolder):
    def replied(self, *frames, options=()):
        found, = entries(pcap([*asked(), *frames]), *options)
        return found.get("reply")

    def test_http(self):
        self.assertEqual(self.replied(reply(OK)), {
            "length": len(OK), "delay": 0.001, "pcap_cnt": 5, "payload": base64.b64encode(OK).decode(), "payload_printable": OK.replace(b"\r\n", b"..").decode(),
            "app_proto": "http", "http": {"status": 200, "protocol": "HTTP/1.1"}})

    def test_tls(self):
        for hello, wanted in ((server_hello(0x304), {"version": "TLS 1.3", "cipher": "TLS_AES_128_GCM_SHA256", "hello_retry_request": False}),
                              (server_hello(0x304, random=RETRY), {"version": "TLS 1.3", "cipher": "TLS_AES_128_GCM_SHA256", "hello_retry_request": True}),
                              (server_hello(alpn=b"h2", cipher=0xc02f), {"version": "TLS 1.2", "cipher": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                                                                         "alpn": "h2", "hello_retry_request": False}),
                              (server_hello(0x7f1c, cipher=0xcafe), {"version": "0x7f1c", "cipher": "0xcafe", "hello_retry_request": False})):
            self.assertEqual(self.replied(reply(hello))["tls"], wanted)

    def test_ssh(self):
        self.assertEqual(self.replied(reply(b"SSH-2.0-x y\r\n"))["ssh"], {"server": {"proto_version": "2.0", "software_version": "x", "comments": "y"}})
        greeting = connection()[:3] + [reply(b"SSH-2.0-server\r\n"), segment(40000, 80, 1001, ACK, b"SSH-2.0-client\r\n")]
        found, = entries(pcap(greeting))
        self.assertEqual((found["ssh"]["server"]["software_version"], found["reply"]["ssh"]["client"]["software_version"]), ("server", "client"))

    def test_not_known(self):
        found = self.replied(reply(b"\x80\x01"))
        self.assertEqual((found["length"], base64.b64decode(found["payload"]), "app_proto" in found), (2, b"\x80\x01", False))

    def test_in_pieces(self):
        """In any order, and twice; the line is that of the reply in one frame, but for what is said of its first."""
        hello = server_hello(0x304)
        whole = self.replied(reply(hello))
        for n in range(1, len(hello)):
            first, rest = reply(hello[:n]), reply(hello[n:], n)
            for frames in ([first, rest], [first, first, rest], [rest, first], [first, reply(hello[n - 1:], n - 1)]):
                self.assertEqual(self.replied(*frames)["tls"], whole["tls"], n)
            self.assertEqual(self.replied(first, rest)["payload"], base64.b64encode(hello[:n]).decode())

    def test_bytes_in_lines(self):
        self.assertEqual(base64.b64decode(self.replied(reply(OK), options=["--log-bytes", "4"])["payload"]), OK[:4])
        self.assertEqual(set(self.replied(reply(OK), options=["--log-bytes", "0"])), {"length", "delay", "pcap_cnt", "app_proto", "http"})

    def test_none_comes(self):
        end, reset = reply(b"", flags=ACK | FIN), reply(b"", flags=RST)
        half_closed = segment(40000, 80, 1001 + len(REQUEST), ACK | FIN, ack=5001)
        for frames in ((), (end,), (reset,), (half_closed,)):
            self.assertIsNone(self.replied(*frames))
        self.assertEqual(self.replied(half_closed, reply(OK))["http"]["status"], 200)
        self.assertEqual(self.replied(reply(OK, flags=ACK | FIN))["http"]["status"], 200)

    def lines(self, frames, *options):
        """Ports in the order of lines, with whether there is a reply, when a connection follows that takes no part."""
        data = header() + b"".join(record(frame, n) for n, frame in frames)
        return [(found["src_port"], "reply" in found) for found in entries(data, *options)]

    def test_waits(self):
        """By the frames' times, as long as for the rest of a message; for an end of the stream no longer than that."""
        first, other = list(enumerate(asked())), asked(9)
        other_at = lambda ms: [(ms + n, frame) for n, frame in enumerate(other + [reply(OK, port=9)])]  # noqa: E731
        late = (9000, reply(OK))
        self.assertEqual(self.lines(first + other_at(100) + [(200, reply(OK))]), [(9, True), (40000, True)])
        self.assertEqual(self.lines(first + other_at(100) + [(200, reply(OK))], "--in-order"), [(40000, True), (9, True)])
        self.assertEqual(self.lines(first + [late]), [(40000, False)])
        self.assertEqual(self.lines(first + [late], "--message-wait", "10"), [(40000, True)])
        for end in (reply(b"", flags=ACK | FIN), reply(b"", flags=RST)):
            self.assertEqual(self.lines(first + [(10, end)] + other_at(100)), [(40000, False), (9, True)])
        part = reply(OK[:5])
        self.assertEqual(self.lines(first + [(10, part)] + other_at(100)), [(9, True), (40000, True)])
        self.assertEqual(self.lines(first + [(10, part)] + other_at(6000)), [(40000, True), (9, True)])

    def test_memory(self):
        """However many are not answered, each has its line, and memory is bounded."""
        frames = [frame for port in range(1, 6001) for frame in (segment(port, 80, 999, SYN), segment(port, 80, 1000, ACK, REQUEST))]
        for options in ((), ("--in-order",)):
            found = entries(pcap(frames), "--message-memory", "1M", *options)
            self.assertEqual([entry["src_port"] for entry in found], list(range(1, 6001)))

    def test_midstream(self):
        """The reply begins where its first frame does."""
        frames = [segment(40000, 80, 70, ACK, REQUEST, ack=90), segment(80, 40000, 900, ACK, OK, ack=88, src=SERVER, dst=CLIENT)]
        found, = entries(pcap(frames))
        self.assertEqual((found["midstream"], found["reply"]["http"]["status"]), (True, 200))

    def test_udp(self):
        found, = entries(pcap([datagram(4000, 53, b"question"), answer(53, 4000, b"answer"), answer(53, 4000, b"more")]), "--transport", "udp")
        self.assertEqual(found["reply"], {"length": 6, "delay": 0.001, "pcap_cnt": 2, "payload": base64.b64encode(b"answer").decode(), "payload_printable": "answer"})

    def test_text(self):
        line = slim("-q", "--log", "-", "--log-reply", "-", stdin=pcap([*asked(), reply(OK)])).stdout.decode()
        self.assertEqual(line.split("\t")[1:], ["http GET /", f"reply {len(OK)} 0.001000 HTTP/1.1 200 OK\\x0d\\x0aSet-Cookie: a=b\\x0d\\x0a\\x0d\\x0abody", "replied http 200\n"])
        hello = server_hello(alpn=b"h2", cipher=0xcafe)
        line = slim("-q", "--log", "-", "--log-reply", "--log-bytes", "1", "-", stdin=pcap([*asked(), reply(hello)])).stdout.decode()
        self.assertEqual(line.split("\t")[2:], [f"reply {len(hello)} 0.001000 \\x16", "replied tls TLS 1.2 0xcafe h2\n"])

    def test_redacted(self):
        """However the reply is cut, and whatever comes of it."""
        message = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=" + test_redact.SECRET + b"\r\nServer: x\r\n\r\n"
        data = header()
        for n in range(1, len(message)):
            first, rest = reply(message[:n], port=n), reply(message[n:], n, port=n)
            for i, frames in enumerate(([first, rest], [rest, first], [rest], [first], [reply(message, -n, port=n)])):
                port = n * 8 + i
                frames = [frame[:36] + port.to_bytes(2, "big") + frame[38:] for frame in frames]
                data += b"".join(record(frame, 0) for frame in asked(port) + frames)
        for form in test_redact.FORMS:
            plain = slim("-q", "--log", "-", "--log-reply", *form, "-", stdin=data).stdout
            hidden = slim("-q", "--log", "-", "--log-reply", "--redact", *form, "-", stdin=data).stdout
            self.assertEqual((bool(test_redact.leaks(plain)), test_redact.leaks(hidden)), (True, []))
            self.assertEqual(hidden.count(b"\n"), 5 * (len(message) - 1))
        left = self.replied(reply(message), options=["--redact"])
        self.assertEqual(base64.b64decode(left["payload"]), message.replace(b"a=" + test_redact.SECRET, b"*" * 14))

    def test_kept_frames_are_the_same(self):
        """Replies are looked for in frames that are not kept."""
        source = os.path.join(CAPTURES, "mixed.pcap")
        for keep in ("first", "first,reply", "opening"):
            for options in ([], ["--log", self.path("log"), "--log-reply"]):
                slim("-q", "--keep", keep, "-w", self.path("out%d" % bool(options)), *options, source, check=True)
            self.assertEqual(read(self.path("out0")), read(self.path("out1")))

    def test_other_keys_are_the_same(self):
        for source in glob.glob(os.path.join(CAPTURES, "*.pcap")):
            data = read(source)
            with_reply = entries(data, "--in-order", "--message-wait", "100")
            without = log_schema.entries(slim("-q", "--log", "-", "--log-format", "json", "--in-order", "--message-wait", "100", "-", stdin=data).stdout)
            self.assertEqual([{key: value for key, value in entry.items() if key != "reply"} for entry in with_reply], without, source)

    def test_as_tshark_has_it(self):
        """Of the first ServerHello, status and banner behind each first payload frame."""
        wanted, found = {}, {}
        for source in ("tls13-post-quantum.pcap", "tls13-split-clienthello.pcap", "http.pcap", "ssh.pcap"):
            path = os.path.join(CAPTURES, source)
            rows = subprocess.run(["tshark", "-r", path, "-T", "fields", "-E", "occurrence=f", "-e", "tcp.stream", "-e", "tls.handshake.ciphersuite",
                                   "-e", "http.response.code", "-e", "ssh.protocol", "-Y", "tls.handshake.type == 2 or http.response or ssh.protocol and tcp.srcport == 22"],
                                  capture_output=True, text=True, check=True, timeout=PATIENCE_SECONDS).stdout.splitlines()
            for row in rows:
                stream, cipher, status, banner = row.split("\t")
                wanted.setdefault((source, int(stream)), (int(cipher or "0", 16), status, banner))
            names = {"TLS_AES_128_GCM_SHA256": 0x1301, "TLS_AES_256_GCM_SHA384": 0x1302, "TLS_CHACHA20_POLY1305_SHA256": 0x1303}
            for entry in entries(read(path)):
                said = entry.get("reply", {})
                ssh = said.get("ssh", {}).get("server")
                banner = f"SSH-{ssh['proto_version']}-{ssh['software_version']} {ssh['comments']}" if ssh else ""
                if "app_proto" in said:
                    found[source, entry["stream"]] = (names.get(said.get("tls", {}).get("cipher"), 0), str(said.get("http", {}).get("status", "")), banner)
        self.assertEqual(found, wanted)

    def test_bad_options(self):
        for options, what in ((["--log", "-", "--fields", "ip.ttl"], "goes neither with"), (["--log", "-", "-Y", "tcp"], "goes neither with"),
                              (["-w", self.path("out")], "go with --log")):
            result = slim("--log-reply", *options, "-", stdin=b"", check=False)
            self.assertEqual(result.returncode, 64)
            self.assertIn(what, result.stderr)


class Watched(test_watch.Watch):
    OPTIONS = "--log", "only", "--log-reply"

    def log(self):
        return [entry for name in self.outputs() for entry in log_schema.entries(self.output(name))]

    def test_each_frame_a_capture_and_a_watcher(self):
        """But for file and frame numbers the lines are those of one run."""
        def strip(entries):
            for entry in entries:
                for key in ("pcap_filename", "pcap_cnt", "frames"):
                    entry.pop(key)
                entry.get("reply", {}).pop("pcap_cnt", None)
            return entries
        data = pcap([*asked(), reply(OK[:5]), *asked(9), reply(OK[5:], 5), reply(b"\x80", port=9), *asked(10)])
        for n, piece in enumerate(test_watch.records(data)):
            self.arrive(f"{n:03}.pcap", header() + piece)
            self.once(*self.OPTIONS)
        self.assertEqual(self.status()["lines_waiting"], 1)
        data += record(segment(11, 12, 13, ACK), 60_000)
        self.arrive("999.pcap", header() + test_watch.records(data)[-1])
        self.once(*self.OPTIONS)
        self.assertEqual(strip(self.log()), strip(entries(data)))

    def restarted_and_not(self, pieces, *options):
        """pieces: frames with their milliseconds, of each capture. Returns the ports, and whether there is a reply, in each capture's log: of a watcher that
        is begun for each, and of one that takes them all."""
        logs = []
        for self.outdir, n_at_once in ((self.path("each"), 1), (self.path("all"), len(pieces))):
            for n, frames in enumerate(pieces):
                self.arrive(f"{n}.pcap", header() + b"".join(record(frame, ms) for ms, frame in frames))
                if (n + 1) % n_at_once == 0:
                    self.once("--log", "only", *options)
            logs.append([[(entry["src_port"], "reply" in entry) for entry in log_schema.entries(self.output(name))] for name in self.outputs()])
        return logs

    def test_restart_while_replies_come_in_another_order(self):
        """Of the stream that began first something came last. What is too late for the other stays so, and their lines come when they would have come."""
        asked_both = [(n * 10, frame) for n, frame in enumerate(asked() + asked(9))]
        rest = [(7500, reply(OK, port=9)), (8000, reply(OK[3:], 3)), (30_000, segment(11, 12, 14, ACK))]
        logs = self.restarted_and_not([[*asked_both, (4000, reply(OK[:3]))], [(7000, segment(11, 12, 13, ACK))], rest], "--log-reply")
        self.assertEqual(logs, [[[], [(9, False)], [(40000, True)]]] * 2)

    def test_restart_while_messages_come_in_another_order(self):
        """As above, without replies."""
        asked_both = [(n * 10, frame) for n, frame in enumerate(asked(request=REQUEST[:5]) + asked(9, REQUEST[:5]))]
        more = segment(40000, 80, 1006, ACK, REQUEST[5:7], ack=5001)
        logs = self.restarted_and_not([[*asked_both, (4000, more)], [(7000, segment(11, 12, 13, ACK))], [(30_000, segment(11, 12, 14, ACK))]])
        self.assertEqual(logs, [[[], [(9, False)], [(40000, False)]]] * 2)

    def test_restart_in_a_message_whose_base_was_guessed_wrong(self):
        """What it acknowledges was captured after the first frame."""
        pieces = [reply(b""), *(segment(40000, 80, 1001 + first, ACK, REQUEST[first:last], ack=5001) for first, last in ((0, 5), (5, 9), (9, None)))]
        for n, frame in enumerate(pieces):
            self.arrive(f"{n}.pcap", header() + record(frame, n))
            self.once("--log", "only")
        found, = self.log()
        self.assertEqual((found["midstream"], found["complete"], base64.b64decode(found["message"])), (True, True, REQUEST))

    def test_replies_that_are_no_longer_waited_for(self):
        """What waited has its line, without a reply."""
        for options in (("--log", "only"), ("--log", "only", "--fields", "ip.ttl")):
            with self.subTest(options):
                self.tearDown()
                self.setUp()
                self.arrive("1.pcap", pcap(asked()))
                self.once(*self.OPTIONS)
                self.assertEqual((self.log(), self.status()["lines_waiting"]), ([], 1))
                self.arrive("2.pcap", header() + record(reply(OK), 5))
                self.once(*options)
                found, = self.log()
                self.assertEqual((found["pcap_filename"], found["http"]["url"], "reply" in found), ("1.pcap", "/", False))


if __name__ == "__main__":
    import unittest
    unittest.main()
