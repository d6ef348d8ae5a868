# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture with a frame for each colour of the profile."""
from packets import ACK, FIN, PSH, RST, SYN, Capture, Stream, ip, udp

GET = b"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n"


def make():
    """Returns (capture, the number of a frame by the name of its colour, the number of a first payload frame with bytes missing before it). The name ""
    is for a frame that has no colour; the first frame has none, either."""
    capture, frames = Capture(), {}
    capture.add(ip("10.0.0.1", "10.0.0.2", udp(40000, 7777, b"no stream of TCP"), 17))
    http = Stream(capture, 40000, server_port=80)
    frames["Handshake"] = http.handshake()[0]
    frames["First payload"] = http.client(PSH | ACK, 1, 1, GET)
    frames["Flight"] = http.client(PSH | ACK, 1 + len(GET), 1, b"x")
    frames["Reply"] = http.server(PSH | ACK, 1, 2 + len(GET), b"HTTP/1.1 204 No Content\r\n\r\n")
    frames[""] = http.client(ACK, 2 + len(GET), 27)
    frames["Opening"] = http.client(PSH | ACK, 2 + len(GET), 27, GET)
    frames["Closing"] = http.client(FIN | ACK, 2 + 2 * len(GET), 27)
    frames["First payload, fast open"] = Stream(capture, 40001, server_port=80).client(SYN, 0, 0, GET)
    frames["First payload, midstream"] = Stream(capture, 40002).server(PSH | ACK, 1000, 1000, b"middle")
    smtp = Stream(capture, 40003, server_port=25)
    smtp.handshake()
    frames["First payload, server speaks first"] = smtp.server(PSH | ACK, 1, 1, b"220 ready\r\n", at=9)
    hole = Stream(capture, 40004)
    hole.handshake()
    after_hole = hole.client(PSH | ACK, 101, 1, b"after a hole")
    hole.server(ACK, 1, 1)
    hole.server(ACK, 1, 1)
    frames["Bad TCP"] = hole.server(ACK, 1, 1)
    reset = Stream(capture, 40005)
    reset.server(RST, 1000)
    frames["TCP RST"] = reset.server(RST, 1000)
    return capture, frames, after_hole
