//! Draws the gallery: `cargo run -p pixtwin-testkit --example gallery -- examples/gallery`.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let folder: PathBuf = env::args_os().nth(1).ok_or("name the folder to draw in")?.into();
    for (name, content) in pixtwin_testkit::gallery::files() {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().ok_or("a file lies in a folder")?)?;
        fs::write(path, content)?;
    }
    Ok(())
}
