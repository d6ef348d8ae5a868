/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * secrets.c - see secrets.h: text, line after line.
 *
 * A byte is looked at before it is told, never after. Where it is not clear what something is, it is taken for a secret: too much hidden is
 * a nuisance, too little cannot be taken back.
 */
#include "secrets-internal.h"

#include <string.h>

#include "said-internal.h"

/* A word of ours, and how long it is. */
typedef struct {
    const char *text;
    size_t n;
} Text;
#define TEXT(text) text, sizeof(text) - 1

/* Parts of names of HTTP fields whose values are secret, as of Proxy-Authorization, Set-Cookie, X-Api-Key, and of SIP's, RTSP's, STOMP's,
 * AMI's fields, which look the same. */
static const Text secret_fields[] = {
    {TEXT("authorization")},    {TEXT("cookie")},  {TEXT("token")},   {TEXT("secret")}, {TEXT("pass")},     {TEXT("credential")},
    {TEXT("session")},          {TEXT("api-key")}, {TEXT("api_key")}, {TEXT("apikey")}, {TEXT("auth-key")}, {TEXT("access-key")},
    {TEXT("subscription-key")},
};

/* Words before secrets, and which word of a line each is: 0 is the first. IMAP has a tag before it (RFC 9051 2.2.1). */
typedef struct {
    Text word;
    unsigned at;
    bool has_answers; /* lines of base64 may follow, as answers to the server (RFC 4954 4) */
} Word;

static const Word secret_words[] = {
    {{TEXT("PASS")}, 0, false},      {{TEXT("PASSWORD")}, 0, false}, {{TEXT("AUTH")}, 0, true},         {{TEXT("AUTHENTICATE")}, 0, true},
    {{TEXT("AUTHINFO")}, 0, true},   {{TEXT("APOP")}, 0, false},     {{TEXT("LOGIN")}, 0, false},       {{TEXT("OPER")}, 0, false},
    {{TEXT("IDENTIFY")}, 0, false},  {{TEXT("LOGIN")}, 1, false},    {{TEXT("IDENTIFY")}, 1, false},    {{TEXT("AUTHENTICATE")}, 1, true},
    {{TEXT(":IDENTIFY")}, 2, false}, {{TEXT("AUTH")}, 2, false},     {{TEXT("REQUIREPASS")}, 2, false}, {{TEXT("MASTERAUTH")}, 2, false},
};
#define WORDS_MAX 3U

/* Redis: words that are strings of their own (RESP), and the strings behind which are secret. */
static const Text secret_strings[] = {{TEXT("AUTH")}, {TEXT("AUTH2")}, {TEXT("REQUIREPASS")}, {TEXT("MASTERAUTH")}};

/* Elements of XML whose text is secret. */
static const Text secret_elements[] = {{TEXT("auth")}, {TEXT("response")}, {TEXT("password")}, {TEXT("digest")}};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static bool is_line_end(uint8_t byte)
{
    return byte == '\r' || byte == '\n';
}

static bool is_letter(uint8_t byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* RFC 9110 5.6.2. */
static bool is_token_character(uint8_t byte)
{
    return is_letter(byte) || is_digit(byte) || byte == '-' || (byte > ' ' && strchr("!#$%&'*+.^_`|~", byte) != NULL);
}

static size_t skip_blanks(const FpSaidSearch *search, size_t at)
{
    while (at < search->n && is_blank(search->bytes[at]))
        at++;
    return at;
}

static size_t end_of_word(const FpSaidSearch *search, size_t at)
{
    while (at < search->n && !is_blank(search->bytes[at]) && !is_line_end(search->bytes[at]))
        at++;
    return at;
}

/* Where the line ends at the latest: its line feed; or the end of all. */
static size_t end_of_line(const FpSaidSearch *search, size_t at)
{
    const uint8_t *end = at < search->n ? memchr(search->bytes + at, '\n', search->n - at) : NULL;

    return end != NULL ? (size_t)(end - search->bytes) : search->n;
}

static FpSaidText text_of(const FpSaidSearch *search, size_t start, size_t end)
{
    return (FpSaidText){search->bytes + start, end - start};
}

static bool is_word(FpSaidText text, Text word)
{
    return text.n == word.n && fp_said_text_is(text, word.text);
}

static bool is_one_of(FpSaidText text, const Text *words, size_t n_words)
{
    for (size_t i = 0; i < n_words; i++)
        if (is_word(text, words[i]))
            return true;
    return false;
}

void fp_said_tell(const FpSaidSearch *search, size_t start, size_t end)
{
    if (end > search->n)
        end = search->n;
    if (start < end)
        search->found(search->user, start, end - start);
}

/* Of one line, without the blanks before it and its end. */
static void tell_line(const FpSaidSearch *search, size_t start, size_t end)
{
    start = skip_blanks(search, start);
    if (start < end && end < search->n && search->bytes[end - 1] == '\r')
        end--;
    fp_said_tell(search, start, end);
}

/* Tells of a value from start on, with the lines that it goes on in (RFC 9112 5.2). Returns where the next line begins. */
static size_t tell_value(const FpSaidSearch *search, size_t start)
{
    for (;;) {
        size_t end = end_of_line(search, start);
        tell_line(search, start, end);
        if (end == search->n)
            return end;
        start = end + 1;
        if (start == search->n || !is_blank(search->bytes[start]))
            return start;
    }
}

/* Whether the line that ends at end announces a literal, as in {12} or {12+} (RFC 9051 4.3, RFC 7888 4). */
static bool announces_literal(const FpSaidSearch *search, size_t start, size_t end, size_t *literal_bytes)
{
    size_t digits, factor = 1;

    *literal_bytes = 0;
    if (end > start && search->bytes[end - 1] == '\r')
        end--;
    if (end == start || search->bytes[end - 1] != '}')
        return false;
    end--;
    if (end > start && (search->bytes[end - 1] == '+' || search->bytes[end - 1] == '-'))
        end--;
    for (digits = 0; end > start && is_digit(search->bytes[end - 1]) && digits < 9; digits++, factor *= 10)
        *literal_bytes += factor * (size_t)(search->bytes[--end] - '0');
    return digits > 0 && end > start && search->bytes[end - 1] == '{';
}

/* Only characters of base64 (RFC 4648 4), and at least one. */
static bool is_base64_line(const FpSaidSearch *search, size_t start, size_t end)
{
    if (end > start && search->bytes[end - 1] == '\r')
        end--;
    for (size_t i = start; i < end; i++)
        if (!is_letter(search->bytes[i]) && !is_digit(search->bytes[i]) &&
            (search->bytes[i] == 0 || strchr("+/=*", search->bytes[i]) == NULL))
            return false;
    return start < end;
}

/* Tells of lines of base64. Returns where the next line begins. */
static size_t tell_answers(const FpSaidSearch *search, size_t start)
{
    for (size_t end; start < search->n; start = end + 1) {
        end = end_of_line(search, start);
        if (!is_base64_line(search, start, end))
            return start;
        tell_line(search, start, end);
        if (end == search->n)
            return end;
    }
    return start;
}

/* Tells of what stands behind a word, up to the end of its line, and in literals that it announces. Returns where the next line begins. */
static size_t tell_arguments(const FpSaidSearch *search, size_t start)
{
    for (;;) {
        size_t end = end_of_line(search, start), literal_bytes;
        bool has_literal = announces_literal(search, start, end, &literal_bytes);
        tell_line(search, start, end);
        if (end == search->n)
            return end;
        start = end + 1;
        if (!has_literal)
            return start;
        size_t left = search->n - start;
        size_t n = literal_bytes < left ? literal_bytes : left;
        fp_said_tell(search, start, start + n);
        start += n;
    }
}

/* The strings of RESP from start on, each $LENGTH CR LF BYTES CR LF: tells of their bytes. Returns where they end. */
static size_t tell_strings(const FpSaidSearch *search, size_t start)
{
    while (start < search->n && search->bytes[start] == '$') {
        size_t end = end_of_line(search, start), length = 0;
        for (size_t i = start + 1; i < end && is_digit(search->bytes[i]) && length < search->n; i++)
            length = length * 10 + (size_t)(search->bytes[i] - '0');
        if (end == search->n)
            return end;
        start = end + 1;
        size_t left = search->n - start;
        size_t n = length < left ? length : left;
        fp_said_tell(search, start, start + n);
        start += n;
        while (start < search->n && is_line_end(search->bytes[start]))
            start++;
    }
    return start;
}

static bool ends_authority(uint8_t byte)
{
    return byte <= ' ' || byte == 0x7f || strchr("/?#\"<>\\", byte) != NULL;
}

static bool ends_url(uint8_t byte)
{
    return byte <= ' ' || byte == 0x7f || byte == '"' || byte == '<' || byte == '>';
}

/* Where the last at sign stands; end: there is none. */
static size_t last_at_sign(const FpSaidSearch *search, size_t start, size_t end)
{
    for (size_t i = end; i > start; i--)
        if (search->bytes[i - 1] == '@')
            return i - 1;
    return end;
}

/* Whether host and port are there, and nothing that may be a password with one of the characters that end an authority. */
static bool has_plain_port(const FpSaidSearch *search, size_t start, size_t end)
{
    size_t i = end;

    while (i > start && is_digit(search->bytes[i - 1]))
        i--;
    return (i > start && search->bytes[i - 1] == ':') || memchr(search->bytes + start, ':', end - start) == NULL ||
           search->bytes[start] == '[';
}

/* Tells of the user information of the authority that begins at start (RFC 3986 3.2): the name as well, as many put a token there. One that
 * breaks off may be all user information. Returns from where to look on. */
static size_t tell_user_information(const FpSaidSearch *search, size_t start)
{
    while (start < search->n && search->bytes[start] == '/')
        start++;
    size_t end = start;
    while (end < search->n && !ends_authority(search->bytes[end]))
        end++;
    size_t at_sign = last_at_sign(search, start, end);
    if (at_sign == end && start < end && end < search->n && !has_plain_port(search, start, end)) {
        while (end < search->n && !ends_url(search->bytes[end]))
            end++;
        at_sign = last_at_sign(search, start, end);
    }
    if (end == search->n)
        fp_said_tell(search, start, end);
    else if (at_sign < end)
        fp_said_tell(search, start, at_sign);
    return end;
}

/* Whether two slashes begin an authority: behind a colon, or where a word begins. */
static bool begins_authority(const FpSaidSearch *search, size_t line, size_t at)
{
    return at + 1 < search->n && search->bytes[at + 1] == '/' &&
           (at == line || is_blank(search->bytes[at - 1]) || strchr(":\"'=(<>,;[", search->bytes[at - 1]) != NULL);
}

/* sip:user:password@host (RFC 3261 19.1.1), which has no slashes. at: its colon. */
static bool is_sip(const FpSaidSearch *search, size_t line, size_t at)
{
    size_t start = at;

    while (start > line && at - start < 5 && is_letter(search->bytes[start - 1]))
        start--;
    FpSaidText scheme = text_of(search, start, at);
    return fp_said_text_is(scheme, "sip") || fp_said_text_is(scheme, "sips");
}

/* Tells of the password, if there is one; or of what may be one and breaks off. */
static size_t tell_sip_password(const FpSaidSearch *search, size_t start)
{
    size_t end = start;

    while (end < search->n && !ends_url(search->bytes[end]))
        end++;
    size_t at_sign = end < search->n ? last_at_sign(search, start, end) : end;
    const uint8_t *colon = start < at_sign ? memchr(search->bytes + start, ':', at_sign - start) : NULL;
    if (colon != NULL && (at_sign < end || end == search->n))
        fp_said_tell(search, (size_t)(colon - search->bytes) + 1, at_sign);
    return end;
}

/* An element that begins at start with <: tells of its text, if that is secret. Returns from where to look on. */
static size_t tell_element(const FpSaidSearch *search, size_t start)
{
    size_t name = start + 1, end = start + 1;

    for (; end < search->n && (is_token_character(search->bytes[end]) || search->bytes[end] == ':'); end++)
        if (search->bytes[end] == ':')
            name = end + 1;
    if (!is_one_of(text_of(search, name, end), secret_elements, COUNT(secret_elements)))
        return end;
    const uint8_t *tag_end = end < search->n ? memchr(search->bytes + end, '>', search->n - end) : NULL;
    if (tag_end == NULL || tag_end[-1] == '/')
        return end;
    size_t text = (size_t)(tag_end - search->bytes) + 1;
    const uint8_t *next = text < search->n ? memchr(search->bytes + text, '<', search->n - text) : NULL;
    end = next != NULL ? (size_t)(next - search->bytes) : search->n;
    fp_said_tell(search, text, end);
    return end;
}

/* Looks through the line from start on for URLs and elements. line: where it begins. Returns where the next one begins. */
static size_t search_line(const FpSaidSearch *search, size_t line, size_t start)
{
    while (start < search->n) {
        const uint8_t byte = search->bytes[start];
        if (byte > '<') /* most are */
            start++;
        else if (is_line_end(byte))
            return start + 1;
        else if (byte == '/' && begins_authority(search, line, start))
            start = tell_user_information(search, start + 2);
        else if (byte == '<')
            start = tell_element(search, start);
        else if (byte == ':' && is_sip(search, line, start))
            start = tell_sip_password(search, start + 1);
        else
            start++;
    }
    return start;
}

static bool is_secret_field(FpSaidText name)
{
    for (size_t at = 0; at < name.n; at++) {
        const uint8_t first = name.bytes[at] | 0x20;
        if (first != 'a' && first != 'c' && first != 'p' && first != 's' && first != 't')
            continue;
        for (size_t i = 0; i < COUNT(secret_fields); i++) {
            const Text *field = &secret_fields[i];
            if (first == (uint8_t)field->text[0] && field->n <= name.n - at && is_word((FpSaidText){name.bytes + at, field->n}, *field))
                return true;
        }
    }
    return false;
}

/* The same behind a line end that the value goes on after. */
static size_t skip_folds(const FpSaidSearch *search, size_t start)
{
    for (;;) {
        start = skip_blanks(search, start);
        size_t end = start + (start < search->n && search->bytes[start] == '\r');
        if (end + 1 >= search->n || search->bytes[end] != '\n' || !is_blank(search->bytes[end + 1]))
            return start;
        start = end + 1;
    }
}

/* A Host field has no user information (RFC 9110 7.2), but for whoever sends it all the same. Returns where the next line begins. */
static size_t tell_host(const FpSaidSearch *search, size_t start)
{
    start = skip_folds(search, start);
    size_t end = end_of_line(search, start);
    size_t at_sign = last_at_sign(search, start, end);
    if (at_sign < end || end == search->n)
        fp_said_tell(search, start, end == search->n ? end : at_sign);
    return end < search->n ? end + 1 : end;
}

/* A field: name, colon, value, with blanks between them that RFC 9112 5.1 forbids. Returns where the next line begins; 0: it is none
 * with a secret. start: behind the line's blanks. */
static size_t search_field(const FpSaidSearch *search, size_t start)
{
    size_t end = start;

    while (end < search->n && is_token_character(search->bytes[end]))
        end++;
    size_t colon = skip_blanks(search, end);
    if (end == start || colon == search->n || search->bytes[colon] != ':')
        return 0;
    FpSaidText name = text_of(search, start, end);
    if (is_secret_field(name))
        return tell_value(search, colon + 1);
    return fp_said_text_is(name, "Host") ? tell_host(search, colon + 1) : 0;
}

/* Returns NULL when there is no such word. */
static const Word *find_word(FpSaidText text, unsigned at)
{
    for (size_t i = 0; i < COUNT(secret_words); i++)
        if (secret_words[i].at == at && is_word(text, secret_words[i].word))
            return &secret_words[i];
    return NULL;
}

/* A command with a secret behind it. Returns where the next line begins; 0: it is none. start: behind the line's blanks. */
static size_t search_command(const FpSaidSearch *search, size_t line, size_t start)
{
    for (unsigned at = 0; at < WORDS_MAX; at++) {
        size_t end = end_of_word(search, start), next = skip_blanks(search, end);
        if (end == search->n || next == end)
            return 0;
        FpSaidText text = text_of(search, start, end);
        const Word *word = find_word(text, at);
        if (word != NULL) {
            next = tell_arguments(search, next);
            return word->has_answers ? tell_answers(search, next) : next;
        }
        if (at == 0 && fp_said_text_is(text, "CONNECT")) /* HTTP's has an authority (RFC 9112 3.2.3), NATS' an object */
            return next < search->n && search->bytes[next] == '{' ? tell_value(search, next)
                                                                  : search_line(search, line, tell_user_information(search, next));
        start = next;
    }
    return 0;
}

/* Whether a word that is secret in Redis is all of the line from start on. *next: where the line behind it begins. */
static bool is_secret_string(const FpSaidSearch *search, size_t start, size_t *next)
{
    size_t end = end_of_word(search, start);

    *next = end_of_line(search, end) + 1;
    if (*next > search->n || !is_line_end(search->bytes[end]))
        return false;
    return is_one_of(text_of(search, start, end), secret_strings, COUNT(secret_strings));
}

/* Returns where the next line begins. behind_length: the line before says how long a string of RESP is. */
static size_t take_line(const FpSaidSearch *search, size_t line, bool behind_length)
{
    size_t start = skip_blanks(search, line), next;

    if (behind_length && is_secret_string(search, start, &next))
        return tell_strings(search, next);
    next = search_field(search, start);
    if (next == 0)
        next = search_command(search, line, start);
    return next != 0 ? next : search_line(search, line, start);
}

/* Tells of a line before which anything may have stood, and of what may go on behind it: folds, answers, strings of RESP. If it ends as the
 * length of such a string does, that is in the next line. Returns where the next line begins. */
static size_t tell_rest(const FpSaidSearch *search, size_t start)
{
    while (start < search->n && is_line_end(search->bytes[start]))
        start++;
    if (start < search->n && search->bytes[start] == '$')
        return tell_strings(search, start);
    size_t end = start;
    while (end < search->n && is_digit(search->bytes[end]))
        end++;
    const bool is_length = end < search->n && search->bytes[end] == '\r';
    start = tell_value(search, start);
    if (is_length)
        start = tell_value(search, start);
    return tell_strings(search, tell_answers(search, start));
}

static void search_text(const FpSaidSearch *search, size_t start, bool from_middle)
{
    bool behind_length = false;

    if (from_middle)
        start = tell_rest(search, start);
    while (start < search->n) {
        const uint8_t first = search->bytes[start];
        start = take_line(search, start, behind_length);
        if (first != '\n') /* CR LF is one line end */
            behind_length = first == '$';
    }
}

/* Where what the proxy speaks for begins. */
static size_t behind_proxy(const FpSaidSearch *search, const FpSaidProxy *proxy)
{
    size_t start = 0;

    if (proxy->version == 1) {
        start = end_of_line(search, 0);
        return start < search->n ? start + 1 : start;
    }
    if (proxy->version == 2 && search->n >= 16)
        start = 16 + (size_t)(search->bytes[14] << 8 | search->bytes[15]);
    return start < search->n ? start : search->n;
}

/* Protocols in which nothing that is said first is a password, or nothing can be told from anything else. */
static bool has_none(FpSaidProtocol protocol)
{
    return protocol == FP_SAID_TLS || protocol == FP_SAID_QUIC || protocol == FP_SAID_SSH || protocol == FP_SAID_RDP ||
           protocol == FP_SAID_SMB || protocol == FP_SAID_DNS;
}

void fp_said_secrets(const uint8_t *bytes, size_t n, const FpSaidFacts *facts, bool from_middle, FpSaidSecretFound *found, void *user)
{
    const FpSaidSearch search = {.bytes = bytes, .n = n, .found = found, .user = user};

    if (n == 0 || has_none(facts->protocol))
        return;
    size_t start = behind_proxy(&search, &facts->proxy);
    if (!from_middle && fp_said_binary_secrets(&search, start, facts->protocol))
        return;
    search_text(&search, start, from_middle);
}

typedef struct {
    uint8_t *bytes;
    bool has_any;
} Redaction;

static void cover(void *user, size_t start, size_t n)
{
    Redaction *redaction = user;

    memset(redaction->bytes + start, '*', n);
    redaction->has_any = true;
}

bool fp_said_redact(uint8_t *bytes, size_t n, const FpSaidFacts *facts, bool from_middle)
{
    Redaction redaction = {.bytes = bytes};

    fp_said_secrets(bytes, n, facts, from_middle, cover, &redaction);
    return redaction.has_any;
}
