/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inbox.c - see inbox.h. */
#include "inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/journal.h"
#include "base/notify.h"
#include "compressed-copies.h"

#define BEGINNING_BYTES 4096
#define RENAMED_WITHIN_NS 10000000000
#define FILES_PER_SIGN 256U /* of life: reading a full folder takes its time */
#define LOOK_ATTEMPTS 3U    /* at a folder before a file that cannot be looked at is left out */

struct FpInbox {
    char *folder;
    char *claims;
    GPatternSpec *match; /* NULL: all */
    bool identifies;
    FpEndings *endings;
    FpAttempts *attempts;
    GPtrArray *pending; /* of FpArrival */
    GArray *present;    /* of uint64_t */
    bool is_all_present;
    unsigned failures; /* failed looks at the folder in a row */
};

static void free_arrival(gpointer data)
{
    FpArrival *arrival = data;

    g_free(arrival->name);
    g_free(arrival);
}

FpInbox *fp_inbox_new(const FpInboxOptions *options)
{
    FpInbox *inbox = g_new0(FpInbox, 1);

    inbox->folder = g_strdup(options->folder);
    inbox->claims = g_strdup(options->claims);
    inbox->match = options->match != NULL ? g_pattern_spec_new(options->match) : NULL;
    inbox->identifies = options->identifies;
    inbox->endings = fp_endings_new(options->unchanged_s);
    inbox->pending = g_ptr_array_new_with_free_func(free_arrival);
    inbox->present = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    return inbox;
}

void fp_inbox_free(FpInbox *inbox)
{
    if (inbox == NULL)
        return;
    g_free(inbox->folder);
    g_free(inbox->claims);
    g_clear_pointer(&inbox->match, g_pattern_spec_free);
    fp_endings_free(inbox->endings);
    g_ptr_array_unref(inbox->pending);
    g_array_unref(inbox->present);
    g_free(inbox);
}

void fp_inbox_set_attempts(FpInbox *inbox, FpAttempts *attempts)
{
    inbox->attempts = attempts;
}

GArray *fp_inbox_present(const FpInbox *inbox)
{
    return inbox->is_all_present ? g_array_copy(inbox->present) : NULL;
}

void fp_inbox_update(FpInbox *inbox)
{
    fp_endings_update(inbox->endings);
}

int fp_inbox_fd(const FpInbox *inbox)
{
    return fp_endings_fd(inbox->endings);
}

bool fp_inbox_must_poll(const FpInbox *inbox)
{
    return fp_endings_must_poll(inbox->endings);
}

FpEnding fp_inbox_ending(FpInbox *inbox, const char *path)
{
    int fd = fp_ending_open(path);
    FpEnding ending = fp_ending_of(inbox->endings, path, fd);

    if (fd >= 0)
        close(fd);
    return ending;
}

/* Hashes the file's beginning too, as a ring buffer may refill a file of the same name to the same size within the clock's resolution. fd:
 * -1 for a file that may not be opened. Returns false and sets errno when it cannot be read: that does not make it another file. */
static bool identify(int fd, FpArrival *arrival)
{
    uint8_t beginning[BEGINNING_BYTES];
    uint64_t parts[4] = {arrival->age.bytes, (uint64_t)arrival->age.changed_ns, XXH3_64bits(arrival->name, strlen(arrival->name)), 0};
    size_t n = 0;
    ssize_t done = fd < 0 ? 0 : 1;

    while (done > 0 && n < sizeof beginning) {
        done = pread(fd, beginning + n, sizeof beginning - n, (off_t)n);
        n += done > 0 ? (size_t)done : 0;
    }
    if (done < 0)
        return false;
    if (n > 0)
        parts[3] = XXH3_64bits(beginning, n);
    arrival->identity = XXH3_64bits(parts, sizeof parts);
    arrival->identity += arrival->identity == 0;
    return true;
}

static bool is_wanted(const FpInbox *inbox, const char *name)
{
    return name[0] != '.' && (inbox->match == NULL || g_pattern_spec_match_string(inbox->match, name));
}

/* Whether the name will match once the file has been renamed or compressed. */
static bool will_be_wanted(const FpInbox *inbox, const char *name)
{
    g_autofree char *final_name = fp_age_final_name(name);
    g_auto(GStrv) compressed = fp_compressed_copies_compressed_names(final_name);
    bool is_match = is_wanted(inbox, final_name) && !is_wanted(inbox, name);

    for (char **at = compressed; *at != NULL && inbox->match != NULL; at++)
        is_match |= is_wanted(inbox, *at) && !is_wanted(inbox, name);
    return is_match;
}

/* Returns what is known of the file now. fd: open on it, or -1 for a file that may not be opened. Returns NULL and sets errno when it
 * cannot be read. */
static FpArrival *describe(const char *path, int fd, bool identifies)
{
    struct stat status;

    if (lstat(path, &status) != 0)
        return NULL;
    FpArrival *arrival = g_new0(FpArrival, 1);
    *arrival = (FpArrival){.name = g_path_get_basename(path), .inode = (uint64_t)status.st_ino, .age = fp_age_of(&status)};
    if (!identifies || identify(fd, arrival))
        return arrival;
    int failure = errno;
    free_arrival(arrival);
    errno = failure;
    return NULL;
}

uint64_t fp_inbox_identity(const char *path)
{
    int fd = fp_ending_open(path);
    int failure = errno;
    FpArrival *arrival = fd >= 0 || !fp_folder_is_passing(failure) ? describe(path, fd, true) : NULL;
    uint64_t identity = arrival != NULL ? arrival->identity : 0;

    failure = fd < 0 ? failure : errno;
    if (arrival != NULL)
        free_arrival(arrival);
    if (fd >= 0)
        close(fd);
    errno = failure;
    return identity;
}

/* Adds the file to arrivals if it is finished and new. Returns false and sets errno when it could not be looked at. */
static bool look_into(FpInbox *inbox, const char *path, int fd, GHashTable *seen, GPtrArray *arrivals)
{
    FpEnding ending = fp_ending_of(inbox->endings, path, fd);
    bool identifies = inbox->identifies || g_hash_table_size(seen) > 0;
    FpArrival *arrival = describe(path, fd, identifies); /* after the ending: before that it could still change */

    if (arrival == NULL)
        return errno == ENOENT;
    if (identifies)
        g_array_append_val(inbox->present, arrival->identity);
    arrival->is_wanted = true;
    arrival->ending = ending;
    if (!fp_ending_is_end(ending))
        g_ptr_array_add(inbox->pending, arrival);
    else if (!g_hash_table_contains(seen, &arrival->identity))
        g_ptr_array_add(arrivals, arrival);
    else
        free_arrival(arrival);
    return true;
}

/* A file that is given up is still claimed, so that it can be put aside, but nobody opens it any more. */
static int open_unless_given_up(const FpInbox *inbox, const char *path)
{
    FpAttemptsPast past = fp_attempts_past(inbox->attempts, path);

    if (!fp_attempts_are_over(&past))
        return fp_ending_open(path);
    errno = EPERM;
    return -1;
}

/* The same for any name in the folder. Skips what is not a regular file. */
static bool look_at(FpInbox *inbox, const char *path, GHashTable *seen, GPtrArray *arrivals)
{
    struct stat status;

    if (lstat(path, &status) != 0)
        return errno == ENOENT;
    if (!S_ISREG(status.st_mode))
        return true;
    fp_attempts_begin(inbox->attempts, path);
    int fd = open_unless_given_up(inbox, path);
    bool is_well = (fd >= 0 || !fp_folder_is_passing(errno)) && look_into(inbox, path, fd, seen, arrivals);
    int failure = errno;
    if (fd >= 0)
        close(fd);
    fp_attempts_end(inbox->attempts);
    errno = failure;
    return is_well;
}

/* Whether a hidden file may just have been finished and be about to be renamed. Otherwise it is a leftover. */
static bool is_fresh(const FpArrival *arrival)
{
    return fp_clock_now_ns() - arrival->age.settled_ns < RENAMED_WITHIN_NS;
}

/* The same for a name that will match later. A finished file counts too until it has been renamed or compressed. */
static void look_at_other(FpInbox *inbox, const char *path)
{
    g_autofree char *name = g_path_get_basename(path);
    struct stat status;

    if (!will_be_wanted(inbox, name) || lstat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return;
    FpEnding ending = fp_inbox_ending(inbox, path);
    FpArrival *arrival = describe(path, -1, false);
    if (arrival == NULL)
        return;
    arrival->ending = ending;
    if (name[0] != '.' || !fp_ending_is_end(ending) || is_fresh(arrival))
        g_ptr_array_add(inbox->pending, arrival);
    else
        free_arrival(arrival);
}

static gint compare_arrivals(gconstpointer a, gconstpointer b)
{
    const FpArrival *first = *(const FpArrival *const *)a, *second = *(const FpArrival *const *)b;

    return fp_age_compare(&first->age, first->name, &second->age, second->name);
}

static void set_error(GError **error, const char *path)
{
    fp_error_set_errno(error, FP_ERROR_NO_INPUT, path, "cannot be read");
}

/* Whether to wait for the file that failed with errno, as younger files would otherwise be taken before it. Sets error then. After
 * LOOK_ATTEMPTS failed looks in a row it is no longer waited for. */
static bool is_waited_for(FpInbox *inbox, const char *path, GError **error)
{
    if (++inbox->failures >= LOOK_ATTEMPTS)
        return false;
    set_error(error, path);
    return true;
}

/* Reads when the captures begin. Returns false and sets error when one cannot be read for the moment. */
static bool find_first_times(FpInbox *inbox, GPtrArray *arrivals, GError **error)
{
    for (guint i = 0; i < arrivals->len; i++) {
        if (i % FILES_PER_SIGN == 0)
            fp_notify("WATCHDOG=1");
        FpArrival *arrival = g_ptr_array_index(arrivals, i);
        g_autofree char *path = g_build_filename(inbox->folder, arrival->name, NULL);
        if (!fp_age_read(path, inbox->attempts, &arrival->age) && is_waited_for(inbox, path, error))
            return false;
    }
    return true;
}

/* Adds the finished files of the folder, except those in besides, to arrivals. Returns false and sets error when one cannot be looked at
 * now. */
static bool look_through(FpInbox *inbox, GHashTable *seen, const GPtrArray *besides, GPtrArray *arrivals, GError **error)
{
    g_autoptr(GPtrArray) names = fp_folder_names(inbox->folder);
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);

    if (names == NULL) {
        set_error(error, inbox->folder);
        return false;
    }
    g_ptr_array_set_size(inbox->pending, 0);
    for (guint i = 0; besides != NULL && i < besides->len; i++)
        g_hash_table_add(known, ((const FpArrival *)g_ptr_array_index(besides, i))->name);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        if (i % FILES_PER_SIGN == 0)
            fp_notify("WATCHDOG=1");
        g_autofree char *path = g_build_filename(inbox->folder, name, NULL);
        if (!is_wanted(inbox, name))
            look_at_other(inbox, path);
        if (!is_wanted(inbox, name) || g_hash_table_contains(known, name) || look_at(inbox, path, seen, arrivals))
            continue;
        inbox->is_all_present = false;
        if (is_waited_for(inbox, path, error))
            return false;
        fp_journal(G_LOG_LEVEL_WARNING, 0, name, "%s: cannot be looked at, and is left out: %s", path, g_strerror(errno));
    }
    return true;
}

/*
 * A folder is not read in one moment. A file that was being written when it was looked at, or that arrived after its place in the listing
 * had passed, may be older than a finished file further on. Looking again finds all of these that have been finished meanwhile. Files
 * younger than everything in arrivals stay for the next time, as the same may be true of them.
 */
static bool add_overtaken(FpInbox *inbox, GHashTable *seen, GPtrArray *arrivals, GError **error)
{
    g_autoptr(GPtrArray) later = g_ptr_array_new_with_free_func(free_arrival);
    int64_t newest_ns = INT64_MIN;

    if (!look_through(inbox, seen, arrivals, later, error))
        return false;
    if (arrivals->len + later->len < 2)
        return true;
    if (!find_first_times(inbox, arrivals, error) || !find_first_times(inbox, later, error))
        return false;
    for (guint i = 0; i < arrivals->len; i++)
        newest_ns = MAX(newest_ns, ((const FpArrival *)g_ptr_array_index(arrivals, i))->age.first_ns);
    for (guint i = later->len; i-- > 0;)
        if (((const FpArrival *)g_ptr_array_index(later, i))->age.first_ns <= newest_ns)
            g_ptr_array_add(arrivals, g_ptr_array_steal_index_fast(later, i));
    g_ptr_array_sort(arrivals, compare_arrivals);
    return true;
}

GPtrArray *fp_inbox_finished(FpInbox *inbox, const GArray *seen, GError **error)
{
    g_autoptr(GPtrArray) arrivals = g_ptr_array_new_with_free_func(free_arrival);
    g_autoptr(GHashTable) seen_set = g_hash_table_new(g_int64_hash, g_int64_equal);

    fp_endings_begin(inbox->endings);
    fp_endings_watch(inbox->endings, inbox->folder);
    if (inbox->claims != NULL)
        fp_endings_watch(inbox->endings, inbox->claims);
    for (guint i = 0; seen != NULL && i < seen->len; i++)
        g_hash_table_add(seen_set, &g_array_index(seen, uint64_t, i));
    inbox->is_all_present = true;
    g_array_set_size(inbox->present, 0);
    if (!look_through(inbox, seen_set, NULL, arrivals, error) || (arrivals->len > 0 && !add_overtaken(inbox, seen_set, arrivals, error))) {
        inbox->is_all_present = false;
        return NULL;
    }
    if (inbox->is_all_present)
        inbox->failures = 0;
    return g_steal_pointer(&arrivals);
}

const GPtrArray *fp_inbox_pending(const FpInbox *inbox)
{
    return inbox->pending;
}

bool fp_inbox_read_age(FpInbox *inbox, FpArrival *arrival)
{
    g_autofree char *path = g_build_filename(inbox->folder, arrival->name, NULL);
    g_autofree char *plain = fp_compressed_copies_plain_name(path);
    struct stat status;

    if (!fp_age_read(path, inbox->attempts, &arrival->age))
        return false;
    if (arrival->age.has_first || g_str_equal(plain, path) || lstat(plain, &status) != 0)
        return true;
    FpAge age = fp_age_of(&status);
    bool is_known = fp_age_read(plain, inbox->attempts, &age);
    arrival->age.is_read = is_known;
    arrival->age.has_first = age.has_first;
    arrival->age.first_ns = age.has_first ? age.first_ns : arrival->age.first_ns;
    return is_known;
}

GPtrArray *fp_inbox_written(FpInbox *inbox)
{
    GPtrArray *written = g_ptr_array_new();

    for (guint i = 0; i < inbox->pending->len; i++) {
        FpArrival *arrival = g_ptr_array_index(inbox->pending, i);
        if (arrival->is_wanted && arrival->ending == FP_ENDING_WRITTEN)
            g_ptr_array_add(written, arrival);
    }
    if (written->len > 1) {
        (void)find_first_times(inbox, written, NULL);
        g_ptr_array_sort(written, compare_arrivals);
    }
    return written;
}
