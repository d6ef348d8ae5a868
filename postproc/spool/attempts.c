/* SPDX-License-Identifier: GPL-2.0-or-later */
/* attempts.c - see attempts.h. */
#include "attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/error.h"
#include "base/journal.h"

#define MAGIC 0x3270656c77706661U
#define PAST_MAX 64U
#define DEPTH_MAX 4U /* a claim, a wait within it, a file of the inbox within that */

/* A file, identified by what a rename keeps and a rewrite changes; and the deaths while it was read. */
typedef struct {
    uint64_t device;
    uint64_t inode; /* 0: no file */
    int64_t changed_s;
    int64_t changed_ns;
    uint64_t step;
    uint32_t deaths;
    uint32_t deaths_there;
} Attempt;

/* The file `reading`, in this machine's byte order, has two parts. First, what is being read now; this part is rewritten each time. */
typedef struct {
    uint64_t magic;
    uint64_t boot; /* since which start of the machine; 0: not known */
    int64_t up_s;  /* for how long it ran then */
    Attempt file;  /* without deaths */
    uint64_t checksum;
} Current;

/* Second, what was being read when the process died. */
typedef struct {
    uint64_t n;
    Attempt files[PAST_MAX]; /* latest last */
    uint64_t checksum;
} Past;

struct FpAttempts {
    char *path;
    int fd;
    Current current;
    Past past;
    Attempt outer[DEPTH_MAX]; /* what resumes when the current one ends */
    unsigned depth;
    Attempt ahead; /* what counts while nothing is read */
    bool has_died;
    bool is_warned;
};

/* A number for the start of the machine, from random(4). 0: /proc shows nothing but processes, as for a service with ProcSubset=pid. */
static uint64_t this_boot(void)
{
    char id[64];
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, id, sizeof id);

    if (fd >= 0)
        close(fd);
    return n > 0 ? XXH3_64bits(id, (size_t)n) : 0;
}

static int64_t up_s(void)
{
    struct timespec since_boot;

    clock_gettime(CLOCK_BOOTTIME, &since_boot);
    return (int64_t)since_boot.tv_sec;
}

/* Whether the machine has not been started since. Asks no clock that can be set: otherwise a capture that kills the process each time
 * would not be given up while somebody sets it. */
static bool is_boot_of(const Current *current, uint64_t boot)
{
    if (boot != 0 && current->boot != 0)
        return boot == current->boot;
    return up_s() >= current->up_s;
}

static void save(FpAttempts *attempts, const void *bytes, size_t n, off_t offset)
{
    if (pwrite(attempts->fd, bytes, n, offset) == (ssize_t)n || attempts->is_warned)
        return;
    attempts->is_warned = true;
    fp_journal(G_LOG_LEVEL_WARNING, 0, NULL, "%s: cannot be written: %s; a capture that kills the watcher will not be given up",
               attempts->path, g_strerror(errno));
}

static void save_current(FpAttempts *attempts)
{
    Current current = attempts->current;

    current.up_s = up_s();
    if (current.file.inode == 0)
        current.file = attempts->ahead;
    current.checksum = XXH3_64bits(&current, offsetof(Current, checksum));
    save(attempts, &current, sizeof current, 0);
}

static void save_past(FpAttempts *attempts)
{
    Past *past = &attempts->past;

    past->checksum = XXH3_64bits(past, offsetof(Past, checksum));
    save(attempts, past, sizeof *past, sizeof(Current));
}

static bool is_same(const Attempt *one, const Attempt *other)
{
    return one->device == other->device && one->inode == other->inode && one->changed_s == other->changed_s &&
           one->changed_ns == other->changed_ns;
}

static Attempt attempt_at(const char *path)
{
    struct stat status;

    if (path == NULL || lstat(path, &status) != 0)
        return (Attempt){0};
    return (Attempt){.device = (uint64_t)status.st_dev,
                     .inode = (uint64_t)status.st_ino,
                     .changed_s = status.st_mtim.tv_sec,
                     .changed_ns = status.st_mtim.tv_nsec};
}

/* Index of file in past, or -1. */
static int find(const Past *past, const Attempt *file)
{
    for (unsigned i = 0; file->inode != 0 && i < past->n; i++)
        if (is_same(&past->files[i], file))
            return (int)i;
    return -1;
}

static void remove_at(Past *past, unsigned i)
{
    past->n--;
    memmove(&past->files[i], &past->files[i + 1], (past->n - i) * sizeof past->files[0]);
}

static bool is_one_place(uint64_t step, uint64_t other)
{
    return step <= other + 1 && other <= step + 1;
}

/* Counts a death of the process while it read file. */
static void count_death(Past *past, Attempt file)
{
    int i = find(past, &file);

    if (i >= 0) {
        const Attempt *before = &past->files[i];
        file.deaths = before->deaths;
        file.deaths_there = is_one_place(before->step, file.step) ? before->deaths_there : 0;
        remove_at(past, (unsigned)i);
    } else if (past->n == PAST_MAX) {
        remove_at(past, 0);
    }
    file.deaths++;
    file.deaths_there++;
    past->files[past->n++] = file;
}

/* Reads what the previous process left. A damaged or incomplete part counts as empty. */
static bool load(FpAttempts *attempts)
{
    Current *current = &attempts->current;
    Past *past = &attempts->past;
    ssize_t n = pread(attempts->fd, current, sizeof *current, 0), n_past = pread(attempts->fd, past, sizeof *past, sizeof *current);

    if (n < 0 || n_past < 0)
        return false;
    if (n < (ssize_t)sizeof *current || current->magic != MAGIC || current->checksum != XXH3_64bits(current, offsetof(Current, checksum)))
        *current = (Current){.magic = MAGIC};
    if (n_past < (ssize_t)sizeof *past || past->n > PAST_MAX || past->checksum != XXH3_64bits(past, offsetof(Past, checksum)))
        *past = (Past){0};
    return true;
}

/* Counts the death of the previous process, if it was reading a file and the machine has not been rebooted since. */
static void look_back(FpAttempts *attempts)
{
    Current *current = &attempts->current;
    uint64_t boot = this_boot();

    if (current->file.inode != 0 && is_boot_of(current, boot)) {
        attempts->has_died = true;
        count_death(&attempts->past, current->file);
        save_past(attempts); /* before current is cleared: a kill in between counts the death twice rather than not at all */
    }
    current->file = (Attempt){0};
    current->boot = boot;
    save_current(attempts);
}

FpAttempts *fp_attempts_open(const char *state_folder, GError **error)
{
    FpAttempts *attempts = g_new0(FpAttempts, 1);

    attempts->path = g_build_filename(state_folder, "reading", NULL);
    attempts->fd = open(attempts->path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (attempts->fd >= 0 && load(attempts)) {
        look_back(attempts);
        return attempts;
    }
    g_set_error(error, FP_ERROR, FP_ERROR_IO, "%s: cannot be %s: %s", attempts->path, attempts->fd < 0 ? "opened" : "read",
                g_strerror(errno));
    fp_attempts_free(attempts);
    return NULL;
}

void fp_attempts_free(FpAttempts *attempts)
{
    if (attempts == NULL)
        return;
    if (attempts->fd >= 0)
        close(attempts->fd);
    g_free(attempts->path);
    g_free(attempts);
}

void fp_attempts_begin(FpAttempts *attempts, const char *path)
{
    if (attempts == NULL)
        return;
    g_assert(attempts->depth < DEPTH_MAX);
    attempts->outer[attempts->depth++] = attempts->current.file;
    attempts->current.file = attempt_at(path);
    save_current(attempts);
}

void fp_attempts_end(FpAttempts *attempts)
{
    if (attempts == NULL)
        return;
    g_assert(attempts->depth > 0);
    attempts->current.file = attempts->outer[--attempts->depth];
    save_current(attempts);
}

void fp_attempts_note_offset(FpAttempts *attempts, uint64_t offset)
{
    uint64_t step = offset / FP_ATTEMPTS_STEP_BYTES;

    if (attempts == NULL || step == attempts->current.file.step)
        return;
    attempts->current.file.step = step;
    save_current(attempts);
}

void fp_attempts_note_ahead(FpAttempts *attempts, const char *path)
{
    if (attempts == NULL)
        return;
    attempts->ahead = attempt_at(path);
    save_current(attempts);
}

bool fp_attempts_have_died(const FpAttempts *attempts)
{
    return attempts != NULL && attempts->has_died;
}

FpAttemptsPast fp_attempts_past(const FpAttempts *attempts, const char *path)
{
    if (attempts == NULL || attempts->past.n == 0)
        return (FpAttemptsPast){0};
    Attempt file = attempt_at(path);
    int i = find(&attempts->past, &file);
    if (i < 0)
        return (FpAttemptsPast){0};
    const Attempt *past = &attempts->past.files[i];
    return (FpAttemptsPast){.deaths = past->deaths, .deaths_there = past->deaths_there, .offset = past->step * FP_ATTEMPTS_STEP_BYTES};
}

bool fp_attempts_are_over(const FpAttemptsPast *past)
{
    return past->deaths_there >= FP_ATTEMPTS_AT_ONE_PLACE || past->deaths >= FP_ATTEMPTS_IN_ALL;
}

void fp_attempts_forget(FpAttempts *attempts, const char *path)
{
    if (attempts == NULL || attempts->past.n == 0)
        return;
    Attempt file = attempt_at(path);
    int i = find(&attempts->past, &file);
    if (i < 0)
        return;
    remove_at(&attempts->past, (unsigned)i);
    save_past(attempts);
}
