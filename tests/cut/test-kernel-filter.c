/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-kernel-filter.c - the filter in the kernel, on frames made by hand (BPF_PROG_TEST_RUN), which takes root.
 *
 * Entries come as they do in the program: from a record that it has read, and what its stream spares.
 */
#include <bpf/bpf.h>
#include <glib.h>
#include <string.h>

#include "capture/kernel-cut.h"
#include "capture/kernel-filter.h"

#define SNAPLEN 1500U
#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define ACK 0x10

static const FpSpare all = {.kind = FP_SPARE_ALL};

typedef struct {
    uint8_t bytes[400];
    uint32_t n;
} Frame;

static void put(Frame *frame, const void *bytes, uint32_t n)
{
    memcpy(frame->bytes + frame->n, bytes, n);
    frame->n += n;
}

static void put16(Frame *frame, unsigned value)
{
    const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

    put(frame, bytes, 2);
}

static void put32(Frame *frame, uint32_t value)
{
    put16(frame, value >> 16);
    put16(frame, value & 0xffff);
}

static const uint8_t client4[4] = {192, 0, 2, 1}, server4[4] = {192, 0, 2, 2};
static const uint8_t client6[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
static const uint8_t server6[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};

/* What a frame is made of. */
typedef struct {
    unsigned flags;
    unsigned is_answer; /* from the server */
    uint32_t seq;
    unsigned payload;
    unsigned port;            /* of the client; 0: 40000 */
    unsigned tags;            /* VLANs */
    unsigned fragment;        /* the field of IPv4 */
    const uint8_t *extension; /* IPv6: headers, of which each names the next */
    uint32_t extension_bytes;
    unsigned first_extension; /* the number of the first */
    unsigned is_ipv6;
    unsigned options; /* IPv4: words of them */
} Parts;

static void put_tcp(Frame *frame, const Parts *parts)
{
    const unsigned port = parts->port != 0 ? parts->port : 40000;

    put16(frame, parts->is_answer ? 443 : port);
    put16(frame, parts->is_answer ? port : 443);
    put32(frame, parts->seq);
    put32(frame, 1);
    put16(frame, 0x5000 | parts->flags);
    put16(frame, 1000);
    put32(frame, 0);
    for (unsigned i = 0; i < parts->payload; i++)
        put(frame, "x", 1);
}

static Frame make(const Parts *parts)
{
    static const uint8_t macs[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
    Frame frame = {.n = 0};

    put(&frame, macs, sizeof macs);
    for (unsigned i = 0; i < parts->tags; i++) {
        put16(&frame, i + 1 < parts->tags ? 0x88a8 : 0x8100);
        put16(&frame, 10 + i);
    }
    put16(&frame, parts->is_ipv6 ? 0x86dd : 0x0800);
    if (parts->is_ipv6) {
        put32(&frame, 0x60000000);
        put16(&frame, parts->extension_bytes + 20 + parts->payload);
        put16(&frame, (parts->extension != NULL ? parts->first_extension : 6) << 8 | 64);
        put(&frame, parts->is_answer ? server6 : client6, 16);
        put(&frame, parts->is_answer ? client6 : server6, 16);
        if (parts->extension != NULL)
            put(&frame, parts->extension, parts->extension_bytes);
    } else {
        put16(&frame, 0x4500 + (parts->options << 8));
        put16(&frame, 20 + parts->options * 4 + 20 + parts->payload);
        put16(&frame, 7);
        put16(&frame, parts->fragment);
        put16(&frame, 64 << 8 | 6);
        put16(&frame, 0);
        put(&frame, parts->is_answer ? server4 : client4, 4);
        put(&frame, parts->is_answer ? client4 : server4, 4);
        for (unsigned i = 0; i < parts->options; i++)
            put32(&frame, 0x01010101);
    }
    put_tcp(&frame, parts);
    return frame;
}

/* The filter, of which there is one for all tests, as FpKernelCut has it, and where that looks into it. */
static FpKernelCut *cut;
static const FpKernelFilter *filter;

static uint32_t run_program(int program, const uint8_t *bytes, uint32_t n)
{
    struct bpf_test_run_opts options = {.sz = sizeof options, .data_in = bytes, .data_size_in = n, .repeat = 1};

    g_assert_cmpint(bpf_prog_test_run_opts(program, &options), ==, 0);
    return options.retval;
}

/* The kernel's test run gives the filter what follows an Ethernet header, so the frame goes behind another. */
static bool passes_bytes(const Frame *frame)
{
    uint8_t bytes[14 + sizeof frame->bytes] = {[12] = 0x88, [13] = 0xb5}; /* no type that the kernel looks into */

    memcpy(bytes + 14, frame->bytes, frame->n);
    const uint32_t kept = run_program(filter->ethernet, bytes, 14 + frame->n);
    g_assert_true(kept == 0 || kept == SNAPLEN);
    return kept != 0;
}

static bool passes(const Parts *parts)
{
    const Frame frame = make(parts);

    return passes_bytes(&frame);
}

static FpRecord record_of(const Frame *frame)
{
    return (FpRecord){.data = frame->bytes,
                      .captured_bytes = frame->n,
                      .wire_bytes = frame->n,
                      .link = FP_LINK_ETHERNET,
                      .time_ns = (g_get_real_time() + G_USEC_PER_SEC) * 1000}; /* no entry is older, so each is given */
}

/* The program reads a frame with no SYN, and tells what its stream spares. */
static void tell(const Parts *parts, const FpSpare *spare)
{
    const Frame frame = make(parts);
    const FpRecord record = record_of(&frame);
    const unsigned port = parts->port != 0 ? parts->port : 40000;
    const FpSegment segment = {
        .source = parts->is_ipv6 ? (parts->is_answer ? server6 : client6) : (parts->is_answer ? server4 : client4),
        .destination = parts->is_ipv6 ? (parts->is_answer ? client6 : server6) : (parts->is_answer ? client4 : server4),
        .source_port = (uint16_t)(parts->is_answer ? 443 : port),
        .destination_port = (uint16_t)(parts->is_answer ? port : 443),
        .address_bytes = parts->is_ipv6 ? 16 : 4,
    };

    fp_kernel_cut_tell(cut, &record, &segment, parts->is_answer, spare);
}

/* The program reads a SYN. */
static void take_syn(const Parts *parts)
{
    const Frame frame = make(parts);
    const FpRecord record = record_of(&frame);

    g_assert_true(fp_kernel_cut_count(cut, &record));
}

static const Parts data = {.flags = ACK, .payload = 10}, answer = {.flags = ACK, .payload = 10, .is_answer = 1}, syn = {.flags = SYN};

/* Each test begins with a stream that is cut. */
static void begin(void)
{
    g_assert_true(passes(&syn));
    take_syn(&syn);
    g_assert_true(passes(&data));
    tell(&data, &all);
    g_assert_false(passes(&data));
}

static void test_both_directions(void)
{
    begin();
    g_assert_false(passes(&answer));
    g_assert_true(passes(&(Parts){.flags = ACK, .payload = 10, .port = 40001}));
}

static void test_ends_pass(void)
{
    begin();
    g_assert_true(passes(&(Parts){.flags = FIN | ACK}));
    g_assert_true(passes(&(Parts){.flags = RST, .is_answer = 1}));
    g_assert_false(passes(&data));
}

/* Begins, and looks up the entry of the stream of a segment. Returns the frame as it was read, which has the key. */
static FpCutFrame begin_with_entry(const Parts *parts, struct fp_cut_entry *entry)
{
    const Frame frame = make(parts);
    FpCutFrame read = {.place = 0};
    FpCutPacket packet = {.bytes = frame.bytes, .n = frame.n};

    begin();
    g_assert_true(fp_cut_read(&packet, 0x0800, 14, FP_CUT_TAGS_MAX, &read));
    g_assert_cmpint(bpf_map_lookup_elem(filter->streams, &read.key, entry), ==, 0);
    return read;
}

static void test_syn_deletes(void)
{
    struct fp_cut_entry entry;
    const FpCutFrame read = begin_with_entry(&syn, &entry);

    g_assert_true(passes(&syn));
    g_assert_cmpint(bpf_map_lookup_elem(filter->streams, &read.key, &entry), !=, 0);
    g_assert_true(passes(&data));
    take_syn(&syn);
}

/* The program has not read the SYN yet when it tells of the stream before. */
static void test_late_entry_does_not_count(void)
{
    struct fp_cut_entry entry;
    const FpCutFrame read = begin_with_entry(&data, &entry);

    g_assert_true(passes(&syn));
    fp_kernel_filter_put(filter, &read.key, &entry); /* as if it had looked just before */
    g_assert_true(passes(&data));
    tell(&data, &all);
    g_assert_true(passes(&data));
    take_syn(&syn);
    tell(&data, &all);
    g_assert_false(passes(&data));
}

/* A SYN that the program never gets has nothing cut any more. */
static void test_lost_syn(void)
{
    begin();
    g_assert_true(passes(&syn));
    tell(&data, &all);
    g_assert_true(passes(&data));
    take_syn(&syn);
}

static void test_distrust(void)
{
    begin();
    fp_kernel_cut_distrust(cut);
    tell(&data, &all);
    g_assert_false(passes(&data)); /* what was told before is true */
    g_assert_true(passes(&syn));
    take_syn(&syn);
    tell(&data, &all);
    g_assert_true(passes(&data));
}

static void test_forget(void)
{
    const FpSegment segment = {
        .source = server4, .destination = client4, .source_port = 443, .destination_port = 40000, .address_bytes = 4};

    begin();
    fp_kernel_cut_forget(cut, &segment);
    g_assert_true(passes(&data));
}

static void test_tags(void)
{
    begin();
    for (unsigned tags = 1; tags <= FP_CUT_TAGS_MAX; tags++)
        g_assert_false(passes(&(Parts){.flags = ACK, .payload = 10, .tags = tags}));
    g_assert_true(passes(&(Parts){.flags = ACK, .payload = 10, .tags = FP_CUT_TAGS_MAX + 1}));
    g_assert_true(passes(&(Parts){.flags = SYN, .tags = 2}));
    g_assert_true(passes(&data));
    take_syn(&(Parts){.flags = SYN, .tags = 2});
}

static void test_ipv6(void)
{
    static const uint8_t hop_and_destination[24] = {60, 0, 1, 4, 0, 0, 0, 0, 6, 1, 1, 12};
    static const uint8_t home[24] = {6, 2, 0xc9, 16};
    static const uint8_t authentication[12] = {6, 1}, used_up[24] = {6, 2, 4, 0}, left[24] = {6, 2, 4, 1}, fragment[8] = {6};
    const Parts plain = {.flags = ACK, .payload = 10, .is_ipv6 = 1};
    const struct {
        const uint8_t *bytes;
        uint32_t n;
        unsigned first;
        bool passes;
    } rows[] = {
        {hop_and_destination, 24, 0, false},
        {home, 24, 60, true},
        {authentication, 12, 51, false},
        {used_up, 24, 43, false},
        {left, 24, 43, true},
        {fragment, 8, 44, true},
    };

    tell(&plain, &all);
    g_assert_false(passes(&plain));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Parts parts = plain;
        parts.extension = rows[i].bytes;
        parts.extension_bytes = rows[i].n;
        parts.first_extension = rows[i].first;
        g_test_message("row %zu", i);
        g_assert_cmpint(passes(&parts), ==, rows[i].passes);
    }
}

static void test_not_understood(void)
{
    begin();
    g_assert_true(passes(&(Parts){.flags = ACK, .payload = 10, .fragment = 0x2000}));
    g_assert_true(passes(&(Parts){.flags = ACK, .payload = 10, .fragment = 0x0001}));
    g_assert_true(passes(&(Parts){.flags = ACK, .payload = 10, .options = 1}));
    g_assert_false(passes(&(Parts){.flags = ACK, .payload = 10, .fragment = 0x4000}));
}

/* A frame that ends before all is known of it passes, wherever it ends. */
static void test_cut_frames(void)
{
    begin();
    Frame frame = make(&data);
    for (uint32_t n = 14; n < 14 + 20 + 16; n++) {
        frame.n = n;
        g_assert_true(passes_bytes(&frame));
    }
    frame.n = 14 + 20 + 16;
    g_assert_false(passes_bytes(&frame));
}

/* One side sends, and the other only acknowledges. */
static void test_speaker(void)
{
    const FpSpare spare = {.kind = FP_SPARE_SPEAKER, .speaker = 1, .seq = 0xfffffff0, .n = 0x100, .silent_seq = 77};

    for (unsigned port = 442; port <= 444; port++) { /* the endpoints' order is another in each */
        tell(&(Parts){.flags = ACK, .payload = 10, .is_answer = 1, .port = port}, &spare);
        g_assert_false(passes(&(Parts){.flags = ACK, .payload = 10, .is_answer = 1, .port = port, .seq = 0xfffffff0}));
        g_assert_false(passes(&(Parts){.flags = ACK, .payload = 10, .is_answer = 1, .port = port, .seq = 0xef}));
        g_assert_true(passes(&(Parts){.flags = ACK, .payload = 10, .is_answer = 1, .port = port, .seq = 0xf0}));
        g_assert_true(passes(&(Parts){.flags = ACK, .payload = 10, .is_answer = 1, .port = port, .seq = 0xffffffef}));
        g_assert_false(passes(&(Parts){.flags = ACK, .port = port, .seq = 77}));
        g_assert_true(passes(&(Parts){.flags = ACK, .port = port, .seq = 78}));
        g_assert_true(passes(&(Parts){.flags = ACK, .port = port, .seq = 77, .payload = 1}));
        tell(&(Parts){.flags = ACK, .payload = 10, .port = port}, &all);
        g_assert_false(passes(&(Parts){.flags = ACK, .port = port, .seq = 78}));
    }
}

static uint64_t all_syns(void)
{
    uint64_t sum = 0;

    for (uint32_t place = 0; place < FP_CUT_PLACES; place++)
        sum += filter->syns[place];
    return sum;
}

/* A frame with a few bytes changed, and often cut short. */
static Frame damaged(GRand *random)
{
    static const uint8_t options[16] = {6, 1, 1, 12};
    const Parts parts = {.flags = SYN,
                         .tags = (unsigned)g_rand_int_range(random, 0, 4),
                         .is_ipv6 = (unsigned)g_rand_boolean(random),
                         .options = (unsigned)g_rand_int_range(random, 0, 3),
                         .extension = g_rand_boolean(random) ? options : NULL,
                         .extension_bytes = 16,
                         .first_extension = 60};
    Frame frame = make(&parts);

    for (int i = g_rand_int_range(random, 0, 3); i > 0; i--)
        frame.bytes[g_rand_int_range(random, 12, (gint32)frame.n)] = (uint8_t)g_rand_int(random);
    if (g_rand_boolean(random))
        frame.n = (uint32_t)g_rand_int_range(random, 14, (gint32)frame.n);
    return frame;
}

/* The filter sees a SYN, but cannot tell whose: the program has to forget its stream's entry. */
static void test_syn_of_whom(void)
{
    static const uint8_t home[24] = {6, 2, 0xc9, 16};
    const Parts routed = {.flags = SYN, .options = 1},
                roaming = {.flags = SYN, .is_ipv6 = 1, .extension = home, .extension_bytes = 24, .first_extension = 60};
    const Frame frames[] = {make(&routed), make(&roaming), make(&syn)};

    begin();
    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++) {
        const FpRecord record = record_of(&frames[i]);
        uint64_t before = all_syns();
        g_assert_true(passes_bytes(&frames[i]));
        g_assert_cmpuint(all_syns(), ==, before + 1);
        g_assert_cmpint(fp_kernel_cut_count(cut, &record), ==, i == 2);
    }
}

/* Whatever a frame holds, program and kernel agree on whether it is a SYN, and where it counts; and the program stays inside of it. */
static void test_same_reading(void)
{
    GRand *random = g_rand_new_with_seed(18);
    uint64_t expected = all_syns();
    unsigned n_syns = 0;

    for (int i = 0; i < 20000; i++) {
        const Frame frame = damaged(random);
        g_autofree uint8_t *bytes = g_memdup2(frame.bytes, frame.n); /* the sanitizer knows where it ends */
        FpCutPacket packet = {.bytes = bytes, .n = frame.n};
        FpCutFrame read = {.place = 0};
        bool is_read = fp_cut_read(&packet, (uint32_t)bytes[12] << 8 | bytes[13], 14, FP_CUT_TAGS_MAX, &read) != 0;
        bool is_syn = is_read && read.flags & SYN;
        uint64_t before = filter->syns[read.place];
        g_assert_true(passes_bytes(&frame) || !is_syn);
        g_assert_cmpuint(filter->syns[read.place], ==, before + is_syn);
        n_syns += is_syn;
    }
    expected += n_syns;
    g_assert_cmpuint(all_syns(), ==, expected);
    g_assert_cmpuint(n_syns, >, 5000);
    g_assert_cmpuint(n_syns, <, 15000);
    g_rand_free(random);
}

static void test_counts(void)
{
    begin();
    const uint64_t before = fp_kernel_cut_dropped(cut);
    g_assert_false(passes(&data));
    g_assert_true(passes(&(Parts){.flags = RST}));
    g_assert_cmpuint(fp_kernel_cut_dropped(cut), ==, before + 1);
}

int main(int argc, char **argv)
{
    GError *error = NULL;

    g_test_init(&argc, &argv, NULL);
    cut = fp_kernel_cut_new(1000, SNAPLEN, &error);
    g_assert_no_error(error);
    filter = fp_kernel_cut_filter(cut);
    g_test_add_func("/filter/both-directions", test_both_directions);
    g_test_add_func("/filter/ends-pass", test_ends_pass);
    g_test_add_func("/filter/syn-deletes", test_syn_deletes);
    g_test_add_func("/filter/late-entry-does-not-count", test_late_entry_does_not_count);
    g_test_add_func("/filter/lost-syn", test_lost_syn);
    g_test_add_func("/filter/forget", test_forget);
    g_test_add_func("/filter/syn-of-whom", test_syn_of_whom);
    g_test_add_func("/filter/tags", test_tags);
    g_test_add_func("/filter/ipv6", test_ipv6);
    g_test_add_func("/filter/not-understood", test_not_understood);
    g_test_add_func("/filter/cut-frames", test_cut_frames);
    g_test_add_func("/filter/speaker", test_speaker);
    g_test_add_func("/filter/counts", test_counts);
    g_test_add_func("/filter/distrust", test_distrust);
    g_test_add_func("/filter/same-reading", test_same_reading); /* the last, as SYNs are lost to the program */
    const int status = g_test_run();
    fp_kernel_cut_free(cut);
    return status;
}
