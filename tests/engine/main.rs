
mod prompt;
