/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rotation-names.h - what the files of a rotation are called. See rotation.h; only output/ includes this. */
#ifndef FP_ROTATION_NAMES_H
#define FP_ROTATION_NAMES_H

#include <glib.h>
#include <stdbool.h>
#include <time.h>

#include "rotation.h"

/* Returns the name for a file that was begun at that time, the n-th of this name from 0. Caller frees. */
char *fp_rotation_name(const char *pattern, time_t begun, unsigned n);

/* Returns the name that it has until it is whole. Caller frees. */
char *fp_rotation_hidden_name(const char *name, FpRotatedKind kind);

/* Whether a name in the pattern's folder is a hidden one of such a file. */
bool fp_rotation_is_hidden(const char *pattern, FpRotatedKind kind, const char *name);

/* Returns the name that a hidden file gets if that is free, or the first number after it that is. Caller frees. */
char *fp_rotation_publish(const char *hidden, const char *wanted, GError **error);

/* Returns the name behind a hidden one, both with their folder. Caller frees. */
char *fp_rotation_shown_name(const char *hidden, FpRotatedKind kind);

#endif
