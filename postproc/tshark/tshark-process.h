/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tshark-process.h - starts tshark and ends it; by the helper, where there is one (base/helper.h): the process that reads packets can then
 * execute nothing itself. Which command lines there are is fixed before the helper is forked, and when it reads
 * options again; it is asked for one by its number.
 */
#ifndef FP_TSHARK_PROCESS_H
#define FP_TSHARK_PROCESS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct {
    pid_t pid; /* 0: it has ended, and status is what waitpid(2) says of it */
    int status;
    int input, output, errors; /* our ends of its standard streams, or -1; input and output never block */
} FpTsharkProcess;

/* Notes a command line, as words after tshark's name; NULL-terminated, copied. */
void fp_tshark_process_note(char *const *words);

/* Starts tshark with these words, without rights that it does not need (tshark-rights.h). Returns false and sets error; then the process
 * has ended. */
bool fp_tshark_process_start(char *const *words, FpTsharkProcess *process, GError **error);

/* Looks whether it has ended. must_end: ends it, with all that it has started, and waits. */
void fp_tshark_process_wait(FpTsharkProcess *process, bool must_end);

#endif
