/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tshark.h - Wireshark's dissection of frames: tshark as a child process, given them through a pipe as pcapng, which answers line by line.
 *
 * Nothing here waits but fp_tshark_exchange, and that no longer than it is told, so neither side can wait for the other. Frames are
 * numbered as tshark does. Markers are frames of ours that no dissector takes: they show how far tshark has come where it says nothing of
 * frames that do not match, and push on what it might hold back in a buffer.
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
    uint32_t link_type; /* as files have it */
    uint32_t captured_bytes;
    uint32_t wire_bytes;
    int64_t time_ns;
    uint8_t data[];
} FpTsharkFrame;

FpTsharkFrame *fp_tshark_frame_new(uint32_t link_type, const FpRecord *record);

/* What a child is asked of each frame: one of the two. */
typedef struct {
    char *const *fields; /* names, NULL-terminated */
    const char *filter;  /* whether it matches */
} FpTsharkQuestion;

/* Has the frame's values, borrowed, with fields; with a filter NULL, and is called only for frames that match. Also called for markers. */
typedef void (*FpTsharkAnswer)(void *user, uint64_t number, FpFieldValues *values);

typedef struct FpTshark FpTshark;

/* How long, in seconds, a tshark may say nothing before it is taken for dead, where FIRSTPAYLOAD_TSHARK_SECONDS in the environment says so;
 * 0 where it does not. */
int fp_tshark_patience_s(void);

/* Is called again and again while tshark is waited for. Returns whether somebody wants that to end: then it lasts no longer than
 * FP_PRESSED_SECONDS from there on, if tshark says nothing and FIRSTPAYLOAD_TSHARK_SECONDS does not say otherwise. */
typedef bool (*FpTsharkWaiting)(void *user);
#define FP_PRESSED_SECONDS 10

/* Whether the questions, of which either may be missing, make sense to tshark. Fails with FP_ERROR_USAGE and what tshark has to say when
 * they do not, with FP_ERROR_UNAVAILABLE when tshark does not work at all; one that dies is tried again. waiting may be NULL. */
bool fp_tshark_check(const FpTsharkQuestion *question, FpTsharkWaiting waiting, void *user, GError **error);

/* question is copied. Returns NULL with error set when there is no tshark. fp_tshark_free ends it, whatever it is at. */
FpTshark *fp_tshark_start(const FpTsharkQuestion *question, FpTsharkAnswer answer, void *user, GError **error);
void fp_tshark_free(FpTshark *tshark);

#define FP_MARKER_BYTES_MAX 8192U

/* Puts a frame, or a marker of so many bytes, behind those that wait to be sent. Returns its number, from 1. */
uint64_t fp_tshark_give(FpTshark *tshark, const FpTsharkFrame *frame);
uint64_t fp_tshark_mark(FpTshark *tshark, size_t bytes);

/* Sends and receives, waiting up to wait_ms for something to be sent or received; calls answer. Returns false when tshark has ended. */
bool fp_tshark_exchange(FpTshark *tshark, int wait_ms);

/* How many bytes wait to be sent. */
size_t fp_tshark_unsent(const FpTshark *tshark);

/* Why it has ended, in words; the caller's. */
char *fp_tshark_failure(FpTshark *tshark);

#endif
