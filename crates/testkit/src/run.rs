//! Runs a program and keeps what it said.

use std::{
    ffi::{OsStr, OsString},
    fs,
    io::{self, Read, Write},
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, geteuid, kill_process};

use crate::Dir;

/// A program that runs for longer has hung.
const LONGEST: Duration = Duration::from_secs(120);

/// A program about to run: inside a folder, in an environment without anything of the user's.
#[derive(Debug)]
pub struct Run<'a> {
    dir: &'a Dir,
    words: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    input: Vec<u8>,
}

/// A program that runs; it is killed when nobody holds this any longer.
#[derive(Debug)]
pub struct Running {
    pub(crate) child: Child,
    pub(crate) output: [Receiver<Vec<u8>>; 2],
    pub(crate) started: Instant,
}

/// What a program did.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Its exit code, or 128 and the number of the signal that ended it.
    pub code: i32,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
    /// The most memory it was seen to hold, in bytes. Looked at every millisecond.
    pub peak_bytes: u64,
}

impl<'a> Run<'a> {
    pub(crate) fn new<Argument: AsRef<OsStr>>(
        dir: &'a Dir,
        program: &OsStr,
        arguments: impl IntoIterator<Item = Argument>,
    ) -> Self {
        let mut words = vec![program.to_owned()];
        words.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        Self { dir, words, environment: Vec::new(), input: Vec::new() }
    }

    /// Gives it standard input; else it is empty.
    #[must_use]
    pub fn input(mut self, input: impl AsRef<[u8]>) -> Self {
        self.input = input.as_ref().to_vec();
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Lets it run as a user whom permissions bind: root loses its privileges.
    #[must_use]
    pub fn bound_by_permissions(mut self) -> Self {
        if geteuid().is_root() {
            let wrapper = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--"];
            self.words.splice(0..0, wrapper.map(OsString::from));
        }
        self
    }

    /// Lets the system refuse it more than `bytes` of address space.
    #[must_use]
    pub fn within_address_space(mut self, bytes: u64) -> Self {
        let script = format!("ulimit -v {} && exec \"$0\" \"$@\"", bytes / 1024);
        self.words.splice(0..0, ["sh", "-c", &script].map(OsString::from));
        self
    }

    /// Lets the system refuse it more than so many open files.
    #[must_use]
    pub fn within_open_files(mut self, files: u64) -> Self {
        let script = format!("ulimit -n {files} && exec \"$0\" \"$@\"");
        self.words.splice(0..0, ["sh", "-c", &script].map(OsString::from));
        self
    }

    /// Runs it to its end.
    #[must_use]
    pub fn end(self) -> Ran {
        self.start().end_within(LONGEST)
    }

    /// Runs it, lets go of its standard output after `bytes`, and waits for its end.
    #[must_use]
    pub fn end_reading_only(self, bytes: usize) -> Ran {
        let mut child = self.spawn();
        drop(child.stdin.take());
        let mut head = vec![0; bytes];
        child.stdout.take().unwrap().read_exact(&mut head).unwrap();
        let stderr = read_aside(child.stderr.take().unwrap());
        let (sender, stdout) = channel();
        sender.send(head).unwrap();
        Running { child, output: [stdout, stderr], started: Instant::now() }.end_within(LONGEST)
    }

    /// Runs it, sends SIGINT as Ctrl-C does once it has read `bytes`, and says how long it still took.
    #[must_use]
    pub fn end_by_interrupt(self, bytes: u64) -> (Ran, Duration) {
        let running = self.start();
        while bytes_read_by(&running.child) < bytes {
            assert!(running.started.elapsed() < LONGEST, "it never read that much");
            thread::yield_now();
        }
        let interrupted = Instant::now();
        running.signal(Signal::INT);
        let ran = running.end_within(LONGEST);
        (ran, interrupted.elapsed())
    }

    /// Starts it and lets it run.
    #[must_use]
    pub fn start(mut self) -> Running {
        let input = std::mem::take(&mut self.input);
        let mut child = self.spawn();
        let mut stdin = child.stdin.take().unwrap();
        // A program may end without reading its input.
        thread::spawn(move || stdin.write_all(&input));
        let output = [read_aside(child.stdout.take().unwrap()), read_aside(child.stderr.take().unwrap())];
        Running { child, output, started: Instant::now() }
    }

    pub(crate) fn spawn(&self) -> Child {
        let (program, arguments) = self.words.split_first().unwrap();
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.dir.path());
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("TERM", "dumb").env("LC_ALL", "C.UTF-8").env("HOME", self.dir.home());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap_or_else(|cause| {
            panic!("cannot run {program:?}: {cause}\nhint: cargo xtask setup installs what the tests need")
        })
    }
}

impl Running {
    /// The number of its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The memory that it holds now, in bytes; 0 once it has ended.
    #[must_use]
    pub fn held_bytes(&self) -> u64 {
        1024 * figure_of(&self.child, "status", "VmRSS:").unwrap_or(0)
    }

    /// How many files and connections it has open.
    #[must_use]
    pub fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.id())).map_or(0, Iterator::count)
    }

    /// Whether it still runs.
    #[must_use]
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends it SIGINT, as Ctrl-C does.
    pub fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// Sends it SIGTERM.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Stops it as SIGSTOP does, or lets it go on.
    pub fn stop(&self, stops: bool) {
        self.signal(if stops { Signal::STOP } else { Signal::CONT });
    }

    /// Sends it SIGKILL, if it has not ended: it ends where it is.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    /// Waits for its end, and for that of everyone who holds its output; fails the test if it takes longer.
    #[must_use]
    pub fn end_within(mut self, limit: Duration) -> Ran {
        let asked = Instant::now();
        let mut peak_bytes = 0;
        let stderr = loop {
            match self.output[1].recv_timeout(Duration::from_millis(1)) {
                Ok(read) => break read,
                Err(RecvTimeoutError::Timeout) => peak_bytes = peak_bytes.max(peak_bytes_of(&self.child)),
                Err(RecvTimeoutError::Disconnected) => panic!("its standard error cannot be read"),
            }
            if asked.elapsed() > limit {
                self.give_up(limit);
            }
        };
        let left = || limit.saturating_sub(asked.elapsed()).max(Duration::from_secs(1));
        let stdout = self.output[0].recv_timeout(left()).unwrap_or_else(|_| self.give_up(limit));
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if asked.elapsed() > limit + Duration::from_secs(1) => self.give_up(limit),
                None => thread::sleep(Duration::from_millis(1)),
            }
        };
        let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
        Ran { code, stdout, stderr, peak_bytes }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Kills it, and fails the test with what it said.
    fn give_up(&mut self, limit: Duration) -> ! {
        let has_ended = !self.runs();
        self.child.kill().unwrap();
        let said = self.output.each_ref().map(|pipe| pipe.recv_timeout(Duration::from_secs(1)).unwrap_or_default());
        let [stdout, stderr] = said.map(|text| String::from_utf8_lossy(&text).into_owned());
        let what = if has_ended { "it has ended, but others still hold its output" } else { "it has not ended" };
        panic!("{what} after {limit:?}; standard output\n{stdout}---- and standard error\n{stderr}----");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nothing is left to do if it cannot be killed: it has ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Ran {
    /// Its standard output as text.
    #[must_use]
    pub fn out(&self) -> &str {
        str::from_utf8(&self.stdout).unwrap()
    }

    /// Its standard error as text.
    #[must_use]
    pub fn err(&self) -> &str {
        str::from_utf8(&self.stderr).unwrap()
    }

    /// Holds all it said against what it should have said, exactly.
    #[track_caller]
    pub fn assert(&self, code: i32, stdout: &str, stderr: &str) {
        let found = (self.code, self.stdout.as_slice(), self.stderr.as_slice());
        let is_equal = found == (code, stdout.as_bytes(), stderr.as_bytes());
        assert!(
            is_equal,
            "expected exit code {code}, standard output\n{stdout}---- and standard error\n{stderr}----\n\
             found exit code {}, standard output\n{}---- and standard error\n{}----",
            self.code,
            self.stdout.escape_ascii().to_string().replace("\\n", "\n"),
            self.stderr.escape_ascii().to_string().replace("\\n", "\n"),
        );
    }

    /// Its standard output, after it ended well and said nothing on standard error.
    #[track_caller]
    #[must_use]
    pub fn only_out(self) -> String {
        assert_eq!((self.code, self.err()), (0, ""), "{}", self.out());
        self.out().to_owned()
    }
}

pub(crate) fn read_aside(mut pipe: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut read = Vec::new();
        let _: io::Result<usize> = pipe.read_to_end(&mut read);
        sender.send(read)
    });
    receiver
}

/// The high-water mark of resident memory so far; 0 once it has ended.
fn peak_bytes_of(child: &Child) -> u64 {
    1024 * figure_of(child, "status", "VmHWM:").unwrap_or(0)
}

fn bytes_read_by(child: &Child) -> u64 {
    figure_of(child, "io", "rchar:").unwrap_or(0)
}

fn figure_of(child: &Child, file: &str, name: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{}/{file}", child.id())).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
