//! Hosts that break the rules of HTTP/2 on a unix socket, or stop reading: they trouble nobody but themselves.

#![cfg(unix)]

use std::time::{Duration, Instant};

use lakeward_testkit::{Home, python};
use serde_json::json;

use crate::{program::lakeward, serve::Serving};

const SCRIPT: &str = include_str!("../python/http2_host.py");

#[test]
fn header_blocks_are_taken_in_every_form_and_broken_ones_end_their_connection() {
    let home = Home::new();
    let socket = home.path().join("plugin.sock");
    let serving = Serving::at_socket(lakeward(&home), &socket);
    let answers = python::json(SCRIPT, ["headers", socket.to_str().unwrap()]);
    let cases = [
        ("plain", "answered"),
        ("another_path", "answered"),
        ("an_authority", "answered"),
        ("padded", "answered"),
        ("with_priority", "answered"),
        ("padded_with_priority", "answered"),
        ("split", "answered"),
        ("split_and_padded", "answered"),
        ("large", "answered"),
        ("padding_too_long", "ended"),
        ("frame_too_long", "ended"),
        ("block_too_long", "ended"),
        ("list_too_long", "ended"),
        ("continuations_without_end", "ended"),
        ("continuation_alone", "ended"),
        ("data_within", "ended"),
        ("malformed", "ended"),
        ("cut_off", "ended"),
        ("index_beyond", "ended"),
        ("table_too_large", "ended"),
        ("no_preface", "ended"),
        ("in_the_end", "answered"),
    ];
    assert_eq!(answers.as_object().unwrap().len(), cases.len(), "{answers:#}");
    for (case, outcome) in cases {
        assert_eq!(answers[case], json!(outcome), "{case}: {answers:#}");
    }
    serving.end(0);
}

#[test]
fn a_host_that_stops_reading_keeps_nobody_waiting() {
    let home = Home::new();
    let socket = home.path().join("plugin.sock");
    let serving = Serving::at_socket(lakeward(&home), &socket);
    let mut silent = python::command(&home, SCRIPT, ["stop_reading", socket.to_str().unwrap()]).spawn();
    silent.wait_for("another host is answered");
    let asked = Instant::now();
    serving.end(0);
    assert!(asked.elapsed() < Duration::from_secs(5), "it took {:?}", asked.elapsed());
    let _ = silent.kill();
}
