/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file-writers.h - which files this machine's processes have open for writing, as far as they may be looked at (proc(5), /proc/PID/fd). */
#ifndef FP_FILE_WRITERS_H
#define FP_FILE_WRITERS_H

#include <stdbool.h>
#include <sys/stat.h>

typedef struct FpFileWriters FpFileWriters;

/* Looks at all processes now. */
FpFileWriters *fp_file_writers_look(void);
void fp_file_writers_free(FpFileWriters *writers);

/* Whether a process has the file open for writing. */
bool fp_file_writers_have(const FpFileWriters *writers, const struct stat *status);

/* Whether all of the machine's processes could be looked at. */
bool fp_file_writers_are_all(const FpFileWriters *writers);

#endif
