/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dissector.h - what Wireshark says of streams: the frames that open each -> its fields, and whether it matches a display filter.
 *
 * file -> record -> segment -> stream -> verdict -> [tshark] -> output
 *
 * Frames of the classes handshake, first and flight go to tshark (tshark.h). Those of the handshake wait until there is payload, so a scan
 * costs tshark nothing. Fields come from the first frame of the flight that has any. A filter applies to the flight as a whole: the frame
 * with its first byte is given last, and then shows all of its messages. Before that, frames are asked about as they come, if what matches
 * a part of the flight also matches the whole.
 *
 * The verdict says when a flight is over; at the end of the capture all are. In a capture that goes on while it is read, a flight is also
 * over ASKED_SECONDS after its first frame, by the frames' time or by the clock. What tshark is given of a stream begins with a SYN,
 * captured or made here, so nothing that it was given before matters.
 *
 * When tshark dies, or does not answer for too long, another one is started and given the unfinished streams, one after the other. A stream
 * on which that one dies, too, is done without an answer. When tshark keeps dying, all streams are.
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

/* What is asked about streams; either may be NULL. */
typedef struct {
    char **fields; /* names, NULL-terminated */
    char *filter;
} FpQuestions;

/* Tells people something; called once for each thing. */
typedef void (*FpSay)(const char *what);

typedef struct {
    uint64_t unmatched;      /* streams that do not match */
    uint64_t unjudged;       /* streams that the filter could not be asked about: they count as matching */
    uint64_t without_fields; /* streams whose fields could not be asked for */
    uint64_t hurried;        /* streams whose fields come from only a part of their flight, because too much waited */
    uint64_t late;           /* streams that were silent so long that their handshake was dropped */
} FpDissectorStats;

typedef struct {
    unsigned keep; /* classes of frames that are kept. For classes other than first, the last FP_MATCHED_MAX streams that matched are
                      remembered. */
    FpSay say;
    FpTsharkWaiting waiting; /* may be NULL */
    void *user;
} FpDissectorOptions;

#define FP_MATCHED_MAX 262144U

/* In the number of a stream: a later message of it, which is asked about alone. Frames of the opening before it are given as of the class
 * handshake, its first as first. It is no stream that counts, nor is it remembered. */
#define FP_DISSECTOR_LATER 0x80000000U

typedef struct FpDissector FpDissector;

/* A stream that tshark is asked about; reference-counted. */
typedef struct FpAskedStream FpAskedStream;

/* Returns a new dissector. questions is borrowed, and has at least one question. With a filter, tshark must work. Without, a tshark that
 * does not work is reported, and all streams are done without an answer. Returns NULL with error set: FP_ERROR_USAGE with tshark's words
 * when questions make no sense. */
FpDissector *fp_dissector_new(const FpQuestions *questions, const FpDissectorOptions *options, GError **error);
/* Frees a dissector; finishes its streams. NULL is allowed. */
void fp_dissector_free(FpDissector *dissector);

/* Describes the next capture. has_clock: time goes on while no frames come. is_urgent: frames that are not taken at once get lost. */
void fp_dissector_set_live(FpDissector *dissector, bool has_clock, bool is_urgent);

/* A captured frame; everything is borrowed. */
typedef struct {
    const FpCapture *capture;
    const FpRecord *record;
    const FpSegment *segment;
    const GPtrArray *fragments; /* of FpTsharkFrame: the other fragments of the datagram that it completes */
} FpDissectorFrame;

/* Takes a frame of any class, or one that ends a flight. Returns its stream, which the caller unrefs; or NULL when the stream is no longer
 * asked about, and fp_dissector_has_matched has the answer. */
FpAskedStream *fp_dissector_take(FpDissector *dissector, const FpVerdict *verdict, const FpDissectorFrame *frame);

/* Ends the flight of a stream: nothing more comes of it. */
void fp_dissector_end_flight(FpDissector *dissector, FpAskedStream *asked);

/* Starts over. matched: the streams that have matched before, as uint64_t, oldest first; or NULL. Unfinished streams are dropped. */
void fp_dissector_restart(FpDissector *dissector, const GArray *matched);

/* Returns the streams that have matched, in the same form. The caller unrefs the array. */
GArray *fp_dissector_matched(const FpDissector *dissector);

/* When nothing is asked any more because tshark does not work: tries it again, at most once a minute. */
void fp_dissector_retry(FpDissector *dissector);

/* Whether a stream that is done matched, or was not judged. */
bool fp_dissector_has_matched(const FpDissector *dissector, uint32_t stream);

/* Takes the answers that have come, and ends the flights that are over at now_ns, a time as records have it. Does not wait. */
void fp_dissector_poll(FpDissector *dissector, int64_t now_ns);

/* Waits until tshark has answered for all frames that it was given: at most wait_ms, or, with -1, as long as it takes. */
void fp_dissector_settle(FpDissector *dissector, int wait_ms);

/* Call this when no more may wait: waits for tshark as long as the capture can. */
void fp_dissector_hurry(FpDissector *dissector);
/* The same, but first ends the flights that began more than ASKED_SECONDS ago, also in captures that are not live. */
void fp_dissector_end_old(FpDissector *dissector);

/* Ends all flights. goes_on: more may come of them, so they are only taken for over. Afterwards each stream is done. */
void fp_dissector_end(FpDissector *dissector, bool goes_on);

/* Gives up waiting for a stream. Its answer is what tshark has said so far. If that is nothing, or no match, the stream is done without an
 * answer. */
void fp_dissector_abandon(FpDissector *dissector, FpAskedStream *asked);

/* Returns the counts so far; borrowed. */
const FpDissectorStats *fp_dissector_stats(const FpDissector *dissector);

/* Adds a reference and returns the stream. */
FpAskedStream *fp_asked_stream_ref(FpAskedStream *asked);
/* Drops a reference; the last one frees the stream. */
void fp_asked_stream_unref(FpAskedStream *asked);
/* Whether there is nothing more to wait for. */
bool fp_asked_stream_is_done(const FpAskedStream *asked);

/* Has tell called with user when the stream is done, if it is not yet; tell may not call the dissector. Several may ask for that. */
void fp_asked_stream_on_done(FpAskedStream *asked, void (*tell)(void *user), void *user);
/* Takes that back, for all that were asked for with this user. */
void fp_asked_stream_forget(FpAskedStream *asked, const void *user);

/* Of a stream that is done: whether it is kept. */
bool fp_asked_stream_is_kept(const FpAskedStream *asked);
/* Of a stream that is done: why there is no answer, or NULL if there is one. Borrowed. */
const char *fp_asked_stream_failure(const FpAskedStream *asked);

/* Whether the answer covers only the part of the flight that had come when waiting for the rest had to end. */
bool fp_asked_stream_is_cut_off(const FpAskedStream *asked);
/* Of a stream that is done: its fields, or NULL if none were asked for. Borrowed. */
const FpFieldValues *fp_asked_stream_values(const FpAskedStream *asked);

#endif
