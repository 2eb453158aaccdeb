import { describe, expect, it } from 'vitest'
import { anAudience } from '../testing/builders.ts'
import type { CloudEvent } from './cloud-event.ts'
import { encodeRecord } from './encode-record.ts'

const anEvent = (over: Partial<CloudEvent> = {}): CloudEvent => ({
  id: '1',
  source: '/s',
  attributes: { type: 't' },
  datacontenttype: 'application/json',
  data: Buffer.from('{}'),
  isBinary: false,
  audience: anAudience({ broadcast: true }),
  ...over,
})

describe('encodeRecord', () => {
  it('writes the binary mode, with the audience as compact JSON', () => {
    const event = anEvent({
      attributes: { type: 't', subject: 'ü', traceparent: 'own' },
      audience: anAudience({ organizations: ['a', 'b'], roles: ['r'] }),
    })
    expect(encodeRecord(event, 'transport')).toEqual({
      key: null,
      identity: '/s\u00001',
      value: Buffer.from('{}'),
      headers: {
        ce_specversion: '1.0',
        ce_id: '1',
        ce_source: '/s',
        ce_type: 't',
        ce_subject: 'ü',
        ce_traceparent: 'own',
        ce_audience: '{"organizations":["a","b"],"roles":["r"]}',
        'content-type': 'application/json',
        traceparent: 'transport',
      },
    })
  })

  it('leaves out what there is not', () => {
    const record = encodeRecord(anEvent({ datacontenttype: null, data: null }), null)
    expect([record.value, Object.keys(record.headers)]).toEqual([null, ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_audience']])
  })

  it('writes integers and booleans as texts, and notes their types where gateways read them', () => {
    const { headers } = encodeRecord(anEvent({ attributes: { type: 't', priority: 5, urgent: false, text: '5' } }), null)
    expect(headers).toMatchObject({
      ce_priority: '5',
      ce_urgent: 'false',
      ce_text: '5',
      carillon_attributes: '{"priority":5,"urgent":false}',
    })
  })

  it.each([
    ['none', null, '{"datacontenttype":null}'],
    ['JSON', 'application/json', '{"datacontenttype":"application/json"}'],
  ])('marks bytes as bytes, and notes that the content type of the event is %s', (_, datacontenttype, note) => {
    const record = encodeRecord(anEvent({ datacontenttype, data: Buffer.from([0]), isBinary: true }), null)
    expect(record).toMatchObject({
      value: Buffer.from([0]),
      headers: { 'content-type': 'application/octet-stream', carillon_attributes: note },
    })
  })

  it('keeps empty data apart from none', () => {
    expect([Buffer.alloc(0), null].map((data) => encodeRecord(anEvent({ data }), null).value)).toEqual([Buffer.alloc(0), null])
  })

  it.each([
    ['the partition key', { partitionkey: 'p' }, { users: ['u'] }, 'p'],
    ['a partition key that is a number', { partitionkey: 7 }, { users: ['u'] }, '7'],
    ['its one user', {}, { users: ['u'] }, 'u:u'],
    ['its one username', {}, { usernames: ['n'] }, 'n:n'],
    ['its one organization, with or without roles', {}, { organizations: ['o'], roles: ['r', 's'] }, 'o:o'],
    ['nothing when it is for several', {}, { users: ['u'], usernames: ['n'] }, null],
    ['nothing for a broadcast', {}, { broadcast: true }, null],
  ])('keys an event by %s', (_, attributes, audience, key) => {
    expect(encodeRecord(anEvent({ attributes: { type: 't', ...attributes }, audience: anAudience(audience) }), null).key).toBe(key)
  })

  it('gives a duplicate the same identity, and no other event', () => {
    const identities = [{}, {}, { id: '2' }, { source: '/s2' }, { id: '', source: '/s1' }].map(
      (over) => encodeRecord(anEvent(over), null).identity,
    )
    expect([identities[0] === identities[1], new Set(identities).size]).toEqual([true, 4])
  })
})
