/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log.c - see log.h. */
#include "log.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <time.h>

#include "base/printable.h"
#include "log-internal.h"

static const struct {
    const char *name;
    const char *suffix;
    void (*append)(GString *line, const FpLogStyle *style, const FpLogEntry *entry, const FpLogAnswer *answer);
} formats[] = {
    [FP_LOG_TEXT] = {"text", ".log", fp_log_text},
    [FP_LOG_JSON] = {"json", ".jsonl", fp_log_json},
    [FP_LOG_TABLE] = {NULL, NULL, fp_log_table},
};

bool fp_log_format_from_text(const char *text, FpLogFormat *format)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++)
        if (g_strcmp0(formats[i].name, text) == 0) {
            *format = (FpLogFormat)i;
            return true;
        }
    return false;
}

const char *fp_log_suffix(FpLogFormat format)
{
    return formats[format].suffix;
}

FpSpan fp_log_payload(const FpLogStyle *style, const FpLogEntry *entry)
{
    return fp_span_first(entry->payload, style->payload_bytes);
}

void fp_log_append_address(GString *line, const uint8_t *address, unsigned address_bytes)
{
    char text[INET6_ADDRSTRLEN] = "";

    inet_ntop(address_bytes == 4 ? AF_INET : AF_INET6, address, text, sizeof text);
    g_string_append(line, text);
}

void fp_log_append_endpoint(GString *line, const uint8_t *address, unsigned address_bytes, uint16_t port)
{
    g_string_append(line, address_bytes == 4 ? "" : "[");
    fp_log_append_address(line, address, address_bytes);
    g_string_append(line, address_bytes == 4 ? ":" : "]:");
    fp_printable_number(line, port);
}

static void append_fraction(GString *line, const FpLogEntry *entry, int64_t ns)
{
    g_string_append_c(line, '.');
    if (entry->has_nanoseconds)
        fp_printable_padded(line, (uint64_t)ns, 9);
    else
        fp_printable_padded(line, (uint64_t)ns / 1000, 6);
}

/* The last second of the last year that gmtime_r can represent. */
#define SECONDS_MAX INT64_C(67768036191676799)

static void append_part(GString *line, char before, int number)
{
    g_string_append_c(line, before);
    fp_printable_padded(line, (unsigned)number, 2);
}

/* Years of more than four digits have a sign (ISO 8601-1 5.2.2.3). Damaged files, and clocks in undeclared units, may have any time. */
void fp_log_append_second(GString *line, int64_t second, char between)
{
    time_t seconds = (time_t)CLAMP(second, -SECONDS_MAX, SECONDS_MAX);
    struct tm parts = {0};

    gmtime_r(&seconds, &parts);
    int64_t year = (int64_t)parts.tm_year + 1900;
    if (year < 0 || year > 9999)
        g_string_append_c(line, year < 0 ? '-' : '+');
    fp_printable_padded(line, (uint64_t)(year < 0 ? -year : year), 4);
    append_part(line, '-', parts.tm_mon + 1);
    append_part(line, '-', parts.tm_mday);
    append_part(line, between, parts.tm_hour);
    append_part(line, ':', parts.tm_min);
    append_part(line, ':', parts.tm_sec);
}

void fp_log_append_time(GString *line, const FpLogEntry *entry)
{
    int64_t fraction = fp_time_difference(entry->segment->time_ns, fp_time_ns(entry->seconds, 0));

    fp_log_append_second(line, entry->seconds, 'T');
    append_fraction(line, entry, fraction);
    g_string_append_c(line, 'Z');
}

void fp_log_append_seconds(GString *line, const FpLogEntry *entry, int64_t ns)
{
    if (ns < 0)
        g_string_append_c(line, '-');
    fp_printable_number(line, (uint64_t)(ns < 0 ? -ns : ns) / 1000000000);
    append_fraction(line, entry, (ns < 0 ? -ns : ns) % 1000000000);
}

bool fp_log_is_wanted(const FpOutput *output, const FpLogStyle *style)
{
    return output != NULL || (style != NULL && style->tally != NULL);
}

static void count(FpTally *tally, const FpLogEntry *entry)
{
    int64_t fraction = fp_time_difference(entry->segment->time_ns, fp_time_ns(entry->seconds, 0));

    const FpTime time = {.seconds = entry->seconds, .ns = (uint32_t)fraction};
    const bool is_first = entry->turn == 0 || entry->facts->proxy.version != 0; /* behind a PROXY header it is in the first message */

    (is_first ? fp_tally_add : fp_tally_add_later)(tally, entry->facts, time);
}

bool fp_log_write(FpOutput *output, const FpLogStyle *style, const FpLogEntry *entry, const FpLogAnswer *answer, GString *line,
                  GError **error)
{
    static const FpLogAnswer nothing = {0};

    if (style->tally != NULL) {
        count(style->tally, entry);
        return true;
    }
    g_string_truncate(line, 0);
    formats[style->format].append(line, style, entry, answer != NULL ? answer : &nothing);
    if (style->table != NULL)
        return fp_table_add(style->table, output, line->str, error);
    g_string_append_c(line, '\n');
    return fp_output_write(output, line->str, line->len, error);
}

bool fp_log_flush(FpOutput *output, const FpLogStyle *style, GError **error)
{
    return (style->table == NULL || fp_table_flush(style->table, output, error)) && fp_output_flush(output, error);
}
