//! The messages and services, as generated from `proto/` by `cargo xtask proto`.

/// Which versions of the plugin protocol a plugin speaks.
pub mod discovery {
    #![expect(missing_docs, clippy::all, reason = "generated")]
    include!("../generated/cloudquery.discovery.v1.rs");
}

/// The plugin protocol, version 3.
pub mod plugin {
    #![expect(missing_docs, clippy::all, reason = "generated")]
    include!("../generated/cloudquery.plugin.v3.rs");
}

/// The version of the plugin protocol that is spoken here.
const VERSION: i32 = 3;

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
