/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * backlog.h - lines of the log and kept frames that wait, in the order in which they are to be written, for what tshark says of their
 * streams.
 *
 * file -> record -> segment -> stream -> verdict -> tshark -> [output]
 */
#ifndef FP_BACKLOG_H
#define FP_BACKLOG_H

#include "log/log.h"
#include "output/writer.h"
#include "summary.h"
#include "tshark/dissector.h"

typedef struct FpBacklog FpBacklog;

/* Where to. All is borrowed; writer and log may be NULL where nothing is added that goes there. */
typedef struct {
    FpWriter *writer;
    FpOutput *log;
    const FpLogStyle *style;
    FpSummary *summary;
    bool flush_each;
} FpBacklogSink;

FpBacklog *fp_backlog_new(void);
void fp_backlog_free(FpBacklog *backlog); /* NULL is allowed */

/* Adds a line, as fp_log_begin made it, or a kept frame, as fp_writer_keep made it; both are taken over. asked: NULL for a frame that is
 * kept in any case. frame: its number, of which one is written if several are added; 0 for a fragment that is of use only with the next
 * frame. */
void fp_backlog_add_line(FpBacklog *backlog, FpAskedStream *asked, GString *line);
void fp_backlog_add_kept(FpBacklog *backlog, FpAskedStream *asked, void *kept, size_t bytes, uint64_t frame);

/* Writes what does not wait any more. */
bool fp_backlog_release(FpBacklog *backlog, const FpBacklogSink *sink, GError **error);

bool fp_backlog_is_empty(const FpBacklog *backlog);
size_t fp_backlog_bytes(const FpBacklog *backlog);

/* The stream that the first in the line waits for, borrowed; NULL: none waits. */
FpAskedStream *fp_backlog_first(const FpBacklog *backlog);

#endif
