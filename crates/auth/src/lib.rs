//! Who Lakeward is to AWS: the credentials that a plan chooses, and the one HTTP client through which every AWS call goes.
//!
//! [`Session::open`] is the way in. It depends on the AWS SDK's own providers; what they lack is added here.

mod provider;
mod shared_files;
mod http_client;

pub use http_client::{HttpClientError, HttpClientOptions, http_client};
pub use provider::{Session, known_keys};
