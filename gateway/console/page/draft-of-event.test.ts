import { describe, expect, it } from 'vitest'
import type { CloudEvent } from '../../../client/index.ts'
import { draftOfEvent } from './draft-of-event.ts'
import { emptyDraft } from './testing/drafts.ts'

const event: CloudEvent = {
  specversion: '1.0',
  id: 'e1',
  source: '/orders',
  type: 'order.shipped',
  subject: 'order-42',
  time: '2026-01-01T00:00:00Z',
  datacontenttype: 'application/json',
  partitionkey: 'k',
  tenant: 'a',
  priority: 3,
  cursor: 'c',
  traceparent: '00-1-2-3',
  data: { n: 1 },
}

describe('draftOfEvent', () => {
  it('fills the form of a CloudEvent with an event, but for its id and what belongs to this delivery', () => {
    const typed = { ...emptyDraft, isBroadcast: false, users: 'u1', id: 'typed' }
    expect(draftOfEvent(event, typed)).toEqual({
      ...typed,
      form: 'event',
      id: '',
      type: 'order.shipped',
      source: '/orders',
      subject: 'order-42',
      partitionKey: 'k',
      contentType: 'application/json',
      extensions: '{"tenant":"a","priority":3}',
      dataKind: 'json',
      mode: 'structured',
      payload: '{\n  "n": 1\n}',
    })
  })

  it('tells text, a string of JSON, bytes and no data apart', () => {
    const { data: _data, ...bare } = event
    const kinds = [
      { ...bare, datacontenttype: 'text/plain', data: 'hello' },
      { ...bare, datacontenttype: 'application/json', data: 'hello' },
      { ...bare, data_base64: 'AAEC' },
      bare,
    ].map((one) => draftOfEvent(one, emptyDraft))
    expect(kinds.map(({ dataKind, payload }) => [dataKind, payload])).toEqual([
      ['text', 'hello'],
      ['json', '"hello"'],
      ['base64', 'AAEC'],
      ['none', ''],
    ])
  })
})
