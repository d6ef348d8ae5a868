/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-fragments.c - datagrams are complete when their last missing byte comes, and the table of those that wait is bounded. */
#include <glib.h>
#include <string.h>

#include "decode/fragments.h"

static FpDatagramKey key_of(uint32_t id)
{
    return (FpDatagramKey){.source = {10, 0, 0, 1}, .destination = {10, 0, 0, 2}, .id = id, .version = 4};
}

static bool add(FpFragments *fragments, uint32_t id, uint32_t offset, const char *text, bool more, FpSpan *datagram)
{
    FpDatagramKey key = key_of(id);
    uint32_t n = (uint32_t)strlen(text);
    /* a copy of its own, so that reading beyond it is detected */
    g_autofree uint8_t *bytes = g_memdup2(text, n);

    return fp_fragments_add(fragments, &key, (FpSpan){bytes, n, n}, offset, more, datagram);
}

static void assert_is(FpSpan datagram, const char *text)
{
    g_assert_cmpuint(datagram.captured, ==, strlen(text));
    g_assert_cmpint(memcmp(datagram.bytes, text, strlen(text)), ==, 0);
    g_assert_cmpuint(datagram.wire, ==, strlen(text));
}

static void test_in_any_order(void)
{
    static const struct {
        uint32_t offset;
        const char *text;
        bool more;
    } parts[] = {{0, "AAAAAAAA", true}, {8, "BBBBBBBB", true}, {16, "CCC", false}};
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    FpFragments *fragments = fp_fragments_new(NULL);
    FpSpan datagram;

    for (size_t o = 0; o < G_N_ELEMENTS(orders); o++)
        for (int i = 0; i < 3; i++) {
            int part = orders[o][i];
            bool done = add(fragments, 7, parts[part].offset, parts[part].text, parts[part].more, &datagram);
            g_assert_cmpint(done, ==, i == 2);
            if (done)
                assert_is(datagram, "AAAAAAAABBBBBBBBCCC");
        }
    fp_fragments_free(fragments);
}

static void test_others_do_not_help(void)
{
    FpFragments *fragments = fp_fragments_new(NULL);
    FpSpan datagram;

    g_assert_false(add(fragments, 1, 0, "AAAAAAAA", true, &datagram));
    g_assert_false(add(fragments, 2, 8, "BB", false, &datagram));
    g_assert_false(add(fragments, 1, 0, "AAAAAAAA", true, &datagram)); /* a second copy */
    g_assert_true(add(fragments, 1, 8, "bb", false, &datagram));
    assert_is(datagram, "AAAAAAAAbb");
    g_assert_false(add(fragments, 1, 8, "bb", false, &datagram)); /* it is gone: this one begins another */
    fp_fragments_free(fragments);
}

static void test_what_lies_before_stands(void)
{
    FpFragments *fragments = fp_fragments_new(NULL);
    FpSpan datagram;

    g_assert_false(add(fragments, 1, 8, "BBBBBBBB", true, &datagram));
    g_assert_false(add(fragments, 1, 0, "AAAAAAAAAAAA", true, &datagram)); /* overlaps the other */
    g_assert_true(add(fragments, 1, 16, "C", false, &datagram));
    assert_is(datagram, "AAAAAAAAAAAABBBBC");
    fp_fragments_free(fragments);
}

static void test_two_are_lent_at_once(void)
{
    FpFragments *fragments = fp_fragments_new(NULL);
    FpSpan outer, inner;

    g_assert_false(add(fragments, 1, 0, "AAAAAAAA", true, &outer));
    g_assert_true(add(fragments, 1, 8, "B", false, &outer));
    g_assert_false(add(fragments, 2, 0, "aaaaaaaa", true, &inner));
    g_assert_true(add(fragments, 2, 8, "b", false, &inner));
    assert_is(outer, "AAAAAAAAB");
    assert_is(inner, "aaaaaaaab");
    fp_fragments_end_record(fragments);
    fp_fragments_free(fragments);
}

/* A keeper that keeps the number of a record, which is its time. */
static unsigned n_kept;

static void *keep_number(void *user, const FpRecord *record, size_t *bytes)
{
    g_assert_true(user == &n_kept);
    n_kept++;
    *bytes = sizeof record->time_ns;
    return g_memdup2(&record->time_ns, sizeof record->time_ns);
}

static void drop_number(void *number)
{
    n_kept--;
    g_free(number);
}

/* Gives a fragment in record number. Returns the numbers that were kept for it, as text. */
static char *add_kept(FpFragments *fragments, int64_t number, uint32_t id, uint32_t offset, const char *text, bool more)
{
    FpRecord record = {.time_ns = number};
    FpSpan datagram;

    fp_fragments_begin_record(fragments, &record);
    add(fragments, id, offset, text, more, &datagram);
    g_autoptr(GPtrArray) kept = fp_fragments_take_kept(fragments);
    GString *numbers = g_string_new(NULL);
    for (guint i = 0; kept != NULL && i < kept->len; i++)
        g_string_append_printf(numbers, "%" G_GINT64_FORMAT " ", *(int64_t *)g_ptr_array_index(kept, i));
    return g_string_free(numbers, FALSE);
}

static void test_records_are_kept_in_their_order(void)
{
    FpKeeper keeper = {.keep = keep_number, .drop = drop_number, .user = &n_kept};
    FpFragments *fragments = fp_fragments_new(&keeper);

    for (int round = 0; round < 2; round++) {
        g_autofree char *last = add_kept(fragments, 1, 7, 16, "C", false);
        g_autofree char *other = add_kept(fragments, 2, 8, 0, "AAAAAAAA", true);
        g_autofree char *copy = add_kept(fragments, 3, 7, 16, "C", false);
        g_autofree char *first = add_kept(fragments, 4, 7, 0, "AAAAAAAA", true);
        g_assert_cmpstr(last, ==, "");
        g_assert_cmpstr(other, ==, "");
        g_assert_cmpstr(copy, ==, "");
        g_assert_cmpstr(first, ==, "");
        g_autofree char *middle = add_kept(fragments, 5, 7, 8, "BBBBBBBB", true);
        g_assert_cmpstr(middle, ==, "1 3 4 ");
    }
    g_assert_cmpuint(n_kept, ==, 2); /* datagram 8 still waits */
    fp_fragments_free(fragments);
    g_assert_cmpuint(n_kept, ==, 0);
}

/* A datagram within datagrams: the records that hold its first part are kept for it when the frame that has the second part completes
 * it. */
static void test_kept_within_one_another(void)
{
    FpKeeper keeper = {.keep = keep_number, .drop = drop_number, .user = &n_kept};
    FpFragments *fragments = fp_fragments_new(&keeper);
    FpRecord second = {.time_ns = 2};
    FpSpan outer, inner;

    g_autofree char *none = add_kept(fragments, 1, 1, 0, "AAAAAAAA", true);
    g_assert_cmpstr(none, ==, "");
    fp_fragments_begin_record(fragments, &second);
    g_assert_true(add(fragments, 1, 8, "B", false, &outer));
    g_assert_false(add(fragments, 2, 0, "aaaaaaaa", true, &inner)); /* lies within outer */
    g_assert_null(fp_fragments_take_kept(fragments));
    g_autofree char *all = add_kept(fragments, 3, 2, 8, "b", false);
    g_assert_cmpstr(all, ==, "1 2 ");
    fp_fragments_free(fragments);
    g_assert_cmpuint(n_kept, ==, 0);
}

/* A keeper for which a record is a fourth of what may wait. */
static void *keep_much(void *user, const FpRecord *record, size_t *bytes)
{
    void *number = keep_number(user, record, bytes);

    *bytes = 16U << 20;
    return number;
}

/* What was kept for datagrams that are complete, and that nobody took, does not count among what waits. */
static void test_kept_counts_while_it_waits(void)
{
    FpKeeper keeper = {.keep = keep_much, .drop = drop_number, .user = &n_kept};
    FpFragments *fragments = fp_fragments_new(&keeper);
    FpRecord record = {.time_ns = 1};
    FpSpan datagram;

    for (uint32_t id = 0; id < 8; id++) {
        fp_fragments_begin_record(fragments, &record);
        g_assert_false(add(fragments, id, 0, "AAAAAAAA", true, &datagram));
        fp_fragments_begin_record(fragments, &record);
        g_assert_true(add(fragments, id, 8, "B", false, &datagram));
        fp_fragments_end_batch(fragments);
    }
    for (uint32_t id = 0; id < 8; id++) {
        fp_fragments_begin_record(fragments, &record);
        g_assert_false(add(fragments, id, 0, "AAAAAAAA", true, &datagram));
        g_assert_cmpuint(fp_fragments_forgotten(fragments), ==, id < 4 ? 0 : id - 3);
    }
    fp_fragments_free(fragments);
    g_assert_cmpuint(n_kept, ==, 0);
}

/* Random pieces, many of which overlap: a datagram is complete as soon as each byte has come. Where pieces overlap, the one that
 * begins earlier wins, or else the one that came first. The bytes that are there are counted one by one. */
static void test_random_pieces(void)
{
    enum { UNITS = 12, BYTES = UNITS * 8 + 3 };
    FpFragments *fragments = fp_fragments_new(NULL);
    GRand *random = g_rand_new_with_seed(14);

    for (uint32_t id = 0; id < 3000; id++) {
        bool is_there[BYTES] = {false}, done = false, is_end_known = false;
        int origin[BYTES]; /* offset of the piece that a byte is from */
        char text[BYTES + 1];
        for (char letter = 'a'; !done; letter = (char)(letter == 'z' ? 'a' : letter + 1)) {
            int offset = g_rand_int_range(random, 0, UNITS + 1) * 8;
            int length = g_rand_int_range(random, 0, 3) == 0 ? BYTES - offset : g_rand_int_range(random, 1, BYTES - offset + 1);
            g_autofree char *piece = g_strnfill((gsize)length, letter);
            bool is_complete = true;
            FpSpan datagram;
            for (int i = offset; i < offset + length; i++)
                if (!is_there[i] || origin[i] > offset) {
                    is_there[i] = true;
                    origin[i] = offset;
                    text[i] = letter;
                }
            is_end_known |= offset + length == BYTES;
            for (int i = 0; i < BYTES; i++)
                is_complete &= is_there[i];
            done = add(fragments, id, (uint32_t)offset, piece, offset + length < BYTES, &datagram);
            g_assert_cmpint(done, ==, is_complete && is_end_known);
            text[BYTES] = '\0';
            if (done)
                assert_is(datagram, text);
        }
    }
    g_rand_free(random);
    fp_fragments_free(fragments);
}

/* However many datagrams begin and never end, and however often a fragment of one comes. */
static void test_is_bounded(void)
{
    FpFragments *fragments = fp_fragments_new(NULL);
    g_autofree char *kilobyte = g_strnfill(1024, 'B');
    FpSpan datagram;

    for (uint32_t id = 0; id < 200000; id++)
        g_assert_false(add(fragments, id, 8, kilobyte, true, &datagram));
    g_assert_cmpuint(fp_fragments_forgotten(fragments), >, 200000 - 65536);
    g_assert_false(add(fragments, 199999, 0, "AAAAAAAA", true, &datagram));
    g_assert_true(add(fragments, 199999, 1032, "C", false, &datagram)); /* the newer ones are still there */

    fp_fragments_free(fragments);

    fragments = fp_fragments_new(NULL);
    for (uint32_t copy = 0; copy < 200000; copy++)
        g_assert_false(add(fragments, 1, 8, "BBBBBBBB", true, &datagram));
    g_assert_cmpuint(fp_fragments_forgotten(fragments), ==, 200000 / 8192);
    fp_fragments_free(fragments);
}

static void ask_again(FpFragments *fragments, const FpRecord *record, FpSpan outer, FpSpan inner)
{
    FpSpan outer_again, inner_again, more;

    fp_fragments_begin_record_again(fragments, record);
    g_assert_true(add(fragments, 1, 8, "B", false, &outer_again));
    g_assert_true(add(fragments, 2, 8, "b", false, &inner_again));
    g_assert_true(outer_again.bytes == outer.bytes && inner_again.bytes == inner.bytes);
    assert_is(outer_again, "AAAAAAAAB");
    assert_is(inner_again, "aaaaaaaab");
    g_assert_false(add(fragments, 4, 0, "more than there were", false, &more));
}

/* Asking again for a named record gives the same result, even for a datagram within another; and nothing is kept or forgotten for it. */
static void test_again(void)
{
    FpFragments *fragments = fp_fragments_new(NULL);
    FpRecord records[3] = {{.time_ns = 1}, {.time_ns = 2}, {.time_ns = 3}};
    FpSpan outer, inner, other;

    fp_fragments_begin_record(fragments, &records[0]);
    g_assert_false(add(fragments, 1, 0, "AAAAAAAA", true, &outer));
    g_assert_false(add(fragments, 2, 0, "aaaaaaaa", true, &inner));
    fp_fragments_begin_record(fragments, &records[1]);
    g_assert_true(add(fragments, 1, 8, "B", false, &outer));
    g_assert_true(add(fragments, 2, 8, "b", false, &inner)); /* lies within outer */
    fp_fragments_begin_record(fragments, &records[2]);
    g_assert_true(add(fragments, 3, 0, "C", false, &other));

    for (int round = 0; round < 2; round++) {
        FpSpan other_again;
        ask_again(fragments, &records[1], outer, inner);
        fp_fragments_begin_record_again(fragments, &records[2]);
        g_assert_true(add(fragments, 3, 0, "C", false, &other_again));
        assert_is(other_again, "C");
    }
    fp_fragments_end_batch(fragments);
    fp_fragments_begin_record(fragments, &records[0]);
    g_assert_true(add(fragments, 4, 0, "not begun above", false, &other));
    fp_fragments_free(fragments);
}

/* Datagrams of which no byte was captured, or that have none: they are lent with a place, both times. */
static void test_of_nothing(void)
{
    static const FpRecord record = {0};
    static const uint8_t byte = 0;
    FpFragments *fragments = fp_fragments_new(NULL);
    FpDatagramKey key = key_of(1);
    FpSpan datagrams[3];

    for (int again = 0; again < 2; again++) {
        (again ? fp_fragments_begin_record_again : fp_fragments_begin_record)(fragments, &record);
        g_assert_true(fp_fragments_add(fragments, &key, (FpSpan){&byte, 0, 0}, 0, false, &datagrams[0]));
        g_assert_true(fp_fragments_add_numbered(fragments, &key, (FpSpan){&byte, 0, 0}, 0, false, false, &datagrams[1]));
        g_assert_true(fp_fragments_add_numbered(fragments, &key, (FpSpan){&byte, 0, 9}, 1, false, true, &datagrams[2]));
        for (int i = 0; i < 3; i++) {
            g_assert_nonnull(datagrams[i].bytes);
            g_assert_cmpuint(datagrams[i].captured, ==, 0);
            g_assert_cmpuint(datagrams[i].wire, ==, i == 2 ? 9 : 0);
        }
    }
    fp_fragments_free(fragments);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fragments/in-any-order", test_in_any_order);
    g_test_add_func("/fragments/others-do-not-help", test_others_do_not_help);
    g_test_add_func("/fragments/what-lies-before-stands", test_what_lies_before_stands);
    g_test_add_func("/fragments/two-are-lent-at-once", test_two_are_lent_at_once);
    g_test_add_func("/fragments/records-are-kept-in-their-order", test_records_are_kept_in_their_order);
    g_test_add_func("/fragments/kept-within-one-another", test_kept_within_one_another);
    g_test_add_func("/fragments/kept-counts-while-it-waits", test_kept_counts_while_it_waits);
    g_test_add_func("/fragments/random-pieces", test_random_pieces);
    g_test_add_func("/fragments/again", test_again);
    g_test_add_func("/fragments/of-nothing", test_of_nothing);
    g_test_add_func("/fragments/is-bounded", test_is_bounded);
    return g_test_run();
}
