/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-pack.c - what is compressed comes out of unpack.h again: in pieces of any length, after each flush, and at the end. */
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "capture/unpack.h"
#include "output/pack.h"

static const FpPacking packings[] = {FP_PACKING_GZIP, FP_PACKING_ZSTD, FP_PACKING_LZ4};

static bool keep(void *user, const uint8_t *bytes, size_t n, GError **error)
{
    (void)error;
    g_byte_array_append(user, bytes, (unsigned)n);
    return true;
}

static bool fail(void *user, const uint8_t *bytes, size_t n, GError **error)
{
    (void)user, (void)bytes, (void)n;
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC, "no room");
    return false;
}

static GByteArray *contents(unsigned n)
{
    GByteArray *bytes = g_byte_array_new();
    GRand *random = g_rand_new_with_seed(19);

    for (unsigned i = 0; i < n; i++) {
        uint8_t byte = (uint8_t)(i / 1000 % 2 == 0 ? "GET / HTTP/1.1\r\n"[i % 16] : g_rand_int_range(random, 0, 256));
        g_byte_array_append(bytes, &byte, 1);
    }
    g_rand_free(random);
    return bytes;
}

/* Whether packed holds the first n bytes of plain, and ends with a member or in the middle of one. */
static void check(const GByteArray *packed, const GByteArray *plain, unsigned n, bool is_ended)
{
    FpUnpack *unpack = fp_unpack_new(packed->data, packed->len);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    uint8_t bytes[4096];
    unsigned at = 0;
    ssize_t done;

    g_assert_nonnull(unpack);
    while ((done = fp_unpack_read(unpack, nothing, bytes, sizeof bytes)) > 0) {
        g_assert_cmpuint(at + (unsigned)done, <=, n);
        g_assert_true(memcmp(bytes, plain->data + at, (size_t)done) == 0);
        at += (unsigned)done;
    }
    g_assert_cmpint(done, ==, 0);
    g_assert_cmpuint(at, ==, n);
    g_assert_true(fp_unpack_is_cut(unpack) == !is_ended);
    fp_unpack_free(unpack);
    close(nothing);
}

/* flush_after: so many pieces; 0: never */
static void pack_in_pieces(FpPacking packing, const GByteArray *plain, unsigned piece, unsigned flush_after)
{
    g_autoptr(GByteArray) packed = g_byte_array_new();
    FpPack *pack = fp_pack_new(packing);
    unsigned at = 0, n = 0;

    for (; at < plain->len; at += n) {
        n = MIN(piece, plain->len - at);
        bool is_flushed = flush_after != 0 && at / piece % flush_after == 0;
        g_assert_true(fp_pack(pack, plain->data + at, n, is_flushed ? FP_PACK_FLUSH : FP_PACK_MORE, keep, packed, NULL));
        if (is_flushed)
            check(packed, plain, at + n, false);
    }
    g_assert_true(fp_pack(pack, NULL, 0, FP_PACK_END, keep, packed, NULL));
    check(packed, plain, plain->len, true);
    fp_pack_free(pack);
}

static void test_pieces(void)
{
    g_autoptr(GByteArray) plain = contents(700000);
    static const unsigned pieces[] = {333, 4096, 262144, 700000};

    for (size_t i = 0; i < G_N_ELEMENTS(packings); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(pieces); j++) {
            pack_in_pieces(packings[i], plain, pieces[j], 0);
            pack_in_pieces(packings[i], plain, pieces[j], MAX(1, 100000 / pieces[j]));
        }
}

static void test_nothing(void)
{
    g_autoptr(GByteArray) plain = g_byte_array_new();

    for (size_t i = 0; i < G_N_ELEMENTS(packings); i++)
        pack_in_pieces(packings[i], plain, 1, 0);
}

static void test_no_room(void)
{
    g_autoptr(GByteArray) plain = contents(100000);

    for (size_t i = 0; i < G_N_ELEMENTS(packings); i++) {
        FpPack *pack = fp_pack_new(packings[i]);
        g_autoptr(GError) error = NULL;
        g_assert_false(fp_pack(pack, plain->data, plain->len, FP_PACK_END, fail, NULL, &error));
        g_assert_cmpstr(error->message, ==, "no room");
        fp_pack_free(pack);
    }
}

static void test_names(void)
{
    FpPacking packing = FP_PACKING_NONE;

    g_assert_true(fp_packing_from_text("zstd", &packing) && packing == FP_PACKING_ZSTD);
    g_assert_true(fp_packing_from_text("none", &packing) && packing == FP_PACKING_NONE);
    g_assert_false(fp_packing_from_text("xz", &packing) || fp_packing_from_text("", &packing));
    g_assert_cmpint(fp_packing_of_path("a.pcap.gz"), ==, FP_PACKING_GZIP);
    g_assert_cmpint(fp_packing_of_path("/x.gz/a.pcap"), ==, FP_PACKING_NONE);
    for (size_t i = 0; i < G_N_ELEMENTS(packings); i++)
        g_assert_cmpint(fp_packing_of_path(fp_packing_suffix(packings[i])), ==, packings[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pack/pieces", test_pieces);
    g_test_add_func("/pack/nothing", test_nothing);
    g_test_add_func("/pack/no-room", test_no_room);
    g_test_add_func("/pack/names", test_names);
    return g_test_run();
}
