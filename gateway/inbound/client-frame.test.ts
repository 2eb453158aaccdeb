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
    ['a binary message', null, null, 'bad-request', 'The message is binary.'],
    ['no JSON', 'hello', null, 'not-json', 'The body'],
    ['an empty message', '', null, 'not-json', 'The body'],
    ['JSON that is nested too deep', `${'['.repeat(100)}${']'.repeat(100)}`, null, 'json-too-deep', 'levels'],
    ['an array', '[]', null, 'invalid-event', 'must be a JSON object'],
    ['an event without an id', '{"type":"chat"}', null, 'invalid-event', 'id: must be'],
    ['an id that is a number', '{"id":1,"type":"chat"}', null, 'invalid-event', 'id: must be'],
    ['an id that is too long', JSON.stringify({ id: 'x'.repeat(1025), type: 'chat' }), null, 'invalid-event', 'id: must be'],
    ['data in two members', '{"id":"7","data":1,"data_base64":""}', '7', 'invalid-event', 'both data and data_base64'],
  ])('refuses %s, with the id if there is one', (_, text, id, type, detail) => {
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
