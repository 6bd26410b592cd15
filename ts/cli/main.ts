/** The program: standard streams, signals and the exit code of the process. */
import { argumentBytes, optionEnvironment } from './argv.ts';
import { runCommand } from './command.ts';
import { watchSignals } from './signals.ts';
import { bufferedStream, unbufferedStream } from './streams.ts';

const stdout = bufferedStream(1);
const stderr = unbufferedStream(2);

function exit(code: number): never {
  stdout.flush();
  process.exit(code);
}

const watch = watchSignals(exit);

runCommand({
  argv: argumentBytes(),
  env: optionEnvironment(),
  io: {
    stdout: (text) => stdout.write(text),
    stderr(bytes) {
      stdout.flush();
      stderr(bytes);
    },
    signal: watch.signal,
  },
  loadEngine: () => import('../session/index.ts'),
}).then(exit, (error: unknown) => {
  stderr(Buffer.from(`rsync: ${String(error)}\n`));
  exit(1);
});
