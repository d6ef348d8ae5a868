/* SPDX-License-Identifier: GPL-2.0-or-later */
/* passes.c - see passes.h. */
#include "passes.h"

static int tap_probe; /* nobody listens */

static struct {
    const frame_data *last; /* of the first frame */
    bool is_decided;
} file;

void fp_passes_register(void)
{
    tap_probe = register_tap("firstpayload_probe");
}

void fp_passes_begin_file(void)
{
    file.last = NULL;
    file.is_decided = false;
}

/* Wireshark queues something for taps only where there are any, and they hear of the visit. */
bool fp_passes_is_shown(packet_info *pinfo)
{
    if (pinfo->cinfo != NULL)
        return true;
    tap_queue_packet(tap_probe, pinfo, &file);
    return fetch_tapped_data(tap_probe, 0) != NULL;
}

/* Whoever visits frames again keeps the data of each. tshark in one pass has the data of all frames in the same place. So has the first of
 * its two passes, but that goes without taps and columns. */
bool fp_passes_find_only(packet_info *pinfo)
{
    if (file.is_decided)
        return false;
    if (file.last == NULL) {
        file.last = pinfo->fd;
        return false;
    }
    file.is_decided = true;
    return file.last == pinfo->fd && fp_passes_is_shown(pinfo);
}
