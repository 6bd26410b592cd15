/**
 * Shows what would change, and changes it when told to: node plan-and-confirm.mjs SOURCE DESTINATION
 */
import { createInterface } from 'node:readline/promises';
import { plan } from 'oc-rsync';

const [source, destination] = process.argv.slice(2);
const { changes, apply } = await plan(`${source}/`, destination, { archive: true, delete: true });

for (const change of changes)
  console.log(
    change.type === 'delete'
      ? `delete  ${change.path}`
      : `${change.created ? 'create' : 'change'}  ${change.path}`,
  );

if (changes.length === 0) console.log('nothing to do');
else {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(`Make these ${changes.length} changes? `);
  terminal.close();
  if (/^y(es)?$/i.test(answer.trim())) {
    const { stats } = await apply();
    console.log(`done: ${stats.transferredFiles} files transferred`);
  } else console.log('nothing was changed');
}
