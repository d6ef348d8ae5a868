#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""On every scenario and capture, each line of `slim --log` agrees with the fields of tshark and the plugin."""
import base64
import re
import sys
import unittest
from datetime import datetime, timezone
from fractions import Fraction

import answers
import log_schema
import other_versions
import tshark_runner

PAYLOAD_MAX = (1 << 31) - 100      # the longest tvbuff, whatever length a damaged file claims


# The SOCKS dissector makes conversations of its own, which count as streams.
NUMBERED_OTHERWISE = ("starttls.pcap",)

SYN_ACK_STARTS = ("port-reuse.pcap",)    # FIN and RST of a connection come after the SYN of the next on its ports


def by_tshark(path, transport):
    """Returns {frame number: {field: [value of each occurrence]}} of the first payload frames."""
    rows = answers.plugin_rows(path, *(() if transport == "tcp" else ("--transport", transport)))
    return {int(row["frame.number"][0]): row for row in rows if row["firstpayload"]}


def by_log(path, transport):
    options = ["--log", "-", "--log-format", "json", "--log-bytes", "65535", "--in-order", "--transport", transport]
    return log_schema.entries(answers.program("slim", "-q", *options, path, check=False).stdout)


def seconds(texts):
    return Fraction(texts[-1]) if texts else None


def epoch(timestamp):
    whole, places = timestamp.rstrip("Z").split(".")
    return int(datetime.fromisoformat(whole).replace(tzinfo=timezone.utc).timestamp()) + Fraction(int(places), 10 ** len(places))


def addresses(row, end):
    """Returns the addresses of the innermost IPv4 and IPv6 layers, or of those that sFlow did not sample: fields do not tell which family counts."""
    return [row[field][0 if is_sampled(row) else -1] for field in ("ip." + end, "ipv6." + end) if row[field]]


def is_sampled(row):
    """Whether tshark shows what sFlow sampled, too, by which its Community ID goes."""
    return any("sflow" in text for text in row["frame.protocols"])


def port(row, entry, end):
    """Of the innermost header; what sFlow samples is inside of the datagram that it is."""
    ports = row[f"{entry['proto'].lower()}.{end}port"]
    return int(ports[0 if is_sampled(row) else -1])


def interface(row, entry):
    """Returns the interface whose index a header has, or else its name in pcapng. Where there is no name, tshark shows the description, or
    "unknown". In all sections but the first, tshark 4.0 shows the names of the first."""
    if tshark_runner.version() < (4, 4) and row["frame.section_number"] not in ([], ["1"]):
        return entry.get("in_iface")
    indexes = [int(text) for field in ("sll.ifindex", "nflog.ifindex_indev", "nflog.ifindex_outdev") for text in row[field][:1]]
    names = [name for name in row["frame.interface_name"] if name not in ["unknown", *row["frame.interface_description"]]]
    if tshark_runner.version() >= (4, 4):   # which escapes backslashes, as of interfaces of Windows
        names = [name.replace(r"\\", "\\") for name in names]
    return next((f"if{index}" for index in indexes if index), names[0] if names else None)


def is_true(texts):
    return bool(texts) and texts[-1] in ("1", "True")


def facts(entry):
    """Returns what an entry says and tshark has a field for."""
    same = ("side", "length", "fast_open", "midstream", "out_of_order", "community_id", "src_port", "dest_port", "vlan", "delay", "in_iface")
    return {**{key: entry.get(key) for key in same}, "time": epoch(entry["timestamp"]), "payload": base64.b64decode(entry["payload"]),
            "age": Fraction(str(entry["age"])), "delay": None if "delay" not in entry else Fraction(str(entry["delay"]))}


def wanted(row, entry):
    """Returns what tshark says about the same frame; where it says nothing, what the entry says."""
    tags = [int(text, 0) for text in row["vlan.id"]]
    vlans = [tag for tag in tags if tag] or None
    ours = facts(entry)
    if any("erspan" in text or "sflow" in text for text in row["frame.protocols"]):
        vlans = entry.get("vlan")
    shown = row["frame.time_epoch"][0]      # a damaged file may have more than a second of microseconds: tshark shows them as they are, since 4.4 in words
    time = Fraction(shown) if re.fullmatch(r"-?\d+\.\d{1,9}", shown) else ours["time"]
    length = int(row["firstpayload.len"][-1])
    if ours["length"] > PAYLOAD_MAX:
        length = ours["length"]
    return {
        "side": row["firstpayload.direction"][-1], "length": length, "fast_open": is_true(row["firstpayload.fast_open"]),
        "midstream": is_true(row["firstpayload.midstream"]), "out_of_order": is_true(row["firstpayload.out_of_order"]),
        "community_id": row["communityid"][-1] if row["communityid"] and not is_sampled(row) else entry["community_id"],
        "src_port": port(row, entry, "src"), "dest_port": port(row, entry, "dst"), "vlan": vlans,
        "in_iface": interface(row, entry), "delay": seconds(row["firstpayload.delay"]), "age": seconds(row["firstpayload.age"]), "time": time,
        "payload": bytes.fromhex(row["firstpayload.data"][-1])[:65535] if row["firstpayload.data"] else b"",
    }


def different(ours, theirs):
    """Returns {key: (ours, theirs)} for all that differ, cut to a readable length."""
    return {key: tuple(repr(value)[:200] for value in (ours[key], theirs[key])) for key in theirs if ours[key] != theirs[key]}


def ask_both(path, transport="tcp"):
    return by_log(path, transport), by_tshark(path, transport)


class Agreement(unittest.TestCase):
    def check(self, paths, later=(), with_streams=False, ask=ask_both):
        compared = 0
        for path, result in zip(paths, answers.in_parallel(ask, paths)):
            with self.subTest(str(path)):
                if isinstance(result, Exception):
                    raise result
                entries, rows = result
                self.assertTrue(all(entry["pcap_filename"] == str(path) for entry in entries))
                if str(path) not in later:
                    self.assertEqual([entry["pcap_cnt"] for entry in entries], sorted(rows))
                for entry in entries:
                    row = rows[entry["pcap_cnt"]]
                    self.assertEqual(different(facts(entry), wanted(row, entry)), {}, "frame %d" % entry["pcap_cnt"])
                    self.assertIn(entry["src_ip"], addresses(row, "src"))
                    self.assertIn(entry["dest_ip"], addresses(row, "dst"))
                    # A SYN/ACK starts a stream after a FIN or RST here; in Wireshark only since 4.4, and there in other cases too.
                    if with_streams and tshark_runner.version() < (4, 4) and path.name not in SYN_ACK_STARTS + NUMBERED_OTHERWISE:
                        self.assertEqual(entry["stream"], int(row["firstpayload.stream"][-1]))
                    compared += 1
        return compared

    def test_own_captures(self):
        self.assertTrue(tshark_runner.plugin_is_listed())
        self.assertGreater(self.check(answers.own_captures(), with_streams=True), 50)

    def test_scenarios(self):
        self.assertGreater(self.check([answers.scenario_capture(path) for path in answers.scenarios()]), 80)

    def test_shared(self):
        captures = answers.shared_captures()
        if not captures:
            answers.say_absent(1)
            raise unittest.SkipTest("shared captures absent")
        for _, path, _ in captures:
            tshark_runner.readable(str(path))
        undecoded = {row[0] for row in other_versions.table(answers.NOT_YET)}
        later = {str(path) for name, path, _ in captures if name in undecoded}
        self.assertGreater(self.check([path for _, path, _ in captures], later), 500)

    def test_shared_datagrams(self):
        captures = [path for name, path, _ in answers.shared_captures() if (answers.SHARED / "expected-more" / f"{name}.udp.tsv").exists()]
        if not captures:
            answers.say_absent(1)
            raise unittest.SkipTest("shared captures absent")
        for path in captures:
            tshark_runner.readable(str(path))
        self.assertGreater(self.check(captures, ask=lambda path: ask_both(path, "udp")), 200)


if __name__ == "__main__":
    unittest.main(verbosity=1 if len(sys.argv) == 1 else 2)
