/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.c - what both forms of a report share. See report.h. */
#include "report-internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "log-internal.h"

const FpReportKind fp_report_kinds[FP_TALLY_KINDS] = {
    [FP_TALLY_SERVER_NAMES] = {"server name", "Server names", "without a server name"},
    [FP_TALLY_JA4] = {"JA4", "JA4", "without a JA4, as the ClientHello is cut"},
    [FP_TALLY_HOSTS] = {"host", "HTTP hosts", "without a host"},
    [FP_TALLY_BANNERS] = {"banner", "Banners", NULL},
};

static int compare_protocols(const void *a, const void *b)
{
    const FpReportProtocol *first = a, *second = b;

    if (first->count->streams != second->count->streams)
        return first->count->streams < second->count->streams ? 1 : -1;
    return strcmp(first->name, second->name);
}

size_t fp_report_protocols(const FpTally *tally, FpReportProtocol protocols[FP_SAID_PROTOCOLS])
{
    size_t n = 0;

    for (FpSaidProtocol i = FP_SAID_NOTHING; i < FP_SAID_PROTOCOLS; i++) {
        const FpTallyCount *count = fp_tally_protocol(tally, i);
        if (count->streams > 0)
            protocols[n++] = (FpReportProtocol){.protocol = i, .name = i == FP_SAID_NOTHING ? "unknown" : fp_said_name(i), .count = count};
    }
    qsort(protocols, n, sizeof *protocols, compare_protocols);
    return n;
}

void fp_report_names(const FpReport *report, FpTallyKind kind, FpReportNames *names)
{
    *names = (FpReportNames){.names = fp_tally_names(report->tally, kind)};
    names->shown = report->top == 0 ? names->names->len : (guint)MIN(names->names->len, report->top);
    for (guint i = 0; i < names->names->len; i++) {
        const FpTallyName *name = g_ptr_array_index(names->names, i);
        if (i < names->shown)
            names->missed_max = MAX(names->missed_max, name->missed_max);
        else
            names->hidden_streams += name->count.streams;
    }
}

void fp_report_names_clear(FpReportNames *names)
{
    g_ptr_array_unref(names->names);
}

void fp_report_append_number(GString *text, uint64_t number)
{
    const gsize begin = text->len;

    fp_printable_number(text, number);
    for (gsize at = text->len; at > begin + 3;) {
        at -= 3;
        g_string_insert_c(text, (gssize)at, ',');
    }
}

void fp_report_append_time(GString *text, FpTime time)
{
    fp_log_append_second(text, time.seconds, ' ');
}
