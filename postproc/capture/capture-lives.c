/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-lives.c - see capture-lives.h. Blocks of pcapng are made around the frames where libpcap's copies lie: nothing is copied again.
 */
#include "capture-lives.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/stop.h"
#include "pcapng-section.h"

#define BATCH 32
#define READ_TIMEOUT_MS 40 /* the kernel keeps frames back for twice as long at most: see FP_LIVES_HOLD_MS */
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)
#define NAME_BYTES_MAX 512U

/* One of the interfaces. */
typedef struct {
    FpCapture *capture; /* of capture-live.c */
    FpRecord records[BATCH];
    int n, next; /* how many records there are, and which of them comes next */
    bool has_ended;
    bool wakes; /* as epoll was told */
} Part;

typedef struct {
    FpPcapngCommon common;
    GArray *parts;     /* of Part */
    GPtrArray *blocks; /* of GBytes: the section, and the interfaces' descriptions */
    guint n_given;     /* of these */
    int epoll;         /* readable when one of those interfaces has frames that are waited for */
    int timer;         /* for frames that wait */
} Lives;

static Part *part_of(const Lives *lives, guint n)
{
    return &g_array_index(lives->parts, Part, n);
}

static void put16(uint8_t *at, uint16_t value)
{
    memcpy(at, &value, sizeof value);
}

static void put32(uint8_t *at, uint32_t value)
{
    memcpy(at, &value, sizeof value);
}

/* Sections and descriptions come alone, as from a file. */
static int give_block(Lives *lives, FpRecord *record)
{
    gsize bytes;
    const uint8_t *raw = g_bytes_get_data(g_ptr_array_index(lives->blocks, lives->n_given), &bytes);

    *record = (FpRecord){.kind = lives->n_given == 0 ? FP_RECORD_SECTION : FP_RECORD_INTERFACE, .raw = raw, .raw_bytes = (uint32_t)bytes};
    lives->n_given++;
    lives->common.base.bytes_read += bytes;
    return 1;
}

static int descriptor_of(const Part *part)
{
    return part->capture->reader->descriptor(part->capture);
}

/* Takes what each interface has, where nothing is left of what it had. One that has gone no longer wakes anybody. */
static void look(Lives *lives)
{
    for (guint i = 0; i < lives->parts->len; i++) {
        Part *part = part_of(lives, i);
        if (part->next < part->n || part->has_ended || fp_capture_would_wait(part->capture))
            continue;
        part->next = 0;
        part->n = fp_capture_read(part->capture, part->records, BATCH, NULL); /* never fails: a capture that cannot go on ends */
        part->has_ended = part->n == 0;
        if (part->has_ended)
            epoll_ctl(lives->epoll, EPOLL_CTL_DEL, descriptor_of(part), NULL);
    }
}

/* Returns the interface whose next frame is the oldest; G_MAXUINT: none has any. */
static guint oldest(const Lives *lives)
{
    guint found = G_MAXUINT;
    int64_t found_ns = 0;

    for (guint i = 0; i < lives->parts->len; i++) {
        const Part *part = part_of(lives, i);
        if (part->next == part->n)
            continue;
        int64_t time_ns = part->records[part->next].time_ns;
        if (found == G_MAXUINT || time_ns < found_ns) {
            found = i;
            found_ns = time_ns;
        }
    }
    return found;
}

/* Returns for how long the next frame of this interface has to wait for the others, at now_ns of the clock that frames have their times
 * from; 0 or less: it has not. If the clock was set back, frames of before do not wait for it to catch up; and nothing
 * waits once the input is over. */
static int64_t hold_ns(const Lives *lives, guint number, int64_t now_ns)
{
    const Part *part = part_of(lives, number);
    int64_t left_ns = part->records[part->next].time_ns + FP_LIVES_HOLD_MS * NS_PER_MS - now_ns;
    bool all_have_younger = true;

    for (guint i = 0; i < lives->parts->len; i++)
        all_have_younger &= part_of(lives, i)->has_ended || part_of(lives, i)->next < part_of(lives, i)->n;
    return all_have_younger || fp_stop_is_over() || left_ns > 2 * FP_LIVES_HOLD_MS * NS_PER_MS ? 0 : left_ns;
}

static int64_t now_ns(void)
{
    return g_get_real_time() * 1000;
}

/* Makes the block of a frame of interface number. There is room around frames: see FP_LIVE_ROOM_BEFORE. */
static void make_block(FpRecord *record, uint32_t number)
{
    uint8_t *data = (uint8_t *)record->data, *block = data - PACKET_HEADER;
    const size_t padded = pad(record->captured_bytes);
    const uint32_t bytes = (uint32_t)(PACKET_HEADER + padded + LENGTH_AT_END);
    const uint64_t ticks = (uint64_t)record->time_ns / 1000;
    const uint32_t words[] = {ENHANCED_PACKET,   bytes, number, (uint32_t)(ticks >> 32), (uint32_t)ticks, record->captured_bytes,
                              record->wire_bytes};

    G_STATIC_ASSERT(FP_LIVE_ROOM_BEFORE >= PACKET_HEADER && FP_LIVE_ROOM_BEHIND >= 3 + LENGTH_AT_END);
    G_STATIC_ASSERT(sizeof words == PACKET_HEADER);
    memcpy(block, words, sizeof words);
    memset(data + record->captured_bytes, 0, padded - record->captured_bytes);
    put32(data + padded, bytes);
    record->raw = block;
    record->raw_bytes = bytes;
}

/* Gives frames that need not wait, and none after those of an interface that may have more at once. before_ns: from before the look. */
static int merge(Lives *lives, FpRecord *records, int max, int64_t before_ns)
{
    int n = 0;
    guint i;

    while (n < max && (i = oldest(lives)) != G_MAXUINT && hold_ns(lives, i, before_ns) <= 0) {
        Part *part = part_of(lives, i);
        records[n] = part->records[part->next++];
        make_block(&records[n], i);
        lives->common.base.bytes_read += records[n++].raw_bytes;
        if (part->next == part->n && part->n == BATCH)
            break;
    }
    return n;
}

static bool has_ended(const Lives *lives)
{
    for (guint i = 0; i < lives->parts->len; i++)
        if (!part_of(lives, i)->has_ended)
            return false;
    return true;
}

static void note_early_end(Lives *lives)
{
    FpCapture *base = &lives->common.base;

    if (base->early_end == NULL && !fp_stop_is_over())
        base->early_end = g_strdup(fp_capture_early_end(part_of(lives, 0)->capture));
}

/* Only interfaces of which nothing is left can end a wait by having frames. */
static void set_wakers(const Lives *lives)
{
    for (guint i = 0; i < lives->parts->len; i++) {
        Part *part = part_of(lives, i);
        bool is_wanted = part->next == part->n;
        struct epoll_event event = {.events = is_wanted ? EPOLLIN : 0};
        if (part->has_ended || is_wanted == part->wakes)
            continue;
        part->wakes = is_wanted;
        epoll_ctl(lives->epoll, EPOLL_CTL_MOD, descriptor_of(part), &event);
    }
}

/* A frame that waits for others ends a wait when it has waited for long enough. */
static int lives_descriptor(const FpCapture *capture)
{
    const Lives *lives = (const Lives *)capture;
    guint i = oldest(lives);
    int64_t left_ns = i != G_MAXUINT ? hold_ns(lives, i, now_ns()) : 0;
    struct itimerspec when = {0}; /* all 0: it does not ring */

    if (i != G_MAXUINT)
        when.it_value = (struct timespec){.tv_sec = MAX(left_ns, 1) / NS_PER_S, .tv_nsec = MAX(left_ns, 1) % NS_PER_S};
    set_wakers(lives);
    timerfd_settime(lives->timer, 0, &when, NULL);
    return lives->epoll;
}

static int lives_read(FpCapture *capture, FpRecord *records, int max, GError **error)
{
    Lives *lives = (Lives *)capture;

    (void)error;
    if (lives->n_given < lives->blocks->len)
        return give_block(lives, records);
    for (;;) {
        const int64_t before_ns = now_ns();
        look(lives);
        int n = merge(lives, records, max, before_ns);
        if (n > 0)
            return n;
        if (has_ended(lives))
            note_early_end(lives);
        if (has_ended(lives) || fp_stop_is_over())
            return 0;
        fp_stop_wait(lives_descriptor(capture));
    }
}

/* Whether an interface of which nothing is left has more. */
static bool has_more(const Lives *lives)
{
    for (guint i = 0; i < lives->parts->len; i++) {
        const Part *part = part_of(lives, i);
        if (!part->has_ended && part->next == part->n && !fp_capture_would_wait(part->capture))
            return true;
    }
    return false;
}

static bool lives_would_wait(const FpCapture *capture)
{
    const Lives *lives = (const Lives *)capture;
    guint i = oldest(lives);

    if (lives->n_given < lives->blocks->len || has_ended(lives) || (i != G_MAXUINT && hold_ns(lives, i, now_ns()) <= 0))
        return false;
    return !has_more(lives);
}

static void lives_close(FpCapture *capture)
{
    Lives *lives = (Lives *)capture;

    for (guint i = 0; i < lives->parts->len; i++)
        fp_capture_close(part_of(lives, i)->capture);
    if (lives->epoll >= 0)
        close(lives->epoll);
    if (lives->timer >= 0)
        close(lives->timer);
    g_array_unref(lives->parts);
    g_ptr_array_unref(lives->blocks);
    fp_pcapng_common_clear(&lives->common);
    g_free(lives);
}

static const FpCapture *lives_part(const FpCapture *capture, unsigned n)
{
    const Lives *lives = (const Lives *)capture;

    return n < lives->parts->len ? part_of(lives, n)->capture : NULL;
}

static const FpReader lives_reader = {
    .read = lives_read, .close = lives_close, .would_wait = lives_would_wait, .descriptor = lives_descriptor};
static const FpLiveKind lives_kind = {.part = lives_part};

/* A section header block without options, whose length is not known. */
static void add_section(Lives *lives)
{
    uint8_t block[SECTION_MIN];
    const uint32_t words[] = {SECTION, sizeof block, BYTE_ORDER_MAGIC, 0, UINT32_MAX, UINT32_MAX, sizeof block};

    G_STATIC_ASSERT(sizeof words == sizeof block);
    memcpy(block, words, sizeof block);
    put16(block + 12, 1); /* version 1.0 */
    g_ptr_array_add(lives->blocks, g_bytes_new(block, sizeof block));
}

/* An interface description block with if_name; times are in microseconds, the default. */
static void add_description(Lives *lives, const FpCapture *capture, int snaplen)
{
    uint8_t block[INTERFACE_MIN + 2 * OPTION_HEADER + NAME_BYTES_MAX] = {0};
    const char *name = fp_capture_path(capture);
    const size_t name_bytes = strnlen(name, NAME_BYTES_MAX), at = INTERFACE_MIN - LENGTH_AT_END;
    const uint32_t bytes = (uint32_t)(INTERFACE_MIN + 2 * OPTION_HEADER + pad(name_bytes));

    put32(block, INTERFACE);
    put32(block + 4, bytes);
    put16(block + 8, (uint16_t)capture->format.link_field);
    put32(block + 12, (uint32_t)snaplen);
    put16(block + at, OPTION_INTERFACE_NAME);
    put16(block + at + 2, (uint16_t)name_bytes);
    memcpy(block + at + OPTION_HEADER, name, name_bytes);
    put32(block + bytes - LENGTH_AT_END, bytes);
    fp_pcapng_add_interface(&lives->common.section, block, bytes);
    g_ptr_array_add(lives->blocks, g_bytes_new(block, bytes));
}

static bool wakes(const Lives *lives, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};

    return fd >= 0 && epoll_ctl(lives->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static bool add_part(Lives *lives, const FpLiveOptions *options, GError **error)
{
    Part part = {.capture = fp_capture_live_open(options, error), .wakes = true};

    if (part.capture == NULL)
        return false;
    g_array_append_val(lives->parts, part);
    add_description(lives, part.capture, options->snaplen);
    if (wakes(lives, descriptor_of(&part)))
        return true;
    g_set_error(error, FP_ERROR, FP_ERROR_NO_INPUT, "%s: cannot capture beside others: %s", options->interface, g_strerror(errno));
    return false;
}

FpCapture *fp_capture_lives_open(const FpLiveOptions *options, char *const *interfaces, GError **error)
{
    Lives *lives = g_new0(Lives, 1);

    fp_pcapng_common_init(&lives->common);
    lives->common.base.reader = &lives_reader;
    lives->common.base.live = &lives_kind;
    lives->common.base.path = g_strjoinv(", ", (char **)interfaces);
    lives->common.base.file_bytes = -1;
    lives->parts = g_array_new(FALSE, TRUE, sizeof(Part));
    lives->blocks = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    lives->epoll = epoll_create1(EPOLL_CLOEXEC);
    lives->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    (void)wakes(lives, lives->timer); /* without descriptors, an interface will say so */
    add_section(lives);
    for (; *interfaces != NULL; interfaces++) {
        FpLiveOptions one = *options;
        one.interface = *interfaces;
        one.read_timeout_ms = READ_TIMEOUT_MS;
        if (!add_part(lives, &one, error)) {
            fp_capture_close(&lives->common.base);
            return NULL;
        }
    }
    return &lives->common.base;
}
