/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compressed-copies.h - captures that come twice, plain and compressed: tcpdump -z gzip compresses a file while a watcher takes it. If gzip
 * opened it first, the compressed file appears although the plain one has been taken.
 */
#ifndef FP_COMPRESSED_COPIES_H
#define FP_COMPRESSED_COPIES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Returns name without the suffix of a compression. Caller frees. */
char *fp_compressed_copies_plain_name(const char *name);

/* Returns the names that the file can have once it is compressed; none if it is. Caller frees with g_strfreev. */
char **fp_compressed_copies_compressed_names(const char *name);

/* Returns a hash of the first record of the capture at path; 0 if no record can be read. */
uint64_t fp_compressed_copies_beginning(const char *path);

/* Whether a capture with this beginning was taken under a name that differs from name only in its compression. recent: see
 * fp_recent_names_add. */
bool fp_compressed_copies_is_copy(const char *name, uint64_t beginning, const GArray *recent);

/* Notes in recent that a capture with this beginning was taken. */
void fp_compressed_copies_note(GArray *recent, const char *name, uint64_t beginning);

#endif
