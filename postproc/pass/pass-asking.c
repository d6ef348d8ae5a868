/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pass-asking.c - the part of a pass that asks tshark about streams. See pass.h. */
#include "pass-internal.h"

#define BATCH_FRAMES 256 /* after so many, answers may have come */
#define BACKLOG_BYTES_MAX ((size_t)64 * 1024 * 1024)

/* The copies kept of a record whose fragment waits for the rest of its datagram. */
typedef struct {
    void *to_write;       /* NULL: it is not written */
    FpTsharkFrame *frame; /* NULL: tshark cannot read it */
    size_t bytes;         /* of to_write */
} Fragment;

void *fp_pass_keep_fragment(FpPass *pass, const FpRecord *record, size_t *bytes)
{
    Fragment *fragment = g_new0(Fragment, 1);
    uint32_t link_type = fp_capture_link_type(pass->asking.capture, record);

    if (fp_pass_keeps_fragments(pass))
        fragment->to_write = fp_writer_keep(pass->writer, record, &fragment->bytes);
    if (link_type != FP_LINK_TYPE_NONE)
        fragment->frame = fp_tshark_frame_new(link_type, record);
    *bytes = sizeof *fragment + fragment->bytes + sizeof *fragment->frame + record->captured_bytes;
    return fragment;
}

void fp_pass_drop_fragment(void *kept)
{
    Fragment *fragment = kept;

    if (fragment->to_write != NULL)
        fp_writer_drop_kept(fragment->to_write);
    g_free(fragment->frame);
    g_free(fragment);
}

static GPtrArray *frames_of(const GPtrArray *fragments)
{
    GPtrArray *frames = g_ptr_array_new();

    for (guint i = 0; fragments != NULL && i < fragments->len; i++) {
        const Fragment *fragment = g_ptr_array_index(fragments, i);
        if (fragment->frame != NULL)
            g_ptr_array_add(frames, fragment->frame);
    }
    return frames;
}

static void add_line(FpPass *pass, FpAskedStream *asked, const FpCapture *capture, const FpFound *found)
{
    FpDecodeNotes notes;
    FpLogEntry entry = fp_pass_entry(pass, capture, found, &notes);

    fp_log_begin(pass->log.line, pass->log.style, &entry);
    fp_backlog_add_line(pass->asking.backlog, asked, g_string_new_len(pass->log.line->str, (gssize)pass->log.line->len));
}

static void add_kept(FpPass *pass, FpAskedStream *asked, const FpRecord *record, const GPtrArray *fragments)
{
    size_t bytes = 0;

    for (guint i = 0; fragments != NULL && i < fragments->len; i++) {
        Fragment *fragment = g_ptr_array_index(fragments, i);
        if (fragment->to_write != NULL)
            fp_backlog_add_kept(pass->asking.backlog, asked, g_steal_pointer(&fragment->to_write), fragment->bytes, 0);
    }
    void *kept = fp_writer_keep(pass->writer, record, &bytes);
    fp_backlog_add_kept(pass->asking.backlog, asked, kept, bytes, pass->summary->frames);
}

bool fp_pass_take_asking(FpPass *pass, const FpCapture *capture, const FpFound *found, GError **error)
{
    (void)error; /* nothing is written yet */
    const FpVerdict *verdict = found->verdict;
    g_autoptr(GPtrArray) frames = frames_of(found->fragments);
    const FpDissectorFrame frame = {.capture = capture, .record = found->record, .segment = found->segment, .fragments = frames};
    FpAskedStream *asked = fp_dissector_take(pass->asking.dissector, verdict, &frame);

    if (verdict->classes & FP_CLASS_FIRST) {
        pass->summary->streams_with_payload++;
        if (pass->log.output != NULL)
            add_line(pass, asked, capture, found);
    }
    if (pass->show == NULL && verdict->classes & pass->selection->keep &&
        (asked != NULL || fp_dissector_has_matched(pass->asking.dissector, verdict->stream)))
        add_kept(pass, asked, found->record, found->fragments);
    if (asked != NULL)
        fp_asked_stream_unref(asked);
    return true;
}

static void count(FpPass *pass)
{
    const FpDissectorStats *stats = fp_dissector_stats(pass->asking.dissector);
    FpDissectorStats *counted = &pass->asking.counted;

    pass->summary->unmatched += stats->unmatched - counted->unmatched;
    pass->summary->unjudged += stats->unjudged - counted->unjudged;
    pass->summary->without_fields += stats->without_fields - counted->without_fields;
    pass->summary->hurried += stats->hurried - counted->hurried;
    pass->summary->late += stats->late - counted->late;
    *counted = *stats;
}

static bool release(FpPass *pass, GError **error)
{
    const FpBacklogSink sink = {.writer = pass->writer,
                                .log = pass->log.output,
                                .style = pass->log.style,
                                .summary = pass->summary,
                                .flush_each = pass->selection->flush_each};

    count(pass);
    return fp_backlog_release(pass->asking.backlog, &sink, error);
}

static bool is_full(const FpPass *pass)
{
    return fp_backlog_bytes(pass->asking.backlog) > BACKLOG_BYTES_MAX;
}

/* Too much waits. First has tshark answer what it can. If that is not enough, gives up answers, beginning with the streams that have waited
 * longest. */
static bool make_room(FpPass *pass, GError **error)
{
    fp_dissector_hurry(pass->asking.dissector);
    if (!release(pass, error))
        return false;
    if (!is_full(pass))
        return true;
    fp_dissector_end_old(pass->asking.dissector);
    while (release(pass, error)) {
        if (fp_backlog_bytes(pass->asking.backlog) <= BACKLOG_BYTES_MAX / 2)
            return true;
        fp_dissector_abandon(pass->asking.dissector, fp_backlog_first(pass->asking.backlog));
    }
    return false;
}

bool fp_pass_after_batch(FpPass *pass, int n, GError **error)
{
    pass->asking.n_unpolled += n;
    if (!is_full(pass) && pass->asking.n_unpolled < BATCH_FRAMES)
        return true;
    pass->asking.n_unpolled = 0;
    fp_dissector_poll(pass->asking.dissector, pass->last_ns);
    return is_full(pass) ? make_room(pass, error) : release(pass, error);
}

bool fp_pass_catch_up(FpPass *pass, int wait_ms, GError **error)
{
    if (pass->asking.dissector == NULL)
        return true;
    if (wait_ms > 0)
        fp_dissector_settle(pass->asking.dissector, wait_ms);
    fp_dissector_poll(pass->asking.dissector, pass->last_ns);
    return release(pass, error);
}

bool fp_pass_is_behind(const FpPass *pass)
{
    return pass->asking.dissector != NULL && !fp_backlog_is_empty(pass->asking.backlog);
}

bool fp_pass_end_asking(FpPass *pass, bool goes_on, GError **error)
{
    if (pass->asking.dissector == NULL)
        return true;
    fp_dissector_end(pass->asking.dissector, goes_on);
    return release(pass, error);
}

bool fp_pass_drain(void *pass, GError **error)
{
    return fp_pass_end_asking(pass, true, error);
}
