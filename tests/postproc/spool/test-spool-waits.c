/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-spool-waits.c - what waits for what, what is read while it is written, and what is finished. */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "base/journal.h"
#include "spool-scene.h"

static FpSpool *begin_following(void)
{
    begin_spool();
    options.follows = true;
    world.written = "a.pcap";
    return open_spool();
}

static void test_follow(void)
{
    FpSpool *spool = begin_following();

    claim_all(spool, 0);
    g_assert_false(fp_spool_is_beginning(spool));
    make_file("in/a.pcap", "", 0);
    world.n_looks = 1;
    claim_all(spool, 0);
    check_claims(spool, "");
    g_assert_true(fp_spool_is_beginning(spool));
    make_capture("a.pcap", 5);
    world.n_looks = 1;
    claim_all(spool, 0);
    check_claims(spool, "1 a.pcap");
    g_assert_false(fp_spool_is_beginning(spool));
    g_assert_false(fp_spool_claim_at(spool, 0)->is_sure);
    make_capture("a.pcap", 6);
    world.n_looks = 1;
    claim_all(spool, 0); /* there is one */
    check_claims(spool, "1 a.pcap");
    world.n_looks = 0;
    fp_spool_free(spool);
    remove_from_tree("state/claim/0000000000000001-a.pcap");
    options.follows = false;
    spool = open_spool();
    world.n_looks = 1;
    claim_all(spool, 0);
    check_claims(spool, "");
    g_assert_false(fp_spool_is_beginning(spool));
    end_spool(spool);
}

/* Of two, the older one. */
static void test_follow_one(void)
{
    FpSpool *spool = begin_following();
    g_autofree char *path = in_inbox("a.pcap"), *other = in_inbox("b.pcap");

    make_capture("a.pcap", 5);
    g_assert_cmpint(link(path, other), ==, 0);
    world.n_looks = 2;
    claim_all(spool, 0);
    check_claims(spool, "1 a.pcap");
    end_spool(spool);
}

/* One that has killed the watcher three times is not opened any more. */
static void test_follow_none_that_kills(void)
{
    FpSpool *spool = begin_following();
    g_autofree char *path = in_inbox("a.pcap");

    make_capture("a.pcap", 5);
    for (unsigned i = 0; i < 3; i++) {
        FpAttempts *attempts = fp_attempts_open(options.state, NULL);
        fp_attempts_begin(attempts, path);
        fp_attempts_free(attempts);
    }
    FpAttempts *attempts = fp_attempts_open(options.state, NULL);
    fp_spool_set_attempts(spool, attempts);
    world.unopenable = "a.pcap";
    world.n_looks = 2;
    claim_all(spool, 0);
    check_claims(spool, "");
    g_assert_cmpuint(world.n_opened, ==, 0);
    fp_attempts_free(attempts);
    end_spool(spool);
}

static void check_begins_to_wait(FpSpool *spool)
{
    make_capture("a.pcap", 3);
    make_capture("b.pcap", 5);
    world.written = "a.pcap";
    world.n_looks = 2;
    claim_all(spool, 0);
    check_claims(spool, "1 b.pcap");
    g_assert_null(fp_spool_waits_text(spool));
    g_assert_false(fp_spool_must_poll(spool));
    g_assert_true(fp_spool_is_held(spool, 0));
    g_assert_true(fp_spool_must_poll(spool));
    world.now_us += (WAIT_S - 1) * G_USEC_PER_SEC;
    g_autofree char *text = fp_spool_waits_text(spool);
    g_assert_cmpstr(text, ==, "a.pcap, for 59 of at most 60 seconds");
}

/* A younger one waits for an older one that is not finished, but not for ever. */
static void wait_for_it(void)
{
    begin_spool();
    FpSpool *spool = open_spool();
    check_begins_to_wait(spool);
    world.n_looks = 1;
    claim_all(spool, 0);
    g_assert_true(fp_spool_is_held(spool, 0));
    world.unopenable = "a.pcap"; /* its age is known */
    world.open_failure = EMFILE;
    g_assert_true(fp_spool_is_held(spool, 0));
    world.unopenable = NULL;
    g_assert_cmpuint(fp_spool_n_waits_over(spool), ==, 0);
    world.now_us += G_USEC_PER_SEC;
    world.n_looks = 1;
    claim_all(spool, 0);
    g_assert_false(fp_spool_is_held(spool, 0));
    g_assert_cmpuint(fp_spool_n_waits_over(spool), ==, 1);
    g_assert_null(fp_spool_waits_text(spool));
    end_spool(spool);
}

static void test_held(void)
{
    if (g_test_subprocess()) {
        wait_for_it();
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr(
        "*a.pcap: is older than others, and not finished; they are taken before it, after waiting for 60 seconds (--wait)\n");
}

static void test_not_held(void)
{
    begin_spool();
    FpSpool *spool = open_spool();
    make_capture("a.pcap", 7);
    make_capture("b.pcap", 5);
    world.written = "a.pcap";
    world.n_looks = 2;
    claim_all(spool, 0);
    check_claims(spool, "1 b.pcap");
    g_assert_false(fp_spool_is_held(spool, 0));
    world.n_looks = 1;
    claim_all(spool, 0);
    world.unopenable = "a.pcap"; /* nobody can tell now */
    world.open_failure = EMFILE;
    g_assert_true(fp_spool_is_held(spool, 0));
    world.unopenable = NULL;
    g_assert_false(fp_spool_is_held(spool, 0));
    end_spool(spool);
}

/* A claim that is still being written is put behind the others after a while. */
static void test_late(void)
{
    begin_spool();
    FpSpool *spool = open_spool();
    make_capture("a.pcap", 3);
    make_capture("b.pcap", 5);
    claim_all(spool, 0);
    fp_spool_note_unfinished(spool, 1); /* nobody waits for the last */
    g_assert_null(fp_spool_waits_text(spool));
    fp_spool_note_unfinished(spool, 0);
    g_autofree char *text = fp_spool_waits_text(spool);
    g_assert_cmpstr(text, ==, "a.pcap, for 0 of at most 60 seconds");
    claim_all(spool, 0);
    claim_all(spool, 0); /* it is still there */
    world.now_us += WAIT_S * G_USEC_PER_SEC;
    claim_all(spool, 0);
    check_claims(spool, "1 a.pcap, 2 b.pcap");
    fp_spool_note_unfinished(spool, 0);
    g_assert_cmpuint(fp_spool_n_waits_over(spool), ==, 1);
    claim_all(spool, 0);
    check_claims(spool, "3 b.pcap, 4 a.pcap");
    make_capture("c.pcap", 7);
    claim_all(spool, 0);
    check_claims(spool, "3 b.pcap, 6 c.pcap, 7 a.pcap");
    fp_spool_note_unfinished(spool, 2);
    end_spool(spool);
}

/* A finished capture that matches only when compressed lies there in vain. */
static void leave_unmatched(void)
{
    begin_spool();
    options.match = "*.gz";
    FpSpool *spool = open_spool();
    make_capture("a.pcap", 3);
    make_capture(".b.pcap", 3);
    make_file("in/c.pcap", "", 0);
    make_file("in/d.txt", "text", 4);
    make_capture("e.pcap", 3);
    world.written = "e.pcap";
    world.n_looks = 1;
    claim_all(spool, 0);
    g_assert_cmpuint(fp_spool_n_unmatched(spool), ==, 1);
    world.now_us += 59 * G_USEC_PER_SEC;
    world.n_looks = 1;
    claim_all(spool, 0);
    (void)!write(STDERR_FILENO, "one\n", 4);
    world.now_us += G_USEC_PER_SEC;
    world.n_looks = 1;
    claim_all(spool, 0);
    (void)!write(STDERR_FILENO, "two\n", 4);
    world.n_looks = 1;
    claim_all(spool, 0);
    (void)!write(STDERR_FILENO, "three\n", 6);
    fp_spool_note_unmatched(spool, true);
    end_spool(spool);
}

static void test_unmatched(void)
{
    if (g_test_subprocess()) {
        leave_unmatched();
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr(
        "one\n*a.pcap: does not match (--match), and nobody has compressed it; it is left where it is, after waiting "
        "for 60 seconds\ntwo\nthree\n*a.pcap: does not match (--match), and nobody has compressed it; it is left where "
        "it is\n");
    g_test_trap_assert_stderr_unmatched("*pcap:*pcap:*pcap:*");
    g_test_trap_assert_stderr_unmatched("*[bcde].pcap*");
}

static void check_lease_tells(FpSpool *spool)
{
    make_capture("a.pcap", 3);
    claim_all(spool, 0);
    world.lease_failure = EINVAL; /* what was known when it was claimed holds */
    g_assert_true(fp_spool_is_finished(spool, 0));
    g_assert_true(fp_spool_claim_at(spool, 0)->is_sure);
    world.lease_failure = EAGAIN;
    g_assert_false(fp_spool_is_finished(spool, 0));
    g_assert_false(fp_spool_claim_at(spool, 0)->is_sure);
    world.lease_failure = 0;
    g_assert_true(fp_spool_is_finished(spool, 0));
    g_assert_true(fp_spool_claim_at(spool, 0)->is_sure);
}

static void test_finished(void)
{
    begin_spool();
    FpSpool *spool = open_spool();
    check_lease_tells(spool);
    make_long_capture("state/claim/0000000000000001-a.pcap", 3, 2);
    world.lease_failure = EINVAL;
    g_assert_true(fp_spool_is_finished(spool, 0)); /* it was closed while we watched */
    g_assert_true(fp_spool_claim_at(spool, 0)->is_sure);
    set_time("state/claim/0000000000000001-a.pcap", 100, 0);
    g_assert_false(fp_spool_is_finished(spool, 0));
    g_assert_cmpuint(fp_spool_claim_at(spool, 0)->bytes, ==, 44);
    fp_spool_note_finished(spool, 0);
    g_assert_cmpuint(fp_spool_claim_at(spool, 0)->bytes, ==, 64);
    world.now_us += G_GINT64_CONSTANT(2000000000) * G_USEC_PER_SEC; /* a guess */
    g_assert_true(fp_spool_is_finished(spool, 0));
    g_assert_false(fp_spool_claim_at(spool, 0)->is_sure);
    end_spool(spool);
}

static void test_reading(void)
{
    begin_spool();
    FpSpool *spool = open_spool();
    make_capture("a.pcap", 3);
    claim_all(spool, 0);
    g_assert_cmpint(fp_spool_claim_at(spool, 0)->fd, ==, -1);
    g_assert_true(fp_spool_begin_reading(spool, 0, NULL));
    g_assert_cmpint(fp_spool_claim_at(spool, 0)->fd, >=, 0);
    fp_spool_end_reading(spool, 0);
    g_assert_cmpint(fp_spool_claim_at(spool, 0)->fd, ==, -1);
    g_assert_cmpint(fp_spool_fd(spool), >=, 0);
    g_assert_false(fp_spool_must_poll(spool));
    make_file("in/new.pcap", "", 0); /* perhaps somebody is about to write to it */
    claim_all(spool, 0);
    g_assert_true(fp_spool_must_poll(spool));
    end_spool(spool);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fp_journal_begin();
    g_test_add_func("/spool-waits/follow", test_follow);
    g_test_add_func("/spool-waits/follow-one", test_follow_one);
    g_test_add_func("/spool-waits/follow-none-that-kills", test_follow_none_that_kills);
    g_test_add_func("/spool-waits/held", test_held);
    g_test_add_func("/spool-waits/not-held", test_not_held);
    g_test_add_func("/spool-waits/late", test_late);
    g_test_add_func("/spool-waits/unmatched", test_unmatched);
    g_test_add_func("/spool-waits/finished", test_finished);
    g_test_add_func("/spool-waits/reading", test_reading);
    return g_test_run();
}
