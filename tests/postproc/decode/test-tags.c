/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-tags.c - what the numbers in tags, labels and tunnels' headers decide: where the way goes on, and which fragments belong together.
 */
#include <glib.h>
#include <string.h>

#include "decode/decode.h"
#include "packets.h"

#define FRAME_BYTES 128

static FpDecoded decode_here(FpDecoder *decoder, const uint8_t *frame, size_t wire)
{
    FpRecord record = {.data = frame, .captured_bytes = (uint32_t)wire, .wire_bytes = (uint32_t)wire, .link = FP_LINK_ETHERNET};
    FpSegment segment;

    return fp_decode(decoder, &record, &segment);
}

/* Appends a fragment of tcp_over_ipv4 to a header: its first 16 bytes of TCP, or the rest. Returns the length of all. */
static size_t append_fragment(uint8_t *frame, size_t header_bytes, const uint8_t *source, const uint8_t *destination, bool is_first)
{
    uint8_t *ip = frame + header_bytes;
    const size_t begin = is_first ? 0 : 16, n = is_first ? 16 : sizeof tcp_over_ipv4 - 20 - 16;

    memcpy(ip, tcp_over_ipv4, 20);
    ip[3] = (uint8_t)(20 + n);
    ip[5] = 7;
    ip[6] = is_first ? 0x20 : 0;
    ip[7] = is_first ? 0 : 2;
    memcpy(ip + 12, source, 4);
    memcpy(ip + 16, destination, 4);
    memcpy(ip + 20, tcp_over_ipv4 + 20 + begin, n);
    return header_bytes + 20 + n;
}

static const uint8_t private_address[4] = {10, 0, 0, 1}, other_private[4] = {192, 168, 0, 1}, public_address[4] = {198, 51, 100, 7};

/* Whether fragments behind two headers belong together. */
static bool are_together(const uint8_t *first_header, const uint8_t *second_header, size_t header_bytes, const uint8_t *source,
                         const uint8_t *destination)
{
    uint8_t first[FRAME_BYTES], second[FRAME_BYTES];
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);

    memcpy(first, first_header, header_bytes);
    memcpy(second, second_header, header_bytes);
    size_t wire = append_fragment(first, header_bytes, source, destination, true);
    g_assert_cmpint(decode_here(decoder, first, wire), ==, FP_DECODED_FRAGMENT);
    wire = append_fragment(second, header_bytes, source, destination, false);
    FpDecoded decoded = decode_here(decoder, second, wire);
    g_assert_true(decoded == FP_DECODED_FRAGMENT || decoded == FP_DECODED_SEGMENT);
    fp_decoder_free(decoder);
    return decoded == FP_DECODED_SEGMENT;
}

/* Between private addresses, of which the same may be in several VLANs, fragments belong together in one VLAN only; one such address is
 * enough for that, at either end. */
static void test_fragments_in_vlans(void)
{
    static const uint8_t five[18] = {[12] = 0x81, 0, 0, 5, 8, 0}, six[18] = {[12] = 0x81, 0, 0, 6, 8, 0};
    static const uint8_t locals[][4] = {{10, 1, 2, 3}, {172, 16, 0, 1}, {172, 31, 0, 1}, {192, 168, 0, 1}, {169, 254, 0, 1}};
    static const uint8_t publics[][4] = {{11, 1, 2, 3},    {9, 1, 2, 3},     {172, 15, 0, 1},  {172, 32, 0, 1}, {192, 169, 0, 1},
                                         {169, 253, 0, 1}, {191, 168, 0, 1}, {170, 254, 0, 1}, {171, 16, 0, 1}};

    for (size_t i = 0; i < G_N_ELEMENTS(locals); i++) {
        g_assert_true(are_together(five, five, sizeof five, locals[i], public_address));
        g_assert_false(are_together(five, six, sizeof five, locals[i], public_address));
        g_assert_false(are_together(five, six, sizeof five, public_address, locals[i]));
        g_assert_false(are_together(five, six, sizeof five, other_private, locals[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(publics); i++)
        g_assert_true(are_together(five, six, sizeof five, publics[i], public_address));
}

/* Of several tags, each counts: customers behind one provider's tag, and the same customer number with two providers. Those of number 0 do
 * not. */
static void test_fragments_behind_two_tags(void)
{
    static const uint8_t in_five[22] = {[12] = 0x88, 0xa8, 0, 5, 0x81, 0, 0, 7, 8, 0};
    static const uint8_t also_in_five[22] = {[12] = 0x88, 0xa8, 0, 5, 0x81, 0, 0, 8, 8, 0};
    static const uint8_t in_six[22] = {[12] = 0x88, 0xa8, 0, 6, 0x81, 0, 0, 7, 8, 0};

    static const uint8_t with_priority[22] = {[12] = 0x88, 0xa8, 0, 5, 0x81, 0, 0x60, 0, 8, 0};
    static const uint8_t priority_first[22] = {[12] = 0x88, 0xa8, 0x60, 0, 0x81, 0, 0, 5, 8, 0};

    g_assert_true(are_together(in_five, in_five, sizeof in_five, private_address, other_private));
    g_assert_true(are_together(with_priority, priority_first, sizeof with_priority, private_address, other_private));
    g_assert_false(are_together(in_five, also_in_five, sizeof in_five, private_address, other_private));
    g_assert_false(are_together(in_five, in_six, sizeof in_five, private_address, other_private));
}

/* A tag's upper four bits are priority and drop eligibility (DEI): two fragments of which one may be dropped are of the same VLAN. */
static void test_priority_is_not_vlan(void)
{
    static const uint8_t plain[18] = {[12] = 0x81, 0, 0, 100, 8, 0}, may_be_dropped[18] = {[12] = 0x81, 0, 0x10, 100, 8, 0};
    static const uint8_t all_bits[18] = {[12] = 0x81, 0, 0xf0, 100, 8, 0};
    static const uint8_t *const headers[] = {plain, may_be_dropped, all_bits};

    for (size_t i = 0; i < G_N_ELEMENTS(headers); i++) {
        uint8_t frame[FRAME_BYTES];
        FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);
        const FpRecord record = {
            .data = frame, .captured_bytes = 18 + sizeof tcp_over_ipv4, .wire_bytes = 18 + sizeof tcp_over_ipv4, .link = FP_LINK_ETHERNET};
        FpDecodeNotes notes;
        memcpy(frame, headers[i], sizeof plain);
        memcpy(frame + sizeof plain, tcp_over_ipv4, sizeof tcp_over_ipv4);
        fp_decode_again(decoder, &record, 0, &notes);
        g_assert_cmpuint(notes.n_vlans, ==, 1);
        g_assert_cmpuint(notes.vlans[0], ==, 100);
        g_assert_true(are_together(plain, headers[i], sizeof plain, private_address, other_private));
        fp_decoder_free(decoder);
    }
}

/* RFC 791 3.2: a datagram's fragments have its protocol, too; the same number may be in use for another protocol's. */
static void test_fragments_of_another_protocol(void)
{
    uint8_t frame[FRAME_BYTES] = {[12] = 8};
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);
    size_t wire = append_fragment(frame, 14, private_address, public_address, true);

    g_assert_cmpint(decode_here(decoder, frame, wire), ==, FP_DECODED_FRAGMENT);
    wire = append_fragment(frame, 14, private_address, public_address, false);
    frame[14 + 9] = 17; /* UDP */
    g_assert_cmpint(decode_here(decoder, frame, wire), ==, FP_DECODED_FRAGMENT);
    frame[14 + 9] = 6; /* that of TCP has waited */
    g_assert_cmpint(decode_here(decoder, frame, wire), ==, FP_DECODED_SEGMENT);
    fp_decoder_free(decoder);
}

#define GRE_HEADER(type_high, type_low) [12] = 8, 0, IPV4(47, 0), 0, 0, (type_high), (type_low)

/* ERSPAN III says which VLAN a mirrored frame was in, whatever tags it came here with. ERSPAN II does only where there are none,
 * and if the mirrored frame has lost its own. */
static void test_vlan_in_erspan(void)
{
    static const uint8_t third[68] = {[12] = 0x81, 0, 0, 5, 8, 0, IPV4(47, 0), 0, 0, 0x22, 0xeb, 0x20, 7, [54] = ETHERNET(8, 0)};
    static const uint8_t second[68] = {[12] = 0x81, 0,    0, 5, 8, 0, IPV4(47, 0), 0x10, 0,
                                       0x88,        0xbe, 0, 0, 0, 1, 0x10,        7,    [54] = ETHERNET(8, 0)};
    static const uint8_t untagged[64] = {[12] = 8, 0, IPV4(47, 0), 0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 7, [50] = ETHERNET(8, 0)};
    uint8_t other[68], same[68];

    memcpy(other, third, sizeof third);
    g_assert_true(are_together(third, other, sizeof third, private_address, other_private));
    other[15] = 6; /* the tag around */
    g_assert_true(are_together(third, other, sizeof third, private_address, other_private));
    other[43] = 8; /* the VLAN in ERSPAN's header */
    g_assert_false(are_together(third, other, sizeof third, private_address, other_private));

    memcpy(other, second, sizeof second);
    other[47] = 8;
    g_assert_true(are_together(second, other, sizeof second, private_address, other_private));
    other[15] = 6;
    g_assert_false(are_together(second, other, sizeof second, private_address, other_private));

    memcpy(other, untagged, sizeof untagged);
    g_assert_true(are_together(untagged, other, sizeof untagged, private_address, other_private));
    other[43] = 8;
    g_assert_false(are_together(untagged, other, sizeof untagged, private_address, other_private));
    memcpy(same, untagged, sizeof untagged);
    other[44] = same[44] = 0x18; /* the frame that was mirrored has its tag; but here it has none */
    g_assert_true(are_together(same, other, sizeof untagged, private_address, other_private));
    other[44] = same[44] = 0x10;
    g_assert_false(are_together(same, other, sizeof untagged, private_address, other_private));
    other[44] = same[44] = 0x08;
    g_assert_false(are_together(same, other, sizeof untagged, private_address, other_private));
}

/* What ERSPAN III has mirrored need not be Ethernet, and its header may be longer. */
static void test_erspan_frame_type(void)
{
    static const uint8_t header[64] = {GRE_HEADER(0x22, 0xeb), 0x20, [50] = ETHERNET(8, 0)};
    uint8_t frame[FRAME_BYTES];
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);
    const size_t wire = sizeof header + sizeof tcp_over_ipv4;

    memcpy(frame, header, sizeof header);
    memcpy(frame + sizeof header, tcp_over_ipv4, sizeof tcp_over_ipv4);
    g_assert_cmpint(decode_here(decoder, frame, wire), ==, FP_DECODED_SEGMENT);
    for (unsigned type = 1; type < 32; type++) {
        frame[48] = (uint8_t)(type << 2);
        g_assert_cmpint(decode_here(decoder, frame, wire), ==, FP_DECODED_LEFT);
        g_assert_cmpint(fp_decoder_no_segment(decoder).kind, ==, FP_NO_SEGMENT_GRE);
        g_assert_cmpuint(fp_decoder_no_segment(decoder).number, ==, 0x88be);
    }
    frame[48] = 0x83; /* bits around it say something else */
    g_assert_cmpint(decode_here(decoder, frame, wire), ==, FP_DECODED_SEGMENT);
    fp_decoder_free(decoder);
}

/* RFC 3032 2.1: the explicit null labels say which version of IP follows, whatever it looks like; RFC 4928: else its first nibble does. */
static void test_labels(void)
{
    static const struct {
        uint8_t label;
        bool is_ipv6;
        FpDecoded expected;
    } rows[] = {
        {0, false, FP_DECODED_SEGMENT},    {0, true, FP_DECODED_SEGMENT}, /* fp_walk_ipv4 sees the version itself */
        {2, false, FP_DECODED_BAD_HEADER}, {2, true, FP_DECODED_SEGMENT},   {1, false, FP_DECODED_SEGMENT},
        {3, false, FP_DECODED_SEGMENT},    {3, true, FP_DECODED_SEGMENT},   {13, false, FP_DECODED_LEFT},
        {13, true, FP_DECODED_LEFT},       {12, false, FP_DECODED_SEGMENT}, {14, false, FP_DECODED_SEGMENT},
    };
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint8_t frame[FRAME_BYTES] = {[12] = 0x88, 0x47, 0, 0, (uint8_t)(rows[i].label << 4 | 1), 64};
        const uint8_t *packet = rows[i].is_ipv6 ? tcp_over_ipv6 : tcp_over_ipv4;
        const size_t n = rows[i].is_ipv6 ? sizeof tcp_over_ipv6 : sizeof tcp_over_ipv4;
        memcpy(frame + 18, packet, n);
        g_assert_cmpint(decode_here(decoder, frame, 18 + n), ==, rows[i].expected);
    }
    fp_decoder_free(decoder);
}

/* In Cisco HDLC, OSI's packets have a byte of padding, whatever it is, before them; but for those of CLNP, ES-IS and IS-IS, which lead
 * nowhere. */
static void test_osi_padding(void)
{
    FpDecoder *decoder = fp_decoder_new(NULL, 0, 0);

    for (unsigned first = 0; first < 256; first++) {
        uint8_t frame[FRAME_BYTES] = {0x0f, 0, 0xfe, 0xfe, (uint8_t)first, 0xcc};
        FpRecord record = {
            .data = frame, .captured_bytes = 6 + sizeof tcp_over_ipv4, .wire_bytes = 6 + sizeof tcp_over_ipv4, .link = FP_LINK_CHDLC};
        FpSegment segment;
        memcpy(frame + 6, tcp_over_ipv4, sizeof tcp_over_ipv4);
        g_assert_cmpint(fp_decode(decoder, &record, &segment), ==, first >= 0x81 && first <= 0x83 ? FP_DECODED_LEFT : FP_DECODED_SEGMENT);
    }
    fp_decoder_free(decoder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tags/fragments-in-vlans", test_fragments_in_vlans);
    g_test_add_func("/tags/fragments-behind-two-tags", test_fragments_behind_two_tags);
    g_test_add_func("/tags/priority-is-not-vlan", test_priority_is_not_vlan);
    g_test_add_func("/tags/fragments-of-another-protocol", test_fragments_of_another_protocol);
    g_test_add_func("/tags/vlan-in-erspan", test_vlan_in_erspan);
    g_test_add_func("/tags/erspan-frame-type", test_erspan_frame_type);
    g_test_add_func("/tags/labels", test_labels);
    g_test_add_func("/tags/osi-padding", test_osi_padding);
    return g_test_run();
}
