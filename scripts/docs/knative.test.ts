import { loadYaml } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { options } from '../../gateway/config/options.ts'
import { codeBlocks, readPages } from './pages.ts'

/** The numbers of docs/knative.md follow from its Trigger and from options of the gateway. */

/** What the page shows, as Knative's API names it. */
interface Trigger {
  readonly apiVersion: string
  readonly kind: string
  readonly spec: {
    readonly delivery: { readonly retry: number; readonly backoffPolicy: string; readonly backoffDelay: string; readonly timeout: string }
  }
}

const page = readPages().find(({ path }) => path === 'docs/knative.md') ?? { path: 'docs/knative.md', text: '' }
const shown = codeBlocks(page).filter(({ language }) => language === 'yaml')
const trigger = loadYaml<Trigger>(shown[0]?.code ?? '')
const { retry, backoffPolicy, backoffDelay, timeout } = trigger.spec.delivery
/** Reads a duration of ISO 8601 with seconds alone, as the page has it. */
const secondsOf = (duration: string): number => Number(/^PT(\d+)S$/.exec(duration)?.[1])

describe('the Trigger of the page', () => {
  it('is the only resource that the page shows', () => {
    expect(shown).toHaveLength(1)
    expect([trigger.apiVersion, trigger.kind]).toEqual(['eventing.knative.dev/v1', 'Trigger'])
  })

  it('waits longer for an answer than a gateway waits for Kafka', () => {
    expect(secondsOf(timeout) * 1000).toBeGreaterThan(options.kafkaProduceTimeoutMs.default)
    expect(page.text).toContain(`\`KAFKA_PRODUCE_TIMEOUT_MS\` (${options.kafkaProduceTimeoutMs.default / 1000} s)`)
  })

  it('makes all tries within the time in which a second delivery is a duplicate', () => {
    expect(backoffPolicy).toBe('exponential')
    // The longest reading of the specification: the delay has doubled before the first retry already.
    const pausesS = Array.from({ length: retry }, (_, index) => secondsOf(backoffDelay) * 2 ** (index + 1)).reduce(
      (sum, each) => sum + each,
      0,
    )
    const longestS = pausesS + (retry + 1) * secondsOf(timeout)
    const [, statedS] = /all tries are (\d+) s at\s+most/.exec(page.text) ?? []
    expect(longestS).toBeLessThanOrEqual(Number(statedS))
    expect(Number(statedS) * 1000).toBeLessThan(options.deduplicationWindowMs.default)
  })
})
