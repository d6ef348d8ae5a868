/* SPDX-License-Identifier: GPL-2.0-or-later */
/* error.c - see error.h. */
#include "error.h"

GQuark fp_error_quark(void)
{
    return g_quark_from_static_string("firstpayload");
}
