# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads lines of the log, and validates each against docs/log.schema.json."""
import contextlib
import functools
import ipaddress
import json
import pathlib

import fastjsonschema   # python3-fastjsonschema and python3-jsonschema; if they are missing, the test fails instead of being skipped
import jsonschema

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "docs" / "log.schema.json"


def schema():
    return json.loads(SCHEMA.read_text())


@functools.cache
def validator():
    """Knows all of the schema's language, and takes a millisecond for each line."""
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker(("ipv4", "ipv6")))


def is_made_by(kind):
    """Returns a function that says whether kind takes a text."""
    def is_fine(text):
        with contextlib.suppress(ValueError):
            kind(text)
            return True
        return False
    return is_fine


@functools.cache
def fast_validator():
    """Takes a fourth of that. It knows draft 7, which has another word for one of the schema's; test_stats holds it against the other."""
    validator()
    as_draft_7 = json.loads(SCHEMA.read_text().replace('"dependentRequired"', '"dependencies"'))
    addresses = {"ipv4": is_made_by(ipaddress.IPv4Address), "ipv6": is_made_by(ipaddress.IPv6Address)}
    return fastjsonschema.compile({**as_draft_7, "$schema": "http://json-schema.org/draft-07/schema#"}, formats=addresses)


def refuse_twice(pairs):
    """JSON parsers accept duplicate keys; a reader must not have to choose between them."""
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError(f"duplicate key: {keys}")
    return dict(pairs)


def entries(data):
    """Returns the objects of a log. Raises if a line is no object, is not plain ASCII, or does not match the schema."""
    if data and not data.endswith(b"\n"):
        raise ValueError(f"the last line has no line end: {data[-80:]!r}")
    found = []
    for line in data.splitlines():
        if any(byte < 0x20 or byte > 0x7e for byte in line):
            raise ValueError(f"more than plain ASCII: {line!r}")
        entry = json.loads(line, object_pairs_hook=refuse_twice)
        fast_validator()(entry)
        found.append(entry)
    return found
