//! A repository with a small model, and a hub that serves it.

use std::path::PathBuf;

use recto_tests::fixture;

use super::hub_server::{Asked, Reply, Repository, Server};

pub(crate) const NAME: &str = "org/tiny-model";
pub(crate) const WEIGHTS: &str = "model.safetensors";

/// A repository with a small valid checkpoint, and files that are no part of it.
pub(crate) fn tiny_repository() -> Repository {
    let read = |path: PathBuf| std::fs::read(path).unwrap();
    Repository::new(
        NAME,
        &[
            ("README.md", b"A model for tests".to_vec()),
            ("config.json", read(fixture("model/text/config.json"))),
            (WEIGHTS, read(fixture("model/text/model.safetensors"))),
            ("tokenizer.json", read(fixture("tokenizer/tokenizer.json"))),
            ("optimizer.bin", b"not for Recto".to_vec()),
            ("sub/config.json", b"nor this".to_vec()),
        ],
    )
}

/// A server of `repository` whose replies pass through `change`.
pub(crate) fn server(
    repository: &Repository,
    change: impl Fn(&Asked, Reply) -> Reply + Send + Sync + 'static,
) -> Server {
    let repository = repository.clone();
    Server::start(move |asked| change(asked, repository.answer(asked)))
}
