/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-rotation-clock.c - when a file of a rotation is followed by another, to the second: the clock stands where the test sets it. */
#include <glib.h>
#include <glib/gstdio.h>
#include <time.h>

#include "output/rotation.h"

#define BEGUN 1000030
#define SECONDS 60
#define ENDS 1000080 /* the next multiple of a minute */

static time_t clock_says;

/* In place of libc's. */
time_t time(time_t *timer)
{
    if (timer != NULL)
        *timer = clock_says;
    return clock_says;
}

static bool is_due_at(const FpOutput *output, time_t now)
{
    clock_says = now;
    return fp_rotation_is_due(output);
}

/* A file that begins and ends then. */
static void check_clock(time_t begun, time_t ends)
{
    g_autofree char *folder = g_dir_make_tmp("firstpayload-rotation-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "x%s.pcap", NULL),
                    *name = g_strdup_printf("%s/x%" G_GINT64_FORMAT ".pcap", folder, (gint64)begun);
    const FpRotation rotation = {.seconds = SECONDS};
    g_autoptr(GError) error = NULL;

    clock_says = begun;
    FpOutput *output = fp_rotation_open(path, &rotation, FP_PACKING_NONE, FP_ROTATED_CAPTURE, &error);
    g_assert_no_error(error);
    g_assert_false(is_due_at(output, begun)); /* a file that begins is not over at once */
    g_assert_false(is_due_at(output, ends - 1));
    g_assert_true(is_due_at(output, ends));
    g_assert_true(is_due_at(output, ends + 1));
    g_assert_true(is_due_at(output, begun - 1)); /* the clock was set back */
    g_assert_true(fp_output_publish(output, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(g_unlink(name), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void test_by_the_clock(void)
{
    check_clock(BEGUN, ENDS);
    check_clock(-SECONDS, 0); /* before 1970, which a clock that was lost may say */
}

/* Without a size of time, the clock ends none. */
static void test_without_a_clock(void)
{
    g_autofree char *folder = g_dir_make_tmp("firstpayload-rotation-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "x%s.pcap", NULL), *name = g_strdup_printf("%s/x%d.pcap", folder, BEGUN);
    const FpRotation rotation = {.bytes = 1000};
    g_autoptr(GError) error = NULL;

    clock_says = BEGUN;
    FpOutput *output = fp_rotation_open(path, &rotation, FP_PACKING_NONE, FP_ROTATED_CAPTURE, &error);
    g_assert_no_error(error);
    g_assert_false(is_due_at(output, BEGUN + 1000000));
    g_assert_false(is_due_at(output, BEGUN - 1000000));
    g_assert_cmpint(fp_rotation_due_ms(output), ==, -1);
    g_assert_true(fp_output_publish(output, NULL, &error));
    g_assert_cmpint(g_unlink(name), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rotation/by-the-clock", test_by_the_clock);
    g_test_add_func("/rotation/without-a-clock", test_without_a_clock);
    return g_test_run();
}
