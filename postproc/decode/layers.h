/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layers.h - which step handles what a number announces. A new layer is a row here, and its step.
 *
 * The tables follow what Wireshark decodes with default preferences; docs/layers.md compares them with Wireshark's tables. A row is
 * LAYER(number, step).
 */
#ifndef FP_LAYERS_H
#define FP_LAYERS_H

#include "decode-internal.h"

/* clang-format off */

/* Ethernet types. */
#define FP_LAYERS_OF_TYPE(LAYER)            \
    LAYER(0x0641, fp_walk_roofnet)          \
    LAYER(0x0643, fp_walk_roofnet)          \
    LAYER(0x0644, fp_walk_roofnet)          \
    LAYER(0x0645, fp_walk_roofnet)          \
    LAYER(0x0800, fp_walk_ipv4)             \
    LAYER(0x22e5, fp_walk_gigamon)          \
    LAYER(0x22f3, fp_walk_trill)            \
    LAYER(0x2452, fp_walk_wlan_decrypted)   \
    LAYER(0x4305, fp_walk_batman)           \
    LAYER(0x6558, fp_walk_ethernet)         \
    LAYER(0x8100, fp_walk_vlan)             \
    LAYER(0x8847, fp_walk_mpls)             \
    LAYER(0x8848, fp_walk_mpls)             \
    LAYER(0x8864, fp_walk_pppoe)            \
    LAYER(0x886c, fp_walk_homepna)          \
    LAYER(0x8870, fp_walk_llc)              \
    LAYER(0x86dd, fp_walk_ipv6)             \
    LAYER(0x88a1, fp_walk_telkonet)         \
    LAYER(0x88a8, fp_walk_provider_vlan)    \
    LAYER(0x88bb, fp_walk_lwapp)            \
    LAYER(0x88de, fp_walk_lab_manager)      \
    LAYER(0x88e5, fp_walk_macsec)           \
    LAYER(0x88e7, fp_walk_provider_backbone)\
    LAYER(0x8909, fp_walk_cisco_metadata)   \
    LAYER(0x8926, fp_walk_vn_tag)           \
    LAYER(0x892f, fp_walk_hsr)              \
    LAYER(0x893f, fp_walk_e_tag)            \
    LAYER(0x894f, fp_walk_service_header)   \
    LAYER(0x8988, fp_walk_t_tag)            \
    LAYER(0x9100, fp_walk_vlan)             \
    LAYER(0xbbbb, fp_walk_lwapp)            \
    LAYER(0xd28b, fp_walk_arista_timestamp) \
    LAYER(0xe555, fp_walk_extreme_header)   \
    LAYER(0xf1c1, fp_walk_r_tag)

/* IEEE 802.2 service access points. */
#define FP_LAYERS_OF_SAP(LAYER)             \
    LAYER(0x06, fp_walk_ipv4)               \
    LAYER(0x14, fp_walk_osi)                \
    LAYER(0x20, fp_walk_osi)                \
    LAYER(0x34, fp_walk_osi)                \
    LAYER(0x54, fp_walk_osi)                \
    LAYER(0xfe, fp_walk_osi)

/* OSI's network layer protocol identifiers, some of which belong to other protocols (ISO 9577). */
#define FP_LAYERS_OF_NLPID(LAYER)           \
    LAYER(0x8e, fp_walk_ipv6)               \
    LAYER(0xcc, fp_walk_ipv4)               \
    LAYER(0xcf, fp_walk_ppp)

/* PPP protocols. */
#define FP_LAYERS_OF_PPP(LAYER)             \
    LAYER(0x0021, fp_walk_ipv4)             \
    LAYER(0x0023, fp_walk_osi)              \
    LAYER(0x002f, fp_walk_vj_uncompressed)  \
    LAYER(0x0031, fp_walk_ppp_bridged)      \
    LAYER(0x003d, fp_walk_ppp_multilink)    \
    LAYER(0x004b, fp_walk_llc)              \
    LAYER(0x0057, fp_walk_ipv6)             \
    LAYER(0x0059, fp_walk_ppp_mux)          \
    LAYER(0x0281, fp_walk_mpls)             \
    LAYER(0x0283, fp_walk_mpls)             \
    LAYER(0x0800, fp_walk_ipv4)             \
    LAYER(0x86dd, fp_walk_ipv6)

/* Types of Cisco HDLC, and of Cisco's Frame Relay. */
#define FP_LAYERS_OF_CHDLC(LAYER)           \
    LAYER(0x0800, fp_walk_ipv4)             \
    LAYER(0x6558, fp_walk_ethernet)         \
    LAYER(0x8847, fp_walk_mpls)             \
    LAYER(0x8848, fp_walk_mpls)             \
    LAYER(0x86dd, fp_walk_ipv6)             \
    LAYER(0xfefe, fp_walk_osi_padded)

/* IP protocols. */
#define FP_LAYERS_OF_PROTOCOL(LAYER)        \
    LAYER(4, fp_walk_ipv4)                  \
    LAYER(6, fp_walk_tcp)                   \
    LAYER(17, fp_walk_udp)                  \
    LAYER(41, fp_walk_ipv6)                 \
    LAYER(47, fp_walk_gre)                  \
    LAYER(51, fp_walk_authentication)       \
    LAYER(53, fp_walk_swipe)                \
    LAYER(80, fp_walk_osi)                  \
    LAYER(97, fp_walk_etherip)              \
    LAYER(103, fp_walk_pim)                 \
    LAYER(108, fp_walk_ipcomp)              \
    LAYER(137, fp_walk_mpls)                \
    LAYER(143, fp_walk_ethernet)

/* GRE types, which include few of Ethernet's. */
#define FP_LAYERS_OF_GRE(LAYER)             \
    LAYER(0x00fe, fp_walk_osi)              \
    LAYER(0x0800, fp_walk_ipv4)             \
    LAYER(0x22eb, fp_walk_erspan)           \
    LAYER(0x6400, fp_walk_ethernet)         \
    LAYER(0x6558, fp_walk_ethernet)         \
    LAYER(0x6559, fp_walk_frame_relay)      \
    LAYER(0x86dd, fp_walk_ipv6)             \
    LAYER(0x880b, fp_walk_ppp_hdlc)         \
    LAYER(0x883e, fp_walk_ipv4)             \
    LAYER(0x8847, fp_walk_mpls)             \
    LAYER(0x8848, fp_walk_mpls)             \
    LAYER(0x8881, fp_walk_ppp_stream)       \
    LAYER(0x88d2, fp_walk_ppp_stream)       \
    LAYER(0x8909, fp_walk_cisco_metadata_in_gre) \
    LAYER(0x894f, fp_walk_service_header)

/* Next protocols of VXLAN-GPE and of the network service header. */
#define FP_LAYERS_OF_NEXT(LAYER)            \
    LAYER(1, fp_walk_ipv4)                  \
    LAYER(2, fp_walk_ipv6)                  \
    LAYER(3, fp_walk_ethernet)              \
    LAYER(4, fp_walk_service_header)        \
    LAYER(5, fp_walk_mpls)

/* UDP ports. */
#define FP_LAYERS_OF_PORT(LAYER)            \
    LAYER(434, fp_walk_mobile_ip)           \
    LAYER(1701, fp_walk_l2tp)               \
    LAYER(2123, fp_walk_gtp)                \
    LAYER(2152, fp_walk_gtp)                \
    LAYER(2268, fp_walk_amt)                \
    LAYER(3544, fp_walk_teredo)             \
    LAYER(4306, fp_walk_batman_gateway)     \
    LAYER(4341, fp_walk_lisp)               \
    LAYER(4754, fp_walk_gre)                \
    LAYER(4789, fp_walk_vxlan)              \
    LAYER(4790, fp_walk_vxlan_gpe)          \
    LAYER(5072, fp_walk_ayiya)              \
    LAYER(5247, fp_walk_capwap)             \
    LAYER(6081, fp_walk_geneve)             \
    LAYER(6635, fp_walk_mpls)               \
    LAYER(12000, fp_walk_llc)               \
    LAYER(12001, fp_walk_llc)               \
    LAYER(12002, fp_walk_llc)               \
    LAYER(12003, fp_walk_llc)               \
    LAYER(12004, fp_walk_llc)               \
    LAYER(12220, fp_walk_ethernet)          \
    LAYER(12222, fp_walk_lwapp)             \
    LAYER(12223, fp_walk_lwapp)             \
    LAYER(30030, fp_walk_juniper_mirror)    \
    LAYER(37008, fp_walk_tzsp)

/* UDP ports of tunnels that are not decoded. They are listed so that the summary counts them by name. */
#define FP_OPAQUE_PORTS(PORT)               \
    PORT(1194)                              \
    PORT(4500)                              \
    PORT(5246)                              \
    PORT(8472)                              \
    PORT(51820)

/* TZSP encapsulations. */
#define FP_LAYERS_OF_TZSP(LAYER)            \
    LAYER(1, fp_walk_ethernet)              \
    LAYER(2, fp_walk_token_ring)            \
    LAYER(4, fp_walk_ppp_hdlc)              \
    LAYER(5, fp_walk_fddi)                  \
    LAYER(7, fp_walk_raw_ip)                \
    LAYER(18, fp_walk_wlan)                 \
    LAYER(119, fp_walk_prism)               \
    LAYER(126, fp_walk_radiotap)            \
    LAYER(127, fp_walk_avs)

/* Juniper's numbers for what its routers captured. */
#define FP_LAYERS_OF_JUNIPER(LAYER)         \
    LAYER(2, fp_walk_ipv4)                  \
    LAYER(3, fp_walk_ipv4)                  \
    LAYER(4, fp_walk_mpls)                  \
    LAYER(5, fp_walk_mpls)                  \
    LAYER(6, fp_walk_ipv6)                  \
    LAYER(7, fp_walk_ipv6)                  \
    LAYER(8, fp_walk_mpls)                  \
    LAYER(10, fp_walk_osi)                  \
    LAYER(32, fp_walk_mpls)                 \
    LAYER(33, fp_walk_osi)                  \
    LAYER(200, fp_walk_ppp)                 \
    LAYER(201, fp_walk_osi)                 \
    LAYER(202, fp_walk_llc)                 \
    LAYER(203, fp_walk_llc)                 \
    LAYER(204, fp_walk_ethernet)            \
    LAYER(207, fp_walk_frame_relay)         \
    LAYER(208, fp_walk_chdlc)

/* Link types. */
#define FP_LAYERS_OF_LINK(LAYER)            \
    LAYER(FP_LINK_ETHERNET, fp_walk_ethernet) \
    LAYER(FP_LINK_TOKEN_RING, fp_walk_token_ring) \
    LAYER(FP_LINK_ARCNET, fp_walk_arcnet)   \
    LAYER(FP_LINK_ARCNET_LINUX, fp_walk_arcnet_linux) \
    LAYER(FP_LINK_NULL, fp_walk_null)       \
    LAYER(FP_LINK_LOOP, fp_walk_loop)       \
    LAYER(FP_LINK_ENC, fp_walk_enc)         \
    LAYER(FP_LINK_PFLOG, fp_walk_pflog)     \
    LAYER(FP_LINK_PFLOG_OLD, fp_walk_pflog_old) \
    LAYER(FP_LINK_RAW_IP, fp_walk_raw_ip)   \
    LAYER(FP_LINK_IPV4, fp_walk_ipv4)       \
    LAYER(FP_LINK_IPV6, fp_walk_ipv6)       \
    LAYER(FP_LINK_IPNET, fp_walk_ipnet)     \
    LAYER(FP_LINK_SLL, fp_walk_sll)         \
    LAYER(FP_LINK_SLL2, fp_walk_sll2)       \
    LAYER(FP_LINK_PPP, fp_walk_ppp_hdlc)    \
    LAYER(FP_LINK_PPP_DIRECTION, fp_walk_ppp_direction) \
    LAYER(FP_LINK_PPPOE, fp_walk_pppoe)     \
    LAYER(FP_LINK_CHDLC, fp_walk_chdlc)     \
    LAYER(FP_LINK_FRAME_RELAY, fp_walk_frame_relay) \
    LAYER(FP_LINK_LLC, fp_walk_llc)         \
    LAYER(FP_LINK_FDDI, fp_walk_fddi)       \
    LAYER(FP_LINK_FIBRE_CHANNEL, fp_walk_fibre_channel) \
    LAYER(FP_LINK_INFINIBAND, fp_walk_infiniband) \
    LAYER(FP_LINK_INFINIBAND_GLOBAL, fp_walk_infiniband_global) \
    LAYER(FP_LINK_NFLOG, fp_walk_nflog)     \
    LAYER(FP_LINK_NFLOG_BIG_ENDIAN, fp_walk_nflog_big_endian) \
    LAYER(FP_LINK_WLAN, fp_walk_wlan)       \
    LAYER(FP_LINK_RADIOTAP, fp_walk_radiotap) \
    LAYER(FP_LINK_PRISM, fp_walk_prism)     \
    LAYER(FP_LINK_AVS, fp_walk_avs)         \
    LAYER(FP_LINK_PPI, fp_walk_ppi)         \
    LAYER(FP_LINK_PKTAP, fp_walk_pktap)     \
    LAYER(FP_LINK_ERF, fp_walk_erf)         \
    LAYER(FP_LINK_TZSP, fp_walk_tzsp)       \
    LAYER(FP_LINK_EPON, fp_walk_epon)       \
    LAYER(FP_LINK_NETANALYZER, fp_walk_netanalyzer) \
    LAYER(FP_LINK_UPPER_PDU, fp_walk_upper_pdu) \
    LAYER(FP_LINK_JUNIPER_ETHERNET, fp_walk_juniper_ethernet) \
    LAYER(FP_LINK_JUNIPER_PPP, fp_walk_juniper_ppp) \
    LAYER(FP_LINK_JUNIPER_FRAME_RELAY, fp_walk_juniper_frame_relay) \
    LAYER(FP_LINK_JUNIPER_CHDLC, fp_walk_juniper_chdlc) \
    LAYER(FP_LINK_JUNIPER_GGSN, fp_walk_juniper_ggsn) \
    LAYER(FP_LINK_JUNIPER_VP, fp_walk_juniper_vp) \
    LAYER(FP_LINK_JUNIPER_SERVICES, fp_walk_juniper_services) \
    LAYER(FP_LINK_JUNIPER_ATM1, fp_walk_juniper_atm1) \
    LAYER(FP_LINK_JUNIPER_ATM2, fp_walk_juniper_atm2) \
    LAYER(FP_LINK_JUNIPER_VN, fp_walk_juniper_vn)

/* clang-format on */

/* Declarations of the steps. */
#define FP_LAYER_STEP(number, step) FpStep step;
FP_LAYERS_OF_TYPE(FP_LAYER_STEP)
FP_LAYERS_OF_SAP(FP_LAYER_STEP)
FP_LAYERS_OF_NLPID(FP_LAYER_STEP)
FP_LAYERS_OF_PPP(FP_LAYER_STEP)
FP_LAYERS_OF_CHDLC(FP_LAYER_STEP)
FP_LAYERS_OF_PROTOCOL(FP_LAYER_STEP)
FP_LAYERS_OF_GRE(FP_LAYER_STEP)
FP_LAYERS_OF_NEXT(FP_LAYER_STEP)
FP_LAYERS_OF_PORT(FP_LAYER_STEP)
FP_LAYERS_OF_TZSP(FP_LAYER_STEP)
FP_LAYERS_OF_JUNIPER(FP_LAYER_STEP)
FP_LAYERS_OF_LINK(FP_LAYER_STEP)
#undef FP_LAYER_STEP

/* fp_layer_of_type(number) and so on: the step that a table has for a number, or NULL. */
#define FP_LAYER_CASE(number, step)                                                                                                        \
    case number:                                                                                                                           \
        return step;
#define FP_LAYER_LOOKUP(name, TABLE)                                                                                                       \
    static inline FpStep *name(uint32_t number)                                                                                            \
    {                                                                                                                                      \
        switch (number) {                                                                                                                  \
            TABLE(FP_LAYER_CASE)                                                                                                           \
        default:                                                                                                                           \
            return NULL;                                                                                                                   \
        }                                                                                                                                  \
    }
FP_LAYER_LOOKUP(fp_layer_of_type, FP_LAYERS_OF_TYPE)
FP_LAYER_LOOKUP(fp_layer_of_sap, FP_LAYERS_OF_SAP)
FP_LAYER_LOOKUP(fp_layer_of_nlpid, FP_LAYERS_OF_NLPID)
FP_LAYER_LOOKUP(fp_layer_of_ppp, FP_LAYERS_OF_PPP)
FP_LAYER_LOOKUP(fp_layer_of_chdlc, FP_LAYERS_OF_CHDLC)
FP_LAYER_LOOKUP(fp_layer_of_protocol, FP_LAYERS_OF_PROTOCOL)
FP_LAYER_LOOKUP(fp_layer_of_gre, FP_LAYERS_OF_GRE)
FP_LAYER_LOOKUP(fp_layer_of_next, FP_LAYERS_OF_NEXT)
FP_LAYER_LOOKUP(fp_layer_of_port, FP_LAYERS_OF_PORT)
FP_LAYER_LOOKUP(fp_layer_of_tzsp, FP_LAYERS_OF_TZSP)
FP_LAYER_LOOKUP(fp_layer_of_juniper, FP_LAYERS_OF_JUNIPER)
FP_LAYER_LOOKUP(fp_layer_of_link, FP_LAYERS_OF_LINK)
#undef FP_LAYER_LOOKUP
#undef FP_LAYER_CASE

/* Runs the step of such a lookup; without one, ends the walk with what there is instead. */
static inline FpDecoded fp_walk_layer(FpWalk *walk, FpStep *step, FpSpan rest, FpNoSegmentKind kind, uint32_t number)
{
    return step != NULL ? step(walk, rest) : fp_walk_no_segment(walk, kind, number);
}

#endif
