/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packets.h - a segment over IPv4 and over IPv6, and headers to put before it. For the tests in this folder. */
#ifndef PACKETS_H
#define PACKETS_H

#include <stdint.h>

static const uint8_t tcp_over_ipv4[] = {
    0x45, 0,    0,   44,  0, 0, 0x40, 0,    64, 6, 0,    0,    192,  0,    2,    1,    192, 0, 2, 2, /* IPv4 */
    0x9c, 0x40, 0,   80,  0, 0, 3,    0xe9, 0,  0, 0x13, 0x89, 0x50, 0x18, 0xfa, 0xf0, 0,   0, 0, 0, /* TCP */
    'd',  'a',  't', 'a',
};

static const uint8_t tcp_over_ipv6[] = {
    0x60, 0,    0,   0,    0, 40, 0, 64,                                                         /* IPv6, hop-by-hop options next */
    0x20, 1,    0xd, 0xb8, 0, 0,  0, 0,    0, 0, 0,    0,    0,    0,    0,    1,                /* source */
    0x20, 1,    0xd, 0xb8, 0, 0,  0, 0,    0, 0, 0,    0,    0,    0,    0,    2,                /* destination */
    60,   0,    1,   4,    0, 0,  0, 0,                                                          /* hop-by-hop: PadN */
    6,    0,    1,   4,    0, 0,  0, 0,                                                          /* destination options: PadN */
    0x9c, 0x40, 0,   80,   0, 0,  3, 0xe9, 0, 0, 0x13, 0x89, 0x50, 0x18, 0xfa, 0xf0, 0, 0, 0, 0, /* TCP */
    'd',  'a',  't', 'a',
};

#define IPV4(protocol, length) 0x45, 0, 0, (length), 0, 0, 0x40, 0, 64, (protocol), 0, 0, 198, 51, 100, 1, 198, 51, 100, 2
#define ETHERNET(type_high, type_low) 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, (type_high), (type_low)
#define UDP(port, length) 0xc0, 0, (port) >> 8, 0xff & (port), 0, (length), 0, 0

#endif
