//! Opens the browser of the user.

use std::{
    env, fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
};

use crate::{home, output::note};

/// A file that leads to the page; it is gone when this is dropped.
pub(super) struct Lead(PathBuf);

impl Drop for Lead {
    fn drop(&mut self) {
        // It leads nowhere once the page has ended.
        let _ = fs::remove_file(&self.0);
    }
}

/// Opens the page; where there is no browser, says so. The address is not among the arguments of the browser, which every user of
/// the host can read, but in a file that only this user can.
pub(super) fn open(address: &str) -> Option<Lead> {
    let is_graphic = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some());
    if !is_graphic {
        note("no browser is opened without a display: open the address yourself");
        return None;
    }
    let opened = lead_to(address).and_then(|lead| start(&lead).map(|()| lead));
    match opened {
        Ok(lead) => Some(lead),
        Err(cause) => {
            note(&format!("no browser could be opened ({cause}): open the address yourself"));
            None
        }
    }
}

fn lead_to(address: &str) -> io::Result<Lead> {
    let folder = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder = folder.or_else(home::state_folder).ok_or_else(|| io::Error::other("there is no home"))?;
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("pixtwin-review-{}.html", std::process::id()));
    // One of an earlier process with this number.
    let _ = fs::remove_file(&path);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    let lead = Lead(path);
    // The address has nothing but digits, letters and `:/#.[]`.
    write!(
        file,
        "<!doctype html><meta charset=utf-8><meta http-equiv=refresh content=\"0;url={address}\"><title>pixtwin</title>"
    )?;
    Ok(lead)
}

fn start(lead: &Lead) -> io::Result<()> {
    // It goes by the desktop, and by `BROWSER` where there is none.
    let mut command = Command::new("xdg-open");
    command.arg(&lead.0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    thread::spawn(move || {
        if child.wait().is_ok_and(|status| !status.success()) {
            note("no browser could be opened: open the address yourself");
        }
    });
    Ok(())
}
