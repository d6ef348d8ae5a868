/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trees.h - has Wireshark make a tree of every frame, also on the first visit, while there is a reason to. */
#ifndef FP_TREES_H
#define FP_TREES_H

#include "compat.h"

/* Reasons, as bits. */
enum {
    FP_TREES_STATISTICS = 1,
    FP_TREES_SAID = 2,
};

/* handle: the plugin's post-dissector. */
void fp_trees_register(dissector_handle_t handle);

/* To be called before Wireshark reads a file or reads it again. reason: one of the above. */
void fp_trees_want(unsigned reason, bool is_wanted);

#endif
