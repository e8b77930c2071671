//! The cluster of namespaces, for real: hosts, cables, power, and three MPIs on it.

use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use pixtwin_testkit::{Cluster, Dir, Mpi};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/cluster.sh");
/// Longer than any launcher takes to notice a lost host with the keep-alive of the cluster.
const NOTICED: Duration = Duration::from_secs(30);
/// One line for each rank: its host and the pictures there. Open MPI 5 sometimes hangs when all ranks end as soon as they
/// start (openpmix/prrte#1839): 5 of 15 runs of `hostname` by 9 ranks, 0 of 45 that lasted longer.
const SHOW: [&str; 2] = ["-c", "echo $(hostname) $(ls /srv/images); sleep 0.2"];

fn folder(names: &[&str]) -> Dir {
    let dir = Dir::new();
    for name in names {
        dir.write(name, "");
    }
    dir
}

/// For tests that need no pictures.
fn two_hosts() -> Cluster {
    Cluster::shared(2, "/usr")
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

/// What a shell on this host says, errors too.
fn say(cluster: &Cluster, host: &str, script: &str) -> String {
    let ran = cluster.exec(host, "bash", ["-c", &format!("exec 2>&1; {script}")]).end();
    ran.out().to_owned()
}

/// Does `from` reach `to`? To be refused is an answer.
fn reaches(cluster: &Cluster, from: &str, to: &str) -> bool {
    say(cluster, from, &format!("timeout 1 bash -c ': </dev/tcp/{to}/9'")).contains("refused")
}

fn runs(pid: i32) -> bool {
    // A zombie has no namespaces any more.
    fs::read_link(format!("/proc/{pid}/ns/net")).is_ok()
}

#[track_caller]
fn assert_all_end(pids: &[i32]) {
    let started = Instant::now();
    while pids.iter().any(|pid| runs(*pid)) {
        let left: Vec<_> = pids.iter().filter(|pid| runs(**pid)).collect();
        assert!(started.elapsed() < Duration::from_secs(10), "still there: {left:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn every_mpi_starts_ranks_that_see_the_pictures_of_their_host() {
    let folders = [folder(&["a.png"]), folder(&["x.png", "y.png"]), folder(&[])];
    let cluster = Cluster::up(&folders);
    let [h1, h2, h3] = ["h1 a.png", "h2 x.png y.png", "h3"];
    for mpi in [Mpi::OpenMpi4, Mpi::OpenMpi5, Mpi::Mpich5] {
        for (ranks, per_host, expected) in [(2, 1, vec![h1, h2]), (6, 2, vec![h1, h1, h2, h2, h3, h3])] {
            let ran = cluster.run(mpi, &mpi.ranks_per_host(ranks, per_host), "sh", SHOW).end();
            assert_eq!(ran.code, 0, "{mpi:?}: {}", ran.err());
            assert_eq!(sorted(ran.out()), expected, "{mpi:?}");
        }
        // Two slots a host, and then more ranks than slots.
        let ran = cluster.run(mpi, &mpi.ranks(4), "sh", SHOW).end();
        assert_eq!(sorted(ran.out()), [h1, h1, h2, h2], "{mpi:?}: {}", ran.err());
        let ran = cluster.run(mpi, &mpi.ranks(9), "sh", SHOW).end();
        let hosts = sorted(ran.out());
        assert_eq!((hosts.len(), hosts.iter().collect::<BTreeSet<_>>().len()), (9, 3), "{mpi:?}: {}", ran.err());
    }
}

#[test]
fn every_mpi_hands_on_codes_variables_and_its_library() {
    let cluster = two_hosts();
    for mpi in Mpi::ALL {
        let options = [mpi.ranks_per_host(2, 1), mpi.export("COLOUR", "red")].concat();
        let ran = cluster.run(mpi, &options, "sh", ["-c", "echo $COLOUR ${MPI_LIB-none}; sleep 0.2"]).end();
        let lines = sorted(ran.out());
        let [first, second] = lines.as_slice() else { panic!("{mpi:?}: {}", ran.err()) };
        assert_eq!(first, second);
        let library = first.strip_prefix("red ").unwrap();
        assert_eq!(library == "none", mpi == Mpi::OpenMpi4, "{library}");
        assert!(library == "none" || Path::new(library).is_file(), "{library}\nhint: cargo xtask setup");

        let here = mpi
            .run_here(cluster.home(), 3, "sh", ["-c", "echo ${OMPI_COMM_WORLD_RANK-$PMI_RANK} $(pwd); sleep 0.2"])
            .end();
        let lines = [0, 1, 2].map(|rank| format!("{rank} {}", cluster.home().path().display()));
        assert_eq!(sorted(here.out()), lines, "{mpi:?}: {}", here.err());
        let ran = mpi.run_here(cluster.home(), 2, "sh", ["-c", "sleep 0.2; exit 7"]).end();
        assert_eq!(ran.code, 7, "{mpi:?}: {}", ran.err());
    }
}

#[test]
fn hosts_reach_each_other_and_nothing_else() {
    let interfaces =
        || -> BTreeSet<_> { fs::read_dir("/sys/class/net").unwrap().map(|entry| entry.unwrap().file_name()).collect() };
    let routes = || fs::read_to_string("/proc/net/route").unwrap();
    let before = (interfaces(), routes());
    let cluster = two_hosts();
    assert!(reaches(&cluster, "h1", "h2") && reaches(&cluster, "h2", "head") && reaches(&cluster, "head", "h1"));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in ["head", "h1", "h2"] {
        assert_eq!(say(&cluster, host, "ip -oneline route | wc -l"), "1\n");
        assert!(say(&cluster, host, "ip route").starts_with("10.77.0.0/24 dev eth0 "));
        assert!(say(&cluster, host, ": </dev/tcp/192.0.2.1/80").contains("unreachable"));
        assert!(say(&cluster, host, &format!(": </dev/tcp/127.0.0.1/{port}")).contains("refused"));
        assert_eq!(say(&cluster, host, "hostname; ls /sys/class/net"), format!("{host}\neth0\nlo\n"));
    }
    assert_eq!((interfaces(), routes()), before);
}

#[test]
fn hosts_have_their_own_processes_memory_and_scratch_folder() {
    let images = folder(&["a.png"]);
    let cluster = Cluster::up(&[&images, &images]);
    assert_eq!(say(&cluster, "h1", "echo $(ps -e -o pid= | head -1)"), "1\n");
    assert_eq!(
        say(&cluster, "h1", "echo 1 >/dev/shm/one; echo 2 >/srv/scratch/two; ls /dev/shm /srv/scratch | wc -l"),
        "5\n"
    );
    assert_eq!(say(&cluster, "h2", "ls /dev/shm /srv/scratch | wc -l"), "3\n");
    assert!(say(&cluster, "h1", "touch /srv/images/b.png").contains("Read-only"));
    assert!(!Path::new("/srv/scratch/two").exists() && !Path::new("/dev/shm/one").exists());
    // Process 1 collects orphans.
    say(&cluster, "h1", "for i in 1 2 3; do setsid sh -c 'true &' & done; wait");
    let zombies = "for i in $(seq 100); do ps -e -o stat= | grep -q Z || exit 0; sleep 0.02; done; ps -e";
    assert_eq!(say(&cluster, "h1", zombies), "");
}

#[test]
fn shared_storage_is_one_folder_on_all_hosts() {
    let images = folder(&["a.png"]);
    let cluster = Cluster::shared(3, &images);
    for host in cluster.hosts() {
        assert_eq!(say(&cluster, &host, "ls /srv/images"), "a.png\n");
    }
}

#[test]
fn clusters_do_not_see_each_other() {
    let images = [folder(&["1.png"]), folder(&["2.png"])];
    let [first, second] = images.each_ref().map(|images| Cluster::up(&[images, images]));
    first.cut("h2");
    assert!(!reaches(&first, "h1", "h2"));
    assert!(reaches(&second, "h1", "h2"));
    let both = [&first, &second].map(|cluster| say(cluster, "h1", "ls /srv/images"));
    assert_eq!(both, ["1.png\n", "2.png\n"]);
    let processes = first.processes();
    assert!(processes.len() >= 4 && second.processes().iter().all(|pid| !processes.contains(pid)));
    drop(first);
    assert!(reaches(&second, "h1", "h2"));
    assert!(second.processes().iter().all(|pid| runs(*pid)));
}

#[test]
fn a_cable_that_is_healed_in_time_ends_nothing() {
    let cluster = two_hosts();
    let mpi = Mpi::OpenMpi4;
    let script = ["-c", "echo start; while [ ! -e healed ]; do sleep 0.05; done; echo end"];
    let mut job = cluster.spawn(cluster.run(mpi, &mpi.ranks_per_host(2, 1), "sh", script));
    assert_eq!(job.ranks(2).iter().map(|rank| rank.host.as_str()).collect::<Vec<_>>(), ["h1", "h2"]);
    cluster.cut("h2");
    assert!(!reaches(&cluster, "head", "h2"));
    cluster.heal("h2");
    assert!(reaches(&cluster, "head", "h2"));
    cluster.home().write("healed", "");
    let ran = job.end_within(NOTICED);
    assert_eq!(ran.code, 0, "{}", ran.err());
    assert_eq!(sorted(ran.out()), ["end", "end", "start", "start"]);
}

/// Cuts or switches off h2 while ranks sleep there, and gives what mpirun came to.
fn lose_h2(mpi: Mpi, keepalive: &str, lose: impl Fn(&Cluster)) {
    let cluster = two_hosts();
    let run = cluster.run(mpi, &mpi.ranks(4), "sleep", ["100"]).env("CLUSTER_KEEPALIVE", keepalive);
    let mut job = cluster.spawn(run);
    let ranks = job.ranks(4);
    lose(&cluster);
    let ran = job.end_within(NOTICED);
    // The launcher hears it from its daemon, or from what stands for ssh if that is still there.
    let is_told = ["lost communication", "does not respond"].iter().any(|words| ran.err().contains(words));
    assert!(is_told && ran.err().contains("h2"), "{mpi:?}: {}", ran.err());
    // Open MPI 5 mostly says that all is well, with half of its ranks lost.
    assert!(ran.code != 0 || mpi == Mpi::OpenMpi5, "{}", ran.err());
    drop(cluster);
    assert_all_end(&ranks.iter().map(|rank| rank.pid).collect::<Vec<_>>());
}

#[test]
fn open_mpi_4_notices_a_cut_cable() {
    lose_h2(Mpi::OpenMpi4, "4/1/3", |cluster| cluster.cut("h2"));
}

#[test]
fn open_mpi_5_notices_a_power_failure() {
    lose_h2(Mpi::OpenMpi5, "2/1/2", |cluster| cluster.off("h2"));
}

#[test]
fn hydra_waits_for_a_host_whose_cable_is_cut() {
    // Longer than ssh with keep-alive, which ends; were this to change, docs/cluster.md would have to.
    let cluster = two_hosts();
    let mpi = Mpi::Mpich5;
    let run = cluster.run(mpi, &mpi.ranks(4), "sleep", ["100"]).env("CLUSTER_KEEPALIVE", "1/1/1");
    let mut job = cluster.spawn(run);
    assert_eq!(job.ranks(4).len(), 4);
    cluster.cut("h2");
    let cut = Instant::now();
    while cut.elapsed() < Duration::from_secs(4) {
        assert!(job.launcher.runs(), "it noticed after {:?}", cut.elapsed());
        thread::sleep(Duration::from_millis(50));
    }
    cluster.heal("h2");
    job.launcher.terminate();
    let ran = job.end_within(NOTICED);
    assert_ne!(ran.code, 0);
    assert!(ran.err().contains("cluster: h2 does not respond"), "{}", ran.err());
}

#[test]
fn a_host_that_is_off_is_started_again() {
    let images = [folder(&[]), folder(&["a.png"])];
    let cluster = Cluster::up(&images);
    cluster.off("h2");
    assert!(!reaches(&cluster, "h1", "h2"));
    let refused = cluster.exec("h2", "true", [""; 0]).end();
    refused.assert(2, "", "cluster: h2 is off\n");
    cluster.on("h2");
    assert!(reaches(&cluster, "h1", "h2"));
    assert_eq!(say(&cluster, "h2", "ls /srv/images"), "a.png\n");
    cluster.crash("h2");
    cluster.on("h2");
    let mpi = Mpi::OpenMpi4;
    let ran = cluster.run(mpi, &mpi.ranks_per_host(2, 1), "hostname", [""; 0]).end();
    assert_eq!(sorted(ran.out()), ["h1", "h2"], "{}", ran.err());
}

#[test]
fn a_rank_is_found_stopped_and_killed_from_outside() {
    let cluster = two_hosts();
    for mpi in [Mpi::OpenMpi4, Mpi::OpenMpi5, Mpi::Mpich5] {
        // The shell stays beside its child: the rank is the shell. Not so with Hydra, which waits for the orphans.
        let script = if mpi == Mpi::Mpich5 { "exec sleep 100" } else { "sleep 100; true" };
        let run = cluster.run(mpi, &mpi.ranks_per_host(2, 1), "sh", ["-c", script]);
        let mut job = cluster.spawn(run);
        let ranks = job.ranks(2);
        let places: Vec<_> = ranks.iter().map(|rank| (rank.rank, rank.host.as_str())).collect();
        assert_eq!(places, [(0, "h1"), (1, "h2")], "{mpi:?}");
        let state = || fs::read_to_string(format!("/proc/{}/stat", ranks[1].pid)).unwrap();
        let stopped = Instant::now();
        ranks[1].stop();
        while !state().contains(") T ") {
            assert!(stopped.elapsed() < NOTICED, "{}", state());
            thread::sleep(Duration::from_millis(5));
        }
        ranks[1].resume();
        assert!(job.launcher.runs());
        ranks[1].kill();
        let ran = job.end_within(NOTICED);
        assert_ne!(ran.code, 0, "{mpi:?}: {}", ran.err());
        assert_all_end(&ranks.iter().map(|rank| rank.pid).collect::<Vec<_>>());
    }
}

#[test]
fn down_leaves_nothing() {
    let cluster = two_hosts();
    for host in ["head", "h1", "h2"] {
        say(&cluster, host, "setsid sleep 1000 >/dev/null 2>&1 & trap '' TERM; sleep 1000 >/dev/null 2>&1 &");
    }
    let launcher = cluster.run(Mpi::OpenMpi4, &["-n", "4"], "sleep", ["1000"]).start();
    let processes = cluster.processes();
    assert!(processes.len() >= 10, "{processes:?}");
    let home = cluster.home().path().to_owned();
    assert!(home.join("state/h1").is_dir());
    drop(cluster);
    assert_eq!(launcher.end_within(NOTICED).code, 137);
    assert_all_end(&processes);
    assert!(!home.exists());
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    assert!(!mounts.contains(home.to_str().unwrap()) && !mounts.contains("/srv/images"), "{mounts}");
}

#[test]
fn a_test_that_panics_leaves_nothing() {
    let mut processes = Vec::new();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let cluster = two_hosts();
        processes = cluster.processes();
        panic!("as a test fails");
    }));
    assert!(outcome.is_err() && processes.len() >= 3);
    assert_all_end(&processes);
}

#[test]
fn a_test_that_is_killed_leaves_nothing() {
    let dir = Dir::new();
    let state = dir.join("state");
    let mut owner = Command::new(SCRIPT);
    owner.args(["up", "-e", "-n", "1"]).env("CLUSTER_STATE", &state).stdin(Stdio::piped()).stderr(Stdio::null());
    let mut owner = owner.spawn().unwrap();
    while owner.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(5));
    }
    let keeper = |node: &str| -> i32 {
        let keeper = fs::read_to_string(state.join(node).join("keeper")).unwrap();
        keeper.split(' ').next().unwrap().parse().unwrap()
    };
    let keepers = ["watch", "switch", "head", "h1"].map(keeper);
    assert!(keepers.iter().all(|pid| runs(*pid)));
    // The end of a process closes what it held.
    drop(owner.stdin.take());
    assert_all_end(&keepers);
    assert!(!state.exists());
}

#[test]
fn a_start_that_fails_half_way_leaves_nothing() {
    let dir = Dir::new();
    let script = "#!/bin/sh\necho $PPID >>\"$HOME/keepers\"\n[ \"$1\" != h2 ] || exit 1\nexec /bin/hostname \"$@\"\n";
    dir.write("bin/hostname", script).chmod("bin/hostname", 0o755);
    let path = format!("{}:{}", dir.join("bin").display(), std::env::var("PATH").unwrap());
    let up = dir.run(SCRIPT, ["up"]).env("CLUSTER_STATE", dir.join("state")).env("PATH", path).end();
    assert_eq!((up.code, up.out()), (2, ""), "{}", up.err());
    assert!(up.err().contains("cluster: cannot start h2\n"), "{}", up.err());
    assert!(!dir.join("state").exists());
    let environment = format!("CLUSTER_STATE={}", dir.join("state").display());
    let is_ours = |pid: &i32| {
        let variables = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        variables.split(|byte| *byte == 0).any(|variable| variable == environment.as_bytes())
    };
    let names = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<i32> = names.filter_map(|name| name.to_str()?.parse().ok()).filter(is_ours).collect();
    assert_eq!(left, [0; 0]);
}

/// A copy of the script, and a place for the state, where any user may go.
fn for_everyone() -> Dir {
    let dir = folder(&[]);
    fs::copy(SCRIPT, dir.join("cluster.sh")).expect("it is read by the tests that run it");
    dir.write("images/a.png", "");
    dir.chmod("cluster.sh", 0o755).chmod("images", 0o755).chmod("images/a.png", 0o644).chmod("", 0o777);
    dir
}

#[test]
fn it_works_without_root_or_says_what_it_needs() {
    let dir = for_everyone();
    let user = ["--reuid", "54321", "--regid", "54321", "--clear-groups", "--inh-caps", "-all", "--"];
    let script = |words: &[&str]| {
        let cluster = [dir.join("cluster.sh").into_os_string()].into_iter().chain(words.iter().map(Into::into));
        let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        let wrapper = user.iter().filter(|_| is_root).map(Into::into);
        let program = if is_root { "setpriv" } else { "env" };
        dir.run(program, wrapper.chain(cluster)).env("CLUSTER_STATE", dir.join("state")).end()
    };
    let images = dir.join("images");
    let up = script(&["up", "-n", "2", "-a", images.to_str().unwrap()]);
    if up.code != 0 {
        assert!(up.code == 2 && up.err().contains("hint: run it as root"), "{}", up.err());
        return;
    }
    let ran = script(&["run", "-n", "4", "sh", "-c", "echo $(hostname) $(ls /srv/images)"]);
    let status = script(&["status"]);
    let written = script(&["exec", "h1", "touch", "/srv/images/b.png"]);
    let off = script(&["off", "h2"]);
    let down = script(&["down"]);
    assert_eq!(sorted(ran.out()), ["h1 a.png", "h1 a.png", "h2 a.png", "h2 a.png"], "{}", ran.err());
    assert_eq!(status.out(), "head 10.77.0.100 plugged 0\nh1 10.77.0.1 plugged 1\nh2 10.77.0.2 plugged 1\n");
    assert!(written.err().contains("Read-only"), "{}", written.err());
    assert_eq!((off.code, down.code), (0, 0), "{} {}", off.err(), down.err());
    assert!(!dir.join("state").exists());
}

#[test]
fn where_namespaces_are_forbidden_it_says_what_it_needs() {
    let dir = Dir::new();
    let script = "echo 0 >/proc/sys/user/max_net_namespaces && exec \"$0\" up";
    let words = ["--user", "--map-root-user", "sh", "-c", script, SCRIPT];
    let up = dir.run("unshare", words).env("CLUSTER_STATE", dir.join("state")).end();
    assert_eq!(up.code, 2, "{}", up.err());
    assert!(up.err().starts_with("cluster: namespaces cannot be made here: unshare"), "{}", up.err());
    assert!(up.err().contains("\nhint: run it as root (CAP_SYS_ADMIN), or let users make"), "{}", up.err());
    assert!(!dir.join("state").exists());
}

#[test]
fn wrong_arguments_are_named_and_start_nothing() {
    let dir = folder(&[]);
    let state = dir.join("state");
    for (words, message) in [
        (vec!["up", "-n", "0x"], "cluster: not a number of hosts: 0x\n"),
        (vec!["up", "-n", "65"], "cluster: at most 64 hosts: 65\n"),
        (vec!["up", "/nonexistent"], "cluster: there is no such folder: /nonexistent\n"),
        (vec!["up", "-n", "1", "/", "/"], "cluster: 2 folders for 1 hosts\n"),
        (vec!["cut"], "cluster: which host?\nhint: cargo xtask cluster help\n"),
        (
            vec!["here", "--mpi", "mpi", "true"],
            "cluster: unknown MPI `mpi`; known are: openmpi-4 openmpi-5 mpich-5 mpich-5-abi\n",
        ),
    ] {
        dir.run(SCRIPT, words).env("CLUSTER_STATE", &state).end().assert(2, "", message);
        assert!(!state.exists());
    }
}

#[test]
fn the_script_is_clean() {
    let ran = Dir::new().run("shellcheck", [SCRIPT]).end();
    ran.assert(0, "", "");
}
