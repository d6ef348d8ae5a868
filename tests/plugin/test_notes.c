/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_notes.c - what is noted about streams comes back as it was, whether or not it fits into the small form (notes.h). */
#include <glib.h>

#include "notes.h"

static const char tls[] = "TLS";
static const char http[] = "HTTP";

enum { NAMES = 0x7FFF }; /* that have a place */

static void check_flags(const FpVerdict *found, const FpVerdict *expected)
{
    g_assert_cmpint(found->has_syn, ==, expected->has_syn);
    g_assert_cmpint(found->midstream, ==, expected->midstream);
    g_assert_cmpint(found->out_of_order, ==, expected->out_of_order);
    g_assert_cmpint(found->fast_open, ==, expected->fast_open);
}

static void check_first(const FpVerdict *found, const FpVerdict *expected)
{
    g_assert_cmpuint(found->payload_bytes, ==, expected->payload_bytes);
    g_assert_cmpuint(found->relative_seq, ==, expected->relative_seq);
    g_assert_cmpint(found->side, ==, expected->side);
    g_assert_cmpint(found->age_ns, ==, expected->age_ns);
    g_assert_cmpint(found->delay_ns, ==, expected->delay_ns);
    check_flags(found, expected);
}

static void check_same(const FpStreamNote *found, const FpStreamNote *expected)
{
    g_assert_cmpuint(found->syn_frame, ==, expected->syn_frame);
    g_assert_cmpuint(found->first_frame, ==, expected->first_frame);
    g_assert_cmpuint(found->reply_frame, ==, expected->reply_frame);
    g_assert_cmpuint(found->wireshark_number, ==, expected->wireshark_number);
    g_assert_true(found->protocol == expected->protocol);
    g_assert_cmpuint(found->service_port, ==, expected->service_port);
    g_assert_cmpint(found->is_udp, ==, expected->is_udp);
    g_assert_cmpint(found->ends_silent, ==, expected->ends_silent);
    g_assert_cmpint(found->has_detail, ==, expected->has_detail);
    g_assert_cmpint(found->reply_delay_ns, ==, expected->reply_delay_ns);
    check_first(&found->first, &expected->first);
}

/* Sets note n in a row of others, and looks at all of them. */
static void check_kept(const FpStreamNote *note)
{
    const FpStreamNote nothing = {0};
    const FpStreamNote other = {.syn_frame = 7, .protocol = http, .first = {.age_ns = -1, .payload_bytes = 9}};
    FpStreamNote found;

    fp_notes_open();
    fp_notes_set(1, &other);
    fp_notes_set(3, note);
    fp_notes_set(4, &other);
    found = fp_notes_get(0);
    check_same(&found, &nothing);
    found = fp_notes_get(1);
    check_same(&found, &other);
    found = fp_notes_get(3);
    check_same(&found, note);
    found = fp_notes_get(4);
    check_same(&found, &other);
    found = fp_notes_get(5);
    check_same(&found, &nothing);
    fp_notes_close();
}

static FpStreamNote usual(void)
{
    return (FpStreamNote){.syn_frame = 1,
                          .first_frame = UINT32_MAX,
                          .reply_frame = 6,
                          .wireshark_number = 12345678,
                          .protocol = tls,
                          .service_port = 65535,
                          .reply_delay_ns = UINT32_MAX,
                          .first = {.payload_bytes = 65535,
                                    .relative_seq = 127,
                                    .side = FP_SIDE_SERVER,
                                    .has_syn = true,
                                    .age_ns = UINT32_MAX,
                                    .delay_ns = UINT32_MAX}};
}

static void test_flags(void)
{
    FpStreamNote note = usual();

    check_kept(&note);
    note.first.relative_seq = 1; /* as of most */
    check_kept(&note);
    note.first.relative_seq = 126;
    check_kept(&note);
    note.is_udp = note.ends_silent = true;
    check_kept(&note);
    note.has_detail = true;
    check_kept(&note);
    note.first.midstream = note.first.out_of_order = note.first.fast_open = true;
    note.first.side = FP_SIDE_CLIENT;
    check_kept(&note);
    note.first.has_syn = false;
    note.first.delay_ns = 0;
    check_kept(&note);
}

/* One number at a time is just too large, or negative. */
static void test_large_numbers(void)
{
    FpStreamNote notes[] = {usual(), usual(), usual(), usual(), usual(), usual(), usual()};

    notes[0].first.age_ns = notes[0].first.delay_ns = (int64_t)UINT32_MAX + 1;
    notes[1].first.age_ns = notes[1].first.delay_ns = -1;
    notes[2].first.delay_ns = 5; /* not since the first frame */
    notes[3].reply_delay_ns = (int64_t)UINT32_MAX + 1;
    notes[4].reply_delay_ns = INT64_MIN;
    notes[5].first.payload_bytes = 65536;
    notes[6].first.relative_seq = 128;
    for (size_t i = 0; i < G_N_ELEMENTS(notes); i++)
        check_kept(&notes[i]);
}

/* A note that has grown once, and goes back. */
static void test_changes(void)
{
    FpStreamNote note = usual();

    fp_notes_open();
    for (int64_t reply_delay_ns = 1; reply_delay_ns < INT64_MAX / 1000; reply_delay_ns *= 1000) {
        note.reply_delay_ns = reply_delay_ns;
        fp_notes_set(0, &note);
        const FpStreamNote found = fp_notes_get(0);
        check_same(&found, &note);
    }
    note.reply_delay_ns = 1;
    note.protocol = NULL;
    fp_notes_set(0, &note);
    const FpStreamNote found = fp_notes_get(0);
    check_same(&found, &note);
    fp_notes_close();
}

/* A place for each name, however often it comes; and once there is no place left, the others count as none. */
static void test_many_names(void)
{
    static const char many[NAMES + 2];
    FpStreamNote note = usual();

    fp_notes_open();
    for (unsigned i = 0; i < NAMES + 2; i++)
        fp_notes_set(i, &note);
    for (unsigned i = 0; i < NAMES; i++) {
        note.protocol = &many[i];
        fp_notes_set(i, &note);
    }
    note.protocol = http;
    fp_notes_set(NAMES, &note);
    g_assert_true(fp_notes_get(0).protocol == &many[0]);
    g_assert_true(fp_notes_get(NAMES - 2).protocol == &many[NAMES - 2]);
    g_assert_null(fp_notes_get(NAMES - 1).protocol);
    g_assert_null(fp_notes_get(NAMES).protocol);
    g_assert_true(fp_notes_get(NAMES + 1).protocol == tls);
    fp_notes_close();
}

static void test_find(void)
{
    FpStreamNote note = usual(), found;

    found = fp_notes_get(0);
    check_same(&found, &(FpStreamNote){0}); /* no file is open */
    g_assert_false(fp_notes_find_tcp(0, &found));
    fp_notes_open();
    fp_notes_set(0, &note);
    g_assert_true(fp_notes_find_tcp(note.wireshark_number, &found));
    fp_notes_close();
    fp_notes_open();
    note.wireshark_number = 5;
    for (uint32_t stream = 0; stream < 4; stream++) { /* of the last two, one is UDP's, and one has said nothing */
        note.syn_frame = stream + 10;
        note.is_udp = stream == 2;
        note.first_frame = stream == 3 ? 0 : 1;
        fp_notes_set(stream, &note);
    }
    g_assert_true(fp_notes_find_tcp(5, &found));
    g_assert_cmpuint(found.syn_frame, ==, 11);
    g_assert_false(fp_notes_find_tcp(6, &found));
    fp_notes_close();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/notes/flags", test_flags);
    g_test_add_func("/notes/large-numbers", test_large_numbers);
    g_test_add_func("/notes/changes", test_changes);
    g_test_add_func("/notes/many-names", test_many_names);
    g_test_add_func("/notes/find", test_find);
    return g_test_run();
}
