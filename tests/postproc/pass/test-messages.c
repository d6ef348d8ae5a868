/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-messages.c - a message says the same however it is cut into segments and in whatever order they come; and what ends a message
 * that does not become whole. */
#include <glib.h>
#include <malloc.h>
#include <string.h>

#include "hello.h"
#include "pass/messages.h"

#define SECOND_NS INT64_C(1000000000)

static const uint8_t address[4] = {192, 0, 2, 1};
static const FpSegment segment = {.source = address, .destination = address, .address_bytes = 4};
static Bytes hello;

typedef struct {
    uint32_t from, n;
} Cut;

static const FpMessageLimits usual = {.bytes_max = 16384, .memory_max = 1 << 20, .wait_ns = 5 * SECOND_NS, .payload_bytes = 256};

static void assert_same(const uint8_t *bytes, size_t n, const void *expected, size_t expected_bytes)
{
    g_assert_cmpuint(n, ==, expected_bytes);
    g_assert_true(n == 0 || memcmp(bytes, expected, n) == 0);
}

static FpMessages *messages_new(const FpMessageLimits *limits)
{
    GError *error = NULL;
    FpMessages *messages = fp_messages_new(limits, &error);

    g_assert_no_error(error);
    return messages;
}

static FpMessagePart part_of(const Bytes *bytes, Cut cut, uint64_t frame)
{
    return (FpMessagePart){.offset = cut.from,
                           .payload = {.bytes = bytes->bytes + cut.from, .captured = cut.n, .wire = cut.n},
                           .frame = frame,
                           .time_ns = SECOND_NS};
}

static FpMessage *begin(FpMessages *messages, uint32_t stream, const FpMessagePart *part, FpLogEntry *entry)
{
    static FpVerdict verdict;

    verdict = (FpVerdict){.classes = FP_CLASS_FIRST, .stream = stream, .side = FP_SIDE_CLIENT, .payload_bytes = part->payload.wire};
    *entry = (FpLogEntry){.source = "test", .segment = &segment, .verdict = &verdict, .frame = part->frame, .payload = part->payload};
    return fp_messages_begin(messages, entry, part);
}

/* Takes the message that must have ended, and puts what it says into entry. The caller frees it. */
static FpMessage *take(FpMessages *messages, FpLogEntry *entry)
{
    FpMessage *message = fp_messages_take(messages);

    g_assert_nonnull(message);
    fp_messages_entry(messages, message, entry);
    return message;
}

static void assert_hello(const FpLogEntry *entry)
{
    g_assert_true(entry->message.is_complete);
    assert_same(entry->message.bytes, entry->message.n, hello.bytes, hello.n);
    g_assert_cmpint(entry->facts->protocol, ==, FP_SAID_TLS);
    g_assert_false(entry->facts->is_cut);
    assert_same(entry->facts->tls.server_name.bytes, entry->facts->tls.server_name.n, "www.example", 11);
    g_assert_cmpstr(entry->facts->tls.ja4, ==, "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

/* Gives the cuts in this order to a new message. */
static void check_order(FpMessages *messages, const Cut *cuts, const unsigned *order, unsigned n)
{
    static uint32_t stream;
    FpMessagePart part = part_of(&hello, cuts[order[0]], 1);
    FpLogEntry entry;

    if (begin(messages, ++stream, &part, &entry) == NULL) {
        assert_hello(&entry);
        return;
    }
    for (unsigned i = 1; i < n; i++) {
        part = part_of(&hello, cuts[order[i]], i + 1);
        fp_messages_add(messages, stream, &part);
    }
    FpMessage *message = take(messages, &entry);
    assert_hello(&entry);
    g_assert_cmpuint(entry.message.n_frames, <=, n);
    fp_message_free(message);
    g_assert_null(fp_messages_take(messages));
}

/* All orders of n cuts (Heap's algorithm). */
static void check_orders(FpMessages *messages, const Cut *cuts, unsigned n)
{
    unsigned order[4] = {0, 1, 2, 3}, counters[4] = {0};

    check_order(messages, cuts, order, n);
    for (unsigned i = 0; i < n;) {
        if (counters[i] >= i) {
            counters[i++] = 0;
            continue;
        }
        unsigned other = i % 2 == 0 ? 0 : counters[i], swapped = order[other];
        order[other] = order[i];
        order[i] = swapped;
        check_order(messages, cuts, order, n);
        counters[i]++;
        i = 0;
    }
}

static void test_every_cut(void)
{
    FpMessages *messages = messages_new(&usual);
    const uint32_t n = (uint32_t)hello.n;

    for (uint32_t at = 1; at < n; at++) {
        check_orders(messages, (const Cut[]){{0, at}, {at, n - at}}, 2);
        /* the second overlaps the first, and what both have comes twice */
        check_orders(messages, (const Cut[]){{0, at}, {at / 2, n - at / 2}, {0, at}}, 3);
    }
    for (uint32_t at = 3; at < n; at += 7)
        check_orders(messages, (const Cut[]){{0, at / 3}, {at / 3, at / 2}, {at / 3 + at / 2, at - at / 3 - at / 2 + 1}, {at, n - at}}, 4);
    fp_messages_free(messages);
}

static void test_byte_by_byte(void)
{
    FpMessages *messages = messages_new(&usual);
    FpMessagePart part = part_of(&hello, (Cut){0, 1}, 1);
    FpLogEntry entry;

    begin(messages, 0, &part, &entry);
    for (uint32_t i = (uint32_t)hello.n - 1; i > 0; i--) {
        g_assert_null(fp_messages_take(messages));
        part = part_of(&hello, (Cut){i, 1}, 2);
        fp_messages_add(messages, 0, &part);
    }
    FpMessage *message = take(messages, &entry);
    assert_hello(&entry);
    fp_message_free(message);
    fp_messages_free(messages);
}

/* The first copy of a byte counts. */
static void test_overlap_of_other_bytes(void)
{
    FpMessages *messages = messages_new(&usual);
    static Bytes other;
    FpMessagePart part = part_of(&hello, (Cut){0, 100}, 1);
    FpLogEntry entry;

    bytes_clear(&other);
    bytes_add(&other, hello.bytes, hello.n);
    memset(other.bytes, 'x', 100);
    begin(messages, 0, &part, &entry);
    part = part_of(&other, (Cut){0, (uint32_t)hello.n}, 2);
    fp_messages_add(messages, 0, &part);
    FpMessage *message = take(messages, &entry);
    assert_hello(&entry);
    g_assert_cmpuint(entry.message.n_frames, ==, 2);
    fp_message_free(message);
    fp_messages_free(messages);
}

/* A message whose first n bytes came in frame 1, and which has ended incomplete. */
static void assert_incomplete(FpMessages *messages, size_t n)
{
    FpLogEntry entry;
    FpMessage *message = take(messages, &entry);

    g_assert_false(entry.message.is_complete);
    assert_same(entry.message.bytes, entry.message.n, hello.bytes, n);
    g_assert_cmpuint(entry.message.n_frames, ==, n > 0 ? 1 : 0);
    fp_message_free(message);
    g_assert_null(fp_messages_take(messages));
}

static void test_what_ends_it(void)
{
    FpMessages *messages = messages_new(&usual);
    FpMessagePart half = part_of(&hello, (Cut){0, 100}, 1), rest = part_of(&hello, (Cut){100, (uint32_t)hello.n - 100}, 2);
    FpLogEntry entry;

    begin(messages, 0, &half, &entry);
    fp_messages_end(messages, 0); /* its flight is over */
    assert_incomplete(messages, 100);

    begin(messages, 1, &half, &entry);
    fp_messages_expire(messages, 6 * SECOND_NS);
    g_assert_true(fp_messages_is_open(messages, 1));
    fp_messages_expire(messages, 6 * SECOND_NS + 1);
    assert_incomplete(messages, 100);

    begin(messages, 2, &half, &entry);
    rest.time_ns = 6 * SECOND_NS + 1; /* too late, whether or not anybody has looked in between */
    fp_messages_add(messages, 2, &rest);
    assert_incomplete(messages, 100);

    half.payload.wire = 200; /* the frame was truncated: its other bytes will not come */
    begin(messages, 3, &half, &entry);
    assert_incomplete(messages, 100);
    fp_messages_free(messages);
}

/* A truncated frame ends nothing if other frames have brought what it lacks. */
static void test_cut_copy(void)
{
    FpMessages *messages = messages_new(&usual);
    FpMessagePart part = part_of(&hello, (Cut){0, 200}, 1);
    FpLogEntry entry;

    begin(messages, 0, &part, &entry);
    part.payload.captured = 50;
    fp_messages_add(messages, 0, &part);
    g_assert_true(fp_messages_is_open(messages, 0));
    part = part_of(&hello, (Cut){200, (uint32_t)hello.n - 200}, 2);
    fp_messages_add(messages, 0, &part);
    FpMessage *message = take(messages, &entry);
    assert_hello(&entry);
    fp_message_free(message);
    fp_messages_free(messages);
}

/* Bytes before the first do not belong to the message; a hole at the beginning leaves nothing of it. What has no place in a message begins
 * one. */
static void test_beginnings(void)
{
    FpMessages *messages = messages_new(&usual);
    FpMessagePart part = part_of(&hello, (Cut){0, (uint32_t)hello.n}, 1);
    static Bytes early;
    FpLogEntry entry;

    bytes_clear(&early);
    bytes_text(&early, "xyz");
    bytes_add(&early, hello.bytes, hello.n);
    part = part_of(&early, (Cut){0, (uint32_t)early.n}, 1);
    part.offset = -3;
    begin(messages, 0, &part, &entry);
    FpMessage *message = take(messages, &entry);
    assert_hello(&entry);
    fp_message_free(message);

    part = part_of(&hello, (Cut){1, 99}, 1);
    begin(messages, 1, &part, &entry);
    fp_messages_end(messages, 1);
    assert_incomplete(messages, 0);

    static const struct {
        int64_t offset;
        size_t n;
    } cases[] = {{INT64_C(1) << 31, 99}, {16384, 99}, {16383, 0}, {-99, 99}, {-(INT64_C(1) << 31), 99}};
    for (uint32_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        part = part_of(&hello, (Cut){0, 99}, 1);
        part.offset = cases[i].offset;
        begin(messages, 2 + i, &part, &entry);
        fp_messages_end(messages, 2 + i);
        assert_incomplete(messages, cases[i].n);
    }
    fp_messages_free(messages);
}

/* In order, a message that has ended waits for those that began before it. */
static void test_in_order(void)
{
    FpMessageLimits limits = usual;
    limits.in_order = true;
    FpMessages *messages = messages_new(&limits);
    FpMessagePart half = part_of(&hello, (Cut){0, 100}, 1), whole = part_of(&hello, (Cut){0, (uint32_t)hello.n}, 2);
    FpLogEntry entry;

    begin(messages, 0, &half, &entry);
    g_assert_nonnull(begin(messages, 1, &whole, &entry));
    g_assert_null(fp_messages_take(messages));
    fp_messages_end(messages, 0);
    FpMessage *first = take(messages, &entry);
    g_assert_cmpuint(entry.verdict->stream, ==, 0);
    FpMessage *second = take(messages, &entry);
    g_assert_cmpuint(entry.verdict->stream, ==, 1);
    assert_hello(&entry);
    fp_message_free(first);
    fp_message_free(second);
    g_assert_null(begin(messages, 2, &whole, &entry)); /* nothing waits any more */
    fp_messages_free(messages);
}

/* However many begin, memory stays within its limit, and each message comes out once. */
static void test_memory(void)
{
    FpMessages *messages = messages_new(&usual);
    FpMessagePart part = part_of(&hello, (Cut){0, 100}, 1);
    FpLogEntry entry;
    unsigned n = 0;

    for (uint32_t stream = 0; stream < 1000; stream++) {
        begin(messages, stream, &part, &entry);
        FpMessagePart far = part;
        far.offset = 16000; /* a byte far ahead takes the room of all bytes before it */
        fp_messages_add(messages, stream, &far);
        for (FpMessage *message; (message = fp_messages_take(messages)) != NULL; n++)
            fp_message_free(message);
        g_assert_cmpuint(fp_messages_memory(messages), <=, usual.memory_max);
    }
    g_assert_cmpuint(n, >, 900);
    fp_messages_end_all(messages);
    for (FpMessage *message; (message = fp_messages_take(messages)) != NULL; n++)
        fp_message_free(message);
    g_assert_cmpuint(n, ==, 1000);
    g_assert_cmpuint(fp_messages_memory(messages), ==, 0);
    fp_messages_free(messages);
}

static bool write_bytes(void *user, const void *bytes, size_t n)
{
    g_byte_array_append(user, bytes, (guint)n);
    return true;
}

typedef struct {
    const GByteArray *bytes;
    guint at, end;
} Reading;

static bool read_bytes(void *user, void *bytes, size_t n)
{
    Reading *reading = user;

    if (n > reading->end - reading->at)
        return false;
    if (n > 0)
        memcpy(bytes, reading->bytes->data + reading->at, n);
    reading->at += (guint)n;
    return true;
}

/* Begins messages one after the other, each with so many parts of one byte, and a hole before each part but the first; at least half
 * of them end because there is no more room. Returns the most by which the heap has grown. */
static size_t heap_of_waiting(unsigned n_parts, const FpMessageLimits *limits)
{
    FpMessages *messages = messages_new(limits);
    size_t before = mallinfo2().uordblks, most = 0;
    FpMessage *message;

    for (uint32_t stream = 1, ended = 0; ended < stream / 2 || ended < 100; stream++) {
        FpMessagePart part = part_of(&hello, (Cut){0, 1}, stream);
        FpLogEntry entry;
        g_assert_nonnull(begin(messages, stream, &part, &entry));
        for (unsigned i = 1; i < n_parts; i++) {
            part = part_of(&hello, (Cut){2 * i, 1}, stream);
            fp_messages_add(messages, stream, &part);
        }
        while ((message = fp_messages_take(messages)) != NULL) {
            fp_message_free(message);
            ended++;
        }
        most = MAX(most, mallinfo2().uordblks - before);
    }
    fp_messages_free(messages);
    return most;
}

/* What is counted is what the process takes, however small the parts are. */
static void test_memory_of_the_process(void)
{
    static const unsigned n_parts[] = {1, 2, 3, 5, 33, 500};
    static const size_t memory_max[] = {1 << 20, 3 << 20, 5 << 20, 8 << 20};
    FpMessageLimits limits = usual;

    if (mallinfo2().uordblks == 0) {
        g_test_skip("the heap is not glibc's");
        return;
    }
    limits.memory_max = 1 << 20;
    (void)heap_of_waiting(1, &limits); /* what is allocated only once */
    for (size_t i = 0; i < G_N_ELEMENTS(n_parts) * G_N_ELEMENTS(memory_max); i++) {
        limits.memory_max = memory_max[i % G_N_ELEMENTS(memory_max)];
        size_t bytes = heap_of_waiting(n_parts[i / G_N_ELEMENTS(memory_max)], &limits);
        g_test_message("%u parts: %zu of %zu bytes", n_parts[i / G_N_ELEMENTS(memory_max)], bytes, limits.memory_max);
        g_assert_cmpuint(bytes, <=, limits.memory_max + limits.memory_max / 16);
        g_assert_cmpuint(bytes, >=, limits.memory_max / 2);
    }
}

/* What was saved goes on where it stopped; of data that breaks off, nothing is taken for whole. */
static void test_save(void)
{
    FpMessages *messages = messages_new(&usual);
    g_autoptr(GByteArray) saved = g_byte_array_new();
    FpMessagePart first = part_of(&hello, (Cut){0, 100}, 1), last = part_of(&hello, (Cut){200, (uint32_t)hello.n - 200}, 2),
                  middle = part_of(&hello, (Cut){100, 100}, 7);
    FpLogEntry entry;

    begin(messages, 5, &first, &entry);
    fp_messages_add(messages, 5, &last);
    g_assert_true(fp_messages_save(messages, write_bytes, saved));
    fp_messages_free(messages);

    for (guint n = 0; n < saved->len; n++) {
        messages = messages_new(&usual);
        g_assert_false(fp_messages_load(messages, read_bytes, &(Reading){saved, 0, n}));
        fp_messages_free(messages);
    }
    messages = messages_new(&usual);
    g_assert_true(fp_messages_load(messages, read_bytes, &(Reading){saved, 0, saved->len}));
    fp_messages_add(messages, 5, &middle);
    FpMessage *message = take(messages, &entry);
    assert_hello(&entry);
    g_assert_cmpstr(entry.source, ==, "test");
    g_assert_cmpuint(entry.frame, ==, 1);
    g_assert_cmpuint(entry.message.n_frames, ==, 2); /* that of another capture is not among them */
    g_assert_cmpuint(entry.message.frames[1], ==, 2);
    assert_same(entry.payload.bytes, entry.payload.captured, hello.bytes, 100);
    fp_message_free(message);
    fp_messages_free(messages);
}

static void assert_frame(const FpLogEntry *entry)
{
    g_assert_true(entry->is_live);
    g_assert_true(entry->has_nanoseconds);
    g_assert_cmpstr(entry->source, ==, "test");
    g_assert_cmpstr(entry->interface, ==, "eth0");
    g_assert_cmpint(entry->direction, ==, FP_DIRECTION_OUT);
    g_assert_cmpint(entry->seconds, ==, 1700000000);
    g_assert_cmphex(entry->network, ==, 0x123456789abcdef0);
    g_assert_cmpuint(entry->n_vlans, ==, 2);
    g_assert_cmpuint(entry->vlans[0], ==, 100);
    g_assert_cmpuint(entry->vlans[1], ==, 4094);
}

static void assert_verdict(const FpVerdict *verdict)
{
    g_assert_cmpint(verdict->side, ==, FP_SIDE_SERVER);
    g_assert_true(verdict->has_syn && verdict->out_of_order && verdict->fast_open && !verdict->midstream);
    g_assert_cmpint(verdict->age_ns, ==, 7);
    g_assert_cmpint(verdict->delay_ns, ==, 5);
}

/* What a line says about the first frame is saved with it. */
static void test_save_what_the_line_says(void)
{
    static const uint16_t vlans[] = {100, 4094};
    const FpMessagePart first = part_of(&hello, (Cut){0, 100}, 1), rest = part_of(&hello, (Cut){100, (uint32_t)hello.n - 100}, 2);
    const FpVerdict verdict = {.classes = FP_CLASS_FIRST,
                               .stream = 5,
                               .side = FP_SIDE_SERVER,
                               .payload_bytes = 100,
                               .has_syn = true,
                               .out_of_order = true,
                               .fast_open = true,
                               .age_ns = 7,
                               .delay_ns = 5};
    FpMessages *messages = messages_new(&usual);
    g_autoptr(GByteArray) saved = g_byte_array_new();
    FpLogEntry entry = {.source = "test",
                        .is_live = true,
                        .interface = "eth0",
                        .direction = FP_DIRECTION_OUT,
                        .segment = &segment,
                        .verdict = &verdict,
                        .has_nanoseconds = true,
                        .seconds = 1700000000,
                        .frame = 1,
                        .network = UINT64_C(0x123456789abcdef0),
                        .payload = first.payload,
                        .vlans = vlans,
                        .n_vlans = G_N_ELEMENTS(vlans)};

    g_assert_nonnull(fp_messages_begin(messages, &entry, &first));
    g_assert_true(fp_messages_save(messages, write_bytes, saved));
    fp_messages_free(messages);
    messages = messages_new(&usual);
    g_assert_true(fp_messages_load(messages, read_bytes, &(Reading){saved, 0, saved->len}));
    fp_messages_add(messages, 5, &rest);
    entry = (FpLogEntry){0};
    FpMessage *message = take(messages, &entry);
    assert_hello(&entry);
    assert_frame(&entry);
    assert_verdict(entry.verdict);
    fp_message_free(message);
    fp_messages_free(messages);
}

#define IS_DATAGRAMS_AT 25 /* behind the number of messages, and two numbers and a byte; see messages-saved.c */

/* In a checkpoint that makes no sense, a message may be of datagrams where its stream has segments. */
static void test_segments_that_are_datagrams(void)
{
    const FpMessagePart first = part_of(&hello, (Cut){0, 100}, 1), last = part_of(&hello, (Cut){200, 100}, 2);
    g_autoptr(GByteArray) whole = g_byte_array_new(), with_hole = g_byte_array_new();
    FpMessages *messages = messages_new(&usual);
    FpLogEntry entry;

    begin(messages, 5, &first, &entry);
    g_assert_true(fp_messages_save(messages, write_bytes, whole));
    fp_messages_add(messages, 5, &last);
    g_assert_true(fp_messages_save(messages, write_bytes, with_hole));
    fp_messages_free(messages);
    g_assert_cmpuint(whole->data[IS_DATAGRAMS_AT], ==, 0);
    whole->data[IS_DATAGRAMS_AT] = with_hole->data[IS_DATAGRAMS_AT] = 1;

    messages = messages_new(&usual);
    g_assert_false(fp_messages_load(messages, read_bytes, &(Reading){with_hole, 0, with_hole->len}));
    fp_messages_free(messages);
    messages = messages_new(&usual);
    g_assert_true(fp_messages_load(messages, read_bytes, &(Reading){whole, 0, whole->len}));
    fp_messages_add(messages, 5, &last); /* with an offset, as a segment has it */
    fp_messages_end_all(messages);
    FpMessage *message = take(messages, &entry);
    g_assert_cmpuint(entry.message.n, ==, 200);
    fp_message_free(message);
    fp_messages_free(messages);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    hello_add_records(&hello, &hello_browser, 16384);
    g_test_add_func("/messages/every-cut", test_every_cut);
    g_test_add_func("/messages/byte-by-byte", test_byte_by_byte);
    g_test_add_func("/messages/overlap-of-other-bytes", test_overlap_of_other_bytes);
    g_test_add_func("/messages/what-ends-it", test_what_ends_it);
    g_test_add_func("/messages/cut-copy", test_cut_copy);
    g_test_add_func("/messages/beginnings", test_beginnings);
    g_test_add_func("/messages/in-order", test_in_order);
    g_test_add_func("/messages/memory", test_memory);
    g_test_add_func("/messages/memory-of-the-process", test_memory_of_the_process);
    g_test_add_func("/messages/save", test_save);
    g_test_add_func("/messages/save-what-the-line-says", test_save_what_the_line_says);
    g_test_add_func("/messages/segments-that-are-datagrams", test_segments_that_are_datagrams);
    return g_test_run();
}
