/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scenario.c - reads a scenario file, see scenario.h and tests/scenarios/README.md. */
#include "scenario.h"

#include <gio/gio.h>
#include <string.h>

#define START_NS (G_GINT64_CONSTANT(1700000000) * 1000000000)

/* The data offset is to say the actual length. */
#define HEADER_TRUE G_MAXUINT

/* Where the reader is. */
typedef struct {
    Scenario *scenario;
    guint line;
    gint64 now_ns;
    guint32 next_id;
    char **words; /* of the current line; NULL at the end */
} Reader;

G_DEFINE_QUARK(scenario - error, scenario_error)

static gboolean fail(const Reader *reader, GError **error, const char *what, const char *word)
{
    g_set_error(error, scenario_error_quark(), 0, "%s:%u: %s: %s", reader->scenario->path, reader->line, what,
                word ? word : "(end of line)");
    return FALSE;
}

/* Takes the next word; NULL at the end of the line. */
static const char *take(Reader *reader)
{
    return *reader->words ? *reader->words++ : NULL;
}

static gboolean take_word_if(Reader *reader, const char *word)
{
    if (g_strcmp0(*reader->words, word) != 0)
        return FALSE;
    reader->words++;
    return TRUE;
}

static gboolean to_number(const char *word, gint64 low, gint64 high, gint64 *number)
{
    return word && g_ascii_string_to_signed(word + (*word == '+'), 10, low, high, number, NULL);
}

static gboolean take_number(Reader *reader, gint64 low, gint64 high, gint64 *number, GError **error)
{
    const char *word = take(reader);

    return to_number(word, low, high, number) || fail(reader, error, "not a number in range", word);
}

/* "1.25", ".5", "-.01": seconds, to the nanosecond. */
static gboolean to_ns(const char *word, gint64 *ns)
{
    gint64 sign = 1, whole = 0, fraction = 0, unit = 1000000000;

    if (!word || *word == '\0')
        return FALSE;
    if (*word == '-' || *word == '+')
        sign = *word++ == '-' ? -1 : 1;
    for (; g_ascii_isdigit(*word); word++)
        whole = whole * 10 + (*word - '0');
    if (*word == '.')
        for (word++; g_ascii_isdigit(*word) && unit > 1; word++)
            fraction += (*word - '0') * (unit /= 10);
    *ns = sign * (whole * 1000000000 + fraction);
    return *word == '\0';
}

static gboolean take_ns(Reader *reader, gint64 *ns, GError **error)
{
    const char *word = take(reader);

    return to_ns(word, ns) || fail(reader, error, "not a time in seconds", word);
}

/* "192.0.2.1:80" or "[2001:db8::1]:80" */
static gboolean take_endpoint(Reader *reader, Connection *connection, guint which, GError **error)
{
    const char *word = take(reader);
    g_autoptr(GSocketConnectable) parsed = word ? g_network_address_parse(word, 0, NULL) : NULL;

    if (!parsed || !g_hostname_is_ip_address(g_network_address_get_hostname(G_NETWORK_ADDRESS(parsed))))
        return fail(reader, error, "not ADDRESS:PORT", word);
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(g_network_address_get_hostname(G_NETWORK_ADDRESS(parsed)));
    gsize bytes = g_inet_address_get_native_size(address);
    if (which == SERVER && bytes != connection->address_bytes)
        return fail(reader, error, "IPv4 and IPv6 in one connection", word);
    connection->address_bytes = (guint8)bytes;
    connection->port[which] = g_network_address_get_port(G_NETWORK_ADDRESS(parsed));
    memcpy(connection->address[which], g_inet_address_to_bytes(address), bytes);
    return TRUE;
}

static void connection_free(gpointer data)
{
    Connection *connection = data;

    g_free(connection->name);
    g_free(connection);
}

/* connection [NAME] CLIENT > SERVER [isn CLIENT'S SERVER'S] */
static gboolean read_connection(Reader *reader, GError **error)
{
    Connection *connection = g_new0(Connection, 1);
    gint64 isn[2] = {1000, 5000};

    g_ptr_array_add(reader->scenario->connections, connection);
    if (g_strv_length(reader->words) >= 2 && strcmp(reader->words[1], ">") != 0)
        connection->name = g_strdup(take(reader));
    if (!take_endpoint(reader, connection, CLIENT, error))
        return FALSE;
    if (!take_word_if(reader, ">"))
        return fail(reader, error, "> expected", *reader->words);
    if (!take_endpoint(reader, connection, SERVER, error))
        return FALSE;
    if (take_word_if(reader, "isn") &&
        !(take_number(reader, 0, G_MAXUINT32, &isn[CLIENT], error) && take_number(reader, 0, G_MAXUINT32, &isn[SERVER], error)))
        return FALSE;
    connection->isn[CLIENT] = (guint32)isn[CLIENT];
    connection->isn[SERVER] = (guint32)isn[SERVER];
    return !*reader->words || fail(reader, error, "nothing more expected", *reader->words);
}

static gboolean read_link(Reader *reader, GError **error)
{
    static const struct {
        const char *name;
        guint type;
    } types[] = {{"ethernet", LINK_ETHERNET}, {"raw", LINK_RAW}, {"null", LINK_NULL},
                 {"loop", LINK_LOOP},         {"sll", LINK_SLL}, {"sll2", LINK_SLL2}};
    const char *word = take(reader);

    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        if (g_strcmp0(word, types[i].name) == 0) {
            reader->scenario->link_type = types[i].type;
            return TRUE;
        }
    }
    return fail(reader, error, "not a link type", word);
}

/* idle SECONDS */
static gboolean read_idle(Reader *reader, GError **error)
{
    return take_ns(reader, &reader->scenario->rules.idle_ns, error);
}

/* keep CLASSES */
static gboolean read_keep(Reader *reader, GError **error)
{
    const char *word = take(reader);

    if (!word || !fp_classes_from_text(word, &reader->scenario->keep))
        return fail(reader, error, "not classes", word);
    reader->scenario->rules.asked = reader->scenario->keep & FP_CLASS_ASKED;
    return TRUE;
}

/* opening-bytes N */
static gboolean read_opening_bytes(Reader *reader, GError **error)
{
    gint64 number;

    if (!take_number(reader, 0, FP_OPENING_BYTES_MAX, &number, error))
        return FALSE;
    reader->scenario->rules.opening_bytes = (guint32)number;
    return TRUE;
}

/* transport TRANSPORTS */
static gboolean read_transport(Reader *reader, GError **error)
{
    const char *word = take(reader);

    return (word && fp_transports_from_text(word, &reader->scenario->rules.transports)) || fail(reader, error, "not transports", word);
}

/* "S.", "P.", "-" (none) */
static gboolean take_flags(Reader *reader, Packet *packet, GError **error)
{
    static const char letters[] = "FSRP.U";
    const char *word = take(reader);

    for (const char *letter = word; letter && *letter && strcmp(word, "-") != 0; letter++) {
        const char *found = strchr(letters, *letter);
        if (!found)
            return fail(reader, error, "not TCP flags", word);
        packet->flags |= (guint8)(1U << (found - letters));
    }
    return word || fail(reader, error, "TCP flags expected", word);
}

/* "FROM:TO(BYTES)", relative to the sender's initial sequence number */
static gboolean take_range(Reader *reader, Packet *packet, GError **error)
{
    const char *word = take(reader);
    g_auto(GStrv) numbers = g_strsplit_set(word ? word : "", ":()", -1);
    gint64 from, to, bytes;

    if (g_strv_length(numbers) != 4 || !to_number(numbers[0], G_MININT32, G_MAXUINT32, &from) ||
        !to_number(numbers[1], G_MININT32, G_MAXUINT32, &to) || !to_number(numbers[2], 0, 65000, &bytes))
        return fail(reader, error, "FROM:TO(BYTES) expected", word);
    if (to - from != bytes)
        return fail(reader, error, "BYTES is not TO - FROM", word);
    packet->seq = packet->connection->isn[packet->sender] + (guint32)from;
    packet->data_bytes = (guint32)bytes;
    return TRUE;
}

static gboolean take_fragments(Reader *reader, Packet *packet, GError **error)
{
    const char *word = take(reader);
    g_auto(GStrv) ranges = g_strsplit(word ? word : "", ",", -1);

    for (char **range = ranges; *range; range++) {
        g_auto(GStrv) ends = g_strsplit(*range, "-", -1);
        gint64 from, to;
        if (g_strv_length(ends) != 2 || !to_number(ends[0], 0, 65000, &from) || !to_number(ends[1], from + 1, 65000, &to) || from % 8 != 0)
            return fail(reader, error, "not FROM-TO, in bytes of the segment, FROM a multiple of 8", *range);
        Range parsed = {(guint32)from, (guint32)to};
        g_array_append_val(packet->fragments, parsed);
    }
    return packet->fragments->len > 0 || fail(reader, error, "fragments expected", word);
}

static gboolean take_text(Reader *reader, Packet *packet, GError **error)
{
    const char *word = take(reader);
    g_autofree char *text = g_strcompress(word ? word : "");

    if (strlen(text) != packet->data_bytes)
        return fail(reader, error, "the text is not as long as BYTES says", word);
    packet->text = g_string_new(text);
    return TRUE;
}

/* bytes HEX */
static gboolean take_bytes(Reader *reader, Packet *packet, GError **error)
{
    const char *word = take(reader);
    gsize n = word ? strlen(word) : 1;

    if (n % 2 != 0 || n / 2 > packet->data_bytes || strspn(word, "0123456789abcdef") != n)
        return fail(reader, error, "not bytes in hexadecimal, as many as BYTES says or fewer", word);
    packet->text = g_string_new(NULL);
    for (gsize i = 0; i < n; i += 2)
        g_string_append_c(packet->text, (char)(g_ascii_xdigit_value(word[i]) << 4 | g_ascii_xdigit_value(word[i + 1])));
    return TRUE;
}

static gboolean take_ip_length(Reader *reader, Packet *packet, GError **error)
{
    gint64 number;

    if (take_word_if(reader, "0")) {
        packet->ip_length_zero = TRUE;
        return TRUE;
    }
    if (!take_number(reader, -65000, 65000, &number, error))
        return FALSE;
    packet->ip_length_error = (gint)number;
    return TRUE;
}

/* The words that may follow a segment's range, in any order. */
static gboolean take_modifier(Reader *reader, Packet *packet, GError **error)
{
    const char *word = take(reader);
    gint64 number;

    if (strcmp(word, "text") == 0)
        return take_text(reader, packet, error);
    if (strcmp(word, "bytes") == 0)
        return take_bytes(reader, packet, error);
    if (strcmp(word, "fragments") == 0)
        return take_fragments(reader, packet, error);
    if (strcmp(word, "ip-length") == 0)
        return take_ip_length(reader, packet, error);
    if (strcmp(word, "quoted") == 0)
        return packet->quoted = TRUE;
    if (!take_number(reader, G_MININT32, G_MAXUINT32, &number, error))
        return FALSE;
    if (strcmp(word, "ack") == 0)
        packet->ack = packet->connection->isn[!packet->sender] + (guint32)number;
    else if (strcmp(word, "win") == 0)
        packet->window = (guint16)number;
    else if (strcmp(word, "udp-length") == 0)
        packet->udp_length = (gint)number;
    else if (strcmp(word, "options") == 0)
        packet->options_bytes = (guint)number;
    else if (strcmp(word, "header") == 0)
        packet->header_bytes = (guint)number;
    else if (strcmp(word, "captured") == 0)
        packet->captured_bytes = (guint32)number;
    else if (strcmp(word, "pad") == 0)
        packet->padding_bytes = (guint)number;
    else if (strcmp(word, "vlan") == 0)
        packet->vlan = (gint)number;
    else if (strcmp(word, "id") == 0)
        packet->id = (guint32)number;
    else
        return fail(reader, error, "not known", word);
    return TRUE;
}

static gboolean take_side(const char *word, Expected *expected)
{
    static const FpSide sides[] = {FP_SIDE_UNKNOWN, FP_SIDE_CLIENT, FP_SIDE_SERVER};

    for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
        if (strcmp(word, fp_side_name(sides[i])) == 0) {
            expected->side = sides[i];
            return expected->has_side = TRUE;
        }
    }
    return FALSE;
}

static gboolean take_expected_value(Reader *reader, const char *word, Expected *expected, GError **error)
{
    gint64 number;

    if (strcmp(word, "age") == 0)
        return expected->has_age = take_ns(reader, &expected->age_ns, error);
    if (strcmp(word, "delay") == 0)
        return expected->has_delay = take_ns(reader, &expected->delay_ns, error);
    if (!take_number(reader, G_MININT32, G_MAXUINT32, &number, error))
        return FALSE;
    if (strcmp(word, "stream") == 0) {
        expected->stream = (guint32)number;
        return expected->has_stream = TRUE;
    }
    if (strcmp(word, "seq") == 0) {
        expected->seq = (guint32)number;
        return expected->has_seq = TRUE;
    }
    if (strcmp(word, "bytes") == 0) {
        expected->bytes = (guint32)number;
        return expected->has_bytes = TRUE;
    }
    return fail(reader, error, "not known after =>", word);
}

/* => CLASSES [SIDE] [midstream] [out-of-order] [fast-open] [ends-flight] [seq N] [bytes N] [age T] [delay T] [stream N] */
static gboolean take_expected(Reader *reader, Packet *packet, GError **error)
{
    Expected *expected = &packet->expected;
    const char *word = take(reader);

    if (!word || (strcmp(word, "-") != 0 && !fp_classes_from_text(word, &expected->classes)))
        return fail(reader, error, "classes expected after =>", word);
    while ((word = take(reader))) {
        if (strcmp(word, "midstream") == 0)
            expected->midstream = TRUE;
        else if (strcmp(word, "out-of-order") == 0)
            expected->out_of_order = TRUE;
        else if (strcmp(word, "fast-open") == 0)
            expected->fast_open = TRUE;
        else if (strcmp(word, "ends-flight") == 0)
            expected->ends_flight = reader->scenario->says_ends = TRUE;
        else if (!take_side(word, expected) && !take_expected_value(reader, word, expected, error))
            return FALSE;
    }
    if (expected->classes & FP_CLASS_FIRST && !(expected->has_side && expected->has_seq && expected->has_bytes && expected->has_age))
        return fail(reader, error, "a first payload frame needs its side, seq, bytes and age", NULL);
    return TRUE;
}

static void packet_free(gpointer data)
{
    Packet *packet = data;

    g_array_unref(packet->fragments);
    if (packet->text)
        g_string_free(packet->text, TRUE);
    g_free(packet);
}

static Packet *packet_new(Reader *reader)
{
    Packet *packet = g_new0(Packet, 1);

    packet->line = reader->line;
    packet->window = 65535;
    packet->vlan = packet->udp_length = -1;
    packet->header_bytes = HEADER_TRUE;
    packet->captured_bytes = G_MAXUINT32;
    packet->id = ++reader->next_id;
    packet->fragments = g_array_new(FALSE, FALSE, sizeof(Range));
    g_ptr_array_add(reader->scenario->packets, packet);
    return packet;
}

/* [NAME] > or <: without a name, the first connection is meant. */
static gboolean take_sender(Reader *reader, Packet *packet, GError **error)
{
    const GPtrArray *connections = reader->scenario->connections;
    const char *word = take(reader);
    gboolean named = word && strcmp(word, ">") != 0 && strcmp(word, "<") != 0;

    for (guint i = 0; i < connections->len && !packet->connection; i++) {
        const Connection *connection = g_ptr_array_index(connections, i);
        if (!named || g_strcmp0(word, connection->name) == 0)
            packet->connection = connection;
    }
    if (!packet->connection)
        return fail(reader, error, "no such connection", word);
    if (named)
        word = take(reader);
    packet->sender = g_strcmp0(word, "<") == 0 ? SERVER : CLIENT;
    return packet->sender == SERVER || g_strcmp0(word, ">") == 0 || fail(reader, error, "> or < expected", word);
}

/* FLAGS FROM:TO(BYTES) */
static gboolean take_segment(Reader *reader, Packet *packet, GError **error)
{
    return take_flags(reader, packet, error) && take_range(reader, packet, error);
}

/* udp BYTES */
static gboolean take_datagram(Reader *reader, Packet *packet, GError **error)
{
    gint64 bytes;

    if (!take_number(reader, 0, 65000, &bytes, error))
        return FALSE;
    packet->transport = FP_TRANSPORT_UDP;
    packet->data_bytes = (guint32)bytes;
    packet->window = 0;
    packet->header_bytes = FP_UDP_HEADER_BYTES;
    return TRUE;
}

/* TIME [NAME] >|< FLAGS FROM:TO(BYTES)|udp BYTES [MODIFIERS] [=> EXPECTED] */
static gboolean read_packet(Reader *reader, GError **error)
{
    Packet *packet = packet_new(reader);
    gint64 step;

    if (!take_ns(reader, &step, error))
        return FALSE;
    packet->time_ns = reader->now_ns += step;
    if (!take_sender(reader, packet, error))
        return FALSE;
    if (!(take_word_if(reader, "udp") ? take_datagram : take_segment)(reader, packet, error))
        return FALSE;
    while (*reader->words && strcmp(*reader->words, "=>") != 0)
        if (!take_modifier(reader, packet, error))
            return FALSE;
    if (packet->header_bytes == HEADER_TRUE)
        packet->header_bytes = FP_TCP_HEADER_MIN_BYTES + packet->options_bytes;
    return !take_word_if(reader, "=>") || take_expected(reader, packet, error);
}

static gboolean read_line(Reader *reader, const char *line, GError **error)
{
    static const char differs[] = "differs-from-tshark: ";

    if (g_str_has_prefix(line, differs)) {
        reader->scenario->differs = g_strstrip(g_strdup(line + strlen(differs)));
        return TRUE;
    }
    g_autoptr(GError) empty = NULL;
    g_auto(GStrv) words = NULL;
    if (!g_shell_parse_argv(line, NULL, &words, &empty))
        return g_error_matches(empty, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING) || fail(reader, error, empty->message, line);
    reader->words = words;
    if (take_word_if(reader, "link"))
        return read_link(reader, error);
    if (take_word_if(reader, "idle"))
        return read_idle(reader, error);
    if (take_word_if(reader, "keep"))
        return read_keep(reader, error);
    if (take_word_if(reader, "transport"))
        return read_transport(reader, error);
    if (take_word_if(reader, "opening-bytes"))
        return read_opening_bytes(reader, error);
    if (take_word_if(reader, "connection"))
        return read_connection(reader, error);
    if (*words[0] == '+' || *words[0] == '-')
        return read_packet(reader, error);
    return fail(reader, error, "not a line of a scenario", line);
}

/* The description: everything up to the first empty line. Returns how many lines it takes. */
static guint read_description(Scenario *scenario, char **lines)
{
    GString *description = g_string_new(NULL);
    guint count = 0;

    for (; lines[count] && *lines[count]; count++)
        g_string_append_printf(description, "%s%s", count ? " " : "", lines[count]);
    scenario->description = g_string_free(description, FALSE);
    return count;
}

/* A segment that is in no frame cannot be expected to be in a class. */
static gboolean check_expectations(Reader *reader, GError **error)
{
    for (guint i = 0; i < reader->scenario->packets->len; i++) {
        const Packet *packet = g_ptr_array_index(reader->scenario->packets, i);
        reader->line = packet->line;
        if (!packet->taken_frame && packet->expected.classes != 0)
            return fail(reader, error, "no frame of it can be in a class", NULL);
    }
    return TRUE;
}

Scenario *scenario_read(const char *path, GError **error)
{
    g_autofree char *contents = NULL;
    Reader reader = {.now_ns = START_NS, .scenario = g_new0(Scenario, 1)};
    Scenario *scenario = reader.scenario;
    gboolean fine = g_file_get_contents(path, &contents, NULL, error);

    scenario->path = g_path_get_basename(path);
    scenario->link_type = LINK_ETHERNET;
    scenario->rules.flight_bytes = FP_FLIGHT_BYTES_DEFAULT;
    scenario->rules.opening_bytes = FP_OPENING_BYTES_DEFAULT;
    scenario->keep = FP_CLASS_USUAL;
    scenario->connections = g_ptr_array_new_with_free_func(connection_free);
    scenario->packets = g_ptr_array_new_with_free_func(packet_free);
    if (fine) {
        g_auto(GStrv) lines = g_strsplit(contents, "\n", -1);
        reader.line = read_description(scenario, lines);
        while (fine && lines[reader.line]) {
            const char *line = lines[reader.line++];
            fine = read_line(&reader, line, error);
        }
    }
    scenario_number_frames(scenario);
    fine = fine && check_expectations(&reader, error);
    if (fine && (!g_str_has_suffix(scenario->description, ".") || scenario->packets->len == 0))
        fine = fail(&reader, error, "a scenario opens with a sentence, and has segments", NULL);
    if (!fine)
        g_clear_pointer(&scenario, scenario_free);
    return scenario;
}

void scenario_free(Scenario *scenario)
{
    g_free(scenario->path);
    g_free(scenario->description);
    g_free(scenario->differs);
    g_ptr_array_unref(scenario->packets);
    g_ptr_array_unref(scenario->connections);
    g_free(scenario);
}
