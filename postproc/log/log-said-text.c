/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log-said-text.c - what a first payload says, in a few words for people. See log-said.h. */
#include "base/printable.h"
#include "log-internal.h"
#include "log-said.h"

static void append_bytes(GString *line, FpSaidText text)
{
    fp_printable_escape(line, text.bytes, text.n);
}

/* A word behind a space, where there is one. */
static void append_word(GString *line, FpSaidText text)
{
    if (text.n == 0)
        return;
    g_string_append_c(line, ' ');
    append_bytes(line, text);
}

static void append_named(GString *line, const char *name, FpSaidText text)
{
    if (text.n == 0)
        return;
    g_string_append_printf(line, " %s=", name);
    append_bytes(line, text);
}

static void append_tls(GString *line, const FpSaidTls *tls)
{
    FpSaidItems items = fp_said_tls_alpn(tls);
    FpSaidText protocol;
    const char *between = " ";

    append_word(line, tls->server_name);
    for (; fp_said_items_next_text(&items, &protocol); between = ",") {
        g_string_append(line, between);
        append_bytes(line, protocol);
    }
    if (tls->offers_ech)
        g_string_append(line, " ech");
}

/* Host and path as in a URL; a target in another form (RFC 9112 3.2) has its host in it, or needs none. */
static void append_http(GString *line, const FpSaidHttp *http)
{
    append_word(line, http->method);
    g_string_append_c(line, ' ');
    if (http->target.n > 0 && http->target.bytes[0] == '/')
        append_bytes(line, http->host);
    append_bytes(line, http->target);
}

static void append_postgres(GString *line, const FpSaidPostgres *postgres)
{
    static const char *const requests[] = {"", " ssl-request", " gssenc-request", " cancel-request"};

    g_string_append(line, requests[postgres->request]);
    append_named(line, "user", postgres->user);
    append_named(line, "database", postgres->database);
}

static void append_mysql(GString *line, const FpSaidMysql *mysql)
{
    append_word(line, mysql->server_version);
    if (mysql->is_ssl_request)
        g_string_append(line, " ssl-request");
    append_named(line, "user", mysql->user);
    append_named(line, "database", mysql->database);
}

/* The target as in an URL. */
static void append_socks(GString *line, const FpSaidSocks *socks)
{
    if (socks->command == 0)
        return;
    g_string_append_c(line, ' ');
    if (socks->address_bytes != 0) {
        fp_log_append_endpoint(line, socks->address, socks->address_bytes, socks->port);
        return;
    }
    append_bytes(line, socks->host);
    g_string_append_c(line, ':');
    fp_printable_number(line, socks->port);
}

static void append_ldap(GString *line, const FpSaidLdap *ldap)
{
    if (fp_said_ldap_is_starttls(ldap))
        g_string_append(line, " starttls");
    else
        append_word(line, ldap->request_name);
}

static void append_protocol(GString *line, const FpSaidFacts *facts)
{
    switch (facts->protocol) {
    case FP_SAID_TLS:
    case FP_SAID_QUIC:
        append_tls(line, &facts->tls);
        break;
    case FP_SAID_HTTP:
        append_http(line, &facts->http);
        break;
    case FP_SAID_SSH:
        append_word(line, facts->ssh.software_version);
        break;
    case FP_SAID_SMTP:
    case FP_SAID_FTP:
    case FP_SAID_POP3:
    case FP_SAID_IMAP:
        append_word(line, facts->greeting.text);
        break;
    case FP_SAID_MYSQL:
        append_mysql(line, &facts->mysql);
        break;
    case FP_SAID_POSTGRES:
        append_postgres(line, &facts->postgres);
        break;
    case FP_SAID_MQTT:
        append_named(line, "client_id", facts->mqtt.client_id);
        append_named(line, "user", facts->mqtt.user);
        break;
    case FP_SAID_RDP:
        append_named(line, "cookie", facts->rdp.cookie);
        break;
    case FP_SAID_SMB:
        g_string_append_printf(line, " version %u", facts->smb.version);
        break;
    case FP_SAID_DNS:
        append_word(line, facts->dns.name);
        break;
    case FP_SAID_SOCKS:
        append_socks(line, &facts->socks);
        break;
    case FP_SAID_XMPP:
        append_named(line, "to", facts->xmpp.to);
        append_named(line, "from", facts->xmpp.from);
        break;
    case FP_SAID_LDAP:
        append_ldap(line, &facts->ldap);
        break;
    default:
        break;
    }
}

bool fp_log_append_said(GString *line, const FpSaidFacts *facts)
{
    if (facts->protocol == FP_SAID_NOTHING)
        return false;
    if (facts->proxy.version != 0 && facts->protocol != FP_SAID_PROXY)
        g_string_append(line, "proxy ");
    g_string_append(line, fp_said_name(facts->protocol));
    append_protocol(line, facts);
    return true;
}
