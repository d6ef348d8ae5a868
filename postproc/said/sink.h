/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sink.h - a text, a few characters at a time -> a digest, or memory as far as that goes. Both get many at once, as each call costs. */
#ifndef FP_SAID_SINK_H
#define FP_SAID_SINK_H

#include "said-internal.h"

#include <string.h>

/* So many characters may be put between fp_sink_room and fp_sink_end. */
#define FP_SINK_ROOM_BYTES 16

typedef struct {
    gcry_md_hd_t md; /* or NULL */
    char *text;      /* without md: where it goes */
    size_t text_bytes;
    size_t n; /* characters that went on */
    size_t waiting;
    char buffer[256];
} FpSink;

/* What is put goes to a digest that begins anew. */
static inline void fp_sink_to_digest(FpSink *sink, gcry_md_hd_t md)
{
    gcry_md_reset(md);
    sink->md = md;
    sink->text = NULL;
    sink->text_bytes = 0;
    sink->n = sink->waiting = 0;
}

/* What is put goes to text, as far as that goes. */
static inline void fp_sink_to_text(FpSink *sink, char *text, size_t text_bytes)
{
    sink->md = NULL;
    sink->text = text;
    sink->text_bytes = text_bytes;
    sink->n = sink->waiting = 0;
}

/* All that was put goes on. */
static inline void fp_sink_flush(FpSink *sink)
{
    size_t room = sink->md == NULL && sink->n < sink->text_bytes ? sink->text_bytes - sink->n : 0;

    if (sink->md != NULL)
        gcry_md_write(sink->md, sink->buffer, sink->waiting);
    else if (room > 0)
        memcpy(sink->text + sink->n, sink->buffer, sink->waiting < room ? sink->waiting : room);
    sink->n += sink->waiting;
    sink->waiting = 0;
}

/* Where the next characters go. */
static inline char *fp_sink_room(FpSink *sink)
{
    if (sink->waiting > sizeof sink->buffer - FP_SINK_ROOM_BYTES)
        fp_sink_flush(sink);
    return sink->buffer + sink->waiting;
}

/* They end before end. */
static inline void fp_sink_end(FpSink *sink, const char *end)
{
    sink->waiting = (size_t)(end - sink->buffer);
}

static inline bool fp_sink_is_empty(const FpSink *sink)
{
    return sink->n + sink->waiting == 0;
}

/* The digest of all that was put; it is the handle's, until the next one begins. */
static inline const uint8_t *fp_sink_digest(FpSink *sink)
{
    fp_sink_flush(sink);
    return gcry_md_read(sink->md, 0);
}

#endif
