/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slim-rights.h - which rights slim, show and said need for what, and when they end. */
#ifndef FP_SLIM_RIGHTS_H
#define FP_SLIM_RIGHTS_H

#include "base/confinement.h"
#include "slim.h"

typedef struct FpSlimRights FpSlimRights;

/* Finds out what will be given up, and forks the helper if something will be needed that this process can no longer do then. To be called
 * first, before there is anything that a copy of this process should not hold. Returns NULL and sets error. */
FpSlimRights *fp_slim_rights_new(const FpSlimOptions *options, GError **error);

/* Gives them up, once all is open, and says so if asked to. Returns false and sets error. */
bool fp_slim_rights_end(FpSlimRights *rights, GError **error);

/* Does work that takes what will be possible, and no more, before rights end: in a process of its own, if this one will become another
 * user. Waits for it. */
void fp_slim_rights_try(const FpSlimRights *rights, void (*work)(void *user), void *user);

/* Returns the user that this process will become, borrowed, or NULL. */
const FpUser *fp_slim_rights_user(const FpSlimRights *rights);

void fp_slim_rights_free(FpSlimRights *rights);

#endif
