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
#include "report-chart.h"
#include "report-embedded.h"
#include "report-internal.h"

#define SOURCES_MAX 4     /* captures named in the head */
#define ROOM_BYTES 262144 /* written out when so much has come together */

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

static void append_time_line(Page *page)
{
    append(page, "<section aria-labelledby=\"over-time\">\n<div class=\"head\"><h2 id=\"over-time\">Over time</h2>");
    fp_report_chart_all(page->text, fp_tally_time_line(page->report->tally));
    append(page, "</section>\n");
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
        fp_report_chart_protocol(page->text, fp_tally_time_line(tally), protocols[i].protocol);
        append(page, "</td></tr>\n");
    }
    append(page, "</tbody>\n</table>\n</div>\n</section>\n");
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
    fp_report_chart_span(page->text, fp_tally_all(page->report->tally), &said->count);
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
