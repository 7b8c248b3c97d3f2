use proptest::prelude::*;

use super::*;

/// The least config that can be run.
const LEAST: &str = "version = 1\n[destination]\nbucket = \"my-lake\"\npath = \"raw\"\n[[source]]\ntype = \"files\"\npaths = [\"data\"]\n";
