# SPDX-License-Identifier: GPL-2.0-or-later
"""The log has whole first messages, however they come: in pieces, in any order, in fragments and tunnels, over several captures."""
import base64
import itertools
import os
import struct
import subprocess
import sys
import unittest

from pcaps import ACK, FIN, PROGRAM, RST, SYN, InFolder, connection, header, pcap, read, record, segment, slim, write
from waiting import wait_until_taken
from test_slim import in_fragments
from test_stream_key import tagged, vxlan

sys.path.insert(0, os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "tests", "lib"))
import log_schema  # noqa: E402
from hello import client_hello  # noqa: E402

HELLO = client_hello("www.example", 2000)
CLIENT, SERVER = b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x02"


def said(first, last, port=40000, flags=ACK):
    """Returns a segment of the client with these bytes of HELLO."""
    return segment(port, 80, 1001 + first, flags, HELLO[first:last], ack=5001)


def answer(payload=b"x", flags=ACK, port=40000, ack=1001):
    return segment(80, port, 5001, flags, payload, ack=ack, src=SERVER, dst=CLIENT)


def at(*frames):
    """Returns a capture of pairs (milliseconds, frame)."""
    return header() + b"".join(struct.pack("<IIII", 1700000000 + n // 1000, n % 1000 * 1000, len(frame), len(frame)) + frame for n, frame in frames)


def handshake(port=40000):
    return connection(port)[:3]


def entries(*arguments, **kwargs):
    return log_schema.entries(slim("-q", "--log", "-", "--log-format", "json", *arguments, **kwargs).stdout)


def entry(data, *arguments):
    found = entries(*arguments, "-", stdin=data)
    assert len(found) == 1, found
    return found[0]


class Whole(InFolder):
    def setUp(self):
        super().setUp()
        self.whole = entry(pcap(handshake() + [said(0, None)]))

    def assert_whole(self, found, frames=None):
        self.assertEqual((base64.b64decode(found["message"]), found["message_length"], found["complete"]), (HELLO, len(HELLO), True))
        self.assertEqual((found["app_proto"], found["tls"]), ("tls", self.whole["tls"]))
        if frames is not None:
            self.assertEqual((found["frames"], found["pcap_cnt"]), (frames, frames[0]))

    def test_segments_in_every_order(self):
        cuts = (0, 300, 1200, 1500, len(HELLO))
        pieces = [said(first, last) for first, last in zip(cuts, cuts[1:])]
        for order in itertools.permutations(range(4)):
            with self.subTest(order=order):
                frames = [pieces[k] for k in order]
                found = entry(pcap(handshake() + frames + [answer()]))
                self.assert_whole(found, [4, 5, 6, 7])
                self.assertEqual(found["length"], cuts[order[0] + 1] - cuts[order[0]])
                self.assertEqual(found["out_of_order"], order[0] != 0)

    def test_copies_and_overlaps(self):
        self.assert_whole(entry(pcap(handshake() + [said(0, 700), said(0, 700), said(600, 1400), said(300, None)])), [4, 6, 7])
        other = segment(40000, 80, 1001, ACK, b"\0" * 700 + HELLO[700:], ack=5001)     # the first copy counts
        self.assert_whole(entry(pcap(handshake() + [said(0, 700), other])), [4, 5])

    def test_in_layers(self):
        frames = handshake() + [said(0, 1400), said(1400, None)]
        self.assert_whole(entry(pcap([tagged(frame, 7) for frame in frames])), [4, 5])
        self.assert_whole(entry(pcap([vxlan(frame, 5, n == 1) for n, frame in enumerate(frames)])), [4, 5])
        self.assert_whole(entry(pcap(handshake() + in_fragments(said(0, 1400)) + in_fragments(said(1400, None)))), [5, 7])

    def test_data_in_the_syn(self):
        syn = segment(40000, 80, 1000, SYN, HELLO[:500])
        found = entry(pcap([syn, connection()[1], said(500, None)]))
        self.assert_whole(found, [1, 3])
        self.assertTrue(found["fast_open"])

    def test_numbers_that_wrap(self):
        base = 2**32 - 301
        frames = [segment(40000, 80, (base + n) % 2**32, ACK, HELLO[n:m]) for n, m in ((0, 200), (200, 900), (900, None))]
        self.assert_whole(entry(pcap([segment(40000, 80, base - 1, SYN)] + frames)), [2, 3, 4])

    def test_what_ends_it(self):
        half = handshake() + [said(0, 700)]
        late = [said(700, None)]
        for end in (answer(), answer(b"", ACK | FIN), answer(b"", RST), segment(40000, 80, 1701, ACK | FIN, ack=5001)):
            over = (end is not None) and (len(end) > 54 or end[47] & (RST | FIN))
            with self.subTest(flags=end[47], length=len(end)):
                found = entry(pcap(half + [end] + late))
                if end[47] & FIN and end[26:30] == SERVER:      # the server closing its side ends nothing
                    self.assert_whole(found, [4, 6])
                    continue
                self.assertTrue(over)
                self.assertEqual((base64.b64decode(found["message"]), found["complete"], found["frames"]), (HELLO[:700], False, [4]))
                self.assertEqual((found["tls"]["sni"], "ja4" in found["tls"]), ("www.example", False))

    def test_waiting(self):
        """The wait is five seconds, or what is asked for, by the times of the frames, whether or not other frames come in between."""
        start = [(n, frame) for n, frame in enumerate(handshake())] + [(3, said(0, 700))]
        other = [(n, frame) for n, frame in enumerate(connection(9), 4000)]
        for wait, options in ((5000, ()), (1000, ("--message-wait", "1")), (0, ("--message-wait", "0"))):
            for between in ([], other[:1] if wait > 4000 else []):
                self.assert_whole(entry(at(*start, *between, (3 + wait, said(700, None))), *options))
                self.assertFalse(entry(at(*start, *between, (4 + wait, said(700, None))), *options)["complete"])

    def test_order(self):
        """A line is written when its message is complete, and waits for no other; with --in-order, lines come in the order in which messages began."""
        frames = (handshake(1) + handshake(2) + handshake(3) + [said(0, 700, 1), said(0, None, 2), said(0, 700, 3), said(700, None, 3)] +
                  [said(700, None, 1)])
        self.assertEqual([e["src_port"] for e in entries("-", stdin=pcap(frames))], [2, 3, 1])
        self.assertEqual([e["src_port"] for e in entries("--in-order", "-", stdin=pcap(frames))], [1, 2, 3])
        self.assertEqual([e["pcap_cnt"] for e in entries("--in-order", "-", stdin=pcap(frames))], [10, 11, 12])

    def test_base_that_was_guessed_wrong(self):
        """An acknowledgement was captured before what it acknowledges, or a SYN came that nobody answered. The message begins where its first frame does."""
        early = [answer(b"", ack=1001 + len(HELLO)), said(0, 300), said(300, len(HELLO)), answer()]
        self.assert_whole(entry(pcap(early)), [2, 3])
        for seq in (1000 + 200_000, 1000 - 200_000 & 0xffffffff):
            found, = (found for found in entries("-", stdin=pcap([*handshake(), segment(40000, 80, seq, SYN), answer(b""), said(0, len(HELLO)), answer()])))
            self.assertEqual((found["complete"], found["tls"]["sni"]), (True, "www.example"))
        found = entry(pcap([answer(b"", ack=1001 + len(HELLO)), said(0, 300), answer()]))
        self.assertEqual((found["complete"], found["message_length"]), (False, 300))

    def test_several_captures(self):
        first = write(self.folder, "1.pcap", pcap(handshake() + [said(0, 700)]))
        second = write(self.folder, "2.pcap", pcap(handshake(9) + [said(700, None)]))
        found = entries(first, second)
        self.assertEqual(len(found), 1)
        self.assert_whole(found[0], [4])
        self.assertEqual(found[0]["pcap_filename"], first)

    def test_snapshot_length(self):
        """What was not captured does not come: nothing waits for it."""
        frame = said(0, 1400)
        data = header() + b"".join(record(f, n) for n, f in enumerate(handshake())) + record(frame[:754], 3, wire=len(frame)) + record(
            said(1400, None), 4)
        found = entry(data)
        self.assertEqual((base64.b64decode(found["message"]), found["complete"], found["frames"]), (HELLO[:700], False, [4]))

    def test_answers_alone(self):
        """A tap that sees only servers: what they say is written at once, although more may come."""
        frames = [answer(b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", port=port) for port in (1, 2)]
        self.assertEqual([e["complete"] for e in entries("-", stdin=pcap([connection(1)[1], connection(2)[1]] + frames))], [True, True])

    def test_flight_bytes(self):
        """Frames that begin within the limits are in the flight as a whole."""
        frames = handshake() + [said(0, 700), said(700, 1400), said(1400, None)]
        found = entry(pcap(frames), "--flight-bytes", "1000")
        self.assertEqual((found["message_length"], found["complete"]), (1400, False))
        self.assert_whole(entry(pcap(handshake() + [said(0, None)]), "--flight-bytes", "0"), [4])

    def test_one_byte_a_frame(self):
        head = b"GET / HTTP/1.1\r\nHost: h\r\nA: " + b"a" * 3000 + b"\r\n\r\n"
        frames = [segment(40000, 80, 1001 + n, ACK, head[n:n + 1], ack=5001) for n in range(len(head))]
        found = entry(pcap(handshake() + frames + [answer()]))
        self.assertEqual((found["message_length"], found["complete"], found["http"]["hostname"]), (len(head), True, "h"))

    def test_clock_that_steps_back(self):
        """A message whose frame has a time far in the future delays no other."""
        ahead = 3600000
        frames = [(n, frame) for n, frame in enumerate(handshake(1))] + [(ahead, said(0, 700, 1))]
        frames += [(10 + n, frame) for n, frame in enumerate(handshake(2))] + [(20, said(0, 700, 2))]
        frames += [(20000 + n, frame) for n, frame in enumerate(connection(3))]
        self.assertEqual([e["src_port"] for e in entries("-", stdin=at(*frames))], [1, 2, 3])

    def test_with_tshark(self):
        """A line waits for its message even if the first frame alone gives the answer."""
        write(self.folder, "in.pcap", pcap(handshake() + [said(0, 1400)] + [f for n in range(500) for f in connection(100 + n)] + [said(1400, None)]))
        for options in (("--fields", "ip.ttl"), ("-Y", "tcp")):
            found = [e for e in entries(*options, self.path("in.pcap")) if e["src_port"] == 40000]
            self.assertEqual(len(found), 1)
            self.assert_whole(found[0])

    def test_nothing_captured_of_a_frame(self):
        data = header() + b"".join(record(f, n) for n, f in enumerate(handshake() + [said(0, 700)]))
        frame = said(2000, None)
        found = entry(data + record(frame[:54], 4, wire=len(frame)) + record(said(700, 2000), 5))
        self.assertEqual((found["message_length"], found["complete"]), (2000, False))

    def test_bytes_in_lines(self):
        data = pcap(handshake() + [said(0, 700), said(700, None)])
        for options, n in ((("--message-bytes", "10"), 10), (("--log-bytes", "20"), 20), (("--log-bytes", "20", "--message-bytes", "3"), 3)):
            found = entry(data, *options)
            self.assertEqual((base64.b64decode(found["message"]), found["message_length"]), (HELLO[:n], len(HELLO)))
            self.assertEqual(found["tls"], self.whole["tls"])
        found = entry(data, "--log-bytes", "0")
        self.assertFalse({"message", "payload", "payload_printable"} & set(found))
        self.assertEqual((found["message_length"], found["complete"], found["tls"]), (len(HELLO), True, self.whole["tls"]))
        found = entry(data, "--message-bytes", "0")
        self.assertEqual(({"message", "payload"} & set(found), found["tls"]), ({"payload"}, self.whole["tls"]))

    def test_text(self):
        def line(frames, *options):
            return slim("-q", "--log", "-", *options, "-", stdin=pcap(frames)).stdout.decode().split("\t")[1:]
        ja4 = self.whole["tls"]["ja4"]
        self.assertEqual(line(handshake() + [said(0, 700), said(700, None)]), [f"tls www.example ja4={ja4}\n"])
        self.assertEqual(line(handshake() + [said(0, 700)]), ["tls www.example", "incomplete\n"])
        self.assertEqual(line(connection(request=b"\x80no protocol")), [])
        self.assertEqual(line(connection(request=b"SSH-2.0-OpenSSH_9.2p1\r\n")), ["ssh OpenSSH_9.2p1\n"])
        self.assertEqual(line(connection(), "--log-bytes", "0"), ["http GET /\n"])

    def test_who_is_who(self):
        def roles(frames):
            found = entry(pcap(frames))
            return [found.get(key) for key in ("client_ip", "client_port", "server_ip", "server_port")]
        self.assertEqual(roles(connection()), ["192.0.2.1", 40000, "192.0.2.2", 80])
        self.assertEqual(roles(handshake() + [answer()]), ["192.0.2.1", 40000, "192.0.2.2", 80])
        self.assertEqual(roles([said(0, None)]), [None] * 4)

    def test_ids(self):
        once, again = (entries("-", stdin=pcap(connection() + connection(9) + connection()[:4])) for _ in range(2))
        self.assertEqual([e["flow_id"] for e in once], [e["flow_id"] for e in again])
        other = pcap(connection()) + record(segment(40000, 80, 99, SYN), 100) + record(segment(40000, 80, 100, ACK, b"x\n"), 101)
        ids = [(e["flow_id"], e["community_id"]) for e in entries("-", stdin=other)]
        self.assertEqual((len({flow for flow, _ in ids}), len({community for _, community in ids})), (2, 1))

    def test_host(self):
        self.assertEqual(entry(pcap(connection()), "--host", 'a"b')["host"], 'a"b')
        self.assertNotIn("host", entry(pcap(connection())))

    def test_bad_options(self):
        for arguments, what in ((("--message-wait", "-1"), "--message-wait takes"), (("--message-bytes", "-1"), "--message-bytes takes"),
                                (("--message-memory", "1"), "--message-memory takes"), (("--message-memory", "x"), "--message-memory takes")):
            result = slim("--log", "-", *arguments, "-", stdin=b"", check=False)
            self.assertEqual(result.returncode, 64)
            self.assertIn(what, result.stderr)
        result = slim("--in-order", "-w", "-", "-", stdin=b"", check=False)
        self.assertIn("go with --log", result.stderr)

    def test_memory(self):
        """However many messages are half said, each has its line, and memory is bounded."""
        frames = [frame for port in range(1, 6001) for frame in (segment(port, 80, 999, SYN), segment(port, 80, 1000, ACK, HELLO[:700]))]
        found = entries("--message-memory", "1M", "-", stdin=pcap(frames))
        self.assertEqual(sorted(e["src_port"] for e in found), list(range(1, 6001)))
        self.assertEqual({(e["message_length"], e["complete"]) for e in found}, {(700, False)})

    @unittest.skipIf(b"__asan_init" in read(PROGRAM), "AddressSanitizer's heap is larger")
    def test_memory_of_the_process(self):
        """The process grows by as much as may wait, even if each message has a single byte."""
        data = header() + b"".join(record(segment(port, 80, 1000, ACK, b"\x16")) for port in range(1, 40001))

        def peak_bytes(size):
            with subprocess.Popen([PROGRAM, "slim", "-q", "--log", "/dev/null", "--message-memory", size, "-"], stdin=subprocess.PIPE) as run:
                run.stdin.write(data)
                run.stdin.flush()
                wait_until_taken(run, run.stdin)
                return int(read(f"/proc/{run.pid}/status").split(b"VmHWM:")[1].split()[0]) * 1024

        growth = peak_bytes("16M") - peak_bytes("1M")  # 15 MiB, and what the C library keeps besides, which differs by the build
        self.assertGreater(growth, 8 << 20)
        self.assertLess(growth, 20 << 20)  # it was 25 when the overhead of allocations was not counted


if __name__ == "__main__":
    unittest.main()
