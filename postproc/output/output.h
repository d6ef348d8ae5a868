/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.h - a file that appears whole or not at all: temporary file, fsync, rename. Or one that lines are added to.
 *
 * file -> record -> segment -> stream -> verdict -> [output]
 *
 * What was open when the program began (standard output, /dev/fd/N), FIFOs and devices cannot be undone, or are somebody else's; they are
 * written to as they are. A FIFO that nobody reads is waited for, until a signal asks to stop (stop.h), which is an error.
 */
#ifndef FP_OUTPUT_H
#define FP_OUTPUT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct FpOutput FpOutput;

/*
 * Opens path for writing, "-" for standard output. inputs is NULL-terminated, or NULL: a path that is one of them (by device and
 * inode) is refused, and so is a descriptor that is not open for writing. While it is open, signals that end the program remove the
 * temporary file on their way, but for SIGKILL; one output at a time. End with fp_output_publish or fp_output_discard.
 */
FpOutput *fp_output_open(const char *path, char *const *inputs, GError **error);

/*
 * Opens path, "-" for standard output, for lines that come behind what is there; inputs as above. When that ends without a line end, one
 * goes before the first line. Each call of fp_output_write must be given one whole line: then none is torn by a write of somebody else's,
 * and when writing fails a regular file has nothing but whole lines. SIGHUP opens a regular file anew, where stop.h has it do so. One at a
 * time. End with fp_output_publish, or with fp_output_discard, which removes nothing.
 */
FpOutput *fp_output_append(const char *path, char *const *inputs, GError **error);

/* Whether path, which may be "-", names a regular file or nothing yet, so that another file can take its place; and no descriptor, FIFO or
 * device. */
bool fp_output_is_file_name(const char *path);

/* Whether fd is open for what output will be or is: the same file or pipe. */
bool fp_output_is_same(const FpOutput *output, int fd);

/* Creates path itself, or empties it, for who gives it its name later. End with fp_output_finish or fp_output_discard. */
FpOutput *fp_output_create(const char *path, GError **error);

/* Makes the file that was created durable. Frees output, also when it fails, and then leaves nothing behind. */
bool fp_output_finish(FpOutput *output, GError **error);

/* Removes the temporary file there may be; for the handler of a signal that ends the program. */
void fp_output_remove_temporary(void);

/* Adds n bytes, through a buffer of 256 KiB. */
bool fp_output_write(FpOutput *output, const void *bytes, size_t n, GError **error);

/* Writes out what is buffered. */
bool fp_output_flush(FpOutput *output, GError **error);

/* The descriptor, for a library that writes by itself. Flush first; report what it wrote with fp_output_count. */
int fp_output_fd(const FpOutput *output);
void fp_output_count(FpOutput *output, uint64_t n);

/* Makes the file durable and gives it its name. Frees output, also when it fails, and then leaves nothing behind. */
bool fp_output_publish(FpOutput *output, GError **error);

/* Removes what there is and frees output. NULL is allowed. */
void fp_output_discard(FpOutput *output);

uint64_t fp_output_bytes(const FpOutput *output);
const char *fp_output_path(const FpOutput *output); /* for messages: "standard output" for "-" */

#endif
