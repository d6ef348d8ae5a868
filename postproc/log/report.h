/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - a tally -> a report for people: tables as text (report-text.c), or a page for a browser (report-page.c).
 *
 * file -> record -> segment -> stream -> verdict -> [output]
 *
 * Names are whatever strangers sent. Both forms show them in printable ASCII (base/printable.h), with \xNN for everything else.
 */
#ifndef FP_REPORT_H
#define FP_REPORT_H

#include <glib.h>
#include <stdbool.h>

#include "output/output.h"
#include "tally.h"

/* What a report says besides the tally. All of it is borrowed. */
typedef struct {
    const FpTally *tally;
    char *const *sources; /* the captures, or the interface; NULL-terminated */
    const char *version;  /* of the program */
    uint64_t streams;     /* all there were */
    uint64_t silent;      /* of these, without payload; with skips_midstream those without a start, too */
    uint64_t unmatched;   /* of these, left out by the display filter */
    uint64_t forgotten;   /* streams that the table had no room for: those of them that went on were counted again */
    bool skips_midstream;
    bool is_cut; /* a capture ended too early */
    size_t top;  /* show so many names of each kind; 0: all */
} FpReport;

typedef struct {
    bool has_colors;
    int terminal_fd; /* of the terminal that lines have to fit, see terminal.h; -1: none */
} FpReportStyle;

/* Write the report to output. Return false and set error when writing fails. */
bool fp_report_write_text(FpOutput *output, const FpReport *report, const FpReportStyle *style, GError **error);
bool fp_report_write_page(FpOutput *output, const FpReport *report, GError **error);

#endif
