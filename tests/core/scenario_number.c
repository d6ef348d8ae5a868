/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scenario_number.c - numbers a scenario's frames and finds the one in which each segment is seen.
 *
 * Fragments: the frame that completes the datagram, as in Wireshark.
 */
#include "scenario.h"

static gint compare_ranges(gconstpointer a, gconstpointer b)
{
    const Range *x = a, *y = b;

    return x->from < y->from ? -1 : x->from > y->from;
}

static gboolean covers(GArray *ranges, guint32 bytes)
{
    guint32 reached = 0;

    g_array_sort(ranges, compare_ranges);
    for (guint i = 0; i < ranges->len && g_array_index(ranges, Range, i).from <= reached; i++)
        reached = MAX(reached, g_array_index(ranges, Range, i).to);
    return reached >= bytes;
}

/* 10/8, 172.16/12, 192.168/16 (RFC 1918) and 169.254/16 (RFC 3927) */
static gboolean is_private(const guint8 *address)
{
    return address[0] == 10 || (address[0] == 172 && (address[1] & 0xf0) == 16) || (address[0] == 192 && address[1] == 168) ||
           (address[0] == 169 && address[1] == 254);
}

/* What fragments that belong together have in common. Wireshark tells private IPv4 addresses in different VLANs apart (packet-ip.c,
 * dissect_ip_v4, "frag_id ^= pinfo->vlan_id"). */
static char *datagram_key(const Packet *packet)
{
    const Connection *connection = packet->connection;
    gboolean by_vlan =
        connection->address_bytes == 4 && (is_private(connection->address[CLIENT]) || is_private(connection->address[SERVER]));

    return g_strdup_printf("%p %u %u %d", (const void *)connection, packet->sender, packet->id, by_vlan ? packet->vlan : -1);
}

static GArray *partial_datagram(GHashTable *partials, const Packet *packet)
{
    g_autofree char *key = datagram_key(packet);
    GArray *partial = g_hash_table_lookup(partials, key);

    if (!partial) {
        partial = g_array_new(FALSE, FALSE, sizeof(Range));
        g_hash_table_insert(partials, g_steal_pointer(&key), partial);
    }
    return partial;
}

/* Finds the fragment that completes the datagram, or a truncated first IPv4 fragment, which is never reassembled but shows its ports. */
static void find_completing_fragment(GHashTable *partials, Packet *packet)
{
    GArray *partial = partial_datagram(partials, packet);
    gboolean ip4 = packet->connection->address_bytes == 4;

    for (guint i = 0; i < packet->fragments->len; i++) {
        Range range = g_array_index(packet->fragments, Range, i);
        if (packet->captured_bytes >= range.to) {
            g_array_append_val(partial, range);
        } else if (range.from == 0 && ip4 && packet->captured_bytes >= packet_needed_bytes(packet)) {
            packet->length_unknown = TRUE;
            packet->taken_frame = packet->frame + i;
        }
        if (covers(partial, packet_segment_bytes(packet))) {
            packet->taken_frame = packet->frame + i;
            g_array_set_size(partial, 0);
        }
    }
}

static void find_taken_frame(GHashTable *partials, Packet *packet)
{
    if (packet->fragments->len > 0)
        find_completing_fragment(partials, packet);
    else if (!packet->quoted && packet->captured_bytes >= packet_needed_bytes(packet) &&
             packet_reported_bytes(packet) >= packet_needed_bytes(packet))
        packet->taken_frame = packet->frame;
}

void scenario_number_frames(Scenario *scenario)
{
    /* datagram_key -> GArray of Range: what has been captured of it so far */
    g_autoptr(GHashTable) partials = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
    guint next_frame = 1;

    for (guint i = 0; i < scenario->packets->len; i++) {
        Packet *packet = g_ptr_array_index(scenario->packets, i);
        packet->frame = next_frame;
        next_frame += packet_frames(packet);
        find_taken_frame(partials, packet);
    }
}
