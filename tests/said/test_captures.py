#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the recognisers say of first messages in captures that nobody in this project made, compared with what stock tshark says.

The rows are those of ../shared/captures/said, whose README says what the columns mean. The segments of each message are put together here from the
payloads that tshark prints, without any code of this project.
"""
import collections
import os
import pathlib
import subprocess
import unittest

import tshark_runner

SHARED = pathlib.Path(os.environ["FIRSTPAYLOAD_SOURCE"]).parent / "shared" / "captures"
COLUMNS = ("transport", "stream", "first", "complete", "kind", "name", "what", "ja3", "tshark_ja4", "version", "method", "user_agent", "head", "ja4",
           "frames", "traits")
FIELDS = ("frame.number", "tcp.stream", "udp.stream", "ip.src", "ipv6.src", "tcp.srcport", "udp.srcport", "tcp.seq_raw", "tcp.payload", "udp.payload", "tcp.len")
MESSAGE_BYTES_MAX = 16384

# README there: for a hello without extensions, the string in tshark lacks its last commas.
OTHER_JA3 = {("tls_cipher_lens.pcap", "4"), ("tls_cipher_lens.pcap", "5")}

# A fuzzed message: PUT, an empty target, binary data where the version should be, and a head without an end. tshark takes it for a request.
NO_REQUEST = {("clusterfuzz-testcase-minimized-FuzzTarget-5755755617189888", "1")}

Segment = collections.namedtuple("Segment", "frame stream side seq payload")


def rows(path):
    """Returns the rows of a capture, by the frame in which their message begins; rows of said-more take precedence."""
    found = {}
    for suffix in (".said", ".said-more"):
        table = SHARED / "said" / (path + suffix)
        if table.exists():
            for line in table.read_text().splitlines():
                row = dict(zip(COLUMNS, line.split("\t")))
                found[row["transport"], row["first"]] = row
    return list(found.values())


def segments(path):
    """Returns all segments and datagrams with payload, in the order of capture."""
    options = [option for field in FIELDS for option in ("-e", field)]
    run = tshark_runner.run_tshark(["-n", "-r", path, "-Y", "tcp.len > 0 || udp.payload", "-T", "fields", "-E", "occurrence=l", *options], plugin=False)
    for line in tshark_runner.output_of(run).splitlines():
        value = dict(zip(FIELDS, line.split("\t")))
        transport = "tcp" if value["tcp.payload"] else "udp"
        payload = bytes.fromhex(value[transport + ".payload"].replace(":", ""))
        source = value["ip.src"], value["ipv6.src"], value[transport + ".srcport"]
        yield Segment(int(value["frame.number"]), (transport, value[transport + ".stream"]), source, int(value["tcp.seq_raw"] or 0), payload)


def in_order(parts, base):
    """Returns the bytes from number base on, up to a hole. Of bytes that came twice, the first copy counts."""
    message, present = bytearray(MESSAGE_BYTES_MAX), bytearray(MESSAGE_BYTES_MAX)
    for part in parts:
        start = (part.seq - base + 2**31) % 2**32 - 2**31
        if start >= MESSAGE_BYTES_MAX:
            continue
        for at, byte in enumerate(part.payload, start):
            if 0 <= at < MESSAGE_BYTES_MAX and not present[at]:
                message[at], present[at] = byte, 1
    end = present.find(0)
    return bytes(message[:end if end >= 0 else None])


def request(row, of_capture):
    """Returns what said-facts is asked: two lines."""
    first = int(row["first"])
    kind = "udp" if row["transport"] == "quic" else "tcp"
    begin = next(s for s in of_capture if s.frame == first and s.stream[0] == kind)
    parts = [s for s in of_capture if s.stream == begin.stream and s.side == begin.side]
    if kind == "udp":
        return "quic\n" + " ".join(s.payload.hex() for s in parts if s.frame >= first) + "\n"
    frames = {int(frame) for frame in row["frames"].split(",")}
    base = min((s.seq for s in parts if s.frame in frames), key=lambda seq: (seq - begin.seq + 2**31) % 2**32)
    speaker = "server" if begin.side[2] == "22" else "client"
    return f"{speaker}\n{in_order(parts, base).hex()}\n"


def facts(text):
    """Returns a list of values for each key."""
    said = collections.defaultdict(list)
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        said[key].append(value)
    return said


def comparable(row, said, name):
    """Returns what the row says and what the facts say, in the same form."""
    def one(key):
        return "".join(said[key][:1])
    if row["kind"] == "http":
        columns = {"name": "http.host", "what": "http.url", "version": "http.protocol", "method": "http.method", "user_agent": "http.user_agent"}
        return {c: row[c] for c in columns}, {c: one(key) for c, key in columns.items()}
    if row["kind"] == "ssh":
        return {"what": row["what"]}, {"what": one("ssh.banner")}
    wanted = {c: row[c] for c in ("name", "what", "version", "ja3", "ja4")}
    answer = {"name": one("tls.sni"), "what": ",".join(said["tls.alpn"]), "version": ",".join(said["tls.version"] + said["tls.versions"]),
              "ja3": one("tls.ja3.hash"), "ja4": one("tls.ja4"), "ech": bool(said["tls.ech"]), "quic": one("quic.version")}
    wanted["ech"] = "ech" in row["traits"].split(";")
    wanted["quic"] = "".join(t[len("quic-0x"):] for t in row["traits"].split(";") if t.startswith("quic-0x"))
    if "cut" in row["traits"].split(";"):
        for column in ("ja3", "ja4"):
            wanted.pop(column), answer.pop(column)
    if (name, row["first"]) in OTHER_JA3:
        wanted.pop("ja3"), answer.pop("ja3")
    return wanted, answer


class Captures(unittest.TestCase):
    maxDiff = None

    def test_every_row(self):
        tables = sorted(SHARED.glob("said/**/*.said*"))
        if not tables:
            print(f"{SHARED}/said is not there: nothing was compared with what tshark says")
            raise unittest.SkipTest("shared captures absent")
        paths = sorted({str(t.relative_to(SHARED / "said").with_suffix("")) for t in tables})
        compared = 0
        for path in paths:
            compared += self.check_capture(path)
        print(f"{compared} rows of {len(paths)} captures compared")

    def check_capture(self, path):
        of_capture = list(segments(tshark_runner.readable(str(SHARED / "files" / path))))
        wanted = rows(path)
        questions = "".join(request(row, of_capture) for row in wanted)
        run = subprocess.run([os.environ["FIRSTPAYLOAD_SAID_FACTS"]], input=questions, capture_output=True, text=True, check=False)
        self.assertEqual((0, ""), (run.returncode, run.stderr), path)
        answers = run.stdout.split("\n\n")[:-1]
        self.assertEqual(len(wanted), len(answers), path)
        for row, answer in zip(wanted, answers):
            with self.subTest(capture=path, frame=row["first"]):
                said = facts(answer)
                if (pathlib.PurePath(path).name, row["first"]) in NO_REQUEST:
                    self.assertEqual("unknown", answer)
                    continue
                self.assertEqual([row["transport"] if row["transport"] == "quic" else row["kind"]], said["app_proto"])
                self.assertEqual(*comparable(row, said, pathlib.PurePath(path).name))
        return len(wanted)


if __name__ == "__main__":
    unittest.main()
