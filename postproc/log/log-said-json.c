/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log-said-json.c - what a first payload says, with the keys of Suricata's EVE where it has the same thing, and others made like them. A
 * key that is there always has the same type. docs/log.schema.json has all of them. See log-said.h.
 */
#include "base/printable.h"
#include "log-internal.h"
#include "log-said.h"

/* Whoever sends these decides how long they are; lines have to stay short. */
enum {
    TEXT_BYTES_MAX = 512,
    JA3_BYTES_MAX = 4096,
    LIST_MAX = 64,
};

/* An object that is being written: its members, with commas between them. */
typedef struct {
    GString *line;
    const char *between;
} Object;

static Object begin_object(GString *line, const char *name)
{
    g_string_append(line, ",\"");
    g_string_append(line, name);
    g_string_append(line, "\":{");
    return (Object){.line = line, .between = ""};
}

static void end_object(Object *object)
{
    g_string_append_c(object->line, '}');
}

static void add_key(Object *object, const char *key)
{
    g_string_append(object->line, object->between);
    g_string_append_c(object->line, '"');
    g_string_append(object->line, key);
    g_string_append(object->line, "\":");
    object->between = ",";
}

static void append_bytes(GString *line, FpSaidText text)
{
    fp_printable_json_bytes(line, text.bytes, MIN(text.n, TEXT_BYTES_MAX));
}

static void add_text(Object *object, const char *key, FpSaidText text)
{
    if (text.bytes == NULL)
        return;
    add_key(object, key);
    append_bytes(object->line, text);
}

static void add_string(Object *object, const char *key, const char *value)
{
    if (*value == '\0')
        return;
    add_key(object, key);
    fp_printable_json(object->line, value);
}

static void add_number(Object *object, const char *key, uint32_t number)
{
    add_key(object, key);
    fp_printable_number(object->line, number);
}

static void add_flag(Object *object, const char *key, bool is_set)
{
    add_key(object, key);
    g_string_append(object->line, is_set ? "true" : "false");
}

static void add_version(GString *line, uint16_t version)
{
    static const char *const names[] = {"SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"};

    if (version < 0x0300 || version >= 0x0300 + G_N_ELEMENTS(names)) {
        g_string_append_printf(line, "\"0x%04x\"", version);
        return;
    }
    g_string_append_c(line, '"');
    g_string_append(line, names[version - 0x0300]);
    g_string_append_c(line, '"');
}

static bool is_grease(uint16_t number) /* RFC 8701 2 */
{
    return (number & 0x0f0f) == 0x0a0a && number >> 8 == (number & 0xff);
}

/* Takes the next version that is not GREASE. */
static bool next_version(FpSaidItems *items, uint16_t *version)
{
    while (fp_said_items_next_number(items, version))
        if (!is_grease(*version))
            return true;
    return false;
}

/* Those of supported_versions; without that extension the one of the hello itself (RFC 8446 4.2.1), unless what is missing of it may have
 * them. */
static void add_versions(Object *object, const FpSaidTls *tls, bool is_cut)
{
    FpSaidItems items = fp_said_tls_versions(tls);
    uint16_t version;
    const bool is_any = next_version(&items, &version);

    if (!is_any && is_cut)
        return;
    add_key(object, "versions");
    g_string_append_c(object->line, '[');
    if (is_any || tls->version != 0)
        add_version(object->line, is_any ? version : tls->version);
    while (next_version(&items, &version)) {
        g_string_append_c(object->line, ',');
        add_version(object->line, version);
    }
    g_string_append_c(object->line, ']');
}

static void add_alpns(Object *object, const FpSaidTls *tls)
{
    FpSaidItems items = fp_said_tls_alpn(tls);
    FpSaidText protocol;
    const char *between = "[";

    for (int i = 0; i < LIST_MAX && fp_said_items_next_text(&items, &protocol); i++, between = ",") {
        if (*between == '[')
            add_key(object, "client_alpns");
        g_string_append(object->line, between);
        append_bytes(object->line, protocol);
    }
    if (*between == ',')
        g_string_append_c(object->line, ']');
}

static void add_ja3(Object *object, const FpSaidTls *tls)
{
    if (tls->ja3_hash[0] == '\0')
        return;
    size_t n = fp_said_tls_ja3(tls, NULL, 0) + 1;
    if (n > JA3_BYTES_MAX)
        return;
    g_autofree char *string = g_malloc(n);
    (void)fp_said_tls_ja3(tls, string, n);
    add_key(object, "ja3");
    g_string_append(object->line, "{\"hash\":\"");
    g_string_append(object->line, tls->ja3_hash);
    g_string_append(object->line, "\",\"string\":\"");
    g_string_append(object->line, string);
    g_string_append(object->line, "\"}");
}

static void append_tls(GString *line, const FpSaidTls *tls, bool is_cut)
{
    Object object = begin_object(line, "tls");

    add_text(&object, "sni", tls->server_name);
    add_versions(&object, tls, is_cut);
    add_alpns(&object, tls);
    add_ja3(&object, tls);
    add_string(&object, "ja4", tls->ja4);
    if (tls->offers_ech || !is_cut)
        add_flag(&object, "ech", tls->offers_ech);
    end_object(&object);
}

static void append_quic(GString *line, uint32_t version)
{
    g_string_append_printf(line, ",\"quic\":{\"version\":\"0x%08x\"}", version);
}

static void append_http(GString *line, const FpSaidHttp *http)
{
    Object object = begin_object(line, "http");

    add_text(&object, "hostname", http->hostname);
    if (http->port != 0)
        add_number(&object, "http_port", http->port);
    add_text(&object, "url", http->target);
    add_text(&object, "http_method", http->method);
    add_text(&object, "http_user_agent", http->user_agent);
    add_text(&object, "protocol", http->protocol);
    end_object(&object);
}

static void append_ssh(GString *line, const FpSaidSsh *ssh, FpSide side)
{
    g_string_append(line, ",\"ssh\":{");
    Object object = {.line = line, .between = ""};
    add_key(&object, side == FP_SIDE_SERVER ? "server" : side == FP_SIDE_CLIENT ? "client" : "unknown");
    g_string_append_c(line, '{');
    object.between = "";
    add_text(&object, "proto_version", ssh->proto_version);
    add_text(&object, "software_version", ssh->software_version);
    add_text(&object, "comments", ssh->comments);
    g_string_append(line, "}}");
}

static void append_greeting(GString *line, FpSaidProtocol protocol, const FpSaidGreeting *greeting)
{
    Object object = begin_object(line, fp_said_name(protocol));

    add_text(&object, "greeting", greeting->text);
    end_object(&object);
}

static void append_mysql(GString *line, const FpSaidMysql *mysql)
{
    Object object = begin_object(line, "mysql");

    add_text(&object, "version", mysql->server_version);
    add_flag(&object, "ssl_request", mysql->is_ssl_request);
    add_text(&object, "user", mysql->user);
    add_text(&object, "database", mysql->database);
    end_object(&object);
}

static void append_postgres(GString *line, const FpSaidPostgres *postgres)
{
    static const char *const requests[] = {"startup", "ssl", "gssenc", "cancel"};
    Object object = begin_object(line, "pgsql");

    add_string(&object, "request", requests[postgres->request]);
    add_text(&object, "user", postgres->user);
    add_text(&object, "database", postgres->database);
    add_text(&object, "application_name", postgres->application);
    end_object(&object);
}

static void append_mqtt(GString *line, const FpSaidMqtt *mqtt)
{
    Object object = begin_object(line, "mqtt");

    add_text(&object, "protocol_string", mqtt->protocol);
    add_number(&object, "protocol_version", mqtt->version);
    add_text(&object, "client_id", mqtt->client_id);
    add_text(&object, "username", mqtt->user);
    end_object(&object);
}

static void append_rdp(GString *line, const FpSaidRdp *rdp)
{
    Object object = begin_object(line, "rdp");

    add_text(&object, "cookie", rdp->cookie);
    add_text(&object, "routing_token", rdp->token);
    if (rdp->has_protocols)
        add_number(&object, "requested_protocols", rdp->requested_protocols);
    end_object(&object);
}

static void add_dialects(Object *object, const FpSaidSmb *smb)
{
    FpSaidText rest = smb->dialects, name = {NULL, 0};
    uint16_t number;
    const char *between = "[";

    for (int i = 0; i < LIST_MAX && fp_said_smb_next_dialect(smb->version, &rest, &name, &number); i++, between = ",") {
        if (*between == '[')
            add_key(object, "client_dialects");
        g_string_append(object->line, between);
        if (smb->version == 1)
            append_bytes(object->line, name);
        else
            g_string_append_printf(object->line, "\"0x%04x\"", number);
    }
    if (*between == ',')
        g_string_append_c(object->line, ']');
}

static void append_smb(GString *line, const FpSaidSmb *smb)
{
    Object object = begin_object(line, "smb");

    add_number(&object, "version", smb->version);
    add_number(&object, "command", smb->command);
    add_dialects(&object, smb);
    end_object(&object);
}

static void append_dns(GString *line, const FpSaidDns *dns)
{
    Object object = begin_object(line, "dns");

    add_number(&object, "id", dns->id);
    add_number(&object, "opcode", dns->opcode);
    add_text(&object, "rrname", dns->name);
    add_number(&object, "rrtype", dns->type);
    add_number(&object, "rrclass", dns->class);
    end_object(&object);
}

static void add_address(Object *object, const char *key, const uint8_t *address, unsigned address_bytes)
{
    add_key(object, key);
    g_string_append_c(object->line, '"');
    fp_log_append_address(object->line, address, address_bytes);
    g_string_append_c(object->line, '"');
}

static void append_socks(GString *line, const FpSaidSocks *socks)
{
    static const char *const commands[] = {"", "connect", "bind", "udp_associate"};
    Object object = begin_object(line, "socks");

    add_number(&object, "version", socks->version);
    if (socks->command != 0) {
        add_string(&object, "command", commands[socks->command]);
        add_text(&object, "hostname", socks->host);
        if (socks->address_bytes != 0)
            add_address(&object, "dest_ip", socks->address, socks->address_bytes);
        add_number(&object, "dest_port", socks->port);
    }
    add_text(&object, "username", socks->user);
    end_object(&object);
}

static void append_xmpp(GString *line, const FpSaidXmpp *xmpp)
{
    Object object = begin_object(line, "xmpp");

    add_text(&object, "to", xmpp->to);
    add_text(&object, "from", xmpp->from);
    end_object(&object);
}

/* As Suricata 8 has an LDAP request. */
static void append_ldap(GString *line, const FpSaidLdap *ldap)
{
    g_string_append(line, ",\"ldap\":{\"request\":{");
    Object object = {.line = line, .between = ""};
    add_number(&object, "message_id", ldap->message_id);
    add_string(&object, "operation", "extended_request");
    add_key(&object, "extended_request");
    g_string_append_c(line, '{');
    object.between = "";
    add_text(&object, "name", ldap->request_name);
    g_string_append(line, "}}}");
}

static void append_proxy(GString *line, const FpSaidProxy *proxy)
{
    Object object = begin_object(line, "proxy");

    add_number(&object, "version", proxy->version);
    if (proxy->address_bytes != 0) {
        add_address(&object, "src_ip", proxy->source, proxy->address_bytes);
        add_number(&object, "src_port", proxy->source_port);
        add_address(&object, "dest_ip", proxy->destination, proxy->address_bytes);
        add_number(&object, "dest_port", proxy->destination_port);
    }
    end_object(&object);
}

static void append_protocol(GString *line, const FpSaidFacts *facts, FpSide side)
{
    switch (facts->protocol) {
    case FP_SAID_QUIC:
        append_quic(line, facts->quic_version);
        append_tls(line, &facts->tls, facts->is_cut);
        break;
    case FP_SAID_TLS:
        append_tls(line, &facts->tls, facts->is_cut);
        break;
    case FP_SAID_HTTP:
    case FP_SAID_HTTP2:
        append_http(line, &facts->http);
        break;
    case FP_SAID_SSH:
        append_ssh(line, &facts->ssh, side);
        break;
    case FP_SAID_SMTP:
    case FP_SAID_FTP:
    case FP_SAID_POP3:
    case FP_SAID_IMAP:
        append_greeting(line, facts->protocol, &facts->greeting);
        break;
    case FP_SAID_MYSQL:
        append_mysql(line, &facts->mysql);
        break;
    case FP_SAID_POSTGRES:
        append_postgres(line, &facts->postgres);
        break;
    case FP_SAID_MQTT:
        append_mqtt(line, &facts->mqtt);
        break;
    case FP_SAID_RDP:
        append_rdp(line, &facts->rdp);
        break;
    case FP_SAID_SMB:
        append_smb(line, &facts->smb);
        break;
    case FP_SAID_DNS:
        append_dns(line, &facts->dns);
        break;
    case FP_SAID_SOCKS:
        append_socks(line, &facts->socks);
        break;
    case FP_SAID_XMPP:
        append_xmpp(line, &facts->xmpp);
        break;
    case FP_SAID_LDAP:
        append_ldap(line, &facts->ldap);
        break;
    default:
        break;
    }
}

void fp_log_append_said_json(GString *line, const FpSaidFacts *facts, FpSide side)
{
    if (facts->protocol == FP_SAID_NOTHING)
        return;
    g_string_append_printf(line, ",\"app_proto\":\"%s\"", fp_said_name(facts->protocol));
    if (facts->proxy.version != 0)
        append_proxy(line, &facts->proxy);
    append_protocol(line, facts, side);
}
