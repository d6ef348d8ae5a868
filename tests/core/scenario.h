/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scenario.h - the only reader of tests/scenarios: what is fed to core/, and the capture that program and plugin are given.
 *
 * The format is described in tests/scenarios/README.md. Frame numbers are the same in both.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include <glib.h>

#include "segment.h"
#include "verdict.h"

enum { CLIENT, SERVER };

typedef struct {
    char *name;
    guint8 address[2][16];
    guint8 address_bytes; /* 4 or 16 */
    guint16 port[2];
    guint32 isn[2];
} Connection;

/* Bytes from (included) to (excluded) of a segment, header and all. */
typedef struct {
    guint32 from, to;
} Range;

/* What the author expects of a packet. A member whose has_... is false is not checked. */
typedef struct {
    guint classes;
    FpSide side;
    gboolean midstream, out_of_order, fast_open, ends_flight;
    gboolean has_side, has_stream, has_seq, has_bytes, has_age, has_delay;
    guint32 stream, seq, bytes;
    gint64 age_ns, delay_ns;
} Expected;

/* One line of the time line: one frame, or as many as it has fragments. */
typedef struct {
    guint line; /* in the file, from 1 */
    const Connection *connection;
    guint sender; /* CLIENT or SERVER */
    gint64 time_ns;
    FpTransport transport; /* a UDP datagram has no flags, numbers or window */
    gint udp_length;       /* what its header says; -1: the actual value */
    guint8 flags;
    guint32 seq, ack; /* absolute */
    guint16 window;
    guint32 data_bytes; /* what follows the header and its options */
    GString *text;      /* the data, or its beginning, or NULL: all filler */
    guint options_bytes;
    guint header_bytes;     /* as the data offset claims */
    guint32 captured_bytes; /* of the segment */
    guint padding_bytes;
    gboolean ip_length_zero;
    gint ip_length_error; /* by how much the IP length is wrong */
    gint vlan;            /* -1: none */
    guint32 id;           /* of the IP datagram */
    gboolean quoted;      /* the frame is an ICMP error that quotes this segment */
    GArray *fragments;    /* of Range, in capture order; empty: not fragmented */

    guint frame;       /* number of the (first) frame, from 1 */
    guint taken_frame; /* the frame in which the segment is found; 0: none */
    gboolean length_unknown;
    Expected expected;
} Packet;

typedef struct {
    char *path;
    char *description;
    gboolean says_ends; /* each packet that ends a flight is marked as such */
    FpRules rules;
    unsigned keep; /* the classes that expectations name */
    char *differs; /* why stock tshark is expected to answer otherwise, or NULL */
    guint link_type;
    GPtrArray *connections; /* of Connection */
    GPtrArray *packets;     /* of Packet */
} Scenario;

/* The link types that frames can be built for. */
enum {
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_RAW = 101,
    LINK_LOOP = 108,
    LINK_SLL = 113,
    LINK_SLL2 = 276,
};

/* Returns NULL and an error that names the line when the file is not a scenario. Free with scenario_free. */
Scenario *scenario_read(const char *path, GError **error);
void scenario_free(Scenario *scenario);

/* Fills in the frame numbers; scenario_read has done it. */
void scenario_number_frames(Scenario *scenario);

/* Whole length of the packet's segment: header, options and data, as sent. */
guint32 packet_segment_bytes(const Packet *packet);

/* How much of the segment's header must have been captured. */
guint32 packet_needed_bytes(const Packet *packet);

/* Its length by the IP length, but no more than the frame has room for. */
guint32 packet_reported_bytes(const Packet *packet);

/* Number of frames that the packet takes. */
guint packet_frames(const Packet *packet);

/* What a decoder makes of the packet, whose taken_frame is not 0. Borrows the packet's connection. mirrored: all addresses and ports
 * are inverted, so that the endpoints sort the other way around. storage has room for two addresses. */
void packet_segment(const Packet *packet, gboolean mirrored, guint8 storage[2][16], FpSegment *segment);

/* Appends the whole frame number index (from 0) of the packet to bytes. Returns how many of its bytes were captured. */
guint32 packet_frame(const Scenario *scenario, const Packet *packet, guint index, GByteArray *bytes);

#endif
