/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-datagrams.c - UDP where it is wanted: the innermost header, the two lengths, ports of tunnels without a tunnel; and hostile
 * frames. */
#include "frames.h"

#define PAYLOAD_BYTES 16U

/* A frame with a datagram in place of the segment, of the same length. */
static size_t build_datagram(const Framing *framing, uint8_t *frame)
{
    static const uint8_t udp[FP_UDP_HEADER_BYTES] = {0x9c, 0x40, 0, 80, 0, FP_UDP_HEADER_BYTES + PAYLOAD_BYTES, 0, 0};
    size_t wire = build(framing, frame);
    uint8_t *packet = frame + framing->header_bytes;

    packet[framing->is_ipv6 ? 48 : 9] = 17;
    memcpy(packet + (framing->is_ipv6 ? 56 : 20), udp, sizeof udp);
    return wire;
}

static void check_datagram(const Framing *framing, const FpSegment *segment)
{
    g_assert_cmpint(segment->transport, ==, FP_TRANSPORT_UDP);
    g_assert_cmpuint(segment->segment_bytes, ==, FP_UDP_HEADER_BYTES + PAYLOAD_BYTES);
    g_assert_cmpuint(segment->header_bytes, ==, FP_UDP_HEADER_BYTES);
    g_assert_cmpuint(segment->destination_port, ==, 80);
    g_assert_cmpuint(segment->seq + segment->ack + segment->flags + segment->window, ==, 0);
    g_assert_cmpuint(segment->source[framing->is_ipv6 ? 15 : 3], ==, 1);
    g_assert_cmpuint(segment->destination[framing->is_ipv6 ? 15 : 3], ==, 2);
    g_assert_false(segment->length_unknown || segment->is_quic_long);
}

/* Every framing, truncated at every byte. If the inner IP header of a tunnel over UDP is cut off, what is left is a datagram on the
 * outer ports. */
static void test_framing(gconstpointer data)
{
    const Framing *framing = data;
    FpDecoder *decoder = fp_decoder_new(NULL, 0, FP_TAKES_UDP), *none = fp_decoder_new(NULL, 0, FP_TAKES_TCP);
    uint8_t *page = guarded_page(), frame[FRAME_BYTES];
    size_t wire = build_datagram(framing, frame);
    bool needs_all = framing->link == FP_LINK_NFLOG || framing->link == FP_LINK_IPNET;
    size_t needed = needs_all ? wire : wire - framing->tail_bytes - PAYLOAD_BYTES;
    FpSegment segment;

    for (size_t captured = 0; captured <= wire; captured++) {
        g_assert_cmpint(decode(none, page, frame, captured, wire, framing->link, &segment), !=, FP_DECODED_SEGMENT);
        FpDecoded decoded = decode(decoder, page, frame, captured, wire, framing->link, &segment);
        bool is_inner = decoded == FP_DECODED_SEGMENT && segment.source_port == 40000;
        g_assert_cmpint(is_inner, ==, captured >= needed);
        if (is_inner)
            check_datagram(framing, &segment);
    }
    munmap(page, (size_t)PAGE_BYTES * 2);
    fp_decoder_free(decoder);
    fp_decoder_free(none);
}

#define IPV4_UDP(ip_length, udp_length) IPV4(17, ip_length), 0x9c, 0x40, 0, 80, 0, (udp_length), 0, 0

/* The length of a datagram's payload by both lengths. -1: it is not a datagram. */
static void test_lengths(void)
{
    static const struct {
        uint8_t ip_length, udp_length;
        int payload_bytes;
    } rows[] = {
        {28, 8, 0}, {38, 18, 10}, {38, 12, 4}, {38, 40, 10}, {38, 0, -1}, {38, 7, -1}, {27, 18, -1}, {0, 18, 10}, {0, 60, 18},
    };
    FpDecoder *decoder = fp_decoder_new(NULL, 0, FP_TAKES_UDP);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const uint8_t packet[46] = {IPV4_UDP(rows[i].ip_length, rows[i].udp_length)};
        FpRecord record = {.data = packet, .captured_bytes = 46, .wire_bytes = 46, .link = FP_LINK_IPV4};
        FpSegment segment;
        FpDecoded decoded = fp_decode(decoder, &record, &segment);
        g_test_message("IP length %u, UDP length %u", rows[i].ip_length, rows[i].udp_length);
        g_assert_cmpint(decoded == FP_DECODED_SEGMENT ? (int)segment.segment_bytes - 8 : -1, ==, rows[i].payload_bytes);
    }
    fp_decoder_free(decoder);
}

/* RFC 2675 4: in IPv6, a UDP length of 0 means as long as IP says; in IPv4, the datagram is invalid. */
static void test_jumbogram(void)
{
    static const uint8_t headers[56] = {0x60, [6] = 0, [8] = 1, [24] = 2, [40] = 17, 0, 0xc2, 4, 0, 1, 0x11, 0x70};
    const uint32_t payload_bytes = 0x11170 - 16; /* after hop-by-hop options and UDP header */
    g_autofree uint8_t *frame = g_malloc0(40 + 0x11170);
    FpRecord record = {.data = frame, .captured_bytes = 40 + 0x11170, .wire_bytes = 40 + 0x11170, .link = FP_LINK_IPV6};
    FpDecoder *decoder = fp_decoder_new(NULL, 0, FP_TAKES_UDP);
    FpSegment segment;

    memcpy(frame, headers, sizeof headers);
    g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_SEGMENT);
    g_assert_cmpuint(segment.segment_bytes, ==, FP_UDP_HEADER_BYTES + payload_bytes);
    fp_decoder_free(decoder);
}

/* A tunnel's port does not make a tunnel: what has no IP header inside is a datagram, in its own network and without inner VLANs. */
static void test_tunnels_without_ip(void)
{
    static const uint8_t arp_in_vxlan[54] = {
        IPV4(17, 54), 0x9c, 0x40, 0x12, 0xb5, 0, 34, 0, 0, 8, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 5, 8, 6};
    FpRecord record = {.data = arp_in_vxlan, .captured_bytes = 54, .wire_bytes = 54, .link = FP_LINK_IPV4};
    FpDecoder *decoder = fp_decoder_new(NULL, FP_NETWORK_VLAN | FP_NETWORK_VNI, FP_TAKES_TCP | FP_TAKES_UDP);
    FpSegment segment = {.network = 42};
    FpDecodeNotes notes;

    g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_SEGMENT);
    g_assert_cmpuint(segment.destination_port, ==, 4789);
    g_assert_cmpuint(segment.segment_bytes, ==, 34);
    g_assert_cmpuint(segment.network, ==, 42);
    fp_decode_again(decoder, &record, 0, &notes);
    g_assert_true(notes.segment.bytes == arp_in_vxlan + 20 && notes.segment.wire == 34);
    g_assert_cmpuint(notes.n_vlans, ==, 0);
    fp_decoder_free(decoder);
}

/* A truncated IP header inside still counts as one, if a byte of it is there. */
static void test_tunnel_with_cut_ip(void)
{
    static const uint8_t packet[40] = {IPV4(17, 66), 0x9c, 0x40, 0x12, 0xb6, 0, 46, 0, 0}; /* VXLAN-GPE's port */

    for (unsigned version = 4; version <= 6; version += 2) {
        uint8_t frame[40];
        FpRecord record = {.data = frame, .captured_bytes = 37, .wire_bytes = 66, .link = FP_LINK_IPV4};
        FpDecoder *decoder = fp_decoder_new(NULL, 0, FP_TAKES_UDP);
        FpSegment segment;

        memcpy(frame, packet, sizeof frame);
        frame[31] = version == 4 ? 1 : 2; /* what is next */
        frame[36] = (uint8_t)(version << 4 | 5);
        g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_CUT);
        record.captured_bytes = 36;
        g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_SEGMENT);
        g_assert_cmpuint(segment.destination_port, ==, 4790);
        fp_decoder_free(decoder);
    }
}

/* The long header is looked for in what was captured of the payload, and not beyond the UDP length. */
static void test_quic(void)
{
    static const uint8_t packet[64] = {IPV4_UDP(64, 44), 0xc3, 0, 0, 0, 1, 8, [42] = 4};
    uint8_t *page = guarded_page();
    FpDecoder *decoder = fp_decoder_new(NULL, 0, FP_TAKES_QUIC);
    FpSegment segment;

    for (size_t captured = 28; captured <= sizeof packet; captured++) {
        g_assert_cmpint(decode(decoder, page, packet, captured, sizeof packet, FP_LINK_IPV4, &segment), ==, FP_DECODED_SEGMENT);
        g_assert_cmpint(segment.is_quic_long, ==, captured >= 28 + 15);
    }
    for (uint8_t length = 8; length <= 44; length++) {
        uint8_t changed[sizeof packet];
        memcpy(changed, packet, sizeof packet);
        changed[25] = length;
        g_assert_cmpint(decode(decoder, page, changed, sizeof packet, sizeof packet, FP_LINK_IPV4, &segment), ==, FP_DECODED_SEGMENT);
        g_assert_cmpint(segment.is_quic_long, ==, length >= 8 + 15);
    }
    munmap(page, (size_t)PAGE_BYTES * 2);
    fp_decoder_free(decoder);
}

static void check_same(const FpSegment *one, const FpSegment *other)
{
    g_assert_cmpuint(one->source_port, ==, other->source_port);
    g_assert_cmpuint(one->seq, ==, other->seq);
    g_assert_cmpuint(one->segment_bytes, ==, other->segment_bytes);
    g_assert_cmpint(one->length_unknown, ==, other->length_unknown);
}

/* Any frame: what is found of TCP alone is also found beside UDP, and nothing more of TCP is; no byte is read that was not captured. */
static void test_hostile(void)
{
    FpDecoder *tcp = fp_decoder_new(NULL, 0, FP_TAKES_TCP), *both = fp_decoder_new(NULL, 0, FP_TAKES_TCP | FP_TAKES_UDP);
    FpDecoder *udp = fp_decoder_new(NULL, 0, FP_TAKES_UDP);
    uint8_t *page = guarded_page(), frame[FRAME_BYTES];
    GRand *random = g_rand_new_with_seed(1);
    unsigned segments = 0, datagrams = 0;

    for (int round = 0; round < 500000; round++) {
        const Framing *framing = framing_at((size_t)g_rand_int_range(random, 0, N_FRAMINGS));
        size_t wire = round % 3 == 0 ? build(framing, frame) : build_datagram(framing, frame);
        for (int changes = g_rand_int_range(random, 0, 4); changes > 0; changes--)
            frame[g_rand_int_range(random, 0, (gint32)wire)] = (uint8_t)g_rand_int(random);
        size_t captured = (size_t)g_rand_int_range(random, 0, 4) == 0 ? (size_t)g_rand_int_range(random, 0, (gint32)wire + 1) : wire;
        FpSegment of_tcp, of_both, of_udp;
        bool has_tcp = decode(tcp, page, frame, captured, wire, framing->link, &of_tcp) == FP_DECODED_SEGMENT;
        bool has_either = decode(both, page, frame, captured, wire, framing->link, &of_both) == FP_DECODED_SEGMENT;
        bool has_udp = decode(udp, page, frame, captured, wire, framing->link, &of_udp) == FP_DECODED_SEGMENT;
        g_assert_cmpint(has_either, ==, has_tcp || has_udp);
        if (has_either)
            check_same(&of_both, of_both.transport == FP_TRANSPORT_TCP ? &of_tcp : &of_udp);
        g_assert_true(!has_tcp || of_tcp.transport == FP_TRANSPORT_TCP);
        g_assert_true(!has_udp || (of_udp.transport == FP_TRANSPORT_UDP && of_udp.segment_bytes >= FP_UDP_HEADER_BYTES));
        segments += has_tcp;
        datagrams += has_udp;
    }
    g_assert_cmpuint(segments, >, 50000);
    g_assert_cmpuint(datagrams, >, 100000);
    g_rand_free(random);
    munmap(page, (size_t)PAGE_BYTES * 2);
    fp_decoder_free(tcp);
    fp_decoder_free(both);
    fp_decoder_free(udp);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < N_FRAMINGS; i++) {
        g_autofree char *path = g_strdup_printf("/datagrams/framing/%zu-%s", i, framing_at(i)->name);
        g_test_add_data_func(path, framing_at(i), test_framing);
    }
    g_test_add_func("/datagrams/lengths", test_lengths);
    g_test_add_func("/datagrams/jumbogram", test_jumbogram);
    g_test_add_func("/datagrams/tunnels-without-ip", test_tunnels_without_ip);
    g_test_add_func("/datagrams/tunnel-with-cut-ip", test_tunnel_with_cut_ip);
    g_test_add_func("/datagrams/quic", test_quic);
    g_test_add_func("/datagrams/hostile", test_hostile);
    return g_test_run();
}
