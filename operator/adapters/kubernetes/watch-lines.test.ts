import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLineCutter, parseWatchLine } from './watch-lines.ts'

describe('cutting a stream into lines', () => {
  it('yields the same lines for any chunks, also when a chunk ends within a character', () => {
    const line = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\n') && text.trim() !== '')
    const property = fc.property(fc.array(line), fc.array(fc.nat(20)), (lines, sizes) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''))
      const cut = createLineCutter(10_000)
      const seen: string[] = []
      for (let from = 0, turn = 0; from < bytes.length; turn += 1) {
        const size = 1 + (sizes[turn % Math.max(sizes.length, 1)] ?? 0)
        const result = cut(bytes.subarray(from, from + size))
        from += size
        seen.push(...(result.ok ? result.value : ['too long']))
      }
      expect(seen).toEqual(lines)
    })
    fc.assert(property)
  })

  it('skips empty lines, and keeps incomplete ones', () => {
    const cut = createLineCutter(100)
    expect(cut(Buffer.from('\n\r\na\n b'))).toEqual({ ok: true, value: ['a'] })
    expect(cut(Buffer.from('c\n'))).toEqual({ ok: true, value: [' bc'] })
  })

  it('refuses a line without an end at its limit', () => {
    const cut = createLineCutter(10)
    expect(cut(Buffer.from('12345'))).toMatchObject({ ok: true })
    expect(cut(Buffer.from('67890'))).toMatchObject({ ok: true })
    expect(cut(Buffer.from('!'))).toEqual({ ok: false, error: 'an event of more than 10 bytes' })
  })
})

describe('reading an event', () => {
  const object = { kind: 'ConfigMap', metadata: { name: 'x', resourceVersion: '7' } }

  it('reads objects as they are, bookmarks as versions, and errors by their kind', () => {
    expect(parseWatchLine(JSON.stringify({ type: 'ADDED', object }))).toEqual({ type: 'ADDED', object })
    expect(parseWatchLine(JSON.stringify({ type: 'BOOKMARK', object }))).toEqual({ type: 'BOOKMARK', resourceVersion: '7' })
    const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' }
    expect(parseWatchLine(JSON.stringify({ type: 'ERROR', object: status }))).toMatchObject({
      type: 'ERROR',
      error: { kind: 'gone', message: 'too old' },
    })
  })

  it.each([
    '',
    '{',
    '1',
    'null',
    '{"type":"ADDED"}',
    '{"type":"ADDED","object":{}}',
    '{"type":"OTHER","object":{"metadata":{}}}',
    '{"type":"ERROR","object":{"metadata":{}}}',
  ])('refuses %s', (line) => expect(parseWatchLine(line)).toBe(null))
})
