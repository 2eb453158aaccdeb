import { describe, expect, it } from 'vitest'
import { parseJson } from './json-text.ts'
import { judgeEvent } from './judge-event.ts'

const limits = { maxEventBytes: 1024, maxAudienceNames: 10 }
const required = { specversion: '1.0', id: 'e1', source: '/s', type: 't', audience: { broadcast: true } }
const parsed = (json: string): unknown => {
  const value = parseJson(Buffer.from(json))
  if (!value.ok) throw new Error(value.error.detail)
  return value.value
}

describe('an event whose attribute is no string, boolean or small integer', () => {
  it.each(['12345678901234567890', '1e400', '1E-400', '0.12345678901234567890', '{}', '[]', '[[]]', '{"toString":1}', '-2147483649'])('is refused by the name of the attribute when it is %s', (json) => {
    for (const name of ['ext', 'id', 'time', 'datacontenttype']) {
      const judged = judgeEvent({ attributes: { ...required, [name]: parsed(json) }, data: null }, limits, () => new Date(0))
      expect(judged).toMatchObject({ ok: false, error: expect.arrayContaining([expect.objectContaining({ attribute: name })]) })
    }
  })
})
