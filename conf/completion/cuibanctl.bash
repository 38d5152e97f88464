# shellcheck shell=bash
# cuibanctl(1), completion for bash. cuibanctl itself knows what may stand at the end of a line; this only asks it.
_cuibanctl() {
    local line=${COMP_LINE:0:COMP_POINT} words name
    read -ra words <<<"$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    # bash takes rule=x and hr:events apart and replaces the last part alone, which is $2.
    local before=${words[-1]%"$2"}
    COMPREPLY=()
    while IFS=$'\t' read -r name _; do
        if [[ $name == :files ]]; then
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$2")
            return
        fi
        [[ $name == *= ]] && compopt -o nospace
        COMPREPLY+=("${name#"$before"}")
    done < <("$1" complete -- "${words[@]:1}" 2>/dev/null)
}
complete -F _cuibanctl cuibanctl
