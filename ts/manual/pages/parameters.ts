/** The parameters of rsyncd.conf as both references tell of them. */
import { globalParameters, type Kind, moduleParameters } from '../../daemon/config/parameters.ts';
import { parameterTexts } from '../parameters.ts';

export interface Parameter {
  readonly name: string;
  readonly text: string;
  /** What it is without being set; '' where that is nothing. */
  readonly initial: string;
}

/** Those of the daemon as a whole, and those of modules, each by name. */
export function allParameters(): {
  readonly global: readonly Parameter[];
  readonly module: readonly Parameter[];
} {
  return { global: listed(globalParameters), module: listed(moduleParameters) };
}

function listed(table: Readonly<Record<string, Kind>>): Parameter[] {
  return Object.entries(table)
    .map(([name, kind]) => ({
      name,
      text: parameterTexts[name as keyof typeof parameterTexts],
      initial: initialOf(kind),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function initialOf(kind: Kind): string {
  switch (kind.kind) {
    case 'bool':
      return kind.initial ? 'yes' : 'no';
    case 'bool3':
      return 'unset';
    case 'choice':
      return Object.entries(kind.choices).find(([, value]) => value === kind.initial)![0];
    default:
      return String(kind.initial);
  }
}
