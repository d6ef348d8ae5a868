/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-formats.c - what fp_formats_limit leaves of libwiretap's readers. */
#include <wiretap/wtap.h>

#include "capture/formats.h"

static const char *const pcaps[] = {"Wireshark/tcpdump/... - pcap", "Wireshark/... - pcapng", NULL};

static unsigned count_readers(void)
{
    unsigned n = 0;

    while (open_routines[n].name != NULL)
        n++;
    return n;
}

static void test_names(void)
{
    GError *error = NULL;
    g_auto(GStrv) names = fp_formats_from_text("pcap,snoop, erf", &error);

    g_assert_no_error(error);
    g_assert_cmpuint(g_strv_length(names), ==, 3);
    g_assert_cmpstr(names[2], ==, "erf");
    g_assert_null(fp_formats_from_text("pcap,json", &error)); /* libwiretap knows the format, but files of it contain no packets */
    g_assert_nonnull(strstr(error->message, " snoop "));
    g_clear_error(&error);
}

static void test_limit(void)
{
    static char pcap[] = "pcap", pcapng[] = "pcapng";
    static char *names[] = {pcap, pcapng, NULL};

    g_assert_cmpuint(count_readers(), >, 50);
    fp_formats_limit(NULL);
    g_assert_cmpuint(count_readers(), >, 50);
    fp_formats_limit(names);
    g_assert_cmpuint(count_readers(), ==, 4);
    g_assert_true(wtap_has_open_info(pcaps[0]));
    g_assert_true(wtap_has_open_info(pcaps[1]));
    for (unsigned i = 0; i < count_readers(); i++) { /* the other two read nothing, so they are not given a file here */
        int err = 0;
        char *err_info = NULL;
        if (!g_strv_contains(pcaps, open_routines[i].name))
            g_assert_cmpint(open_routines[i].open_routine(NULL, &err, &err_info), ==, WTAP_OPEN_NOT_MINE);
    }
    g_assert_true(fp_formats_take("pcap"));
    g_assert_false(fp_formats_take("snoop"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/formats/names", test_names);
    g_test_add_func("/formats/limit", test_limit);
    return g_test_run();
}
