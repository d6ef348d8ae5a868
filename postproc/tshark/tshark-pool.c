/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tshark-pool.c - the tsharks of a dissector: their answers, their deaths, and which others take over. See dissector.h. */
#include "dissector-internal.h"

#include <string.h>

#define HANG_SECONDS 180        /* without any answer, if the capture can wait; the machine may be busy */
#define HANG_SECONDS_CLOCK 10   /* while more frames come */
#define HANG_SECONDS_URGENT 3   /* while the kernel has to hold the frames that come */
#define START_SECONDS_CLOCK 60  /* until the first answer */
#define START_SECONDS_URGENT 10 /* while nothing else is done */
#define GENERATIONS_MAX 3U      /* at once */
#define DEATHS_MAX 20U
#define DEATHS_OF_ONE 2U
#define STARTS_MAX 2U                  /* that fail in a row */
#define PUSH_BYTES FP_MARKER_BYTES_MAX /* more than any buffer that a reader may fill before it looks at its content */
#define PUSH_US 100000
#define MARK_US 500000
#define WAIT_MS 20
#define UNSENT_MAX (1024U * 1024U) /* then a capture that can wait does */

static void free_generation(Generation *generation)
{
    for (Kind kind = FIELDS; kind < N_KINDS; kind++)
        fp_tshark_child_clear(&generation->children[kind]);
    g_free(generation);
}

/* Returns NULL with error set when tshark cannot be started. */
static Generation *start_generation(FpDissector *dissector, GError **error)
{
    Generation *generation = g_new0(Generation, 1);

    generation->dissector = dissector;
    for (Kind kind = FIELDS; kind < N_KINDS; kind++)
        if (!fp_tshark_child_start(&generation->children[kind], generation, kind, error)) {
            free_generation(generation);
            return NULL;
        }
    g_queue_push_tail(&dissector->generations, generation);
    return generation;
}

/* Old ones end when their streams are done. */
static void end_old_generations(FpDissector *dissector)
{
    for (GList *at = dissector->generations.head, *next; at != NULL && at->next != NULL; at = next) {
        Generation *generation = at->data;
        next = at->next;
        if (generation->n_asked > 0)
            continue;
        g_queue_delete_link(&dissector->generations, at);
        free_generation(generation);
    }
}

void fp_tshark_pool_clear(FpDissector *dissector)
{
    g_queue_clear_full(&dissector->generations, (GDestroyNotify)free_generation);
}

/* Returns how long a tshark may say nothing while it has something to answer. */
static gint64 patience_us(const TsharkChild *child)
{
    const FpDissector *dissector = child->generation->dissector;
    int seconds = HANG_SECONDS;

    if (dissector->is_urgent)
        seconds = child->has_answered ? HANG_SECONDS_URGENT : START_SECONDS_CLOCK;
    else if (dissector->has_clock)
        seconds = child->has_answered ? HANG_SECONDS_CLOCK : START_SECONDS_CLOCK;
    return seconds * G_USEC_PER_SEC;
}

static bool is_given_up(const TsharkChild *child)
{
    const FpDissector *dissector = child->generation->dissector;
    gint64 now_us = g_get_monotonic_time(), pressed_us = dissector->pressed_us;

    if (dissector->patience_s > 0)
        return now_us - child->progress_us >= dissector->patience_s * G_USEC_PER_SEC;
    return now_us - child->progress_us >= patience_us(child) ||
           (pressed_us > 0 && now_us - MAX(child->progress_us, pressed_us) >= FP_PRESSED_SECONDS * G_USEC_PER_SEC);
}

/* Sends and receives. Returns false when the tshark has died or hangs. */
static bool exchange(TsharkChild *child, int wait_ms)
{
    gint64 now_us;

    if (child->tshark == NULL)
        return true;
    if (!fp_tshark_exchange(child->tshark, wait_ms))
        return false;
    if (g_queue_is_empty(&child->given))
        return true;
    now_us = g_get_monotonic_time();
    if (child->kind == FILTER && child->unmarked > 0 && now_us - child->marked_us > MARK_US)
        fp_tshark_child_mark(child, FP_MARK_BYTES);
    return !is_given_up(child);
}

static void note_waiting(FpDissector *dissector)
{
    bool is_pressed = dissector->options.waiting != NULL && dissector->options.waiting(dissector->options.user);

    if (!is_pressed)
        dissector->pressed_us = 0;
    else if (dissector->pressed_us == 0)
        dissector->pressed_us = g_get_monotonic_time();
}

/* Waits until a tshark has answered for all that it was given, or until end_us; 0: as long as it takes. Returns false when it has died, or
 * hangs and is given up. */
static bool settle(TsharkChild *child, gint64 end_us)
{
    if (child->tshark == NULL)
        return true;
    while (!g_queue_is_empty(&child->given)) {
        gint64 now_us = g_get_monotonic_time();
        if (child->kind == FILTER && child->unmarked > 0) /* an answer may lead to more questions */
            fp_tshark_child_mark(child, FP_MARK_BYTES);
        if (end_us != 0 && now_us >= end_us)
            return exchange(child, 0);
        if (!exchange(child, WAIT_MS))
            return false;
        note_waiting(child->generation->dissector);
        now_us = g_get_monotonic_time();
        if (now_us - child->progress_us > PUSH_US && now_us - child->marked_us > PUSH_US && fp_tshark_unsent(child->tshark) == 0)
            fp_tshark_child_mark(child, PUSH_BYTES);
    }
    return true;
}

static bool settle_generation(Generation *generation, gint64 end_us, char **why)
{
    for (Kind kind = FIELDS; kind < N_KINDS; kind++)
        if (!settle(&generation->children[kind], end_us)) {
            *why = fp_tshark_failure(generation->children[kind].tshark);
            return false;
        }
    return true;
}

/* Returns a new generation that has proved to work, or NULL with *why set. */
static Generation *start_proved(FpDissector *dissector, char **why)
{
    GError *failure = NULL;
    Generation *generation = start_generation(dissector, &failure);

    if (generation == NULL) {
        *why = g_strdup(failure->message);
        g_error_free(failure);
        return NULL;
    }
    for (Kind kind = FIELDS; kind < N_KINDS; kind++)
        if (generation->children[kind].tshark != NULL)
            fp_tshark_child_mark(&generation->children[kind], FP_MARK_BYTES);
    gint64 end_us = dissector->is_urgent ? g_get_monotonic_time() + START_SECONDS_URGENT * G_USEC_PER_SEC : 0;
    return settle_generation(generation, end_us, why) ? generation : NULL;
}

static bool has_one(const FpDissector *dissector, bool (*is)(const FpTshark *tshark))
{
    for (const GList *at = dissector->generations.head; at != NULL; at = at->next)
        for (Kind kind = FIELDS; kind < N_KINDS; kind++) {
            const FpTshark *tshark = ((const Generation *)at->data)->children[kind].tshark;
            if (tshark != NULL && is(tshark))
                return true;
        }
    return false;
}

Proof fp_tshark_pool_prove(FpDissector *dissector, char **why)
{
    Proof proof = DOES_NOT_ANSWER;

    if (start_proved(dissector, why) != NULL)
        return PROVED;
    if (has_one(dissector, fp_tshark_has_refused))
        proof = HAS_REFUSED;
    else if (g_queue_is_empty(&dissector->generations) || has_one(dissector, fp_tshark_has_ended))
        proof = HAS_ENDED;
    fp_tshark_pool_clear(dissector);
    return proof;
}

static bool give_again(Generation *generation, FpAskedStream *asked, char **why)
{
    memset(asked->progress, 0, sizeof asked->progress);
    fp_tshark_pool_join(generation, asked);
    fp_asked_stream_check(generation->dissector, asked);
    return settle_generation(generation, 0, why);
}

/* Starts a new tshark and gives it all unfinished streams, one after the other. Returns false with *why set when it dies again; a stream on
 * which tshark has died twice is then done. */
static bool try_again(FpDissector *dissector, bool *is_started, char **why)
{
    fp_tshark_pool_clear(dissector);
    for (GList *at = dissector->open.head; at != NULL; at = at->next)
        ((FpAskedStream *)at->data)->generation = NULL;
    Generation *generation = start_proved(dissector, why);
    *is_started = generation != NULL;
    if (generation == NULL)
        return false;
    for (GList *at = dissector->open.head, *next; at != NULL; at = next) {
        FpAskedStream *asked = at->data;
        next = at->next;
        fp_asked_stream_ref(asked);
        bool is_well = give_again(generation, asked, why);
        if (!is_well && ++asked->deaths >= DEATHS_OF_ONE) {
            g_autofree char *twice = g_strdup_printf("tshark has died on it twice: %s", *why);
            fp_asked_stream_fail(dissector, asked, twice);
        }
        fp_asked_stream_unref(asked);
        if (!is_well)
            return false;
    }
    return true;
}

/* Replaces a tshark that has died. Takes over why. */
static void recover(FpDissector *dissector, char *why)
{
    if (dissector->deaths == 0) {
        g_autofree char *what = g_strdup_printf("%s; another one is started and given what was not answered", why);
        dissector->options.say(what);
    }
    for (GList *at = dissector->open.head; at != NULL; at = at->next) {
        FpAskedStream *asked = at->data;
        asked->deaths += fp_asked_stream_unanswered(asked) > 0;
    }
    for (unsigned n_failed = 0; dissector->broken == NULL;) {
        bool is_started = false;
        if (++dissector->deaths > DEATHS_MAX || n_failed >= STARTS_MAX) {
            g_autofree char *too_often = g_strdup_printf("%s; it has died %u times", why, dissector->deaths);
            fp_dissector_break(dissector, too_often);
            break;
        }
        g_clear_pointer(&why, g_free);
        if (try_again(dissector, &is_started, &why))
            break;
        n_failed = is_started ? 0 : n_failed + 1;
    }
    g_free(why);
}

/* Waits for the answers of the oldest generation, and ends it. Its unfinished streams go on with another one if they can wait for that. */
static void end_oldest_generation(FpDissector *dissector)
{
    Generation *oldest = g_queue_peek_head(&dissector->generations);
    gint64 end_us = dissector->is_urgent ? g_get_monotonic_time() : 0;
    char *why = NULL;

    if (!settle_generation(oldest, end_us, &why)) {
        recover(dissector, why);
        return;
    }
    for (GList *at = dissector->open.head, *next; at != NULL; at = next) {
        FpAskedStream *asked = at->data;
        next = at->next;
        if (asked->generation != oldest)
            continue;
        fp_asked_stream_ref(asked);
        if (!dissector->is_urgent)
            fp_tshark_pool_leave(asked);
        while (dissector->is_urgent && asked->state == OPEN)
            fp_dissector_abandon(dissector, asked);
        fp_asked_stream_unref(asked);
    }
    end_old_generations(dissector);
}

static bool is_used_up(const Generation *generation)
{
    guint most = MAX(generation->children[FIELDS].n_frames, generation->children[FILTER].n_frames);

    return most >= generation->dissector->frames_max;
}

Generation *fp_tshark_pool_current(FpDissector *dissector)
{
    Generation *generation = g_queue_peek_tail(&dissector->generations);
    GError *failure = NULL;

    if (generation != NULL && !is_used_up(generation))
        return generation;
    if (dissector->generations.length >= GENERATIONS_MAX)
        end_oldest_generation(dissector);
    if (dissector->broken != NULL)
        return NULL;
    generation = start_generation(dissector, &failure);
    if (generation == NULL) {
        fp_dissector_break(dissector, failure->message);
        g_error_free(failure);
        return NULL;
    }
    end_old_generations(dissector);
    return generation;
}

/* Why one of them is dead, or NULL. */
static char *exchange_all(FpDissector *dissector, int wait_ms)
{
    for (GList *at = dissector->generations.head; at != NULL; at = at->next) {
        Generation *generation = at->data;
        for (Kind kind = FIELDS; kind < N_KINDS; kind++)
            if (!exchange(&generation->children[kind], wait_ms))
                return fp_tshark_failure(generation->children[kind].tshark);
    }
    return NULL;
}

size_t fp_tshark_pool_unsent(const FpDissector *dissector)
{
    size_t most = 0;

    for (GList *at = dissector->generations.head; at != NULL; at = at->next)
        for (Kind kind = FIELDS; kind < N_KINDS; kind++) {
            const FpTshark *tshark = ((Generation *)at->data)->children[kind].tshark;
            most = MAX(most, tshark != NULL ? fp_tshark_unsent(tshark) : 0);
        }
    return most;
}

void fp_tshark_pool_poll(FpDissector *dissector)
{
    int wait_ms = 0;

    do {
        char *why = exchange_all(dissector, wait_ms);
        if (why != NULL)
            recover(dissector, why);
        if (wait_ms > 0)
            note_waiting(dissector);
        wait_ms = 1;
    } while (!dissector->is_urgent && fp_tshark_pool_unsent(dissector) > UNSENT_MAX);
    end_old_generations(dissector);
}

/* Why one of them is dead, or NULL. */
static char *settle_all(FpDissector *dissector, gint64 end_us)
{
    char *why = NULL;

    for (GList *at = dissector->generations.head; at != NULL; at = at->next)
        if (!settle_generation(at->data, end_us, &why))
            return why;
    return NULL;
}

void fp_tshark_pool_settle(FpDissector *dissector, int wait_ms)
{
    gint64 end_us = wait_ms < 0 ? 0 : g_get_monotonic_time() + wait_ms * G_GINT64_CONSTANT(1000);
    char *why;

    while ((why = settle_all(dissector, end_us)) != NULL)
        recover(dissector, why);
    end_old_generations(dissector);
}
