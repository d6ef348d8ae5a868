# SPDX-License-Identifier: GPL-2.0-or-later
"""UDP and QUIC, where the preference asks for them: which frames, their fields, however they are visited; and nothing where it does not."""
import os
import struct
import unittest

import tshark_runner
from packets import ACK, PSH, SYN, Capture, Stream, icmp_unreachable, ip, udp
from sharkd import Sharkd

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
QUERY = b"\x12\x34\x01\0\0\1\0\0\0\0\0\0\3www\7example\0\0\1\0\1"
QUIC = bytes.fromhex("c3000000010800010203040506070000") + bytes(1184)


def setUpModule():
    assert tshark_runner.plugin_is_listed(), "tshark does not list the plugin"


def asked(transport):
    return ["-o", f"firstpayload.transport:{transport}"]


def sampled(frame):
    """An sFlow datagram with one flow sample, of that frame."""
    header = struct.pack(">IIII", 1, len(frame), 0, len(frame)) + frame + bytes(-len(frame) % 4)
    record = struct.pack(">II", 1, len(header)) + header
    sample = struct.pack(">IIIIIIII", 1, 0, 1, 1, 0, 1, 1, 1) + record
    return struct.pack(">II4sIIII", 5, 1, b"\x0a\0\0\1", 0, 1, 1, 1) + struct.pack(">II", 1, len(sample)) + sample


class Datagrams(unittest.TestCase):
    def setUp(self):
        self.capture = Capture()

    def ask(self, port, payload, server_port=9999):
        return self.capture.add(ip(CLIENT, SERVER, udp(port, server_port, payload), 17))

    def answer(self, port, payload, server_port=9999):
        return self.capture.add(ip(SERVER, CLIENT, udp(server_port, port, payload), 17))

    def path(self):
        return self.capture.write(os.path.join(tshark_runner.folder(), self.id() + ".pcap"))

    def frames(self, display_filter, transport, *extra):
        return tshark_runner.frames(self.path(), display_filter, [*asked(transport), *extra])

    def fields(self, transport, display_filter, *names, passes=()):
        words = [word for name in names for word in ("-e", name)]
        done = tshark_runner.run_tshark(["-r", self.path(), *passes, *asked(transport), "-Y", display_filter, "-T", "fields", *words])
        return [line.split("\t") for line in done.stdout.decode().splitlines()]

    def test_each_class(self):
        first, more = self.ask(4000, b"one"), self.ask(4000, b"two")
        reply = self.answer(4000, b"three")
        self.ask(4000, b"four")
        tcp = Stream(self.capture, 4000).client(PSH | ACK, 1, 1, b"tcp")
        for extra in ([], ["-2"]):
            self.assertEqual(self.frames("firstpayload", "udp", *extra), [first])
            self.assertEqual(self.frames("firstpayload.flight", "udp", *extra), [first, more])
            self.assertEqual(self.frames("firstpayload.reply", "udp", *extra), [reply])
            self.assertEqual(self.frames("firstpayload.opening", "udp", *extra), [first, more, reply, reply + 1])
            self.assertEqual(self.frames("firstpayload.handshake or firstpayload.closing", "udp", *extra), [])
            self.assertEqual(self.frames("firstpayload", "tcp,udp", *extra), [first, tcp])
            self.assertEqual(self.frames("firstpayload", "tcp", *extra), [tcp])
            self.assertEqual(self.frames("firstpayload", "quic", *extra), [])

    def test_nothing_is_asked_for_by_default(self):
        self.ask(4000, QUIC)
        tcp = Stream(self.capture, 4000).client(PSH | ACK, 1, 1, b"tcp")
        self.assertEqual(tshark_runner.frames(self.path(), "firstpayload"), [tcp])

    def test_quic(self):
        self.ask(4000, b"not at all")
        quic, other = self.ask(4001, QUIC, 443), self.ask(4002, QUIC[:1] + b"\x1a\x2a\x3a\x4a" + QUIC[5:], 443)
        reply = self.answer(4001, b"\x40" + bytes(40), 443)
        self.assertEqual(self.frames("firstpayload", "quic"), [quic])
        self.assertEqual(self.frames("firstpayload.reply", "tcp,quic"), [reply])
        self.assertEqual(self.frames("firstpayload", "udp"), [1, quic, other])

    def test_fields(self):
        self.ask(3999, b"another")
        first, reply = self.ask(4000, QUERY, 53), self.answer(4000, QUERY, 53)
        rows = self.fields("udp", f"frame.number == {first}", "firstpayload.stream", "udp.stream", "firstpayload.direction", "firstpayload.len",
                           "firstpayload.seq", "firstpayload.reply_frame", "firstpayload.delay", "firstpayload.midstream", "firstpayload.protocol",
                           "firstpayload.detail", "firstpayload.summary", passes=["-2"])
        self.assertEqual(rows, [["1", "1", "unknown", str(len(QUERY)), "1", str(reply), "", "", "DNS", "www.example",
                                 f"unknown {len(QUERY)}: DNS www.example"]])
        rows = self.fields("udp", "firstpayload.reply", "frame.number", "firstpayload.first_frame")
        self.assertEqual(rows, [[str(reply), str(first)]])

    def test_protocol_of_a_port(self):
        """It is named where its dissector found a message, by the ports of UDP and not by those of TCP."""
        snmp = bytes.fromhex("302602010004067075626c6963a019020101020100020100300e300c06082b060102010101000500")
        self.ask(4000, snmp, 161)
        self.ask(4001, b"\0\0\0\0", 2055)
        self.assertEqual(self.fields("udp", "firstpayload", "firstpayload.protocol"), [["SNMP"], [""]])

    def test_protocol_without_a_detail(self):
        """Without one the payload's bytes are shown beside it."""
        self.ask(4000, QUERY, 53)
        rows = self.fields("udp", "firstpayload", "firstpayload.protocol", "firstpayload.detail", "firstpayload.summary",
                           passes=["-o", "firstpayload.details:http.host"])
        self.assertEqual(rows, [["DNS", "", f"unknown {len(QUERY)}: DNS {QUERY[:16].hex(' ')}"]])

    def test_data(self):
        """The payload, as far as the UDP length goes."""
        self.capture.add(ip(CLIENT, SERVER, struct.pack(">HHHH", 4000, 9999, 12, 0) + b"wordspadding", 17))
        self.assertEqual(self.fields("udp", "firstpayload", "firstpayload.text", "firstpayload.len"), [["word", "4"]])

    def test_malformed_message(self):
        """What a dissector gives up on has been said all the same."""
        first = self.ask(4000, QUERY[:20], 53)
        self.assertEqual(self.frames("firstpayload and _ws.malformed", "udp"), [first])

    def test_tunnel(self):
        """VXLAN with an IP packet inside, and with ARP."""
        inside = ip("192.168.0.1", "192.168.0.2", udp(5000, 6000, b"inside"), 17)
        ethernet = b"\x02\0\0\0\0\x03\x02\0\0\0\0\x04"
        both = self.ask(4000, b"\x08\0\0\0\0\0\1\0" + ethernet + b"\x08\0" + inside, 4789)
        arp = self.ask(4001, b"\x08\0\0\0\0\0\1\0" + ethernet + b"\x08\x06\0\1\x08\0\6\4\0\1" + bytes(20), 4789)
        for extra in ([], ["-2"]):
            self.assertEqual(self.frames("firstpayload", "udp", *extra), [both, arp])
        self.assertEqual(self.fields("udp", "firstpayload", "firstpayload.len", "firstpayload.text"),
                         [["6", "inside"], ["50", "08 00 00 00 00 00 01 00 02 00 00 00 00 03 02 00"]])

    def test_sampled_and_quoted(self):
        """What sFlow sampled and ICMP quotes was not sent by who is named there; the sample's own datagram was."""
        inner = ip("192.168.0.1", "192.168.0.2", udp(5000, 6000, b"inside"), 17)
        sample = self.ask(4000, sampled(b"\x02\0\0\0\0\x03\x02\0\0\0\0\x04\x08\0" + inner), 6343)
        self.capture.add(ip("10.0.0.9", "192.168.0.1", icmp_unreachable(inner), 1))
        first = self.capture.add(inner)
        self.assertEqual(self.fields("udp", "sflow", "ip.src"), [[f"{CLIENT},192.168.0.1"]])   # it is dissected
        self.assertEqual(self.frames("firstpayload", "udp"), [sample, first])

    def test_read_filter_that_drops_what_was_marked(self):
        self.ask(4000, b"dropped")
        self.ask(4000, b"kept")
        dropping = ["-2", "-R", "frame.len != 49"]
        self.assertEqual(self.fields("udp", "firstpayload.flight", "udp.length", "firstpayload.first_frame", passes=dropping), [["12", ""]])
        self.assertEqual(self.fields("udp", "firstpayload", "udp.length", passes=dropping), [])

    def test_no_such_transport(self):
        """It is said, and TCP is looked at."""
        self.ask(4000, b"one")
        tcp = Stream(self.capture, 4000).client(SYN, 0, 0, b"tcp")
        done = tshark_runner.run_tshark(["-r", self.path(), *asked("tcp,sctp"), "-Y", "firstpayload", "-T", "fields", "-e", "frame.number"])
        self.assertEqual(done.stdout.decode().split(), [str(tcp)])
        self.assertIn('firstpayload.transport takes tcp, udp and quic, comma-separated, not "tcp,sctp"', done.stderr.decode())

    def test_statistics(self):
        self.ask(4000, QUERY, 53)
        done = tshark_runner.run_tshark(["-q", "-r", self.path(), *asked("udp"), "-z", "firstpayload,tree"])
        self.assertRegex(done.stdout.decode(), r"DNS +1 ")

    def test_preference_edited_between_loads(self):
        """The hook comes and goes with it."""
        first = self.ask(4000, b"one")
        tcp = Stream(self.capture, 4000).client(PSH | ACK, 1, 1, b"tcp")
        path = self.path()
        sharkd = Sharkd()
        self.addCleanup(sharkd.close)
        for transport, frames in (("tcp", [tcp]), ("tcp,udp", [first, tcp]), ("udp", [first]), ("tcp", [tcp]), ("tcp,udp", [first, tcp])):
            sharkd.ask("setconf", name="firstpayload.transport", value=transport)
            sharkd.ask("load", file=path)
            self.assertEqual(sharkd.frames("firstpayload"), frames)


if __name__ == "__main__":
    unittest.main()
