import { failed, type Result } from '../../program/result.ts'
import { explainJson } from './explain-json.ts'
import { parseJson } from './json-text.ts'

export interface BodyFailure {
  readonly kind: 'not-json' | 'json-too-deep'
  /** A sentence about the form of the body, or the place where its JSON breaks. Never quotes the body. */
  readonly detail: string
}

/** Parses the body of a request as JSON. @returns the error is written for the sender */
export function parseBody(body: Buffer): Result<unknown, BodyFailure> {
  const parsed = parseJson(body)
  if (parsed.ok) return parsed
  return failed({
    kind: parsed.error.reason === 'too-deep' ? 'json-too-deep' : 'not-json',
    detail: `The body ${explainJson(body, parsed.error)}`,
  })
}
