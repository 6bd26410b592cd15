/** The flags that make V8's last two compilers wait (decision 0005); Nodes before those do not know them. */
const major = Number.parseInt(process.versions.node, 10);

export const turbofanWaits: readonly string[] = major >= 22 ? ['--invocation-count-for-turbofan=100000'] : [];
export const maglevWaits: readonly string[] = major >= 24 ? ['--invocation-count-for-maglev=2500'] : [];
