/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test-secrets.c - where secrets stand in first messages (secrets.h): what is left of each message, of each of its prefixes, and of what
 * follows each byte of a secret when nobody knows what stood before. All between two pages that must not be touched.
 */
#include "bytes.h"
#include "check.h"
#include "secrets.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ROOM_BYTES ((size_t)1 << 12)

/* Where the message has a star the redacted message has one, and where it has none the byte is as it was sent; so both are one text: the
 * bytes between [ and ] are secret. */
typedef struct {
    const char *name, *marked;
    size_t n;
} Case;

#define CASE(name, text) name, text, sizeof(text) - 1

#define BYTES_32 "0123456789abcdefghijklmnopqrstuv"
#define BYTES_128 BYTES_32 BYTES_32 BYTES_32 BYTES_32

static const Case cases[] = {
    {CASE("basic", "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: [Basic dTpw]\r\nAccept: */*\r\n\r\n")},
    {CASE("case", "GET / HTTP/1.1\r\nAUTHORIZATION:[Basic dTpw]\r\npRoXy-aUtHoRiZaTiOn:\t[Digest x]\r\ncookie: [a=b]\r\n\r\n")},
    {CASE("answer", "HTTP/1.1 200 OK\r\nSet-Cookie: [a=b; Path=/]\r\nSet-Cookie2: [c]\r\nX: y\r\n\r\nbody")},
    {CASE("spaces", "GET / HTTP/1.1\r\nCookie :  [a=b \t]\r\nX: y\r\n Authorization \t:[Basic x]\r\n\r\n")},
    {CASE("folded", "GET / HTTP/1.1\r\nAuthorization:\r\n [Basic]\r\n\t [dTpw]\r\nAccept: */*\r\n\r\n")},
    {CASE("folded-twice", "GET / HTTP/1.1\nCookie: [a=b;]\n [c=d;]\n  [e=f]\nAccept: */*\n\n")},
    {CASE("line-feeds", "GET / HTTP/1.1\nCookie: [a=b]\nAccept: */*\n\n")},
    {CASE("carriage-returns", "GET / HTTP/1.1\r\nX: y\rCookie: [a=b\rc=d]\r\nAccept: */*\r\n\r\n")},
    {CASE("others",
          "GET / HTTP/1.1\r\nX-Api-Key: [1]\r\nX-Auth-Token: [2]\r\nPRIVATE-TOKEN: [3]\r\nOcp-Apim-Subscription-Key: [4]\r\n\r\n")},
    {CASE("each-field", "GET / HTTP/1.1\r\nX-Authorization-2: [1]\r\nX-Cookie-2: [2]\r\nX-Token: [3]\r\nX-Secret-2: [4]\r\nX-Password: "
                        "[5]\r\nX-Credentials: [6]\r\n"
                        "X-Session: [7]\r\nX-Api-Key: [8]\r\nApi_Key: [9]\r\nApikey: [10]\r\nX-Auth-Key: [11]\r\nX-Access-Key: [12]\r\n"
                        "Subscription-Key: [13]\r\nAuth: 14\r\nKey: 15\r\n\r\n")},
    {CASE("none", "GET /cookie?a=b HTTP/1.1\r\nHost: a:80\r\nReferer: http://b:8080/c@d\r\nWWW-Authenticate: Basic realm=x\r\n\r\n")},
    {CASE("target", "GET http://[user:pass]@www.example:80/x HTTP/1.1\r\nHost: [u:p]@www.example\r\nReferer: https://[u:p@q]@h/\r\n\r\n")},
    {CASE("token-in-target", "GET http://[ghp_token]@www.example/ HTTP/1.1\r\n\r\n")},
    {CASE("tilde-in-token", "GET / HTTP/1.1\r\nReferer: http://[u~v]@h/\r\nReferer: http://a\x7f-b@h/\r\n\r\n")},
    {CASE("host-folded", "GET / HTTP/1.1\r\nHost:\r\n [u:p]@www.example\r\n\r\n")},
    {CASE("host-with-blank", "GET / HTTP/1.1\r\nHost: [a b]@www.example\r\n\r\n")},
    {CASE("host-empty", "GET / HTTP/1.1\r\nHost:\r\n\r\na@b")},
    {CASE("slashes", "GET http:////[u:p]@h/ HTTP/1.1\r\nReferer: //[u:p]@h/\r\n\r\n")},
    {CASE("slash-in-password", "GET / HTTP/1.1\r\nReferer: http://[user:pa/s?s]@h/x\r\n\r\n")},
    {CASE("address", "GET http://["
                     "2001:db8::1]:80/ HTTP/1.1\r\n\r\n")}, /* see below: there is no secret here */
    {CASE("connect", "CONNECT [u:p]@www.example:443 HTTP/1.1\r\nProxy-Authorization: [Basic x]\r\n\r\n")},
    {CASE("sip", "REGISTER sip:alice:[pw]@h SIP/2.0\r\nFrom: <sip:bob@h>\r\nAuthorization: [Digest x]\r\n\r\n")},
    {CASE("sip-ends", "X sip:a:b\"c@h sip:a:b<c@h sip:a:b>c@h sip:a:b\x7f-c@h sip:a:[b~c]@h\r\n")},
    {CASE("rtsp", "DESCRIBE rtsp://[u:p]@cam/1 RTSP/1.0\r\nSession: [1]\r\n\r\n")},
    {CASE("proxy", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\nCookie: [a=b]\r\n\r\n")},
    {CASE("proxy-2", "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0CONNECT [u:p]@h:443 HTTP/1.1\r\n\r\n")},
    {CASE("ftp", "USER anonymous\r\nPASS [guest@]\r\nSYST\r\n")},
    {CASE("ftp-case", "user x\r\n pAsS \t[a b c]\r\nACCT x\r\n")},
    {CASE("pop3", "USER a\r\nPASS [b]\r\nAPOP [a c4c9334bac560ecc]\r\n")},
    {CASE("smtp", "EHLO h\r\nAUTH [PLAIN AHUAcA==]\r\nMAIL FROM:<a@b>\r\n")},
    {CASE("smtp-login", "EHLO h\r\nAUTH [LOGIN]\r\n[dXNlcg==]\r\n[cGFzcw==]\r\nMAIL FROM:<a@b>\r\n")},
    {CASE("smtp-answer-with-zero", "EHLO h\r\nAUTH [LOGIN]\r\nab\0cd\r\n")},
    {CASE("imap", "a1 LOGIN [\"user\" \"pass word\"]\r\na2 SELECT INBOX\r\n")},
    {CASE("imap-literals", "a1 login [{4}]\r\n[user] [{4+}]\r\n[p\r\nw]\r\na2 NOOP\r\n")},
    {CASE("imap-literal-minus", "a1 login [{4-}]\r\n[user] [{2}]\r\n[pw]\r\na2 NOOP\r\n")},
    {CASE("imap-literal-of-two-digits", "a1 login [{12}]\r\n[0123456789\r\n] [pw]\r\na2 NOOP\r\n")},
    {CASE("imap-sasl", "1 AUTHENTICATE [PLAIN]\r\n[AHUAcA==]\r\n")},
    {CASE("sieve", "AUTHENTICATE [\"PLAIN\" {4+}]\r\n[AHUA]\r\n")},
    {CASE("nntp", "AUTHINFO [USER a]\r\nAUTHINFO [PASS b c]\r\nGROUP x y\r\n")},
    {CASE("irc", "PASS [secret]\r\nNICK me\r\nUSER a b c :d\r\nPRIVMSG NickServ :IDENTIFY [pw]\r\nNS IDENTIFY [pw]\r\nOPER [a b]\r\n")},
    {CASE("redis", "AUTH [user secret]\r\n")},
    {CASE("redis-hello", "HELLO 3 AUTH [default secret]\r\nCONFIG SET requirepass [secret]\r\n")},
    {CASE("resp", "*2\r\n$4\r\nauth\r\n$9\r\n[pass\r\nwor]\r\n*1\r\n$4\r\nPING\r\n")},
    {CASE("resp-hello", "*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$4\r\n[user]\r\n$4\r\n[pass]\r\n")},
    {CASE("each-word", "PASS [a b]\r\nPASSWORD [a b]\r\nAUTHINFO [a b]\r\nX y z\r\nAPOP [a b]\r\nLOGIN [a b]\r\nOPER [a b]\r\nIDENTIFY [a "
                       "b]\r\nAUTH [a b]\r\n"
                       "X y z\r\nAUTHENTICATE [a b]\r\nX y z\r\nx LOGIN [a b]\r\nx IDENTIFY [a b]\r\nx AUTHENTICATE [a b]\r\nX y z\r\nx y "
                       ":IDENTIFY [a b]\r\n"
                       "x y AUTH [a b]\r\nx y REQUIREPASS [a b]\r\nx y MASTERAUTH [a b]\r\nx y PASS b\r\n")},
    {CASE("each-string", "*2\r\n$5\r\nAUTH2\r\n$1\r\n[a]\r\n*4\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n$11\r\nrequirepass\r\n$2\r\n[ab]\r\n"
                         "*4\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n$10\r\nmasterauth\r\n$2\r\n[ab]\r\n")},
    {CASE("nats", "CONNECT [{\"user\":\"u\",\"pass\":\"p\"}]\r\nPING\r\n")},
    {CASE("stomp", "CONNECT\nlogin:u\npasscode:[p]\n\n")},
    {CASE("ami", "Action: Login\r\nUsername: u\r\nSecret: [s]\r\n\r\n")},
    {CASE("xmpp", "<?xml version='1.0'?><stream:stream to='a'><auth xmlns='urn:x' mechanism='PLAIN'>[AHUAcA==]</auth><a>b</a>")},
    {CASE("xmpp-old", "<stream:stream><iq><query><username>u</username><password>[p]</password><auth/></query></iq>")},
    {CASE("xmpp-each-element",
          "<stream:stream><response>[a]</response><digest>[b]</digest><password>[c]</password><auth>[d]</auth><other>e</other>")},
    {CASE("xmpp-nothing", "<stream:stream><iq><query><auth/>text<password>[p]</password></query></iq>")},
    {CASE("mqtt", "\x10\x17\0\4MQTT\4\xc2\0\x3c\0\2id\0\2me\0\3[pwd]")},
    {CASE("mqtt-5", "\x10\x1e\0\4MQTT\5\xc2\0\x3c\6[\x16\0\3abc]\0\2id\0\2me\0\3[pwd]")},
    {CASE("mqtt-will", "\x10\x1d\0\4MQTT\4\xc6\0\x3c\0\2id\0\1t\0\1w\0\2me\0\3[pwd]")},
    {CASE("mqtt-length-of-two-bytes", "\x10\x95\1\0\4MQTT\4\xc2\0\x3c\0\x80" BYTES_128 "\0\2me\0\3[pwd]")},
    {CASE("mqtt-length-of-four-bytes", "\x10\x97\x80\x80\0\0\4MQTT\4\xc2\0\x3c\0\2id\0\2me\0\3[pwd]")},
    {CASE("mqtt-5-properties", "\x10\x9c\1\0\4MQTT\5\xc2\0\x3c\x83\1[\x16\0\x80" BYTES_128 "]\0\2id\0\2me\0\3[pwd]")},
    {CASE("mqtt-5-length-of-five-bytes", "\x10\x22\0\4MQTT\5\xc2\0\x3c\x86\x80\x80\x80[\0\x16\0\3ab]c\0\2id\0\2me\0\3pwd")},
    {CASE("mysql", "\x2f\0\0\1\0\x82\0\0\0\0\0\1\x21"
                   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                   "root\0\5[clear]tail")},
    {CASE("mysql-length-of-16-bits", "\xac\0\0\1\0\x82\x20\0\0\0\0\1\x21"
                                     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                     "root\0\xfc\x80\0[" BYTES_128 "]tail")},
    {CASE("mysql-length-of-8-bits", "\x26\1\0\1\1\x82\0\0\0\0\0\1\x21"
                                    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                    "root\0\xfc[" BYTES_128 BYTES_32 BYTES_32 BYTES_32 "0123456789abcdef0123456789ab]tail")},
    {CASE("mysql-up-to-nul", "\x2f\0\0\1\1\2\0\0\0\0\0\1\x21"
                             "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                             "root\0[clear]\0tail")},
    {CASE("postgres-cancel", "\0\0\0\x10\4\xd2\x16\x2e\0\0\0\1[\1\2\3\4]")},
    {CASE("http2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0\0\0\3\1\4\0\0\0\1[\x82\x86\x84]\0\0\1\0\1\0\0\0\1d")},
    {CASE("http2-other-frames",
          "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\3\5\0\0\0\0\1[\x82\x86\x84]\0\0\3\t\0\0\0\0\1[\x82\x86\x84]\0\0\4\b\0\0\0\0\1\0\0\1\2")},
    {CASE("ldap", "\x30\x13\2\1\1\x60\x0e\2\1\3\4\4cn=a\x80\3[pwd]")},
    {CASE("ldap-sasl", "\x30\x13\2\1\1\x60\x0e\2\1\3\4\4cn=a\xa3\3[pwd]")},
    {CASE("ldap-long-lengths", "\x30\x81\x1c\2\1\1\x60\x82\0\x15\2\1\3\4\x83\0\0\4cn=a\x80\x84\0\0\0\3[pwd]")},
    {CASE("ldap-version-of-two-bytes", "\x30\x14\2\1\1\x60\x0f\2\2\0\3\4\4cn=a\x80\3[pwd]")},
    {CASE("ldap-no-bind", "\x30\x13\2\1\1\x61\x0e\2\1\3\4\4cn=a\x80\3pwd")},
    {CASE("ldap-no-version", "\x30\x13\2\1\1\x60\x0e\4\1\3\4\4cn=a\x80\3pwd")},
    {CASE("snmp-indefinite-length", "\x30\x10\2\1\1\4\x80[public\xa0\3\2\1\1]")},
    {CASE("snmp-length-of-five-bytes", "\x30\x15\2\1\1\4\x85[\0\0\0\0\6public\xa0\3\2\1\1]")},
    {CASE("snmp", "\x30\x10\2\1\1\4\6[public]\xa0\3\2\1\1")},
    {CASE("socks", "\5\1\2\1\2me\3[pwd]\5")},
    {CASE("behind-socks", "\4\1\0\x50\xc0\0\2\1me\0GET / HTTP/1.1\r\nCookie: [a=b]\r\n\r\n")},
    {CASE("x11", "l\0\x0b\0\0\0\3\0\4\0\0\0MIT\0[\1\2\3\4]")},
    {CASE("x11-name-of-four", "l\0\x0b\0\0\0\4\0\4\0\0\0MIT1[\1\2\3\4]")},
    {CASE("x11-big", "B\0\0\x0b\0\0\0\3\0\4\0\0MIT\0[\1\2\3\4]")},
    {CASE("ssh", "SSH-2.0-x PASS y\r\n")},
    {CASE("ssh-lines", "SSH-2.0-x\r\nPASS y\r\n")},
};

/* What stood before is not known. */
static const Case rests[] = {
    {CASE("length", "[9]\r\n[some wor]\r\nGET a b\r\n")}, /* of a string of RESP, whose $ is missing */
    {CASE("no-length", "[9x]\r\nsome wor\r\nGET a b\r\n")},
    {CASE("no-carriage-return", "[9]\nsome wor\nGET a b\n")},
    {CASE("folds", "[Basic]\r\n [dTpw =]\r\nAccept: */*\r\n\r\n")},
    {CASE("answers", "[LOGIN x]\r\n[dXNlcg==]\r\n[cGFzcw==]\r\nMAIL FROM:<a@b>\r\n")},
    {CASE("strings", "\r\n$4\r\n[pa s]\r\n$2\r\n[ab]\r\nGET a b\r\n")},
};

static uint8_t *room; /* between two pages that must not be touched */

_Noreturn static void fail(const char *name, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fprintf(stderr, "%s: ", name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

typedef struct {
    uint8_t bytes[ROOM_BYTES], redacted[ROOM_BYTES];
    size_t n;
} Message;

/* Takes the brackets out, but for an address in them. */
static void unmark(const Case *one, Message *message)
{
    bool is_address = strcmp(one->name, "address") == 0, is_secret = false;

    message->n = 0;
    for (size_t i = 0; i < one->n; i++) {
        char byte = one->marked[i];
        if (!is_address && (byte == '[' || byte == ']')) {
            is_secret = byte == '[';
            continue;
        }
        message->bytes[message->n] = (uint8_t)byte;
        message->redacted[message->n++] = is_secret ? '*' : (uint8_t)byte;
    }
}

/* Returns what is left of n bytes, where they end, or where they start, with the room. */
static const uint8_t *redact(const char *name, const uint8_t *bytes, size_t n, bool at_end, const FpSaidFacts *facts, bool from_middle)
{
    uint8_t *start = at_end ? room + ROOM_BYTES - n : room;

    memcpy(start, bytes, n);
    if (!fp_said_redact(start, n, facts, from_middle) && memcmp(start, bytes, n) != 0)
        fail(name, "%zu bytes: there are secrets, and there are none", n);
    for (size_t i = 0; i < n; i++)
        if (start[i] != bytes[i] && start[i] != '*')
            fail(name, "byte %zu of %zu is changed", i, n);
    return start;
}

static void check_prefixes(const Case *one, const Message *message, const FpSaidFacts *facts)
{
    for (size_t n = 0; n <= message->n; n++)
        for (int at_end = 0; at_end < 2; at_end++) {
            const uint8_t *left = redact(one->name, message->bytes, n, at_end, facts, false);
            for (size_t i = 0; i < n; i++)
                if (message->redacted[i] == '*' && message->bytes[i] != '*' && left[i] != '*')
                    fail(one->name, "of the first %zu bytes, byte %zu of a secret is left", n, i);
        }
}

/* Whatever a line is cut at, the rest of a secret in it is hidden. */
static void check_rests(const Case *one, const Message *message)
{
    static const FpSaidFacts nothing;

    for (size_t start = 0; start < message->n; start++) {
        const uint8_t *left = redact(one->name, message->bytes + start, message->n - start, true, &nothing, true);
        for (size_t i = start; i < message->n && message->bytes[i] != '\n'; i++)
            if (message->redacted[i] == '*' && left[i - start] != '*' && strchr(" \t\r", left[i - start]) == NULL)
                fail(one->name, "from byte %zu on, byte %zu of a secret is left", start, i);
    }
}

static void check_rest(const Case *one)
{
    static const FpSaidFacts nothing;
    static Message message;

    unmark(one, &message);
    const uint8_t *left = redact(one->name, message.bytes, message.n, true, &nothing, true);
    if (memcmp(left, message.redacted, message.n) != 0)
        fail(one->name, "what is left of the rest: %.*s", (int)message.n, (const char *)left);
}

/* As fuzz-secrets.c takes it. */
static void write_seed(const char *name, const Message *message, const FpSaidFacts *facts)
{
    uint8_t seed[ROOM_BYTES + 1];

    seed[0] = (uint8_t)(facts->protocol | (facts->proxy.version == 2 ? 0x40 : 0));
    memcpy(seed + 1, message->bytes, message->n);
    check_write_seed("secrets", name, seed, message->n + 1);
}

static void check(const Case *one)
{
    static Message message;
    FpSaidFacts facts;

    unmark(one, &message);
    const FpSaidMessage said = {.bytes = message.bytes, .n = message.n, .is_over = true};
    (void)fp_said_recognise(check_said(), &said, &facts);
    const uint8_t *left = redact(one->name, message.bytes, message.n, true, &facts, false);
    if (memcmp(left, message.redacted, message.n) != 0)
        fail(one->name, "what is left: %.*s", (int)message.n, (const char *)left);
    check_prefixes(one, &message, &facts);
    check_rests(one, &message);
    write_seed(one->name, &message, &facts);
}

int main(int argc, char **argv)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, ROOM_BYTES + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED || mprotect(pages + page, ROOM_BYTES, PROT_READ | PROT_WRITE) != 0)
        fail("room", "no memory");
    room = pages + page;
    check_begin(argc, argv);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(&cases[i]);
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++)
        check_rest(&rests[i]);
    printf("%zu messages\n", sizeof cases / sizeof *cases);
    return check_end();
}
