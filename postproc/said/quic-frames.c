/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quic-frames.c - frames of Initial packets -> the bytes of their CRYPTO frames in order (RFC 9000 19). */
#include "said-internal.h"

#include <string.h>

/* RFC 9000 12.4: these may be in an Initial. */
enum {
    PADDING = 0x00,
    PING = 0x01,
    ACK = 0x02,
    ACK_ECN = 0x03,
    CRYPTO = 0x06,
    CONNECTION_CLOSE = 0x1c,
};

/* RFC 9000 16: two bits say how many bytes it has. */
uint64_t fp_said_quic_integer(FpReader *reader)
{
    if (fp_reader_left(reader) == 0) {
        reader->is_short = true;
        return 0;
    }
    static const uint64_t largest[] = {0x3f, 0x3fff, 0x3fffffff, 0x3fffffffffffffff};
    unsigned length = reader->bytes[reader->position] >> 6;
    return fp_read_big(reader, (size_t)1 << length) & largest[length];
}

void fp_said_quic_forget(FpSaid *said)
{
    memset(said->has, 0, sizeof said->has);
}

static bool has(const FpSaid *said, size_t offset)
{
    return said->has[offset / 8] >> offset % 8 & 1;
}

/* The first copy of a byte wins. What lies beyond the room that there is is left out. */
static void keep(FpSaid *said, uint64_t offset, FpSaidText data)
{
    for (size_t i = 0; i < data.n && offset + i < sizeof said->hello; i++) {
        size_t at = (size_t)offset + i;
        if (has(said, at))
            continue;
        said->hello[at] = data.bytes[i];
        said->has[at / 8] |= (uint8_t)(1 << at % 8);
    }
}

/* RFC 9000 19.3. Each round of the loop takes bytes, or ends it. */
static void skip_ack(FpReader *reader, bool has_counts)
{
    fp_said_quic_integer(reader); /* largest acknowledged */
    fp_said_quic_integer(reader); /* delay */
    uint64_t ranges = fp_said_quic_integer(reader);
    fp_said_quic_integer(reader); /* first range */
    for (uint64_t i = 0; i < ranges && !reader->is_short; i++) {
        fp_said_quic_integer(reader);
        fp_said_quic_integer(reader);
    }
    for (unsigned i = 0; has_counts && i < 3; i++)
        fp_said_quic_integer(reader);
}

/* false: no frame that an Initial may have. */
static bool take_frame(FpSaid *said, FpReader *reader)
{
    switch (fp_said_quic_integer(reader)) {
    case PADDING:
    case PING:
        return true;
    case ACK:
        skip_ack(reader, false);
        return !reader->is_short;
    case ACK_ECN:
        skip_ack(reader, true);
        return !reader->is_short;
    case CRYPTO: {
        uint64_t offset = fp_said_quic_integer(reader);
        uint64_t n = fp_said_quic_integer(reader);
        FpSaidText data = fp_read_text(reader, n);
        if (!reader->is_short)
            keep(said, offset, data);
        return !reader->is_short;
    }
    case CONNECTION_CLOSE: /* what follows it does not matter any more */
    default:
        return false;
    }
}

void fp_said_quic_frames(FpSaid *said, const uint8_t *bytes, size_t n)
{
    FpReader reader = fp_reader(bytes, n);

    while (fp_reader_left(&reader) > 0 && !reader.is_short && take_frame(said, &reader)) {
    }
}

size_t fp_said_quic_ready_bytes(const FpSaid *said)
{
    size_t n = 0;

    while (n < sizeof said->hello && said->has[n / 8] == 0xff)
        n += 8;
    while (n < sizeof said->hello && has(said, n))
        n++;
    return n;
}
