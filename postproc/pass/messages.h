/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * messages.h - first payload frames whose message goes on in later frames of the flight: put together, and asked of the recognisers
 * (said.h) until they know.
 *
 * file -> record -> segment -> stream -> [verdict -> output]
 *
 * A message ends, and its line can be written, when no recogniser wants more of it; when its flight is over; when nothing has come for a
 * while; or when there is no room for more. It is complete in the first case, and in the second if none of its bytes is missing, and what
 * it says does not break off.
 */
#ifndef FP_MESSAGES_H
#define FP_MESSAGES_H

#include "assembly.h"
#include "hellos.h"
#include "log/held-entry.h"

/* A message takes at most this part of the memory for all. */
#define FP_MESSAGES_SHARE 4U

typedef struct {
    uint32_t bytes_max;     /* of one message */
    size_t memory_max;      /* of all, with what the allocator adds: when they take more, those of which nothing has come for longest end */
    int64_t wait_ns;        /* a message ends when nothing of it has come for so long */
    uint32_t payload_bytes; /* as many bytes of each first payload are held for its line */
    bool in_order;          /* messages are taken in the order in which they began, not in that in which they ended */
    bool holds_all;         /* those that are complete with the first frame are held, too */
    bool all_hellos;        /* later ClientHellos are messages, too */
    bool redacts;           /* entries have no secrets (said/secrets.h); what is saved has them */
} FpMessageLimits;

/* What is followed for later ClientHellos may take this part of the memory for all, besides. */
#define FP_MESSAGES_HELLOS_SHARE 4U

typedef struct FpMessages FpMessages;
typedef struct FpMessage FpMessage;

/* A payload frame of the side that spoke first. */
typedef struct {
    int64_t offset; /* of its first byte, counted from the side's first; below 0: it begins before that. Not of datagrams */
    bool is_datagram;
    FpSpan payload;  /* borrowed */
    uint64_t frame;  /* its number in the capture */
    int64_t time_ns; /* when it was captured */
} FpMessagePart;

/* Returns NULL and sets error when libgcrypt cannot be used. Free with fp_messages_free. */
FpMessages *fp_messages_new(const FpMessageLimits *limits, GError **error);
void fp_messages_free(FpMessages *messages); /* NULL is allowed */

/*
 * Begins the message of a first payload frame. Returns NULL when it is complete with that, and is not to be held: entry's message and
 * facts are then set, and valid until the next call. Else returns the message, borrowed, which fp_messages_take will return when it has
 * ended.
 */
FpMessage *fp_messages_begin(FpMessages *messages, FpLogEntry *entry, const FpMessagePart *part);

/* How many messages go on. */
unsigned fp_messages_n_open(const FpMessages *messages);

/* Adds a frame of the flight to its stream's message, if that goes on. */
void fp_messages_add(FpMessages *messages, uint32_t stream, const FpMessagePart *part);

/* Whether the message of a stream goes on. */
bool fp_messages_is_open(const FpMessages *messages, uint32_t stream);

/* Ends the message of a stream whose flight is over, if it goes on. */
void fp_messages_end(FpMessages *messages, uint32_t stream);

/* What is followed for later ClientHellos; borrowed. NULL: nothing is. fp_messages_begin begins it, and the ends of messages teach it. */
FpHellos *fp_messages_hellos(const FpMessages *messages);

/*
 * Begins a later message of a stream that is followed, which is a line only if it is a ClientHello; ends the one before, of the same
 * direction. Returns NULL when it is none, and is not to be held. Else returns the message, borrowed, which fp_messages_take will return
 * if it is one.
 */
FpMessage *fp_messages_begin_later(FpMessages *messages, FpLogEntry *entry, const FpMessagePart *part, unsigned direction);

/* Adds a frame to the later message of a stream and direction, which goes on. */
void fp_messages_add_later(FpMessages *messages, uint32_t stream, unsigned direction, const FpMessagePart *part);

/* Returns it, borrowed; NULL: none goes on. */
FpMessage *fp_messages_later(const FpMessages *messages, uint32_t stream, unsigned direction);

/* Ends it, if it does. */
void fp_messages_end_later(FpMessages *messages, uint32_t stream, unsigned direction);

/* Whether it is a later one. */
bool fp_message_is_later(const FpMessage *message);

/* Whether that may be a ClientHello, by its first bytes; it may if they have not come. */
bool fp_message_may_be_hello(const FpMessage *message);

/* Whether a message that has ended is to be left out, as it was no ClientHello. */
bool fp_message_is_left_out(const FpMessage *message);

/* Ends those of which nothing has come for too long before now_ns, the time of a frame: what ends depends on frames alone. */
void fp_messages_expire(FpMessages *messages, int64_t now_ns);

/* The same by the clock, for when there is no frame that would tell the time. */
void fp_messages_expire_by_clock(FpMessages *messages);

/* Ends all. */
void fp_messages_end_all(FpMessages *messages);

/* From now on frames are of another capture, in which numbers begin anew. */
void fp_messages_next_capture(FpMessages *messages);

/* Returns the next message that has ended, in the order that limits say; the caller frees it with fp_message_free. NULL: there is none. */
FpMessage *fp_messages_take(FpMessages *messages);

/* Takes this one out of its turn, and ends it if it goes on. The caller frees it with fp_message_free. */
void fp_messages_take_out(FpMessages *messages, FpMessage *message);

bool fp_message_has_ended(const FpMessage *message);

/* Has tell called with user when the message ends, if it goes on; tell may not call fp_messages_.... With tell NULL, nobody is told. */
void fp_message_on_end(FpMessage *message, void (*tell)(void *user), void *user);

/* Fills in the entry of a message that has ended. It is valid until the next call for messages or message. */
void fp_messages_entry(FpMessages *messages, FpMessage *message, FpLogEntry *entry);

void fp_message_free(FpMessage *message);

/* Of a message: its stream; the time of its newest frame; the memory that it takes. */
uint32_t fp_message_stream(const FpMessage *message);
int64_t fp_message_last_ns(const FpMessage *message);
size_t fp_message_memory(const FpMessage *message);

/* Writes a message that was taken, and reads it, as the two below do; the caller frees it. */
bool fp_message_save(const FpMessage *message, FpStreamsWrite write, void *user);
FpMessage *fp_message_load(FpStreamsRead read, void *user);

/* Returns the offset of a side's first byte, as its first payload frame tells: 0 as a rule. Where that frame ends before, or begins behind
 * all of a message of bytes_max bytes, the base sequence was a wrong guess, or is somebody's lie, and the frame has the first
 * (core/verdict.h has the same of the opening); so it has midstream, where it begins before. */
int64_t fp_message_base(const FpMessagePart *part, bool is_midstream, uint32_t bytes_max);

/* Replaces a payload of n bytes by what it is in bytes that were put together, all_n of them, and whose secrets are hidden. offset: as in
 * FpMessagePart; INT64_MIN: not known. What is not there is hidden, as nobody knows what stood before it. Returns whether that is so. */
bool fp_message_redact_payload(uint8_t *payload, size_t n, int64_t offset, const uint8_t *all, size_t all_n);

/* The memory that all take that have not ended, or wait for their turn. */
size_t fp_messages_memory(const FpMessages *messages);

/* Whether there is something that has to be saved. */
bool fp_messages_has_state(const FpMessages *messages);

/* Writes all messages that have not been taken, and what is followed, in this machine's byte order. Returns false when write does. */
bool fp_messages_save(const FpMessages *messages, FpStreamsWrite write, void *user);

/* Returns how many fp_messages_save wrote to bytes. */
unsigned fp_messages_n_saved(const GByteArray *bytes);

/* Returns whether they have something of later ClientHellos, which versions that know nothing of these cannot read. */
bool fp_messages_saved_hellos(const GByteArray *bytes);

/* Has what other follows followed by messages. */
void fp_messages_take_hellos(FpMessages *messages, FpMessages *other);

/* Reads what fp_messages_save wrote into messages, which must be empty. Returns false when read returns false, or the bytes make no sense.
 */
bool fp_messages_load(FpMessages *messages, FpStreamsRead read, void *user);

#endif
