//! What only Linux has.

/// Rings are Linux's.
pub fn io_uring_usable() -> bool {
    false
}

/// Paths are walked where the system cannot confine them.
pub fn openat2_usable() -> bool {
    false
}
