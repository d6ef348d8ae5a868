# SPDX-License-Identifier: GPL-2.0-or-later
"""Which filter matches which frame: presence, several layers, quoted headers, truncated frames, preferences."""
import os
import struct
import unittest

import tshark_runner
from packets import ACK, FIN, PSH, RST, SYN, Capture, Stream, icmp_unreachable, ip, tcp, udp


def setUpModule():
    assert tshark_runner.plugin_is_listed(), "tshark does not list the plugin"


class Classes(unittest.TestCase):
    def setUp(self):
        self.capture = Capture()
        self.stream = Stream(self.capture, 40000)

    def path(self):
        return self.capture.write(os.path.join(tshark_runner.folder(), self.id() + ".pcap"))

    def frames(self, display_filter, *extra):
        return tshark_runner.frames(self.path(), display_filter, extra)

    def test_each_filter_matches_its_class_alone(self):
        handshake = self.stream.handshake()
        first = self.stream.client(PSH | ACK, 1, 1, b"one")
        second = self.stream.client(PSH | ACK, 4, 1, b"two")
        reply = self.stream.server(PSH | ACK, 1, 7, b"three")
        self.stream.client(PSH | ACK, 7, 6, b"four")
        for extra in ([], ["-2"]):
            self.assertEqual(self.frames("firstpayload", *extra), [first])
            self.assertEqual(self.frames("firstpayload.flight", *extra), [first, second])
            self.assertEqual(self.frames("firstpayload.reply", *extra), [reply])
            self.assertEqual(self.frames("firstpayload.handshake", *extra), handshake)
            self.assertEqual(self.frames("!firstpayload && tcp.len > 0", *extra), [second, reply, reply + 1])

    def test_handshake_ack_with_payload_is_in_both_classes(self):
        self.stream.client(SYN, 0)
        self.stream.server(SYN | ACK, 0, 1)
        both = self.stream.client(PSH | ACK, 1, 1, b"hello")
        self.assertEqual(self.frames("firstpayload && firstpayload.handshake && firstpayload.flight"), [both])

    def test_two_tcp_layers_in_one_frame(self):
        """In GTP: Wireshark accepts it over TCP, and it carries IP."""
        def gtp(packet):
            return struct.pack(">BBHI", 0x30, 255, len(packet), 1) + packet

        inner = Stream(self.capture, 41000, "192.168.0.1", "192.168.0.2")
        outer = Stream(self.capture, 40000, server_port=2152)
        one, two = gtp(inner.client_packet(PSH | ACK, 1, 1, b"inner")), gtp(inner.server_packet(PSH | ACK, 1, 6, b"answer"))
        both_first = outer.client(PSH | ACK, 1, 1, one)
        flight_and_reply = outer.client(PSH | ACK, 1 + len(one), 1, two)
        for extra in ([], ["-2"]):
            self.assertEqual(self.frames("firstpayload", *extra), [both_first])
            self.assertEqual(self.frames("firstpayload.reply && firstpayload.flight", *extra), [flight_and_reply])
        done = tshark_runner.run_tshark(["-r", os.path.join(tshark_runner.folder(), self.id() + ".pcap"), "-2", "-Y", "firstpayload", "-T",
                                         "fields", "-e", "firstpayload.stream", "-e", "firstpayload.len", "-e", "firstpayload.reply_frame",
                                         "-e", "firstpayload.text"])
        self.assertEqual(done.stdout.decode().rstrip("\n").split("\t"),
                         ["0,1", f"{len(one)},5", str(flight_and_reply), "30 ff 00 2d 00 00 00 01 45 00 00 2d 00 00 40 00,inner"])

    def test_ip_in_ip_counts_the_inner_stream(self):
        packet = self.stream.client_packet(PSH | ACK, 1, 1, b"inside")
        first = self.capture.add(ip("192.0.2.1", "192.0.2.2", packet, 4))
        self.assertEqual(self.frames("firstpayload"), [first])

    def test_quoted_in_an_icmp_error(self):
        self.capture.add(ip("10.0.0.9", "10.0.0.1", icmp_unreachable(self.stream.client_packet(PSH | ACK, 1, 1, b"quoted")), 1))
        first = self.stream.client(PSH | ACK, 1, 1, b"sent")
        self.assertEqual(self.frames("firstpayload"), [first])

    def test_cut_by_the_snaplen(self):
        in_payload = self.stream.client(PSH | ACK, 1, 1, b"x" * 100, captured=60)
        all_of_payload = Stream(self.capture, 40001).client(PSH | ACK, 1, 1, b"y" * 100, captured=54)
        after_window = Stream(self.capture, 40002).client(PSH | ACK, 1, 1, b"z" * 100, captured=50)
        before_window = Stream(self.capture, 40003).client(PSH | ACK, 1, 1, b"z" * 100, captured=49)
        self.assertEqual(self.frames("firstpayload"), [in_payload, all_of_payload, after_window])
        self.assertEqual(self.frames("firstpayload.len == 100"), [in_payload, all_of_payload, after_window])
        self.assertEqual(self.frames("firstpayload.data"), [in_payload])
        self.assertEqual(self.frames('firstpayload.text == "xxxxxx"'), [in_payload])
        self.assertNotIn(before_window, self.frames("firstpayload"))

    def test_padding_is_no_payload(self):
        self.stream.client(ACK, 1, 1, padding=b"\0" * 6)
        first = self.stream.client(PSH | ACK, 1, 1, b"a", padding=b"\0" * 5)
        self.assertEqual(self.frames("firstpayload"), [first])
        self.assertEqual(self.frames('firstpayload.len == 1 && firstpayload.data == "a"'), [first])    # 61 is decimal since 4.4

    def test_text_in_a_rst(self):
        self.stream.handshake()
        self.stream.server(RST | ACK, 1, 1, b"go away")
        self.assertEqual(self.frames("firstpayload"), [])

    def test_reused_port(self):
        self.stream.handshake()
        one = self.stream.client(PSH | ACK, 1, 1, b"one")
        self.stream.client(SYN, 100000)
        two = self.stream.client(PSH | ACK, 100001, 1, b"two")
        self.assertEqual(self.frames("firstpayload"), [one, two])

    def test_flight_bytes_preference(self):
        self.stream.handshake()
        frames = [self.stream.client(PSH | ACK, 1 + 10 * i, 1, b"0123456789") for i in range(4)]
        self.assertEqual(self.frames("firstpayload.flight"), frames)
        self.assertEqual(self.frames("firstpayload.flight", "-o", "firstpayload.flight_bytes:20"), frames[:2])
        self.assertEqual(self.frames("firstpayload.flight", "-o", "firstpayload.flight_bytes:0"), frames[:1])
        self.assertEqual(self.frames("firstpayload.flight", "-o", "firstpayload.flight_bytes:4294967295"), frames)

    def test_opening_and_closing(self):
        self.stream.handshake()
        frames = [self.stream.client(PSH | ACK, 1 + 10 * i, 1, b"0123456789") for i in range(4)]
        frames.append(self.stream.server(PSH | ACK, 1, 41, b"0123456789"))
        ends = [self.stream.client(FIN | ACK, 41, 11), self.stream.server(FIN | ACK, 11, 42)]
        self.stream.server(FIN | ACK, 11, 42)
        self.assertEqual(self.frames("firstpayload.opening"), frames)
        self.assertEqual(self.frames("firstpayload.opening", "-o", "firstpayload.opening_bytes:20"), [*frames[:2], frames[4]])
        self.assertEqual(self.frames("firstpayload.opening", "-o", "firstpayload.opening_bytes:4294967295"), frames)
        self.assertEqual(self.frames("firstpayload.closing"), ends)
        self.assertEqual(self.frames("firstpayload"), frames[:1])

    def test_idle_preference(self):
        self.stream.handshake()
        one = self.stream.client(PSH | ACK, 1, 1, b"one")
        self.capture.now += 10
        two = self.stream.client(PSH | ACK, 4, 1, b"two")
        self.assertEqual(self.frames("firstpayload"), [one])
        self.assertEqual(self.frames("firstpayload", "-o", "firstpayload.idle:4294967295"), [one])
        self.assertEqual(self.frames("firstpayload", "-o", "firstpayload.idle:10"), [one, two])

    def test_skip_midstream_preference(self):
        self.stream.client(PSH | ACK, 1, 1, b"one")
        self.stream.server(PSH | ACK, 1, 4, b"two")
        whole = Stream(self.capture, 40001)
        whole.handshake()
        first = whole.client(PSH | ACK, 1, 1, b"three")
        skip = ["-o", "firstpayload.skip_midstream:TRUE"]
        self.assertEqual(self.frames("firstpayload", *skip), [first])
        self.assertEqual(self.frames("firstpayload.reply", *skip), [])

    def test_absurd_times(self):
        """pcapng has 64-bit times: ages must not overflow."""
        packet = b"\x02" * 12 + b"\x08\0" + self.stream.client_packet(PSH | ACK, 1, 1, b"now")
        pcapng = struct.pack("<IIIHHqI", 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0, -1, 28) + struct.pack("<IIHHII", 1, 20, 1, 0, 0, 20)
        for time in (0, 2**64 - 1, 2**63):
            length = 32 + (len(packet) + 3) // 4 * 4
            pcapng += struct.pack("<IIIIIII", 6, length, 0, time >> 32, time & 0xffffffff, len(packet), len(packet))
            pcapng += packet.ljust(length - 32, b"\0") + struct.pack("<I", length)
        path = os.path.join(tshark_runner.folder(), "times.pcapng")
        with open(path, "wb") as file:
            file.write(pcapng)
        self.assertEqual(tshark_runner.frames(path, "firstpayload"), [1])

    def test_tcp_past_the_hook(self):
        for _ in range(3):
            self.capture.add(ip("10.0.0.1", "10.0.0.2", udp(5, 9999, tcp(1, 2, 3, 4, PSH | ACK, b"abcd")), 17))
        first = self.stream.client(PSH | ACK, 1, 1, b"a")
        path = self.capture.write(os.path.join(tshark_runner.folder(), self.id() + ".pcap"))
        decode = ["-r", path, "-d", "udp.port==9999,tcp"]
        self.assertEqual(tshark_runner.run_tshark(decode).stderr, b"")
        asked = tshark_runner.run_tshark([*decode, "-Y", "firstpayload", "-T", "fields", "-e", "frame.number"])
        self.assertEqual(asked.stdout.decode(), f"{first}\n")
        self.assertEqual(asked.stderr.count(b"not reached through IP"), 1)
        for name in ("firstpayload.expert.unseen", "firstpayload.unseen"):    # the second is what it was called before
            self.assertEqual(self.frames(name, "-d", "udp.port==9999,tcp"), [1, 2, 3])
        self.assertEqual(self.frames("firstpayload.expert.unseen", "-d", "udp.port==9999,tcp", "-o", "firstpayload.transport:udp"), [])
        listed = tshark_runner.run_tshark(["-q", *decode, "-z", "expert"]).stdout.decode()
        self.assertRegex(listed, r"\n +3 +Undecoded +First Payload +First Payload does not see TCP")

    def test_fragments_that_are_not_reassembled(self):
        """Their first piece has a TCP header, but nobody knows how much payload the segment has. So the next frame counts as the first."""
        self.stream.handshake()
        packet = self.stream.client_packet(PSH | ACK, 1, 1, b"0123456789abcdef" * 4)
        for start, end, more in ((20, 60, 0x2000), (60, len(packet), 0)):
            piece = bytearray(packet[:20] + packet[start:end])
            piece[2:4] = struct.pack(">H", len(piece))
            piece[6:8] = struct.pack(">H", more | (start - 20) // 8)
            self.capture.add(bytes(piece))
        later = self.stream.client(PSH | ACK, 65, 1, b"more")
        apart = ["-o", "ip.defragment:FALSE"]
        self.assertEqual(self.frames("firstpayload"), [5])
        self.assertEqual(self.frames("firstpayload", *apart), [later])
        self.assertEqual(self.frames("firstpayload.expert.fragment", *apart), [4])
        self.assertEqual(self.frames("firstpayload.expert.fragment"), [])

    def test_silent(self):
        """In the first pass only a stream that has ended is known to be silent; afterwards each."""
        syn_only = Stream(self.capture, 40001).client(SYN, 0)
        closed = Stream(self.capture, 40002)
        opening = closed.handshake()
        end = closed.client(RST | ACK, 1, 1)
        midway = Stream(self.capture, 40003).client(ACK, 1, 1)
        half = Stream(self.capture, 40004)
        half_end = [*half.handshake(), half.client(FIN | ACK, 1, 1)][-1]
        half.server(PSH | ACK, 1, 2, b"so there")    # it did say something in the end
        self.assertEqual(self.frames("firstpayload.silent"), [end, half_end])
        self.assertEqual(self.frames("firstpayload.silent", "-2"), [syn_only, *opening, end, midway])
        self.assertEqual(self.frames("firstpayload.expert.silent"), [end, half_end])
        self.assertEqual(self.frames("firstpayload.expert.silent", "-2"), [syn_only, end, midway])

    def test_the_item_of_other_frames(self):
        """They have an item of the plugin's, but do not match as first payload frames."""
        self.stream.handshake()
        first = self.stream.client(PSH | ACK, 1, 1, b"one")
        reply = self.stream.server(PSH | ACK, 1, 4, b"two")
        self.assertEqual(self.frames("firstpayload"), [first])
        self.assertEqual(self.frames("firstpayload_relative"), [1, 2, 3, reply])
        self.assertEqual(self.frames("firstpayload_relative && firstpayload.reply"), [reply])
        pdml = tshark_runner.run_tshark(["-r", self.path(), "-T", "pdml"]).stdout.decode()
        self.assertFalse('"fake-field-wrapper">\n    <field name="firstpayload' in pdml)
        self.assertTrue('<proto name="firstpayload_relative" showname="First Payload: reply,opening"' in pdml)

    def test_hooks_have_no_ticks(self):
        """Nothing of ours but First Payload itself is switched on and off."""
        rows = [row.split("\t") for row in tshark_runner.run_tshark(["-G", "protocols"]).stdout.decode().splitlines()]
        ours = {row[2]: row for row in rows if row[2].startswith("firstpayload")}
        self.assertEqual(set(ours), {"firstpayload", "firstpayload_hook", "firstpayload_udp_hook", "firstpayload_render", "firstpayload_relative"})
        self.stream.client(PSH | ACK, 1, 1, b"a")
        for name in set(ours) - {"firstpayload"}:
            self.assertTrue(ours[name][1].startswith("First Payload ("), ours[name])
            try:
                self.assertEqual(self.frames("firstpayload", "--disable-protocol", name), [1])
            except RuntimeError as error:  # since 4.4 tshark refuses to switch off what has no tick
                self.assertIn(f"No such protocol {name}", str(error))

    def test_switched_off(self):
        self.stream.client(PSH | ACK, 1, 1, b"a")
        self.assertEqual(self.frames("firstpayload", "--disable-protocol", "firstpayload"), [])
        self.assertEqual(self.frames("firstpayload || tcp", "--disable-protocol", "tcp"), [])
        self.assertEqual(self.frames("data.len == 21", "--disable-protocol", "tcp"), [1])


if __name__ == "__main__":
    unittest.main()
