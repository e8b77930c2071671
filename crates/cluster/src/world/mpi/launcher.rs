//! What the environment tells about the launcher that started this process.

use super::{StartError, one_line};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// What a launcher says of the process it started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launched {
    /// Who started it.
    pub launcher: Launcher,
    /// How many processes were started, where the launcher tells it.
    pub size: Option<usize>,
    /// Which of them this one is, from 0, where the launcher tells it.
    pub rank: Option<usize>,
    /// The MPI library that the user wants: `MPI_LIB`, a path or a name.
    pub library: Option<OsString>,
}

/// Who started a process, as far as it matters for the MPI that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Launcher {
    /// Open MPI's own.
    OpenMpi,
    /// One that speaks the protocol of MPICH: Hydra of MPICH and Intel MPI, `srun --mpi=pmi2`.
    Pmi,
    /// `srun` of Slurm, with any MPI.
    Slurm,
    /// One that speaks PMIx and tells nothing else.
    Pmix,
}

/// A launcher's variables for the number of processes and for the rank of this one.
const VARIABLES: [(Launcher, Option<&str>, &str); 4] = [
    (Launcher::OpenMpi, Some("OMPI_COMM_WORLD_SIZE"), "OMPI_COMM_WORLD_RANK"),
    (Launcher::Pmi, Some("PMI_SIZE"), "PMI_RANK"),
    (Launcher::Slurm, Some("SLURM_STEP_NUM_TASKS"), "SLURM_PROCID"),
    (Launcher::Pmix, None, "PMIX_RANK"),
];
/// The step that Slurm makes for the shell of `salloc`: `SLURM_INTERACTIVE_STEP` of its slurm.h.
const SLURM_INTERACTIVE_STEP: u64 = 0xffff_fffa;

/// What the launcher of this process says of it; nothing where no launcher started it: then MPI is not to be touched.
/// `variable` looks a variable of the environment up.
///
/// One process counts, if a launcher started it. A batch script of Slurm, and a shell that `salloc` or `srun --pty`
/// opened, do not: what is typed there was not started by `srun`. Variables that a user exports for good
/// (`OMPI_MCA_...`, `MPI_LIB`) say nothing.
///
/// # Errors
/// [`StartError::Environment`] if a launcher's variable holds no number.
pub fn launched(variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<Launched>, StartError> {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let number = |name: &'static str| -> Result<Option<usize>, StartError> {
        let Some(value) = variable(name) else { return Ok(None) };
        let number = value.to_str().and_then(|text| text.trim().parse().ok());
        let unreadable = || StartError::Environment { variable: name, value: one_line(value.as_bytes()) };
        number.ok_or_else(unreadable).map(Some)
    };
    let shell = is_shell_of_slurm(&variable);
    for (launcher, size, rank) in VARIABLES {
        let size = size.map_or(Ok(None), number)?;
        // A launcher that tells its size sets it: a rank alone is a batch script's, or left over.
        if (size.is_none() && launcher != Launcher::Pmix) || (shell && launcher != Launcher::OpenMpi && size < Some(2))
        {
            continue;
        }
        let rank = number(rank)?;
        if size.is_some() || rank.is_some() {
            return Ok(Some(Launched { launcher, size, rank, library: variable("MPI_LIB") }));
        }
    }
    Ok(None)
}

/// Whether this is typed in a shell that Slurm opened as a step of one process: the step is the shell's, not ours.
fn is_shell_of_slurm(variable: &impl Fn(&str) -> Option<OsString>) -> bool {
    let step = variable("SLURM_STEP_ID").and_then(|step| step.to_str()?.parse::<u64>().ok());
    step == Some(SLURM_INTERACTIVE_STEP) || variable("SLURM_PTY_PORT").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Option<Launched>, String> {
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        launched(variable).map_err(|error| error.to_string())
    }

    fn brief(variables: &[(&str, &str)]) -> Option<(Launcher, Option<usize>, Option<usize>)> {
        of(variables).unwrap().map(|launched| (launched.launcher, launched.size, launched.rank))
    }

    #[test]
    fn each_launcher_is_known_by_its_variables() {
        let open_mpi = [("OMPI_COMM_WORLD_SIZE", "4"), ("OMPI_COMM_WORLD_RANK", "3"), ("PMIX_RANK", "3")];
        assert_eq!(brief(&open_mpi), Some((Launcher::OpenMpi, Some(4), Some(3))));
        let hydra = [("PMI_SIZE", "2"), ("PMI_RANK", "0"), ("PMI_FD", "9"), ("MPI_LOCALNRANKS", "1")];
        assert_eq!(brief(&hydra), Some((Launcher::Pmi, Some(2), Some(0))));
        let srun = [("SLURM_STEP_NUM_TASKS", "8"), ("SLURM_PROCID", "7"), ("SLURM_STEP_ID", "0"), ("PMIX_RANK", "7")];
        assert_eq!(brief(&srun), Some((Launcher::Slurm, Some(8), Some(7))));
        assert_eq!(brief(&[("PMIX_RANK", "5")]), Some((Launcher::Pmix, None, Some(5))));
        assert_eq!(brief(&[("PMI_SIZE", "2")]), Some((Launcher::Pmi, Some(2), None)));
    }

    #[test]
    fn one_process_of_a_launcher_counts() {
        assert_eq!(brief(&[("OMPI_COMM_WORLD_SIZE", "1"), ("OMPI_COMM_WORLD_RANK", "0")]).unwrap().1, Some(1));
        assert_eq!(brief(&[("PMI_SIZE", "1"), ("PMI_RANK", "0")]).unwrap().1, Some(1));
        assert_eq!(brief(&[("SLURM_STEP_NUM_TASKS", "1"), ("SLURM_PROCID", "0")]).unwrap().1, Some(1));
    }

    #[test]
    fn a_shell_is_no_launcher() {
        assert_eq!(brief(&[]), None);
        assert_eq!(brief(&[("OMPI_MCA_btl", "tcp,self"), ("OMPI_ALLOW_RUN_AS_ROOT", "1"), ("MPI_LIB", "x.so")]), None);
        assert_eq!(brief(&[("OMPI_COMM_WORLD_SIZE", ""), ("PMI_RANK", "0")]), None);
    }

    #[test]
    fn a_script_or_shell_of_slurm_is_no_launcher() {
        // A batch script has a rank, but no step of its own with a number of tasks.
        let batch = [("SLURM_JOB_ID", "9"), ("SLURM_NTASKS", "4"), ("SLURM_PROCID", "0"), ("ENVIRONMENT", "BATCH")];
        assert_eq!(brief(&batch), None);
        let salloc = [("SLURM_STEP_ID", "4294967290"), ("SLURM_STEP_NUM_TASKS", "1"), ("SLURM_PROCID", "0")];
        assert_eq!(brief(&salloc), None);
        let pty = [("SLURM_STEP_ID", "0"), ("SLURM_STEP_NUM_TASKS", "1"), ("SLURM_PTY_PORT", "1234")];
        assert_eq!(brief(&[&pty[..], &[("PMIX_RANK", "0")]].concat()), None);
        assert_eq!(brief(&[&pty[..], &[("PMI_SIZE", "1"), ("PMI_RANK", "0")]].concat()), None);
        // A launcher that is typed in such a shell counts.
        let inner = [("OMPI_COMM_WORLD_SIZE", "1"), ("OMPI_COMM_WORLD_RANK", "0")];
        assert_eq!(brief(&[&pty[..], &inner].concat()), Some((Launcher::OpenMpi, Some(1), Some(0))));
        let inner = [("PMI_SIZE", "3"), ("PMI_RANK", "2")];
        assert_eq!(brief(&[&salloc[..], &inner].concat()), Some((Launcher::Pmi, Some(3), Some(2))));
    }

    #[test]
    fn the_library_the_user_wants_is_kept() {
        let with = |library| of(&[("PMI_SIZE", "2"), ("MPI_LIB", library)]).unwrap().unwrap().library;
        assert_eq!(with("/opt/mpi/libmpi.so"), Some("/opt/mpi/libmpi.so".into()));
        assert_eq!(with(""), None);
    }

    #[test]
    fn a_variable_that_holds_no_number_is_refused() {
        let error = of(&[("OMPI_COMM_WORLD_SIZE", "four\n")]).unwrap_err();
        assert_eq!(
            error,
            "the variable OMPI_COMM_WORLD_SIZE is not a number of processes: four\n\
             hint: unset it, or let a launcher set it"
        );
        assert!(of(&[("PMI_SIZE", "2"), ("PMI_RANK", "-1")]).unwrap_err().contains("PMI_RANK"));
    }
}
