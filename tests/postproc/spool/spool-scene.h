/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spool-scene.h - a spool in a world of arrivals.h, and what is claimed in it. */
#ifndef SPOOL_SCENE_H
#define SPOOL_SCENE_H

#include "arrivals.h"
#include "spool/spool.h"

#define WAIT_S 60

extern FpSpoolOptions options; /* of the spool that is opened next */

/* Begins the world, with a state folder and options. */
void begin_spool(void);
FpSpool *open_spool(void);
void end_spool(FpSpool *spool);

/* Claims what there is; claims up to the number after stay in their order. */
void claim_all(FpSpool *spool, uint64_t after);

/* These are the claims: number, how much was taken before if any, and name of each; its path has all that. */
void check_claims(const FpSpool *spool, const char *expected);

#endif
