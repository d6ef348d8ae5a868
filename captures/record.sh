#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# record.sh - records the captures of this folder again: real programs, two network namespaces, tcpdump.
#
#   record.sh [NAME...]     NAME: a function record_NAME below; without any, all of them
#
# Needs root, Debian 12 and
#   apt-get install --no-install-recommends iproute2 iputils-ping procps tcpdump wireshark-common curl openssl openssh-client \
#       openssh-server nginx-light opensmtpd python3 chromium
# and for starttls: dovecot-imapd dovecot-pop3d vsftpd prosody slapd ldap-utils postgresql mariadb-server mariadb-client xrdp tinyproxy dante-server haproxy
#
# The client is 192.0.2.10 and 2001:db8::10 in namespace fp-client, the server 198.51.100.* and 2001:db8:1::* in fp-server;
# the cable between them is wire.py. Ports of clients, sequence numbers and times differ from one run to the next.
# Nothing is changed outside of the namespaces and a temporary folder.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
readonly here
work=$(mktemp -d /tmp/record.XXXXXX)
readonly work
readonly web=198.51.100.80 ssh=198.51.100.22 mail=198.51.100.25 web6=2001:db8:1::80
wire=''
capture=''

client() { ip netns exec fp-client "$@"; }
server() { ip netns exec fp-server "$@"; }

clean_up() {
    local pid

    for pid in $(jobs -p); do
        kill -KILL "$pid" 2>/dev/null || true # unshare ignores SIGTERM
    done
    wait 2>/dev/null
    ip netns del fp-client 2>/dev/null || true
    ip netns del fp-server 2>/dev/null || true
    rm -rf "$work"
}

# --- the network ---

add_namespace() { # NAME MAC
    ip netns add "$1"
    ip -n "$1" link set lo up
    ip -n "$1" tuntap add dev eth0 mode tap
    ip -n "$1" link set eth0 address "$2" mtu 1500 up
    ip netns exec "$1" sysctl -qw net.ipv4.tcp_fastopen=3 net.ipv6.conf.eth0.router_solicitations=0
}

build_network() {
    local address

    add_namespace fp-client 02:00:00:00:00:01
    add_namespace fp-server 02:00:00:00:00:02
    ip -n fp-client addr add 192.0.2.10/24 dev eth0
    ip -n fp-client addr add 2001:db8::10/64 dev eth0 nodad
    for address in "$web" "$ssh" "$mail"; do
        ip -n fp-server addr add "$address/24" dev eth0
    done
    ip -n fp-server addr add "$web6/64" dev eth0 nodad
    ip -n fp-server tuntap add dev trunk0 mode tap
    ip -n fp-server link set trunk0 up

    ip -n fp-client route add default via "$web" dev eth0 onlink
    ip -n fp-client route add 2001:db8:1::/64 dev eth0
    ip -n fp-server route add 192.0.2.0/24 dev eth0
    ip -n fp-server route add 2001:db8::/64 dev eth0
    # for a SYN that is answered by ICMP
    server sysctl -qw net.ipv4.ip_forward=1
    ip -n fp-server route add unreachable 203.0.113.0/24
}

# Lays the cable anew; options as of wire.py.
lay_cable() {
    if [ -n "$wire" ]; then
        kill "$wire"
        wait "$wire" 2>/dev/null || true
    fi
    python3 "$here/wire.py" fp-client:eth0 fp-server:eth0 "$@" &
    wire=$!
    sleep 0.5
    # fill the neighbour tables, so that captures begin with TCP
    client ping -q -c 1 -W 2 "$web" >"$work/ping" 2>&1 || client sleep 0.2
}

# --- the servers ---

# In a process namespace, so that nothing of a server is left when unshare ends, and with a /run and a spool of its own
# (ip netns exec has made a mount namespace).
start_server() {
    # shellcheck disable=SC2016
    ip netns exec fp-server unshare --pid --fork --kill-child sh -c '
        mount -t tmpfs -o mode=755 tmpfs /run
        mkdir /run/sshd
        mount -t tmpfs -o mode=711 tmpfs /var/spool/smtpd
        exec "$@"' sh "$@" </dev/null >>"$work/servers.log" 2>&1 &
}

make_keys() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=www.example -keyout "$work/server.key" -out "$work/server.crt" 2>/dev/null
    # A large certificate: the session ticket holds it, and with it a resumed ClientHello outgrows a segment.
    openssl req -x509 -newkey rsa:4096 -nodes -days 3650 -subj "/O=Example/OU=Documentation/CN=demo.client.example" \
        -keyout "$work/client.key" -out "$work/client.crt" 2>/dev/null
    ssh-keygen -q -t ed25519 -N '' -C demo -f "$work/host_key"
    ssh-keygen -q -t ed25519 -N '' -C demo -f "$work/user_key"
}

write_site() {
    mkdir "$work/site"
    echo 'It works.' >"$work/site/small.txt"
    for line in $(seq 400); do
        printf 'line %03d of a page that is longer than one segment\n' "$line"
    done >"$work/site/page.txt"
    chmod 755 "$work" "$work/site"
}

start_nginx() {
    cat >"$work/nginx.conf" <<END
daemon off;
pid $work/nginx.pid;
error_log $work/nginx.log;
events {}
http {
    access_log off;
    keepalive_timeout 5;
    server {
        listen $web:80 fastopen=16;
        listen [$web6]:80 fastopen=16;
        listen $web:443 ssl;
        listen [$web6]:443 ssl;
        server_name www.example;
        root $work/site;
        ssl_certificate $work/server.crt;
        ssl_certificate_key $work/server.key;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_verify_client optional_no_ca;
        error_page 405 =200 \$uri;
    }
    server {
        listen $web:8443 ssl proxy_protocol;
        server_name www.example;
        root $work/site;
        ssl_certificate $work/server.crt;
        ssl_certificate_key $work/server.key;
    }
    server {
        listen $web:9443 ssl;
        server_name www.example;
        root $work/site;
        ssl_certificate $work/server.crt;
        ssl_certificate_key $work/server.key;
        ssl_protocols TLSv1.3;
        ssl_ecdh_curve secp384r1;
    }
}
END
    start_server nginx -e "$work/nginx.log" -c "$work/nginx.conf"
}

start_sshd() {
    cat >"$work/sshd_config" <<END
ListenAddress $ssh:22
ListenAddress 127.0.0.1:22
HostKey $work/host_key
PidFile none
AuthorizedKeysFile $work/user_key.pub
StrictModes no
PermitRootLogin yes
UsePAM no
END
    start_server /usr/sbin/sshd -D -e -f "$work/sshd_config"
}

# Mail for demo@mail.example is accepted and thrown away.
start_smtpd() {
    cat >"$work/smtpd.conf" <<END
pki mail.example cert "$work/server.crt"
pki mail.example key "$work/server.key"
listen on $mail port 25 hostname mail.example
listen on $mail port 587 tls pki mail.example hostname mail.example
table demo { "demo@mail.example" = "nobody" }
action "discard" mda "cat >/dev/null" virtual <demo>
match from any for domain "mail.example" action "discard"
END
    start_server smtpd -d -f "$work/smtpd.conf"
}

# What can be asked for TLS, and ways through which it is spoken; for starttls alone.
start_ways() {
    local postgres
    postgres=$(dirname "$(find /usr/lib/postgresql -name initdb | tail -n 1)")

    chmod 644 "$work/server.key"
    cat >"$work/dovecot.conf" <<END
base_dir = $work/dovecot
log_path = $work/dovecot.log
protocols = imap pop3
listen = $mail
ssl = required
ssl_cert = <$work/server.crt
ssl_key = <$work/server.key
ssl_dh =
service imap-login {
  inet_listener imaps {
    port = 0
  }
}
service pop3-login {
  inet_listener pop3s {
    port = 0
  }
}
passdb {
  driver = static
  args = nopassword=y
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=$work/home
}
END
    start_server dovecot -F -c "$work/dovecot.conf"

    mkdir "$work/empty"
    cat >"$work/vsftpd.conf" <<END
listen=YES
background=NO
listen_address=$web
anonymous_enable=YES
anon_root=$work/site
secure_chroot_dir=$work/empty
ssl_enable=YES
allow_anon_ssl=YES
ssl_tlsv1=YES
isolate=NO
isolate_network=NO
seccomp_sandbox=NO
rsa_cert_file=$work/server.crt
rsa_private_key_file=$work/server.key
END
    # shellcheck disable=SC2016 # the inner shell expands it
    start_server sh -c 'vsftpd "$1"; wait' sh "$work/vsftpd.conf"

    mkdir "$work/prosody"
    cat >"$work/prosody.lua" <<END
run_as_root = true
daemonize = false
pidfile = "$work/prosody/pid"
data_path = "$work/prosody"
log = { error = "$work/prosody.log" }
modules_enabled = { "tls", "saslauth", "disco" }
interfaces = { "$web" }
VirtualHost "im.example"
    ssl = { key = "$work/server.key"; certificate = "$work/server.crt" }
END
    start_server prosody --config "$work/prosody.lua" -F

    cat >"$work/slapd.conf" <<END
TLSCertificateFile $work/server.crt
TLSCertificateKeyFile $work/server.key
pidfile $work/slapd.pid
END
    start_server slapd -d 0 -f "$work/slapd.conf" -h "ldap://$web"

    install -d -o postgres -m 700 "$work/postgres"
    install -o postgres -m 600 "$work/server.key" "$work/postgres.key"
    setpriv --reuid postgres --regid postgres --clear-groups "$postgres/initdb" -A trust -D "$work/postgres/data" >>"$work/servers.log"
    echo 'host all all 192.0.2.0/24 trust' >>"$work/postgres/data/pg_hba.conf"
    start_server sh -c '"$@"; true' sh setpriv --reuid postgres --regid postgres --clear-groups "$postgres/postgres" -D "$work/postgres/data" \
        -c listen_addresses="$web" -c unix_socket_directories= -c ssl=on -c ssl_cert_file="$work/server.crt" -c ssl_key_file="$work/postgres.key"

    install -d -o mysql -m 700 "$work/mysql"
    mariadb-install-db --no-defaults --user=mysql --datadir="$work/mysql" --auth-root-authentication-method=normal >>"$work/servers.log" 2>&1
    # a shell before it, as one that changes its user no longer dies with unshare
    start_server sh -c '"$@"; true' sh mariadbd --no-defaults --user=mysql --datadir="$work/mysql" --bind-address="$web" --socket="$work/mysql/socket" \
        --skip-grant-tables --skip-networking=0 --ssl-cert="$work/server.crt" --ssl-key="$work/server.key"

    cat >"$work/xrdp.ini" <<END
[Globals]
ini_version=1
port=tcp://$web:3389
security_layer=tls
certificate=$work/server.crt
key_file=$work/server.key
ssl_protocols=TLSv1.2, TLSv1.3
[Logging]
LogFile=$work/xrdp.log
LogLevel=ERROR
EnableSyslog=false
END
    start_server xrdp --nodaemon --config "$work/xrdp.ini"

    printf 'Port 8888\nListen %s\nAllow 192.0.2.0/24\nConnectPort 443\n' "$web" >"$work/tinyproxy.conf"
    start_server tinyproxy -d -c "$work/tinyproxy.conf"

    cat >"$work/danted.conf" <<END
logoutput: $work/danted.log
internal: $web port = 1080
external: lo
external: eth0
clientmethod: none
socksmethod: none
client pass { from: 192.0.2.0/24 to: 0.0.0.0/0 }
socks pass { from: 192.0.2.0/24 to: 0.0.0.0/0 }
END
    start_server danted -f "$work/danted.conf"

    cat >"$work/haproxy.cfg" <<END
defaults
    mode tcp
    timeout connect 5s
    timeout client 5s
    timeout server 5s
listen v1
    bind 127.0.0.1:8441
    server web $web:8443 send-proxy
listen v2
    bind 127.0.0.1:8442
    server web $web:8443 send-proxy-v2
END
    ip netns exec fp-client unshare --pid --fork --kill-child haproxy -db -f "$work/haproxy.cfg" </dev/null >>"$work/servers.log" 2>&1 &
}

await_port() { # ADDRESS PORT
    local tries=0

    until client bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 100 ]; then
            echo "record.sh: nobody listens on $1 port $2" >&2
            cat "$work/servers.log" >&2
            exit 1
        fi
        sleep 0.1
    done
}

# --- the clients ---

fetch() { client curl -sS -o /dev/null --resolve "www.example:80:$web" --resolve "www.example:443:$web" "$@"; }
fetch6() { client curl -sS -o /dev/null --resolve "www.example:80:[$web6]" --resolve "www.example:443:[$web6]" "$@"; }
odd() { client python3 "$here/client.py" "$@"; }

send_mail() {
    printf 'From: demo@client.example\nTo: demo@mail.example\nSubject: hello\n\nHello.\n' |
        client curl -sS "smtp://$mail/client.example" --mail-from demo@client.example --mail-rcpt demo@mail.example -T -
}

log_in() { # NAMESPACE ADDRESS COMMAND
    ip netns exec "$1" ssh -F none -q -i "$work/user_key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "root@$2" "$3" </dev/null
}

# An HTTPS request by openssl s_client; options as of s_client.
s_client() {
    (printf 'GET /small.txt HTTP/1.1\r\nHost: www.example\r\nConnection: close\r\n\r\n' && sleep 0.5) |
        client openssl s_client -quiet -connect "$web:443" -servername www.example "$@" >"$work/s_client.log" 2>&1 || true
}

# Two connections with a client certificate: the second resumes the first's session, whose ticket holds the certificate.
resume_with_certificate() {
    s_client -tls1_3 -cert "$work/client.crt" -key "$work/client.key" -sess_out "$work/session"
    s_client -tls1_3 -sess_in "$work/session"
}

# --- recording ---

# Starts tcpdump or dumpcap and waits until it captures.
start_capture() { # NAMESPACE PROGRAM OPTION...
    local tries=0

    : >"$work/capture.log"
    ip netns exec "$@" 2>"$work/capture.log" &
    capture=$!
    until grep -q -E 'listening on|^File:' "$work/capture.log"; do
        tries=$((tries + 1))
        if [ "$tries" -gt 50 ]; then
            cat "$work/capture.log" >&2
            exit 1
        fi
        sleep 0.1
    done
    sleep 0.2
}

stop_capture() {
    sleep 0.5
    kill -INT "$capture"
    wait "$capture" || true
    capture=''
}

# Overwrites what dumpcap wrote of the machine into a pcapng file, byte for byte so that block lengths stay right.
hide_machine() { # FILE
    local text

    capinfos "$1" | sed -n 's/^Capture hardware: *//p; s/^Capture oper-sys: *//p' | while read -r text; do
        LC_ALL=C sed -i "s/$(printf '%s' "$text" | sed 's/[.[\*^$/]/\\&/g')/$(printf '%s' "$text" | sed 's/./x/g')/g" "$1"
    done
}

record() { # FILE OPTION... : at the client's eth0, unless options say otherwise
    local file=$1
    shift
    start_capture fp-client tcpdump -Z root -U --immediate-mode -i eth0 -w "$here/$file" "$@"
}

# --- the captures; what each shows stands in README.md ---

record_tls13_split_clienthello() {
    lay_cable
    record tls13-split-clienthello.pcap tcp
    resume_with_certificate
    ip -n fp-client route change default via "$web" dev eth0 onlink advmss 536
    ip -n fp-server route change 192.0.2.0/24 dev eth0 advmss 200
    s_client -tls1_3
    ip -n fp-client route change default via "$web" dev eth0 onlink
    ip -n fp-server route change 192.0.2.0/24 dev eth0
    stop_capture
}

record_http() {
    lay_cable
    record http.pcap tcp
    fetch http://www.example/small.txt
    fetch http://www.example/small.txt http://www.example/page.txt -o /dev/null http://www.example/missing -o /dev/null
    fetch -d 'name=demo' http://www.example/small.txt
    fetch http://www.example/page.txt &
    fetch http://www.example/small.txt
    wait $!
    stop_capture
}

record_ssh() {
    lay_cable
    record ssh.pcap tcp
    log_in fp-client "$ssh" true
    log_in fp-client "$ssh" 'echo hello' >/dev/null
    stop_capture
}

record_smtp() {
    lay_cable
    record smtp.pcap tcp
    send_mail
    send_mail
    stop_capture
}

record_fast_open() {
    ip -n fp-client tcp_metrics flush >/dev/null 2>&1 || true
    lay_cable
    record fast-open.pcap tcp
    fetch --tcp-fastopen http://www.example/small.txt # asks for the cookie
    fetch --tcp-fastopen http://www.example/small.txt # has it: the request is in the SYN
    fetch --tcp-fastopen http://www.example/page.txt
    stop_capture
}

record_ipv6() {
    lay_cable
    record ipv6.pcap tcp
    fetch6 http://www.example/small.txt
    fetch6 -k https://www.example/small.txt
    fetch6 --tcp-fastopen http://www.example/small.txt
    fetch6 --tcp-fastopen http://www.example/small.txt
    stop_capture
}

record_vlan() {
    lay_cable --trunk fp-server:trunk0 --vlan 100
    start_capture fp-server tcpdump -Z root -U --immediate-mode -i trunk0 -w "$here/vlan.pcap"
    fetch http://www.example/small.txt
    fetch -k https://www.example/small.txt
    fetch6 http://www.example/small.txt
    stop_capture
}

record_any_sll2() {
    lay_cable
    start_capture fp-server tcpdump -Z root -U --immediate-mode -i any -w "$here/any-sll2.pcap" tcp
    fetch http://www.example/small.txt
    log_in fp-server 127.0.0.1 true
    fetch6 http://www.example/small.txt
    stop_capture
}

record_any_sll() {
    lay_cable
    start_capture fp-server tcpdump -Z root -U --immediate-mode -i any -y LINUX_SLL -w "$here/any-sll.pcap" tcp
    fetch http://www.example/small.txt
    fetch6 http://www.example/small.txt
    stop_capture
}

# A browser's ClientHello: a post-quantum key share makes it outgrow a segment.
record_tls13_post_quantum() {
    if ! command -v chromium >/dev/null; then
        echo 'record.sh: tls13-post-quantum needs chromium, left as it is' >&2
        return
    fi
    lay_cable
    record tls13-post-quantum.pcap tcp and host "$web"
    client chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/browser" --ignore-certificate-errors \
        --host-resolver-rules="MAP www.example $web" --dump-dom https://www.example/small.txt >"$work/chromium.log" 2>&1 </dev/null
    stop_capture
}

record_two_interfaces() {
    lay_cable
    rm -f "$here/two-interfaces.pcapng"
    start_capture fp-server dumpcap -q -i eth0 -f tcp -i lo -f tcp -w "$here/two-interfaces.pcapng"
    fetch http://www.example/small.txt
    log_in fp-server 127.0.0.1 true
    fetch http://www.example/small.txt
    stop_capture
    hide_machine "$here/two-interfaces.pcapng"
    chmod 644 "$here/two-interfaces.pcapng"
}

record_nanosecond() {
    lay_cable
    record nanosecond.pcap --time-stamp-precision=nano tcp
    fetch http://www.example/small.txt
    fetch -k https://www.example/small.txt
    stop_capture
}

record_snaplen_96() {
    lay_cable
    record snaplen-96.pcap -s 96 tcp
    fetch http://www.example/page.txt
    fetch -k https://www.example/small.txt
    fetch6 http://www.example/small.txt
    stop_capture
}

starttls() { # PROTOCOL ADDRESS:PORT NAME [OPTION...]
    local protocol=$1 where=$2 name=$3
    shift 3
    client openssl s_client -starttls "$protocol" -connect "$where" -servername "$name" "$@" </dev/null >"$work/s_client.log" 2>&1 || true
}

# TLS that is not the first thing said. Each name says which.
record_starttls() {
    local port

    start_ways
    lay_cable
    for port in "$mail 587" "$mail 143" "$mail 110" "$web 21" "$web 5222" "$web 389" "$web 5432" "$web 3306" "$web 3389" "$web 8888" "$web 1080" "$web 8443" \
        "127.0.0.1 8441"; do
        # shellcheck disable=SC2086
        await_port $port
    done
    sleep 1
    record starttls.pcap tcp
    starttls smtp "$mail:587" smtp.example
    starttls imap "$mail:143" imap.example
    starttls pop3 "$mail:110" pop3.example
    starttls ftp "$web:21" ftp.example
    starttls xmpp "$web:5222" im.example -xmpphost im.example
    client env LDAPTLS_REQCERT=never ldapwhoami -x -ZZ -H "ldap://$web" >"$work/ldap.log" 2>&1 || true
    starttls ldap "$web:389" ldap.example
    client psql "host=$web user=postgres dbname=postgres sslmode=require" -c 'select 1' >"$work/psql.log" 2>&1 || true
    starttls postgres "$web:5432" postgres.example
    client mariadb --no-defaults -h "$web" -u root --ssl -e 'select 1' >"$work/mariadb.log" 2>&1 || true
    starttls mysql "$web:3306" mysql.example
    odd rdp "$web" 3389 rdp.example
    fetch -k -x "http://$web:8888" "https://$web/small.txt" -H 'Host: www.example' || true
    fetch -k --socks4 "$web:1080" https://www.example/small.txt || true
    fetch -k --socks5 "$web:1080" https://www.example/small.txt || true
    client curl -sS -o /dev/null -k --connect-to www.example:443:127.0.0.1:8441 https://www.example/small.txt || true
    client curl -sS -o /dev/null -k --connect-to www.example:443:127.0.0.1:8442 https://www.example/small.txt || true
    # two hellos each: the server wants another group
    client openssl s_client -connect "$web:9443" -servername hrr.example -groups X25519:P-384 </dev/null >"$work/s_client.log" 2>&1 || true
    starttls smtp "$mail:587" smtp-again.example -tls1_2
    stop_capture
}

# The same connections seen from both ends of a cable that loses frames.
record_loss() {
    local at_client

    # payloads of the client: 1-3 of the first connection (its first lost once), then of the second (4 and 5 change places)
    lay_cable --drop-payload 1 --swap-payload 5
    record loss-at-client.pcap tcp
    at_client=$capture
    start_capture fp-server tcpdump -Z root -U --immediate-mode -i eth0 -w "$here/loss-at-server.pcap" tcp
    odd post "$web" 80 3000
    odd post "$web" 80 3000
    stop_capture
    capture=$at_client
    stop_capture
}

record_port_reuse() {
    lay_cable
    record port-reuse.pcap tcp
    odd reuse "$web" 80 40000
    stop_capture
}

record_quiet() {
    lay_cable
    record quiet.pcap tcp
    odd slow "$web" 80 1.2
    odd keep-alive "$web" 80 3.2
    odd silent "$web" 80
    stop_capture
}

record_refused() {
    lay_cable --drop-port 8081
    record refused.pcap
    odd refused "$web" 8080       # nobody listens: RST
    odd refused "$web" 8081       # the cable loses it: SYN, SYN again
    odd refused 203.0.113.1 80    # ICMP host unreachable, which quotes the SYN
    fetch http://www.example/small.txt
    stop_capture
}

# The capture that the demo runs on: all of this at once, and a session that began before the recording.
record_mixed() {
    local jobs=() job

    ip -n fp-client tcp_metrics flush >/dev/null 2>&1 || true
    lay_cable --drop-port 8081 --drop-payload 40 --delay-ms 5
    log_in fp-client "$ssh" 'sleep 0.7; echo 1; sleep 0.7; echo 2; sleep 0.7; echo 3' >/dev/null &
    jobs+=($!)
    sleep 0.6
    record mixed.pcap
    odd slow "$web" 80 1.2 & jobs+=($!)
    odd keep-alive "$web" 80 2.2 & jobs+=($!)
    odd refused "$web" 8081 & jobs+=($!)
    send_mail & jobs+=($!)
    resume_with_certificate & jobs+=($!)
    fetch --limit-rate 20k http://www.example/page.txt & jobs+=($!)
    fetch --tcp-fastopen http://www.example/small.txt & jobs+=($!)
    sleep 0.2
    log_in fp-client "$ssh" true & jobs+=($!)
    fetch6 http://www.example/page.txt & jobs+=($!)
    odd refused "$web" 8080
    fetch --tcp-fastopen http://www.example/page.txt
    fetch -k https://www.example/page.txt & jobs+=($!)
    odd reuse "$web" 80 40000
    fetch6 -k https://www.example/small.txt
    odd refused 203.0.113.1 80
    fetch -k --tls-max 1.2 https://www.example/small.txt
    fetch -d 'name=demo' http://www.example/small.txt http://www.example/small.txt -o /dev/null
    fetch6 --tcp-fastopen http://www.example/small.txt
    fetch6 --tcp-fastopen http://www.example/small.txt
    odd silent "$web" 80
    odd post "$web" 80 4000
    send_mail
    for job in "${jobs[@]}"; do
        wait "$job"
    done
    stop_capture
}

main() {
    local name names=("$@")

    if [ "$(id -u)" -ne 0 ]; then
        echo 'record.sh: needs root, for network namespaces' >&2
        exit 1
    fi
    if [ ${#names[@]} -eq 0 ]; then
        mapfile -t names < <(declare -F | sed -n 's/^declare -f record_//p')
    fi
    trap clean_up EXIT
    build_network
    make_keys
    write_site
    start_nginx
    start_sshd
    start_smtpd
    sleep 1
    for name in "${names[@]}"; do
        echo "record.sh: $name"
        "record_${name//-/_}"
    done
}

main "$@"
