/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backlog.c - see backlog.h.
 *
 * Lines and frames go to different outputs, so they do not wait for each other. A line is told when the last thing that it waits for is
 * there, and lines that are ready are in a queue of their own: of many that wait, none is looked at for nothing.
 */
#include "backlog.h"

typedef struct {
    FpBacklog *backlog;
    uint64_t number;      /* counts what was added, lines and frames */
    FpAskedStream *asked; /* NULL: it does not wait */
    FpMessage *message;   /* of a line; NULL: the item is a frame: */
    FpMessages *messages; /* where the message is from */
    void *kept;
    size_t bytes;
    uint64_t frame; /* 0: a fragment */
    GList link;     /* its place in lines or frames */
    GList ready;    /* of a line: its place there */
    bool is_ready;
    GList over; /* likewise: its place there */
    bool is_over;
} Item;

struct FpBacklog {
    GQueue lines, frames; /* in the order in which they were added */
    GQueue ready;         /* lines that no longer wait, in the order in which they came to that */
    GQueue over;          /* lines of later ClientHellos that are over, and wait for tshark alone: see fp_backlog_take_over */
    size_t bytes;
    uint64_t added;
    uint64_t written; /* the number of the frame written last */
};

FpBacklog *fp_backlog_new(void)
{
    return g_new0(FpBacklog, 1);
}

static GQueue *queue_of(const Item *item)
{
    return item->message != NULL ? &item->backlog->lines : &item->backlog->frames;
}

/* Takes an item out, and frees it. */
static void drop(Item *item)
{
    g_queue_unlink(queue_of(item), &item->link);
    if (item->is_ready)
        g_queue_unlink(&item->backlog->ready, &item->ready);
    if (item->is_over)
        g_queue_unlink(&item->backlog->over, &item->over);
    item->backlog->bytes -= item->bytes;
    if (item->asked != NULL) {
        fp_asked_stream_forget(item->asked, item);
        fp_asked_stream_unref(item->asked);
    }
    if (item->message != NULL) {
        fp_message_on_end(item->message, NULL, NULL);
        fp_messages_take_out(item->messages, item->message);
        fp_message_free(item->message);
    }
    if (item->kept != NULL)
        fp_writer_drop_kept(item->kept);
    g_free(item);
}

void fp_backlog_free(FpBacklog *backlog)
{
    if (backlog == NULL)
        return;
    while (!g_queue_is_empty(&backlog->lines))
        drop(g_queue_peek_head(&backlog->lines));
    while (!g_queue_is_empty(&backlog->frames))
        drop(g_queue_peek_head(&backlog->frames));
    g_free(backlog);
}

static bool waits(const Item *item)
{
    return (item->asked != NULL && !fp_asked_stream_is_done(item->asked)) ||
           (item->message != NULL && !fp_message_has_ended(item->message));
}

/* What a line waits for may be there. */
static void look_at_line(void *user)
{
    Item *item = user;

    if (item->asked != NULL && !item->is_over && fp_message_is_later(item->message) && fp_message_has_ended(item->message) &&
        !fp_asked_stream_is_done(item->asked)) {
        item->is_over = true;
        g_queue_push_tail_link(&item->backlog->over, &item->over);
    }
    if (item->is_ready || waits(item))
        return;
    item->is_ready = true;
    g_queue_push_tail_link(&item->backlog->ready, &item->ready);
}

static Item *add(FpBacklog *backlog, const Item *given)
{
    Item *item = g_new(Item, 1);

    *item = *given;
    item->backlog = backlog;
    item->number = backlog->added++;
    item->bytes += sizeof *item;
    item->link.data = item->ready.data = item->over.data = item;
    if (item->asked != NULL)
        fp_asked_stream_ref(item->asked);
    backlog->bytes += item->bytes;
    g_queue_push_tail_link(queue_of(item), &item->link);
    return item;
}

void fp_backlog_add_line(FpBacklog *backlog, FpAskedStream *asked, FpMessages *messages, FpMessage *message)
{
    const Item given = {.asked = asked, .message = message, .messages = messages};
    Item *item = add(backlog, &given);

    if (asked != NULL)
        fp_asked_stream_on_done(asked, look_at_line, item);
    fp_message_on_end(message, look_at_line, item);
    look_at_line(item);
}

void fp_backlog_add_kept(FpBacklog *backlog, FpAskedStream *asked, void *kept, size_t bytes, uint64_t frame)
{
    const Item given = {.asked = asked, .kept = kept, .bytes = bytes, .frame = frame};

    add(backlog, &given);
}

static bool write_line(const Item *item, const FpBacklogTarget *to, GError **error)
{
    FpLogAnswer answer = {0};
    FpLogEntry entry;

    if ((item->asked != NULL && !fp_asked_stream_is_kept(item->asked)) || fp_message_is_left_out(item->message))
        return true;
    if (item->asked != NULL)
        answer = (FpLogAnswer){.values = fp_asked_stream_values(item->asked),
                               .failure = fp_asked_stream_failure(item->asked),
                               .is_cut_off = fp_asked_stream_is_cut_off(item->asked)};

    fp_messages_entry(item->messages, item->message, &entry);
    if (!fp_choice_takes(&to->style->choice, entry.facts)) {
        to->summary->unmatched++;
        return true;
    }
    g_autoptr(GString) line = g_string_new(NULL);
    ++*to->n_lines;
    return fp_log_write(to->log, to->style, &entry, &answer, line, error) && (!to->flush_each || fp_output_flush(to->log, error));
}

/* Writes a frame, if its stream is kept, and the frame was not just written because of another stream. */
static bool write_kept(const Item *item, const FpBacklogTarget *to, GError **error)
{
    bool is_written = false;

    if ((item->asked != NULL && !fp_asked_stream_is_kept(item->asked)) || (item->frame != 0 && item->frame == item->backlog->written))
        return true;
    if (item->frame != 0)
        item->backlog->written = item->frame;
    if (!fp_writer_write_kept(to->writer, item->kept, &is_written, error))
        return false;
    if (item->frame == 0)
        to->summary->kept_fragments += is_written;
    else
        to->summary->kept += is_written;
    return !to->flush_each || item->frame == 0 || fp_writer_flush(to->writer, error);
}

static Item *next_frame(FpBacklog *backlog)
{
    Item *item = g_queue_peek_head(&backlog->frames);

    return item != NULL && !waits(item) ? item : NULL;
}

static Item *next_line(FpBacklog *backlog, bool in_order)
{
    Item *item = g_queue_peek_head(in_order ? &backlog->lines : &backlog->ready);

    return item != NULL && item->is_ready ? item : NULL;
}

bool fp_backlog_release(FpBacklog *backlog, const FpBacklogTarget *to, GError **error)
{
    bool is_written = true;
    Item *item;

    while (is_written && (item = next_frame(backlog)) != NULL) {
        is_written = write_kept(item, to, error);
        drop(item);
    }
    while (is_written && (item = next_line(backlog, to->style != NULL && to->style->in_order)) != NULL) {
        is_written = write_line(item, to, error);
        drop(item);
    }
    return is_written;
}

bool fp_backlog_is_empty(const FpBacklog *backlog)
{
    return backlog->lines.head == NULL && backlog->frames.head == NULL;
}

size_t fp_backlog_bytes(const FpBacklog *backlog)
{
    return backlog->bytes;
}

FpAskedStream *fp_backlog_take_over(FpBacklog *backlog)
{
    GList *link = g_queue_pop_head_link(&backlog->over);

    if (link == NULL)
        return NULL;
    Item *item = link->data;
    item->is_over = false;
    return item->asked;
}

FpAskedStream *fp_backlog_first(const FpBacklog *backlog)
{
    const Item *line = backlog->lines.head != NULL ? backlog->lines.head->data : NULL;
    const Item *frame = backlog->frames.head != NULL ? backlog->frames.head->data : NULL;
    const Item *first = line == NULL || (frame != NULL && frame->number < line->number) ? frame : line;

    return first != NULL ? first->asked : NULL;
}
