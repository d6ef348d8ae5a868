/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log-json.c - a line of the log for programs: one JSON object, with the keys that Suricata's EVE has for the same things. Everything but
 * printable ASCII is escaped. docs/log.schema.json describes the object. See log.h.
 */
#include "base/printable.h"
#include "community-id.h"
#include "log-internal.h"
#include "log-said.h"

static void append_endpoint(GString *line, const char *name, const uint8_t *address, unsigned address_bytes, uint16_t port)
{
    g_string_append_printf(line, ",\"%s_ip\":\"", name);
    fp_log_append_address(line, address, address_bytes);
    g_string_append_printf(line, "\",\"%s_port\":%u", name, port);
}

static void append_flag(GString *line, const char *name, bool is_set)
{
    g_string_append_printf(line, ",\"%s\":%s", name, is_set ? "true" : "false");
}

static void append_if(GString *line, const char *name, bool is_set)
{
    if (is_set)
        append_flag(line, name, true);
}

static void append_vlans(GString *line, const FpDecodeNotes *notes)
{
    for (unsigned i = 0; i < notes->n_vlans; i++)
        g_string_append_printf(line, "%s%u", i == 0 ? ",\"vlan\":[" : ",", notes->vlans[i]);
    if (notes->n_vlans > 0)
        g_string_append_c(line, ']');
}

static void append_source(GString *line, const FpLogEntry *entry)
{
    g_string_append_printf(line, ",\"%s\":", entry->is_live ? "in_iface" : "pcap_filename");
    fp_printable_json(line, entry->source);
    g_string_append_printf(line, ",\"pcap_cnt\":%" G_GUINT64_FORMAT, entry->frame);
}

static void append_verdict(GString *line, const FpLogEntry *entry)
{
    const FpVerdict *verdict = entry->verdict;

    g_string_append_printf(line, ",\"stream\":%u,\"side\":\"%s\",\"length\":%u", verdict->stream, fp_side_name(verdict->side),
                           verdict->payload_bytes);
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

static void append_payload(GString *line, FpSpan payload)
{
    g_autofree char *encoded = g_base64_encode(payload.bytes, payload.captured);

    g_string_append_printf(line, ",\"payload\":\"%s\",\"payload_printable\":\"", encoded);
    fp_printable_dots(line, payload.bytes, payload.captured);
    g_string_append_c(line, '"');
}

void fp_log_json(GString *line, const FpLogStyle *style, const FpLogEntry *entry)
{
    const FpSegment *segment = entry->segment;
    char community_id[FP_COMMUNITY_ID_BYTES];

    fp_community_id(segment, style->community_id_seed, community_id);
    g_string_append(line, "{\"timestamp\":\"");
    fp_log_append_time(line, entry);
    g_string_append(line, "\",\"event_type\":\"firstpayload\"");
    append_endpoint(line, "src", segment->source, segment->address_bytes, segment->source_port);
    append_endpoint(line, "dest", segment->destination, segment->address_bytes, segment->destination_port);
    g_string_append_printf(line, ",\"proto\":\"%s\",\"community_id\":\"%s\"", segment->transport == FP_TRANSPORT_UDP ? "UDP" : "TCP",
                           community_id);
    append_vlans(line, entry->notes);
    append_source(line, entry);
    append_verdict(line, entry);
    append_payload(line, fp_log_payload(style, entry));
    if (fp_log_has_facts(style))
        fp_log_append_said_json(line, entry->facts, entry->verdict->side);
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

void fp_log_json_answer(GString *line, const FpLogStyle *style, const FpLogAnswer *answer)
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
