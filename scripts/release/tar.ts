import { gzipSync } from 'node:zlib'

/** A file in an archive. */
export interface TarEntry {
  /** Path in the archive, at most 100 bytes. */
  readonly path: string
  readonly bytes: Uint8Array
}

const blockBytes = 512

/**
 * Returns an archive (POSIX ustar) that depends on nothing but its arguments: no user, one mode, one time.
 * @param epoch time of all entries, in seconds since 1970
 * @throws RangeError for a path that ustar's name cannot hold
 */
export function writeTar(entries: readonly TarEntry[], epoch: number): Uint8Array {
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  return Buffer.concat([...sorted.flatMap((entry) => [headerOf(entry, epoch), padded(entry.bytes)]), Buffer.alloc(2 * blockBytes)])
}

/** Returns the archive of `writeTar`, gzipped. */
export const writeTarball = (entries: readonly TarEntry[], epoch: number): Uint8Array => compress(writeTar(entries, epoch))

/** Compresses with gzip. zlib writes no time and no name, so the bytes depend on the version of Node.js alone. */
export const compress = (bytes: Uint8Array): Uint8Array => gzipSync(bytes, { level: 9 })

function padded(bytes: Uint8Array): Uint8Array {
  const block = Buffer.alloc(Math.ceil(bytes.length / blockBytes) * blockBytes)
  block.set(bytes)
  return block
}

/** https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06 */
function headerOf({ path, bytes }: TarEntry, epoch: number): Uint8Array {
  if (Buffer.byteLength(path) > 100) throw new RangeError(`${path} is longer than 100 bytes and cannot be a name in the archive`)
  const header = Buffer.alloc(blockBytes)
  header.write(path, 0)
  header.write(octal(0o644, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(bytes.length, 12), 124)
  header.write(octal(epoch, 12), 136)
  header.write('        0', 148) // the sum counts its own field as blanks; then the type: a file
  header.write('ustar', 257)
  header.write('00', 263)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`
