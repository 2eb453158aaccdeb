import type { AttributeValue } from './attributes.ts'

/** The attributes of an event, as clients get them. */
export type Attributes = Readonly<Record<string, AttributeValue>>

/**
 * Reads the attributes of an event from its body: the JSON that `encodeEvent` has written, without its closing brace. Attributes stand before
 * the data there, so the data are not parsed.
 */
export function deliveredAttributes(body: Buffer): Attributes {
  // `encodeEvent` writes valid JSON, and checks each attribute.
  return JSON.parse(`${body.toString('utf8', 0, endOfAttributes(body))}}`) as Attributes
}

/**
 * Returns the place of the member `data` or `data_base64`, or the end. Neither can stand in the text of an attribute, because JSON escapes quotes
 * there. Names of attributes have no underscore.
 */
function endOfAttributes(body: Buffer): number {
  for (let at = body.indexOf(memberStart); at >= 0; at = body.indexOf(memberStart, at + memberStart.length)) {
    const next = body[at + memberStart.length]
    if (next === quote || next === underscore) return at
  }
  return body.length
}

const memberStart = Buffer.from(',"data')
const quote = 0x22
const underscore = 0x5f
