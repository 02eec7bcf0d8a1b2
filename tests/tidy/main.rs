//! Rules of the house that no compiler checks. Each says, where it fails, how to mend it.

mod colours;
mod dependencies;
mod file_map;
mod layering;
mod licences;
mod manners;
mod prompts;
mod protocol;
mod sizes;
mod sources;
