/* SPDX-License-Identifier: GPL-2.0-or-later */
/* journal.h - a service's messages: with fields to journald if standard error leads there, else as lines on standard error. */
#ifndef FP_JOURNAL_H
#define FP_JOURNAL_H

#include <glib.h>
#include <stdint.h>

/* Sends GLib's log this way from now on. */
void fp_journal_begin(void);

/* Logs a message; level is G_LOG_LEVEL_WARNING, _MESSAGE or _INFO. number and path are of the claim that it is about (fields
 * FIRSTPAYLOAD_CLAIM and FIRSTPAYLOAD_FILE). With path NULL, both fields are left out. */
void fp_journal(GLogLevelFlags level, uint64_t number, const char *path, const char *format, ...) G_GNUC_PRINTF(4, 5);

#endif
