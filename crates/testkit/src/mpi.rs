//! The MPIs that tests start programs with.

use std::ffi::{OsStr, OsString};

use crate::{Dir, Run};

/// The script that knows where each MPI is and how it is set up; `cargo xtask cluster help` describes it.
pub(crate) const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cluster.sh");

/// An MPI with its launcher. A program that loads MPI at run time finds in `MPI_LIB` the library to load, except under
/// Debian's, which it must find by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mpi {
    /// Open MPI 4, as Debian has it.
    OpenMpi4,
    /// Open MPI 5.
    OpenMpi5,
    /// MPICH 5, by its own binary interface.
    Mpich5,
    /// MPICH 5, by the standard binary interface of MPI 5.0.
    Mpich5Abi,
}

impl Mpi {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OpenMpi4, Self::OpenMpi5, Self::Mpich5, Self::Mpich5Abi];

    /// What the script calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenMpi4 => "openmpi-4",
            Self::OpenMpi5 => "openmpi-5",
            Self::Mpich5 => "mpich-5",
            Self::Mpich5Abi => "mpich-5-abi",
        }
    }

    /// The option that starts so many ranks.
    #[must_use]
    pub fn ranks(self, ranks: usize) -> Vec<String> {
        vec!["-n".to_owned(), ranks.to_string()]
    }

    /// The options that start `ranks` ranks, `per_host` on each host in turn.
    #[must_use]
    pub fn ranks_per_host(self, ranks: usize, per_host: usize) -> Vec<String> {
        let [option, value] = match self {
            Self::OpenMpi4 | Self::OpenMpi5 => ["--map-by".to_owned(), format!("ppr:{per_host}:node")],
            Self::Mpich5 | Self::Mpich5Abi => ["-ppn".to_owned(), per_host.to_string()],
        };
        [self.ranks(ranks), vec![option, value]].concat()
    }

    /// The options that set a variable in the environment of every rank.
    #[must_use]
    pub fn export(self, name: &str, value: &str) -> Vec<String> {
        match self {
            Self::OpenMpi4 | Self::OpenMpi5 => vec!["-x".to_owned(), format!("{name}={value}")],
            Self::Mpich5 | Self::Mpich5Abi => ["-genv", name, value].map(str::to_owned).to_vec(),
        }
    }

    /// Prepares to run ranks of a program on this machine, inside a folder; they have no network but loopback.
    #[must_use]
    pub fn run_here<'a, Argument: AsRef<OsStr>>(
        self,
        dir: &'a Dir,
        ranks: usize,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = Argument>,
    ) -> Run<'a> {
        dir.run(SCRIPT, self.words("here", &self.ranks(ranks), program.as_ref(), arguments))
    }

    pub(crate) fn words<Argument: AsRef<OsStr>>(
        self,
        command: &str,
        options: &[impl AsRef<OsStr>],
        program: &OsStr,
        arguments: impl IntoIterator<Item = Argument>,
    ) -> Vec<OsString> {
        let mut words: Vec<OsString> = [command, "--mpi", self.name()].map(OsString::from).to_vec();
        words.extend(options.iter().map(|option| option.as_ref().to_owned()));
        words.push(program.to_owned());
        words.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        words
    }
}
