/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics.c - see metrics.h. */
#include "metrics.h"

#include "printable.h"

static void append_name(GString *text, const FpMetric *metric)
{
    g_string_append_printf(text, "firstpayload_%s%s", metric->name, metric->is_counter ? "_total" : "");
}

void fp_metrics_append_head(GString *text, const FpMetric *metric)
{
    g_string_append(text, "# HELP ");
    append_name(text, metric);
    g_string_append_printf(text, " %s\n# TYPE ", metric->help);
    append_name(text, metric);
    g_string_append(text, metric->is_counter ? " counter\n" : " gauge\n");
}

/* Escapes a label's value as Prometheus asks: backslash, quote and line feed. Replaces what is not UTF-8. */
static void append_label(GString *text, const char *label)
{
    g_autofree char *valid = g_utf8_make_valid(label, -1);

    for (const char *at = valid; *at != '\0'; at++) {
        if (*at == '\\' || *at == '"')
            g_string_append_c(text, '\\');
        if (*at == '\n')
            g_string_append(text, "\\n");
        else
            g_string_append_c(text, *at);
    }
}

void fp_metrics_append_value(GString *text, const FpMetric *metric, uint64_t value)
{
    fp_printable_number(text, metric->is_ns ? value / 1000000000 : value);
    if (metric->is_ns) {
        g_string_append_c(text, '.');
        fp_printable_padded(text, value % 1000000000, 9);
    }
}

void fp_metrics_append(GString *text, const FpMetric *metric, const char *label_name, const char *label, uint64_t value)
{
    append_name(text, metric);
    g_string_append_printf(text, "{%s=\"", label_name);
    append_label(text, label);
    g_string_append(text, "\"} ");
    fp_metrics_append_value(text, metric, value);
    g_string_append_c(text, '\n');
}
