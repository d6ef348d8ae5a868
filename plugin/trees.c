/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trees.c - see trees.h. */
#include "trees.h"

static dissector_handle_t postdissector; /* NULL: Wireshark ends */
static unsigned reasons;

/* Since 4.6, windows of statistics are closed after Wireshark has forgotten its post-dissectors. */
static void shut_down(void)
{
    postdissector = NULL;
}

void fp_trees_register(dissector_handle_t handle)
{
    postdissector = handle;
    register_shutdown_routine(shut_down);
}

/* A post-dissector that wants a field gets a tree, whatever the field. */
void fp_trees_want(unsigned reason, bool is_wanted)
{
    if (postdissector == NULL)
        return;
    GArray *wanted = g_array_new(FALSE, FALSE, sizeof(int));
    int any_field = proto_registrar_get_id_byname("frame.number");

    reasons = is_wanted ? reasons | reason : reasons & ~reason;
    if (reasons != 0)
        g_array_append_val(wanted, any_field);
    set_postdissector_wanted_hfids(postdissector, wanted);
}
