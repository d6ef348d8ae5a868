/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unread.c - see unread.h. */
#include "unread.h"

#include "base/message.h"

void fp_unread_note(FpUnread *unread, const char *path)
{
    if (unread->paths == NULL)
        unread->paths = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(unread->paths, g_strdup(path));
}

void fp_unread_clear(FpUnread *unread)
{
    g_clear_pointer(&unread->paths, g_ptr_array_unref);
}

void fp_unread_tell(const FpUnread *unread, guint n_inputs)
{
    if (unread->paths == NULL || n_inputs < 2)
        return;
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < unread->paths->len; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", (const char *)g_ptr_array_index(unread->paths, i));
    fp_message_print("%u of %u files %s not read whole: %s", unread->paths->len, n_inputs, unread->paths->len == 1 ? "was" : "were",
                     names->str);
}
