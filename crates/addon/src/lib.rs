//! The Node addon: turns JavaScript values into calls of the other crates and back, and does nothing else.
//! Failures cross as numbers (see `failure`), so that `ts/kernel/native.ts` makes the errors in one place.

mod args;
mod batches;
mod block_sum_job;
mod codec;
mod digest;
mod failure;
mod receive_job;
mod send_job;
mod shared;
mod system;
mod task;
mod tree;
