#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Holds what the program decodes against Wireshark's own tables, and writes docs/layers.md.

usage: docs/layers.py [--check]     --check: writes nothing; status 1 when docs/layers.md is not what it would write

Asks tshark (-G decodes) which dissector has which number. Each entry is decoded, that is, has a row in postproc/decode/layers.h or postproc/capture/link-type.c, or
its dissector stands in docs/layers.txt, with the reason why not. Status 1 as well when there is one of which nobody has judged.
"""
import collections
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WTAP = pathlib.Path("/usr/include/wireshark/wiretap/wtap.h")
TABLES = {"ethertype": ("Ethernet types", "FP_LAYERS_OF_TYPE", "0x{:04x}"), "ip.proto": ("Protocols of IP", "FP_LAYERS_OF_PROTOCOL", "{}"),
          "udp.port": ("Ports of UDP", "FP_LAYERS_OF_PORT", "{}"), "wtap_encap": ("Encapsulations of libwiretap", None, "{}")}


def entries():
    """{table: {dissector: [number, ...]}}"""
    found = {table: collections.defaultdict(list) for table in TABLES}
    said = subprocess.run(["tshark", "-G", "decodes"], capture_output=True, text=True, check=True).stdout
    for table, number, dissector in (line.split("\t")[:3] for line in said.splitlines() if line.count("\t") >= 2):
        if table in found and number.isdigit():
            found[table][dissector].append(int(number))
    return found


def encapsulations():
    """{name without WTAP_ENCAP_: number}"""
    return {name: int(number) for name, number in re.findall(r"#define WTAP_ENCAP_(\w+)\s+(-?\d+)", WTAP.read_text(encoding="utf-8"))}


def decoded():
    """{table: numbers that have a row}"""
    layers = (ROOT / "postproc/decode/layers.h").read_text(encoding="utf-8")
    rows = {}
    for table, (_, macro, _) in TABLES.items():
        if macro:
            body = layers[layers.index("#define " + macro):].split("\n\n")[0]
            rows[table] = {int(number, 0) for number in re.findall(r"LAYER\((\w+),", body)}
    numbers, link = encapsulations(), (ROOT / "postproc/capture/link-type.c").read_text(encoding="utf-8")
    rows["wtap_encap"] = {numbers[name] for name in re.findall(r"WTAP_ENCAP_(\w+)", link) if name in numbers}
    return rows


def judged():
    """{dissector: reason}"""
    lines = (ROOT / "docs/layers.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if not line.startswith("#"))


def section(table, dissectors, rows, reasons, unjudged):
    title, _, form = TABLES[table]
    lines, reasoned, silent = [f"## {title}", "", "| dissector | numbers | |", "| --- | --- | --- |"], [], []
    for name, numbers in sorted(dissectors.items()):
        shown = [number for number in sorted(numbers) if number in rows]
        rest = [number for number in sorted(numbers) if number not in rows]
        if shown:
            lines.append(f"| {name} | {', '.join(map(form.format, shown))} | decoded |")
        if rest and name not in reasons:
            unjudged.append(f"{table} {rest[0]}: {name}")
        elif rest and reasons[name]:
            reasoned.append(f"| {name} | {', '.join(map(form.format, rest))} | {reasons[name]} |")
        elif rest:
            silent.append(name)
    return [*lines, *reasoned, "", f"Carry no IP: {', '.join(silent)}.", ""]


def main():
    unjudged, rows, reasons = [], decoded(), judged()
    text = ["# What is decoded, and what is not", "",
            "Made by `docs/layers.py` from the tables of tshark 4.0 (`tshark -G decodes`) and the program's own. Each entry that leads to IP is",
            "decoded, or stands here with the reason why not.", ""]
    for table, dissectors in entries().items():
        text += section(table, dissectors, rows[table], reasons, unjudged)
    document, text = ROOT / "docs/layers.md", "\n".join(text).rstrip() + "\n"
    for line in unjudged:
        print(f"layers: {line} is not decoded, and not in docs/layers.txt", file=sys.stderr)
    if "--check" not in sys.argv:
        document.write_text(text, encoding="utf-8")
    elif not document.exists() or document.read_text(encoding="utf-8") != text:
        print("layers: docs/layers.md is not up to date: run docs/layers.py", file=sys.stderr)
        return 1
    return 1 if unjudged else 0


if __name__ == "__main__":
    sys.exit(main())
