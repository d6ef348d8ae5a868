/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live-stats.c - see live-stats.h. */
#include "live-stats.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/message.h"
#include "base/replace.h"
#include "base/stop.h"
#include "capture/capture-live.h"
#include "log/stats.h"

struct FpLiveStats {
    const FpLiveStatsOptions *options;
    const FpCapture *capture;
    GArray *interfaces; /* of FpStatsInterface */
    gint64 begun_us;    /* monotonic, as the next */
    gint64 due_us;
    int memory_fd; /* /proc/self/statm, opened while everything may be; -1: it is not there */
    bool has_no_metrics;
};

static gint64 interval_us(const FpLiveStatsOptions *options)
{
    if (options->seconds > 0)
        return options->seconds * (gint64)G_USEC_PER_SEC;
    return options->metrics != NULL ? FP_LIVE_STATS_METRICS_SECONDS * (gint64)G_USEC_PER_SEC : 0;
}

FpLiveStats *fp_live_stats_new(const FpLiveStatsOptions *options, const FpCapture *capture)
{
    FpLiveStats *stats = g_new0(FpLiveStats, 1);

    stats->options = options;
    stats->capture = capture;
    stats->interfaces = g_array_new(FALSE, TRUE, sizeof(FpStatsInterface));
    stats->begun_us = g_get_monotonic_time();
    stats->due_us = interval_us(options) > 0 ? stats->begun_us + interval_us(options) : G_MAXINT64;
    stats->memory_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    return stats;
}

void fp_live_stats_free(FpLiveStats *stats)
{
    if (stats == NULL)
        return;
    if (stats->memory_fd >= 0)
        close(stats->memory_fd);
    g_array_unref(stats->interfaces);
    g_free(stats);
}

/* An interface that has gone can no longer be asked: what it counted last stays. */
static void count_interfaces(FpLiveStats *stats)
{
    FpInterfaceStats counted;

    for (unsigned n = 0;; n++) {
        bool is_counted = fp_capture_live_stats(stats->capture, n, &counted);
        if (counted.interface == NULL)
            return;
        if (n >= stats->interfaces->len)
            g_array_set_size(stats->interfaces, n + 1);
        FpStatsInterface *interface = &g_array_index(stats->interfaces, FpStatsInterface, n);
        interface->name = counted.interface;
        if (!is_counted)
            continue;
        interface->figures[FP_INTERFACE_STAT_FRAMES] = counted.frames;
        interface->figures[FP_INTERFACE_STAT_DROPS] = counted.drops.by_kernel;
        interface->figures[FP_INTERFACE_STAT_INTERFACE_DROPS] = counted.drops.by_interface;
    }
}

/* The second number in statm is that of resident pages (proc(5)). */
static uint64_t memory_bytes(const FpLiveStats *stats)
{
    char text[128];
    ssize_t n = pread(stats->memory_fd, text, sizeof text - 1, 0);
    char *at = text;

    if (n <= 0)
        return 0;
    text[n] = '\0';
    (void)strtoull(text, &at, 10);
    return strtoull(at, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t cpu_ns(void)
{
    struct timespec used = {0};

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

static void take(FpLiveStats *stats, const FpLiveStatsSources *sources, FpStats *taken)
{
    const FpSummary *summary = sources->summary;

    fp_pass_sum_up(sources->pass);
    count_interfaces(stats);
    const void *interfaces = stats->interfaces->data;
    *taken = (FpStats){
        .time_ns = g_get_real_time() * 1000,
        .interfaces = interfaces,
        .n_interfaces = stats->interfaces->len,
        .figures =
            {
                [FP_STAT_UPTIME_NS] = (uint64_t)(g_get_monotonic_time() - stats->begun_us) * 1000,
                [FP_STAT_FRAMES] = summary->frames,
                [FP_STAT_BYTES] = fp_capture_bytes_read(stats->capture),
                [FP_STAT_KEPT] = summary->kept + summary->kept_fragments,
                [FP_STAT_CUT] = summary->cut_by_kernel,
                [FP_STAT_STREAMS] = summary->streams.started,
                [FP_STAT_STREAMS_WITH_PAYLOAD] = summary->streams_with_payload,
                [FP_STAT_STREAMS_OPEN] = summary->streams.open,
                [FP_STAT_STREAMS_FORGOTTEN] = fp_summary_forgotten_streams(summary),
                [FP_STAT_STREAMS_UNMATCHED] = summary->unmatched,
                [FP_STAT_STREAMS_UNJUDGED] = summary->unjudged,
                [FP_STAT_STREAMS_WITHOUT_FIELDS] = summary->without_fields,
                [FP_STAT_LINES] = fp_pass_n_lines(sources->pass),
                [FP_STAT_LINES_WAITING] = fp_pass_n_waiting(sources->pass),
                [FP_STAT_TABLE_BYTES] = summary->streams.table_bytes,
                [FP_STAT_MEMORY_BYTES] = memory_bytes(stats),
                [FP_STAT_CPU_NS] = cpu_ns(),
                [FP_STAT_LAST_FRAME_NS] = (uint64_t)MAX(fp_pass_newest_ns(sources->pass), 0),
            },
    };
}

static bool write_line(const FpStats *taken, const FpLiveStatsSources *sources, GError **error)
{
    g_autoptr(GString) line = g_string_new(NULL);

    fp_stats_append_line(line, sources->log_style, taken);
    return fp_output_write(sources->log, line->str, line->len, error) && fp_log_flush(sources->log, sources->log_style, error);
}

static void save_metrics(FpLiveStats *stats, const FpStats *taken)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) failure = NULL;

    fp_stats_append_metrics(text, taken);
    if (fp_replace_file(stats->options->metrics, text->str, &failure))
        return;
    if (!stats->has_no_metrics)
        fp_message_print("%s", failure->message);
    stats->has_no_metrics = true;
}

/* Lines and metrics. */
static bool say(FpLiveStats *stats, const FpStats *taken, const FpLiveStatsSources *sources, GError **error)
{
    if (stats->options->metrics != NULL)
        save_metrics(stats, taken);
    return stats->options->seconds == 0 || sources->log == NULL || write_line(taken, sources, error);
}

int fp_live_stats_due_ms(const FpLiveStats *stats)
{
    if (stats->due_us == G_MAXINT64)
        return -1;
    return (int)CLAMP((stats->due_us - g_get_monotonic_time() + 999) / 1000, 0, G_MAXINT);
}

/* After it was held up, the next time is a whole interval away: what was missed is not made up for. */
static bool is_due(FpLiveStats *stats)
{
    gint64 now_us = g_get_monotonic_time();

    if (now_us < stats->due_us)
        return false;
    stats->due_us = MAX(stats->due_us, now_us - interval_us(stats->options)) + interval_us(stats->options);
    return true;
}

bool fp_live_stats_attend(FpLiveStats *stats, const FpLiveStatsSources *sources, GError **error)
{
    bool is_asked = fp_stop_report_asked(), is_time = is_due(stats);
    FpStats taken;

    if (!is_asked && !is_time)
        return true;
    take(stats, sources, &taken);
    if (is_asked) {
        g_autoptr(GString) words = g_string_new(NULL);
        fp_stats_append_words(words, &taken);
        fp_message_print("%s", words->str);
    }
    return !is_time || say(stats, &taken, sources, error);
}

bool fp_live_stats_end(FpLiveStats *stats, const FpLiveStatsSources *sources, GError **error)
{
    FpStats taken;

    take(stats, sources, &taken);
    return say(stats, &taken, sources, error);
}
