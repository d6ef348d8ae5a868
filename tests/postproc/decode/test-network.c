/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-network.c - numbers that are mixed into a network, and the names of their kinds. */
#include <glib.h>
#include <stdlib.h>

#include "decode/network.h"

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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/network/mix-tells-apart", test_mix_tells_apart);
    g_test_add_func("/network/mix-has-kinds-and-an-order", test_mix_has_kinds_and_an_order);
    g_test_add_func("/network/names", test_names);
    return g_test_run();
}
