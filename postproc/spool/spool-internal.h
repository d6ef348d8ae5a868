/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spool-internal.h - what the parts of the spool share: spool.c (what is claimed), spool-dispose.c (what becomes of it). Nobody else
 * includes it. */
#ifndef FP_SPOOL_INTERNAL_H
#define FP_SPOOL_INTERNAL_H

#include "archive.h"
#include "inbox.h"
#include "spool.h"
#include "waits.h"

struct FpSpool {
    char *inbox_folder;
    char *claim_folder;
    char *done_folder;
    char *failed_folder;
    FpThen then;
    bool deletes_guesses;
    FpInbox *inbox;
    FpAttempts *attempts;
    bool follows;
    bool pcapng_by_wiretap;
    bool is_beginning;
    char *immovable;    /* the file of which that was said last */
    GPtrArray *claims;  /* of FpClaim, by number */
    bool is_disordered; /* these may be in another order than they were captured in */
    FpWaits *waits;
    FpWaits *unmatched; /* files that only compressed would match */
    uint64_t highest;
    int64_t committed_ns; /* when the last checkpoint from before was written */
    FpArchive *archive;
    GPtrArray *guesses; /* of FpClaim, in done/, oldest first */
};

/* Sets error to path, what, and what errno says. Returns false. */
bool fp_spool_set_error(GError **error, const char *path, const char *what);

/* Where a claim is put; the caller's. */
char *fp_spool_path(const char *folder, uint64_t number, uint64_t records_before, const char *name);

/* By numbers, for g_ptr_array_sort. */
gint fp_spool_compare_numbers(gconstpointer a, gconstpointer b);

/* spool-order.c: gives claims with numbers above after new ones, if they are not in the order of capture. Returns false with error set. */
bool fp_spool_order(FpSpool *spool, uint64_t after, GError **error);

/* After a look at the inbox: what is still there may be waited for. */
void fp_spool_begin_waits(FpSpool *spool);

/* spool-dispose.c: claims anew those in done/ of which it was a guess that they were finished, and that have been written to since. Returns
 * false with error set. */
bool fp_spool_look_at_guesses(FpSpool *spool, GError **error);

#endif
