import { describe, expect, it } from 'vitest'
import { decodeHttpEvents } from './http-binding.ts'

const limits = { maxEventBytes: 1024, maxAudienceNames: 10, maxBatch: 3 }
const required = { specversion: '1.0', id: 'e1', source: '/s', type: 't', audience: { broadcast: true } }
const decode = (json: string) =>
  decodeHttpEvents({ headers: { 'content-type': 'application/cloudevents+json' }, body: Buffer.from(json) }, limits, () => new Date(0))

describe('an event in the JSON format', () => {
  it('may have 1,000 members, and not one more', () => {
    const ofMembers = (count: number): string =>
      JSON.stringify({ ...required, ...Object.fromEntries(Array.from({ length: count - 5 }, (_, index) => [`x${index}`, '1'])) })
    expect(decode(ofMembers(1_000))).toMatchObject({ ok: true })
    expect(decode(ofMembers(1_001))).toMatchObject({
      ok: false,
      error: { kind: 'invalid-event', problems: [{ attribute: null, detail: 'The event has more than 1000 members.' }] },
    })
  })

  it.each(['12345678901234567890', '1e400', '1E-400', '0.12345678901234567890', '{}', '[]', '[[]]', '{"toString":1}', '-2147483649'])(
    'is refused by the name of an attribute that is %s',
    (value) => {
      for (const name of ['ext', 'id', 'time', 'datacontenttype']) {
        const { [name]: _, ...others } = { ...required } as Record<string, unknown>
        expect(decode(`{"${name}":${value},${JSON.stringify(others).slice(1)}`)).toMatchObject({
          ok: false,
          error: { problems: expect.arrayContaining([expect.objectContaining({ attribute: name })]) },
        })
      }
    },
  )
})
