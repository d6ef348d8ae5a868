/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * choice.h - which messages have lines, by what they say.
 *
 * file -> record -> segment -> stream -> verdict -> [output]
 */
#ifndef FP_CHOICE_H
#define FP_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "said/said.h"

/* All that is set has to be so. Borrowed. */
typedef struct {
    uint64_t protocols;        /* a bit for each FpSaidProtocol; 0: all */
    char *const *server_names; /* patterns, one of which the server name of TLS or QUIC has to match; NULL: it need not */
} FpChoice;

#define FP_CHOICE_PROTOCOL(protocol) (UINT64_C(1) << (protocol))

/* What FP_SAID_NOTHING is called in a choice. */
#define FP_CHOICE_UNKNOWN "unknown"

/* Whether a message that says this has a line. One that names no server matches no pattern. */
bool fp_choice_takes(const FpChoice *choice, const FpSaidFacts *facts);

/* Whether all of text matches pattern, in which * stands for any bytes, none too, and ? for one. Case of ASCII letters does not matter. */
bool fp_choice_matches(const char *pattern, FpSaidText text);

#endif
