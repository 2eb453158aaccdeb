import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readClientFrame } from './client-frame.ts'

const read = (value: unknown) => readClientFrame(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))
const event = { specversion: '1.0', id: '1', source: '/page', type: 'chat.message' }

describe('readClientFrame', () => {
  it('reads an event as a send, with its attributes and data', () => {
    expect(read({ ...event, data: { text: 'hi' } })).toEqual({
      ok: true,
      value: {
        kind: 'send',
        id: '1',
        event: { attributes: { ...event, datacontenttype: 'application/json' }, data: Buffer.from('{"text":"hi"}'), origin: 'json' },
      },
    })
  })

  it('reads an event of a type of the gateway as a command', () => {
    expect(read({ ...event, type: 'dev.carillon.token', data: { token: 'x' } })).toEqual({
      ok: true,
      value: { kind: 'command', id: '1', type: 'dev.carillon.token', data: { token: 'x' } },
    })
  })

  it.each([
    { what: 'a binary message', text: null, id: null, type: 'bad-request', detail: 'The message is binary.' },
    { what: 'no JSON', text: 'hello', id: null, type: 'not-json', detail: 'The body' },
    { what: 'an empty message', text: '', id: null, type: 'not-json', detail: 'The body' },
    {
      what: 'JSON that is nested too deep',
      text: `${'['.repeat(100)}${']'.repeat(100)}`,
      id: null,
      type: 'json-too-deep',
      detail: 'levels',
    },
    { what: 'an array', text: '[]', id: null, type: 'invalid-event', detail: 'must be a JSON object' },
    { what: 'an event without an id', text: '{"type":"chat"}', id: null, type: 'invalid-event', detail: 'id: must be' },
    { what: 'an id that is a number', text: '{"id":1,"type":"chat"}', id: null, type: 'invalid-event', detail: 'id: must be' },
    {
      what: 'an id that is too long',
      text: `{"id":"${'x'.repeat(1025)}","type":"chat"}`,
      id: null,
      type: 'invalid-event',
      detail: 'id: must be',
    },
    { what: 'data in two members', text: '{"id":"7","data":1,"data_base64":""}', id: '7', type: 'invalid-event', detail: 'both data and' },
  ])('refuses $what, with the id if there is one', ({ text, id, type, detail }) => {
    const frame = readClientFrame(text === null ? null : Buffer.from(text))
    expect(frame).toMatchObject({ ok: false, error: { id, problem: { type, detail: expect.stringContaining(detail) } } })
  })

  it('never throws, whatever the bytes are', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          const { ok } = readClientFrame(Buffer.from(bytes))
          expect(typeof ok).toBe('boolean')
        },
      ),
    )
  })
})
