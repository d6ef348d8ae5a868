/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-checkpoint.c - what is in a checkpoint's files, and what is left when one of them is damaged or gone. */
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/error.h"
#include "watch/checkpoint-first.h"
#include "watch/checkpoint.h"

#define BODY_AT 4096
#define MESSAGES 3000000U /* more than is written at once */

#define BEFORE_TOTALS 64 /* what a header has before the totals, and behind them; its length follows */
#define BEHIND_TOTALS 24
#define HEADER_BYTES (BEFORE_TOTALS + sizeof(FpTotals) + BEHIND_TOTALS)
#define HEADER_BYTES_FIRST (BEFORE_TOTALS + FP_CHECKPOINT_FIRST_BYTES + BEHIND_TOTALS)
#define NEWEST_VERSION 5U

static const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};
static const char *const files[] = {"checkpoint.0", "checkpoint.1", "committed"};

static void remove_file(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    g_assert_cmpint(g_unlink(path), ==, 0);
}

static void remove_folder(const char *folder)
{
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(folder, files[i], NULL);
        (void)g_unlink(path);
    }
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static FpCheckpoint loaded(const char *folder)
{
    FpCheckpoint checkpoint;
    g_autoptr(GError) error = NULL;

    g_assert_true(fp_checkpoint_load(folder, &rules, 100, 0, &checkpoint, &error));
    g_assert_no_error(error);
    return checkpoint;
}

static void save(const char *folder, FpCheckpoint *checkpoint)
{
    bool is_doubtful = true; /* as after an attempt that failed */
    g_autoptr(GError) error = NULL;

    g_assert_true(fp_checkpoint_save(folder, checkpoint, &is_doubtful, &error));
    g_assert_no_error(error);
    g_assert_false(is_doubtful);
}

static void add(GArray *numbers, uint64_t number)
{
    g_array_append_val(numbers, number);
}

static uint64_t number_at(const GArray *numbers, guint i)
{
    g_assert_cmpuint(i, <, numbers->len);
    return g_array_index(numbers, uint64_t, i);
}

static void check_same(const FpCheckpoint *again, const FpCheckpoint *checkpoint)
{
    g_assert_cmpuint(again->committed, ==, 7);
    g_assert_cmpuint(again->totals.files, ==, 8);
    g_assert_cmpuint(number_at(again->seen.names, 1), ==, 10);
    g_assert_cmpuint(number_at(again->seen.files, 0), ==, 11);
    g_assert_cmpuint(number_at(again->seen.matched, 0), ==, 12);
    g_assert_cmpuint(again->taken->len, ==, 1);
    g_assert_true(memcmp(again->taken->data, checkpoint->taken->data, sizeof(FpTaken)) == 0);
    g_assert_cmpuint(again->messages->len, ==, MESSAGES);
    g_assert_true(memcmp(again->messages->data, checkpoint->messages->data, MESSAGES) == 0);
}

static void test_comes_back(void)
{
    g_autofree char *folder = g_dir_make_tmp("firstpayload-checkpoint-XXXXXX", NULL);
    FpCheckpoint checkpoint = loaded(folder);

    g_assert_cmpuint(checkpoint.generation, ==, 0);
    checkpoint.committed = 7;
    checkpoint.totals.files = 8;
    add(checkpoint.seen.names, 9);
    add(checkpoint.seen.names, 10);
    add(checkpoint.seen.files, 11);
    add(checkpoint.seen.matched, 12);
    g_array_append_vals(checkpoint.taken, &(FpTaken){13, 14, 15}, 1);
    g_byte_array_set_size(checkpoint.messages, MESSAGES);
    for (guint i = 0; i < MESSAGES; i++)
        checkpoint.messages->data[i] = (guint8)(i % 251);
    save(folder, &checkpoint);
    FpCheckpoint again = loaded(folder);
    g_assert_cmpuint(again.generation, ==, 1);
    check_same(&again, &checkpoint);
    fp_checkpoint_clear(&again);
    fp_checkpoint_clear(&checkpoint);
    remove_folder(folder);
}

/* Other versions read it: what stands where, for this machine's byte order. */
static void test_form(void)
{
    g_autofree char *folder = g_dir_make_tmp("firstpayload-checkpoint-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "checkpoint.1", NULL), *bytes = NULL;
    FpCheckpoint checkpoint = loaded(folder);
    uint64_t magic, name;
    uint32_t version, header_bytes;
    gsize n;

    add(checkpoint.seen.names, 0x1122334455667788U);
    save(folder, &checkpoint);
    g_assert_true(g_file_get_contents(path, &bytes, &n, NULL));
    g_assert_cmpuint(n, ==, BODY_AT + sizeof name);
    memcpy(&magic, bytes, sizeof magic);
    memcpy(&version, bytes + 8, sizeof version);
    memcpy(&header_bytes, bytes + 12, sizeof header_bytes);
    memcpy(&name, bytes + BODY_AT, sizeof name);
    g_assert_cmphex(magic, ==, 0x31746e696f707066U);
    g_assert_cmpuint(version, ==, 2); /* without messages, older programs can read it */
    g_assert_cmpuint(header_bytes, ==, sizeof(void *) == 8 ? 392 : header_bytes);
    g_assert_cmphex(name, ==, 0x1122334455667788U);
    fp_checkpoint_clear(&checkpoint);
    remove_folder(folder);
}

static void test_newest(void)
{
    g_autofree char *folder = g_dir_make_tmp("firstpayload-checkpoint-XXXXXX", NULL);
    FpCheckpoint checkpoint = loaded(folder);

    g_assert_cmpuint(fp_checkpoint_newest(folder), ==, 0);
    for (int i = 0; i < 3; i++)
        save(folder, &checkpoint);
    g_assert_cmpuint(fp_checkpoint_newest(folder), ==, 3);
    remove_file(folder, "checkpoint.1"); /* the third */
    g_assert_cmpuint(fp_checkpoint_newest(folder), ==, 3);
    remove_file(folder, "committed");
    g_assert_cmpuint(fp_checkpoint_newest(folder), ==, 2);
    remove_file(folder, "checkpoint.0");
    g_assert_cmpuint(fp_checkpoint_newest(folder), ==, 0);
    fp_checkpoint_clear(&checkpoint);
    remove_folder(folder);
}

/* Where the newer slot is gone, the third file says what it had. */
static void test_lost_slot(void)
{
    g_autofree char *folder = g_dir_make_tmp("firstpayload-checkpoint-XXXXXX", NULL);
    FpCheckpoint checkpoint = loaded(folder);

    add(checkpoint.seen.names, 1);
    g_byte_array_append(checkpoint.messages, (const guint8 *)"another message", 15);
    save(folder, &checkpoint);
    add(checkpoint.seen.names, 2);
    add(checkpoint.seen.files, 3);
    checkpoint.committed = 5;
    g_byte_array_append(checkpoint.messages, (const guint8 *)"message", 7);
    save(folder, &checkpoint);
    remove_file(folder, "checkpoint.0");
    FpCheckpoint left = loaded(folder);
    g_assert_cmpuint(left.generation, ==, 3); /* the next is written to the slot that is gone */
    g_assert_cmpuint(left.committed, ==, 5);
    g_assert_cmpuint(left.seen.names->len, ==, 2);
    g_assert_cmpuint(number_at(left.seen.names, 0), ==, 1);
    g_assert_cmpuint(number_at(left.seen.names, 1), ==, 2);
    g_assert_cmpuint(number_at(left.seen.files, 0), ==, 3);
    g_assert_cmpuint(left.messages->len, ==, 0);
    fp_checkpoint_clear(&left);
    fp_checkpoint_clear(&checkpoint);
    remove_folder(folder);
}

/* What becomes of a slot. */
typedef enum { LOADED, IGNORED, REFUSED } Fate;

/* Returns the fate of the only slot. */
static Fate fate(const char *folder)
{
    FpCheckpoint checkpoint;
    g_autoptr(GError) error = NULL;

    if (!fp_checkpoint_load(folder, &rules, 100, 0, &checkpoint, &error)) {
        g_assert_error(error, FP_ERROR, FP_ERROR_CONFIG);
        return REFUSED;
    }
    uint64_t generation = checkpoint.generation;
    g_assert_cmpuint(checkpoint.totals.files, ==, generation == 0 ? 0 : 8);
    fp_checkpoint_clear(&checkpoint);
    return generation == 0 ? IGNORED : LOADED;
}

/* A slot, in a folder where nothing else is. */
typedef struct {
    char *folder;
    char *path;
    char *bytes;
    gsize n;
} Slot;

static Slot saved_slot(bool has_messages)
{
    Slot slot = {.folder = g_dir_make_tmp("firstpayload-checkpoint-XXXXXX", NULL)};
    FpCheckpoint checkpoint = loaded(slot.folder);

    checkpoint.totals.files = 8;
    add(checkpoint.seen.names, 9);
    if (has_messages)
        g_byte_array_append(checkpoint.messages, (const guint8 *)"a message that is none", 22);
    save(slot.folder, &checkpoint);
    fp_checkpoint_clear(&checkpoint);
    remove_file(slot.folder, "committed");
    slot.path = g_build_filename(slot.folder, "checkpoint.1", NULL);
    g_assert_true(g_file_get_contents(slot.path, &slot.bytes, &slot.n, NULL));
    return slot;
}

static void free_slot(Slot *slot)
{
    remove_folder(slot->folder);
    g_free(slot->folder);
    g_free(slot->path);
    g_free(slot->bytes);
}

/* Writes a file, and does not wait for the disk. */
static void put(const char *path, const void *bytes, gsize n)
{
    FILE *file = fopen(path, "wb");

    g_assert_nonnull(file);
    g_assert_cmpuint(fwrite(bytes, 1, n, file), ==, n);
    g_assert_cmpint(fclose(file), ==, 0);
}

/* Its fate, if it is these bytes. */
static Fate fate_of_bytes(const Slot *slot, const void *bytes, gsize n)
{
    put(slot->path, bytes, n);
    return fate(slot->folder);
}

/* Its fate as another version with a header of so many bytes, which end with the right checksum if they can. */
static Fate fate_as(const Slot *slot, uint32_t version, uint32_t header_bytes)
{
    g_autofree uint8_t *bytes = g_memdup2(slot->bytes, slot->n);

    memcpy(bytes + 8, &version, sizeof version);
    memcpy(bytes + 12, &header_bytes, sizeof header_bytes);
    if (header_bytes == HEADER_BYTES_FIRST) {
        memcpy(bytes + header_bytes - BEHIND_TOTALS, slot->bytes + HEADER_BYTES - BEHIND_TOTALS, BEHIND_TOTALS);
        memset(bytes + BEFORE_TOTALS + sizeof(uint64_t), 0, FP_CHECKPOINT_FIRST_BYTES - sizeof(uint64_t));
    }
    if (header_bytes >= 16 + sizeof(uint64_t) && header_bytes <= BODY_AT) {
        uint64_t checksum = XXH3_64bits(bytes, header_bytes - sizeof checksum);
        memcpy(bytes + header_bytes - sizeof checksum, &checksum, sizeof checksum);
    }
    return fate_of_bytes(slot, bytes, slot->n);
}

static void test_versions_without_messages(void)
{
    Slot plain = saved_slot(false);

    g_assert_cmpint(fate_as(&plain, 1, HEADER_BYTES), ==, IGNORED);
    g_assert_cmpint(fate_as(&plain, 2, HEADER_BYTES), ==, LOADED);
    g_assert_cmpint(fate_as(&plain, 2, HEADER_BYTES_FIRST), ==, LOADED);
    g_assert_cmpint(fate_as(&plain, 3, HEADER_BYTES), ==, IGNORED); /* messages are missing */
    free_slot(&plain);
}

static void test_versions(void)
{
    Slot slot = saved_slot(true);

    g_assert_cmpint(fate_as(&slot, 1, HEADER_BYTES), ==, IGNORED);
    g_assert_cmpint(fate_as(&slot, 2, HEADER_BYTES), ==, IGNORED); /* there is more than there should be */
    for (uint32_t version = 3; version <= NEWEST_VERSION; version++) {
        g_assert_cmpint(fate_as(&slot, version, HEADER_BYTES), ==, LOADED);
        g_assert_cmpint(fate_as(&slot, version, HEADER_BYTES + 8), ==, IGNORED);
        g_assert_cmpint(fate_as(&slot, version, HEADER_BYTES_FIRST), ==, IGNORED);
    }
    g_assert_cmpint(fate_as(&slot, NEWEST_VERSION + 1, HEADER_BYTES), ==, REFUSED);
    free_slot(&slot);
}

/* Of a newer version only what has the right checksum is refused, however long its header. */
static void test_headers_of_a_newer_version(void)
{
    static const uint32_t wrong[] = {0, 7, 8, 15, BODY_AT + 1, UINT32_MAX};
    Slot slot = saved_slot(true);

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        g_assert_cmpint(fate_as(&slot, NEWEST_VERSION + 1, wrong[i]), ==, IGNORED);
    g_assert_cmpint(fate_as(&slot, NEWEST_VERSION + 1, BODY_AT), ==, REFUSED);
    slot.n = HEADER_BYTES_FIRST;
    g_assert_cmpint(fate_as(&slot, NEWEST_VERSION + 1, HEADER_BYTES_FIRST), ==, REFUSED);
    slot.n--;
    g_assert_cmpint(fate_as(&slot, NEWEST_VERSION + 1, HEADER_BYTES_FIRST - 1), ==, IGNORED);
    free_slot(&slot);
}

/* Any byte of a slot, and each but the zeros that fill up the header. */
static void test_damaged_bytes(void)
{
    Slot slot = saved_slot(true);

    for (gsize i = 0; i < slot.n; i = i + 1 == HEADER_BYTES ? BODY_AT : i + 1) {
        slot.bytes[i] ^= 1;
        g_assert_cmpint(fate_of_bytes(&slot, slot.bytes, slot.n), ==, IGNORED);
        slot.bytes[i] ^= 1;
    }
    g_assert_cmpint(fate_of_bytes(&slot, slot.bytes, slot.n), ==, LOADED);
    free_slot(&slot);
}

/* The same of the third file. */
static void test_damaged_witness(void)
{
    g_autofree char *folder = g_dir_make_tmp("firstpayload-checkpoint-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "committed", NULL), *bytes = NULL;
    FpCheckpoint checkpoint = loaded(folder);
    gsize n;

    save(folder, &checkpoint);
    save(folder, &checkpoint);
    remove_file(folder, "checkpoint.0");
    g_assert_cmpuint(fp_checkpoint_newest(folder), ==, 2);
    g_assert_true(g_file_get_contents(path, &bytes, &n, NULL));
    for (gsize i = 0; i < n; i += 3) {
        bytes[i] ^= 64;
        put(path, bytes, n);
        g_assert_cmpuint(fp_checkpoint_newest(folder), ==, 1);
        bytes[i] ^= 64;
    }
    fp_checkpoint_clear(&checkpoint);
    remove_folder(folder);
}

/* Nobody knows what is in a file that cannot be read. */
static void test_unreadable(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *folder = g_dir_make_tmp("firstpayload-checkpoint-XXXXXX", NULL);
        g_autofree char *path = g_build_filename(folder, files[i], NULL);
        g_autoptr(GError) error = NULL;
        FpCheckpoint checkpoint;

        g_assert_cmpint(g_mkdir(path, 0777), ==, 0);
        g_assert_false(fp_checkpoint_load(folder, &rules, 100, 0, &checkpoint, &error));
        g_assert_error(error, FP_ERROR, FP_ERROR_IO);
        g_assert_cmpint(g_rmdir(path), ==, 0);
        g_assert_cmpint(g_rmdir(folder), ==, 0);
    }
}

/* Loads with other kinds of networks than it was saved with. */
static FpCheckpoint loaded_with_other_networks(const char *folder)
{
    FpCheckpoint checkpoint;

    g_assert_true(fp_checkpoint_load(folder, &rules, 100, 1, &checkpoint, NULL));
    g_assert_cmpuint(checkpoint.network_kinds, ==, 1);
    g_assert_cmpuint(checkpoint.seen.names->len, ==, 1);
    return checkpoint;
}

/* As of a full disk: the process may not make files longer. */
static void test_no_room(void)
{
    g_autofree char *folder = g_dir_make_tmp("firstpayload-checkpoint-XXXXXX", NULL);
    FpCheckpoint checkpoint = loaded(folder), again;
    struct rlimit before, limit;
    bool is_doubtful = false;
    g_autoptr(GError) error = NULL;

    save(folder, &checkpoint);
    checkpoint.committed = 7;
    add(checkpoint.seen.names, 1);
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
    limit = (struct rlimit){.rlim_cur = BODY_AT, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    g_assert_false(fp_checkpoint_save(folder, &checkpoint, &is_doubtful, &error));
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
    g_assert_error(error, FP_ERROR, FP_ERROR_IO);
    g_assert_false(is_doubtful);
    again = loaded(folder);
    g_assert_cmpuint(again.generation, ==, 1);
    g_assert_cmpuint(again.committed, ==, 0);
    fp_checkpoint_clear(&again);
    fp_checkpoint_clear(&checkpoint);
    remove_folder(folder);
}

/* Streams are then others, and so are their numbers; where there are none, nothing is forgotten. */
static void test_other_networks(void)
{
    g_autofree char *folder = g_dir_make_tmp("firstpayload-checkpoint-XXXXXX", NULL);
    FpCheckpoint checkpoint = loaded(folder);

    add(checkpoint.seen.names, 1);
    add(checkpoint.seen.matched, 2);
    save(folder, &checkpoint);
    FpCheckpoint again = loaded_with_other_networks(folder);
    g_assert_cmpuint(again.seen.matched->len, ==, 1);
    fp_checkpoint_clear(&again);
    checkpoint.streams = fp_streams_new_for_saving(&rules, 3, 100);
    save(folder, &checkpoint);
    again = loaded(folder);
    g_assert_true(again.streams != NULL && again.seen.matched->len == 1);
    fp_checkpoint_clear(&again);
    again = loaded_with_other_networks(folder);
    g_assert_true(again.streams == NULL && again.seen.matched->len == 0);
    fp_checkpoint_clear(&again);
    checkpoint.network_kinds = 1;
    save(folder, &checkpoint);
    again = loaded_with_other_networks(folder); /* which are the same now */
    g_assert_true(again.streams != NULL && again.seen.matched->len == 1);
    fp_checkpoint_clear(&again);
    fp_checkpoint_clear(&checkpoint);
    remove_folder(folder);
}

/* The third file has the last ones. */
static void test_many_names(void)
{
    g_autofree char *folder = g_dir_make_tmp("firstpayload-checkpoint-XXXXXX", NULL);
    FpCheckpoint checkpoint = loaded(folder);

    for (uint64_t i = 0; i <= FP_CHECKPOINT_RECENT; i++)
        add(checkpoint.seen.names, 1000 + i);
    save(folder, &checkpoint);
    remove_file(folder, "checkpoint.1");
    FpCheckpoint left = loaded(folder);
    g_assert_cmpuint(left.seen.names->len, ==, FP_CHECKPOINT_RECENT);
    for (guint i = 0; i < FP_CHECKPOINT_RECENT; i++)
        g_assert_cmpuint(number_at(left.seen.names, i), ==, 1001 + i);
    fp_checkpoint_clear(&left);
    fp_checkpoint_clear(&checkpoint);
    remove_folder(folder);
}

/* The figures of 0.1.0 are today's; some reasons for which a frame had no segment are one now. */
static void test_figures_of_the_first_version(void)
{
    static const uint64_t decoded[FP_N_DECODED] = {1006, 1007 + 1008 + 1012 + 1013, 0, 1009, 1010, 1011, 0, 0, 1014};
    uint64_t figures[FP_CHECKPOINT_FIRST_BYTES / sizeof(uint64_t)];
    FpTotals totals;

    for (size_t i = 0; i < G_N_ELEMENTS(figures); i++)
        figures[i] = 1000 + i;
    fp_checkpoint_convert_first((const uint8_t *)figures, &totals);
    const FpSummary *summary = &totals.summary;
    const uint64_t in_order[] = {totals.files,    totals.files_empty, totals.files_failed, (uint64_t)totals.last_frame_ns,
                                 summary->frames, summary->filtered};
    for (size_t i = 0; i < G_N_ELEMENTS(in_order); i++)
        g_assert_cmpuint(in_order[i], ==, 1000 + i);
    for (size_t i = 0; i < G_N_ELEMENTS(decoded); i++)
        g_assert_cmpuint(summary->decoded[i], ==, decoded[i]);
    const uint64_t in_order_then[] = {summary->kept,
                                      summary->kept_fragments,
                                      summary->streams_with_payload,
                                      summary->unmatched,
                                      summary->unjudged,
                                      summary->without_fields,
                                      summary->hurried,
                                      summary->late,
                                      summary->bytes_in,
                                      summary->bytes_out,
                                      summary->datagrams_forgotten,
                                      summary->captures_cut};
    for (size_t i = 0; i < G_N_ELEMENTS(in_order_then); i++)
        g_assert_cmpuint(in_order_then[i], ==, 1015 + i);
    const FpStreamsStats *streams = &summary->streams;
    const uint64_t of_streams[] = {streams->started,          streams->open,           streams->forgotten_unanswered,
                                   streams->forgotten_closed, streams->forgotten_idle, streams->table_bytes};
    for (size_t i = 0; i < G_N_ELEMENTS(of_streams); i++)
        g_assert_cmpuint(of_streams[i], ==, 1030 + i);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_FLAG_FATAL); /* what is lost is logged */
    g_test_add_func("/checkpoint/comes-back", test_comes_back);
    g_test_add_func("/checkpoint/form", test_form);
    g_test_add_func("/checkpoint/newest", test_newest);
    g_test_add_func("/checkpoint/lost-slot", test_lost_slot);
    g_test_add_func("/checkpoint/versions-without-messages", test_versions_without_messages);
    g_test_add_func("/checkpoint/versions", test_versions);
    g_test_add_func("/checkpoint/headers-of-a-newer-version", test_headers_of_a_newer_version);
    g_test_add_func("/checkpoint/damaged-bytes", test_damaged_bytes);
    g_test_add_func("/checkpoint/damaged-witness", test_damaged_witness);
    g_test_add_func("/checkpoint/unreadable", test_unreadable);
    g_test_add_func("/checkpoint/no-room", test_no_room);
    g_test_add_func("/checkpoint/other-networks", test_other_networks);
    g_test_add_func("/checkpoint/many-names", test_many_names);
    g_test_add_func("/checkpoint/figures-of-the-first-version", test_figures_of_the_first_version);
    return g_test_run();
}
