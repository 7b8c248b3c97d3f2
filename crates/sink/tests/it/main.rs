//! The sink against the embedded S3, through the real SDK.

mod sandbox;

mod closing;
mod ending;
