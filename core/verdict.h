/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdict.h - the definition: what the first payload frame of a stream is, and what its relatives are.
 *
 * file -> record -> segment -> stream -> [verdict] -> output
 *
 * Plugin and program both ask core/ and nobody else, so this comment is the specification of both.
 *
 * Stream. A connection is two endpoints (address and port, of the innermost IP layer), either direction. VLAN, tunnel
 * and interface are not looked at, unless segments say what network they are of (FpSegment): the same endpoints in
 * another network are others. On endpoints already known only a SYN can start another stream. One without ACK does when
 * its number differs from the base sequence known for its direction, or when the stream has seen a RST or a FIN; a
 * SYN/ACK, without RST, when both are so, as it is all that a tap which sees one way has of ports that are used again.
 * Otherwise it is a retransmission. The base sequence of a direction is the number of its SYN; or of its first segment,
 * minus one; or the first ACK seen the other way, minus one. A SYN/ACK with another number that starts no stream
 * replaces its direction's. This is Wireshark 4.0's tcp.stream, plus the rules on RST and FIN (Wireshark 4.4, which
 * takes more SYN/ACKs for starts).
 *
 * Idle, where idle_ns says so: a stream of which nothing was captured for so long is over, by the times of the frames
 * captured last and next, and the next segment starts another, whatever it is; but for a keep-alive probe of the stream
 * that is there, with a byte or without, which shows that it is still open. Wireshark has no such rule.
 *
 * Payload is what the IP length leaves after the TCP header, captured or not. There is none when the header length
 * is under 20 or beyond the segment. Not payload, too: the text in a RST (RFC 9293 3.5.3), and a keep-alive probe
 * (RFC 1122 4.2.3.6): one byte, without SYN and FIN, at one below the next number expected of its sender. A
 * zero-window probe (RFC 9293 3.8.6.1) is payload; as it may come again it does not move the number expected next.
 *
 * First. The earliest frame in capture order that carries payload of the stream, in either direction; data in a SYN
 * counts (RFC 7413, TCP Fast Open). Exactly one for each stream that carries any.
 *
 * Reply. The first payload frame of the other direction.
 *
 * Flight. The first payload frame, and every later payload frame of the same side that is captured before the reply
 * and begins within the first flight_bytes of that side's sequence space. As numbers wrap, there is none any more once that side has come 1
 * GiB far.
 *
 * End of the flight. Whoever waits for the flight waits no longer than that: the reply; or, from the first payload frame on, a RST of
 * either side, a FIN of the side that spoke first, or that side's first payload frame which begins beyond the flight's bytes. The
 * earliest of these, once. Bytes that are captured out of order may still follow, and belong to the flight as they always do.
 *
 * Handshake. Every frame with SYN; and the first frame with ACK, without SYN and RST, that the other side sends after
 * a SYN/ACK.
 *
 * Opening, where it is asked for. Every payload frame, of either side, that begins within the first opening_bytes of its
 * own side's sequence space, counted from its base; or from the side's first payload frame, where that begins outside
 * these: the base was a wrong guess then. So with opening_bytes first and reply are in it. Numbers before that count as
 * within. A side's opening is over with a payload frame of it that begins 1 MiB or more beyond; numbers that come round
 * again do not bring it back. Replies do not end it.
 *
 * Closing, where it is asked for. The first FIN of each side, and the first RST of either.
 *
 * UDP, where it is asked for. A stream is two endpoints, whatever TCP does between the same. Payload is what the lesser of UDP length and
 * IP length leaves after the header, captured or not. First and reply are as of TCP. Flight: the first payload frame, and every later one
 * of the same side before the reply, as long as that side had sent fewer than flight_bytes before it: each copy counts, and the datagram
 * that crosses the limit is in. Opening: every payload frame of a side that had sent fewer than opening_bytes before it. The flight is over
 * with the reply, or with the first payload frame of the side that spoke first which is not in it. Handshake and closing have none. Idle is
 * as of TCP; there are no keep-alives. A stream of UDP is never midstream, as nothing says where it starts, and no side is known as the
 * client. Wireshark's udp.stream is the same, but for SNMP, RTP and their like, whose dissectors leave out an address or a port.
 *
 * QUIC, where it is asked for and UDP is not: of UDP only streams whose first payload frame begins with a QUIC long header (segment.h), and
 * nothing is kept of others. So where other datagrams came before such a header, and where a silent stream is over and goes on without one,
 * they are as if they had not been captured: the stream begins with that header. Such headers are convincing by themselves.
 * (tests/scenarios/quic-behind-other-datagrams, quic-idle.)
 *
 * Headers quoted in ICMP errors are never shown to core/. A segment whose length is unknown (an IP fragment that was
 * not reassembled, or a header longer than the segment) is in no class, yet it counts for telling streams apart.
 */
#ifndef FP_VERDICT_H
#define FP_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Classes of frames: a set of bits, as a frame can be in several. */
enum {
    FP_CLASS_FIRST = 1,
    FP_CLASS_REPLY = 2,
    FP_CLASS_FLIGHT = 4,
    FP_CLASS_HANDSHAKE = 8,
    FP_CLASS_OPENING = 16,
    FP_CLASS_CLOSING = 32,
    FP_CLASS_USUAL = 15, /* those that are always said */
    FP_CLASS_ASKED = 48, /* and those that have to be asked for */
};

/* Of which transports streams are told apart: a set of bits. With FP_TAKES_UDP, FP_TAKES_QUIC adds nothing. */
enum {
    FP_TAKES_TCP = 1,
    FP_TAKES_UDP = 2,
    FP_TAKES_QUIC = 4,
};

/* Who sent it: the client is whoever sent the stream's first SYN without ACK, or was answered with a SYN/ACK. */
typedef enum {
    FP_SIDE_UNKNOWN,
    FP_SIDE_CLIENT,
    FP_SIDE_SERVER,
} FpSide;

/* What may be adjusted. */
typedef struct {
    uint32_t flight_bytes;  /* FP_FLIGHT_BYTES_DEFAULT unless asked otherwise */
    uint32_t opening_bytes; /* FP_OPENING_BYTES_DEFAULT unless asked otherwise; counts where opening is asked for */
    unsigned transports; /* FP_TAKES_..., of which those of UDP count here: who does not want TCP gives no segments of it; 0: TCP alone */
    unsigned asked;      /* which of FP_CLASS_ASKED are said */
    int64_t idle_ns;     /* a stream of which nothing was captured for so long is over; 0: it never is */
    bool skip_midstream; /* no first, reply and flight in streams whose start was not captured */
    bool syn_restarts_clock; /* delay_ns counts from the last SYN of the side that sent the first, not from the first */
} FpRules;

/* 16 KiB hold a ClientHello with post-quantum key shares several times over. */
#define FP_FLIGHT_BYTES_DEFAULT 16384U
#define FP_FLIGHT_BYTES_MAX 0x7fffffffU
#define FP_OPENING_BYTES_DEFAULT 16384U
#define FP_OPENING_BYTES_MAX 0x20000000U

/* What is said of one segment; all 0 of one that is in no class and neither begins a stream nor ends a silent one nor a flight. The members
 * after ends_flight are said of frames that are first, reply or flight, and 0 of others. */
typedef struct {
    uint8_t classes;  /* FP_CLASS_... */
    uint32_t stream;  /* where anything is said: its stream's number, 0, 1, ... in order of the streams' first frames */
    bool begins;      /* it is the first of its stream */
    bool ends_silent; /* it is the first with RST or FIN of a stream that has had no payload yet */
    bool ends_flight; /* the stream's flight is over with it; it may be in the flight itself, and may be in no class */
    uint32_t payload_bytes;
    uint32_t relative_seq; /* sequence number less the direction's base: 1 is the stream's first byte, 0 a SYN; of UDP 1 more than the
                              payload bytes that this side had sent before */
    FpSide side;           /* who sent it, as far as known at this point */
    bool has_syn;          /* the stream's SYN was captured, so delay_ns means something */
    bool midstream;        /* neither a SYN nor a SYN/ACK of the stream was captured before its first payload */
    bool out_of_order;     /* first: bytes of this side before it have not been captured */
    bool fast_open;        /* the payload is in a SYN (RFC 7413) */
    int64_t age_ns;        /* since the stream's first frame; negative where the capture's clock stepped back */
    int64_t delay_ns;      /* since the stream's first SYN without ACK, or as FpRules.syn_restarts_clock says */
} FpVerdict;

/* One class's name ("first", "reply", "flight", "handshake", "opening", "closing"), or NULL. class_bit is a single FP_CLASS_... bit. */
const char *fp_class_name(unsigned class_bit);

/* Writes the names of classes, in the order above, separated by commas, as a string; returns its length. text must have
 * FP_CLASSES_TEXT_BYTES of room. */
#define FP_CLASSES_TEXT_BYTES 64
size_t fp_classes_to_text(unsigned classes, char *text);

/* Reads what fp_classes_to_text writes, names in any order. Returns false, and leaves *classes alone, when a name is
 * not known or missing. */
bool fp_classes_from_text(const char *text, unsigned *classes);

/* "tcp", "udp" and "quic", separated by commas, to FP_TAKES_... and back, as the two above. */
#define FP_TRANSPORTS_TEXT_BYTES 16
size_t fp_transports_to_text(unsigned transports, char *text);
bool fp_transports_from_text(const char *text, unsigned *transports);

/* "client", "server" or "unknown". */
const char *fp_side_name(FpSide side);

#endif
