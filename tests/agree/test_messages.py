#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What lines of the log say of first messages, in captures that nobody in this project made, against what stock tshark says of them
(../shared/captures/said). The program finds, orders and recognises the messages by itself."""
import os
import pathlib
import re
import sys
import unittest

import answers

sys.path[:0] = [os.path.join(answers.ROOT, "tests", "lib"), os.path.join(answers.ROOT, "tests", "said")]
os.environ.setdefault("FIRSTPAYLOAD_SOURCE", str(answers.ROOT))
import log_schema  # noqa: E402
import test_captures as said  # noqa: E402

TEXT_BYTES_MAX = 512
NAMES = {"0300": "SSL 3.0", "0301": "TLS 1.0", "0302": "TLS 1.1", "0303": "TLS 1.2", "0304": "TLS 1.3"}
GREASE = re.compile("([0-9a-f]a)\\1")


def as_json(text):
    """A text of a row, in which bytes may be escaped, as JSON has the same bytes."""
    data = re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), text.encode())
    return data[:TEXT_BYTES_MAX].decode("utf-8", "replace")


def versions(row):
    hello, *supported = row["version"].split(",")
    offered = [version for version in supported if not GREASE.fullmatch(version)]
    if not offered and "cut" in row["traits"].split(";"):
        return None
    return [NAMES.get(version, f"0x{version}") for version in offered or [hello]]


def wanted_of(row):
    """What the line of a row has to have."""
    if row["kind"] == "ssh":
        return {"banner": as_json(row["what"])}
    if row["kind"] == "http":
        return {key: as_json(row[column]) for key, column in
                (("host", "name"), ("url", "what"), ("http_method", "method"), ("http_user_agent", "user_agent"), ("protocol", "version"))}
    wanted = {"sni": as_json(row["name"]), "client_alpns": [as_json(name) for name in row["what"].split(",") if name], "versions": versions(row),
              "ech": "ech" in row["traits"].split(";")}
    if "cut" not in row["traits"].split(";"):
        wanted.update(ja3=row["ja3"], ja4=row["ja4"])
    elif not wanted["ech"]:
        wanted["ech"] = None
    return wanted


def found_in(row, entry):
    """The same of the line."""
    if row["kind"] == "ssh":
        side, = entry["ssh"].values()
        return {"banner": "SSH-" + side["proto_version"] + "-" + side["software_version"] + (" " + side["comments"] if "comments" in side else "")}
    if row["kind"] == "http":
        http = entry["http"]
        host = http.get("hostname", "") + (f":{http['http_port']}" if "http_port" in http else "")
        return {"host": host, **{key: http.get(key, "") for key in ("url", "http_method", "http_user_agent", "protocol")}}
    tls = entry["tls"]
    found = {"sni": tls.get("sni", ""), "client_alpns": tls.get("client_alpns", []), "versions": tls.get("versions"), "ech": tls.get("ech")}
    if "cut" not in row["traits"].split(";"):
        found.update(ja3=tls.get("ja3", {}).get("hash", ""), ja4=tls.get("ja4", ""))
    return found


class Said(unittest.TestCase):
    maxDiff = None

    def test_every_row(self):
        tables = sorted(said.SHARED.glob("said/**/*.said*"))
        if not tables:
            print(f"{said.SHARED}/said is not there: nothing was compared with what tshark says")
            raise unittest.SkipTest("shared captures absent")
        paths = sorted({str(table.relative_to(said.SHARED / "said").with_suffix("")) for table in tables})
        compared, others = 0, 0
        for path in paths:
            firsts, entries = self.firsts(path), self.entries(path)
            for row in said.rows(path):
                if int(row["first"]) not in firsts:
                    others += 1         # the other side's, say, whose first message is no first payload frame
                    continue
                with self.subTest(capture=path, frame=row["first"]):
                    self.check(path, row, entries[int(row["first"])])
                    compared += 1
        print(f"{compared} rows of {len(paths)} captures compared; {others} are of messages that begin in no first payload frame")
        self.assertGreater(compared, 150)

    def firsts(self, path):
        """The first payload frames, of TCP and of QUIC."""
        tables = said.SHARED / "expected" / (path + ".frames"), said.SHARED / "expected-more" / (path + ".quic.rows")
        lines = [line for table in tables if table.exists() for line in table.read_text().splitlines()]
        return {int(line.split("\t")[0]) for line in lines if "first" in line.split("\t")[1].split(",")}

    def entries(self, path):
        run = answers.program("slim", "-q", "--log", "-", "--log-format", "json", "--transport", "tcp,quic", str(said.SHARED / "files" / path), check=False)
        return {entry["pcap_cnt"]: entry for entry in log_schema.entries(run.stdout)}

    def check(self, path, row, entry):
        name = pathlib.PurePath(path).name
        if (name, row["first"]) in said.NO_REQUEST:
            self.assertNotIn("app_proto", entry)
            return
        self.assertEqual(entry.get("app_proto"), row["transport"] if row["transport"] == "quic" else row["kind"])
        wanted, found = wanted_of(row), found_in(row, entry)
        if (name, row["first"]) in said.OTHER_JA3:
            wanted.pop("ja3"), found.pop("ja3")
        self.assertEqual(found, wanted)


if __name__ == "__main__":
    unittest.main()
