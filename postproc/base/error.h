/* SPDX-License-Identifier: GPL-2.0-or-later */
/* error.h - the program's GError domain. Each code is also the exit status (sysexits.h). */
#ifndef FP_ERROR_H
#define FP_ERROR_H

#include <glib.h>
#include <stdbool.h>

#define FP_ERROR (fp_error_quark())
GQuark fp_error_quark(void);

typedef enum {
    FP_ERROR_USAGE = 64,         /* EX_USAGE: the command line makes no sense */
    FP_ERROR_DATA = 65,          /* EX_DATAERR: an input is not a capture, or is damaged */
    FP_ERROR_NO_INPUT = 66,      /* EX_NOINPUT: an input cannot be opened */
    FP_ERROR_UNAVAILABLE = 69,   /* EX_UNAVAILABLE: a program that is needed does not work */
    FP_ERROR_SOFTWARE = 70,      /* EX_SOFTWARE: out of memory and the like */
    FP_ERROR_CANNOT_CREATE = 73, /* EX_CANTCREAT: the output cannot be created */
    FP_ERROR_IO = 74,            /* EX_IOERR: reading or writing failed */
    FP_ERROR_HELD = 75,          /* EX_TEMPFAIL: another process holds the state folder */
    FP_ERROR_CONFIG = 78,        /* EX_CONFIG: the configuration makes no sense */
} FpError;

/* Sets error to a failure of the system at a file: its path, what does not go, which begins "cannot be" as a rule, and what errno says.
 * Returns false. */
bool fp_error_set_errno(GError **error, FpError code, const char *path, const char *what);

#endif
