/** Remote shells that are none, that cannot be started, or that end while a signal ends us. */
import { describe, test } from 'vitest';
import { referencePeer } from '../support/peers.ts';
import { expectSameScript } from '../support/script.ts';

const reference = referencePeer();

/** `go` shows what could not be started; rsync tells of its children besides, and ends with its own code or theirs. */
const prepared = `mkdir s d; echo x >s/f
  go() { "$@" 2>&1 | grep -o -e 'Failed to exec.*' -e '.*in remote-shell command.'; exit=\${PIPESTATUS[0]}; [ $exit != 0 ] && echo failed; }
`;

const commands = [
  `$R -e '' -r host:s/ d/`,
  `$R --rsh= -r s/ host:d/`,
  `$R -e '' -r user@host:s/ d/`,
  `env RSYNC_RSH= $R -r s/ host:d/`,
  `env RSYNC_RSH=/bin/false $R -r -e '' s/ host:d/`,
  `env RSYNC_RSH= $R -e /bin/false -r host:s/ d/`,
  `$R -e '  ' -r s/ host:d/`,
  `$R -e '"' -r s/ host:d/`,
  `$R -e /no/ssh -r s/ host:d/`,
  `$R -e '' -r host::s/ d/`,
];

describe.skipIf(reference === null)('a remote shell', () => {
  test.each(commands)('that is none: %s', (command) =>
    expectSameScript({ script: `${prepared}go ${command}` }, reference!),
  );

  test.each([
    ['is ended by it', 'kill -INT 0; sleep 3'],
    ['fails at once', 'trap "exit 255" INT; kill -INT 0; sleep 3'],
    // rsync waits 0.4 s for it, which a busy machine may need by itself: either gets some tries.
    ['fails soon', 'trap "" INT; kill -INT 0; sleep 0.1; exit 255', '255'],
    ['goes on', 'trap "" INT; kill -INT 0; exec sleep 3'],
    ['succeeds', 'trap "exit 0" INT; kill -INT 0; sleep 3'],
  ])('while Ctrl-C ends us: %s', (_, body, wanted = '') =>
    expectSameScript(
      {
        script: `${prepared}printf '%s\n' '#!/bin/bash' '${body}' >sh; chmod 755 sh
          for c in "s/ h:d/" "h:s/ d/"; do
            for try in {1..5}; do
              all=$(go setsid -w $R -r -e $PWD/sh $c; echo $exit); [[ $all == *'${wanted}' ]] && break
            done; echo "$all"
          done`,
      },
      reference!,
    ),
  );

  test('a --link-dest that lies on another file system is told of', () =>
    expectSameScript(
      {
        sorted: true,
        script: `alt=$(mktemp -d /dev/shm/XXXXXX); mkdir s; echo x >s/f; echo y >s/g; cp -a s/. $alt
          for o in -v -vv -i '-vv --info=name0' '-i --info=name'; do
            $R -rt $o --link-dest=$alt s/ d/ | grep -v -e ^sent -e speed | sed "s#$alt#ALT#"; rm -r d; done; rm -r $alt`,
      },
      reference!,
    ));
});
