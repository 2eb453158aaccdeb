import type { Config } from '../../config/options.ts'
import type { Logger } from '../../../program/log/logger.ts'
import type { Metrics } from '../../observability/metrics.ts'
import { fetchText } from './fetch-text.ts'
import type { GetFetch } from './issuer-fetch.ts'
import type { KeySet, MadeKeySet } from './key-set.ts'
import { findIn, type KeyHeader, type KeyLookup, type KeySource } from './key-source.ts'
import { maxKeySetBytes, parseJwks } from './parse-keys.ts'
import { failed, ok, type Result } from '../../../program/result.ts'

export type RemoteKeysOptions = Pick<Config, 'jwtJwksUri' | 'jwtAlgorithms' | 'jwksTimeoutMs' | 'jwksRefreshMs' | 'jwksCooldownMs'>

export interface RemoteKeysParts {
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'jwksFetches'>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly fetch: GetFetch
}

/**
 * Keys that an issuer publishes (JWKS). The naive way is a cache that expires. It makes every outage of the issuer one of the gateway: at
 * the first refresh that fails, no user can connect. Here keys have no end. They are fetched again by age, in the background, and only keys
 * that have arrived replace keys.
 *
 * A token with an unknown key id may announce a rotation, and asks for a fetch at once. It may as well be an attack on the issuer through
 * the gateway, so such fetches are rare (the cooldown). Tokens that ask in the meantime join the fetch in progress. Within the cooldown,
 * only the id that the fetch was made for is known to be missing. For other ids the answer is unavailable. That costs a forger nothing. A
 * user whose issuer has just rotated its keys tries again, instead of being refused.
 */
export class RemoteKeys implements KeySource {
  readonly #options: RemoteKeysOptions
  readonly #parts: RemoteKeysParts
  readonly #stopped = new AbortController()
  #keys: KeySet | null = null
  /** The text that `#keys` was made of: the same text again must not look like a rotation. */
  #text: string | null = null
  #pending: Promise<boolean> | null = null
  #timer: NodeJS.Timeout | undefined
  #demandedAtMs = -Infinity
  /** The header for which the last demanded fetch found no key. */
  #absent: string | null = null
  #isFailing = false

  constructor(options: RemoteKeysOptions, parts: RemoteKeysParts) {
    this.#options = options
    this.#parts = parts
  }

  /** Tries one fetch. An issuer that is down does not hold up the start: `current()` is null until it is back. Never rejects. */
  async start(): Promise<void> {
    await this.#refresh()
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    clearTimeout(this.#timer)
    await this.#pending
  }

  current(): KeySet | null {
    return this.#keys
  }

  async lookup(header: KeyHeader): Promise<KeyLookup> {
    const known = findIn(this.#keys, header) ?? (await this.#afterPending(header))
    if (known !== null) return known
    if (!this.#isCoolingDown()) return await this.#demand(header)
    // The first of the tokens that waited above may have demanded another fetch in the meantime.
    return (await this.#afterPending(header)) ?? this.#answerFromMemory(header)
  }

  /** Joins the fetch that is in progress, if there is one. */
  async #afterPending(header: KeyHeader): Promise<KeyLookup | null> {
    await this.#pending
    return findIn(this.#keys, header)
  }

  #answerFromMemory(header: KeyHeader): KeyLookup {
    return this.#absent === nameOf(header) ? { kind: 'unknown' } : { kind: 'unavailable' }
  }

  /** Runs up to its first await in one turn with the check of the cooldown, so that no other token passes that check in between. */
  async #demand(header: KeyHeader): Promise<KeyLookup> {
    this.#demandedAtMs = this.#parts.now()
    this.#absent = null
    const isFresh = await this.#refresh(() => {
      if (findIn(this.#keys, header) === null) this.#absent = nameOf(header)
    })
    return findIn(this.#keys, header) ?? { kind: isFresh ? 'unknown' : 'unavailable' }
  }

  /** A clock that was set back must not make the cooldown longer. */
  #isCoolingDown(): boolean {
    const elapsedMs = this.#parts.now() - this.#demandedAtMs
    return elapsedMs >= 0 && elapsedMs < this.#options.jwksCooldownMs
  }

  /**
   * @param whenFresh called before the waiting callers go on @returns whether the keys are now those that the issuer publishes; never
   * rejects
   */
  #refresh(whenFresh: () => void = () => {}): Promise<boolean> {
    clearTimeout(this.#timer)
    const pending = this.#fetch().then((made) => {
      this.#pending = null
      const isFresh = this.#settle(made)
      if (isFresh) whenFresh()
      this.#schedule(isFresh)
      return isFresh
    })
    this.#pending = pending
    return pending
  }

  /** A tenth of jitter keeps the pods of a roll-out from asking the issuer all at once at every refresh. */
  #schedule(isFresh: boolean): void {
    if (this.#stopped.signal.aborted) return
    const { jwksRefreshMs, jwksCooldownMs } = this.#options
    const delayMs = isFresh ? jwksRefreshMs : Math.min(jwksRefreshMs, jwksCooldownMs)
    // #refresh never rejects.
    this.#timer = setTimeout(() => void (this.#pending ?? this.#refresh()), delayMs * (0.9 + Math.random() / 10)).unref()
  }

  async #fetch(): Promise<Result<Fetched, string>> {
    const { jwtJwksUri, jwtAlgorithms, jwksTimeoutMs } = this.#options
    const text = await fetchText(jwtJwksUri, {
      fetch: this.#parts.fetch,
      timeoutMs: jwksTimeoutMs,
      maxBytes: maxKeySetBytes,
      signal: this.#stopped.signal,
    })
    if (!text.ok) return text
    if (text.value === this.#text) return ok({ text: text.value, made: null })
    const made = await parseJwks(text.value, jwtAlgorithms)
    return made.ok ? ok({ text: text.value, made: made.value }) : failed(made.error)
  }

  #settle(fetched: Result<Fetched, string>): boolean {
    if (this.#stopped.signal.aborted) return false
    this.#parts.metrics.jwksFetches.add(1, { outcome: fetched.ok ? 'ok' : 'failed' })
    this.#report(fetched)
    if (!fetched.ok) return false
    const { text, made } = fetched.value
    if (made !== null) {
      this.#keys = made.keys
      this.#text = text
    }
    return true
  }

  /** An outage is two log lines, however long it lasts. The metric counts the attempts. */
  #report(fetched: Result<Fetched, string>): void {
    const { logger } = this.#parts
    const uri = this.#options.jwtJwksUri
    if (!fetched.ok && !this.#isFailing) {
      logger.warn({ uri, reason: fetched.error, keys: this.#keys?.size ?? 0 }, 'key fetch failed; the previous keys stay in use')
    }
    if (fetched.ok && this.#isFailing) logger.info({ uri }, 'key fetch recovered')
    if (fetched.ok && fetched.value.made !== null) {
      logger.info({ uri, keys: fetched.value.made.keys.size, ignored: fetched.value.made.ignored }, 'keys fetched')
    }
    this.#isFailing = !fetched.ok
  }
}

interface Fetched {
  readonly text: string
  /** Null: the same text as before. */
  readonly made: MadeKeySet | null
}

function nameOf({ alg, kid }: KeyHeader): string {
  return `${alg} ${kid ?? ''}`
}
