/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spool-internal.h - what the files of the spool share: spool.c (what is claimed), spool-order.c (in which order), spool-dispose.c (what
 * happens to it). Nobody else includes it. */
#ifndef FP_SPOOL_INTERNAL_H
#define FP_SPOOL_INTERNAL_H

#include "archive.h"
#include "immovable.h"
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
    FpImmovable *immovable;
    GPtrArray *claims;  /* of FpClaim, by number */
    bool is_disordered; /* they may not be in capture order */
    FpWaits *waits;
    FpWaits *unmatched; /* files that match only when compressed */
    uint64_t highest;
    int64_t committed_ns; /* when the last checkpoint of an earlier process was written */
    GArray *taken;        /* of FpTaken, by an earlier process */
    FpArchive *archive;
    GPtrArray *guesses; /* of FpClaim, in done/, oldest first */
    bool has_moved;     /* files into done/ or failed/ since these were synced */
};

/* Returns what is kept of a name: of a long one the end, so that there is room for what goes before it. */
const char *fp_spool_kept_name(const char *name);

/* Returns the path of a file numbered NUMBER-NAME in folder, or NUMBER+RECORDS-NAME if records_before is not 0. Caller frees. */
char *fp_spool_path(const char *folder, uint64_t number, uint64_t records_before, const char *name);

/* Compares claims by number, for g_ptr_array_sort. */
gint fp_spool_compare_numbers(gconstpointer a, gconstpointer b);

/* spool-order.c: gives the claims with numbers above after new numbers if they are not in capture order. Returns false and sets error. */
bool fp_spool_order(FpSpool *spool, uint64_t after, GError **error);

/* spool-order.c: notes, after a look at the inbox, which files are still there and may be waited for. */
void fp_spool_begin_waits(FpSpool *spool);

/* spool-dispose.c: claims the files in done/ again that were only guessed to be finished and have been written to since. Returns false and
 * sets error. */
bool fp_spool_look_at_guesses(FpSpool *spool, GError **error);

/* spool-durable.c: removes the old names of files that were moved on when the power was cut. Returns false and sets error. */
bool fp_spool_drop_old_names(const FpSpool *spool, GError **error);

#endif
