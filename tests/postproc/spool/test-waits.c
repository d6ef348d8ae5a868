/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-waits.c - what is said of a file that was waited for in vain. */
#include <glib.h>

#include "base/journal.h"
#include "spool/waits.h"

static void wait_in_vain(const char *option)
{
    FpWaits *waits = fp_waits_new(0, option);

    fp_waits_begin(waits);
    g_assert_false(fp_waits_for(waits, 1, "a.pcap", "is not finished"));
    g_assert_false(fp_waits_for(waits, 1, "a.pcap", "is not finished"));
    g_assert_cmpuint(fp_waits_n_over(waits), ==, 1);
    fp_waits_free(waits);
}

static void check_said(const char *test, const char *said)
{
    g_test_trap_subprocess(test, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr(said);
}

static void test_option_is_named(void)
{
    if (g_test_subprocess())
        wait_in_vain("--wait");
    else
        check_said("/waits/option-is-named", "*a.pcap: is not finished, after waiting for 0 seconds (--wait)\n");
}

static void test_limit_without_option(void)
{
    if (g_test_subprocess())
        wait_in_vain(NULL);
    else
        check_said("/waits/limit-without-option", "*a.pcap: is not finished, after waiting for 0 seconds\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fp_journal_begin();
    g_test_add_func("/waits/option-is-named", test_option_is_named);
    g_test_add_func("/waits/limit-without-option", test_limit_without_option);
    return g_test_run();
}
