/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * claim.h - a claimed capture: whether it may be read, and whether it is still what was read.
 *
 * Until the claim is made, anybody who may write to the inbox can put anything under a capture's name. So a claim is checked once more,
 * through a descriptor that stays open while the file is read.
 */
#ifndef FP_CLAIM_H
#define FP_CLAIM_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "age.h"

typedef struct {
    uint64_t number;
    char *name;        /* as it was in the inbox; of a long one the end */
    char *path;        /* where it is now */
    uint64_t identity; /* with FP_THEN_KEEP a hash of name, size, time of change and beginning; else 0 */
    uint64_t inode;    /* of the file */
    FpAge age;         /* as far as it was needed; see fp_age_read */
    uint64_t bytes;    /* at the last look, as is changed_ns */
    int64_t changed_ns;
    bool is_sure;            /* it is finished for certain; else that is a guess */
    bool is_late;            /* waiting for it was in vain: others are taken before it */
    uint64_t records_before; /* taken under another number before the file grew; they are skipped */
    int fd;                  /* open while it is read; else -1 */
    bool is_taken;           /* by this process, when the file had bytes, changed_ns and */
    uint64_t records;        /* so many records */
    uint64_t beginning;      /* see fp_compressed_copies_beginning */
} FpClaim;

/* What a claim was when it was taken, for a process that comes later. */
typedef struct {
    uint64_t number;
    uint64_t bytes;
    int64_t changed_ns;
} FpTaken;

/* Creates a claim of the file at path, which takes ownership of path and copies name. */
FpClaim *fp_claim_new(uint64_t number, const char *name, char *path);
void fp_claim_free(gpointer data);

/* Updates bytes and changed_ns. Returns false and sets errno when the file cannot be looked at. */
bool fp_claim_look(FpClaim *claim);

/* Returns its size now; 0 if it is gone. */
uint64_t fp_claim_bytes_now(const FpClaim *claim);

/*
 * Opens the claim for reading, unless it is open, without following a link, and checks what it is; inbox is the folder that it came from.
 * Returns false and sets error: FP_ERROR_DATA when it is not a regular file, or is a hard link that somebody who may write to the inbox may
 * have made to a file that is not theirs to read. Returns true when the file has vanished: its reader will find out.
 */
bool fp_claim_begin_reading(FpClaim *claim, const char *inbox, GError **error);

/* Syncs what fp_claim_begin_reading has opened, which its writer need not have done, unless it is so old that the kernel has. If that
 * fails, it is as it was without. */
void fp_claim_sync(const FpClaim *claim);

/* Closes what fp_claim_begin_reading has opened. */
void fp_claim_end_reading(FpClaim *claim);

/* Returns the path by which to read what fp_claim_begin_reading has opened. Caller frees. */
char *fp_claim_reading_path(const FpClaim *claim);

/* What has become of a claim since the last look at it. */
typedef enum {
    FP_AS_CLAIMED,
    FP_OVERWRITTEN, /* or written to */
    FP_CANNOT_TELL, /* errno is set */
} FpSameness;

/* Compares the claim with the last look at it. A file that is gone counts as FP_AS_CLAIMED if it was in claim/, else as FP_OVERWRITTEN. */
FpSameness fp_claim_compare(const FpClaim *claim);

#endif
