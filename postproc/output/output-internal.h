/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output-internal.h - what the files that implement output.h share. */
#ifndef FP_OUTPUT_INTERNAL_H
#define FP_OUTPUT_INTERNAL_H

#include "output.h"

#define FP_PRIVATE_MODE 0640 /* for logs and the files of a watcher: first payloads can be passwords and cookies */

/* See fp_output_expect. */
typedef struct FpPlace FpPlace;

/* What an output that goes on in one file after another has besides: see rotation.h. */
typedef struct FpRotated FpRotated;

struct FpOutput {
    char *shown;            /* for messages */
    char *path;             /* the final path, links resolved; NULL when written to directly */
    char *new_in;           /* the folder in which the file that is appended to is new; NULL: in none */
    char *temporary;        /* NULL: there is none */
    const FpPlace *place;   /* NULL: it was not expected, and this process does all itself */
    bool is_appended;       /* a regular file that lines are appended to */
    bool may_begin_in_line; /* nothing has been appended yet, and the file may end within a line */
    GMutex lock;            /* guards fd, reader and may_begin_in_line, which another thread may change on SIGHUP */
    int fd;
    int reader; /* while may_begin_in_line: reads the file that fd appends to; -1: none */
    uint8_t *buffer;
    size_t buffered;
    FpPack *pack;       /* NULL: what is written is not compressed */
    bool has_unflushed; /* something has been compressed since the last flush */
    uint64_t bytes;
    bool goes_on;         /* see fp_output_go_on */
    bool is_full;         /* and the disk is; what is written to a file of a rotation is dropped from then on */
    size_t n_buffered;    /* writes since the buffer was empty */
    uint64_t n_lost;      /* writes, or lines, that were dropped */
    uint64_t n_lost_said; /* those that people were told of */
    FpRotated *rotated;   /* NULL: there is one file */
};

#define FP_OUTPUT_BUFFER_BYTES (256U * 1024U)

/* Closes the output and frees it; removes no file. */
void fp_output_free(FpOutput *output);

/* Writes out what is buffered, and the end of what is compressed. Returns false and sets error. */
bool fp_output_end(FpOutput *output, GError **error);

/* After a write that failed with errno: drops these n bytes if the output goes on when the disk is full. Returns false if it does not. */
bool fp_output_drop(FpOutput *output, const uint8_t *bytes, size_t n);

/* Tells that a log can be written again after lines were dropped. */
void fp_output_tell_of_room(FpOutput *output);

/* fp_output_publish for the last file of a rotation. */
bool fp_rotated_publish(FpOutput *output, uint64_t *bytes, GError **error);
/* Writes out what there is, for fp_rotation_salvage to find. */
void fp_rotated_leave(FpOutput *output);
void fp_rotated_free(FpRotated *rotated); /* NULL is allowed */

/* Closes its reader, if there is one. */
void fp_output_close_reader(FpOutput *output);

/* Like mkostemp(3); or, if name does not end in X, creates a file of that name, which must not be there. Signals that end the program
 * remove the file, until fp_temporary_forget; name must stay valid until then. One file at a time. */
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

/* Returns a descriptor that reads the regular file to which fd writes; -1: it is none, or cannot be read. Caller closes. */
int fp_target_open_reader(int fd);

/* Whether a file ends within a line, as a power failure leaves it. reader: as fp_target_open_reader returned it. */
bool fp_target_ends_in_line(int reader);

/* Returns the expected output of that name, as the user wrote it; NULL: there is none. */
FpPlace *fp_place_find(const char *given);

/* Returns the name that its temporary file has to have. Borrowed. */
const char *fp_place_temporary(const FpPlace *place);

/* What the helper does of it: gives the temporary file its name, or removes it, or opens the file anew for appending, with *reader as of
 * fp_target_open_reader. False and -1 with errno set say that it failed. */
bool fp_place_publish(const FpPlace *place);
void fp_place_discard(const FpPlace *place);
int fp_place_reopen(const FpPlace *place, int *reader);

/* The same without a helper; given: as the user wrote it. */
bool fp_place_rename(const char *temporary, const char *path);
int fp_place_open_appended(const char *given);

#endif
