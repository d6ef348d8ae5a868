/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plain.c - see plain.h. Functions that take a batch have everything inlined into them, as is usual nowhere else: it saves a third. */
#include "plain.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "decode.h"

#define IPV4_BYTES (14U + 20U) /* of both headers */
#define IPV6_BYTES (14U + 40U)

/* Where what matters stands in a frame. */
typedef struct {
    const uint8_t *addresses; /* the source's, then the destination's, then the TCP header */
    uint32_t segment_bytes;
    uint8_t address_bytes; /* 0: the frame is not plain */
} Plain;

static inline Plain in_ipv4(const uint8_t *frame)
{
    return (Plain){frame + 26, fp_load16(frame + 16) - 20U, 4};
}

static inline Plain in_ipv6(const uint8_t *frame)
{
    return (Plain){frame + 22, fp_load16(frame + 18), 16};
}

/* Whether what the IP header says of the segment's length makes sense, in a frame with so many bytes of headers before it. */
static inline bool has_good_length(const FpRecord *record, const Plain *plain, uint32_t headers_bytes)
{
    return plain->segment_bytes - FP_TCP_NEEDED_BYTES <= record->wire_bytes - headers_bytes - FP_TCP_NEEDED_BYTES;
}

/* Type and version, and then fragment and protocol, are looked at together, whatever lies between. */
static inline Plain find(const FpRecord *record)
{
    const Plain none = {0};
    const uint8_t *frame = record->data;
    Plain plain;

    if (record->link != FP_LINK_ETHERNET || record->captured_bytes < IPV4_BYTES + FP_TCP_NEEDED_BYTES)
        return none;
    const uint32_t type_and_version = fp_load32(frame + 12) >> 8;
    if (type_and_version == 0x080045 && (fp_load32(frame + 20) & 0x3fff00ff) == 6) {
        plain = in_ipv4(frame);
        return has_good_length(record, &plain, IPV4_BYTES) ? plain : none;
    }
    if ((type_and_version & 0xfffff0) == 0x86dd60 && frame[20] == 6 && record->captured_bytes >= IPV6_BYTES + FP_TCP_NEEDED_BYTES) {
        plain = in_ipv6(frame);
        return has_good_length(record, &plain, IPV6_BYTES) ? plain : none;
    }
    return none;
}

static inline const uint8_t *header_of(const Plain *plain)
{
    return plain->addresses + 2U * plain->address_bytes;
}

/* Fills in transport and endpoints. */
static inline void fill_endpoints(FpSegment *segment, const Plain *plain)
{
    segment->source = plain->addresses;
    segment->destination = plain->addresses + plain->address_bytes;
    segment->address_bytes = plain->address_bytes;
    segment->source_port = fp_load16(header_of(plain));
    segment->destination_port = fp_load16(header_of(plain) + 2);
    segment->transport = FP_TRANSPORT_TCP;
}

/* Fills in all but the network. */
static inline void fill(FpSegment *segment, const FpRecord *record, const Plain *plain)
{
    const uint8_t *header = header_of(plain);

    fill_endpoints(segment, plain);
    segment->time_ns = record->time_ns;
    segment->seq = fp_load32(header + 4);
    segment->ack = fp_load32(header + 8);
    segment->header_bytes = (uint8_t)(header[12] >> 4 << 2);
    segment->flags = header[13];
    segment->window = fp_load16(header + 14);
    segment->segment_bytes = plain->segment_bytes;
    segment->length_unknown = false;
}

bool fp_plain_is_on(void)
{
    return getenv("FIRSTPAYLOAD_LONG_WAY") == NULL;
}

static inline void begin(const FpStreams *streams, const FpRecord *record, const Plain *plain, FpDecodedRecord *decoded)
{
    FpSegment endpoints;

    fill_endpoints(&endpoints, plain);
    decoded->key = fp_streams_key(streams, &endpoints);
    decoded->extra = NULL;
    decoded->has_segment = true;
    decoded->begun = plain->address_bytes;
    if (header_of(plain)[13] & FP_TCP_SYN_FIN_RST) {
        fill(&decoded->segment, record, plain);
        decoded->begun = 0;
    }
    fp_streams_prefetch(streams, decoded->key);
}

__attribute__((flatten)) int fp_plain_begin(const FpStreams *streams, const FpRecord *records, int n, FpDecodedRecord *restrict decoded)
{
    for (int i = 0; i < n; i++) {
        const Plain plain = find(&records[i]);
        if (plain.address_bytes == 0)
            return i;
        begin(streams, &records[i], &plain, &decoded[i]);
    }
    return n;
}

__attribute__((flatten)) int fp_plain_pass_by(FpStreams *streams, const FpRecord *records, int n, const FpDecodedRecord *decoded,
                                              FpStreamPlace **place)
{
    int i = 0;

    for (; i < n && decoded[i].begun != 0; i++) {
        *place = fp_streams_pass_by(streams, decoded[i].key, records[i].time_ns);
        if (*place != NULL)
            break;
    }
    return i;
}

void fp_plain_finish(const FpRecord *record, FpDecodedRecord *decoded)
{
    const Plain plain = decoded->begun == 4 ? in_ipv4(record->data) : in_ipv6(record->data);

    fill(&decoded->segment, record, &plain);
}

bool fp_decode_plain(const FpRecord *record, FpSegment *segment)
{
    const Plain plain = find(record);

    if (plain.address_bytes == 0)
        return false;
    fill(segment, record, &plain);
    return true;
}
