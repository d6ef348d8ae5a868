/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-odd-frames.c - frames that few senders make: each by itself, and cut at each byte before a page that must not be touched; layers
 * that are one too many; fragments of tunnels; what the short way of plain frames leaves to the long one; and names of what is left.
 */
#include "base/bytes.h"
#include "decode/decoded.h"
#include "decode/no-segment.h"
#include "decode/plain.h"
#include "frames.h"

typedef struct {
    const char *name;
    FpLink link;
    uint8_t bytes;
    uint8_t header[120];
    uint8_t packet; /* which packet follows: 4, 6, or 0 for none */
    FpDecoded expected;
} Odd;

#define V6(length, next) 0x60, 0, 0, 0, 0, (length), (next), 64, [21] = 1, [37] = 2

/* clang-format off */
static const Odd odds[] = {
    {"cooked-frame-relay", FP_LINK_SLL, 20, {0, 0, 3, 2, [15] = 4, 0x18, 0x41, 3, 0xcc}, 4, FP_DECODED_SEGMENT},
    {"cooked-radiotap", FP_LINK_SLL, 57, {0, 0, 3, 0x23, [15] = 4, 0, 0, 9, 0, 2, 0, 0, 0, 0, 8, 2, [49] = 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, 4, FP_DECODED_SEGMENT},
    {"raw-ppp", FP_LINK_RAW_IP, 4, {0xff, 3, 0, 0x21}, 4, FP_DECODED_SEGMENT},
    {"raw-ppp-at-6", FP_LINK_RAW_IP, 10, {[6] = 0xff, 3, 0, 0x21}, 4, FP_DECODED_SEGMENT},
    {"raw-ppp-at-1", FP_LINK_RAW_IP, 5, {1, 0xff, 3, 0, 0x21}, 4, FP_DECODED_SEGMENT},
    {"raw-behind-zeroes", FP_LINK_RAW_IP, 10, {0}, 4, FP_DECODED_SEGMENT},
    {"pflog-old", FP_LINK_PFLOG_OLD, 28, {0, 0, 0, 2}, 4, FP_DECODED_SEGMENT},
    {"nflog-in-and-out", FP_LINK_NFLOG, 24, {2, 0, 0, 0, 8, 0, 4, 0, 0, 0, 0, 7, 8, 0, 5, 0, 0, 0, 0, 8, 48, 0, 9, 0}, 4, FP_DECODED_SEGMENT},
    {"nflog-out", FP_LINK_NFLOG, 16, {2, 0, 0, 0, 8, 0, 5, 0, 0, 0, 0, 8, 48, 0, 9, 0}, 4, FP_DECODED_SEGMENT},
    {"nflog-odd-lengths", FP_LINK_NFLOG, 32, {2, 0, 0, 0, 12, 0, 4, 0, [16] = 12, 0, 5, 0, [28] = 48, 0, 9, 0}, 4, FP_DECODED_SEGMENT},
    {"nflog-big-endian", FP_LINK_NFLOG_BIG_ENDIAN, 16, {2, 0, 0, 0, 0, 8, 0, 5, 0, 0, 0, 8, 0, 48, 0, 9}, 4, FP_DECODED_SEGMENT},
    {"pktap-of-another-kind", FP_LINK_PKTAP, 108, {0x6c, 0, 0, 0, 2, 0, 0, 0, 0x65}, 4, FP_DECODED_LEFT},
    {"pktap-of-107-bytes", FP_LINK_PKTAP, 107, {0x6b, 0, 0, 0, 1, 0, 0, 0, 0x65}, 4, FP_DECODED_LEFT},
    {"ipv4-nothing-and-end", FP_LINK_IPV4, 24, {0x46, 0, 0, 48, [8] = 64, 6, [12] = 192, 0, 2, 1, 192, 0, 2, 2, 1, 1, 0, 7}, 0, FP_DECODED_BAD_HEADER},
    {"ipv4-options-to-the-end", FP_LINK_IPV4, 24, {0x46, 0, 0, 24, [8] = 64, 4, [12] = 192, 0, 2, 1, 192, 0, 2, 2, 1, 1, 1, 1}, 0, FP_DECODED_BAD_HEADER},
    {"ipv4-strict-route", FP_LINK_IPV4, 28, {0x47, 0, 0, 72, [8] = 64, 4, [12] = 192, 0, 2, 1, 192, 0, 2, 9, 137, 7, 4, 192, 0, 2, 2, 0}, 4, FP_DECODED_SEGMENT},
    {"ipv4-route-pointer-3", FP_LINK_IPV4, 28, {0x47, 0, 0, 72, [8] = 64, 4, [12] = 192, 0, 2, 1, 192, 0, 2, 9, 137, 7, 3, 192, 0, 2, 2, 0}, 4, FP_DECODED_SEGMENT},
    {"ipv4-route-pointer-5", FP_LINK_IPV4, 28, {0x47, 0, 0, 72, [8] = 64, 4, [12] = 192, 0, 2, 1, 192, 0, 2, 9, 131, 7, 5, 192, 0, 2, 2, 0}, 4, FP_DECODED_SEGMENT},
    {"ipv4-route-without-pointer", FP_LINK_IPV4, 24, {0x46, 0, 0, 68, [8] = 64, 4, [12] = 192, 0, 2, 1, 192, 0, 2, 9, 1, 1, 131, 2}, 4, FP_DECODED_SEGMENT},
    {"ipv4-option-too-long", FP_LINK_IPV4, 24, {0x46, 0, 0, 68, [8] = 64, 4, [12] = 192, 0, 2, 1, 192, 0, 2, 9, 7, 9}, 4, FP_DECODED_SEGMENT},
    {"ipv6-source-route", FP_LINK_IPV6, 64, {V6(68, 43), [40] = 4, 2, 0, 1, [63] = 9}, 4, FP_DECODED_SEGMENT},
    {"ipv6-source-route-used-up", FP_LINK_IPV6, 64, {V6(68, 43), [40] = 4, 2, 0, 0, [63] = 9}, 4, FP_DECODED_SEGMENT},
    {"ipv6-source-route-too-short", FP_LINK_IPV6, 48, {V6(52, 43), [40] = 4, 0, 0, 1}, 4, FP_DECODED_SEGMENT},
    {"ipv6-mobile", FP_LINK_IPV6, 64, {V6(68, 43), [40] = 4, 2, 2, 1, [63] = 9}, 4, FP_DECODED_SEGMENT},
    {"ipv6-segment-routing", FP_LINK_IPV6, 64, {V6(68, 43), [40] = 4, 2, 4, 1, [63] = 9}, 4, FP_DECODED_SEGMENT},
    {"ipv6-segment-routing-too-short", FP_LINK_IPV6, 56, {V6(60, 43), [40] = 4, 1, 4, 1}, 4, FP_DECODED_BAD_HEADER},
    {"ipv6-rpl", FP_LINK_IPV6, 64, {V6(68, 43), [40] = 4, 2, 3, 1}, 4, FP_DECODED_LEFT},
    {"ipv6-rpl-used-up", FP_LINK_IPV6, 64, {V6(68, 43), [40] = 4, 2, 3, 0}, 4, FP_DECODED_SEGMENT},
    {"ipv6-other-routing", FP_LINK_IPV6, 64, {V6(68, 43), [40] = 4, 2, 9, 1}, 4, FP_DECODED_SEGMENT},
    {"ipv6-lone-fragment", FP_LINK_IPV6, 48, {V6(52, 44), [40] = 4}, 4, FP_DECODED_SEGMENT},
    {"ipv6-jumbo", FP_LINK_IPV6, 48, {V6(0, 0), [40] = 4, 0, 0xc2, 4, 0, 1, 0, 0}, 4, FP_DECODED_SEGMENT},
    {"ipv6-jumbo-behind-padding", FP_LINK_IPV6, 56, {V6(0, 0), [40] = 4, 1, 0, 0, 1, 2, 0, 0, 0xc2, 4, 0, 1, 0, 0, 0, 0}, 4, FP_DECODED_SEGMENT},
    {"ipv6-jumbo-that-is-none", FP_LINK_IPV6, 48, {V6(0, 0), [40] = 4, 0, 0xc2, 4, 0, 0, 0xff, 0}, 4, FP_DECODED_BAD_HEADER},
    {"ipv6-jumbo-of-odd-length", FP_LINK_IPV6, 48, {V6(0, 0), [40] = 4, 0, 0xc2, 2, 0, 0, 0, 0}, 4, FP_DECODED_BAD_HEADER},
    {"ipv6-home-address-too-short", FP_LINK_IPV6, 48, {V6(8, 60), [40] = 59, 0, 201, 4}, 0, FP_DECODED_BAD_HEADER},
    {"token-ring-old-linux", FP_LINK_TOKEN_RING, 24, {0x10, 0x40, [14] = 2, 0x30, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, 4, FP_DECODED_SEGMENT},
    {"token-ring-18-bytes", FP_LINK_TOKEN_RING, 40, {0x10, 0x40, [32] = 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, 4, FP_DECODED_SEGMENT},
    {"token-ring-routed-18-bytes", FP_LINK_TOKEN_RING, 40, {0x10, 0x40, [8] = 0x80, [14] = 2, 0x30, [32] = 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, 4, FP_DECODED_SEGMENT},
    {"token-ring-not-llc", FP_LINK_TOKEN_RING, 24, {0x10, 0, [14] = 2, 0x30, 0xaa, 0xaa}, 4, FP_DECODED_LEFT},
    {"token-ring-almost-routed", FP_LINK_TOKEN_RING, 24, {0x10, 0x40, [14] = 2, 0x30, 0xaa, 0xab}, 4, FP_DECODED_LEFT},
    {"token-ring-nearly-routed", FP_LINK_TOKEN_RING, 24, {0x10, 0x40, [14] = 2, 0x30, 0xaa, 0xaa, 4}, 4, FP_DECODED_LEFT},
    {"arcnet-diagnose", FP_LINK_ARCNET, 4, {1, 2, 0x80, 0}, 0, FP_DECODED_LEFT},
    {"arcnet-arp-old", FP_LINK_ARCNET, 4, {1, 2, 0xf1, 0}, 0, FP_DECODED_LEFT},
    {"arcnet-ipv4-of-two-bytes", FP_LINK_ARCNET, 4, {1, 2, 0xd4, 0}, 0, FP_DECODED_BAD_HEADER},
    {"arcnet-bacnet", FP_LINK_ARCNET, 6, {1, 2, 0xcd, 0x82, 0x82, 3}, 0, FP_DECODED_LEFT},
    {"novell-raw", FP_LINK_ETHERNET, 17, {[13] = 47, 0xff, 0xff, 3}, 4, FP_DECODED_LEFT},
    {"pseudowire-ipv6", FP_LINK_ETHERNET, 32, {[12] = 0x88, 0x47, 0, 1, 1, 64, 0, 1, [30] = 0x86, 0xdd}, 6, FP_DECODED_SEGMENT},
    {"pseudowire-vlan", FP_LINK_ETHERNET, 36, {[12] = 0x88, 0x47, 0, 1, 1, 64, 0, 1, [30] = 0x81, 0, 0, 5, 8, 0}, 4, FP_DECODED_SEGMENT},
    {"pseudowire-mpls", FP_LINK_ETHERNET, 36, {[12] = 0x88, 0x47, 0, 1, 1, 64, 0, 1, [30] = 0x88, 0x47, 0, 1, 1, 64}, 4, FP_DECODED_SEGMENT},
    {"roofnet-eleven-hops", FP_LINK_ETHERNET, 40, {[12] = 6, 0x41, 0, 0, 11, [24] = 0, 1}, 4, FP_DECODED_LEFT},
    {"roofnet-of-nothing", FP_LINK_ETHERNET, 40, {[12] = 6, 0x41, 0, 0, 1}, 4, FP_DECODED_LEFT},
    {"batman-of-three", FP_LINK_ETHERNET, 34, {[12] = 0x43, 5, 0x41, 15, 50, 0x20}, 4, FP_DECODED_FRAGMENT},
    {"batman-16", FP_LINK_ETHERNET, 34, {[12] = 0x43, 5, 0x41, 16}, 4, FP_DECODED_LEFT},
    {"batman-of-another-kind", FP_LINK_ETHERNET, 34, {[12] = 0x43, 5, 0x50, 15}, 4, FP_DECODED_LEFT},
    {"avs-under-prism", FP_LINK_PRISM, 40, {0x80, 0x21, 0x10, 1, 0, 0, 0, 8, 8, 2, [32] = 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, 4, FP_DECODED_SEGMENT},
    {"avs-2-under-prism", FP_LINK_PRISM, 40, {0x80, 0x21, 0x10, 2, 0, 0, 0, 8, 8, 2, [32] = 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, 4, FP_DECODED_SEGMENT},
    {"nothing-under-prism", FP_LINK_PRISM, 32, {8, 2, [24] = 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, 4, FP_DECODED_SEGMENT},
    {"wlan-sap-ff", FP_LINK_WLAN, 32, {8, 2, [24] = 0xff, 0xff}, 4, FP_DECODED_LEFT},
    {"wlan-ethernet-behind-six", FP_LINK_WLAN, 44, {8, 2, [4] = 2, 0, 0, 0, 0, 1, [16] = 2, 0, 0, 0, 0, 2, [30] = 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0}, 4, FP_DECODED_SEGMENT},
    {"wlan-of-zeroes", FP_LINK_WLAN, 34, {8, 2, [4] = 2, 0, 0, 0, 0, 1, [16] = 2, 0, 0, 0, 0, 2, [26] = 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, 4, FP_DECODED_SEGMENT},
    {"wlan-decrypted", FP_LINK_ETHERNET, 50, {[12] = 0x24, 0x52, 8, 0x42, [42] = 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, 4, FP_DECODED_SEGMENT},
    {"wlan-decrypted-long-key", FP_LINK_ETHERNET, 54, {[12] = 0x24, 0x52, 8, 0x42, [41] = 0x20, [46] = 0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, 4, FP_DECODED_SEGMENT},
    {"wlan-decrypted-cut", FP_LINK_ETHERNET, 42, {[12] = 0x24, 0x52, 8, 0x42}, 0, FP_DECODED_BAD_HEADER},
    {"ppp-stream", FP_LINK_ETHERNET, 45, {[12] = 8, 0, IPV4(47, 0), 0, 0, 0x88, 0x81, 0x7e, 0x7e, 0xff, 0x7d, 0x23, 0, 0x21}, 4, FP_DECODED_BAD_HEADER},
    {"ppp-stream-of-a-frame", FP_LINK_ETHERNET, 50, {[12] = 8, 0, IPV4(47, 0), 0, 0, 0x88, 0x81, 0x7e, 0xff, 3, 0xc0, 0x21, 0x7d, 0x7e, 0x21, 0x7e, 0x7e}, 0, FP_DECODED_BAD_HEADER},
    {"ppp-stream-with-escapes", FP_LINK_ETHERNET, 90, {[12] = 8, 0, IPV4(47, 0), 0, 0, 0x88, 0x81, 0x7e, 0xff, 0x7d, 0x23, 0, 0x21,
     0x7d, 0x65, 0, 0, 44, 0, 0, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0x9c, 0x40, 0, 80, 0, 0, 3, 0xe9, 0, 0, 0x13, 0x89, 0x50, 0x18, 0xfa, 0xf0,
     0, 0, 0, 0, 'd', 'a', 't', 'a', 0x7e}, 0, FP_DECODED_SEGMENT},
    {"3gpp2-attributes", FP_LINK_ETHERNET, 44, {[12] = 8, 0, IPV4(47, 0), 0, 0, 0x88, 0xd2, 1, 1, 0, 0x81, 0, 0x7e}, 4, FP_DECODED_BAD_HEADER},
    {"3gpp2-attributes-without-end", FP_LINK_ETHERNET, 42, {[12] = 8, 0, IPV4(47, 0), 0, 0, 0x88, 0xd2, 1, 0, 1, 9}, 0, FP_DECODED_BAD_HEADER},
    {"chdlc-ethernet", FP_LINK_CHDLC, 18, {0x0f, 0, 0x65, 0x58, [16] = 8, 0}, 4, FP_DECODED_SEGMENT},
    {"chdlc-mpls", FP_LINK_CHDLC, 8, {0x0f, 0, 0x88, 0x47, 0, 1, 1, 64}, 4, FP_DECODED_SEGMENT},
    {"chdlc-mpls-multicast", FP_LINK_CHDLC, 8, {0x0f, 0, 0x88, 0x48, 0, 1, 1, 64}, 4, FP_DECODED_SEGMENT},
    {"chdlc-of-nothing", FP_LINK_CHDLC, 4, {0x0f, 0, 0x12, 0x34}, 4, FP_DECODED_LEFT},
    {"roofnet-0643", FP_LINK_ETHERNET, 40, {[12] = 6, 0x43}, 4, FP_DECODED_LEFT},
    {"roofnet-0644", FP_LINK_ETHERNET, 40, {[12] = 6, 0x44}, 4, FP_DECODED_LEFT},
    {"roofnet-0645", FP_LINK_ETHERNET, 40, {[12] = 6, 0x45}, 4, FP_DECODED_LEFT},
    {"mpls-multicast", FP_LINK_ETHERNET, 18, {[12] = 0x88, 0x48, 0, 1, 1, 64}, 4, FP_DECODED_SEGMENT},
    {"gre-mpls-multicast", FP_LINK_ETHERNET, 42, {[12] = 8, 0, IPV4(47, 0), 0, 0, 0x88, 0x48, 0, 1, 1, 64}, 4, FP_DECODED_SEGMENT},
    {"ppp-mux-cut", FP_LINK_PPP, 6, {0xff, 3, 0, 0x59, 0x81, 0x21}, 0, FP_DECODED_BAD_HEADER},
    {"null-family-of-a-length", FP_LINK_NULL, 4, {0, 7, 0, 0}, 4, FP_DECODED_LEFT},
    {"mirror-ppp", FP_LINK_ETHERNET, 54, {[12] = 8, 0, IPV4(17, 84), UDP(30030, 64), [50] = 0xff, 3, 0, 0x21}, 4, FP_DECODED_SEGMENT},
    {"mirror-ppp-ipv6", FP_LINK_ETHERNET, 54, {[12] = 8, 0, IPV4(17, 120), UDP(30030, 100), [50] = 0xff, 3, 0, 0x57}, 6, FP_DECODED_SEGMENT},
    {"mirror-ppp-of-nothing", FP_LINK_ETHERNET, 54, {[12] = 8, 0, IPV4(17, 120), UDP(30030, 100), [50] = 0xff, 3, 0, 0x58}, 6, FP_DECODED_LEFT},
    {"amt-membership-update", FP_LINK_ETHERNET, 54, {[12] = 8, 0, IPV4(17, 84), UDP(2268, 64), 5}, 4, FP_DECODED_SEGMENT},
    {"amt-data", FP_LINK_ETHERNET, 44, {[12] = 8, 0, IPV4(17, 74), UDP(2268, 54), 6}, 4, FP_DECODED_SEGMENT},
    {"amt-teardown", FP_LINK_ETHERNET, 44, {[12] = 8, 0, IPV4(17, 74), UDP(2268, 54), 7}, 4, FP_DECODED_LEFT},
    {"teredo-of-four-bytes", FP_LINK_ETHERNET, 46, {[12] = 8, 0, IPV4(17, 32), UDP(3544, 12), 0, 1, 0, 0}, 0, FP_DECODED_BAD_HEADER},
    {"gtp-prime", FP_LINK_ETHERNET, 54, {[12] = 8, 0, IPV4(17, 84), UDP(2152, 64), 0x22, 0xff, 0, 48}, 4, FP_DECODED_LEFT},
    {"macsec-encrypted", FP_LINK_ETHERNET, 22, {[12] = 0x88, 0xe5, 8, [20] = 8, 0}, 4, FP_DECODED_LEFT},
    {"macsec-changed", FP_LINK_ETHERNET, 22, {[12] = 0x88, 0xe5, 4, [20] = 8, 0}, 4, FP_DECODED_LEFT},
    {"macsec-readable", FP_LINK_ETHERNET, 22, {[12] = 0x88, 0xe5, 0, [20] = 8, 0}, 4, FP_DECODED_SEGMENT},
    {"service-header-1-of-another-length", FP_LINK_ETHERNET, 38, {[12] = 0x89, 0x4f, 0, 2, 1, 1}, 4, FP_DECODED_SEGMENT},
    {"novell-raw-of-two-bytes", FP_LINK_ETHERNET, 16, {[13] = 2, 0xff, 0xff}, 0, FP_DECODED_LEFT},
    {"udp-shorter-than-its-header", FP_LINK_ETHERNET, 42, {[12] = 8, 0, IPV4(17, 28), UDP(4789, 4)}, 0, FP_DECODED_BAD_HEADER},
};
/* clang-format on */

static size_t build_odd(const Odd *odd, uint8_t *frame)
{
    const size_t n = odd->packet == 4 ? sizeof tcp_over_ipv4 : odd->packet == 6 ? sizeof tcp_over_ipv6 : 0;

    memcpy(frame, odd->header, odd->bytes);
    memcpy(frame + odd->bytes, odd->packet == 6 ? tcp_over_ipv6 : tcp_over_ipv4, n);
    return odd->bytes + n;
}

static void test_odd(gconstpointer data)
{
    const Odd *odd = data;
    uint8_t *page = guarded_page(), frame[FRAME_BYTES];
    const size_t wire = build_odd(odd, frame);
    FpSegment segment = {0};

    for (size_t captured = 0; captured <= wire; captured++) {
        FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);
        FpDecoded decoded = decode(decoder, page, frame, captured, wire, odd->link, &segment);
        if (captured == wire)
            g_assert_cmpstr(fp_decoded_name(decoded), ==, fp_decoded_name(odd->expected));
        FpRecord record = {
            .data = page + PAGE_BYTES - captured, .captured_bytes = (uint32_t)captured, .wire_bytes = (uint32_t)wire, .link = odd->link};
        FpDecodeNotes notes;
        fp_decode_again(decoder, &record, 0, &notes);
        fp_decoder_end_batch(decoder);
        fp_decoder_free(decoder);
    }
    munmap(page, (size_t)PAGE_BYTES * 2);
}

/* As many layers as are followed, and then one more, of each kind that counts. ethernet: whether the frame begins with one. */
static const struct {
    const char *name;
    unsigned ipv4_headers;
    bool ethernet;
    uint8_t protocol; /* of the last */
    uint8_t bytes;
    uint8_t rest[32];
} too_deep[] = {
    {"protocol", 32, true, 6, 0, {0}},
    {"ipv6", 32, false, 41, 4, {0x60}},
    {"mpls", 32, false, 137, 4, {0, 1, 1, 64}},
    {"ethernet", 32, false, 143, 14, {[12] = 8}},
    {"gre", 32, false, 47, 8, {0, 0, 8}},
    {"ppp", 31, true, 47, 8, {0, 0, 0x88, 0x0b, 0, 0x21}},
    {"wlan", 31, true, 47, 8, {0, 0, 0x82, 0}},
    {"service-header", 31, true, 47, 12, {0, 0, 0x89, 0x4f}},
    {"batman", 31, true, 143, 20, {[12] = 0x43, 5, 4, 15}},
};

static void test_too_deep(void)
{
    static const uint8_t ipip[20] = {IPV4(4, 0)}, ppi[8] = {[2] = 8, [4] = 192};
    uint8_t frame[1024];
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);

    for (size_t i = 0; i < G_N_ELEMENTS(too_deep); i++) {
        size_t at = too_deep[i].ethernet ? 14 : 0;
        memset(frame, 0, sizeof frame);
        frame[12] = 8;
        for (unsigned header = 0; header < too_deep[i].ipv4_headers; header++, at += sizeof ipip)
            memcpy(frame + at, ipip, sizeof ipip);
        frame[at - sizeof ipip + 9] = too_deep[i].protocol;
        memcpy(frame + at, too_deep[i].rest, sizeof too_deep[i].rest);
        FpRecord record = {.data = frame,
                           .captured_bytes = (uint32_t)(at + 60),
                           .wire_bytes = (uint32_t)(at + 60),
                           .link = too_deep[i].ethernet ? FP_LINK_ETHERNET : FP_LINK_IPV4};
        FpSegment segment;
        g_test_message("%s", too_deep[i].name);
        g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_LEFT);
        g_assert_cmpint(fp_decoder_no_segment(decoder).kind, ==, FP_NO_SEGMENT_OTHER);
        g_assert_cmpint(fp_decoder_no_segment(decoder).number, ==, FP_OTHER_NESTED);
    }
    for (unsigned i = 0; i < sizeof frame / 8; i++)
        memcpy(frame + i * 8, ppi, sizeof ppi); /* in itself */
    const FpRecord record = {.data = frame, .captured_bytes = sizeof frame, .wire_bytes = sizeof frame, .link = FP_LINK_PPI};
    FpSegment segment;
    g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_LEFT);
    g_assert_cmpint(fp_decoder_no_segment(decoder).number, ==, FP_OTHER_NESTED);
    g_assert_cmpuint(fp_decoder_forgotten(decoder), ==, 0);
    fp_decoder_free(decoder);
    fp_decoder_free(NULL);
    fp_fragments_free(NULL);
}

/* Gives the decoder pieces of a payload behind a header. number: makes the header of a piece. Returns what came of the last. */
typedef void (*Number)(uint8_t *header, size_t piece, size_t n);

static FpDecoded give_pieces(FpDecoder *decoder, const uint8_t *header, size_t header_bytes, FpLink link, const uint8_t *payload, size_t n,
                             Number number)
{
    FpDecoded decoded = FP_DECODED_LEFT;
    const size_t first = 16;

    for (size_t piece = 0; piece < 2; piece++) {
        uint8_t frame[FRAME_BYTES];
        const size_t begin = piece == 0 ? 0 : first, bytes = piece == 0 ? first : n - first;
        memcpy(frame, header, header_bytes);
        number(frame, piece, bytes);
        memcpy(frame + header_bytes, payload + begin, bytes);
        const FpRecord record = {.data = frame,
                                 .captured_bytes = (uint32_t)(header_bytes + bytes),
                                 .wire_bytes = (uint32_t)(header_bytes + bytes),
                                 .link = link};
        FpSegment segment;
        decoded = fp_decode(decoder, &record, &segment);
        if (piece == 0)
            g_assert_cmpint(decoded, ==, FP_DECODED_FRAGMENT);
        if (decoded == FP_DECODED_SEGMENT) { /* and once more, for notes */
            FpDecodeNotes notes;
            fp_decode_again(decoder, &record, 0, &notes);
            g_assert_nonnull(notes.segment.bytes);
        }
    }
    fp_decoder_end_batch(decoder);
    return decoded;
}

static void number_batman_15(uint8_t *header, size_t piece, size_t n)
{
    (void)n;
    header[14 + 3] = piece == 0 ? 0x10 : 0; /* the second has number 0 */
}

static void number_batman_14(uint8_t *header, size_t piece, size_t n)
{
    (void)n;
    header[14 + 10] = piece == 0;
    header[14 + 19] = piece == 0 ? 6 : 7; /* of one datagram: the head's is one lower */
}

static void number_ipv6(uint8_t *header, size_t piece, size_t n)
{
    header[5] = (uint8_t)(8 + n);
    header[42] = 0;
    header[43] = piece == 0 ? 1 : 16;
}

static void test_pieces(void)
{
    uint8_t payload[128];
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);

    static const uint8_t inner_15[24] = {0x40, 15, [10] = ETHERNET(8, 0)}, batman_15[34] = {[12] = 0x43, 5, 0x41, 15, 50, 0};
    memcpy(payload, inner_15, sizeof inner_15);
    memcpy(payload + sizeof inner_15, tcp_over_ipv4, sizeof tcp_over_ipv4);
    g_assert_cmpint(give_pieces(decoder, batman_15, sizeof batman_15, FP_LINK_ETHERNET, payload, sizeof inner_15 + sizeof tcp_over_ipv4,
                                number_batman_15),
                    ==, FP_DECODED_SEGMENT);
    static const uint8_t inner_14[14] = {ETHERNET(8, 0)}, batman_14[34] = {[12] = 0x43, 5, 6, 14};
    memcpy(payload, inner_14, sizeof inner_14);
    memcpy(payload + sizeof inner_14, tcp_over_ipv4, sizeof tcp_over_ipv4);
    g_assert_cmpint(give_pieces(decoder, batman_14, sizeof batman_14, FP_LINK_ETHERNET, payload, sizeof inner_14 + sizeof tcp_over_ipv4,
                                number_batman_14),
                    ==, FP_DECODED_SEGMENT);
    static const uint8_t ipv6[48] = {V6(0, 44), [40] = 6, [47] = 9};
    g_assert_cmpint(give_pieces(decoder, ipv6, sizeof ipv6, FP_LINK_IPV6, tcp_over_ipv4 + 20, sizeof tcp_over_ipv4 - 20, number_ipv6), ==,
                    FP_DECODED_SEGMENT);
    fp_decoder_free(decoder);
}

/* Fragments with numbers that never complete: the oldest go when all take more than 64 MiB. */
static void test_numbered_flood(void)
{
    uint8_t frame[2000] = {8, 4, [16] = 2};
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);

    for (unsigned i = 0; i < 60000; i++) {
        const FpRecord record = {.data = frame, .captured_bytes = sizeof frame, .wire_bytes = sizeof frame, .link = FP_LINK_WLAN};
        FpSegment segment;
        frame[10] = (uint8_t)(i >> 8);
        frame[11] = (uint8_t)i;
        g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, FP_DECODED_LEFT);
    }
    g_assert_cmpuint(fp_decoder_forgotten(decoder), >, 10000);
    g_assert_cmpuint(fp_decoder_forgotten(decoder), <, 40000);
    fp_decoder_free(decoder);
}

enum { N_PLAIN = 7, PLAIN_BYTES_MAX = 128 };

/* Frames of which the first three are plain, and the third has a SYN, each behind room for the header of a record. */
static void make_plain_frames(uint8_t (*raws)[PLAIN_BYTES_MAX], FpRecord *records)
{
    static const uint8_t ipv6[40] = {V6(24, 6)};

    for (size_t i = 0; i < N_PLAIN; i++) {
        const bool is_ipv6 = i == 1 || i == 4 || i == 5;
        const uint32_t bytes = is_ipv6 ? 78 : 58;
        uint8_t *frame = raws[i] + sizeof(FpRawHeader);
        frame[12] = is_ipv6 ? 0x86 : 8;
        frame[13] = is_ipv6 ? 0xdd : 0;
        memcpy(frame + 14, is_ipv6 ? ipv6 : tcp_over_ipv4, is_ipv6 ? 40 : 20);
        memcpy(frame + 14 + (is_ipv6 ? 40 : 20), tcp_over_ipv4 + 20, 24);
        records[i] = (FpRecord){.data = frame, .captured_bytes = bytes, .wire_bytes = bytes, .link = FP_LINK_ETHERNET, .time_ns = 7000};
    }
    raws[2][16 + 14 + 20 + 13] = 2;
    raws[3][16 + 14 + 3] = 200;     /* longer than the frame */
    raws[4][16 + 14 + 5] = 200;     /* so is this */
    records[5].captured_bytes = 60; /* cut within the header */
    records[6].link = FP_LINK_TOKEN_RING;
}

/* The third step gives what the long way gives. Then both sides have spoken. */
static void finish_as_decoded(FpStreams *streams, FpDecoder *decoder, const FpPlain *plain, const FpRecord *record)
{
    FpSegment segment, finished;
    FpVerdict verdict;

    fp_plain_finish(plain, &finished);
    fp_plain_finish_endpoints(plain, &finished);
    g_assert_cmpint(fp_decode(decoder, record, &segment), ==, FP_DECODED_SEGMENT);
    assert_same_numbers(&finished, &segment);
    g_assert_cmpint(finished.time_ns, ==, segment.time_ns);
    g_assert_cmpuint(segment.segment_bytes, ==, 24);
    g_assert_cmpuint(segment.source_port, ==, 40000);
    g_assert_true(memcmp(finished.source, segment.source, segment.address_bytes) == 0);
    g_assert_true(memcmp(finished.destination, segment.destination, segment.address_bytes) == 0);
    g_assert_cmpuint(plain->hash, ==, fp_streams_key(streams, &segment).hash);
    fp_streams_take(streams, fp_plain_key(plain), &finished, &verdict);
    g_assert_cmpuint(verdict.classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
    fp_streams_take(streams, (FpStreamKey){plain->hash, plain->direction ^ 1U}, &finished, &verdict);
    g_assert_cmpuint(verdict.classes & FP_CLASS_REPLY, ==, FP_CLASS_REPLY);
}

/* What the short way says of a frame is what the long way says, and of what it leaves out it says nothing. */
static void test_plain(void)
{
    uint8_t raws[N_PLAIN][PLAIN_BYTES_MAX] = {{0}};
    FpRecord records[N_PLAIN];
    FpPlain plains[N_PLAIN];
    const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};
    FpStreams *streams = fp_streams_new(&rules, 1, 100);
    FpStreamPlace *place = NULL;
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);

    make_plain_frames(raws, records);
    g_assert_cmphex(fp_plain_begin(streams, records, N_PLAIN, plains), ==, 0x78);
    for (int i = 3; i < N_PLAIN; i++)
        g_assert_cmpuint(plains[i].stops, ==, FP_PLAIN_NONE);
    g_assert_cmpint(fp_plain_pass_by(streams, plains, 0, 3, FP_CLASS_FIRST, &place), ==, 0); /* there is no stream yet */
    g_assert_nonnull(place);
    for (size_t i = 0; i < 2; i++)
        finish_as_decoded(streams, decoder, &plains[i], &records[i]);
    g_assert_cmpint(fp_plain_pass_by(streams, plains, 0, N_PLAIN, FP_CLASS_FIRST, &place), ==, 2); /* the SYN is not passed by, */
    g_assert_true(place == fp_streams_find(streams, fp_plain_key(&plains[2])));
    g_assert_cmpint(fp_plain_pass_by(streams, plains, 0, 2, FP_CLASS_FIRST, &place), ==, 2); /* and that was all */
    fp_plain_begin_none(plains, N_PLAIN);
    g_assert_cmpint(fp_plain_pass_by(streams, plains, 0, N_PLAIN, FP_CLASS_FIRST, &place), ==, 0);
    fp_decoder_free(decoder);
    fp_streams_free(streams);
}

/* Puts records one behind the other, as in a file. Returns how many bytes they take. */
static size_t join_raws(uint8_t (*raws)[PLAIN_BYTES_MAX], const FpRecord *records, unsigned n, uint8_t *joined)
{
    size_t end = 0;

    for (unsigned i = 0; i < n; i++) {
        const FpRawHeader header = {.fraction = 7, .captured_bytes = records[i].captured_bytes, .wire_bytes = records[i].wire_bytes};
        memcpy(raws[i], &header, sizeof header);
        memcpy(joined + end, raws[i], sizeof header + header.captured_bytes);
        end += sizeof header + header.captured_bytes;
    }
    return end;
}

/* Of the first n bytes of six records, those are taken that are complete. */
static void take_raw(const FpStreams *streams, const uint8_t *joined, size_t n, FpPlain *plains)
{
    static const size_t ends[] = {74, 168, 242, 316, 410, 486};
    FpRawRecords in = {.at = joined, .end = joined + n, .fraction_ns = 1000};
    uint64_t others;
    int n_complete = 0;

    while (n_complete < 6 && ends[n_complete] <= n)
        n_complete++;
    g_assert_cmpint(fp_plain_begin_raw(streams, &in, 6, plains, &others), ==, n_complete);
    g_assert_cmpuint((size_t)(in.at - joined), ==, n_complete == 0 ? 0 : ends[n_complete - 1]);
    g_assert_cmphex(others, ==, 0x38U & ((1U << n_complete) - 1));
}

/* The same frames as they stand in a file give the same. */
static void test_plain_raw(void)
{
    uint8_t raws[N_PLAIN][PLAIN_BYTES_MAX] = {{0}}, joined[N_PLAIN * PLAIN_BYTES_MAX];
    FpRecord records[N_PLAIN];
    FpPlain plains[6], expected[6];
    const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};
    FpStreams *streams = fp_streams_new(&rules, 1, 100);

    make_plain_frames(raws, records);
    const size_t bytes = join_raws(raws, records, 6, joined);
    g_assert_cmpuint(bytes, ==, 486);
    for (size_t n = 0; n <= bytes; n++)
        take_raw(streams, joined, n, plains);
    fp_plain_begin(streams, records, 6, expected);
    for (int i = 0; i < 6; i++)
        g_assert_true(memcmp(plains[i].frame - 16, raws[i], 16 + records[i].captured_bytes) == 0);
    for (int i = 0; i < 3; i++) {
        g_assert_cmpint(plains[i].time_ns, ==, 7000);
        g_assert_cmpuint(plains[i].hash, ==, expected[i].hash);
        g_assert_cmpuint(plains[i].direction, ==, expected[i].direction);
        g_assert_cmpuint(plains[i].stops, ==, expected[i].stops);
    }
    fp_streams_free(streams);
}

/* No more raw records are taken than asked for, and none that is longer than any packet. */
static void test_plain_raw_limits(void)
{
    const size_t bytes = sizeof(FpRawHeader) + FP_FRAME_BYTES_MAX + 1;
    g_autofree uint8_t *record = g_malloc0(bytes);
    FpPlain plains[2];
    const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};
    FpStreams *streams = fp_streams_new(&rules, 1, 100);
    uint64_t others;
    FpRawRecords in = {.at = record, .end = record + bytes};

    g_assert_cmpint(fp_plain_begin_raw(streams, &in, 2, plains, &others), ==, 2); /* without a byte each */
    g_assert_true(plains[1].frame == record + 32 && in.at == record + 32 && others == 3);
    for (uint32_t too_much = 0; too_much < 2; too_much++) {
        const FpRawHeader header = {.captured_bytes = FP_FRAME_BYTES_MAX + too_much, .wire_bytes = FP_FRAME_BYTES_MAX + too_much};
        memcpy(record, &header, sizeof header);
        in.at = record;
        g_assert_cmpint(fp_plain_begin_raw(streams, &in, 1, plains, &others), ==, too_much == 0);
    }
    fp_streams_free(streams);
}

/* Datagrams that the short way leaves out at once, as the long way would in the end. */
static void test_plain_datagrams(void)
{
    static const struct {
        uint16_t source, destination;
        bool is_left;
    } ports[] = {{53, 40000, true},    {40000, 53, true},   {40000, 4789, false},
                 {2152, 40000, false}, {4500, 4500, false}, {40000, 8472, false}};
    uint8_t frame[14 + 20 + 8] = {[12] = 8, [14] = 0x45, [17] = 28, [23] = 17};
    FpRecord record = {.data = frame, .captured_bytes = sizeof frame, .wire_bytes = sizeof frame, .link = FP_LINK_ETHERNET};

    for (size_t i = 0; i < G_N_ELEMENTS(ports); i++) {
        fp_put16(fp_put16(frame + 34, ports[i].source), ports[i].destination);
        g_assert_true(fp_plain_is_datagram(&record) == ports[i].is_left);
    }
    fp_put16(fp_put16(frame + 34, 53), 40000);
    record.captured_bytes--;
    g_assert_false(fp_plain_is_datagram(&record));
    record.captured_bytes++;
    frame[17] = 29; /* longer than the frame */
    g_assert_false(fp_plain_is_datagram(&record));
    frame[17] = 28;
    frame[21] = 1; /* a fragment */
    g_assert_false(fp_plain_is_datagram(&record));
}

static void assert_name(FpNoSegmentKind kind, uint16_t number, const char *expected)
{
    char name[FP_NO_SEGMENT_NAME_BYTES];

    fp_no_segment_name((FpNoSegment){.kind = kind, .number = number}, name, sizeof name);
    g_assert_cmpstr(name, ==, expected);
}

static void test_names(void)
{
    g_autoptr(FpNoSegmentCounts) counts = fp_no_segment_counts_new(), none = NULL;
    FpNoSegmentCount top[2];
    uint64_t rest;

    assert_name(FP_NO_SEGMENT_LINK_TYPE, 189, "link type 189 (USB_LINUX)");
    assert_name(FP_NO_SEGMENT_LINK_TYPE, 65000, "link type 65000");
    assert_name(FP_NO_SEGMENT_SAP, 0xf1, "802.2 SAP 0xf1");
    assert_name(FP_NO_SEGMENT_GRE, 0x1234, "GRE type 0x1234");
    g_assert_null(none);
    fp_no_segment_counts_free(NULL);
    for (uint16_t n = 1; n <= 4; n++) /* each more frequent than those before */
        for (uint16_t i = 0; i < n; i++)
            fp_no_segment_count(counts, (FpNoSegment){.kind = FP_NO_SEGMENT_SAP, .number = (uint16_t)(0x20 + n)});
    g_assert_cmpuint(fp_no_segment_counts_top(counts, top, 2, &rest), ==, 2);
    g_assert_cmpuint(top[0].n, ==, 4);
    g_assert_cmpuint(top[1].n, ==, 3);
    g_assert_cmpuint(rest, ==, 3);
    g_assert_cmpstr(fp_decoded_name(FP_DECODED_DATAGRAM), ==, "UDP datagram");
    g_assert_cmpstr(fp_decoded_name(FP_DECODED_NOT_PACKET), ==, "not a packet");
    fp_extra_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(odds); i++) {
        g_autofree char *path = g_strdup_printf("/odd/%s", odds[i].name);
        g_test_add_data_func(path, &odds[i], test_odd);
    }
    g_test_add_func("/odd/too-deep", test_too_deep);
    g_test_add_func("/odd/pieces", test_pieces);
    g_test_add_func("/odd/numbered-flood", test_numbered_flood);
    g_test_add_func("/odd/plain", test_plain);
    g_test_add_func("/odd/plain-raw", test_plain_raw);
    g_test_add_func("/odd/plain-raw-limits", test_plain_raw_limits);
    g_test_add_func("/odd/plain-datagrams", test_plain_datagrams);
    g_test_add_func("/odd/names", test_names);
    return g_test_run();
}
