/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dissector.h - what Wireshark says of streams: the frames that open each -> its fields, and whether it matches a display filter.
 *
 * file -> record -> segment -> stream -> verdict -> [tshark] -> output
 *
 * Frames of the classes handshake, first and flight go to tshark (tshark.h), those of the handshake only once there is payload: a scan
 * costs it nothing. Fields are those of the first frame of the flight that has any. A filter is asked of the flight as a whole: its frames
 * are given in such an order that the one with its first byte, given last, shows all of its messages. Before that, what comes is asked
 * about as it comes, if what matches a part of the flight matches the whole, too.
 *
 * When a flight is over the verdict says; else it is at the end, and in a capture that goes on while it is read ASKED_SECONDS after its
 * first frame, by its time or by the clock. What tshark is given of a stream begins with a SYN, captured or made here, so that what it was
 * given before changes nothing.
 *
 * When tshark dies, or does not answer for too long, another is started and given what had not been done with, one stream after the other;
 * a stream on which that one dies, too, is done without an answer. So are, when tshark keeps dying, all.
 */
#ifndef FP_DISSECTOR_H
#define FP_DISSECTOR_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "capture/capture.h"
#include "segment.h"
#include "tshark.h"
#include "verdict.h"

/* What is asked of streams; either may be missing. */
typedef struct {
    char **fields; /* names, NULL-terminated */
    char *filter;
} FpQuestions;

/* Has something to be told to people, once for each thing. */
typedef void (*FpSay)(const char *what);

typedef struct {
    uint64_t unmatched;      /* streams that do not match */
    uint64_t unjudged;       /* streams of which the filter could not be asked: taken for matching */
    uint64_t without_fields; /* streams of which the fields could not be asked */
    uint64_t hurried;        /* streams whose fields are those of what had come of their flight when too much waited */
    uint64_t late;           /* streams that were silent for so long that their handshake was forgotten */
} FpDissectorStats;

typedef struct {
    unsigned keep; /* classes of frames that are kept: for those but first, which streams have matched is remembered, of the last
                      FP_MATCHED_MAX */
    FpSay say;
    FpTsharkWaiting waiting; /* may be NULL */
    void *user;
} FpDissectorOptions;

#define FP_MATCHED_MAX 262144U

typedef struct FpDissector FpDissector;

/* A stream that is asked about. */
typedef struct FpAskedStream FpAskedStream;

/* questions are borrowed, and there is one at least. With a filter tshark must work; without, when it does not, that is said, and all
 * streams are done without an answer. Returns NULL with error set: FP_ERROR_USAGE and tshark's words when questions make no sense. */
FpDissector *fp_dissector_new(const FpQuestions *questions, const FpDissectorOptions *options, GError **error);
void fp_dissector_free(FpDissector *dissector); /* NULL is allowed */

/* Of the capture that comes next: whether time goes on while no frames come, and whether frames get lost that are not taken at once. */
void fp_dissector_set_live(FpDissector *dissector, bool has_clock, bool is_urgent);

/* A frame as it was captured, borrowed. */
typedef struct {
    const FpCapture *capture;
    const FpRecord *record;
    const FpSegment *segment;
    const GPtrArray *fragments; /* of FpTsharkFrame, those with which it completes a datagram */
} FpDissectorFrame;

/* Takes a frame that is in any class, or ends a flight. Returns the stream, to be unreferenced; or NULL when nothing is asked of it any
 * more: then fp_dissector_has_matched knows. */
FpAskedStream *fp_dissector_take(FpDissector *dissector, const FpVerdict *verdict, const FpDissectorFrame *frame);

/* Begins anew, with the streams that have matched before: of uint64_t, oldest first, or NULL. What is asked of others is forgotten. */
void fp_dissector_restart(FpDissector *dissector, const GArray *matched);

/* Which streams have matched; the caller's. */
GArray *fp_dissector_matched(const FpDissector *dissector);

/* Where nothing is asked any more because tshark does not work: tries it again, at most once a minute. */
void fp_dissector_retry(FpDissector *dissector);

/* Whether a stream that was done matches, or was not judged. */
bool fp_dissector_has_matched(const FpDissector *dissector, uint32_t stream);

/* Sees whether there are answers, and which flights are over by now, which is a time as records have it. Does not wait. */
void fp_dissector_poll(FpDissector *dissector, int64_t now_ns);

/* Waits until tshark has answered for all frames that it was given: wait_ms at most, or, with -1, as long as it takes. */
void fp_dissector_settle(FpDissector *dissector, int wait_ms);

/* As much waits as may: waits for tshark as long as the capture can. The other takes, before that, flights for over that began
 * ASKED_SECONDS ago, which are not those of live captures alone then. */
void fp_dissector_hurry(FpDissector *dissector);
void fp_dissector_end_old(FpDissector *dissector);

/* All flights are over; goes_on: or taken for that, as more may come of them. Afterwards each stream is done. */
void fp_dissector_end(FpDissector *dissector, bool goes_on);

/* A stream cannot be waited for any longer: what tshark has said so far is its answer, unless that is that it does not match, or nothing.
 */
void fp_dissector_abandon(FpDissector *dissector, FpAskedStream *asked);

const FpDissectorStats *fp_dissector_stats(const FpDissector *dissector);

FpAskedStream *fp_asked_stream_ref(FpAskedStream *asked);
void fp_asked_stream_unref(FpAskedStream *asked);
bool fp_asked_stream_is_done(const FpAskedStream *asked);

/* Of one that is done: whether it is kept, why there is no answer (NULL: there is), and the fields that it has (NULL: none were asked for).
 */
bool fp_asked_stream_is_kept(const FpAskedStream *asked);
const char *fp_asked_stream_failure(const FpAskedStream *asked);

/* Whether the answer is that of what had come of its flight, when that could not be waited for any longer. */
bool fp_asked_stream_is_cut_off(const FpAskedStream *asked);
const FpFieldValues *fp_asked_stream_values(const FpAskedStream *asked);

#endif
