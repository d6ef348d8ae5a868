/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report-embedded.h - the files report.css and report.js as strings; embed.cmake makes them. */
#ifndef FP_REPORT_EMBEDDED_H
#define FP_REPORT_EMBEDDED_H

extern const char fp_report_css[];
extern const char fp_report_js[];

#endif
