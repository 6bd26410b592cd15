import { isShellName } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';

/** What to hand to Node's spawn, whose strings are UTF-8. */
export interface ShellCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * A command line of bytes. Node encodes arguments as UTF-8, so that those which are UTF-8 are decoded
 * first and come out as they were. If one of them is not, `/bin/sh` makes it again from octal escapes
 * and becomes the program; the escapes themselves are plain ASCII. So it does for variables that are to be exactly `set`.
 */
export function shellCommand(
  argv: readonly ByteString[],
  set: Readonly<Record<string, ByteString>> = {},
): ShellCommand {
  const decoded = argv.map(decodeUtf8);
  const variables = Object.entries(set);
  if (variables.length === 0 && decoded.every((arg) => arg !== undefined))
    return { file: decoded[0], args: decoded.slice(1) };

  // A command substitution drops newlines at the end, hence the `x` that is cut off again.
  const script: string[] = [];
  // Those of other names than a shell's are set by `env`.
  const others: string[] = [];
  for (const [i, [name, value]] of variables.entries())
    if (isShellName(name))
      script.push(`${name}=$(printf '${octal(value)}x'); export ${name}="\${${name}%x}"`);
    else {
      script.push(`oc_var_${i}=$(printf '${octal(`${name}=${value}`)}x')`);
      others.push(`"\${oc_var_${i}%x}"`);
    }
  const words = argv.map((arg, i) => {
    const text = decoded[i];
    if (text !== undefined) return singleQuoted(text);
    script.push(`oc_arg_${i}=$(printf '${octal(arg)}x')`);
    return `"\${oc_arg_${i}%x}"`;
  });
  const env = others.length === 0 ? [] : ['env', '--', ...others];
  script.push(`exec ${[...env, ...words].join(' ')}`);
  return { file: '/bin/sh', args: ['-c', script.join('; ')] };
}

function decodeUtf8(bytes: ByteString): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}

function octal(bytes: ByteString): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) text += `\\${bytes.charCodeAt(i).toString(8).padStart(3, '0')}`;
  return text;
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
