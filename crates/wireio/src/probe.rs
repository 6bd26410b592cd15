use rustix::fs::{openat2, Mode, OFlags, ResolveFlags, CWD};

/// Whether a ring with read and write operations can be set up here (kernel 5.7 and up, not forbidden).
pub fn io_uring_usable() -> bool {
    let Ok(ring) = io_uring::IoUring::new(2) else {
        return false;
    };
    let mut probe = io_uring::Probe::new();
    ring.submitter().register_probe(&mut probe).is_ok()
        && probe.is_supported(io_uring::opcode::Read::CODE)
        && probe.is_supported(io_uring::opcode::Write::CODE)
}

/// Whether paths can be confined by the kernel.
pub fn openat2_usable() -> bool {
    openat2(
        CWD,
        c".",
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
        ResolveFlags::BENEATH,
    )
    .is_ok()
}
