use std::sync::OnceLock;

/// Threads that can run at once. Asking costs dozens of microseconds, so it is asked once.
pub(crate) fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, |n| n.get()))
}
