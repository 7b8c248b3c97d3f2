//! The program as its users meet it, and the shape of the workspace.

mod structure;
