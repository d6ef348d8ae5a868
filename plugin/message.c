/* SPDX-License-Identifier: GPL-2.0-or-later */
/* message.c - see message.h. */
#include "message.h"

#include "ports.h"
#include "text.h"

FpExtent fp_message_extent(const FpSegmentNote *note, uint32_t payload_bytes)
{
    unsigned captured = tvb_captured_length(note->tvb);
    unsigned offset = MIN(note->header_bytes, captured);

    return (FpExtent){offset, MIN(payload_bytes, captured - offset)};
}

const uint8_t *fp_message_bytes(const FpSegmentNote *note, FpExtent payload)
{
    return tvb_get_ptr(note->tvb, (int)payload.offset, (int)payload.bytes);
}

uint32_t fp_message_whole_frame(proto_tree *tree, const FpMark *mark)
{
    const FpWholeMessage *whole = fp_marks_whole(mark);
    const FpStreamNote stream = fp_marks_stream(mark);
    uint32_t frame;
    bool is_behind;

    if (whole != NULL) {
        frame = whole->frame;
        is_behind = whole->is_behind;
    } else {
        is_behind = fp_summary_continued_in(tree, stream.first.payload_bytes, &frame) == FP_CONTINUES_BEHIND;
    }
    return is_behind && (stream.has_detail || !fp_summary_is_wanted(tree)) ? 0 : frame;
}

FpContinues fp_message_ends_in(proto_tree *tree, const FpMark *mark)
{
    const FpStreamNote stream = fp_marks_stream(mark);
    const FpContinues continues = fp_summary_continues(tree, stream.first_frame, stream.first.payload_bytes);

    return continues == FP_CONTINUES_BEHIND && stream.has_detail ? FP_CONTINUES_NOT : continues;
}

const char *fp_message_detail(wmem_allocator_t *scope, proto_tree *tree, const FpMark *mark)
{
    if (!(mark->classes & FP_CLASS_FIRST))
        return fp_message_ends_in(tree, mark) != FP_CONTINUES_NOT ? fp_summary_detail(scope, tree) : NULL;
    const FpWholeMessage *whole = fp_marks_whole(mark);
    const char *detail = fp_summary_detail(scope, tree);

    return detail == NULL && whole != NULL ? whole->detail : detail;
}

/* Returns the protocol of the message, unless only its port speaks for it; or NULL. */
static const char *protocol_of(proto_tree *tree, const FpMark *mark, const FpSegmentNote *note, const FpSummary *summary)
{
    const FpStreamNote stream = fp_marks_stream(mark);

    if (stream.protocol == NULL || summary->detail != NULL || summary->is_continued || !fp_summary_shows_protocol(tree))
        return stream.protocol;
    return fp_ports_are_all(tree, note->transport, stream.protocol, note->source_port, note->destination_port) ? NULL : stream.protocol;
}

FpSummary fp_message_summary(wmem_allocator_t *scope, proto_tree *tree, const FpMark *mark, const FpSegmentNote *note)
{
    const FpStreamNote stream = fp_marks_stream(mark);
    FpExtent payload = fp_message_extent(note, stream.first.payload_bytes);
    const uint8_t *bytes = payload.bytes > 0 ? fp_message_bytes(note, payload) : NULL;
    FpSummary summary = {
        .side = fp_side_name(stream.first.side),
        .detail = fp_message_detail(scope, tree, mark),
        .text = bytes != NULL ? fp_text(scope, bytes, payload.bytes) : NULL,
        .is_line = bytes != NULL && fp_text_is_line(bytes, payload.bytes),
        .is_continued = fp_message_whole_frame(tree, mark) != 0,
        .bytes = stream.first.payload_bytes,
    };

    summary.protocol = protocol_of(tree, mark, note, &summary);
    return summary;
}
