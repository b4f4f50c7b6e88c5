//! A small file system of one story, which can be full.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

const MEBIBYTES: u32 = 48;

pub(crate) struct Disk {
    folder: TempDir,
}

impl Disk {
    /// `None`, with a word to who reads the output, where this process may not mount one.
    pub(crate) fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder is made");
        let size = format!("size={MEBIBYTES}m,mode=0777");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self { folder });
        }
        println!("LEFT OUT: only root may mount the disk that is to be full");
        None
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Leaves no room at all.
    pub(crate) fn fill(&self) {
        let mut file = File::create(self.filler()).expect("a file is made");
        for block in [64 * 1024, 1024] {
            while file.write_all(&vec![0; block]).is_ok() {}
        }
    }

    pub(crate) fn make_room(&self) {
        fs::remove_file(self.filler()).expect("the disk was filled");
    }

    fn filler(&self) -> PathBuf {
        self.folder.path().join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whoever has a file open there keeps it until its end.
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.folder.path())
            .status();
    }
}
