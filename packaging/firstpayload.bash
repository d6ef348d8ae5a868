# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of firstpayload(1)
_firstpayload()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local classes='first reply flight handshake' kinds='vlan vni interface' words

    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W 'slim --help --version' -- "$current")
        return
    fi
    case $previous in
    -k | --keep | --stream-key)
        [[ $previous == --stream-key ]] && words=$kinds || words=$classes
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
    -f | --filter | -c | --count | -s | --snapshot-length | -B | --buffer-size | --flight-bytes | --max-streams)
        return
        ;;
    esac
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--write --format --keep --list --interface --filter --count --snapshot-length --buffer-size --packet-buffered --flight-bytes --no-midstream --marked-only --max-streams --stream-key --quiet --help' -- "$current")
        return
    fi
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
}
complete -F _firstpayload firstpayload
