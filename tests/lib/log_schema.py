# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads lines of the log, and validates each against docs/log.schema.json."""
import json
import pathlib

import jsonschema       # python3-jsonschema; if it is missing, the test fails instead of being skipped

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "docs" / "log.schema.json"
_validator = None


def validator():
    global _validator
    if _validator is None:
        schema = json.loads(SCHEMA.read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        _validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker(("ipv4", "ipv6")))
    return _validator


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
        validator().validate(entry)
        found.append(entry)
    return found
