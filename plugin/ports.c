/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ports.c - see ports.h. */
#include "ports.h"

#include <epan/epan_dissect.h>

static GHashTable *fields_of; /* protocol -> GArray of int: its fields that have a value */
static int hf_segment_data = -1;

void fp_ports_begin_file(void)
{
    if (fields_of != NULL)
        g_hash_table_destroy(fields_of); /* preferences may have changed which fields there are */
    fields_of = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_array_unref);
    hf_segment_data = proto_registrar_get_id_byname("tcp.segment_data");
}

/* Returns the protocol to which Wireshark gives the port, or -1. */
static int protocol_of(FpTransport transport, uint16_t port)
{
    const char *table = transport == FP_TRANSPORT_UDP ? "udp.port" : "tcp.port";
    dissector_handle_t handle = dissector_get_uint_handle(find_dissector_table(table), port);

    return handle != NULL ? dissector_handle_get_protocol_index(handle) : -1;
}

/* Returns the fields of a protocol that have a value. */
static const GArray *fields(int protocol)
{
    GArray *found = g_hash_table_lookup(fields_of, GINT_TO_POINTER(protocol));
    void *cookie;

    if (found != NULL)
        return found;
    found = g_array_new(FALSE, FALSE, sizeof(int));
    for (header_field_info *field = proto_get_first_protocol_field(protocol, &cookie); field != NULL;
         field = proto_get_next_protocol_field(protocol, &cookie))
        if (field->type != FT_NONE && field->type != FT_BYTES)
            g_array_append_val(found, field->id);
    g_hash_table_insert(fields_of, GINT_TO_POINTER(protocol), found);
    return found;
}

static void prime(proto_tree *tree, int protocol)
{
    epan_dissect_t whose = {.tree = tree}; /* epan_dissect_prime_with_hfid uses nothing else of it */
    const GArray *with_value = protocol >= 0 ? fields(protocol) : NULL;

    for (guint i = 0; with_value != NULL && i < with_value->len; i++)
        epan_dissect_prime_with_hfid(&whose, g_array_index(with_value, int, i));
}

void fp_ports_prime(proto_tree *tree, FpTransport transport, uint16_t source_port, uint16_t destination_port)
{
    epan_dissect_t whose = {.tree = tree};

    prime(tree, protocol_of(transport, source_port));
    prime(tree, protocol_of(transport, destination_port));
    epan_dissect_prime_with_hfid(&whose, hf_segment_data);
}

/* Whether the frame has the field, with bytes behind it. */
static bool has_value(proto_tree *tree, int hf)
{
    const GPtrArray *found = proto_get_finfo_ptr_array(tree, hf);

    for (guint i = 0; found != NULL && i < found->len; i++) {
        const field_info *field = g_ptr_array_index(found, i);
        if (field->length > 0 && !FI_GET_FLAG(field, FI_GENERATED))
            return true;
    }
    return false;
}

static bool found_nothing(proto_tree *tree, int protocol)
{
    const GArray *with_value = fields(protocol);

    if (has_value(tree, hf_segment_data))
        return false; /* it waits for more */
    for (guint i = 0; i < with_value->len; i++)
        if (has_value(tree, g_array_index(with_value, int, i)))
            return false;
    return true;
}

static bool is_called(int protocol, const char *name)
{
    return protocol >= 0 && g_str_equal(proto_get_protocol_short_name(find_protocol_by_id(protocol)), name);
}

bool fp_ports_are_all(proto_tree *tree, FpTransport transport, const char *protocol, uint16_t source_port, uint16_t destination_port)
{
    const int candidates[] = {protocol_of(transport, source_port), protocol_of(transport, destination_port)};

    for (size_t i = 0; i < G_N_ELEMENTS(candidates); i++)
        if (is_called(candidates[i], protocol))
            return found_nothing(tree, candidates[i]);
    return false;
}
