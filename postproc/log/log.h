/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.h - first payload frames -> lines of a log: what every new connection said first.
 *
 * file -> record -> segment -> stream -> verdict -> [output]
 *
 * Each such frame becomes one line, for people (log-text.c) or for programs (log-json.c), which goes to the output in one piece. Or it
 * becomes a row of a table (log-table.c, table.h), which is laid out once there are enough rows. Or it is counted (tally.h), for a report.
 */
#ifndef FP_LOG_H
#define FP_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "capture/record.h"
#include "choice.h"
#include "decode/span.h"
#include "output/output.h"
#include "said/answer.h"
#include "said/said.h"
#include "segment.h"
#include "table.h"
#include "tally.h"
#include "verdict.h"

typedef enum {
    FP_LOG_TEXT,
    FP_LOG_JSON,
    FP_LOG_TABLE,
} FpLogFormat;

/* What lines look like. */
typedef struct {
    FpLogFormat format;
    uint32_t payload_bytes;  /* at most this many bytes of each payload are in its line; 0: there is no payload in it */
    uint32_t message_bytes;  /* and this many of each message; likewise */
    int64_t message_wait_ns; /* nothing of a message has come for so long: its line is written */
    uint64_t message_memory; /* messages whose lines wait take at most this much */
    FpChoice choice;         /* of messages that have lines */
    bool has_reply;          /* lines have what was answered, and wait for it */
    bool redacts;            /* no line has secrets */
    bool in_order;           /* lines come in the order of first payload frames, not in that in which messages are complete */
    uint16_t community_id_seed;
    const char *host;    /* the sensor's name in JSON lines; NULL: none */
    char *const *fields; /* names of the fields that tshark is asked for; NULL: none */
    FpTable *table;      /* for FP_LOG_TABLE; at most one log at a time may use it. Else NULL */
    FpTally *tally;      /* entries are counted there instead of becoming lines, and no output is needed; NULL: they are not */
} FpLogStyle;

#define FP_LOG_PAYLOAD_BYTES_DEFAULT 256U
#define FP_LOG_PAYLOAD_BYTES_MAX 65535U
#define FP_LOG_INTERFACE_BYTES_MAX 512U /* of an interface's name; the rest is left out */
#define FP_LOG_MESSAGE_WAIT_SECONDS_DEFAULT 5
#define FP_LOG_MESSAGE_MEMORY_DEFAULT (UINT64_C(64) << 20)
#define FP_LOG_MESSAGE_MEMORY_MIN (UINT64_C(1) << 20)
#define FP_LOG_MESSAGE_MEMORY_MAX (UINT64_C(1) << 30) /* a checkpoint takes no more */

/* What the side that spoke first said, put together from the frames of its flight. */
typedef struct {
    const uint8_t *bytes; /* in the order of their sequence numbers, from the first, without holes */
    size_t n;
    const uint64_t *frames; /* the numbers of the frames that it is from and that are in the entry's capture; in order of capture */
    size_t n_frames;
    bool is_complete; /* nothing more was waited for */
} FpLogMessage;

/* What the other side answered. */
typedef struct {
    FpSpan payload;   /* of the first frame */
    uint64_t frame;   /* its number in the entry's capture; 0: it is in another */
    int64_t delay_ns; /* since the first payload frame */
    FpSide side;      /* who answered */
    const FpSaidAnswer *answer;
} FpLogReply;

/* A first payload frame, or the first frame of a later ClientHello, and everything that a line says about it. All of it is borrowed. */
typedef struct {
    const char *source; /* the capture file; or, with is_live, the interface */
    bool is_live;
    const char *interface; /* where the frame was captured, by its name or as "if7" by its index; NULL: the capture does not say */
    FpDirection direction; /* which way it went there */
    bool has_nanoseconds;  /* whether its time has them */
    int64_t seconds;       /* its time, as fp_capture_seconds has it; the segment has the rest */
    uint64_t frame;        /* its number in the capture, from 1 */
    const FpSegment *segment;
    const FpVerdict *verdict;
    uint64_t network;      /* which network it is of, where networks are told apart; else 0 */
    FpSpan payload;        /* of the frame */
    const uint16_t *vlans; /* IDs of the VLAN tags around it, outermost first */
    unsigned n_vlans;
    FpLogMessage message;
    uint32_t turn; /* of a ClientHello that is not the first thing said in its stream, the number of its turn (verdict.h); else 0 */
    FpSaidWay way; /* and what it comes after */
    const FpSaidFacts *facts; /* what the message says */
    const FpLogReply *reply;  /* NULL: it was not asked for, or none came */
    bool is_redacted;         /* secrets in payload, message and facts were replaced by asterisks */
} FpLogEntry;

/* Looks up a format by its name, "text" or "json". Returns false when there is none of that name. */
bool fp_log_format_from_text(const char *text, FpLogFormat *format);

/* Returns the end of the names of files with such lines: ".log", ".jsonl". NULL for tables. */
const char *fp_log_suffix(FpLogFormat format);

/* What tshark says about a stream. */
typedef struct {
    const GPtrArray *values; /* for each of the style's fields a GStrv, or NULL */
    const char *failure;     /* why it says nothing; NULL if it says something */
    bool is_cut_off;         /* it covers only what had come of the flight; there may have been more */
} FpLogAnswer;

/* Whether there is anything to do for first payload frames. output may be NULL, then style too. */
bool fp_log_is_wanted(const FpOutput *output, const FpLogStyle *style);

/* Adds the line of a frame to output. answer: what tshark says of its stream; NULL: it was not asked. line is a buffer, which is emptied
 * first. Returns false with error set when writing fails. */
bool fp_log_write(FpOutput *output, const FpLogStyle *style, const FpLogEntry *entry, const FpLogAnswer *answer, GString *line,
                  GError **error);

/* Writes out all lines and rows that wait. Returns false with error set when writing fails. */
bool fp_log_flush(FpOutput *output, const FpLogStyle *style, GError **error);

#endif
