//! The protocol does not change without its page.

use sha2::{Digest, Sha256};

use crate::sources::read;

#[test]
fn the_page_carries_the_hash_of_the_protocol() {
    let hash: String =
        Sha256::digest(read("engine/src/protocol.rs")).iter().map(|byte| format!("{byte:02x}")).collect();
    let short = &hash[..16];
    assert!(
        read("ARCHITECTURE.md").contains(&format!("protocol {short}")),
        "\nengine/src/protocol.rs changed.\nCorrect the section on the protocol in ARCHITECTURE.md, then write there: \
         protocol {short}\n"
    );
}
