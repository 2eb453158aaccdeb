import fc from 'fast-check'
import type { Audience } from '../audience/audience.ts'
import type { Principal } from '../audience/principal.ts'
import type { EventInRecord } from './builders.ts'

/**
 * A few names, so that audiences and principals meet. Among them are names that have broken programs like this before: any script, signs
 * with a meaning in URLs and form encodings, and names that differ only by case or normal form.
 */
export const name: fc.Arbitrary<string> = fc.constantFrom(
  'ann',
  'Ann',
  'bob+test@example.com',
  '100%',
  '%41nn',
  'mary-jane',
  'under_score',
  'Ünïcødé',
  '用户',
  'é',
  'e\u0301',
  '🔔',
  'o:acme',
  '*',
  '1',
)

const names = (maxLength: number): fc.Arbitrary<string[]> => fc.uniqueArray(name, { maxLength })

export const principal: fc.Arbitrary<Principal> = fc.record({
  userId: name,
  username: fc.option(name),
  organizationId: fc.option(name),
  accountNumber: fc.option(fc.stringMatching(/^\d{5,7}$/)),
  roles: names(3),
  expiresAtMs: fc.option(fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2027, 0) })),
  issuedAtMs: fc.option(fc.integer({ min: Date.UTC(2025, 0), max: Date.UTC(2026, 0) })),
  tokenId: fc.option(fc.constantFrom('t1', 't2')),
})

/** An audience that the rules allow: broadcast alone, or lists, and roles never without organizations. It may match no principal. */
export const audience: fc.Arbitrary<Audience> = fc
  .record({ broadcast: fc.constant(false), users: names(3), usernames: names(3), organizations: names(2), roles: names(2) })
  .chain((lists) =>
    fc.oneof(
      { weight: 1, arbitrary: fc.constant({ ...noAudience, broadcast: true }) },
      { weight: 6, arbitrary: fc.constant(lists.organizations.length === 0 ? { ...lists, roles: [] } : lists) },
    ),
  )

const noAudience: Audience = { broadcast: false, users: [], usernames: [], organizations: [], roles: [] }

/** Text that CloudEvents allows in an attribute (section 3.1): no control characters, no noncharacters, no half of a surrogate pair. */
export const attributeText: fc.Arbitrary<string> = fc
  .oneof(fc.string({ minLength: 1, maxLength: 40 }), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), name)
  .filter((text) => !/[\p{Cc}\p{Cs}\p{Cn}]/u.test(text))

/** Name of an extension: 1 to 20 lower-case letters and digits, without a meaning to the specification or this gateway. */
export const extensionName: fc.Arbitrary<string> = fc.stringMatching(/^[a-z][a-z0-9]{0,19}$/).filter((text) => !takenNames.has(text))

const takenNames: ReadonlySet<string> = new Set([
  'id',
  'source',
  'type',
  'specversion',
  'datacontenttype',
  'dataschema',
  'subject',
  'time',
  'data',
  'audience',
  'cursor',
  'traceparent',
  'tracestate',
  'partitionkey',
  'constructor',
])

/** RFC 3339, with and without fractions, in UTC and elsewhere. */
export const timestamp: fc.Arbitrary<string> = fc
  .record({
    at: fc.date({ min: new Date('2000-01-01T00:00:00Z'), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true }),
    fraction: fc.constantFrom('', '.5', '.123456789'),
    zone: fc.constantFrom('Z', '+00:00', '-08:30'),
  })
  .map(({ at, fraction, zone }) => `${at.toISOString().slice(0, 19)}${fraction}${zone}`)

/** `subject`, `time`, `dataschema`, `traceparent` and extensions: any of them, or none. */
export const attributes: fc.Arbitrary<Readonly<Record<string, string>>> = fc
  .tuple(
    fc.record(
      {
        subject: attributeText,
        time: timestamp,
        dataschema: fc.webUrl(),
        traceparent: fc.constant('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
      },
      { requiredKeys: [] },
    ),
    fc.dictionary(extensionName, attributeText, { maxKeys: 4, noNullPrototype: true }),
  )
  .map(([known, extensions]) => ({ ...extensions, ...known }))

/** JSON that is the same after it was written and read: no -0, which comes back as 0. */
export const jsonData: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 4 }).map((value): unknown => JSON.parse(JSON.stringify(value)))

/** RFC 3986, absolute and relative. */
export const uriReference: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('urn:a', 'urn:redhat:source:notifications:drawer', '/relative/source', 'a', '?q', '#f', 'https://example.com/%C3%BC'),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
)

/** A valid event with JSON data, for `aBinaryRecord`, `aStructuredRecord` and `aLegacyRecord`. */
export const eventInRecord: fc.Arbitrary<Required<Pick<EventInRecord, 'id' | 'source' | 'type' | 'audience' | 'data' | 'attributes'>>> =
  fc.record({
    id: attributeText,
    source: uriReference,
    type: attributeText,
    audience,
    data: jsonData,
    attributes,
  })
