//! What the shared AWS files (`~/.aws/config`, `~/.aws/credentials`) say of a profile beside its credentials.

use std::path::PathBuf;

use aws_runtime::env_config::{self, file::EnvConfigFiles, section::EnvConfigSections};
use aws_types::os_shim_internal::{Env, Fs};
use lakeward_core::failure::{Failure, FailureKind, told};

/// The most characters of an error of the SDK that are told.
pub(crate) const MOST_TOLD: usize = 600;

/// The shared files, read once.
pub(crate) struct SharedFiles(EnvConfigSections);

impl SharedFiles {
    /// Reads both files from where `AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE` and `HOME` say they are. A file that is
    /// not there is empty.
    ///
    /// # Errors
    /// [`FailureKind::Denied`] when a file can't be read or parsed.
    pub(crate) async fn read() -> Result<Self, Failure> {
        let unreadable = |error: &(dyn std::error::Error + 'static)| {
            Failure::new(FailureKind::Denied, format!("the shared AWS files can't be read: {}", told(error, MOST_TOLD)))
                .next("mend the file that is named, or point AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE elsewhere")
        };
        let files = EnvConfigFiles::default();
        let source = env_config::source::load(&Env::real(), &Fs::real(), &files).await.map_err(|e| unreadable(&e))?;
        EnvConfigSections::parse(source).map(Self).map_err(|error| unreadable(&error))
    }

    /// The names of all profiles.
    pub(crate) fn profiles(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.0.profiles().collect();
        names.sort_unstable();
        names
    }

    /// The profile that `AWS_PROFILE` selects, or `default`.
    pub(crate) fn selected(&self) -> &str {
        self.0.selected_profile()
    }

    /// The certificate authorities to trust: `AWS_CA_BUNDLE`, else the profile's `ca_bundle`.
    pub(crate) fn ca_bundle(&self, profile: &str) -> Option<PathBuf> {
        let named = std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty()).map(PathBuf::from);
        named.or_else(|| self.0.get_profile(profile)?.get("ca_bundle").map(PathBuf::from))
    }

    /// The region: `AWS_REGION`, `AWS_DEFAULT_REGION`, else the profile's.
    pub(crate) fn region(&self, profile: &str) -> Option<String> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let in_profile = || self.0.get_profile(profile)?.get("region").map(str::to_owned);
        variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).or_else(in_profile)
    }
}
