/* SPDX-License-Identifier: GPL-2.0-or-later */
/* follower.h - waits at the end of a file that is still being written. */
#ifndef FP_FOLLOWER_H
#define FP_FOLLOWER_H

#include <stdbool.h>

#define FP_FOLLOW_MS 100 /* interval between looks at the end */

typedef struct {
    bool (*wait)(void *user); /* waits for about FP_FOLLOW_MS; false: nothing will be written beyond what is there by then */
    void *user;
} FpFollower;

#endif
