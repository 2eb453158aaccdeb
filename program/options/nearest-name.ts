/**
 * Returns the one of `names` that `name` was probably meant to be; null when none is near. Only letters and digits count, without case:
 * `kafkaBrokers` and `kafka-brokers` are equal. A near name has at most one slip per five characters, and at most two.
 *
 * Two names that differ only in the unit at their end are near, too: `DRAIN` and `DRAIN_SECONDS` are near `DRAIN_MS`.
 *
 * Two exchanged neighbours are one slip. In a name under five characters no other slip counts: `PROT` is near `PORT`, and `PORTS` is another word.
 */
export function nearestName(name: string, names: readonly string[]): string | null {
  const given = essence(name)
  const ranked = names
    .map((candidate) => ({ candidate, slips: isUnitApart(name, candidate) ? 0 : distance(given, essence(candidate)) }))
    .filter(
      ({ candidate, slips }) =>
        slips <= Math.min(2, Math.floor(Math.min(essence(candidate).length, given.length) / 5)) || isExchanged(given, essence(candidate)),
    )
    .toSorted((a, b) => a.slips - b.slips)
  return ranked[0]?.candidate ?? null
}

const unit = /[_-](?:(?:PER[_-])?S|MS|SECS?|SECONDS|M|MINS?|MINUTES|H|HOURS|BYTES|KB|MB)$/i

/** Returns true when the candidate ends in a unit, and the name in another one or in none. */
function isUnitApart(name: string, candidate: string): boolean {
  return unit.test(candidate) && essence(name.replace(unit, '')) === essence(candidate.replace(unit, ''))
}

function essence(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .slice(0, 64)
}

/** Returns true when two neighbours are exchanged and all else is the same. */
function isExchanged(a: string, b: string): boolean {
  const at = [...a].findIndex((letter, index) => letter !== b[index])
  return a.length === b.length && at >= 0 && a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2)
}

/** Returns Levenshtein's distance. Names are short, so the plain table is fast enough. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Number.POSITIVE_INFINITY
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (const [row, letter] of [...a].entries()) {
    const current = [row + 1]
    for (const [column, other] of [...b].entries()) {
      const replaced = (above[column] ?? 0) + (letter === other ? 0 : 1)
      current.push(Math.min(replaced, (above[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1))
    }
    above = current
  }
  return above[b.length] ?? 0
}
