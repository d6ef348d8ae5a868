/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report-text.c - a report as tables of text, for a terminal or a file. See report.h. */
#include <string.h>

#include "base/printable.h"
#include "base/terminal.h"
#include "report-internal.h"

#define CUT "..."       /* stands for the rest of a line */
#define COUNT_COLUMNS 7 /* "streams" */
#define NAME_COLUMNS_MIN 16

/* SGR sequences (ECMA-48 8.3.117). */
#define COLOR_END "\033[0m"
#define COLOR_HEAD "\033[1m"
#define COLOR_FAINT "\033[2m"

typedef struct {
    const FpReport *report;
    const FpReportStyle *style;
    GString *text;
    size_t count_columns, time_columns; /* that numbers and times are aligned in */
    size_t name_columns;                /* of a line, for the name; 0: as many as it takes */
} Text;

static void append_spaces(GString *line, size_t n)
{
    g_string_append_printf(line, "%*s", (int)n, "");
}

/* Ends a line that began at begin, in this colour. */
static void end_line(Text *text, gsize begin, const char *color)
{
    if (text->style->has_colors && *color != '\0') {
        g_string_insert(text->text, (gssize)begin, color);
        g_string_append(text->text, COLOR_END);
    }
    g_string_append_c(text->text, '\n');
}

static void append_count(Text *text, uint64_t streams)
{
    const gsize begin = text->text->len;

    fp_report_append_number(text->text, streams);
    const size_t n = text->text->len - begin;
    for (size_t i = n; i < text->count_columns; i++)
        g_string_insert_c(text->text, (gssize)begin, ' ');
}

static void append_time(Text *text, FpTime time)
{
    const gsize begin = text->text->len;

    fp_report_append_time(text->text, time);
    const size_t n = text->text->len - begin;
    append_spaces(text->text, 2 + (n < text->time_columns ? text->time_columns - n : 0));
}

static void append_head(Text *text, const char *name)
{
    const gsize begin = text->text->len;

    append_spaces(text->text, text->count_columns - COUNT_COLUMNS);
    g_string_append_printf(text->text, "streams  %-*s  %-*s  %s", (int)text->time_columns, "first", (int)text->time_columns, "last", name);
    end_line(text, begin, COLOR_HEAD);
}

/* What was counted, and before the name a mark if there may be more. */
static void append_counted(Text *text, const FpTallyCount *count, bool may_be_more)
{
    append_count(text, count->streams);
    g_string_append(text->text, may_be_more ? "+ " : "  ");
    append_time(text, count->first);
    append_time(text, count->last);
}

static void append_name(Text *text, const FpTallyName *said)
{
    const gsize begin = text->text->len;

    if (said->protocol != FP_SAID_NOTHING)
        g_string_append_printf(text->text, "%s ", fp_said_name(said->protocol));
    fp_printable_escape(text->text, said->name.bytes, said->name.n);
    if (text->name_columns == 0 || text->text->len - begin <= text->name_columns)
        return;
    g_string_truncate(text->text, begin + text->name_columns - strlen(CUT));
    g_string_append(text->text, CUT);
}

/* Streams without a row of their own. No name stands in this column, so none is taken for this. */
static void append_others(Text *text, uint64_t streams, uint64_t n, const char *what)
{
    const gsize begin = text->text->len;

    if (streams == 0)
        return;
    append_count(text, streams);
    g_string_append(text->text, "  ");
    if (n > 0)
        fp_report_append_number(text->text, n);
    g_string_append(text->text, what);
    end_line(text, begin, COLOR_FAINT);
}

static void append_protocols(Text *text)
{
    FpReportProtocol protocols[FP_SAID_PROTOCOLS];
    const size_t n = fp_report_protocols(text->report->tally, protocols);

    if (n == 0)
        return;
    g_string_append_c(text->text, '\n');
    append_head(text, "protocol");
    for (size_t i = 0; i < n; i++) {
        append_counted(text, protocols[i].count, false);
        g_string_append_printf(text->text, "%s\n", protocols[i].name);
    }
}

static void append_names(Text *text, FpTallyKind kind)
{
    const FpTally *tally = text->report->tally;
    const uint64_t without = fp_tally_without(tally, kind)->streams;
    FpReportNames names;

    fp_report_names(text->report, kind, &names);
    if (names.names->len > 0 || without > 0) {
        g_string_append_c(text->text, '\n');
        append_head(text, fp_report_kinds[kind].name);
    }
    for (guint i = 0; i < names.shown; i++) {
        const FpTallyName *said = g_ptr_array_index(names.names, i);
        append_counted(text, &said->count, said->missed_max > 0);
        append_name(text, said);
        g_string_append_c(text->text, '\n');
    }
    const guint hidden = names.names->len - names.shown;
    append_others(text, names.hidden_streams, hidden, hidden == 1 ? " other (--top)" : " others (--top)");
    append_others(text, fp_tally_dropped(tally, kind)->streams, 0, "of rare names that were dropped, as there were too many (--max-names)");
    append_others(text, without, 0, fp_report_kinds[kind].without);
    if (names.missed_max > 0) {
        g_string_append(text->text, "+ and perhaps up to ");
        fp_report_append_number(text->text, names.missed_max);
        g_string_append(text->text, " more, of those that were dropped\n");
    }
    fp_report_names_clear(&names);
}

static void append_number(Text *text, const char *before, uint64_t number, const char *behind)
{
    g_string_append(text->text, before);
    fp_report_append_number(text->text, number);
    g_string_append(text->text, behind);
}

/* How many streams there were, and what became of them. */
static void append_streams(Text *text)
{
    const FpReport *report = text->report;
    const FpTallyCount *all = fp_tally_all(report->tally);

    append_number(text, "", report->streams, report->streams == 1 ? " stream" : " streams");
    append_number(text, ": ", all->streams, " said something");
    if (all->streams > 0) {
        g_string_append(text->text, " (");
        fp_report_append_time(text->text, all->first);
        g_string_append(text->text, " to ");
        fp_report_append_time(text->text, all->last);
        g_string_append(text->text, " UTC)");
    }
    append_number(text, ", ", report->silent, report->skips_midstream ? " said nothing or began before the capture" : " said nothing");
    if (report->unmatched > 0)
        append_number(text, ", ", report->unmatched, " not matched by -Y");
    const uint64_t later = fp_tally_later(report->tally)->streams;
    if (later > 0)
        append_number(text, "; ", later, later == 1 ? " ClientHello came later" : " ClientHellos came later");
    if (report->is_cut)
        g_string_append(text->text, "; a capture ended too early");
    g_string_append_c(text->text, '\n');
}

/* All columns are as wide in each table. */
static void choose_columns(Text *text)
{
    const FpTallyCount *all = fp_tally_all(text->report->tally);
    const unsigned width = fp_terminal_columns(text->style->terminal_fd);
    g_autoptr(GString) widest = g_string_new(NULL);

    fp_report_append_number(widest, all->streams);
    text->count_columns = MAX(COUNT_COLUMNS, widest->len);
    for (int i = 0; i < 2; i++) {
        g_string_truncate(widest, 0);
        fp_report_append_time(widest, i == 0 ? all->first : all->last);
        text->time_columns = MAX(text->time_columns, widest->len);
    }
    const size_t before = text->count_columns + 2 + 2 * (text->time_columns + 2);
    text->name_columns = width == 0 ? 0 : MAX(NAME_COLUMNS_MIN, width - MIN(width, before));
}

bool fp_report_write_text(FpOutput *output, const FpReport *report, const FpReportStyle *style, GError **error)
{
    g_autoptr(GString) room = g_string_new(NULL);
    Text text = {.report = report, .style = style, .text = room};

    choose_columns(&text);
    append_streams(&text);
    append_protocols(&text);
    for (FpTallyKind kind = 0; kind < FP_TALLY_KINDS; kind++) {
        append_names(&text, kind);
        if (!fp_output_write(output, room->str, room->len, error))
            return false;
        g_string_truncate(room, 0);
    }
    return true;
}
