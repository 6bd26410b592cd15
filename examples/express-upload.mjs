/**
 * A server that takes trees by HTTP and puts each in place at once: node express-upload.mjs FOLDER [PORT]
 *
 *     POST /uploads                           begins an upload, and answers its id
 *     PUT  /uploads/ID/files/dir/name         one file of it
 *     POST /uploads/ID/publish/TREE           puts it in place, and tells what happens in lines of JSON
 *
 * FOLDER/trees/TREE is a symbolic link to the release that holds: who looks at it sees the old tree or the new one, and what is
 * the same in both takes its place on the disk once. An upload that was not published is gone when the server ends. Who may do
 * this, and how much, is for the server before this one to see to.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, renameSync } from 'node:fs';
import { mkdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import express from 'express';
import { sync } from 'oc-rsync';

const [folder = '.', port = '8080'] = process.argv.slice(2);
const at = (...names) => resolve(folder, ...names);
const remove = (path) => rm(path, { recursive: true, force: true });
await remove(at('incoming'));
for (const name of ['incoming', 'releases', 'trees']) await mkdir(at(name), { recursive: true });

/** Uploads that files still come for, and trees that are being put in place. */
const uploads = new Set();
const publishing = new Set();

const isTree = (name) => /^\w[\w.-]*$/.test(name);
/** A name that stays where it is put. */
const isName = (name) => name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name);

const app = express();
app.disable('x-powered-by');

app.post('/uploads', async (_, response) => {
  const id = randomUUID();
  await mkdir(at('incoming', id));
  uploads.add(id);
  response.status(201).json({ id });
});

app.put('/uploads/:id/files/*names', async (request, response) => {
  const { id, names } = request.params;
  if (!names.every(isName)) return response.status(400).json({ error: 'no such name' });
  if (!uploads.has(id)) return response.status(404).json({ error: 'no such upload' });
  const part = at('incoming', `.${randomUUID()}`);
  try {
    await pipeline(request, createWriteStream(part));
    if (!uploads.has(id)) return response.status(409).json({ error: 'it is published' });
    // Nothing may come between these two and the look at what is published.
    const file = at('incoming', id, ...names);
    mkdirSync(dirname(file), { recursive: true });
    renameSync(part, file);
    response.status(204).end();
  } catch (error) {
    // Who has gone away hears nothing, and has left half a file.
    if (request.complete) response.status(409).json({ error: error.code });
  } finally {
    await remove(part);
  }
});

app.post('/uploads/:id/publish/:tree', async (request, response) => {
  const { id, tree } = request.params;
  if (!isTree(tree)) return response.status(400).json({ error: 'no such name' });
  if (!uploads.has(id)) return response.status(404).json({ error: 'no such upload' });
  if (publishing.has(tree)) return response.status(409).json({ error: 'another upload is being published' });
  uploads.delete(id);
  publishing.add(tree);
  const staged = at('incoming', id);
  const release = at('releases', `${tree}-${id}`);
  const link = at('trees', `.${id}`);
  let leftOver = release;
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('the client has gone')));
  response.type('application/x-ndjson');
  const tell = async (line) => {
    if (!response.write(`${JSON.stringify(line)}\n`)) await once(response, 'drain', { signal: gone.signal });
  };
  try {
    const holds = await readlink(at('trees', tree)).catch(() => undefined);
    const run = sync(`${staged}/`, `${release}/`, {
      recursive: true,
      checksum: true,
      linkDest: holds === undefined ? [] : [at('trees', holds)],
      signal: gone.signal,
    });
    for await (const event of run) if (event.type !== 'scan') await tell(event);
    // A rename is all or nothing, as none of the steps before is.
    await symlink(join('..', 'releases', `${tree}-${id}`), link);
    await rename(link, at('trees', tree));
    leftOver = holds === undefined ? link : at('trees', holds);
    await tell({ published: tree });
  } catch (error) {
    if (!response.destroyed) response.write(`${JSON.stringify({ error: error.message })}\n`);
  } finally {
    publishing.delete(tree);
    for (const path of [staged, link, leftOver]) await remove(path);
    response.end();
  }
});

const server = app.listen(Number(port), '127.0.0.1');
await once(server, 'listening');
console.log(`http://127.0.0.1:${server.address().port}`);
