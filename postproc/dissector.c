/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dissector.c - streams that tshark is asked about, from their first frame until they are done. See dissector.h. */
#include "dissector.h"

#include "asked.h"
#include "error.h"

#define ASKED_SECONDS 10
#define ASKED_NS (ASKED_SECONDS * G_GINT64_CONSTANT(1000000000))
#define FRAMES_MAX 50000U /* that one tshark is given, about 2 KB of its memory each */
#define SILENT_MAX 32768U
#define BYTES_MAX ((size_t)64 * 1024 * 1024)
#define URGENT_WAIT_MS 100 /* frames come meanwhile, which the kernel has to hold */
#define RETRY_US (60 * G_USEC_PER_SEC)
#define TOO_MUCH "too much waited for tshark"

/* What is below the message is in every frame, and no answer to what the message is. */
static bool is_of_carrier(const char *field)
{
    static const char *const carriers[] = {"frame.", "eth.",    "vlan.", "sll.",   "ip.",       "ipv6.", "tcp.",   "mpls.", "gre.",
                                           "vxlan.", "geneve.", "ppp.",  "pppoe.", "radiotap.", "wlan.", "nflog.", "_ws.",  "firstpayload"};

    for (size_t i = 0; i < G_N_ELEMENTS(carriers); i++)
        if (g_str_has_prefix(field, carriers[i]))
            return true;
    return false;
}

static bool *find_ends_asking(char *const *fields)
{
    guint n = fields == NULL ? 0 : g_strv_length((char **)fields);
    bool *ends_asking = g_new0(bool, n + 1);
    bool is_any = false;

    for (guint i = 0; i < n; i++)
        is_any |= ends_asking[i] = !is_of_carrier(fields[i]);
    for (guint i = 0; !is_any && i < n; i++)
        ends_asking[i] = true;
    return ends_asking;
}

static guint frames_max(void)
{
    const char *text = g_getenv("FIRSTPAYLOAD_TSHARK_FRAMES");
    guint64 number = text != NULL ? g_ascii_strtoull(text, NULL, 10) : 0;

    return number == 0 || number > G_MAXUINT ? FRAMES_MAX : (guint)number;
}

void fp_dissector_break(FpDissector *dissector, const char *why)
{
    g_autofree char *what = NULL;

    if (dissector->broken != NULL)
        return;
    dissector->broken = g_strdup(why);
    dissector->broken_us = g_get_monotonic_time();
    what = dissector->questions->filter != NULL
               ? g_strdup_printf("%s; from here on streams are kept without being judged by the display filter", why)
               : g_strdup_printf("%s; lines go on without fields", why);
    if (g_strcmp0(what, dissector->said) != 0)
        dissector->options.say(what);
    g_free(dissector->said);
    dissector->said = g_steal_pointer(&what);
    while (!g_queue_is_empty(&dissector->open))
        fp_asked_fail(dissector, g_queue_peek_head(&dissector->open), why);
    fp_askers_clear(dissector);
}

void fp_dissector_retry(FpDissector *dissector)
{
    if (dissector->broken == NULL || g_get_monotonic_time() - dissector->broken_us < RETRY_US)
        return;
    g_clear_pointer(&dissector->broken, g_free);
    dissector->deaths = 0;
}

void fp_dissector_set_live(FpDissector *dissector, bool has_clock, bool is_urgent)
{
    dissector->has_clock = has_clock;
    dissector->is_urgent = is_urgent;
}

FpAsked *fp_asked_ref(FpAsked *asked)
{
    g_assert(asked->refs > 0);
    asked->refs++;
    return asked;
}

static void clear_held(gpointer data)
{
    g_free(((Held *)data)->frame);
}

void fp_asked_unref(FpAsked *asked)
{
    if (--asked->refs > 0)
        return;
    g_array_unref(asked->frames);
    g_clear_pointer(&asked->values, g_ptr_array_unref);
    g_free(asked->failure);
    g_free(asked);
}

static void unref_asked(gpointer asked)
{
    fp_asked_unref(asked);
}

FpDissector *fp_dissector_new(const FpQuestions *questions, const FpDissectorOptions *options, GError **error)
{
    const FpTsharkQuestion question = {.fields = questions->fields, .filter = questions->filter};
    GError *failure = NULL;

    fp_tshark_check(&question, &failure);
    if (failure != NULL && (failure->code != FP_ERROR_UNAVAILABLE || questions->filter != NULL)) {
        g_propagate_error(error, failure);
        return NULL;
    }
    FpDissector *dissector = g_new0(FpDissector, 1);
    dissector->questions = questions;
    dissector->options = *options;
    dissector->ends_asking = find_ends_asking(questions->fields);
    dissector->frames_max = frames_max();
    dissector->asked = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, unref_asked);
    dissector->matched = g_hash_table_new(g_direct_hash, g_direct_equal);
    if (failure != NULL) {
        fp_dissector_break(dissector, failure->message);
        g_error_free(failure);
    } else {
        (void)fp_askers_current(dissector); /* it takes a moment, until when there may be frames */
    }
    return dissector;
}

bool fp_asked_is_done(const FpAsked *asked)
{
    return asked->state == DONE;
}

bool fp_asked_is_kept(const FpAsked *asked)
{
    return asked->matches;
}

const char *fp_asked_failure(const FpAsked *asked)
{
    return asked->failure;
}

const FpFieldValues *fp_asked_values(const FpAsked *asked)
{
    return asked->values;
}

static FpAsked *new_asked(const FpDissector *dissector, uint32_t number, int64_t time_ns)
{
    FpAsked *asked = g_new0(FpAsked, 1);

    asked->refs = 1;
    asked->number = number;
    asked->began_ns = time_ns;
    asked->began_us = g_get_monotonic_time();
    asked->frames = g_array_new(FALSE, FALSE, sizeof(Held));
    g_array_set_clear_func(asked->frames, clear_held);
    asked->matches = dissector->questions->filter == NULL;
    if (dissector->questions->fields != NULL)
        asked->values = fp_field_values_new(dissector->questions->fields);
    return asked;
}

static GQueue *queue_of(FpDissector *dissector, const FpAsked *asked)
{
    return asked->state == SILENT ? &dissector->silent : &dissector->open;
}

static void enqueue(FpDissector *dissector, FpAsked *asked, AskedState state)
{
    asked->state = state;
    g_queue_push_tail(queue_of(dissector, asked), asked);
    asked->link = queue_of(dissector, asked)->tail;
}

static void dequeue(FpDissector *dissector, FpAsked *asked)
{
    if (asked->link != NULL)
        g_queue_delete_link(queue_of(dissector, asked), asked->link);
    asked->link = NULL;
}

static void remember_match(FpDissector *dissector, uint32_t number)
{
    if ((dissector->options.keep & ~(unsigned)FP_CLASS_FIRST) == 0 || !g_hash_table_add(dissector->matched, GUINT_TO_POINTER(number)))
        return;
    g_queue_push_tail(&dissector->matched_order, GUINT_TO_POINTER(number));
    if (dissector->matched_order.length > FP_MATCHED_MAX)
        g_hash_table_remove(dissector->matched, g_queue_pop_head(&dissector->matched_order));
}

bool fp_dissector_has_matched(const FpDissector *dissector, uint32_t stream)
{
    return dissector->questions->filter == NULL || g_hash_table_contains(dissector->matched, GUINT_TO_POINTER(stream));
}

static void count(FpDissector *dissector, const FpAsked *asked)
{
    bool has_filter = dissector->questions->filter != NULL, has_failed = asked->failure != NULL;

    dissector->stats.unjudged += has_filter && has_failed;
    dissector->stats.unmatched += has_filter && !asked->matches;
    dissector->stats.without_fields += dissector->questions->fields != NULL && has_failed;
}

/* Nothing is asked any more of a stream, and nothing held. */
static void finish(FpDissector *dissector, FpAsked *asked)
{
    dequeue(dissector, asked);
    if (asked->state == OPEN)
        count(dissector, asked);
    if (asked->generation != NULL)
        asked->generation->n_asked--;
    asked->generation = NULL;
    asked->state = DONE;
    g_array_set_size(asked->frames, 0);
    dissector->bytes -= asked->bytes;
    asked->bytes = 0;
    if (dissector->questions->filter != NULL && asked->matches)
        remember_match(dissector, asked->number);
    g_hash_table_remove(dissector->asked, GUINT_TO_POINTER(asked->number)); /* and with it the reference */
}

void fp_asked_fail(FpDissector *dissector, FpAsked *asked, const char *why)
{
    if (asked->state == DONE)
        return;
    asked->failure = g_strdup(why);
    asked->matches = true; /* who could not be judged is not lost */
    finish(dissector, asked);
}

void fp_asked_apply(FpDissector *dissector, FpAsked *asked, Kind kind, FpFieldValues *values)
{
    if (asked->state == DONE || (kind == FIELDS && asked->is_answered))
        return;
    if (kind == FILTER) {
        asked->matches = true;
        return;
    }
    for (guint i = 0; i < values->len; i++) {
        if (g_ptr_array_index(values, i) == NULL || g_ptr_array_index(asked->values, i) != NULL)
            continue;
        g_ptr_array_index(asked->values, i) = g_steal_pointer(&g_ptr_array_index(values, i));
        asked->is_answered |= dissector->ends_asking[i];
    }
}

void fp_asked_check(FpDissector *dissector, FpAsked *asked)
{
    if (asked->state != OPEN)
        return;
    bool has_fields = dissector->questions->fields == NULL || asked->is_answered || (asked->is_over && asked->unanswered[FIELDS] == 0);
    bool is_judged = asked->matches || (asked->is_over && asked->unanswered[FILTER] == 0);
    bool needs_no_fields = is_judged && !asked->matches;
    if (is_judged && (has_fields || needs_no_fields))
        finish(dissector, asked);
}

static void hold(FpDissector *dissector, FpAsked *asked, FpTsharkFrame *frame, bool counts)
{
    Held held = {.frame = frame, .counts = counts};
    size_t bytes = sizeof *frame + sizeof held + frame->captured_bytes;

    g_array_append_val(asked->frames, held);
    asked->bytes += bytes;
    dissector->bytes += bytes;
    if (asked->state == OPEN)
        fp_askers_give(asked, &held);
}

/* The stream has spoken: tshark is given what it is to know of it. Returns false when there is no tshark. */
static bool open_asked(FpDissector *dissector, FpAsked *asked)
{
    Generation *generation = fp_askers_current(dissector);

    if (generation == NULL)
        return false;
    dequeue(dissector, asked);
    enqueue(dissector, asked, OPEN);
    asked->began_us = g_get_monotonic_time();
    asked->generation = generation;
    generation->n_asked++;
    for (guint i = 0; i < asked->frames->len; i++)
        fp_askers_give(asked, &g_array_index(asked->frames, Held, i));
    return true;
}

static FpAsked *begin(FpDissector *dissector, uint32_t number, int64_t time_ns)
{
    while (dissector->silent.length >= SILENT_MAX)
        finish(dissector, g_queue_peek_head(&dissector->silent));
    FpAsked *asked = new_asked(dissector, number, time_ns);
    g_hash_table_insert(dissector->asked, GUINT_TO_POINTER(number), asked);
    enqueue(dissector, asked, SILENT);
    return asked;
}

/* A stream of which nothing can be asked. */
static FpAsked *unasked(FpDissector *dissector, const FpVerdict *verdict)
{
    FpAsked *asked = new_asked(dissector, verdict->stream, 0);

    asked->state = OPEN;
    asked->failure = g_strdup(dissector->broken);
    asked->matches = true;
    if (verdict->classes & FP_CLASS_FIRST)
        count(dissector, asked);
    if (dissector->questions->filter != NULL)
        remember_match(dissector, asked->number);
    asked->state = DONE;
    return asked;
}

void fp_dissector_abandon(FpDissector *dissector, FpAsked *asked)
{
    bool has_answers = asked->unanswered[FIELDS] + asked->unanswered[FILTER] == 0;

    if (asked->state == SILENT) {
        finish(dissector, asked);
    } else if (has_answers && asked->matches) { /* what is there of its flight may well be all of it */
        dissector->stats.hurried++;
        asked->is_over = true;
        fp_asked_check(dissector, asked);
    } else {
        fp_asked_fail(dissector, asked, TOO_MUCH);
    }
}

static void make_room(FpDissector *dissector)
{
    while (dissector->bytes > BYTES_MAX && !g_queue_is_empty(&dissector->silent))
        finish(dissector, g_queue_peek_head(&dissector->silent));
    if (dissector->bytes > BYTES_MAX)
        fp_dissector_hurry(dissector);
    while (dissector->bytes > BYTES_MAX && !g_queue_is_empty(&dissector->open))
        fp_dissector_abandon(dissector, g_queue_peek_head(&dissector->open));
    if (fp_askers_unsent(dissector) <= BYTES_MAX)
        return;
    while (!g_queue_is_empty(&dissector->open)) /* what waits to be sent is of no use any more */
        fp_asked_fail(dissector, g_queue_peek_head(&dissector->open), TOO_MUCH);
    fp_askers_clear(dissector);
}

static void hold_all(FpDissector *dissector, FpAsked *asked, unsigned classes, const FpCapture *capture, const FpRecord *record,
                     const GPtrArray *fragments)
{
    uint32_t link_type = fp_capture_link_type(capture, record);
    bool counts = classes & (FP_CLASS_FIRST | FP_CLASS_FLIGHT);

    if (link_type == FP_LINK_TYPE_NONE) {
        if (asked->state == OPEN)
            fp_asked_fail(dissector, asked, "captures have no number for its link type, so tshark cannot be given it");
        return;
    }
    for (guint i = 0; fragments != NULL && i < fragments->len; i++) {
        const FpTsharkFrame *fragment = g_ptr_array_index(fragments, i);
        hold(dissector, asked, g_memdup2(fragment, sizeof *fragment + fragment->captured_bytes), counts);
    }
    hold(dissector, asked, fp_tshark_frame_new(link_type, record), counts);
    if (dissector->bytes > BYTES_MAX)
        make_room(dissector);
}

/* The stream, if it is asked about; what comes of it depends on its frames' times alone, and not on when others are looked at. */
static FpAsked *find_in_time(FpDissector *dissector, uint32_t number, int64_t time_ns)
{
    FpAsked *asked = g_hash_table_lookup(dissector->asked, GUINT_TO_POINTER(number));

    if (asked == NULL || time_ns - asked->began_ns <= ASKED_NS)
        return asked;
    asked->is_over = true;
    if (asked->state == OPEN)
        return asked;
    finish(dissector, asked);
    return NULL;
}

static bool keeps_handshakes(const FpDissector *dissector)
{
    return dissector->questions->filter != NULL && dissector->options.keep & FP_CLASS_HANDSHAKE;
}

/* How much of the flight there is, and how far it has come: as much may be the same bytes again, and as far have gaps before it. */
static void note_flight(FpAsked *asked, const FpVerdict *verdict)
{
    uint64_t end = (uint64_t)verdict->relative_seq + verdict->payload_bytes;

    asked->payload_bytes += verdict->payload_bytes;
    asked->reached = MAX(asked->reached, end > 0 ? end - 1 : 0);
}

FpAsked *fp_dissector_take(FpDissector *dissector, const FpVerdict *verdict, const FpCapture *capture, const FpRecord *record,
                           const GPtrArray *fragments)
{
    FpAsked *asked = find_in_time(dissector, verdict->stream, record->time_ns);
    bool begins = verdict->classes & FP_CLASS_FIRST ||
                  (verdict->classes == FP_CLASS_HANDSHAKE && !g_hash_table_contains(dissector->matched, GUINT_TO_POINTER(verdict->stream)));

    if (asked == NULL && dissector->broken != NULL && begins)
        return unasked(dissector, verdict);
    if (asked == NULL && !begins)
        return NULL;
    if (asked == NULL) {
        asked = begin(dissector, verdict->stream, record->time_ns);
        dissector->stats.late +=
            keeps_handshakes(dissector) && verdict->classes & FP_CLASS_FIRST && verdict->has_syn && verdict->delay_ns > 0;
    }
    fp_asked_ref(asked);
    if (verdict->classes & FP_CLASS_FIRST) {
        asked->began_ns = record->time_ns;
        if (dissector->broken != NULL || !open_asked(dissector, asked)) {
            dequeue(dissector, asked);
            asked->state = OPEN;
            fp_asked_fail(dissector, asked, dissector->broken);
        }
    }
    if (asked->state != DONE && !asked->is_over && verdict->classes & (FP_CLASS_FIRST | FP_CLASS_FLIGHT | FP_CLASS_HANDSHAKE))
        hold_all(dissector, asked, verdict->classes, capture, record, fragments);
    if (verdict->classes & (FP_CLASS_FIRST | FP_CLASS_FLIGHT))
        note_flight(asked, verdict);
    asked->is_over |= verdict->classes & FP_CLASS_REPLY || MIN(asked->payload_bytes, asked->reached) >= dissector->options.flight_bytes;
    fp_asked_check(dissector, asked);
    return asked;
}

/* Streams lie in the order in which they began, so that those whose time is over are the first. */
static void end_those_before(FpDissector *dissector, int64_t before_ns, gint64 before_us)
{
    for (GList *at = dissector->open.head, *next; at != NULL; at = next) {
        FpAsked *asked = at->data;
        next = at->next;
        if (asked->began_ns >= before_ns && asked->began_us >= before_us)
            break;
        asked->is_over = true;
        fp_asked_check(dissector, asked);
    }
    for (GList *at = dissector->silent.head, *next; at != NULL; at = next) {
        FpAsked *asked = at->data;
        next = at->next;
        if (asked->began_ns >= before_ns && asked->began_us >= before_us)
            break;
        finish(dissector, asked);
    }
}

void fp_dissector_poll(FpDissector *dissector, int64_t now_ns)
{
    gint64 before_us = dissector->has_clock ? g_get_monotonic_time() - ASKED_SECONDS * G_USEC_PER_SEC : G_MININT64;

    fp_askers_poll(dissector);
    end_those_before(dissector, now_ns - ASKED_NS, before_us);
}

void fp_dissector_settle(FpDissector *dissector, int wait_ms)
{
    fp_askers_settle(dissector, wait_ms);
}

void fp_dissector_hurry(FpDissector *dissector)
{
    fp_askers_settle(dissector, dissector->is_urgent ? URGENT_WAIT_MS : -1);
}

void fp_dissector_end(FpDissector *dissector)
{
    end_those_before(dissector, G_MAXINT64, G_MAXINT64);
    fp_askers_settle(dissector, -1);
}

guint fp_dissector_n_open(const FpDissector *dissector)
{
    return dissector->open.length;
}

const FpDissectorStats *fp_dissector_stats(const FpDissector *dissector)
{
    return &dissector->stats;
}

static void forget(FpDissector *dissector)
{
    while (!g_queue_is_empty(&dissector->open))
        finish(dissector, g_queue_peek_head(&dissector->open));
    while (!g_queue_is_empty(&dissector->silent))
        finish(dissector, g_queue_peek_head(&dissector->silent));
    g_hash_table_remove_all(dissector->matched);
    g_queue_clear(&dissector->matched_order);
}

void fp_dissector_restart(FpDissector *dissector, const GArray *matched)
{
    forget(dissector);
    for (guint i = 0; matched != NULL && i < matched->len; i++)
        remember_match(dissector, (uint32_t)g_array_index(matched, uint64_t, i));
}

GArray *fp_dissector_matched(const FpDissector *dissector)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(uint64_t));

    for (const GList *at = dissector->matched_order.head; at != NULL; at = at->next) {
        uint64_t number = GPOINTER_TO_UINT(at->data);
        g_array_append_val(numbers, number);
    }
    return numbers;
}

void fp_dissector_free(FpDissector *dissector)
{
    if (dissector == NULL)
        return;
    forget(dissector);
    fp_askers_clear(dissector);
    g_hash_table_unref(dissector->asked);
    g_hash_table_unref(dissector->matched);
    g_free(dissector->ends_asking);
    g_free(dissector->said);
    g_free(dissector->broken);
    g_free(dissector);
}
