/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output-full.c - what becomes of an output that goes on when the disk is full: see fp_output_go_on. */
#include "output-internal.h"

#include <errno.h>

#include "base/message.h"

void fp_output_go_on(FpOutput *output)
{
    output->goes_on = true;
}

uint64_t fp_output_n_lost(const FpOutput *output)
{
    return output->n_lost;
}

static uint64_t count_lines(const uint8_t *bytes, size_t n)
{
    uint64_t lines = 0;

    for (size_t i = 0; i < n; i++)
        lines += bytes[i] == '\n';
    return lines;
}

bool fp_output_drop(FpOutput *output, const uint8_t *bytes, size_t n)
{
    int failure = errno;

    if (!output->goes_on || (failure != ENOSPC && failure != EDQUOT))
        return false;
    if (!output->is_full)
        fp_message_print("%s: offset %" G_GUINT64_FORMAT ": cannot be written: %s; going on, and what comes until there is room is lost",
                         output->shown, output->bytes, g_strerror(failure));
    output->is_full = true;
    output->n_lost += output->rotated != NULL ? output->n_buffered : count_lines(bytes, n);
    output->n_buffered = 0;
    return true;
}

void fp_output_tell_of_room(FpOutput *output)
{
    output->is_full = false;
    fp_message_print("%s: can be written again; %" G_GUINT64_FORMAT " lines were lost", output->shown,
                     output->n_lost - output->n_lost_said);
    output->n_lost_said = output->n_lost;
}
