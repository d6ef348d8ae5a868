/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log-json.c - a line of the log for programs: one JSON object, with the keys that Suricata's EVE has for the same things. Everything but
 * printable ASCII is escaped. docs/log.schema.json describes the object. See log.h.
 */
#include "base/printable.h"
#include "community-id.h"
#include "log-internal.h"
#include "log-reply.h"
#include "log-said.h"

/* Appends a comma, and a key up to where its value begins. end: how the key ends, with its quote. */
static void append_key(GString *line, const char *name, const char *end)
{
    g_string_append(line, ",\"");
    g_string_append(line, name);
    g_string_append(line, end);
}

static void append_endpoint(GString *line, const char *name, const uint8_t *address, unsigned address_bytes, uint16_t port)
{
    append_key(line, name, "_ip\":\"");
    fp_log_append_address(line, address, address_bytes);
    g_string_append_c(line, '"');
    append_key(line, name, "_port\":");
    fp_printable_number(line, port);
}

static void append_flag(GString *line, const char *name, bool is_set)
{
    append_key(line, name, is_set ? "\":true" : "\":false");
}

static void append_number(GString *line, const char *name, uint64_t number)
{
    append_key(line, name, "\":");
    fp_printable_number(line, number);
}

static void append_if(GString *line, const char *name, bool is_set)
{
    if (is_set)
        append_flag(line, name, true);
}

static void append_vlans(GString *line, const FpLogEntry *entry)
{
    for (unsigned i = 0; i < entry->n_vlans; i++)
        g_string_append_printf(line, "%s%u", i == 0 ? ",\"vlan\":[" : ",", entry->vlans[i]);
    if (entry->n_vlans > 0)
        g_string_append_c(line, ']');
}

/* Who is who, whoever spoke; nothing where that is not known. */
static void append_roles(GString *line, const FpSegment *segment, FpSide side)
{
    if (side == FP_SIDE_UNKNOWN)
        return;
    bool is_client = side == FP_SIDE_CLIENT;
    append_endpoint(line, is_client ? "client" : "server", segment->source, segment->address_bytes, segment->source_port);
    append_endpoint(line, is_client ? "server" : "client", segment->destination, segment->address_bytes, segment->destination_port);
}

static void append_ids(GString *line, const FpLogStyle *style, const FpLogEntry *entry)
{
    char community_id[FP_COMMUNITY_ID_BYTES];

    fp_community_id(entry->segment, style->community_id_seed, community_id);
    g_string_append(line, entry->segment->transport == FP_TRANSPORT_UDP ? ",\"proto\":\"UDP\",\"community_id\":\""
                                                                        : ",\"proto\":\"TCP\",\"community_id\":\"");
    g_string_append(line, community_id);
    g_string_append_c(line, '"');
    append_number(line, "flow_id", fp_flow_id(entry->segment, entry->network, entry->segment->time_ns - entry->verdict->age_ns));
}

static void append_source(GString *line, const FpLogEntry *entry)
{
    const char *interface = entry->interface == NULL && entry->is_live ? entry->source : entry->interface;

    if (!entry->is_live) {
        append_key(line, "pcap_filename", "\":");
        fp_printable_json(line, entry->source);
    }
    if (interface != NULL) {
        append_key(line, "in_iface", "\":");
        fp_printable_json(line, interface);
    }
    if (entry->direction != FP_DIRECTION_UNKNOWN)
        g_string_append(line, entry->direction == FP_DIRECTION_OUT ? ",\"iface_direction\":\"out\"" : ",\"iface_direction\":\"in\"");
    append_number(line, "pcap_cnt", entry->frame);
}

static void append_verdict(GString *line, const FpLogEntry *entry)
{
    const FpVerdict *verdict = entry->verdict;

    append_number(line, "stream", verdict->stream);
    append_key(line, "side", "\":\"");
    g_string_append(line, fp_side_name(verdict->side));
    g_string_append_c(line, '"');
    append_number(line, "length", verdict->payload_bytes);
    if (verdict->has_syn) {
        g_string_append(line, ",\"delay\":");
        fp_log_append_seconds(line, entry, verdict->delay_ns);
    }
    g_string_append(line, ",\"age\":");
    fp_log_append_seconds(line, entry, verdict->age_ns);
    append_flag(line, "fast_open", verdict->fast_open);
    append_flag(line, "midstream", verdict->midstream);
    append_flag(line, "out_of_order", verdict->out_of_order);
}

/* Appends bytes in base64 (RFC 4648 4), in place. */
static void append_base64(GString *line, const uint8_t *bytes, size_t n)
{
    gsize before = line->len;
    int state = 0, save = 0;

    g_string_set_size(line, before + (n / 3 + 1) * 4 + 4);
    gsize added = g_base64_encode_step(bytes, n, FALSE, line->str + before, &state, &save);
    added += g_base64_encode_close(FALSE, line->str + before + added, &state, &save);
    g_string_truncate(line, before + added);
}

void fp_log_append_payload_json(GString *line, FpSpan payload)
{
    g_string_append(line, ",\"payload\":\"");
    append_base64(line, payload.bytes, payload.captured);
    g_string_append(line, "\",\"payload_printable\":\"");
    fp_printable_dots(line, payload.bytes, payload.captured);
    g_string_append_c(line, '"');
}

static void append_message(GString *line, const FpLogStyle *style, const FpLogMessage *message)
{
    if (style->message_bytes > 0) {
        g_string_append(line, ",\"message\":\"");
        append_base64(line, message->bytes, MIN(message->n, style->message_bytes));
        g_string_append_c(line, '"');
    }
    append_number(line, "message_length", message->n);
    append_flag(line, "complete", message->is_complete);
    g_string_append(line, ",\"frames\":[");
    for (size_t i = 0; i < message->n_frames; i++) {
        g_string_append(line, i == 0 ? "" : ",");
        fp_printable_number(line, message->frames[i]);
    }
    g_string_append_c(line, ']');
}

static void append_turn(GString *line, const FpLogEntry *entry)
{
    if (entry->turn == 0)
        return;
    append_number(line, "turn", entry->turn);
    append_key(line, "after", "\":\"");
    g_string_append(line, fp_said_way_name(entry->way));
    g_string_append_c(line, '"');
}

static void append_values(GString *line, char *const *values)
{
    bool are_several = values[1] != NULL;

    g_string_append(line, are_several ? "[" : "");
    for (char *const *value = values; *value != NULL; value++) {
        g_string_append(line, value == values ? "" : ",");
        fp_printable_json(line, *value);
    }
    g_string_append(line, are_several ? "]" : "");
}

static void append_fields(GString *line, const FpLogStyle *style, const FpLogAnswer *answer)
{
    const char *between = "";

    if (answer->failure != NULL || answer->values == NULL) {
        g_string_append(line, ",\"fields\":null");
        return;
    }
    g_string_append(line, ",\"fields\":{");
    for (guint i = 0; i < answer->values->len; i++) {
        if (g_ptr_array_index(answer->values, i) == NULL)
            continue;
        g_string_append(line, between);
        fp_printable_json(line, style->fields[i]);
        g_string_append_c(line, ':');
        append_values(line, g_ptr_array_index(answer->values, i));
        between = ",";
    }
    g_string_append_c(line, '}');
}

static void append_answer(GString *line, const FpLogStyle *style, const FpLogAnswer *answer)
{
    if (style->fields != NULL)
        append_fields(line, style, answer);
    append_if(line, "flight_open", answer->is_cut_off);
    if (answer->failure != NULL) {
        g_string_append(line, ",\"tshark_error\":");
        fp_printable_json(line, answer->failure);
    }
    g_string_append_c(line, '}');
}

void fp_log_json(GString *line, const FpLogStyle *style, const FpLogEntry *entry, const FpLogAnswer *answer)
{
    const FpSegment *segment = entry->segment;

    g_string_append(line, "{\"timestamp\":\"");
    fp_log_append_time(line, entry);
    g_string_append(line, "\",\"event_type\":\"firstpayload\"");
    if (style->host != NULL) {
        g_string_append(line, ",\"host\":");
        fp_printable_json(line, style->host);
    }
    append_endpoint(line, "src", segment->source, segment->address_bytes, segment->source_port);
    append_endpoint(line, "dest", segment->destination, segment->address_bytes, segment->destination_port);
    append_roles(line, segment, entry->verdict->side);
    append_ids(line, style, entry);
    append_vlans(line, entry);
    append_source(line, entry);
    append_verdict(line, entry);
    if (style->payload_bytes > 0)
        fp_log_append_payload_json(line, fp_log_payload(style, entry));
    append_message(line, style, &entry->message);
    append_if(line, "redacted", entry->is_redacted);
    append_turn(line, entry);
    fp_log_append_said_json(line, entry->facts, entry->verdict->side);
    fp_log_append_reply_json(line, style, entry);
    append_answer(line, style, answer);
}
