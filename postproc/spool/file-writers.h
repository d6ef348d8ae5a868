/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file-writers.h - which files the processes of this machine have open for writing, as far as we may look at them (proc(5),
 * /proc/PID/fd). */
#ifndef FP_FILE_WRITERS_H
#define FP_FILE_WRITERS_H

#include <stdbool.h>
#include <sys/stat.h>

typedef struct FpFileWriters FpFileWriters;

/* Has the helper (base/helper.h), which is forked later, look: Landlock keeps this process from looking at others. */
void fp_file_writers_prepare(void);

/* Looks at all processes now. */
FpFileWriters *fp_file_writers_look(void);
void fp_file_writers_free(FpFileWriters *writers);

/* Whether a process has the file open for writing. */
bool fp_file_writers_have(const FpFileWriters *writers, const struct stat *status);

/* Whether all of the machine's processes could be looked at. */
bool fp_file_writers_are_all(const FpFileWriters *writers);

#endif
