import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { renderTextLine } from './log-text.ts'
import { createPinoLogger } from './pino.ts'

const about = { name: 'carillon-gateway', version: '1.2.3', pid: 1, hostname: 'pod-1' }
const line = (fields: object): string =>
  `${JSON.stringify({ level: 'info', time: '2026-01-02T03:04:05.678Z', ...about, ...fields, msg: 'something happened' })}\n`

describe('a log line for people', () => {
  it('begins with the time, the level and the message, and leaves out fields that are the same in each line', () => {
    expect(renderTextLine(line({ port: 8000, topic: 'platform.chrome' }))).toBe(
      '03:04:05.678 info  something happened  port=8000  topic=platform.chrome\n',
    )
  })

  it('quotes texts with blanks, joins lists of words, and leaves out empty values', () => {
    const fields = { detail: 'no answer yet', brokers: ['a:9092', 'b:9092'], waitingFor: [], cause: null, ready: false, nested: { a: 1 } }
    expect(renderTextLine(line(fields))).toBe(
      '03:04:05.678 info  something happened  detail="no answer yet"  brokers=a:9092,b:9092  ready=false  nested={"a":1}\n',
    )
  })

  it('returns any other text unchanged', () => {
    expect(['no JSON\n', '17\n'].map(renderTextLine)).toEqual(['no JSON\n', '17\n'])
  })

  it('is one line for any fields', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue()), (fields) => {
        expect(renderTextLine(line({ fields }))).toMatch(/^03:04:05\.678 info {2}something happened {2}.*\n$/)
      }),
    )
  })

  it('is written by a logger of this format, without secrets', () => {
    const lines: string[] = []
    const logger = createPinoLogger({
      level: 'info',
      name: 'carillon-gateway',
      version: '1',
      format: 'text',
      destination: { write: (text) => void lines.push(text) },
    })
    logger.warn({ password: 'hunter2', brokers: ['a:1'] }, 'waiting')
    expect(lines.map((text) => text.slice(13))).toEqual(['warn  waiting  password=[redacted]  brokers=a:1\n'])
  })
})
