/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-network.c - numbers that are mixed into a network, and the names of their kinds. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "decode/decode.h"
#include "decode/network.h"
#include "packets.h"

#define VLANS 4096

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

/* A second number of so many bits can make two networks the same only if the first has left them differing in no other bit. */
static void assert_second_number_tells_apart(const uint64_t *networks, size_t n, unsigned bits)
{
    g_autofree uint64_t *rest = g_new(uint64_t, n);

    for (size_t i = 0; i < n; i++)
        rest[i] = networks[i] >> bits;
    qsort(rest, n, sizeof *rest, compare);
    for (size_t i = 0; i < n; i++)
        g_assert_cmpuint(rest[i], !=, i > 0 ? rest[i - 1] : 0); /* nor one of none and one number */
}

static void test_mix_tells_apart(void)
{
    uint64_t networks[VLANS];

    for (uint32_t vlan = 0; vlan < VLANS; vlan++)
        networks[vlan] = fp_network_mix(0, FP_NETWORK_VLAN, vlan);
    assert_second_number_tells_apart(networks, VLANS, 12); /* another VLAN */
    assert_second_number_tells_apart(networks, VLANS, 24); /* a VNI */
    assert_second_number_tells_apart(networks, VLANS, 32); /* a key of GRE */
}

static void test_mix_has_kinds_and_an_order(void)
{
    uint64_t one = fp_network_mix(0, FP_NETWORK_VLAN, 1), two = fp_network_mix(0, FP_NETWORK_VLAN, 2);

    g_assert_cmpuint(fp_network_mix(one, FP_NETWORK_VLAN, 2), !=, fp_network_mix(two, FP_NETWORK_VLAN, 1));
    g_assert_cmpuint(fp_network_mix(0, FP_NETWORK_VNI, 1), !=, one);
    g_assert_cmpuint(fp_network_mix(0, FP_NETWORK_INTERFACE, 1), !=, one);
    g_assert_cmpuint(fp_network_mix(0, FP_NETWORK_INTERFACE, 0), !=, 0);
}

static void test_names(void)
{
    static const char *const wrong[] = {"", ",", "vlan,", ",vlan", "vlan,,vni", "vlans", "vla", "VLAN", "vlan vni", "vlan, vni", "teid"};
    unsigned kinds = 0;

    g_assert_true(fp_network_kinds_from_text("vlan", &kinds));
    g_assert_cmpuint(kinds, ==, FP_NETWORK_VLAN);
    g_assert_true(fp_network_kinds_from_text("interface,vni", &kinds));
    g_assert_cmpuint(kinds, ==, FP_NETWORK_VNI | FP_NETWORK_INTERFACE);
    g_assert_true(fp_network_kinds_from_text("vni,vlan,interface,vni", &kinds));
    g_assert_cmpuint(kinds, ==, FP_NETWORK_VLAN | FP_NETWORK_VNI | FP_NETWORK_INTERFACE);
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        kinds = 99;
        g_assert_false(fp_network_kinds_from_text(wrong[i], &kinds));
        g_assert_cmpuint(kinds, ==, 99);
    }
}

/* The network that a key of GRE stands for, of a packet or of a frame. */
static uint64_t network_of_gre(bool is_bridged, uint32_t key)
{
    static const uint8_t ipv4[20] = {IPV4(47, 72)}, bridged[20] = {IPV4(47, 86)}, ethernet[14] = {ETHERNET(8, 0)};
    const uint8_t gre[8] = {
        0x20,        0, is_bridged ? 0x65 : 0x08, is_bridged ? 0x58 : 0, (uint8_t)(key >> 24), (uint8_t)(key >> 16), (uint8_t)(key >> 8),
        (uint8_t)key};
    const size_t ethernet_bytes = is_bridged ? sizeof ethernet : 0;
    uint8_t frame[128];
    FpDecoder *decoder = fp_decoder_new(NULL, FP_NETWORK_VNI, 0);
    FpRecord record = {.data = frame, .captured_bytes = (uint32_t)(28 + ethernet_bytes + sizeof tcp_over_ipv4), .link = FP_LINK_IPV4};
    FpSegment segment = {0};

    memcpy(frame, is_bridged ? bridged : ipv4, 20);
    memcpy(frame + 20, gre, sizeof gre);
    memcpy(frame + 28, ethernet, ethernet_bytes);
    memcpy(frame + 28 + ethernet_bytes, tcp_over_ipv4, sizeof tcp_over_ipv4);
    record.wire_bytes = record.captured_bytes;
    g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_SEGMENT);
    fp_decoder_free(decoder);
    return segment.network;
}

/* RFC 7637 3.2: of a key before a frame, the last eight bits are not the network's, unless the rest is too small for NVGRE. */
static void test_key_of_gre(void)
{
    g_assert_cmphex(network_of_gre(true, 0x100001), ==, fp_network_mix(0, FP_NETWORK_VNI, 0x100000));
    g_assert_cmphex(network_of_gre(true, 0x123456ff), ==, fp_network_mix(0, FP_NETWORK_VNI, 0x12345600));
    g_assert_cmphex(network_of_gre(true, 0x0fff01), ==, fp_network_mix(0, FP_NETWORK_VNI, 0x0fff01));
    g_assert_cmphex(network_of_gre(false, 0x123456ff), ==, fp_network_mix(0, FP_NETWORK_VNI, 0x123456ff));
}

/* RFC 1701: where there are routes, the key comes behind a checksum and an offset, even if the checksum means nothing. */
static void test_key_of_gre_with_routes(void)
{
    static const uint8_t header[36] = {IPV4(47, 80), 0x60, 0, 8, 0, 0, 0, 0, 0, 0x12, 0x34, 0x56, 0x78}; /* then the end of the routes */
    uint8_t frame[sizeof header + sizeof tcp_over_ipv4];
    FpDecoder *decoder = fp_decoder_new(NULL, FP_NETWORK_VNI, 0);
    const FpRecord record = {.data = frame, .captured_bytes = sizeof frame, .wire_bytes = sizeof frame, .link = FP_LINK_IPV4};
    FpSegment segment = {0};

    memcpy(frame, header, sizeof header);
    memcpy(frame + sizeof header, tcp_over_ipv4, sizeof tcp_over_ipv4);
    g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_SEGMENT);
    g_assert_cmphex(segment.network, ==, fp_network_mix(0, FP_NETWORK_VNI, 0x12345678));
    fp_decoder_free(decoder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/network/mix-tells-apart", test_mix_tells_apart);
    g_test_add_func("/network/mix-has-kinds-and-an-order", test_mix_has_kinds_and_an_order);
    g_test_add_func("/network/names", test_names);
    g_test_add_func("/network/key-of-gre", test_key_of_gre);
    g_test_add_func("/network/key-of-gre-with-routes", test_key_of_gre_with_routes);
    return g_test_run();
}
