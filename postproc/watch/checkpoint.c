/* SPDX-License-Identifier: GPL-2.0-or-later */
/* checkpoint.c - see checkpoint.h. */
#include "checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/journal.h"
#include "checkpoint-first.h"
#include "pass/messages.h"
#include "pass/pass.h"

#define MAGIC 0x31746e696f707066U   /* "fppoint1" */
#define VERSION_WITHOUT_MESSAGES 2U /* messages are left out where there are none, so that older programs can read it */
#define VERSION_WITHOUT_HELLOS 3U   /* and so is what is followed for later hellos */
#define VERSION_WITHOUT_REPLIES 4U  /* and so is what lines wait for besides their messages */
#define VERSION 5U
#define N_SLOTS 2U
#define HEADER_BYTES 4096
#define BUFFER_BYTES (1024U * 1024U)
#define SEEN_MAX (1U << 24)
#define MESSAGE_BYTES_MAX (UINT64_C(1) << 31)

/* The beginning of a slot. checksum covers all members before it, body_checksum what follows the header. In every version the first three
 * members mean the same, and the last 8 of header_bytes are the checksum, so that each version knows what it cannot read from what is
 * damaged. */
typedef struct {
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

/* In every form, what is before the totals, and what is behind them. */
#define BEFORE_TOTALS offsetof(Header, totals)
#define BEHIND_TOTALS (offsetof(Header, totals) + sizeof(FpTotals))
#define HEADER_BYTES_FIRST (BEFORE_TOTALS + FP_CHECKPOINT_FIRST_BYTES + sizeof(Header) - BEHIND_TOTALS)

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

/* A slot's body on its way to or from the disk. */
typedef struct {
    int fd;
    off_t offset;
    uint8_t *buffer;
    size_t start;
    size_t end;
    uint64_t left; /* when reading: bytes of the body that have not been read into buffer */
    uint64_t bytes;
    XXH3_state_t *hash;
    int failure; /* errno; 0 if the file is too short */
} Body;

static Body body_new(int fd)
{
    Body body = {.fd = fd, .offset = HEADER_BYTES, .buffer = g_malloc(BUFFER_BYTES), .hash = XXH3_createState()};

    XXH3_64bits_reset(body.hash);
    return body;
}

static void body_clear(Body *body)
{
    g_free(body->buffer);
    XXH3_freeState(body->hash);
}

static bool body_flush(Body *body)
{
    while (body->start < body->end) {
        ssize_t n = pwrite(body->fd, body->buffer + body->start, body->end - body->start, body->offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            body->failure = errno;
            return false;
        }
        body->start += (size_t)n;
        body->offset += n;
    }
    body->start = body->end = 0;
    return true;
}

static bool body_write(void *user, const void *bytes, size_t n)
{
    Body *body = user;
    const uint8_t *from = bytes;

    XXH3_64bits_update(body->hash, bytes, n);
    body->bytes += n;
    while (n > 0) {
        size_t part = MIN(n, BUFFER_BYTES - body->end);
        memcpy(body->buffer + body->end, from, part);
        body->end += part;
        from += part;
        n -= part;
        if (body->end == BUFFER_BYTES && !body_flush(body))
            return false;
    }
    return true;
}

/* Returns false at the end, or when reading fails; then failure is set. */
static bool body_fill(Body *body)
{
    size_t wanted = MIN(BUFFER_BYTES, body->left);
    ssize_t n;

    if (wanted == 0)
        return false;
    do
        n = pread(body->fd, body->buffer, wanted, body->offset);
    while (n < 0 && errno == EINTR);
    if (n <= 0) {
        body->failure = n < 0 ? errno : 0;
        return false;
    }
    XXH3_64bits_update(body->hash, body->buffer, (size_t)n);
    body->start = 0;
    body->end = (size_t)n;
    body->offset += n;
    body->left -= (uint64_t)n;
    return true;
}

static bool body_read(void *user, void *bytes, size_t n)
{
    Body *body = user;
    uint8_t *to = bytes;

    while (n > 0) {
        if (body->start == body->end && !body_fill(body))
            return false;
        size_t part = MIN(n, body->end - body->start);
        memcpy(to, body->buffer + body->start, part);
        body->start += part;
        to += part;
        n -= part;
    }
    return true;
}

static char *slot_path(const char *folder, uint64_t generation)
{
    return g_strdup_printf("%s/checkpoint.%u", folder, (unsigned)(generation % N_SLOTS));
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

static bool write_all(int fd, const void *bytes, size_t n, off_t offset)
{
    for (size_t done = 0; done < n;) {
        ssize_t written = pwrite(fd, (const uint8_t *)bytes + done, n - done, offset + (off_t)done);
        if (written < 0 && errno != EINTR)
            return false;
        done += written > 0 ? (size_t)written : 0;
    }
    return true;
}

static bool write_array(Body *body, const GArray *numbers)
{
    return body_write(body, numbers->data, numbers->len * sizeof(uint64_t));
}

static bool write_messages(Body *body, const GByteArray *messages)
{
    const uint64_t n = messages->len;

    return n == 0 || (body_write(body, &n, sizeof n) && body_write(body, messages->data, n));
}

static uint32_t version_of(const GByteArray *messages)
{
    if (messages->len == 0)
        return VERSION_WITHOUT_MESSAGES;
    if (fp_pass_saved_replies(messages))
        return VERSION;
    return fp_messages_saved_hellos(messages) ? VERSION_WITHOUT_REPLIES : VERSION_WITHOUT_HELLOS;
}

/* Syncs the folder too, as the slot's file may be new in it. */
static bool write_slot(int fd, const char *folder, const char *path, const FpCheckpoint *checkpoint, GError **error)
{
    Header header = {.magic = MAGIC, .version = version_of(checkpoint->messages), .header_bytes = sizeof header};
    Body body = body_new(fd);

    bool is_written = write_array(&body, checkpoint->seen.names) && write_array(&body, checkpoint->seen.files) &&
                      write_array(&body, checkpoint->seen.matched) &&
                      (checkpoint->streams == NULL || fp_streams_save(checkpoint->streams, body_write, &body)) &&
                      write_messages(&body, checkpoint->messages) && body_flush(&body);
    header.generation = checkpoint->generation + 1;
    header.committed = checkpoint->committed;
    header.network_kinds = checkpoint->network_kinds;
    header.has_streams = checkpoint->streams != NULL;
    header.n_names = checkpoint->seen.names->len;
    header.n_files = checkpoint->seen.files->len;
    header.n_matched = checkpoint->seen.matched->len;
    header.totals = checkpoint->totals;
    header.body_bytes = body.bytes;
    header.body_checksum = XXH3_64bits_digest(body.hash);
    header.checksum = header_checksum(&header);
    int failure = body.failure;
    body_clear(&body);
    if (!is_written)
        return set_error(error, path, "the state cannot be written", failure);
    if (!write_all(fd, &header, sizeof header, 0))
        return set_error(error, path, "the state cannot be written", errno);
    return (fdatasync(fd) == 0 && fp_folder_sync(folder)) || set_error(error, path, "the state cannot be synced to disk", errno);
}

static Recent last_of(const GArray *numbers)
{
    Recent recent = {.n = MIN(numbers->len, FP_CHECKPOINT_RECENT)};

    for (guint i = 0; i < recent.n; i++)
        recent.numbers[i] = g_array_index(numbers, uint64_t, numbers->len - recent.n + i);
    return recent;
}

/* Nobody else may read it: whoever knows the seed can make streams that fall into one place of the table. Older versions let everybody. */
static int open_to_save(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    struct stat status;

    if (fd >= 0 && fstat(fd, &status) == 0 && (status.st_mode & S_IRWXO) != 0)
        (void)!fchmod(fd, status.st_mode & (S_IRWXU | S_IRWXG));
    return fd;
}

static bool save_witness(const char *folder, const FpCheckpoint *checkpoint)
{
    g_autofree char *path = g_build_filename(folder, "committed", NULL);
    Witness witness = {.magic = MAGIC,
                       .generation = checkpoint->generation,
                       .committed = checkpoint->committed,
                       .names = last_of(checkpoint->seen.names),
                       .files = last_of(checkpoint->seen.files)};
    int fd = open_to_save(path);

    witness.checksum = XXH3_64bits(&witness, offsetof(Witness, checksum));
    bool is_written = fd >= 0 && write_all(fd, &witness, sizeof witness, 0);
    if (fd >= 0)
        close(fd);
    return is_written;
}

bool fp_checkpoint_save(const char *folder, FpCheckpoint *checkpoint, GError **error)
{
    g_autofree char *path = slot_path(folder, checkpoint->generation + 1);
    int fd = open_to_save(path);

    if (fd < 0)
        return set_error(error, path, "the state cannot be written", errno);
    bool is_written = write_slot(fd, folder, path, checkpoint, error);
    close(fd);
    if (!is_written) {
        unlink(path); /* its pages may be marked clean without having been written: nobody may read them */
        return false;
    }
    checkpoint->generation++;
    if (!save_witness(folder, checkpoint))
        fp_journal(G_LOG_LEVEL_WARNING, 0, NULL, "%s/committed: cannot be written: %s; it is needed only if a checkpoint is damaged later",
                   folder, g_strerror(errno));
    return true;
}

/* Reads up to n bytes from the beginning of a file; none if there is no file. Returns how many, or -1 and sets error. *fd: the open file,
 * or -1. */
static ssize_t read_beginning(const char *path, int *fd, void *bytes, size_t n, GError **error)
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

static bool load_witness(const char *folder, Witness *witness, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "committed", NULL);
    int fd;
    ssize_t n = read_beginning(path, &fd, witness, sizeof *witness, error);

    if (fd >= 0)
        close(fd);
    if (n < (ssize_t)sizeof *witness || witness->magic != MAGIC || witness->checksum != XXH3_64bits(witness, offsetof(Witness, checksum)))
        *witness = (Witness){0};
    return n >= 0;
}

static bool read_array(Body *body, GArray *numbers, uint64_t n)
{
    if (n > SEEN_MAX)
        return false;
    g_array_set_size(numbers, (guint)n);
    return body_read(body, numbers->data, n * sizeof(uint64_t));
}

static void begin_empty(FpCheckpoint *checkpoint)
{
    *checkpoint = (FpCheckpoint){.messages = g_byte_array_new(),
                                 .seen = {.names = g_array_new(FALSE, TRUE, sizeof(uint64_t)),
                                          .files = g_array_new(FALSE, TRUE, sizeof(uint64_t)),
                                          .matched = g_array_new(FALSE, TRUE, sizeof(uint64_t))}};
}

/* A slot being read. */
typedef struct {
    char *path;
    int fd;       /* -1: there is no file */
    size_t bytes; /* that were read of its beginning */
    uint8_t beginning[HEADER_BYTES];
    Header header;     /* in today's form */
    const char *wrong; /* what is wrong with it; NULL: nothing */
    bool is_newer;     /* a later version of the program wrote it, and nothing has damaged its header since */
} Slot;

static bool has_checksum(const Slot *slot)
{
    const size_t n = slot->header.header_bytes;
    uint64_t checksum;

    if (n < sizeof checksum || n > slot->bytes)
        return false;
    memcpy(&checksum, slot->beginning + n - sizeof checksum, sizeof checksum);
    return XXH3_64bits(slot->beginning, n - sizeof checksum) == checksum;
}

static void convert_first_header(Slot *slot)
{
    Header *header = &slot->header;

    memcpy(header, slot->beginning, BEFORE_TOTALS);
    fp_checkpoint_convert_first(slot->beginning + BEFORE_TOTALS, &header->totals);
    memcpy((uint8_t *)header + BEHIND_TOTALS, slot->beginning + BEFORE_TOTALS + FP_CHECKPOINT_FIRST_BYTES, sizeof *header - BEHIND_TOTALS);
}

/* Returns what is wrong with the header; NULL: nothing. */
static const char *read_header(Slot *slot)
{
    Header *header = &slot->header;

    memcpy(header, slot->beginning, MIN(slot->bytes, sizeof *header));
    if (slot->bytes < HEADER_BYTES_FIRST)
        return "is cut short";
    if (header->magic != MAGIC)
        return "is not a checkpoint";
    bool is_whole = has_checksum(slot);
    bool is_first = header->version == VERSION_WITHOUT_MESSAGES && header->header_bytes == HEADER_BYTES_FIRST;
    slot->is_newer = is_whole && header->version > VERSION;
    if (header->version < VERSION_WITHOUT_MESSAGES || header->version > VERSION || (header->header_bytes != sizeof *header && !is_first))
        return "is of another version of firstpayload";
    if (!is_whole)
        return "is damaged";
    if (is_first)
        convert_first_header(slot);
    return NULL;
}

static bool slot_open(Slot *slot, const char *folder, unsigned number, GError **error)
{
    slot->path = slot_path(folder, number);
    ssize_t n = read_beginning(slot->path, &slot->fd, slot->beginning, sizeof slot->beginning, error);
    if (n < 0)
        return false;
    slot->bytes = (size_t)n;
    slot->wrong = read_header(slot);
    if (slot->wrong != NULL)
        slot->header.generation = 0;
    return true;
}

/* Going on from nothing would lose what that version knows of streams, and lines that wait; so somebody has to decide. */
static bool refuse_newer(const Slot *slot, GError **error)
{
    if (slot->is_newer)
        g_set_error(
            error, FP_ERROR, FP_ERROR_CONFIG,
            "%s: a newer version of firstpayload wrote this (form %u; this version knows those up to %u): go on with that version, or "
            "give this one another state folder (--state), for which all connections are new",
            slot->path, slot->header.version, VERSION);
    return !slot->is_newer;
}

static void slot_close(Slot *slot)
{
    if (slot->fd >= 0)
        close(slot->fd);
    g_free(slot->path);
}

uint64_t fp_checkpoint_newest(const char *folder)
{
    Witness witness = {0};
    uint64_t newest = load_witness(folder, &witness, NULL) ? witness.generation : 0;

    for (unsigned number = 0; number < N_SLOTS; number++) {
        Slot slot = {.fd = -1};
        if (slot_open(&slot, folder, number, NULL))
            newest = MAX(newest, slot.header.generation);
        slot_close(&slot);
    }
    return newest;
}

static bool read_messages(Body *body, GByteArray *messages)
{
    uint64_t n;

    if (!body_read(body, &n, sizeof n) || n > MESSAGE_BYTES_MAX || n > body->left + (body->end - body->start))
        return false;
    g_byte_array_set_size(messages, (guint)n);
    return body_read(body, messages->data, n);
}

/* Reads a slot with a valid header into *checkpoint, which is empty. Returns false and sets error when it cannot be read. If it is damaged,
 * notes that in slot->wrong. */
static bool slot_read(Slot *slot, const FpRules *rules, size_t max_streams, FpCheckpoint *checkpoint, GError **error)
{
    const Header *header = &slot->header;
    Body body = body_new(slot->fd);
    bool is_whole;

    body.left = header->body_bytes;
    is_whole = read_array(&body, checkpoint->seen.names, header->n_names) && read_array(&body, checkpoint->seen.files, header->n_files) &&
               read_array(&body, checkpoint->seen.matched, header->n_matched);
    if (is_whole && header->has_streams) {
        checkpoint->streams = fp_streams_load(rules, max_streams, body_read, &body);
        is_whole = checkpoint->streams != NULL;
    }
    is_whole = is_whole && (header->version == VERSION_WITHOUT_MESSAGES || read_messages(&body, checkpoint->messages));
    is_whole = is_whole && body.left == 0 && body.start == body.end && XXH3_64bits_digest(body.hash) == header->body_checksum;
    int failure = body.failure;
    body_clear(&body);
    if (failure != 0)
        return set_error(error, slot->path, "cannot be read", failure);
    slot->wrong = is_whole ? NULL : "is damaged";
    checkpoint->generation = header->generation;
    checkpoint->committed = header->committed;
    checkpoint->network_kinds = header->network_kinds;
    checkpoint->totals = header->totals;
    return true;
}

static void begin_again(FpCheckpoint *checkpoint)
{
    fp_checkpoint_clear(checkpoint);
    begin_empty(checkpoint);
}

/* Syncs the slot before we act on what it says: a watcher that was killed, or could not tell whether its write holds, may only just have
 * written it. Syncs the folder too, as this slot may be new in it, and the other one gone from it. */
static bool make_certain(const Slot *slot, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(slot->path);
    bool is_certain = (fdatasync(slot->fd) == 0 && fp_folder_sync(folder)) || errno == EINVAL || errno == EROFS;

    return is_certain || set_error(error, slot->path, "the state cannot be synced to disk", errno);
}

/* Reads the slot if it is valid; otherwise logs what is wrong with it. *is_whole: whether it is valid. */
static bool slot_load(Slot *slot, const FpRules *rules, size_t max_streams, FpCheckpoint *checkpoint, bool *is_whole, GError **error)
{
    if (slot->wrong == NULL && !slot_read(slot, rules, max_streams, checkpoint, error))
        return false;
    *is_whole = slot->wrong == NULL;
    if (*is_whole)
        return make_certain(slot, error);
    begin_again(checkpoint);
    if (slot->fd >= 0)
        fp_journal(G_LOG_LEVEL_WARNING, 0, slot->path, "%s: %s; the other checkpoint is used, if there is one", slot->path, slot->wrong);
    return true;
}

static bool load_newest(Slot *slots, const FpRules *rules, size_t max_streams, FpCheckpoint *checkpoint, GError **error)
{
    unsigned newest = slots[1].header.generation > slots[0].header.generation;
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

/* The valid slot may be older than the last commit. */
static void apply_witness(const char *folder, const Witness *witness, FpCheckpoint *checkpoint)
{
    if (witness->generation <= checkpoint->generation)
        return;
    fp_journal(G_LOG_LEVEL_WARNING, witness->committed, NULL,
               "%s: the newest checkpoint is lost; no file is lost or taken twice, but connections that were open may be taken for new, "
               "and lines that waited for the rest of a message are lost",
               folder);
    g_byte_array_set_size(checkpoint->messages, 0); /* the commit that is lost may have written their lines */
    checkpoint->generation = witness->generation;
    checkpoint->committed = MAX(checkpoint->committed, witness->committed);
    add_missing(checkpoint->seen.names, &witness->names);
    add_missing(checkpoint->seen.files, &witness->files);
}

bool fp_checkpoint_load(const char *folder, const FpRules *rules, size_t max_streams, unsigned network_kinds, FpCheckpoint *checkpoint,
                        GError **error)
{
    Slot slots[N_SLOTS] = {{.fd = -1}, {.fd = -1}};
    Witness witness;

    begin_empty(checkpoint);
    bool is_read = slot_open(&slots[0], folder, 0, error) && slot_open(&slots[1], folder, 1, error) && refuse_newer(&slots[0], error) &&
                   refuse_newer(&slots[1], error) && load_witness(folder, &witness, error) &&
                   load_newest(slots, rules, max_streams, checkpoint, error);
    slot_close(&slots[0]);
    slot_close(&slots[1]);
    if (!is_read) {
        fp_checkpoint_clear(checkpoint);
        return false;
    }
    apply_witness(folder, &witness, checkpoint);
    if (checkpoint->streams != NULL && checkpoint->network_kinds != network_kinds) {
        fp_journal(G_LOG_LEVEL_WARNING, 0, NULL, "%s: the checkpoint was made with another --stream-key; its streams are forgotten",
                   folder);
        g_clear_pointer(&checkpoint->streams, fp_streams_free);
        g_array_set_size(checkpoint->seen.matched, 0); /* streams are numbered anew */
    }
    checkpoint->network_kinds = network_kinds;
    return true;
}

void fp_checkpoint_clear(FpCheckpoint *checkpoint)
{
    g_clear_pointer(&checkpoint->seen.names, g_array_unref);
    g_clear_pointer(&checkpoint->seen.files, g_array_unref);
    g_clear_pointer(&checkpoint->seen.matched, g_array_unref);
    g_clear_pointer(&checkpoint->streams, fp_streams_free);
    g_clear_pointer(&checkpoint->messages, g_byte_array_unref);
}
