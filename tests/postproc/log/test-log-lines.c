/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-log-lines.c - Community IDs are those of the specification, and whatever anybody sends reaches the log only as plain ASCII. */
#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

#include "base/printable.h"
#include "log/community-id.h"
#include "log/log-internal.h"
#include "log/stats.h"

/* The baselines for TCP that the specification's repository publishes. */
static const struct {
    const char *source;
    const char *destination;
    const char *id;
    uint16_t source_port;
    uint16_t destination_port;
    uint16_t seed;
    uint8_t transport;
} ids[] = {
    {"128.232.110.120", "66.35.250.204", "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", 34855, 80, 0, FP_TRANSPORT_TCP},
    {"128.232.110.120", "66.35.250.204", "1:3V71V58M3Ksw/yuFALMcW0LAHvc=", 34855, 80, 1, FP_TRANSPORT_TCP},
    {"2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:c03::1a", "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=", 63943, 25, 0, FP_TRANSPORT_TCP},
    {"192.168.1.52", "8.8.8.8", "1:d/FP5EW3wiY1vCndhwleRRKHowQ=", 54585, 53, 0, FP_TRANSPORT_UDP},
    {"192.168.1.52", "8.8.8.8", "1:Q9We8WO3piVF8yEQBNJF4uiSVrI=", 54585, 53, 1, FP_TRANSPORT_UDP},
};

static void test_community_ids(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        int family = strchr(ids[i].source, ':') == NULL ? AF_INET : AF_INET6;
        uint8_t source[16], destination[16];
        char id[FP_COMMUNITY_ID_BYTES];
        g_assert_cmpint(inet_pton(family, ids[i].source, source), ==, 1);
        g_assert_cmpint(inet_pton(family, ids[i].destination, destination), ==, 1);
        FpSegment segment = {
            .source = source,
            .destination = destination,
            .address_bytes = family == AF_INET ? 4 : 16,
            .source_port = ids[i].source_port,
            .destination_port = ids[i].destination_port,
            .transport = ids[i].transport,
        };
        fp_community_id(&segment, ids[i].seed, id);
        g_assert_cmpstr(id, ==, ids[i].id);

        FpSegment back = segment;
        back.source = segment.destination;
        back.destination = segment.source;
        back.source_port = segment.destination_port;
        back.destination_port = segment.source_port;
        fp_community_id(&back, ids[i].seed, id);
        g_assert_cmpstr(id, ==, ids[i].id);
    }
}

static void test_community_id_of_one_address(void)
{
    static const uint8_t address[4] = {127, 0, 0, 1};
    FpSegment segment = {.source = address, .destination = address, .address_bytes = 4, .source_port = 80, .destination_port = 40000};
    FpSegment back = segment;
    char id[FP_COMMUNITY_ID_BYTES], id_back[FP_COMMUNITY_ID_BYTES];

    back.source_port = 40000;
    back.destination_port = 80;
    fp_community_id(&segment, 0, id);
    fp_community_id(&back, 0, id_back);
    g_assert_cmpstr(id, ==, id_back);
}

/* A stream's number is the same in both directions, and another in another network or at another time; doubles can hold it. */
static void test_flow_ids(void)
{
    static const uint8_t source[4] = {10, 0, 0, 1}, destination[4] = {10, 0, 0, 2};
    const FpSegment segment = {
        .source = source, .destination = destination, .address_bytes = 4, .source_port = 40000, .destination_port = 80};
    const FpSegment back = {.source = destination, .destination = source, .address_bytes = 4, .source_port = 80, .destination_port = 40000};
    static const struct {
        uint64_t network;
        int64_t began_ns;
    } streams[] = {{0, 1700000000000000000}, {1, 1700000000000000000},
                   {2, 1700000000000000000}, {UINT64_C(1) << 63, 1700000000000000000},
                   {0, 1700000000000000001}, {0, -1},
                   {UINT64_MAX, 0},          {0, 0}};

    for (size_t i = 0; i < G_N_ELEMENTS(streams); i++) {
        const uint64_t id = fp_flow_id(&segment, streams[i].network, streams[i].began_ns);
        g_assert_cmpuint(id, <, UINT64_C(1) << 53);
        g_assert_cmpuint(fp_flow_id(&back, streams[i].network, streams[i].began_ns), ==, id);
        for (size_t j = 0; j < i; j++)
            g_assert_cmpuint(fp_flow_id(&segment, streams[j].network, streams[j].began_ns), !=, id);
    }
}

static char *escaped(const void *bytes, size_t n)
{
    GString *text = g_string_new(NULL);

    fp_printable_escape(text, bytes, n);
    return g_string_free(text, FALSE);
}

static void test_escaping(void)
{
    static const struct {
        const char *bytes;
        const char *text;
    } cases[] = {
        {"GET / HTTP/1.1\r\n", "GET / HTTP/1.1\\x0d\\x0a"},
        {"\x1b]0;title\x07", "\\x1b]0;title\\x07"}, /* a terminal's title */
        {"\x9b"
         "31m",
         "\\x9b31m"}, /* C1 in one byte */
        {"\xc2\x9b"
         "31m",
         "\\xc2\\x9b31m"}, /* C1 in UTF-8 */
        {"\xe2\x80\xae"
         "evil",
         "\\xe2\\x80\\xaeevil"},                          /* right-to-left override */
        {"back\\slash \\x41", "back\\x5cslash \\x5cx41"}, /* otherwise nobody could tell it from an escape */
        {"\x7f~ \"'", "\\x7f~ \"'"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = escaped(cases[i].bytes, strlen(cases[i].bytes));
        g_assert_cmpstr(text, ==, cases[i].text);
    }
}

static void test_every_byte(void)
{
    uint8_t bytes[256];
    g_autoptr(GString) dots = g_string_new(NULL);

    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    g_autofree char *text = escaped(bytes, sizeof bytes);
    for (const char *at = text; *at != '\0'; at++)
        g_assert_true(*at >= ' ' && *at <= '~');
    fp_printable_dots(dots, bytes, sizeof bytes);
    g_assert_cmpuint(dots->len, ==, sizeof bytes + 2); /* the quote and the backslash take two each */
    for (const char *at = dots->str; *at != '\0'; at++)
        g_assert_true(*at >= ' ' && *at <= '~');
}

static void test_json_strings(void)
{
    static const struct {
        const char *value;
        const char *json;
    } cases[] = {
        {"a.pcap", "\"a.pcap\""},        {"a\n\"b\\\x1b", "\"a\\u000a\\\"b\\\\\\u001b\""},
        {"\xc3\xa4", "\"\\u00e4\""},     {"\xf0\x9f\x98\x80", "\"\\ud83d\\ude00\""},
        {"\xe2\x80\xae", "\"\\u202e\""}, {"\xff", "\"\\ufffd\""},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        fp_printable_json(text, cases[i].value);
        g_assert_cmpstr(text->str, ==, cases[i].json);
    }
}

static void test_times(void)
{
    static const struct {
        int64_t seconds;
        int64_t nanoseconds;
        bool has_nanoseconds;
        const char *time;
        const char *difference; /* the same number as a difference of times */
    } cases[] = {
        {0, 0, false, "1970-01-01T00:00:00.000000Z", "0.000000"},
        {1700000000, 123456789, true, "2023-11-14T22:13:20.123456789Z", "1700000000.123456789"},
        {1700000000, 123456789, false, "2023-11-14T22:13:20.123456Z", "1700000000.123456"},
        {-1, 999999999, true, "1969-12-31T23:59:59.999999999Z", "-0.000000001"},
        {-2, 500000000, false, "1969-12-31T23:59:58.500000Z", "-1.500000"},
        {-2208988800, 1, true, "1900-01-01T00:00:00.000000001Z", "-2208988799.999999999"},
        {4294967296, 0, false, "2106-02-07T06:28:16.000000Z", "4294967296.000000"},
        {253402300799, 5000, false, "9999-12-31T23:59:59.000005Z", NULL}, /* from here on, its nanoseconds have wrapped around */
        {253402300800, 0, false, "+10000-01-01T00:00:00.000000Z", NULL},
        {1700000000123456, 789000000, true, "+53872825-06-19T08:30:56.789000000Z", NULL},
        {-67768036191676799, 0, false, "-2147481608-01-02T00:00:01.000000Z", NULL},
        {INT64_MAX, 7000, false, "+2147485547-12-31T23:59:59.000007Z", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        FpSegment segment = {.time_ns = fp_time_ns(cases[i].seconds, cases[i].nanoseconds)};
        FpLogEntry entry = {.segment = &segment, .seconds = cases[i].seconds, .has_nanoseconds = cases[i].has_nanoseconds};
        g_autoptr(GString) time = g_string_new(NULL), difference = g_string_new(NULL);
        fp_log_append_time(time, &entry);
        g_assert_cmpstr(time->str, ==, cases[i].time);
        if (cases[i].difference == NULL)
            continue;
        fp_log_append_seconds(difference, &entry, segment.time_ns);
        g_assert_cmpstr(difference->str, ==, cases[i].difference);
    }
}

/* The clock's nanoseconds are cut to microseconds, with all their digits. */
static void test_times_of_stats(void)
{
    static const struct {
        int64_t ns;
        const char *timestamp;
    } cases[] = {{INT64_C(1700000000123456789), "2023-11-14T22:13:20.123456Z"},
                 {INT64_C(1700000000000007999), "2023-11-14T22:13:20.000007Z"},
                 {INT64_C(1700000000999999999), "2023-11-14T22:13:20.999999Z"},
                 {INT64_C(1700000000000000000), "2023-11-14T22:13:20.000000Z"}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const FpLogStyle json = {.format = FP_LOG_JSON}, text = {.format = FP_LOG_TEXT};
        const FpStats stats = {.time_ns = cases[i].ns};
        g_autoptr(GString) object = g_string_new(NULL), comment = g_string_new(NULL);
        g_autofree char *object_begins = g_strdup_printf("{\"timestamp\":\"%s\",\"event_type\":\"stats\"", cases[i].timestamp);
        g_autofree char *comment_begins = g_strdup_printf("# %s stats ", cases[i].timestamp);
        fp_stats_append_line(object, &json, &stats);
        fp_stats_append_line(comment, &text, &stats);
        g_assert_true(g_str_has_prefix(object->str, object_begins));
        g_assert_true(g_str_has_prefix(comment->str, comment_begins));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/community-id/specification", test_community_ids);
    g_test_add_func("/community-id/one-address", test_community_id_of_one_address);
    g_test_add_func("/flow-id", test_flow_ids);
    g_test_add_func("/printable/escaping", test_escaping);
    g_test_add_func("/printable/every-byte", test_every_byte);
    g_test_add_func("/printable/json", test_json_strings);
    g_test_add_func("/log/times", test_times);
    g_test_add_func("/log/times-of-stats", test_times_of_stats);
    return g_test_run();
}
