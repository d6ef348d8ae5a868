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

#include "tap.h"

#define US_NS 1000

/* The state of a stream that the window has not heard of. */
#define STATE_UNKNOWN 0

/* Names of nodes. Wireshark finds nodes by name, so each name may be in the tree only once. */
#define STREAMS "Streams"
#define SPOKEN "Spoke"
#define SILENT "Never said anything"
#define LENGTH "Length of first payload"
#define PROTOCOL "Protocol and service port"
#define DELAY "Time from SYN to first payload (us)"
#define FAST_OPEN "Fast open"
#define OUT_OF_ORDER "Out of order"
#define MIDSTREAM "Midstream"

/* Indexed by FpTapState. */
static const char *const silent_names[] = {"Start not captured", "SYN only", "Handshake only", "Closed"};

/* Ids of nodes that have others below them. They are the same in every window, as each creates its nodes in the same order. */
static int streams_id, spoken_id, silent_id, protocol_id;

static GHashTable *windows; /* stats_tree -> GArray of uint8_t, indexed by stream: FpTapState + 1, or STATE_UNKNOWN */

static dissector_handle_t postdissector; /* the plugin's */

/* Makes sure that every frame has a tree while a window counts streams by protocol. A dissector that adds nothing to the tree, such as one
 * that waits for the rest of a message, leaves its protocol in a frame without a tree, but not in a frame with one. With a tree in both
 * passes, the counts are the same. */
static void want_trees(bool is_any_window)
{
    GArray *wanted = g_array_new(FALSE, FALSE, sizeof(int));
    int any_field = proto_registrar_get_id_byname("frame.number");

    if (is_any_window)
        g_array_append_val(wanted, any_field);
    set_postdissector_wanted_hfids(postdissector, wanted);
}

static void begin(stats_tree *tree)
{
    if (windows == NULL)
        windows = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_array_unref);
    g_hash_table_replace(windows, tree, g_array_new(FALSE, TRUE, sizeof(uint8_t)));
    want_trees(true);

    streams_id = stats_tree_create_node(tree, STREAMS, 0, STAT_DT_INT, TRUE);
    stat_node_set_flags(tree, STREAMS, 0, TRUE, ST_FLG_SORT_TOP);
    spoken_id = stats_tree_create_node(tree, SPOKEN, streams_id, STAT_DT_INT, TRUE);
    silent_id = stats_tree_create_node(tree, SILENT, streams_id, STAT_DT_INT, TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(silent_names); i++)
        stats_tree_create_node(tree, silent_names[i], silent_id, STAT_DT_INT, FALSE);
    protocol_id = stats_tree_create_node(tree, PROTOCOL, 0, STAT_DT_INT, TRUE);
    stats_tree_create_range_node(tree, LENGTH, 0, "1-15", "16-63", "64-255", "256-511", "512-1023", "1024-1460", "1461-", NULL);
    stats_tree_create_range_node(tree, DELAY, 0, "0-999", "1000-9999", "10000-99999", "100000-999999", "1000000-9999999", "10000000-",
                                 NULL);
    stats_tree_create_node(tree, FAST_OPEN, 0, STAT_DT_INT, FALSE);
    stats_tree_create_node(tree, MIDSTREAM, 0, STAT_DT_INT, FALSE);
    stats_tree_create_node(tree, OUT_OF_ORDER, 0, STAT_DT_INT, FALSE);
}

static void end(stats_tree *tree)
{
    g_hash_table_remove(windows, tree);
    want_trees(g_hash_table_size(windows) > 0);
}

static void count_silent(stats_tree *tree, unsigned state, int by)
{
    if (state == STATE_UNKNOWN || state - 1 >= FP_TAP_SPOKEN)
        return;
    increase_stat_node(tree, SILENT, streams_id, TRUE, by);
    increase_stat_node(tree, silent_names[state - 1], silent_id, FALSE, by);
}

/* value is negative only for times, if the capture's clock stepped back. */
static void count_range(stats_tree *tree, const char *name, int64_t value)
{
    tick_stat_node(tree, name, 0, FALSE);
    stats_tree_tick_range(tree, name, 0, (int)CLAMP(value, 0, INT32_MAX));
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
    count_range(tree, LENGTH, first->payload_bytes);
    if (first->has_syn)
        count_range(tree, DELAY, first->delay_ns / US_NS);
    if (first->fast_open)
        tick_stat_node(tree, FAST_OPEN, 0, FALSE);
    if (first->midstream)
        tick_stat_node(tree, MIDSTREAM, 0, FALSE);
    if (first->out_of_order)
        tick_stat_node(tree, OUT_OF_ORDER, 0, FALSE);
}

static tap_packet_status take(stats_tree *tree, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *data, tap_flags_t flags _U_)
{
    const FpTapStream *told = data;
    GArray *states = g_hash_table_lookup(windows, tree);

    if (told->stream >= states->len)
        g_array_set_size(states, told->stream + 1);
    uint8_t *state = &g_array_index(states, uint8_t, told->stream);
    if (*state > told->state)
        return TAP_PACKET_DONT_REDRAW;
    if (*state == STATE_UNKNOWN)
        tick_stat_node(tree, STREAMS, 0, TRUE);
    count_silent(tree, *state, -1);
    *state = (uint8_t)(told->state + 1);
    count_silent(tree, *state, 1);
    if (told->first != NULL)
        count_first(tree, told->first);
    return TAP_PACKET_REDRAW;
}

void fp_statistics_register(dissector_handle_t handle)
{
    postdissector = handle;
    stats_tree_register_plugin("firstpayload_stream", "firstpayload", "First Payload", 0, take, begin, end);
}
