/** @param onData gets the data of each whole event @returns takes the stream's text, in pieces of any size */
export function parseEvents(onData: (data: string) => void): (chunk: string) => void {
  let rest = ''
  return (chunk) => {
    const blocks = (rest + chunk).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const lines = block
        .split('\n')
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).trimStart())
      if (lines.length > 0) onData(lines.join('\n'))
    }
  }
}
