import { sleep } from '../../program/waiting.ts'
import type { ResourceType } from '../../api/kubernetes.ts'
import type { ApiError, KubernetesApi, ListOptions, WatchEvent, WatchOptions } from '../runtime/kubernetes-api.ts'
import { failed } from '../../program/result.ts'

/**
 * A server with failures, the same failures for the same seed. Its data is always true, as with a real server: it only fails in every known
 * way.
 */
export interface ScriptedApi extends Pick<KubernetesApi, 'list' | 'watch'> {
  /** Stops all failures. Watches that are half-open already stay so. */
  calm(): void
  /** Number of failures of each kind, so that a test can check that all kinds occurred. */
  readonly troubles: Readonly<Record<string, number>>
}

const errors: Readonly<Record<string, ApiError>> = {
  gone: { kind: 'gone', code: 410, message: 'scripted: too old resource version' },
  overloaded: { kind: 'overloaded', code: 429, message: 'scripted: too many requests', retryAfterMs: 2_000 },
  'internal error': { kind: 'unavailable', code: 500, message: 'scripted: etcdserver: leader changed' },
  'no connection': { kind: 'unavailable', code: 0, message: 'scripted: connect ECONNREFUSED' },
  unauthorized: { kind: 'unauthorized', code: 401, message: 'scripted: token expired' },
}

/** A failure of one watch after some events. */
const watchTroubles = ['none', 'end', 'break', 'gone in between', 'half-open', 'half-open and deaf', ...Object.keys(errors)] as const

/**
 * Creates the server.
 * @param api the memory double behind it
 * @param random from 0 to 1, by a seed: `createRandom`
 */
export function createScriptedApi(api: Pick<KubernetesApi, 'list' | 'watch'>, random: () => number): ScriptedApi {
  const troubles: Record<string, number> = {}
  let isCalm = false
  const happens = (probability: number): boolean => !isCalm && random() < probability
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)]
  const count = (trouble: string): void => {
    troubles[trouble] = (troubles[trouble] ?? 0) + 1
  }

  const list = async (type: ResourceType, options: ListOptions) => {
    if (happens(0.3)) {
      count('slow list')
      await sleep(random() * 5_000)
    }
    if (happens(0.1)) {
      count('list without an answer')
      await sleep(15_000)
      return failed(unavailable)
    }
    const trouble = happens(0.35) ? pick(Object.entries(errors)) : undefined
    // `gone` is a response only to a continue token.
    if (trouble === undefined || (trouble[0] === 'gone' && options.continueToken === undefined)) return api.list(type, options)
    count(`list: ${trouble[0]}`)
    return failed(trouble[1])
  }

  async function* watch(type: ResourceType, options: WatchOptions): AsyncGenerator<WatchEvent, void> {
    const trouble = happens(0.8) ? (pick(watchTroubles) ?? 'none') : 'none'
    count(`watch: ${trouble}`)
    const atOnce = errors[trouble]
    if (atOnce !== undefined) return yield { type: 'ERROR', error: atOnce }
    const healthyEvents = Math.floor(random() * 6)
    const reported: WatchEvent[] = []
    for await (const event of api.watch(type, options)) {
      if (isTroubled(trouble) && reported.length >= healthyEvents) return yield* endWith(trouble, options.signal)
      if (happens(0.2)) await sleep(random() * 3_000)
      reported.push(event)
      yield event
      // A proxy that retries may send events twice.
      if (happens(0.25)) {
        count('replayed events')
        for (const again of reported.slice(-1 - Math.floor(random() * 4))) yield again
      }
    }
  }
  return {
    list,
    watch,
    calm: () => {
      isCalm = true
    },
    troubles,
  }
}

const unavailable: ApiError = { kind: 'unavailable', code: 0, message: 'scripted: no answer in time' }

type Ending = 'end' | 'break' | 'gone in between' | 'half-open' | 'half-open and deaf'

function isTroubled(trouble: string): trouble is Ending {
  return trouble !== 'none'
}

async function* endWith(trouble: Ending, signal: AbortSignal): AsyncGenerator<WatchEvent, void> {
  if (trouble === 'break') yield { type: 'ERROR', error: { kind: 'unavailable', code: 0, message: 'scripted: socket hang up' } }
  if (trouble === 'gone in between') yield { type: 'ERROR', error: { kind: 'gone', code: 410, message: 'scripted: expired' } }
  if (trouble === 'half-open') await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  if (trouble === 'half-open and deaf') await new Promise(() => {}) // ignores its signal, too
}

/** Returns numbers from 0 to 1 that are the same for the same seed (mulberry32, by Tommy Ettinger, in the public domain). */
export function createRandom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
