//! The folders Recto keeps things in, each with the version of its format in its name.
//!
//! A format that changes gets a new number: older programs do not see it, and what they wrote is left alone.

use std::path::PathBuf;

use super::Directories;

/// A kind of thing kept on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFolder {
    /// Installed models, under the data directory.
    ///
    /// ```text
    /// models-v1/
    ///   .lock                    held by whoever installs or removes
    ///   .adding-NAME-XXXXXX/     an installation under way; swept away by the next one when its process died
    ///   .removing-NAME-XXXXXX/   a removal under way; likewise
    ///   NAME/                    a model, whole: it appears by a rename
    ///     recto.toml             what belongs to it: sizes, hashes, licence, origin; written last
    ///     config.json …          the files as published
    ///     model.gguf             or this one, for a model from a GGUF file
    ///     NOTICE                 the licence notice, where the catalogue has one
    /// ```
    Models,
    /// Downloads under way, under the cache directory; what is not kept for another attempt goes with the command that made it.
    ///
    /// ```text
    /// downloads-v1/
    ///   .lock                    held while something is downloaded
    ///   NAME-XXXXXX/             what a download brings
    ///     unpack/                where the downloading program works
    ///     *.whl                  what it brought, whole
    ///   NAME.kept/               wheels that came whole, for the next attempt
    ///   OWNER--NAME@COMMIT.partial/   a model of the hub, in pieces
    ///     FILE                   a file that is whole and has the right hash
    ///     FILE.part              one of full length, of which some pieces have come
    ///     FILE.journal           which ones: see `partial.rs`
    /// ```
    Downloads,
    /// Encoder states of windows, under the cache directory.
    ///
    /// ```text
    /// encodings-v1/
    ///   .lock                    held by whoever takes files away, here and in the two below
    ///   .writing-XXXXXX          a file being written; it appears under its name by a rename
    ///   KEY.enc                  a window: see `encodings/format.rs`
    /// ```
    Encodings,
    /// What the vision tower saw in pictures, and which picture a figure shows, under the cache directory; files as in
    /// [`StoreFolder::Encodings`].
    Vision,
    /// Pages as they were read, under the cache directory; files as in [`StoreFolder::Encodings`].
    Pages,
    /// What a user comes back to, under the data directory.
    ///
    /// ```text
    /// library-v1/
    ///   desk.json                how the window was left; written whole, a moment after anything changed
    ///   settings.json            what the user set
    ///   window.sock              where a running window listens
    ///   damaged-desk.json        one that could not be understood, put aside
    ///   reports/HASH/            of a report, by the SHA-256 of its file
    ///     conversation.json      what was asked and answered
    ///     text.json              its text, so that words are found in it
    /// ```
    Library,
    /// What the application logs, under the data directory.
    ///
    /// ```text
    /// log-v1/
    ///   recto.log                added to until it is a megabyte long
    ///   recto.old.log            the one before
    /// ```
    Log,
}

impl StoreFolder {
    /// The folder's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Models => "models-v1",
            Self::Downloads => "downloads-v1",
            Self::Encodings => "encodings-v1",
            Self::Vision => "vision-v1",
            Self::Pages => "pages-v1",
            Self::Library => "library-v1",
            Self::Log => "log-v1",
        }
    }

    /// Where it lies; it need not exist.
    pub fn path(self, directories: &Directories) -> PathBuf {
        let parent = match self {
            Self::Models | Self::Library | Self::Log => directories.data(),
            Self::Downloads | Self::Encodings | Self::Vision | Self::Pages => directories.cache(),
        };
        parent.join(self.name())
    }
}
