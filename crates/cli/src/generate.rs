//! `pixtwin generate`: the manual page and shell completions, made from the arguments.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{
    args::{Arguments, GenerateArguments, Generated},
    exit::{Exit, Stop},
    output,
};

pub(crate) fn run(arguments: &GenerateArguments) -> Result<Exit, Stop> {
    let mut command = Arguments::command();
    let mut out = output::results();
    let shell = match arguments.what {
        Generated::Man => None,
        Generated::Bash => Some(Shell::Bash),
        Generated::Elvish => Some(Shell::Elvish),
        Generated::Fish => Some(Shell::Fish),
        Generated::Powershell => Some(Shell::PowerShell),
        Generated::Zsh => Some(Shell::Zsh),
    };
    match shell {
        Some(shell) => clap_complete::generate(shell, &mut command, "pixtwin", &mut out),
        None => print_manual(command, &mut out)?,
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// One page: the program, then each command in full, so that `man pixtwin` answers everything.
fn print_manual(mut command: clap::Command, out: &mut dyn Write) -> Result<(), Stop> {
    command.build();
    clap_mangen::Man::new(command.clone()).render(out)?;
    for subcommand in command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help") {
        let name = format!("pixtwin {}", subcommand.get_name());
        let page = clap_mangen::Man::new(subcommand.clone().name(name.clone()).after_help(""));
        writeln!(out, ".SH \"{}\"", name.to_uppercase())?;
        page.render_description_section(out)?;
        page.render_synopsis_section(out)?;
        page.render_options_section(out)?;
    }
    Ok(())
}
