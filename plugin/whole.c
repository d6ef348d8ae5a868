/* SPDX-License-Identifier: GPL-2.0-or-later */
/* whole.c - see whole.h. */
#include "whole.h"

#include <epan/epan_dissect.h>

#include "message.h"
#include "passes.h"
#include "summary.h"

/* The frame that is being dissected, if it may complete a first message. */
static struct {
    uint32_t frame; /* 0: none */
    FpMark mark;
    proto_tree *tree;
} current;

/* The last first payload frame that was dissected for the first time. */
static struct {
    uint32_t frame;
    const frame_data *data;
} last_first;

/* Returns whether frames will be visited again. The first of two passes goes without taps and columns. There are such in the
 * first visit when Wireshark reads a file, and keeps each frame's data; and in the only pass of tshark, which uses the same memory for the
 * data of all frames. */
static bool are_frames_kept(packet_info *pinfo)
{
    return last_first.frame != pinfo->num && (last_first.data != pinfo->fd || !fp_passes_is_shown(pinfo));
}

static FpBool free_dissection(wmem_allocator_t *pool _U_, wmem_cb_event_t event _U_, void *dissection)
{
    epan_dissect_free(dissection);
    return FALSE; /* not again */
}

/* A tree that holds only the fields that somebody asks it for. It is freed with everything else of the frame. */
static proto_tree *new_tree(const packet_info *pinfo)
{
    epan_dissect_t *dissection = epan_dissect_new(pinfo->epan, TRUE, FALSE);

    wmem_register_callback(pinfo->pool, free_dissection, dissection);
    return dissection->tree;
}

proto_tree *fp_whole_prepare(packet_info *pinfo, proto_tree *tree, const FpMark *mark)
{
    current.frame = 0;
    if (mark->classes & FP_CLASS_FIRST) {
        last_first.frame = pinfo->num;
        last_first.data = pinfo->fd;
        return tree;
    }
    if (fp_marks_whole(mark) != NULL || !are_frames_kept(pinfo))
        return tree;
    current.frame = pinfo->num;
    current.mark = *mark;
    current.tree = tree != NULL ? tree : new_tree(pinfo);
    fp_summary_prime_whole(current.tree);
    return current.tree;
}

void fp_whole_note_details(packet_info *pinfo, proto_tree *tree)
{
    size_t count;
    const FpMark *marks = tree != NULL ? fp_marks_find(pinfo->num, &count) : NULL;

    for (size_t i = 0; marks != NULL && i < count; i++)
        if (marks[i].classes & FP_CLASS_FIRST && !fp_marks_stream(&marks[i]).has_detail && fp_summary_detail(pinfo->pool, tree) != NULL)
            fp_marks_set_has_detail(&marks[i]);
}

void fp_whole_collect(const packet_info *pinfo)
{
    if (current.frame != pinfo->num)
        return;
    current.frame = 0;
    const FpContinues continues = fp_message_ends_in(current.tree, &current.mark);

    if (continues != FP_CONTINUES_NOT)
        fp_marks_set_whole(&current.mark, &(FpWholeMessage){.frame = pinfo->num,
                                                            .is_behind = continues == FP_CONTINUES_BEHIND,
                                                            .detail = (char *)fp_summary_detail(pinfo->pool, current.tree)});
}
