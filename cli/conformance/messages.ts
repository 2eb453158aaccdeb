import type { AnyEvent } from './judge-event.ts'
import type { Lab, Message } from './lab.ts'

/** Percent-encodes a header value as senders must (HTTP binding, section 3.1.3.2). */
export function encodeHeader(text: string): string {
  // Of the printable ASCII characters, three are encoded.
  return text.toWellFormed().replace(/[^\u0021-\u007e]|["%]/gu, (character) =>
    Buffer.from(character)
      .toString('hex')
      .toUpperCase()
      .replace(/../g, (pair) => `%${pair}`),
  )
}

/** Decodes a header value as receivers must: quotes, then one round of percent-decoding. @returns null when the bytes are not UTF-8 */
export function decodeHeader(value: string): string | null {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/s.exec(value)?.[1]
  const text = quoted === undefined ? value : quoted.replace(/\\(.)/gs, '$1')
  const bytes: number[] = []
  for (let at = 0; at < text.length; at += 1) {
    const encoded = /^%([0-9a-f]{2})/i.exec(text.slice(at, at + 3))?.[1]
    bytes.push(encoded === undefined ? text.charCodeAt(at) : Number.parseInt(encoded, 16))
    if (encoded !== undefined) at += 2
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes))
  } catch {
    return null
  }
}

export interface BinaryParts {
  /** Values as they are in the headers. */
  readonly headers?: Readonly<Record<string, string>>
  readonly contentType?: string | null
  readonly body?: string | Buffer
}

/** Returns a message in binary mode. A header of `headers` replaces one of the run; an empty one takes it away. */
export function binaryMessage(
  lab: Lab,
  { headers = {}, contentType = 'application/json', body = '{}' }: BinaryParts = {},
): Message & {
  readonly id: string
} {
  const id = lab.makeId()
  const all = {
    'ce-specversion': '1.0',
    'ce-id': id,
    'ce-source': lab.source,
    'ce-type': lab.type,
    ...Object.fromEntries(Object.entries(lab.extensions).map(([name, value]) => [`ce-${name}`, encodeHeader(value)])),
    ...(contentType === null ? {} : { 'content-type': contentType }),
    ...headers,
  }
  return { id, headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')), body }
}

export const structuredType = 'application/cloudevents+json'

export function structuredMessage(event: AnyEvent, contentType: string = structuredType): Message & { readonly id: string } {
  return { id: String(event['id']), headers: { 'content-type': contentType }, body: JSON.stringify(event) }
}
