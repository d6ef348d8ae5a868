/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * greetings.c - what servers say before the client does: SMTP, FTP (both by code 220), POP3, IMAP.
 *
 * A client that says the same is not one of them, and is not looked at.
 */
#include "said-internal.h"

#include <string.h>

static bool is_letter(uint8_t byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static FpSaidText next_word(FpSaidText *rest)
{
    while (rest->n > 0 && rest->bytes[0] <= ' ') {
        rest->bytes++;
        rest->n--;
    }
    FpSaidText word = *rest;
    word.n = 0;
    while (word.n < rest->n && rest->bytes[word.n] > ' ')
        word.n++;
    *rest = (FpSaidText){rest->bytes + word.n, rest->n - word.n};
    return word;
}

/* Without what stands around letters and digits: (vsFTPd */
static FpSaidText bare(FpSaidText word)
{
    while (word.n > 0 && !is_letter(word.bytes[0]) && !is_digit(word.bytes[0])) {
        word.bytes++;
        word.n--;
    }
    while (word.n > 0 && !is_letter(word.bytes[word.n - 1]) && !is_digit(word.bytes[word.n - 1]))
        word.n--;
    return word;
}

static bool contains_ftp(FpSaidText word)
{
    for (size_t i = 0; i + 3 <= word.n; i++)
        if (fp_said_text_is((FpSaidText){word.bytes + i, 3}, "FTP"))
            return true;
    return false;
}

/* ftp.example.com is where a server is, not what it is. */
static bool is_domain(FpSaidText word)
{
    for (size_t i = 0; i + 1 < word.n; i++)
        if (word.bytes[i] == '.' && is_letter(word.bytes[i + 1]))
            return true;
    return false;
}

/* What the words of a line say; SMTP's name is a word of its own (RFC 5321 4.2), FTP's often a part of a product's. */
static FpSaidProtocol protocol_of(FpSaidText line)
{
    FpSaidProtocol protocol = FP_SAID_NOTHING;

    while (line.n > 0) {
        FpSaidText word = bare(next_word(&line));
        if (fp_said_text_is(word, "ESMTP") || fp_said_text_is(word, "SMTP") || fp_said_text_is(word, "ESMTPS"))
            return FP_SAID_SMTP;
        if (contains_ftp(word) && !is_domain(word))
            protocol = FP_SAID_FTP;
    }
    return protocol;
}

/*
 * 220 in front of one line, or 220- in front of all but the last (RFC 5321 4.2, RFC 959 4.2; there lines in between need no
 * code). Both protocols greet with it; one that names neither is not known.
 */
FpSaidResult fp_said_reply_220(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    FpSaidText line, first = {NULL, 0};
    FpSaidProtocol protocol = FP_SAID_NOTHING;
    size_t position = 0;
    bool is_whole = false;

    (void)said;
    if (message->speaker == FP_SAID_BY_CLIENT || FP_SAID_BEGINS(message->bytes, message->n, "220") == FP_MATCH_NO)
        return FP_SAID_UNKNOWN;
    if (message->n > 3 && message->bytes[3] != ' ' && message->bytes[3] != '-')
        return FP_SAID_UNKNOWN;
    while (!is_whole && fp_said_line(message->bytes, message->n, &position, &line)) {
        bool has_code = FP_SAID_BEGINS(line.bytes, line.n, "220") == FP_MATCH_YES;
        FpSaidText text =
            has_code && line.n > 4 ? (FpSaidText){line.bytes + 4, line.n - 4} : (FpSaidText){line.bytes, has_code ? 0 : line.n};
        if (first.bytes == NULL)
            first = text;
        FpSaidProtocol named = protocol_of(text);
        if (named == FP_SAID_SMTP || protocol == FP_SAID_NOTHING)
            protocol = named;
        is_whole = has_code && (line.n == 3 || line.bytes[3] == ' ');
    }
    if (!is_whole && !message->is_over)
        return fp_said_more(message, facts, 0);
    if (protocol == FP_SAID_NOTHING || (!is_whole && protocol != FP_SAID_SMTP))
        return FP_SAID_UNKNOWN; /* of a greeting that broke off the rest might have named SMTP */
    fp_said_begin(facts, protocol);
    facts->greeting.text = first;
    facts->is_cut = !is_whole;
    return FP_SAID_ENOUGH;
}

/* One line, and text behind start in it. */
static FpSaidResult one_line(const FpSaidMessage *message, FpSaidFacts *facts, FpSaidProtocol protocol, size_t start)
{
    FpSaidText line;
    size_t position = 0;

    if (!fp_said_line(message->bytes, message->n, &position, &line))
        return fp_said_more(message, facts, 0);
    if (line.n <= start)
        return FP_SAID_UNKNOWN;
    fp_said_begin(facts, protocol);
    facts->greeting.text = (FpSaidText){line.bytes + start, line.n - start};
    return FP_SAID_ENOUGH;
}

/* RFC 1939 4. Redis answers +OK, too: so a server must be known to speak, and to say something. */
FpSaidResult fp_said_pop3(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    (void)said;
    if (message->speaker != FP_SAID_BY_SERVER || FP_SAID_BEGINS(message->bytes, message->n, "+OK ") == FP_MATCH_NO)
        return FP_SAID_UNKNOWN;
    return one_line(message, facts, FP_SAID_POP3, 4);
}

/* RFC 9051 7.1: an untagged OK, PREAUTH or BYE. */
FpSaidResult fp_said_imap(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    static const char *const greetings[] = {"* OK ", "* PREAUTH ", "* BYE "};

    (void)said;
    for (size_t i = 0; message->speaker != FP_SAID_BY_CLIENT && i < sizeof greetings / sizeof *greetings; i++)
        if (fp_said_begins(message->bytes, message->n, greetings[i], strlen(greetings[i])) != FP_MATCH_NO)
            return one_line(message, facts, FP_SAID_IMAP, 2);
    return FP_SAID_UNKNOWN;
}
