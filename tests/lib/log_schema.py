# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines of the log as docs/log.schema.json has them, which each is held against."""
import json
import pathlib

import jsonschema       # python3-jsonschema: a missing one is a failure, not a test left out

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
    """JSON's parsers let a key that comes twice pass; a reader must not have to choose."""
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise ValueError(f"a key comes twice: {keys}")
    return dict(pairs)


def entries(data):
    """The objects of a log. Raises when a line is none, is not plain ASCII, or not as the schema has it."""
    if data and not data.endswith(b"\n"):
        raise ValueError(f"the last line has no end: {data[-80:]!r}")
    found = []
    for line in data.splitlines():
        if any(byte < 0x20 or byte > 0x7e for byte in line):
            raise ValueError(f"more than plain ASCII: {line!r}")
        entry = json.loads(line, object_pairs_hook=refuse_twice)
        validator().validate(entry)
        found.append(entry)
    return found
