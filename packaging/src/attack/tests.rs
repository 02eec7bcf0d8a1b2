//! The generator makes the same files for the same seed, and every file differs from the sound one.

use std::collections::BTreeSet;

use super::chance::Chance;
use super::pdf_file::PdfFile;
use super::seeds::Seeds;
use super::{Group, Mutated, gguf, picture_files, safetensors};
use clap::ValueEnum;

/// Files of each kind that are made here.
const ROUNDS: usize = 1;

fn all(seeds: &Seeds, seed: u64) -> impl Iterator<Item = Mutated> {
    Group::value_variants().iter().flat_map(move |group| {
        let count = ROUNDS * group.kinds().len();
        (0..count).map(move |index| Mutated::new(seeds, seed, *group, index))
    })
}

#[test]
fn the_same_seed_makes_the_same_files() {
    let seeds = Seeds::read().unwrap();
    for (one, again) in all(&seeds, 5).zip(all(&seeds, 5)) {
        assert!(one.bytes == again.bytes, "{}", one.name());
    }
}

#[test]
fn another_seed_makes_other_files() {
    let seeds = Seeds::read().unwrap();
    let same = all(&seeds, 5).zip(all(&seeds, 6)).filter(|(one, other)| one.bytes == other.bytes).count();
    let count = all(&seeds, 5).count();
    assert!(same < count / 2, "{same} of {count} are the same");
}

#[test]
fn files_differ_from_what_they_were_made_of() {
    let seeds = Seeds::read().unwrap();
    let mut sound = vec![
        PdfFile::small().write(),
        seeds.tokenizer.to_string().into_bytes(),
        picture_files::png(b""),
        picture_files::bmp(),
        picture_files::gif(),
        picture_files::tiff(&picture_files::tiff_tags(), 0),
        picture_files::WEBP.to_vec(),
    ];
    sound.extend(seeds.pdfs.iter().chain(&seeds.pngs).chain(&seeds.jpegs).cloned());
    let mut same = BTreeSet::new();
    for file in all(&seeds, 5) {
        // Weights are random, so they are made with the same numbers again.
        let chance = || Chance::new(5, file.group.name(), file.index);
        let is_sound = match file.group {
            Group::Gguf => file.bytes == gguf::sound(&seeds, &mut chance()),
            Group::Safetensors => file.bytes == safetensors::sound(&seeds, &mut chance()),
            _ => sound.contains(&file.bytes),
        };
        if is_sound {
            same.insert(file.name());
        }
    }
    // A change may happen to be the value that was there.
    assert!(same.len() <= 4, "{same:?}");
}

#[test]
fn kinds_have_names_of_their_own() {
    for group in Group::value_variants() {
        let names: BTreeSet<_> = group.kinds().iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), group.kinds().len(), "{}", group.name());
    }
}
