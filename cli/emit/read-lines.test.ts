import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maxLineCharacters, readLines } from './read-lines.ts'

async function linesOf(chunks: readonly (Buffer | string)[]): Promise<readonly { readonly number: number; readonly text: string }[]> {
  const lines = []
  for await (const line of readLines(
    (async function* () {
      yield* chunks
    })(),
  ))
    lines.push(line)
  return lines
}

describe('the lines of a batch', () => {
  it('are the same for chunks of any size, also inside of a character', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' })), fc.integer({ min: 1, max: 9 }), async (texts, size) => {
        const joined = texts.map((text) => text.replaceAll(/[\n\ufeff]/g, '')).join('\n')
        const bytes = Buffer.from(joined)
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size))
        const expected = joined
          .split('\n')
          .map((text, at) => ({ number: at + 1, text }))
          .filter(({ text }) => text.trim() !== '')
        expect(await linesOf(chunks)).toEqual(expected)
      }),
    )
  })

  it('have a limit, which an endless line reaches', async () => {
    const chunk = 'x'.repeat(1024 * 1024)
    const chunks = Array.from({ length: maxLineCharacters / chunk.length + 1 }, () => chunk)
    await expect(linesOf(['{}\n', ...chunks])).rejects.toThrow(`line 2 has more than ${maxLineCharacters} characters`)
  })
})
