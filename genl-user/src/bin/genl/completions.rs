//! `genl completions`: what a shell needs to complete the tool's words.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use clap_complete::Shell;

use crate::Outcome;
use crate::meaningless::command;
use crate::output::Output;

/// Which shell it is for.
#[derive(Args)]
pub(crate) struct Options {
    /// The shell; bash completes operations and families too
    shell: Shell,
}

/// Completes what only a spec knows: operations behind `do`, `dump` and `ops`, families behind
/// `--family`; all else as clap has it.
const BASH_BY_SPEC: &str = r#"
_genl_by_spec() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} at spec=() words=
    for ((at = 1; at < COMP_CWORD; at++)); do
        case ${COMP_WORDS[at]} in
            --spec|--family) spec=("${COMP_WORDS[at]}" "${COMP_WORDS[at+1]}") ;;
        esac
    done
    case $before in
        --family) words=$(genl spec list 2>/dev/null | cut -d ' ' -f 1) ;;
        do|dump) words=$(genl "${spec[@]}" ops 2>/dev/null | grep -E "^[^ ]+ +(do )?$before" | cut -d ' ' -f 1) ;;
        ops) words=$(genl "${spec[@]}" ops 2>/dev/null | cut -d ' ' -f 1) ;;
    esac
    if [[ -n $words && $word != -* ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$word"))
    else
        _genl "$@"
    fi
}

complete -F _genl_by_spec -o bashdefault -o default genl
"#;

pub(crate) fn run(out: &mut Output, options: &Options) -> Outcome {
    // To a buffer, since the generator panics where its writer fails.
    let mut text = Vec::new();
    clap_complete::generate(options.shell, &mut command(), "genl", &mut text);
    out.write_all(&text)?;
    if options.shell == Shell::Bash {
        out.write_all(BASH_BY_SPEC.as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}
