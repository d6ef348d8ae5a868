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

/* Returns the stream of a frame, or NULL. Without a mark, its tcp.stream has to do, which is known only for streams with payload. */
static const FpStreamNote *stream_of_frame(uint32_t frame)
{
    size_t count;
    const FpMark *marks = fp_marks_find(frame, &count);

    if (count > 0)
        return fp_marks_stream(&marks[count - 1]);
    return selected.is_tcp && selected.frame == frame ? fp_marks_wireshark_stream(selected.tcp_stream) : NULL;
}

static const FpStreamNote *displayed_stream(void)
{
    ws_info_t *info = NULL;

    plugin_if_get_ws_info(&info);
    return info != NULL && info->cf_framenr > 0 ? stream_of_frame(info->cf_framenr) : NULL;
}

static void go_to(uint32_t frame)
{
    if (frame != 0)
        plugin_if_goto_frame(frame);
}

static void go_to_syn(ext_menubar_gui_type type _U_, gpointer gui _U_, gpointer user _U_)
{
    const FpStreamNote *stream = displayed_stream();

    go_to(stream != NULL ? stream->syn_frame : 0);
}

static void go_to_first(ext_menubar_gui_type type _U_, gpointer gui _U_, gpointer user _U_)
{
    const FpStreamNote *stream = displayed_stream();

    go_to(stream != NULL ? stream->first_frame : 0);
}

static void go_to_reply(ext_menubar_gui_type type _U_, gpointer gui _U_, gpointer user _U_)
{
    const FpStreamNote *stream = displayed_stream();

    go_to(stream != NULL ? stream->reply_frame : 0);
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
