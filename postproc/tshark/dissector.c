/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dissector.c - streams that tshark is asked about, from the first frame until they are done. See dissector.h. */
#include "dissector.h"

#include <string.h>

#include "base/error.h"
#include "display-filter.h"
#include "dissector-internal.h"

#define ASKED_SECONDS 10
#define ASKED_NS (ASKED_SECONDS * G_GINT64_CONSTANT(1000000000))
#define FRAMES_MAX 50000U /* per tshark; each takes about 2 KB of its memory */
#define SILENT_MAX 32768U
#define BYTES_MAX ((size_t)64 * 1024 * 1024)
#define URGENT_WAIT_MS 100 /* meanwhile the kernel has to hold the frames that come */
#define RETRY_US (60 * G_USEC_PER_SEC)
#define TOO_MUCH "too much waited for tshark"

/* Fields of the layers below the message are in every frame, and do not answer what the message is. */
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
               ? g_strdup_printf("%s; from here on, streams are kept whether or not they match the display filter", why)
               : g_strdup_printf("%s; lines go on without fields", why);
    if (g_strcmp0(what, dissector->said) != 0)
        dissector->options.say(what);
    g_free(dissector->said);
    dissector->said = g_steal_pointer(&what);
    while (!g_queue_is_empty(&dissector->open))
        fp_asked_stream_fail(dissector, g_queue_peek_head(&dissector->open), why);
    fp_tshark_pool_clear(dissector);
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

static void unref_asked(gpointer asked)
{
    fp_asked_stream_unref(asked);
}

/* Whether the questions make sense to tshark: the first ones that work tell that, too. Whatever keeps them from it is found out apart. */
static bool check(FpDissector *dissector, GError **error)
{
    const FpQuestions *questions = dissector->questions;
    const FpTsharkQuestion question = {.fields = questions->fields, .filter = questions->filter};
    Proof proof = HAS_ENDED;
    g_autofree char *why = NULL;

    if (questions->filter == NULL || fp_display_filter_is_closed(questions->filter)) /* they are given more than the filter */
        proof = fp_tshark_pool_prove(dissector, &why);
    if (proof == PROVED)
        return true;
    if (proof == DOES_NOT_ANSWER) {
        g_set_error(error, FP_ERROR, FP_ERROR_UNAVAILABLE, "%s; " FP_TSHARK_ADVICE, why);
        return false;
    }
    return fp_tshark_check(&question, proof == HAS_REFUSED, dissector->options.waiting, dissector->options.user, error);
}

FpDissector *fp_dissector_new(const FpQuestions *questions, const FpDissectorOptions *options, GError **error)
{
    GError *failure = NULL;
    FpDissector *dissector = g_new0(FpDissector, 1);
    dissector->questions = questions;
    dissector->options = *options;
    dissector->ends_asking = find_ends_asking(questions->fields);
    dissector->filters_parts = questions->filter == NULL || fp_display_filter_only_grows(questions->filter);
    dissector->frames_max = frames_max();
    dissector->patience_s = fp_tshark_patience_s();
    dissector->asked = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, unref_asked);
    dissector->matched = g_hash_table_new(g_direct_hash, g_direct_equal);
    if (!check(dissector, &failure) && (failure->code != FP_ERROR_UNAVAILABLE || questions->filter != NULL)) {
        g_propagate_error(error, failure);
        fp_dissector_free(dissector);
        return NULL;
    }
    if (failure != NULL) {
        fp_dissector_break(dissector, failure->message);
        g_error_free(failure);
    } else {
        (void)fp_tshark_pool_current(dissector); /* starting takes a moment, and frames may be there by then */
    }
    return dissector;
}

static GQueue *queue_of(FpDissector *dissector, const FpAskedStream *asked)
{
    return asked->state == SILENT ? &dissector->silent : &dissector->open;
}

static void enqueue(FpDissector *dissector, FpAskedStream *asked, AskedState state)
{
    asked->state = state;
    g_queue_push_tail(queue_of(dissector, asked), asked);
    asked->link = queue_of(dissector, asked)->tail;
}

static void dequeue(FpDissector *dissector, FpAskedStream *asked)
{
    if (asked->link != NULL)
        g_queue_delete_link(queue_of(dissector, asked), asked->link);
    asked->link = NULL;
}

static void remember_match(FpDissector *dissector, uint32_t number)
{
    if ((dissector->options.keep & ~(unsigned)FP_CLASS_FIRST) == 0 || number & FP_DISSECTOR_LATER ||
        !g_hash_table_add(dissector->matched, GUINT_TO_POINTER(number)))
        return;
    g_queue_push_tail(&dissector->matched_order, GUINT_TO_POINTER(number));
    if (dissector->matched_order.length > FP_MATCHED_MAX)
        g_hash_table_remove(dissector->matched, g_queue_pop_head(&dissector->matched_order));
}

bool fp_dissector_has_matched(const FpDissector *dissector, uint32_t stream)
{
    return dissector->questions->filter == NULL || g_hash_table_contains(dissector->matched, GUINT_TO_POINTER(stream));
}

static void count(FpDissector *dissector, const FpAskedStream *asked)
{
    bool has_filter = dissector->questions->filter != NULL, has_failed = asked->failure != NULL;

    dissector->stats.unjudged += has_filter && has_failed;
    dissector->stats.unmatched += has_filter && !asked->matches && !(asked->number & FP_DISSECTOR_LATER);
    dissector->stats.without_fields += dissector->questions->fields != NULL && has_failed;
}

void fp_asked_stream_finish(FpDissector *dissector, FpAskedStream *asked)
{
    dequeue(dissector, asked);
    if (asked->state == OPEN)
        count(dissector, asked);
    fp_tshark_pool_leave(asked);
    asked->state = DONE;
    g_array_set_size(asked->frames, 0);
    dissector->bytes -= asked->bytes;
    asked->bytes = 0;
    if (dissector->questions->filter != NULL && asked->matches)
        remember_match(dissector, asked->number);
    fp_asked_stream_tell(asked);
    g_hash_table_remove(dissector->asked, GUINT_TO_POINTER(asked->number)); /* drops the reference, too */
}

/* Opens a stream that has sent payload, and gives tshark what it has to know of it. Returns false when there is no tshark. */
static bool open_asked(FpDissector *dissector, FpAskedStream *asked)
{
    Generation *generation = fp_tshark_pool_current(dissector);

    if (generation == NULL)
        return false;
    dequeue(dissector, asked);
    enqueue(dissector, asked, OPEN);
    asked->began_us = g_get_monotonic_time();
    fp_tshark_pool_join(generation, asked);
    return true;
}

static FpAskedStream *begin(FpDissector *dissector, uint32_t number, int64_t time_ns)
{
    while (dissector->silent.length >= SILENT_MAX)
        fp_asked_stream_finish(dissector, g_queue_peek_head(&dissector->silent));
    FpAskedStream *asked = fp_asked_stream_new(dissector, number, time_ns);
    g_hash_table_insert(dissector->asked, GUINT_TO_POINTER(number), asked);
    enqueue(dissector, asked, SILENT);
    return asked;
}

/* Returns a stream that cannot be asked about, and is done. */
static FpAskedStream *unasked(FpDissector *dissector, const FpVerdict *verdict)
{
    FpAskedStream *asked = fp_asked_stream_new(dissector, verdict->stream, 0);

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

/* The flight is over, or, if is_cut_off, taken for over: asks what is left to ask. The caller holds a reference. */
static void end_flight(FpDissector *dissector, FpAskedStream *asked, bool is_cut_off)
{
    if (asked->state != OPEN || asked->is_over)
        return;
    asked->is_over = true;
    asked->is_cut_off = is_cut_off;
    if (asked->generation == NULL) {
        Generation *generation = fp_tshark_pool_current(dissector);
        if (generation == NULL || asked->state != OPEN)
            return;
        fp_tshark_pool_join(generation, asked);
    }
    fp_asked_stream_check(dissector, asked);
}

void fp_dissector_end_flight(FpDissector *dissector, FpAskedStream *asked)
{
    fp_asked_stream_ref(asked);
    end_flight(dissector, asked, false);
    fp_asked_stream_unref(asked);
}

/* Ends a flight early; what there is of it may well be all. */
static void end_hurried_flight(FpDissector *dissector, FpAskedStream *asked)
{
    dissector->stats.hurried++;
    end_flight(dissector, asked, true);
    if (asked->state == OPEN && !dissector->is_urgent)
        fp_tshark_pool_settle(dissector, -1);
}

void fp_dissector_abandon(FpDissector *dissector, FpAskedStream *asked)
{
    fp_asked_stream_ref(asked);
    if (asked->state == SILENT)
        fp_asked_stream_finish(dissector, asked);
    else if (!asked->is_over && asked->matches && fp_asked_stream_unanswered(asked) == 0)
        end_hurried_flight(dissector, asked);
    else
        fp_asked_stream_fail(dissector, asked, TOO_MUCH);
    fp_asked_stream_unref(asked);
}

/* Returns references to the open streams that began before, oldest first, by the records' time or by the clock. */
static GPtrArray *open_before(const FpDissector *dissector, int64_t before_ns, gint64 before_us)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(unref_asked);

    for (const GList *at = dissector->open.head; at != NULL; at = at->next) {
        FpAskedStream *asked = at->data;
        if (asked->began_ns >= before_ns && asked->began_us >= before_us)
            break;
        g_ptr_array_add(found, fp_asked_stream_ref(asked));
    }
    return found;
}

static void end_open_before(FpDissector *dissector, int64_t before_ns, gint64 before_us, bool is_cut_off)
{
    g_autoptr(GPtrArray) found = open_before(dissector, before_ns, before_us);

    for (guint i = 0; i < found->len; i++)
        end_flight(dissector, g_ptr_array_index(found, i), is_cut_off);
}

static void end_silent_before(FpDissector *dissector, int64_t before_ns, gint64 before_us)
{
    for (GList *at = dissector->silent.head, *next; at != NULL; at = next) {
        FpAskedStream *asked = at->data;
        next = at->next;
        if (asked->began_ns >= before_ns && asked->began_us >= before_us)
            break;
        fp_asked_stream_finish(dissector, asked);
    }
}

void fp_dissector_end_old(FpDissector *dissector)
{
    g_autoptr(GPtrArray) found = open_before(dissector, dissector->now_ns - ASKED_NS, G_MININT64);

    for (guint i = 0; i < found->len; i++) {
        FpAskedStream *asked = g_ptr_array_index(found, i);
        dissector->stats.hurried += asked->state == OPEN && !asked->is_over;
        end_flight(dissector, asked, true);
    }
    fp_dissector_hurry(dissector);
}

static void make_room(FpDissector *dissector)
{
    while (dissector->bytes > BYTES_MAX && !g_queue_is_empty(&dissector->silent))
        fp_asked_stream_finish(dissector, g_queue_peek_head(&dissector->silent));
    if (dissector->bytes > BYTES_MAX)
        fp_dissector_hurry(dissector);
    if (dissector->bytes > BYTES_MAX)
        fp_dissector_end_old(dissector);
    while (dissector->bytes > BYTES_MAX && !g_queue_is_empty(&dissector->open))
        fp_dissector_abandon(dissector, g_queue_peek_head(&dissector->open));
    if (fp_tshark_pool_unsent(dissector) <= BYTES_MAX)
        return;
    while (!g_queue_is_empty(&dissector->open)) /* what waits to be sent is of no more use */
        fp_asked_stream_fail(dissector, g_queue_peek_head(&dissector->open), TOO_MUCH);
    fp_tshark_pool_clear(dissector);
}

/* Returns the frame held last if it is this very frame, else NULL. A frame may carry several segments of a stream, as an A-MSDU does. */
static Held *find_same_frame(const FpAskedStream *asked, const FpRecord *record)
{
    Held *last = asked->frames->len > 0 ? &g_array_index(asked->frames, Held, asked->frames->len - 1) : NULL;

    if (last == NULL || last->is_piece || last->frame->time_ns != record->time_ns || last->frame->captured_bytes > record->captured_bytes ||
        last->frame->wire_bytes != record->wire_bytes)
        return NULL;
    return memcmp(last->frame->data, record->data, last->frame->captured_bytes) == 0 ? last : NULL;
}

/* tshark takes a frame that it is given twice for a retransmission, and sees nothing in it. Returns whether it needs no other. */
static bool is_held(FpDissector *dissector, FpAskedStream *asked, const FpVerdict *verdict, const FpRecord *record)
{
    Held *last = find_same_frame(asked, record);

    if (last != NULL && last->counts) {
        last->payload_bytes += verdict->payload_bytes;
        return true;
    }
    if (last != NULL && asked->state == SILENT)
        fp_asked_stream_drop_last(dissector, asked);
    return false;
}

/* Returns false when tshark cannot be given the frame. */
static bool hold(FpDissector *dissector, FpAskedStream *asked, const FpVerdict *verdict, const FpDissectorFrame *frame)
{
    uint32_t link_type = fp_capture_link_type(frame->capture, frame->record);
    Held held = {.relative_seq = verdict->relative_seq,
                 .payload_bytes = verdict->payload_bytes,
                 .counts = verdict->classes & (FP_CLASS_FIRST | FP_CLASS_FLIGHT),
                 .is_syn = (frame->segment->flags & (FP_TCP_SYN | FP_TCP_ACK)) == FP_TCP_SYN,
                 .is_piece = true};

    if (link_type == FP_LINK_TYPE_NONE)
        return false;
    for (guint i = 0; frame->fragments != NULL && i < frame->fragments->len; i++) {
        const FpTsharkFrame *fragment = g_ptr_array_index(frame->fragments, i);
        held.frame = g_memdup2(fragment, sizeof *fragment + fragment->captured_bytes);
        fp_asked_stream_hold(dissector, asked, &held);
    }
    held.is_piece = false;
    held.frame = fp_tshark_frame_new(link_type, frame->record);
    fp_asked_stream_hold(dissector, asked, &held);
    if (dissector->bytes > BYTES_MAX)
        make_room(dissector);
    return true;
}

/* Returns the stream, if it is asked about. The result depends only on the times of its own frames, not on when others are looked at. */
static FpAskedStream *find_in_time(FpDissector *dissector, uint32_t number, int64_t time_ns)
{
    FpAskedStream *asked = g_hash_table_lookup(dissector->asked, GUINT_TO_POINTER(number));

    if (asked == NULL || fp_time_difference(time_ns, asked->began_ns) <= ASKED_NS)
        return asked;
    if (asked->state == SILENT) {
        fp_asked_stream_finish(dissector, asked);
        return NULL;
    }
    fp_asked_stream_ref(asked);
    if (dissector->has_clock)
        end_flight(dissector, asked, true);
    bool is_done = asked->state == DONE;
    fp_asked_stream_unref(asked);
    return is_done ? NULL : asked;
}

static bool keeps_handshakes(const FpDissector *dissector)
{
    return dissector->questions->filter != NULL && dissector->options.keep & FP_CLASS_HANDSHAKE;
}

static void begin_flight(FpDissector *dissector, FpAskedStream *asked, const FpVerdict *verdict, const FpSegment *segment)
{
    asked->began_ns = segment->time_ns;
    if (!(verdict->stream & FP_DISSECTOR_LATER)) /* that began with what was said before */
        asked->connection = fp_connection_of(segment, verdict);
    asked->key = fp_connection_key(&asked->connection);
    if (dissector->broken == NULL && open_asked(dissector, asked))
        return;
    dequeue(dissector, asked);
    asked->state = OPEN;
    fp_asked_stream_fail(dissector, asked, dissector->broken);
}

FpAskedStream *fp_dissector_take(FpDissector *dissector, const FpVerdict *verdict, const FpDissectorFrame *frame)
{
    const unsigned asked_of = FP_CLASS_FIRST | FP_CLASS_FLIGHT | FP_CLASS_HANDSHAKE;
    FpAskedStream *asked = find_in_time(dissector, verdict->stream, frame->record->time_ns);
    bool begins = verdict->classes & FP_CLASS_FIRST || ((verdict->classes & asked_of) == FP_CLASS_HANDSHAKE &&
                                                        !g_hash_table_contains(dissector->matched, GUINT_TO_POINTER(verdict->stream)));

    dissector->now_ns = frame->record->time_ns;
    if (asked == NULL && dissector->broken != NULL && begins)
        return unasked(dissector, verdict);
    if (asked == NULL && !begins)
        return NULL;
    if (asked == NULL) {
        asked = begin(dissector, verdict->stream, frame->record->time_ns);
        asked->connection = fp_connection_of(frame->segment, verdict);
        dissector->stats.late += keeps_handshakes(dissector) && verdict->classes & FP_CLASS_FIRST && verdict->has_syn &&
                                 verdict->delay_ns > 0 && !(verdict->stream & FP_DISSECTOR_LATER);
    }
    fp_asked_stream_ref(asked);
    bool is_new = !is_held(dissector, asked, verdict, frame->record);
    if (verdict->classes & FP_CLASS_FIRST && asked->state == SILENT)
        begin_flight(dissector, asked, verdict, frame->segment);
    if (is_new && asked->state != DONE && !asked->is_over && verdict->classes & asked_of && !hold(dissector, asked, verdict, frame) &&
        asked->state == OPEN)
        fp_asked_stream_fail(dissector, asked, "capture files have no number for its link type, so tshark cannot read it");
    if (verdict->ends_flight)
        end_flight(dissector, asked, false);
    fp_asked_stream_check(dissector, asked);
    return asked;
}

void fp_dissector_poll(FpDissector *dissector, int64_t now_ns)
{
    gint64 before_us = dissector->has_clock ? g_get_monotonic_time() - ASKED_SECONDS * G_USEC_PER_SEC : G_MININT64;

    dissector->now_ns = now_ns;
    fp_tshark_pool_poll(dissector);
    if (dissector->has_clock)
        end_open_before(dissector, now_ns - ASKED_NS, before_us, true);
    end_silent_before(dissector, now_ns - ASKED_NS, before_us);
}

void fp_dissector_settle(FpDissector *dissector, int wait_ms)
{
    fp_tshark_pool_settle(dissector, wait_ms);
}

void fp_dissector_hurry(FpDissector *dissector)
{
    fp_tshark_pool_settle(dissector, dissector->is_urgent ? URGENT_WAIT_MS : -1);
}

void fp_dissector_end(FpDissector *dissector, bool goes_on)
{
    end_open_before(dissector, G_MAXINT64, G_MAXINT64, goes_on);
    end_silent_before(dissector, G_MAXINT64, G_MAXINT64);
    fp_tshark_pool_settle(dissector, -1);
}

const FpDissectorStats *fp_dissector_stats(const FpDissector *dissector)
{
    return &dissector->stats;
}

static void forget(FpDissector *dissector)
{
    while (!g_queue_is_empty(&dissector->open))
        fp_asked_stream_finish(dissector, g_queue_peek_head(&dissector->open));
    while (!g_queue_is_empty(&dissector->silent))
        fp_asked_stream_finish(dissector, g_queue_peek_head(&dissector->silent));
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
    fp_tshark_pool_clear(dissector);
    g_hash_table_unref(dissector->asked);
    g_hash_table_unref(dissector->matched);
    g_free(dissector->ends_asking);
    g_free(dissector->said);
    g_free(dissector->broken);
    g_free(dissector);
}
