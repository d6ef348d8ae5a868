/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * claim.h - a capture that has been claimed: whether it may be read, and whether it is still what was read.
 *
 * Somebody who may write to the inbox can put anything under a capture's name until the claim is made. So what was claimed is looked at
 * once more, through a descriptor that is kept as long as it is read.
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
    uint64_t identity; /* FP_THEN_KEEP: stands for name, size, time of change and beginning; else 0 */
    uint64_t inode;    /* of the file */
    FpAge age;         /* as far as it was needed; see fp_age_read */
    uint64_t bytes;    /* when it was looked at last */
    int64_t changed_ns;
    bool is_sure;            /* that it is finished: else that is a guess */
    bool is_late;            /* it was waited for in vain: others are taken before it */
    uint64_t records_before; /* that were taken of it under another number, after which it grew; they are passed over */
    int fd;                  /* while it is read; else -1 */
    bool is_taken;           /* in this process. What it was then: bytes, changed_ns, and */
    uint64_t records;        /* how many it had */
    uint64_t beginning;      /* see fp_compressed_copies_beginning */
} FpClaim;

/* path is taken over. */
FpClaim *fp_claim_new(uint64_t number, const char *name, char *path);
void fp_claim_free(gpointer data);

/* Looks at size and time of change anew. Returns false with errno set when that cannot be done. */
bool fp_claim_look(FpClaim *claim);

/* Its size now; 0 if it is gone. */
uint64_t fp_claim_bytes_now(const FpClaim *claim);

/*
 * Opens it, to be read, without following a link, and looks at what it is; inbox is the folder that it comes from. Returns false with error
 * set: FP_ERROR_DATA when it is no regular file, or another name of a file that nobody who may write to the inbox could be trusted to have
 * linked there. One that has vanished is for the reader to find. Close with fp_claim_end_reading.
 */
bool fp_claim_begin_reading(FpClaim *claim, const char *inbox, GError **error);
void fp_claim_end_reading(FpClaim *claim);

/* The path by which to read what fp_claim_begin_reading has opened; the caller's. */
char *fp_claim_reading_path(const FpClaim *claim);

/* Whether it is still as it was when it was looked at last. */
typedef enum {
    FP_AS_CLAIMED,
    FP_OVERWRITTEN, /* or written to */
    FP_CANNOT_TELL, /* errno is set */
} FpSameness;
FpSameness fp_claim_compare(const FpClaim *claim);

#endif
