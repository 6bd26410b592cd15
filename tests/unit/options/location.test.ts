import { expect, it } from 'vitest';
import { parseLocation } from '../../../ts/options/location.ts';

const cases: [string, object][] = [
  ['path', { kind: 'local', path: 'path' }],
  ['./a:b', { kind: 'local', path: './a:b' }],
  ['/a:b', { kind: 'local', path: '/a:b' }],
  ['a/b:c', { kind: 'local', path: 'a/b:c' }],
  ['', { kind: 'local', path: '' }],
  ['host:', { kind: 'shell', user: undefined, host: 'host', path: '' }],
  ['host:a:b', { kind: 'shell', user: undefined, host: 'host', path: 'a:b' }],
  ['u@host:/a b', { kind: 'shell', user: 'u', host: 'host', path: '/a b' }],
  ['u@d@host:x', { kind: 'shell', user: 'u@d', host: 'host', path: 'x' }],
  [':x', { kind: 'shell', user: undefined, host: '', path: 'x' }],
  ['::m/x', { kind: 'daemon', user: undefined, host: '', port: undefined, module: 'm', path: 'm/x' }],
  ['[::1]:x', { kind: 'shell', user: undefined, host: '::1', path: 'x' }],
  ['u@[fe80::1%eth0]:x', { kind: 'shell', user: 'u', host: 'fe80::1%eth0', path: 'x' }],
  ['[::1]::m', { kind: 'daemon', user: undefined, host: '::1', port: undefined, module: 'm', path: 'm' }],
  ['[]:x', { kind: 'local', path: '[]:x' }],
  ['[a/b]:x', { kind: 'local', path: '[a/b]:x' }],
  ['x[1]:y', { kind: 'local', path: 'x[1]:y' }],
  ['[::1]x:y', { kind: 'local', path: '[::1]x:y' }],
  ['host::', { kind: 'daemon', user: undefined, host: 'host', port: undefined, module: '', path: '' }],
  ['u@host::m/p/q', { kind: 'daemon', user: 'u', host: 'host', port: undefined, module: 'm', path: 'm/p/q' }],
  ['rsync://host', { kind: 'daemon', user: undefined, host: 'host', port: undefined, module: '', path: '' }],
  ['RSYNC://host/', { kind: 'daemon', user: undefined, host: 'host', port: undefined, module: '', path: '' }],
  [
    'rsync://u@host:1873/m/p:q',
    { kind: 'daemon', user: 'u', host: 'host', port: 1873, module: 'm', path: 'm/p:q' },
  ],
  ['rsync://[::1]:9/m', { kind: 'daemon', user: undefined, host: '::1', port: 9, module: 'm', path: 'm' }],
  [
    'rsync://[::1]/m',
    { kind: 'daemon', user: undefined, host: '::1', port: undefined, module: 'm', path: 'm' },
  ],
  ['rsync://host:9', { kind: 'daemon', user: undefined, host: 'host', port: 9, module: '', path: '' }],
  // Not a port: the colon then divides a host named "rsync" from a path.
  ['rsync://host:9x/m', { kind: 'shell', user: undefined, host: 'rsync', path: '//host:9x/m' }],
  ['h\xff:\xfe', { kind: 'shell', user: undefined, host: 'h\xff', path: '\xfe' }],
];

for (const [arg, expected] of cases) {
  it(JSON.stringify(arg), () => {
    expect(parseLocation(arg)).toEqual(expected);
  });
}

it('a daemon behind a remote shell', () => {
  expect(parseLocation('h::m', true).kind).toBe('daemon-over-shell');
  expect(parseLocation('rsync://h:9/m', true)).toMatchObject({ kind: 'daemon-over-shell', port: 9 });
  expect(parseLocation('h:m', true).kind).toBe('shell');
});
