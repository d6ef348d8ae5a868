/* SPDX-License-Identifier: GPL-2.0-or-later */
/* same-verdict.h - whether two verdicts are the same. Between members are bytes that mean nothing. */
#ifndef TESTS_CORE_SAME_VERDICT_H
#define TESTS_CORE_SAME_VERDICT_H

#include "verdict.h"

static inline bool same_verdict(const FpVerdict *one, const FpVerdict *other)
{
    return one->classes == other->classes && one->stream == other->stream && one->begins == other->begins &&
           one->ends_silent == other->ends_silent && one->ends_flight == other->ends_flight && one->payload_bytes == other->payload_bytes &&
           one->relative_seq == other->relative_seq && one->side == other->side && one->has_syn == other->has_syn &&
           one->midstream == other->midstream && one->out_of_order == other->out_of_order && one->fast_open == other->fast_open &&
           one->age_ns == other->age_ns && one->delay_ns == other->delay_ns;
}

#endif
