/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * messages.c - any bytes as messages that a checkpoint holds: first messages and what is followed for later ClientHellos; or replies, if
 * the first byte is odd.
 *
 * What is taken goes on: all is ended and taken, as lines would be made of it; and what is saved of it is loaded again.
 */
#include "target.h"

#include "pass/messages.h"
#include "pass/replies.h"

static bool append(void *user, const void *bytes, size_t n)
{
    g_byte_array_append(user, bytes, (guint)n);
    return true;
}

static FpMessages *new_messages(unsigned how)
{
    const FpMessageLimits limits = {.bytes_max = 16384,
                                    .memory_max = how & 2 ? 20000 : 1U << 20,
                                    .wait_ns = 1000000000,
                                    .payload_bytes = 100,
                                    .in_order = (how & 4) != 0,
                                    .all_hellos = (how & 8) != 0,
                                    .redacts = (how & 16) != 0};
    FpMessages *messages = fp_messages_new(&limits, NULL);

    REQUIRE(messages != NULL);
    return messages;
}

static void try_messages(Input *input, unsigned how)
{
    FpMessages *messages = new_messages(how), *again = new_messages(how & ~2U);
    g_autoptr(GByteArray) saved = g_byte_array_new();

    if (fp_messages_load(messages, input_read, input)) {
        REQUIRE(fp_messages_save(messages, append, saved));
        (void)fp_messages_n_saved(saved);
        (void)fp_messages_saved_hellos(saved);
        Input rest = {saved->data, saved->len};
        REQUIRE(fp_messages_load(again, input_read, &rest) && rest.n == 0);
        fp_messages_next_capture(messages);
        fp_messages_expire(messages, 1);
        fp_messages_end_all(messages);
        for (FpMessage *message; (message = fp_messages_take(messages)) != NULL;) {
            FpLogEntry entry;
            fp_messages_entry(messages, message, &entry);
            fp_message_free(message);
        }
    }
    fp_messages_free(messages);
    fp_messages_free(again);
}

static void try_replies(Input *input, unsigned how)
{
    const FpReplyLimits limits = {.bytes_max = 16384,
                                  .memory_max = how & 2 ? 20000 : 1U << 20,
                                  .wait_ns = 1000000000,
                                  .payload_bytes = 100,
                                  .in_order = (how & 4) != 0,
                                  .redacts = (how & 16) != 0};
    FpReplies *replies = fp_replies_new(&limits, NULL), *again = fp_replies_new(&limits, NULL);
    FpMessages *messages = new_messages(how);
    g_autoptr(GByteArray) saved = g_byte_array_new();

    REQUIRE(replies != NULL && again != NULL);
    if (fp_replies_load(replies, input_read, input)) {
        REQUIRE(fp_replies_save(replies, append, saved));
        Input rest = {saved->data, saved->len};
        REQUIRE(fp_replies_load(again, input_read, &rest) && rest.n == 0);
        fp_replies_next_capture(replies);
        fp_replies_end_all(replies);
        for (FpReply *reply; (reply = fp_replies_take(replies)) != NULL;) {
            FpLogEntry entry;
            fp_messages_entry(messages, fp_reply_message(reply), &entry);
            fp_replies_entry(replies, reply, &entry);
            fp_reply_free(reply);
        }
    }
    fp_replies_free(replies);
    fp_replies_free(again);
    fp_messages_free(messages);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    Input input = {bytes, n};
    const unsigned how = input_byte(&input);

    if (how & 1)
        try_replies(&input, how);
    else
        try_messages(&input, how);
    return 0;
}
