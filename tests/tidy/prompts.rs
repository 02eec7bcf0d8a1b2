//! Every prompt in `assets/prompts` is used.

use crate::sources::{has_extension, report, under};

#[test]
fn every_prompt_is_named_in_code() {
    let code: String = under("engine/src", &[".rs"]).into_iter().map(|source| source.text).collect();
    let prompts = under("assets/prompts", &[""]).into_iter().map(|source| source.path);
    let is_unused = |path: &String| !path.rsplit('/').next().is_some_and(|name| code.contains(name));
    let unused = prompts.filter(|path| !has_extension(path, "md")).filter(is_unused).collect();
    report("Every file of assets/prompts is named in the engine", "Use it or remove it", unused);
}
