/** A line that is longer than this cannot be an event of any gateway. */
export const maxLineCharacters = 16 * 1024 * 1024

/** Returns the lines of a stream that are not blank, with their numbers from 1. @throws RangeError for a line above the limit */
export async function* readLines(
  chunks: AsyncIterable<Buffer | string>,
): AsyncGenerator<{ readonly number: number; readonly text: string }> {
  const decoder = new TextDecoder()
  let number = 0
  /** Pieces of the line that is not complete. Each chunk is split once, however long the line is. */
  let pieces: string[] = []
  let length = 0
  for await (const chunk of chunks) {
    const [first = '', ...others] = (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })).split('\n')
    pieces.push(first)
    length += first.length
    for (const next of others) {
      number += 1
      const text = pieces.join('')
      if (text.trim() !== '') yield { number, text }
      pieces = [next]
      length = next.length
    }
    if (length > maxLineCharacters) throw new RangeError(`line ${number + 1} has more than ${maxLineCharacters} characters`)
  }
  const text = pieces.join('') + decoder.decode()
  if (text.trim() !== '') yield { number: number + 1, text }
}
