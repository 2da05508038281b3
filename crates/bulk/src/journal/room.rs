//! Reserving room on the disk, so that a full disk stops a job before it pays for the next call.

use std::fs::File;
use std::io;

/// Reserves room for the bytes between two offsets of a file, without changing its length. Returns
/// whether there is room.
#[cfg(unix)]
pub(super) fn reserve(file: &File, from: u64, to: u64) -> io::Result<bool> {
    use rustix::io::Errno;
    let limit = rustix::process::getrlimit(rustix::process::Resource::Fsize).current;
    if limit.is_some_and(|limit| to > limit) {
        return Ok(false);
    }
    match allocate(file, from, to - from) {
        Ok(()) => Ok(true),
        Err(Errno::NOSPC | Errno::DQUOT | Errno::FBIG) => Ok(false),
        // The file system cannot reserve, so that only a look at the free space is left.
        Err(_) => {
            let system = rustix::fs::fstatvfs(file)?;
            Ok(system.f_bavail.saturating_mul(system.f_frsize) >= to - from)
        }
    }
}

#[cfg(target_os = "linux")]
fn allocate(file: &File, offset: u64, length: u64) -> rustix::io::Result<()> {
    rustix::fs::fallocate(file, rustix::fs::FallocateFlags::KEEP_SIZE, offset, length)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn allocate(_: &File, _: u64, _: u64) -> rustix::io::Result<()> {
    Err(rustix::io::Errno::OPNOTSUPP)
}

/// Returns that there is room, as it cannot be reserved.
#[cfg(not(unix))]
pub(super) fn reserve(_: &File, _: u64, _: u64) -> io::Result<bool> {
    Ok(true)
}
