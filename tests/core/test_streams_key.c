/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_streams_key.c - the two hashes of endpoints (streams-key.c): what they depend on, and how evenly they spread what is not random. */
#include <glib.h>

#include "streams-internal.h"

enum { KEYS = 1 << 16, PARTS = 1 << 12 };

static const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};

static FpStreams *table_of(gboolean is_saved, guint64 seed)
{
    FpStreams *streams = is_saved ? fp_streams_new_for_saving(&rules, seed, 16) : fp_streams_new(&rules, seed, 16);

    g_assert_nonnull(streams);
    g_assert_true(fp_streams_are_quick(streams) != is_saved);
    return streams;
}

/* How one endpoint goes on with i: an address's last, first or middle bits, or the port. */
typedef enum { LAST, FIRST, MIDDLE, PORT, BOTH_PORTS, N_ORDERS } Order;

static FpStreamKey key_of(const FpStreams *streams, guint8 address_bytes, Order order, guint32 i)
{
    guint8 source[16] = {10}, destination[16] = {192, 0, 2, 1};
    FpSegment segment = {
        .source = source, .destination = destination, .source_port = 1024, .destination_port = 443, .address_bytes = address_bytes};
    const guint at = order == LAST ? address_bytes - 2U : order == FIRST ? 0 : 1;

    if (order == PORT || order == BOTH_PORTS)
        segment.source_port = (guint16)(order == PORT ? i : i >> 8);
    if (order == BOTH_PORTS)
        segment.destination_port = (guint16)(i & 0xff);
    if (order < PORT) {
        destination[at] = (guint8)(i >> 8);
        destination[at + 1] = (guint8)i;
    }
    return fp_streams_key(streams, &segment);
}

/* As many keys as there are of a pattern, counted by the bits that choose a slot, and by those that choose a segment: as random numbers
 * would be, within six standard deviations of chi-squared. The first are even; the second are not meant to be, but by what spread does. */
static void check_order(const FpStreams *streams, guint8 address_bytes, Order order)
{
    g_autofree guint *slots = g_new0(guint, PARTS), *segments = g_new0(guint, 4);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    const double expected = (double)KEYS / (double)PARTS;
    double chi_squared = 0;

    for (guint32 i = 0; i < KEYS; i++) {
        const guint64 hash = key_of(streams, address_bytes, order, i).hash;
        slots[hash % SEGMENT_SLOTS / 2]++;
        segments[hash >> 62]++;
        g_assert_true(g_hash_table_add(seen, g_memdup2(&hash, sizeof hash)));
    }
    for (guint i = 0; i < PARTS; i++)
        chi_squared += (slots[i] - expected) * (slots[i] - expected) / expected;
    g_assert_cmpfloat(chi_squared, <, PARTS + 6 * 91); /* 91: the root of 2 PARTS */
    for (guint i = 0; i < 4; i++) {
        g_assert_cmpuint(segments[i], >, KEYS / 4 * 74 / 100);
        g_assert_cmpuint(segments[i], <, KEYS / 4 * 152 / 100);
    }
}

static void test_order_is_not_seen(void)
{
    for (guint64 seed = 1; seed <= 6; seed++) {
        for (gboolean is_saved = 0; is_saved < 2; is_saved++) {
            FpStreams *streams = table_of(is_saved, seed);
            for (Order order = 0; order < N_ORDERS; order++) {
                check_order(streams, 4, order);
                check_order(streams, 16, order);
            }
            fp_streams_free(streams);
        }
    }
}

static FpSegment between(guint8 (*ends)[18], guint from, guint8 address_bytes)
{
    const guint8 *source = ends[from], *destination = ends[!from];

    return (FpSegment){.source = source,
                       .destination = destination,
                       .source_port = (guint16)(source[address_bytes] << 8 | source[address_bytes + 1]),
                       .destination_port = (guint16)(destination[address_bytes] << 8 | destination[address_bytes + 1]),
                       .address_bytes = address_bytes};
}

/* Adds the key to those seen, which has to be another, and the same in both directions. */
static void see_key(const FpStreams *streams, guint8 (*ends)[18], guint8 address_bytes, FpTransport transport, GHashTable *seen)
{
    FpSegment there = between(ends, 0, address_bytes), back = between(ends, 1, address_bytes);

    there.transport = back.transport = (uint8_t)transport;
    const FpStreamKey key = fp_streams_key(streams, &there), key_back = fp_streams_key(streams, &back);
    g_assert_cmpuint(key.hash, ==, key_back.hash);
    g_assert_cmpuint(key.direction ^ key_back.direction, ==, 1);
    g_assert_true(g_hash_table_add(seen, g_memdup2(&key.hash, sizeof key.hash)));
}

/* Endpoints that are alike but for one bit. */
static void see_alike(const FpStreams *streams, guint8 address_bytes, GHashTable *seen)
{
    for (guint bit = 0; bit < address_bytes * 8U + 16; bit++) {
        guint8 ends[2][18] = {{0x20, 7, 7, 7, 7, 7}, {0x20, 7, 7, 7, 7, 7}};
        ends[1][bit / 8] ^= (guint8)(1U << bit % 8);
        see_key(streams, ends, address_bytes, FP_TRANSPORT_TCP, seen);
    }
}

/* Each bit of the endpoints and of the transport makes another key, the same in both directions; so does the seed. */
static void check_bits(gboolean is_saved, guint8 address_bytes)
{
    FpStreams *streams = table_of(is_saved, 1), *other = table_of(is_saved, 2);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

    for (guint bit = 0; bit <= 2 * (address_bytes * 8U + 16) + 1; bit++) {
        guint8 ends[2][18] = {{10, 1, 2, 3, 4, 5}, {10, 9, 8, 7, 6}};
        const guint each = address_bytes * 8U + 16U, side = bit / each, at = bit % each;
        if (side < 2)
            ends[side][at / 8] ^= (guint8)(1U << at % 8);
        const FpSegment segment = between(ends, 0, address_bytes);
        see_key(streams, ends, address_bytes, bit == 2 * each ? FP_TRANSPORT_UDP : FP_TRANSPORT_TCP, seen);
        g_assert_cmpuint(fp_streams_key(streams, &segment).hash, !=, fp_streams_key(other, &segment).hash);
    }
    see_alike(streams, address_bytes, seen);
    fp_streams_free(streams);
    fp_streams_free(other);
}

static void test_each_bit_counts(void)
{
    for (gboolean is_saved = 0; is_saved < 2; is_saved++) {
        check_bits(is_saved, 4);
        check_bits(is_saved, 16);
    }
}

/* The address of one endpoint, and what its port is xored with, do not make up for each other. */
static void test_port_is_not_part_of_the_address(void)
{
    FpStreams *streams = table_of(FALSE, 1);
    guint8 ends[2][16] = {{0x20, 1}, {0x20, 2}};
    FpSegment segment = {.source = ends[0], .destination = ends[1], .source_port = 1, .destination_port = 2, .address_bytes = 16};
    const guint64 hash = fp_streams_key(streams, &segment).hash;

    for (guint i = 0; i < 16; i++) {
        ends[0][i] ^= 3;
        segment.source_port ^= 3;
        g_assert_cmpuint(fp_streams_key(streams, &segment).hash, !=, hash);
        segment.source_port ^= 3 ^ 3 << 8;
        g_assert_cmpuint(fp_streams_key(streams, &segment).hash, !=, hash);
        segment.source_port ^= 3 << 8;
        ends[0][i] ^= 3;
    }
    g_assert_cmpuint(fp_streams_key(streams, &segment).hash, ==, hash);
    fp_streams_free(streams);
}

/* What tables were saved with does not change: 0.1.0 has saved such hashes. */
static void test_saved_hash_stays(void)
{
    FpStreams *streams = table_of(TRUE, 99);
    g_autofree char *hashes = NULL;
    GString *text = g_string_new(NULL);

    for (guint8 address_bytes = 4; address_bytes <= 16; address_bytes += 12) {
        const FpStreamKey key = key_of(streams, address_bytes, PORT, 77);
        g_string_append_printf(text, "%" G_GINT64_MODIFIER "x %u %" G_GINT64_MODIFIER "x\n", key.hash, key.direction,
                               fp_streams_key_in_network(streams, key, 5).hash);
    }
    hashes = g_string_free(text, FALSE);
    g_assert_cmpstr(hashes, ==, "ead57f389fd2a07b 0 60f595be5ef09fc4\ne635550b86d15b89 0 bfc71c5d708ae6a8\n");
    fp_streams_free(streams);
}

static bool write_nothing(void *user, const void *bytes, size_t n)
{
    (void)bytes;
    *(size_t *)user += n;
    return true;
}

static void test_quick_tables_are_not_saved(void)
{
    FpStreams *quick = table_of(FALSE, 1), *saved = table_of(TRUE, 1);
    size_t n = 0;

    g_assert_false(fp_streams_save(quick, write_nothing, &n));
    g_assert_cmpuint(n, ==, 0);
    g_assert_true(fp_streams_save(saved, write_nothing, &n));
    g_assert_cmpuint(n, >, 0);
    fp_streams_free(quick);
    fp_streams_free(saved);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/streams-key/order-is-not-seen", test_order_is_not_seen);
    g_test_add_func("/streams-key/each-bit-counts", test_each_bit_counts);
    g_test_add_func("/streams-key/port-is-not-part-of-the-address", test_port_is_not_part_of_the_address);
    g_test_add_func("/streams-key/saved-hash-stays", test_saved_hash_stays);
    g_test_add_func("/streams-key/quick-tables-are-not-saved", test_quick_tables_are_not_saved);
    return g_test_run();
}
