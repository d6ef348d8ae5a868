# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes TLS ClientHellos."""


def _vector(length_bytes, content):
    return len(content).to_bytes(length_bytes, "big") + content


def client_hello(server_name, padding=0, more=b""):
    """Returns a TLS record with a ClientHello (RFC 8446 4.1.2). server_name: str or bytes (RFC 6066 3). padding: in bytes (RFC 7685).
    more: extensions between these."""
    if isinstance(server_name, str):
        server_name = server_name.encode()
    extensions = b"\0\0" + _vector(2, _vector(2, b"\0" + _vector(2, server_name))) + more + b"\0\x15" + _vector(2, bytes(padding))
    hello = b"\x03\x03" + bytes(32) + _vector(1, b"") + _vector(2, b"\x13\x01") + _vector(1, b"\0") + _vector(2, extensions)
    return b"\x16\x03\x01" + _vector(2, b"\x01" + _vector(3, hello))
