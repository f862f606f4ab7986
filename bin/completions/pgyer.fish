# fish completion for pgyer, from fish 3.0 on

complete -c pgyer -f

set -g __pgyer_verbs @VERBS@
set -g __pgyer_with_value @WITH_VALUE@

# The command before the cursor, or the one that is to run in the sandbox; "none" before any.
function __pgyer_verb
    set -l words (commandline -opc)
    set -e words[1]
    set -l verb none
    set -l value no
    for word in $words
        if test $value = yes
            set value no
        else if contains -- $word $__pgyer_with_value
            set value yes
        else if contains -- $word $__pgyer_verbs; and contains $verb none sandbox
            set verb $word
        end
    end
    echo $verb
end

function __pgyer_is
    contains (__pgyer_verb) $argv
end

# Folders, and files with one of these suffixes.
function __pgyer_files
    set -l typed (commandline -ct | string replace -r -- '^--[^=]*=' '')
    complete -C "'' $typed" | string match -r -- '^.*(?:/|\.(?:'(string join '|' $argv)'))(?:\t.*)?$'
end

@COMMANDS@
@OPERANDS@
@OPTIONS@
