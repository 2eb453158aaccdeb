import { describe, expect, it } from 'vitest'
import type { Problem } from '../../request/problem.ts'
import type { Result } from '../../../program/result.ts'
import { createEmitDecoders } from './emit-decoders.ts'

const decoders = createEmitDecoders({ maxEventBytes: 100, maxAudienceSize: 3, emitMaxBatch: 500 })
const anEvent = (over: object = {}): object => ({
  specversion: '1.0',
  id: '1',
  source: '/s',
  type: 't',
  audience: { broadcast: true },
  ...over,
})
const message = (body: unknown) => decoders.message(Buffer.from(JSON.stringify(body)))
const structured = (event: unknown) =>
  decoders.events({ 'content-type': 'application/cloudevents+json' }, Buffer.from(JSON.stringify(event)))
const batch = (events: unknown) =>
  decoders.events({ 'content-type': 'application/cloudevents-batch+json' }, Buffer.from(JSON.stringify(events)))
const problemOf = (decoded: Result<unknown, Problem>): Problem | 'no problem' => (decoded.ok ? 'no problem' : decoded.error)
/** Names of attributes that no event may have: one problem each. */
const wrongNames = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, index) => [`WRONG${index}`, 1]))

describe('createEmitDecoders', () => {
  it('gives every message without an id an id and the current time', () => {
    const before = new Date().toISOString()
    const [one, two] = [message({ type: 't', broadcast: true }), message({ type: 't', broadcast: true })]
    const ids = [one, two].map((decoded) => decoded.ok && decoded.value.id)
    expect(ids).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), expect.stringMatching(/^[0-9a-f-]{36}$/)])
    expect(ids[0]).not.toBe(ids[1])
    expect(one.ok && (one.value.attributes.time ?? '') >= before).toBe(true)
  })

  it('reads events in every mode of the HTTP binding', () => {
    const binary = decoders.events(
      { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't', 'ce-audience': '{"broadcast":true}' },
      Buffer.from('{}'),
    )
    expect([structured(anEvent()), batch([anEvent()]), binary]).toMatchObject([
      { value: { isBatch: false } },
      { value: { isBatch: true } },
      { value: { isBatch: false } },
    ])
  })

  it.each([
    ['unsupported-media-type', decoders.events({ 'content-type': 'text/plain' }, Buffer.from('x'))],
    ['not-json', decoders.events({ 'content-type': 'application/cloudevents+json' }, Buffer.from('x'))],
    ['not-json', decoders.message(Buffer.from('x'))],
    ['event-too-large', structured(anEvent({ data: 'x'.repeat(100) }))],
    ['event-too-large', message({ type: 't', broadcast: true, payload: 'x'.repeat(100) })],
    ['batch-too-large', batch(Array.from({ length: 501 }, () => anEvent()))],
    ['invalid-event', structured({})],
    ['invalid-event', message({})],
    ['invalid-batch', batch({})],
    ['json-too-deep', decoders.message(Buffer.from('['.repeat(65)))],
    ['invalid-batch', batch([{}])],
  ])('answers %s with a sentence', (type, decoded) => {
    expect(problemOf(decoded)).toMatchObject({ type, detail: expect.stringMatching(/^\S.+\.$/) })
  })

  it('describes what is wrong with an event in words, and in a list', () => {
    expect(problemOf(structured(anEvent({ id: '', time: 'x' })))).toEqual({
      type: 'invalid-event',
      detail: 'id: must be a non-empty string of at most 1024 characters. time: must be an RFC 3339 timestamp, as `2026-01-31T12:00:00Z`.',
      members: {
        errors: [
          { attribute: 'id', detail: 'must be a non-empty string of at most 1024 characters.' },
          { attribute: 'time', detail: expect.any(String) },
        ],
      },
    })
    expect(problemOf(structured('x'))).toMatchObject({ detail: 'The event must be a JSON object.' })
  })

  it('limits the problems in an answer, however many faults an event has', () => {
    const problem = problemOf(structured(anEvent(wrongNames(900))))
    expect(problem).toMatchObject({ detail: expect.stringMatching(/ And 897 more\.$/), members: { errors: { length: 100 } } })
    expect(JSON.stringify(problem).length).toBeLessThan(20_000)
  })

  it('limits the problems in an answer to a batch as well', () => {
    const problem = problemOf(batch([anEvent(), anEvent(wrongNames(60)), ...Array.from({ length: 400 }, () => anEvent(wrongNames(30)))]))
    expect(problem).toMatchObject({
      detail: expect.stringContaining('401 of 402'),
      members: {
        events: [
          { index: 1, problems: { length: 60 } },
          { index: 2, problems: { length: 30 } },
          { index: 3, problems: { length: 10 } },
        ],
      },
    })
  })
})
