/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compressed-copies.h - captures that come twice, as they are and compressed: tcpdump -z gzip compresses a file while a watcher takes it,
 * and when gzip has opened it first, its output appears though what it was made of has been taken.
 */
#ifndef FP_COMPRESSED_COPIES_H
#define FP_COMPRESSED_COPIES_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The name without what says that the file is compressed; the caller's. */
char *fp_compressed_copies_plain_name(const char *name);

/* The names that the file can have when it is compressed; a g_strfreev, empty of one that is. */
char **fp_compressed_copies_compressed_names(const char *name);

/* Stands for the first record of the capture at path; 0: there is none. */
uint64_t fp_compressed_copies_beginning(const char *path);

/* Whether a capture that begins so was taken under a name that differs from this one in the compression only. recent: see
 * fp_recent_names_add.
 */
bool fp_compressed_copies_is_copy(const char *name, uint64_t beginning, const GArray *recent);

/* Notes that a capture that begins so was taken. */
void fp_compressed_copies_note(GArray *recent, const char *name, uint64_t beginning);

#endif
