/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_scenarios.c - every file of tests/scenarios, fed to core/: one test case for each.
 *
 * Each is fed four times: as it stands and with its endpoints in the other order, each with two keys of the table's hash. No answer
 * may depend on these.
 */
#include <string.h>

#include "scenario.h"
#include "streams.h"

static char *location(const Scenario *scenario, const Packet *packet)
{
    return g_strdup_printf("%s:%u: frame %u", scenario->path, packet->line, packet->taken_frame);
}

static void check_classes(const char *where, const Expected *expected, unsigned found_classes)
{
    char wanted[FP_CLASSES_TEXT_BYTES], found[FP_CLASSES_TEXT_BYTES];

    fp_classes_to_text(expected->classes, wanted);
    fp_classes_to_text(found_classes, found);
    if (strcmp(wanted, found) != 0)
        g_test_fail_printf("%s: expected to be in (%s), found in (%s)", where, wanted, found);
}

static void check_value(const char *where, const char *what, gboolean given, gint64 wanted, gint64 found)
{
    if (given && wanted != found)
        g_test_fail_printf("%s: %s is %" G_GINT64_FORMAT ", expected %" G_GINT64_FORMAT, where, what, found, wanted);
}

static void check(const Scenario *scenario, const Packet *packet, const FpVerdict *verdict)
{
    const Expected *expected = &packet->expected;
    g_autofree char *where = location(scenario, packet);
    gboolean first = (expected->classes & FP_CLASS_FIRST) != 0;

    check_classes(where, expected, verdict->classes & scenario->keep);
    check_value(where, "stream", expected->has_stream && expected->classes != 0, expected->stream, verdict->stream);
    check_value(where, "bytes", expected->has_bytes, expected->bytes, verdict->payload_bytes);
    check_value(where, "seq", expected->has_seq, expected->seq, verdict->relative_seq);
    check_value(where, "side", expected->has_side, expected->side, verdict->side);
    check_value(where, "age (ns)", expected->has_age, expected->age_ns, verdict->age_ns);
    check_value(where, "delay (ns)", expected->has_delay, expected->delay_ns, verdict->delay_ns);
    /* What is not written of a first payload frame must not be the case. */
    check_value(where, "midstream", first || expected->midstream, expected->midstream, verdict->midstream);
    check_value(where, "out-of-order", first || expected->out_of_order, expected->out_of_order, verdict->out_of_order);
    check_value(where, "fast-open", first || expected->fast_open, expected->fast_open, verdict->fast_open);
    check_value(where, "ends-flight", scenario->says_ends, expected->ends_flight, verdict->ends_flight);
    check_value(where, "whether there is a delay", first, expected->has_delay, verdict->has_syn);
}

/* A caller that does not want TCP gives core/ no segments of it. */
static gboolean is_given(const Scenario *scenario, const Packet *packet)
{
    unsigned transports = scenario->rules.transports;

    return packet->taken_frame != 0 && (packet->transport == FP_TRANSPORT_UDP || transports == 0 || transports & FP_TAKES_TCP);
}

static void feed(const Scenario *scenario, guint64 seed, gboolean mirrored)
{
    FpStreams *streams = fp_streams_new(&scenario->rules, seed, 1000);

    for (guint i = 0; i < scenario->packets->len; i++) {
        const Packet *packet = g_ptr_array_index(scenario->packets, i);
        guint8 addresses[2][16];
        FpSegment segment;
        FpVerdict verdict;
        if (!is_given(scenario, packet))
            continue;
        packet_segment(packet, mirrored, addresses, &segment);
        fp_streams_take(streams, fp_streams_key(streams, &segment), &segment, &verdict);
        check(scenario, packet, &verdict);
    }
    fp_streams_free(streams);
}

static void test_scenario(gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    Scenario *scenario = scenario_read(data, &error);

    if (!scenario) {
        g_test_fail_printf("%s", error->message);
        return;
    }
    g_test_message("%s", scenario->description);
    for (guint way = 0; way < 4; way++)
        feed(scenario, way & 1 ? 0 : G_GUINT64_CONSTANT(0x9e3779b97f4a7c15), (way & 2) != 0);
    scenario_free(scenario);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    g_test_init(&argc, &argv, NULL);
    if (argc != 2)
        g_error("usage: test_scenarios FOLDER");
    GDir *folder = g_dir_open(argv[1], 0, &error);
    if (!folder)
        g_error("%s", error->message);
    for (const char *name; (name = g_dir_read_name(folder));)
        if (g_str_has_suffix(name, ".scenario"))
            g_ptr_array_add(names, g_strdup(name));
    g_dir_close(folder);
    g_ptr_array_sort(names, compare_names);
    if (names->len == 0)
        g_error("%s: no scenario", argv[1]);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *test = g_strdup_printf("/scenario/%.*s", (int)(strlen(name) - strlen(".scenario")), name);
        g_test_add_data_func_full(test, g_build_filename(argv[1], name, NULL), test_scenario, g_free);
    }
    return g_test_run();
}
