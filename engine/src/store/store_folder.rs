//! The folders of the store, each with the version of its format in its name.
//!
//! A changed format gets a new number: older programs do not see the new folder, and the old one is left alone.

use std::path::PathBuf;

use super::Directories;

/// A folder of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFolder {
    /// Installed models, under the data directory.
    ///
    /// ```text
    /// models-v1/
    ///   .lock                    held while a model is installed or removed
    ///   .adding-NAME-XXXXXX/     an installation in progress; removed by the next one if its process died
    ///   .removing-NAME-XXXXXX/   a removal in progress; likewise
    ///   NAME/                    a complete model: it appears by a rename
    ///     recto.toml             its manifest: sizes, hashes, licence, origin; written last
    ///     config.json …          the files as published
    ///     model.gguf             or this one, for a GGUF model
    ///     NOTICE                 the licence notice, where the catalogue has one
    /// ```
    Models,
    /// Downloads in progress, under the cache directory; what cannot be resumed is deleted when the command ends.
    ///
    /// ```text
    /// downloads-v1/
    ///   .lock                    held while something is downloaded
    ///   NAME-XXXXXX/             the files of one download
    ///     unpack/                temporary files of pip
    ///     *.whl                  complete wheels
    ///   NAME.kept/               complete wheels, for the next attempt
    ///   OWNER--NAME@COMMIT.partial/   a model from the hub, in pieces
    ///     FILE                   a complete file with the right hash
    ///     FILE.part              a file of full length with some pieces downloaded
    ///     FILE.journal           which ones: see `partial.rs`
    /// ```
    Downloads,
    /// Encoder states of windows, under the cache directory.
    ///
    /// ```text
    /// encodings-v1/
    ///   .lock                    held while files are deleted, here and in the two below
    ///   .writing-XXXXXX          a file being written; it appears under its name by a rename
    ///   KEY.enc                  a window: see `encodings/format.rs`
    /// ```
    Encodings,
    /// Vision features of pictures, and which picture a figure shows, under the cache directory; files as in
    /// [`StoreFolder::Encodings`].
    Vision,
    /// Pages of documents, under the cache directory; files as in [`StoreFolder::Encodings`].
    Pages,
    /// The user's library, under the data directory.
    ///
    /// ```text
    /// library-v1/
    ///   desk.json                the saved session; written shortly after each change
    ///   settings.json            the user's settings
    ///   window.sock              socket of a running window
    ///   .lock                    held while the session is saved
    ///   damaged-desk.json        one that could not be parsed, or not all of it; later ones: damaged-2-desk.json …
    ///   reports/HASH/            data of a report, by the SHA-256 of its file
    ///     conversation.json      questions and answers
    ///     text.json              its text, for searching
    /// ```
    Library,
    /// Log files, under the data directory.
    ///
    /// ```text
    /// log-v1/
    ///   recto.log                appended to until it reaches a megabyte
    ///   recto.old.log            the previous one
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

    /// Its path; it need not exist.
    pub fn path(self, directories: &Directories) -> PathBuf {
        let parent = match self {
            Self::Models | Self::Library | Self::Log => directories.data(),
            Self::Downloads | Self::Encodings | Self::Vision | Self::Pages => directories.cache(),
        };
        parent.join(self.name())
    }
}
