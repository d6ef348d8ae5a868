/* SPDX-License-Identifier: GPL-2.0-or-later */
/* no-segment.c - see no-segment.h. */
#include "no-segment.h"

#include <glib.h>
#include <pcap/pcap.h>
#include <wiretap/wtap.h>

#include "capture/capture-wiretap.h"

#define PAGE_NUMBERS 256U

/* Indexed by kind, then by the number's high byte, then by its low byte. Unused pages are NULL. */
struct FpNoSegmentCounts {
    uint64_t *pages[FP_N_NO_SEGMENT][PAGE_NUMBERS];
};

typedef struct {
    FpNoSegmentKind kind;
    uint16_t number;
    const char *name;
} Name;

/* The most common ones. Others are called by their numbers. */
static const Name names[] = {
    {FP_NO_SEGMENT_OTHER, FP_OTHER_NESTED, "nested too deep"},
    {FP_NO_SEGMENT_OTHER, FP_OTHER_SNAP, "SNAP of an organisation"},
    {FP_NO_SEGMENT_OTHER, FP_OTHER_WLAN, "802.11 without data"},
    {FP_NO_SEGMENT_OTHER, FP_OTHER_WLAN_PROTECTED, "802.11, encrypted"},
    {FP_NO_SEGMENT_OTHER, FP_OTHER_WLAN_FRAGMENT, "incomplete 802.11 frame"},
    {FP_NO_SEGMENT_OTHER, FP_OTHER_MPLS, "MPLS, not IP or Ethernet"},
    {FP_NO_SEGMENT_OTHER, FP_OTHER_FAMILY, "address family not IP"},
    {FP_NO_SEGMENT_OTHER, FP_OTHER_ARCNET, "ARCNET, not IP"},
    {FP_NO_SEGMENT_OTHER, FP_OTHER_FRAME_RELAY, "Frame Relay, not IP"},
    {FP_NO_SEGMENT_OTHER, FP_OTHER_ROUTING, "RPL routing header"},
    {FP_NO_SEGMENT_OTHER, FP_OTHER_ENCRYPTED, "encrypted"},
    {FP_NO_SEGMENT_OTHER, FP_OTHER_DISSECTOR, "upper PDU, not IP"},
    {FP_NO_SEGMENT_TYPE, 0x0806, "ARP"},
    {FP_NO_SEGMENT_TYPE, 0x0842, "Wake-on-LAN"},
    {FP_NO_SEGMENT_TYPE, 0x2000, "CDP"},
    {FP_NO_SEGMENT_TYPE, 0x22ea, "SRP"},
    {FP_NO_SEGMENT_TYPE, 0x22f0, "AVTP"},
    {FP_NO_SEGMENT_TYPE, 0x22f4, "IS-IS in TRILL"},
    {FP_NO_SEGMENT_TYPE, 0x6002, "DEC MOP"},
    {FP_NO_SEGMENT_TYPE, 0x6003, "DECnet"},
    {FP_NO_SEGMENT_TYPE, 0x8035, "RARP"},
    {FP_NO_SEGMENT_TYPE, 0x809b, "AppleTalk"},
    {FP_NO_SEGMENT_TYPE, 0x80f3, "AppleTalk ARP"},
    {FP_NO_SEGMENT_TYPE, 0x8137, "IPX"},
    {FP_NO_SEGMENT_TYPE, 0x8808, "Ethernet pause"},
    {FP_NO_SEGMENT_TYPE, 0x8809, "LACP and the like"},
    {FP_NO_SEGMENT_TYPE, 0x8863, "PPPoE discovery"},
    {FP_NO_SEGMENT_TYPE, 0x886d, "Intel ANS"},
    {FP_NO_SEGMENT_TYPE, 0x888e, "EAPOL"},
    {FP_NO_SEGMENT_TYPE, 0x8892, "PROFINET"},
    {FP_NO_SEGMENT_TYPE, 0x88a2, "ATA over Ethernet"},
    {FP_NO_SEGMENT_TYPE, 0x88a4, "EtherCAT"},
    {FP_NO_SEGMENT_TYPE, 0x88b8, "GOOSE"},
    {FP_NO_SEGMENT_TYPE, 0x88ba, "IEC 61850 SV"},
    {FP_NO_SEGMENT_TYPE, 0x88cc, "LLDP"},
    {FP_NO_SEGMENT_TYPE, 0x88e1, "HomePlug"},
    {FP_NO_SEGMENT_TYPE, 0x88e5, "MACsec, encrypted"},
    {FP_NO_SEGMENT_TYPE, 0x88f5, "MVRP"},
    {FP_NO_SEGMENT_TYPE, 0x88f7, "PTP"},
    {FP_NO_SEGMENT_TYPE, 0x88fb, "PRP supervision"},
    {FP_NO_SEGMENT_TYPE, 0x8902, "CFM"},
    {FP_NO_SEGMENT_TYPE, 0x8906, "FCoE"},
    {FP_NO_SEGMENT_TYPE, 0x8914, "FIP"},
    {FP_NO_SEGMENT_TYPE, 0x8915, "RoCE"},
    {FP_NO_SEGMENT_TYPE, 0x892f, "HSR"},
    {FP_NO_SEGMENT_TYPE, 0x9000, "Ethernet loopback"},
    {FP_NO_SEGMENT_SAP, 0x42, "STP"},
    {FP_NO_SEGMENT_SAP, 0xe0, "IPX (802.2)"},
    {FP_NO_SEGMENT_SAP, 0xf0, "NetBEUI"},
    {FP_NO_SEGMENT_SAP, 0xfe, "OSI (802.2)"},
    {FP_NO_SEGMENT_SAP, 0xff, "IPX (802.3)"},
    {FP_NO_SEGMENT_PPP, 0x8021, "PPP IPCP"},
    {FP_NO_SEGMENT_PPP, 0x8057, "PPP IPV6CP"},
    {FP_NO_SEGMENT_PPP, 0x80fd, "PPP CCP"},
    {FP_NO_SEGMENT_PPP, 0xc021, "PPP LCP"},
    {FP_NO_SEGMENT_PPP, 0xc023, "PPP PAP"},
    {FP_NO_SEGMENT_PPP, 0xc223, "PPP CHAP"},
    {FP_NO_SEGMENT_PPP, 0x00fd, "PPP, compressed"},
    {FP_NO_SEGMENT_PPP, 0x003d, "PPP multilink"},
    {FP_NO_SEGMENT_PROTOCOL, 1, "ICMP"},
    {FP_NO_SEGMENT_PROTOCOL, 2, "IGMP"},
    {FP_NO_SEGMENT_PROTOCOL, 6, "TCP"},
    {FP_NO_SEGMENT_PROTOCOL, 17, "UDP"},
    {FP_NO_SEGMENT_PROTOCOL, 33, "DCCP"},
    {FP_NO_SEGMENT_PROTOCOL, 46, "RSVP"},
    {FP_NO_SEGMENT_PROTOCOL, 50, "ESP"},
    {FP_NO_SEGMENT_PROTOCOL, 58, "ICMPv6"},
    {FP_NO_SEGMENT_PROTOCOL, 59, "IPv6 without payload"},
    {FP_NO_SEGMENT_PROTOCOL, 88, "EIGRP"},
    {FP_NO_SEGMENT_PROTOCOL, 89, "OSPF"},
    {FP_NO_SEGMENT_PROTOCOL, 103, "PIM"},
    {FP_NO_SEGMENT_PROTOCOL, 108, "IPComp"},
    {FP_NO_SEGMENT_PROTOCOL, 112, "VRRP or CARP"},
    {FP_NO_SEGMENT_PROTOCOL, 115, "L2TPv3"},
    {FP_NO_SEGMENT_PROTOCOL, 132, "SCTP"},
    {FP_NO_SEGMENT_PROTOCOL, 136, "UDP-Lite"},
    {FP_NO_SEGMENT_PORT, 1194, "OpenVPN (UDP 1194)"},
    {FP_NO_SEGMENT_PORT, 1701, "L2TP (UDP 1701)"},
    {FP_NO_SEGMENT_PORT, 2123, "GTP (UDP 2123)"},
    {FP_NO_SEGMENT_PORT, 2152, "GTP (UDP 2152)"},
    {FP_NO_SEGMENT_PORT, 3544, "Teredo (UDP 3544)"},
    {FP_NO_SEGMENT_PORT, 4500, "IPsec in UDP (4500)"},
    {FP_NO_SEGMENT_PORT, 5246, "CAPWAP (UDP 5246)"},
    {FP_NO_SEGMENT_PORT, 5247, "CAPWAP (UDP 5247)"},
    {FP_NO_SEGMENT_PORT, 8472, "VXLAN, old (UDP 8472)"},
    {FP_NO_SEGMENT_PORT, 12223, "LWAPP (UDP 12223)"},
    {FP_NO_SEGMENT_PORT, 37008, "TZSP (UDP 37008)"},
    {FP_NO_SEGMENT_PORT, 51820, "WireGuard (UDP 51820)"},
};

static const char *known_name(FpNoSegment left)
{
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].kind == left.kind && names[i].number == left.number)
            return names[i].name;
    return NULL;
}

/* Uses libpcap's names of DLT_ values, nearly all of which are also the link types of files. */
static void name_link_type(uint16_t link_type, char *text, size_t n)
{
    const char *name = pcap_datalink_val_to_name(link_type);

    if (name != NULL)
        g_snprintf(text, n, "link type %u (%s)", link_type, name);
    else
        g_snprintf(text, n, "link type %u", link_type);
}

void fp_no_segment_name(FpNoSegment left, char *text, size_t n)
{
    static const char *const formats[FP_N_NO_SEGMENT] = {
        [FP_NO_SEGMENT_OTHER] = "%u",
        [FP_NO_SEGMENT_ENCAPSULATION] = "encapsulation %u",
        [FP_NO_SEGMENT_TYPE] = "Ethernet type 0x%04x",
        [FP_NO_SEGMENT_SAP] = "802.2 SAP 0x%02x",
        [FP_NO_SEGMENT_PPP] = "PPP protocol 0x%04x",
        [FP_NO_SEGMENT_PROTOCOL] = "IP protocol %u",
        [FP_NO_SEGMENT_GRE] = "GRE type 0x%04x",
        [FP_NO_SEGMENT_PORT] = "UDP port %u",
    };
    const char *name = left.kind == FP_NO_SEGMENT_ENCAPSULATION ? wtap_encap_description(left.number) : known_name(left);

    if (name != NULL)
        g_strlcpy(text, name, n);
    else if (left.kind == FP_NO_SEGMENT_LINK_TYPE)
        name_link_type(left.number, text, n);
    else
        g_snprintf(text, n, formats[left.kind], left.number);
}

FpNoSegmentCounts *fp_no_segment_counts_new(void)
{
    return g_new0(FpNoSegmentCounts, 1);
}

void fp_no_segment_counts_free(FpNoSegmentCounts *counts)
{
    if (counts == NULL)
        return;
    for (int kind = 0; kind < FP_N_NO_SEGMENT; kind++)
        for (unsigned page = 0; page < PAGE_NUMBERS; page++)
            g_free(counts->pages[kind][page]);
    g_free(counts);
}

void fp_no_segment_count(FpNoSegmentCounts *counts, FpNoSegment left)
{
    uint64_t **page = &counts->pages[left.kind][left.number / PAGE_NUMBERS];

    if (*page == NULL)
        *page = g_new0(uint64_t, PAGE_NUMBERS);
    (*page)[left.number % PAGE_NUMBERS]++;
}

/* Inserts count into top, which is sorted and holds n of at most max counts. Adds what does not fit to *rest. Returns the new n. */
static size_t place(FpNoSegmentCount *top, size_t n, size_t max, FpNoSegmentCount count, uint64_t *rest)
{
    size_t at = n;

    while (at > 0 && top[at - 1].n < count.n)
        at--;
    if (n == max)
        *rest += at == max ? count.n : top[max - 1].n;
    else
        n++;
    for (size_t i = n - 1; i > at && i < max; i--)
        top[i] = top[i - 1];
    if (at < n)
        top[at] = count;
    return n;
}

/* Does so with all counts of a page, whose first is that of first. */
static size_t place_page(const FpNoSegmentCounts *counts, FpNoSegment first, FpNoSegmentCount *top, size_t n, size_t max, uint64_t *rest)
{
    const uint64_t *page = counts->pages[first.kind][first.number / PAGE_NUMBERS];

    for (unsigned i = 0; i < PAGE_NUMBERS; i++) {
        const FpNoSegment left = {.kind = first.kind, .number = (uint16_t)(first.number + i)};
        if (page[i] > 0)
            n = place(top, n, max, (FpNoSegmentCount){.left = left, .n = page[i]}, rest);
    }
    return n;
}

size_t fp_no_segment_counts_top(const FpNoSegmentCounts *counts, FpNoSegmentCount *top, size_t max, uint64_t *rest)
{
    size_t n = 0;

    *rest = 0;
    for (unsigned kind = 0; kind < FP_N_NO_SEGMENT; kind++)
        for (unsigned page = 0; page < PAGE_NUMBERS; page++)
            if (counts->pages[kind][page] != NULL)
                n = place_page(counts, (FpNoSegment){.kind = (FpNoSegmentKind)kind, .number = (uint16_t)(page * PAGE_NUMBERS)}, top, n, max,
                               rest);
    return n;
}

FpNoSegment fp_no_segment_of_link(const FpCapture *capture, const FpRecord *record)
{
    uint32_t link_type = fp_capture_link_type(capture, record);

    if (link_type != FP_LINK_TYPE_NONE || record->wiretap == NULL)
        return (FpNoSegment){.kind = FP_NO_SEGMENT_LINK_TYPE, .number = (uint16_t)link_type};
    return (FpNoSegment){.kind = FP_NO_SEGMENT_ENCAPSULATION, .number = fp_wiretap_encapsulation(record)};
}
