/* SPDX-License-Identifier: GPL-2.0-or-later */
/* messages-internal.h - what the files of messages share: messages.c, messages-later.c, messages-saved.c. Nobody else includes it. */
#ifndef FP_MESSAGES_INTERNAL_H
#define FP_MESSAGES_INTERNAL_H

#include "messages.h"

/* Which message of its stream one is. */
enum { FIRST, LATER /* of direction 0; and of 1 */, N_PLACES = LATER + 2 };

/* Of a message that was loaded, if its first payload frame does not have its first byte. */
#define OFFSET_UNKNOWN INT64_MIN

struct FpMessage {
    FpHeldEntry *held;
    FpAssembly *assembly;
    FpSaidSpeaker speaker;
    uint8_t place;
    bool is_datagrams;
    bool is_from_middle; /* what the side said before its first payload frame is not known */
    int64_t base;        /* the offset from which the message's bytes are counted, see fp_message_base */
    int64_t offset;      /* of that frame's payload, from there; OFFSET_UNKNOWN */
    bool is_left_out;    /* it has ended, and is no ClientHello where one was looked for */
    unsigned capture;    /* FpMessages.capture when it began; 0: it was loaded */
    unsigned n_asked;    /* how often the recognisers were asked */
    size_t wanted_bytes; /* with fewer the recognisers would say the same as before */
    int64_t last_ns;     /* when its newest frame was captured, */
    gint64 last_us;      /* and taken, by the clock */
    bool has_ended;
    bool is_complete;         /* nothing more is wanted of it */
    bool is_over;             /* its flight is */
    size_t memory;            /* as counted in FpMessages.memory */
    GList by_age;             /* its place there, until it ends */
    GList in_line;            /* its place among those that are to be taken */
    void (*tell)(void *user); /* who is told when it ends; NULL: nobody */
    void *user;
};

struct FpMessages {
    FpMessageLimits limits;
    FpSaid *said;
    FpSaidFacts facts;
    unsigned capture;                /* counts captures, from 1 */
    uint64_t first_frame;            /* of the entry that fp_messages_begin did not hold */
    GByteArray *redacted;            /* its payload, if secrets are hidden */
    GHashTable *by_stream[N_PLACES]; /* those that go on */
    GQueue by_age;                   /* the same; that of which nothing has come for longest is first */
    GQueue in_line;                  /* those that are to be taken */
    size_t memory;
    FpHellos *hellos; /* NULL: later ones are not looked for */
};

/* Returns the message of a stream and place that goes on, borrowed. NULL: none does. */
FpMessage *fp_messages_find(const FpMessages *messages, uint32_t stream, unsigned place);

/* Holds entry as the message of its stream and place, and adds its first part, which may end it. Returns it, borrowed. */
FpMessage *fp_messages_hold(FpMessages *messages, const FpLogEntry *entry, const FpMessagePart *part, unsigned place);

/* Adds a part to the message of a stream and place, if that goes on. */
void fp_messages_add_to(FpMessages *messages, uint32_t stream, unsigned place, const FpMessagePart *part);

/* Ends the message of a stream and place, if it goes on: nothing can come any more. */
void fp_messages_end_one(FpMessages *messages, uint32_t stream, unsigned place);

/* Ends a message that goes on. is_complete: no recogniser wants more of it. */
void fp_messages_finish(FpMessages *messages, FpMessage *message, bool is_complete);

/* Puts a message where those go on that have not ended. */
void fp_messages_join(FpMessages *messages, FpMessage *message);

/* Counts what a message takes now. */
void fp_messages_count_memory(FpMessages *messages, FpMessage *message);

/* Returns who said what an entry is about. */
FpSaidSpeaker fp_messages_speaker(const FpLogEntry *entry);

#endif
