# bash completion for pgyer, from bash 3.2 on (macOS), without any helper package

# Offers those of the words that begin with what was typed.
_pgyer_words() {
    local word
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$1" -- "$cur")
}

# Offers folders, and files with one of these suffixes, or all files.
_pgyer_files() {
    local name suffix
    compopt -o filenames 2>/dev/null
    while IFS= read -r name; do
        if [[ -d ${name/#\~/$HOME} || $# -eq 0 ]]; then COMPREPLY+=("$name"); continue; fi
        for suffix; do [[ $name == *."$suffix" ]] && COMPREPLY+=("$name"); done
    done < <(compgen -f -- "$cur")
}

# Offers the values of an option; fails if the word is not an option that takes one.
_pgyer_value() {
    case $1 in
@VALUES@
        *) return 1 ;;
    esac
    return 0
}

# Offers the options of a command, or its operands.
_pgyer_command() {
    local options
    case $1 in
@OPTIONS@
    esac
    if [[ $cur == -* || $1 == '' ]]; then _pgyer_words "$options"; return; fi
    case $1 in
@OPERANDS@
    esac
}

# Offers the program that runs in the sandbox, or its arguments.
_pgyer_program() {
    local word
    if [[ $1 -lt $COMP_CWORD ]]; then _pgyer_files; return; fi
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -c -- "$cur")
}

_pgyer() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb='' nth=1 word
    COMPREPLY=()
    # bash splits --name=value into three words.
    if [[ $cur == = ]]; then
        cur=''
    elif [[ $prev == = && $COMP_CWORD -gt 2 ]]; then
        prev=${COMP_WORDS[COMP_CWORD-2]}
    fi
    # Find the command, or the one that is to run in the sandbox.
    while [[ $nth -lt $COMP_CWORD ]]; do
        word=${COMP_WORDS[nth]}
        nth=$((nth + 1))
        case $word in
            --) if [[ $verb == sandbox ]]; then _pgyer_program "$nth"; return; fi ;;
            =) nth=$((nth + 1)) ;;
            @WITH_VALUE@) [[ ${COMP_WORDS[nth]} == = ]] || nth=$((nth + 1)) ;;
            @VERBS@) if [[ $verb == '' || $verb == sandbox ]]; then verb=$word; fi ;;
        esac
    done
    _pgyer_value "$prev" || _pgyer_command "$verb"
}

complete -F _pgyer pgyer
