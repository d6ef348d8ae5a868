/* SPDX-License-Identifier: GPL-2.0-or-later */
/* follower.h - who waits at the end of a file to which somebody still writes. */
#ifndef FP_FOLLOWER_H
#define FP_FOLLOWER_H

#include <stdbool.h>

#define FP_FOLLOW_MS 100 /* how often the end is looked at */

typedef struct {
    bool (*wait)(void *user); /* for FP_FOLLOW_MS or so; returns false when nothing more will be written than there is by then */
    void *user;
} FpFollower;

#endif
