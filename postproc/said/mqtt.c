/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mqtt.c - MQTT CONNECT (MQTT 3.1.1 3.1, MQTT 5.0 3.1; MQTT 3.1 calls itself MQIsdp). */
#include "said-internal.h"

#include <string.h>

#define CONNECT 0x10
#define LENGTH_BYTES_MAX 4

enum { FLAG_RESERVED = 0x01, FLAG_WILL = 0x04, FLAG_USER = 0x80 };

/* Variable Byte Integer (MQTT 5.0 1.5.5). false: it is longer than it may be. */
static bool read_length(FpReader *reader, size_t *length)
{
    *length = 0;
    for (unsigned i = 0; i < LENGTH_BYTES_MAX; i++) {
        uint8_t byte = fp_read8(reader);
        *length |= (size_t)(byte & 0x7f) << 7 * i;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static FpSaidText read_string(FpReader *reader)
{
    return fp_read_text(reader, fp_read16(reader));
}

static void skip_properties(FpReader *reader)
{
    size_t n;

    if (!read_length(reader, &n))
        reader->is_short = true;
    fp_read_text(reader, n);
}

/* Name and level that go together (MQTT 3.1.1 3.1.2). */
static bool is_protocol(FpSaidText name, uint8_t version)
{
    if (name.n == 4 && memcmp(name.bytes, "MQTT", 4) == 0)
        return version == 4 || version == 5;
    return name.n == 6 && memcmp(name.bytes, "MQIsdp", 6) == 0 && version == 3;
}

/* Payload (MQTT 5.0 3.1.3): client identifier, will, user name. */
static void take_payload(FpReader *reader, uint8_t flags, FpSaidMqtt *mqtt)
{
    if (mqtt->version == 5)
        skip_properties(reader);
    mqtt->client_id = read_string(reader);
    if (flags & FLAG_WILL) {
        if (mqtt->version == 5)
            skip_properties(reader);
        read_string(reader); /* topic */
        read_string(reader); /* payload */
    }
    if (flags & FLAG_USER)
        mqtt->user = read_string(reader);
}

/* As far as the bytes go they are those of a CONNECT: its type, its length, the length of a known name and the name. */
static bool may_be(const FpSaidMessage *message, FpReader reader)
{
    static const char *const names[] = {"\0\4MQTT", "\0\6MQIsdp"};

    if (reader.is_short)
        return true;
    const uint8_t *rest = message->bytes + reader.position;
    size_t left = fp_reader_left(&reader);
    return fp_said_begins(rest, left, names[0], 6) != FP_MATCH_NO || fp_said_begins(rest, left, names[1], 8) != FP_MATCH_NO;
}

FpSaidResult fp_said_mqtt(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    FpReader reader = fp_reader(message->bytes, message->n);
    FpSaidMqtt mqtt = {0};
    size_t n;

    (void)said;
    if (message->n > 0 && fp_read8(&reader) != CONNECT)
        return FP_SAID_UNKNOWN;
    if (!read_length(&reader, &n) || !may_be(message, reader))
        return FP_SAID_UNKNOWN;
    size_t start = reader.position;
    mqtt.protocol = read_string(&reader);
    mqtt.version = fp_read8(&reader);
    uint8_t flags = fp_read8(&reader);
    if (reader.is_short)
        return fp_said_more(message, facts, 0);
    if (!is_protocol(mqtt.protocol, mqtt.version) || flags & FLAG_RESERVED)
        return FP_SAID_UNKNOWN;
    bool is_whole = message->n - start >= n;
    if (!is_whole && !message->is_over)
        return fp_said_more(message, facts, start + n);
    FpReader packet = fp_reader(message->bytes + start, is_whole ? n : message->n - start);
    fp_read_text(&packet, reader.position - start + 2); /* up to the keep-alive */
    take_payload(&packet, flags, &mqtt);
    fp_said_begin(facts, FP_SAID_MQTT);
    facts->mqtt = mqtt;
    facts->is_cut = packet.is_short;
    return FP_SAID_ENOUGH;
}
