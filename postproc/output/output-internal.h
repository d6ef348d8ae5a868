/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output-internal.h - what the files that implement output.h share. */
#ifndef FP_OUTPUT_INTERNAL_H
#define FP_OUTPUT_INTERNAL_H

#include "output.h"

struct FpOutput {
    char *shown;            /* for messages */
    char *path;             /* the final path, links resolved; NULL when written to directly */
    char *temporary;        /* NULL: there is none */
    bool is_appended;       /* a regular file that lines are appended to */
    bool may_begin_in_line; /* nothing has been appended yet, and the file may end within a line */
    GMutex lock;            /* guards fd and may_begin_in_line, which another thread may change on SIGHUP */
    int fd;
    uint8_t *buffer;
    size_t buffered;
    FpPack *pack;       /* NULL: what is written is not compressed */
    bool has_unflushed; /* something has been compressed since the last flush */
    uint64_t bytes;
};

#define FP_OUTPUT_BUFFER_BYTES (256U * 1024U)

/* Closes the output and frees it; removes no file. */
void fp_output_free(FpOutput *output);

/* Like mkostemp(3). Signals that end the program remove the file, until fp_temporary_forget; name must stay valid until then. One file at a
 * time. */
int fp_temporary_create(char *name);

/* Leaves the file of fp_temporary_create to its owner: signals no longer remove it. */
void fp_temporary_forget(void);

/* What the name of an output refers to. */
typedef enum {
    FP_TARGET_FILE,       /* a regular file, or nothing yet */
    FP_TARGET_DESCRIPTOR, /* a descriptor of this process: "-", /dev/stdout, /dev/fd/N */
    FP_TARGET_SPECIAL,    /* a FIFO, a device, what another process has open: no file can take its place */
} FpTargetKind;

typedef struct {
    FpTargetKind kind;
    char *path; /* links resolved; caller frees. NULL for "-" */
    int fd;     /* for FP_TARGET_DESCRIPTOR */
} FpTarget;

/* Finds out what path refers to. Returns false and sets errno when its links cannot be followed. */
bool fp_target_find(const char *path, FpTarget *target);

/* Opens an FP_TARGET_SPECIAL for writing, with these further flags of open(2). Waits for a reader of a FIFO until a signal asks to stop.
 * Returns -1 and sets errno: EINTR for that signal. */
int fp_target_open_special(const char *path, int flags);

/* Duplicates the descriptor of an FP_TARGET_DESCRIPTOR; caller closes. Returns -1 and sets errno. */
int fp_target_duplicate(const FpTarget *target);

/* Whether fd writes to a regular file that ends within a line, as a power failure leaves it. */
bool fp_target_ends_in_line(int fd);

#endif
