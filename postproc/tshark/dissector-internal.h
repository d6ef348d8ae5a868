/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dissector-internal.h - the parts of a dissector: dissector.c (streams and their ends), asked-stream.c (one stream: its frames and its
 * answers), child.c (one tshark), tshark-pool.c (all of them, and their deaths). Nobody else includes it. */
#ifndef FP_DISSECTOR_INTERNAL_H
#define FP_DISSECTOR_INTERNAL_H

#include "connection.h"
#include "dissector.h"

typedef enum {
    FIELDS,
    FILTER,
    N_KINDS,
} Kind;

typedef struct Generation Generation;

/* A frame that tshark was given and has not answered for. */
typedef struct {
    uint64_t number;
    FpAskedStream *asked; /* NULL: a marker */
    bool counts;
} Given;

/* A tshark, which is asked one kind of question. */
typedef struct {
    FpTshark *tshark; /* NULL: that is not asked */
    Generation *generation;
    Kind kind;
    GQueue given;       /* of Given */
    GHashTable *owners; /* key of a connection -> number of the stream, plus one, that was given last on its endpoints */
    bool has_answered;
    guint n_frames; /* that it was given, but for markers */
    guint unmarked;
    gint64 progress_us; /* when it answered last, or had nothing to answer */
    gint64 marked_us;
} TsharkChild;

/* The tsharks that are given the same streams. They remember each frame, so that others take over from time to time. */
struct Generation {
    FpDissector *dissector;
    TsharkChild children[N_KINDS];
    guint n_asked; /* streams that are not done */
};

typedef struct {
    FpTsharkFrame *frame;
    uint32_t relative_seq, payload_bytes;
    bool counts;   /* it is of the flight; others are given so that tshark knows where the flight begins */
    bool is_piece; /* an IP fragment, of use only with the next that is none */
    bool is_syn;   /* a SYN without ACK */
} Held;

typedef enum {
    SILENT, /* it has not had payload yet */
    OPEN,
    DONE,
} AskedState;

/* How far it is with one kind of question. A stream's frames are given as they come, as long as nothing else is given on its endpoints. If
 * that left something open, all of its flight is given once more when that is over, in one go. */
typedef struct {
    guint unanswered;    /* frames */
    bool is_interrupted; /* not all were given as they came */
    bool is_whole;       /* all were given in one go */
} Progress;

struct FpAskedStream {
    guint refs;
    uint32_t number;
    AskedState state;
    bool is_over;     /* its flight */
    bool is_cut_off;  /* its flight was taken for over, as it could not be waited for any longer */
    bool matches;     /* the filter */
    bool is_answered; /* as to the fields */
    char *failure;
    FpFieldValues *values;
    int64_t began_ns;
    gint64 began_us;
    FpConnection connection;
    GBytes *key;    /* of the connection, from its first payload on */
    GArray *frames; /* of Held, to be given again */
    size_t bytes;
    Progress progress[N_KINDS];
    unsigned deaths;        /* of tsharks, that it may have been the cause of */
    Generation *generation; /* NULL: its frames are only held */
    GList *link;            /* in silent or open */
};

struct FpDissector {
    const FpQuestions *questions;
    FpDissectorOptions options;
    bool has_clock, is_urgent; /* see fp_dissector_set_live */
    bool *ends_asking;         /* for each field: whether a stream that has it is done */
    bool filters_parts;        /* what matches a part of a flight matches the flight */
    int64_t now_ns;            /* of the records */
    char *broken;              /* why nothing is asked any more */
    gint64 broken_us;
    char *said;         /* the last that was told about that */
    GQueue generations; /* the last is the one for new streams */
    guint frames_max;   /* of a generation */
    int patience_s;     /* see fp_tshark_patience_s */
    gint64 pressed_us;  /* since when somebody wants the waiting to end; 0: nobody does */
    unsigned deaths;
    GHashTable *asked; /* by number; not those that are done */
    GQueue silent;     /* in the order of their first frames */
    GQueue open;       /* in the order of their first payload */
    size_t bytes;
    GHashTable *matched; /* numbers */
    GQueue matched_order;
    FpDissectorStats stats;
};

/* asked-stream.c. A new one, and a frame for it, which it takes over. */
FpAskedStream *fp_asked_stream_new(const FpDissector *dissector, uint32_t number, int64_t time_ns);
void fp_asked_stream_hold(FpDissector *dissector, FpAskedStream *asked, const Held *held);
void fp_asked_stream_drop_last(FpDissector *dissector, FpAskedStream *asked); /* of its frames, which is none that was given */

void fp_asked_stream_check(FpDissector *dissector, FpAskedStream *asked); /* whether it is done now */
void fp_asked_stream_fail(FpDissector *dissector, FpAskedStream *asked, const char *why);
void fp_asked_stream_apply(FpDissector *dissector, FpAskedStream *asked, Kind kind, FpFieldValues *values); /* values: NULL for a match */

/* How many frames tshark has yet to answer for. */
guint fp_asked_stream_unanswered(const FpAskedStream *asked);

/* dissector.c. Nothing is asked any more of a stream, and nothing held. */
void fp_asked_stream_finish(FpDissector *dissector, FpAskedStream *asked);

/* Nothing is asked any more; that is said. */
void fp_dissector_break(FpDissector *dissector, const char *why);

/* child.c. Starts it, unless nothing of its kind is asked; false with error set where there is no tshark. */
bool fp_tshark_child_start(TsharkChild *child, Generation *generation, Kind kind, GError **error);
void fp_tshark_child_clear(TsharkChild *child);

/* Gives it a marker. */
#define FP_MARK_BYTES 16U
void fp_tshark_child_mark(TsharkChild *child, size_t bytes);

/* Has a stream's questions go to this generation, and gives it the frames that there are. */
void fp_tshark_pool_join(Generation *generation, FpAskedStream *asked);

/* Its questions go nowhere any more: its frames are only held. */
void fp_tshark_pool_leave(FpAskedStream *asked);

/* Gives a stream's frame to the stream's tsharks; or all of its frames, as one message, to one of them. */
void fp_tshark_pool_give(FpAskedStream *asked, const Held *held);
void fp_tshark_pool_give_whole(FpAskedStream *asked, Kind kind);

/* tshark-pool.c. The generation for a new stream. */
Generation *fp_tshark_pool_current(FpDissector *dissector);

/* Sends and receives. Sees to those that have died, so that any stream may be done afterwards. */
void fp_tshark_pool_poll(FpDissector *dissector);
void fp_tshark_pool_settle(FpDissector *dissector, int wait_ms);
void fp_tshark_pool_clear(FpDissector *dissector);

/* How much waits to be sent to the one for which most does. */
size_t fp_tshark_pool_unsent(const FpDissector *dissector);

#endif
