//! What differs between the MPIs: names of libraries, and the numbers that stand in their headers.

use super::launcher::{Launched, Launcher};
use std::ffi::{OsString, c_int};

/// The names of Open MPI 4 and 5, and of the one to come.
const OPEN_MPI: [&str; 2] = ["libmpi.so.40", "libmpi.so.80"];
/// The names of MPICH, of those that keep its ABI (Intel MPI, Cray), and of the standard ABI, which they offer too.
const MPICH: [&str; 5] = ["libmpi_abi.so.1", "libmpi_abi.so.0", "libmpi.so.12", "libmpich.so.12", "libmpi_cray.so.12"];

/// The libraries to try, best first: the user's alone, else those of the launcher's MPI before the others.
pub(super) fn candidates(launched: &Launched) -> Vec<OsString> {
    let names: Vec<&str> = match (&launched.library, launched.launcher) {
        (Some(library), _) => return vec![library.clone()],
        (None, Launcher::Pmi) => MPICH.into_iter().chain(OPEN_MPI).collect(),
        (None, Launcher::OpenMpi | Launcher::Slurm | Launcher::Pmix) => OPEN_MPI.into_iter().chain(MPICH).collect(),
    };
    names.into_iter().map(OsString::from).collect()
}

/// The numbers of one family, from its mpi.h.
pub(super) struct Numbers {
    /// `MPI_THREAD_FUNNELED`.
    pub(super) thread_funneled: c_int,
    /// `MPI_ANY_SOURCE`.
    pub(super) any_source: c_int,
    /// At which number of an `MPI_Status` its `MPI_SOURCE` lies.
    pub(super) source_in_status: usize,
}

/// The handles that are needed, each as the bits of the pointer or number that it is.
pub(super) struct Handles {
    /// `MPI_COMM_WORLD`.
    pub(super) world: usize,
    /// What errors that belong to no communicator are raised on.
    pub(super) itself: usize,
    /// `MPI_ERRORS_RETURN`.
    pub(super) errors_return: usize,
    /// `MPI_BYTE`.
    pub(super) byte: usize,
}

/// Open MPI 4 and 5. Its handles are addresses of data in the library.
pub(super) const OPEN_MPI_NUMBERS: Numbers = Numbers { thread_funneled: 1, any_source: -1, source_in_status: 0 };
/// The symbols of Open MPI's handles, as in [`Handles`].
pub(super) const OPEN_MPI_SYMBOLS: [&str; 4] =
    ["ompi_mpi_comm_world", "ompi_mpi_comm_self", "ompi_mpi_errors_return", "ompi_mpi_byte"];

/// MPICH 4 and 5, and those that keep its ABI. Its handles are of type int.
pub(super) const MPICH_NUMBERS: Numbers = Numbers { thread_funneled: 1, any_source: -2, source_in_status: 2 };
/// The handles of MPICH.
pub(super) const MPICH_HANDLES: Handles =
    Handles { world: 0x4400_0000, itself: 0x4400_0001, errors_return: 0x5400_0001, byte: 0x4c00_010d };

/// The standard ABI of MPI 5.0. Its handles are pointers of low numbers.
pub(super) const STANDARD_NUMBERS: Numbers = Numbers { thread_funneled: 1024, any_source: -1, source_in_status: 0 };
/// The handles of the standard ABI.
pub(super) const STANDARD_HANDLES: Handles = Handles { world: 0x101, itself: 0x102, errors_return: 0x143, byte: 0x247 };

#[cfg(test)]
mod tests {
    use super::*;

    fn names(launcher: Launcher, library: Option<&str>) -> Vec<OsString> {
        candidates(&Launched { launcher, size: Some(2), rank: Some(0), library: library.map(OsString::from) })
    }

    #[test]
    fn the_library_of_the_launchers_mpi_is_tried_first() {
        for launcher in [Launcher::OpenMpi, Launcher::Slurm, Launcher::Pmix] {
            assert_eq!(names(launcher, None)[..3], ["libmpi.so.40", "libmpi.so.80", "libmpi_abi.so.1"]);
        }
        assert_eq!(names(Launcher::Pmi, None)[0], "libmpi_abi.so.1");
        assert_eq!(names(Launcher::Pmi, None)[5..], ["libmpi.so.40", "libmpi.so.80"]);
    }

    #[test]
    fn the_library_the_user_names_is_tried_alone() {
        assert_eq!(names(Launcher::OpenMpi, Some("/opt/libmpi.so.12")), ["/opt/libmpi.so.12"]);
    }
}
