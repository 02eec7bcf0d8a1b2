//! Rules of the house that no compiler checks. Each says, where it fails, how to mend it.

#![allow(clippy::disallowed_methods, reason = "tests make the files that they need")]
#![allow(clippy::print_stdout, reason = "what was measured is shown where a test is run by hand")]

#[cfg(test)]
mod colours;
#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod file_map;
#[cfg(test)]
mod layering;
#[cfg(test)]
mod licences;
#[cfg(test)]
mod manners;
#[cfg(test)]
mod prompts;
#[cfg(test)]
mod protocol;
#[cfg(test)]
mod sizes;
#[cfg(test)]
mod sources;
