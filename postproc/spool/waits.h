/* SPDX-License-Identifier: GPL-2.0-or-later */
/* waits.h - which unfinished files hold up younger captures, and for how long they may. */
#ifndef FP_WAITS_H
#define FP_WAITS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct FpWaits FpWaits;

/* limit_s: how long to wait for one file; 0: not at all. option: the option that sets the limit, for messages; NULL: none does. It is
 * borrowed. */
FpWaits *fp_waits_new(unsigned limit_s, const char *option);
void fp_waits_free(FpWaits *waits);

/* Begins a look at all files. Forgets those that the look before did not find. */
void fp_waits_begin(FpWaits *waits);

/* Notes that this look has found the file. */
void fp_waits_found(FpWaits *waits, uint64_t inode);

/* Whether to go on waiting for the file. The limit counts from the first call for it; that it has passed is logged once: name, then
 * what. */
bool fp_waits_for(FpWaits *waits, uint64_t inode, const char *name, const char *what);

/* Whether this look has found a file to wait for. */
bool fp_waits_are_any(const FpWaits *waits);

/* Names the file that has been waited for longest, and says for how long. NULL: none. Caller frees. */
char *fp_waits_text(const FpWaits *waits);

/* How many files have been waited for in vain. */
uint64_t fp_waits_n_over(const FpWaits *waits);

#endif
