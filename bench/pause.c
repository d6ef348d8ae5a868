/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pause.c - prints the longest time in milliseconds that the table of streams takes for one segment while it grows.
 *
 * usage: pause STREAMS
 *
 * Other users of the machine cause pauses, too, but not at the same segments in each run. So the shortest time of several runs counts for
 * each segment.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "streams.h"

#define RUNS 3

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* How long the table takes to start stream number i. */
static uint64_t start(FpStreams *streams, uint32_t i)
{
    const uint8_t source[4] = {10, (uint8_t)(i >> 22), (uint8_t)(i >> 14), (uint8_t)(i >> 6)}, destination[4] = {192, 0, 2, 1};
    FpSegment segment = {
        .source = source,
        .destination = destination,
        .source_port = (uint16_t)(1024 + i % 64),
        .destination_port = 443,
        .address_bytes = 4,
        .flags = FP_TCP_SYN,
        .header_bytes = 20,
        .segment_bytes = 20,
    };
    FpStreamKey key = fp_streams_key(streams, &segment);
    FpVerdict verdict;
    uint64_t before = now_ns();

    fp_streams_take(streams, key, &segment, &verdict);
    return now_ns() - before;
}

static bool run(uint64_t *least, uint32_t count)
{
    FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};
    FpStreams *streams = fp_streams_new(&rules, 1, count);

    if (streams == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t took = start(streams, i);
        least[i] = took < least[i] ? took : least[i];
    }
    fp_streams_free(streams);
    return true;
}

int main(int argc, char **argv)
{
    uint32_t count = argc == 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    uint64_t *least = count == 0 ? NULL : malloc(count * sizeof *least), longest = 0;
    int done = 0;

    if (least == NULL) {
        fputs("usage: pause STREAMS\n", stderr);
        return EXIT_FAILURE;
    }
    for (uint32_t i = 0; i < count; i++)
        least[i] = UINT64_MAX;
    while (done < RUNS && run(least, count))
        done++;
    for (uint32_t i = 0; i < count; i++)
        longest = least[i] > longest ? least[i] : longest;
    free(least);
    if (done < RUNS) {
        fputs("pause: out of memory\n", stderr);
        return EXIT_FAILURE;
    }
    printf("%.1f\n", (double)longest / 1e6);
    return EXIT_SUCCESS;
}
