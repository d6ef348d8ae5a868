/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counters.c - has libpcap's counters, which have 32 bits, come round: in the program that has probe.c, too.
 *
 *   PROBE_COUNTERS   set: each look finds 2,000,000,000 more frames and drops than the one before; and of the interface 100 drops, but none
 *                    from the third look on, as of one that was made again. Not set: they are what they are
 */
#include <dlfcn.h>
#include <pcap/pcap.h>
#include <stdlib.h>

#define MORE 2000000000U

int pcap_stats(pcap_t *pcap, struct pcap_stat *stats)
{
    static unsigned looks;
    int (*real)(pcap_t *, struct pcap_stat *);

    *(void **)&real = dlsym(RTLD_NEXT, "pcap_stats");
    int status = real(pcap, stats);
    if (getenv("PROBE_COUNTERS") == NULL)
        return status;
    looks++;
    stats->ps_recv = stats->ps_drop = looks * MORE;
    stats->ps_ifdrop = looks < 3 ? 100 : 0;
    return status;
}
