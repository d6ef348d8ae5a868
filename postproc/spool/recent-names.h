/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recent-names.h - names of earlier captures and outputs, as hashes in an array of uint64_t, which is part of the checkpoint. */
#ifndef FP_RECENT_NAMES_H
#define FP_RECENT_NAMES_H

#include <glib.h>
#include <stdbool.h>

/* Adds a name. At least the last 50000 names are remembered, older ones are dropped. */
void fp_recent_names_add(GArray *recent, const char *name);

/* Returns whether the name was added and is still remembered. */
bool fp_recent_names_have(const GArray *recent, const char *name);

#endif
