import { randomFillSync } from 'node:crypto'

/** Places of a text with factors of their own. A source and an id together have 3,073 characters at most. */
const places = 4_096
/** Two random factors for each place. */
const factors = randomFillSync(new Int32Array(2 * places))

/**
 * Returns a hash of 32 bits whose collisions a stranger cannot find, because the factors differ in each process. It is a multilinear hash (Carter
 * and Wegman): the sum of each character times the random factor of its place. The lower half of a sum depends on few bits of the text, so two
 * sums give their upper halves. The sums of ids that are counted up lie in equal distances, and mixing spreads them.
 */
export function keyedHash(text: string): number {
  const { length } = text
  let high = Math.imul(length, factor(0))
  let low = Math.imul(length, factor(1))
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index) + 1
    const place = (2 * index + 2) & (2 * places - 2)
    high = (high + Math.imul(code, factor(place))) | 0
    low = (low + Math.imul(code, factor(place + 1))) | 0
  }
  return mixed((high & 0xffff_0000) | ((low >>> 16) & 0xffff))
}

/** Reads a factor that is there. */
const factor = (index: number): number => factors[index] as number

/** Returns a permutation of 32 bits, in which each bit depends on all (the last step of MurmurHash3). */
function mixed(bits: number): number {
  let hash = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return hash ^ (hash >>> 16)
}
