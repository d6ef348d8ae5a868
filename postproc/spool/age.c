/* SPDX-License-Identifier: GPL-2.0-or-later */
/* age.c - see age.h. */
#include "age.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/folder.h"
#include "compressed-copies.h"
#include "ending.h"
#include "first-time.h"

#define RANDOM_CHARACTERS 6U /* of mkstemp(3) */

/* Tries twice. After two deaths of the process a child reads the file, so that a third death costs no other file. If the child dies too,
 * the file is ordered by its last change. */
static bool read_first(const char *path, FpAttempts *attempts, FpAge *age)
{
    FpAttemptsPast past = fp_attempts_past(attempts, path);
    bool (*find)(const char *path, int64_t *time_ns) =
        past.deaths + 1 < FP_ATTEMPTS_AT_ONE_PLACE ? fp_first_time_find : fp_first_time_find_apart;
    int64_t time_ns = INT64_MIN;

    if (age->bytes == 0 || fp_attempts_are_over(&past))
        return true;
    fp_attempts_begin(attempts, path);
    bool is_known = find(path, &time_ns);
    if (!is_known)
        is_known = find(path, &time_ns);
    fp_attempts_end(attempts);
    age->has_first = time_ns != INT64_MIN;
    if (age->has_first)
        age->first_ns = time_ns;
    return is_known;
}

FpAge fp_age_of(const struct stat *status)
{
    int64_t changed_ns = fp_folder_changed_ns(status);

    return (FpAge){
        .bytes = (uint64_t)status->st_size,
        .changed_ns = changed_ns,
        .settled_ns = (int64_t)status->st_ctim.tv_sec * 1000000000 + status->st_ctim.tv_nsec,
        .first_ns = changed_ns,
    };
}

bool fp_age_read(const char *path, FpAttempts *attempts, FpAge *age)
{
    if (age->is_read)
        return true;
    if (!read_first(path, attempts, age)) {
        int fd = fp_ending_open(path), failure = errno;
        if (fd >= 0)
            close(fd);
        errno = failure;
        if (fd < 0 && fp_folder_is_passing(failure))
            return false;
    }
    age->is_read = true;
    return true;
}

int fp_age_compare(const FpAge *age, const char *name, const FpAge *other_age, const char *other_name)
{
    if (age->first_ns != other_age->first_ns)
        return age->first_ns < other_age->first_ns ? -1 : 1;
    return strverscmp(name, other_name);
}

char *fp_age_final_name(const char *name)
{
    const char *last = strrchr(name, '.');

    if (name[0] != '.')
        return g_strdup(name);
    bool is_random = last > name && strlen(last + 1) == RANDOM_CHARACTERS;
    for (const char *at = last + 1; is_random && *at != '\0'; at++)
        is_random = g_ascii_isalnum(*at);
    return is_random ? g_strndup(name + 1, (gsize)(last - name - 1)) : g_strdup(name + 1);
}

/* The name that its ring buffer knows it by, uncompressed. Caller frees. */
static char *ring_name(const char *name)
{
    g_autofree char *final_name = fp_age_final_name(name);

    return fp_compressed_copies_plain_name(final_name);
}

/* Whether names differ at most in their numbers. One may lack a number: tcpdump -C gives its first file none. */
static bool are_of_one_ring(const char *name, const char *other)
{
    while (*name != '\0' || *other != '\0') {
        name += strspn(name, "0123456789");
        other += strspn(other, "0123456789");
        if (*name != *other)
            return false;
        name += *name != '\0';
        other += *other != '\0';
    }
    return true;
}

static bool is_before(const char *name, const char *other)
{
    g_autofree char *first = ring_name(name), *second = ring_name(other);

    return are_of_one_ring(first, second) && strverscmp(first, second) < 0;
}

bool fp_age_is_older(const FpAge *unfinished, const char *name, const FpAge *finished, const char *finished_name)
{
    g_autofree char *plain = fp_compressed_copies_plain_name(name);
    bool is_compressed = !g_str_equal(plain, name); /* its packets were captured before the file was created */

    if (!finished->has_first)
        return false;
    if (unfinished->has_first && unfinished->first_ns != finished->first_ns)
        return unfinished->first_ns < finished->first_ns;
    if (!unfinished->has_first && !is_compressed && unfinished->changed_ns >= finished->settled_ns)
        return false;
    return is_before(name, finished_name);
}
