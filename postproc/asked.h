/* SPDX-License-Identifier: GPL-2.0-or-later */
/* asked.h - the parts of a dissector: dissector.c (streams and their ends), askers.c (tsharks, and their deaths). Nobody else includes it.
 */
#ifndef FP_ASKED_H
#define FP_ASKED_H

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
    FpAsked *asked; /* NULL: a marker */
    bool counts;
} Given;

/* A tshark, which is asked one kind of question. */
typedef struct {
    FpTshark *tshark; /* NULL: that is not asked */
    Generation *generation;
    Kind kind;
    GQueue given; /* of Given */
    bool has_answered;
    guint unmarked;
    gint64 progress_us; /* when it answered last, or had nothing to answer */
    gint64 marked_us;
} Asker;

/* The tsharks that are given the same streams. They remember each frame, so that others take over from time to time. */
struct Generation {
    FpDissector *dissector;
    Asker askers[N_KINDS];
    guint n_asked; /* streams that are not done */
    guint n_frames;
};

typedef struct {
    FpTsharkFrame *frame;
    bool counts; /* it is of the flight; others are given so that tshark knows where the flight begins */
} Held;

typedef enum {
    SILENT, /* it has not had payload yet */
    OPEN,
    DONE,
} AskedState;

struct FpAsked {
    guint refs;
    uint32_t number;
    AskedState state;
    bool is_over;     /* its flight */
    bool matches;     /* the filter */
    bool is_answered; /* as to the fields */
    char *failure;
    FpFieldValues *values;
    int64_t began_ns;
    gint64 began_us;
    uint64_t payload_bytes; /* of the flight, added up */
    uint64_t reached;       /* its last byte, in its side's sequence space */
    GArray *frames;         /* of Held, to be given again */
    size_t bytes;
    guint unanswered[N_KINDS]; /* frames */
    unsigned deaths;           /* of tsharks, that it may have been the cause of */
    Generation *generation;
    GList *link; /* in silent or open */
};

struct FpDissector {
    const FpQuestions *questions;
    FpDissectorOptions options;
    bool has_clock, is_urgent; /* see fp_dissector_set_live */
    bool *ends_asking;         /* for each field: whether a stream that has it is done */
    char *broken;              /* why nothing is asked any more */
    gint64 broken_us;
    char *said;         /* the last that was told about that */
    GQueue generations; /* the last is the one for new streams */
    guint frames_max;   /* of a generation */
    unsigned deaths;
    GHashTable *asked; /* by number; not those that are done */
    GQueue silent;     /* in the order of their first frames */
    GQueue open;       /* in the order of their first payload */
    size_t bytes;
    GHashTable *matched; /* numbers */
    GQueue matched_order;
    FpDissectorStats stats;
};

/* dissector.c */
void fp_asked_check(FpDissector *dissector, FpAsked *asked); /* whether it is done now */
void fp_asked_fail(FpDissector *dissector, FpAsked *asked, const char *why);
void fp_asked_apply(FpDissector *dissector, FpAsked *asked, Kind kind, FpFieldValues *values); /* values: NULL for a match */

/* Nothing is asked any more; that is said. */
void fp_dissector_break(FpDissector *dissector, const char *why);

/* askers.c. Gives a stream's frame to the stream's tsharks. */
void fp_askers_give(FpAsked *asked, const Held *held);

/* The generation for a new stream. */
Generation *fp_askers_current(FpDissector *dissector);

/* Sends and receives. Sees to those that have died, so that any stream may be done afterwards. */
void fp_askers_poll(FpDissector *dissector);
void fp_askers_settle(FpDissector *dissector, int wait_ms);
void fp_askers_clear(FpDissector *dissector);

/* How much waits to be sent to the one for which most does. */
size_t fp_askers_unsent(const FpDissector *dissector);

#endif
