//! Sorts targets by domain on disk. Targets of one domain that are far apart in a long input can
//! share a call only if the whole input is read first.
//!
//! Targets are distributed over files by a hash of their domain. Each file is then read back and
//! sorted in memory, or in parts that are merged if it is large. So equal targets follow each other,
//! however far apart they were. The files are unnamed, so that the system removes them if the program
//! dies.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use dataforseo_client::models::TargetKind;
use dataforseo_domains::domain_of;

use crate::packing::Packer;

/// The number of files. Some systems limit a program to 256 open files.
const FILES: usize = 64;
/// The number of targets that are sorted together in memory.
const TARGETS_PER_SORT: usize = 100_000;

/// A sorter that groups targets by registrable domain, with temporary files instead of memory.
///
/// ```
/// use dataforseo_bulk::Spool;
///
/// # fn main() -> std::io::Result<()> {
/// let mut spool = Spool::in_dir(&std::env::temp_dir())?;
/// for (index, target) in ["https://a.com/1", "https://b.com/", "https://a.com/2"].iter().enumerate() {
///     spool.push(index as u64, target)?;
/// }
/// let mut indices = Vec::new();
/// for target in spool.finish()? {
///     indices.push(target?.index);
/// }
/// assert_eq!(indices.len(), 3);
/// assert_ne!(indices[1], 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Spool {
    dir: PathBuf,
    kind: TargetKind,
    files: Vec<BufWriter<File>>,
}

impl Spool {
    /// Creates a spool with temporary files in this directory.
    ///
    /// # Errors
    /// If a file cannot be created.
    pub fn in_dir(dir: &Path) -> io::Result<Self> {
        let file = |_| Ok(BufWriter::new(tempfile::tempfile_in(dir)?));
        Ok(Self {
            dir: dir.to_owned(),
            kind: TargetKind::Target,
            files: (0..FILES).map(file).collect::<io::Result<_>>()?,
        })
    }

    /// Sets what the targets are. Keywords have no domain, so they are only grouped with equal ones.
    pub fn with_kind(self, kind: TargetKind) -> Self {
        Self { kind, ..self }
    }

    /// Adds a target with its position in the input.
    ///
    /// # Errors
    /// If it cannot be written to its file.
    pub fn push(&mut self, index: u64, target: &str) -> io::Result<()> {
        // Spellings of one target must meet in one file.
        let key = self.kind.key(target);
        let domain = domain(self.kind, &key);
        let domain = domain.as_deref().unwrap_or(&key);
        // A checksum is the same in each version of the program, unlike the hashes of the standard
        // library. The order decides which targets share a call, and a resumed job needs the same
        // calls.
        let file = crc32fast::hash(domain.as_bytes()) as usize % FILES;
        match self.files.get_mut(file) {
            Some(file) => write(file, index, target),
            None => Ok(()),
        }
    }

    /// Returns the targets, grouped by domain. Equal targets follow each other.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn finish(self) -> io::Result<SortedTargets> {
        let mut files = Vec::with_capacity(self.files.len());
        for writer in self.files {
            files.push(rewound(writer)?);
        }
        Ok(SortedTargets {
            dir: self.dir,
            kind: self.kind,
            files: files.into_iter(),
            sorted: Sorted::default(),
        })
    }
}

/// Reads targets into memory, and into a [`Spool`] if there are more of them than a job holds anyway.
/// A short input keeps its order.
pub(crate) struct Sorter {
    dir: PathBuf,
    kind: TargetKind,
    max_in_memory: usize,
    in_memory: Vec<SpooledTarget>,
    spool: Option<Spool>,
}

impl Sorter {
    /// Creates a sorter that sorts in this directory if there are more targets than the window of
    /// the packer holds.
    pub(crate) fn new(dir: &Path, packer: &Packer) -> Self {
        Self {
            dir: dir.to_owned(),
            kind: packer.kind(),
            max_in_memory: packer.window(),
            in_memory: Vec::new(),
            spool: None,
        }
    }

    pub(crate) fn push(&mut self, target: SpooledTarget) -> io::Result<()> {
        // Buffered by the system, so it hardly ever waits for the disk.
        if let Some(spool) = &mut self.spool {
            return spool.push(target.index, &target.target);
        }
        self.in_memory.push(target);
        if self.in_memory.len() > self.max_in_memory {
            let mut spool = Spool::in_dir(&self.dir)?.with_kind(self.kind);
            for target in self.in_memory.drain(..) {
                spool.push(target.index, &target.target)?;
            }
            self.spool = Some(spool);
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> io::Result<SortedTargets> {
        match self.spool {
            Some(spool) => spool.finish(),
            None => {
                let targets = self.in_memory.into_iter();
                let sorted = |target| SortedTarget::new(target, self.kind);
                let in_order: Vec<_> = targets.map(sorted).collect();
                Ok(SortedTargets {
                    dir: self.dir,
                    kind: self.kind,
                    files: Vec::new().into_iter(),
                    sorted: Sorted::InMemory(in_order.into_iter()),
                })
            }
        }
    }
}

/// A target with its position in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpooledTarget {
    /// The position in the input, as given to [`Spool::push`].
    pub index: u64,
    /// The target.
    pub target: String,
}

impl SpooledTarget {
    /// Returns whether the next target is equal to this one, so that it is sent together with it.
    pub(crate) fn is_equal(&self, next: &io::Result<Self>, kind: TargetKind) -> bool {
        next.as_ref()
            .is_ok_and(|next| kind.key(&next.target) == kind.key(&self.target))
    }
}

/// An iterator over the targets of a [`Spool`], grouped by domain.
#[derive(Debug)]
pub struct SortedTargets {
    dir: PathBuf,
    kind: TargetKind,
    files: std::vec::IntoIter<BufReader<File>>,
    /// The targets of the last file that was read.
    sorted: Sorted,
}

impl Iterator for SortedTargets {
    type Item = io::Result<SpooledTarget>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.sorted.next(self.kind) {
                Ok(None) => {}
                Ok(Some(target)) => return Some(Ok(target)),
                Err(error) => return Some(Err(error)),
            }
            match sort(self.files.next()?, &self.dir, self.kind) {
                Ok(sorted) => self.sorted = sorted,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// The targets of a file in their order.
#[derive(Debug)]
enum Sorted {
    InMemory(std::vec::IntoIter<SortedTarget>),
    Merged {
        parts: Vec<BufReader<File>>,
        /// The next target of each part, with the number of the part.
        heads: BinaryHeap<Reverse<(SortedTarget, usize)>>,
    },
}

impl Default for Sorted {
    fn default() -> Self {
        Self::InMemory(Vec::new().into_iter())
    }
}

impl Sorted {
    fn next(&mut self, kind: TargetKind) -> io::Result<Option<SpooledTarget>> {
        let (parts, heads) = match self {
            Self::InMemory(targets) => return Ok(targets.next().map(SortedTarget::into_target)),
            Self::Merged { parts, heads } => (parts, heads),
        };
        let Some(mut head) = heads.peek_mut() else {
            return Ok(None);
        };
        let Reverse((_, part)) = &*head;
        let part = *part;
        let following = match parts.get_mut(part) {
            Some(file) => read(file)?,
            None => None,
        };
        let Reverse((first, _)) = match following {
            Some(following) => std::mem::replace(
                &mut *head,
                Reverse((SortedTarget::new(following, kind), part)),
            ),
            None => PeekMut::pop(head),
        };
        Ok(Some(first.into_target()))
    }
}

/// A target with what it is sorted by: domain, what identifies the target, position.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct SortedTarget {
    domain: Option<String>,
    identity: String,
    index: u64,
    target: String,
}

impl SortedTarget {
    fn new(target: SpooledTarget, kind: TargetKind) -> Self {
        let identity = kind.key(&target.target).into_owned();
        Self {
            domain: domain(kind, &identity),
            identity,
            index: target.index,
            target: target.target,
        }
    }

    fn into_target(self) -> SpooledTarget {
        SpooledTarget {
            index: self.index,
            target: self.target,
        }
    }
}

/// Returns the registrable domain of a target. Keywords have none.
fn domain(kind: TargetKind, key: &str) -> Option<String> {
    match kind {
        TargetKind::Target => domain_of(key),
        _ => None,
    }
}

/// Sorts a file: in memory, or in parts if it is large.
fn sort(mut file: BufReader<File>, dir: &Path, kind: TargetKind) -> io::Result<Sorted> {
    let first = read_sorted(&mut file, kind)?;
    if first.len() < TARGETS_PER_SORT {
        return Ok(Sorted::InMemory(first.into_iter()));
    }
    let (mut parts, mut heads) = (Vec::new(), BinaryHeap::new());
    let mut targets = first;
    while !targets.is_empty() {
        let mut part = BufWriter::new(tempfile::tempfile_in(dir)?);
        for target in &targets {
            write(&mut part, target.index, &target.target)?;
        }
        let mut part = rewound(part)?;
        if let Some(head) = read(&mut part)? {
            heads.push(Reverse((SortedTarget::new(head, kind), parts.len())));
        }
        parts.push(part);
        targets = read_sorted(&mut file, kind)?;
    }
    Ok(Sorted::Merged { parts, heads })
}

/// Reads the next part of a file and sorts it.
fn read_sorted(file: &mut BufReader<File>, kind: TargetKind) -> io::Result<Vec<SortedTarget>> {
    let mut targets = Vec::new();
    while targets.len() < TARGETS_PER_SORT
        && let Some(target) = read(file)?
    {
        targets.push(SortedTarget::new(target, kind));
    }
    targets.sort_unstable();
    Ok(targets)
}

/// Prepares a file that was written for reading.
fn rewound(writer: BufWriter<File>) -> io::Result<BufReader<File>> {
    let mut file = writer.into_inner().map_err(|error| error.into_error())?;
    file.rewind()?;
    Ok(BufReader::new(file))
}

fn write(file: &mut BufWriter<File>, index: u64, target: &str) -> io::Result<()> {
    file.write_all(&index.to_le_bytes())?;
    file.write_all(&(target.len() as u64).to_le_bytes())?;
    file.write_all(target.as_bytes())
}

fn read(file: &mut BufReader<File>) -> io::Result<Option<SpooledTarget>> {
    let mut number = [0; 8];
    match file.read_exact(&mut number) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let index = u64::from_le_bytes(number);
    file.read_exact(&mut number)?;
    let mut target = String::new();
    file.take(u64::from_le_bytes(number))
        .read_to_string(&mut target)?;
    Ok(Some(SpooledTarget { index, target }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One domain with more targets than are sorted together: the parts are merged.
    #[test]
    fn equal_targets_follow_each_other_however_far_apart_they_were() {
        let mut spool = Spool::in_dir(&std::env::temp_dir()).unwrap();
        let count = 2 * TARGETS_PER_SORT + 10;
        for index in 0..count {
            // Each page occurs twice, at a distance of half of the input, and in another spelling.
            let page = index % (count / 2);
            let host = if index < count / 2 {
                "a.com"
            } else {
                "A.com:443"
            };
            spool
                .push(index as u64, &format!("https://{host}/{page}"))
                .unwrap();
        }
        let sorted: Vec<_> = spool.finish().unwrap().map(Result::unwrap).collect();
        assert_eq!(sorted.len(), count);
        for pair in sorted.chunks(2) {
            assert_eq!(pair[0].index + count as u64 / 2, pair[1].index);
        }
    }
}
