/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link.c - see link.h. */
#include "link.h"

#include <wiretap/wtap.h>

/* LINKTYPE_RAW is 101 in files; 12 and 14 are what some systems' DLT_RAW is, and were written too. */
/* clang-format off */
static const struct {
    uint32_t link_type;
    int encapsulation;
    FpLink link;
} links[] = {
    {0, WTAP_ENCAP_NULL, FP_LINK_NULL},
    {1, WTAP_ENCAP_ETHERNET, FP_LINK_ETHERNET},
    {9, WTAP_ENCAP_PPP, FP_LINK_PPP},
    {10, WTAP_ENCAP_FDDI_BITSWAPPED, FP_LINK_FDDI},
    {10, WTAP_ENCAP_FDDI, FP_LINK_FDDI},
    {12, WTAP_ENCAP_RAW_IP, FP_LINK_RAW_IP},
    {14, WTAP_ENCAP_RAW_IP, FP_LINK_RAW_IP},
    {50, WTAP_ENCAP_PPP, FP_LINK_PPP},
    {51, WTAP_ENCAP_PPP_ETHER, FP_LINK_PPPOE},
    {101, WTAP_ENCAP_RAW_IP, FP_LINK_RAW_IP},
    {104, WTAP_ENCAP_CHDLC, FP_LINK_CHDLC},
    {105, WTAP_ENCAP_IEEE_802_11, FP_LINK_WLAN},
    {108, WTAP_ENCAP_LOOP, FP_LINK_LOOP},
    {112, WTAP_ENCAP_CHDLC, FP_LINK_CHDLC},
    {113, WTAP_ENCAP_SLL, FP_LINK_SLL},
    {127, WTAP_ENCAP_IEEE_802_11_RADIOTAP, FP_LINK_RADIOTAP},
    {192, WTAP_ENCAP_PPI, FP_LINK_PPI},
    {228, WTAP_ENCAP_RAW_IP4, FP_LINK_IPV4},
    {229, WTAP_ENCAP_RAW_IP6, FP_LINK_IPV6},
    {239, WTAP_ENCAP_NFLOG, FP_LINK_NFLOG},
    {276, WTAP_ENCAP_SLL2, FP_LINK_SLL2},
};
/* clang-format on */

#define LINKTYPE_DBUS 231
#define LINKTYPE_USBPCAP 249
#define LINKTYPE_EBHSCR 279

FpLink fp_link_of_link_type(uint32_t link_type, bool is_big_endian)
{
    for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
        if (links[i].link_type == link_type)
            return links[i].link == FP_LINK_NFLOG && is_big_endian ? FP_LINK_NFLOG_BIG_ENDIAN : links[i].link;
    return FP_LINK_OTHER;
}

bool fp_link_has_giant_records(uint32_t link_type)
{
    return link_type == LINKTYPE_DBUS || link_type == LINKTYPE_USBPCAP || link_type == LINKTYPE_EBHSCR;
}

FpLink fp_link_of_wiretap(int encapsulation)
{
    for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
        if (links[i].encapsulation == encapsulation)
            return links[i].link;
    return FP_LINK_OTHER;
}
