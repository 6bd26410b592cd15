use rustix::fs::{openat2, Mode, OFlags, ResolveFlags, CWD};

/// Whether a ring with the operations for a wire can be set up here (kernel 5.11 and up, not forbidden).
pub fn io_uring_usable() -> bool {
    let Ok(ring) = io_uring::IoUring::new(2) else {
        return false;
    };
    let mut probe = io_uring::Probe::new();
    let codes = [
        io_uring::opcode::Read::CODE,
        io_uring::opcode::Write::CODE,
        io_uring::opcode::Recv::CODE,
        io_uring::opcode::Send::CODE,
        io_uring::opcode::PollAdd::CODE,
        io_uring::opcode::AsyncCancel::CODE,
    ];
    ring.params().is_feature_ext_arg()
        && ring.submitter().register_probe(&mut probe).is_ok()
        && codes.iter().all(|&code| probe.is_supported(code))
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
