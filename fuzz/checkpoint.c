/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * checkpoint.c - any bytes as a state folder: two slots of a checkpoint and what says how far they went. Checksums are put right, as no
 * change would agree with them: the first byte says of which files.
 *
 * Each file is two bytes for its length, and its bytes. A slot has its header first, whose length is in it, and then its body, without what
 * lies between them on the disk. What is taken is saved, and loaded again.
 */
#include "target.h"

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "watch/checkpoint.h"

#define HEADER_BYTES 4096
#define LENGTH_AT 12U    /* of the header, in it */
#define AT_END 24U       /* of the header: the body's length, its checksum, and its own */
#define WITNESS_BYTES 8U /* of a checksum */
#define MAX_STREAMS 200U

static const char *const names[] = {"checkpoint.0", "checkpoint.1", "committed"};

static GLogWriterOutput say_nothing(GLogLevelFlags level, const GLogField *fields, gsize n, gpointer user)
{
    (void)level;
    (void)fields;
    (void)n;
    (void)user;
    return G_LOG_WRITER_HANDLED;
}

/* A folder of its own, in memory if there is such a place. */
static const char *folder(void)
{
    static char *found;

    if (found == NULL) {
        found = g_strdup_printf("%s/firstpayload-fuzz-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : g_get_tmp_dir());
        REQUIRE(g_mkdtemp(found) != NULL);
        g_log_set_writer_func(say_nothing, NULL, NULL);
    }
    return found;
}

static void leave_folder(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder(), names[i], NULL);
        (void)unlink(path);
    }
    (void)rmdir(folder());
}

static void put_file(const char *name, const uint8_t *bytes, size_t n)
{
    g_autofree char *path = g_build_filename(folder(), name, NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    REQUIRE(fd >= 0 && write(fd, bytes, n) == (ssize_t)n && close(fd) == 0);
}

static void put_slot(const char *name, uint8_t *bytes, size_t n, bool is_mended)
{
    uint32_t length = 0;

    if (n >= LENGTH_AT + sizeof length)
        memcpy(&length, bytes + LENGTH_AT, sizeof length);
    if (length < AT_END || length > n || length > HEADER_BYTES) {
        put_file(name, bytes, n);
        return;
    }
    const uint64_t end[2] = {n - length, XXH3_64bits(bytes + length, n - length)};
    if (is_mended) {
        memcpy(bytes + length - AT_END, end, sizeof end);
        const uint64_t checksum = XXH3_64bits(bytes, length - sizeof checksum);
        memcpy(bytes + length - sizeof checksum, &checksum, sizeof checksum);
    }
    uint8_t *slot = calloc(1, HEADER_BYTES + n - length);
    REQUIRE(slot != NULL);
    memcpy(slot, bytes, length);
    if (n > length)
        memcpy(slot + HEADER_BYTES, bytes + length, n - length);
    put_file(name, slot, HEADER_BYTES + n - length);
    free(slot);
}

static void put_witness(const char *name, uint8_t *bytes, size_t n, bool is_mended)
{
    if (is_mended && n >= WITNESS_BYTES) {
        const uint64_t checksum = XXH3_64bits(bytes, n - WITNESS_BYTES);
        memcpy(bytes + n - WITNESS_BYTES, &checksum, sizeof checksum);
    }
    put_file(name, bytes, n);
}

static bool load(const FpRules *rules, unsigned network_kinds, FpCheckpoint *checkpoint)
{
    GError *error = NULL;
    bool is_loaded = fp_checkpoint_load(folder(), rules, MAX_STREAMS, network_kinds, checkpoint, &error);

    REQUIRE(is_loaded == (error == NULL));
    g_clear_error(&error);
    return is_loaded;
}

static void save_again(const FpRules *rules, unsigned network_kinds)
{
    FpCheckpoint checkpoint, again;
    bool is_doubtful = false;
    GError *error = NULL;

    if (!load(rules, network_kinds, &checkpoint))
        return;
    if (checkpoint.generation < UINT64_MAX - 1) {
        REQUIRE(fp_checkpoint_save(folder(), &checkpoint, &is_doubtful, &error));
        REQUIRE(load(rules, network_kinds, &again));
        REQUIRE(again.generation == checkpoint.generation && again.committed == checkpoint.committed);
        REQUIRE(again.seen.names->len == checkpoint.seen.names->len && again.seen.files->len == checkpoint.seen.files->len);
        REQUIRE(again.messages->len == checkpoint.messages->len && (again.streams == NULL) == (checkpoint.streams == NULL));
        REQUIRE(again.totals.files == checkpoint.totals.files && again.totals.last_frame_ns == checkpoint.totals.last_frame_ns);
        REQUIRE(fp_checkpoint_newest(folder()) >= again.generation);
        fp_checkpoint_clear(&again);
    }
    fp_checkpoint_clear(&checkpoint);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static bool has_begun;
    const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};
    Input input = {bytes, n};
    const unsigned how = input_byte(&input);

    if (!has_begun)
        REQUIRE(atexit(leave_folder) == 0);
    has_begun = true;
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
        size_t length = (size_t)input_byte(&input) << 8;
        length |= input_byte(&input);
        uint8_t *file = input_copy(&input, &length);
        const bool is_mended = !(how & 1U << i);
        if (i < 2)
            put_slot(names[i], file, length, is_mended);
        else
            put_witness(names[i], file, length, is_mended);
        free(file);
    }
    save_again(&rules, how & 8 ? 1 : 0);
    return 0;
}
