//! The messages and services, as generated from `proto/` by `cargo xtask proto`.

/// Which versions of the plugin protocol a plugin speaks.
pub mod discovery {
    #![expect(missing_docs, clippy::allow_attributes, reason = "generated")]
    include!("../generated/cloudquery.discovery.v1.rs");
}

/// The plugin protocol, version 3.
pub mod plugin {
    #![expect(missing_docs, clippy::allow_attributes, reason = "generated")]
    include!("../generated/cloudquery.plugin.v3.rs");
}

/// The version of the plugin protocol that is spoken here.
pub const VERSION: i32 = 3;

/// Answers every host that version 3 is spoken.
#[derive(Clone, Copy, Debug, Default)]
pub struct Versions;

#[tonic::async_trait]
impl discovery::discovery_server::Discovery for Versions {
    async fn get_versions(
        &self,
        _: tonic::Request<discovery::get_versions::Request>,
    ) -> Result<tonic::Response<discovery::get_versions::Response>, tonic::Status> {
        Ok(tonic::Response::new(discovery::get_versions::Response { versions: vec![VERSION] }))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use sha2::{Digest, Sha256};

    /// The sums are written with the code, of that and of what it was made of.
    #[test]
    fn the_generated_code_is_fresh() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sums = fs::read_to_string(root.join("generated/SHA256SUMS")).expect("sums");
        assert_eq!(sums.lines().count(), 4);
        for (sum, file) in sums.lines().filter_map(|line| line.split_once("  ")) {
            let content = fs::read(root.join(file)).expect("a file");
            let now: String = Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(now, sum, "{file} is not what the code was generated with: run `cargo xtask proto`");
        }
    }
}
