/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frames.h - frames of every link type around one packet, and a place for them right before a page that must not be touched, so that
 * reading one byte too many ends the test. For the tests in this folder.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include <glib.h>
#include <string.h>
#include <sys/mman.h>

#include "decode/decode.h"
#include "packets.h"

#define PAGE_BYTES 4096U
#define FRAME_BYTES 512

/* The frame of a link type: its header, then an IP packet. Lengths in the header are those of the packets above. */
typedef struct {
    const char *name;
    FpLink link;
    uint8_t header_bytes;
    uint8_t header[176];
    bool is_ipv6;
    uint8_t tail_bytes; /* after the packet */
} Framing;

/* clang-format off */
static const Framing framings[] = {
    {"ethernet", FP_LINK_ETHERNET, 14, {[12] = 0x08}, false, 0},
    {"ethernet-ipv6", FP_LINK_ETHERNET, 14, {[12] = 0x86, 0xdd}, true, 0},
    {"ipv6-without-length", FP_LINK_ETHERNET, 54, {[12] = 0x86, 0xdd, 0x60, [20] = 41, [37] = 3, [53] = 4}, true, 0},
    {"vlan", FP_LINK_ETHERNET, 18, {[12] = 0x81, 0, 0, 5, 0x08, 0}, false, 0},
    {"vlan-in-vlan", FP_LINK_ETHERNET, 22, {[12] = 0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 0x86, 0xdd}, true, 0},
    {"old-vlan-in-vlan", FP_LINK_ETHERNET, 22, {[12] = 0x91, 0, 0, 5, 0x81, 0, 0, 6, 0x08, 0}, false, 0},
    {"snap", FP_LINK_ETHERNET, 22, {[13] = 52, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, false, 0},
    {"llc", FP_LINK_ETHERNET, 17, {[13] = 47, 6, 6, 3}, false, 0},
    {"mpls", FP_LINK_ETHERNET, 22, {[12] = 0x88, 0x47, 0, 1, 0, 64, 0, 2, 1, 64}, false, 0},
    {"mpls-ipv6", FP_LINK_ETHERNET, 18, {[12] = 0x88, 0x47, 0, 1, 1, 64}, true, 0},
    {"mpls-pseudowire", FP_LINK_ETHERNET, 36, {[12] = 0x88, 0x47, 0, 1, 1, 64, 0, 0, 0, 0, ETHERNET(8, 0)}, false, 0},
    {"pppoe", FP_LINK_ETHERNET, 22, {[12] = 0x88, 0x64, 0x11, 0, 0, 1, 0, 46, 0, 0x21}, false, 0},
    {"pppoe-ipv6", FP_LINK_ETHERNET, 22, {[12] = 0x88, 0x64, 0x11, 0, 0, 1, 0, 82, 0, 0x57}, true, 0},
    {"provider-backbone", FP_LINK_ETHERNET, 32, {[12] = 0x88, 0xe7, 0, 0, 0, 1, ETHERNET(8, 0)}, false, 0},
    {"service-header", FP_LINK_ETHERNET, 22, {[12] = 0x89, 0x4f, 0, 2, 2, 1}, false, 0},
    {"ipip", FP_LINK_ETHERNET, 34, {[12] = 8, 0, IPV4(4, 64)}, false, 0},
    {"6in4", FP_LINK_ETHERNET, 34, {[12] = 8, 0, IPV4(41, 116)}, true, 0},
    {"authentication", FP_LINK_ETHERNET, 58, {[12] = 8, 0, IPV4(51, 88), 4, 4}, false, 0},
    {"gre", FP_LINK_ETHERNET, 38, {[12] = 8, 0, IPV4(47, 68), 0, 0, 8, 0}, false, 0},
    {"gre-key-sequence", FP_LINK_ETHERNET, 46, {[12] = 8, 0, IPV4(47, 76), 0x30, 0, 8, 0}, false, 0},
    {"gre-bridged", FP_LINK_ETHERNET, 52, {[12] = 8, 0, IPV4(47, 82), 0, 0, 0x65, 0x58, ETHERNET(8, 0)}, false, 0},
    {"gre-ppp", FP_LINK_ETHERNET, 48, {[12] = 8, 0, IPV4(47, 78), 0x30, 1, 0x88, 0x0b, [46] = 0, 0x21}, false, 0},
    {"erspan-2", FP_LINK_ETHERNET, 64,
     {[12] = 8, 0, IPV4(47, 94), 0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, 0, 0, 0, 0, 0, 0, ETHERNET(8, 0)}, false, 0},
    {"erspan-3", FP_LINK_ETHERNET, 64, {[12] = 8, 0, IPV4(47, 94), 0, 0, 0x22, 0xeb, 0x20, [50] = ETHERNET(8, 0)}, false, 0},
    {"vxlan", FP_LINK_ETHERNET, 64, {[12] = 8, 0, IPV4(17, 94), UDP(4789, 74), 8, 0, 0, 0, 0, 0, 1, 0, ETHERNET(8, 0)}, false, 0},
    {"vxlan-gpe", FP_LINK_ETHERNET, 50, {[12] = 8, 0, IPV4(17, 80), UDP(4790, 60), 12, 0, 0, 1}, false, 0},
    {"capwap", FP_LINK_ETHERNET, 64, {[12] = 8, 0, IPV4(17, 94), UDP(5247, 74), 0, 0x10, 0, 0, 0, 0, 0, 0, ETHERNET(8, 0)}, false, 0},
    {"capwap-wlan", FP_LINK_ETHERNET, 82,
     {[12] = 8, 0, IPV4(17, 112), UDP(5247, 92), 0, 0x10, 3, 0, 0, 0, 0, 0, 0, 8, [74] = 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, false, 0},
    {"geneve", FP_LINK_ETHERNET, 54, {[12] = 8, 0, IPV4(17, 84), UDP(6081, 64), 1, 0, 8, 0}, false, 0},
    {"gtp", FP_LINK_ETHERNET, 54, {[12] = 8, 0, IPV4(17, 84), UDP(2152, 64), 0x32, 0xff, 0, 48}, false, 0},
    {"gtp-0", FP_LINK_ETHERNET, 62, {[12] = 8, 0, IPV4(17, 92), UDP(2152, 72), 0x1e, 0xff, 0, 44}, false, 0},
    {"gtp-extension", FP_LINK_ETHERNET, 58, {[12] = 8, 0, IPV4(17, 88), UDP(2152, 68), 0x34, 0xff, 0, 52, [53] = 0x85, 1, 0, 0, 0}, false, 0},
    {"teredo", FP_LINK_ETHERNET, 50, {[12] = 8, 0, IPV4(17, 132), UDP(3544, 112), 0, 0}, true, 0},
    {"gre-in-udp", FP_LINK_ETHERNET, 46, {[12] = 8, 0, IPV4(17, 76), UDP(4754, 56), 0, 0, 8, 0}, false, 0},
    {"l2tp", FP_LINK_ETHERNET, 52, {[12] = 8, 0, IPV4(17, 82), UDP(1701, 62), 0, 2, 0, 1, 0, 2, 0xff, 3, 0, 0x21}, false, 0},
    {"sll", FP_LINK_SLL, 16, {[3] = 1, [14] = 0x08}, false, 0},
    {"sll-vlan", FP_LINK_SLL, 20, {[3] = 1, [14] = 0x81, 0, 0, 5, 0x86, 0xdd}, true, 0},
    {"sll2", FP_LINK_SLL2, 20, {0x86, 0xdd, [9] = 1}, true, 0},
    {"raw", FP_LINK_RAW_IP, 0, {0}, false, 0},
    {"raw-ipv6", FP_LINK_RAW_IP, 0, {0}, true, 0},
    {"raw-ppp", FP_LINK_RAW_IP, 4, {0xff, 3, 0, 0x21}, false, 0},
    {"raw-ppp-behind-one", FP_LINK_RAW_IP, 5, {[1] = 0xff, 3, 0, 0x57}, true, 0},
    {"raw-ppp-behind-six", FP_LINK_RAW_IP, 10, {[6] = 0xff, 3, 0, 0x21}, false, 0},
    {"raw-zeroes", FP_LINK_RAW_IP, 10, {0}, false, 0},
    {"juniper-atm1-ip", FP_LINK_JUNIPER_ATM1, 8, {0x4d, 0x47, 0x43}, false, 0},
    {"juniper-atm2-ip", FP_LINK_JUNIPER_ATM2, 12, {0x4d, 0x47, 0x43}, false, 0},
    {"juniper-atm2-ipv6", FP_LINK_JUNIPER_ATM2, 12, {0x4d, 0x47, 0x43}, true, 0},
    {"juniper-atm2-ppp", FP_LINK_JUNIPER_ATM2, 14, {0x4d, 0x47, 0x43, [13] = 0x21}, false, 0},
    {"juniper-atm2-ppp-ipv6", FP_LINK_JUNIPER_ATM2, 14, {0x4d, 0x47, 0x43, [13] = 0x57}, true, 0},
    {"ipv4", FP_LINK_IPV4, 0, {0}, false, 0},
    {"ipv6", FP_LINK_IPV6, 0, {0}, true, 0},
    {"null-little-endian", FP_LINK_NULL, 4, {2}, false, 0},
    {"null-big-endian", FP_LINK_NULL, 4, {0, 0, 0, 2}, false, 0},
    {"null-netbsd", FP_LINK_NULL, 4, {24}, true, 0},
    {"null-freebsd", FP_LINK_NULL, 4, {28}, true, 0},
    {"null-macos", FP_LINK_NULL, 4, {0, 0, 0, 30}, true, 0},
    {"null-ppp", FP_LINK_NULL, 4, {0xff, 3, 0, 0x21}, false, 0},
    {"loop", FP_LINK_LOOP, 4, {0, 0, 0, 2}, false, 0},
    {"loop-ipv6", FP_LINK_LOOP, 4, {0, 0, 0, 24}, true, 0},
    {"ppp", FP_LINK_PPP, 4, {0xff, 3, 0, 0x21}, false, 0},
    {"ppp-short", FP_LINK_PPP, 1, {0x57}, true, 0},
    {"ppp-cisco", FP_LINK_PPP, 4, {0x0f, 0, 8, 0}, false, 0},
    {"pppoe-session", FP_LINK_PPPOE, 8, {0x11, 0, 0, 1, 0, 46, 0, 0x21}, false, 0},
    {"cisco-hdlc", FP_LINK_CHDLC, 4, {0x8f, 0, 0x86, 0xdd}, true, 0},
    {"fddi", FP_LINK_FDDI, 21, {0x57, [13] = 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, false, 0},
    {"nflog", FP_LINK_NFLOG, 16, {2, 0, 0, 0, 8, 0, 1, 0, 0, 0, 0, 0, 48, 0, 9, 0}, false, 0},
    {"nflog-ipv6", FP_LINK_NFLOG, 8, {10, 0, 0, 0, 84, 0, 9, 0}, true, 0},
    {"wlan", FP_LINK_WLAN, 32, {8, 1, [24] = 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, false, 0},
    {"wlan-qos", FP_LINK_WLAN, 34, {0x88, 1, [26] = 0xaa, 0xaa, 3, 0, 0, 0, 0x86, 0xdd}, true, 0},
    {"radiotap", FP_LINK_RADIOTAP, 41, {0, 0, 9, 0, 2, 0, 0, 0, 0, 8, 2, [33] = 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, false, 0},
    {"radiotap-padded", FP_LINK_RADIOTAP, 45, {0, 0, 9, 0, 2, 0, 0, 0, 0x20, 0x88, 2, [37] = 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, false, 0},
    {"ppi", FP_LINK_PPI, 22, {0, 0, 8, 0, 1, 0, 0, 0, ETHERNET(8, 0)}, false, 0},
};
/* clang-format on */

#include "framings.h"

#define N_FRAMINGS (G_N_ELEMENTS(framings) + G_N_ELEMENTS(more_framings))

static inline const Framing *framing_at(size_t i)
{
    return i < G_N_ELEMENTS(framings) ? &framings[i] : &more_framings[i - G_N_ELEMENTS(framings)];
}

/* A page that ends where another one begins that must not be touched. */
static uint8_t *guarded_page(void)
{
    uint8_t *pages = mmap(NULL, (size_t)PAGE_BYTES * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    g_assert_true(pages != MAP_FAILED);
    g_assert_cmpint(mprotect(pages + PAGE_BYTES, PAGE_BYTES, PROT_NONE), ==, 0);
    return pages;
}

static inline size_t build(const Framing *framing, uint8_t *frame)
{
    const uint8_t *packet = framing->is_ipv6 ? tcp_over_ipv6 : tcp_over_ipv4;
    size_t packet_bytes = framing->is_ipv6 ? sizeof tcp_over_ipv6 : sizeof tcp_over_ipv4;

    memcpy(frame, framing->header, framing->header_bytes);
    memcpy(frame + framing->header_bytes, packet, packet_bytes);
    memset(frame + framing->header_bytes + packet_bytes, 0, framing->tail_bytes);
    return framing->header_bytes + packet_bytes + framing->tail_bytes;
}

/* Decodes the captured bytes of a frame of wire bytes; they lie at the very end of the page. */
static FpDecoded decode(FpDecoder *decoder, uint8_t *page, const uint8_t *frame, size_t captured, size_t wire, FpLink link,
                        FpSegment *segment)
{
    uint8_t *place = page + PAGE_BYTES - captured;
    FpRecord record = {.data = place, .captured_bytes = (uint32_t)captured, .wire_bytes = (uint32_t)wire, .link = link, .time_ns = 42};

    memcpy(place, frame, captured);
    return fp_decode(decoder, &record, segment);
}

/* Numbers of a segment's headers; addresses lie elsewhere. */
static inline void assert_same_numbers(const FpSegment *found, const FpSegment *expected)
{
    const uint32_t numbers[][2] = {
        {found->address_bytes, expected->address_bytes},
        {found->source_port, expected->source_port},
        {found->destination_port, expected->destination_port},
        {found->seq, expected->seq},
        {found->ack, expected->ack},
        {found->window, expected->window},
        {found->flags, expected->flags},
        {found->header_bytes, expected->header_bytes},
        {found->segment_bytes, expected->segment_bytes},
        {found->length_unknown, expected->length_unknown},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
        g_assert_cmpuint(numbers[i][0], ==, numbers[i][1]);
}

#endif
