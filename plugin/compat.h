/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compat.h - the differences between the versions of Wireshark that the plugin can be built for. */
#ifndef FP_COMPAT_H
#define FP_COMPAT_H

#include <epan/packet.h>
#include <epan/tap.h>
#include <ws_version.h>
#include <wsutil/pint.h>

#define FP_WIRESHARK_AT_LEAST(major, minor)                                                                                                \
    (WIRESHARK_VERSION_MAJOR > (major) || (WIRESHARK_VERSION_MAJOR == (major) && WIRESHARK_VERSION_MINOR >= (minor)))

/* For WS_PLUGIN_DESC_DISSECTOR, which plugin_describe() returns. */
#if FP_WIRESHARK_AT_LEAST(4, 2)
#include <wsutil/plugins.h>
#endif

/* These read numbers in network byte order. */
#if FP_WIRESHARK_AT_LEAST(4, 6)
#define pntoh16 pntohu16
#define pntoh32 pntohu32
#endif

/* Wireshark's Boolean type, for preferences and for callbacks that return one. */
#if FP_WIRESHARK_AT_LEAST(4, 4)
typedef bool FpBool;
#else
typedef gboolean FpBool;
#endif

/* The parameters of callbacks for conversation filters, with the packet_info called pinfo; and their registration. */
#if FP_WIRESHARK_AT_LEAST(4, 4)
#define FpFilterArguments packet_info *pinfo, void *user_data _U_
#define fp_register_conversation_filter(proto, name, is_valid, build) register_conversation_filter(proto, name, is_valid, build, NULL)
#else
#define FpFilterArguments packet_info *pinfo
#define fp_register_conversation_filter(proto, name, is_valid, build) register_conversation_filter(proto, name, is_valid, build)
#endif

/* Has the nodes below a node of the statistics keep the order in which they were created, as Wireshark's own ranges do. By default they are
 * sorted by their counts. Installations that lack this header go without. */
#if __has_include(<epan/stats_tree_priv.h>)
#include <epan/stats_tree_priv.h>
static inline void fp_stats_keep_order(stats_tree *tree, int parent)
{
    const stat_node *above = (const stat_node *)g_ptr_array_index(tree->parents, parent);
    int place = 0;

    for (stat_node *node = above->children; node != NULL; node = node->next) {
        node->rng = g_new(range_pair_t, 1); /* freed with the node */
        node->rng->floor = node->rng->ceil = place++;
    }
}
#else
static inline void fp_stats_keep_order(stats_tree *tree _U_, int parent _U_)
{
}
#endif

/* Returns the value of a field as Wireshark shows it, allocated in scope; or NULL. */
static inline const char *fp_field_text(wmem_allocator_t *scope, const field_info *field)
{
#if FP_WIRESHARK_AT_LEAST(4, 2)
    return fvalue_to_string_repr(scope, field->value, FTREPR_DISPLAY, field->hfinfo->display);
#else
    return fvalue_to_string_repr(scope, &field->value, FTREPR_DISPLAY, field->hfinfo->display);
#endif
}

/* Returns the value of a field of an unsigned type, such as a frame number. */
static inline uint32_t fp_field_number(const field_info *field)
{
#if FP_WIRESHARK_AT_LEAST(4, 2)
    return fvalue_get_uinteger(field->value);
#else
    return fvalue_get_uinteger((fvalue_t *)&field->value);
#endif
}

#endif
