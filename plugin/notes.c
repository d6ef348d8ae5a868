/* SPDX-License-Identifier: GPL-2.0-or-later */
/* notes.c - see notes.h. */
#include "notes.h"

#include <glib.h>

#define SEQ_MAX 127U
#define PROTOCOLS_MAX 0x7FFFU

/* How a note is kept if its numbers are small, as nearly all are: times of up to four seconds. */
typedef struct {
    uint32_t syn_frame;
    uint32_t first_frame;
    uint32_t reply_frame;
    uint32_t wireshark_number;
    uint32_t age_ns; /* of the first payload, which is also its delay if there was a SYN; if is_wide: the place in wides */
    uint32_t reply_delay_ns;
    uint16_t payload_bytes;
    uint16_t service_port;
    uint16_t protocol : 15; /* its place in names; 0: none */
    uint16_t has_detail : 1;
    uint16_t relative_seq : 7;
    uint16_t is_udp : 1;
    uint16_t side : 2;
    uint16_t has_syn : 1;
    uint16_t midstream : 1;
    uint16_t out_of_order : 1;
    uint16_t fast_open : 1;
    uint16_t ends_silent : 1;
    uint16_t is_wide : 1;
} Packed;

_Static_assert(sizeof(Packed) == 32, "what docs/wireshark.md says of the memory for each stream");

/* The numbers of a note that is wide. */
typedef struct {
    int64_t age_ns;
    int64_t delay_ns;
    int64_t reply_delay_ns;
    uint32_t payload_bytes;
    uint32_t relative_seq;
} Wide;

static struct {
    GArray *packed;     /* of Packed, by the stream's number */
    GArray *wides;      /* of Wide */
    GPtrArray *names;   /* of protocols, borrowed; the first is NULL */
    GHashTable *places; /* name -> its place in names */
} notes;

void fp_notes_open(void)
{
    notes.packed = g_array_new(FALSE, TRUE, sizeof(Packed));
    notes.wides = g_array_new(FALSE, FALSE, sizeof(Wide));
    notes.names = g_ptr_array_new();
    g_ptr_array_add(notes.names, NULL);
    notes.places = g_hash_table_new(NULL, NULL); /* by address: Wireshark has one string for each protocol */
}

void fp_notes_close(void)
{
    g_clear_pointer(&notes.packed, g_array_unref);
    g_clear_pointer(&notes.wides, g_array_unref);
    g_clear_pointer(&notes.names, g_ptr_array_unref);
    g_clear_pointer(&notes.places, g_hash_table_destroy);
}

/* Returns the place of a name, which may be NULL. Should there ever be more protocols than places, the others count as none. */
static unsigned place_of(const char *name)
{
    unsigned place = GPOINTER_TO_UINT(g_hash_table_lookup(notes.places, name));

    if (place > 0 || name == NULL || notes.names->len > PROTOCOLS_MAX)
        return place;
    place = notes.names->len;
    g_ptr_array_add(notes.names, (char *)name);
    g_hash_table_insert(notes.places, (char *)name, GUINT_TO_POINTER(place));
    return place;
}

static bool is_short(int64_t ns)
{
    return ns >= 0 && ns <= UINT32_MAX;
}

/* Whether the numbers fit without a Wide. */
static bool fits(const FpStreamNote *note)
{
    const FpVerdict *first = &note->first;

    return is_short(first->age_ns) && is_short(note->reply_delay_ns) && first->delay_ns == (first->has_syn ? first->age_ns : 0) &&
           first->payload_bytes <= UINT16_MAX && first->relative_seq <= SEQ_MAX;
}

/* Returns where the Wide of a stream is, or will be. */
static unsigned wide_place(const Packed *packed)
{
    if (packed->is_wide)
        return packed->age_ns;
    g_array_set_size(notes.wides, notes.wides->len + 1);
    return notes.wides->len - 1;
}

static void set_numbers(Packed *packed, const FpStreamNote *note)
{
    const FpVerdict *first = &note->first;

    if (!packed->is_wide && fits(note)) {
        packed->age_ns = (uint32_t)first->age_ns;
        packed->reply_delay_ns = (uint32_t)note->reply_delay_ns;
        packed->payload_bytes = (uint16_t)first->payload_bytes;
        packed->relative_seq = first->relative_seq & SEQ_MAX;
        return;
    }
    packed->age_ns = wide_place(packed);
    packed->is_wide = true;
    g_array_index(notes.wides, Wide, packed->age_ns) = (Wide){.age_ns = first->age_ns,
                                                              .delay_ns = first->delay_ns,
                                                              .reply_delay_ns = note->reply_delay_ns,
                                                              .payload_bytes = first->payload_bytes,
                                                              .relative_seq = first->relative_seq};
}

void fp_notes_set(uint32_t stream, const FpStreamNote *note)
{
    if (stream >= notes.packed->len)
        g_array_set_size(notes.packed, stream + 1);
    Packed *packed = &g_array_index(notes.packed, Packed, stream);

    packed->syn_frame = note->syn_frame;
    packed->first_frame = note->first_frame;
    packed->reply_frame = note->reply_frame;
    packed->wireshark_number = note->wireshark_number;
    packed->service_port = note->service_port;
    packed->protocol = place_of(note->protocol) & PROTOCOLS_MAX;
    packed->has_detail = note->has_detail;
    packed->is_udp = note->is_udp;
    packed->side = note->first.side & 3U;
    packed->has_syn = note->first.has_syn;
    packed->midstream = note->first.midstream;
    packed->out_of_order = note->first.out_of_order;
    packed->fast_open = note->first.fast_open;
    packed->ends_silent = note->ends_silent;
    set_numbers(packed, note);
}

static void get_numbers(const Packed *packed, FpStreamNote *note)
{
    if (packed->is_wide) {
        const Wide *wide = &g_array_index(notes.wides, Wide, packed->age_ns);
        note->first.age_ns = wide->age_ns;
        note->first.delay_ns = wide->delay_ns;
        note->reply_delay_ns = wide->reply_delay_ns;
        note->first.payload_bytes = wide->payload_bytes;
        note->first.relative_seq = wide->relative_seq;
        return;
    }
    note->first.age_ns = packed->age_ns;
    note->first.delay_ns = packed->has_syn ? packed->age_ns : 0;
    note->reply_delay_ns = packed->reply_delay_ns;
    note->first.payload_bytes = packed->payload_bytes;
    note->first.relative_seq = packed->relative_seq;
}

static FpStreamNote unpack(uint32_t stream)
{
    const Packed *packed = &g_array_index(notes.packed, Packed, stream);
    FpStreamNote note = {.syn_frame = packed->syn_frame,
                         .first_frame = packed->first_frame,
                         .reply_frame = packed->reply_frame,
                         .wireshark_number = packed->wireshark_number,
                         .protocol = g_ptr_array_index(notes.names, packed->protocol),
                         .service_port = packed->service_port,
                         .is_udp = packed->is_udp,
                         .ends_silent = packed->ends_silent,
                         .has_detail = packed->has_detail,
                         .first = {.stream = stream,
                                   .side = (FpSide)packed->side,
                                   .has_syn = packed->has_syn,
                                   .midstream = packed->midstream,
                                   .out_of_order = packed->out_of_order,
                                   .fast_open = packed->fast_open}};

    get_numbers(packed, &note);
    return note;
}

FpStreamNote fp_notes_get(uint32_t stream)
{
    return notes.packed != NULL && stream < notes.packed->len ? unpack(stream) : (FpStreamNote){0};
}

bool fp_notes_find_tcp(uint32_t wireshark_number, FpStreamNote *note)
{
    for (uint32_t i = notes.packed != NULL ? notes.packed->len : 0; i-- > 0;) {
        const Packed *packed = &g_array_index(notes.packed, Packed, i);
        if (packed->wireshark_number == wireshark_number && packed->first_frame != 0 && !packed->is_udp) {
            *note = unpack(i);
            return true;
        }
    }
    return false;
}
