/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plain.c - see plain.h. Functions that take a batch have everything inlined into them, as is usual nowhere else: it saves a third. */
#include "plain.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "decode-internal.h"
#include "decode.h"

#define IPV4_BYTES (14U + 20U) /* of both headers */
#define IPV6_BYTES (14U + 40U)

/* A frame, of which captured bytes are at hand. */
typedef struct {
    const uint8_t *bytes;
    uint32_t captured, wire;
} Frame;

static inline Frame frame_of(const FpRecord *record)
{
    return (Frame){record->data, record->captured_bytes, record->wire_bytes};
}

/* What plain frames have after IP, by its number, and how much of it must be there. */
enum { TCP = 6, UDP = 17 };

static inline uint32_t needed_bytes(uint8_t protocol)
{
    return protocol == TCP ? FP_TCP_NEEDED_BYTES : FP_UDP_HEADER_BYTES;
}

static inline uint32_t ipv4_segment_bytes(const uint8_t *frame)
{
    return fp_load16(frame + 16) - 20U;
}

static inline uint32_t ipv6_segment_bytes(const uint8_t *frame)
{
    return fp_load16(frame + 18);
}

/* Whether what the IP header says of the segment's length makes sense, in a frame with so many bytes of headers before it. */
static inline bool has_good_length(const Frame *frame, uint32_t segment_bytes, uint32_t headers_bytes, uint8_t protocol)
{
    return segment_bytes - needed_bytes(protocol) <= frame->wire - headers_bytes - needed_bytes(protocol);
}

/* Returns how long the addresses of an Ethernet frame are, if it is plain, with this protocol, or 0. Type and version, and then fragment
 * and protocol, are looked at together, whatever lies between. */
static inline uint8_t find(const Frame *frame, uint8_t protocol)
{
    const uint8_t *bytes = frame->bytes;

    if (frame->captured < IPV4_BYTES + needed_bytes(protocol))
        return 0;
    const uint32_t type_and_version = fp_load32(bytes + 12) >> 8;
    if (type_and_version == 0x080045)
        return (fp_load32(bytes + 20) & 0x3fff00ff) == protocol && has_good_length(frame, ipv4_segment_bytes(bytes), IPV4_BYTES, protocol)
                   ? 4
                   : 0;
    if ((type_and_version & 0xfffff0) == 0x86dd60 && bytes[20] == protocol && frame->captured >= IPV6_BYTES + needed_bytes(protocol))
        return has_good_length(frame, ipv6_segment_bytes(bytes), IPV6_BYTES, protocol) ? 16 : 0;
    return 0;
}

static inline const uint8_t *addresses_of(const uint8_t *frame, uint8_t address_bytes)
{
    return frame + (address_bytes == 4 ? 26 : 22);
}

/* Where the TCP header begins. */
static inline const uint8_t *header_of(const uint8_t *frame, uint8_t address_bytes)
{
    return frame + (address_bytes == 4 ? IPV4_BYTES : IPV6_BYTES);
}

static inline void fill_endpoints(FpSegment *segment, const uint8_t *frame, uint8_t address_bytes)
{
    const uint8_t *header = header_of(frame, address_bytes);

    segment->source = addresses_of(frame, address_bytes);
    segment->destination = segment->source + address_bytes;
    segment->address_bytes = address_bytes;
    segment->source_port = fp_load16(header);
    segment->destination_port = fp_load16(header + 2);
}

/* Fills in all but the endpoints and the network. */
static inline void fill(FpSegment *segment, const uint8_t *frame, uint8_t address_bytes, int64_t time_ns)
{
    const uint8_t *header = header_of(frame, address_bytes);

    segment->time_ns = time_ns;
    segment->seq = fp_load32(header + 4);
    segment->ack = fp_load32(header + 8);
    segment->header_bytes = (uint8_t)(header[12] >> 4 << 2);
    segment->flags = header[13];
    segment->window = fp_load16(header + 14);
    segment->segment_bytes = address_bytes == 4 ? ipv4_segment_bytes(frame) : ipv6_segment_bytes(frame);
    segment->length_unknown = false;
    segment->transport = FP_TRANSPORT_TCP;
}

bool fp_plain_is_on(void)
{
    return getenv("FIRSTPAYLOAD_LONG_WAY") == NULL;
}

/* are_quick: what the table says of itself, which is asked once for a batch, like everything else below that has such a parameter. */
static inline void begin_with(const FpStreams *streams, const uint8_t *frame, uint8_t address_bytes, bool are_quick, FpPlain *plain)
{
    FpSegment endpoints = {.transport = FP_TRANSPORT_TCP};

    fill_endpoints(&endpoints, frame, address_bytes);
    const FpStreamKey key = fp_streams_key_of_kind(streams, &endpoints, are_quick);
    plain->direction = (uint8_t)key.direction;
    plain->address_bytes = address_bytes;
    plain->stops = header_of(frame, address_bytes)[13] & FP_TCP_SYN_FIN_RST;
    plain->hash = key.hash;
    fp_streams_prefetch(streams, key);
}

/* Returns whether the frame is plain. What follows is made for each length of addresses by itself. */
static inline bool begin(const FpStreams *streams, const Frame *frame, bool are_quick, FpPlain *plain)
{
    const uint8_t address_bytes = find(frame, TCP);

    if (address_bytes == 4)
        begin_with(streams, frame->bytes, 4, are_quick, plain);
    else if (address_bytes == 16)
        begin_with(streams, frame->bytes, 16, are_quick, plain);
    else
        plain->stops = FP_PLAIN_NONE;
    return address_bytes != 0;
}

__attribute__((flatten)) uint64_t fp_plain_begin(const FpStreams *streams, const FpRecord *records, int n, FpPlain *restrict plains)
{
    const bool are_quick = fp_streams_are_quick(streams);
    uint64_t others = 0;

    for (int i = 0; i < n; i++) {
        const Frame frame = frame_of(&records[i]);
        plains[i].frame = records[i].data;
        plains[i].time_ns = records[i].time_ns;
        if (records[i].link == FP_LINK_ETHERNET && begin(streams, &frame, are_quick, &plains[i]))
            continue;
        plains[i].stops = FP_PLAIN_NONE;
        others |= (uint64_t)1 << i;
    }
    return others;
}

static inline int begin_raw(const FpStreams *streams, FpRawRecords *records, int n, bool are_quick, FpPlain *restrict plains,
                            uint64_t *restrict others)
{
    const unsigned fraction_ns = records->fraction_ns;
    const uint8_t *at = records->at, *const end = records->end;
    size_t bytes;
    int i = 0;

    *others = 0;
    for (; i < n && (bytes = fp_raw_record_bytes(at, (size_t)(end - at))) != 0; at += bytes, i++) {
        const FpRawHeader header = fp_raw_header(at);
        const Frame frame = {at + sizeof header, header.captured_bytes, fp_raw_wire_bytes(&header)};
        plains[i].frame = frame.bytes;
        plains[i].time_ns = fp_raw_time_ns(&header, fraction_ns);
        if (!begin(streams, &frame, are_quick, &plains[i]))
            *others |= (uint64_t)1 << i;
    }
    records->at = at;
    return i;
}

/* Not inlined, as a function of its own has all registers. The loop is made for each kind of table by itself. */
__attribute__((flatten, noinline)) int fp_plain_begin_raw(const FpStreams *streams, FpRawRecords *records, int n, FpPlain *plains,
                                                          uint64_t *others)
{
    return fp_streams_are_quick(streams) ? begin_raw(streams, records, n, true, plains, others)
                                         : begin_raw(streams, records, n, false, plains, others);
}

void fp_plain_begin_none(FpPlain *plains, int n)
{
    for (int i = 0; i < n; i++)
        plains[i].stops = FP_PLAIN_NONE;
}

static inline void finish(const FpPlain *plain, FpSegment *segment)
{
    if (plain->address_bytes == 4)
        fill(segment, plain->frame, 4, plain->time_ns);
    else
        fill(segment, plain->frame, 16, plain->time_ns);
}

/* Whether there is a short way for a frame. What of its segment is not looked at is not read. */
static inline bool take_short(FpStreams *streams, const FpPlain *plain, FpStreamPlace *place, unsigned wanted)
{
    FpSegment segment;

    finish(plain, &segment);
    return fp_streams_take_short(streams, place, fp_plain_key(plain), &segment, wanted);
}

__attribute__((flatten, noinline)) int fp_plain_pass_by(FpStreams *streams, const FpPlain *plains, int begin, int n, unsigned wanted,
                                                        FpStreamPlace **place)
{
    for (int i = begin; i < n; i++) {
        const FpPlain *plain = &plains[i];
        FpStreamPlace *found;
        if (plain->stops == 0) {
            found = fp_streams_pass_by(streams, fp_plain_key(plain), plain->time_ns);
            if (found == NULL)
                continue;
        } else if (plain->stops == FP_PLAIN_NONE) {
            return i;
        } else {
            found = fp_streams_find(streams, fp_plain_key(plain));
        }
        if (take_short(streams, plain, found, wanted))
            continue;
        *place = found;
        return i;
    }
    return n;
}

void fp_plain_finish(const FpPlain *plain, FpSegment *segment)
{
    finish(plain, segment);
}

void fp_plain_finish_endpoints(const FpPlain *plain, FpSegment *segment)
{
    fill_endpoints(segment, plain->frame, plain->address_bytes);
}

bool fp_decode_plain(const FpRecord *record, FpSegment *segment)
{
    const Frame frame = frame_of(record);
    const uint8_t address_bytes = record->link == FP_LINK_ETHERNET ? find(&frame, TCP) : 0;

    if (address_bytes == 0)
        return false;
    fill_endpoints(segment, record->data, address_bytes);
    fill(segment, record->data, address_bytes, record->time_ns);
    return true;
}

bool fp_plain_is_datagram(const FpRecord *record)
{
    const Frame frame = frame_of(record);
    const uint8_t address_bytes = record->link == FP_LINK_ETHERNET ? find(&frame, UDP) : 0;

    return address_bytes != 0 && !fp_udp_ports_matter(header_of(record->data, address_bytes));
}
