/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tshark.h - Wireshark's dissection of frames: tshark as a child process that reads frames as pcapng from a pipe, and answers line by line.
 *
 * Giving frames never waits, and fp_tshark_exchange waits no longer than it is told, so neither process can block the other. Frames have
 * the numbers that tshark gives them. Markers are frames of our own that no dissector takes. They show how far tshark has come, because it
 * says nothing about frames that do not match; and they push out what it might hold in a buffer.
 */
#ifndef FP_TSHARK_H
#define FP_TSHARK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "capture/record.h"
#include "tshark-answer.h"

/* A copy of a frame. */
typedef struct {
    uint32_t link_type; /* as in capture files */
    uint32_t captured_bytes;
    uint32_t wire_bytes;
    int64_t time_ns;
    uint8_t data[];
} FpTsharkFrame;

/* Returns a copy of a record's frame, of at most FP_FRAME_BYTES_MAX bytes. The caller frees it with g_free. */
FpTsharkFrame *fp_tshark_frame_new(uint32_t link_type, const FpRecord *record);

/* What a child is asked about each frame: one of the two. */
typedef struct {
    char *const *fields; /* names, NULL-terminated */
    const char *filter;  /* whether it matches */
} FpTsharkQuestion;

/* Receives an answer, also for markers. With fields, values are those of the frame, borrowed. With a filter, values is NULL, and only
 * frames that match are answered. */
typedef void (*FpTsharkAnswer)(void *user, uint64_t number, FpFieldValues *values);

typedef struct FpTshark FpTshark;

/* Returns after how many silent seconds a tshark is taken for dead, if FIRSTPAYLOAD_TSHARK_SECONDS in the environment says so; else 0. */
int fp_tshark_patience_s(void);

/* Called again and again while tshark is waited for. Returns whether somebody wants waiting to end: then a silent tshark gets at most
 * FP_PRESSED_SECONDS from there on, unless FIRSTPAYLOAD_TSHARK_SECONDS says otherwise. */
typedef bool (*FpTsharkWaiting)(void *user);
#define FP_PRESSED_SECONDS 10

/* What to do about a tshark that does not work. */
#define FP_TSHARK_ADVICE "try tshark -v, and reinstall it if need be"

/* Checks that the questions, either of which may be NULL, make sense to tshark. Fails with FP_ERROR_USAGE and tshark's words when they do
 * not, and with FP_ERROR_UNAVAILABLE when tshark does not work at all. A tshark that dies is tried again. is_refused: one has refused the
 * questions already. waiting may be NULL. */
bool fp_tshark_check(const FpTsharkQuestion *question, bool is_refused, FpTsharkWaiting waiting, void *user, GError **error);

/* Notes what tshark will be asked, before the helper is forked that starts it (base/helper.h): it starts tshark for nothing else. */
void fp_tshark_prepare(const FpTsharkQuestion *question);

/* Starts a tshark. question is copied. Returns NULL with error set when that fails. */
FpTshark *fp_tshark_start(const FpTsharkQuestion *question, FpTsharkAnswer answer, void *user, GError **error);
/* Ends a tshark, whatever it is doing, and frees it. NULL is allowed. */
void fp_tshark_free(FpTshark *tshark);

#define FP_MARKER_BYTES_MAX 8192U

/* Queues a frame to be sent. Returns its number, from 1. */
uint64_t fp_tshark_give(FpTshark *tshark, const FpTsharkFrame *frame);
/* Queues a marker of so many bytes, at most FP_MARKER_BYTES_MAX. Returns its number. */
uint64_t fp_tshark_mark(FpTshark *tshark, size_t bytes);

/* Sends and receives; waits at most wait_ms until one of the two is possible. Calls answer. Returns false when tshark has ended. */
bool fp_tshark_exchange(FpTshark *tshark, int wait_ms);

/* Whether tshark has closed its output; false: it is still there, even if it hangs. */
bool fp_tshark_has_ended(const FpTshark *tshark);
/* Whether it has ended by itself and said why. */
bool fp_tshark_has_refused(const FpTshark *tshark);

/* Returns how many bytes wait to be sent. */
size_t fp_tshark_unsent(const FpTshark *tshark);

/* Returns why tshark has ended, in words. The caller frees the text. */
char *fp_tshark_failure(FpTshark *tshark);

#endif
