//! The arguments of the page to look and decide.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
};

use clap::Args;

use super::{Common, Comparison, Keeping, Remembered, Selected};
use crate::exit;

/// Look at twins side by side in a browser, decide, and apply.
///
/// RESULT is what `pixtwin scan --format json` printed; of PATHs a scan is made, which can be watched on the page. The page
/// shows each group with what proves it, chooses keepers by the rules of `pixtwin plan` or by hand, shows what would be
/// done, does it as `pixtwin apply` does, with every check of that, and brings it back. The address is printed on the first line; it
/// is for this host and this user, and lasts until Ctrl-C.
///
/// From another host: the line of ssh that is printed makes a tunnel. docs/review.md has more.
///
/// Example: pixtwin scan ~/Pictures --format json > result; pixtwin review result
#[derive(Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct ReviewArguments {
    /// A report in JSON (`-` reads it from standard input), or what to scan [default: what is here, once the page asks for it].
    #[arg(value_name = "RESULT|PATH")]
    pub(crate) inputs: Vec<PathBuf>,

    /// Do not open a browser.
    #[arg(long)]
    pub(crate) no_open: bool,

    /// The port to listen on [default: any that is free].
    #[arg(long, value_name = "N", default_value = "0", hide_default_value = true)]
    pub(crate) port: u16,

    /// The address to listen on. Any but that of the loopback interface needs --token: whoever reaches it from the network,
    /// and has the token, sees the pictures and can act on them as you; and nothing is encrypted, so whoever sees the traffic has the
    /// token. A tunnel of ssh has neither fault.
    #[arg(long, value_name = "IP", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub(crate) listen: IpAddr,

    /// Take the token from FILE, which nobody else may read: 32 to 256 letters and digits on its first line [default: a new
    /// one of 192 bits]. `new` makes a new one where one is asked for.
    #[arg(long, value_name = "FILE")]
    pub(crate) token: Option<PathBuf>,

    /// The folder of the journals [default: pixtwin in $XDG_STATE_HOME or ~/.local/state].
    #[arg(long, value_name = "DIR")]
    pub(crate) state: Option<PathBuf>,

    /// The folder in which to make the quarantine [default: the highest above each file, on its file system, that is
    /// yours].
    #[arg(long, value_name = "DIR")]
    pub(crate) quarantine: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) keeping: Keeping,

    #[command(flatten)]
    pub(crate) comparison: Comparison,

    #[command(flatten)]
    pub(crate) selected: Selected,

    #[command(flatten)]
    pub(crate) remembered: Remembered,

    #[command(flatten)]
    pub(crate) common: Common,
}
