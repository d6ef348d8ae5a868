/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http.c - HTTP/1 requests (RFC 9112): request line and the fields that name host and user agent.
 *
 * As Wireshark does, the line is split at its first two spaces, so that a target ends at one (RFC 9112 3.2 has none in
 * it), and a line may end in LF alone (2.2). A folded field (5.2) has its first line only.
 */
#include "said-internal.h"

#include <string.h>

/* The longest that IANA's registry has is 16; more is no method. */
#define METHOD_BYTES_MAX 32

/* RFC 9110 9.3, RFC 5789. With these a request is one even where its version is not HTTP's. */
static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

/* RFC 9110 5.6.2. */
static bool is_token_character(uint8_t byte)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte != 0 && strchr(others, byte) != NULL);
}

static bool is_known_method(FpSaidText method)
{
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (method.n == strlen(methods[i]) && memcmp(method.bytes, methods[i], method.n) == 0)
            return true;
    return false;
}

/* What stands before the first space from *position on, and *position behind it; or the rest. false: there is no space. */
static bool word(FpSaidText line, size_t *position, FpSaidText *text)
{
    const uint8_t *start = line.bytes + *position;
    size_t left = line.n - *position;
    const uint8_t *space = left > 0 ? memchr(start, ' ', left) : NULL;

    *text = (FpSaidText){start, space != NULL ? (size_t)(space - start) : left};
    *position += text->n + (space != NULL ? 1 : 0);
    return space != NULL;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* Whether the line ends in HTTP-version (RFC 9112 2.3). */
static bool ends_in_version(FpSaidText text)
{
    static const char name[] = "HTTP/";
    size_t n = sizeof name - 1 + 3;

    if (text.n < n)
        return false;
    const uint8_t *version = text.bytes + text.n - n;
    return memcmp(version, name, sizeof name - 1) == 0 && is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
}

/* SIP/2.0, RTSP/1.0, ICAP/1.0 ...: a protocol that has methods of the same names. */
static bool is_version_of_another(FpSaidText text)
{
    size_t n = 0;

    while (n < text.n && ((text.bytes[n] >= 'A' && text.bytes[n] <= 'Z')))
        n++;
    return n > 0 && n + 1 < text.n && text.bytes[n] == '/' && is_digit(text.bytes[n + 1]) &&
           !(n == 4 && memcmp(text.bytes, "HTTP", 4) == 0);
}

typedef enum {
    NO_REQUEST,
    PERHAPS, /* HTTP's only if an HTTP head follows */
    REQUEST,
    SIMPLE_REQUEST, /* HTTP/0.9: there is no head */
} Line;

/* RFC 9112 3; RFC 1945 4.1 for HTTP/0.9. */
static Line take_request_line(FpSaidText line, FpSaidHttp *http)
{
    size_t position = 0;

    if (!word(line, &position, &http->method))
        return NO_REQUEST;
    bool is_known = is_known_method(http->method);
    if (!word(line, &position, &http->target)) {
        bool is_simple =
            http->target.n > 0 && http->target.bytes[0] == '/' && http->method.n == 3 && memcmp(http->method.bytes, "GET", 3) == 0;
        return is_simple ? SIMPLE_REQUEST : NO_REQUEST;
    }
    http->protocol = (FpSaidText){line.bytes + position, line.n - position};
    if (ends_in_version(http->protocol))
        return REQUEST;
    return is_known && !is_version_of_another(http->protocol) ? PERHAPS : NO_REQUEST;
}

/* Forms of a target that say so at once (RFC 9112 3.2): origin-form, asterisk-form, absolute-form. */
static bool may_be_target(const uint8_t *bytes, size_t n)
{
    return n == 0 || bytes[0] == '/' || bytes[0] == '*' || FP_SAID_BEGINS(bytes, n, "http") != FP_MATCH_NO;
}

/* Whether a request line may begin like this. Of a method that is not HTTP's own more is asked, so that other text is not waited for. */
static bool may_begin(const uint8_t *bytes, size_t n)
{
    size_t method_bytes = 0;

    while (method_bytes < n && is_token_character(bytes[method_bytes]))
        method_bytes++;
    if (method_bytes > METHOD_BYTES_MAX || (method_bytes == 0 && n > 0))
        return false;
    if (method_bytes == n)
        return true;
    if (bytes[method_bytes] != ' ' || FP_SAID_BEGINS(bytes, n, "PRI * HTTP/2.0\r\n") == FP_MATCH_YES) /* HTTP/2's (RFC 9113 3.4) */
        return false;
    return is_known_method((FpSaidText){bytes, method_bytes}) || may_be_target(bytes + method_bytes + 1, n - method_bytes - 1);
}

/* RFC 3986 3.2.3: digits behind the last colon, which is not one of an IPv6 address in brackets. */
static void take_host(FpSaidHttp *http, FpSaidText value)
{
    size_t end = value.n;
    uint32_t port = 0;

    http->host = http->hostname = value;
    while (end > 0 && is_digit(value.bytes[end - 1]))
        end--;
    if (end == 0 || value.bytes[end - 1] != ':')
        return;
    if (value.bytes[0] != '[' && memchr(value.bytes, ':', end - 1) != NULL)
        return; /* an IPv6 address without brackets: no telling what is its port */
    if (value.bytes[0] == '[' && value.bytes[end - 2] != ']')
        return;
    for (size_t i = end; i < value.n && port <= UINT16_MAX; i++)
        port = port * 10 + (uint32_t)(value.bytes[i] - '0');
    if (port > UINT16_MAX)
        return;
    http->hostname.n = end - 1;
    http->port = port;
}

/* RFC 9112 5: name, colon without a space before it, value. The first of a name counts. */
static void take_field(FpSaidHttp *http, FpSaidText line)
{
    const uint8_t *colon = line.n > 0 ? memchr(line.bytes, ':', line.n) : NULL;

    if (colon == NULL)
        return;
    FpSaidText name = {line.bytes, (size_t)(colon - line.bytes)};
    FpSaidText value = fp_said_trim((FpSaidText){colon + 1, line.n - name.n - 1});
    if (http->host.bytes == NULL && fp_said_text_is(name, "Host"))
        take_host(http, value);
    if (http->user_agent.bytes == NULL && fp_said_text_is(name, "User-Agent"))
        http->user_agent = value;
}

/* Up to the empty line, and *position behind it. false: it is not there yet. */
static bool take_fields(const FpSaidMessage *message, size_t *position, FpSaidHttp *http)
{
    FpSaidText line;

    while (fp_said_line(message->bytes, message->n, position, &line)) {
        if (line.n == 0)
            return true;
        take_field(http, line);
    }
    return false;
}

/* A server ignores an empty line before the request line (RFC 9112 2.2). */
static size_t empty_lines(const FpSaidMessage *message)
{
    size_t n = 0;

    while (n < message->n && n < 4 && (message->bytes[n] == '\r' || message->bytes[n] == '\n'))
        n++;
    return n;
}

bool fp_said_http_is_connect(const FpSaidHttp *http)
{
    static const char method[] = "CONNECT";

    return http->method.n == sizeof method - 1 && memcmp(http->method.bytes, method, sizeof method - 1) == 0;
}

FpSaidResult fp_said_http(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    size_t position = empty_lines(message);
    FpSaidText line;
    FpSaidHttp http = {0};

    (void)said;
    if (!may_begin(message->bytes + position, message->n - position))
        return FP_SAID_UNKNOWN;
    if (!fp_said_line(message->bytes, message->n, &position, &line))
        return fp_said_more(message, facts, 0);
    Line kind = take_request_line(line, &http);
    if (kind == NO_REQUEST)
        return FP_SAID_UNKNOWN;
    bool is_whole = kind == SIMPLE_REQUEST || take_fields(message, &position, &http);
    if (!is_whole && (!message->is_over || kind == PERHAPS))
        return fp_said_more(message, facts, 0);
    fp_said_begin(facts, FP_SAID_HTTP);
    facts->http = http;
    facts->is_cut = !is_whole;
    facts->tls_at = is_whole && fp_said_http_is_connect(&http) ? position : 0;
    return FP_SAID_ENOUGH;
}
