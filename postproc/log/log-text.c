/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log-text.c - a line of the log for people and grep. See log.h. */
#include <inttypes.h>
#include <string.h>

#include "base/printable.h"
#include "log-internal.h"
#include "log-reply.h"
#include "log-said.h"

/* Appends words, separated by commas; or a dash, so that no column is empty. */
static void append_flags(GString *line, const FpSegment *segment, const FpVerdict *verdict)
{
    const struct {
        const char *name;
        bool is_set;
    } flags[] = {{"udp", segment->transport == FP_TRANSPORT_UDP},
                 {"fast_open", verdict->fast_open},
                 {"midstream", verdict->midstream},
                 {"out_of_order", verdict->out_of_order}};
    const char *between = "";

    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
        if (flags[i].is_set) {
            g_string_append_printf(line, "%s%s", between, flags[i].name);
            between = ",";
        }
    if (*between == '\0')
        g_string_append_c(line, '-');
}

/* Escapes commas within a value, as commas also separate values. */
static void append_value(GString *line, const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, ",", -1);

    for (char **part = parts; *part != NULL; part++) {
        g_string_append(line, part == parts ? "" : "\\x2c");
        fp_printable_escape(line, (const uint8_t *)*part, strlen(*part));
    }
}

static void append_answer(GString *line, const FpLogStyle *style, const FpLogAnswer *answer)
{
    if (answer->is_cut_off)
        g_string_append(line, "\tflight_open");
    if (answer->failure != NULL) {
        g_string_append(line, "\ttshark_error=");
        append_value(line, answer->failure);
        return;
    }
    for (guint i = 0; answer->values != NULL && i < answer->values->len; i++) {
        char *const *values = g_ptr_array_index(answer->values, i);
        if (values == NULL)
            continue;
        g_string_append_printf(line, "\t%s=", style->fields[i]);
        for (char *const *value = values; *value != NULL; value++) {
            g_string_append(line, value == values ? "" : ",");
            append_value(line, *value);
        }
    }
}

static void append_ja4(GString *line, const FpSaidTls *tls)
{
    if (tls->ja4[0] != '\0')
        g_string_append_printf(line, " ja4=%s", tls->ja4);
}

/* What the message says: an item, behind a tab as all that follow, as whatever was sent has its tabs escaped. */
static void append_said(GString *line, const FpLogEntry *entry)
{
    gsize before = line->len;

    g_string_append_c(line, '\t');
    if (!fp_log_append_said(line, entry->facts))
        g_string_truncate(line, before);
    else if (entry->facts->protocol == FP_SAID_TLS || entry->facts->protocol == FP_SAID_QUIC)
        append_ja4(line, &entry->facts->tls);
    if (!entry->message.is_complete)
        g_string_append(line, "\tincomplete");
    if (entry->turn != 0)
        g_string_append_printf(line, "\tturn=%" PRIu32 "\tafter=%s", entry->turn, fp_said_way_name(entry->way));
    if (entry->is_redacted)
        g_string_append(line, "\tredacted");
}

void fp_log_text(GString *line, const FpLogStyle *style, const FpLogEntry *entry, const FpLogAnswer *answer)
{
    const FpSegment *segment = entry->segment;
    const FpVerdict *verdict = entry->verdict;
    FpSpan payload = fp_log_payload(style, entry);

    fp_log_append_time(line, entry);
    g_string_append_c(line, ' ');
    fp_log_append_endpoint(line, segment->source, segment->address_bytes, segment->source_port);
    g_string_append(line, " > ");
    fp_log_append_endpoint(line, segment->destination, segment->address_bytes, segment->destination_port);
    g_string_append_c(line, ' ');
    g_string_append(line, fp_side_name(verdict->side));
    g_string_append_c(line, ' ');
    fp_printable_number(line, verdict->payload_bytes);
    g_string_append_c(line, ' ');
    if (verdict->has_syn)
        fp_log_append_seconds(line, entry, verdict->delay_ns);
    else
        g_string_append_c(line, '-');
    g_string_append_c(line, ' ');
    append_flags(line, segment, verdict);
    if (payload.captured > 0)
        g_string_append_c(line, ' ');
    fp_printable_escape(line, payload.bytes, payload.captured);
    append_said(line, entry);
    fp_log_append_reply(line, style, entry);
    append_answer(line, style, answer);
}
