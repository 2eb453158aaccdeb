import { describe, expect, it } from 'vitest'
import { aBinaryRecord, aStructuredRecord, type EventInRecord } from '../testing/builders.ts'
import { eventOf, readRecord } from './testing/read-record.ts'

const textOf = (event: EventInRecord, aRecord = aBinaryRecord): string => {
  const read = readRecord(aRecord(event))
  return read.kind === 'event' ? read.text : JSON.stringify(read)
}
const dataOf = (datacontenttype: string | undefined, data: Buffer, aRecord = aBinaryRecord): unknown => {
  const event = eventOf(aRecord({ datacontenttype, data }))
  return event?.data_base64 === undefined ? event?.data : { base64: event.data_base64 }
}

describe('JSON data', () => {
  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    'text/json',
    'application/vnd.api+json;v=1',
    undefined,
  ])('are written as JSON with the content type %s', (datacontenttype) => {
    expect(eventOf(aBinaryRecord({ datacontenttype, data: Buffer.from('{"a":[1]}') }))).toMatchObject({ data: { a: [1] } })
  })

  it('keep the text of their numbers, which a double would round', () => {
    expect(textOf({ data: Buffer.from('{"id":12345678901234567890,"price":1.10,"big":1e400,"small":-0.0}') })).toContain(
      '"data":{"id":12345678901234567890,"price":1.10,"big":1e400,"small":-0.0}',
    )
  })

  it('keep numbers that a double would round in a structured event, too', () => {
    const { value, ...record } = aStructuredRecord({ data: 'DATA' })
    const read = readRecord({
      ...record,
      value: Buffer.from(String(value).replace('"DATA"', '[12345678901234567890,0.12345678901234567,1e400,1e-400,42,1.5]')),
    })
    expect(read).toMatchObject({ text: expect.stringContaining('"data":[12345678901234567890,0.12345678901234567,1e400,1e-400,42,1.5]') })
  })

  it('are put on one line, which Server-Sent Events need', () => {
    const pretty = textOf({ data: Buffer.from(JSON.stringify({ text: 'a\r\nb', list: [1, 2] }, null, '\r\n\t')) })
    expect(pretty).not.toMatch(/[\r\n]/)
    expect(JSON.parse(pretty)).toMatchObject({ data: { text: 'a\r\nb', list: [1, 2] } })
  })

  it('keep every character: quotes, separators of lines, halves of surrogate pairs', () => {
    const data = { text: '"\\\u2028\u2029\u0000💥ü', half: '\ud83d' }
    expect(eventOf(aBinaryRecord({ data }))).toMatchObject({ data })
    expect(eventOf(aStructuredRecord({ data }))).toMatchObject({ data })
  })

  it.each(['null', 'false', '0', '""', '[]', ' {} '])('may be %s', (data) => {
    expect(eventOf(aBinaryRecord({ data: Buffer.from(data) }))).toHaveProperty('data', JSON.parse(data))
  })
})

describe('other data', () => {
  it.each(['text/plain', 'text/html; charset=utf-8', 'application/xml', 'image/svg+xml'])(
    'are written as a string when they are %s',
    (datacontenttype) => {
      expect(dataOf(datacontenttype, Buffer.from('<a>\n"ü"</a>'))).toBe('<a>\n"ü"</a>')
    },
  )

  it.each(['application/octet-stream', 'image/png', 'application/protobuf', 'application/x-json-not'])(
    'are written as base64 when they are %s',
    (datacontenttype) => {
      expect(dataOf(datacontenttype, Buffer.from('AP8=', 'base64'))).toEqual({ base64: 'AP8=' })
    },
  )

  it('are written as base64 when the content type is text and the bytes are not UTF-8', () => {
    expect(dataOf('text/plain; charset=iso-8859-1', Buffer.from([0xfc]))).toEqual({ base64: '/A==' })
  })

  it('stay base64 when a structured event has them so', () => {
    expect(eventOf(aStructuredRecord({ datacontenttype: 'image/png', data: Buffer.from([0, 255]) }))).toMatchObject({
      datacontenttype: 'image/png',
      data_base64: 'AP8=',
    })
  })

  it.each([undefined, 'application/json', 'text/plain', 'image/png'])(
    'are none when the value of the record is null and the content type is %s',
    (datacontenttype) => {
      const event = eventOf(aBinaryRecord({ data: undefined, datacontenttype }))
      expect(Object.keys(event ?? {})).toEqual([
        'specversion',
        'id',
        'source',
        'type',
        ...(datacontenttype === undefined ? [] : ['datacontenttype']),
      ])
    },
  )

  it.each([
    ['none', undefined, undefined],
    ['none', 'application/json', undefined],
    ['an empty text', 'text/plain', ''],
    ['no bytes', 'image/png', { base64: '' }],
  ])('are %s when the value of the record is empty and the content type is %s', (_, datacontenttype, expected) => {
    expect(dataOf(datacontenttype, Buffer.alloc(0))).toEqual(expected)
  })

  it.each([undefined, 'application/json', 'image/png'])(
    'are a string when a structured event has a string, with the content type %s',
    (datacontenttype) => {
      expect(dataOf(datacontenttype, Buffer.alloc(0), aStructuredRecord)).toEqual({ base64: '' })
    },
  )

  it.each([
    ['text', Buffer.from('hello')],
    ['half of a JSON', Buffer.from('{"a":')],
    ['no UTF-8', Buffer.from([0, 255])],
    ['JSON that is too deep', Buffer.from('['.repeat(65) + ']'.repeat(65))],
  ])('are written as base64 without a content type when they are not JSON: %s', (_, data) => {
    expect(dataOf(undefined, data)).toEqual({ base64: data.toString('base64') })
    expect(eventOf(aStructuredRecord({ datacontenttype: undefined, data }))).toMatchObject({ data_base64: data.toString('base64') })
  })

  it('are JSON without their byte order mark', () => {
    expect(['application/json', undefined].map((datacontenttype) => dataOf(datacontenttype, Buffer.from('\ufeff[1]')))).toEqual([[1], [1]])
  })
})

describe('attributes', () => {
  it('are given in the type that they had in JSON', () => {
    const { value, ...record } = aStructuredRecord({ attributes: { retries: 'R', urgent: 'U', gone: 'G' } })
    const typed = String(value).replace('"R"', '7').replace('"U"', 'true').replace('"G"', 'null')
    const event = eventOf({ ...record, value: Buffer.from(typed) })
    expect(event).toMatchObject({ retries: 7, urgent: true })
    expect(event).not.toHaveProperty('gone')
  })

  it('are texts in the binary mode, and have the types that a gateway noted', () => {
    const headers = { ce_priority: '5', ce_urgent: 'false', ce_text: '5' }
    expect(eventOf(aBinaryRecord({ headers }))).toMatchObject(
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.slice(3), value])),
    )
    expect(eventOf(aBinaryRecord({ headers: { ...headers, carillon_attributes: '{"priority":5,"urgent":false}' } }))).toMatchObject({
      priority: 5,
      urgent: false,
      text: '5',
    })
  })

  it.each([
    '{"ext":5}',
    '{"ext":true}',
    '{"ext":null}',
    '{"ext":"other"}',
    '{"ext":12345678901234567890}',
    '{"other":7}',
    '{"__proto__":7}',
    '{"datacontenttype":null}',
    '{"datacontenttype":"text/plain"}',
  ])('are what the headers say where a note does not fit them: %s', (note) => {
    const attributes = { ext: '7' }
    expect(eventOf(aBinaryRecord({ attributes, headers: { carillon_attributes: note } }))).toEqual(eventOf(aBinaryRecord({ attributes })))
  })

  it.each([
    ['null', 'null', undefined],
    ['a type of JSON', '"application/json"', 'application/json'],
  ])('have the content type that was noted for bytes: %s', (_, note, datacontenttype) => {
    const event = eventOf(
      aBinaryRecord({
        datacontenttype: 'application/octet-stream',
        data: Buffer.from('1'),
        headers: { carillon_attributes: `{"datacontenttype":${note}}` },
      }),
    )
    expect(event).toEqual({
      specversion: '1.0',
      id: 'event-1',
      source: 'urn:test:source',
      type: 'com.example.event',
      ...(datacontenttype === undefined ? {} : { datacontenttype }),
      data_base64: 'MQ==',
    })
  })

  it('take the content type from the header that the binding names, not from a ce_ header', () => {
    expect(eventOf(aBinaryRecord({ headers: { ce_datacontenttype: 'text/plain' } }))).toMatchObject({
      datacontenttype: 'application/json',
      data: { hello: 'world' },
    })
    expect(
      eventOf(aBinaryRecord({ datacontenttype: undefined, data: Buffer.from('x'), headers: { ce_datacontenttype: 'text/plain' } })),
    ).toMatchObject({ datacontenttype: 'text/plain', data: 'x' })
  })

  it('cannot smuggle members of the JSON in: each stands for itself', () => {
    const event = eventOf(
      aBinaryRecord({ id: '","data":"x', headers: { ce_data: 'smuggled', ce_data_base64: 'smuggled', ce_cursor: 'smuggled' } }),
    )
    expect(event).toEqual({
      specversion: '1.0',
      id: '","data":"x',
      source: 'urn:test:source',
      type: 'com.example.event',
      datacontenttype: 'application/json',
      data: { hello: 'world' },
    })
  })

  it('leave out headers that are not attributes', () => {
    expect(Object.keys(eventOf(aBinaryRecord({ headers: { traceparent: 'x', 'x-other': 'y', CE_other: 'z' } })) ?? {})).toEqual([
      'specversion',
      'id',
      'source',
      'type',
      'datacontenttype',
      'data',
    ])
  })
})
