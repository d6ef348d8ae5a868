/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report-chart.h - what happened when, as SVG in the page of a report. Numbers and times of ours alone are in it, so nothing is escaped; no
 * attribute is a style, as the page's policy lets in none.
 *
 * file -> record -> segment -> stream -> verdict -> [output]
 */
#ifndef FP_REPORT_CHART_H
#define FP_REPORT_CHART_H

#include <glib.h>

#include "tally.h"

/* Append to text: what a bar stands for, which ends the head of a section; a bar for each bin; ticks below. line must have a bin. */
void fp_report_chart_all(GString *text, const FpTimeLine *line);

/* The bars of one protocol, the highest as high as the whole. */
void fp_report_chart_protocol(GString *text, const FpTimeLine *line, FpSaidProtocol protocol);

/* From when to when something was said, on a line as long as all was. */
void fp_report_chart_span(GString *text, const FpTallyCount *all, const FpTallyCount *count);

#endif
