/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scenario_to_pcap.c - writes a scenario as a capture, or prints what it expects.
 *
 *   scenario-to-pcap SCENARIO OUT.pcap     the capture, in nanosecond pcap
 *   scenario-to-pcap --expected SCENARIO   frame, tab, classes, for each frame that is in any class
 *   scenario-to-pcap --options SCENARIO    the options of firstpayload slim that it is about
 *   scenario-to-pcap --differs SCENARIO    why stock tshark answers otherwise; nothing when it does not
 */
#include <stdio.h>
#include <string.h>

#include "scenario.h"

/* The headers of a classic pcap file, in the writer's own byte order. */
typedef struct {
    guint32 magic;
    guint16 major, minor;
    guint32 zone, accuracy, snaplen, link_type;
} FileHeader;

typedef struct {
    guint32 seconds, nanoseconds, captured, length;
} RecordHeader;

#define MAGIC_NANOSECONDS 0xa1b23c4dU

static void write_packet(const Scenario *scenario, const Packet *packet, GByteArray *out)
{
    for (guint i = 0; i < packet_frames(packet); i++) {
        g_autoptr(GByteArray) frame = g_byte_array_new();
        guint32 captured = packet_frame(scenario, packet, i, frame);
        RecordHeader header = {(guint32)(packet->time_ns / 1000000000), (guint32)(packet->time_ns % 1000000000), captured, frame->len};
        g_byte_array_append(out, (const guint8 *)&header, sizeof header);
        g_byte_array_append(out, frame->data, captured);
    }
}

static gboolean write_capture(const Scenario *scenario, const char *path, GError **error)
{
    FileHeader header = {MAGIC_NANOSECONDS, 2, 4, 0, 0, 262144, scenario->link_type};
    g_autoptr(GByteArray) out = g_byte_array_new();

    g_byte_array_append(out, (const guint8 *)&header, sizeof header);
    for (guint i = 0; i < scenario->packets->len; i++)
        write_packet(scenario, g_ptr_array_index(scenario->packets, i), out);
    return g_file_set_contents(path, (const char *)out->data, out->len, error);
}

static void print_expected(const Scenario *scenario)
{
    char text[FP_CLASSES_TEXT_BYTES];

    for (guint i = 0; i < scenario->packets->len; i++) {
        const Packet *packet = g_ptr_array_index(scenario->packets, i);
        if (packet->expected.classes == 0)
            continue;
        fp_classes_to_text(packet->expected.classes, text);
        printf("%u\t%s\n", packet->taken_frame, text);
    }
}

static void print_options(const Scenario *scenario)
{
    char text[FP_CLASSES_TEXT_BYTES];

    fp_classes_to_text(scenario->keep, text);
    if (scenario->keep != FP_CLASS_USUAL)
        printf("--keep %s\n", text);
    if (scenario->rules.opening_bytes != FP_OPENING_BYTES_DEFAULT)
        printf("--opening-bytes %u\n", scenario->rules.opening_bytes);
    if (scenario->rules.transports != 0) {
        char transports[FP_TRANSPORTS_TEXT_BYTES];
        fp_transports_to_text(scenario->rules.transports, transports);
        printf("--transport %s\n", transports);
    }
    if (scenario->rules.idle_ns != 0)
        printf("--idle %" G_GINT64_FORMAT "\n", scenario->rules.idle_ns / 1000000000);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    gboolean print = argc == 3 && argv[1][0] == '-';

    if (argc != 3) {
        fprintf(stderr, "usage: scenario-to-pcap SCENARIO OUT.pcap | --expected SCENARIO | --options SCENARIO | --differs SCENARIO\n");
        return 2;
    }
    Scenario *scenario = scenario_read(print ? argv[2] : argv[1], &error);
    if (scenario) {
        if (!print)
            write_capture(scenario, argv[2], &error);
        else if (strcmp(argv[1], "--expected") == 0)
            print_expected(scenario);
        else if (strcmp(argv[1], "--options") == 0)
            print_options(scenario);
        else if (scenario->differs)
            puts(scenario->differs);
        scenario_free(scenario);
    }
    if (!error)
        return 0;
    fprintf(stderr, "scenario-to-pcap: %s\n", error->message);
    return 1;
}
