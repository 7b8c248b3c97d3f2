//! The sink against the embedded S3, through the real SDK.

#![expect(clippy::expect_used, reason = "a test's helper may panic as the test does")]

mod log;
mod sandbox;

mod closing;
mod ending;
mod multipart;
mod formats;
mod golden;
mod properties;
mod servers;
