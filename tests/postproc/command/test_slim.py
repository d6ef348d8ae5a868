# SPDX-License-Identifier: GPL-2.0-or-later
"""firstpayload slim does what its documents say: formats, options, several inputs, the summary."""
import gzip
import os
import pty
import re
import select
import struct
import subprocess
import unittest

from pcaps import (ACK, CAPTURES, FIN, MICROSECONDS, MODIFIED, NANOSECONDS, PROGRAM, RST, SYN, InFolder, connection, header, pcap, read, record, rows,
                   segment, slim, write)
from waiting import PATIENCE_SECONDS, wait_for


class Formats(InFolder):
    def test_each_magic_in_both_byte_orders(self):
        for magic in (MICROSECONDS, NANOSECONDS, MODIFIED):
            for order in "<>":
                with self.subTest(magic=hex(magic), order=order):
                    source = write(self.folder, "in.pcap", pcap(connection(), order, magic))
                    result = slim("-w", self.path("out.pcap"), source)
                    self.assertEqual(result.returncode, 0, result.stderr)
                    wanted = header(order, magic) + record(connection()[3], 3, order, magic)
                    self.assertEqual(read(self.path("out.pcap")), wanted)

    def test_pipe_gives_the_same_as_file(self):
        data = pcap(connection())
        wanted = header() + record(connection()[3], 3)
        self.assertEqual(slim("-", stdin=data).stdout, wanted)
        self.assertEqual(slim("-w", "-", "-", stdin=data).stdout, wanted)

    def test_records_longer_than_a_block(self):
        big = segment(40000, 80, 1001, ACK, b"x" * 60000, ack=5001) + b"\0" * 200000       # padding: it must be as long as frames get
        frames = connection()[:3] + [big] + connection()[4:]
        wanted = header() + record(big, 3)
        self.assertEqual(slim("-", stdin=pcap(frames)).stdout, wanted)
        self.assertEqual(slim("-w", "-", write(self.folder, "in.pcap", pcap(frames * 20))).stdout[:len(wanted)], wanted)

    def test_pipe_that_brings_a_few_bytes_at_a_time(self):
        data = pcap(connection())
        run = subprocess.Popen([PROGRAM, "slim", "-q", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for i in range(0, len(data), 13):
            run.stdin.write(data[i:i + 13])
            run.stdin.flush()
        self.assertEqual(run.communicate()[0], header() + record(connection()[3], 3))

    def test_gzip_is_read_and_the_output_is_plain(self):
        source = write(self.folder, "in.pcap.gz", gzip.compress(pcap(connection())))
        self.assertEqual(slim("-w", self.path("out.pcap"), source).returncode, 0)
        self.assertEqual(rows(self.path("out.pcap")), {1: "first,flight"})
        self.assertEqual(read(self.path("out.pcap"))[24:], record(connection()[3], 3))
        self.assertEqual(rows("-", stdin=gzip.compress(pcap(connection()))), rows(source))

    def test_compressed_captures_with_records_of_any_length(self):
        """However much of a compressed file a single record takes: the first few are longer than what libwiretap decompresses at once."""
        request = connection()[3] + b"\0" * (262144 - len(connection()[3]))
        for name, command in (("gz", ["gzip", "-c"]), ("zst", ["zstd", "-qc"]), ("lz4", ["lz4", "-qc"])):
            for n in (1, 4, 40):
                with self.subTest(name=name, n=n):
                    plain = pcap(connection()[:3] + [request] * n)
                    data = subprocess.run(command, input=plain, stdout=subprocess.PIPE, check=True).stdout
                    source = write(self.folder, "in.pcap." + name, data)
                    for arguments in [source], ["-"]:
                        result = slim("-w", self.path("out.pcap"), *arguments, stdin=data)
                        self.assertEqual(result.returncode, 0, result.stderr)
                        self.assertEqual(read(self.path("out.pcap")), header() + record(request, 3))

    def test_pcapng_keeps_its_interfaces_and_times(self):
        source = os.path.join(CAPTURES, "two-interfaces.pcapng")
        result = slim("-w", self.path("out.pcapng"), source)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(interfaces(read(self.path("out.pcapng"))), interfaces(read(source)))
        kept = packets(read(self.path("out.pcapng")))
        self.assertGreater(len(kept), 0)
        every = packets(read(source))
        firsts = [n for n, classes in rows(source).items() if "first" in classes]
        self.assertEqual(kept, [every[n - 1] for n in firsts])

    def test_an_empty_capture_stays_one(self):
        self.assertEqual(slim("-", stdin=header()).stdout, header())

    def test_no_more_than_the_header_of_a_record(self):
        source = write(self.folder, "in.pcap", pcap([b""] * 3 + connection()))
        self.assertEqual(rows(source), {4: "handshake", 5: "handshake", 6: "handshake", 7: "first,flight", 8: "reply"})


def blocks(data):
    """Returns the blocks of a little-endian pcapng file: (type, body)."""
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        yield kind, data[at + 8:at + length - 4]
        at += length


def interfaces(data):
    """Returns link type, snaplen and name (option 2) of each interface."""
    found = []
    for kind, body in blocks(data):
        if kind != 1:
            continue
        link, _, snaplen = struct.unpack_from("<HHI", body)
        name, at = None, 8
        while at + 4 <= len(body):
            code, length = struct.unpack_from("<HH", body, at)
            if code == 2:
                name = body[at + 4:at + 4 + length]
            at += 4 + (length + 3) // 4 * 4
        found.append((link, snaplen, name))
    return found


def packets(data):
    """Returns interface, time, lengths and bytes of each enhanced packet block."""
    found = []
    for kind, body in blocks(data):
        if kind == 6:
            *fields, captured, wire = struct.unpack_from("<IIIII", body)
            found.append((*fields, captured, wire, body[20:20 + captured]))
    return found


class SeveralInputs(InFolder):
    def test_a_stream_goes_on_in_the_next_file(self):
        frames = connection()
        for cut in range(1, len(frames)):
            first = write(self.folder, "1.pcap", pcap(frames[:cut]))
            second = write(self.folder, "2.pcap", pcap(frames[cut:]))
            self.assertEqual(rows(first, second), rows("-", stdin=pcap(frames)))

    def test_other_byte_order_and_coarser_time_become_the_first_files(self):
        first = write(self.folder, "1.pcap", pcap(connection(40000), "<", NANOSECONDS))
        second = write(self.folder, "2.pcap", pcap(connection(40001), ">", MICROSECONDS))
        self.assertEqual(slim("-w", self.path("out.pcap"), first, second).returncode, 0)
        wanted = header("<", NANOSECONDS) + record(connection(40000)[3], 3, "<", NANOSECONDS) + record(connection(40001)[3], 3, "<", NANOSECONDS)
        self.assertEqual(read(self.path("out.pcap")), wanted)

    def test_a_capture_that_does_not_fit_is_refused_by_name(self):
        first = write(self.folder, "1.pcap", pcap(connection()))
        for name, data, reason in (("link.pcap", pcap([], link=113), "link type"), ("nano.pcap", pcap([], "<", NANOSECONDS), "nanoseconds"),
                                   ("odd.pcap", pcap([], "<", MODIFIED), "record headers")):
            with self.subTest(name):
                result = slim("-w", self.path("out.pcap"), first, write(self.folder, name, data))
                self.assertEqual(result.returncode, 65)
                self.assertIn(name, result.stderr)
                self.assertIn(reason, result.stderr)
                self.assertFalse(os.path.exists(self.path("out.pcap")))

    def test_made_pcapng_any_go_together(self):
        source = os.path.join(CAPTURES, "two-interfaces.pcapng")
        other = write(self.folder, "2.pcap", pcap(connection()))
        self.assertEqual(slim("-w", self.path("out.pcapng"), source, other).returncode, 65)
        self.assertEqual(slim("-F", "pcapng", "-w", self.path("out.pcapng"), source, other).returncode, 0)
        data = read(self.path("out.pcapng"))
        self.assertEqual(len(interfaces(data)), len(interfaces(read(source))) + 1)
        self.assertEqual(packets(data)[-1][0], len(interfaces(read(source))))
        self.assertEqual(packets(data)[-1][-1], connection()[3])


def in_fragments(frame):
    """Returns the datagram of an IPv4 frame in two fragments."""
    ip, data = frame[14:34], frame[34:]
    cut = 24
    first = ip[:2] + struct.pack(">H", 20 + cut) + ip[4:6] + b"\x20\0" + ip[8:]
    last = ip[:2] + struct.pack(">H", 20 + len(data) - cut) + ip[4:6] + struct.pack(">H", cut // 8) + ip[8:]
    return [frame[:14] + first + data[:cut], frame[:14] + last + data[cut:]]


class Order(InFolder):
    """Inputs whose times run backwards from one to the next."""

    def piece(self, name, first_ms, n=5):
        return write(self.folder, name, header() + b"".join(record(connection()[k % 5], first_ms + k) for k in range(n)))

    def told(self, *sources, **kwargs):
        result = slim("-q", "-w", self.path("out.pcap"), *sources, **kwargs)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stderr

    def test_it_is_said_once_and_of_which(self):
        old, middle, new = self.piece("old.pcap", 0), self.piece("middle.pcap", 100), self.piece("new.pcap", 200)
        self.assertEqual(self.told(old, middle, new), "")
        for options in ([], ["-j", "2"], ["-F", "pcapng"], ["--log", self.path("log")]):
            said = self.told(*options, new, middle, old)
            self.assertEqual(said.count("\n"), 1)
            self.assertIn(f"{middle}: begins 0.104000 s before the end of {new}", said)
            self.assertIn("ls -tr", said)
        self.assertIn(f"{old}: begins", self.told(middle, new, old))
        said = self.told(new, "-", stdin=read(old))
        self.assertIn("standard input: begins", said)

    def test_what_a_pattern_does_to_a_rings_names(self):
        names = ["ring.pcap", *(f"ring.pcap{n}" for n in range(1, 12))]
        ring = [self.piece(name, 10 * n) for n, name in enumerate(names)]
        self.assertEqual(self.told(*ring), "")
        said = self.told(*sorted(ring))
        self.assertIn(f"{ring[2]}: begins", said)
        self.assertIn(f"the end of {ring[11]}", said)
        self.assertIn("10 before 2", said)
        self.assertIn("ls -v", said)

    def test_small_disorder_and_overlap(self):
        first = self.piece("first.pcap", 0, 900)
        self.assertEqual(self.told(first, self.piece("near.pcap", 500)), "")        # 0.4 s
        self.assertEqual(self.told(first, self.piece("same.pcap", 0)), "")
        longer = write(self.folder, "longer.pcap", header() + b"".join(struct.pack("<IIII", 1700000000 + k, 0, 54, 54) + connection()[0] for k in range(9)))
        self.assertIn("begins 7.", self.told(longer, self.piece("beside.pcap", 500)))

    def test_files_without_frames_or_time(self):
        none = write(self.folder, "none.pcap", header())
        old, new = self.piece("old.pcap", 0), self.piece("new.pcap", 100)
        self.assertEqual(self.told(none, old, none, new), "")
        self.assertIn("old.pcap: begins", self.told(new, none, old))
        timeless = write(self.folder, "timeless.pcap", header() + struct.pack("<IIII", 0, 0, 54, 54) + connection()[0])
        self.assertEqual(self.told(old, timeless, new), "")


class Fragments(InFolder):
    def setUp(self):
        super().setUp()
        self.parts = in_fragments(connection()[3])
        self.frames = [self.parts[0], *connection(40001), self.parts[1]]     # another connection comes in between

    def test_those_that_a_kept_frame_needs_come_right_before_it(self):
        data = pcap(self.frames)
        wanted = [record(self.frames[4], 4), record(self.parts[0], 0), record(self.parts[1], 6)]
        result = slim("-", stdin=data)
        self.assertEqual(result.stdout, header() + b"".join(wanted))
        self.assertRegex(result.stderr, r"kept +2 frames, and 1 fragments")
        self.assertEqual(slim("--marked-only", "-", stdin=data).stdout, header() + wanted[0] + wanted[2])
        self.assertEqual(sorted(rows("-", stdin=data)), [2, 3, 4, 5, 6, 7])

    def test_of_frames_that_are_not_kept_none_are(self):
        self.assertEqual(slim("--keep", "reply", "-", stdin=pcap(self.frames)).stdout, header() + record(self.frames[5], 5))

    def test_from_another_file_they_take_the_outputs_form(self):
        before = write(self.folder, "0.pcap", pcap([], "<", NANOSECONDS))
        first = write(self.folder, "1.pcap", pcap(self.frames[:3], ">", MICROSECONDS))
        second = write(self.folder, "2.pcap", pcap(self.frames[3:], "<", NANOSECONDS))
        out = slim(before, first, second).stdout
        self.assertEqual(out, header("<", NANOSECONDS) + b"".join((record(self.frames[4], 1, "<", NANOSECONDS), record(self.parts[0], 0, "<", NANOSECONDS),
                                                                  record(self.parts[1], 3, "<", NANOSECONDS))))

    def test_from_another_file_of_pcapng(self):
        first = write(self.folder, "1.pcap", pcap(self.frames[:3]))
        second = write(self.folder, "2.pcap", pcap(self.frames[3:]))
        for name in (first, second):
            subprocess.run(["editcap", "-F", "pcapng", name, name + "ng"], check=True)
        for options, numbers in ((), [0, 0, 0]), (("-F", "pcapng"), [1, 0, 1]):      # a section for each file; through libwiretap, one for all
            result = slim(*options, "-w", self.path("out.pcapng"), first + "ng", second + "ng")
            self.assertEqual(result.returncode, 0, result.stderr)
            kept = packets(read(self.path("out.pcapng")))
            self.assertEqual([packet[-1] for packet in kept], [self.frames[4], *self.parts])
            self.assertEqual([packet[0] for packet in kept], numbers)


class Options(InFolder):
    def test_keep_chooses_classes(self):
        frames = connection()
        for keep, kept in (("first", [3]), ("reply", [4]), ("handshake", [0, 1, 2]), ("first,handshake", [0, 1, 2, 3]),
                           ("flight,reply", [3, 4]), ("handshake,first,reply,flight", [0, 1, 2, 3, 4])):
            with self.subTest(keep):
                out = slim("--keep", keep, "-", stdin=pcap(frames)).stdout
                self.assertEqual(out, header() + b"".join(record(frames[n], n) for n in kept))

    def test_flight_bytes(self):
        frames = connection(request=b"a" * 100)[:4] + [segment(40000, 80, 1101, ACK, b"b" * 100, ack=5001)]
        self.assertEqual(rows("--flight-bytes", "101", "-", stdin=pcap(frames))[5], "flight")
        self.assertNotIn(5, rows("--flight-bytes", "100", "-", stdin=pcap(frames)))

    def test_opening_and_closing(self):
        """These classes are kept only if they are asked for. A list shows what --keep names, or all but these two."""
        frames = connection(request=b"a" * 100) + [segment(40000, 80, 1101, ACK, b"b" * 100, ack=5001), segment(40000, 80, 1201, ACK | FIN, ack=5001),
                                                   segment(40000, 80, 1201, ACK | FIN, ack=5001), segment(80, 40000, 5020, RST, src=b"\xc0\0\x02\x02", dst=b"\xc0\0\x02\x01")]
        usual = {1: "handshake", 2: "handshake", 3: "handshake", 4: "first,flight", 5: "reply"}
        ends = {4: "opening", 5: "opening", 6: "opening", 7: "closing", 9: "closing"}
        self.assertEqual(rows("-", stdin=pcap(frames)), usual)
        self.assertEqual(rows("--keep", "first,reply,flight,handshake", "-", stdin=pcap(frames)), usual)
        self.assertEqual(rows("--keep", "opening,closing", "-", stdin=pcap(frames)), ends)
        self.assertEqual(rows("--keep", "first,closing", "-", stdin=pcap(frames)), {4: "first", 7: "closing", 9: "closing"})
        self.assertEqual(rows("--keep", "opening", "--opening-bytes", "100", "-", stdin=pcap(frames)), {4: "opening", 5: "opening"})
        self.assertEqual(rows("--keep", "opening", "--opening-bytes", "0", "-", stdin=pcap(frames)), {})
        out = slim("--keep", "opening,closing", "-", stdin=pcap(frames)).stdout
        self.assertEqual(out, header() + b"".join(record(frames[n - 1], n - 1) for n in ends))

    def test_idle(self):
        """By the times of the frames, even where one file ends and another begins."""
        gaps = connection() + [segment(40000, 80, 1019, ACK, b"more", ack=5020)]
        records = [record(frame, n) for n, frame in enumerate(gaps[:5])]
        late = struct.pack("<II", 1700000007, 4000) + record(gaps[5])[8:]        # 7 s after the answer
        whole = header() + b"".join(records) + late
        first = write(self.folder, "1.pcap", header() + b"".join(records))
        second = write(self.folder, "2.pcap", header() + late)
        for seconds, found in (("0", None), ("8", None), ("7", "first,flight"), ("1", "first,flight")):
            with self.subTest(seconds):
                self.assertEqual(rows("--idle", seconds, "-", stdin=whole).get(6), found)
                self.assertEqual(rows("--idle", seconds, first, second).get(6), found)

    def test_no_midstream(self):
        middle = [segment(5, 6, 1, ACK, b"data")]
        self.assertEqual(rows("-", stdin=pcap(middle + connection()))[1], "first,flight")
        self.assertEqual(rows("--no-midstream", "-", stdin=pcap(middle + connection())), {n + 1: c for n, c in
                                                                                        rows("-", stdin=pcap(connection())).items()})

    def test_max_streams_is_said_when_reached(self):
        syns = [segment(1000 + n, 80, 1, SYN) for n in range(100)]
        result = slim("--max-streams", "16", "--list", "-", stdin=pcap(syns))
        self.assertIn("unanswered", result.stderr)
        self.assertNotIn("forgotten", slim("--list", "-", stdin=pcap(syns)).stderr)

    def test_max_memory(self):
        def forgotten(*options):
            return int((re.findall(r"^forgotten +(\d+) streams", slim("--list", *options, "-", stdin=syns).stderr, re.M) or [0])[0])

        syns = pcap([segment(1000 + n, 80 + network, 1, SYN) for n in range(50000) for network in range(2)])
        in_two, in_four = forgotten("--max-memory", "2M"), forgotten("--max-memory", str(4 << 20))
        # What is forgotten at a time depends on the run's hashes, and 4 MiB is for 43,600 streams.
        self.assertTrue(56000 < in_four < 60000, in_four)
        self.assertGreater(in_two, in_four + 20000)
        self.assertLess(in_four, forgotten("--max-memory", "4m", "--max-streams", "30000") - 10000)
        self.assertLess(abs(in_four - forgotten("--max-memory", "4m", "--max-streams", "99999")), 2000)
        self.assertEqual(forgotten("--max-memory", "1G"), 0)
        for wrong in ("0", "1", "1023K", "-1M", "1X", "1MB", "", "99999999T"):
            with self.subTest(wrong):
                result = slim("--list", "--max-memory", wrong, "-", stdin=header())
                self.assertEqual(result.returncode, 64)
                self.assertIn("--max-memory takes", result.stderr)

    def test_values_attached_to_short_options(self):
        source = write(self.folder, "in.pcap", pcap(connection() * 3))
        self.assertEqual(rows("-c4", source), rows("-c", "4", source))
        self.assertEqual(slim("-qkflight,reply", "-Fpcapng", "-w-", source).stdout,
                         slim("-q", "-k", "flight,reply", "-F", "pcapng", "-w", "-", source).stdout)
        self.assertEqual(slim("-lqf", "-c5", source).returncode, 64)    # the value of -f, as it is the other way round
        os.rename(source, os.path.join(self.folder, "-c5"))
        self.assertEqual(slim("-lqj2", "--", "-c5", cwd=self.folder).returncode, 0)

    def test_attached_after_each_flag(self):
        """None of them takes the next option for its value: words.c knows from the option tables which ones have values."""
        for command, attached, well in (("slim", ["-c0", "in.pcap"], "-c takes a number"), ("watch", ["-kfrist", "first", "out"], "--keep takes first")):
            page = subprocess.run([PROGRAM, command, "--help"], capture_output=True, text=True, timeout=PATIENCE_SECONDS).stdout
            flags = [flag for flag in re.findall(r"^  (?:-\w, )?(--[\w-]+) ", page, re.M) if flag != "--help"]
            self.assertGreater(len(flags), 5)
            for flag in flags:
                with self.subTest(command=command, flag=flag):
                    options = ["--log=beside"] if flag == "--follow" and command == "watch" else []
                    result = subprocess.run([PROGRAM, command, *options, flag, *attached], capture_output=True, text=True, timeout=PATIENCE_SECONDS)
                    self.assertIn(well, result.stderr)

    def test_values_that_look_like_options(self):
        source = write(self.folder, "in.pcap", pcap(connection()))
        for words in (["--write", "-foo.pcap"], ["-w", "-foo.pcap"], ["-w-foo.pcap"], ["--quiet", "-w-foo.pcap"], ["--write", "-foo.pcap", "-c9"]):
            with self.subTest(words):
                self.assertEqual(slim(*words, source, cwd=self.folder).returncode, 0)
                os.unlink(self.path("-foo.pcap"))

    def test_wrong_usage_says_what_is_right(self):
        for arguments in (["--keep", "frist", "-"], ["--flight-bytes", "-1", "-"], ["--opening-bytes", "-1", "-"], ["--opening-bytes", "536870913", "-"], ["--idle", "-1", "-"], ["--idle", "4294967296", "-"], ["--max-streams", "3", "-"], [], ["-", "-"],
                          ["--list", "-w", "x", "-"], ["--no-such-option", "-"]):
            with self.subTest(arguments):
                result = slim(*arguments, stdin=header())
                self.assertEqual(result.returncode, 64, result.stderr)
                self.assertTrue(result.stderr.startswith("firstpayload: "), result.stderr)

    def test_what_would_be_lost_when_it_is_given_twice(self):
        """GLib would take the last one, without a word about the others that were to be captured, kept or written."""
        for words in (["-qw", "x", "--write", "y", "-"], ["-w", "x", "-qlwy", "-"],
                      ["--log", "x", "--log=y", "-"], ["-f", "tcp", "-ftcp", "-"], ["-k", "first", "--keep", "reply", "-"],
                      ["-Y", "tls", "--display-filter", "http", "-"], ["--log=x", "--fields", "a", "--fields=b", "-"],
                      ["--stream-key", "vlan", "--stream-key", "vni", "-"]):
            with self.subTest(words):
                result = slim(*words, stdin=header(), cwd=self.folder)
                self.assertEqual((result.returncode, result.stdout, os.listdir(self.folder)), (64, b"", []), result.stderr)
                self.assertIn("is given twice", result.stderr)
        for words in (["-c", "9", "-c2", "in"], ["-q", "-q", "in"], ["-F", "pcapng", "-F", "pcap", "in"], ["-w", "-w", "in"], ["-f", "tcp", "--", "-f"]):
            write(self.folder, words[-1], pcap(connection()))
            with self.subTest(words):
                self.assertEqual(slim(*words, cwd=self.folder).returncode, 0)
        for words in (["--then", "keep", "--then=delete"], ["--log", "only", "--log", "beside"], ["--match", "a", "--match", "b"]):
            run = subprocess.run([PROGRAM, "watch", "--once", *words, "in", "out"], cwd=self.folder, capture_output=True, timeout=PATIENCE_SECONDS)
            self.assertEqual(run.returncode, 64, run.stderr)
            self.assertIn(b"is given twice", run.stderr)

    def test_help_names_every_exit_status(self):
        for command, page in (("slim", "firstpayload.1"), ("watch", "firstpayload-watch.1")):
            with open(os.path.join(os.environ["FIRSTPAYLOAD_SOURCE"], "man", page), encoding="utf-8") as file:
                section = file.read().split(".SH EXIT STATUS\n")[1].split("\n.SH ")[0]
            said = subprocess.run([PROGRAM, command, "--help"], capture_output=True, text=True, timeout=PATIENCE_SECONDS).stdout.split("Exit status:")[1]
            self.assertEqual(re.findall(r"(?:^|;) (\d+) ", said.replace("\n", " ")), re.findall(r"^\.B (\d+)$", section, re.M))

    def test_a_capture_is_not_written_to_a_terminal(self):
        ours, theirs = pty.openpty()
        source = write(self.folder, "in.pcap", pcap(connection()))
        result = subprocess.run([PROGRAM, "slim", source], stdout=theirs, stderr=subprocess.PIPE, timeout=PATIENCE_SECONDS)
        self.assertEqual(result.returncode, 64)
        self.assertIn(b"terminal", result.stderr)
        os.close(ours)
        os.close(theirs)

    def test_version_and_help(self):
        self.assertRegex(subprocess.run([PROGRAM, "--version"], capture_output=True, text=True).stdout, r"^firstpayload \d+\.\d+\.\d+\n$")
        self.assertIn("firstpayload slim", subprocess.run([PROGRAM, "--help"], capture_output=True, text=True).stdout)
        self.assertIn("--keep", slim("--help").stdout.decode())
        self.assertEqual(subprocess.run([PROGRAM, "slimm"], capture_output=True).returncode, 64)


class SeveralInOne(InFolder):
    """An A-MSDU: one frame of IEEE 802.11 with the requests of two connections (and one with a request and the answer to another)."""

    @staticmethod
    def aggregate(*frames):
        body = b""
        for frame in frames:
            llc = b"\xaa\xaa\3\0\0\0\x08\0" + frame[14:]
            body += b"\0" * (-len(body) % 4) + frame[:12] + len(llc).to_bytes(2, "big") + llc
        return b"\x88\1" + b"\0" * 22 + b"\x80\0" + body

    def test_each_has_its_line_and_the_frame_is_kept_once(self):
        one, two = connection(40000), connection(40001)
        frames = [self.aggregate(a, b) for a, b in zip(one[:3], two[:3])] + [self.aggregate(one[3], two[3]), self.aggregate(two[4], one[4])]
        source = write(self.folder, "in.pcap", pcap(frames, link=105))
        self.assertEqual(rows(source), {1: "handshake", 2: "handshake", 3: "handshake", 4: "first,flight", 5: "reply"})
        for more in ([], ["--fields", "http.request.uri"], ["-Y", "tcp.srcport == 40001"]):
            with self.subTest(more):
                result = slim("-q", "-w", self.path("out.pcap"), "--log", self.path("log"), *more, source)
                self.assertEqual(result.returncode, 0, result.stderr)
                lines = read(self.path("log")).decode().splitlines()
                os.unlink(self.path("log"))
                self.assertEqual(len(lines), 2, lines)
                self.assertEqual([":40000 >" in lines[0], ":40001 >" in lines[1]], [True, True], lines)
                self.assertEqual(len(read(self.path("out.pcap"))), 24 + 16 + len(frames[3]))


class Summary(InFolder):
    def test_it_counts_what_was_seen_and_done(self):
        arp = b"\xff" * 6 + b"\x02\0\0\0\0\x01\x08\x06" + b"\0" * 28
        udp = bytearray(segment(1, 2, 3, ACK))
        udp[23] = 17
        result = slim("-w", self.path("out.pcap"), "-", stdin=pcap([arp, bytes(udp), segment(1, 2, 3, ACK)[:40]] + connection()))
        for line in (r"frames +8$", r"  TCP segment +5$", r"  ARP +1$", r"  UDP +1$", r"  contradictory header +1$",
                     r"streams +1, 1 with payload$", r"kept +1 frames$", r"bytes +%d in, %d out$" % (
                         24 + 8 * 16 + 42 + 54 + 40 + sum(map(len, connection())), os.path.getsize(self.path("out.pcap")))):
            self.assertRegex(result.stderr, "(?m)^" + line)

    def test_it_names_what_is_left(self):
        """Tunnels that are not decoded are named by their ports, and link types by their numbers; there are no more names than fit a page."""
        wireguard = bytearray(segment(51820, 51820, 3, ACK))
        wireguard[23] = 17
        types = [b"\xff" * 6 + b"\x02\0\0\0\0\x01\x9f" + bytes([i]) + b"\0" * 46 for i in range(30)]
        said = slim("--list", "-", stdin=pcap([bytes(wireguard)] * 2 + types)).stderr
        self.assertRegex(said, r"(?m)^  WireGuard \(UDP 51820\) +2\n  Ethernet type 0x9f00 +1$")
        self.assertRegex(said, r"(?m)^  others +7$")
        self.assertRegex(slim("--list", "-", stdin=pcap([b"\0" * 64], link=189)).stderr, r"(?m)^  link type 189 \(USB_LINUX\) +1$")

    def test_quiet(self):
        self.assertEqual(slim("-q", "-", stdin=pcap(connection())).stderr, "")

    def test_progress_on_a_terminal_after_a_second(self):
        ours, theirs = pty.openpty()
        run = subprocess.Popen([PROGRAM, "slim", "-w", self.path("out.pcap"), "-"], stdin=subprocess.PIPE, stderr=theirs)
        os.close(theirs)
        run.stdin.write(header())

        def write_until_shown():
            run.stdin.write(record(connection()[0], 0))
            run.stdin.flush()
            return select.select([ours], [], [], 0)[0]

        wait_for(write_until_shown, "progress")
        run.stdin.close()
        shown = b""
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:                 # the other end is closed
                break
            if not chunk:
                break
            shown += chunk
        self.assertEqual(run.wait(PATIENCE_SECONDS), 0)
        os.close(ours)
        self.assertRegex(shown, rb"\rstandard input|\r\x1b\[Kstandard input: [0-9.]+ MB, \d+ frames, \d+ kept")
        self.assertIn(b"\x1b[Kframes", shown)


if __name__ == "__main__":
    unittest.main()
