/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-age.c - which of two captures is older, and the names that hidden files will have. */
#include "spool/age.h"

static void check_name(const char *hidden, const char *expected)
{
    g_autofree char *name = fp_age_final_name(hidden);

    g_assert_cmpstr(name, ==, expected);
}

static void test_final_names(void)
{
    check_name("a.pcap", "a.pcap");
    check_name("a.pcap.x7Kq2a", "a.pcap.x7Kq2a"); /* it is not hidden */
    check_name(".a.pcap", "a.pcap");
    check_name(".a.pcap.x7Kq2a", "a.pcap");
    check_name(".a.pcap.x7Kq2", "a.pcap.x7Kq2"); /* five characters */
    check_name(".a.pcap.x7Kq2ab", "a.pcap.x7Kq2ab");
    check_name(".a.pcap.x7Kq-a", "a.pcap.x7Kq-a"); /* none that mkstemp(3) makes */
    check_name(".a.pcap.-7Kq2a", "a.pcap.-7Kq2a");
    check_name(".a.pcap.x7Kq2-", "a.pcap.x7Kq2-");
    check_name(".abcdef", "abcdef"); /* nothing would be left */
}

static FpAge begun(int64_t first_ns)
{
    return (FpAge){
        .bytes = 100, .is_read = true, .has_first = true, .first_ns = first_ns, .changed_ns = first_ns + 5, .settled_ns = first_ns + 10};
}

/* A file without a record, last changed then. */
static FpAge empty(int64_t changed_ns)
{
    return (FpAge){.is_read = true, .first_ns = changed_ns, .changed_ns = changed_ns, .settled_ns = changed_ns};
}

static bool is_older(FpAge unfinished, const char *name, FpAge finished, const char *finished_name)
{
    return fp_age_is_older(&unfinished, name, &finished, finished_name);
}

static void test_by_first_records(void)
{
    g_assert_true(is_older(begun(1), "b.pcap", begun(2), "a.pcap"));
    g_assert_false(is_older(begun(3), "a.pcap", begun(2), "b.pcap"));
    g_assert_false(is_older(begun(1), "a.pcap", empty(2), "b.pcap")); /* of that, nothing is known */
}

static void test_by_names(void)
{
    g_assert_true(is_older(begun(2), "x.pcap2", begun(2), "x.pcap10"));
    g_assert_false(is_older(begun(2), "x.pcap10", begun(2), "x.pcap2"));
    g_assert_true(is_older(begun(2), "x.pcap", begun(2), "x.pcap1")); /* tcpdump -C */
    g_assert_false(is_older(begun(2), "x.pcap2", begun(2), "x.pcap2"));
    g_assert_false(is_older(begun(2), "w.pcap2", begun(2), "x.pcap10")); /* another ring */
    g_assert_false(is_older(begun(2), "x.pcap2", begun(2), "x.pcap10a"));
    g_assert_true(is_older(begun(2), "x.pcap2.gz", begun(2), "x.pcap10"));
    g_assert_true(is_older(begun(2), ".x.pcap2.x7Kq2a", begun(2), "x.pcap10"));
}

/* One without a record: the ring may have begun anew with its first name. The other one was finished at 10. */
static void test_without_a_record(void)
{
    g_assert_true(is_older(empty(9), "x1.pcap", begun(0), "x2.pcap"));
    g_assert_false(is_older(empty(10), "x1.pcap", begun(0), "x2.pcap"));
    g_assert_false(is_older(empty(9), "x2.pcap", begun(0), "x1.pcap"));
    g_assert_true(is_older(empty(11), "x1.pcap.gz", begun(0), "x2.pcap")); /* what is compressed was captured before */
}

static void test_order(void)
{
    const FpAge early = begun(1), late = begun(2);

    g_assert_cmpint(fp_age_compare(&early, "b", &late, "a"), <, 0);
    g_assert_cmpint(fp_age_compare(&late, "a", &early, "b"), >, 0);
    g_assert_cmpint(fp_age_compare(&early, "a9", &early, "a10"), <, 0);
    g_assert_cmpint(fp_age_compare(&early, "a10", &early, "a9"), >, 0);
    g_assert_cmpint(fp_age_compare(&early, "a", &early, "a"), ==, 0);
}

static void test_of_status(void)
{
    const struct stat status = {.st_size = 7, .st_mtim = {.tv_sec = 2, .tv_nsec = 3}, .st_ctim = {.tv_sec = 4, .tv_nsec = 5}};
    const FpAge age = fp_age_of(&status);

    g_assert_cmpuint(age.bytes, ==, 7);
    g_assert_cmpint(age.changed_ns, ==, G_GINT64_CONSTANT(2000000003));
    g_assert_cmpint(age.settled_ns, ==, G_GINT64_CONSTANT(4000000005));
    g_assert_cmpint(age.first_ns, ==, age.changed_ns);
    g_assert_false(age.is_read);
    g_assert_false(age.has_first);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/age/final-names", test_final_names);
    g_test_add_func("/age/by-first-records", test_by_first_records);
    g_test_add_func("/age/by-names", test_by_names);
    g_test_add_func("/age/without-a-record", test_without_a_record);
    g_test_add_func("/age/order", test_order);
    g_test_add_func("/age/of-status", test_of_status);
    return g_test_run();
}
