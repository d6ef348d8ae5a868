/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * statistics.c - see statistics.h.
 *
 * A listener of the tap "firstpayload_stream". Streams are counted by how far they have come, which changes with their frames; and a
 * display filter may leave out some frames. So each window remembers how far it has seen every stream come.
 */
#include "statistics.h"

#include "compat.h"

#include <epan/stats_tree.h>

#include "summary.h"
#include "tap.h"
#include "trees.h"

#define NS_PER_MS 1000000

/* Names of nodes. Wireshark finds nodes that have others below them by name, so each such name may be in the tree only once. */
#define STREAMS "Streams"
#define SPOKEN "Spoke"
#define SILENT "Never said anything"
#define LENGTH "Length of first payload"
#define PROTOCOL "Protocol and service port"
#define NAME "Server name, host or other detail"
#define DELAY "Time from SYN to first payload (ms)"
#define REPLY_DELAY "Time from first payload to reply (ms)"
#define FAST_OPEN "Fast open"
#define OUT_OF_ORDER "Out of order"
#define MIDSTREAM "Midstream"

/* Wireshark looks at every node below a parent to add one. So after so many names, further ones are counted together. */
#define NAMES_MAX 1000
#define OTHER_NAMES "(other names)"

/* Indexed by FpTapState. */
static const char *const silent_names[] = {"Start not captured", "SYN only", "Handshake only", "Closed"};
#define SILENT_STATES G_N_ELEMENTS(silent_names)

/* Ranges of times, up to their limits in ns. */
static const struct {
    const char *name;
    int64_t below_ns;
} time_ranges[] = {
    {"< 1 ms", INT64_C(1) * NS_PER_MS},     {"1-10 ms", INT64_C(10) * NS_PER_MS},   {"10-100 ms", INT64_C(100) * NS_PER_MS},
    {"0.1-1 s", INT64_C(1000) * NS_PER_MS}, {"1-10 s", INT64_C(10000) * NS_PER_MS}, {"10 s or more", INT64_MAX},
};

/* Ids of nodes that have others below them. They are the same in every window, as each creates its nodes in the same order. */
static int streams_id, spoken_id, silent_id, protocol_id, name_id, delay_id, reply_delay_id;

/* What a window has seen of a stream. */
typedef struct {
    bool is_known;
    bool has_spoken;
    bool is_named;
    bool has_replied;
    uint8_t silent_state; /* FpTapState, if it is known and has not spoken */
} Seen;

typedef struct {
    GArray *seen;              /* of Seen, indexed by stream */
    GHashTable *names;         /* a set of char *, owned */
    int silent[SILENT_STATES]; /* how many streams are in a state and have not spoken */
} Window;

static GHashTable *windows; /* stats_tree -> Window */

static Window *new_window(void)
{
    Window *window = g_new0(Window, 1);

    window->seen = g_array_new(FALSE, TRUE, sizeof(Seen));
    window->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return window;
}

static void free_window(void *freed)
{
    Window *window = freed;

    g_array_unref(window->seen);
    g_hash_table_destroy(window->names);
    g_free(window);
}

static int create_times(stats_tree *tree, const char *name)
{
    int id = stats_tree_create_node(tree, name, 0, STAT_DT_FLOAT, TRUE);

    for (size_t i = 0; i < G_N_ELEMENTS(time_ranges); i++)
        stats_tree_create_node(tree, time_ranges[i].name, id, STAT_DT_FLOAT, FALSE);
    fp_stats_keep_order(tree, id);
    return id;
}

static void begin(stats_tree *tree)
{
    if (windows == NULL)
        windows = g_hash_table_new_full(NULL, NULL, NULL, free_window);
    g_hash_table_replace(windows, tree, new_window());
    /* Details are found in trees. And a dissector that adds nothing to the tree, such as one that waits for the rest of a message, leaves
     * its protocol in a frame without a tree, but not in a frame with one. With a tree in both passes, the counts are the same. */
    fp_trees_want(FP_TREES_STATISTICS, true);

    streams_id = stats_tree_create_node(tree, STREAMS, 0, STAT_DT_INT, TRUE);
    stat_node_set_flags(tree, STREAMS, 0, TRUE, ST_FLG_SORT_TOP);
    spoken_id = stats_tree_create_node(tree, SPOKEN, streams_id, STAT_DT_INT, TRUE);
    silent_id = stats_tree_create_node(tree, SILENT, streams_id, STAT_DT_INT, TRUE);
    for (size_t i = 0; i < SILENT_STATES; i++)
        stats_tree_create_node(tree, silent_names[i], silent_id, STAT_DT_INT, FALSE);
    protocol_id = stats_tree_create_node(tree, PROTOCOL, 0, STAT_DT_INT, TRUE);
    name_id = stats_tree_create_node(tree, NAME, 0, STAT_DT_INT, TRUE);
    stats_tree_create_range_node(tree, LENGTH, 0, "1-15", "16-63", "64-255", "256-511", "512-1023", "1024-1460", "1461-", NULL);
    delay_id = create_times(tree, DELAY);
    reply_delay_id = create_times(tree, REPLY_DELAY);
    stats_tree_create_node(tree, FAST_OPEN, 0, STAT_DT_INT, FALSE);
    stats_tree_create_node(tree, MIDSTREAM, 0, STAT_DT_INT, FALSE);
    stats_tree_create_node(tree, OUT_OF_ORDER, 0, STAT_DT_INT, FALSE);
}

static void end(stats_tree *tree)
{
    g_hash_table_remove(windows, tree);
    fp_trees_want(FP_TREES_STATISTICS, g_hash_table_size(windows) > 0);
}

/* Counts are set, not ticked: a stream leaves a state again, and Wireshark would go on to show its rate and burst there. */
static void count_silent(stats_tree *tree, Window *window, unsigned state, int by)
{
    int sum = 0;

    window->silent[state] += by;
    for (size_t i = 0; i < SILENT_STATES; i++)
        sum += window->silent[i];
    set_stat_node(tree, SILENT, streams_id, TRUE, sum);
    set_stat_node(tree, silent_names[state], silent_id, FALSE, window->silent[state]);
}

/* ns is negative if the capture's clock stepped back. */
static void count_time(stats_tree *tree, const char *name, int id, int64_t ns)
{
    float ms = (float)MAX(ns, 0) / NS_PER_MS;
    size_t i = 0;

    while (i + 1 < G_N_ELEMENTS(time_ranges) && ns >= time_ranges[i].below_ns)
        i++;
    avg_stat_node_add_value_float(tree, name, 0, TRUE, ms);
    avg_stat_node_add_value_float(tree, time_ranges[i].name, id, FALSE, ms);
}

static void count_length(stats_tree *tree, uint32_t bytes)
{
    tick_stat_node(tree, LENGTH, 0, FALSE);
    stats_tree_tick_range(tree, LENGTH, 0, (int)MIN(bytes, INT32_MAX));
}

static void count_name(stats_tree *tree, Window *window, const char *name)
{
    bool is_new = !g_hash_table_contains(window->names, name);

    if (is_new && g_hash_table_size(window->names) >= NAMES_MAX)
        name = OTHER_NAMES;
    else if (is_new)
        g_hash_table_add(window->names, g_strdup(name));
    tick_stat_node(tree, NAME, 0, TRUE);
    tick_stat_node(tree, name, name_id, FALSE);
}

static void count_first(stats_tree *tree, const FpTap *first)
{
    char port[sizeof "port 65535"];

    snprintf(port, sizeof port, "port %u", first->service_port);
    tick_stat_node(tree, SPOKEN, streams_id, TRUE);
    tick_stat_node(tree, first->side, spoken_id, FALSE);
    tick_stat_node(tree, PROTOCOL, 0, TRUE);
    int id = tick_stat_node(tree, first->protocol != NULL ? first->protocol : "unknown protocol", protocol_id, TRUE);
    tick_stat_node(tree, port, id, FALSE);
    count_length(tree, first->payload_bytes);
    if (first->has_syn)
        count_time(tree, DELAY, delay_id, first->delay_ns);
    if (first->fast_open)
        tick_stat_node(tree, FAST_OPEN, 0, FALSE);
    if (first->midstream)
        tick_stat_node(tree, MIDSTREAM, 0, FALSE);
    if (first->out_of_order)
        tick_stat_node(tree, OUT_OF_ORDER, 0, FALSE);
}

/* Takes what is told of a stream that has not spoken before. Returns whether it changes anything. */
static bool take_silent(stats_tree *tree, Window *window, Seen *seen, const FpTapStream *told)
{
    if (told->state > FP_TAP_SPOKEN || (seen->is_known && told->state <= seen->silent_state))
        return false; /* without its first payload frame, what comes later counts for nothing */
    if (seen->is_known)
        count_silent(tree, window, seen->silent_state, -1);
    else
        tick_stat_node(tree, STREAMS, 0, TRUE);
    seen->is_known = true;
    seen->silent_state = (uint8_t)told->state;
    seen->has_spoken = told->first != NULL;
    if (told->first != NULL)
        count_first(tree, told->first);
    else
        count_silent(tree, window, told->state, 1);
    return true;
}

/* Takes what is told of a stream that has spoken. Returns whether it changes anything. */
static bool take_spoken(stats_tree *tree, packet_info *pinfo, Window *window, Seen *seen, const FpTapStream *told)
{
    bool is_name = told->detail != NULL && !seen->is_named;
    bool is_reply = told->state == FP_TAP_REPLIED && !seen->has_replied;

    if (is_name) {
        count_name(tree, window, fp_summary_short(pinfo->pool, told->detail));
        seen->is_named = true;
    }
    if (is_reply) {
        count_time(tree, REPLY_DELAY, reply_delay_id, told->reply_delay_ns);
        seen->has_replied = true;
    }
    return is_name || is_reply;
}

static tap_packet_status take(stats_tree *tree, packet_info *pinfo, epan_dissect_t *edt _U_, const void *data, tap_flags_t flags _U_)
{
    const FpTapStream *told = data;
    Window *window = g_hash_table_lookup(windows, tree);

    if (told->stream >= window->seen->len)
        g_array_set_size(window->seen, told->stream + 1);
    Seen *seen = &g_array_index(window->seen, Seen, told->stream);
    bool is_news = !seen->has_spoken && take_silent(tree, window, seen, told);
    if (seen->has_spoken && take_spoken(tree, pinfo, window, seen, told))
        is_news = true;
    return is_news ? TAP_PACKET_REDRAW : TAP_PACKET_DONT_REDRAW;
}

void fp_statistics_register(void)
{
    stats_tree_register_plugin("firstpayload_stream", "firstpayload", "First Payload", TL_REQUIRES_PROTO_TREE, take, begin, end);
}
