//! Sorts targets by domain on disk. Targets of one domain that are far apart in a long input can
//! share a call only if the whole input is read first.
//!
//! Targets are distributed over files by a hash of their domain. Each file is then read back and
//! sorted in memory. The files are unnamed, so that the system removes them if the program dies.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use dataforseo_domains::domain_of;

/// The number of files. Some systems limit a program to 256 open files.
const FILES: usize = 64;
/// The number of targets of a file that are sorted together in memory.
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
pub struct Spool(Vec<BufWriter<File>>);

impl Spool {
    /// Creates a spool with temporary files in this directory.
    ///
    /// # Errors
    /// If a file cannot be created.
    pub fn in_dir(dir: &Path) -> io::Result<Self> {
        let file = |_| Ok(BufWriter::new(tempfile::tempfile_in(dir)?));
        (0..FILES).map(file).collect::<io::Result<_>>().map(Self)
    }

    /// Adds a target with its position in the input.
    ///
    /// # Errors
    /// If it cannot be written to its file.
    pub fn push(&mut self, index: u64, target: &str) -> io::Result<()> {
        let domain = domain_of(target);
        let domain = domain.as_deref().unwrap_or(target);
        // A checksum is the same in each version of the program, unlike the hashes of the standard
        // library. The order decides which targets share a call, and a resumed job needs the same
        // calls.
        let file = crc32fast::hash(domain.as_bytes()) as usize % FILES;
        let Some(file) = self.0.get_mut(file) else {
            return Ok(());
        };
        file.write_all(&index.to_le_bytes())?;
        file.write_all(&(target.len() as u64).to_le_bytes())?;
        file.write_all(target.as_bytes())
    }

    /// Returns the targets, grouped by domain. Equal targets follow each other.
    ///
    /// A file with more than 100,000 targets is sorted in pieces of that size, and a domain can occur
    /// in several pieces.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn finish(self) -> io::Result<SortedTargets> {
        let mut files = Vec::with_capacity(self.0.len());
        for writer in self.0 {
            let mut file = writer.into_inner().map_err(|error| error.into_error())?;
            file.rewind()?;
            files.push(BufReader::new(file));
        }
        Ok(SortedTargets {
            files: files.into_iter(),
            sorted: Vec::new().into_iter(),
        })
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

/// An iterator over the targets of a [`Spool`], grouped by domain.
#[derive(Debug)]
pub struct SortedTargets {
    files: std::vec::IntoIter<BufReader<File>>,
    /// The targets of the last piece that was read.
    sorted: std::vec::IntoIter<SpooledTarget>,
}

impl Iterator for SortedTargets {
    type Item = io::Result<SpooledTarget>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(target) = self.sorted.next() {
                return Some(Ok(target));
            }
            match read_sorted(self.files.as_mut_slice().first_mut()?) {
                // Dropping the file closes it, which frees its space on disk.
                Ok(targets) if targets.is_empty() => drop(self.files.next()),
                Ok(targets) => self.sorted = targets.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Reads the next piece of a file, sorted by domain, then target, then index.
fn read_sorted(file: &mut BufReader<File>) -> io::Result<Vec<SpooledTarget>> {
    let mut targets = Vec::new();
    while targets.len() < TARGETS_PER_SORT
        && let Some(target) = read(file)?
    {
        targets.push((domain_of(&target.target), target));
    }
    targets.sort_by(|(domain, a), (other, b)| {
        let by_target = || a.target.cmp(&b.target).then(a.index.cmp(&b.index));
        domain.cmp(other).then_with(by_target)
    });
    Ok(targets.into_iter().map(|(_, target)| target).collect())
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
