/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.h - a file that appears complete or not at all: temporary file, fsync, rename. Or one that lines are appended to.
 *
 * file -> record -> segment -> stream -> verdict -> [output]
 *
 * What was open when the program started (standard output, /dev/fd/N), FIFOs and devices cannot be undone, or belong to somebody else, so
 * they are written to directly. A FIFO without a reader is waited for until a signal asks to stop (stop.h), which is an error.
 */
#ifndef FP_OUTPUT_H
#define FP_OUTPUT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pack.h"

typedef struct FpOutput FpOutput;

/* Has the helper (base/helper.h), which is forked later, take care of the name of an output that is opened after that, by fp_output_open or
 * fp_output_append: then it can be finished or opened anew when this process has no right to. NULL is passed over, and what is no regular
 * file. */
void fp_output_expect(const char *given);

/* Has no output be opened through a link that belongs to this user: whoever has rights that the user has not would write to the user's
 * choice. */
void fp_output_distrust(uid_t user);

/* Opens path for writing, "-" for standard output. inputs is NULL-terminated, or NULL. Refuses a path that is one of them (by device and
 * inode), and a descriptor that is not open for writing. While the output is open, signals that end the program, except SIGKILL, remove the
 * temporary file; one output at a time. End with fp_output_publish or fp_output_discard. Returns NULL and sets error. */
FpOutput *fp_output_open(const char *path, char *const *inputs, GError **error);

/* Opens path, "-" for standard output, to append lines; inputs as for fp_output_open. If the file ends without a line end, one is written
 * before the first line. Give each call of fp_output_write one whole line: then no write of another process tears it, and if writing fails
 * a regular file holds whole lines only. SIGHUP reopens a regular file if stop.h was told so. One at a time. End with fp_output_publish, or
 * with fp_output_discard, which removes nothing. Returns NULL and sets error. */
FpOutput *fp_output_append(const char *path, char *const *inputs, GError **error);

/* From now on, a full disk does not end a log: lines that cannot be written are dropped, which is told, and counted by fp_output_n_lost.
 * The others stay whole. */
void fp_output_go_on(FpOutput *output);
uint64_t fp_output_n_lost(const FpOutput *output);

/* Whether path, which may be "-", names a regular file or nothing yet, so that another file can take its place; not a descriptor, FIFO or
 * device. */
bool fp_output_is_file_name(const char *path);

/* Whether fd is open for the file or pipe that output is or will be. Never true for a character device. */
bool fp_output_is_same(const FpOutput *output, int fd);

/* Creates path itself, or empties it, for a caller that renames it later. End with fp_output_finish or fp_output_discard. Returns NULL and
 * sets error. */
FpOutput *fp_output_create(const char *path, GError **error);

/* The same, but removes what has the name before, and follows no link that somebody puts there meanwhile. */
FpOutput *fp_output_create_anew(const char *path, GError **error);

/* Has all that is written from now on compressed, except by fp_output_fd. To be called before anything is written, and not for
 * fp_output_append. Returns false and sets error when there is no memory. */
bool fp_output_pack(FpOutput *output, FpPacking packing, GError **error);

/* Whether it is. Then fp_output_fd is of no use: what is written there is not compressed. */
bool fp_output_is_packed(const FpOutput *output);

/* Syncs the file of fp_output_create to disk, and sets *bytes to its length. Frees output, on failure too: then removes the file, returns
 * false and sets error. */
bool fp_output_finish(FpOutput *output, uint64_t *bytes, GError **error);

/* Writes n bytes through a buffer of 256 KiB. Returns false and sets error. */
bool fp_output_write(FpOutput *output, const void *bytes, size_t n, GError **error);

/* Writes out what is buffered, so that a reader has all that was written. Returns false and sets error. */
bool fp_output_flush(FpOutput *output, GError **error);

/* The descriptor, for a library that writes by itself. Flush first; report what it wrote with fp_output_count. */
int fp_output_fd(const FpOutput *output);

/* Counts n bytes that a library wrote to the descriptor. */
void fp_output_count(FpOutput *output, uint64_t n);

/* Syncs the file to disk and gives it its name; sets *bytes, unless NULL, to how many bytes have been written. Frees output, on failure
 * too: then removes the temporary file, returns false and sets error. */
bool fp_output_publish(FpOutput *output, uint64_t *bytes, GError **error);

/* Removes the unfinished file, if there is one, and frees output. NULL is allowed. */
void fp_output_discard(FpOutput *output);

/* How many bytes have been written, including those that are buffered and not compressed yet. */
uint64_t fp_output_bytes(const FpOutput *output);

/* The name for messages: "standard output" for "-". Borrowed. */
const char *fp_output_path(const FpOutput *output);

#endif
