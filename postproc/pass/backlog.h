/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backlog.h - lines of the log and kept frames that wait for tshark's answers about their streams. Frames are written in the order in which
 * they were added, and so are lines, if the log's style says so; else a line waits for its own stream and message alone.
 *
 * file -> record -> segment -> stream -> verdict -> tshark -> [output]
 */
#ifndef FP_BACKLOG_H
#define FP_BACKLOG_H

#include "log/log.h"
#include "messages.h"
#include "output/writer.h"
#include "summary.h"
#include "tshark/dissector.h"

typedef struct FpBacklog FpBacklog;

/* Where to write. All is borrowed; writer and log may be NULL if nothing is added that goes there. */
typedef struct {
    FpWriter *writer;
    FpOutput *log;
    const FpLogStyle *style;
    FpSummary *summary;
    uint64_t *n_lines; /* counts those that are written */
    bool flush_each;
} FpBacklogTarget;

FpBacklog *fp_backlog_new(void);
void fp_backlog_free(FpBacklog *backlog); /* NULL is allowed */

/* Adds the line of a message, which waits for that to end, too. Takes the message out of messages, which is borrowed, when the line is
 * written, or will not be. asked: the stream that it waits for; the backlog adds a reference. NULL: it waits for none. */
void fp_backlog_add_line(FpBacklog *backlog, FpAskedStream *asked, FpMessages *messages, FpMessage *message);

/* Adds a kept frame made by fp_writer_keep, of so many bytes, and takes ownership of it. asked: as above; NULL for a frame that is kept in
 * any case. frame: its number; if frames with the same number are added in a row, one of them is written. 0 for a fragment, which is of use
 * only with the next frame. */
void fp_backlog_add_kept(FpBacklog *backlog, FpAskedStream *asked, void *kept, size_t bytes, uint64_t frame);

/* Writes what no longer waits. Returns false and sets error. */
bool fp_backlog_release(FpBacklog *backlog, const FpBacklogTarget *to, GError **error);

bool fp_backlog_is_empty(const FpBacklog *backlog);

/* The memory that all items take. */
size_t fp_backlog_bytes(const FpBacklog *backlog);

/* Takes the next stream, borrowed, that the line of a later ClientHello waits for although nothing more of that comes. NULL: there is none.
 */
FpAskedStream *fp_backlog_take_over(FpBacklog *backlog);

/* Returns the stream of what was added first, borrowed. NULL: the backlog is empty, or that is kept in any case. */
FpAskedStream *fp_backlog_first(const FpBacklog *backlog);

#endif
