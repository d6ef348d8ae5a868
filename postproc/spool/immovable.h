/* SPDX-License-Identifier: GPL-2.0-or-later */
/* immovable.h - files of the inbox that may not be moved: immutable ones, and those in a sticky folder. The others are taken meanwhile. */
#ifndef FP_IMMOVABLE_H
#define FP_IMMOVABLE_H

#include <glib.h>

typedef struct FpImmovable FpImmovable;

FpImmovable *fp_immovable_new(void); /* free with fp_immovable_free */
void fp_immovable_free(FpImmovable *immovable);

/* Begins a look at all files. Forgets those that the look before did not find. */
void fp_immovable_begin(FpImmovable *immovable);

/* Notes that this look has found the file, and logs it with errno if the look before has not. path is copied. */
void fp_immovable_found(FpImmovable *immovable, const char *path);

/* Says how many there are, and names one. NULL: there is none. Caller frees. */
char *fp_immovable_text(const FpImmovable *immovable);

#endif
