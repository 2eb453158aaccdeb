/**
 * Returns the partition of a record, as Kafka's own clients choose it (murmur2 of the key's UTF-8 bytes). So Carillon and any other producer put
 * the events of one key in one partition. Without a key the event's identity decides, so that duplicates meet in one partition.
 *
 * @param partitions count of the topic's partitions, at least 1
 */
export function partitionFor(record: { readonly key: string | null; readonly identity: string }, partitions: number): number {
  return (murmur2(Buffer.from(record.key ?? record.identity)) & 0x7fff_ffff) % partitions
}

const seed = 0x9747_b28c
const multiplier = 0x5bd1_e995

/** Returns the MurmurHash2 (32 bit, little endian) with Kafka's seed, as a signed 32-bit integer, as in Java. */
export function murmur2(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = bytes.length & ~3
  let hash = seed ^ bytes.length
  for (let at = 0; at < whole; at += 4) {
    const mixed = Math.imul(view.getInt32(at, true), multiplier)
    hash = Math.imul(hash, multiplier) ^ Math.imul(mixed ^ (mixed >>> 24), multiplier)
  }
  if (bytes.length > whole) hash = Math.imul(hash ^ lastBytes(view, whole), multiplier)
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}

function lastBytes(view: DataView, from: number): number {
  let word = 0
  for (let at = view.byteLength - 1; at >= from; at--) word = (word << 8) | view.getUint8(at)
  return word
}
