import { isRecord } from '../../../program/is-record.ts'

/**
 * An event of a request with its recipients, found without the code under test: any reading of the bytes that a lenient reader could have.
 * An event that a gateway accepts must have such a reading, and must reach exactly the recipients that it names.
 */
export interface SentEvent {
  /** The id; null: the message has none, and the gateway makes one. */
  readonly id: string | null
  readonly isFor: (reader: Reader) => boolean
}

export interface Reader {
  readonly userId: string
  readonly username: string
  readonly organizationId: string
  readonly roles: readonly string[]
}

type Json = Readonly<Record<string, unknown>>

/**
 * Reads the events of a request.
 * @param head head of the request, as text of one byte a character
 * @param body body without the framing of chunks
 */
export function readSentEvents(head: string, body: Buffer): readonly SentEvent[] {
  const values = [parseJson(body.toString())].flat()
  return [...values.filter(isRecord).flatMap(readStructured), ...readBinary(head)]
}

/** Returns the audience: a short message has it beside `type`, an event in an extension. */
function readStructured(value: Json): readonly SentEvent[] {
  const id = typeof value['id'] === 'string' ? value['id'] : null
  const { audience } = value
  return [value, typeof audience === 'string' ? parseJson(audience) : audience]
    .filter(isRecord)
    .map((names) => ({ id, isFor: audienceOf(names) }))
}

function readBinary(head: string): readonly SentEvent[] {
  const values = (name: string): readonly string[] =>
    [...head.matchAll(new RegExp(`^${name}[ \\t]*:[ \\t]*(.*?)[ \\t\\r]*$`, 'gimu'))].map(([, value = '']) => decodeHeader(value))
  return values('ce-audience').flatMap((text) =>
    [parseJson(text)].filter(isRecord).flatMap((names) => values('ce-id').map((id) => ({ id, isFor: audienceOf(names) }))),
  )
}

/** Reads bytes as UTF-8, removes quotes, and decodes valid percent-encoding. */
function decodeHeader(latin1: string): string {
  const text = Buffer.from(latin1, 'latin1').toString()
  const unquoted = /^".*"$/.test(text) ? text.slice(1, -1).replace(/\\(.)/g, '$1') : text
  return unquoted.replace(/(%[0-9a-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run)
    } catch {
      // URIError: the bytes are not UTF-8, and stay as they are.
      return run
    }
  })
}

function audienceOf(names: Json): SentEvent['isFor'] {
  const has = (list: string, name: string): boolean => Array.isArray(names[list]) && (names[list] as readonly unknown[]).includes(name) // read before
  const isNarrowed = Array.isArray(names['roles']) && names['roles'].length > 0
  return (reader) =>
    names['broadcast'] === true ||
    has('users', reader.userId) ||
    has('usernames', reader.username) ||
    (has('organizations', reader.organizationId) && (!isNarrowed || reader.roles.some((role) => has('roles', role))))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch {
    // SyntaxError: it is not JSON, and so not an event.
    return null
  }
}
