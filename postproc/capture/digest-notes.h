/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * digest-notes.h - what a digest says of the captures that it stands for: sections of pcapng that hold nothing but a comment, and a number
 * for each frame. docs/digest.md has the format.
 *
 * Strangers write what is read here: everything is checked, and nothing outside the bytes given is looked at.
 */
#ifndef FP_DIGEST_NOTES_H
#define FP_DIGEST_NOTES_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FP_DIGEST_FILE_HEADER_BYTES 24U /* of a classic pcap */

/* For what a digest was made, and of which capture what follows is. All zero needs no fp_digest_note_clear. */
typedef struct {
    char *name;   /* as the capture was called on the command line; any bytes */
    char *file;   /* its path, absolute or from the folder of the digest; any bytes; NULL: it had none */
    bool is_pcap; /* classic pcap, with this header; else pcapng */
    uint8_t file_header[FP_DIGEST_FILE_HEADER_BYTES];
    bool is_alone;    /* the digest stands for one capture */
    bool has_opening; /* opening_bytes counts */
    uint32_t flight_bytes;
    uint32_t opening_bytes;
    unsigned transports; /* FP_TAKES_... */
    char *stream_key;    /* --stream-key as it was given; NULL: it was not */
} FpDigestNote;

/* What stands behind the last frame of a capture. */
typedef struct {
    uint64_t frames; /* of the capture */
    uint64_t kept;   /* of these, in the digest */
    char *cut;       /* what was missing at the capture's end; NULL: nothing */
} FpDigestEnd;

/* Bits of a frame's number. */
#define FP_DIGEST_NUMBER_MAX ((UINT64_C(1) << 48) - 1)
#define FP_DIGEST_CUT (UINT64_C(1) << 63)       /* only the headers are there */
#define FP_DIGEST_ASSERTION (UINT64_C(1) << 62) /* it asserts (core/digest.h) */
#define FP_DIGEST_LATE (UINT64_C(1) << 61)      /* it stands behind frames that came after it */
#define FP_DIGEST_OPT_END (UINT64_C(1) << 60)   /* its block had no options but their end */
#define FP_DIGEST_SIMPLE (UINT64_C(1) << 59)    /* its block was a simple one */
#define FP_DIGEST_HEADER (UINT64_C(1) << 58)    /* a comment has the header of its record, which cannot be made from the block */

/* What that comment begins with; hexadecimal digits follow. */
#define FP_DIGEST_HEADER_PREFIX "record header: "

typedef enum {
    FP_DIGEST_MARK_NONE, /* a section as others are */
    FP_DIGEST_MARK_BEGIN,
    FP_DIGEST_MARK_END,
    FP_DIGEST_MARK_DAMAGED,
} FpDigestMark;

/* Whether a section header, of n bytes and in this byte order, has a note of a digest in it. */
bool fp_digest_is_mark(const uint8_t *section, size_t n, bool swapped);

/* Reads the note in a section header. Fills in *note or *end, as the result says; they are to be cleared. *wrong is set when it is
 * FP_DIGEST_MARK_DAMAGED, and both are left empty then. */
FpDigestMark fp_digest_read_mark(const uint8_t *section, size_t n, bool swapped, FpDigestNote *note, FpDigestEnd *end, const char **wrong);

/* Append a section with the note to bytes, in this machine's byte order. */
void fp_digest_append_begin(GByteArray *bytes, const FpDigestNote *note);
void fp_digest_append_end(GByteArray *bytes, const FpDigestEnd *end);

/* The same with any lines, to which their check is added: for tests. */
void fp_digest_append_text(GByteArray *bytes, const char *lines);

/* Frees what note holds, and leaves it empty. */
void fp_digest_note_clear(FpDigestNote *note);

#endif
