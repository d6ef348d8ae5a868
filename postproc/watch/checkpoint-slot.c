/* SPDX-License-Identifier: GPL-2.0-or-later */
/* checkpoint-slot.c - see checkpoint-slot.h. */
#include "checkpoint-slot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/error.h"
#include "base/folder.h"
#include "checkpoint-body.h"
#include "checkpoint-first.h"
#include "pass/messages.h"
#include "pass/pass.h"

#define VERSION_WITHOUT_MESSAGES 2U /* messages are left out where there are none, so that older programs can read it */
#define VERSION_WITHOUT_HELLOS 3U   /* and so is what is followed for later hellos */
#define VERSION_WITHOUT_REPLIES 4U  /* and so is what lines wait for besides their messages */
#define VERSION 5U
#define HEADER_BYTES 4096

/* The beginning of a slot. checksum covers all members before it, body_checksum what follows the header. In every version the first three
 * members mean the same, and the last 8 of header_bytes are the checksum, so that each version knows what it cannot read from what is
 * damaged. */
typedef struct FpCheckpointHeader {
    uint64_t magic;
    uint32_t version;
    uint32_t header_bytes; /* sizeof(Header) */
    uint64_t generation;
    uint64_t committed;
    uint32_t network_kinds;
    uint32_t has_streams;
    uint64_t n_names;
    uint64_t n_files;
    uint64_t n_matched;
    FpTotals totals;
    uint64_t body_bytes;
    uint64_t body_checksum;
    uint64_t checksum;
} Header;

/* Whoever changes its size, with FpSummary for instance, gives it another VERSION, and reads the one before as checkpoint-first.c does. */
G_STATIC_ASSERT(sizeof(void *) != 8 || sizeof(Header) == 392);
G_STATIC_ASSERT(sizeof(Header) <= HEADER_BYTES && offsetof(Header, checksum) + sizeof(uint64_t) == sizeof(Header));

/* Behind the header, up to the body: what the claims were that this commit was for. It counts if it is whole and of the header's
 * generation; programs that do not know it leave it alone. */
typedef struct {
    uint64_t generation;
    uint64_t n;
    FpTaken claims[FP_CHECKPOINT_TAKEN];
    uint64_t checksum;
} Taken;

typedef struct {
    Header header;
    uint8_t unused[HEADER_BYTES - sizeof(Header) - sizeof(Taken)];
    Taken taken;
} Beginning;

G_STATIC_ASSERT(sizeof(Beginning) == HEADER_BYTES);

/* In every form, what is before the totals, and what is behind them. */
#define BEFORE_TOTALS offsetof(Header, totals)
#define BEHIND_TOTALS (offsetof(Header, totals) + sizeof(FpTotals))
#define HEADER_BYTES_FIRST (BEFORE_TOTALS + FP_CHECKPOINT_FIRST_BYTES + sizeof(Header) - BEHIND_TOTALS)

static char *slot_path(const char *folder, uint64_t generation)
{
    return g_strdup_printf("%s/checkpoint.%u", folder, (unsigned)(generation % FP_CHECKPOINT_SLOTS));
}

static uint64_t header_checksum(const Header *header)
{
    return XXH3_64bits(header, offsetof(Header, checksum));
}

static bool set_error(GError **error, const char *path, const char *what, int failure)
{
    g_set_error(error, FP_ERROR, FP_ERROR_IO, "%s: %s: %s", path, what, g_strerror(failure));
    return false;
}

bool fp_checkpoint_write_beginning(int fd, const void *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t written = pwrite(fd, (const uint8_t *)bytes + done, n - done, (off_t)done);
        if (written < 0 && errno != EINTR)
            return false;
        done += written > 0 ? (size_t)written : 0;
    }
    return true;
}

/* Versions before 0.2.0 let everybody read it. */
static void keep_from_others(int fd)
{
    struct stat status;

    if (fstat(fd, &status) == 0 && (status.st_mode & S_IRWXO) != 0)
        (void)!fchmod(fd, status.st_mode & (S_IRWXU | S_IRWXG));
}

int fp_checkpoint_open_to_write(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);

    if (fd >= 0)
        keep_from_others(fd);
    return fd;
}

ssize_t fp_checkpoint_read_beginning(const char *path, int *fd, void *bytes, size_t n, GError **error)
{
    ssize_t done = 0;
    ssize_t part = 1;

    *fd = open(path, O_RDONLY | O_CLOEXEC);
    while (*fd >= 0 && part > 0 && (size_t)done < n) {
        part = pread(*fd, (uint8_t *)bytes + done, n - (size_t)done, done);
        done += MAX(part, 0);
    }
    if ((*fd < 0 && errno != ENOENT) || part < 0) {
        set_error(error, path, "cannot be read", errno);
        return -1;
    }
    return done;
}

static uint32_t version_of(const GByteArray *messages)
{
    if (messages->len == 0)
        return VERSION_WITHOUT_MESSAGES;
    if (fp_pass_saved_replies(messages))
        return VERSION;
    return fp_messages_saved_hellos(messages) ? VERSION_WITHOUT_REPLIES : VERSION_WITHOUT_HELLOS;
}

static Header header_of(const FpCheckpoint *checkpoint, const FpCheckpointBody *body)
{
    Header header = {.magic = FP_CHECKPOINT_MAGIC,
                     .version = version_of(checkpoint->messages),
                     .header_bytes = sizeof header,
                     .generation = checkpoint->generation + 1,
                     .committed = checkpoint->committed,
                     .network_kinds = checkpoint->network_kinds,
                     .has_streams = checkpoint->streams != NULL,
                     .n_names = checkpoint->seen.names->len,
                     .n_files = checkpoint->seen.files->len,
                     .n_matched = checkpoint->seen.matched->len,
                     .totals = checkpoint->totals,
                     .body_bytes = body->bytes,
                     .body_checksum = fp_checkpoint_body_checksum(body)};

    header.checksum = header_checksum(&header);
    return header;
}

static Taken taken_of(const FpCheckpoint *checkpoint)
{
    Taken taken = {.generation = checkpoint->generation + 1, .n = MIN(checkpoint->taken->len, FP_CHECKPOINT_TAKEN)};

    if (taken.n > 0)
        memcpy(taken.claims, checkpoint->taken->data, taken.n * sizeof taken.claims[0]);
    taken.checksum = XXH3_64bits(&taken, offsetof(Taken, checksum));
    return taken;
}

static bool write_slot(int fd, const char *path, const FpCheckpoint *checkpoint, GError **error)
{
    FpCheckpointBody body = fp_checkpoint_body_new(fd, HEADER_BYTES, 0);
    bool is_written = fp_checkpoint_body_write(&body, checkpoint);
    const Beginning beginning = {.header = header_of(checkpoint, &body), .taken = taken_of(checkpoint)};
    int failure = body.failure;

    fp_checkpoint_body_clear(&body);
    if (!is_written)
        return set_error(error, path, "the state cannot be written", failure);
    if (!fp_checkpoint_write_beginning(fd, &beginning, sizeof beginning))
        return set_error(error, path, "the state cannot be written", errno);
    return fdatasync(fd) == 0 || set_error(error, path, "the state cannot be synced to disk", errno);
}

bool fp_checkpoint_slot_write(const char *folder, const FpCheckpoint *checkpoint, bool *is_doubtful, GError **error)
{
    g_autofree char *path = slot_path(folder, checkpoint->generation + 1);
    int fd = fp_checkpoint_open_to_write(path);

    if (fd < 0)
        return set_error(error, path, "the state cannot be written", errno);
    bool is_written = write_slot(fd, path, checkpoint, error);
    close(fd);
    bool is_gone = !is_written && unlink(path) == 0; /* its pages may be marked clean without having been written: nobody may read them */
    bool is_synced = fp_folder_sync(folder);         /* the slot may be new in it, or is gone from it */
    if (is_written && is_synced) {
        *is_doubtful = false;
        return true;
    }
    if (is_written) {
        set_error(error, path, "the state cannot be synced to disk", errno);
        unlink(path);
    }
    *is_doubtful = *is_doubtful || !is_gone || !is_synced;
    return false;
}

/* n bytes of a slot's beginning. */
static bool has_checksum(const uint8_t *beginning, size_t n, size_t header_bytes)
{
    uint64_t checksum;

    if (header_bytes < sizeof checksum || header_bytes > n)
        return false;
    memcpy(&checksum, beginning + header_bytes - sizeof checksum, sizeof checksum);
    return XXH3_64bits(beginning, header_bytes - sizeof checksum) == checksum;
}

/* What stands before the totals is the same, and there already. */
static void convert_first_header(const uint8_t *beginning, Header *header)
{
    fp_checkpoint_convert_first(beginning + BEFORE_TOTALS, &header->totals);
    memcpy((uint8_t *)header + BEHIND_TOTALS, beginning + BEFORE_TOTALS + FP_CHECKPOINT_FIRST_BYTES, sizeof *header - BEHIND_TOTALS);
}

/* Reads the header from n bytes of the slot's beginning. Returns what is wrong with it; NULL: nothing. */
static const char *read_header(FpCheckpointSlot *slot, const uint8_t *beginning, size_t n)
{
    Header *header = slot->header;

    memcpy(header, beginning, MIN(n, sizeof *header));
    slot->version = header->version;
    if (n < HEADER_BYTES_FIRST)
        return "is cut short";
    if (header->magic != FP_CHECKPOINT_MAGIC)
        return "is not a checkpoint";
    bool is_whole = has_checksum(beginning, n, header->header_bytes);
    bool is_first = header->version == VERSION_WITHOUT_MESSAGES && header->header_bytes == HEADER_BYTES_FIRST;
    slot->is_newer = is_whole && header->version > VERSION;
    if (header->version < VERSION_WITHOUT_MESSAGES || header->version > VERSION || (header->header_bytes != sizeof *header && !is_first))
        return "is of another version of firstpayload";
    if (!is_whole)
        return "is damaged";
    if (is_first)
        convert_first_header(beginning, header);
    return NULL;
}

/* Returns what the claims were, as n bytes of the slot's beginning say; nothing if they do not. */
static GArray *read_taken(uint64_t generation, const uint8_t *beginning, size_t n)
{
    GArray *claims = g_array_new(FALSE, FALSE, sizeof(FpTaken));
    Taken taken;

    if (n < HEADER_BYTES)
        return claims;
    memcpy(&taken, beginning + offsetof(Beginning, taken), sizeof taken);
    if (taken.generation == generation && taken.n <= FP_CHECKPOINT_TAKEN &&
        taken.checksum == XXH3_64bits(&taken, offsetof(Taken, checksum)))
        g_array_append_vals(claims, taken.claims, (guint)taken.n);
    return claims;
}

bool fp_checkpoint_slot_open(FpCheckpointSlot *slot, const char *folder, uint64_t number, GError **error)
{
    uint8_t beginning[HEADER_BYTES];

    *slot = (FpCheckpointSlot){.path = slot_path(folder, number), .header = g_new0(Header, 1)};
    ssize_t n = fp_checkpoint_read_beginning(slot->path, &slot->fd, beginning, sizeof beginning, error);
    if (n < 0)
        return false;
    if (slot->fd >= 0)
        keep_from_others(slot->fd);
    slot->wrong = read_header(slot, beginning, (size_t)n);
    slot->generation = slot->wrong == NULL ? slot->header->generation : 0;
    slot->taken = read_taken(slot->generation, beginning, (size_t)n);
    return true;
}

/* Going on from nothing would lose what that version knows of streams, and lines that wait; so somebody has to decide. */
bool fp_checkpoint_slot_refuse_newer(const FpCheckpointSlot *slot, GError **error)
{
    if (slot->is_newer)
        g_set_error(
            error, FP_ERROR, FP_ERROR_CONFIG,
            "%s: a newer version of firstpayload wrote this (form %u; this version knows those up to %u): go on with that version, or "
            "give this one another state folder (--state), for which all connections are new",
            slot->path, slot->version, VERSION);
    return !slot->is_newer;
}

void fp_checkpoint_slot_close(FpCheckpointSlot *slot)
{
    if (slot->fd >= 0)
        close(slot->fd);
    g_clear_pointer(&slot->taken, g_array_unref);
    g_free(slot->header);
    g_free(slot->path);
}

bool fp_checkpoint_slot_read(FpCheckpointSlot *slot, const FpRules *rules, size_t max_streams, FpCheckpoint *checkpoint, GError **error)
{
    const Header *header = slot->header;
    const FpCheckpointParts parts = {.n_names = header->n_names,
                                     .n_files = header->n_files,
                                     .n_matched = header->n_matched,
                                     .has_streams = header->has_streams != 0,
                                     .has_messages = header->version != VERSION_WITHOUT_MESSAGES};
    FpCheckpointBody body = fp_checkpoint_body_new(slot->fd, HEADER_BYTES, header->body_bytes);
    bool is_whole = fp_checkpoint_body_read(&body, &parts, rules, max_streams, checkpoint) &&
                    fp_checkpoint_body_checksum(&body) == header->body_checksum;
    int failure = body.failure;

    fp_checkpoint_body_clear(&body);
    if (failure != 0)
        return set_error(error, slot->path, "cannot be read", failure);
    slot->wrong = is_whole ? NULL : "is damaged";
    checkpoint->generation = header->generation;
    checkpoint->committed = header->committed;
    checkpoint->network_kinds = header->network_kinds;
    checkpoint->totals = header->totals;
    g_array_set_size(checkpoint->taken, 0);
    g_array_append_vals(checkpoint->taken, slot->taken->data, slot->taken->len);
    return true;
}

bool fp_checkpoint_slot_sync(const FpCheckpointSlot *slot, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(slot->path);
    bool is_certain = (fdatasync(slot->fd) == 0 && fp_folder_sync(folder)) || errno == EINVAL || errno == EROFS;

    return is_certain || set_error(error, slot->path, "the state cannot be synced to disk", errno);
}
