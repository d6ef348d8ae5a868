/* SPDX-License-Identifier: GPL-2.0-or-later */
/* left.c - see left.h. */
#include "left.h"

#include <glib.h>
#include <pcap/pcap.h>
#include <wiretap/wtap.h>

#define PAGE_NUMBERS 256U

/* By kind, by the number's high byte, by its low byte; pages that nobody needs are not there. */
struct FpLeftCounts {
    uint64_t *pages[FP_N_LEFT][PAGE_NUMBERS];
};

typedef struct {
    FpLeftKind kind;
    uint16_t number;
    const char *name;
} Name;

/* What is met most. Others are called by their numbers. */
static const Name names[] = {
    {FP_LEFT_OTHER, FP_OTHER_NESTED, "nested too deep"},
    {FP_LEFT_OTHER, FP_OTHER_SNAP, "SNAP of an organisation"},
    {FP_LEFT_OTHER, FP_OTHER_WLAN, "802.11 without data"},
    {FP_LEFT_OTHER, FP_OTHER_WLAN_PROTECTED, "802.11, encrypted"},
    {FP_LEFT_OTHER, FP_OTHER_WLAN_FRAGMENT, "incomplete 802.11 frame"},
    {FP_LEFT_OTHER, FP_OTHER_MPLS, "MPLS, not IP or Ethernet"},
    {FP_LEFT_OTHER, FP_OTHER_FAMILY, "address family not IP"},
    {FP_LEFT_OTHER, FP_OTHER_ARCNET, "ARCNET, not IP"},
    {FP_LEFT_OTHER, FP_OTHER_FRAME_RELAY, "Frame Relay, not IP"},
    {FP_LEFT_OTHER, FP_OTHER_ROUTING, "RPL routing header"},
    {FP_LEFT_OTHER, FP_OTHER_ENCRYPTED, "encrypted"},
    {FP_LEFT_OTHER, FP_OTHER_DISSECTOR, "upper PDU, not IP"},
    {FP_LEFT_TYPE, 0x0806, "ARP"},
    {FP_LEFT_TYPE, 0x0842, "Wake-on-LAN"},
    {FP_LEFT_TYPE, 0x2000, "CDP"},
    {FP_LEFT_TYPE, 0x22ea, "SRP"},
    {FP_LEFT_TYPE, 0x22f0, "AVTP"},
    {FP_LEFT_TYPE, 0x22f4, "IS-IS in TRILL"},
    {FP_LEFT_TYPE, 0x6002, "DEC MOP"},
    {FP_LEFT_TYPE, 0x6003, "DECnet"},
    {FP_LEFT_TYPE, 0x8035, "RARP"},
    {FP_LEFT_TYPE, 0x809b, "AppleTalk"},
    {FP_LEFT_TYPE, 0x80f3, "AppleTalk ARP"},
    {FP_LEFT_TYPE, 0x8137, "IPX"},
    {FP_LEFT_TYPE, 0x8808, "Ethernet pause"},
    {FP_LEFT_TYPE, 0x8809, "LACP and the like"},
    {FP_LEFT_TYPE, 0x8863, "PPPoE discovery"},
    {FP_LEFT_TYPE, 0x886d, "Intel ANS"},
    {FP_LEFT_TYPE, 0x888e, "EAPOL"},
    {FP_LEFT_TYPE, 0x8892, "PROFINET"},
    {FP_LEFT_TYPE, 0x88a2, "ATA over Ethernet"},
    {FP_LEFT_TYPE, 0x88a4, "EtherCAT"},
    {FP_LEFT_TYPE, 0x88b8, "GOOSE"},
    {FP_LEFT_TYPE, 0x88ba, "IEC 61850 SV"},
    {FP_LEFT_TYPE, 0x88cc, "LLDP"},
    {FP_LEFT_TYPE, 0x88e1, "HomePlug"},
    {FP_LEFT_TYPE, 0x88e5, "MACsec, encrypted"},
    {FP_LEFT_TYPE, 0x88f5, "MVRP"},
    {FP_LEFT_TYPE, 0x88f7, "PTP"},
    {FP_LEFT_TYPE, 0x88fb, "PRP supervision"},
    {FP_LEFT_TYPE, 0x8902, "CFM"},
    {FP_LEFT_TYPE, 0x8906, "FCoE"},
    {FP_LEFT_TYPE, 0x8914, "FIP"},
    {FP_LEFT_TYPE, 0x8915, "RoCE"},
    {FP_LEFT_TYPE, 0x892f, "HSR"},
    {FP_LEFT_TYPE, 0x9000, "Ethernet loopback"},
    {FP_LEFT_SAP, 0x42, "STP"},
    {FP_LEFT_SAP, 0xe0, "IPX (802.2)"},
    {FP_LEFT_SAP, 0xf0, "NetBEUI"},
    {FP_LEFT_SAP, 0xfe, "OSI (802.2)"},
    {FP_LEFT_SAP, 0xff, "IPX (802.3)"},
    {FP_LEFT_PPP, 0x8021, "PPP IPCP"},
    {FP_LEFT_PPP, 0x8057, "PPP IPV6CP"},
    {FP_LEFT_PPP, 0x80fd, "PPP CCP"},
    {FP_LEFT_PPP, 0xc021, "PPP LCP"},
    {FP_LEFT_PPP, 0xc023, "PPP PAP"},
    {FP_LEFT_PPP, 0xc223, "PPP CHAP"},
    {FP_LEFT_PPP, 0x00fd, "PPP, compressed"},
    {FP_LEFT_PPP, 0x003d, "PPP multilink"},
    {FP_LEFT_PROTOCOL, 1, "ICMP"},
    {FP_LEFT_PROTOCOL, 2, "IGMP"},
    {FP_LEFT_PROTOCOL, 17, "UDP"},
    {FP_LEFT_PROTOCOL, 33, "DCCP"},
    {FP_LEFT_PROTOCOL, 46, "RSVP"},
    {FP_LEFT_PROTOCOL, 50, "ESP"},
    {FP_LEFT_PROTOCOL, 58, "ICMPv6"},
    {FP_LEFT_PROTOCOL, 59, "IPv6 without payload"},
    {FP_LEFT_PROTOCOL, 88, "EIGRP"},
    {FP_LEFT_PROTOCOL, 89, "OSPF"},
    {FP_LEFT_PROTOCOL, 103, "PIM"},
    {FP_LEFT_PROTOCOL, 108, "IPComp"},
    {FP_LEFT_PROTOCOL, 112, "VRRP or CARP"},
    {FP_LEFT_PROTOCOL, 115, "L2TPv3"},
    {FP_LEFT_PROTOCOL, 132, "SCTP"},
    {FP_LEFT_PROTOCOL, 136, "UDP-Lite"},
    {FP_LEFT_PORT, 1194, "OpenVPN (UDP 1194)"},
    {FP_LEFT_PORT, 1701, "L2TP (UDP 1701)"},
    {FP_LEFT_PORT, 2123, "GTP (UDP 2123)"},
    {FP_LEFT_PORT, 2152, "GTP (UDP 2152)"},
    {FP_LEFT_PORT, 3544, "Teredo (UDP 3544)"},
    {FP_LEFT_PORT, 4500, "IPsec in UDP (4500)"},
    {FP_LEFT_PORT, 5246, "CAPWAP (UDP 5246)"},
    {FP_LEFT_PORT, 5247, "CAPWAP (UDP 5247)"},
    {FP_LEFT_PORT, 8472, "VXLAN, old (UDP 8472)"},
    {FP_LEFT_PORT, 12223, "LWAPP (UDP 12223)"},
    {FP_LEFT_PORT, 37008, "TZSP (UDP 37008)"},
    {FP_LEFT_PORT, 51820, "WireGuard (UDP 51820)"},
};

static const char *known_name(FpLeft left)
{
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].kind == left.kind && names[i].number == left.number)
            return names[i].name;
    return NULL;
}

/* pcap's names of its DLT_ values, nearly all of which are the link types of files. */
static void name_link_type(uint16_t link_type, char *text, size_t n)
{
    const char *name = pcap_datalink_val_to_name(link_type);

    if (name != NULL)
        g_snprintf(text, n, "link type %u (%s)", link_type, name);
    else
        g_snprintf(text, n, "link type %u", link_type);
}

void fp_left_name(FpLeft left, char *text, size_t n)
{
    static const char *const formats[FP_N_LEFT] = {
        [FP_LEFT_OTHER] = "%u",
        [FP_LEFT_ENCAPSULATION] = "encapsulation %u",
        [FP_LEFT_TYPE] = "Ethernet type 0x%04x",
        [FP_LEFT_SAP] = "802.2 SAP 0x%02x",
        [FP_LEFT_PPP] = "PPP protocol 0x%04x",
        [FP_LEFT_PROTOCOL] = "IP protocol %u",
        [FP_LEFT_GRE] = "GRE type 0x%04x",
        [FP_LEFT_PORT] = "UDP port %u",
    };
    const char *name = left.kind == FP_LEFT_ENCAPSULATION ? wtap_encap_description(left.number) : known_name(left);

    if (name != NULL)
        g_strlcpy(text, name, n);
    else if (left.kind == FP_LEFT_LINK_TYPE)
        name_link_type(left.number, text, n);
    else
        g_snprintf(text, n, formats[left.kind], left.number);
}

FpLeftCounts *fp_left_counts_new(void)
{
    return g_new0(FpLeftCounts, 1);
}

void fp_left_counts_free(FpLeftCounts *counts)
{
    if (counts == NULL)
        return;
    for (int kind = 0; kind < FP_N_LEFT; kind++)
        for (unsigned page = 0; page < PAGE_NUMBERS; page++)
            g_free(counts->pages[kind][page]);
    g_free(counts);
}

void fp_left_count(FpLeftCounts *counts, FpLeft left)
{
    uint64_t **page = &counts->pages[left.kind][left.number / PAGE_NUMBERS];

    if (*page == NULL)
        *page = g_new0(uint64_t, PAGE_NUMBERS);
    (*page)[left.number % PAGE_NUMBERS]++;
}

/* Puts it in its place among the n that there are, of max at most; what has no place goes to *rest. Returns how many there are then. */
static size_t place(FpLeftCount *top, size_t n, size_t max, FpLeftCount count, uint64_t *rest)
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

size_t fp_left_counts_top(const FpLeftCounts *counts, FpLeftCount *top, size_t max, uint64_t *rest)
{
    size_t n = 0;

    *rest = 0;
    for (unsigned kind = 0; kind < FP_N_LEFT; kind++)
        for (unsigned number = 0; number < PAGE_NUMBERS * PAGE_NUMBERS; number++) {
            const uint64_t *page = counts->pages[kind][number / PAGE_NUMBERS];
            if (page != NULL && page[number % PAGE_NUMBERS] > 0) {
                FpLeft left = {.kind = (FpLeftKind)kind, .number = (uint16_t)number};
                n = place(top, n, max, (FpLeftCount){.left = left, .n = page[number % PAGE_NUMBERS]}, rest);
            }
        }
    return n;
}
