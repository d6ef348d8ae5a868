/* SPDX-License-Identifier: GPL-2.0-or-later */
/* said.c - see said.h. */
#include "said.h"

#include "adapter.h"
#include "message.h"

/* The strings in summary are owned, but for side and protocol, which live forever. */
typedef struct {
    FpSummary summary;
    char *detail;
    char *text;
} Said;

static GHashTable *said; /* the stream's number -> Said; NULL: nothing is kept */

static void free_said(void *freed)
{
    g_free(((Said *)freed)->detail);
    g_free(((Said *)freed)->text);
    g_free(freed);
}

void fp_said_begin_file(bool is_wanted)
{
    if (said != NULL)
        g_hash_table_destroy(said);
    said = is_wanted ? g_hash_table_new_full(NULL, NULL, NULL, free_said) : NULL;
}

bool fp_said_is_wanted(void)
{
    return said != NULL;
}

static void set_detail(Said *kept, const char *detail)
{
    g_free(kept->detail);
    kept->summary.detail = kept->detail = g_strdup(detail);
}

static void keep(packet_info *pinfo, proto_tree *tree, const FpMark *mark)
{
    const FpSegmentNote *note = fp_adapter_note(pinfo, mark);

    if (note == NULL)
        return;
    Said *kept = g_new0(Said, 1);
    kept->summary = fp_message_summary(pinfo->pool, tree, mark, note);
    kept->summary.text = kept->text = g_strdup(kept->summary.text);
    set_detail(kept, kept->summary.detail);
    g_hash_table_replace(said, GUINT_TO_POINTER(mark->stream), kept);
}

/* The frame completes the message. */
static void complete(packet_info *pinfo, proto_tree *tree, const FpMark *mark)
{
    Said *kept = g_hash_table_lookup(said, GUINT_TO_POINTER(mark->stream));
    const char *detail = fp_message_detail(pinfo->pool, tree, mark);

    if (kept == NULL)
        return;
    kept->summary.is_continued = true;
    kept->summary.protocol = fp_marks_stream(mark).protocol;
    if (detail != NULL && kept->detail == NULL)
        set_detail(kept, detail);
}

void fp_said_collect(packet_info *pinfo, proto_tree *tree)
{
    size_t count;

    if (said == NULL || tree == NULL)
        return;
    const FpMark *marks = fp_marks_find(pinfo->num, &count);
    for (size_t i = 0; i < count; i++)
        if (marks[i].classes & FP_CLASS_FIRST)
            keep(pinfo, tree, &marks[i]);
        else if (marks[i].classes & FP_CLASS_FLIGHT && fp_message_ends_in(tree, &marks[i]) != FP_CONTINUES_NOT)
            complete(pinfo, tree, &marks[i]);
}

const FpSummary *fp_said_find(const FpMark *mark)
{
    const Said *kept =
        said != NULL && fp_marks_stream(mark).first_frame != 0 ? g_hash_table_lookup(said, GUINT_TO_POINTER(mark->stream)) : NULL;

    return kept != NULL ? &kept->summary : NULL;
}
