import { describe, expect, it } from 'vitest'
import { matches } from '../audience/audience-matcher.ts'
import { aBinaryRecord, aLegacyRecord, aLogRecord, anAudience, aPrincipal, type EventInRecord, recordForms } from '../testing/builders.ts'
import type { LogRecord } from './log-record.ts'
import { eventOf, readRecord, verdictOn } from './testing/read-record.ts'

/**
 * chrome-service-backend has delivered notifications before us. What its producers send must go on arriving, and where it failed we must
 * not: each of its failures with events is a test here.
 */
const audienceOf = (record: LogRecord) => {
  const read = readRecord(record)
  return read.kind === 'event' ? read.audience : anAudience()
}

describe('what producers of chrome-service-backend send', () => {
  const payload = {
    id: '0b7f6f2e-2f4c-4d6a-9f0d-3a1f6f5f0c11',
    description: 'Une règle a été déclenchée',
    title: 'Policies',
    created: '2026-01-31T12:00:00.123456',
    read: false,
    source: 'Policies - Red Hat Enterprise Linux',
    bundle: 'rhel',
    application: 'policies',
    severity: 'IMPORTANT',
  }
  const attributes = {
    type: 'com.redhat.console.notifications.drawer',
    source: 'urn:redhat:source:notifications:drawer',
    id: '4f2a8a1c-8c56-4b1d-9c1c-0a3a51c2f9b7',
    time: '2026-01-31T12:00:00.123456789Z',
    datacontenttype: 'application/json',
  }

  it('arrives: a real record of the notifications drawer', () => {
    const record = aLogRecord({
      value: Buffer.from(JSON.stringify({ specversion: '1.0.2', ...attributes, data: { usernames: ['jdoe'], payload } })),
    })
    expect(eventOf(record)).toEqual({ specversion: '1.0', ...attributes, data: payload })
    expect(audienceOf(record)).toEqual(anAudience({ usernames: ['jdoe'] }))
  })

  it('arrives with lists that are null, as Go writes those that were never made', () => {
    const record = aLogRecord({
      value: Buffer.from(
        JSON.stringify({
          specversion: '1.0.2',
          ...attributes,
          data: { broadcast: true, users: null, roles: null, organizations: null, payload },
        }),
      ),
    })
    expect([eventOf(record)?.data, audienceOf(record)]).toEqual([payload, anAudience({ broadcast: true })])
  })
})

describe('members of legacy data that no audience has', () => {
  const record = (data: object) =>
    aLogRecord({ value: Buffer.from(JSON.stringify({ specversion: '1.0.2', id: '1', source: 's', type: 't', data })) })

  it('are ignored, as the predecessor did, when they are near to no known one', () => {
    expect(
      eventOf(record({ organizations: ['o1'], roles: ['admin'], payload: 1, title: 'x', severity: 'high', account_id: '7' })),
    ).toMatchObject({ data: 1 })
  })

  // chrome-service-backend ignored `role`, and sent the event to the whole organization.
  it('make the record a dead letter when one is nearly a known one', () => {
    expect(
      ['role', 'Roles', 'rolse', 'user', 'USERNAMES', 'Organization', 'broadcasts', 'payloads'].map((name) =>
        verdictOn(record({ organizations: ['o1'], payload: 1, [name]: ['admin'] })),
      ),
    ).toEqual(Array.from({ length: 8 }, () => 'misspelt-member'))
  })

  it('do not matter beside the extension `audience`, which alone counts', () => {
    const value = Buffer.from(
      JSON.stringify({ specversion: '1.0', id: '1', source: 's', type: 't', audience: '{"users":["u"]}', data: { user: 'ann' } }),
    )
    expect(eventOf(aLogRecord({ value }))).toMatchObject({ data: { user: 'ann' } })
  })
})

describe.each(recordForms)('failures of the predecessor, in the $form form:', ({ form, aRecord }) => {
  const read = (event: EventInRecord) => eventOf(aRecord(event))

  it.each(['1.0', '1.0.2'])('specversion %s is read', (specversion) => {
    const record = aRecord()
    const value = form === 'binary' ? record.value : Buffer.from(JSON.stringify({ ...JSON.parse(String(record.value)), specversion }))
    const headers = form === 'binary' ? { ...record.headers, ce_specversion: Buffer.from(specversion) } : record.headers
    expect(eventOf({ ...record, value, headers })).toMatchObject({ specversion: '1.0', id: 'event-1' })
  })

  it.each(['application/json; charset=utf-8', 'application/json;charset=UTF-8;q=1'])(
    'datacontenttype may have parameters: %s',
    (datacontenttype) => {
      expect(read({ datacontenttype })).toMatchObject({ datacontenttype, data: { hello: 'world' } })
    },
  )

  it.each(['/relative/source', 'relative', '../up', '?only=query'])('source may be relative: %s', (source) => {
    expect(read({ source })).toMatchObject({ source })
  })

  it('extensions are kept, the trace context above all', () => {
    const attributes = {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      tracestate: 'a=b',
      severity: 'high',
      partitionkey: 'p',
      dataschema: 'https://example.com/schema',
    }
    expect(read({ attributes })).toMatchObject(attributes)
  })

  it('a broadcast is decoded, and so is the record after it', () => {
    const [broadcast, next] = [aRecord({ audience: { broadcast: true } }), aRecord({ id: 'event-2', audience: { users: ['u'] } })]
    expect([audienceOf(broadcast), audienceOf(next)]).toEqual([anAudience({ broadcast: true }), anAudience({ users: ['u'] })])
    expect([eventOf(broadcast)?.id, eventOf(next)?.id]).toEqual(['event-1', 'event-2'])
  })

  it('roles reach members of the organization with one of them, and no member of another organization', () => {
    const audience = audienceOf(aRecord({ audience: { organizations: ['acme'], roles: ['admin', 'owner'] } }))
    const who = [
      aPrincipal({ roles: ['owner'] }),
      aPrincipal({ roles: ['viewer'] }),
      aPrincipal(),
      aPrincipal({ organizationId: 'other', roles: ['admin'] }),
      aPrincipal({ organizationId: null, roles: ['admin'] }),
    ]
    expect(who.map((principal) => matches(audience, principal))).toEqual([true, false, false, false, false])
  })

  it('roles without an organization are refused: they would cross tenants', () => {
    expect(verdictOn(aRecord({ audience: { roles: ['admin'] } }))).toBe('bad-audience')
  })

  it.each(['jürgen', '用户', 'a+b@example.com', '100%', '%41', 'a-b_c', 'o\u2019neill', '🔔', ' '])(
    'the name %j reaches its user, and no other',
    (username) => {
      const audience = audienceOf(aRecord({ audience: { usernames: [username] } }))
      expect(
        [aPrincipal({ username }), aPrincipal({ username: `${username}x` }), aPrincipal({ username: null, userId: username })].map(
          (principal) => matches(audience, principal),
        ),
      ).toEqual([true, false, false])
    },
  )

  it('neither the audience nor a cursor of the producer is forwarded', () => {
    const event = read({ audience: { users: ['u'], organizations: ['acme'], roles: ['admin'] }, attributes: { cursor: 'c' } })
    expect(Object.keys(event ?? {}).sort()).toEqual(['data', 'datacontenttype', 'id', 'source', 'specversion', 'type'])
    expect(event?.data).toEqual({ hello: 'world' })
  })

  it('the failure of an event never quotes its content', () => {
    const secret = 'my-secret'
    const wrong = [
      { id: `${secret}\n` },
      { source: `${secret} ` },
      { attributes: { time: secret } },
      { attributes: { subject: `${secret}\u0000` } },
      { audience: { users: [secret, ''] } },
    ]
    const failures = wrong.map((event) => readRecord(aRecord(event)))
    expect(failures.map(({ kind }) => kind)).toEqual(wrong.map(() => 'undecodable'))
    expect(JSON.stringify(failures)).not.toContain(secret)
  })
})

describe('failures of the predecessor, of any form:', () => {
  it('an undecodable record does not affect the next one', () => {
    const broken = [
      aLogRecord(),
      aLogRecord({ value: Buffer.from('{') }),
      aBinaryRecord({ headers: { ce_id: [Buffer.from('1'), Buffer.from('2')] } }),
    ]
    expect([...broken, aLegacyRecord()].map(verdictOn)).toEqual(['empty', 'not-json', 'bad-attribute', 'event'])
  })
})
