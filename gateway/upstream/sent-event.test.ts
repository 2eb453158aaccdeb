import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Principal } from '../audience/principal.ts'
import { deliverTargets } from '../config/accept-rule.ts'
import { maxSourceLength } from '../event/attributes.ts'
import type { CloudEvent } from '../event/cloud-event.ts'
import { encodeWithoutAudience } from '../event/encode-record.ts'
import { rigPrincipal } from '../testing/channel-rig.ts'
import { readSentEvent, sourceOf } from './sent-event.ts'

const now = () => new Date('2026-01-31T12:00:00Z')
const read = (
  attributes: Readonly<Record<string, unknown>>,
  principal: Partial<Principal> = {},
  deliverTo = deliverTargets[0] as (typeof deliverTargets)[number],
) =>
  readSentEvent({ attributes, data: Buffer.from('{}'), origin: 'json' }, rigPrincipal({ organizationId: 'red', ...principal }), {
    channel: 'shop',
    rule: { maxBytes: 100, deliverTo },
    now,
  })
const valid = { specversion: '1.0', id: '1', source: '/page', type: 'chat.message', datacontenttype: 'application/json' }

const gatewaysOwn = {
  source: 'urn:carillon:channel:shop:user:ann',
  time: '2026-01-31T12:00:00.000Z',
  authtype: 'app_user',
  authid: 'ann',
  broadcast: false,
  headers: [],
}

/** Returns what only the gateway may say of an event. */
function ownOf(event: CloudEvent): unknown {
  const { time, authtype, authid } = event.attributes
  const { broadcast, users } = event.audience
  const { headers } = encodeWithoutAudience(event, 'ann', null)
  const forbidden = ['ce_audience', 'ce_authclaims', 'ce_partitionkey', 'ce_cursor'].filter((name) => headers[name] !== undefined)
  return { source: event.source, time, authtype, authid, broadcast, users, headers: forbidden }
}

describe('an event of a client', () => {
  it('has the source, the time and the author of the gateway, whatever the client sends', () => {
    const name = fc.oneof(
      fc.constantFrom('source', 'time', 'authid', 'authtype', 'authclaims', 'audience', 'partitionkey', 'cursor', 'subject', 'type', 'id'),
      fc.string({ maxLength: 12 }),
    )
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('bob', 'urn:carillon:x', '/page', '{"broadcast":true}'))
    let accepted = 0
    fc.assert(
      fc.property(fc.dictionary(name, value, { maxKeys: 4 }), fc.constantFrom(...deliverTargets), (given, deliverTo) => {
        const event = read({ ...valid, ...given }, {}, deliverTo)
        accepted += event.ok ? 1 : 0
        expect(['refused', { ...gatewaysOwn, users: deliverTo === 'organization' ? [] : ['ann'] }]).toContainEqual(
          event.ok ? ownOf(event.value) : 'refused',
        )
      }),
      { numRuns: 500 },
    )
    expect(accepted).toBeGreaterThan(50)
  })

  it('has a source that no two users share, and that is a URI', () => {
    const user = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(user, user, (one, other) => {
        expect(sourceOf('shop', one)).toMatch(/^urn:carillon:channel:shop:user:[A-Za-z0-9._~!'()*%-]+$/)
        expect(sourceOf('shop', one) === sourceOf('shop', other)).toBe(one === other)
      }),
    )
  })

  it.each([
    ['control characters', 'a\nb'],
    ['half of a surrogate pair', 'a\ud800'],
    ['more characters than a source may have, when they are encoded', '字'.repeat(300)],
  ])('is refused if the user id has %s', (_, userId) => {
    expect(read(valid, { userId })).toMatchObject({
      ok: false,
      error: { type: 'forbidden', detail: expect.stringContaining('The user id') },
    })
  })

  it('is taken from a user with a long id', () => {
    const userId = '字'.repeat(200)
    expect(sourceOf('shop', userId).length).toBeLessThan(maxSourceLength)
    expect(read(valid, { userId })).toMatchObject({ ok: true, value: { attributes: { authid: userId } } })
  })
})
