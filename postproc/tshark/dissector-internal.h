/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dissector-internal.h - shared by the parts of a dissector: dissector.c (streams and their ends), asked-stream.c (one stream: its frames
 * and its answers), tshark-child.c (one tshark), tshark-pool.c (all of them, and their deaths). No other file includes it. */
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
    FpTshark *tshark; /* NULL: this kind of question is not asked */
    Generation *generation;
    Kind kind;
    GQueue given;       /* of Given */
    GHashTable *owners; /* key of a connection -> number, plus one, of the stream that was given last on its endpoints */
    bool has_answered;
    guint n_frames; /* frames that it was given, without markers */
    guint unmarked;
    gint64 progress_us; /* when it last answered, or had nothing to answer */
    gint64 marked_us;
} TsharkChild;

/* The tsharks that are given the same streams. tshark remembers each frame, so others take over from time to time. */
struct Generation {
    FpDissector *dissector;
    TsharkChild children[N_KINDS];
    guint n_asked; /* streams that are not done */
};

typedef struct {
    FpTsharkFrame *frame;
    uint32_t relative_seq, payload_bytes;
    bool counts;   /* it is part of the flight; other frames show tshark where the flight begins */
    bool is_piece; /* an IP fragment, useful only with the next frame that is none */
    bool is_syn;   /* a SYN without ACK */
} Held;

typedef enum {
    SILENT, /* it has had no payload yet */
    OPEN,
    DONE,
} AskedState;

/* How far a stream is with one kind of question. Its frames are given as they come, as long as no other stream is given on its endpoints.
 * If that leaves something open, the whole flight is given once more when it is over, in one go. */
typedef struct {
    guint unanswered;    /* frames */
    bool is_interrupted; /* not all were given as they came */
    bool is_whole;       /* all were given in one go */
} Progress;

typedef struct {
    void (*tell)(void *user);
    void *user;
} Told;

struct FpAskedStream {
    guint refs;
    uint32_t number;
    AskedState state;
    bool is_over;     /* its flight */
    bool is_cut_off;  /* its flight was ended because it could not be waited for any longer */
    bool matches;     /* the filter */
    bool is_answered; /* its fields are there */
    char *failure;
    FpFieldValues *values;
    int64_t began_ns;
    gint64 began_us;
    FpConnection connection;
    GBytes *key;    /* of the connection, from its first payload on */
    GArray *frames; /* of Held, to be given again */
    size_t bytes;
    Progress progress[N_KINDS];
    unsigned deaths;        /* of tsharks, which it may have caused */
    Generation *generation; /* NULL: its frames are only held */
    GList *link;            /* in silent or open */
    GSList *told;           /* of Told: who wants to know when it is done */
};

struct FpDissector {
    const FpQuestions *questions;
    FpDissectorOptions options;
    bool has_clock, is_urgent; /* see fp_dissector_set_live */
    bool *ends_asking;         /* for each field: whether a stream that has it is done */
    bool filters_parts;        /* what matches a part of a flight matches the whole */
    int64_t now_ns;            /* of the records */
    char *broken;              /* why nothing is asked any more */
    gint64 broken_us;
    char *said;         /* the last message about that */
    GQueue generations; /* the last one is for new streams */
    guint frames_max;   /* per generation */
    int patience_s;     /* see fp_tshark_patience_s */
    gint64 pressed_us;  /* since when somebody wants waiting to end; 0: nobody does */
    unsigned deaths;
    GHashTable *asked; /* unfinished streams, by number */
    GQueue silent;     /* in the order of their first frames */
    GQueue open;       /* in the order of their first payload */
    size_t bytes;
    GHashTable *matched; /* numbers */
    GQueue matched_order;
    FpDissectorStats stats;
};

/* asked-stream.c. Returns a new stream with one reference, the caller's. */
FpAskedStream *fp_asked_stream_new(const FpDissector *dissector, uint32_t number, int64_t time_ns);
/* Tells those who want to know that a stream is done. */
void fp_asked_stream_tell(FpAskedStream *asked);
/* Adds a frame to a stream and takes it over. Gives it to tshark, too, if the stream is open. */
void fp_asked_stream_hold(FpDissector *dissector, FpAskedStream *asked, const Held *held);
/* Drops the last frame of a stream, which must not have been given to tshark. */
void fp_asked_stream_drop_last(FpDissector *dissector, FpAskedStream *asked);

/* Finishes a stream if it is done now; asks what is still left to ask. */
void fp_asked_stream_check(FpDissector *dissector, FpAskedStream *asked);
/* Finishes a stream without an answer, unless it is done. why: in words, for people. */
void fp_asked_stream_fail(FpDissector *dissector, FpAskedStream *asked, const char *why);
/* Applies an answer. values: fields, some of which are taken out of it; NULL for a match of the filter. */
void fp_asked_stream_apply(FpDissector *dissector, FpAskedStream *asked, Kind kind, FpFieldValues *values);

/* Returns how many frames tshark has yet to answer for. */
guint fp_asked_stream_unanswered(const FpAskedStream *asked);

/* dissector.c. Finishes a stream: nothing more is asked about it, and none of its frames is held. */
void fp_asked_stream_finish(FpDissector *dissector, FpAskedStream *asked);

/* Stops asking about streams, and says so. */
void fp_dissector_break(FpDissector *dissector, const char *why);

/* tshark-child.c. Starts a tshark, unless nothing of its kind is asked. Returns false with error set when it cannot be started. */
bool fp_tshark_child_start(TsharkChild *child, Generation *generation, Kind kind, GError **error);
/* Ends the tshark and frees what was noted about it. */
void fp_tshark_child_clear(TsharkChild *child);

/* Gives the tshark a marker of so many bytes. */
#define FP_MARK_BYTES 16U
void fp_tshark_child_mark(TsharkChild *child, size_t bytes);

/* Directs a stream's questions to this generation, and gives it the frames held so far. */
void fp_tshark_pool_join(Generation *generation, FpAskedStream *asked);

/* Directs a stream's questions nowhere: its frames are only held. */
void fp_tshark_pool_leave(FpAskedStream *asked);

/* Gives a frame of a stream to the tsharks of its generation. */
void fp_tshark_pool_give(FpAskedStream *asked, const Held *held);
/* Gives all frames of a stream, as one message, to the tshark for this kind of question. */
void fp_tshark_pool_give_whole(FpAskedStream *asked, Kind kind);

/* tshark-pool.c. Returns the generation for a new stream; NULL when there is no tshark. */
Generation *fp_tshark_pool_current(FpDissector *dissector);

typedef enum {
    PROVED,
    HAS_REFUSED, /* it has ended by itself and said why */
    HAS_ENDED,   /* or could not be started, which may have any reason */
    DOES_NOT_ANSWER,
} Proof;

/* Starts the first tsharks, and waits until they have answered, which they do only if their questions make sense to them. Returns PROVED if
 * they have. Otherwise none is left, and *why says in words what is wrong; the caller frees it. */
Proof fp_tshark_pool_prove(FpDissector *dissector, char **why);

/* Sends and receives, and replaces tsharks that have died. Any stream may be done afterwards. */
void fp_tshark_pool_poll(FpDissector *dissector);
/* The same until tshark has answered for all frames: at most wait_ms, or, with -1, as long as it takes. */
void fp_tshark_pool_settle(FpDissector *dissector, int wait_ms);
/* Ends all tsharks. */
void fp_tshark_pool_clear(FpDissector *dissector);

/* Returns how many bytes wait to be sent to the tshark for which most do. */
size_t fp_tshark_pool_unsent(const FpDissector *dissector);

#endif
