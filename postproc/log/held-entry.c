/* SPDX-License-Identifier: GPL-2.0-or-later */
/* held-entry.c - see held-entry.h. */
#include "held-entry.h"

#include <string.h>

#include "base/allocated.h"
#include "decode/decode-notes.h"

#define ADDRESS_BYTES_MAX 16U
#define SOURCE_BYTES_MAX 65536U

/* What the entry's pointers point to. */
struct FpHeldEntry {
    FpLogEntry entry;
    FpSegment segment;
    FpVerdict verdict;
    uint8_t addresses[2][ADDRESS_BYTES_MAX];
    uint16_t vlans[FP_DECODE_NOTES_VLANS_MAX];
    char *source;
    char *interface; /* NULL: none */
    uint8_t *payload;
};

static void point_to_own(FpHeldEntry *held)
{
    held->segment.source = held->addresses[0];
    held->segment.destination = held->addresses[1];
    held->entry.segment = &held->segment;
    held->entry.verdict = &held->verdict;
    held->entry.vlans = held->vlans;
    held->entry.source = held->source;
    held->entry.interface = held->interface;
    held->entry.payload.bytes = held->payload;
}

FpHeldEntry *fp_held_entry_new(const FpLogEntry *entry, uint32_t payload_bytes)
{
    FpHeldEntry *held = g_new0(FpHeldEntry, 1);

    held->entry = *entry;
    held->entry.message = (FpLogMessage){0};
    held->entry.facts = NULL;
    held->entry.reply = NULL;
    held->entry.payload = fp_span_first(entry->payload, payload_bytes);
    held->segment = *entry->segment;
    held->verdict = *entry->verdict;
    memcpy(held->addresses[0], entry->segment->source, entry->segment->address_bytes);
    memcpy(held->addresses[1], entry->segment->destination, entry->segment->address_bytes);
    if (entry->n_vlans > 0)
        memcpy(held->vlans, entry->vlans, entry->n_vlans * sizeof *entry->vlans);
    held->source = g_strdup(entry->source);
    held->interface = g_strdup(entry->interface);
    held->payload = g_memdup2(held->entry.payload.bytes, held->entry.payload.captured);
    point_to_own(held);
    return held;
}

void fp_held_entry_free(FpHeldEntry *held)
{
    if (held == NULL)
        return;
    g_free(held->source);
    g_free(held->interface);
    g_free(held->payload);
    g_free(held);
}

const FpLogEntry *fp_held_entry_get(const FpHeldEntry *held)
{
    return &held->entry;
}

void fp_held_entry_set_turn(FpHeldEntry *held, uint32_t turn, FpSaidWay way)
{
    held->entry.turn = turn;
    held->entry.way = way;
}

uint8_t *fp_held_entry_payload(FpHeldEntry *held, size_t *n)
{
    *n = held->entry.payload.captured;
    return held->payload;
}

static uint32_t interface_bytes(const FpHeldEntry *held)
{
    return held->interface != NULL ? (uint32_t)strlen(held->interface) : 0;
}

size_t fp_held_entry_bytes(const FpHeldEntry *held)
{
    return fp_allocated(sizeof *held) + fp_allocated(strlen(held->source) + 1) +
           (held->interface != NULL ? fp_allocated(interface_bytes(held) + 1) : 0) + fp_allocated(held->entry.payload.captured);
}

/* A held entry on the disk; source, interface and payload follow. */
typedef struct {
    int64_t seconds, time_ns, age_ns, delay_ns;
    uint64_t frame, network;
    uint32_t stream, verdict_payload_bytes, payload_captured, payload_wire, source_bytes, interface_bytes, n_vlans;
    uint16_t source_port, destination_port;
    uint8_t addresses[2][ADDRESS_BYTES_MAX];
    uint16_t vlans[FP_DECODE_NOTES_VLANS_MAX];
    uint8_t address_bytes, transport, side;
    uint8_t is_live, has_nanoseconds, has_syn, midstream, out_of_order, fast_open;
    uint8_t direction; /* 0 in what earlier versions saved, where it was padding */
} Saved;

static void save_verdict(Saved *saved, const FpVerdict *verdict)
{
    saved->stream = verdict->stream;
    saved->verdict_payload_bytes = verdict->payload_bytes;
    saved->side = (uint8_t)verdict->side;
    saved->has_syn = verdict->has_syn;
    saved->midstream = verdict->midstream;
    saved->out_of_order = verdict->out_of_order;
    saved->fast_open = verdict->fast_open;
    saved->age_ns = verdict->age_ns;
    saved->delay_ns = verdict->delay_ns;
}

bool fp_held_entry_save(const FpHeldEntry *held, FpStreamsWrite write, void *user)
{
    const FpLogEntry *entry = &held->entry;
    Saved saved;

    memset(&saved, 0, sizeof saved); /* no byte between the members is left to chance */
    save_verdict(&saved, &held->verdict);
    saved.seconds = entry->seconds;
    saved.time_ns = held->segment.time_ns;
    saved.frame = entry->frame;
    saved.network = entry->network;
    saved.is_live = entry->is_live;
    saved.direction = (uint8_t)entry->direction;
    saved.has_nanoseconds = entry->has_nanoseconds;
    saved.payload_captured = entry->payload.captured;
    saved.payload_wire = entry->payload.wire;
    saved.source_bytes = (uint32_t)strlen(held->source);
    saved.interface_bytes = interface_bytes(held);
    saved.n_vlans = entry->n_vlans;
    saved.source_port = held->segment.source_port;
    saved.destination_port = held->segment.destination_port;
    saved.address_bytes = held->segment.address_bytes;
    saved.transport = (uint8_t)held->segment.transport;
    memcpy(saved.addresses, held->addresses, sizeof saved.addresses);
    memcpy(saved.vlans, held->vlans, sizeof saved.vlans);
    return write(user, &saved, sizeof saved) && write(user, held->source, saved.source_bytes) &&
           (saved.interface_bytes == 0 || write(user, held->interface, saved.interface_bytes)) &&
           (saved.payload_captured == 0 || write(user, held->payload, saved.payload_captured));
}

static bool makes_sense(const Saved *saved)
{
    return (saved->address_bytes == 4 || saved->address_bytes == 16) && saved->side <= FP_SIDE_SERVER &&
           saved->n_vlans <= FP_DECODE_NOTES_VLANS_MAX && saved->source_bytes <= SOURCE_BYTES_MAX &&
           saved->interface_bytes <= FP_LOG_INTERFACE_BYTES_MAX && saved->payload_captured <= FP_LOG_PAYLOAD_BYTES_MAX &&
           saved->payload_captured <= saved->payload_wire;
}

static FpVerdict load_verdict(const Saved *saved)
{
    return (FpVerdict){
        .classes = FP_CLASS_FIRST,
        .stream = saved->stream,
        .payload_bytes = saved->verdict_payload_bytes,
        .side = (FpSide)saved->side,
        .has_syn = saved->has_syn,
        .midstream = saved->midstream,
        .out_of_order = saved->out_of_order,
        .fast_open = saved->fast_open,
        .age_ns = saved->age_ns,
        .delay_ns = saved->delay_ns,
    };
}

FpHeldEntry *fp_held_entry_load(FpStreamsRead read, void *user)
{
    Saved saved;

    if (!read(user, &saved, sizeof saved) || !makes_sense(&saved))
        return NULL;
    FpHeldEntry *held = g_new0(FpHeldEntry, 1);
    held->verdict = load_verdict(&saved);
    held->segment = (FpSegment){.time_ns = saved.time_ns,
                                .source_port = saved.source_port,
                                .destination_port = saved.destination_port,
                                .address_bytes = saved.address_bytes,
                                .transport = saved.transport};
    memcpy(held->addresses, saved.addresses, sizeof held->addresses);
    memcpy(held->vlans, saved.vlans, sizeof held->vlans);
    held->source = g_malloc0(saved.source_bytes + 1);
    held->interface = saved.interface_bytes > 0 ? g_malloc0(saved.interface_bytes + 1) : NULL;
    held->payload = g_malloc(saved.payload_captured);
    held->entry =
        (FpLogEntry){.network = saved.network,
                     .is_live = saved.is_live,
                     .direction = saved.direction == FP_DIRECTION_IN || saved.direction == FP_DIRECTION_OUT ? (FpDirection)saved.direction
                                                                                                            : FP_DIRECTION_UNKNOWN,
                     .has_nanoseconds = saved.has_nanoseconds,
                     .seconds = saved.seconds,
                     .frame = saved.frame,
                     .payload = {.captured = saved.payload_captured, .wire = saved.payload_wire},
                     .n_vlans = saved.n_vlans};
    point_to_own(held);
    if (read(user, held->source, saved.source_bytes) && (held->interface == NULL || read(user, held->interface, saved.interface_bytes)) &&
        read(user, held->payload, saved.payload_captured))
        return held;
    fp_held_entry_free(held);
    return NULL;
}
