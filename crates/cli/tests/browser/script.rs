//! Runs a script in node, and takes part in it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use serde_json::Value;

/// Where `cargo xtask setup` puts what drives the browser.
const MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/browser");

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser");

/// The scripts give up before.
const LONGEST: Duration = Duration::from_secs(480);

/// A script that runs; it is ended when nobody holds this any longer.
pub(crate) struct Script {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    stderr: Receiver<String>,
}

impl Script {
    /// Starts a script on what `pixtwin review` printed.
    pub(crate) fn start(name: &str, address: &str, home: &Path) -> Self {
        assert!(Path::new(MODULES).join("complete").is_file(), "hint: cargo xtask setup installs what the tests need");
        let mut command = Command::new("node");
        command
            .arg(Path::new(SCRIPTS).join(name))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", home).env("LC_ALL", "C.UTF-8").env("PIXTWIN_MODULES", MODULES);
        command.env("PIXTWIN_ADDRESS", address).env("PIXTWIN_SHOTS", env!("CARGO_TARGET_TMPDIR"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|cause| {
            panic!("cannot run node: {cause}\nhint: cargo xtask setup installs what the tests need")
        });
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let (sender, stderr) = channel();
        let mut pipe = child.stderr.take().unwrap();
        thread::spawn(move || {
            let mut said = Vec::new();
            let _ = pipe.read_to_end(&mut said);
            sender.send(String::from_utf8_lossy(&said).into_owned())
        });
        Self { stdin: child.stdin.take().unwrap(), child, lines, stderr }
    }

    /// Waits until the script is there, and gives what it says of it. It waits until it may go on.
    #[track_caller]
    pub(crate) fn step(&mut self, name: &str) -> Value {
        loop {
            let Ok(line) = self.lines.recv_timeout(LONGEST) else { self.fail(name) };
            let Some(rest) = line.strip_prefix("step ") else {
                println!("{line}");
                continue;
            };
            let (found, what) = rest.split_once(' ').unwrap();
            assert_eq!(found, name, "{rest}");
            return serde_json::from_str(what).unwrap();
        }
    }

    /// Lets it go on.
    pub(crate) fn go_on(&mut self) {
        self.stdin.write_all(b"on\n").unwrap();
    }

    /// Waits until it has ended well.
    #[track_caller]
    pub(crate) fn end(mut self) {
        self.step("end");
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }

    #[track_caller]
    fn fail(&mut self, name: &str) -> ! {
        let _ = self.child.kill();
        let said = self.stderr.recv_timeout(Duration::from_secs(10)).unwrap_or_default();
        panic!("the script did not come to `{name}`:\n{said}");
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        // The browser ends once its pipe is closed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
