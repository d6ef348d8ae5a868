/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report-internal.h - shared by the forms of a report. No other file includes it. */
#ifndef FP_REPORT_INTERNAL_H
#define FP_REPORT_INTERNAL_H

#include "report.h"

/* What a kind of names is called, and what streams say that have none. */
typedef struct {
    const char *name;    /* of one */
    const char *names;   /* of several, as a heading */
    const char *without; /* NULL: there are none */
} FpReportKind;

extern const FpReportKind fp_report_kinds[FP_TALLY_KINDS];

/* A row of the table of protocols. */
typedef struct {
    FpSaidProtocol protocol;
    const char *name;
    const FpTallyCount *count;
} FpReportProtocol;

/* Fills in those that any stream speaks, most frequent first, and returns how many there are. */
size_t fp_report_protocols(const FpTally *tally, FpReportProtocol protocols[FP_SAID_PROTOCOLS]);

/* The names of a kind that are shown, and how many streams speak of the others. */
typedef struct {
    GPtrArray *names; /* all, most frequent first */
    guint shown;
    uint64_t hidden_streams; /* of the rest */
    uint64_t missed_max;     /* the largest of those that are shown; 0: all counts are exact */
} FpReportNames;

void fp_report_names(const FpReport *report, FpTallyKind kind, FpReportNames *names);
void fp_report_names_clear(FpReportNames *names);

/* Appends a number with commas between thousands. */
void fp_report_append_number(GString *text, uint64_t number);

/* Appends date and time of day, UTC, as in 2026-11-24 20:47:05. */
void fp_report_append_time(GString *text, FpTime time);

#endif
