/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report-page.c - a report as one HTML page that asks nobody for anything. See report.h.
 *
 * Its policy (Content-Security-Policy) lets in the one style and the one script that are part of it, by their digests, and nothing else: so
 * even a name that escaped its escaping could load and run nothing. Without the script the page has all rows, in their first order.
 */
#include <string.h>

#include "base/message.h"
#include "base/printable.h"
#include "report-embedded.h"
#include "report-internal.h"

#define SOURCES_MAX 4 /* captures named in the head */
#define DAY_MS INT64_C(86400000)
#define TICKS_MAX 5           /* below the time line */
#define TICK_PERCENT_MAX 86.0 /* behind that a text has no room */
#define LINE_HEIGHT 120U      /* of the time line, in units of its own */
#define SPARK_HEIGHT 24U      /* of that of one protocol */
#define SPAN_WIDTH 200.0      /* of the line from a name's first time to its last */
#define SPAN_MARGIN 3.0       /* its round ends */
#define ROOM_BYTES 262144     /* written out when so much has come together */

typedef struct {
    const FpReport *report;
    FpOutput *output;
    GString *text;
    GError *error; /* writing failed, and nothing more is written */
} Page;

static void append(Page *page, const char *text)
{
    g_string_append(page->text, text);
}

static void append_number(Page *page, uint64_t number)
{
    fp_report_append_number(page->text, number);
}

/* Text that has no control characters: what has a meaning in HTML, between tags and in quotes, is written as a reference. */
static void append_text(Page *page, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *reference = *text == '&'    ? "&amp;"
                                : *text == '<'  ? "&lt;"
                                : *text == '>'  ? "&gt;"
                                : *text == '"'  ? "&quot;"
                                : *text == '\'' ? "&#39;"
                                                : NULL;
        if (reference != NULL)
            append(page, reference);
        else
            g_string_append_c(page->text, *text);
    }
}

static void append_name(Page *page, FpSaidText name)
{
    g_autoptr(GString) text = g_string_new(NULL);

    fp_printable_escape(text, name.bytes, name.n);
    append_text(page, text->str);
}

static void append_time(Page *page, FpTime time)
{
    fp_report_append_time(page->text, time);
}

static void write_out(Page *page)
{
    if (page->error == NULL)
        (void)fp_output_write(page->output, page->text->str, page->text->len, &page->error);
    g_string_truncate(page->text, 0);
}

/* A source of a policy: the digest of what stands between the tags (CSP Level 3, 6.7.3.3). */
static void append_digest(Page *page, const char *text)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    uint8_t digest[32];
    gsize n = sizeof digest;

    g_checksum_update(checksum, (const guchar *)text, -1);
    g_checksum_get_digest(checksum, digest, &n);
    g_autofree char *base64 = g_base64_encode(digest, n);
    g_string_append_printf(page->text, "'sha256-%s'", base64);
}

static void append_sources(Page *page)
{
    char *const *sources = page->report->sources;
    const guint n = g_strv_length((char **)sources);

    for (guint i = 0; i < MIN(n, SOURCES_MAX); i++) {
        g_autofree char *source = fp_message_printable(g_str_equal(sources[i], "-") ? "standard input" : sources[i]);
        append(page, i == 0 ? "" : ", ");
        append_text(page, source);
    }
    if (n > SOURCES_MAX) {
        append(page, " and ");
        append_number(page, n - SOURCES_MAX);
        append(page, " more");
    }
}

static void append_head(Page *page)
{
    append(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src ");
    append_digest(page, fp_report_css);
    append(page, "; script-src ");
    append_digest(page, fp_report_js);
    append(page, "; img-src data:; base-uri 'none'; form-action 'none'\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                 "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"generator\" content=\"firstpayload ");
    append_text(page, page->report->version);
    append(page, "\">\n<title>What connections said first: ");
    append_sources(page);
    append(page, "</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>");
    append(page, fp_report_css);
    append(page, "</style>\n</head>\n<body>\n<header>\n<h1>What connections said first</h1>\n<p class=\"sources\">");
    append_sources(page);
    append(page, "</p>\n<p class=\"soft\">");
    const FpTallyCount *all = fp_tally_all(page->report->tally);
    if (all->streams > 0) {
        append_time(page, all->first);
        append(page, " to ");
        append_time(page, all->last);
        append(page, " UTC");
    }
    if (page->report->is_cut)
        append(page, all->streams > 0 ? "; a capture ended too early" : "A capture ended too early");
    append(page, "</p>\n</header>\n<main>\n");
}

static void append_figure(Page *page, const char *what, uint64_t number, const char *besides)
{
    g_string_append_printf(page->text, "<div><dt>%s</dt><dd>", what);
    append_number(page, number);
    g_string_append_printf(page->text, "%s</dd></div>\n", besides);
}

/* As in 8.3%. */
static void append_share(GString *text, uint64_t part, uint64_t whole)
{
    char share[G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append(text, g_ascii_formatd(share, sizeof share, "%.1f", whole > 0 ? 100.0 * (double)part / (double)whole : 0));
    g_string_append_c(text, '%');
}

static void append_figures(Page *page)
{
    const FpReport *report = page->report;
    const uint64_t said = fp_tally_all(report->tally)->streams;
    g_autoptr(GString) share = g_string_new(" <small>");

    append_share(share, said, report->streams);
    g_string_append(share, "</small>");
    append(page, "<dl class=\"figures\">\n");
    append_figure(page, "Streams", report->streams, "");
    append_figure(page, "Said something", said, report->streams > 0 ? share->str : "");
    append_figure(page, report->skips_midstream ? "Said nothing, or began before" : "Said nothing", report->silent, "");
    if (report->unmatched > 0)
        append_figure(page, "Not matched by -Y", report->unmatched, "");
    if (fp_tally_later(report->tally)->streams > 0)
        append_figure(page, "Later ClientHellos", fp_tally_later(report->tally)->streams, "");
    for (FpTallyKind kind = 0; kind < FP_TALLY_KINDS; kind++) {
        g_autoptr(GPtrArray) names = fp_tally_names(report->tally, kind);
        const bool is_least = fp_tally_dropped(report->tally, kind)->streams > 0;
        if (names->len > 0)
            append_figure(page, fp_report_kinds[kind].names, names->len, is_least ? " <small>or more</small>" : "");
    }
    append(page, "</dl>\n");
}

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
static void append_width(Page *page, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {{DAY_MS, "day"}, {3600000, "hour"}, {60000, "minute"}, {1000, "second"}, {1, "millisecond"}};
    size_t i = 0;

    while (ms % units[i].ms != 0)
        i++;
    append_number(page, (uint64_t)(ms / units[i].ms));
    g_string_append_printf(page->text, " %s%s", units[i].name, ms == units[i].ms ? "" : "s");
}

static void append_bars(Page *page, const FpTimeLine *line, uint64_t most)
{
    for (unsigned bin = 0; bin < line->n; bin++) {
        const uint64_t n = in_bin(line, bin);
        const unsigned height = height_of(n, most, LINE_HEIGHT);
        if (n == 0)
            continue;
        g_string_append_printf(page->text, "<rect x=\"%u\" y=\"%u\" width=\"84\" height=\"%u\"><title>", bin * 100 + 8,
                               LINE_HEIGHT - height, height);
        append_time(page, fp_time_line_begin_of(line, bin));
        if (line->width_ms < 1000)
            g_string_append_printf(page->text, ".%03u", (unsigned)(fp_time_line_begin_of(line, bin).ns / 1000000));
        append(page, ": ");
        append_number(page, n);
        append(page, "</title></rect>\n");
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
static void append_tick(Page *page, int64_t ms, int64_t step_ms, int64_t *day)
{
    const int64_t seconds = ms / 1000 - (ms % 1000 < 0), is_in = ms / DAY_MS - (ms % DAY_MS < 0);
    g_autoptr(GString) text = g_string_new(NULL);

    fp_report_append_time(text, (FpTime){.seconds = seconds});
    if (text->len != strlen("2026-11-24 20:47:05")) { /* a damaged file's */
        append(page, text->str);
        return;
    }
    if (step_ms >= DAY_MS)
        g_string_truncate(text, 10);
    else if (step_ms >= 60000)
        g_string_truncate(text, 16);
    else if (step_ms < 1000)
        g_string_append_printf(text, ".%03d", (int)(ms - seconds * 1000));
    append(page, text->str + (step_ms >= DAY_MS ? 0 : is_in != *day ? 5 : 11));
    *day = is_in;
}

/* Ticks of an SVG without a scale, so that their texts have the size of other texts. */
static void append_ticks(Page *page, const FpTimeLine *line)
{
    const int64_t begin_ms = line->first * line->width_ms, all_ms = line->width_ms * line->n, step_ms = tick_ms(all_ms);
    int64_t day = begin_ms / DAY_MS - (begin_ms % DAY_MS < 0);

    append(page, "<svg class=\"axis\" aria-hidden=\"true\">");
    for (int64_t ms = begin_ms / step_ms * step_ms;; ms += step_ms) {
        const double percent = (double)(ms - begin_ms) / (double)all_ms * 100;
        char x[G_ASCII_DTOSTR_BUF_SIZE];
        if (percent > TICK_PERCENT_MAX)
            break;
        if (percent < 0)
            continue;
        g_ascii_formatd(x, sizeof x, "%.3f", percent);
        g_string_append_printf(page->text, "<line x1=\"%s%%\" y1=\"0\" x2=\"%s%%\" y2=\"16\"/><text x=\"%s%%\" y=\"14\" dx=\"5\">", x, x,
                               x);
        append_tick(page, ms, step_ms, &day);
        append(page, "</text>");
    }
    append(page, "</svg>\n");
}

static void append_time_line(Page *page)
{
    const FpTimeLine *line = fp_tally_time_line(page->report->tally);
    uint64_t most = 0;

    for (unsigned bin = 0; bin < line->n; bin++)
        most = MAX(most, in_bin(line, bin));
    append(page, "<section aria-labelledby=\"over-time\">\n<div class=\"head\"><h2 id=\"over-time\">Over time</h2><p "
                 "class=\"count\">streams in each ");
    append_width(page, line->width_ms);
    append(page, ", at most ");
    append_number(page, most);
    append(page, "</p></div>\n<figure>\n");
    g_string_append_printf(
        page->text, "<svg class=\"time\" viewBox=\"0 0 %u %u\" preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"over-time\">\n",
        line->n * 100, LINE_HEIGHT);
    append_bars(page, line, most);
    append(page, "</svg>\n");
    append_ticks(page, line);
    append(page, "</figure>\n</section>\n");
}

/* The same of one protocol, as high as its own highest bar. */
static void append_spark(Page *page, const FpTimeLine *line, FpSaidProtocol protocol)
{
    uint64_t most = 0;

    for (unsigned bin = 0; bin < line->n; bin++)
        most = MAX(most, line->counts[protocol][bin]);
    g_string_append_printf(page->text,
                           "<svg class=\"spark\" viewBox=\"0 0 %u %u\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"at most ",
                           line->n * 10, SPARK_HEIGHT);
    append_number(page, most);
    append(page, " at once\"><path d=\"");
    for (unsigned bin = 0; bin < line->n; bin++) {
        const unsigned height = height_of(line->counts[protocol][bin], most, SPARK_HEIGHT);
        if (height > 0)
            g_string_append_printf(page->text, "M%u %uv-%uh9v%uz", bin * 10, SPARK_HEIGHT, height, height);
    }
    append(page, "\"/></svg>");
}

static void append_table_head(Page *page, const char *id, const char *class)
{
    g_string_append_printf(page->text,
                           "<div class=\"scroll\" role=\"group\" aria-labelledby=\"%s\" tabindex=\"0\">\n<table class=\"%s\" "
                           "aria-labelledby=\"%s\">\n<thead><tr>",
                           id, class, id);
}

/* In a narrow window the date stays in one piece, and so does the time of day. */
static void append_time_cell(Page *page, FpTime time)
{
    g_autoptr(GString) text = g_string_new(NULL);

    fp_report_append_time(text, time);
    char *space = strchr(text->str, ' ');
    *space = '\0';
    g_string_append_printf(page->text, "<td class=\"t\"><span>%s</span> <span>%s</span></td>", text->str, space + 1);
}

static void append_times(Page *page, const FpTallyCount *count)
{
    append_time_cell(page, count->first);
    append_time_cell(page, count->last);
}

static void append_protocols(Page *page)
{
    const FpTally *tally = page->report->tally;
    FpReportProtocol protocols[FP_SAID_PROTOCOLS];
    const size_t n = fp_report_protocols(tally, protocols);

    append(page, "<section aria-labelledby=\"protocols\">\n<div class=\"head\"><h2 id=\"protocols\">Protocols</h2></div>\n");
    append_table_head(page, "protocols", "protocols");
    append(page, "<th scope=\"col\">Protocol</th><th scope=\"col\" class=\"n\" aria-sort=\"descending\">Streams</th><th scope=\"col\" "
                 "class=\"n\">Share</th>"
                 "<th scope=\"col\" class=\"t\">First</th><th scope=\"col\" class=\"t\">Last</th><th scope=\"col\" class=\"g\">Over "
                 "time</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < n; i++) {
        g_string_append_printf(page->text, "<tr><th scope=\"row\">%s</th><td class=\"n\">", protocols[i].name);
        append_number(page, protocols[i].count->streams);
        append(page, "</td><td class=\"n\">");
        append_share(page->text, protocols[i].count->streams, fp_tally_all(tally)->streams);
        append(page, "</td>");
        append_times(page, protocols[i].count);
        append(page, "<td class=\"g\">");
        append_spark(page, fp_tally_time_line(tally), protocols[i].protocol);
        append(page, "</td></tr>\n");
    }
    append(page, "</tbody>\n</table>\n</div>\n</section>\n");
}

static double seconds_between(FpTime first, FpTime last)
{
    return (double)last.seconds - (double)first.seconds + ((double)last.ns - (double)first.ns) / 1e9;
}

/* From when to when a name was said, on a line as long as the capture. */
static void append_span(Page *page, const FpTallyCount *count)
{
    const FpTallyCount *all = fp_tally_all(page->report->tally);
    const double whole = seconds_between(all->first, all->last), width = SPAN_WIDTH - 2 * SPAN_MARGIN;
    const double from = whole > 0 ? seconds_between(all->first, count->first) / whole * width : 0;
    const double length = whole > 0 ? seconds_between(count->first, count->last) / whole * width : 0;

    g_string_append_printf(
        page->text,
        "<svg class=\"span\" viewBox=\"0 0 %d 8\" aria-hidden=\"true\"><path class=\"all\" d=\"M0 4h%d\"/><path d=\"M%d 4h%d\"/></svg>",
        (int)SPAN_WIDTH, (int)SPAN_WIDTH, (int)(SPAN_MARGIN + from + 0.5), (int)(length + 0.5));
}

static void append_row(Page *page, FpTallyKind kind, const FpTallyName *said)
{
    append(page, "<tr><th scope=\"row\">");
    append_name(page, said->name);
    append(page, "</th>");
    if (kind == FP_TALLY_BANNERS)
        g_string_append_printf(page->text, "<td class=\"p\">%s</td>", fp_said_name(said->protocol));
    append(page, "<td class=\"n\">");
    append_number(page, said->count.streams);
    append(page, said->missed_max > 0 ? "+</td>" : "</td>");
    append_times(page, &said->count);
    append(page, "<td class=\"g\">");
    append_span(page, &said->count);
    append(page, "</td></tr>\n");
    if (page->text->len >= ROOM_BYTES)
        write_out(page);
}

/* Streams without a row of their own. */
static void append_others(Page *page, FpTallyKind kind, uint64_t streams, uint64_t n, const char *what)
{
    if (streams == 0)
        return;
    g_string_append_printf(page->text, "<tr><th scope=\"row\"%s>", kind == FP_TALLY_BANNERS ? " colspan=\"2\"" : "");
    if (n > 0)
        append_number(page, n);
    append(page, what);
    append(page, "</th><td class=\"n\">");
    append_number(page, streams);
    append(page, "</td><td colspan=\"3\"></td></tr>\n");
}

static void append_names_foot(Page *page, FpTallyKind kind, const FpReportNames *names)
{
    const FpTally *tally = page->report->tally;
    const guint hidden = names->names->len - names->shown;

    append(page, "<tfoot>\n");
    append_others(page, kind, names->hidden_streams, hidden, hidden == 1 ? " other" : " others");
    append_others(page, kind, fp_tally_dropped(tally, kind)->streams, 0, "rare names that were dropped, as there were too many");
    append_others(page, kind, fp_tally_without(tally, kind)->streams, 0, fp_report_kinds[kind].without);
    append(page, "</tfoot>\n");
}

static void append_names(Page *page, FpTallyKind kind)
{
    g_autofree char *id = g_strdup_printf("names-%d", (int)kind);
    FpReportNames names;

    fp_report_names(page->report, kind, &names);
    if (names.names->len > 0 || fp_tally_without(page->report->tally, kind)->streams > 0) {
        g_string_append_printf(
            page->text, "<section aria-labelledby=\"%s\">\n<div class=\"head\"><h2 id=\"%s\">%s</h2><p class=\"count\" role=\"status\">",
            id, id, fp_report_kinds[kind].names);
        append_number(page, names.shown);
        append(page, names.shown == 1 ? " name" : " names");
        append(page, "</p></div>\n");
        append_table_head(page, id, "names");
        append(page, "<th scope=\"col\">Name</th>");
        append(page, kind == FP_TALLY_BANNERS ? "<th scope=\"col\">Protocol</th>" : "");
        append(page, "<th scope=\"col\" class=\"n\" aria-sort=\"descending\">Streams</th><th scope=\"col\" class=\"t\">First</th><th "
                     "scope=\"col\" class=\"t\">Last</th>"
                     "<th scope=\"col\" class=\"g\">First to last</th></tr></thead>\n<tbody>\n");
        for (guint i = 0; i < names.shown; i++)
            append_row(page, kind, g_ptr_array_index(names.names, i));
        append(page, "</tbody>\n");
        append_names_foot(page, kind, &names);
        append(page, "</table>\n</div>\n</section>\n");
    }
    fp_report_names_clear(&names);
}

static bool has_names(const FpTally *tally)
{
    for (FpTallyKind kind = 0; kind < FP_TALLY_KINDS; kind++) {
        g_autoptr(GPtrArray) names = fp_tally_names(tally, kind);
        if (names->len > 0)
            return true;
    }
    return false;
}

static void append_notes(Page *page)
{
    const FpReport *report = page->report;
    bool has_dropped = false;

    for (FpTallyKind kind = 0; kind < FP_TALLY_KINDS; kind++)
        has_dropped |= fp_tally_dropped(report->tally, kind)->streams > 0;
    append(page, "<footer class=\"notes\">\n<h2>How to read this</h2>\n<ul>\n"
                 "<li>Each stream counts once, by what its first message says, at the time of its first payload frame. Times are the "
                 "capture's, in UTC.</li>\n"
                 "<li>Names are what somebody sent. Nobody has checked that they are true.</li>\n"
                 "<li>A backslash, and all that is not printable ASCII, is shown as <code>\\xNN</code>. Names that begin with the same 512 "
                 "bytes count as one.</li>\n");
    if (fp_tally_later(report->tally)->streams > 0)
        append(page, "<li>A ClientHello that comes later in its stream counts among server names and JA4s, and nowhere else.</li>\n");
    if (has_dropped)
        append(page, "<li>There were more names than could be remembered, so rare ones were dropped. A count with a plus sign may be too "
                     "low by what was dropped of its name.</li>\n");
    if (report->forgotten > 0) {
        append(page, "<li>");
        append_number(page, report->forgotten);
        append(page, " streams were forgotten, as there were too many at once. Those that went on were counted again.</li>\n");
    }
    append(page, "</ul>\n<p>Made by firstpayload ");
    append_text(page, report->version);
    append(page, ".</p>\n</footer>\n");
}

bool fp_report_write_page(FpOutput *output, const FpReport *report, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    Page page = {.report = report, .output = output, .text = text};

    append_head(&page);
    append_figures(&page);
    if (fp_tally_all(report->tally)->streams > 0) {
        append_time_line(&page);
        append_protocols(&page);
    }
    if (has_names(report->tally))
        append(&page, "<form class=\"filter\" role=\"search\" hidden><label for=\"filter\">Filter names</label><input id=\"filter\" "
                      "type=\"search\" autocomplete=\"off\" spellcheck=\"false\"></form>\n");
    for (FpTallyKind kind = 0; kind < FP_TALLY_KINDS; kind++)
        append_names(&page, kind);
    append(&page, "</main>\n");
    append_notes(&page);
    append(&page, "<script>");
    append(&page, fp_report_js);
    append(&page, "</script>\n</body>\n</html>\n");
    write_out(&page);
    if (page.error == NULL)
        return true;
    g_propagate_error(error, page.error);
    return false;
}
