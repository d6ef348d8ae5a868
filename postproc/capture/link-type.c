/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link-type.c - see link-type.h. */
#include "link-type.h"

#include <wiretap/wtap.h>

/* For rows in which one of the numbers does not exist. */
#define NO_LINK_TYPE UINT32_MAX
#define NO_ENCAPSULATION (-2)

/* LINKTYPE_RAW is 101 in files; 12 and 14 are DLT_RAW on some systems, and were written, too. Where link type and encapsulation have a row
 * each, libwiretap strips the header that files have before the frame. */
/* clang-format off */
static const struct {
    uint32_t link_type;
    int encapsulation;
    FpLink link;
} links[] = {
    {0, WTAP_ENCAP_NULL, FP_LINK_NULL},
    {1, WTAP_ENCAP_ETHERNET, FP_LINK_ETHERNET},
    {6, WTAP_ENCAP_TOKEN_RING, FP_LINK_TOKEN_RING},
    {7, WTAP_ENCAP_ARCNET, FP_LINK_ARCNET},
    {9, WTAP_ENCAP_PPP, FP_LINK_PPP},
    {10, WTAP_ENCAP_FDDI_BITSWAPPED, FP_LINK_FDDI},
    {10, WTAP_ENCAP_FDDI, FP_LINK_FDDI},
    {11, WTAP_ENCAP_ATM_RFC1483, FP_LINK_LLC},
    {12, WTAP_ENCAP_RAW_IP, FP_LINK_RAW_IP},
    {13, WTAP_ENCAP_ATM_RFC1483, FP_LINK_LLC},
    {14, WTAP_ENCAP_RAW_IP, FP_LINK_RAW_IP},
    {16, WTAP_ENCAP_CHDLC, FP_LINK_CHDLC},
    {17, WTAP_ENCAP_OLD_PFLOG, FP_LINK_PFLOG_OLD},
    {18, WTAP_ENCAP_LINUX_ATM_CLIP, FP_LINK_IPV4},
    {19, WTAP_ENCAP_LINUX_ATM_CLIP, FP_LINK_IPV4},
    {50, WTAP_ENCAP_PPP, FP_LINK_PPP},
    {51, WTAP_ENCAP_PPP_ETHER, FP_LINK_PPPOE},
    {100, WTAP_ENCAP_ATM_RFC1483, FP_LINK_LLC},
    {101, WTAP_ENCAP_RAW_IP, FP_LINK_RAW_IP},
    {104, WTAP_ENCAP_CHDLC, FP_LINK_CHDLC},
    {105, WTAP_ENCAP_IEEE_802_11, FP_LINK_WLAN},
    {106, WTAP_ENCAP_LINUX_ATM_CLIP, FP_LINK_IPV4},
    {107, WTAP_ENCAP_FRELAY, FP_LINK_FRAME_RELAY},
    {108, WTAP_ENCAP_LOOP, FP_LINK_LOOP},
    {109, WTAP_ENCAP_ENC, FP_LINK_ENC},
    {112, WTAP_ENCAP_CHDLC, FP_LINK_CHDLC},
    {113, WTAP_ENCAP_SLL, FP_LINK_SLL},
    {117, WTAP_ENCAP_PFLOG, FP_LINK_PFLOG},
    {119, WTAP_ENCAP_IEEE_802_11_PRISM, FP_LINK_PRISM},
    {122, WTAP_ENCAP_IP_OVER_FC, FP_LINK_FIBRE_CHANNEL},
    {127, WTAP_ENCAP_IEEE_802_11_RADIOTAP, FP_LINK_RADIOTAP},
    {128, WTAP_ENCAP_TZSP, FP_LINK_TZSP},
    {129, WTAP_ENCAP_ARCNET_LINUX, FP_LINK_ARCNET_LINUX},
    {133, WTAP_ENCAP_JUNIPER_GGSN, FP_LINK_JUNIPER_GGSN},
    {135, WTAP_ENCAP_JUNIPER_ATM2, FP_LINK_JUNIPER_ATM2},
    {136, WTAP_ENCAP_JUNIPER_SVCS, FP_LINK_JUNIPER_SERVICES},
    {137, WTAP_ENCAP_JUNIPER_ATM1, FP_LINK_JUNIPER_ATM1},
    {163, WTAP_ENCAP_IEEE_802_11_AVS, FP_LINK_AVS},
    {167, WTAP_ENCAP_JUNIPER_PPPOE, FP_LINK_JUNIPER_ETHERNET},
    {178, WTAP_ENCAP_JUNIPER_ETHER, FP_LINK_JUNIPER_ETHERNET},
    {179, WTAP_ENCAP_JUNIPER_PPP, FP_LINK_JUNIPER_PPP},
    {180, WTAP_ENCAP_JUNIPER_FRELAY, FP_LINK_JUNIPER_FRAME_RELAY},
    {181, WTAP_ENCAP_JUNIPER_CHDLC, FP_LINK_JUNIPER_CHDLC},
    {183, WTAP_ENCAP_JUNIPER_VP, FP_LINK_JUNIPER_VP},
    {184, WTAP_ENCAP_JUNIPER_VN, FP_LINK_JUNIPER_VN},
    {192, WTAP_ENCAP_PPI, FP_LINK_PPI},
    {197, NO_ENCAPSULATION, FP_LINK_ERF},
    {204, NO_ENCAPSULATION, FP_LINK_PPP_DIRECTION},
    {226, WTAP_ENCAP_IPNET, FP_LINK_IPNET},
    {228, WTAP_ENCAP_RAW_IP4, FP_LINK_IPV4},
    {229, WTAP_ENCAP_RAW_IP6, FP_LINK_IPV6},
    {239, WTAP_ENCAP_NFLOG, FP_LINK_NFLOG},
    {240, WTAP_ENCAP_NETANALYZER, FP_LINK_NETANALYZER},
    {242, WTAP_ENCAP_IP_OVER_IB_PCAP, FP_LINK_INFINIBAND_GLOBAL},
    {252, WTAP_ENCAP_WIRESHARK_UPPER_PDU, FP_LINK_UPPER_PDU},
    {258, WTAP_ENCAP_PKTAP, FP_LINK_PKTAP},
    {259, WTAP_ENCAP_EPON, FP_LINK_EPON},
    {276, WTAP_ENCAP_SLL2, FP_LINK_SLL2},
    {NO_LINK_TYPE, WTAP_ENCAP_PPP_WITH_PHDR, FP_LINK_PPP},
    {NO_LINK_TYPE, WTAP_ENCAP_CHDLC_WITH_PHDR, FP_LINK_CHDLC},
    {NO_LINK_TYPE, WTAP_ENCAP_FRELAY_WITH_PHDR, FP_LINK_FRAME_RELAY},
    {NO_LINK_TYPE, WTAP_ENCAP_IEEE_802_11_WITH_RADIO, FP_LINK_WLAN},
    {NO_LINK_TYPE, WTAP_ENCAP_IP_OVER_IB_SNOOP, FP_LINK_INFINIBAND},
    {NO_LINK_TYPE, WTAP_ENCAP_OLD_PFLOG, FP_LINK_PFLOG_OLD},
};
/* clang-format on */

/* Types of Endace's records, the length of the header that each has, and what follows it. */
static const struct {
    uint8_t type, header_bytes;
    FpLink link;
} erf_types[] = {
    {1, 0, FP_LINK_PPP},       {2, 2, FP_LINK_ETHERNET},  {5, 4, FP_LINK_PPP},       {10, 0, FP_LINK_PPP},
    {11, 2, FP_LINK_ETHERNET}, {15, 0, FP_LINK_PPP},      {16, 2, FP_LINK_ETHERNET}, {17, 4, FP_LINK_PPP},
    {19, 0, FP_LINK_PPP},      {20, 2, FP_LINK_ETHERNET}, {22, 0, FP_LINK_IPV4},     {23, 0, FP_LINK_IPV6},
};

#define ERF_TYPE 0x7f

FpLink fp_link_of_erf(uint8_t erf_type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(erf_types); i++)
        if (erf_types[i].type == (erf_type & ERF_TYPE))
            return erf_types[i].link;
    return FP_LINK_OTHER;
}

uint32_t fp_link_erf_header_bytes(uint8_t erf_type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(erf_types); i++)
        if (erf_types[i].type == (erf_type & ERF_TYPE))
            return erf_types[i].header_bytes;
    return 0;
}

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

FpLink fp_link_of_wiretap(int encapsulation, uint8_t erf_type)
{
    if (encapsulation == WTAP_ENCAP_ERF)
        return fp_link_of_erf(erf_type);
    for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
        if (links[i].encapsulation == encapsulation)
            return links[i].link;
    return FP_LINK_OTHER;
}
