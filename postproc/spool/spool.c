/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spool.c - see spool.h. */
#include "spool-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/journal.h"
#include "capture/capture.h"
#include "compressed-copies.h"
#include "inbox.h"

#define NUMBER_DIGITS 16
#define UNMATCHED_S 60 /* before a file that does not match is reported */
#define LOOKS_MAX 4U   /* for a file that is gone when we come to claim it */

void fp_spool_free(FpSpool *spool)
{
    if (spool == NULL)
        return;
    g_free(spool->inbox_folder);
    g_free(spool->claim_folder);
    g_free(spool->done_folder);
    g_free(spool->failed_folder);
    fp_inbox_free(spool->inbox);
    fp_immovable_free(spool->immovable);
    g_ptr_array_unref(spool->claims);
    fp_archive_free(spool->archive);
    g_ptr_array_unref(spool->guesses);
    g_array_unref(spool->taken);
    fp_waits_free(spool->waits);
    fp_waits_free(spool->unmatched);
    g_free(spool);
}

const char *fp_spool_kept_name(const char *name)
{
    size_t length = strlen(name);

    name += length > FP_SPOOL_NAME_BYTES ? length - FP_SPOOL_NAME_BYTES : 0;
    while (*name == '.' && name[1] != '\0') /* or it would be hidden */
        name++;
    return name;
}

/* Parses NUMBER-NAME, or NUMBER+RECORDS-NAME for a claim of which so many records were taken before. Returns NAME within it, or NULL when
 * the name is none of ours. */
static const char *parse_numbered(const char *name, uint64_t *number, uint64_t *records_before)
{
    char *end = NULL;

    if (!g_ascii_isdigit(name[0]))
        return NULL;
    *number = g_ascii_strtoull(name, &end, 10);
    bool is_number = end - name >= NUMBER_DIGITS && *number != G_MAXUINT64;
    *records_before = is_number && *end == '+' && g_ascii_isdigit(end[1]) ? g_ascii_strtoull(end + 1, &end, 10) : 0;
    return is_number && *end == '-' ? end + 1 : NULL;
}

char *fp_spool_path(const char *folder, uint64_t number, uint64_t records_before, const char *name)
{
    g_autofree char *before = records_before > 0 ? g_strdup_printf("+%" G_GUINT64_FORMAT, records_before) : g_strdup("");

    return g_strdup_printf("%s/%0*" G_GUINT64_FORMAT "%s-%s", folder, NUMBER_DIGITS, number, before, name);
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Returns the names of a folder's numbered files, in order; caller frees. Returns NULL and sets error. */
static GPtrArray *list_numbered(FpSpool *spool, const char *path, GError **error)
{
    GPtrArray *names = fp_folder_names(path);
    uint64_t number, records_before;

    if (names == NULL) {
        fp_error_set_errno(error, FP_ERROR_IO, path, "cannot be read");
        return NULL;
    }
    for (guint i = names->len; i-- > 0;) {
        if (parse_numbered(g_ptr_array_index(names, i), &number, &records_before) != NULL)
            spool->highest = MAX(spool->highest, number);
        else
            g_ptr_array_remove_index_fast(names, i);
    }
    g_ptr_array_sort(names, compare_names);
    return names;
}

/* Their numbers may not be in capture order: an earlier process may have ended, or the power may have been cut, while it gave new ones. */
static bool find_claims(FpSpool *spool, GError **error)
{
    g_autoptr(GPtrArray) names = list_numbered(spool, spool->claim_folder, error);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        uint64_t number = 0, records_before = 0;
        const char *name = parse_numbered(g_ptr_array_index(names, i), &number, &records_before);
        char *path = g_build_filename(spool->claim_folder, (const char *)g_ptr_array_index(names, i), NULL);
        FpClaim *claim = fp_claim_new(number, name, path);
        claim->records_before = records_before;
        g_ptr_array_add(spool->claims, claim);
    }
    spool->is_disordered = true;
    return names != NULL;
}

static bool find_archive(FpSpool *spool, uint64_t max_bytes, GError **error)
{
    GPtrArray *names = list_numbered(spool, spool->done_folder, error);

    if (names != NULL)
        spool->archive = fp_archive_new(spool->done_folder, names, max_bytes);
    return names != NULL;
}

static bool find_failed(FpSpool *spool, GError **error)
{
    g_autoptr(GPtrArray) names = list_numbered(spool, spool->failed_folder, error);

    return names != NULL;
}

bool fp_spool_make_folders(const FpSpool *spool, GError **error)
{
    const char *paths[] = {spool->claim_folder, spool->done_folder, spool->failed_folder};

    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
        if (access(paths[i], F_OK) != 0 && !fp_folder_make(paths[i]))
            return fp_error_set_errno(error, FP_ERROR_CANNOT_CREATE, paths[i], "cannot be created");
    return true;
}

/* A claim is a rename, which cannot cross file systems. */
static bool check_file_system(const FpSpool *spool, GError **error)
{
    struct stat inbox, claims;

    if (stat(spool->inbox_folder, &inbox) != 0) {
        return fp_error_set_errno(error, FP_ERROR_NO_INPUT, spool->inbox_folder, "cannot be opened");
    }
    if (!S_ISDIR(inbox.st_mode)) {
        g_set_error(error, FP_ERROR, FP_ERROR_NO_INPUT, "%s: is not a folder", spool->inbox_folder);
        return false;
    }
    if (spool->then == FP_THEN_KEEP || stat(spool->claim_folder, &claims) != 0 || inbox.st_dev == claims.st_dev)
        return true;
    g_set_error(error, FP_ERROR, FP_ERROR_USAGE,
                "%s: is on another file system than %s, so that files cannot be claimed by renaming them; give a state folder on the "
                "inbox's (--state), or leave the files where they are (--then keep)",
                spool->inbox_folder, spool->claim_folder);
    return false;
}

/* A deleted file cannot be looked at again when it turns out that somebody was still writing to it. The lock is a file on the same file
 * system. */
static bool check_leases(const FpSpool *spool, const char *state, GError **error)
{
    g_autofree char *path = g_build_filename(state, "lock", NULL);

    if (spool->then != FP_THEN_DELETE || spool->deletes_guesses || fp_ending_has_leases(path))
        return true;
    g_set_error(
        error, FP_ERROR, FP_ERROR_USAGE,
        "%s: is on a file system without leases that tell of all writers, as network file systems and FUSE are, where nobody can tell "
        "whether a capture is still being written: what its writer adds after it was deleted is lost. Archive or keep captures (--then "
        "archive, --then keep), or use --then delete-unsure, which deletes those that have not changed for a while (--unchanged)",
        spool->inbox_folder);
    return false;
}

/* When the newest checkpoint in the state folder was written (see checkpoint.h); INT64_MIN: there is none. */
static int64_t committed_ns(const char *state)
{
    static const char *const names[] = {"checkpoint.0", "checkpoint.1"};
    int64_t newest_ns = INT64_MIN;

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        struct stat status;
        g_autofree char *path = g_build_filename(state, names[i], NULL);
        if (stat(path, &status) == 0)
            newest_ns = MAX(newest_ns, fp_folder_changed_ns(&status));
    }
    return newest_ns;
}

FpSpool *fp_spool_open(const FpSpoolOptions *options, GError **error)
{
    FpSpool *spool = g_new0(FpSpool, 1);

    spool->inbox_folder = g_strdup(options->inbox);
    spool->claim_folder = g_build_filename(options->state, "claim", NULL);
    spool->done_folder = g_build_filename(options->state, "done", NULL);
    spool->failed_folder = g_build_filename(options->state, "failed", NULL);
    spool->then = options->then;
    spool->deletes_guesses = options->deletes_guesses;
    spool->follows = options->follows;
    spool->pcapng_by_wiretap = options->pcapng_by_wiretap;
    spool->inbox = fp_inbox_new(&(FpInboxOptions){.folder = options->inbox,
                                                  .claims = options->then != FP_THEN_KEEP ? spool->claim_folder : NULL,
                                                  .match = options->match,
                                                  .unchanged_s = options->unchanged_s,
                                                  .identifies = options->then == FP_THEN_KEEP});
    spool->claims = g_ptr_array_new_with_free_func(fp_claim_free);
    spool->immovable = fp_immovable_new();
    spool->waits = fp_waits_new(options->wait_s, "--wait");
    spool->unmatched = fp_waits_new(UNMATCHED_S, NULL);
    spool->guesses = g_ptr_array_new_with_free_func(fp_claim_free);
    spool->taken = g_array_new(FALSE, FALSE, sizeof(FpTaken));
    spool->committed_ns = committed_ns(options->state);
    spool->has_moved = true; /* by an earlier process, perhaps */
    if (fp_spool_make_folders(spool, error) && check_file_system(spool, error) && check_leases(spool, options->state, error) &&
        fp_spool_drop_old_names(spool, error) && find_claims(spool, error) && find_archive(spool, options->max_archive_bytes, error) &&
        find_failed(spool, error))
        return spool;
    fp_spool_free(spool);
    return NULL;
}

void fp_spool_set_attempts(FpSpool *spool, FpAttempts *attempts)
{
    spool->attempts = attempts;
    fp_inbox_set_attempts(spool->inbox, attempts);
}

uint64_t fp_spool_highest(const FpSpool *spool)
{
    return spool->highest;
}

/* Whether files may be moved into claim/. Leaves errno alone. */
static bool can_claim(const FpSpool *spool)
{
    const int failure = errno;
    const bool can = faccessat(AT_FDCWD, spool->claim_folder, W_OK | X_OK, AT_EACCESS) == 0;

    errno = failure;
    return can;
}

/* Returns NULL and sets error when it cannot be moved. Returns NULL without an error when it may not be moved, or is gone (*is_gone is
 * set). */
static FpClaim *claim_arrival(FpSpool *spool, const FpArrival *arrival, uint64_t number, bool *is_gone, GError **error)
{
    g_autofree char *from = g_build_filename(spool->inbox_folder, arrival->name, NULL);
    const char *name = fp_spool_kept_name(arrival->name);
    g_autofree char *to = fp_spool_path(spool->claim_folder, number, 0, name);

    if (spool->then == FP_THEN_KEEP) {
        FpClaim *claim = fp_claim_new(number, name, g_steal_pointer(&from));
        claim->is_sure = arrival->ending == FP_ENDING_SURE;
        claim->age = arrival->age;
        claim->identity = arrival->identity;
        return claim;
    }
    if (fp_folder_rename(from, to)) {
        FpClaim *claim = fp_claim_new(number, name, g_steal_pointer(&to));
        claim->is_sure =
            arrival->ending == FP_ENDING_SURE && claim->bytes == arrival->age.bytes && claim->changed_ns == arrival->age.changed_ns;
        claim->age = arrival->age;
        return claim;
    }
    const bool is_denied = errno == EPERM || errno == EACCES;
    if (is_denied && can_claim(spool))
        fp_immovable_found(spool->immovable, from);
    else if (is_denied)
        fp_error_set_errno(error, FP_ERROR_IO, spool->claim_folder, "captures cannot be moved into it");
    else if (errno != ENOENT || access(spool->claim_folder, F_OK) != 0)
        fp_error_set_errno(error, FP_ERROR_IO, from, "cannot be moved into the state folder");
    else
        *is_gone = true;
    return NULL;
}

/* Whether a file that stays where it is has been claimed already. */
static bool is_claimed(const FpSpool *spool, uint64_t identity)
{
    for (guint i = 0; identity != 0 && i < spool->claims->len; i++)
        if (((const FpClaim *)g_ptr_array_index(spool->claims, i))->identity == identity)
            return true;
    return false;
}

/* Claims it with the next number, if it can be claimed. Returns false and sets error. */
static bool claim_next(FpSpool *spool, const FpArrival *arrival, bool *is_gone, GError **error)
{
    GError *failure = NULL;
    FpClaim *claim = claim_arrival(spool, arrival, spool->highest + 1, is_gone, &failure);

    if (failure != NULL) {
        g_propagate_error(error, failure);
        return false;
    }
    if (claim != NULL) {
        spool->highest++;
        spool->is_disordered |= spool->claims->len > 0;
        g_ptr_array_add(spool->claims, claim);
    }
    return true;
}

/* Claims arrivals in their order. Sets *is_gone when one of them is gone, and then ends if stops is set. Returns false and sets error. */
static bool claim_arrivals(FpSpool *spool, const GPtrArray *arrivals, bool stops, bool *is_gone, GError **error)
{
    *is_gone = false;
    for (guint i = 0; i < arrivals->len && !(*is_gone && stops); i++) {
        const FpArrival *arrival = g_ptr_array_index(arrivals, i);
        if (!is_claimed(spool, arrival->identity) && !claim_next(spool, arrival, is_gone, error))
            return false;
    }
    return true;
}

/* A file that was given up does not come here: nobody opens it, so nobody knows that it is being written. */
static bool can_be_followed(FpSpool *spool, const char *path)
{
    fp_attempts_begin(spool->attempts, path);
    bool can_be = fp_capture_can_be_followed(path, spool->pcapng_by_wiretap);
    fp_attempts_end(spool->attempts);
    return can_be;
}

/* Claims a file that is still being written, if it can be followed; its writer does not notice. Returns false and sets error. */
static bool claim_written(FpSpool *spool, GError **error)
{
    g_autoptr(GPtrArray) written = fp_inbox_written(spool->inbox);
    bool is_gone;

    for (guint i = 0; i < written->len && spool->claims->len == 0; i++) {
        const FpArrival *arrival = g_ptr_array_index(written, i);
        g_autofree char *path = g_build_filename(spool->inbox_folder, arrival->name, NULL);
        if (can_be_followed(spool, path) && !claim_next(spool, arrival, &is_gone, error))
            return false;
    }
    spool->is_beginning = written->len > 0 && spool->claims->len == 0;
    return true;
}

/* A file that is gone may be there under another name, if gzip has compressed it, and goes before those younger than it. So we look
 * again. */
bool fp_spool_claim(FpSpool *spool, uint64_t after, const GArray *seen, GError **error)
{
    bool is_gone = true;

    spool->highest = MAX(spool->highest, after);
    fp_immovable_begin(spool->immovable);
    if (!fp_spool_look_at_guesses(spool, error))
        return false;
    for (unsigned look = 0; is_gone && look < LOOKS_MAX; look++) {
        g_autoptr(GPtrArray) arrivals = fp_inbox_finished(spool->inbox, seen, error);
        if (arrivals == NULL || !claim_arrivals(spool, arrivals, look + 1 < LOOKS_MAX, &is_gone, error))
            return false;
    }
    fp_spool_begin_waits(spool);
    fp_spool_note_unmatched(spool, false);
    if (!fp_spool_order(spool, after, error))
        return false;
    spool->is_beginning = false;
    return !spool->follows || spool->claims->len > 0 || claim_written(spool, error);
}

char *fp_spool_waits_text(const FpSpool *spool)
{
    return fp_waits_text(spool->waits);
}

char *fp_spool_immovable_text(const FpSpool *spool)
{
    return fp_immovable_text(spool->immovable);
}

uint64_t fp_spool_n_waits_over(const FpSpool *spool)
{
    return fp_waits_n_over(spool->waits);
}

gint fp_spool_compare_numbers(gconstpointer a, gconstpointer b)
{
    uint64_t first = (*(const FpClaim *const *)a)->number, second = (*(const FpClaim *const *)b)->number;

    return first < second ? -1 : first > second;
}

bool fp_spool_is_beginning(const FpSpool *spool)
{
    return spool->is_beginning;
}

guint fp_spool_n_claims(const FpSpool *spool)
{
    return spool->claims->len;
}

const FpClaim *fp_spool_claim_at(const FpSpool *spool, guint i)
{
    return g_ptr_array_index(spool->claims, i);
}

uint64_t fp_spool_backlog_bytes(const FpSpool *spool)
{
    uint64_t bytes = 0;

    for (guint i = 0; i < spool->claims->len; i++)
        bytes += fp_spool_claim_at(spool, i)->bytes;
    return bytes;
}

bool fp_spool_begin_reading(FpSpool *spool, guint i, GError **error)
{
    return fp_claim_begin_reading(g_ptr_array_index(spool->claims, i), spool->inbox_folder, error);
}

void fp_spool_sync_claim(const FpSpool *spool, guint i)
{
    if (spool->then != FP_THEN_DELETE)
        fp_claim_sync(fp_spool_claim_at(spool, i));
}

void fp_spool_end_reading(FpSpool *spool, guint i)
{
    fp_claim_end_reading(g_ptr_array_index(spool->claims, i));
}

void fp_spool_note_finished(FpSpool *spool, guint i)
{
    (void)fp_claim_look(g_ptr_array_index(spool->claims, i));
}

void fp_spool_note_taken(FpSpool *spool, guint i, uint64_t records, uint64_t beginning)
{
    FpClaim *claim = g_ptr_array_index(spool->claims, i);

    claim->is_taken = true;
    claim->records = records;
    claim->beginning = beginning;
}

/* What was known when it was claimed holds as long as it has not changed. */
bool fp_spool_is_finished(FpSpool *spool, guint i)
{
    FpClaim *claim = g_ptr_array_index(spool->claims, i);
    FpEnding ending = fp_inbox_ending(spool->inbox, claim->path);

    if (ending != FP_ENDING_WRITTEN && claim->is_sure && fp_claim_compare(claim) == FP_AS_CLAIMED)
        return true;
    claim->is_sure = ending == FP_ENDING_SURE;
    return ending == FP_ENDING_SURE || ending == FP_ENDING_GUESS;
}

void fp_spool_update(FpSpool *spool)
{
    fp_inbox_update(spool->inbox);
}

int fp_spool_fd(const FpSpool *spool)
{
    return fp_inbox_fd(spool->inbox);
}

bool fp_spool_must_poll(const FpSpool *spool)
{
    return fp_inbox_must_poll(spool->inbox) || fp_waits_are_any(spool->waits);
}

GArray *fp_spool_present(const FpSpool *spool)
{
    return fp_inbox_present(spool->inbox);
}

uint64_t fp_spool_archive_bytes(const FpSpool *spool)
{
    return fp_archive_bytes(spool->archive);
}

const char *fp_spool_inbox(const FpSpool *spool)
{
    return spool->inbox_folder;
}

const char *fp_spool_claim_folder(const FpSpool *spool)
{
    return spool->claim_folder;
}
