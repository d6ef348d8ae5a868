/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output-internal.h - what the files of output.h share. */
#ifndef FP_OUTPUT_INTERNAL_H
#define FP_OUTPUT_INTERNAL_H

#include "output.h"

struct FpOutput {
    char *shown;            /* as messages name it */
    char *path;             /* where it will be, links resolved; NULL when it is written to directly */
    char *temporary;        /* NULL: there is none */
    bool is_appended;       /* a regular file to which lines are added */
    bool may_begin_in_line; /* nothing has been written yet behind what was there */
    GMutex lock;            /* of fd and the member before, where SIGHUP may have another thread change them */
    int fd;
    uint8_t *buffer;
    size_t buffered;
    uint64_t bytes;
};

#define FP_OUTPUT_BUFFER_BYTES (256U * 1024U)

/* Closes, and frees. */
void fp_output_free(FpOutput *output);

/* mkostemp(3). Until fp_temporary_forget, before which name must not be freed, signals that end the program remove the file; one at a time.
 */
int fp_temporary_create(char *name);
void fp_temporary_forget(void);

/* What the name of an output leads to. */
typedef enum {
    FP_TARGET_FILE,       /* a regular file, or nothing yet */
    FP_TARGET_DESCRIPTOR, /* what the program was started with: "-", /dev/stdout, /dev/fd/N */
    FP_TARGET_SPECIAL,    /* a FIFO, a device, what another process has open: nothing that can be replaced by a file */
} FpTargetKind;

typedef struct {
    FpTargetKind kind;
    char *path; /* links resolved; the caller's */
    int fd;     /* of FP_TARGET_DESCRIPTOR */
} FpTarget;

/* Returns false with errno set when the links lead nowhere. */
bool fp_target_find(const char *path, FpTarget *target);

/* Opens FP_TARGET_SPECIAL, with more flags of open(2). A FIFO that nobody reads is waited for until a signal asks to stop. Returns -1 with
 * errno set, EINTR for that. */
int fp_target_open_special(const char *path, int flags);

/* A descriptor of its own for FP_TARGET_DESCRIPTOR. Returns -1 with errno set. */
int fp_target_duplicate(const FpTarget *target);

/* Whether what is at the end of the regular file that fd writes to is a line of which the end is missing, as a power failure leaves it. */
bool fp_target_ends_in_line(int fd);

#endif
