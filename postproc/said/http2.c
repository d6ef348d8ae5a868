/* SPDX-License-Identifier: GPL-2.0-or-later */
/* http2.c - the preface that an HTTP/2 client begins with (RFC 9113 3.4). Names are in HPACK behind it: not looked at. */
#include "said-internal.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

FpSaidResult fp_said_http2(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    (void)said;
    switch (FP_SAID_BEGINS(message->bytes, message->n, PREFACE)) {
    case FP_MATCH_NO:
        return FP_SAID_UNKNOWN;
    case FP_MATCH_YET:
        return fp_said_more(message, facts, 0);
    case FP_MATCH_YES:
        break;
    }
    fp_said_begin(facts, FP_SAID_HTTP2);
    return FP_SAID_ENOUGH;
}
