/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rdp.c - RDP connection requests (MS-RDPBCGR 2.2.1.1) in X.224 (13.3) in TPKT (RFC 1006 6). */
#include "said-internal.h"

#include <string.h>

#define FIXED_BYTES (4 + 7) /* TPKT header, X.224 connection request */
#define X224_CONNECTION_REQUEST 0xe0
#define COOKIE "Cookie: mstshash="
#define NEGOTIATION_REQUEST 0x01
#define NEGOTIATION_REQUEST_BYTES 8

/* The line that a load balancer reads: a user's name, or a token of the balancer's own. false: something else. */
static bool take_cookie(FpReader *reader, FpSaidRdp *rdp)
{
    FpSaidText line;
    size_t position = reader->position;

    if (fp_reader_left(reader) == 0 || reader->bytes[position] == NEGOTIATION_REQUEST)
        return true;
    if (!fp_said_line(reader->bytes, reader->n, &position, &line))
        return false;
    reader->position = position;
    if (FP_SAID_BEGINS(line.bytes, line.n, COOKIE) == FP_MATCH_YES)
        rdp->cookie = (FpSaidText){line.bytes + sizeof COOKIE - 1, line.n - (sizeof COOKIE - 1)};
    else if (FP_SAID_BEGINS(line.bytes, line.n, "Cookie: msts=") == FP_MATCH_YES ||
             FP_SAID_BEGINS(line.bytes, line.n, "tsv://") == FP_MATCH_YES)
        rdp->token = line;
    else
        return false;
    return true;
}

/* RDP_NEG_REQ (2.2.1.1.1): type, flags, length, protocols, least byte first. */
static bool take_negotiation(FpReader *reader, FpSaidRdp *rdp)
{
    if (fp_reader_left(reader) < NEGOTIATION_REQUEST_BYTES)
        return fp_reader_left(reader) == 0;
    uint8_t type = fp_read8(reader);
    fp_read8(reader);
    uint32_t n = fp_read_little(reader, 2);
    rdp->requested_protocols = fp_read_little(reader, 4);
    rdp->has_protocols = true;
    return type == NEGOTIATION_REQUEST && n == NEGOTIATION_REQUEST_BYTES;
}

FpSaidResult fp_said_rdp(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    FpReader reader = fp_reader(message->bytes, message->n);
    FpSaidRdp rdp = {0};

    (void)said;
    if (FP_SAID_BEGINS(message->bytes, message->n, "\3\0") == FP_MATCH_NO)
        return FP_SAID_UNKNOWN;
    fp_read16(&reader);
    size_t n = fp_read16(&reader);
    size_t header_bytes = fp_read8(&reader); /* without itself */
    if (!reader.is_short && (n < FIXED_BYTES || header_bytes != n - 5))
        return FP_SAID_UNKNOWN;
    uint8_t type = fp_read8(&reader);
    if (!reader.is_short && type != X224_CONNECTION_REQUEST)
        return FP_SAID_UNKNOWN;
    if (reader.is_short || message->n < n)
        return fp_said_more(message, facts, reader.is_short ? 0 : n);

    FpReader packet = fp_reader(message->bytes, n);
    fp_read_text(&packet, FIXED_BYTES);
    if (!take_cookie(&packet, &rdp) || !take_negotiation(&packet, &rdp))
        return FP_SAID_UNKNOWN;
    if (rdp.cookie.bytes == NULL && rdp.token.bytes == NULL && !rdp.has_protocols)
        return FP_SAID_UNKNOWN; /* H.323 and S7 begin so, too */
    fp_said_begin(facts, FP_SAID_RDP);
    facts->rdp = rdp;
    return FP_SAID_ENOUGH;
}
