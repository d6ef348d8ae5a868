# SPDX-License-Identifier: GPL-2.0-or-later
"""Statistics > First Payload, as tshark prints it; and the taps."""
import os
import re
import unittest

import tshark_runner
from packets import ACK, FIN, PSH, RST, SYN, Capture, Stream, client_hello

LUA_LISTENER = """
local text = Field.new("firstpayload.text")
local tap = Listener.new("firstpayload", "%s")
function tap.packet(pinfo, tvb)
    print("first " .. pinfo.number .. " " .. tostring(text()))
end
"""


def setUpModule():
    assert tshark_runner.plugin_is_listed(), "tshark does not list the plugin"


def make_capture():
    """Five streams that speak, and six that never say anything."""
    capture = Capture()

    def stream(number, server_port):
        return Stream(capture, 40000 + number, server_port=server_port)

    def opened(number, server_port):
        begun = stream(number, server_port)
        begun.handshake()
        return begun

    opened(0, 80).client(PSH | ACK, 1, 1, b"GET / HTTP/1.1\r\n\r\n", at=0.05)
    hello = opened(1, 443)
    hello.client(PSH | ACK, 1, 1, client_hello("www.example.org", 400), at=0.3)
    hello.server(PSH | ACK, 1, 1000, b"\x15\x03\x03\0\2\2\x28", at=0.55)
    hello.client(FIN | ACK, 1000, 1)                                        # it has spoken, so its end does not count
    opened(2, 25).server(PSH | ACK, 1, 1, b"220 ready\r\n", at=5.0)
    stream(3, 80).client(SYN, 0, 0, b"GET / HTTP/1.1\r\n\r\n")
    stream(4, 7777).server(PSH | ACK, 1000, 1000, b"in the middle")
    opened(5, 7778)                                                         # handshake only
    for number in (6, 7):
        stream(number, 7779).client(SYN, 0)                                 # SYN only
    for number, flags in ((8, RST | ACK), (9, FIN | ACK)):
        closed = opened(number, 7780)
        closed.server(flags, 1, 1)                                          # closed
        closed.client(RST, 1)
    stream(10, 7781).client(ACK, 1, 1)                                      # neither start nor payload
    return capture


class Statistics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.path = make_capture().write(os.path.join(tshark_runner.folder(), "statistics.pcap"))

    def tree(self, *extra, listener="firstpayload,tree", path=None):
        """Returns what tshark prints: {(names from the root down): count, and average if there is one}."""
        done = tshark_runner.run_tshark(["-q", "-r", path or self.path, *extra, "-z", listener])
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        counts, averages, above = {}, {}, []
        for line in done.stdout.decode().splitlines():
            match = re.match(r"( *)(\S.*?) {2,}(-?\d+) +(?:(-?\d+\.\d+) +-?[\d.]+ +-?[\d.]+ )?", line)
            if not match or line.startswith("Topic"):
                continue
            above[len(match[1]):] = [match[2]]
            counts[tuple(above)] = int(match[3])
            if match[4]:
                averages[tuple(above)] = float(match[4])
        return counts, averages

    def test_tree(self):
        for extra in ([], ["-2"]):
            counts, averages = self.tree(*extra)
            expected = {
                ("Streams",): 11,
                ("Streams", "Spoke"): 5,
                ("Streams", "Spoke", "client"): 3,
                ("Streams", "Spoke", "server"): 1,
                ("Streams", "Spoke", "unknown"): 1,
                ("Streams", "Never said anything"): 6,
                ("Streams", "Never said anything", "SYN only"): 2,
                ("Streams", "Never said anything", "Handshake only"): 1,
                ("Streams", "Never said anything", "Closed"): 2,
                ("Streams", "Never said anything", "Start not captured"): 1,
                ("Protocol and service port",): 5,
                ("Protocol and service port", "HTTP"): 2,
                ("Protocol and service port", "HTTP", "port 80"): 2,
                ("Protocol and service port", "TLS", "port 443"): 1,
                ("Protocol and service port", "SMTP", "port 25"): 1,
                ("Protocol and service port", "unknown protocol", "port 7777"): 1,
                ("Length of first payload",): 5,
                ("Length of first payload", "1-15"): 2,
                ("Length of first payload", "16-63"): 2,
                ("Length of first payload", "256-511"): 1,
                ("Server name, host or other detail",): 1,
                ("Server name, host or other detail", "www.example.org"): 1,
                ("Time from SYN to first payload (ms)",): 4,
                ("Time from SYN to first payload (ms)", "< 1 ms"): 1,
                ("Time from SYN to first payload (ms)", "10-100 ms"): 1,
                ("Time from SYN to first payload (ms)", "0.1-1 s"): 1,
                ("Time from SYN to first payload (ms)", "1-10 s"): 1,
                ("Time from first payload to reply (ms)",): 1,
                ("Time from first payload to reply (ms)", "0.1-1 s"): 1,
                ("Fast open",): 1,
                ("Midstream",): 1,
                ("Out of order",): 0,
            }
            self.assertEqual({name: counts.get(name) for name in expected}, expected)
            self.assertEqual(averages[("Length of first payload", "1-15")], 12)
            self.assertEqual(averages[("Time from first payload to reply (ms)", "0.1-1 s")], 250)
            self.check_sums(counts, ("Streams",), ("Streams", "Spoke"), ("Streams", "Never said anything"), ("Protocol and service port",),
                            ("Server name, host or other detail",), ("Length of first payload",), ("Time from SYN to first payload (ms)",),
                            ("Time from first payload to reply (ms)",))

    def check_sums(self, counts, *nodes):
        for node in nodes:
            below = [count for name, count in counts.items() if name[:-1] == node]
            self.assertEqual(sum(below), counts[node], node)

    def test_what_a_stream_was_on_its_way_leaves_nothing(self):
        """Each has been "SYN only" and "Handshake only"; in the end, some are neither. No rate and no burst is left of that."""
        lines = tshark_runner.run_tshark(["-q", "-r", self.path, "-z", "firstpayload,tree"]).stdout.decode().splitlines()
        rows = [line.split() for line in lines if "Handshake only" in line or "SYN only" in line]
        self.assertEqual(sorted(row[-2:] for row in rows), [["-", "-"]] * 2)

    def test_times_are_in_the_order_of_time(self):
        lines = tshark_runner.run_tshark(["-q", "-r", self.path, "-z", "firstpayload,tree"]).stdout.decode().splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith("Time from SYN"))
        self.assertEqual([re.split("  +", line.strip())[0] for line in lines[start + 1:start + 7]],
                         ["< 1 ms", "1-10 ms", "10-100 ms", "0.1-1 s", "1-10 s", "10 s or more"])

    def test_names(self):
        """One of a message in two frames counts once. After a thousand, further names are counted together."""
        capture = Capture()
        for number in range(1003):
            stream = Stream(capture, 10000 + number, server_port=443)
            hello = client_hello(f"n{min(number, 1001)}.example", 1500 if number == 0 else 0)
            stream.client(ACK, 1, 1, hello[:1400])
            stream.client(PSH | ACK, 1401, 1, hello[1400:])
        path = capture.write(os.path.join(tshark_runner.folder(), "names.pcap"))
        for passes in ([], ["-2"]):
            counts, _ = self.tree(*passes, path=path)
            top = "Server name, host or other detail"
            self.assertEqual((counts[(top,)], counts[(top, "n0.example")], counts[(top, "n999.example")], counts[(top, "(other names)")]),
                             (1003, 1, 1, 3))
            self.assertEqual(len([name for name in counts if name[:-1] == (top,)]), 1001)

    def test_the_same_whoever_asks_for_a_field(self):
        """If a field is asked for, Wireshark makes a tree; a message that never ends leaves nothing in it, nor does one that ends behind the flight."""
        capture = Capture()
        for number, pieces in enumerate(([b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"], [b"GET / HTTP/1.1\r\nHost: "], [b"GET / HTTP/1.1\r\n", b"Host: a\r\n\r\n"],
                                         [b"POST / HTTP/1.1\r\nContent-Length: 9999\r\n\r\n", b"body"])):
            stream = Stream(capture, 40000 + number, server_port=80)
            stream.handshake()
            for i, piece in enumerate(pieces):
                stream.client(PSH | ACK, 1 + sum(map(len, pieces[:i])), 1, piece)
        late = Stream(capture, 40004, server_port=80)
        head = b"POST / HTTP/1.1\r\nHost: late\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
        late.handshake()
        late.client(PSH | ACK, 1, 1, head)
        late.server(PSH | ACK, 1, 1 + len(head), b"HTTP/1.1 100 Continue\r\n\r\n")
        late.client(PSH | ACK, 1 + len(head), 26, b"body")
        path = capture.write(os.path.join(tshark_runner.folder(), "unfinished.pcap"))
        for passes in ([], ["-2"]):
            plain = self.tree(*passes, path=path)
            self.assertEqual(plain[0][("Protocol and service port",)], 5)
            self.assertEqual({name[1:]: n for name, n in plain[0].items() if name[0] == "Server name, host or other detail"}, {(): 2, ("a",): 2})
            for extra in (["-Y", "tcp"], ["-Y", "tcp or http.host or tcp.segment"], ["-T", "fields", "-e", "tcp.stream"],
                          ["-T", "fields", "-e", "firstpayload.protocol"]):
                with self.subTest(passes + extra):
                    self.assertEqual(self.tree(*passes, *extra, path=path), plain)

    def test_with_a_filter_that_leaves_frames_out(self):
        """Only the frames that pass the filter count; no count is negative."""
        counts, _ = self.tree(listener="firstpayload,tree,firstpayload")
        self.assertEqual([counts[name] for name in (("Streams",), ("Streams", "Spoke"), ("Streams", "Never said anything"))], [5, 5, 0])
        counts, _ = self.tree(listener="firstpayload,tree,tcp.flags.syn == 1")
        self.assertEqual(counts[("Streams",)], 9)
        self.assertEqual(counts[("Streams", "Never said anything", "Handshake only")], 6)
        self.assertEqual(min(counts.values()), 0)

    def test_tap_for_lua(self):
        script = os.path.join(tshark_runner.folder(), "listener.lua")
        for display_filter, count in (("firstpayload", 5), ("firstpayload && tcp.dstport == 80", 2)):
            with open(script, "w", encoding="utf-8") as file:
                file.write(LUA_LISTENER % display_filter.replace("firstpayload && ", ""))
            done = tshark_runner.run_tshark(["-q", "-r", self.path, "-X", "lua_script:" + script])
            told = [line.split(" ", 2)[1:] for line in done.stdout.decode().splitlines() if line.startswith("first ")]
            shown = tshark_runner.run_tshark(["-r", self.path, "-Y", display_filter, "-T", "fields", "-e", "frame.number", "-e", "firstpayload.text"])
            self.assertEqual(told, [line.split("\t") for line in shown.stdout.decode().splitlines()])
            self.assertEqual(len(told), count)


if __name__ == "__main__":
    unittest.main()
