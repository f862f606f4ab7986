#compdef pgyer
# zsh completion for pgyer: a file of $fpath, or evaluated after compinit

_pgyer() {
    local curcontext="$curcontext" state line
    typeset -A opt_args
    _arguments -C -s -S \
@GLOBAL_OPTIONS@
        '1:command:_pgyer_commands' \
        '*:: :->operands' && return 0
    [[ $state == operands ]] || return 1
    curcontext="${curcontext%:*:*}:pgyer-$words[1]:"
    case $words[1] in
@ARGUMENTS@
    esac
}

_pgyer_commands() {
    local -a commands
    commands=(
@COMMANDS@
    )
    _describe -t commands 'command of pgyer' commands
}

# What runs in the sandbox: a command of pgyer.
_pgyer_nested() {
    words=(pgyer "$words[@]")
    (( CURRENT++ ))
    _pgyer
}

if [[ $funcstack[1] == _pgyer ]]; then
    _pgyer "$@"
elif (( $+functions[compdef] )); then
    compdef _pgyer pgyer
fi
