/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_marks.c - which marks frames have, what is forgotten with a frame, and which stream any frame is of (marks.h). */
#include <glib.h>

#include "marks.h"

enum { S = FP_TCP_SYN, A = FP_TCP_ACK, R = FP_TCP_RST };

static const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT, .asked = 0};

/* A segment of a client with that port, at that time in seconds. Its server answers from port 80. */
static const FpMark *take(uint32_t frame, uint16_t layer, uint16_t port, uint8_t flags, uint32_t seq, uint32_t payload_bytes)
{
    static const uint8_t client[4] = {192, 0, 2, 1}, server[4] = {192, 0, 2, 2};
    const FpSegment segment = {.source = client,
                               .destination = server,
                               .address_bytes = 4,
                               .source_port = port,
                               .destination_port = 80,
                               .time_ns = (int64_t)frame * 1000000000,
                               .seq = seq,
                               .header_bytes = 20,
                               .segment_bytes = 20 + payload_bytes,
                               .flags = flags};

    return fp_marks_take(frame, layer, &segment);
}

static const FpMark *answer(uint32_t frame, uint16_t port, uint8_t flags, uint32_t seq, uint32_t payload_bytes)
{
    static const uint8_t client[4] = {192, 0, 2, 1}, server[4] = {192, 0, 2, 2};
    const FpSegment segment = {.source = server,
                               .destination = client,
                               .address_bytes = 4,
                               .source_port = 80,
                               .destination_port = port,
                               .time_ns = (int64_t)frame * 1000000000,
                               .seq = seq,
                               .ack = 1,
                               .header_bytes = 20,
                               .segment_bytes = 20 + payload_bytes,
                               .flags = flags};

    return fp_marks_take(frame, 0, &segment);
}

static const FpMark *take_datagram(uint32_t frame, uint16_t port)
{
    static const uint8_t client[4] = {192, 0, 2, 1}, server[4] = {192, 0, 2, 2};
    const FpSegment segment = {.source = client,
                               .destination = server,
                               .address_bytes = 4,
                               .source_port = port,
                               .destination_port = 53,
                               .header_bytes = FP_UDP_HEADER_BYTES,
                               .segment_bytes = FP_UDP_HEADER_BYTES + 5,
                               .transport = FP_TRANSPORT_UDP};

    return fp_marks_take(frame, FP_LAYER_UDP, &segment);
}

static size_t count_of(uint32_t frame)
{
    size_t count;

    g_assert_true((fp_marks_find(frame, &count) == NULL) == (count == 0));
    return count;
}

/* A SYN in each of the first layers, and nothing else. */
static void check_layers(uint32_t frame, size_t expected)
{
    size_t count;
    const FpMark *marks = fp_marks_find(frame, &count);

    g_assert_cmpuint(count, ==, expected);
    for (size_t i = 0; i < count; i++) {
        g_assert_cmpuint(marks[i].frame, ==, frame);
        g_assert_cmpuint(marks[i].layer, ==, i);
        g_assert_cmpuint(marks[i].events, ==, FP_EVENT_BEGINS | FP_EVENT_SYN);
    }
}

static void test_find(void)
{
    enum { N = 20 };

    fp_marks_open(&rules, false);
    g_assert_cmpuint(count_of(1), ==, 0);
    take(1, 0, 999, S, 1000, 0);
    check_layers(1, 1); /* the only one */
    check_layers(0, 0);
    fp_marks_forget(1);
    for (unsigned i = 1; i <= N; i++) /* every other frame has one to three layers */
        for (unsigned layer = 0; layer <= i % 3; layer++)
            g_assert_nonnull(take(2 * i, (uint16_t)layer, (uint16_t)(1000 + 10 * i + layer), S, 1000, 0));
    for (uint32_t frame = 0; frame <= 2 * N + 1; frame++)
        check_layers(frame, frame % 2 == 0 && frame > 0 ? frame / 2 % 3 + 1 : 0);
    fp_marks_close();
}

static void test_without_a_file(void)
{
    g_assert_cmpuint(count_of(1), ==, 0);
    g_assert_null(take(1, 0, 1000, S, 1000, 0));
    fp_marks_open(&rules, false);
    take(2, 0, 1000, S, 1000, 0);
    fp_marks_close();
    fp_marks_close(); /* there is nothing left */
    g_assert_cmpuint(count_of(2), ==, 0);
    g_assert_null(take(2, 0, 1000, S, 1000, 0));
}

static void test_layers_are_in_order(void)
{
    size_t count;

    fp_marks_open(&rules, false);
    take(1, 0, 1000, S, 1000, 0);
    take(2, 2, 1001, S, 1000, 0);
    take(2, FP_LAYER_UDP, 1002, S, 1000, 0);
    take(2, 0, 1003, S, 1000, 0);
    g_assert_cmpuint(take(2, 1, 1004, S, 1000, 0)->stream, ==, 4);
    const FpMark *marks = fp_marks_find(2, &count);
    g_assert_cmpuint(count, ==, 4);
    const uint16_t layers[] = {0, 1, 2, FP_LAYER_UDP};
    for (size_t i = 0; i < count; i++)
        g_assert_cmpuint(marks[i].layer, ==, layers[i]);
    fp_marks_close();
}

/* A frame that was dropped and comes again goes to its place. */
static void test_frames_are_in_order(void)
{
    size_t count;

    fp_marks_open(&rules, false);
    for (uint16_t frame = 1; frame <= 3; frame++)
        take(frame, 0, 1000 + frame, S, 1000, 0);
    fp_marks_forget(2);
    take(2, 1, 1005, S, 1000, 0);
    const FpMark *marks = fp_marks_find(1, &count);
    g_assert_cmpuint(count, ==, 1);
    g_assert_cmpuint(marks[1].frame, ==, 2);
    g_assert_cmpuint(marks[1].layer, ==, 1);
    g_assert_cmpuint(marks[2].frame, ==, 3);
    fp_marks_close();
}

/* SYN in 1, first payload in 2, reply in 3. Returns a copy of the mark of the first payload. */
static FpMark open_stream(bool every_frame)
{
    fp_marks_open(&rules, every_frame);
    take(1, 0, 1000, S, 1000, 0);
    const FpMark first = *take(2, 0, 1000, A, 1001, 10);
    g_assert_cmpuint(answer(3, 1000, A, 5001, 20)->classes, ==, FP_CLASS_REPLY);
    return first;
}

static void check_links(const FpMark *mark, uint32_t syn_frame, uint32_t first_frame, uint32_t reply_frame)
{
    const FpStreamNote stream = fp_marks_stream(mark);

    g_assert_cmpuint(stream.syn_frame, ==, syn_frame);
    g_assert_cmpuint(stream.first_frame, ==, first_frame);
    g_assert_cmpuint(stream.reply_frame, ==, reply_frame);
}

static void test_stream(void)
{
    const FpMark first = open_stream(false);

    g_assert_cmpuint(first.classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
    const FpStreamNote stream = fp_marks_stream(&first);
    check_links(&first, 1, 2, 3);
    g_assert_cmpuint(stream.service_port, ==, 80);
    g_assert_cmpint(stream.reply_delay_ns, ==, 1000000000);
    g_assert_cmpuint(stream.first.payload_bytes, ==, 10);
    g_assert_cmpint(stream.first.delay_ns, ==, 1000000000);
    g_assert_cmpint(stream.first.side, ==, FP_SIDE_CLIENT);
    g_assert_false(stream.ends_silent);
    g_assert_false(stream.is_udp);
    fp_marks_close();
}

static void test_what_wireshark_says(void)
{
    const FpMark first = open_stream(false);

    g_assert_null(take(4, 0, 1000, A, 1011, 0));
    fp_marks_set_protocol(&first, "TLS");
    fp_marks_set_wireshark_number(&first, 7);
    g_assert_cmpstr(fp_marks_stream(&first).protocol, ==, "TLS");
    g_assert_cmpuint(fp_marks_stream(&first).wireshark_number, ==, 7);
    g_assert_cmpuint(fp_marks_stream(&first).first_frame, ==, 2);
    fp_marks_close();
}

/* The first SYN is the one that is shown, and a stream without has none. Where nobody knows the server, the lower port is its. */
static void test_syn_and_ports(void)
{
    fp_marks_open(&rules, false);
    take(1, 0, 50, S, 1000, 0);
    take(2, 0, 50, S, 1000, 0);
    const FpMark known = *take(3, 0, 50, A, 1001, 10);
    const FpMark unknown = *take(4, 0, 51, A, 1001, 10);
    g_assert_cmpuint(fp_marks_stream(&known).syn_frame, ==, 1);
    g_assert_cmpuint(fp_marks_stream(&known).service_port, ==, 80);
    g_assert_cmpuint(fp_marks_stream(&unknown).syn_frame, ==, 0);
    g_assert_cmpuint(fp_marks_stream(&unknown).service_port, ==, 51);
    fp_marks_close();
}

static void test_datagrams(void)
{
    FpRules with_udp = rules;

    with_udp.transports = FP_TAKES_TCP | FP_TAKES_UDP;
    fp_marks_open(&with_udp, false);
    const FpMark first = *take_datagram(1, 5000);
    g_assert_true(fp_marks_stream(&first).is_udp);
    g_assert_cmpuint(fp_marks_stream(&first).service_port, ==, 53);
    g_assert_cmpuint(fp_marks_stream(&first).first_frame, ==, 1);
    fp_marks_close();
}

/* Frames that are dropped take with them what leads to them, and nothing else. */
static void test_forget(void)
{
    const FpMark first = open_stream(false);

    fp_marks_set_whole(&first, &(FpWholeMessage){.frame = 5, .detail = "whole"});
    fp_marks_forget(4); /* has no mark */
    fp_marks_forget(1);
    check_links(&first, 0, 2, 3);
    g_assert_nonnull(fp_marks_whole(&first));
    g_assert_cmpuint(count_of(1), ==, 0);
    g_assert_cmpuint(count_of(2), ==, 1);
    g_assert_cmpuint(count_of(3), ==, 1);
    fp_marks_forget(3);
    check_links(&first, 0, 2, 0);
    g_assert_nonnull(fp_marks_whole(&first));
    fp_marks_forget(2);
    check_links(&first, 0, 0, 0);
    g_assert_null(fp_marks_whole(&first)); /* it was that message's beginning */
    g_assert_cmpuint(count_of(2), ==, 0);
    fp_marks_close();
}

static void test_forget_what_completes_a_message(void)
{
    const FpMark first = open_stream(false);

    fp_marks_set_whole(&first, &(FpWholeMessage){.frame = 3, .detail = "whole"});
    g_assert_cmpstr(fp_marks_whole(&first)->detail, ==, "whole");
    g_assert_cmpuint(fp_marks_whole(&first)->frame, ==, 3);
    fp_marks_forget(3);
    g_assert_null(fp_marks_whole(&first));
    g_assert_cmpuint(fp_marks_stream(&first).first_frame, ==, 2);
    fp_marks_close();
}

static void test_forget_the_end_of_silence(void)
{
    fp_marks_open(&rules, false);
    take(1, 0, 1000, S, 1000, 0);
    const FpMark end = *take(2, 0, 1000, R, 1001, 0);
    g_assert_cmpuint(end.events, ==, FP_EVENT_ENDS_SILENT);
    g_assert_true(fp_marks_stream(&end).ends_silent);
    fp_marks_forget(2);
    g_assert_false(fp_marks_stream(&end).ends_silent);
    fp_marks_close();
}

/* With marks of every frame, one of which there is nothing to say is of the stream that is there now. */
static void test_every_frame(void)
{
    open_stream(true);
    take(4, 0, 1001, S, 1000, 0);
    for (uint32_t frame = 5; frame < 9; frame += 2) {
        const FpMark *mark = take(frame, 0, 1001, A, 1001, 0);
        g_assert_cmpuint(mark->stream, ==, 1);
        g_assert_cmpuint(mark->classes | mark->events, ==, 0);
        g_assert_cmpuint(take(frame + 1, 0, 1000, A, 1011, 0)->stream, ==, 0);
    }
    take(9, 0, 1000, S, 900000, 0); /* the ports are used again */
    g_assert_cmpuint(take(10, 0, 1000, A, 900001, 0)->stream, ==, 2);
    fp_marks_close();
    fp_marks_close();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/marks/find", test_find);
    g_test_add_func("/marks/without-a-file", test_without_a_file);
    g_test_add_func("/marks/layers-are-in-order", test_layers_are_in_order);
    g_test_add_func("/marks/frames-are-in-order", test_frames_are_in_order);
    g_test_add_func("/marks/stream", test_stream);
    g_test_add_func("/marks/what-wireshark-says", test_what_wireshark_says);
    g_test_add_func("/marks/syn-and-ports", test_syn_and_ports);
    g_test_add_func("/marks/datagrams", test_datagrams);
    g_test_add_func("/marks/forget", test_forget);
    g_test_add_func("/marks/forget-what-completes-a-message", test_forget_what_completes_a_message);
    g_test_add_func("/marks/forget-the-end-of-silence", test_forget_the_end_of_silence);
    g_test_add_func("/marks/every-frame", test_every_frame);
    return g_test_run();
}
