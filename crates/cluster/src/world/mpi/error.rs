//! Why a run over MPI could not start.

use crate::world::link::LinkError;

/// Why this process could not join the others of its launcher. The text is for users; what to do stands on a line of
/// its own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A variable that a launcher sets holds something else than a number.
    #[error("the variable {variable} is not a number of processes: {value}\nhint: unset it, or let a launcher set it")]
    Environment {
        /// The variable.
        variable: &'static str,
        /// What it holds, in one line.
        value: String,
    },
    /// None of the names that MPI libraries have could be loaded.
    #[error(
        "no MPI library found: {}\nhint: set MPI_LIB to the library of the launcher's MPI, as in MPI_LIB=/opt/mpi/lib/libmpi.so",
        tried.join("; ")
    )]
    NoLibrary {
        /// What each name that was tried failed with.
        tried: Vec<String>,
    },
    /// The library lacks a function of MPI.
    #[error("`{library}` is no MPI library: {reason}\nhint: set MPI_LIB to the library of the launcher's MPI")]
    NotMpi {
        /// The library.
        library: String,
        /// What it lacks.
        reason: String,
    },
    /// The library cannot be called by a program with threads.
    #[error(
        "`{library}` does not allow a program with threads (level {provided}, {wanted} is needed)\n\
         hint: set MPI_LIB to another library of the launcher's MPI"
    )]
    Threads {
        /// The library.
        library: String,
        /// The level it offers.
        provided: i32,
        /// The level that is needed, in the numbers of this library.
        wanted: i32,
    },
    /// The launcher is of one MPI, and the library of another.
    #[error(
        "the launcher is Open MPI's, and `{library}` belongs to another MPI\n\
         hint: set MPI_LIB to the library of the launcher's MPI"
    )]
    NotOfLauncher {
        /// The library.
        library: String,
    },
    /// The launcher and the library do not know each other: each process believes to be alone.
    #[error(
        "the launcher started {launched} processes, but `{library}` sees {seen}: it belongs to another MPI\n\
         hint: set MPI_LIB to the library of the launcher's MPI"
    )]
    OtherMpi {
        /// How many the launcher started.
        launched: String,
        /// How many the library knows of.
        seen: usize,
        /// The library.
        library: String,
    },
    /// MPI was started before by this process, which is possible once.
    #[error("MPI was started already")]
    Again,
    /// A call of the library failed.
    #[error("cannot start MPI with `{library}`: {cause}")]
    Call {
        /// The library.
        library: String,
        /// The call, and what the library says of it.
        #[source]
        cause: LinkError,
    },
}
