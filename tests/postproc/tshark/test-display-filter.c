/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-display-filter.c - what the text of a display filter tells. */
#include "tshark/display-filter.h"

#include <glib.h>

static void test_what_is_only_asked_to_be_there(void)
{
    static const char *const texts[] = {
        "tls",
        "tls.handshake.type == 1",
        "tls or http",
        "tls||http",
        "tcp.port in {80, 443, 8000..8080}",
        "ip.src == 192.0.2.0/24",
        "http.host contains \"not\" and (tcp.port eq 80)",
        "http.host == \"a\\\"!b\"",
        "tcp.payload[0:3] == 16:03:01",
        "http.host matches \"(?i)^www\"",
        "ipv6.addr == 2001:db8::1",
        "(tls) and(http)",
        "tcp.len > 200 && tls",
        "nottls",
        "tls.alert and notes",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (!fp_display_filter_only_grows(texts[i]))
            g_error("%s", texts[i]);
}

static void test_what_a_part_may_match_alone(void)
{
    static const char *const texts[] = {
        "not tls",
        "!tls",
        "tls and not http",
        "NOT tls",
        "tls.handshake.type != 1",
        "tls.handshake.type ne 1",
        "tls.handshake.type ~= 1",
        "tls.handshake.type !== 1",
        "tls.handshake.type === 1",
        "all tcp.port > 1024",
        "count(tls.record) == 1",
        "len (http.host) < 9",
        "max(tcp.port) < 9",
        "tls ^^ http",
        "tls xor http",
        "${macro:1}",
        "$macro",
        "data",
        "data.len > 3",
        "_ws.malformed",
        "tcp.analysis.flags",
        "tcp.segment_data",
        "(tls)and(not(http))",
        "http.host == \"a\" and !tls",
        "frame.protocols == \"eth:ip\"",
        "tcp.port#1 == 3",
        "@http.host == \"x\"",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (fp_display_filter_only_grows(texts[i]))
            g_error("%s", texts[i]);
}

static void test_what_is_closed(void)
{
    static const char *const closed[] = {"tls", "(tls) and not (http or (ssh))", "http.host == \")\"", "http.host contains \"(\\\"(\"",
                                         "frame[0] == 'x'"};
    static const char *const open[] = {"tls) || (frame",       "(tls", "tls)",     "http.host == \"a", "\"",
                                       "http.host == \"a\\\"", "'",    "${macro}", "tls or $macro",    "((tls)"};

    for (size_t i = 0; i < G_N_ELEMENTS(closed); i++)
        if (!fp_display_filter_is_closed(closed[i]))
            g_error("%s", closed[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(open); i++)
        if (fp_display_filter_is_closed(open[i]))
            g_error("%s", open[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/display-filter/there", test_what_is_only_asked_to_be_there);
    g_test_add_func("/display-filter/alone", test_what_a_part_may_match_alone);
    g_test_add_func("/display-filter/closed", test_what_is_closed);
    return g_test_run();
}
