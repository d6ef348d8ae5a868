/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-decode.c - frames down to the segment, for every link type; and hostile frames, which lie right before a page that must not
 * be touched, so that reading one byte too many ends the test.
 */
#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "decode.h"

#define PAGE_BYTES 4096U

static const uint8_t tcp_over_ipv4[] = {
    0x45, 0,    0,   44,  0, 0, 0x40, 0,    64, 6, 0,    0,    192,  0,    2,    1,    192, 0, 2, 2, /* IPv4 */
    0x9c, 0x40, 0,   80,  0, 0, 3,    0xe9, 0,  0, 0x13, 0x89, 0x50, 0x18, 0xfa, 0xf0, 0,   0, 0, 0, /* TCP */
    'd',  'a',  't', 'a',
};

static const uint8_t tcp_over_ipv6[] = {
    0x60, 0,    0,   0,    0, 40, 0, 64,                                                         /* IPv6, hop-by-hop options next */
    0x20, 1,    0xd, 0xb8, 0, 0,  0, 0,    0, 0, 0,    0,    0,    0,    0,    1,                /* source */
    0x20, 1,    0xd, 0xb8, 0, 0,  0, 0,    0, 0, 0,    0,    0,    0,    0,    2,                /* destination */
    60,   0,    1,   4,    0, 0,  0, 0,                                                          /* hop-by-hop: PadN */
    6,    0,    1,   4,    0, 0,  0, 0,                                                          /* destination options: PadN */
    0x9c, 0x40, 0,   80,   0, 0,  3, 0xe9, 0, 0, 0x13, 0x89, 0x50, 0x18, 0xfa, 0xf0, 0, 0, 0, 0, /* TCP */
    'd',  'a',  't', 'a',
};

/* The frame of a link type: its header, then an IP packet. */
typedef struct {
    const char *name;
    FpLink link;
    uint8_t header_bytes;
    uint8_t header[32];
    bool is_ipv6;
} Framing;

static const Framing framings[] = {
    {"ethernet", FP_LINK_ETHERNET, 14, {[12] = 0x08}, false},
    {"ethernet-ipv6", FP_LINK_ETHERNET, 14, {[12] = 0x86, 0xdd}, true},
    {"vlan", FP_LINK_ETHERNET, 18, {[12] = 0x81, 0, 0, 5, 0x08, 0}, false},
    {"vlan-in-vlan", FP_LINK_ETHERNET, 22, {[12] = 0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 0x86, 0xdd}, true},
    {"old-vlan-in-vlan", FP_LINK_ETHERNET, 22, {[12] = 0x91, 0, 0, 5, 0x81, 0, 0, 6, 0x08, 0}, false},
    {"snap", FP_LINK_ETHERNET, 22, {[13] = 52, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, false},
    {"llc", FP_LINK_ETHERNET, 17, {[13] = 47, 6, 6, 3}, false},
    {"sll", FP_LINK_SLL, 16, {[3] = 1, [14] = 0x08}, false},
    {"sll-vlan", FP_LINK_SLL, 20, {[3] = 1, [14] = 0x81, 0, 0, 5, 0x86, 0xdd}, true},
    {"sll2", FP_LINK_SLL2, 20, {0x86, 0xdd, [9] = 1}, true},
    {"raw", FP_LINK_RAW_IP, 0, {0}, false},
    {"raw-ipv6", FP_LINK_RAW_IP, 0, {0}, true},
    {"ipv4", FP_LINK_IPV4, 0, {0}, false},
    {"ipv6", FP_LINK_IPV6, 0, {0}, true},
    {"null-little-endian", FP_LINK_NULL, 4, {2}, false},
    {"null-big-endian", FP_LINK_NULL, 4, {0, 0, 0, 2}, false},
    {"null-netbsd", FP_LINK_NULL, 4, {24}, true},
    {"null-freebsd", FP_LINK_NULL, 4, {28}, true},
    {"null-macos", FP_LINK_NULL, 4, {0, 0, 0, 30}, true},
    {"loop", FP_LINK_LOOP, 4, {0, 0, 0, 2}, false},
    {"loop-ipv6", FP_LINK_LOOP, 4, {0, 0, 0, 24}, true},
};

/* A page that ends where another begins that must not be touched. */
static uint8_t *guarded_page(void)
{
    uint8_t *pages = mmap(NULL, (size_t)PAGE_BYTES * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    g_assert_true(pages != MAP_FAILED);
    g_assert_cmpint(mprotect(pages + PAGE_BYTES, PAGE_BYTES, PROT_NONE), ==, 0);
    return pages;
}

static size_t build(const Framing *framing, uint8_t *frame)
{
    const uint8_t *packet = framing->is_ipv6 ? tcp_over_ipv6 : tcp_over_ipv4;
    size_t packet_bytes = framing->is_ipv6 ? sizeof tcp_over_ipv6 : sizeof tcp_over_ipv4;

    memcpy(frame, framing->header, framing->header_bytes);
    memcpy(frame + framing->header_bytes, packet, packet_bytes);
    return framing->header_bytes + packet_bytes;
}

/* Decodes captured bytes of a frame of wire bytes that lie at the very end of page. */
static FpDecoded decode(FpDecoder *decoder, uint8_t *page, const uint8_t *frame, size_t captured, size_t wire, FpLink link,
                        FpSegment *segment)
{
    uint8_t *place = page + PAGE_BYTES - captured;
    FpRecord record = {.data = place, .captured_bytes = (uint32_t)captured, .wire_bytes = (uint32_t)wire, .link = link, .time_ns = 42};

    memcpy(place, frame, captured);
    return fp_decode(decoder, &record, segment);
}

static void test_framing(gconstpointer data)
{
    const Framing *framing = data;
    FpDecoder *decoder = fp_decoder_new();
    uint8_t *page = guarded_page(), frame[256];
    size_t wire = build(framing, frame);
    size_t needed = wire - 4 - 4; /* all but checksum, urgent pointer and payload */
    FpSegment segment;

    for (size_t captured = 0; captured <= wire; captured++) {
        FpDecoded decoded = decode(decoder, page, frame, captured, wire, framing->link, &segment);
        g_assert_cmpint(decoded, ==, captured < needed ? FP_DECODED_CUT : FP_DECODED_SEGMENT);
        if (decoded != FP_DECODED_SEGMENT)
            continue;
        g_assert_cmpuint(segment.segment_bytes, ==, 24);
        g_assert_cmpuint(segment.header_bytes, ==, 20);
        g_assert_cmpuint(segment.source_port, ==, 40000);
        g_assert_cmpuint(segment.destination_port, ==, 80);
        g_assert_cmpuint(segment.seq, ==, 1001);
        g_assert_cmpuint(segment.ack, ==, 5001);
        g_assert_cmpuint(segment.flags, ==, 0x18);
        g_assert_cmpuint(segment.window, ==, 64240);
        g_assert_cmpuint(segment.address_bytes, ==, framing->is_ipv6 ? 16 : 4);
        g_assert_cmpuint(segment.source[segment.address_bytes - 1], ==, 1);
        g_assert_cmpuint(segment.destination[segment.address_bytes - 1], ==, 2);
        g_assert_cmpint(segment.time_ns, ==, 42);
        g_assert_false(segment.length_unknown);
    }
    munmap(page, (size_t)PAGE_BYTES * 2);
    fp_decoder_free(decoder);
}

/* Any frame of any link type ends in a segment or a reason, and nothing beyond its bytes is read. */
static void test_hostile(void)
{
    FpDecoder *decoder = fp_decoder_new();
    uint8_t *page = guarded_page(), frame[256];
    GRand *random = g_rand_new_with_seed(1);
    unsigned seen[FP_N_DECODED] = {0};

    for (int round = 0; round < 2000000; round++) {
        const Framing *framing = &framings[g_rand_int_range(random, 0, G_N_ELEMENTS(framings))];
        size_t wire = build(framing, frame);
        for (int changes = g_rand_int_range(random, 0, 4); changes > 0; changes--)
            frame[g_rand_int_range(random, 0, (gint32)wire)] = (uint8_t)g_rand_int(random);
        size_t captured = (size_t)g_rand_int_range(random, 0, 4) == 0 ? (size_t)g_rand_int_range(random, 0, (gint32)wire + 1) : wire;
        FpSegment segment;
        FpDecoded decoded = decode(decoder, page, frame, captured, wire, framing->link, &segment);
        g_assert_cmpint(decoded, >=, 0);
        g_assert_cmpint(decoded, <, FP_N_DECODED);
        g_assert_nonnull(fp_decoded_name(decoded));
        seen[decoded]++;
        if (decoded == FP_DECODED_SEGMENT)
            g_assert_cmpuint(segment.source[0] + segment.destination[segment.address_bytes - 1U], <=, 510); /* both can be read */
    }
    /* the mutations reach every branch worth the name */
    for (int decoded = 0; decoded < FP_DECODED_LINK; decoded++)
        g_assert_cmpuint(seen[decoded], >, 0);
    g_rand_free(random);
    munmap(page, (size_t)PAGE_BYTES * 2);
    fp_decoder_free(decoder);
}

/* Tags without end, PPP where loopback was announced, and link types that are not decoded are none of our business. */
static void test_not_decoded(void)
{
    uint8_t frame[256] = {[12] = 0x81, 0};
    FpDecoder *decoder = fp_decoder_new();
    FpSegment segment;
    FpRecord record = {.data = frame, .captured_bytes = 14 + 21 * 4 + 44, .wire_bytes = 14 + 21 * 4 + 44, .link = FP_LINK_ETHERNET};

    for (size_t tag = 0; tag < 20; tag++)
        frame[14 + tag * 4 + 2] = 0x81;
    memcpy(frame + 14 + 20 * 4 + 2, "\x08\x00", 2);
    memcpy(frame + 14 + 21 * 4, tcp_over_ipv4, sizeof tcp_over_ipv4);
    g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_LINK);
    record.data += 4; /* one tag less: its type field is now the twentieth's */
    record.captured_bytes = record.wire_bytes -= 4;
    g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_SEGMENT);

    memcpy(frame, "\xff\x03\x00\x21", 4);
    record = (FpRecord){.data = frame, .captured_bytes = 60, .wire_bytes = 60, .link = FP_LINK_NULL};
    g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_LINK);
    record.link = FP_LINK_OTHER;
    g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_LINK);
    record.link = FP_LINK_NONE;
    g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_NOT_PACKET);
    fp_decoder_free(decoder);
}

/* RFC 791 3.1: with a source route that is not used up, the packet is for the route's last address. */
static void test_source_route(void)
{
    uint8_t frame[128] = {[12] = 0x08, [14] = 0x47, 0,   0, 52, 0, 0,   0, 0, 64,  6, 0, 0, 192, 0,
                          2,           1,           192, 0, 2,  9, 131, 7, 4, 192, 0, 2, 2, 0};
    FpDecoder *decoder = fp_decoder_new();
    FpSegment segment;
    FpRecord record = {.data = frame, .captured_bytes = 66, .wire_bytes = 66, .link = FP_LINK_ETHERNET};

    memcpy(frame + 42, tcp_over_ipv4 + 20, 24);
    g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_SEGMENT);
    g_assert_cmpuint(segment.destination[3], ==, 2);
    frame[36] = 8; /* the pointer is beyond the route: used up */
    g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_SEGMENT);
    g_assert_cmpuint(segment.destination[3], ==, 9);
    fp_decoder_free(decoder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(framings); i++) {
        g_autofree char *path = g_strdup_printf("/decode/framing/%s", framings[i].name);
        g_test_add_data_func(path, &framings[i], test_framing);
    }
    g_test_add_func("/decode/hostile", test_hostile);
    g_test_add_func("/decode/not-decoded", test_not_decoded);
    g_test_add_func("/decode/source-route", test_source_route);
    return g_test_run();
}
