/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * streams.c - any bytes as a table of streams that was saved. The first byte says by which rules it is loaded.
 *
 * A table that makes no sense is refused. One that is taken goes on: streams are added until it splits and forgets, and what is saved of it
 * is loaded again.
 */
#include "target.h"

#include "streams.h"

#define SEGMENTS 600U
#define MAX_STREAMS 200U

typedef struct {
    uint8_t *bytes;
    size_t n;
    size_t room;
} File;

static bool append(void *user, const void *bytes, size_t n)
{
    File *file = user;

    while (file->n + n > file->room) {
        file->room = file->room > 0 ? file->room * 2 : 65536;
        uint8_t *bytes_then = realloc(file->bytes, file->room);
        REQUIRE(bytes_then != NULL);
        file->bytes = bytes_then;
    }
    if (n > 0)
        memcpy(file->bytes + file->n, bytes, n);
    file->n += n;
    return true;
}

static FpRules rules_by(unsigned how)
{
    return (FpRules){.flight_bytes = FP_FLIGHT_BYTES_DEFAULT,
                     .opening_bytes = FP_OPENING_BYTES_DEFAULT,
                     .asked = (how & 1 ? FP_CLASS_OPENING : 0) | (how & 2 ? FP_CLASS_CLOSING : 0),
                     .transports = how & 4 ? FP_TAKES_TCP | FP_TAKES_UDP : 0,
                     .idle_ns = how & 8 ? 1000000000 : 0};
}

static void go_on(FpStreams *streams)
{
    for (unsigned i = 0; i < SEGMENTS; i++) {
        const uint8_t source[4] = {10, 0, (uint8_t)(i / 3 >> 8), (uint8_t)(i / 3)}, destination[4] = {10, 1, 0, 1};
        const FpSegment segment = {.source = source,
                                   .destination = destination,
                                   .address_bytes = 4,
                                   .source_port = 1000,
                                   .destination_port = 80,
                                   .time_ns = (int64_t)i * 50000000,
                                   .seq = 1 + i % 3 * 10,
                                   .header_bytes = 20,
                                   .segment_bytes = 20 + i % 3,
                                   .flags = i % 3 == 0 ? FP_TCP_SYN : FP_TCP_ACK};
        FpVerdict verdict;
        FpStreamKey key = fp_streams_key(streams, &segment);
        fp_streams_prefetch(streams, key);
        (void)fp_streams_take(streams, key, &segment, &verdict);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    Input input = {bytes, n};
    const FpRules rules = rules_by(input_byte(&input));
    FpStreams *streams = fp_streams_load(&rules, MAX_STREAMS, input_read, &input);
    File file = {0};

    if (streams == NULL)
        return 0;
    go_on(streams);
    REQUIRE(fp_streams_save(streams, append, &file));
    fp_streams_free(streams);
    Input saved = {file.bytes, file.n};
    streams = fp_streams_load(&rules, MAX_STREAMS, input_read, &saved);
    REQUIRE(streams != NULL && saved.n == 0);
    fp_streams_free(streams);
    free(file.bytes);
    return 0;
}
