/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arrivals.h - an inbox, with captures in it, and clocks, leases and failures that the test has made. */
#ifndef ARRIVALS_H
#define ARRIVALS_H

#include <glib.h>
#include <stdint.h>
#include <time.h>

#include "tree.h"

/* All but now_us are 0 at the beginning. Names are of files in any folder; NULL: of none. */
typedef struct {
    gint64 now_us;          /* of all clocks, at the beginning that of the last change of any kind of each file */
    int lease_failure;      /* errno; 0: there are leases */
    const char *written;    /* the file of the inbox that somebody writes to, for so many looks */
    unsigned n_looks;       /* after which nobody does */
    const char *unopenable; /* what cannot be opened, and why; 0: it can */
    int open_failure;
    unsigned n_opened;         /* how often that was tried */
    void (*before_open)(void); /* what somebody does before; NULL: nothing */
    const char *unlookable;    /* what lstat(2) fails for, after so many times, and why */
    unsigned n_lookable;
    int look_failure;
    int (*sync)(int fd);   /* what is done instead of fsync(2); NULL: nothing, as disks take their time */
    bool has_true_changes; /* files have their own times of the last change of any kind */
} FpWorld;

extern FpWorld world;

/* Begins a tree with the folder in/, and the world. */
void begin_world(void);

/* The path of a file in the inbox; caller frees. */
char *in_inbox(const char *name);

/* Makes a capture in the inbox, of one frame of that second, or one at that path of the tree of several frames, each a second later. */
void make_capture(const char *name, uint32_t second);
void make_long_capture(const char *path, uint32_t second, unsigned n);

/* Sets the time of a file of the tree, or of the inbox. */
void set_time(const char *path, time_t second, long ns);
void set_changed(const char *name, time_t second);

#endif
