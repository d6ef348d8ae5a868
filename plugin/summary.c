/* SPDX-License-Identifier: GPL-2.0-or-later */
/* summary.c - see summary.h. */
#include "summary.h"

#include <epan/epan_dissect.h>

#include "announce.h"
#include "details.h"
#include "fields.h"
#include "said.h"
#include "text.h"

#define DETAIL_BYTES_MAX 255 /* of a detail in a line: the length of the longest name in DNS (RFC 1035 2.3.4) */

static int hf_reassembled_in = -1;
static int hf_segment = -1;
static int hf_segment_data = -1;

void fp_summary_begin_file(void)
{
    hf_reassembled_in = proto_registrar_get_id_byname("tcp.reassembled_in");
    hf_segment = proto_registrar_get_id_byname("tcp.segment");
    hf_segment_data = proto_registrar_get_id_byname("tcp.segment_data");
}

bool fp_summary_shows_protocol(proto_tree *tree)
{
    return proto_field_is_referenced(tree, hf_firstpayload_summary) || proto_field_is_referenced(tree, hf_firstpayload_protocol) ||
           (tree != NULL && fp_said_is_wanted());
}

void fp_summary_prime_whole(proto_tree *tree)
{
    const GArray *details = fp_details();
    epan_dissect_t whose = {.tree = tree}; /* epan_dissect_prime_with_hfid uses nothing else of it */

    for (guint i = 0; details != NULL && i < details->len; i++)
        epan_dissect_prime_with_hfid(&whose, g_array_index(details, int, i));
    epan_dissect_prime_with_hfid(&whose, hf_reassembled_in);
    epan_dissect_prime_with_hfid(&whose, hf_segment);
    epan_dissect_prime_with_hfid(&whose, hf_segment_data);
}

/* Our fields that need Wireshark's. */
static bool is_wanted(proto_tree *tree)
{
    const int fields[] = {hf_firstpayload_summary,     hf_firstpayload_detail,           hf_firstpayload_name,
                          hf_firstpayload_whole_frame, hf_firstpayload_old_continued_in, ei_firstpayload_continued.hf};

    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (proto_field_is_referenced(tree, fields[i]))
            return true;
    return false;
}

bool fp_summary_is_wanted(proto_tree *tree)
{
    return tree != NULL && (is_wanted(tree) || fp_announce_is_heard() || fp_said_is_wanted());
}

void fp_summary_prime(proto_tree *tree)
{
    if (fp_summary_is_wanted(tree))
        fp_summary_prime_whole(tree);
}

const char *fp_summary_detail(wmem_allocator_t *scope, proto_tree *tree)
{
    const GArray *details = fp_details();

    for (guint i = 0; details != NULL && i < details->len; i++) {
        const GPtrArray *found = proto_get_finfo_ptr_array(tree, g_array_index(details, int, i));
        const char *text = found != NULL && found->len > 0 ? fp_field_text(scope, g_ptr_array_index(found, 0)) : NULL;
        if (text != NULL && *text != '\0')
            return text;
    }
    return NULL;
}

const char *fp_summary_short(wmem_allocator_t *scope, const char *detail)
{
    return fp_text_printable(scope, detail, DETAIL_BYTES_MAX);
}

const char *fp_summary_name(wmem_allocator_t *scope, const FpSummary *summary)
{
    return summary->detail != NULL ? fp_summary_short(scope, summary->detail) : summary->text;
}

/* Returns whether Wireshark keeps as many bytes of the frame for later: fewer, if it has taken something before them. */
static bool is_kept(proto_tree *tree, uint32_t bytes)
{
    const GPtrArray *found = proto_get_finfo_ptr_array(tree, hf_segment_data);

    for (guint i = 0; found != NULL && i < found->len; i++)
        if ((uint32_t)((const field_info *)g_ptr_array_index(found, i))->length == bytes)
            return true;
    return false;
}

FpContinues fp_summary_continued_in(proto_tree *tree, uint32_t bytes, uint32_t *frame)
{
    const GPtrArray *found = proto_get_finfo_ptr_array(tree, hf_reassembled_in);

    *frame = found != NULL && found->len > 0 ? fp_field_number(g_ptr_array_index(found, 0)) : 0;
    if (*frame == 0)
        return FP_CONTINUES_NOT;
    return is_kept(tree, bytes) ? FP_CONTINUES_ALL : FP_CONTINUES_BEHIND;
}

FpContinues fp_summary_continues(proto_tree *tree, uint32_t frame, uint32_t bytes)
{
    const GPtrArray *found = proto_get_finfo_ptr_array(tree, hf_segment);
    FpContinues continues = FP_CONTINUES_NOT;

    for (guint i = 0; found != NULL && i < found->len && continues != FP_CONTINUES_ALL; i++) {
        field_info *segment = g_ptr_array_index(found, i);
        if (fp_field_number(segment) == frame)
            continues = (uint32_t)segment->length == bytes ? FP_CONTINUES_ALL : FP_CONTINUES_BEHIND;
    }
    return continues;
}

/* A text line speaks for itself. Of any other payload, the detail says more than its bytes. */
static const char *what(wmem_allocator_t *scope, const FpSummary *summary)
{
    const char *detail = summary->detail != NULL ? fp_summary_short(scope, summary->detail) : NULL;

    if (summary->is_line && detail != NULL)
        return wmem_strdup_printf(scope, "%s (%s)", summary->text, detail);
    if (!summary->is_line && detail != NULL)
        return detail;
    return summary->text != NULL ? summary->text : "not captured";
}

const char *fp_summary_line(wmem_allocator_t *scope, const FpSummary *summary)
{
    const char *protocol = summary->protocol != NULL ? summary->protocol : "";

    return wmem_strdup_printf(scope, "%s %u: %s%s%s%s", summary->side, summary->bytes, protocol, *protocol != '\0' ? " " : "",
                              what(scope, summary), summary->is_continued ? " ..." : "");
}
