/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest-fit.c - see digest-fit.h. */
#include "digest-fit.h"

#include "decode/network.h"

#define MAKE_AGAIN "; make it again for that, or ask for less"

static const char *refuse_transports(const FpDigestNote *note, unsigned transports)
{
    unsigned has = note->transports | (note->transports & FP_TAKES_UDP ? FP_TAKES_QUIC : 0);

    return (transports == 0 ? FP_TAKES_TCP : transports) & ~has ? "the digest was made for other transports (--transport)" MAKE_AGAIN
                                                                : NULL;
}

const char *fp_digest_refusal(const FpDigestNote *note, const FpRules *rules, unsigned network_kinds)
{
    unsigned kinds = 0;

    if (rules->idle_ns != 0)
        return "--idle needs the times of all frames, which a digest does not have; leave it out, or name the captures themselves";
    if (rules->flight_bytes > note->flight_bytes)
        return "the digest was made for fewer bytes of the flight (--flight-bytes)" MAKE_AGAIN;
    if (rules->asked & FP_CLASS_OPENING && !note->has_opening)
        return "the digest was made without the opening, which --keep opening, --log-reply and --all-hellos need; make it again with "
               "--opening-bytes";
    if (rules->asked & FP_CLASS_OPENING && rules->opening_bytes > note->opening_bytes)
        return "the digest was made for fewer bytes of the opening (--opening-bytes)" MAKE_AGAIN;
    if (note->stream_key != NULL && !fp_network_kinds_from_text(note->stream_key, &kinds))
        return "the digest was made for a --stream-key that this program does not know";
    if (kinds != network_kinds)
        return "the digest was made with another --stream-key; give the same, or make it again";
    return refuse_transports(note, rules->transports);
}
