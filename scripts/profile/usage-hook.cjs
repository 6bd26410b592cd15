/**
 * Loaded into ours before it starts: when it ends, it writes to OC_PROFILE_USAGE what its main thread and all
 * its threads cost, in seconds. GNU time sees the process as a whole only.
 */
const { readFileSync, writeFileSync } = require('node:fs');

const file = process.env.OC_PROFILE_USAGE;

/** The first number is the thread's time on a processor, in nanoseconds. */
const mainThread = () => {
  const [ran] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ');
  return Number(ran) / 1e9;
};

if (file !== undefined) {
  process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    try {
      writeFileSync(file, JSON.stringify({ main: mainThread(), user: user / 1e6, system: system / 1e6 }));
    } catch {
      // A run that cannot be told of is still a run.
    }
  });
}
