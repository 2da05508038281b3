//! Brings targets of one domain together, on disk: what stands far apart in a long input can share
//! a call only if somebody has seen the whole of it.
//!
//! Targets go into files by a hash of their domain, and come back file by file, each sorted in
//! memory. The files have no names, so nothing is left of them when the program dies.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use dataforseo_domains::domain_of;

/// How many files: a few, as some systems let a program open no more than 256.
const FILES: usize = 64;
/// How many targets of a file are sorted together in memory.
const PIECE: usize = 100_000;

/// Targets that are sorted into files.
///
/// ```
/// use dataforseo_bulk::Spool;
///
/// # fn main() -> std::io::Result<()> {
/// let mut spool = Spool::in_folder(&std::env::temp_dir())?;
/// for (place, target) in ["https://a.com/1", "https://b.com/", "https://a.com/2"].iter().enumerate() {
///     spool.push(place as u64, target)?;
/// }
/// let mut places = Vec::new();
/// for target in spool.finish()? {
///     places.push(target?.0);
/// }
/// assert_eq!(places.len(), 3);
/// assert_ne!(places[1], 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Spool(Vec<BufWriter<File>>);

impl Spool {
    /// Begins, with files in this folder.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn in_folder(folder: &Path) -> io::Result<Self> {
        let file = |_| Ok(BufWriter::new(tempfile::tempfile_in(folder)?));
        (0..FILES).map(file).collect::<io::Result<_>>().map(Self)
    }

    /// Takes a target with its place in the input.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn push(&mut self, place: u64, target: &str) -> io::Result<()> {
        let domain = domain_of(target);
        let domain = domain.as_deref().unwrap_or(target);
        // A checksum, as a hash that is the same in each version: the order decides about calls, and
        // a job that is resumed needs the same ones.
        let index = crc32fast::hash(domain.as_bytes()) as usize % FILES;
        let Some(file) = self.0.get_mut(index) else {
            return Ok(());
        };
        file.write_all(&place.to_le_bytes())?;
        file.write_all(&(target.len() as u64).to_le_bytes())?;
        file.write_all(target.as_bytes())
    }

    /// The targets, those of each domain one after the other, and equal ones together. Of a file with
    /// more than 100,000 targets, so many at a time.
    ///
    /// # Errors
    /// When something cannot be written.
    pub fn finish(self) -> io::Result<Spooled> {
        let mut files = Vec::with_capacity(self.0.len());
        for writer in self.0 {
            let mut file = writer.into_inner().map_err(|error| error.into_error())?;
            file.rewind()?;
            files.push(BufReader::new(file));
        }
        Ok(Spooled {
            files: files.into_iter(),
            sorted: Vec::new().into_iter(),
        })
    }
}

/// The targets of a [`Spool`], each with its place in the input.
#[derive(Debug)]
pub struct Spooled {
    files: std::vec::IntoIter<BufReader<File>>,
    /// Those of the piece that was read last.
    sorted: std::vec::IntoIter<(u64, String)>,
}

impl Iterator for Spooled {
    type Item = io::Result<(u64, String)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(target) = self.sorted.next() {
                return Some(Ok(target));
            }
            match sorted(self.files.as_mut_slice().first_mut()?) {
                // It is closed, which removes it.
                Ok(targets) if targets.is_empty() => drop(self.files.next()),
                Ok(targets) => self.sorted = targets.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// The next targets of a file by their domains.
fn sorted(file: &mut BufReader<File>) -> io::Result<Vec<(u64, String)>> {
    let mut targets = Vec::new();
    while targets.len() < PIECE
        && let Some((place, target)) = read(file)?
    {
        targets.push((domain_of(&target), target, place));
    }
    targets.sort();
    let target = |(_, target, place)| (place, target);
    Ok(targets.into_iter().map(target).collect())
}

fn read(file: &mut BufReader<File>) -> io::Result<Option<(u64, String)>> {
    let mut number = [0; 8];
    match file.read_exact(&mut number) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let place = u64::from_le_bytes(number);
    file.read_exact(&mut number)?;
    let mut target = String::new();
    file.take(u64::from_le_bytes(number))
        .read_to_string(&mut target)?;
    Ok(Some((place, target)))
}
