# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of firstpayload(1)
_firstpayload()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local classes='first reply flight handshake'

    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W 'slim --help --version' -- "$current")
        return
    fi
    case $previous in
    -k | --keep)
        mapfile -t COMPREPLY < <(compgen -W "$classes" -- "${current##*,}")
        [[ $current == *,* ]] && COMPREPLY=("${COMPREPLY[@]/#/${current%,*},}")
        return
        ;;
    --flight-bytes | --max-streams)
        return
        ;;
    esac
    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--write --keep --list --flight-bytes --no-midstream --marked-only --max-streams --quiet --help' -- "$current")
        return
    fi
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
}
complete -F _firstpayload firstpayload
