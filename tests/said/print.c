/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print.c - see print.h. */
#include "print.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>

static void print_bytes(FILE *file, FpSaidText text)
{
    for (size_t i = 0; i < text.n; i++) {
        uint8_t byte = text.bytes[i];
        if (byte >= ' ' && byte <= '~' && byte != '\\')
            fputc(byte, file);
        else
            fprintf(file, "\\x%02x", byte);
    }
}

static void print_text(FILE *file, const char *key, FpSaidText text)
{
    if (text.bytes == NULL)
        return;
    fprintf(file, "%s ", key);
    print_bytes(file, text);
    fputc('\n', file);
}

static void print_ja3(FILE *file, const FpSaidTls *tls)
{
    static char text[FP_SAID_JA3_BYTES_MAX];

    if (fp_said_tls_ja3(tls, text, sizeof text) >= sizeof text)
        abort();
    fprintf(file, "tls.ja3.hash %s\ntls.ja3.string %s\ntls.ja4 %s\n", tls->ja3_hash, text, tls->ja4);
}

static void print_tls(FILE *file, const FpSaidTls *tls)
{
    FpSaidItems alpn = fp_said_tls_alpn(tls), versions = fp_said_tls_versions(tls);
    FpSaidText protocol;
    uint16_t version;

    if (tls->version != 0)
        fprintf(file, "tls.version %04x\n", tls->version);
    print_text(file, "tls.sni", tls->server_name);
    while (fp_said_items_next_text(&alpn, &protocol))
        print_text(file, "tls.alpn", protocol);
    while (fp_said_items_next_number(&versions, &version))
        fprintf(file, "tls.versions %04x\n", version);
    if (tls->offers_ech)
        fprintf(file, "tls.ech true\n");
    if (tls->ja4[0] != '\0')
        print_ja3(file, tls);
}

static void print_http(FILE *file, const FpSaidHttp *http)
{
    print_text(file, "http.method", http->method);
    print_text(file, "http.url", http->target);
    print_text(file, "http.protocol", http->protocol);
    print_text(file, "http.host", http->host);
    print_text(file, "http.hostname", http->hostname);
    if (http->port != 0)
        fprintf(file, "http.port %" PRIu32 "\n", http->port);
    print_text(file, "http.user_agent", http->user_agent);
}

static void print_ssh(FILE *file, const FpSaidSsh *ssh)
{
    print_text(file, "ssh.banner", ssh->banner);
    print_text(file, "ssh.proto_version", ssh->proto_version);
    print_text(file, "ssh.software_version", ssh->software_version);
    print_text(file, "ssh.comments", ssh->comments);
}

static void print_mysql(FILE *file, const FpSaidMysql *mysql)
{
    print_text(file, "mysql.version", mysql->server_version);
    if (mysql->is_ssl_request)
        fprintf(file, "mysql.ssl true\n");
    print_text(file, "mysql.user", mysql->user);
    print_text(file, "mysql.database", mysql->database);
}

static void print_postgres(FILE *file, const FpSaidPostgres *postgres)
{
    static const char *const requests[] = {"startup", "ssl", "gssenc", "cancel"};

    fprintf(file, "pgsql.request %s\n", requests[postgres->request]);
    print_text(file, "pgsql.user", postgres->user);
    print_text(file, "pgsql.database", postgres->database);
    print_text(file, "pgsql.application", postgres->application);
}

static void print_mqtt(FILE *file, const FpSaidMqtt *mqtt)
{
    print_text(file, "mqtt.protocol", mqtt->protocol);
    fprintf(file, "mqtt.version %u\n", mqtt->version);
    print_text(file, "mqtt.client_id", mqtt->client_id);
    print_text(file, "mqtt.user", mqtt->user);
}

static void print_rdp(FILE *file, const FpSaidRdp *rdp)
{
    print_text(file, "rdp.cookie", rdp->cookie);
    print_text(file, "rdp.token", rdp->token);
    if (rdp->has_protocols)
        fprintf(file, "rdp.protocols %" PRIu32 "\n", rdp->requested_protocols);
}

static void print_smb(FILE *file, const FpSaidSmb *smb)
{
    FpSaidText dialects = smb->dialects, name = {NULL, 0};
    uint16_t number;

    fprintf(file, "smb.version %u\nsmb.command %u\n", smb->version, smb->command);
    while (fp_said_smb_next_dialect(smb->version, &dialects, &name, &number))
        if (smb->version == 2)
            fprintf(file, "smb.dialect %04x\n", number);
        else
            print_text(file, "smb.dialect", name);
}

static void print_dns(FILE *file, const FpSaidDns *dns)
{
    fprintf(file, "dns.id %u\ndns.opcode %u\ndns.type %u\ndns.class %u\n", dns->id, dns->opcode, dns->type, dns->class);
    print_text(file, "dns.name", dns->name);
}

static void print_socks(FILE *file, const FpSaidSocks *socks)
{
    char address[INET6_ADDRSTRLEN];

    fprintf(file, "socks.version %u\n", socks->version);
    if (socks->command == 0)
        return;
    fprintf(file, "socks.command %u\n", socks->command);
    if (socks->address_bytes != 0)
        fprintf(file, "socks.address %s\n",
                inet_ntop(socks->address_bytes == 4 ? AF_INET : AF_INET6, socks->address, address, sizeof address));
    print_text(file, "socks.host", socks->host);
    fprintf(file, "socks.port %u\n", socks->port);
    print_text(file, "socks.user", socks->user);
}

static void print_proxy(FILE *file, const FpSaidProxy *proxy)
{
    char source[INET6_ADDRSTRLEN], destination[INET6_ADDRSTRLEN];
    int family = proxy->address_bytes == 4 ? AF_INET : AF_INET6;

    if (proxy->version == 0)
        return;
    fprintf(file, "proxy.version %u\n", proxy->version);
    if (proxy->address_bytes == 0)
        return;
    inet_ntop(family, proxy->source, source, sizeof source);
    inet_ntop(family, proxy->destination, destination, sizeof destination);
    fprintf(file, "proxy.source %s %u\nproxy.destination %s %u\n", source, proxy->source_port, destination, proxy->destination_port);
}

static void print_protocol(FILE *file, const FpSaidFacts *facts)
{
    switch (facts->protocol) {
    case FP_SAID_QUIC:
        fprintf(file, "quic.version %08" PRIx32 "\n", facts->quic_version);
        print_tls(file, &facts->tls);
        break;
    case FP_SAID_TLS:
        print_tls(file, &facts->tls);
        break;
    case FP_SAID_HTTP:
        print_http(file, &facts->http);
        break;
    case FP_SAID_SSH:
        print_ssh(file, &facts->ssh);
        break;
    case FP_SAID_SMTP:
    case FP_SAID_FTP:
    case FP_SAID_POP3:
    case FP_SAID_IMAP:
        print_text(file, "greeting", facts->greeting.text);
        break;
    case FP_SAID_MYSQL:
        print_mysql(file, &facts->mysql);
        break;
    case FP_SAID_POSTGRES:
        print_postgres(file, &facts->postgres);
        break;
    case FP_SAID_MQTT:
        print_mqtt(file, &facts->mqtt);
        break;
    case FP_SAID_RDP:
        print_rdp(file, &facts->rdp);
        break;
    case FP_SAID_SMB:
        print_smb(file, &facts->smb);
        break;
    case FP_SAID_DNS:
        print_dns(file, &facts->dns);
        break;
    case FP_SAID_SOCKS:
        print_socks(file, &facts->socks);
        break;
    case FP_SAID_XMPP:
        print_text(file, "xmpp.to", facts->xmpp.to);
        print_text(file, "xmpp.from", facts->xmpp.from);
        break;
    case FP_SAID_LDAP:
        fprintf(file, "ldap.message_id %" PRIu32 "\n", facts->ldap.message_id);
        print_text(file, "ldap.name", facts->ldap.request_name);
        break;
    case FP_SAID_NOTHING:
    case FP_SAID_HTTP2:
    case FP_SAID_PROXY:
    case FP_SAID_PROTOCOLS:
        break;
    }
}

void print_facts(FILE *file, const FpSaidFacts *facts)
{
    fprintf(file, "app_proto %s\n", fp_said_name(facts->protocol));
    if (facts->is_cut)
        fprintf(file, "cut true\n");
    print_proxy(file, &facts->proxy);
    print_protocol(file, facts);
}
