/* SPDX-License-Identifier: GPL-2.0-or-later */
/* navigation.c - see navigation.h. */
#include "navigation.h"

#include <epan/conversation_filter.h>
#include <epan/plugin_if.h>

#include "adapter.h"
#include "marks.h"

#define OPENING "(firstpayload || firstpayload.reply || firstpayload.flight || firstpayload.handshake)"

/* The frame that was last displayed, and its tcp.stream. */
static struct {
    uint32_t frame;
    uint32_t tcp_stream;
    bool is_tcp;
} selected;

static FpBool has_stream(FpFilterArguments)
{
    uint32_t number;

    return fp_adapter_tcp_stream(pinfo, &number);
}

/* Returns a filter for the start of the frame's stream, which the caller frees; or NULL. */
static char *opening_filter(FpFilterArguments)
{
    uint32_t number;

    return fp_adapter_tcp_stream(pinfo, &number) ? g_strdup_printf("tcp.stream == %u && " OPENING, number) : NULL;
}

void fp_navigation_select(packet_info *pinfo)
{
    selected.frame = pinfo->num;
    selected.is_tcp = fp_adapter_tcp_stream(pinfo, &selected.tcp_stream);
}

/* Sets *stream to the stream of a frame, if that is known. Without a mark, its tcp.stream has to do, which is known only for streams with
 * payload. */
static bool find_stream(uint32_t frame, FpStreamNote *stream)
{
    size_t count;
    const FpMark *marks = fp_marks_find(frame, &count);

    if (count > 0)
        *stream = fp_marks_stream(&marks[count - 1]);
    return count > 0 || (selected.is_tcp && selected.frame == frame && fp_notes_find_tcp(selected.tcp_stream, stream));
}

/* Returns the stream of the frame that is displayed. Its frames are 0 if it is not known. */
static FpStreamNote displayed_stream(void)
{
    FpStreamNote stream = {0};
    ws_info_t *info = NULL;

    plugin_if_get_ws_info(&info);
    if (info != NULL && info->cf_framenr > 0)
        (void)find_stream(info->cf_framenr, &stream);
    return stream;
}

static void go_to(uint32_t frame)
{
    if (frame != 0)
        plugin_if_goto_frame(frame);
}

static void go_to_syn(ext_menubar_gui_type type _U_, gpointer gui _U_, gpointer user _U_)
{
    go_to(displayed_stream().syn_frame);
}

static void go_to_first(ext_menubar_gui_type type _U_, gpointer gui _U_, gpointer user _U_)
{
    go_to(displayed_stream().first_frame);
}

static void go_to_reply(ext_menubar_gui_type type _U_, gpointer gui _U_, gpointer user _U_)
{
    go_to(displayed_stream().reply_frame);
}

void fp_navigation_register(int proto)
{
    ext_menu_t *menu = ext_menubar_register_menu(proto, "First Payload", TRUE);

    ext_menubar_set_parentmenu(menu, "Go");
    ext_menubar_add_entry(menu, "SYN of this stream", "Go to the stream's first SYN", go_to_syn, NULL);
    ext_menubar_add_entry(menu, "First payload of this stream", "Go to the stream's first payload frame", go_to_first, NULL);
    ext_menubar_add_entry(menu, "Reply of this stream", "Go to the first payload frame of the other side", go_to_reply, NULL);
    fp_register_conversation_filter("firstpayload", "First Payload", has_stream, opening_filter);
}
