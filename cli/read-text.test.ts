import { describe, expect, it } from 'vitest'
import { maxAnswerCharacters, readText } from './read-text.ts'

describe('the text of an answer', () => {
  it('is whole up to the limit, with characters that two chunks share', async () => {
    const bytes = new TextEncoder().encode('naïve €')
    const body = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(new Uint8Array([byte]))
        controller.close()
      },
    })
    expect(await readText(new Response(body))).toBe('naïve €')
    expect(await readText(new Response('x'.repeat(maxAnswerCharacters)))).toHaveLength(maxAnswerCharacters)
    expect(await readText(new Response(null))).toBe('')
  })

  it('ends at the limit, and the rest of an endless body is not read', async () => {
    let isCancelled = false
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(100_000).fill(120)),
      cancel: () => {
        isCancelled = true
      },
    })
    expect(await readText(new Response(body))).toHaveLength(maxAnswerCharacters)
    expect(isCancelled).toBe(true)
  })
})
