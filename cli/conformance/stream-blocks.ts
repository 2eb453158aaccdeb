import type { IncomingMessage } from 'node:http'
import { causeOf } from '../cause-of.ts'

/** One message of an event stream (HTML, section 9.2.6). */
export interface StreamBlock {
  /** Null: the block has no such field. */
  readonly id: string | null
  readonly event: string | null
  readonly data: string
}

interface StreamEnd {
  readonly end: string
}

export interface StreamBlocks {
  /** Returns the next message, the end of the stream, or null when none comes in time. */
  next(timeoutMs: number): Promise<StreamBlock | StreamEnd | null>
  close(): void
}

/** Limit on what is read and not yet taken, in characters. The stream is cut beyond it. */
const maxHeldCharacters = 4 * 1024 * 1024

/** Reads the messages of an event stream. @param cut ends the connection */
export function createStreamBlocks(response: IncomingMessage, cut: () => void): StreamBlocks {
  const waiting: { readonly item: StreamBlock | StreamEnd; readonly size: number }[] = []
  /** Characters of the waiting messages. */
  let held = 0
  let rest = ''
  let look = (): void => {}
  const add = (item: StreamBlock | StreamEnd, size = 0): void => {
    waiting.push({ item, size })
    held += size
    look()
  }
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    if (held + rest.length + chunk.length > maxHeldCharacters) {
      add({ end: 'The server sent more than is read at once.' })
      return cut()
    }
    const blocks = (rest + chunk).split(/\r?\n\r?\n/)
    rest = blocks.pop() ?? ''
    for (const text of blocks) {
      const block = readBlock(text)
      if (block !== null) add(block, text.length)
    }
  })
  response.on('end', () => add({ end: 'The stream ended.' }))
  response.on('error', (error) => add({ end: causeOf(error) }))
  return {
    next: (timeoutMs) =>
      new Promise((resolve) => {
        const finish = (item: StreamBlock | StreamEnd | null): void => {
          clearTimeout(timer)
          look = () => {}
          resolve(item)
        }
        const timer = setTimeout(() => finish(null), timeoutMs)
        look = () => {
          const first = waiting[0]
          if (first === undefined) return
          // The end stays for the next question.
          if (!('end' in first.item)) {
            waiting.shift()
            held -= first.size
          }
          finish(first.item)
        }
        look()
      }),
    close: () => {
      response.destroy()
      cut()
    },
  }
}

/** Returns null for a block without data, such as a comment. */
function readBlock(text: string): StreamBlock | null {
  const fields = text.split(/\r?\n/).map((line) => /^(\w+):? ?(.*)$/s.exec(line))
  const last = (name: string): string | null => fields.filter((field) => field?.[1] === name).at(-1)?.[2] ?? null
  const data = fields.flatMap((field) => (field?.[1] === 'data' ? [field[2]] : []))
  return data.length === 0 ? null : { id: last('id'), event: last('event'), data: data.join('\n') }
}
