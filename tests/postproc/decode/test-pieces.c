/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-pieces.c - what tells pieces apart: fragments of IPv6 and of B.A.T.M.A.N., and frames side by side in one record. */
#include <glib.h>
#include <string.h>

#include "decode/decode.h"
#include "decode/network.h"
#include "packets.h"

#define FRAME_BYTES 256
#define TCP_BYTES 24 /* with its payload */

static FpDecoded decode_cut(FpDecoder *decoder, const uint8_t *frame, size_t captured, size_t wire, FpLink link)
{
    FpRecord record = {.data = frame, .captured_bytes = (uint32_t)captured, .wire_bytes = (uint32_t)wire, .link = link};
    FpSegment segment;

    return fp_decode(decoder, &record, &segment);
}

/* The fragment of IPv6 that has n bytes of the segment from begin on. Returns its length. */
static size_t build_ipv6(uint8_t *packet, size_t begin, size_t n)
{
    const uint8_t fragment[8] = {6, 0, 0, (uint8_t)(begin | (begin + n < TCP_BYTES ? 1 : 0)), 0, 0, 1, 7};

    memcpy(packet, tcp_over_ipv6, 40);
    packet[5] = (uint8_t)(sizeof fragment + n);
    packet[6] = 44;
    memcpy(packet + 40, fragment, sizeof fragment);
    memcpy(packet + 48, tcp_over_ipv6 + sizeof tcp_over_ipv6 - TCP_BYTES + begin, n);
    return 48 + n;
}

/* Fragments belong together if addresses and number are the same, and whole. */
static void test_ipv6(void)
{
    static const size_t places[] = {23, 39, 44, 47}; /* the end of each address, both ends of the number */
    uint8_t first[FRAME_BYTES], second[FRAME_BYTES];
    const size_t n_first = build_ipv6(first, 0, 16), n_second = build_ipv6(second, 16, 8);

    for (size_t i = 0; i <= G_N_ELEMENTS(places); i++) {
        FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);
        g_assert_cmpint(decode_cut(decoder, first, n_first, n_first, FP_LINK_IPV6), ==, FP_DECODED_FRAGMENT);
        if (i < G_N_ELEMENTS(places)) {
            second[places[i]] ^= 1;
            g_assert_cmpint(decode_cut(decoder, second, n_second, n_second, FP_LINK_IPV6), ==, FP_DECODED_FRAGMENT);
            second[places[i]] ^= 1;
        }
        g_assert_cmpint(decode_cut(decoder, second, n_second, n_second, FP_LINK_IPV6), ==, FP_DECODED_SEGMENT);
        fp_decoder_end_batch(decoder);
        fp_decoder_free(decoder);
    }
}

/* Of a fragment that was cut nothing is known, and nothing comes of it. */
static void test_ipv6_cut(void)
{
    uint8_t first[FRAME_BYTES], second[FRAME_BYTES];
    const size_t n_first = build_ipv6(first, 0, 16), n_second = build_ipv6(second, 16, 8);
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);

    for (size_t captured = 48; captured < n_first; captured++)
        g_assert_cmpint(decode_cut(decoder, first, captured, n_first, FP_LINK_IPV6), ==, FP_DECODED_FRAGMENT);
    g_assert_cmpint(decode_cut(decoder, second, n_second, n_second, FP_LINK_IPV6), ==, FP_DECODED_FRAGMENT);
    g_assert_cmpint(decode_cut(decoder, first, n_first, n_first, FP_LINK_IPV6), ==, FP_DECODED_SEGMENT);
    fp_decoder_end_batch(decoder);
    fp_decoder_free(decoder);
}

#define MESH_BYTES 34 /* Ethernet, then B.A.T.M.A.N. */

/* What is in the two fragments: a frame; in version 15 with a header of its own. */
static size_t build_inner(uint8_t *inner, unsigned version)
{
    static const uint8_t unicast[10] = {0x40, 15, 5, 1, 2, 0, 0, 0, 0, 2}, ethernet[14] = {ETHERNET(8, 0)};
    size_t n = version == 15 ? sizeof unicast : 0;

    memcpy(inner, unicast, n);
    memcpy(inner + n, ethernet, sizeof ethernet);
    memcpy(inner + n + sizeof ethernet, tcp_over_ipv4, sizeof tcp_over_ipv4);
    return n + sizeof ethernet + sizeof tcp_over_ipv4;
}

static size_t build_mesh(uint8_t *frame, unsigned version, bool is_head)
{
    const uint8_t old[MESH_BYTES] = {ETHERNET(0x43, 5), 6, 14, 5, 1, 2, 0, 0, 0, 0, 2, is_head ? 1 : 0, 1, 2, 0, 0, 0, 0, 1, 0,
                                     is_head ? 7 : 8};
    const uint8_t new[MESH_BYTES] = {ETHERNET(0x43, 5), 0x41, 15, 5, is_head ? 0x10 : 0, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0, 7, 0, 68};
    uint8_t inner[FRAME_BYTES];
    const size_t n = build_inner(inner, version), begin = is_head ? 0 : 30, end = is_head ? 30 : n;

    memcpy(frame, version == 15 ? new : old, MESH_BYTES);
    memcpy(frame + MESH_BYTES, inner + begin, end - begin);
    return MESH_BYTES + end - begin;
}

/* Two nodes, and the number of the frame, say which fragments belong together. */
static void test_mesh(void)
{
    static const size_t old_places[] = {14 + 9, 14 + 17, 14 + 19}, new_places[] = {14 + 9, 14 + 15, 14 + 17};

    for (unsigned version = 14; version <= 15; version++)
        for (size_t i = 0; i <= G_N_ELEMENTS(old_places); i++) {
            uint8_t head[FRAME_BYTES], tail[FRAME_BYTES];
            const size_t n_head = build_mesh(head, version, true), n_tail = build_mesh(tail, version, false);
            const size_t place = i == G_N_ELEMENTS(old_places) ? 0 : version == 15 ? new_places[i] : old_places[i];
            FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);
            g_assert_cmpint(decode_cut(decoder, head, n_head, n_head, FP_LINK_ETHERNET), ==, FP_DECODED_FRAGMENT);
            if (place != 0) {
                tail[place] ^= 1;
                g_assert_cmpint(decode_cut(decoder, tail, n_tail, n_tail, FP_LINK_ETHERNET), ==, FP_DECODED_FRAGMENT);
                tail[place] ^= 1;
            }
            g_assert_cmpint(decode_cut(decoder, tail, n_tail, n_tail, FP_LINK_ETHERNET), ==, FP_DECODED_SEGMENT);
            fp_decoder_end_batch(decoder);
            fp_decoder_free(decoder);
        }
}

/* Two frames in one record (A-MSDU), the first of which has a VLAN: that is not the second's, and what the caller said is both's. */
static void test_networks_side_by_side(void)
{
    static const uint8_t wlan[26] = {0x88, 1, [22] = 0, 0, 0x80, 0};
    static const uint8_t tagged[26] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0, 56, 0xaa, 0xaa, 3, 0, 0, 0, 0x81, 0, 0, 5, 8, 0};
    static const uint8_t plain[22] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0, 52, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0};
    uint8_t frame[FRAME_BYTES] = {0};
    size_t at = sizeof wlan;

    memcpy(frame, wlan, sizeof wlan);
    memcpy(frame + at, tagged, sizeof tagged);
    memcpy(frame + at + sizeof tagged, tcp_over_ipv4, sizeof tcp_over_ipv4);
    at += (sizeof tagged + sizeof tcp_over_ipv4 + 3) & ~(size_t)3;
    memcpy(frame + at, plain, sizeof plain);
    memcpy(frame + at + sizeof plain, tcp_over_ipv4, sizeof tcp_over_ipv4);
    at += sizeof plain + sizeof tcp_over_ipv4;

    for (unsigned kinds = 0; kinds <= FP_NETWORK_VLAN; kinds += FP_NETWORK_VLAN) {
        FpRecord record = {.data = frame, .captured_bytes = (uint32_t)at, .wire_bytes = (uint32_t)at, .link = FP_LINK_WLAN};
        FpDecoder *decoder = fp_decoder_new(NULL, kinds, 0);
        FpSegment segment = {.network = 42};
        g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_SEGMENT);
        FpExtra *extra = fp_decoder_take_extra(decoder);
        g_assert_nonnull(extra);
        g_assert_cmpuint(extra->earlier->len, ==, 1);
        g_assert_cmpuint(g_array_index(extra->earlier, FpSegment, 0).network, ==, kinds != 0 ? fp_network_mix(42, FP_NETWORK_VLAN, 5) : 42);
        g_assert_cmpuint(segment.network, ==, 42);
        fp_extra_free(extra);
        fp_decoder_free(decoder);
    }
}

/* The fragment of CAPWAP that has n bytes of an Ethernet frame from begin on (RFC 5415 4.3). Returns its length. */
static size_t build_capwap(uint8_t *frame, size_t begin, size_t n)
{
    static const uint8_t headers[42] = {[12] = 8, 0, IPV4(17, 0), UDP(5247, 0)}, ethernet[14] = {ETHERNET(8, 0)};
    const size_t whole = sizeof ethernet + sizeof tcp_over_ipv4;
    const uint8_t capwap[8] = {0, 0x10, 0, begin + n < whole ? 0x80 : 0xc0, 1, 7, 0, (uint8_t)begin};
    uint8_t inner[sizeof ethernet + sizeof tcp_over_ipv4];

    memcpy(inner, ethernet, sizeof ethernet);
    memcpy(inner + sizeof ethernet, tcp_over_ipv4, sizeof tcp_over_ipv4);
    memcpy(frame, headers, sizeof headers);
    frame[17] = (uint8_t)(20 + 8 + sizeof capwap + n);
    frame[39] = (uint8_t)(8 + sizeof capwap + n);
    memcpy(frame + sizeof headers, capwap, sizeof capwap);
    memcpy(frame + sizeof headers + sizeof capwap, inner + begin, n);
    return sizeof headers + sizeof capwap + n;
}

/* Fragments belong together if addresses and number are the same, and whole. */
static void test_capwap(void)
{
    static const size_t places[] = {14 + 15, 14 + 19, 14 + 28 + 4, 14 + 28 + 5}; /* the end of each address, both bytes of the number */
    uint8_t first[FRAME_BYTES], second[FRAME_BYTES];
    const size_t n_first = build_capwap(first, 0, 32), n_second = build_capwap(second, 32, 26);

    for (size_t i = 0; i <= G_N_ELEMENTS(places); i++) {
        FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);
        g_assert_cmpint(decode_cut(decoder, second, n_second, n_second, FP_LINK_ETHERNET), ==, FP_DECODED_FRAGMENT);
        if (i < G_N_ELEMENTS(places)) {
            first[places[i]] ^= 1;
            g_assert_cmpint(decode_cut(decoder, first, n_first, n_first, FP_LINK_ETHERNET), ==, FP_DECODED_FRAGMENT);
            first[places[i]] ^= 1;
        }
        g_assert_cmpint(decode_cut(decoder, first, n_first - 1, n_first, FP_LINK_ETHERNET), ==, FP_DECODED_FRAGMENT);
        g_assert_cmpint(decode_cut(decoder, first, n_first, n_first, FP_LINK_ETHERNET), ==, FP_DECODED_SEGMENT);
        fp_decoder_end_batch(decoder);
        fp_decoder_free(decoder);
    }
}

/* Packets of PPP side by side (RFC 3153): with a protocol of one byte, without one, and with lengths and protocols of two bytes. What is
 * cut is missing, and nothing before it. */
static void test_ppp_mux(void)
{
    static const uint8_t headers[3][4] = {{0x80 | 45, 0x21}, {44}, {0xc0, 46, 0, 0x21}};
    static const size_t header_bytes[3] = {2, 1, 4};
    uint8_t frame[FRAME_BYTES] = {0xff, 3, 0, 0x59};
    size_t n = 4, ends[3];

    for (unsigned i = 0; i < 3; i++) {
        memcpy(frame + n, headers[i], header_bytes[i]);
        memcpy(frame + n + header_bytes[i], tcp_over_ipv4, sizeof tcp_over_ipv4);
        n += header_bytes[i] + sizeof tcp_over_ipv4;
        frame[n - TCP_BYTES + 1] = (uint8_t)i; /* the source port */
        ends[i] = n;
    }
    for (size_t captured = 0; captured <= n; captured++) {
        FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);
        FpRecord record = {.data = frame, .captured_bytes = (uint32_t)captured, .wire_bytes = (uint32_t)n, .link = FP_LINK_PPP};
        FpSegment segment;
        const unsigned whole = captured >= ends[2] ? 3 : captured >= ends[1] ? 2 : captured >= ends[0] ? 1 : 0;
        g_assert_cmpint(fp_decode(decoder, &record, &segment) == FP_DECODED_SEGMENT, ==, whole > 0);
        FpExtra *extra = whole > 0 ? fp_decoder_take_extra(decoder) : NULL;
        g_assert_cmpuint(extra != NULL ? extra->earlier->len : 0, ==, whole > 0 ? whole - 1 : 0);
        for (unsigned i = 0; i + 1 < whole; i++)
            g_assert_cmpuint(g_array_index(extra->earlier, FpSegment, i).source_port % 256, ==, i);
        g_assert_true(whole == 0 || segment.source_port % 256 == whole - 1);
        fp_extra_free(extra);
        fp_decoder_free(decoder);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pieces/ipv6", test_ipv6);
    g_test_add_func("/pieces/ipv6-cut", test_ipv6_cut);
    g_test_add_func("/pieces/mesh", test_mesh);
    g_test_add_func("/pieces/networks-side-by-side", test_networks_side_by_side);
    g_test_add_func("/pieces/capwap", test_capwap);
    g_test_add_func("/pieces/ppp-mux", test_ppp_mux);
    return g_test_run();
}
