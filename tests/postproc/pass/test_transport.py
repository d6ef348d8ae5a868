# SPDX-License-Identifier: GPL-2.0-or-later
"""--transport: streams of UDP and QUIC in show, slim and watch. tests/agree compares the classes with tshark."""
import os
import random
import re
import signal
import subprocess

import test_watch  # not its classes, which would run again
from pcaps import PROGRAM, InFolder, answer, connection, datagram, pcap, record, header, rows, slim, write
from test_log import entries, log_schema, text
from test_slim import in_fragments
from test_stream_key import tagged, vxlan
from waiting import PATIENCE_SECONDS, wait_for

QUIC = bytes.fromhex("c3000000010800010203040506070000")
INITIAL = open(os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "tests", "said", "corpus", "datagrams", "rfc-9001"), "rb").read()[2:]


def datagrams_of(name):
    """Returns the datagrams of a file of the recognisers' corpus, where each follows its length."""
    with open(os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "tests", "said", "corpus", "datagrams", name), "rb") as file:
        data, found = file.read(), []
    while data:
        end = 2 + int.from_bytes(data[:2], "big")
        found.append(data[2:end])
        data = data[end:]
    return found


SEVERAL = datagrams_of("in-order")

TALK = [datagram(4000, 9999, b"ask"), answer(9999, 4000, b"tell"), datagram(4000, 9999, b"more")]


def listed(transport, frames, *options):
    return rows("--transport", transport, *options, "-", stdin=pcap(frames))


def resolver(n):
    """Returns queries and answers of n ports; none is QUIC, although their bytes are random."""
    rand = random.Random(1)
    for port in range(n):
        yield datagram(40000 + port, 53, b"\x00" + rand.randbytes(39))
        yield answer(53, 40000 + port, b"\x80" + rand.randbytes(99))


class Classes(InFolder):
    def test_each_transport(self):
        frames = TALK + connection() + [datagram(4000, 443, QUIC)]
        udp = {1: "first,flight", 2: "reply"}
        tcp = {4: "handshake", 5: "handshake", 6: "handshake", 7: "first,flight", 8: "reply"}
        quic = {9: "first,flight"}
        self.assertEqual(rows("-", stdin=pcap(frames)), tcp)
        for transport, expected in (("tcp", tcp), ("udp", {**udp, **quic}), ("quic", quic), ("tcp,quic", {**tcp, **quic}),
                                    ("tcp,udp", {**udp, **tcp, **quic}), ("quic,udp,tcp", {**udp, **tcp, **quic})):
            with self.subTest(transport):
                self.assertEqual(listed(transport, frames), expected)

    def test_two_threads(self):
        frames = (TALK + connection()) * 500
        for transport in ("tcp", "udp", "tcp,udp", "quic"):
            with self.subTest(transport):
                self.assertEqual(listed(transport, frames, "-j", "2"), listed(transport, frames))

    def test_filter(self):
        frames = connection() + TALK
        self.assertEqual(listed("udp", frames, "-f", "udp"), {6: "first,flight", 7: "reply"})
        self.assertEqual(listed("tcp,udp", frames, "-f", "port 9999"), {6: "first,flight", 7: "reply"})

    def test_fragments_are_kept(self):
        """Fragments are kept with the frame that completes their datagram."""
        parts = in_fragments(datagram(4000, 9999, b"x" * 64))
        kept = slim("--transport", "udp", "-", stdin=pcap(parts)).stdout
        self.assertEqual(kept, pcap(parts))
        self.assertEqual(listed("udp", parts), {len(parts): "first,flight"})

    def test_tunnels(self):
        """What is inside a tunnel counts; an ARP packet has nothing inside."""
        inside = vxlan(TALK[0], 7, False)
        arp = vxlan(TALK[0][:12] + b"\x08\x06" + bytes(28), 7, False)
        self.assertEqual([e["dest_port"] for e in self.logged([inside, arp])], [9999, 4789])
        self.assertEqual([e["dest_port"] for e in self.logged([inside, vxlan(TALK[0], 8, False)])], [9999])
        self.assertEqual(len(self.logged([inside, vxlan(TALK[0], 8, False)], "--stream-key", "vni")), 2)
        self.assertEqual([e["vlan"] for e in self.logged([tagged(TALK[0], 5)])], [[5]])

    def logged(self, frames, *options):
        return entries("--transport", "udp", *options, "-", stdin=pcap(frames))


class Log(InFolder):
    def test_json(self):
        found, = entries("--transport", "udp", "-", stdin=pcap(TALK))
        self.assertEqual({key: found[key] for key in ("proto", "src_port", "dest_port", "side", "length", "age", "midstream", "payload_printable")},
                         {"proto": "UDP", "src_port": 4000, "dest_port": 9999, "side": "unknown", "length": 3, "age": 0, "midstream": False,
                          "payload_printable": "ask"})
        self.assertNotIn("delay", found)

    def test_text(self):
        self.assertEqual(text("--transport", "udp", "-", stdin=pcap(TALK)),
                         "2023-11-14T22:13:20.000000Z 192.0.2.1:4000 > 192.0.2.2:9999 unknown 3 - udp ask\n")

    def test_what_an_initial_says(self):
        """RFC 9001 A.2."""
        for transport in ("udp", "quic"):
            found, = entries("--transport", transport, "-", stdin=pcap([datagram(4000, 443, INITIAL)]))
            self.assertEqual((found["app_proto"], found["quic"], found["tls"]["sni"]), ("quic", {"version": "0x00000001"}, "example.com"))

    def test_a_hello_in_several_datagrams(self):
        """The line comes when the hello is complete or its flight is over, whichever is first."""
        parts = [datagram(4000, 443, part) for part in SEVERAL]
        found, = entries("--transport", "quic", "-", stdin=pcap(parts))
        self.assertEqual((found["app_proto"], found["tls"]["sni"], found["complete"], found["frames"]),
                         ("quic", "www.example", True, list(range(1, len(parts) + 1))))
        found, = entries("--transport", "quic", "-", stdin=pcap([parts[0], answer(443, 4000, b"\x40" + bytes(40)), *parts[1:]]))
        self.assertEqual((found.get("tls", {}).get("sni"), found["complete"], found["frames"]), (None, False, [1]))

    def test_many_small_datagrams(self):
        """Datagrams that are not Initials are not put together, and no more Initials than a client ever sends."""
        frames = [datagram(4000, 443, SEVERAL[0][:60]) for _ in range(200)]
        found, = entries("--transport", "udp", "-", stdin=pcap(frames))
        self.assertNotIn("tls", found)

    def test_what_is_said_over_tcp_is_not_said_over_udp(self):
        request = b"GET / HTTP/1.1\r\n\r\n"
        found, = entries("--transport", "udp", "-", stdin=pcap([datagram(4000, 80, request)]))
        self.assertNotIn("app_proto", found)

    def test_cut_initial(self):
        """The log says nothing of it, but it is QUIC all the same."""
        frame = datagram(4000, 443, INITIAL)
        found, = entries("--transport", "quic", "-", stdin=header() + record(frame[:100], wire=len(frame)))
        self.assertEqual((found["length"], found.get("tls")), (1200, None))


class Memory(InFolder):
    def test_nothing_is_kept_of_a_resolver(self):
        capture = write(self.folder, "resolver.pcap", pcap(resolver(20000)))
        said = slim("--transport", "tcp,quic", "--list", "--max-streams", "16", capture).stderr
        self.assertRegex(said, r"(?m)^  UDP datagram +40000$")
        self.assertRegex(said, r"(?m)^streams +0, 0 with payload$")
        self.assertNotIn("forgotten", said)
        said = slim("--transport", "tcp,udp", "--list", "--max-streams", "16", capture).stderr
        self.assertRegex(said, r"(?m)^streams +20000, 20000 with payload$")
        self.assertRegex(said, r"(?m)^forgotten ")


class Summary(InFolder):
    def test_counts(self):
        frames = TALK + connection()
        for transport, lines in (("tcp", ("TCP segment +5", "UDP +3")), ("udp", ("UDP datagram +3", "TCP +5")),
                                 ("tcp,udp", ("TCP segment +5", "UDP datagram +3"))):
            said = slim("--transport", transport, "--list", "-", stdin=pcap(frames)).stderr
            for line in lines:
                self.assertRegex(said, f"(?m)^  {line}$")


class Show(InFolder):
    def test_rows(self):
        result = subprocess.run([PROGRAM, "show", "--transport", "udp", "-"], input=pcap(TALK + connection()), capture_output=True, check=True,
                                timeout=PATIENCE_SECONDS)
        self.assertEqual([re.split(" {2,}", line.strip()) for line in result.stdout.decode().splitlines()[1:]],
                         [["1", "192.0.2.1:4000", "192.0.2.2:9999", "unknown", "ask", "(UDP)"]])


class Usage(InFolder):
    def test_wrong(self):
        for words, what in ((["--transport", "sctp"], "--transport takes tcp, udp and quic, comma-separated"),
                            (["--transport", ""], "--transport takes"), (["--transport", "tcp,"], "--transport takes"),
                            (["--transport", "udp", "-Y", "dns"], "about streams of TCP alone"),
                            (["--transport", "tcp,quic", "--log", "-", "--fields", "dns.id"], "about streams of TCP alone")):
            with self.subTest(words):
                result = slim(*words, "-", stdin=pcap(TALK))
                self.assertEqual(result.returncode, 64)
                self.assertIn(what, result.stderr)

    def test_show(self):
        result = subprocess.run([PROGRAM, "show", "--transport", "udp", "-Y", "dns", "-"], input=b"", capture_output=True, timeout=PATIENCE_SECONDS,
                                check=False)
        self.assertEqual((result.returncode, b"about streams of TCP alone" in result.stderr), (64, True))


class Watch(test_watch.Watch):
    def kept(self):
        return [r for name in self.outputs() for r in test_watch.records(self.output(name))]

    def test_streams_go_on_after_a_restart(self):
        for n, frame in enumerate(TALK + TALK):
            self.arrive(f"{n}.pcap", header() + record(frame, n))
            self.once("--transport", "udp", "--keep", "first,reply,flight,opening", "--opening-bytes", "6")
        self.assertEqual(self.kept(), [record(frame, n) for n, frame in enumerate(TALK)] + [record(TALK[1], 4)])

    def test_a_hello_goes_on_after_a_restart(self):
        for n, part in enumerate(SEVERAL):
            self.arrive(f"{n}.pcap", header() + record(datagram(4000, 443, part), n))
            self.once("--transport", "quic", "--log", "only")
        found, = log_schema.entries(b"".join(self.output(name) for name in self.outputs()))
        self.assertEqual((found["proto"], found["tls"]["sni"], found["complete"]), ("UDP", "www.example", True))

    def test_transports_of_before(self):
        """TCP goes on as if nothing had happened when UDP is added, and when it is taken away."""
        frames = connection()
        for n, (transport, frame) in enumerate((("tcp", frames[0]), ("tcp,udp", TALK[0]), ("tcp,udp", frames[3]), ("tcp", TALK[1]),
                                                ("tcp,udp", TALK[1]), ("tcp", frames[4]))):
            self.arrive(f"{n}.pcap", header() + record(frame, n))
            self.once("--transport", transport, "--keep", "first,reply")
        self.assertEqual(self.kept(), [record(TALK[0], 1), record(frames[3], 2), record(TALK[1], 4), record(frames[4], 5)])

    def test_changes_with_a_reload(self):
        config = write(self.folder, "c.conf", b"[watch]\n")
        run = self.start("--config", config)
        self.arrive("a.pcap", pcap(TALK))
        wait_for(lambda: self.outputs() == ["a.pcap"], "the first output")
        write(self.folder, "c.conf", b"[watch]\ntransport = udp\n")
        run.send_signal(signal.SIGHUP)
        wait_for(lambda: "options were read again" in run.stderr.readline(), "the new options")
        self.arrive("b.pcap", pcap(connection() + TALK))
        wait_for(lambda: self.outputs() == ["a.pcap", "b.pcap"], "the second output")
        self.assertEqual(self.kept(), [record(TALK[0], 5)])

    def test_configuration(self):
        config = write(self.folder, "c.conf", b"[watch]\ntransport = tcp,udp\n")
        self.arrive("a.pcap", pcap(TALK + connection()))
        self.once("--config", config)
        self.assertEqual(len(self.kept()), 2)
        result = self.watch("--once", "--config", write(self.folder, "d.conf", b"[watch]\ntransport = icmp\n"))
        self.assertEqual((result.returncode, "d.conf:2: --transport takes" in result.stderr), (78, True), result.stderr)
        result = self.watch("--once", "--transport", "udp", "--log", "only", "--fields", "dns.id")
        self.assertEqual((result.returncode, "about streams of TCP alone" in result.stderr), (64, True), result.stderr)
