/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log-table.c - a first payload frame as a row of a table, for people. See log.h. */
#include <inttypes.h>

#include "base/message.h"
#include "excerpt.h"
#include "log-internal.h"
#include "log-said.h"
#include "table.h"

/* Ends a cell with a tab, which no cell contains. */
static void end_cell(GString *row)
{
    g_string_append_c(row, '\t');
}

static void append_source(GString *row, const FpLogEntry *entry)
{
    g_autofree char *source = fp_message_printable(entry->source);

    g_string_append(row, source);
    end_cell(row);
}

static void append_delay(GString *row, const FpVerdict *verdict)
{
    if (verdict->has_syn)
        g_string_append_printf(row, "%.3f s", (double)verdict->delay_ns / 1e9);
    end_cell(row);
}

/* Each byte becomes one character, so that the line can be cut anywhere. */
static void append_text(GString *row, const uint8_t *bytes, size_t n)
{
    gsize end = row->len;

    g_string_set_size(row, end + n);
    fp_excerpt_text(bytes, n, row->str + end);
}

static void append_hex(GString *row, FpSpan payload)
{
    char text[FP_EXCERPT_HEX_ROOM];

    fp_excerpt_hex(payload.bytes, payload.captured, text);
    g_string_append(row, text);
}

/* What it says, if that is known; else its first line, or bytes. */
static void append_payload(GString *row, const FpSaidFacts *facts, FpSpan payload)
{
    size_t length = fp_excerpt_line_bytes(payload.bytes, payload.captured);

    if (fp_log_append_said(row, facts)) {
        end_cell(row);
        return;
    }
    if (length > 0)
        append_text(row, payload.bytes, length);
    else
        append_hex(row, payload);
    end_cell(row);
}

static void append_remarks(GString *row, const FpLogEntry *entry, FpSpan payload)
{
    const FpVerdict *verdict = entry->verdict;
    const struct {
        const char *name;
        bool is_so;
    } remarks[] = {{"UDP", entry->segment->transport == FP_TRANSPORT_UDP},
                   {"fast open", verdict->fast_open},
                   {"midstream", verdict->midstream},
                   {"out of order", verdict->out_of_order},
                   {"not captured", payload.captured == 0},
                   {"redacted", entry->is_redacted}};
    const char *before = "(";

    if (entry->turn != 0) {
        g_string_append_printf(row, "(turn %" PRIu32 ", after %s", entry->turn, fp_said_way_name(entry->way));
        before = ", ";
    }
    for (size_t i = 0; i < G_N_ELEMENTS(remarks); i++)
        if (remarks[i].is_so) {
            g_string_append_printf(row, "%s%s", before, remarks[i].name);
            before = ", ";
        }
    g_string_append(row, *before == '(' ? "" : ")");
}

void fp_log_table(GString *row, const FpLogStyle *style, const FpLogEntry *entry, const FpLogAnswer *answer)
{
    const FpSegment *segment = entry->segment;
    FpSpan payload = fp_log_payload(style, entry);

    (void)answer;
    append_source(row, entry);
    g_string_append_printf(row, "%" G_GUINT64_FORMAT, entry->frame);
    end_cell(row);
    fp_log_append_endpoint(row, segment->source, segment->address_bytes, segment->source_port);
    end_cell(row);
    fp_log_append_endpoint(row, segment->destination, segment->address_bytes, segment->destination_port);
    end_cell(row);
    g_string_append(row, fp_side_name(entry->verdict->side));
    end_cell(row);
    append_delay(row, entry->verdict);
    append_payload(row, entry->facts, payload);
    append_remarks(row, entry, payload);
}
