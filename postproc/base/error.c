/* SPDX-License-Identifier: GPL-2.0-or-later */
/* error.c - see error.h. */
#include "error.h"

#include <errno.h>

GQuark fp_error_quark(void)
{
    return g_quark_from_static_string("firstpayload");
}

bool fp_error_set_errno(GError **error, FpError code, const char *path, const char *what)
{
    g_set_error(error, FP_ERROR, (int)code, "%s: %s: %s", path, what, g_strerror(errno));
    return false;
}
