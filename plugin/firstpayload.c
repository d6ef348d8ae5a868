/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firstpayload.c - registers everything with Wireshark, and begins and ends the state of a file.
 *
 * The hook (adapter; for UDP datagrams) hands every TCP segment to core/ and keeps the verdict (marks). After the frame is dissected, the
 * post-dissector adds the verdict to the tree (render) and tells listeners (announce), of which statistics is one.
 */
#include "adapter.h"
#include "announce.h"
#include "compat.h"
#include "datagrams.h"
#include "details.h"
#include "fields.h"
#include "marks.h"
#include "navigation.h"
#include "passes.h"
#include "ports.h"
#include "render.h"
#include "said.h"
#include "statistics.h"
#include "summary.h"
#include "trees.h"
#include "whole.h"

#include <epan/prefs.h>
#include <wsutil/wslog.h>

void proto_register_firstpayload(void);
void proto_reg_handoff_firstpayload(void);

static const char *transport = "tcp";
static guint flight_bytes = FP_FLIGHT_BYTES_DEFAULT;
static guint opening_bytes = FP_OPENING_BYTES_DEFAULT;
static guint idle_s = 0;
static FpBool skip_midstream = FALSE;
static FpBool syn_restarts_clock = FALSE;
static FpBool of_stream = FALSE;

static dissector_handle_t render_handle;
static bool is_asleep;  /* nobody asks about the file, and nobody can any more */
static bool has_unseen; /* the file has TCP that did not come through the hook */

/* Returns what the preference says; TCP alone if it makes no sense. */
static unsigned transports(void)
{
    unsigned found = FP_TAKES_TCP;

    if (!fp_transports_from_text(transport, &found))
        ws_log("firstpayload", LOG_LEVEL_WARNING, "preference firstpayload.transport takes tcp, udp and quic, comma-separated, not \"%s\"",
               transport);
    return found;
}

/* Wireshark calls this after preferences were changed, before it decides how to read the capture again. */
static void want_trees(void)
{
    fp_trees_want(FP_TREES_SAID, of_stream);
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

    fp_marks_open(&rules, of_stream);
    fp_said_begin_file(of_stream);
    want_trees();
    fp_details_begin_file();
    fp_summary_begin_file();
    fp_ports_begin_file();
    bool is_enabled = proto_is_protocol_enabled(find_protocol_by_id(proto_firstpayload));
    fp_adapter_begin_file(is_enabled && rules.transports & FP_TAKES_TCP);
    fp_datagrams_begin_file(is_enabled && rules.transports & (FP_TAKES_UDP | FP_TAKES_QUIC));
    fp_passes_begin_file();
    is_asleep = false;
    has_unseen = false;
}

/* Takes the hooks out, until the next file. */
static void unhook(void)
{
    fp_adapter_sleep();
    fp_datagrams_begin_file(false);
}

static void close_file(void)
{
    unhook();
    fp_said_begin_file(false);
    fp_marks_close();
}

/* If anybody asks for first payload frames, prints a warning once per file that TCP was missed. */
static void warn_unseen(uint32_t frame)
{
    if (has_unseen)
        return;
    has_unseen = true;
    if (fp_fields_may_be_wanted())
        ws_log("firstpayload", LOG_LEVEL_WARNING, "TCP that is not reached through IP (Decode As) is not seen: frame %u, and maybe others",
               frame);
}

static void say_doubt(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb, FpDoubt doubt)
{
    if (doubt == FP_DOUBT_UNSEEN) {
        warn_unseen(pinfo->num);
        fp_render_warning(pinfo, tree, tvb, &ei_firstpayload_unseen);
    } else if (doubt == FP_DOUBT_FRAGMENT) {
        fp_render_warning(pinfo, tree, tvb, &ei_firstpayload_fragment);
    }
    if (doubt == FP_DOUBT_UNSEEN && fp_fields_is_asked_by_name(hf_firstpayload_old_unseen))
        proto_tree_add_item(tree, hf_firstpayload_old_unseen, tvb, 0, 0, ENC_NA);
}

/* Returns whether anybody asks about the frame, or might without saying so. In tshark's only pass, the same is asked of all frames: by
 * fields, by -z, by what is printed. */
static bool is_asked(proto_tree *tree)
{
    return fp_adapter_is_rendered(tree) || fp_fields_may_be_wanted() || fp_announce_is_heard() || have_tap_listener(find_tap_id("expert"));
}

/* The post-dissector. Runs for every frame, with or without a tree. */
static int dissect_firstpayload(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    if (is_asleep)
        return 0;
    fp_datagrams_end_frame(pinfo, tree);
    FpDoubt doubt = fp_adapter_end_frame(pinfo);
    if (doubt != FP_DOUBT_NONE)
        say_doubt(pinfo, tree, tvb, doubt);
    fp_whole_note_details(pinfo, tree);
    if (!pinfo->fd->visited) {
        fp_adapter_note_protocols(pinfo);
        fp_whole_collect(pinfo);
        fp_said_collect(pinfo, tree);
        if (fp_passes_find_only(pinfo) && !is_asked(tree)) {
            unhook();
            is_asleep = true;
        }
    }
    fp_announce_frame(pinfo, tree);
    if (!fp_fields_are_wanted(tree)) {
        fp_render_remarks(pinfo);
        return 0;
    }
    if (PTREE_DATA(tree)->visible)
        fp_navigation_select(pinfo);
    fp_render_frame(pinfo, tree);
    return (int)tvb_captured_length(tvb);
}

static void register_preferences(void)
{
    module_t *module = prefs_register_protocol(proto_firstpayload, want_trees);

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
    prefs_register_bool_preference(module, "of_stream", "Say on every frame what its stream said first",
                                   "Adds the fields firstpayload.of_stream to all frames of a stream. Costs time and memory", &of_stream);
    fp_details_register(module);
    /* The profile has a line with this name, which Wireshark complains of where there is no plugin. */
    prefs_register_static_text_preference(module, "this_profile_needs_the_plugin",
                                          "The profile First Payload shows all this: columns, colours, buttons", NULL);
}

void proto_register_firstpayload(void)
{
    fp_fields_register();
    fp_adapter_register(proto_firstpayload);
    fp_datagrams_register();
    fp_announce_register();
    fp_passes_register();
    fp_navigation_register(proto_firstpayload);
    register_preferences();
    /* In name only, so that Wireshark does not add it to the layers of every frame, only to remove it again. */
    int proto_render = proto_register_protocol_in_name_only("First Payload, rendered", "First Payload (rendered)", "firstpayload_render",
                                                            proto_firstpayload, FT_PROTOCOL);
    proto_set_cant_toggle(proto_render); /* it runs with First Payload */
    render_handle = create_dissector_handle(dissect_firstpayload, proto_render);
    register_postdissector(render_handle);
    fp_trees_register(render_handle);
    register_init_routine(open_file);
    register_cleanup_routine(close_file);
}

void proto_reg_handoff_firstpayload(void)
{
    fp_adapter_handoff();
    fp_datagrams_handoff();
    fp_statistics_register();
}
