//! A small disk that can be full, where this machine lets us make one.

#![expect(clippy::print_stdout, reason = "a skip is told")]

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One, in a folder; taken away when dropped.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None`, told in one line, where nobody may mount here.
    pub(crate) fn mount(at: &Path, size: &str) -> Option<SmallDisk> {
        fs::create_dir_all(at).unwrap();
        let options = format!("size={size},mode=777");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(at)
            .output()
            .is_ok_and(|done| done.status.success());
        if !mounted {
            println!("SKIPPED: no small disk can be mounted (that takes root)");
        }
        mounted.then(|| SmallDisk(at.to_owned()))
    }

    /// Leaves no room.
    pub(crate) fn fill(&self) {
        let mut file = File::create(self.0.join("filler")).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    /// Makes room again.
    pub(crate) fn free(&self) {
        fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}
