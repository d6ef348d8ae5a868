/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdict.h - the definition: what the first payload frame of a stream is, and what the other classes of frames are.
 *
 * file -> record -> segment -> stream -> [verdict] -> output
 *
 * The plugin and the program both ask core/ and nothing else, so this comment is the specification of both.
 *
 * Stream. A connection is two endpoints (address and port, of the innermost IP layer), in either direction. VLAN, tunnel and interface do
 * not count. But if segments say which network they belong to (FpSegment), the same endpoints in another network are another connection.
 *
 * On endpoints that are already known, only a SYN can start another stream. A SYN without ACK does so when its number differs from the
 * base sequence known for its direction, or when the stream has seen a RST or a FIN. A SYN/ACK without RST does so when both are true: when
 * ports are reused, a tap that sees one direction only has nothing else to go by. Any other SYN is a retransmission.
 *
 * The base sequence of a direction is the number of its SYN; or the number of its first segment, minus one; or the first ACK seen in the
 * other direction, minus one. A SYN/ACK with another number that starts no stream replaces the base sequence of its direction.
 *
 * This is tcp.stream of Wireshark 4.0, plus the rules on RST and FIN (Wireshark 4.4, which lets more SYN/ACKs start a stream).
 *
 * Idle, if idle_ns is set. A stream is over once nothing of it was captured for idle_ns, measured from its last frame to its next. The next
 * segment then starts another stream, whatever that segment is. The exception is a keep-alive probe of the existing stream, with a byte or
 * without: it shows that the stream is still open. Wireshark has no such rule.
 *
 * Payload. What the IP length leaves after the TCP header, captured or not. There is none when the header length is below 20 or beyond the
 * end of the segment. Two kinds of data are not payload: the text in a RST (RFC 9293 3.5.3), and a keep-alive probe (RFC 1122 4.2.3.6),
 * which is one byte, without SYN and FIN, one below the next number expected of its sender. A zero-window probe (RFC 9293 3.8.6.1) is
 * payload; since it may be repeated, it does not advance the next number expected.
 *
 * First. The earliest frame in capture order that carries payload of the stream, in either direction. Data in a SYN counts (RFC 7413, TCP
 * Fast Open). Every stream that carries payload has exactly one.
 *
 * Reply. The first payload frame of the other direction.
 *
 * Flight. The first payload frame, and every later payload frame of the same side that is captured before the reply and begins within the
 * first flight_bytes of that side's sequence space. Sequence numbers wrap, so the flight takes no more frames once that side has advanced
 * by 1 GiB.
 *
 * End of the flight. Whoever waits for the flight need not wait beyond this frame. It is the earliest of these, reported once: the reply;
 * or, from the first payload frame on, a RST of either side, a FIN of the side that spoke first, or that side's first payload frame that
 * begins beyond the flight's bytes. Bytes captured out of order may still follow, and belong to the flight as they always do.
 *
 * Handshake. Every frame with SYN; and the first frame with ACK, without SYN and RST, that the other side sends after a SYN/ACK.
 *
 * Opening, if asked for. Every payload frame, of either side, that begins within the first opening_bytes of its own side's sequence space.
 * They are counted from the side's base sequence. If the side's first payload frame begins outside them, the base sequence was a wrong
 * guess, and they are counted from that frame instead. So first and reply are always in the opening. Earlier sequence numbers count as
 * within. A side's opening is over with a payload frame of that side that begins 1 MiB or more beyond it; numbers that wrap around do not
 * reopen it. Replies do not end it.
 *
 * Turns, of TCP, for those who ask (turns.h). A turn is what one side says until it has heard the other: it begins with the side's first
 * payload frame; and with each later one that begins behind all that the side has said so far, and acknowledges bytes of the other side
 * that none of those before it acknowledged. So neither a retransmission begins a turn, nor what crosses the other side's words on the
 * way, and it does not matter which of a question and its answer was captured first, or whether the other direction was captured at all.
 * One more number may have been a FIN; it counts if the byte was captured. Turns are numbered from 1, those of both sides together, in
 * the order in which their first frames are captured. Only frames of the opening are looked at.
 *
 * Closing, if asked for. The first FIN of each side, and the first RST of either.
 *
 * UDP, if asked for. A stream is two endpoints; TCP between the same endpoints is other streams. Payload is what the smaller of UDP length
 * and IP length leaves after the header, captured or not. First and reply are the same as for TCP. The flight is the first payload frame,
 * and every later one of the same side before the reply, as long as that side had sent less than flight_bytes before it. The opening is
 * every payload frame whose side had sent less than opening_bytes before it. What was sent is counted in bytes of payload, copies included;
 * the datagram that crosses the limit is in. The flight ends with the reply, or with the first payload frame of the same side that is not
 * in it. There is no handshake and no closing. Idle is the same, without keep-alives. A stream of UDP is never midstream, as nothing tells
 * where it starts, and neither side is known as the client. This is Wireshark's udp.stream, except for SNMP, RTP and others, whose
 * dissectors leave out an address or a port.
 *
 * QUIC, if asked for and UDP is not. Of UDP only those streams whose first payload frame begins with a QUIC long header (segment.h).
 * Nothing is kept about other datagrams. So a stream begins with such a header even if other datagrams came before it between the same
 * endpoints, and a stream that was idle goes on with such a header only; what comes before it is in no class. Such a header is hardly ever
 * there by chance. (tests/scenarios: quic-behind-other-datagrams, quic-idle.)
 *
 * core/ never sees headers quoted in ICMP errors. A segment of unknown length (an IP fragment that was not reassembled, or a header longer
 * than the segment) is in no class, but still counts for telling streams apart.
 */
#ifndef FP_VERDICT_H
#define FP_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Classes of frames, as bits: a frame can be in several. */
enum {
    FP_CLASS_FIRST = 1,
    FP_CLASS_REPLY = 2,
    FP_CLASS_FLIGHT = 4,
    FP_CLASS_HANDSHAKE = 8,
    FP_CLASS_OPENING = 16,
    FP_CLASS_CLOSING = 32,
    FP_CLASS_USUAL = 15, /* always reported */
    FP_CLASS_ASKED = 48, /* reported only if asked for */
};

/* Transports of which streams are told apart, as bits. FP_TAKES_QUIC adds nothing to FP_TAKES_UDP. */
enum {
    FP_TAKES_TCP = 1,
    FP_TAKES_UDP = 2,
    FP_TAKES_QUIC = 4,
};

/* Who sent a frame. The client is the side that sent the stream's first SYN without ACK, or that was answered with a SYN/ACK. */
typedef enum {
    FP_SIDE_UNKNOWN,
    FP_SIDE_CLIENT,
    FP_SIDE_SERVER,
} FpSide;

/* The adjustable part of the definition. */
typedef struct {
    uint32_t flight_bytes;   /* default: FP_FLIGHT_BYTES_DEFAULT */
    uint32_t opening_bytes;  /* default: FP_OPENING_BYTES_DEFAULT; used if the opening is asked for */
    unsigned transports;     /* FP_TAKES_...; 0: TCP alone. core/ decides about UDP; if TCP is not wanted, do not pass segments of it */
    unsigned asked;          /* which of FP_CLASS_ASKED to report */
    int64_t idle_ns;         /* a stream is over after so long without a frame; 0: never */
    bool skip_midstream;     /* report no first, reply and flight in streams whose start was not captured */
    bool syn_restarts_clock; /* delay_ns counts from the last SYN of the side that sent the first SYN, not from that first one */
} FpRules;

/* 16 KiB hold several times the size of a ClientHello with post-quantum key shares. */
#define FP_FLIGHT_BYTES_DEFAULT 16384U
#define FP_FLIGHT_BYTES_MAX 0x7fffffffU
#define FP_OPENING_BYTES_DEFAULT 16384U
#define FP_OPENING_BYTES_MAX 0x20000000U

/* What core/ says about one segment. All members are 0 when the segment is in no class, begins no stream, and ends neither a silent stream
 * nor a flight. The members after ends_flight are set for first, reply and flight, and of TCP for the opening; for other frames they are
 * 0. */
typedef struct {
    uint8_t classes;  /* FP_CLASS_... */
    uint32_t stream;  /* the stream's number, if any member is set: 0, 1, ... in order of the streams' first frames */
    bool begins;      /* the stream's first segment */
    bool ends_silent; /* the first RST or FIN of a stream without payload so far */
    bool ends_flight; /* the stream's flight ends here; the segment may be in the flight itself, or in no class */
    uint32_t payload_bytes;
    uint32_t relative_seq; /* sequence number minus the direction's base: 1 is the stream's first byte, 0 a SYN. For UDP the payload bytes
                              that this side had sent before, plus 1 */
    FpSide side;           /* the sender, as far as known at this point */
    bool has_syn;          /* the stream's SYN was captured, so delay_ns is valid */
    bool midstream;        /* neither a SYN nor a SYN/ACK of the stream was captured before its first payload */
    bool out_of_order;     /* for first: earlier bytes of this side have not been captured */
    bool fast_open;        /* the payload is in a SYN (RFC 7413) */
    int64_t age_ns;        /* since the stream's first frame; negative if the capture's clock stepped back */
    int64_t delay_ns;      /* since the stream's first SYN without ACK; see also FpRules.syn_restarts_clock */
} FpVerdict;

/* Returns the name of one class ("first", "reply", "flight", "handshake", "opening", "closing"). class_bit is a single FP_CLASS_... bit;
 * for anything else the result is NULL. */
const char *fp_class_name(unsigned class_bit);

/* Writes the names of classes to text as a string, in the order above and separated by commas. Returns its length. text must have room for
 * FP_CLASSES_TEXT_BYTES bytes. */
#define FP_CLASSES_TEXT_BYTES 64
size_t fp_classes_to_text(unsigned classes, char *text);

/* Reads what fp_classes_to_text writes; the names may be in any order. Returns false, and leaves *classes unchanged, when a name is unknown
 * or empty. */
bool fp_classes_from_text(const char *text, unsigned *classes);

/* The same for transports: "tcp", "udp" and "quic", a set of FP_TAKES_.... */
#define FP_TRANSPORTS_TEXT_BYTES 16
size_t fp_transports_to_text(unsigned transports, char *text);
bool fp_transports_from_text(const char *text, unsigned *transports);

/* Returns "client", "server" or "unknown". */
const char *fp_side_name(FpSide side);

#endif
