/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rotation.h - an output that goes on in one file after another, each of which appears under its name when it is whole and on the disk.
 *
 * file -> record -> segment -> stream -> verdict -> [output]
 *
 * Names come from a pattern with the conversions of strftime(3), local time, for when the file was begun. No file is ever written over: a
 * name that is taken gets a number, x.pcap, x_0001.pcap ... Until a file is whole it is hidden: .x.pcap.unfinished. What a killed process
 * leaves is found by the next one that has the same pattern (fp_rotation_salvage).
 *
 * When the disk is full, or a new file cannot be begun, what is to be written is dropped and counted, and a new file is tried again and
 * again: whoever captures goes on.
 */
#ifndef FP_ROTATION_H
#define FP_ROTATION_H

#include "output.h"

/* When a file is followed by another; all zero: never. */
typedef struct {
    int64_t seconds; /* whenever the clock comes to a multiple of so many seconds since 1970 */
    uint64_t bytes;  /* as soon as so many have been written */
} FpRotation;

/* What files hold: how what is left of one is made whole. */
typedef enum {
    FP_ROTATED_CAPTURE,
    FP_ROTATED_LINES,
} FpRotatedKind;

/* Whether the last part of a path has a conversion, and so is a pattern. */
bool fp_rotation_is_pattern(const char *path);

/* Begins the first file. packing: for all of them. Use it as any other output; fp_output_publish and fp_output_discard end it, and the
 * latter leaves what there is to fp_rotation_salvage. Returns NULL and sets error when the pattern makes no sense, or there can be no file.
 */
FpOutput *fp_rotation_open(const char *pattern, const FpRotation *rotation, FpPacking packing, FpRotatedKind kind, GError **error);

/* Whether this is the time for fp_rotation_next: by size, by the clock, or because there is no file to write to. */
bool fp_rotation_is_due(const FpOutput *output);

/* How many milliseconds the clock has until then at most; -1: it does not matter. */
int fp_rotation_due_ms(const FpOutput *output);

/* Ends the current file, makes it durable and gives it its name, then begins another. The caller has written the end of the capture before,
 * and writes its beginning after. What fails is told, and does not end anything: false only for a lack of memory, with error set. */
bool fp_rotation_next(FpOutput *output, GError **error);

/* How many writes, of a record or a line each, were dropped. */
uint64_t fp_rotation_n_lost(const FpOutput *output);

/* How many bytes all files have. */
uint64_t fp_rotation_bytes(const FpOutput *output);

/* Gives files with this pattern that no process writes to any more their names: captures with the whole records that they have, lines up to
 * the last whole one. Says of each what became of it. One in which there is nothing is removed. */
void fp_rotation_salvage(const char *pattern, FpPacking packing, FpRotatedKind kind);

#endif
