/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spool.c - see spool.h. */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "error.h"
#include "folder.h"
#include "inbox.h"
#include "journal.h"

#define NUMBER_DIGITS 16
#define LOOKS_MAX 4U /* for a file that is gone when it is to be claimed */

/* A file in done/. */
typedef struct {
    char *path;
    uint64_t bytes;
} Archived;

struct FpSpool {
    char *inbox_folder;
    char *claim_folder;
    char *done_folder;
    char *failed_folder;
    FpThen then;
    FpInbox *inbox;
    FpAttempts *attempts;
    bool follows;
    bool pcapng_by_wiretap;
    bool is_beginning;
    char *immovable;   /* the file of which that was said last */
    GPtrArray *claims; /* of FpClaim, by number */
    uint64_t highest;
    GQueue archive; /* of Archived, oldest first */
    uint64_t archive_bytes;
    uint64_t max_archive_bytes;
};

static bool set_error(GError **error, const char *path, const char *what)
{
    g_set_error(error, FP_ERROR, FP_ERROR_IO, "%s: %s: %s", path, what, g_strerror(errno));
    return false;
}

static void free_claim(gpointer data)
{
    FpClaim *claim = data;

    g_free(claim->name);
    g_free(claim->path);
    g_free(claim);
}

static void free_archived(gpointer data)
{
    Archived *archived = data;

    g_free(archived->path);
    g_free(archived);
}

void fp_spool_free(FpSpool *spool)
{
    if (spool == NULL)
        return;
    g_free(spool->inbox_folder);
    g_free(spool->claim_folder);
    g_free(spool->done_folder);
    g_free(spool->failed_folder);
    fp_inbox_free(spool->inbox);
    g_free(spool->immovable);
    g_ptr_array_unref(spool->claims);
    g_queue_clear_full(&spool->archive, free_archived);
    g_free(spool);
}

/* What is kept of a name, so that there is room for what goes before it. */
static const char *kept_name(const char *name)
{
    size_t length = strlen(name);

    name += length > FP_SPOOL_NAME_BYTES ? length - FP_SPOOL_NAME_BYTES : 0;
    while (*name == '.' && name[1] != '\0') /* or it would be hidden */
        name++;
    return name;
}

/* Reads NUMBER-NAME. Returns NAME within it, or NULL when it is nothing of ours. */
static const char *parse_numbered(const char *name, uint64_t *number)
{
    char *end = NULL;

    if (!g_ascii_isdigit(name[0]))
        return NULL;
    *number = g_ascii_strtoull(name, &end, 10);
    return end - name >= NUMBER_DIGITS && *end == '-' && *number != G_MAXUINT64 ? end + 1 : NULL;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The numbered files of a folder, in order; the caller's. */
static GPtrArray *list_numbered(FpSpool *spool, const char *path, GError **error)
{
    GPtrArray *names = fp_folder_names(path);
    uint64_t number;

    if (names == NULL) {
        set_error(error, path, "cannot be read");
        return NULL;
    }
    for (guint i = names->len; i-- > 0;) {
        if (parse_numbered(g_ptr_array_index(names, i), &number) != NULL)
            spool->highest = MAX(spool->highest, number);
        else
            g_ptr_array_remove_index_fast(names, i);
    }
    g_ptr_array_sort(names, compare_names);
    return names;
}

static void look_at_claim(FpClaim *claim)
{
    struct stat status;

    if (stat(claim->path, &status) == 0) {
        claim->bytes = (uint64_t)status.st_size;
        claim->finished_ns = (int64_t)status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
    }
}

static FpClaim *new_claim(uint64_t number, const char *name, char *path)
{
    FpClaim *claim = g_new0(FpClaim, 1);

    *claim = (FpClaim){.number = number, .name = g_strdup(name), .path = path};
    look_at_claim(claim);
    return claim;
}

static bool find_claims(FpSpool *spool, GError **error)
{
    g_autoptr(GPtrArray) names = list_numbered(spool, spool->claim_folder, error);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        uint64_t number = 0;
        const char *name = parse_numbered(g_ptr_array_index(names, i), &number);
        char *path = g_build_filename(spool->claim_folder, (const char *)g_ptr_array_index(names, i), NULL);
        g_ptr_array_add(spool->claims, new_claim(number, name, path));
    }
    return names != NULL;
}

static void note_archived(FpSpool *spool, char *path, uint64_t bytes)
{
    Archived *archived = g_new(Archived, 1);

    *archived = (Archived){.path = path, .bytes = bytes};
    g_queue_push_tail(&spool->archive, archived);
    spool->archive_bytes += bytes;
}

static bool find_archive(FpSpool *spool, GError **error)
{
    g_autoptr(GPtrArray) names = list_numbered(spool, spool->done_folder, error);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        struct stat status;
        char *path = g_build_filename(spool->done_folder, (const char *)g_ptr_array_index(names, i), NULL);
        note_archived(spool, path, stat(path, &status) == 0 ? (uint64_t)status.st_size : 0);
    }
    return names != NULL;
}

static bool find_failed(FpSpool *spool, GError **error)
{
    g_autoptr(GPtrArray) names = list_numbered(spool, spool->failed_folder, error);

    return names != NULL;
}

static bool make_folders(const FpSpool *spool, GError **error)
{
    const char *paths[] = {spool->claim_folder, spool->done_folder, spool->failed_folder};

    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
        if (mkdir(paths[i], 0777) != 0 && errno != EEXIST) {
            g_set_error(error, FP_ERROR, FP_ERROR_CANNOT_CREATE, "%s: cannot be created: %s", paths[i], g_strerror(errno));
            return false;
        }
    return true;
}

/* A claim is a rename, which goes no further than a file system. */
static bool check_file_system(const FpSpool *spool, GError **error)
{
    struct stat inbox, claims;

    if (stat(spool->inbox_folder, &inbox) != 0) {
        g_set_error(error, FP_ERROR, FP_ERROR_NO_INPUT, "%s: cannot be opened: %s", spool->inbox_folder, g_strerror(errno));
        return false;
    }
    if (!S_ISDIR(inbox.st_mode)) {
        g_set_error(error, FP_ERROR, FP_ERROR_NO_INPUT, "%s: is no folder", spool->inbox_folder);
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

FpSpool *fp_spool_open(const FpSpoolOptions *options, GError **error)
{
    FpSpool *spool = g_new0(FpSpool, 1);

    spool->inbox_folder = g_strdup(options->inbox);
    spool->claim_folder = g_build_filename(options->state, "claim", NULL);
    spool->done_folder = g_build_filename(options->state, "done", NULL);
    spool->failed_folder = g_build_filename(options->state, "failed", NULL);
    spool->then = options->then;
    spool->max_archive_bytes = options->max_archive_bytes;
    spool->follows = options->follows;
    spool->pcapng_by_wiretap = options->pcapng_by_wiretap;
    spool->inbox = fp_inbox_new(options->inbox, options->match, options->then == FP_THEN_KEEP);
    spool->claims = g_ptr_array_new_with_free_func(free_claim);
    g_queue_init(&spool->archive);
    if (make_folders(spool, error) && check_file_system(spool, error) && find_claims(spool, error) && find_archive(spool, error) &&
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

/* One that may not be moved, as it is immutable or in a sticky folder, does not hold up the others. Said once. */
static void note_immovable(FpSpool *spool, const char *path)
{
    if (g_strcmp0(spool->immovable, path) == 0)
        return;
    fp_journal(G_LOG_LEVEL_WARNING, 0, path, "%s: cannot be moved into the state folder: %s; it is left out until it can", path,
               g_strerror(errno));
    g_free(spool->immovable);
    spool->immovable = g_strdup(path);
}

/* Returns NULL with error set when it cannot be moved; with none when it may not be, or is gone, which *is_gone then says. */
static FpClaim *claim_arrival(FpSpool *spool, const FpArrival *arrival, uint64_t number, bool *is_gone, GError **error)
{
    g_autofree char *from = g_build_filename(spool->inbox_folder, arrival->name, NULL);
    const char *name = kept_name(arrival->name);
    g_autofree char *to = g_strdup_printf("%s/%0*" G_GUINT64_FORMAT "-%s", spool->claim_folder, NUMBER_DIGITS, number, name);

    if (spool->then == FP_THEN_KEEP) {
        FpClaim *claim = new_claim(number, name, g_steal_pointer(&from));
        claim->identity = arrival->identity;
        return claim;
    }
    if (fp_folder_rename(from, to))
        return new_claim(number, name, g_steal_pointer(&to));
    if (errno == EPERM || errno == EACCES)
        note_immovable(spool, from);
    else if (errno != ENOENT || access(spool->claim_folder, F_OK) != 0)
        set_error(error, from, "cannot be moved into the state folder");
    else
        *is_gone = true;
    return NULL;
}

/* Whether a claim of a file that is left where it is has been made for it. */
static bool is_claimed(const FpSpool *spool, uint64_t identity)
{
    for (guint i = 0; identity != 0 && i < spool->claims->len; i++)
        if (((const FpClaim *)g_ptr_array_index(spool->claims, i))->identity == identity)
            return true;
    return false;
}

/* Claims it, if it can be, with the next number. Returns false with error set. */
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
        g_ptr_array_add(spool->claims, claim);
    }
    return true;
}

/* Claims arrivals, in their order. *is_gone says whether one of them is gone; with stops it has ended there. Returns false with error set.
 */
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

static bool can_be_followed(FpSpool *spool, const char *path)
{
    FpAttemptsPast past = fp_attempts_past(spool->attempts, path);

    if (fp_attempts_are_over(&past))
        return false;
    fp_attempts_begin(spool->attempts, path);
    bool can_be = fp_capture_can_be_followed(path, spool->pcapng_by_wiretap);
    fp_attempts_end(spool->attempts);
    return can_be;
}

/* Claims what is still being written, if it can be followed: its writer does not notice. Returns false with error set. */
static bool claim_written(FpSpool *spool, GError **error)
{
    const GPtrArray *written = fp_inbox_written(spool->inbox);
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

/* What is gone may be there under another name, as gzip has compressed it, and goes before those younger than it: so it is looked for. */
bool fp_spool_claim(FpSpool *spool, uint64_t after, const GArray *seen, GError **error)
{
    bool is_gone = true;

    spool->highest = MAX(spool->highest, after);
    for (unsigned look = 0; is_gone && look < LOOKS_MAX; look++) {
        g_autoptr(GPtrArray) arrivals = fp_inbox_finished(spool->inbox, seen, error);
        if (arrivals == NULL || !claim_arrivals(spool, arrivals, look + 1 < LOOKS_MAX, &is_gone, error))
            return false;
    }
    spool->is_beginning = false;
    return !spool->follows || spool->claims->len > 0 || claim_written(spool, error);
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

void fp_spool_refresh(FpSpool *spool, guint i)
{
    look_at_claim(g_ptr_array_index(spool->claims, i));
}

bool fp_spool_is_finished(FpSpool *spool, const FpClaim *claim)
{
    return fp_inbox_is_finished(spool->inbox, claim->path);
}

/* What is in claim/ was moved there; also what had been before files were left where they are. */
static bool is_left_alone(const FpClaim *claim)
{
    return claim->identity != 0;
}

FpSameness fp_spool_compare(const FpClaim *claim)
{
    uint64_t identity = is_left_alone(claim) ? fp_inbox_identity(claim->path) : claim->identity;

    if (identity == claim->identity)
        return FP_AS_CLAIMED;
    return identity == 0 && errno != ENOENT ? FP_CANNOT_TELL : FP_OVERWRITTEN;
}

bool fp_spool_must_poll(const FpSpool *spool)
{
    return fp_inbox_must_poll(spool->inbox);
}

bool fp_spool_sync(FpSpool *spool, GError **error)
{
    if (spool->then == FP_THEN_KEEP)
        return true;
    if (!fp_folder_sync(spool->claim_folder))
        return set_error(error, spool->claim_folder, "cannot be brought to the disk");
    if (!fp_folder_sync(spool->inbox_folder) && errno != ENOENT) /* it may have vanished since */
        return set_error(error, spool->inbox_folder, "cannot be brought to the disk");
    return true;
}

/* Keeps done/ within its limit. */
static void trim_archive(FpSpool *spool)
{
    while (spool->max_archive_bytes > 0 && spool->archive_bytes > spool->max_archive_bytes) {
        Archived *oldest = g_queue_pop_head(&spool->archive);
        if (unlink(oldest->path) != 0 && errno != ENOENT)
            fp_journal(G_LOG_LEVEL_WARNING, 0, oldest->path, "%s: cannot be deleted, though --max-archive is exceeded: %s", oldest->path,
                       g_strerror(errno));
        spool->archive_bytes -= oldest->bytes;
        free_archived(oldest);
    }
}

static bool archive(FpSpool *spool, const FpClaim *claim, GError **error)
{
    g_autofree char *name = g_path_get_basename(claim->path);
    g_autofree char *to = g_build_filename(spool->done_folder, name, NULL);

    if (rename(claim->path, to) == 0)
        note_archived(spool, g_steal_pointer(&to), claim->bytes);
    else if (errno != ENOENT || access(spool->done_folder, F_OK) != 0)
        return set_error(error, claim->path, "cannot be moved to the archive");
    trim_archive(spool);
    return true;
}

static bool dispose(FpSpool *spool, const FpClaim *claim, GError **error)
{
    if (is_left_alone(claim))
        return true;
    if (spool->then == FP_THEN_DELETE)
        return unlink(claim->path) == 0 || errno == ENOENT || set_error(error, claim->path, "cannot be deleted");
    return archive(spool, claim, error);
}

bool fp_spool_dispose(FpSpool *spool, uint64_t number, GError **error)
{
    guint n = 0;
    bool is_done = true;

    while (n < spool->claims->len && fp_spool_claim_at(spool, n)->number <= number && is_done) {
        is_done = dispose(spool, fp_spool_claim_at(spool, n), error);
        n += is_done;
    }
    if (n > 0)
        g_ptr_array_remove_range(spool->claims, 0, n);
    return is_done;
}

/* It was said too, so that nothing is lost where this fails. */
static void write_reason(const char *failed_path, const char *why)
{
    g_autofree char *path = g_strconcat(failed_path, ".why", NULL);
    g_autofree char *line = g_strconcat(why, "\n", NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (fd < 0)
        return;
    (void)!write(fd, line, strlen(line));
    close(fd);
}

bool fp_spool_fail(FpSpool *spool, guint i, const char *why, GError **error)
{
    const FpClaim *claim = fp_spool_claim_at(spool, i);
    g_autofree char *name = g_path_get_basename(claim->path);
    g_autofree char *to = g_build_filename(spool->failed_folder, name, NULL);

    if (!is_left_alone(claim)) {
        write_reason(to, why); /* first: a crash leaves no file in failed/ without one */
        if (rename(claim->path, to) != 0 && (errno != ENOENT || access(spool->failed_folder, F_OK) != 0))
            return set_error(error, claim->path, "cannot be moved to failed/");
    }
    g_ptr_array_remove_index(spool->claims, i);
    return true;
}

GArray *fp_spool_present(const FpSpool *spool)
{
    return fp_inbox_present(spool->inbox);
}

uint64_t fp_spool_archive_bytes(const FpSpool *spool)
{
    return spool->archive_bytes;
}

const char *fp_spool_inbox(const FpSpool *spool)
{
    return spool->inbox_folder;
}

const char *fp_spool_claim_folder(const FpSpool *spool)
{
    return spool->claim_folder;
}
