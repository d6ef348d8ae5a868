/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smb.c - SMB requests over TCP (MS-SMB2 2.1; MS-CIFS 2.2.3.1, MS-SMB2 2.2.1) and the dialects of a negotiate request. */
#include "said-internal.h"

#define TRANSPORT_BYTES 4
#define V1_NEGOTIATE 0x72
#define V2_NEGOTIATE 0
#define V2_HEADER_BYTES 64

/* Flags: a server's answer. */
#define V1_FLAGS_REPLY 0x80
#define V2_FLAGS_SERVER_TO_REDIR 0x1

/* MS-CIFS 2.2.3.1 and 2.2.4.52.1. false: not a request. */
static bool take_v1(FpReader *reader, FpSaidSmb *smb)
{
    smb->version = 1;
    smb->command = fp_read8(reader);
    fp_read_text(reader, 4); /* status */
    uint8_t flags = fp_read8(reader);
    fp_read_text(reader, 22);
    if (reader->is_short || flags & V1_FLAGS_REPLY)
        return false;
    if (smb->command != V1_NEGOTIATE)
        return true;
    fp_read_text(reader, 2U * fp_read8(reader)); /* words */
    size_t n = fp_read_little(reader, 2);
    smb->dialects = fp_read_text(reader, n);
    return !reader->is_short;
}

/* MS-SMB2 2.2.1.2 and 2.2.3. */
static bool take_v2(FpReader *reader, FpSaidSmb *smb)
{
    smb->version = 2;
    uint32_t header_bytes = fp_read_little(reader, 2);
    fp_read_text(reader, 2 + 4);
    smb->command = (uint16_t)fp_read_little(reader, 2);
    fp_read16(reader); /* credits */
    uint32_t flags = fp_read_little(reader, 4);
    fp_read_text(reader, V2_HEADER_BYTES - 20);
    if (reader->is_short || header_bytes != V2_HEADER_BYTES || flags & V2_FLAGS_SERVER_TO_REDIR)
        return false;
    if (smb->command != V2_NEGOTIATE)
        return true;
    uint32_t structure_bytes = fp_read_little(reader, 2);
    uint32_t dialects = fp_read_little(reader, 2);
    fp_read_text(reader, 2 + 2 + 4 + 16 + 8);
    smb->dialects = fp_read_text(reader, 2ULL * dialects);
    return !reader->is_short && structure_bytes == 36;
}

bool fp_said_smb_next_dialect(uint8_t version, FpSaidText *dialects, FpSaidText *name, uint16_t *number)
{
    FpReader reader = fp_reader(dialects->bytes, dialects->n);

    if (version == 2) {
        *number = (uint16_t)fp_read_little(&reader, 2);
    } else {
        if (fp_read8(&reader) != 2) /* BufferFormat */
            return false;
        *name = fp_read_to_nul(&reader);
    }
    if (reader.is_short)
        return false;
    *dialects = (FpSaidText){dialects->bytes + reader.position, dialects->n - reader.position};
    return true;
}

FpSaidResult fp_said_smb(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    FpReader reader = fp_reader(message->bytes, message->n);
    FpSaidSmb smb = {0};

    (void)said;
    if (message->n > 0 && fp_read8(&reader) != 0)
        return FP_SAID_UNKNOWN;
    size_t n = (size_t)fp_read_big(&reader, 3);
    FpMatch v1 = FP_SAID_BEGINS(reader.bytes + reader.position, fp_reader_left(&reader), "\xffSMB");
    FpMatch v2 = FP_SAID_BEGINS(reader.bytes + reader.position, fp_reader_left(&reader), "\xfeSMB");
    if (reader.is_short)
        return fp_said_more(message, facts, 0);
    if (v1 == FP_MATCH_NO && v2 == FP_MATCH_NO)
        return FP_SAID_UNKNOWN;
    size_t present = fp_reader_left(&reader) < n ? fp_reader_left(&reader) : n;
    FpReader packet = fp_reader(message->bytes + TRANSPORT_BYTES, present);
    fp_read32(&packet);
    bool is_request = v1 == FP_MATCH_YES ? take_v1(&packet, &smb) : take_v2(&packet, &smb);
    if (packet.is_short && present < n)
        return fp_said_more(message, facts, 0);
    if (!is_request)
        return FP_SAID_UNKNOWN;
    fp_said_begin(facts, FP_SAID_SMB);
    facts->smb = smb;
    return FP_SAID_ENOUGH;
}
