/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generate.c - writes a capture to measure on: thousands of interleaved TCP connections with heavy-tailed sizes. The same arguments give
 * the same bytes everywhere. Writes the frame numbers of the first payload frames to LIST, so that answers can be checked.
 *
 * usage: generate KIND MEGABYTES [LIST [STREAMS]] >CAPTURE
 *
 * KIND is mixed (693-byte frames), small (72-byte frames), churn (short connections among SYN scans) or scan: 72-byte frames with data,
 * each in a stream of its own or, with STREAMS given, in that many endless streams in turn; or hello: STREAMS connections that begin with
 * the ClientHello of a browser, a third of them in two segments.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hello.h"

#define OPEN_FLOWS 4096
#define TLS_PORT 443
#define TLS_HANDSHAKE 0x16
#define SCAN_PAYLOAD 18 /* makes 72-byte frames */
#define SCAN_RECORD_BYTES (16 + 72)
#define SEGMENT_BYTES 1448 /* of payload, in a full one */
#define SYN 0x02
#define ACK 0x10
#define PSH 0x08
#define FIN 0x01

typedef struct {
    uint8_t addresses[2][16];
    uint16_t ports[2];
    uint32_t seq[2];
    uint32_t frames_left; /* with payload */
    int step;             /* of the connection, handshake first */
    uint8_t hello[HELLO_BYTES_MAX];
    unsigned hello_bytes; /* of the kind hello; else 0 */
    bool is_ipv6, is_scan, first_done;
} Flow;

typedef struct {
    const char *name;
    unsigned payload_bytes; /* in a full segment */
    unsigned full_of_100;   /* the others are bare ACKs */
    unsigned mean_frames;   /* scale of the flow sizes */
    unsigned scans_of_100;
    unsigned udp_of_100;
} Kind;

static const Kind kinds[] = {
    {"mixed", 1448, 53, 16, 5, 5},
    {"small", 38, 50, 16, 5, 5},
    {"churn", 1000, 50, 3, 60, 2},
};

/* A record with a ServerHello, of which the header is right. */
static const uint8_t server_hello[127] = {22, 3, 3, 0, 122, 2, 0, 0, 118, 3, 3};

static uint64_t state = 0x9e3779b97f4a7c15U;
static uint64_t written, frame_number;
static FILE *list;

/* The last step of splitmix64 (Steele, Lea, Flood 2014): maps different numbers to different numbers. */
static uint64_t mix64(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return z ^ z >> 31;
}

static uint64_t random64(void)
{
    return mix64(state += 0x9e3779b97f4a7c15U);
}

static unsigned below(unsigned n)
{
    return (unsigned)(random64() % n);
}

static uint8_t *put16(uint8_t *p, unsigned value)
{
    *p++ = (uint8_t)(value >> 8);
    *p++ = (uint8_t)value;
    return p;
}

static uint8_t *put32(uint8_t *p, uint32_t value)
{
    return put16(put16(p, value >> 16), value & 0xffff);
}

static void write_record(const uint8_t *frame, uint32_t n)
{
    uint64_t microseconds = 1700000000000000U + frame_number * 7;
    uint32_t header[4] = {(uint32_t)(microseconds / 1000000), (uint32_t)(microseconds % 1000000), n, n};

    frame_number++;
    fwrite(header, sizeof header, 1, stdout);
    fwrite(frame, n, 1, stdout);
    written += sizeof header + n;
}

/* Puts the Ethernet and IP headers of a packet that this side of flow sends. */
static uint8_t *put_ip(uint8_t *p, const Flow *flow, int side, uint8_t protocol, unsigned payload)
{
    static const uint8_t ethernet[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};

    memcpy(p, ethernet, sizeof ethernet);
    p = put16(p + sizeof ethernet, flow->is_ipv6 ? 0x86dd : 0x0800);
    if (flow->is_ipv6) {
        p = put16(put32(p, 0x60000000), payload);
        *p++ = protocol;
        *p++ = 64;
        memcpy(p, flow->addresses[side], 16);
        memcpy(p + 16, flow->addresses[side ^ 1], 16);
        return p + 32;
    }
    p = put32(put32(put16(put16(p, 0x4500), 20 + payload), 0x00004000), 0x40000000 | (uint32_t)protocol << 16);
    memcpy(p, flow->addresses[side], 4);
    memcpy(p + 4, flow->addresses[side ^ 1], 4);
    return p + 8;
}

/* bytes: the payload; NULL: that does not matter. */
static void write_bytes(Flow *flow, int side, unsigned flags, const uint8_t *bytes, unsigned payload)
{
    uint8_t frame[2048] = {0};
    uint8_t *p = put_ip(frame, flow, side, 6, 20 + payload);

    p = put16(put16(p, flow->ports[side]), flow->ports[side ^ 1]);
    p = put32(put32(p, flow->seq[side]), flags & ACK ? flow->seq[side ^ 1] : 0);
    p = put16(p, 0x5000 | flags);
    p = put32(put16(p, 64240), 0);
    if (bytes != NULL)
        memcpy(p, bytes, payload);
    else
        memset(p, 'x', payload);
    if (payload > 0 && bytes == NULL && !flow->first_done && flow->ports[1] == TLS_PORT)
        *p = TLS_HANDSHAKE; /* for filters that look for it */
    flow->seq[side] += payload + ((flags & (SYN | FIN)) != 0);
    write_record(frame, (uint32_t)(p - frame) + payload);
    if (payload > 0 && !flow->first_done && list != NULL)
        fprintf(list, "%llu\n", (unsigned long long)frame_number);
    flow->first_done |= payload > 0;
}

static void write_segment(Flow *flow, int side, unsigned flags, unsigned payload)
{
    write_bytes(flow, side, flags, NULL, payload);
}

static void write_datagram(unsigned payload)
{
    uint8_t frame[2048] = {0};
    Flow flow = {.addresses = {{10, 1, 2, 3}, {10, 4, 5, 6}}};
    uint8_t *p = put_ip(frame, &flow, 0, 17, 8 + payload);

    p = put16(put16(put16(p, 40000), 53), 8 + payload);
    write_record(frame, (uint32_t)(p + 2 - frame) + payload);
}

static void begin(Flow *flow, const Kind *kind)
{
    memset(flow, 0, sizeof *flow);
    flow->is_ipv6 = below(10) == 0;
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < 16; i++)
            flow->addresses[side][i] = (uint8_t)random64();
        flow->addresses[side][0] = flow->is_ipv6 ? 0x20 : 10;
        flow->seq[side] = (uint32_t)random64();
    }
    flow->ports[0] = (uint16_t)(1024 + below(64000));
    flow->ports[1] = below(2) ? TLS_PORT : 80;
    flow->is_scan = below(100) < kind->scans_of_100;
    /* Pareto-like: half the flows are short, few carry most of the bytes */
    flow->frames_left = 1 + kind->mean_frames / 4 * 1000 / (1 + below(1000)) % 5000;
}

/* Writes the flow's next frame. Returns false when it was the last. */
static bool advance(Flow *flow, const Kind *kind)
{
    switch (flow->step++) {
    case 0:
        write_segment(flow, 0, SYN, 0);
        return !flow->is_scan;
    case 1:
        write_segment(flow, 1, SYN | ACK, 0);
        return true;
    case 2:
        write_segment(flow, 0, ACK, 0);
        return true;
    case 3:
        write_segment(flow, 0, ACK | PSH, kind->payload_bytes / 2 + 1);
        return true;
    default:
        break;
    }
    if (flow->frames_left-- > 0) {
        bool is_data = below(100) < kind->full_of_100;
        write_segment(flow, is_data, ACK, is_data ? kind->payload_bytes : 0);
        return true;
    }
    write_segment(flow, 0, FIN | ACK, 0);
    return false;
}

static void write_kind(const Kind *kind, uint64_t bytes)
{
    static Flow flows[OPEN_FLOWS];

    for (size_t i = 0; i < OPEN_FLOWS; i++)
        begin(&flows[i], kind);
    while (written < bytes) {
        Flow *flow = &flows[below(OPEN_FLOWS)];
        if (below(100) < kind->udp_of_100)
            write_datagram(kind->payload_bytes / 2);
        else if (!advance(flow, kind))
            begin(flow, kind);
    }
}

static void fill(uint8_t *bytes, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        bytes[i] = (uint8_t)random64();
}

/* Writes the next frame of a connection that begins with a ClientHello. Returns false when it was the last. */
static bool advance_hello(Flow *flow)
{
    const unsigned first = flow->hello_bytes < SEGMENT_BYTES ? flow->hello_bytes : SEGMENT_BYTES;

    switch (flow->step++) {
    case 0:
        write_segment(flow, 0, SYN, 0);
        return true;
    case 1:
        write_segment(flow, 1, SYN | ACK, 0);
        return true;
    case 2:
        write_segment(flow, 0, ACK, 0);
        return true;
    case 3:
        write_bytes(flow, 0, ACK | PSH, flow->hello, first);
        return true;
    case 4:
        if (flow->hello_bytes > first) {
            write_bytes(flow, 0, ACK | PSH, flow->hello + first, flow->hello_bytes - first);
            return true;
        }
        flow->step++;
        __attribute__((fallthrough));
    case 5:
        write_segment(flow, 1, ACK, 0);
        return true;
    case 6:
        write_bytes(flow, 1, ACK | PSH, server_hello, sizeof server_hello);
        return true;
    default:
        write_segment(flow, 0, FIN | ACK, 0);
        return false;
    }
}

static void begin_hello(Flow *flow, unsigned number)
{
    begin(flow, &kinds[0]);
    flow->ports[1] = TLS_PORT;
    flow->hello_bytes = hello_write(flow->hello, number, number % 3 == 0, fill);
}

/* Some are open at a time. */
static void write_hellos(unsigned streams)
{
    static Flow flows[OPEN_FLOWS];
    unsigned n_begun = 0, n_open = 0;

    for (; n_open < OPEN_FLOWS && n_begun < streams; n_open++)
        begin_hello(&flows[n_open], n_begun++);
    while (n_open > 0) {
        Flow *flow = &flows[below(n_open)];
        if (advance_hello(flow))
            continue;
        if (n_begun < streams)
            begin_hello(flow, n_begun++);
        else
            *flow = flows[--n_open];
    }
}

/* The endpoints of stream i hold all 64 bits of mix64(i), so that no two streams have the same. */
static void write_scan(uint64_t frames, uint64_t streams)
{
    for (uint64_t i = 0; i < frames; i++) {
        uint64_t mixed = mix64(i % streams + 1);
        Flow flow = {.ports = {(uint16_t)mixed, TLS_PORT}, .first_done = i >= streams};

        put32(flow.addresses[0], 0x0a000000 | (mixed >> 16 & 0xffffff));
        put32(flow.addresses[1], 0xac000000 | (uint32_t)(mixed >> 40));
        flow.seq[0] = (uint32_t)mixed + (uint32_t)(i / streams) * SCAN_PAYLOAD;
        write_segment(&flow, 0, ACK | PSH, SCAN_PAYLOAD);
    }
}

static const Kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(name, kinds[i].name) == 0)
            return &kinds[i];
    return NULL;
}

int main(int argc, char **argv)
{
    static const uint32_t header[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1};
    static char buffer[1 << 20];
    const Kind *kind = argc > 1 ? find_kind(argv[1]) : NULL;

    if (argc < 3 || (kind == NULL && strcmp(argv[1], "scan") != 0 && strcmp(argv[1], "hello") != 0)) {
        fputs("usage: generate mixed|small|churn|scan|hello MEGABYTES [LIST [STREAMS]] >CAPTURE\n", stderr);
        return 64;
    }
    uint64_t bytes = strtoull(argv[2], NULL, 10) * 1000000;
    uint64_t frames = bytes / SCAN_RECORD_BYTES;
    uint64_t streams = argc > 4 ? strtoull(argv[4], NULL, 10) : frames;
    if (argc > 3)
        list = fopen(argv[3], "w");
    if (argc > 3 && list == NULL) {
        perror(argv[3]);
        return 73;
    }
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    fwrite(header, sizeof header, 1, stdout);
    if (kind != NULL)
        write_kind(kind, bytes);
    else if (strcmp(argv[1], "hello") == 0)
        write_hellos((unsigned)streams);
    else
        write_scan(frames, streams > 0 ? streams : 1);
    if (fflush(stdout) != 0 || (list != NULL && fclose(list) != 0)) {
        perror("generate");
        return 74;
    }
    return 0;
}
