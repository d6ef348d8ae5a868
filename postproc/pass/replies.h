/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replies.h - messages whose lines wait for what the other side answers (--log-reply): put together as messages are, and asked of the
 * recognisers (said/answer.h) until they know.
 *
 * file -> record -> segment -> stream -> [verdict -> output]
 *
 * A reply is over when no recogniser wants more of it; when the stream is reset, or the side that answers sends its FIN; when nothing of
 * message and reply has come for a while; or when there is no room for more. Of UDP it is one datagram.
 */
#ifndef FP_REPLIES_H
#define FP_REPLIES_H

#include "messages.h"

typedef struct {
    uint32_t bytes_max;     /* of one reply */
    size_t memory_max;      /* of all, and the messages that wait for them: when they take more, those that have waited longest are over */
    int64_t wait_ns;        /* a reply is over when nothing has come for so long */
    uint32_t payload_bytes; /* as many bytes of each reply's first frame are held for its line */
    bool in_order;          /* messages are taken in the order in which they were held, not in that in which their replies are over */
    bool redacts;           /* lines have no secrets */
} FpReplyLimits;

typedef struct FpReplies FpReplies;
typedef struct FpReply FpReply;

/* Returns NULL and sets error when libgcrypt cannot be used. Free with fp_replies_free. */
FpReplies *fp_replies_new(const FpReplyLimits *limits, GError **error);
void fp_replies_free(FpReplies *replies); /* NULL is allowed */

/* Has the message of a first payload frame, which is yet to be held, wait for its reply. */
void fp_replies_begin(FpReplies *replies, uint32_t stream, const FpSegment *segment);

/* Whether more is wanted of a stream's reply. */
bool fp_replies_is_open(const FpReplies *replies, uint32_t stream);

/* Whether a segment of this stream is of the side that answers, and more of that is wanted. */
bool fp_replies_wants(const FpReplies *replies, uint32_t stream, const FpSegment *segment);

/* Adds a payload frame of which that was said. */
void fp_replies_add(FpReplies *replies, const FpSegment *segment, const FpVerdict *verdict, const FpMessagePart *part);

/* Takes a FIN or RST of a stream, after the frame's payload. */
void fp_replies_close(FpReplies *replies, uint32_t stream, const FpSegment *segment);

/* Holds a message that has ended, and takes ownership of it. */
void fp_replies_hold(FpReplies *replies, FpMessage *message);

/* Returns the next message with its reply, if that is over, in the order that limits say; the caller frees it with fp_reply_free. NULL:
 * there is none. */
FpReply *fp_replies_take(FpReplies *replies);
FpMessage *fp_reply_message(const FpReply *reply); /* borrowed */
void fp_reply_free(FpReply *reply);                /* with its message */

/* Sets the reply of an entry, if there is one, which is valid until the next call for replies or reply. */
void fp_replies_entry(FpReplies *replies, FpReply *reply, FpLogEntry *entry);

/* As those of messages.h. */
void fp_replies_expire(FpReplies *replies, int64_t now_ns);
void fp_replies_expire_by_clock(FpReplies *replies);
void fp_replies_end_all(FpReplies *replies);
void fp_replies_next_capture(FpReplies *replies);

/* How many messages are held. */
unsigned fp_replies_n_held(const FpReplies *replies);

/* Whether there is anything to save. */
bool fp_replies_has_state(const FpReplies *replies);

/* Writes all in this machine's byte order. Returns false when write does. */
bool fp_replies_save(const FpReplies *replies, FpStreamsWrite write, void *user);

/* Reads what fp_replies_save wrote into replies, which must be empty. Returns false when read returns false, or the bytes make no sense. */
bool fp_replies_load(FpReplies *replies, FpStreamsRead read, void *user);

#endif
