/* SPDX-License-Identifier: GPL-2.0-or-later */
/* marks.c - see marks.h. */
#include "marks.h"

#include <glib.h>
#include <wsutil/wslog.h>

#include "streams.h"

static struct {
    FpStreams *streams;
    GArray *marks;      /* of FpMark, by frame, then layer */
    GHashTable *whole;  /* the stream's number -> FpWholeMessage */
    GHashTable *by_key; /* FpStreamKey.hash, owned -> the number of the stream that is there now; NULL unless every frame gets a mark */
} file;

static void free_whole(void *whole)
{
    g_free(((FpWholeMessage *)whole)->detail);
    g_free(whole);
}

void fp_marks_open(const FpRules *rules, bool every_frame)
{
    uint64_t seed = (uint64_t)g_random_int() << 32 | g_random_int();

    /* No stream is ever forgotten: Wireshark itself keeps far more about each of them. */
    file.streams = fp_streams_new(rules, seed, UINT32_MAX);
    if (file.streams == NULL)
        ws_error("firstpayload: no memory for the table of streams"); /* ends the process, as GLib does without memory */
    file.marks = g_array_new(FALSE, FALSE, sizeof(FpMark));
    fp_notes_open();
    file.whole = g_hash_table_new_full(NULL, NULL, NULL, free_whole);
    file.by_key = every_frame ? g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL) : NULL;
}

void fp_marks_close(void)
{
    fp_streams_free(file.streams);
    if (file.marks != NULL)
        g_array_free(file.marks, TRUE);
    fp_notes_close();
    if (file.whole != NULL)
        g_hash_table_destroy(file.whole);
    if (file.by_key != NULL)
        g_hash_table_destroy(file.by_key);
    file.by_key = NULL;
    file.streams = NULL;
    file.marks = NULL;
    file.whole = NULL;
}

static FpMark *mark_at(size_t i)
{
    return &g_array_index(file.marks, FpMark, i);
}

/* Returns the index at which the marks of frame begin, or would begin. */
static size_t lower_bound(uint32_t frame)
{
    size_t low = 0;
    size_t high = file.marks->len;

    if (high == 0 || mark_at(high - 1)->frame < frame)
        return high; /* always so in the first pass, until the frame has marks */
    if (mark_at(high - 1)->frame == frame) {
        while (high > 0 && mark_at(high - 1)->frame == frame)
            high--;
        return high;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (mark_at(middle)->frame < frame)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const FpMark *fp_marks_find(uint32_t frame, size_t *count)
{
    *count = 0;
    if (file.marks == NULL)
        return NULL;

    size_t begin = lower_bound(frame);
    while (begin + *count < file.marks->len && mark_at(begin + *count)->frame == frame)
        ++*count;
    return *count > 0 ? mark_at(begin) : NULL;
}

static void forget_links(const FpMark *mark)
{
    FpStreamNote stream = fp_marks_stream(mark);
    const FpWholeMessage *whole = fp_marks_whole(mark);
    uint32_t *links[] = {&stream.syn_frame, &stream.first_frame, &stream.reply_frame};

    for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
        if (*links[i] == mark->frame)
            *links[i] = 0;
    if (mark->events & FP_EVENT_ENDS_SILENT)
        stream.ends_silent = false;
    stream.has_detail = stream.has_detail && stream.first_frame != 0;
    fp_notes_set(mark->stream, &stream);
    if (whole != NULL && (whole->frame == mark->frame || stream.first_frame == 0))
        g_hash_table_remove(file.whole, GUINT_TO_POINTER(mark->stream));
}

void fp_marks_forget(uint32_t frame)
{
    size_t count;
    const FpMark *stale = fp_marks_find(frame, &count);

    if (stale == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        forget_links(&stale[i]);
    g_array_remove_range(file.marks, (guint)(stale - mark_at(0)), (guint)count);
}

static const FpMark *add_mark(const FpMark *mark)
{
    size_t i = lower_bound(mark->frame);

    while (i < file.marks->len && mark_at(i)->frame == mark->frame && mark_at(i)->layer < mark->layer)
        i++;
    g_array_insert_vals(file.marks, (guint)i, mark, 1);
    return mark_at(i);
}

static bool is_syn(const FpSegment *segment)
{
    return (segment->flags & (FP_TCP_SYN | FP_TCP_ACK)) == FP_TCP_SYN;
}

static uint16_t service_port(const FpSegment *segment, FpSide speaker)
{
    if (speaker == FP_SIDE_UNKNOWN)
        return MIN(segment->source_port, segment->destination_port);
    return speaker == FP_SIDE_CLIENT ? segment->destination_port : segment->source_port;
}

static void note(uint32_t frame, const FpSegment *segment, const FpVerdict *verdict)
{
    FpStreamNote stream = fp_notes_get(verdict->stream);

    if (is_syn(segment) && stream.syn_frame == 0)
        stream.syn_frame = frame;
    if (verdict->ends_silent)
        stream.ends_silent = true;
    if (verdict->classes & FP_CLASS_REPLY) {
        stream.reply_frame = frame;
        stream.reply_delay_ns = fp_time_difference(verdict->age_ns, stream.first.age_ns);
    }
    if (verdict->classes & FP_CLASS_FIRST) {
        stream.first_frame = frame;
        stream.first = *verdict;
        stream.service_port = service_port(segment, verdict->side);
        stream.is_udp = segment->transport == FP_TRANSPORT_UDP;
    }
    fp_notes_set(verdict->stream, &stream);
}

/* Returns the mark of a segment of which core/ has nothing to say, and so does not tell the stream; or NULL. */
static const FpMark *take_any(uint32_t frame, uint16_t layer, const FpStreamKey *key)
{
    void *stream;

    if (file.by_key == NULL || !g_hash_table_lookup_extended(file.by_key, &key->hash, NULL, &stream))
        return NULL;
    return add_mark(&(FpMark){.frame = frame, .stream = GPOINTER_TO_UINT(stream), .layer = layer});
}

/* Notes which stream is there from now on. */
static void note_begun(const FpStreamKey *key, uint32_t stream)
{
    uint64_t *hash = g_new(uint64_t, 1);

    *hash = key->hash;
    g_hash_table_insert(file.by_key, hash, GUINT_TO_POINTER(stream));
}

const FpMark *fp_marks_take(uint32_t frame, uint16_t layer, const FpSegment *segment)
{
    FpVerdict verdict;

    if (file.streams == NULL)
        return NULL;

    const FpStreamKey key = fp_streams_key(file.streams, segment);
    fp_streams_take(file.streams, key, segment, &verdict);
    if (verdict.begins && file.by_key != NULL)
        note_begun(&key, verdict.stream);
    unsigned events = (verdict.begins ? FP_EVENT_BEGINS : 0) | (verdict.ends_silent ? FP_EVENT_ENDS_SILENT : 0);
    if (verdict.classes == 0 && events == 0)
        return take_any(frame, layer, &key);
    events |= is_syn(segment) ? FP_EVENT_SYN : 0;
    note(frame, segment, &verdict);
    return add_mark(
        &(FpMark){.frame = frame, .stream = verdict.stream, .layer = layer, .classes = verdict.classes, .events = (uint8_t)events});
}

FpStreamNote fp_marks_stream(const FpMark *mark)
{
    return fp_notes_get(mark->stream);
}

void fp_marks_set_protocol(const FpMark *mark, const char *protocol)
{
    FpStreamNote stream = fp_marks_stream(mark);

    stream.protocol = protocol;
    fp_notes_set(mark->stream, &stream);
}

void fp_marks_set_has_detail(const FpMark *mark)
{
    FpStreamNote stream = fp_marks_stream(mark);

    stream.has_detail = true;
    fp_notes_set(mark->stream, &stream);
}

void fp_marks_set_whole(const FpMark *mark, const FpWholeMessage *whole)
{
    FpWholeMessage *kept = g_new(FpWholeMessage, 1);

    *kept = (FpWholeMessage){.frame = whole->frame, .is_behind = whole->is_behind, .detail = g_strdup(whole->detail)};
    g_hash_table_insert(file.whole, GUINT_TO_POINTER(mark->stream), kept);
}

const FpWholeMessage *fp_marks_whole(const FpMark *mark)
{
    return g_hash_table_lookup(file.whole, GUINT_TO_POINTER(mark->stream));
}

void fp_marks_set_wireshark_number(const FpMark *mark, uint32_t number)
{
    FpStreamNote stream = fp_marks_stream(mark);

    stream.wireshark_number = number;
    fp_notes_set(mark->stream, &stream);
}
