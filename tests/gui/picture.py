# SPDX-License-Identifier: GPL-2.0-or-later
"""What is on the screen of Xvfb (-fbdir): its file, as X's window dumps are (XWDFile.h); and pictures as PNG. Nothing but Python is needed."""
import struct
import zlib

HEADER_WORDS = 25
COLOUR_BYTES = 12


class Picture:
    """rows: of each row, the bytes red, green, blue of each pixel."""

    def __init__(self, rows):
        self.rows = rows
        self.width, self.height = len(rows[0]) // 3, len(rows)

    def pixel(self, x, y):
        return tuple(self.rows[y][3 * x:3 * x + 3])

    def part(self, x, y, width, height):
        return Picture([row[3 * x:3 * (x + width)] for row in self.rows[y:y + height]])

    def save(self, path):
        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        with open(path, "wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)) +
                       chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in self.rows), 9)) + chunk(b"IEND", b""))


def read_screen(path):
    """Of a screen with 24 bits a pixel."""
    with open(path, "rb") as file:
        dump = file.read()
    words = struct.unpack(f">{HEADER_WORDS}I", dump[:4 * HEADER_WORDS])
    width, height, row_bytes, colours = words[4], words[5], words[12], words[19]
    assert words[11] == 32 and words[7] == 0, "pixels are not 32 bits, least significant byte first"
    start = words[0] + colours * COLOUR_BYTES
    rows = []
    for y in range(height):
        row = dump[start + y * row_bytes:start + y * row_bytes + 4 * width]
        pixels = bytearray(3 * width)
        pixels[0::3], pixels[1::3], pixels[2::3] = row[2::4], row[1::4], row[0::4]
        rows.append(bytes(pixels))
    return Picture(rows)
