import { backOffMs } from '../../program/back-off.ts'
import { sleep } from '../../program/waiting.ts'
import { causeOf } from '../cause-of.ts'
import { type Refusal, readRefusal } from '../problem.ts'
import { readText } from '../read-text.ts'
import type { World } from '../world.ts'

export interface EmitRequest {
  readonly url: URL
  readonly contentType: string
  readonly body: string
}

export type Outcome =
  | { readonly kind: 'accepted'; readonly text: string }
  /** The gateway answered, and sending the same again does not help. */
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** No attempt was accepted. The events may or may not be in the topic. */
  | { readonly kind: 'gave-up'; readonly reason: string }
  | { readonly kind: 'interrupted' }

/** Sends requests, and sends them again where the protocol says that it helps. The body is the same each time, so the ids are, too. */
export interface Sender {
  send(request: EmitRequest): Promise<Outcome>
  /** Numbers for the tally. */
  readonly requests: number
  readonly retries: number
}

export interface SenderParts {
  readonly token: string | null
  /** Attempts after the first one. */
  readonly maxRetries: number
  /** End of the sentence about another attempt. @default none */
  readonly note?: string
  readonly world: World
}

const requestTimeoutMs = 30_000
const bounds = { firstMs: 500, maxMs: 30_000 }

/** Statuses after which the same request may be accepted (docs/emit-api.md, When it is not 202). */
const passing: ReadonlySet<number> = new Set([408, 429, 500, 503, 504])

export function createSender({ token, maxRetries, note = '', world }: SenderParts): Sender {
  const counts = { requests: 0, retries: 0 }
  const attempt = async ({ url, contentType, body }: EmitRequest): Promise<Attempt> => {
    counts.requests += 1
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': contentType, ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
        body,
        signal: AbortSignal.timeout(requestTimeoutMs),
      })
      const text = await readText(response)
      if (response.status === 202) return { kind: 'accepted', text }
      const refusal = readRefusal({ status: response.status, text, retryAfter: response.headers.get('retry-after') })
      // A proxy without a gateway behind it answers 502. The gateway's own 502 needs its operator.
      const isPassing = passing.has(refusal.status) || (refusal.status === 502 && refusal.problem === null)
      if (!isPassing) return { kind: 'refused', refusal }
      return { kind: 'later', reason: `${refusal.status}: ${refusal.detail}`, waitMs: refusal.retryAfterMs }
    } catch (error) {
      // Not reachable, cut in between, or no answer in time.
      return { kind: 'later', reason: `No answer (${causeOf(error)}).`, waitMs: 0 }
    }
  }
  return {
    get requests() {
      return counts.requests
    },
    get retries() {
      return counts.retries
    },
    send: async (request) => {
      for (let failures = 1; ; failures += 1) {
        const outcome = await attempt(request)
        if (outcome.kind !== 'later') return outcome
        if (failures > maxRetries) return { kind: 'gave-up', reason: outcome.reason }
        const waitMs = Math.round(outcome.waitMs + backOffMs(failures, bounds, world.random()))
        world.err(`${outcome.reason} Attempt ${failures + 1} of ${maxRetries + 1} in ${waitMs} ms${note}.\n`)
        await sleep(waitMs, [world.interrupted])
        if (world.interrupted.aborted) return { kind: 'interrupted' }
        counts.retries += 1
      }
    },
  }
}

type Attempt =
  | Extract<Outcome, { readonly kind: 'accepted' | 'refused' }>
  | { readonly kind: 'later'; readonly reason: string; readonly waitMs: number }
