import fc from 'fast-check'
import type { RoutePlace } from '../reconcile/route/place.ts'

/** Few values, so that many places collide. */
const anyName = fc.array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'))

export const anyHost: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: anyName },
  { weight: 2, arbitrary: anyName.map((name) => `*.${name}`) },
  { weight: 1, arbitrary: fc.constant('*') },
)

export const anyPath: fc.Arbitrary<string> = fc
  .array(fc.constantFrom('x', 'y', 'xy'), { maxLength: 4 })
  .map((segments) => `/${segments.join('/')}`)

export const anyPlace: fc.Arbitrary<RoutePlace> = fc.record({
  host: anyHost,
  path: anyPath,
  match: fc.constantFrom('Exact' as const, 'Prefix' as const),
})
