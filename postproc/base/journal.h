/* SPDX-License-Identifier: GPL-2.0-or-later */
/* journal.h - what a service says: to journald with fields where it listens, else lines on standard error. */
#ifndef FP_JOURNAL_H
#define FP_JOURNAL_H

#include <glib.h>
#include <stdint.h>

/* From now on GLib's log goes that way. */
void fp_journal_begin(void);

/* Says something. number, path: the claim that it is about (fields FIRSTPAYLOAD_CLAIM, FIRSTPAYLOAD_FILE); path may be NULL. level:
 * G_LOG_LEVEL_WARNING, _MESSAGE or _INFO. */
void fp_journal(GLogLevelFlags level, uint64_t number, const char *path, const char *format, ...) G_GNUC_PRINTF(4, 5);

#endif
