/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slim-digest.c - see slim-digest.h. */
#include "slim-digest.h"

#include "base/error.h"
#include "output/writer.h"
#include "pass/digest-fit.h"

static bool refuse(const FpCapture *capture, const char *what, GError **error)
{
    g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "%s: %s", fp_capture_path(capture), what);
    return false;
}

bool fp_slim_check_digest(const FpSlimOptions *options, const FpCapture *capture, GError **error)
{
    const FpSelection *selection = &options->selection;
    const char *wrong = fp_digest_refusal(fp_digest_note(capture), &selection->rules, selection->network_kinds);

    if (selection->filter != NULL)
        wrong = "-f looks at all frames, of which a digest has few; filter the captures before the digest is made";
    else if (options->max_frames != 0)
        wrong = "-c counts all frames, of which a digest has few; leave it out, or name the captures themselves";
    else if (options->output != NULL && options->format != FP_WRITER_AS_INPUT)
        wrong = "-F does not go with a digest, whose captures keep their format; leave it out, and convert what comes of it by editcap -F";
    else if (selection->max_streams < FP_SLIM_MAX_STREAMS_DEFAULT)
        wrong = "a lower --max-streams or --max-memory may forget streams, and then a digest does not stand for its captures; leave it out";
    return wrong == NULL || refuse(capture, wrong, error);
}

bool fp_slim_check_forgotten(const FpStreams *streams, const FpCapture *capture, GError **error)
{
    FpStreamsStats stats;

    fp_streams_stats(streams, &stats);
    return stats.forgotten_unanswered + stats.forgotten_closed + stats.forgotten_idle == 0 ||
           refuse(capture, "there are more streams at once than --max-streams allows, and with digests none may be forgotten; raise it",
                  error);
}
