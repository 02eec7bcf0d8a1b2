//! `cargo xtask attack`: gives the program mutated files, as a user would, and says how it took them.
//!
//! The files come from a seeded generator, so that each can be made again. What is wrong with them is chosen for the
//! structure of each format; nothing here knows how the program reads them.

mod chance;
mod gguf;
mod model_files;
mod pdf;
mod pdf_content;
mod pdf_file;
mod picture;
mod picture_files;
mod run;
mod safetensors;
mod seeds;
mod table;
mod text;
mod tokenizer;
mod verdict;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use self::chance::Chance;
use self::pdf_file::PdfFile;
use self::run::{MODEL, Runner};
use self::seeds::Seeds;
use self::table::{Bad, Table};
use self::verdict::{End, Ended, Verdict};
use crate::process::repository;
use crate::{program, say};

/// A kind of mutation: its name, and what makes a file of it.
type Kind = (&'static str, fn(&Seeds, &mut Chance) -> Vec<u8>);

/// Arguments of `cargo xtask attack`.
#[derive(Debug, Args)]
pub(crate) struct AttackArgs {
    /// Seed of the generator: the same seed makes the same files
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Number of PDFs
    #[arg(long, value_name = "N", default_value_t = 300)]
    pdfs: usize,
    /// Number of other files: GGUF, safetensors, tokenizers, images and texts in turn
    #[arg(long, value_name = "N", default_value_t = 300)]
    models: usize,
    /// Stop after this many seconds; files that were not tried are counted
    #[arg(long, value_name = "SECS", default_value_t = 900)]
    seconds: u64,
    /// Time limit of a run
    #[arg(long, value_name = "SECS", default_value_t = 20)]
    limit: u64,
    /// Only files of this format
    #[arg(long, value_enum)]
    only: Option<Group>,
    /// Only the file of this number
    #[arg(long, value_name = "N", requires = "only")]
    file: Option<usize>,
    /// Keep all files in this folder [default: only the bad ones, in target/attack]
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// The program to attack [default: built from this source, unoptimised]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

/// Formats, as the option `--only` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Group {
    Pdf,
    Gguf,
    Safetensors,
    Tokenizer,
    Image,
    Text,
}

impl Group {
    fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Gguf => "gguf",
            Self::Safetensors => "safetensors",
            Self::Tokenizer => "tokenizer",
            Self::Image => "image",
            Self::Text => "text",
        }
    }

    /// Its kinds of mutations, in the order in which files are made.
    fn kinds(self) -> Vec<Kind> {
        match self {
            Self::Pdf => [pdf::KINDS, pdf_content::KINDS].concat(),
            Self::Gguf => gguf::KINDS.to_vec(),
            Self::Safetensors => safetensors::KINDS.to_vec(),
            Self::Tokenizer => tokenizer::KINDS.to_vec(),
            Self::Image => picture::KINDS.to_vec(),
            Self::Text => text::KINDS.to_vec(),
        }
    }
}

/// A mutated file: which one it is, and its bytes.
struct Mutated {
    group: Group,
    index: usize,
    kind: &'static str,
    bytes: Vec<u8>,
}

impl Mutated {
    /// Makes the file of this number.
    fn new(seeds: &Seeds, seed: u64, group: Group, index: usize) -> Self {
        let kinds = group.kinds();
        let (kind, make) = kinds[index % kinds.len()];
        let bytes = make(seeds, &mut Chance::new(seed, group.name(), index));
        Self { group, index, kind, bytes }
    }

    /// Files of this format that nothing is wrong with: the program must take them, or the attack shows nothing.
    fn sound(seeds: &Seeds, group: Group) -> Vec<Self> {
        let mut chance = Chance::new(0, group.name(), 0);
        let files: Vec<(&'static str, Vec<u8>)> = match group {
            Group::Pdf => vec![("sound", PdfFile::small().write())],
            Group::Gguf => vec![("sound", gguf::sound(seeds, &mut chance))],
            Group::Safetensors => vec![("sound", safetensors::sound(seeds, &mut chance))],
            Group::Tokenizer => vec![("sound", seeds.tokenizer.to_string().into_bytes())],
            Group::Image => picture_files::all(seeds),
            Group::Text => vec![("sound", b"Revenue rose by 4.2 percent.\n".to_vec())],
        };
        files.into_iter().map(|(kind, bytes)| Self { group, index: 0, kind, bytes }).collect()
    }

    fn name(&self) -> String {
        format!("{}-{:04}-{}", self.group.name(), self.index, self.kind)
    }

    /// Writes the file, or the folder of a model with it, and returns its path.
    fn write(&self, folder: &Path, seeds: &Seeds) -> Result<PathBuf> {
        let path = folder.join(self.name());
        let files: Vec<(PathBuf, &[u8])> = match self.group {
            Group::Pdf => vec![(path.with_extension("pdf"), &self.bytes)],
            Group::Gguf => vec![(path.with_extension("gguf"), &self.bytes)],
            Group::Text => vec![(path.with_extension("txt"), &self.bytes)],
            Group::Image => {
                let format = self.kind.split('-').next().unwrap_or("png");
                vec![(path.with_extension(format), &self.bytes)]
            }
            Group::Safetensors | Group::Tokenizer => return self.write_model(&path, seeds).map(|()| path),
        };
        for (path, bytes) in &files {
            write(path, bytes)?;
        }
        Ok(files.into_iter().next().map_or(path, |(path, _)| path))
    }

    fn write_model(&self, folder: &Path, seeds: &Seeds) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let (tokenizer, weights);
        let (tokenizer, weights): (&[u8], &[u8]) = if self.group == Group::Tokenizer {
            weights = safetensors::sound(seeds, &mut Chance::new(0, "weights", 0));
            (&self.bytes, &weights)
        } else {
            tokenizer = seeds.tokenizer.to_string();
            (tokenizer.as_bytes(), &self.bytes)
        };
        write(&folder.join("config.json"), model_files::config(seeds.pieces.len()).as_bytes())?;
        write(&folder.join("tokenizer.json"), tokenizer)?;
        write(&folder.join("model.safetensors"), weights)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Attacks the program and prints how it took it.
///
/// # Errors
/// When a file was taken badly, or the program cannot be built or run.
pub(crate) fn run(arguments: &AttackArgs) -> Result<()> {
    let program = match &arguments.program {
        Some(program) => program.canonicalize().with_context(|| format!("cannot find {}", program.display()))?,
        None => program::build_unoptimised()?,
    };
    let target = program::target_folder()?.join("attack");
    fs::create_dir_all(&target).with_context(|| format!("cannot make {}", target.display()))?;
    let kept = arguments.keep.clone().unwrap_or_else(|| target.join("bad"));
    fs::create_dir_all(&kept).with_context(|| format!("cannot make {}", kept.display()))?;
    let kept = kept.canonicalize().context("cannot find the folder of kept files")?;
    let attack = Attack {
        seeds: Seeds::read()?,
        question: target.join("question.txt"),
        runner: Runner { program, scratch: target, limit: Duration::from_secs(arguments.limit) },
        kept,
        keeps_all: arguments.keep.is_some(),
    };
    write(&attack.question, b"Revenue rose by 4.2 percent in 2025.\nCosts fell by 1.1 percent.\n")?;
    let files = planned(arguments);
    for group in files.iter().map(|(group, _)| *group).collect::<BTreeSet<_>>() {
        attack.try_sound(group)?;
    }
    let (begun, mut table) = (Instant::now(), Table::new(arguments.seed));
    for (group, index) in &files {
        if begun.elapsed() > Duration::from_secs(arguments.seconds) {
            table.untried += 1;
            continue;
        }
        let file = Mutated::new(&attack.seeds, arguments.seed, *group, *index);
        attack.try_file(&file, &mut table)?;
    }
    table.secs = begun.elapsed().as_secs_f32();
    say::result(format_args!("{}", if arguments.json { table.json() } else { table.text() }));
    let bad = table.bad_files();
    if bad > 0 {
        bail!("{bad} of {} files were taken badly", files.len() - table.untried);
    }
    Ok(())
}

/// The files to try, by format and number: PDFs and others in turn, so that a short time tries all formats.
fn planned(arguments: &AttackArgs) -> Vec<(Group, usize)> {
    const OTHERS: [Group; 5] = [Group::Gguf, Group::Safetensors, Group::Tokenizer, Group::Image, Group::Text];
    let pdfs = (0..arguments.pdfs).map(|index| (index, (Group::Pdf, index)));
    let others = (0..arguments.models).map(|index| (index, (OTHERS[index % OTHERS.len()], index / OTHERS.len())));
    let mut all: Vec<_> = match arguments.only {
        // All of the others are of this format.
        Some(group) if group != Group::Pdf => (0..arguments.models).map(|index| (index, (group, index))).collect(),
        Some(_) => pdfs.collect(),
        None => pdfs.chain(others).collect(),
    };
    all.sort_by_key(|(order, _)| *order);
    let is_wanted = |index: usize| arguments.file.is_none_or(|file| file == index);
    all.into_iter().map(|(_, file)| file).filter(|(_, index)| is_wanted(*index)).collect()
}

/// What all files have in common.
struct Attack {
    seeds: Seeds,
    runner: Runner,
    /// A sound text that models are asked about.
    question: PathBuf,
    kept: PathBuf,
    keeps_all: bool,
}

impl Attack {
    /// Requires that the program takes sound files of this format.
    fn try_sound(&self, group: Group) -> Result<()> {
        for file in Mutated::sound(&self.seeds, group) {
            let (path, runs) = self.runs(&file)?;
            if let Some(run) = runs.iter().find(|run| run.ended.verdict() != Verdict::Done) {
                let said = String::from_utf8_lossy(&run.ended.stderr).into_owned();
                bail!("{}, which nothing is wrong with, is not taken: {:?}\n{said}", file.name(), run.ended.verdict());
            }
            remove(&path)?;
        }
        Ok(())
    }

    /// Gives the program a file and counts how it took it.
    fn try_file(&self, file: &Mutated, table: &mut Table) -> Result<()> {
        let (path, runs) = self.runs(file)?;
        let endings: Vec<&Ended> = runs.iter().map(|run| &run.ended).collect();
        table.count(file.group.name(), &file.name(), &endings);
        let mut is_bad = false;
        for run in &runs {
            let Verdict::Bad(complaint) = run.ended.verdict() else { continue };
            is_bad = true;
            let command = command(&run.words, &path.to_string_lossy());
            let bad = Bad { name: file.name(), complaint, peak_bytes: run.ended.peak_bytes, command };
            say::line(format_args!("{}: {}\n    {}", bad.name, bad.complaint, bad.command));
            table.bad.push(bad);
        }
        if is_bad || self.keeps_all { Ok(()) } else { remove(&path) }
    }

    /// Writes a file, and runs the program on it as a user would.
    fn runs(&self, file: &Mutated) -> Result<(PathBuf, Vec<Run>)> {
        let home = self.runner.fresh_home()?;
        let path = file.write(&self.kept, &self.seeds)?;
        let given = path.to_string_lossy();
        let mut runs = Vec::new();
        let mut run = |words: &[&str]| -> Result<End> {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let ended = self.runner.run(&home, &words)?;
            let end = ended.end;
            runs.push(Run { words, ended });
            Ok(end)
        };
        if matches!(file.group, Group::Pdf | Group::Image | Group::Text) {
            run(&["read", &given, "--plan"])?;
        } else {
            let added = run(&["models", "add", &given, "--name", MODEL])?;
            let model = if added == End::Code(0) { MODEL } else { &given };
            let text = self.question.to_string_lossy();
            run(&["ask", &text, "How much did revenue rise?", "--model", model, "--max-tokens", "4"])?;
        }
        Ok((path, runs))
    }
}

/// A run of the program on a file.
struct Run {
    words: Vec<String>,
    ended: Ended,
}

fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.with_context(|| format!("cannot remove {}", path.display()))
}

/// The command as one would type it, in the root of the repository where the file is below it.
fn command(words: &[String], file: &str) -> String {
    let root = format!("{}/", repository().display());
    let typed = words.iter().map(|word| {
        let word = if word == file { word.strip_prefix(&root).unwrap_or(word) } else { word };
        if word.contains(' ') { format!("'{word}'") } else { word.to_owned() }
    });
    format!("recto {}", typed.collect::<Vec<_>>().join(" "))
}
