/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firstpayload.c - the plugin: registers everything with Wireshark, and begins and ends the state of a file.
 *
 * The hook (adapter; for UDP datagrams) hands every TCP segment to core/ and keeps the verdict (marks). After the frame is dissected, the
 * post-dissector adds the verdict to the tree (render) and tells listeners (announce), of which statistics is one.
 */
#include "adapter.h"
#include "announce.h"
#include "compat.h"
#include "datagrams.h"
#include "fields.h"
#include "marks.h"
#include "navigation.h"
#include "ports.h"
#include "render.h"
#include "statistics.h"
#include "summary.h"
#include "whole.h"

#include <epan/prefs.h>
#include <wsutil/wslog.h>

WS_DLL_PUBLIC_DEF const char plugin_version[] = FIRSTPAYLOAD_VERSION;
WS_DLL_PUBLIC_DEF const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

WS_DLL_PUBLIC void plugin_register(void);
#if FP_WIRESHARK_AT_LEAST(4, 2)
WS_DLL_PUBLIC uint32_t plugin_describe(void);
#endif

static const char *transport = "tcp";
static guint flight_bytes = FP_FLIGHT_BYTES_DEFAULT;
static guint opening_bytes = FP_OPENING_BYTES_DEFAULT;
static guint idle_s = 0;
static FpBool skip_midstream = FALSE;
static FpBool syn_restarts_clock = FALSE;
static const char *details = FP_SUMMARY_DETAILS;

static dissector_handle_t render_handle;
static uint32_t unseen_frame; /* the first frame with TCP that did not come through the hook; 0: none */

/* Returns what the preference says; TCP alone if it makes no sense. */
static unsigned transports(void)
{
    unsigned found = FP_TAKES_TCP;

    if (!fp_transports_from_text(transport, &found))
        ws_log("firstpayload", LOG_LEVEL_WARNING, "preference firstpayload.transport takes tcp, udp and quic, comma-separated, not \"%s\"",
               transport);
    return found;
}

/* Wireshark also calls this after a preference was changed, and then dissects all frames as if for the first time. */
static void open_file(void)
{
    FpRules rules = {
        .flight_bytes = MIN(flight_bytes, FP_FLIGHT_BYTES_MAX),
        .opening_bytes = MIN(opening_bytes, FP_OPENING_BYTES_MAX),
        .transports = transports(),
        .asked = FP_CLASS_ASKED, /* later filters may need them */
        .idle_ns = (int64_t)idle_s * 1000000000,
        .skip_midstream = skip_midstream,
        .syn_restarts_clock = syn_restarts_clock,
    };

    fp_marks_open(&rules);
    fp_summary_set_details(details);
    fp_ports_begin_file();
    fp_adapter_begin_file(rules.transports & FP_TAKES_TCP);
    fp_datagrams_begin_file(rules.transports & (FP_TAKES_UDP | FP_TAKES_QUIC));
    unseen_frame = 0;
}

/* Says once per file, in the first such frame, that TCP was missed. If anybody asks for first payload frames, also prints a warning. */
static void say_unseen(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb)
{
    if (unseen_frame == 0) {
        unseen_frame = pinfo->num;
        if (proto_registrar_get_nth((unsigned)proto_firstpayload)->ref_type != HF_REF_TYPE_NONE)
            ws_log("firstpayload", LOG_LEVEL_WARNING,
                   "TCP that is not reached through IP (Decode As) is not seen: frame %u, and maybe others", unseen_frame);
    }
    if (unseen_frame == pinfo->num)
        proto_tree_add_expert(tree, pinfo, &ei_firstpayload_unseen, tvb, 0, 0);
}

/* The post-dissector. Runs for every frame, with or without a tree. */
static int dissect_firstpayload(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    fp_datagrams_end_frame(pinfo, tree);
    if (fp_adapter_end_frame(pinfo))
        say_unseen(pinfo, tree, tvb);
    if (!pinfo->fd->visited) {
        fp_adapter_note_protocols(pinfo);
        fp_whole_collect(pinfo);
    }
    fp_announce_frame(pinfo);
    if (tree == NULL || !proto_field_is_referenced(tree, proto_firstpayload)) { /* it is if any of its fields is */
        fp_render_remarks(pinfo);
        return 0;
    }
    if (PTREE_DATA(tree)->visible)
        fp_navigation_select(pinfo);
    return fp_render_frame(pinfo, tree) ? (int)tvb_captured_length(tvb) : 0;
}

static void register_preferences(void)
{
    module_t *module = prefs_register_protocol(proto_firstpayload, NULL);

    prefs_register_string_preference(module, "transport", "Transports",
                                     "Streams of these are marked, comma-separated: tcp; udp; quic, the streams of UDP that begin as QUIC",
                                     &transport);
    prefs_register_uint_preference(module, "flight_bytes", "Bytes of the flight",
                                   "A payload frame is in the flight if it begins within so many bytes of its side's sequence space", 10,
                                   &flight_bytes);
    prefs_register_uint_preference(module, "opening_bytes", "Bytes of the opening",
                                   "A payload frame is in the opening if it begins within so many bytes of its side's sequence space", 10,
                                   &opening_bytes);
    prefs_register_uint_preference(module, "idle", "Seconds until an idle stream is over",
                                   "After so many seconds without a frame, a stream is over and the next frame starts another; 0: never",
                                   10, &idle_s);
    prefs_register_bool_preference(module, "skip_midstream", "Skip streams captured midstream",
                                   "Mark no first payload, reply and flight in streams whose start was not captured", &skip_midstream);
    prefs_register_bool_preference(module, "syn_restarts_clock", "Repeated SYNs restart the clock",
                                   "Count the time from SYN to first payload from the client's last SYN, not from its first",
                                   &syn_restarts_clock);
    prefs_register_string_preference(module, "details", "Telling fields",
                                     "Names of fields. The first of them that is found in a first payload is shown beside its protocol",
                                     &details);
}

static void proto_register_firstpayload(void)
{
    fp_fields_register();
    fp_adapter_register(proto_firstpayload);
    fp_datagrams_register();
    fp_announce_register();
    fp_whole_register();
    fp_navigation_register(proto_firstpayload);
    register_preferences();
    /* In name only, so that Wireshark does not add it to the layers of every frame, only to remove it again. */
    int proto_render = proto_register_protocol_in_name_only("First Payload, rendered", "First Payload (rendered)", "firstpayload_render",
                                                            proto_firstpayload, FT_PROTOCOL);
    render_handle = create_dissector_handle(dissect_firstpayload, proto_render);
    register_postdissector(render_handle);
    register_init_routine(open_file);
    register_cleanup_routine(fp_marks_close);
}

static void proto_reg_handoff_firstpayload(void)
{
    fp_adapter_handoff();
    fp_datagrams_handoff();
    fp_statistics_register(render_handle);
}

void plugin_register(void)
{
    static proto_plugin plugin = {
        .register_protoinfo = proto_register_firstpayload,
        .register_handoff = proto_reg_handoff_firstpayload,
    };

    proto_register_plugin(&plugin);
}

#if FP_WIRESHARK_AT_LEAST(4, 2)
uint32_t plugin_describe(void)
{
    return WS_PLUGIN_DESC_DISSECTOR;
}
#endif
