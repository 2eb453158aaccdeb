/** A line of NDJSON that is longer than this cannot be an event of any gateway. */
export const maxLineBytes = 16 * 1024 * 1024

/** Returns the lines of a stream that are not blank, with their numbers from 1. @throws RangeError for a line above the limit */
export async function* readLines(
  chunks: AsyncIterable<Buffer | string>,
): AsyncGenerator<{ readonly number: number; readonly text: string }> {
  const decoder = new TextDecoder()
  let number = 0
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n')
    rest = lines.pop() ?? ''
    for (const text of lines) {
      number += 1
      if (text.trim() !== '') yield { number, text }
    }
    if (rest.length > maxLineBytes) throw new RangeError(`line ${number + 1} has more than ${maxLineBytes} bytes`)
  }
  rest += decoder.decode()
  if (rest.trim() !== '') yield { number: number + 1, text: rest }
}
