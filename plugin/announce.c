/* SPDX-License-Identifier: GPL-2.0-or-later */
/* announce.c - see announce.h. */
#include "announce.h"

#include <epan/tap.h>

#include "marks.h"
#include "message.h"
#include "tap.h"

static int tap_first;
static int tap_stream;

static FpTapState state_of(const FpMark *mark, const char *detail)
{
    if (mark->classes & FP_CLASS_FIRST)
        return FP_TAP_SPOKEN;
    if (mark->classes & FP_CLASS_REPLY)
        return FP_TAP_REPLIED;
    if (detail != NULL)
        return FP_TAP_WHOLE;
    if (mark->events & FP_EVENT_ENDS_SILENT)
        return FP_TAP_CLOSED;
    if (mark->classes & FP_CLASS_HANDSHAKE)
        return mark->events & FP_EVENT_SYN ? FP_TAP_SYN : FP_TAP_ANSWERED;
    return FP_TAP_BEGUN;
}

static const FpTap *first_of(packet_info *pinfo, const FpMark *mark, const char *detail)
{
    const FpStreamNote stream = fp_marks_stream(mark);
    const FpVerdict *first = &stream.first;
    FpTap *tap = wmem_new(pinfo->pool, FpTap);

    *tap = (FpTap){
        .stream = mark->stream,
        .side = fp_side_name(first->side),
        .protocol = stream.protocol,
        .detail = detail,
        .payload_bytes = first->payload_bytes,
        .service_port = stream.service_port,
        .has_syn = first->has_syn,
        .fast_open = first->fast_open,
        .midstream = first->midstream,
        .out_of_order = first->out_of_order,
        .age_ns = first->age_ns,
        .delay_ns = first->delay_ns,
    };
    return tap;
}

static void announce(packet_info *pinfo, const FpMark *mark, const char *detail)
{
    const FpTap *first = mark->classes & FP_CLASS_FIRST ? first_of(pinfo, mark, detail) : NULL;
    FpTapStream *stream = wmem_new(pinfo->pool, FpTapStream);

    *stream = (FpTapStream){
        .stream = mark->stream,
        .state = state_of(mark, detail),
        .first = first,
        .detail = detail,
        .reply_delay_ns = mark->classes & FP_CLASS_REPLY ? fp_marks_stream(mark).reply_delay_ns : 0,
    };
    if (first != NULL)
        tap_queue_packet(tap_first, pinfo, first);
    tap_queue_packet(tap_stream, pinfo, stream);
}

/* A frame that is only in flight, opening or closing brings its stream no further, unless it tells the detail of a first message. */
static bool is_news(const FpMark *mark, const char *detail)
{
    return mark->classes & (FP_CLASS_FIRST | FP_CLASS_REPLY | FP_CLASS_HANDSHAKE) || mark->events != 0 || detail != NULL;
}

bool fp_announce_is_heard(void)
{
    return have_tap_listener(tap_first) || have_tap_listener(tap_stream);
}

void fp_announce_frame(packet_info *pinfo, proto_tree *tree)
{
    size_t count;

    if (!fp_announce_is_heard())
        return;
    const FpMark *marks = fp_marks_find(pinfo->num, &count);
    for (size_t i = 0; i < count; i++) {
        bool may_tell = marks[i].classes & FP_CLASS_FLIGHT; /* which includes the first payload frame */
        const char *detail = may_tell ? fp_message_detail(pinfo->pool, tree, &marks[i]) : NULL;
        if (is_news(&marks[i], detail))
            announce(pinfo, &marks[i], detail);
    }
}

void fp_announce_register(void)
{
    tap_first = register_tap("firstpayload");
    tap_stream = register_tap("firstpayload_stream");
}
