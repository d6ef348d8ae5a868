/* SPDX-License-Identifier: GPL-2.0-or-later */
/* backlog.c - see backlog.h. */
#include "backlog.h"

typedef struct {
    FpAskedStream *asked; /* NULL: it does not wait */
    FpMessage *message;   /* of a line; NULL: the item is a frame: */
    FpMessages *messages; /* where the message is from */
    void *kept;
    size_t bytes;
    uint64_t frame; /* 0: a fragment */
} Item;

struct FpBacklog {
    GQueue items;
    size_t bytes;
    uint64_t written; /* the number of the frame written last */
};

FpBacklog *fp_backlog_new(void)
{
    return g_new0(FpBacklog, 1);
}

static void free_item(gpointer data)
{
    Item *item = data;

    if (item->asked != NULL)
        fp_asked_stream_unref(item->asked);
    if (item->message != NULL) {
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
    g_queue_clear_full(&backlog->items, free_item);
    g_free(backlog);
}

static void add(FpBacklog *backlog, const Item *item)
{
    Item *copy = g_new(Item, 1);

    *copy = *item;
    copy->bytes += sizeof *copy;
    if (copy->asked != NULL)
        fp_asked_stream_ref(copy->asked);
    backlog->bytes += copy->bytes;
    g_queue_push_tail(&backlog->items, copy);
}

void fp_backlog_add_line(FpBacklog *backlog, FpAskedStream *asked, FpMessages *messages, FpMessage *message)
{
    const Item item = {.asked = asked, .message = message, .messages = messages};

    add(backlog, &item);
}

void fp_backlog_add_kept(FpBacklog *backlog, FpAskedStream *asked, void *kept, size_t bytes, uint64_t frame)
{
    const Item item = {.asked = asked, .kept = kept, .bytes = bytes, .frame = frame};

    add(backlog, &item);
}

static bool write_line(const Item *item, const FpBacklogTarget *to, GError **error)
{
    FpLogAnswer answer = {0};
    FpLogEntry entry;

    if (item->asked != NULL)
        answer = (FpLogAnswer){.values = fp_asked_stream_values(item->asked),
                               .failure = fp_asked_stream_failure(item->asked),
                               .is_cut_off = fp_asked_stream_is_cut_off(item->asked)};

    fp_messages_entry(item->messages, item->message, &entry);
    g_autoptr(GString) line = g_string_new(NULL);
    return fp_log_write(to->log, to->style, &entry, &answer, line, error) && (!to->flush_each || fp_output_flush(to->log, error));
}

static bool write_kept(const Item *item, const FpBacklogTarget *to, GError **error)
{
    bool is_written = false;

    if (!fp_writer_write_kept(to->writer, item->kept, &is_written, error))
        return false;
    if (item->frame == 0)
        to->summary->kept_fragments += is_written;
    else
        to->summary->kept += is_written;
    return !to->flush_each || item->frame == 0 || fp_writer_flush(to->writer, error);
}

bool fp_backlog_release(FpBacklog *backlog, const FpBacklogTarget *to, GError **error)
{
    Item *item;

    while ((item = g_queue_peek_head(&backlog->items)) != NULL) {
        if ((item->asked != NULL && !fp_asked_stream_is_done(item->asked)) ||
            (item->message != NULL && !fp_message_has_ended(item->message)))
            return true;
        bool is_kept =
            (item->asked == NULL || fp_asked_stream_is_kept(item->asked)) && (item->frame == 0 || item->frame != backlog->written);
        if (item->message != NULL && fp_message_is_left_out(item->message))
            is_kept = false;
        if (is_kept && item->frame != 0)
            backlog->written = item->frame;
        bool is_done = !is_kept || (item->message != NULL ? write_line : write_kept)(item, to, error);
        backlog->bytes -= item->bytes;
        free_item(g_queue_pop_head(&backlog->items));
        if (!is_done)
            return false;
    }
    return true;
}

bool fp_backlog_is_empty(const FpBacklog *backlog)
{
    return g_queue_is_empty((GQueue *)&backlog->items);
}

size_t fp_backlog_bytes(const FpBacklog *backlog)
{
    return backlog->bytes;
}

FpAskedStream *fp_backlog_first(const FpBacklog *backlog)
{
    const Item *item = g_queue_peek_head((GQueue *)&backlog->items);

    return item != NULL ? item->asked : NULL;
}
