/* SPDX-License-Identifier: GPL-2.0-or-later */
/* archive.h - done/: the captures that have been taken, up to a limit the newest of them. */
#ifndef FP_ARCHIVE_H
#define FP_ARCHIVE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct FpArchive FpArchive;

/* names: of what is in folder, oldest first; taken over. max_bytes: 0 for no limit. */
FpArchive *fp_archive_new(const char *folder, GPtrArray *names, uint64_t max_bytes);
void fp_archive_free(FpArchive *archive);

/* Moves the file at from to it, to be at path, and deletes the oldest that are too much. One that is gone is let go. Returns false with
 * errno set. */
bool fp_archive_move(FpArchive *archive, const char *from, const char *path, uint64_t bytes);

/* The file at path is not in it any more. */
void fp_archive_forget(FpArchive *archive, const char *path);

uint64_t fp_archive_bytes(const FpArchive *archive);

#endif
