import type { RoutePlace } from '../reconcile/route/place.ts'

/** Compares two places by their texts. Slow, and simple enough to be correct. The index must find the same. */
export function collide(a: RoutePlace, b: RoutePlace): boolean {
  return hostsOverlap(a.host, b.host) && (isAtOrBelow(a, b) || isAtOrBelow(b, a))
}

/** Returns true if `a` and `b` have a host in common, and each path of `a` is a path of `b`. */
export function isWithin(a: RoutePlace, b: RoutePlace): boolean {
  return hostsOverlap(a.host, b.host) && isAtOrBelow(a, b)
}

function hostsOverlap(a: string, b: string): boolean {
  return covers(a, b) || covers(b, a)
}

/** Returns true if every name of `b` is a name of `a`. */
function covers(a: string, b: string): boolean {
  if (a === '*' || a === b) return true
  return a.startsWith('*.') && b.endsWith(a.slice(1))
}

function isAtOrBelow(a: RoutePlace, b: RoutePlace): boolean {
  if (b.match === 'Exact') return a.match === 'Exact' && a.path === b.path
  return a.path === b.path || b.path === '/' || a.path.startsWith(`${b.path}/`)
}
