/* SPDX-License-Identifier: GPL-2.0-or-later */
/* writers.h - which files this machine's processes have open for writing, as far as they may be looked at (proc(5), /proc/PID/fd). */
#ifndef FP_WRITERS_H
#define FP_WRITERS_H

#include <stdbool.h>
#include <sys/stat.h>

typedef struct FpWriters FpWriters;

/* Looks at all processes now. */
FpWriters *fp_writers_look(void);
void fp_writers_free(FpWriters *writers);

/* Whether a process has the file open for writing. */
bool fp_writers_have(const FpWriters *writers, const struct stat *status);

/* Whether all of the machine's processes could be looked at. */
bool fp_writers_are_all(const FpWriters *writers);

#endif
