import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { gunzipSync, gzipSync } from 'node:zlib'
import { extract, pack } from 'tar-stream'

/** A file in an archive. */
export interface TarEntry {
  /** Path in the archive. */
  readonly path: string
  readonly bytes: Uint8Array
}

/**
 * Returns an archive that depends on nothing but its arguments: no user, one mode, one time.
 * @param epoch time of all entries, in seconds since 1970
 */
export async function writeTar(entries: readonly TarEntry[], epoch: number): Promise<Uint8Array> {
  const archive = pack()
  for (const { path, bytes } of entries.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)))
    archive.entry({ name: path, mode: 0o644, uid: 0, gid: 0, mtime: new Date(epoch * 1000) }, Buffer.from(bytes))
  archive.finalize()
  return buffer(archive)
}

/** Returns the archive of `writeTar`, gzipped. */
export const writeTarball = async (entries: readonly TarEntry[], epoch: number): Promise<Uint8Array> =>
  compress(await writeTar(entries, epoch))

/** Reads the files of an archive. @param accept the files that are wanted, by path without a leading `./` or `/` */
export async function readTar(bytes: Uint8Array, accept: (path: string) => boolean = () => true): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = []
  for await (const entry of Readable.from([bytes]).pipe(extract())) {
    const path = entry.header.name.replace(/^(?:\.?\/)+/, '')
    if (entry.header.type === 'file' && accept(path)) entries.push({ path, bytes: await buffer(entry) })
    else entry.resume()
  }
  return entries
}

/** Reads the files of an archive that gzip has compressed. */
export const readTarball = (bytes: Uint8Array, accept?: (path: string) => boolean): Promise<readonly TarEntry[]> =>
  readTar(gunzipSync(bytes), accept)

/** Compresses with gzip. zlib writes no time and no name, so the bytes depend on the version of Node.js alone. */
export const compress = (bytes: Uint8Array): Uint8Array => gzipSync(bytes, { level: 9 })
