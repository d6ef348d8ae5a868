/* SPDX-License-Identifier: GPL-2.0-or-later */
/* archive.h - done/: the captures that have been taken; with a limit, only the newest of them. */
#ifndef FP_ARCHIVE_H
#define FP_ARCHIVE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct FpArchive FpArchive;

/* Creates the archive of the files in folder. names: of these, oldest first; the archive takes ownership. max_bytes: 0 for no limit. */
FpArchive *fp_archive_new(const char *folder, GPtrArray *names, uint64_t max_bytes);
void fp_archive_free(FpArchive *archive);

/* Moves a file of that size from its place at from to path, then deletes the oldest files until the archive is within its limit. Ignores a
 * file that is gone. Returns false and sets errno when the file cannot be moved. */
bool fp_archive_move(FpArchive *archive, const char *from, const char *path, uint64_t bytes);

/* Deletes the oldest files until the archive is within its limit: that may be another one than before, or a power cut has brought files
 * back. */
void fp_archive_trim(FpArchive *archive);

/* Forgets the file at path, which is no longer in the folder. */
void fp_archive_forget(FpArchive *archive, const char *path);

/* The size of all its files. */
uint64_t fp_archive_bytes(const FpArchive *archive);

#endif
