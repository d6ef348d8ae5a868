/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_no_memory.c - the table of streams while there is no memory: each request for some fails once, and each and all after it fail. Then
 * a table is not made or not loaded, or works on with what it has; and all that it took is given back. The core that is tested here calls
 * the functions below instead of libc's.
 */
#include <glib.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "saved.h"
#include "streams-internal.h"
#include "table.h"

#define STREAMS 24000U

static unsigned n_requests, fails_at; /* 0: never */
static bool fails_on;
static size_t n_blocks, mapped_bytes; /* what the core has of libc and of the kernel */

void *failing_malloc(size_t n);
void *failing_calloc(size_t n, size_t bytes);
void *failing_realloc(void *memory, size_t n);
void *failing_mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset);
void *failing_mremap(void *memory, size_t before, size_t n, int flags, ...);
void counted_free(void *memory);
int counted_munmap(void *memory, size_t n);

static bool fails(void)
{
    n_requests++;
    return fails_at != 0 && (fails_on ? n_requests >= fails_at : n_requests == fails_at);
}

static void *counted(void *memory)
{
    n_blocks += memory != NULL;
    return memory;
}

void *failing_malloc(size_t n)
{
    return fails() ? NULL : counted(malloc(n));
}

void *failing_calloc(size_t n, size_t bytes)
{
    return fails() ? NULL : counted(calloc(n, bytes));
}

void *failing_realloc(void *memory, size_t n)
{
    const bool is_new = memory == NULL;

    if (fails())
        return NULL;
    void *grown = realloc(memory, n);
    return is_new ? counted(grown) : grown;
}

void counted_free(void *memory)
{
    n_blocks -= memory != NULL;
    free(memory);
}

void *failing_mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
    if (fails())
        return MAP_FAILED;
    mapped_bytes += n;
    return mmap(at, n, protection, flags, fd, offset);
}

void *failing_mremap(void *memory, size_t before, size_t n, int flags, ...)
{
    if (fails())
        return MAP_FAILED;
    mapped_bytes += n - before;
    return mremap(memory, before, n, flags);
}

int counted_munmap(void *memory, size_t n)
{
    mapped_bytes -= n;
    return munmap(memory, n);
}

/* Begins to count requests. at: the one that fails, 0 for none; on: and those after it. */
static void begin(unsigned at, bool on)
{
    n_requests = 0;
    fails_at = at;
    fails_on = on;
}

static void check_all_given_back(void)
{
    g_assert_cmpuint(n_blocks, ==, 0);
    g_assert_cmpuint(mapped_bytes, ==, 0);
}

/* Gives a table streams in all states, and looks whether each is found right behind its first frame. */
static void fill(FpStreams *streams)
{
    for (guint32 i = 0; i < STREAMS; i++) {
        const gint64 time_ns = (gint64)i * 1000000;
        g_assert_cmpuint(give(streams, i, 0, FP_TCP_SYN, 0, time_ns).classes, ==, FP_CLASS_HANDSHAKE);
        if (i % 2 != 0)
            g_assert_cmpuint(give(streams, i, 0, FP_TCP_ACK, 10, time_ns).classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
        if (i % 4 == 3)
            g_assert_cmpuint(give(streams, i, 1, FP_TCP_ACK, 10, time_ns).classes, ==, FP_CLASS_REPLY);
    }
    g_assert_cmpuint(stats_of(streams).started, ==, STREAMS);
}

static void test_growing(gconstpointer on)
{
    const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};
    unsigned n_refused = 0, n_forgetful = 0, at = 0;

    do {
        begin(++at, GPOINTER_TO_INT(on));
        FpStreams *streams = fp_streams_new(&rules, 1, STREAMS);
        if (streams != NULL) {
            fill(streams);
            n_forgetful += stats_of(streams).open < STREAMS;
        }
        n_refused += streams == NULL;
        fp_streams_free(streams);
        check_all_given_back();
    } while (n_requests >= at);
    g_assert_cmpuint(n_refused, ==, 5); /* the table, its directory, a segment and two pools */
    g_assert_cmpuint(n_forgetful, >, 0);
    g_assert_cmpuint(at, >, n_refused + 3);
}

static void test_loading(gconstpointer on)
{
    const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    Saved saved = {.bytes = bytes};
    unsigned at = 0;

    begin(0, false);
    FpStreams *streams = fp_streams_new_for_saving(&rules, 1, STREAMS), *loaded;
    fill(streams);
    while (streams->used > STREAMS / 10) /* so that pools are larger than what they hold needs */
        fp_streams_forget_some(streams, streams->hand = streams->hand->next, 0);
    g_assert_true(fp_streams_save(streams, append, &saved));
    do {
        saved.at = 0;
        begin(++at, GPOINTER_TO_INT(on));
        loaded = fp_streams_load(&rules, STREAMS, take, &saved);
        g_assert_true((loaded == NULL) == (n_requests >= at));
        fp_streams_free(loaded);
    } while (loaded == NULL);
    g_assert_cmpuint(at, >, 8);
    fp_streams_free(streams);
    check_all_given_back();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/no-memory/growing/once", GINT_TO_POINTER(false), test_growing);
    g_test_add_data_func("/no-memory/growing/from-then-on", GINT_TO_POINTER(true), test_growing);
    g_test_add_data_func("/no-memory/loading/once", GINT_TO_POINTER(false), test_loading);
    g_test_add_data_func("/no-memory/loading/from-then-on", GINT_TO_POINTER(true), test_loading);
    return g_test_run();
}
