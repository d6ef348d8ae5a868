/* SPDX-License-Identifier: GPL-2.0-or-later */
/* time-line.c - see time-line.h. */
#include "time-line.h"

#include <glib.h>
#include <string.h>

#define SECONDS_MAX INT64_C(1000000000000) /* 30,000 years: beyond that the bins at the ends will do */

/* Widths that people read at a glance; each divides the next. Beyond them each is ten times the one before. */
static const int64_t widths_ms[] = {
    1,
    5,
    10,
    50,
    100,
    500,
    1000,
    5000,
    10000,
    30000,
    60000,
    300000,
    600000,
    1800000,
    3600000,
    10800000,
    21600000,
    43200000,
    86400000,
    INT64_C(604800000),
    INT64_C(2419200000),
    INT64_C(31449600000),
};

bool fp_time_is_before(FpTime a, FpTime b)
{
    return a.seconds != b.seconds ? a.seconds < b.seconds : a.ns < b.ns;
}

static int64_t next_width(int64_t width_ms)
{
    for (size_t i = 0; i < G_N_ELEMENTS(widths_ms); i++)
        if (widths_ms[i] > width_ms)
            return widths_ms[i];
    return width_ms * 10;
}

static int64_t floor_divided(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Puts bins together, so that each is as wide as the next width. */
static void widen(FpTimeLine *line)
{
    const int64_t width_ms = next_width(line->width_ms), factor = width_ms / line->width_ms, first = floor_divided(line->first, factor);
    unsigned n = 0;

    for (unsigned bin = 0; bin < line->n; bin++) {
        const unsigned to = (unsigned)(floor_divided(line->first + bin, factor) - first);
        for (unsigned series = 0; series < FP_TIME_LINE_SERIES; series++) {
            const uint64_t count = line->counts[series][bin];
            line->counts[series][bin] = 0;
            line->counts[series][to] += count; /* to is no later than bin */
        }
        n = to + 1;
    }
    line->width_ms = width_ms;
    line->first = first;
    line->n = n;
}

/* Makes bin the first, n bins before the one that is. */
static void put_before(FpTimeLine *line, unsigned n)
{
    for (unsigned series = 0; series < FP_TIME_LINE_SERIES; series++) {
        uint64_t *counts = line->counts[series];
        memmove(counts + n, counts, line->n * sizeof *counts);
        memset(counts, 0, n * sizeof *counts);
    }
    line->first -= n;
    line->n += n;
}

void fp_time_line_add(FpTimeLine *line, unsigned series, FpTime time)
{
    const int64_t ms = CLAMP(time.seconds, -SECONDS_MAX, SECONDS_MAX) * 1000 + time.ns / 1000000;
    int64_t bin = floor_divided(ms, line->width_ms);

    if (line->n == 0) {
        line->first = bin;
        line->n = 1;
    }
    while (MAX(bin, line->first + line->n - 1) - MIN(bin, line->first) >= FP_TIME_LINE_BINS) {
        widen(line);
        bin = floor_divided(ms, line->width_ms);
    }
    if (bin < line->first)
        put_before(line, (unsigned)(line->first - bin));
    line->n = MAX(line->n, (unsigned)(bin - line->first) + 1);
    line->counts[series][bin - line->first]++;
}

FpTime fp_time_line_begin_of(const FpTimeLine *line, unsigned bin)
{
    const int64_t ms = (line->first + bin) * line->width_ms, seconds = floor_divided(ms, 1000);

    return (FpTime){.seconds = seconds, .ns = (uint32_t)(ms - seconds * 1000) * 1000000};
}
