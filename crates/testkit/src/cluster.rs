//! A cluster of namespaces for one test.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{Dir, Mpi, Ran, Run, Running, mpi::SCRIPT};

/// Launchers need less than a second to start ranks; machines that test much at once need more.
const LONGEST_START: Duration = Duration::from_secs(30);
/// The variables by which launchers tell a rank its number: both Open MPIs, and MPICH.
const RANK_VARIABLES: [&str; 2] = ["OMPI_COMM_WORLD_RANK=", "PMI_RANK="];

/// Hosts h1, h2, ... and a login node `head`, which no other cluster sees and which leave nothing on the machine.
///
/// It goes down when this is dropped, and also when the test process is killed. `cargo xtask cluster help` says what a
/// host is.
#[derive(Debug)]
pub struct Cluster {
    /// Its state, and the folder in which programs are started.
    home: Dir,
    hosts: usize,
    /// Its standard input is open as long as the cluster is wanted.
    owner: Child,
}

/// A launcher that runs on the login node, and the ranks it started; killed when nobody holds it any longer.
#[derive(Debug)]
pub struct Job<'a> {
    /// The launcher itself, mpirun or mpiexec.
    pub launcher: Running,
    cluster: &'a Cluster,
}

/// The process of one rank, as this machine sees it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// Its number.
    pub rank: usize,
    /// The host it runs on.
    pub host: String,
    /// The number of its process.
    pub pid: i32,
}

impl Cluster {
    /// A host for each of these folders, which it sees as `/srv/images`, read-only.
    #[must_use]
    pub fn up(folders: &[impl AsRef<Path>]) -> Self {
        let folders = folders.iter().map(|folder| folder.as_ref().into());
        Self::start(folders.len(), folders)
    }

    /// So many hosts that all see this folder as `/srv/images`, read-only.
    #[must_use]
    pub fn shared(hosts: usize, folder: impl AsRef<Path>) -> Self {
        Self::start(hosts, [OsString::from("-a"), folder.as_ref().into()])
    }

    fn start(hosts: usize, arguments: impl IntoIterator<Item = OsString>) -> Self {
        let home = Dir::new();
        let mut command = Command::new(SCRIPT);
        command.args(["up", "-e", "-n", &hosts.to_string()]).args(arguments);
        command
            .env("CLUSTER_STATE", state_in(&home))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut owner = command.spawn().unwrap_or_else(|cause| panic!("cannot run {SCRIPT}: {cause}"));
        let mut said = String::new();
        std::io::Read::read_to_string(&mut owner.stderr.take().unwrap(), &mut said).unwrap();
        // Not `wait`: that would close its standard input, and with it take the cluster down.
        let started = Instant::now();
        let status = loop {
            if let Some(status) = owner.try_wait().unwrap() {
                break status;
            }
            assert!(started.elapsed() < LONGEST_START, "`cluster up` has not ended: {said}");
            thread::sleep(Duration::from_millis(1));
        };
        assert!(status.success(), "the cluster did not start:\n{said}");
        Self { home, hosts, owner }
    }

    /// The names of its hosts.
    pub fn hosts(&self) -> impl Iterator<Item = String> {
        (1..=self.hosts).map(|number| format!("h{number}"))
    }

    /// The folder in which programs are started; all hosts see it, as they see most of this machine's files.
    #[must_use]
    pub fn home(&self) -> &Dir {
        &self.home
    }

    /// Prepares to run ranks of a program from the login node; `options` are for mpirun or mpiexec.
    #[must_use]
    pub fn run<Argument: AsRef<OsStr>>(
        &self,
        mpi: Mpi,
        options: &[impl AsRef<OsStr>],
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = Argument>,
    ) -> Run<'_> {
        self.script(mpi.words("run", options, program.as_ref(), arguments))
    }

    /// Starts it, for tests in which something goes wrong while it runs.
    #[must_use]
    pub fn spawn<'a>(&'a self, run: Run<'a>) -> Job<'a> {
        Job { launcher: run.start(), cluster: self }
    }

    /// Prepares to run a command on a host, or on `head`.
    #[must_use]
    pub fn exec<Argument: AsRef<OsStr>>(
        &self,
        host: &str,
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = Argument>,
    ) -> Run<'_> {
        let mut words: Vec<OsString> = vec!["exec".into(), host.into(), program.as_ref().into()];
        words.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self.script(words)
    }

    /// Pulls the network cable of a host.
    pub fn cut(&self, host: &str) {
        self.order("cut", host);
    }

    /// Plugs it in again.
    pub fn heal(&self, host: &str) {
        self.order("heal", host);
    }

    /// Power failure: the host falls silent, and its processes are gone.
    pub fn off(&self, host: &str) {
        self.order("off", host);
    }

    /// All processes of the host are killed, and its system closes their connections.
    pub fn crash(&self, host: &str) {
        self.order("crash", host);
    }

    /// Starts a host again that is off.
    pub fn on(&self, host: &str) {
        self.order("on", host);
    }

    /// Every process on its hosts and its login node, by the numbers of this machine.
    #[must_use]
    pub fn processes(&self) -> Vec<i32> {
        let nodes = self.hosts().chain(["head".to_owned(), "switch".to_owned()]);
        let networks: Vec<_> = nodes.filter_map(|node| network(self.keeper_of(&node)?)).collect();
        processes().filter(|pid| network(*pid).is_some_and(|network| networks.contains(&network))).collect()
    }

    #[track_caller]
    fn order(&self, word: &str, host: &str) {
        let ran = self.script([word, host].map(OsString::from)).end();
        assert_eq!(ran.code, 0, "{word} {host}: {}", ran.err());
    }

    fn script(&self, words: impl IntoIterator<Item = OsString>) -> Run<'_> {
        self.home.run(SCRIPT, words).env("CLUSTER_STATE", state_in(&self.home))
    }

    /// The process that is there as long as the node is, if it is.
    fn keeper_of(&self, node: &str) -> Option<i32> {
        let keeper = fs::read_to_string(state_in(&self.home).join(node).join("keeper")).ok()?;
        keeper.split_whitespace().next()?.parse().ok()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let down = self.script([OsString::from("down")]).end();
        drop(self.owner.stdin.take());
        // A second panic would end the test process before others have taken theirs down.
        if !thread::panicking() {
            assert_eq!(down.code, 0, "down: {}", down.err());
        }
    }
}

impl Job<'_> {
    /// The processes of its ranks, by rank, once all are there. One job at a time: those of another would be counted.
    #[must_use]
    pub fn ranks(&mut self, ranks: usize) -> Vec<Rank> {
        let started = Instant::now();
        loop {
            let found = self.cluster.ranks();
            if found.len() == ranks {
                return found;
            }
            let is_late = started.elapsed() > LONGEST_START;
            assert!(!is_late && self.launcher.runs(), "{ranks} ranks should run: {found:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for the end of the launcher; fails the test if it takes longer.
    #[must_use]
    pub fn end_within(self, limit: Duration) -> Ran {
        self.launcher.end_within(limit)
    }
}

impl Cluster {
    fn ranks(&self) -> Vec<Rank> {
        let hosts: Vec<_> = self
            .hosts()
            .filter_map(|host| self.keeper_of(&host).and_then(|keeper| Some((network(keeper)?, keeper, host))))
            .collect();
        let rank = |pid: i32| {
            let network = network(pid)?;
            let (_, keeper, host) = hosts.iter().find(|(of_host, ..)| *of_host == network)?;
            // What a rank starts inherits the variable: the rank is the one whose parent has none, and which is no
            // orphan, as those of a killed rank are.
            let (rank, parent) = (rank_of(pid)?, parent_of(pid)?);
            let is_rank = parent != *keeper && rank_of(parent).is_none();
            is_rank.then(|| Rank { rank, host: host.clone(), pid })
        };
        let mut ranks: Vec<_> = processes().filter_map(rank).collect();
        ranks.sort_unstable();
        ranks
    }
}

impl Rank {
    /// Sends it SIGKILL.
    pub fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Sends it SIGKILL, if it has not ended.
    pub fn try_kill(&self) {
        let _ = kill_process(Pid::from_raw(self.pid).unwrap(), Signal::KILL);
    }

    /// Asks it to end, as SIGTERM does.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Stops it as SIGSTOP does: it is there, and does nothing.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid).unwrap(), signal).unwrap();
    }
}

fn state_in(home: &Dir) -> PathBuf {
    home.join("state")
}

fn processes() -> impl Iterator<Item = i32> {
    fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// The network namespace of a process, if it still runs and may be looked at.
fn network(pid: i32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/ns/net")).ok()
}

fn rank_of(pid: i32) -> Option<usize> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let mut variables = environment.split(|byte| *byte == 0).filter_map(|variable| str::from_utf8(variable).ok());
    variables.find_map(|variable| RANK_VARIABLES.iter().find_map(|name| variable.strip_prefix(name)))?.parse().ok()
}

fn parent_of(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program, in brackets, may hold anything.
    stat.rsplit_once(") ")?.1.split_whitespace().nth(1)?.parse().ok()
}
