/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics.h - figures in the text format of Prometheus, as its node exporter reads it from files. docs/metrics.md has all of them. */
#ifndef FP_METRICS_H
#define FP_METRICS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* One kind of figure. All names begin with "firstpayload_", and those of counters end in "_total", which name leaves out. */
typedef struct {
    const char *name;
    const char *help;
    bool is_counter; /* it only grows, from 0 at the start of the program; else it is a gauge */
    bool is_ns;      /* its values are in nanoseconds, and shown in seconds */
} FpMetric;

/* Appends what stands once before the values of a metric: its help, and its type. */
void fp_metrics_append_head(GString *text, const FpMetric *metric);

/* Appends a value of metric. label, which says whose it is, may have any bytes. */
void fp_metrics_append(GString *text, const FpMetric *metric, const char *label_name, const char *label, uint64_t value);

/* Appends a value in decimal digits; nanoseconds in seconds. */
void fp_metrics_append_value(GString *text, const FpMetric *metric, uint64_t value);

#endif
