/** Events whose data is hard to carry unchanged, each for the user u1. */
export const sampleEvents: readonly Readonly<Record<string, unknown>>[] = [
  { id: 'json', subject: 'žluťák 100%', priority: 5, urgent: false, data: { text: 'Euro € 😀 "q" 100% %C3%BC', list: [1, null, true] } },
  { id: 'text', datacontenttype: 'text/plain', data: 'line1\r\nline2\rline3\n\ndata: x\u2028\u0085' },
  { id: 'bytes', datacontenttype: 'application/octet-stream', data_base64: 'AAH/' },
  { id: 'empty', datacontenttype: 'text/plain', data: '' },
  { id: '64 KB', data: 'abcdefghijklmnop'.repeat(4096) },
].map((event) => ({
  specversion: '1.0',
  source: '/interop',
  type: 'interop.sample',
  time: '2026-11-30T05:00:00Z',
  datacontenttype: 'application/json',
  ...event,
}))

export const audience = { users: ['u1'] } as const

/** Event at which a receiving client ends. */
export const lastEvent = { specversion: '1.0', id: 'last', source: '/interop', type: 'interop.last', audience } as const

/**
 * Checks what a client received, in order.
 * @returns for each event its id and `whole` when it is as it was emitted, else the event; control events by their type behind a `!`
 */
export function checkMessages(texts: readonly string[]): readonly string[] {
  return texts.map((text) => {
    // The gateway sends CloudEvents; anything else is reported as it is.
    const event = parse(text)
    if (event === null) return `not JSON: ${JSON.stringify(text)}`
    const { cursor, ...rest } = event
    if (String(rest['type']).startsWith('dev.carillon.')) return String(rest['type']).replace('dev.carillon.', '!')
    const wanted = sampleEvents.find(({ id }) => id === rest['id'])
    if (typeof cursor !== 'string') return `${String(rest['id'])} without a cursor`
    return wanted === undefined || JSON.stringify(sorted(wanted)) === JSON.stringify(sorted(rest))
      ? String(rest['id'])
      : `not as emitted: ${JSON.stringify(rest).slice(0, 300)}`
  })
}

const sorted = (event: Readonly<Record<string, unknown>>): unknown => Object.entries(event).toSorted(([a], [b]) => (a < b ? -1 : 1))

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>
  } catch {
    // An empty message, which some clients make of a block without data.
    return null
  }
}
