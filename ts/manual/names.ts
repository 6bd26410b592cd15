/** Options found by what somebody wrote, and what else they may have meant. */
import { allTopics, type Entry, type Spelling } from './entries.ts';

/** An option that was found. */
export interface Named {
  readonly entry: Entry;
  /** As it was written, without its argument: `--no-times`, `-a`. */
  readonly name: string;
  /** It takes back what the entry says. */
  readonly opposite: boolean;
}

interface Candidate extends Named {
  readonly spelling: Spelling;
}

/** Every name of every option. The first of one that is both a client's and a daemon's is the client's. */
function candidates(): Candidate[] {
  const found: Candidate[] = [];
  const add = (entry: Entry, spelling: Spelling, opposite: boolean) => {
    if (spelling.long !== undefined) found.push({ entry, spelling, name: `--${spelling.long}`, opposite });
    if (spelling.short !== undefined) found.push({ entry, spelling, name: `-${spelling.short}`, opposite });
  };
  for (const { entries } of allTopics())
    for (const entry of entries) {
      add(entry, entry.main, false);
      for (const name of entry.note?.match(/--[a-z]+(?=,|$)/g) ?? [])
        found.push({ entry, spelling: entry.main, name, opposite: false });
      for (const spelling of entry.also) add(entry, spelling, false);
      for (const spelling of entry.opposites) add(entry, spelling, true);
    }
  return found;
}

/** All names that people are shown, each once. */
export function allNames(): string[] {
  return [...new Set(candidates().flatMap(({ entry, name }) => (entry.inner ? [] : [name])))];
}

/** ... as a shell completes them behind `help`: with their dashes or without. */
export function wordsOfHelp(): string[] {
  const names = allNames();
  return [...names, ...names.flatMap((name) => (name.startsWith('--') ? [name.slice(2)] : []))];
}

/**
 * What `word` names: an option with its dashes or without, or several letters behind one dash. Nothing: it names none.
 */
export function namedBy(word: string): readonly Named[] {
  const all = candidates();
  const by = (name: string) => all.find((one) => one.name === name);
  const bare = word.replace(/^--?/, '');
  const one = bare.length === 1 && !word.startsWith('--') ? by(`-${bare}`) : by(`--${bare}`);
  if (one !== undefined) return [one];
  return /^-[^-]/.test(word) ? cluster(bare, by) : [];
}

/** Letters up to one that takes what follows as its argument; none of them where one is no option. */
function cluster(letters: string, by: (name: string) => Candidate | undefined): Named[] {
  const found: Named[] = [];
  for (const letter of letters) {
    const one = by(`-${letter}`);
    if (one === undefined) return [];
    found.push(one);
    if (one.spelling.argName !== undefined) break;
  }
  return found;
}

/** As many as a reader looks through. */
const mostProposed = 4;

/** Names like `word`, the nearest first: with few slips between, or begun with it. */
export function namesLike(word: string): readonly string[] {
  const wanted = word.replace(/^--?/, '').toLowerCase();
  if (wanted === '') return [];
  const slips = Math.max(1, Math.floor(wanted.length / 3));
  const near = allNames().flatMap((name) => {
    const bare = name.replace(/^--?/, '');
    // A letter is like any other.
    if (bare.length === 1) return bare.toLowerCase() === wanted ? [{ name, far: 0 }] : [];
    const begins = wanted.length > 2 && bare.toLowerCase().startsWith(wanted);
    const far = begins ? 1 : distance(wanted, bare.toLowerCase());
    return far <= slips && far < bare.length ? [{ name, far }] : [];
  });
  return near
    .sort((a, b) => a.far - b.far)
    .slice(0, mostProposed)
    .map(({ name }) => name);
}

/** Letters to be put in, left out, changed, or exchanged with their neighbour, until `a` is `b`. */
export function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
