/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-assembly.c - what was saved is loaded as it was, and what cannot have been saved is refused: with it, bytes would be read that are
 * not there. */
#include <glib.h>
#include <string.h>

#include "pass/assembly.h"

#define BYTES_MAX 1000U
#define SOURCE_BYTES 16U /* a frame's number, and where its first byte is, of eight bytes each; see assembly.c */

typedef struct {
    int64_t offset;
    uint32_t n;
} Part;

static const uint8_t payload[BYTES_MAX];

static bool write_bytes(void *user, const void *bytes, size_t n)
{
    g_byte_array_append(user, bytes, (guint)n);
    return true;
}

/* user: a GByteArray, of which what is read is removed. */
static bool read_bytes(void *user, void *bytes, size_t n)
{
    GByteArray *left = user;

    if (n > left->len)
        return false;
    if (n > 0) {
        memcpy(bytes, left->data, n);
        g_byte_array_remove_range(left, 0, (guint)n);
    }
    return true;
}

/* Saves an assembly of these parts, up to one of no bytes. Free what it returns. */
static GByteArray *save(const Part *parts)
{
    FpAssembly *assembly = fp_assembly_new(BYTES_MAX);
    GByteArray *saved = g_byte_array_new();

    for (unsigned i = 0; parts[i].n > 0; i++)
        fp_assembly_add(assembly, parts[i].offset, (FpSpan){.bytes = payload, .captured = parts[i].n, .wire = parts[i].n}, i + 1);
    g_assert_true(fp_assembly_save(assembly, write_bytes, saved));
    fp_assembly_free(assembly);
    return saved;
}

typedef enum { REFUSED, STREAM, DATAGRAMS } Taken;

/* Loads what was saved, and takes it. */
static Taken load(GByteArray *saved)
{
    FpAssembly *assembly = fp_assembly_load(read_bytes, saved);
    Taken taken = assembly == NULL ? REFUSED : fp_assembly_may_be_datagrams(assembly) ? DATAGRAMS : STREAM;
    size_t n;

    if (taken == DATAGRAMS)
        for (unsigned i = 0; fp_assembly_datagram(assembly, i, &n) != NULL; i++)
            g_assert_cmpuint(n, <=, BYTES_MAX);
    if (taken != REFUSED)
        g_assert_cmpuint(saved->len, ==, 0);
    fp_assembly_free(assembly);
    g_byte_array_unref(saved);
    return taken;
}

/* Loads an assembly of these parts, of which number i says that its first byte is at this place. */
static Taken load_with(const Part *parts, uint64_t at, unsigned i)
{
    GByteArray *saved = save(parts);

    memcpy(saved->data + SOURCE_BYTES + i * SOURCE_BYTES + sizeof(uint64_t), &at, sizeof at); /* behind the numbers, which are as long */
    return load(saved);
}

static void test_as_saved(void)
{
    static const struct {
        Part parts[4];
        Taken taken;
    } cases[] = {
        {{{0}}, DATAGRAMS},
        {{{0, 10}}, DATAGRAMS},
        {{{0, 10}, {10, 20}, {30, 1}}, DATAGRAMS},
        {{{0, BYTES_MAX}}, DATAGRAMS},
        {{{10, 10}, {0, 10}}, STREAM},          /* the second came first */
        {{{10, 10}}, STREAM},                   /* there is no first */
        {{{0, 10}, {20, 10}}, STREAM},          /* there is a hole */
        {{{0, 10}, {20, 10}, {5, 20}}, STREAM}, /* it was filled */
        {{{-5, 10}, {5, 10}}, DATAGRAMS},       /* the part that counts might be one */
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("case %zu", i);
        g_assert_cmpint(load(save(cases[i].parts)), ==, cases[i].taken);
    }
}

static void test_first_bytes_that_are_not_there(void)
{
    static const Part one[] = {{0, 10}, {0}}, two[] = {{0, 10}, {10, 10}, {0}}, hole[] = {{0, 10}, {20, 10}, {0}};
    static const struct {
        const Part *parts;
        uint64_t at;
        unsigned i;
        Taken taken;
    } cases[] = {
        {one, 9, 0, STREAM},
        {one, 10, 0, REFUSED},
        {one, BYTES_MAX, 0, REFUSED},
        {one, UINT64_C(1) << 32, 0, REFUSED},
        {one, (UINT64_C(1) << 32) + 5, 0, REFUSED},
        {one, UINT64_MAX, 0, REFUSED},
        {two, 19, 1, DATAGRAMS},
        {two, 20, 1, REFUSED},
        {hole, 9, 1, STREAM},
        {hole, 10, 1, REFUSED},
        {hole, 19, 1, REFUSED},
        {hole, 20, 1, STREAM},
        {hole, 29, 1, STREAM},
        {hole, 30, 1, REFUSED},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("case %zu", i);
        g_assert_cmpint(load_with(cases[i].parts, cases[i].at, cases[i].i), ==, cases[i].taken);
    }
}

/* Datagrams come one behind the other; where they do not, the length of one would be below zero. */
static void test_datagrams_out_of_order(void)
{
    static const Part three[] = {{0, 10}, {10, 10}, {20, 10}, {0}};

    g_assert_cmpint(load_with(three, 0, 0), ==, DATAGRAMS);
    g_assert_cmpint(load_with(three, 1, 0), ==, STREAM);
    g_assert_cmpint(load_with(three, 0, 1), ==, STREAM);
    g_assert_cmpint(load_with(three, 1, 1), ==, DATAGRAMS);
    g_assert_cmpint(load_with(three, 19, 1), ==, DATAGRAMS);
    g_assert_cmpint(load_with(three, 20, 1), ==, STREAM);
    g_assert_cmpint(load_with(three, 25, 1), ==, STREAM);
    g_assert_cmpint(load_with(three, 10, 2), ==, STREAM);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/assembly/as-saved", test_as_saved);
    g_test_add_func("/assembly/first-bytes-that-are-not-there", test_first_bytes_that_are_not_there);
    g_test_add_func("/assembly/datagrams-out-of-order", test_datagrams_out_of_order);
    return g_test_run();
}
