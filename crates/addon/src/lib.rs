//! The Node addon: turns JavaScript values into calls of the other crates and back, and does nothing else.
//! Failures cross as numbers (see `failure`), so that `ts/kernel/native.ts` makes the errors in one place.

// The addon links only into Node, which is where its tests run (`tests/contract`).
#![cfg_attr(test, allow(dead_code))]

mod args;
mod batches;
mod block_sum_job;
mod codec;
mod digest;
mod entries;
mod failure;
mod fork;
mod lent;
mod lists;
mod program;
mod receive_job;
mod send_job;
mod shared;
mod system;
mod task;
mod tree;
