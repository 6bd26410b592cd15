import type { End } from './end.ts';
import { endOnSignal } from './end.ts';
import { tellCharset } from './name-charset.ts';
import { stopAtLimit } from './stop-at.ts';

/**
 * Does `work`, a run of `ends` from their first word on, the client's first: for as long as it lasts they hear of signals,
 * of the time to stop and of a user who asks how far they are; afterwards nothing of them is left that would wait.
 */
export async function attended<T>(ends: readonly [End, ...End[]], work: () => Promise<T>): Promise<T> {
  const [{ setup, report }] = ends;
  const { host, signal } = setup.io;
  for (const end of ends) tellCharset(end);
  // Who asks a server asks its client: the signal must not end it, and no more.
  const asked = setup.server ? () => {} : () => report.wantProgress();
  const watches = [
    endOnSignal(signal, ends),
    stopAtLimit(firstStop(ends), host, ends),
    host.onProgressWanted(asked),
  ];
  let lineEnd: 'info' | 'error' = 'error';
  try {
    const result = await work();
    lineEnd = 'info';
    return result;
  } finally {
    for (const stop of watches) stop();
    for (const end of ends) end.timeout.stop();
    // Its end goes where the next text does: what a failed run is told with is an error.
    if (!setup.server) report.closeLine(lineEnd);
  }
}

function firstStop(ends: readonly End[]): number | undefined {
  const times = ends.flatMap(({ setup }) => setup.options.stopAt ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}
