/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ssh.c - the identification line of either side (RFC 4253 4.2). */
#include "said-internal.h"

#include <string.h>

/* A server may send other lines before it; so much of them is waited for. */
#define BEFORE_BYTES_MAX 4096

#define VERSION_BYTES_MAX 16

static bool is_text(uint8_t byte)
{
    return byte >= ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Answers of protocols whose requests a tap in one direction does not see: nothing of SSH follows them, and waiting for it would hold up
 * each of their lines. */
static bool is_answer_of_another(const FpSaidMessage *message)
{
    return FP_SAID_BEGINS(message->bytes, message->n, "HTTP/") == FP_MATCH_YES ||
           FP_SAID_BEGINS(message->bytes, message->n, "RTSP/") == FP_MATCH_YES ||
           FP_SAID_BEGINS(message->bytes, message->n, "SIP/") == FP_MATCH_YES;
}

/* Where the line that begins with SSH- starts, or may yet start, behind lines that a server sent before it. false: it does not come. */
static bool find(const FpSaidMessage *message, size_t *position)
{
    FpSaidText line;

    for (*position = 0; *position <= BEFORE_BYTES_MAX;) {
        if (FP_SAID_BEGINS(message->bytes + *position, message->n - *position, "SSH-") != FP_MATCH_NO)
            return true;
        size_t start = *position;
        bool has_end = fp_said_line(message->bytes, message->n, position, &line);
        size_t end = has_end ? *position : message->n;
        if (end - start > BEFORE_BYTES_MAX)
            return false;
        for (size_t i = start; i < end; i++)
            if (!is_text(message->bytes[i]))
                return false;
        if (!has_end) {
            *position = message->n;
            return true;
        }
    }
    return false;
}

/* SSH-protoversion-softwareversion SP comments */
static bool take_line(FpSaidText line, bool is_whole, FpSaidSsh *ssh)
{
    FpSaidText rest = {line.bytes + 4, line.n - 4};
    const uint8_t *dash = rest.n > 0 ? memchr(rest.bytes, '-', rest.n) : NULL;

    if (dash == NULL || dash == rest.bytes || dash - rest.bytes > VERSION_BYTES_MAX)
        return false;
    ssh->proto_version = (FpSaidText){rest.bytes, (size_t)(dash - rest.bytes)};
    rest = (FpSaidText){dash + 1, rest.n - ssh->proto_version.n - 1};
    const uint8_t *space = rest.n > 0 ? memchr(rest.bytes, ' ', rest.n) : NULL;
    if (is_whole || space != NULL)
        ssh->software_version = (FpSaidText){rest.bytes, space != NULL ? (size_t)(space - rest.bytes) : rest.n};
    if (!is_whole)
        return true;
    ssh->banner = line;
    if (space != NULL)
        ssh->comments = (FpSaidText){space + 1, rest.n - ssh->software_version.n - 1};
    return true;
}

/* The line that begins at position. */
static FpSaidResult recognise(const FpSaidMessage *message, size_t position, FpSaidFacts *facts)
{
    FpMatch match = FP_SAID_BEGINS(message->bytes + position, message->n - position, "SSH-");
    FpSaidText line = {message->bytes + position, message->n - position};
    FpSaidSsh ssh = {0};

    if (match == FP_MATCH_NO)
        return FP_SAID_UNKNOWN;
    bool is_whole = fp_said_line(message->bytes, message->n, &position, &line);
    if (match == FP_MATCH_YET || (!is_whole && !message->is_over))
        return fp_said_more(message, facts, 0);
    if (!take_line(line, is_whole, &ssh))
        return FP_SAID_UNKNOWN;
    fp_said_begin(facts, FP_SAID_SSH);
    facts->ssh = ssh;
    facts->is_cut = !is_whole;
    return FP_SAID_ENOUGH;
}

FpSaidResult fp_said_ssh(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    (void)said;
    return recognise(message, 0, facts);
}

/* A server may say other things before: so this one comes after those who know what these are. */
FpSaidResult fp_said_ssh_behind_lines(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    size_t position;

    (void)said;
    if (message->speaker != FP_SAID_BY_SERVER || message->is_later || is_answer_of_another(message) || !find(message, &position))
        return FP_SAID_UNKNOWN;
    return recognise(message, position, facts);
}
