/** Every way to say an option, looked up by its name. */
import type { Switch } from './definition.ts';
import type { Draft, Options } from './options.ts';
import { allDefinitions } from './settle.ts';

/** A switch, and the option that it belongs to. */
export interface OptionSwitch extends Switch<unknown, Draft> {
  readonly option: keyof Draft;
}

export const allSwitches: readonly OptionSwitch[] = allDefinitions.flatMap(([option, { switches }]) =>
  switches.flatMap((one) => ('note' in one ? [] : [{ ...one, option }])),
);

export const longSwitches: ReadonlyMap<string, OptionSwitch> = new Map(
  allSwitches.flatMap((one) => (one.long === undefined ? [] : [[one.long, one]])),
);
export const shortSwitches: ReadonlyMap<string, OptionSwitch> = new Map(
  allSwitches.flatMap((one) => (one.short === undefined ? [] : [[one.short, one]])),
);

/** `--name`, as messages call an option that nobody wrote. */
export function switchName(option: keyof Options): string {
  const first = allSwitches.find((one) => one.option === option);
  return first?.long === undefined ? `-${first?.short}` : `--${first.long}`;
}
