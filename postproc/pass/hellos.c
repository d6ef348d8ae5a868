/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hellos.c - see hellos.h. */
#include "hellos.h"

#include "base/allocated.h"

/* A stream changes its place by age when that is out by so much. */
#define PLACE_NS INT64_C(1000000000)

#define WAIT_NS (FP_HELLOS_WAIT_SECONDS * INT64_C(1000000000))

/* A stream on the disk is the same without its places in lists. */
typedef struct {
    uint32_t stream;
    uint8_t way, expects[2], has_ended[2], nothing[7]; /* expects: see hello_at; has_ended: the side has sent FIN */
    int64_t last_ns;                                   /* when its newest frame of the opening was captured */
    FpTurns turns;
    uint32_t base[2];     /* the sequence number with which the message begins that each side's frames are added to */
    uint32_t hello_at[2]; /* where a hello may stand in the turn, if */
} Followed;

typedef struct {
    Followed followed;
    int64_t placed_ns;
    GList by_age;
} Stream;

/* With its place in the table. */
#define STREAM_BYTES (fp_allocated(sizeof(Stream)) + 3 * sizeof(gpointer))

struct FpHellos {
    guint n_max;
    GHashTable *streams; /* a set: it takes a cache line less to find one than in a table with keys besides */
    Stream *found;       /* last, as several questions are asked of it in a row; NULL: none */
    GQueue by_age;       /* that of which nothing has come for longest is first, but for PLACE_NS */
};

static guint hash_of(gconstpointer stream)
{
    return ((const Stream *)stream)->followed.stream;
}

static gboolean is_same(gconstpointer a, gconstpointer b)
{
    return hash_of(a) == hash_of(b);
}

FpHellos *fp_hellos_new(size_t memory_max)
{
    FpHellos *hellos = g_new0(FpHellos, 1);

    hellos->n_max = (guint)MAX(memory_max / STREAM_BYTES, 1);
    hellos->streams = g_hash_table_new_full(hash_of, is_same, g_free, NULL);
    return hellos;
}

void fp_hellos_free(FpHellos *hellos)
{
    if (hellos == NULL)
        return;
    g_hash_table_unref(hellos->streams);
    g_free(hellos);
}

static Stream *find(const FpHellos *hellos, uint32_t number)
{
    FpHellos *noting = (FpHellos *)hellos;

    if (hellos->found == NULL || hellos->found->followed.stream != number)
        noting->found = g_hash_table_lookup(hellos->streams, &(Stream){.followed.stream = number});
    return hellos->found;
}

bool fp_hellos_has(const FpHellos *hellos, uint32_t number)
{
    return hellos->by_age.length > 0 && find(hellos, number) != NULL;
}

unsigned fp_hellos_n(const FpHellos *hellos)
{
    return hellos->by_age.length;
}

static void forget(FpHellos *hellos, Stream *stream)
{
    g_queue_unlink(&hellos->by_age, &stream->by_age);
    hellos->found = NULL;
    g_hash_table_remove(hellos->streams, stream);
}

void fp_hellos_forget(FpHellos *hellos, uint32_t number)
{
    Stream *stream = find(hellos, number);

    if (stream != NULL)
        forget(hellos, stream);
}

static Stream *follow(FpHellos *hellos, const Followed *followed)
{
    Stream *stream = g_new0(Stream, 1);

    fp_hellos_forget(hellos, followed->stream);
    if (hellos->by_age.length >= hellos->n_max)
        forget(hellos, hellos->by_age.head->data);
    stream->followed = *followed;
    stream->placed_ns = followed->last_ns;
    hellos->found = stream;
    stream->by_age.data = stream;
    g_hash_table_add(hellos->streams, stream);
    g_queue_push_tail_link(&hellos->by_age, &stream->by_age);
    return stream;
}

static bool is_too_old(const Stream *stream, int64_t now_ns)
{
    int64_t difference = fp_time_difference(now_ns, stream->followed.last_ns);

    return difference > WAIT_NS || difference < -WAIT_NS; /* below 0: clocks step back */
}

void fp_hellos_expire(FpHellos *hellos, int64_t now_ns)
{
    while (hellos->by_age.head != NULL && is_too_old(hellos->by_age.head->data, now_ns))
        forget(hellos, hellos->by_age.head->data);
}

static uint32_t seq_of(const FpSegment *segment)
{
    return segment->seq + ((segment->flags & FP_TCP_SYN) != 0);
}

void fp_hellos_begin(FpHellos *hellos, uint32_t number, const FpSegment *segment, uint32_t payload_bytes, int64_t offset)
{
    const unsigned direction = fp_turns_direction(segment);
    Followed followed = {.last_ns = segment->time_ns, .stream = number};

    fp_turns_take(&followed.turns, direction, segment, payload_bytes);
    followed.base[direction] = seq_of(segment) - (uint32_t)offset;
    follow(hellos, &followed);
}

static void touch(FpHellos *hellos, Stream *stream, int64_t time_ns)
{
    const int64_t since = fp_time_difference(time_ns, stream->placed_ns);

    stream->followed.last_ns = time_ns;
    if (since >= 0 && since < PLACE_NS)
        return;
    stream->placed_ns = time_ns;
    g_queue_unlink(&hellos->by_age, &stream->by_age);
    g_queue_push_tail_link(&hellos->by_age, &stream->by_age);
}

FpHelloPlace fp_hellos_take(FpHellos *hellos, uint32_t number, const FpSegment *segment, uint32_t payload_bytes)
{
    FpHelloPlace place = {.direction = fp_turns_direction(segment)};
    Stream *stream = find(hellos, number);

    if (stream == NULL)
        return place;
    if (is_too_old(stream, segment->time_ns)) {
        forget(hellos, stream);
        return place;
    }
    Followed *followed = &stream->followed;
    touch(hellos, stream, segment->time_ns);
    const FpTurnPlace turn = fp_turns_take(&followed->turns, place.direction, segment, payload_bytes);
    place.turn = turn.turn;
    place.begins = turn.begins;
    if (turn.begins) {
        followed->base[place.direction] = followed->turns.start[place.direction];
        followed->expects[place.direction] = false;
    }
    place.offset = (int32_t)(seq_of(segment) - followed->base[place.direction]);
    return place;
}

bool fp_hellos_rest(FpHellos *hellos, uint32_t number, const FpSegment *segment, uint32_t payload_bytes, FpHelloPlace *place)
{
    const unsigned direction = fp_turns_direction(segment);
    Stream *stream = find(hellos, number);

    if (stream == NULL || !stream->followed.expects[direction])
        return false;
    Followed *followed = &stream->followed;
    const int32_t before = (int32_t)(followed->hello_at[direction] - seq_of(segment));
    if (before >= (int32_t)payload_bytes)
        return false;
    followed->expects[direction] = false;
    followed->base[direction] = followed->hello_at[direction];
    *place = (FpHelloPlace){.direction = direction,
                            .turn = followed->turns.number[direction],
                            .begins = true,
                            .offset = before < 0 ? -(int64_t)before : 0,
                            .skip = before > 0 ? (uint32_t)before : 0};
    return true;
}

void fp_hellos_move(FpHellos *hellos, uint32_t number, unsigned direction, int64_t n)
{
    Stream *stream = find(hellos, number);

    if (stream != NULL)
        stream->followed.base[direction] += (uint32_t)n;
}

/* Whether what is behind these words is another conversation, so that its own words say more. */
static bool is_replaced(FpSaidWay way)
{
    return way == FP_SAID_NOTHING || way == FP_SAID_PROXY || way == FP_SAID_HTTP || way == FP_SAID_WAY_CONNECT || way == FP_SAID_SOCKS;
}

void fp_hellos_learn(FpHellos *hellos, uint32_t number, unsigned direction, const FpSaidFacts *facts)
{
    Stream *stream = find(hellos, number);

    if (stream == NULL)
        return;
    if (facts->protocol == FP_SAID_TLS) {
        forget(hellos, stream);
        return;
    }
    Followed *followed = &stream->followed;
    if (facts->protocol != FP_SAID_NOTHING && is_replaced(followed->way))
        followed->way = (uint8_t)fp_said_way(facts);
    followed->expects[direction] = facts->tls_at != 0;
    followed->hello_at[direction] = followed->base[direction] + (uint32_t)facts->tls_at;
}

FpSaidWay fp_hellos_way(const FpHellos *hellos, uint32_t number)
{
    const Stream *stream = find(hellos, number);

    return stream != NULL ? stream->followed.way : FP_SAID_NOTHING;
}

bool fp_hellos_close(FpHellos *hellos, uint32_t number, const FpSegment *segment)
{
    Stream *stream = find(hellos, number);

    if (stream == NULL)
        return false;
    uint8_t *has_ended = stream->followed.has_ended;
    has_ended[fp_turns_direction(segment)] = true;
    if (!(segment->flags & FP_TCP_RST) && !(has_ended[0] && has_ended[1]))
        return false;
    forget(hellos, stream);
    return true;
}

bool fp_hellos_save(const FpHellos *hellos, FpStreamsWrite write, void *user)
{
    const uint64_t n = hellos->by_age.length;
    bool is_written = write(user, &n, sizeof n);

    for (const GList *link = hellos->by_age.head; is_written && link != NULL; link = link->next)
        is_written = write(user, &((const Stream *)link->data)->followed, sizeof(Followed));
    return is_written;
}

bool fp_hellos_load(FpHellos *hellos, FpStreamsRead read, void *user)
{
    uint64_t n;
    Followed followed;

    if (!read(user, &n, sizeof n))
        return false;
    for (; n > 0; n--) {
        if (!read(user, &followed, sizeof followed) || followed.way >= FP_SAID_WAYS)
            return false;
        follow(hellos, &followed);
    }
    return true;
}
