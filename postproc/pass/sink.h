/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sink.h - what becomes of what a pass finds: first payload frames -> lines of the log, frames of the wanted classes -> the writer.
 *
 * file -> record -> segment -> stream -> verdict -> [output]
 *
 * A sink is of one of two kinds: straight (sink-straight.c) asks nobody; waiting (sink-waiting.c) asks tshark about streams, and what is
 * to be written of them waits for the answers. Only pass*.c and sink*.c include this.
 */
#ifndef FP_SINK_H
#define FP_SINK_H

#include "decode/decode.h"
#include "messages.h"
#include "pass.h"
#include "replies.h"
#include "tshark/dissector.h"

typedef struct FpSink FpSink;

/* A segment that the sink wants. All of it is borrowed until the sink returns. */
typedef struct {
    const FpRecord *record;
    uint64_t frame; /* the record's number in its capture, from 1 */
    const FpSegment *segment;
    unsigned index;             /* among the record's segments */
    const GPtrArray *fragments; /* what keep_fragment returned for the other fragments of the record's datagram; NULL: there are none */
    const FpVerdict *verdict;
} FpFound;

/* What a kind of sink implements. Functions that return bool return false and set error; from clear on, NULL does
 * nothing. */
typedef struct {
    unsigned wanted;      /* classes of segments that it takes */
    bool wants_ends;      /* it takes those that end a flight, too */
    bool holds_lines;     /* no line is written before all of the flight has been seen */
    bool needs_fragments; /* it keeps fragments even if they are not written */
    /* See fp_sink_take_segment and fp_sink_take_frame; the frame is kept. */
    bool (*take_segment)(FpSink *sink, const FpFound *found, GError **error);
    bool (*take_frame)(FpSink *sink, const FpRecord *record, const GPtrArray *fragments, GError **error);
    /* See FpKeeper. */
    void *(*keep_fragment)(void *sink, const FpRecord *record, size_t *bytes);
    GDestroyNotify drop_fragment;
    void (*clear)(FpSink *sink); /* frees what the kind itself owns, not the sink */
    /* See fp_sink_after_batch, and fp_pass_catch_up, fp_pass_is_behind, fp_pass_end_flights. */
    bool (*after_batch)(FpSink *sink, int n, int64_t last_ns, GError **error);
    bool (*catch_up)(FpSink *sink, int wait_ms, GError **error);
    bool (*is_behind)(const FpSink *sink);
    bool (*end_flights)(FpSink *sink, bool goes_on, GError **error);
    bool (*before_section)(FpSink *sink, GError **error); /* writes what waits, as a section of pcapng ends */
} FpSinkKind;

/* A kind's own struct begins with this. */
struct FpSink {
    const FpSinkKind *kind;
    const FpSelection *selection;
    FpSummary *summary;
    unsigned wanted; /* see fp_sink_wants */
    bool wants_ends;
    FpShowClasses show; /* instead of writing frames */
    void *user;
    const FpCapture *capture; /* whose records are being taken */
    FpDecoder *decoder;       /* which has decoded them */
    FpWriter *writer;         /* see fp_pass_write_to; NULL: none yet */
    struct {
        bool is_wanted;   /* false: nothing is done for first payload frames */
        uint64_t n_lines; /* so far */
        FpOutput *output; /* NULL: no log, or one that needs none */
        const FpLogStyle *style;
        const char *source;
        char interface[FP_LOG_INTERFACE_BYTES_MAX + 1]; /* of the frame that is looked at */
        GString *line;                                  /* for building one */
        FpMessages *messages;                           /* NULL: nothing was logged yet */
        FpReplies *replies;                             /* what their lines wait for besides; NULL: for nothing */
        GByteArray *saved;                              /* messages that were saved earlier, until there are messages; NULL: none */
        bool saved_are_over;
    } log;
};

/* Creates a straight sink. */
FpSink *fp_sink_straight_new(const FpSelection *selection, FpSummary *summary);
/* Creates a waiting sink. Borrows dissector. */
FpSink *fp_sink_waiting_new(const FpSelection *selection, FpSummary *summary, FpDissector *dissector);
void fp_sink_free(FpSink *sink); /* NULL is allowed */

/* For the kinds: fills in what all sinks have. Borrows selection and summary. */
void fp_sink_init(FpSink *sink, const FpSinkKind *kind, const FpSelection *selection, FpSummary *summary);

/* See fp_pass_log_to. */
void fp_sink_log_to(FpSink *sink, FpOutput *log, const FpLogStyle *style, const char *source);

/* Fills in how the decoder is to keep records whose fragments wait. Returns false when none have to be kept. */
bool fp_sink_keeper(FpSink *sink, FpKeeper *keeper);

/* Whether the fragments of kept frames are written, too. */
bool fp_sink_writes_fragments(const FpSink *sink);

/* Says whose records are about to be decoded and taken, and by which decoder. Returns false and sets error. */
bool fp_sink_begin_batch(FpSink *sink, const FpCapture *capture, FpDecoder *decoder, GError **error);

/* Whether a segment has to be handed to fp_sink_take_segment. */
static inline bool fp_sink_wants(const FpSink *sink, const FpVerdict *verdict)
{
    return verdict->classes & sink->wanted || (verdict->ends_flight && sink->wants_ends);
}

/* Whether a segment was the last of its stream's opening that the sink wants, as neither a ClientHello nor a reply can come in it any more.
 * Ask when it has been taken. */
bool fp_sink_ends_opening(const FpSink *sink, const FpSegment *segment, const FpVerdict *verdict);

/* Takes a record that is not a frame. Returns false and sets error. */
bool fp_sink_take_block(FpSink *sink, const FpRecord *block, GError **error);

/* Takes a segment that the sink wants: what it alone calls for, such as a line. A line may be written later than its frame: the later
 * frames of the flight are shown to the sink, too, and so is the end of the flight. Returns false and sets error. */
bool fp_sink_take_segment(FpSink *sink, const FpFound *found, GError **error);

/* Takes a frame whose segments, together, are in so many classes, after all of its segments. Returns false and sets error. */
bool fp_sink_take_frame(FpSink *sink, const FpRecord *record, const GPtrArray *fragments, uint8_t classes, GError **error);

/* After a batch of n records, of which the last has the time last_ns. Returns false and sets error. */
bool fp_sink_after_batch(FpSink *sink, int n, int64_t last_ns, GError **error);

/* See fp_pass_n_waiting, fp_pass_save_messages and fp_pass_load_messages. */
unsigned fp_sink_n_waiting(const FpSink *sink);
void fp_sink_save_messages(const FpSink *sink, GByteArray *bytes);
void fp_sink_load_messages(FpSink *sink, const GByteArray *bytes, bool are_over);

/* For the kinds: fills in the log entry of a first payload frame, and what it has of its message. *notes is filled in; entry borrows it and
 * found, part too. */
void fp_sink_entry(FpSink *sink, const FpFound *found, FpDecodeNotes *notes, FpLogEntry *entry, FpMessagePart *part);

/* For the kinds: write a line that was not asked about, or those of all messages that have ended. Return false and set error. */
bool fp_sink_write_line(FpSink *sink, const FpLogEntry *entry, GError **error);
bool fp_sink_write_ended(FpSink *sink, FpMessages *messages, GError **error);

/* For the kinds: looks for a later ClientHello in a segment. Returns its message, borrowed, if one begins that is to be held; NULL: none
 * does. The message may have ended, and may turn out to be none. */
FpMessage *fp_sink_follow(FpSink *sink, const FpFound *found);

/* For the kinds: adds a segment to its stream's reply, if that is waited for. */
void fp_sink_reply(FpSink *sink, const FpFound *found);

/* For the kinds: adds a segment to its stream's message, if it is in the flight, and ends the message, if it ends the flight. */
void fp_sink_go_on(FpSink *sink, const FpFound *found);

#endif
