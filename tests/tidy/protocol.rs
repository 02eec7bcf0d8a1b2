//! The protocol does not change without its section in ARCHITECTURE.md.

use sha2::{Digest, Sha256};

use crate::sources::read;

/// The protocol, in the order in which it is read.
const FILES: [&str; 4] = [
    "engine/src/protocol/mod.rs",
    "engine/src/protocol/jobs.rs",
    "engine/src/protocol/reading.rs",
    "engine/src/protocol/answer.rs",
];

#[test]
fn the_page_carries_the_hash_of_the_protocol() {
    let text: String = FILES.iter().map(|file| read(file)).collect();
    let hash: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    let short = &hash[..16];
    assert!(
        read("ARCHITECTURE.md").contains(&format!("protocol {short}")),
        "\nengine/src/protocol changed.\nCorrect the section on the protocol in ARCHITECTURE.md, then write there: \
         protocol {short}\n"
    );
}
