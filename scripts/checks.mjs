/** What holds without a run of ours: each check's name and command. `npm test` takes them one by one, `npm run check` side by side. */

const tool = (name, ...args) => ['npx', '--no-install', name, ...args];
const script = (name, ...args) => [process.execPath, `scripts/${name}.mjs`, ...args];

export const checks = [
  { name: 'types', command: tool('tsc', '--noEmit') },
  { name: 'lint', command: tool('biome', 'check', '.') },
  { name: 'layers', command: script('layers') },
  { name: 'dead code', command: tool('knip', '--no-progress', '--cache') },
  { name: 'table of options', command: script('option-table', '--check') },
  { name: "the library's options", command: script('library-options', '--check') },
  { name: 'manual', command: script('manual', '--check') },
];

/** Those that need cargo, and the component of the toolchain that each is. */
export const cargoChecks = [
  { name: 'cargo fmt', component: 'fmt', command: ['cargo', 'fmt', '--all', '--check'] },
  {
    name: 'cargo clippy',
    component: 'clippy',
    command: ['cargo', 'clippy', '--quiet', '--workspace', '--all-targets', '--', '-D', 'warnings'],
  },
];
