/**
 * Makes a function that returns the name of `known` that another name was probably meant to be; null: none. A near name differs by case, by
 * characters that are neither letters nor digits, by its plural, or by one slip. A slip is a letter too many or too few, a wrong letter, or two
 * exchanged letters.
 *
 * Ignoring a misspelt name that narrows an audience would widen it. So the match is wide for names that people mistype, and never matches names
 * of another meaning: one letter counts in names of at least four letters only.
 */
export function createNearName(known: readonly string[]): (name: string) => string | null {
  const candidates = known.map((name) => ({ name, folded: fold(name) }))
  const longest = Math.max(...candidates.map(({ folded }) => folded.length))
  return (name) => {
    if (name.length > longest + maxExtraCharacters) return null
    const given = fold(name)
    let nearest: string | null = null
    let least = tooMany
    for (const candidate of candidates) {
      const slips = slipsBetween(given, candidate.folded)
      if (slips < least) [least, nearest] = [slips, candidate.name]
    }
    return nearest
  }
}

/** Returns the name of `known` that `name` was probably meant to be; null: none. Calls `createNearName` for a single name. */
export const nearName = (name: string, known: readonly string[]): string | null => createNearName(known)(name)

/** Most separators and invisible characters of a name beyond its letters. */
const maxExtraCharacters = 8
const tooMany = Number.POSITIVE_INFINITY
/** Length of the shortest name in which a slip counts. In a shorter one it makes another word, such as `id` and `is`. */
const leastLengthForSlip = 4
/** Length from which a name may differ by its plural and by one slip at once: `organisation`. */
const leastLengthForTwo = 8

/** Replaces full-width and other compatible forms by the usual ones, and drops all but ASCII letters and digits, invisible characters too. */
function fold(name: string): string {
  return /^[a-z0-9]*$/.test(name)
    ? name
    : name
        .normalize('NFKC')
        .toLowerCase()
        .replaceAll(/[^a-z0-9]/g, '')
}

function slipsBetween(given: string, known: string): number {
  if (Math.abs(given.length - known.length) > 2) return tooMany
  if (given === known) return 0
  if (singular(given) === singular(known)) return 1
  if (known.length >= leastLengthForSlip && isOneSlip(given, known)) return 1
  return known.length >= leastLengthForTwo && isOneSlip(singular(given), singular(known)) ? 2 : tooMany
}

const singular = (name: string): string => (name.endsWith('s') ? name.slice(0, -1) : name)

/** Returns true if one letter was added, left out or replaced, or two neighbours were exchanged. */
function isOneSlip(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start += 1
  if (a.length !== b.length) return a.length > b.length ? a.endsWith(b.slice(start)) : b.endsWith(a.slice(start))
  if (a.slice(start + 1) === b.slice(start + 1)) return true
  return a[start] === b[start + 1] && a[start + 1] === b[start] && a.slice(start + 2) === b.slice(start + 2)
}

/** Returns the members of an object that are not known, in its order. */
export function unknownMembers(value: object, known: readonly string[]): readonly string[] {
  return Object.keys(value).filter((name) => !known.includes(name))
}

/** Returns the rest of a sentence that begins with the name of an unknown member. */
export function describeUnknown(name: string, known: readonly string[]): string {
  const near = nearName(name, known)
  return near === null ? `is not a member. The members are ${known.join(', ')}.` : `is not a member. Did you mean \`${near}\`?`
}

/** Returns a name for messages, cut to 64 characters. */
export const shownName = (name: string): string => name.slice(0, 64)
