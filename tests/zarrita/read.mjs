// Reads an episode by a Zarr library that nobody here wrote: zarrita. Arguments: the session's folder, the episode's
// number, names of its arrays. Prints the session's format, the episode's `committed`, and the arrays' committed rows.
import * as zarr from 'zarrita';
import FileSystemStore from '@zarrita/storage/fs';

const [path, number, ...names] = process.argv.slice(2);
const session = await zarr.open(new FileSystemStore(path), {kind: 'group'});
const episode = await zarr.open(session.resolve(`episodes/${number}`), {kind: 'group'});
const {committed} = episode.attrs;

async function committedRows(name) {
  const array = await zarr.open(episode.resolve(name), {kind: 'array'});
  const {data, shape, stride} = await zarr.get(array, [zarr.slice(committed), ...array.shape.slice(1).map(() => null)]);
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return [name, {dtype: array.dtype, shape, stride, bytes: bytes.toString('base64')}];
}

const arrays = Object.fromEntries(await Promise.all(names.map(committedRows)));
console.log(JSON.stringify({version: session.attrs.format_version, committed, arrays}));
