/* SPDX-License-Identifier: GPL-2.0-or-later */
/* waits.h - which unfinished files hold up younger captures, and for how long they may. */
#ifndef FP_WAITS_H
#define FP_WAITS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct FpWaits FpWaits;

/* limit_s: how long one file is waited for; 0: none is. */
FpWaits *fp_waits_new(unsigned limit_s);
void fp_waits_free(FpWaits *waits);

/* Begins a look at all files; those that it has not found are forgotten by the next. */
void fp_waits_begin(FpWaits *waits);
void fp_waits_found(FpWaits *waits, uint64_t inode);

/* Whether the file is to be waited for still. The limit counts from the first time that this is asked; that it has passed is said once,
 * with what. */
bool fp_waits_for(FpWaits *waits, uint64_t inode, const char *name, const char *what);

/* Whether this look has found one to be waited for, its name and for how long it has been, in words (the caller's, NULL: none); how many
 * have been waited for in vain. */
bool fp_waits_are_any(const FpWaits *waits);
char *fp_waits_text(const FpWaits *waits);
uint64_t fp_waits_n_over(const FpWaits *waits);

#endif
