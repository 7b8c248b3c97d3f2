//! The program as its users meet it, and the shape of the workspace.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests and their helpers fail by panicking"
)]

mod program;
mod server;
mod landed;

mod quickstart;
mod commands;
mod progress;

mod config;
mod bad_input;
mod rejects;
mod standard_input;

mod auth_matrix;
mod auth_commands;
mod auth_explain_broken;
mod auth_failures;
mod auth_sts;
mod auth_caches;
mod loopback_aws;
mod auth_renewal;
mod auth_freshness;
mod auth_races;
mod auth_javascript;
mod auth_foreign_s3;
mod auth_secrets;
mod documented_ways;

mod check;
mod check_denied;
mod login_sso;
mod login_console;
mod login_mfa;
mod logout;

mod init_session;
mod init_flags;
mod init_methods;
mod init_sign_in;
mod init_files;
mod init_run;
mod init_aws_files;
mod demo;

#[cfg(unix)]
mod wizard;
#[cfg(unix)]
mod wizard_ways_out;
#[cfg(unix)]
mod wizard_methods;
#[cfg(unix)]
mod wizard_sign_in;
#[cfg(unix)]
mod wizard_files;
#[cfg(unix)]
mod wizard_plugin;
#[cfg(unix)]
mod wizard_terminal;
#[cfg(unix)]
mod wizard_record;
#[cfg(unix)]
mod full_disk;

mod credentials;
mod destination;
mod tls;
mod requests;
mod refusals;
mod faults;
mod readers;

mod serve;
mod serve_http2;
mod serve_cli;
mod serve_end;
mod serve_faults;

mod cloudquery_source;
mod cloudquery_source_faults;

mod import;

mod signals;
mod crashes;
mod memory;

mod documentation;
mod documentation_page;
mod documentation_world;

mod structure;
