/* SPDX-License-Identifier: GPL-2.0-or-later */
/* checkpoint.c - see checkpoint.h. */
#include "checkpoint.h"

#include <errno.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/journal.h"
#include "checkpoint-slot.h"

/* The last numbers of an array. */
typedef struct {
    uint64_t n;
    uint64_t numbers[FP_CHECKPOINT_RECENT];
} Recent;

/* The file `committed`. */
typedef struct {
    uint64_t magic;
    uint64_t generation;
    uint64_t committed;
    Recent names;
    Recent files;
    uint64_t checksum;
} Witness;

static Recent last_of(const GArray *numbers)
{
    Recent recent = {.n = MIN(numbers->len, FP_CHECKPOINT_RECENT)};

    for (guint i = 0; i < recent.n; i++)
        recent.numbers[i] = g_array_index(numbers, uint64_t, numbers->len - recent.n + i);
    return recent;
}

static bool save_witness(const char *folder, const FpCheckpoint *checkpoint)
{
    g_autofree char *path = g_build_filename(folder, "committed", NULL);
    Witness witness = {.magic = FP_CHECKPOINT_MAGIC,
                       .generation = checkpoint->generation,
                       .committed = checkpoint->committed,
                       .names = last_of(checkpoint->seen.names),
                       .files = last_of(checkpoint->seen.files)};
    int fd = fp_checkpoint_open_to_write(path);

    witness.checksum = XXH3_64bits(&witness, offsetof(Witness, checksum));
    bool is_written = fd >= 0 && fp_checkpoint_write_beginning(fd, &witness, sizeof witness);
    if (fd >= 0)
        close(fd);
    return is_written;
}

bool fp_checkpoint_save(const char *folder, FpCheckpoint *checkpoint, bool *is_doubtful, GError **error)
{
    if (!fp_checkpoint_slot_write(folder, checkpoint, is_doubtful, error))
        return false;
    checkpoint->generation++;
    if (!save_witness(folder, checkpoint))
        fp_journal(G_LOG_LEVEL_WARNING, 0, NULL, "%s/committed: cannot be written: %s; it is needed only if a checkpoint is damaged later",
                   folder, g_strerror(errno));
    return true;
}

static bool load_witness(const char *folder, Witness *witness, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "committed", NULL);
    int fd;
    ssize_t n = fp_checkpoint_read_beginning(path, &fd, witness, sizeof *witness, error);

    if (fd >= 0)
        close(fd);
    if (n < (ssize_t)sizeof *witness || witness->magic != FP_CHECKPOINT_MAGIC ||
        witness->checksum != XXH3_64bits(witness, offsetof(Witness, checksum)))
        *witness = (Witness){0};
    return n >= 0;
}

uint64_t fp_checkpoint_newest(const char *folder)
{
    Witness witness = {0};
    uint64_t newest = load_witness(folder, &witness, NULL) ? witness.generation : 0;

    for (unsigned number = 0; number < FP_CHECKPOINT_SLOTS; number++) {
        FpCheckpointSlot slot;
        if (fp_checkpoint_slot_open(&slot, folder, number, NULL))
            newest = MAX(newest, slot.generation);
        fp_checkpoint_slot_close(&slot);
    }
    return newest;
}

static void begin_empty(FpCheckpoint *checkpoint)
{
    *checkpoint = (FpCheckpoint){.messages = g_byte_array_new(),
                                 .taken = g_array_new(FALSE, FALSE, sizeof(FpTaken)),
                                 .seen = {.names = g_array_new(FALSE, TRUE, sizeof(uint64_t)),
                                          .files = g_array_new(FALSE, TRUE, sizeof(uint64_t)),
                                          .matched = g_array_new(FALSE, TRUE, sizeof(uint64_t))}};
}

static void begin_again(FpCheckpoint *checkpoint)
{
    fp_checkpoint_clear(checkpoint);
    begin_empty(checkpoint);
}

/* Reads the slot if it is valid; otherwise logs what is wrong with it. *is_whole: whether it is valid. */
static bool slot_load(FpCheckpointSlot *slot, const FpRules *rules, size_t max_streams, FpCheckpoint *checkpoint, bool *is_whole,
                      GError **error)
{
    if (slot->wrong == NULL && !fp_checkpoint_slot_read(slot, rules, max_streams, checkpoint, error))
        return false;
    *is_whole = slot->wrong == NULL;
    if (*is_whole)
        return fp_checkpoint_slot_sync(slot, error);
    begin_again(checkpoint);
    if (slot->fd >= 0)
        fp_journal(G_LOG_LEVEL_WARNING, 0, slot->path, "%s: %s; the other checkpoint is used, if there is one", slot->path, slot->wrong);
    return true;
}

static bool load_newest(FpCheckpointSlot *slots, const FpRules *rules, size_t max_streams, FpCheckpoint *checkpoint, GError **error)
{
    unsigned newest = slots[1].generation > slots[0].generation;
    bool is_whole = false;

    return slot_load(&slots[newest], rules, max_streams, checkpoint, &is_whole, error) &&
           (is_whole || slot_load(&slots[1 - newest], rules, max_streams, checkpoint, &is_whole, error));
}

static void add_missing(GArray *numbers, const Recent *recent)
{
    g_autoptr(GArray) before = g_array_copy(numbers); /* a copy, as the keys of the table must stay where they are */
    g_autoptr(GHashTable) there = g_hash_table_new(g_int64_hash, g_int64_equal);

    for (guint i = 0; i < before->len; i++)
        g_hash_table_add(there, &g_array_index(before, uint64_t, i));
    for (guint i = 0; i < MIN(recent->n, FP_CHECKPOINT_RECENT); i++)
        if (!g_hash_table_contains(there, &recent->numbers[i]))
            g_array_append_val(numbers, recent->numbers[i]);
}

/* What became of the slot that had the last commit. */
static const char *fate_of(const FpCheckpointSlot *slot)
{
    if (slot->fd < 0)
        return "is gone";
    return slot->wrong != NULL ? slot->wrong : "is an older one";
}

/* The valid slot may be older than the last commit. */
static void apply_witness(const FpCheckpointSlot *slots, const Witness *witness, FpCheckpoint *checkpoint)
{
    const FpCheckpointSlot *lost = &slots[witness->generation % FP_CHECKPOINT_SLOTS];

    if (witness->generation <= checkpoint->generation)
        return;
    fp_journal(G_LOG_LEVEL_WARNING, witness->committed, lost->path,
               "%s: %s: the newest checkpoint is lost; no file is lost or taken twice, but connections that were open may be taken for "
               "new, and lines that waited for the rest of a message are lost",
               lost->path, fate_of(lost));
    g_byte_array_set_size(checkpoint->messages, 0);   /* the commit that is lost may have written their lines */
    checkpoint->generation = witness->generation + 1; /* so that the next one is written over the lost one, not over the only whole one */
    checkpoint->committed = MAX(checkpoint->committed, witness->committed);
    add_missing(checkpoint->seen.names, &witness->names);
    add_missing(checkpoint->seen.files, &witness->files);
}

/* Streams that were told apart in another way are not those of today. */
static void use_network_kinds(const char *folder, unsigned network_kinds, FpCheckpoint *checkpoint)
{
    if (checkpoint->streams != NULL && checkpoint->network_kinds != network_kinds) {
        fp_journal(G_LOG_LEVEL_WARNING, 0, NULL, "%s: the checkpoint was made with another --stream-key; its streams are forgotten",
                   folder);
        g_clear_pointer(&checkpoint->streams, fp_streams_free);
        g_array_set_size(checkpoint->seen.matched, 0); /* streams are numbered anew */
    }
    checkpoint->network_kinds = network_kinds;
}

bool fp_checkpoint_load(const char *folder, const FpRules *rules, size_t max_streams, unsigned network_kinds, FpCheckpoint *checkpoint,
                        GError **error)
{
    FpCheckpointSlot slots[FP_CHECKPOINT_SLOTS] = {{.fd = -1}, {.fd = -1}};
    Witness witness;

    begin_empty(checkpoint);
    bool is_read = fp_checkpoint_slot_open(&slots[0], folder, 0, error) && fp_checkpoint_slot_open(&slots[1], folder, 1, error) &&
                   fp_checkpoint_slot_refuse_newer(&slots[0], error) && fp_checkpoint_slot_refuse_newer(&slots[1], error) &&
                   load_witness(folder, &witness, error) && load_newest(slots, rules, max_streams, checkpoint, error);
    if (is_read) {
        apply_witness(slots, &witness, checkpoint);
        use_network_kinds(folder, network_kinds, checkpoint);
    } else {
        fp_checkpoint_clear(checkpoint);
    }
    fp_checkpoint_slot_close(&slots[0]);
    fp_checkpoint_slot_close(&slots[1]);
    return is_read;
}

void fp_checkpoint_clear(FpCheckpoint *checkpoint)
{
    g_clear_pointer(&checkpoint->seen.names, g_array_unref);
    g_clear_pointer(&checkpoint->seen.files, g_array_unref);
    g_clear_pointer(&checkpoint->seen.matched, g_array_unref);
    g_clear_pointer(&checkpoint->taken, g_array_unref);
    g_clear_pointer(&checkpoint->streams, fp_streams_free);
    g_clear_pointer(&checkpoint->messages, g_byte_array_unref);
}
