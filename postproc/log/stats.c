/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stats.c - see stats.h. One table has the names that a figure has in each format. */
#include "stats.h"

#include <inttypes.h>
#include <string.h>

#include "base/metrics.h"
#include "base/printable.h"
#include "log-internal.h"

typedef struct {
    const char *group; /* the object within "stats" that has it; NULL: that one itself */
    const char *key;   /* where Suricata's EVE has such a figure, its key */
    FpMetric metric;
} Figure;

/* Figures of one group are neighbours. Where watch has such a figure, name and help are those in watch/status.c. */
static const Figure figures[FP_N_STATS] = {
    [FP_STAT_UPTIME_NS] = {NULL, "uptime", {"uptime_seconds", "How long the program has captured", false, true}},
    [FP_STAT_FRAMES] = {"decoder", "pkts", {"frames", "Frames read", true, false}},
    [FP_STAT_BYTES] = {"decoder", "bytes", {"bytes_in", "Bytes read", true, false}},
    [FP_STAT_KEPT] = {"decoder", "kept", {"frames_kept", "Frames written", true, false}},
    [FP_STAT_CUT] = {"decoder", "cut", {"frames_cut", "Frames that the kernel left out, as nothing in them could matter", true, false}},
    [FP_STAT_STREAMS] = {"streams", "started", {"streams", "Streams seen", true, false}},
    [FP_STAT_STREAMS_WITH_PAYLOAD] = {"streams",
                                      "with_payload",
                                      {"streams_with_payload", "Of these, with a first payload frame", true, false}},
    [FP_STAT_STREAMS_OPEN] = {"streams", "open", {"streams_open", "Streams in the table", false, false}},
    [FP_STAT_STREAMS_FORGOTTEN] = {"streams", "forgotten", {"streams_forgotten", "Streams forgotten as the table was full", true, false}},
    [FP_STAT_STREAMS_UNMATCHED] = {"streams", "unmatched", {"streams_unmatched", "Streams left out by -Y, --only or --sni", true, false}},
    [FP_STAT_STREAMS_UNJUDGED] = {"streams",
                                  "unjudged",
                                  {"streams_unjudged", "Streams kept because the display filter could not be asked", true, false}},
    [FP_STAT_STREAMS_WITHOUT_FIELDS] = {"streams",
                                        "without_fields",
                                        {"streams_without_fields", "Streams whose fields tshark could not be asked for", true, false}},
    [FP_STAT_LINES] = {"log", "lines", {"lines", "Lines of the log", true, false}},
    [FP_STAT_LINES_WAITING] = {"log", "waiting", {"lines_waiting", "Lines of the log that wait for the rest of a message", false, false}},
    [FP_STAT_TABLE_BYTES] = {"memory", "streams", {"table_bytes", "Memory of the table of streams", false, false}},
    [FP_STAT_MEMORY_BYTES] = {"memory", "resident", {"memory_bytes", "Resident memory of the program", false, false}},
    [FP_STAT_CPU_NS] = {NULL, "cpu_seconds", {"cpu_seconds", "CPU time of the program, without tshark's", true, true}},
    [FP_STAT_LAST_FRAME_NS] = {NULL, "last_frame", {"last_frame_seconds", "Time of the newest frame", false, true}},
};

static const Figure interface_figures[FP_N_INTERFACE_STATS] = {
    [FP_INTERFACE_STAT_FRAMES] = {"capture",
                                  "kernel_packets",
                                  {"kernel_frames", "Frames that came to the kernel's buffer, dropped or not", true, false}},
    [FP_INTERFACE_STAT_DROPS] = {"capture",
                                 "kernel_drops",
                                 {"kernel_drops", "Of these, dropped by the kernel as its buffer was full", true, false}},
    [FP_INTERFACE_STAT_INTERFACE_DROPS] = {"capture",
                                           "kernel_ifdrops",
                                           {"interface_drops", "Frames dropped by the interface before the kernel had them", true, false}},
};

static void append_time(GString *line, int64_t ns)
{
    fp_log_append_second(line, ns / 1000000000, 'T');
    g_string_append_c(line, '.');
    fp_printable_padded(line, (uint64_t)(ns % 1000000000) / 1000, 6);
    g_string_append_c(line, 'Z');
}

static uint64_t sum(const FpStats *stats, unsigned figure)
{
    uint64_t total = 0;

    for (unsigned i = 0; i < stats->n_interfaces; i++)
        total += stats->interfaces[i].figures[figure];
    return total;
}

static void append_member(GString *line, const Figure *figure, uint64_t value)
{
    g_string_append_printf(line, "\"%s\":", figure->key);
    fp_metrics_append_value(line, &figure->metric, value);
}

/* Totals as in EVE, and the same of each interface. */
static void append_capture(GString *line, const FpStats *stats)
{
    g_string_append(line, "\"capture\":{");
    for (unsigned i = 0; i < FP_N_INTERFACE_STATS; i++) {
        append_member(line, &interface_figures[i], sum(stats, i));
        g_string_append_c(line, ',');
    }
    g_string_append(line, "\"interfaces\":[");
    for (unsigned n = 0; n < stats->n_interfaces; n++) {
        g_string_append(line, n == 0 ? "{\"in_iface\":" : ",{\"in_iface\":");
        fp_printable_json(line, stats->interfaces[n].name);
        for (unsigned i = 0; i < FP_N_INTERFACE_STATS; i++) {
            g_string_append_c(line, ',');
            append_member(line, &interface_figures[i], stats->interfaces[n].figures[i]);
        }
        g_string_append_c(line, '}');
    }
    g_string_append(line, "]}");
}

static void append_json(GString *line, const FpLogStyle *style, const FpStats *stats)
{
    const char *group = NULL;

    g_string_append(line, "{\"timestamp\":\"");
    append_time(line, stats->time_ns);
    g_string_append(line, "\",\"event_type\":\"stats\"");
    if (style->host != NULL) {
        g_string_append(line, ",\"host\":");
        fp_printable_json(line, style->host);
    }
    g_string_append(line, ",\"stats\":{");
    append_capture(line, stats);
    for (unsigned i = 0; i < FP_N_STATS; i++) {
        bool is_same = g_strcmp0(group, figures[i].group) == 0;
        if (group != NULL && !is_same)
            g_string_append_c(line, '}');
        g_string_append_c(line, ',');
        group = figures[i].group;
        if (group != NULL && !is_same)
            g_string_append_printf(line, "\"%s\":{", group);
        append_member(line, &figures[i], stats->figures[i]);
    }
    g_string_append(line, group != NULL ? "}}}" : "}}");
}

/* A comment, as other logs of columns have them: no first payload frame's line begins so. Names are those of the metrics. */
static void append_text(GString *line, const FpStats *stats)
{
    g_string_append(line, "# ");
    append_time(line, stats->time_ns);
    g_string_append(line, " stats");
    for (unsigned n = 0; n < stats->n_interfaces; n++) {
        const char *name = stats->interfaces[n].name;
        g_string_append(line, " interface=");
        fp_printable_escape(line, (const uint8_t *)name, strlen(name));
        for (unsigned i = 0; i < FP_N_INTERFACE_STATS; i++)
            g_string_append_printf(line, " %s=%" PRIu64, interface_figures[i].metric.name, stats->interfaces[n].figures[i]);
    }
    for (unsigned i = 0; i < FP_N_STATS; i++) {
        g_string_append_printf(line, " %s=", figures[i].metric.name);
        fp_metrics_append_value(line, &figures[i].metric, stats->figures[i]);
    }
}

void fp_stats_append_line(GString *line, const FpLogStyle *style, const FpStats *stats)
{
    if (style->format == FP_LOG_JSON)
        append_json(line, style, stats);
    else
        append_text(line, stats);
    g_string_append_c(line, '\n');
}

void fp_stats_append_metrics(GString *text, const FpStats *stats)
{
    g_autoptr(GString) all = g_string_new(NULL); /* the label of what is not of one interface */

    for (unsigned n = 0; n < stats->n_interfaces; n++)
        g_string_append_printf(all, "%s%s", n == 0 ? "" : ",", stats->interfaces[n].name);
    for (unsigned i = 0; i < FP_N_INTERFACE_STATS; i++) {
        fp_metrics_append_head(text, &interface_figures[i].metric);
        for (unsigned n = 0; n < stats->n_interfaces; n++)
            fp_metrics_append(text, &interface_figures[i].metric, "interface", stats->interfaces[n].name, stats->interfaces[n].figures[i]);
    }
    for (unsigned i = 0; i < FP_N_STATS; i++) {
        fp_metrics_append_head(text, &figures[i].metric);
        fp_metrics_append(text, &figures[i].metric, "interface", all->str, stats->figures[i]);
    }
}

void fp_stats_append_words(GString *text, const FpStats *stats)
{
    const uint64_t *values = stats->figures;

    for (unsigned n = 0; n < stats->n_interfaces; n++) {
        const FpStatsInterface *interface = &stats->interfaces[n];
        g_string_append_printf(text, "%s: %" PRIu64 " frames, %" PRIu64 " dropped by the kernel, %" PRIu64 " by the interface; ",
                               interface->name, interface->figures[FP_INTERFACE_STAT_FRAMES], interface->figures[FP_INTERFACE_STAT_DROPS],
                               interface->figures[FP_INTERFACE_STAT_INTERFACE_DROPS]);
    }
    g_string_append_printf(text,
                           "%" PRIu64 " frames read, %" PRIu64 " kept; %" PRIu64 " streams, %" PRIu64 " with payload, %" PRIu64
                           " open; %" PRIu64 " lines, %" PRIu64 " wait; %" PRIu64 " KiB of memory",
                           values[FP_STAT_FRAMES], values[FP_STAT_KEPT], values[FP_STAT_STREAMS], values[FP_STAT_STREAMS_WITH_PAYLOAD],
                           values[FP_STAT_STREAMS_OPEN], values[FP_STAT_LINES], values[FP_STAT_LINES_WAITING],
                           values[FP_STAT_MEMORY_BYTES] / 1024);
}
