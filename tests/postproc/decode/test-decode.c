/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-decode.c - frames down to the segment, for every link type; and hostile frames, which lie right before a page that must not be
 * touched, so that reading one byte too many ends the test.
 */
#include "frames.h"

static void test_framing(gconstpointer data)
{
    const Framing *framing = data;
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);
    uint8_t *page = guarded_page(), frame[FRAME_BYTES];
    size_t wire = build(framing, frame);
    /* all but checksum, urgent pointer and payload; Wireshark wants all that NFLOG announces, and finds an IPNET packet from the end */
    bool needs_all = framing->link == FP_LINK_NFLOG || framing->link == FP_LINK_IPNET;
    size_t needed = needs_all ? wire : wire - framing->tail_bytes - 4 - 4;
    const FpSegment expected = {.address_bytes = framing->is_ipv6 ? 16 : 4,
                                .source_port = 40000,
                                .destination_port = 80,
                                .seq = 1001,
                                .ack = 5001,
                                .window = 64240,
                                .flags = 0x18,
                                .header_bytes = 20,
                                .segment_bytes = 24};
    FpSegment segment;

    for (size_t captured = 0; captured <= wire; captured++) {
        FpDecoded decoded = decode(decoder, page, frame, captured, wire, framing->link, &segment);
        if (captured < needed) { /* truncated within an outer header, it may look like something that does not carry TCP */
            g_assert_cmpint(decoded, !=, FP_DECODED_SEGMENT);
            continue;
        }
        g_assert_cmpint(decoded, ==, FP_DECODED_SEGMENT);
        assert_same_numbers(&segment, &expected);
        g_assert_cmpuint(segment.source[segment.address_bytes - 1], ==, 1);
        g_assert_cmpuint(segment.destination[segment.address_bytes - 1], ==, 2);
        g_assert_cmpint(segment.time_ns, ==, 42);
    }
    munmap(page, (size_t)PAGE_BYTES * 2);
    fp_decoder_free(decoder);
}

/* The numbers on the way down to the segment, in framings that have any. */
static const struct {
    const char *name;
    unsigned kind;
    int n;
    uint32_t numbers[2];
} networks[] = {
    {"vlan", FP_NETWORK_VLAN, 1, {5}},
    {"vlan-in-vlan", FP_NETWORK_VLAN, 2, {5, 6}},
    {"old-vlan-in-vlan", FP_NETWORK_VLAN, 2, {5, 6}},
    {"provider-backbone", FP_NETWORK_VLAN, 1, {0x01000001}},
    {"gre-key-sequence", FP_NETWORK_VNI, 1, {0}},
    {"vxlan", FP_NETWORK_VNI, 1, {1}},
    {"vxlan-gpe", FP_NETWORK_VNI, 1, {0}},
    {"geneve", FP_NETWORK_VNI, 1, {0}},
    {"sll-vlan", FP_NETWORK_VLAN, 1, {5}},
    {"sll2", FP_NETWORK_INTERFACE, 1, {0}},
};

static uint64_t expected_network(const char *name, unsigned kinds, uint64_t network)
{
    for (size_t i = 0; i < G_N_ELEMENTS(networks); i++)
        for (int j = 0; g_str_equal(name, networks[i].name) && networks[i].kind & kinds && j < networks[i].n; j++)
            network = fp_network_mix(network, networks[i].kind, networks[i].numbers[j]);
    return network;
}

/* What the caller knows of the network is extended by numbers of the kinds asked for. */
static void test_network(gconstpointer data)
{
    const Framing *framing = data;
    uint8_t frame[FRAME_BYTES];
    size_t wire = build(framing, frame);
    FpRecord record = {.data = frame, .captured_bytes = (uint32_t)wire, .wire_bytes = (uint32_t)wire, .link = framing->link};

    for (unsigned kinds = 0; kinds < 8; kinds++) {
        FpDecoder *decoder = fp_decoder_new(NULL, kinds, 0);
        FpSegment segment = {.network = 42};
        g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_SEGMENT);
        g_assert_cmpuint(segment.network, ==, expected_network(framing->name, kinds, 42));
        fp_decoder_free(decoder);
    }
}

/* A frame within PPI takes the long way, unlike a plain Ethernet frame by itself. Both must give the same result. */
static void assert_long_way_gives(FpDecoder *decoder, uint8_t *page, const uint8_t *frame, size_t captured, size_t wire, FpDecoded expected,
                                  const FpSegment *expected_segment)
{
    static const uint8_t ppi[8] = {0, 0, 8, 0, 1, 0, 0, 0};
    uint8_t wrapped[FRAME_BYTES + 8];
    FpSegment segment;

    memcpy(wrapped, ppi, sizeof ppi);
    memcpy(wrapped + sizeof ppi, frame, captured);
    g_assert_cmpint(decode(decoder, page, wrapped, sizeof ppi + captured, sizeof ppi + wire, FP_LINK_PPI, &segment), ==, expected);
    if (expected == FP_DECODED_SEGMENT)
        assert_same_numbers(&segment, expected_segment);
}

/* Any frame of any link type ends in a segment or a reason, and nothing beyond its bytes is read. */
static void test_hostile(void)
{
    /* what a fragment means depends on those before it, so each of the two has a decoder of its own */
    FpDecoder *any = fp_decoder_new(NULL, 0, 0), *ethernet = fp_decoder_new(NULL, 0, 0), *long_way = fp_decoder_new(NULL, 0, 0);
    uint8_t *page = guarded_page(), frame[FRAME_BYTES];
    GRand *random = g_rand_new_with_seed(1);
    unsigned seen[FP_N_DECODED] = {0};

    for (int round = 0; round < 2000000; round++) {
        const Framing *framing = framing_at((size_t)g_rand_int_range(random, 0, N_FRAMINGS));
        size_t wire = build(framing, frame);
        for (int changes = g_rand_int_range(random, 0, 4); changes > 0; changes--)
            frame[g_rand_int_range(random, 0, (gint32)wire)] = (uint8_t)g_rand_int(random);
        size_t captured = (size_t)g_rand_int_range(random, 0, 4) == 0 ? (size_t)g_rand_int_range(random, 0, (gint32)wire + 1) : wire;
        FpSegment segment;
        bool is_ethernet = framing->link == FP_LINK_ETHERNET;
        FpDecoded decoded = decode(is_ethernet ? ethernet : any, page, frame, captured, wire, framing->link, &segment);
        g_assert_cmpint(decoded, >=, 0);
        g_assert_cmpint(decoded, <, FP_N_DECODED);
        g_assert_nonnull(fp_decoded_name(decoded));
        seen[decoded]++;
        if (decoded == FP_DECODED_SEGMENT)
            g_assert_cmpuint(segment.source[0] + segment.destination[segment.address_bytes - 1U], <=, 510); /* both can be read */
        if (is_ethernet)
            assert_long_way_gives(long_way, page, frame, captured, wire, decoded, &segment);
    }
    /* the mutations reach every branch that matters */
    for (int decoded = 0; decoded < FP_DECODED_NOT_PACKET; decoded++)
        g_assert_cmpint(seen[decoded] > 0, ==, decoded != FP_DECODED_DATAGRAM && fp_decoded_name((FpDecoded)decoded)[0] != '\0');
    g_rand_free(random);
    munmap(page, (size_t)PAGE_BYTES * 2);
    fp_decoder_free(any);
    fp_decoder_free(ethernet);
    fp_decoder_free(long_way);
}

static FpDecoded decode_here(FpDecoder *decoder, const uint8_t *frame, size_t wire, FpLink link)
{
    FpRecord record = {.data = frame, .captured_bytes = (uint32_t)wire, .wire_bytes = (uint32_t)wire, .link = link};
    FpSegment segment;

    return fp_decode(decoder, &record, &segment);
}

/* Tags without end, and link types that are not decoded, are not our concern. */
static void test_not_decoded(void)
{
    uint8_t frame[FRAME_BYTES] = {[12] = 0x81, 0};
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);
    size_t wire = 14 + 21 * 4 + 44;

    for (size_t tag = 0; tag < 20; tag++)
        frame[14 + tag * 4 + 2] = 0x81;
    frame[14 + 20 * 4 + 2] = 8;
    memcpy(frame + 14 + 21 * 4, tcp_over_ipv4, sizeof tcp_over_ipv4);
    g_assert_cmpint(decode_here(decoder, frame, wire, FP_LINK_ETHERNET), ==, FP_DECODED_LEFT);
    /* one tag fewer: the frame's type field is now where an address was */
    g_assert_cmpint(decode_here(decoder, frame + 4, wire - 4, FP_LINK_ETHERNET), ==, FP_DECODED_SEGMENT);
    g_assert_cmpint(decode_here(decoder, frame, wire, FP_LINK_OTHER), ==, FP_DECODED_LEFT);
    g_assert_cmpint(decode_here(decoder, frame, wire, FP_LINK_NONE), ==, FP_DECODED_NOT_PACKET);
    fp_decoder_free(decoder);
}

/* Networks within networks, as deep as a frame is long, end in a reason and not at the end of the stack. */
static void test_depth(void)
{
    static const uint8_t ipip[20] = {IPV4(4, 0)}; /* length 0: as far as the frame goes */
    static const uint8_t label[18] = {0, 1, 1, 64, ETHERNET(0x88, 0x47)};
    static const uint8_t snap[8] = {0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x70}; /* and again an LLC header */
    size_t n = 10000, wire = n * sizeof ipip + sizeof tcp_over_ipv4;
    uint8_t *frame = g_malloc0(wire);
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);

    for (size_t i = 0; i < n; i++)
        memcpy(frame + i * sizeof ipip, ipip, sizeof ipip);
    memcpy(frame + n * sizeof ipip, tcp_over_ipv4, sizeof tcp_over_ipv4);
    g_assert_cmpint(decode_here(decoder, frame, wire, FP_LINK_IPV4), ==, FP_DECODED_LEFT);
    g_assert_cmpint(decode_here(decoder, frame + (n - 10) * sizeof ipip, wire - (n - 10) * sizeof ipip, FP_LINK_IPV4), ==,
                    FP_DECODED_SEGMENT);

    memcpy(frame, label + 4, 14);
    for (size_t i = 0; i < n; i++)
        memcpy(frame + 14 + i * sizeof label, label, sizeof label);
    g_assert_cmpint(decode_here(decoder, frame, 14 + n * sizeof label, FP_LINK_ETHERNET), ==, FP_DECODED_LEFT);

    frame[12] = 0x88;
    frame[13] = 0x70;
    for (size_t i = 0; i < n; i++)
        memcpy(frame + 14 + i * sizeof snap, snap, sizeof snap);
    g_assert_cmpint(decode_here(decoder, frame, 14 + n * sizeof snap, FP_LINK_ETHERNET), ==, FP_DECODED_LEFT);
    g_free(frame);
    fp_decoder_free(decoder);
}

/* RFC 791 3.1: with a source route that is not used up, the packet is for the last address of the route. */
static void test_source_route(void)
{
    uint8_t frame[128] = {[12] = 0x08, [14] = 0x47, 0,   0, 52, 0, 0,   0, 0, 64,  6, 0, 0, 192, 0,
                          2,           1,           192, 0, 2,  9, 131, 7, 4, 192, 0, 2, 2, 0};
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);
    FpSegment segment;
    FpRecord record = {.data = frame, .captured_bytes = 66, .wire_bytes = 66, .link = FP_LINK_ETHERNET};

    memcpy(frame + 42, tcp_over_ipv4 + 20, 24);
    g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_SEGMENT);
    g_assert_cmpuint(segment.destination[3], ==, 2);
    frame[36] = 8; /* the pointer is beyond the route: it is used up */
    g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_SEGMENT);
    g_assert_cmpuint(segment.destination[3], ==, 9);

    uint8_t longer[128] = {[12] = 0x08, [14] = 0x48, 0, 0, 56,  0,  0, 0,   0, 64, 6, 0,   0, 192, 0, 2, 1,
                           192,         0,           2, 9, 131, 11, 4, 192, 0, 2,  3, 192, 0, 2,   2, 0};
    record = (FpRecord){.data = longer, .captured_bytes = 70, .wire_bytes = 70, .link = FP_LINK_ETHERNET};
    memcpy(longer + 46, tcp_over_ipv4 + 20, 24);
    for (longer[36] = 4; longer[36] <= 8; longer[36] += 4) { /* wherever on the route it is, the next hop need not be the last one */
        g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_SEGMENT);
        g_assert_cmpuint(segment.destination[3], ==, 2);
    }
    fp_decoder_free(decoder);
}

static void check_ipv6_endpoints(FpDecoder *decoder, uint8_t *frame, size_t headers_bytes, uint8_t source, uint8_t destination)
{
    FpSegment segment;
    FpRecord record = {.data = frame, .captured_bytes = (uint32_t)headers_bytes + 24, .link = FP_LINK_IPV6};

    record.wire_bytes = record.captured_bytes;
    frame[5] = (uint8_t)(record.captured_bytes - 40);
    memcpy(frame + headers_bytes, tcp_over_ipv4 + 20, 24);
    g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_SEGMENT);
    g_assert_cmpuint(segment.source[15], ==, source);
    g_assert_cmpuint(segment.destination[15], ==, destination);
}

/* RFC 8200 4.4, RFC 6275 6.3 and 6.4, RFC 8754 2: whom a packet is for in the end, and who sent it, if its header says another. */
static void test_ipv6_endpoints(void)
{
    uint8_t route[128] = {0x60, [6] = 43, 64, [23] = 1, [39] = 2, [40] = 6, 2, 0, 1, [63] = 9};
    uint8_t longer[128] = {0x60, [6] = 43, 64, [23] = 1, [39] = 2, [40] = 6, 4, 0, 2, [63] = 9, [79] = 7};
    uint8_t home[128] = {0x60, [6] = 60, 64, [23] = 1, [39] = 2, [40] = 6, 2, 201, 16, [59] = 8, 1, 2};
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);

    check_ipv6_endpoints(decoder, route, 64, 1, 9);
    route[43] = 0; /* nowhere left to go */
    check_ipv6_endpoints(decoder, route, 64, 1, 2);
    check_ipv6_endpoints(decoder, longer, 80, 1, 7);
    longer[42] = 2; /* of a mobile node */
    check_ipv6_endpoints(decoder, longer, 80, 1, 9);
    longer[42] = 4; /* of segment routing, whose first address is the last to go to */
    check_ipv6_endpoints(decoder, longer, 80, 1, 9);
    check_ipv6_endpoints(decoder, home, 64, 8, 2);
    home[42] = 202; /* another option */
    check_ipv6_endpoints(decoder, home, 64, 1, 2);
    fp_decoder_free(decoder);
}

/* Whose interface NFLOG says a packet came in by or went out by: what came in may go out, too. */
static void test_nflog_interfaces(void)
{
    static const struct {
        uint8_t first, second; /* attributes: 4 is where it came in, 5 where it goes out */
        uint32_t interface;
        FpDirection direction;
    } cases[] = {{4, 6, 7, FP_DIRECTION_IN},
                 {5, 6, 7, FP_DIRECTION_OUT},
                 {4, 5, 7, FP_DIRECTION_IN},
                 {5, 4, 8, FP_DIRECTION_IN},
                 {6, 6, 0, FP_DIRECTION_UNKNOWN}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint8_t frame[24 + sizeof tcp_over_ipv4] = {2, 0, 0,  0, 8, 0, cases[i].first, 0, 0, 0, 0, 7, 8, 0, cases[i].second, 0, 0, 0,
                                                    0, 8, 48, 0, 9, 0};
        const FpRecord record = {.data = frame, .captured_bytes = sizeof frame, .wire_bytes = sizeof frame, .link = FP_LINK_NFLOG};
        FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);
        FpSegment segment;
        FpDecodeNotes notes;
        memcpy(frame + 24, tcp_over_ipv4, sizeof tcp_over_ipv4);
        g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_SEGMENT);
        fp_decode_again(decoder, &record, 0, &notes);
        g_assert_cmpuint(notes.interface, ==, cases[i].interface);
        g_assert_cmpint(notes.direction, ==, cases[i].direction);
        fp_decoder_free(decoder);
    }
}

/* Makes an A-MSDU of n subframes; the i'th has a segment from port 40000 + i to port 80 (IEEE 802.11 9.3.2.2.2). Returns its length. */
static size_t build_aggregate(uint8_t *frame, unsigned n)
{
    static const uint8_t header[26] = {0x88, 1, [22] = 0, 0, 0x80, 0};
    static const uint8_t subframe[22] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0, 52, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0};
    size_t at = sizeof header;

    memcpy(frame, header, sizeof header);
    for (unsigned i = 0; i < n; i++) {
        memset(frame + at, 0, 2);
        at = sizeof header + ((at - sizeof header + 3) & ~(size_t)3);
        memcpy(frame + at, subframe, sizeof subframe);
        memcpy(frame + at + sizeof subframe, tcp_over_ipv4, sizeof tcp_over_ipv4);
        frame[at + sizeof subframe + 21] = (uint8_t)(0x40 + i);
        at += sizeof subframe + sizeof tcp_over_ipv4;
    }
    return at;
}

/* Several frames in one record: each has its segment, and notes can be taken of each alone. What was cut off is missing, and nothing
 * else. */
static void test_several(void)
{
    uint8_t *page = guarded_page(), frame[FRAME_BYTES];
    size_t wire = build_aggregate(frame, 3), one = 22 + sizeof tcp_over_ipv4 + 2;
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);
    FpSegment segment;

    for (size_t captured = 0; captured <= wire; captured++) {
        unsigned n = captured == wire ? 3 : (unsigned)(captured < 26 ? 0 : (captured - 26 + 2) / one);
        FpDecoded decoded = decode(decoder, page, frame, captured, wire, FP_LINK_WLAN, &segment);
        g_assert_cmpint(decoded == FP_DECODED_SEGMENT, ==, n > 0);
        FpExtra *extra = n > 0 ? fp_decoder_take_extra(decoder) : NULL;
        g_assert_cmpint(extra != NULL, ==, n > 1);
        g_assert_true(n == 0 || segment.source_port == 40000 + n - 1);
        for (unsigned i = 0; i + 1 < n; i++)
            g_assert_cmpuint(g_array_index(extra->earlier, FpSegment, i).source_port, ==, 40000 + i);
        fp_extra_free(extra);
    }
    FpRecord record = {.data = frame, .captured_bytes = (uint32_t)wire, .wire_bytes = (uint32_t)wire, .link = FP_LINK_WLAN};
    for (unsigned i = 0; i < 4; i++) {
        FpDecodeNotes notes;
        fp_decode_again(decoder, &record, i, &notes);
        g_assert_cmpint(notes.segment.bytes != NULL, ==, i < 3);
        g_assert_true(i == 3 || fp_load16(notes.segment.bytes) == 40000 + i);
    }
    fp_decoder_free(decoder);
    munmap(page, (size_t)PAGE_BYTES * 2);
}

/* One frame in several records, in any order; and one that has a number but nothing before it, which is whole. */
static void test_wlan_fragments(void)
{
    static const uint8_t header[24] = {8, 1, [16] = 2, [22] = 0x20};
    static const uint8_t llc[8] = {0xaa, 0xaa, 3, 0, 0, 0, 8, 0};
    uint8_t whole[sizeof llc + sizeof tcp_over_ipv4], frame[FRAME_BYTES];
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);

    memcpy(whole, llc, sizeof llc);
    memcpy(whole + sizeof llc, tcp_over_ipv4, sizeof tcp_over_ipv4);
    memcpy(frame, header, sizeof header);
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < 3; i++) {
            static const unsigned orders[2][3] = {{0, 1, 2}, {1, 2, 0}};
            unsigned number = orders[round][i];
            size_t begin = number * 20, n = number == 2 ? sizeof whole - begin : 20;
            frame[1] = number == 2 ? 1 : 5;
            frame[22] = (uint8_t)(0x20 + round * 16 + number);
            memcpy(frame + sizeof header, whole + begin, n);
            g_assert_cmpint(decode_here(decoder, frame, sizeof header + n, FP_LINK_WLAN), ==,
                            i == 2 ? FP_DECODED_SEGMENT : FP_DECODED_LEFT);
        }
    frame[1] = 1;
    frame[22] = 0x76;
    memcpy(frame + sizeof header, whole, sizeof whole);
    g_assert_cmpint(decode_here(decoder, frame, sizeof header + sizeof whole, FP_LINK_WLAN), ==, FP_DECODED_SEGMENT);
    fp_decoder_free(decoder);
}

/* IPComp: what cannot be inflated is named; what would be endless has an end. */
static void test_inflated(void)
{
    uint8_t frame[FRAME_BYTES] = {IPV4(108, 0), 4, 0, 0, 2};
    /* a block with deflate's fixed codes: a literal 0, then distances of 1 with the greatest length, endlessly as far as the block goes */
    static const uint8_t bomb[4] = {0x63, 0x18, 0x05, 0xa3};
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);

    memset(frame + 24, 0xff, 40);
    g_assert_cmpint(decode_here(decoder, frame, 64, FP_LINK_IPV4), ==, FP_DECODED_LEFT);
    g_assert_cmpint(fp_decoder_no_segment(decoder).kind, ==, FP_NO_SEGMENT_PROTOCOL);
    g_assert_cmpuint(fp_decoder_no_segment(decoder).number, ==, 108);
    memcpy(frame + 24, bomb, sizeof bomb);
    for (size_t i = 28; i < FRAME_BYTES; i++)
        frame[i] = (uint8_t)(i % 3 == 0 ? 0x60 : i % 3 == 1 ? 0x14 : 0x8c);
    g_assert_cmpint(decode_here(decoder, frame, FRAME_BYTES, FP_LINK_IPV4), !=, FP_DECODED_SEGMENT);
    fp_decoder_end_batch(decoder);
    fp_decoder_free(decoder);
}

/* What is left is counted by name, the most frequent first; what is too much for a page is summed up. */
static void test_left(void)
{
    uint8_t frame[64] = {[12] = 0x08, 0x06};
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);
    g_autoptr(FpNoSegmentCounts) counts = fp_no_segment_counts_new();
    FpNoSegmentCount top[3];
    uint64_t rest;

    for (unsigned i = 0; i < 10; i++) {
        frame[12] = i < 5 ? 0x08 : 0x9f;
        frame[13] = i < 5 ? 0x06 : i < 8 ? 0x01 : (uint8_t)i;
        g_assert_cmpint(decode_here(decoder, frame, sizeof frame, FP_LINK_ETHERNET), ==, FP_DECODED_LEFT);
        fp_no_segment_count(counts, fp_decoder_no_segment(decoder));
    }
    g_assert_cmpuint(fp_no_segment_counts_top(counts, top, 3, &rest), ==, 3);
    g_assert_cmpuint(rest, ==, 1);
    static const char *const expected[3] = {"ARP", "Ethernet type 0x9f01", "Ethernet type 0x9f08"};
    for (unsigned i = 0; i < 3; i++) {
        char name[FP_NO_SEGMENT_NAME_BYTES];
        fp_no_segment_name(top[i].left, name, sizeof name);
        g_assert_cmpstr(name, ==, expected[i]);
    }
    g_assert_cmpuint(top[0].n, ==, 5);
    g_assert_cmpuint(top[1].n, ==, 3);
    fp_decoder_free(decoder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < N_FRAMINGS; i++) {
        g_autofree char *path = g_strdup_printf("/decode/framing/%zu-%s", i, framing_at(i)->name);
        g_autofree char *network_path = g_strdup_printf("/decode/network/%zu-%s", i, framing_at(i)->name);
        g_test_add_data_func(path, framing_at(i), test_framing);
        if (i < G_N_ELEMENTS(framings))
            g_test_add_data_func(network_path, framing_at(i), test_network);
    }
    g_test_add_func("/decode/several", test_several);
    g_test_add_func("/decode/wlan-fragments", test_wlan_fragments);
    g_test_add_func("/decode/inflated", test_inflated);
    g_test_add_func("/decode/left", test_left);
    g_test_add_func("/decode/hostile", test_hostile);
    g_test_add_func("/decode/not-decoded", test_not_decoded);
    g_test_add_func("/decode/depth", test_depth);
    g_test_add_func("/decode/source-route", test_source_route);
    g_test_add_func("/decode/nflog-interfaces", test_nflog_interfaces);
    g_test_add_func("/decode/ipv6-endpoints", test_ipv6_endpoints);
    return g_test_run();
}
