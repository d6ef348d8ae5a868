/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report-chart.c - see report-chart.h. */
#include "report-chart.h"

#include <string.h>

#include "report-internal.h"

#define DAY_MS INT64_C(86400000)
#define TICKS_MAX 5           /* below the time line */
#define TICK_PERCENT_MAX 86.0 /* behind that a text has no room */
#define LINE_HEIGHT 120U      /* of the time line, in units of its own */
#define SPARK_HEIGHT 24U      /* of that of one protocol */
#define SPAN_WIDTH 200.0      /* of the line from a name's first time to its last */
#define SPAN_MARGIN 3.0       /* its round ends */

static uint64_t in_bin(const FpTimeLine *line, unsigned bin)
{
    uint64_t n = 0;

    for (unsigned series = 0; series < FP_TIME_LINE_SERIES; series++)
        n += line->counts[series][bin];
    return n;
}

/* How high n is where most is height: what is there at all can be seen. */
static unsigned height_of(uint64_t n, uint64_t most, unsigned height)
{
    return n == 0 ? 0 : MAX(1U, (unsigned)((double)n / (double)most * height));
}

/* How long a bin is, in the largest unit that fits. */
static void append_width(GString *text, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {{DAY_MS, "day"}, {3600000, "hour"}, {60000, "minute"}, {1000, "second"}, {1, "millisecond"}};
    size_t i = 0;

    while (ms % units[i].ms != 0)
        i++;
    fp_report_append_number(text, (uint64_t)(ms / units[i].ms));
    g_string_append_printf(text, " %s%s", units[i].name, ms == units[i].ms ? "" : "s");
}

static void append_bars(GString *text, const FpTimeLine *line, uint64_t most)
{
    for (unsigned bin = 0; bin < line->n; bin++) {
        const uint64_t n = in_bin(line, bin);
        const unsigned height = height_of(n, most, LINE_HEIGHT);
        if (n == 0)
            continue;
        g_string_append_printf(text, "<rect x=\"%u\" y=\"%u\" width=\"84\" height=\"%u\"><title>", bin * 100 + 8, LINE_HEIGHT - height,
                               height);
        fp_report_append_time(text, fp_time_line_begin_of(line, bin));
        if (line->width_ms < 1000)
            g_string_append_printf(text, ".%03u", (unsigned)(fp_time_line_begin_of(line, bin).ns / 1000000));
        g_string_append(text, ": ");
        fp_report_append_number(text, n);
        g_string_append(text, "</title></rect>\n");
    }
}

/* How far apart the ticks below the time line are: a round number, by which there are few. */
static int64_t tick_ms(int64_t all_ms)
{
    static const int64_t steps[] = {1,      2,      5,       10,      20,      50,       100,      200,      500,
                                    1000,   2000,   5000,    10000,   15000,   30000,    60000,    120000,   300000,
                                    600000, 900000, 1800000, 3600000, 7200000, 10800000, 21600000, 43200000, 86400000};
    size_t i = 0;

    while (i + 1 < G_N_ELEMENTS(steps) && all_ms / steps[i] > TICKS_MAX)
        i++;
    return all_ms / steps[i] <= TICKS_MAX ? steps[i] : (all_ms / TICKS_MAX / DAY_MS + 1) * DAY_MS;
}

/* A time as short as the distance between ticks allows; the first of a day says which. */
static void append_tick(GString *text, int64_t ms, int64_t step_ms, int64_t *day)
{
    const int64_t seconds = ms / 1000 - (ms % 1000 < 0), is_in = ms / DAY_MS - (ms % DAY_MS < 0);
    g_autoptr(GString) time = g_string_new(NULL);

    fp_report_append_time(time, (FpTime){.seconds = seconds});
    if (time->len != strlen("2026-11-24 20:47:05")) { /* a damaged file's */
        g_string_append(text, time->str);
        return;
    }
    if (step_ms >= DAY_MS)
        g_string_truncate(time, 10);
    else if (step_ms >= 60000)
        g_string_truncate(time, 16);
    else if (step_ms < 1000)
        g_string_append_printf(time, ".%03d", (int)(ms - seconds * 1000));
    g_string_append(text, time->str + (step_ms >= DAY_MS ? 0 : is_in != *day ? 5 : 11));
    *day = is_in;
}

/* Ticks of an SVG without a scale, so that their texts have the size of other texts. */
static void append_ticks(GString *text, const FpTimeLine *line)
{
    const int64_t begin_ms = line->first * line->width_ms, all_ms = line->width_ms * line->n, step_ms = tick_ms(all_ms);
    int64_t day = begin_ms / DAY_MS - (begin_ms % DAY_MS < 0);

    g_string_append(text, "<svg class=\"axis\" aria-hidden=\"true\">");
    for (int64_t ms = begin_ms / step_ms * step_ms;; ms += step_ms) {
        const double percent = (double)(ms - begin_ms) / (double)all_ms * 100;
        char x[G_ASCII_DTOSTR_BUF_SIZE];
        if (percent > TICK_PERCENT_MAX)
            break;
        if (percent < 0)
            continue;
        g_ascii_formatd(x, sizeof x, "%.3f", percent);
        g_string_append_printf(text, "<line x1=\"%s%%\" y1=\"0\" x2=\"%s%%\" y2=\"16\"/><text x=\"%s%%\" y=\"14\" dx=\"5\">", x, x, x);
        append_tick(text, ms, step_ms, &day);
        g_string_append(text, "</text>");
    }
    g_string_append(text, "</svg>\n");
}

void fp_report_chart_all(GString *text, const FpTimeLine *line)
{
    uint64_t most = 0;

    for (unsigned bin = 0; bin < line->n; bin++)
        most = MAX(most, in_bin(line, bin));
    g_string_append(text, "<p class=\"count\">streams in each ");
    append_width(text, line->width_ms);
    g_string_append(text, ", at most ");
    fp_report_append_number(text, most);
    g_string_append(text, "</p></div>\n<figure>\n");
    g_string_append_printf(
        text, "<svg class=\"time\" viewBox=\"0 0 %u %u\" preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"over-time\">\n",
        line->n * 100, LINE_HEIGHT);
    append_bars(text, line, most);
    g_string_append(text, "</svg>\n");
    append_ticks(text, line);
    g_string_append(text, "</figure>\n");
}

void fp_report_chart_protocol(GString *text, const FpTimeLine *line, FpSaidProtocol protocol)
{
    uint64_t most = 0;

    for (unsigned bin = 0; bin < line->n; bin++)
        most = MAX(most, line->counts[protocol][bin]);
    g_string_append_printf(text,
                           "<svg class=\"spark\" viewBox=\"0 0 %u %u\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"at most ",
                           line->n * 10, SPARK_HEIGHT);
    fp_report_append_number(text, most);
    g_string_append(text, " at once\"><path d=\"");
    for (unsigned bin = 0; bin < line->n; bin++) {
        const unsigned height = height_of(line->counts[protocol][bin], most, SPARK_HEIGHT);
        if (height > 0)
            g_string_append_printf(text, "M%u %uv-%uh9v%uz", bin * 10, SPARK_HEIGHT, height, height);
    }
    g_string_append(text, "\"/></svg>");
}

static double seconds_between(FpTime first, FpTime last)
{
    return (double)last.seconds - (double)first.seconds + ((double)last.ns - (double)first.ns) / 1e9;
}

void fp_report_chart_span(GString *text, const FpTallyCount *all, const FpTallyCount *count)
{
    const double whole = seconds_between(all->first, all->last), width = SPAN_WIDTH - 2 * SPAN_MARGIN;
    const double from = whole > 0 ? seconds_between(all->first, count->first) / whole * width : 0;
    const double length = whole > 0 ? seconds_between(count->first, count->last) / whole * width : 0;

    g_string_append_printf(
        text,
        "<svg class=\"span\" viewBox=\"0 0 %d 8\" aria-hidden=\"true\"><path class=\"all\" d=\"M0 4h%d\"/><path d=\"M%d 4h%d\"/></svg>",
        (int)SPAN_WIDTH, (int)SPAN_WIDTH, (int)(SPAN_MARGIN + from + 0.5), (int)(length + 0.5));
}
