/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replace.h - replaces a small file of text that others read at any time: a status, metrics. */
#ifndef FP_REPLACE_H
#define FP_REPLACE_H

#include <glib.h>
#include <stdbool.h>

/* Writes text to a file beside path, and gives it that name. Readers see the old text or the new one. It is not brought to the disk: after
 * a power cut nobody asks how it was before. On a full disk, where there is no room for another file, the one that is there is overwritten
 * if the text fits into its blocks; then readers may for a moment see half of it. Returns false and sets error. */
bool fp_replace_file(const char *path, const char *text, GError **error);

#endif
