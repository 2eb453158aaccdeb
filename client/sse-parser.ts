/** Reads Server-Sent Events from text in pieces of any size. @param onMessage called with the event's type and its data */
export function createSseParser(onMessage: (type: string, data: string) => void): (chunk: string) => void {
  let rest = ''
  let type = ''
  let data = ''
  return (chunk) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      // Proxies have been seen to rewrite line ends; JSON may hold line separators that are none here (U+2028).
      const [, field, value = ''] = /^(\w*):? ?(.*?)\r?$/s.exec(line) ?? []
      if (field === 'event') type = value
      else if (field === 'data') data += (data && '\n') + value
      else if (!line.trim()) {
        if (data) onMessage(type, data)
        type = data = ''
      }
    }
  }
}
