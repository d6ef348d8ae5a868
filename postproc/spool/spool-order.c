/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spool-order.c - in which order claims are taken, and which of them wait for older, unfinished files. See spool.h. */
#include "spool-internal.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/journal.h"

/* What had no record yet, as its writer had just begun it, may have one now. */
static void look_again(FpClaim *claim)
{
    struct stat status;

    if (!claim->age.has_first && lstat(claim->path, &status) == 0 && (uint64_t)status.st_size != claim->age.bytes)
        claim->age = fp_age_of(&status);
}

static bool read_age(FpSpool *spool, FpClaim *claim)
{
    look_again(claim);
    return fp_age_read(claim->path, spool->attempts, &claim->age);
}

static gint compare_claims(gconstpointer a, gconstpointer b)
{
    const FpClaim *first = *(const FpClaim *const *)a, *second = *(const FpClaim *const *)b;

    if (first->is_late != second->is_late)
        return first->is_late ? 1 : -1;
    return fp_age_compare(&first->age, first->name, &second->age, second->name);
}

/* Gives the claim the next number. Returns false and sets error. */
static bool renumber(FpSpool *spool, FpClaim *claim, GError **error)
{
    uint64_t number = spool->highest + 1;

    if (claim->identity == 0) {
        g_autofree char *to = fp_spool_path(spool->claim_folder, number, claim->records_before, claim->name);
        if (!fp_folder_rename(claim->path, to))
            return fp_error_set_errno(error, FP_ERROR_IO, claim->path, "cannot be put behind an older one");
        g_free(claim->path);
        claim->path = g_steal_pointer(&to);
    }
    claim->number = number;
    spool->highest = number;
    return true;
}

/* The index of the first claim that may still be reordered. */
static guint first_above(const FpSpool *spool, uint64_t number)
{
    guint i = 0;

    while (i < spool->claims->len && fp_spool_claim_at(spool, i)->number <= number)
        i++;
    return i;
}

/* Reads when the claims from first on begin. One that the disk does not give is ordered by its last change, as it would hold up the others.
 * Returns false and sets error when nothing can be opened for the moment. */
static bool read_ages(FpSpool *spool, guint first, GError **error)
{
    for (guint i = first; i < spool->claims->len; i++) {
        FpClaim *claim = g_ptr_array_index(spool->claims, i);
        if (!read_age(spool, claim) && errno != EIO)
            return fp_error_set_errno(error, FP_ERROR_IO, claim->path, "cannot be read");
        claim->age.is_read = true;
    }
    return true;
}

bool fp_spool_order(FpSpool *spool, uint64_t after, GError **error)
{
    guint first = first_above(spool, after), n = spool->claims->len - first;
    g_autoptr(GPtrArray) ordered = g_ptr_array_sized_new(n);

    if (!spool->is_disordered || n < 2) {
        spool->is_disordered = false;
        return true;
    }
    if (!read_ages(spool, first, error))
        return false;
    for (guint i = first; i < spool->claims->len; i++)
        g_ptr_array_add(ordered, g_ptr_array_index(spool->claims, i));
    g_ptr_array_sort(ordered, compare_claims);
    bool is_changed = false;
    for (guint i = 0; i < n; i++) {
        FpClaim *claim = g_ptr_array_index(ordered, i);
        is_changed |= claim != g_ptr_array_index(spool->claims, first + i);
        if (is_changed && !renumber(spool, claim, error))
            return false;
    }
    g_ptr_array_sort(spool->claims, fp_spool_compare_numbers);
    spool->is_disordered = false;
    return true;
}

bool fp_spool_is_held(FpSpool *spool, guint i)
{
    FpClaim *claim = g_ptr_array_index(spool->claims, i);
    const GPtrArray *pending = fp_inbox_pending(spool->inbox);
    bool is_held = false;

    for (guint j = 0; j < pending->len; j++) {
        FpArrival *arrival = g_ptr_array_index(pending, j);
        if (!read_age(spool, claim) || !fp_inbox_read_age(spool->inbox, arrival))
            return true; /* it will be tried again */
        if (fp_age_is_older(&arrival->age, arrival->name, &claim->age, claim->name))
            is_held |= fp_waits_for(spool->waits, arrival->inode, arrival->name,
                                    "is older than others, and not finished; they are taken before it");
    }
    return is_held;
}

void fp_spool_note_unfinished(FpSpool *spool, guint i)
{
    FpClaim *claim = g_ptr_array_index(spool->claims, i);

    if (i + 1 >= spool->claims->len || claim->is_late ||
        fp_waits_for(spool->waits, claim->inode, claim->name, "is older than others, and still being written; they are taken before it"))
        return;
    claim->is_late = true;
    spool->is_disordered = true;
}

/* Whether it is a finished capture that matches only when compressed, so that it lies there in vain. */
static bool is_unmatched(const FpSpool *spool, FpArrival *arrival)
{
    return !arrival->is_wanted && arrival->name[0] != '.' && fp_ending_is_end(arrival->ending) &&
           fp_inbox_read_age(spool->inbox, arrival) && arrival->age.has_first;
}

void fp_spool_begin_waits(FpSpool *spool)
{
    const GPtrArray *pending = fp_inbox_pending(spool->inbox);

    fp_waits_begin(spool->waits);
    fp_waits_begin(spool->unmatched);
    for (guint i = 0; i < spool->claims->len; i++)
        fp_waits_found(spool->waits, fp_spool_claim_at(spool, i)->inode);
    for (guint i = 0; i < pending->len; i++) {
        const FpArrival *arrival = g_ptr_array_index(pending, i);
        fp_waits_found(spool->waits, arrival->inode);
        fp_waits_found(spool->unmatched, arrival->inode);
    }
}

guint fp_spool_n_unmatched(const FpSpool *spool)
{
    const GPtrArray *pending = fp_inbox_pending(spool->inbox);
    guint n = 0;

    for (guint i = 0; i < pending->len; i++)
        n += is_unmatched(spool, g_ptr_array_index(pending, i));
    return n;
}

void fp_spool_note_unmatched(FpSpool *spool, bool is_last)
{
    const GPtrArray *pending = fp_inbox_pending(spool->inbox);
    const char *what = "does not match (--match), and nobody has compressed it; it is left where it is";

    for (guint i = 0; i < pending->len; i++) {
        FpArrival *arrival = g_ptr_array_index(pending, i);
        if (!is_unmatched(spool, arrival))
            continue;
        if (is_last)
            fp_journal(G_LOG_LEVEL_WARNING, 0, arrival->name, "%s: %s", arrival->name, what);
        else
            (void)fp_waits_for(spool->unmatched, arrival->inode, arrival->name, what);
    }
}
