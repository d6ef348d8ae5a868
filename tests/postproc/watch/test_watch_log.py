# SPDX-License-Identifier: GPL-2.0-or-later
"""watch --log: a log for each capture, published with it. tests/faults has what crashes do to it."""
import glob
import gzip
import itertools
import os
import signal
import struct
import sys
import tempfile
import unittest

import test_hellos
import test_watch  # not its classes, which would run again
from pcaps import ACK, CAPTURES, connection, header, pcap, read, record, segment, slim, write
from test_pcapng import Writer
from test_slim import in_fragments
from test_stream_key import tagged

sys.path.insert(0, os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "tests", "lib"))
import log_schema  # noqa: E402
from hello import client_hello  # noqa: E402

HELLO = client_hello("www.example", 2000)


class Log(test_watch.Watch):
    def log(self, name):
        return log_schema.entries(self.output(name))

    def test_beside(self):
        self.arrive("a.pcap", pcap(connection()))
        self.arrive("b.pcap.gz", gzip.compress(pcap(connection(9))))
        self.arrive("c.pcap", header())
        self.arrive("empty", b"")
        self.once("--log", "beside")
        self.assertEqual(self.outputs(), ["a.pcap", "a.pcap.jsonl", "b.pcap", "b.pcap.jsonl", "c.pcap", "c.pcap.jsonl"])
        self.assertEqual(self.output("a.pcap"), header() + record(connection()[3], 3))
        self.assertEqual([(e["pcap_filename"], e["pcap_cnt"], e["src_port"]) for n in "abc" for e in self.log(f"{n}.pcap.jsonl")],
                         [("a.pcap", 4, 40000), ("b.pcap.gz", 4, 9)])
        self.assertEqual(self.status()["bytes_out"], sum(len(self.output(name)) for name in self.outputs()))

    def test_only(self):
        self.arrive("a.pcap", pcap(connection()))
        self.once("--log", "only", "--log-format", "text", "--log-bytes", "5")
        self.assertEqual(self.outputs(), ["a.pcap.log"])
        self.assertEqual(self.output("a.pcap.log"), b"2023-11-14T22:13:20.003000Z 192.0.2.1:40000 > 192.0.2.2:80 client 18 0.003000 - GET /\thttp GET /\n")
        self.assertEqual((self.status()["frames_kept"], self.status()["streams_with_payload"], len(self.in_state("done"))), (0, 1, 1))

    def test_pieces_with_a_restart_after_each_are_one_log(self):
        """All is the same but file and frame number: streams, their numbers and times go on, and each stream is logged once."""
        self.check_pieces("mixed.pcap", 40)

    def test_messages_that_go_on_in_other_captures(self):
        """The same, with a file for each frame."""
        for source in ("tls13-split-clienthello.pcap", "tls13-post-quantum.pcap"):
            with self.subTest(source):
                self.tearDown()
                self.setUp()
                self.check_pieces(source, len(test_watch.records(read(os.path.join(CAPTURES, source)))))

    def test_later_hellos_with_a_file_for_each_frame(self):
        """Whatever is said and heard before a hello after STARTTLS, and its pieces, are each in another file, with a restart in between."""
        frames = []
        for port, name in enumerate(("smtp", "socks5", "postgres", "unknown"), 40000):
            talk = test_hellos.Talk(port).up_to(test_hellos.CONVERSATIONS[name][0])
            for first, last in ((0, 300), (300, 301), (301, len(test_hellos.HELLO))):
                talk.say("c", test_hellos.HELLO[first:last])
            frames.append(talk.say("s", test_hellos.SERVER_HELLO).frames)
        for name, (turns, _, _) in test_hellos.BEHIND.items():
            port += 1
            frames.append(test_hellos.Talk(port).up_to([*turns[:-1], ("c", turns[-1][1] + test_hellos.HELLO[:5]), ("c", test_hellos.HELLO[5:])]).frames)
        mixed = [frame for several in itertools.zip_longest(*frames) for frame in several if frame is not None]
        with tempfile.TemporaryDirectory() as folder:
            found = self.check_pieces(write(folder, "a.pcap", pcap(mixed)), len(mixed), "--all-hellos")
        self.assertEqual(sum("turn" in entry for entry in found), len(frames))

    def test_later_hello_whose_stream_is_forgotten(self):
        talk = test_hellos.Talk().up_to(test_hellos.CONVERSATIONS["imap"][0])
        self.arrive("a.pcap", pcap(talk.frames))
        self.once("--log", "only", "--all-hellos")
        self.arrive("b.pcap", header() + record(talk.say("c", test_hellos.HELLO).frames[-1], 99))
        self.once("--log", "only", "--all-hellos", "--stream-key", "vlan")
        self.assertEqual([(e["app_proto"], "turn" in e) for e in self.log("b.pcap.jsonl")], [("tls", False)])

    def test_later_hellos_are_no_longer_asked_for(self):
        talk = test_hellos.Talk().up_to(test_hellos.CONVERSATIONS["imap"][0])
        self.arrive("a.pcap", pcap(talk.say("c", test_hellos.HELLO[:300]).frames))
        self.once("--log", "only", "--all-hellos")
        self.arrive("b.pcap", header() + record(talk.say("c", test_hellos.HELLO[300:]).frames[-1], 99))
        self.once("--log", "only")
        self.assertEqual([e["app_proto"] for name in self.outputs() for e in self.log(name)], ["imap"])
        self.arrive("c.pcap", header() + record(talk.say("s", b"more").frames[-1], 100))
        self.once("--log", "only", "--all-hellos")

    def test_older_versions_can_read_what_they_know_of(self):
        """The version of the format, which stands behind eight bytes, is that of the oldest program that can read it."""
        def version():
            slots = [read(path) for path in glob.glob(os.path.join(self.state, "checkpoint.[01]"))]
            return max((int.from_bytes(slot[16:24], "little"), int.from_bytes(slot[8:12], "little")) for slot in slots)[1]

        talk = test_hellos.Talk().up_to(test_hellos.CONVERSATIONS["imap"][0])
        self.arrive("a.pcap", pcap(talk.frames))
        self.once("--log", "only", "--all-hellos")
        self.assertEqual(version(), 4)
        self.arrive("b.pcap", header() + record(talk.say("c", test_hellos.HELLO).frames[-1], 99))
        self.once("--log", "only", "--all-hellos")
        self.assertEqual(version(), 2)
        for port, options, expected in ((1, [], 3), (2, ["--log-reply"], 5)):
            self.arrive(f"{port}.pcap", pcap(connection(port, HELLO[:700] if expected == 3 else b"GET / HTTP/1.1\r\n\r\n")[:4]))
            self.once("--log", "only", *options)
            self.assertEqual(version(), expected)

    def check_pieces(self, name, n, *options):
        source = os.path.join(CAPTURES, name)
        data = read(source)
        for i, piece in enumerate(test_watch.OneCapture.split(self, data, n)):
            self.arrive(f"{i:03}.pcap", piece)
            self.once("--log", "only", *options)
        where = ("pcap_filename", "pcap_cnt", "frames")
        strip = lambda entries: [{key: value for key, value in entry.items() if key not in where} for entry in entries]  # noqa: E731
        found = [entry for name in self.outputs() for entry in self.log(name)]
        wanted = log_schema.entries(slim("-q", "--log", "-", "--log-format", "json", *options, source).stdout)
        self.assertEqual(strip(found), strip(wanted))
        size = -(-len(test_watch.records(data)) // n)
        self.assertEqual([int(e["pcap_filename"][:3]) * size + e["pcap_cnt"] for e in found], [e["pcap_cnt"] for e in wanted])
        return found

    def half_a_message(self):
        """Returns the first of two captures over which a ClientHello extends, and the rest."""
        frames = connection(request=HELLO[:700])[:4] + [segment(40000, 80, 1701, ACK, HELLO[700:], ack=5001)]
        return pcap(frames[:4]), header() + record(frames[4], 4)

    def test_half_a_message_waits(self):
        first, rest = self.half_a_message()
        self.arrive("1.pcap", first)
        self.assertIn("1 lines wait for the rest of their message", self.once("--log", "only").stderr)
        self.assertEqual((self.output("1.pcap.jsonl"), self.status()["lines_waiting"]), (b"", 1))
        self.arrive("2.pcap", header())
        self.arrive("3.pcap", b"")
        self.once("--log", "only")
        self.arrive("4.pcap", rest)
        self.once("--log", "only")
        found, = self.log("4.pcap.jsonl")
        self.assertEqual((found["pcap_filename"], found["pcap_cnt"], found["frames"], found["complete"]), ("1.pcap", 4, [4], True))
        self.assertEqual((found["tls"]["sni"], found["message_length"], self.status()["lines_waiting"]), ("www.example", len(HELLO), 0))

    def test_half_a_message_keeps_its_interface(self):
        w = Writer("<")
        before = w.section() + w.interface(options=w.option(2, b"eth7"))
        frames = connection(request=HELLO[:700])[:4] + [segment(40000, 80, 1701, ACK, HELLO[700:], ack=5001)]
        for name, some in (("1.pcapng", frames[:4]), ("2.pcapng", frames[4:])):
            self.arrive(name, before.replace(b"eth7", b"eth" + name[:1].encode()) + b"".join(w.packet(frame) for frame in some))
            self.once("--log", "only")
        found, = self.log("2.pcapng.jsonl")
        self.assertEqual((found["pcap_filename"], found["in_iface"], found["complete"]), ("1.pcapng", "eth1", True))

    def test_half_a_message_whose_stream_is_forgotten(self):
        """Streams that are told apart in another way are different streams: what there is of the message is logged."""
        first, rest = self.half_a_message()
        self.arrive("1.pcap", first)
        self.once("--log", "only")
        self.arrive("2.pcap", rest)
        self.once("--log", "only", "--stream-key", "vlan")
        self.assertEqual([(e["pcap_filename"], e["message_length"], e["complete"]) for e in self.log("2.pcap.jsonl")],
                         [("1.pcap", 700, False), ("2.pcap", len(HELLO) - 700, True)])

    def test_half_a_message_when_tshark_comes_to_be_asked(self):
        """What there is of it is logged; nothing is lost."""
        first, rest = self.half_a_message()
        hole = record(segment(40000, 80, 3001, ACK, HELLO[:700], ack=5001)[:54], 5, wire=754)       # nothing of it was captured
        self.arrive("1.pcap", first + hole)
        self.once("--log", "only")
        self.arrive("2.pcap", rest)
        self.once("--log", "only", "--fields", "ip.ttl")
        self.assertEqual([(e["pcap_filename"], e["message_length"], e["complete"], e["fields"]) for e in self.log("2.pcap.jsonl")],
                         [("1.pcap", 700, False, None)])

    def test_half_a_message_in_another_format(self):
        first, rest = self.half_a_message()
        self.arrive("1.pcap", first)
        self.once("--log", "only")
        self.arrive("2.pcap", rest)
        self.once("--log", "beside", "--log-format", "text")
        self.assertRegex(self.output("2.pcap.log"), rb"^2023[^\n]*\ttls www\.example ja4=[^\t\n]*\n$")

    def test_half_a_message_whose_checkpoint_is_lost(self):
        """The restored state may be older than a line that was written: nothing comes twice."""
        first, rest = self.half_a_message()
        self.arrive("1.pcap", first)
        self.once("--log", "only")
        self.arrive("2.pcap", rest)
        self.once("--log", "only")
        newest = max((os.path.join(self.state, f"checkpoint.{n}") for n in (0, 1)), key=lambda path: read(path)[16:24])
        write(self.state, os.path.basename(newest), read(newest)[:-1] + b"x")
        self.arrive("3.pcap", pcap(connection(9)))
        self.assertIn("lines that waited", self.once("--log", "only").stderr)
        self.assertEqual([e["pcap_filename"] for n in "123" for e in self.log(f"{n}.pcap.jsonl")], ["1.pcap", "3.pcap"])

    def test_names_that_come_again(self):
        for port in range(1000, 1003):
            self.arrive("ring.pcap0", pcap(connection(port)))
            self.once("--log", "beside")
            for name in self.outputs():
                os.rename(os.path.join(self.outdir, name), self.path(f"taken-{name}"))
        taken = sorted(name[6:] for name in os.listdir(self.folder) if name.startswith("taken-"))
        names = ["ring-2.pcap0", "ring-3.pcap0", "ring.pcap0"]
        self.assertEqual(taken, sorted(names + [name + ".jsonl" for name in names]))

    def test_name_that_somebody_else_has_taken(self):
        write(self.outdir, "a.pcap.jsonl", b"not ours")
        self.arrive("a.pcap", pcap(connection()))
        self.once("--log", "beside")
        self.assertEqual(self.outputs(), ["a.pcap", "a.pcap-1.jsonl", "a.pcap.jsonl"])
        self.assertEqual(self.output("a.pcap.jsonl"), b"not ours")

    def test_longest_name(self):
        self.arrive("x" * 240 + ".pcap", pcap(connection()))
        self.once("--log", "beside")
        self.assertEqual(self.outputs(), ["x" * 195 + ".pcap", "x" * 195 + ".pcap.jsonl"])
        self.assertEqual(self.log("x" * 195 + ".pcap.jsonl")[0]["pcap_filename"], "x" * 195 + ".pcap")

    def test_damage_leaves_no_log(self):
        damaged = pcap(connection()) + struct.pack("<IIII", 1700000000, 0, 0x7fffffff, 0x7fffffff) + b"x" * 100
        self.arrive("1.pcap", damaged)
        self.once("--log", "beside", expected=1)
        self.assertEqual(self.outputs(), [])
        self.arrive("2.pcap", pcap(connection()))
        self.once("--log", "beside")
        self.assertEqual([e["stream"] for e in self.log("2.pcap.jsonl")], [0])

    def test_cut_capture(self):
        self.arrive("cut.pcap", pcap(connection())[:-5])
        self.once("--log", "only", expected=1)
        self.assertEqual(len(self.log("cut.pcap.jsonl")), 1)

    def test_fragments_and_stream_key(self):
        parts = in_fragments(connection()[3])
        self.arrive("a.pcap", pcap([tagged(f, 7) for f in connection()[:3] + parts]))
        self.once("--log", "only", "--stream-key", "vlan")
        self.assertEqual([(e["vlan"], e["payload_printable"]) for e in self.log("a.pcap.jsonl")], [([7], "GET / HTTP/1.1....")])

    def test_fragments_in_two_captures(self):
        """They do not come together, whether or not the watcher was started anew in between."""
        parts = in_fragments(connection()[3])
        found = []
        for each_alone in (True, False):
            self.tearDown()
            self.setUp()
            for n, frames in enumerate((connection()[:3] + parts[:1], parts[1:])):
                self.arrive(f"{n}.pcap", header() + b"".join(record(frame, 10 * n + i) for i, frame in enumerate(frames)))
                if each_alone:
                    self.once("--log", "only")
            self.once("--log", "only")
            found.append([self.output(name) for name in self.outputs()])
        self.assertEqual(found, [[b"", b""]] * 2)

    def test_wrong_usage(self):
        for words, what in ((["--log", "yes"], "--log takes beside or only"), (["--log", "only", "--keep", "reply"], "no captures are written"),
                            (["--log", "only", "--format", "pcap"], "no captures are written"), (["--log-format", "json"], "go with --log"),
                            (["--log", "only", "--log-bytes", "-1"], "--log-bytes takes")):
            with self.subTest(words):
                result = self.watch("--once", *words)
                self.assertEqual(result.returncode, 64)
                self.assertIn(what, result.stderr)

    def test_configuration(self):
        config = write(self.folder, "c.conf", b"[watch]\nlog = beside\nlog-format = text\nlog-bytes = 3\ncommunity-id-seed = 7\n")
        self.arrive("a.pcap", pcap(connection()))
        self.once("--config", config)
        self.assertEqual(self.output("a.pcap.log").split(b" - ")[1], b"GET\thttp GET /\n")
        self.arrive("b.pcap", pcap(connection(9)))
        self.once("--config", config, "--log", "only", "--log-format", "json")              # the command line takes precedence over it
        self.assertEqual((self.outputs(), self.log("b.pcap.jsonl")[0]["payload_printable"]), (["a.pcap", "a.pcap.log", "b.pcap.jsonl"], "GET"))
        result = self.watch("--once", "--config", write(self.folder, "d.conf", b"[watch]\nlog = true\n"))
        self.assertEqual((result.returncode, "d.conf:2: --log takes beside or only" in result.stderr), (78, True), result.stderr)

    def test_changes_with_a_reload(self):
        config = write(self.folder, "c.conf", b"[watch]\n")
        run = self.start("--config", config)
        self.arrive("a.pcap", pcap(connection()))
        test_watch.wait_for(lambda: self.outputs() == ["a.pcap"], "the capture alone")
        write(self.folder, "c.conf", b"[watch]\nlog = only\n")
        run.send_signal(signal.SIGHUP)
        test_watch.wait_for(lambda: "options were read again" in run.stderr.readline(), "the new options")
        self.arrive("b.pcap", pcap(connection(9)))
        test_watch.wait_for(lambda: self.outputs() == ["a.pcap", "b.pcap.jsonl"], "the log alone")
        self.assertEqual([e["stream"] for e in self.log("b.pcap.jsonl")], [1])


if __name__ == "__main__":
    unittest.main()
