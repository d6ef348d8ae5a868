# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of firstpayload(1)
_firstpayload()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local classes='first reply flight handshake opening closing' kinds='vlan vni interface' transports='tcp udp quic' words

    if ((COMP_CWORD == 1)); then
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -W 'show said slim digest watch status rotate --help --version' -- "$current"; compgen -f -- "$current")
        return
    fi
    case $previous in
    -k | --keep | --stream-key | --transport)
        words=$classes
        [[ $previous == --stream-key ]] && words=$kinds
        [[ $previous == --transport ]] && words=$transports
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "${current##*,}")
        [[ $current == *,* ]] && COMPREPLY=("${COMPREPLY[@]/#/${current%,*},}")
        return
        ;;
    -i | --interface)
        mapfile -t COMPREPLY < <(compgen -W "any $(ls /sys/class/net 2>/dev/null)" -- "$current")
        return
        ;;
    -F | --format)
        mapfile -t COMPREPLY < <(compgen -W 'pcap nsecpcap pcapng' -- "$current")
        return
        ;;
    --compress)
        mapfile -t COMPREPLY < <(compgen -W 'gzip zstd lz4 none' -- "$current")
        return
        ;;
    --formats)
        mapfile -t COMPREPLY < <(compgen -W 'pcap,pcapng' -- "$current")
        return
        ;;
    --then)
        mapfile -t COMPREPLY < <(compgen -W 'archive delete delete-unsure keep' -- "$current")
        return
        ;;
    --kernel-cut)
        mapfile -t COMPREPLY < <(compgen -W 'auto on off' -- "$current")
        return
        ;;
    --color)
        mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$current")
        return
        ;;
    --only)
        words='tls quic http http2 ssh proxy smtp ftp pop3 imap mysql pgsql mqtt rdp smb dns socks xmpp ldap unknown'
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "${current##*,}")
        [[ $current == *,* ]] && COMPREPLY=("${COMPREPLY[@]/#/${current%,*},}")
        return
        ;;
    -Z | --relinquish-privileges)
        mapfile -t COMPREPLY < <(compgen -u -- "$current")
        return
        ;;
    --without)
        mapfile -t COMPREPLY < <(compgen -W 'user capabilities seccomp landlock all' -- "${current##*,}")
        [[ $current == *,* ]] && COMPREPLY=("${COMPREPLY[@]/#/${current%,*},}")
        return
        ;;
    --log-format)
        mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$current")
        return
        ;;
    --log)
        if [[ ${COMP_WORDS[1]} == watch ]]; then
            mapfile -t COMPREPLY < <(compgen -W 'beside only' -- "$current")
            return
        fi
        ;;
    --sni | --fields | --log-bytes | --message-bytes | --message-wait | --message-memory | --host | --community-id-seed | -f | --filter | -Y | --display-filter | --match | --unchanged | --max-archive | -c | --count | -s | --snapshot-length | -G | --rotate-seconds | -C | --rotate-size | -j | --threads | --read-ahead | -B | --buffer-size | --stats | --flight-bytes | --opening-bytes | --idle | --max-streams | --max-memory | --top | --max-names)
        return
        ;;
    --wait)
        [[ ${COMP_WORDS[1]} == watch ]] && return
        ;;
    esac
    if [[ $current == -* ]]; then
        local looked_at='--formats --filter --display-filter --all-hellos --transport --flight-bytes --idle --no-midstream --syn-restarts-clock --max-streams --max-memory --stream-key --relinquish-privileges --without --verbose --help'
        local selection="--format --compress --keep --opening-bytes --marked-only --log --log-format --fields --log-bytes --message-bytes --message-wait --message-memory --log-reply --only --sni --redact --in-order --host --community-id-seed $looked_at"
        case ${COMP_WORDS[1]} in
        show) words="--color --only --sni --redact --quiet --interface --wait --count --follow $looked_at" ;;
        said) words="--html --top --max-names --color --quiet --interface --wait --count --follow $looked_at" ;;
        slim) words="--write --config --check-config --list --interface --wait --count --rotate-seconds --rotate-size --snapshot-length --buffer-size --no-promiscuous-mode --stats --metrics --kernel-cut --threads --read-ahead --packet-buffered --follow --quiet $selection" ;;
        digest) words='--write --flight-bytes --opening-bytes --transport --stream-key --compress --quiet --help' ;;
        watch) words="--config --match --then --wait --unchanged --max-archive --threads --read-ahead --state --metrics --follow --once --dry-run --check-config $selection" ;;
        status) words='--json --help' ;;
        rotate) words='--help' ;;
        *) words='' ;;
        esac
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
        return
    fi
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
}
complete -F _firstpayload firstpayload
