/** Every way to say an option, looked up by its name. */
import type { Switch } from './definition.ts';
import type { Draft } from './options.ts';
import { allDefinitions } from './settle.ts';

/** A switch, and the option that it belongs to. */
export interface OptionSwitch {
  readonly option: keyof Draft;
  readonly how: Switch<unknown, Draft>;
}

/** All of them, in the order of the help. */
export function allSwitches(): OptionSwitch[] {
  return allDefinitions.flatMap(([option, { switches }]) =>
    switches.flatMap((how) => ('note' in how ? [] : [{ option, how }])),
  );
}

/** `--NAME`. Searched for: a table of all costs more than the few look-ups of a command line. */
export function longSwitch(name: string): OptionSwitch | undefined {
  return name === '' ? undefined : findSwitch('long', name);
}

/** `-CHAR`. */
export function shortSwitch(char: string): OptionSwitch | undefined {
  return findSwitch('short', char);
}

function findSwitch(by: 'long' | 'short', name: string): OptionSwitch | undefined {
  for (const [option, { switches }] of allDefinitions)
    for (const how of switches) if (!('note' in how) && how[by] === name) return { option, how };
  return undefined;
}
