import { beforeEach, describe, expect, it } from 'vitest'
import { createRecordingLogger } from '../../../gateway/testing/recording-logger.ts'
import { leaseType } from '../../runtime/lease.ts'
import { createMemoryKubernetes, type MemoryKubernetes } from '../../testing/memory-kubernetes.ts'
import { createOtherOperators, type OtherOperators } from './other-operators.ts'

let api: MemoryKubernetes
let nowMs: number
let gone: string[]
let operators: OtherOperators

beforeEach(() => {
  api = createMemoryKubernetes()
  nowMs = 5_000
  gone = []
  operators = createOtherOperators({
    api,
    own: 'system/own',
    now: () => nowMs,
    onGone: (lease) => gone.push(lease),
    logger: createRecordingLogger().logger,
  })
})

/** @param holder '': let go */
async function hold(name: string, holder: string, renewTime = String(nowMs)): Promise<void> {
  await api.apply(
    leaseType,
    {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace: 'system', name },
      spec: { holderIdentity: holder, leaseDurationSeconds: 15, renewTime },
    },
    { fieldManager: name, force: true },
  )
}
const stateOf = async (lease: string): Promise<string | null> => (await operators.find(lease))?.state ?? null
const looks = (): number => api.requests().length

describe('other operators', () => {
  it('are there while their Lease is renewed, and gone when it was not for a minute, by our own clock', async () => {
    await hold('a', 'pod-1', 'of a clock that is wrong by years')
    expect(await stateOf('system/a')).toBe('alive')
    for (let minutes = 0; minutes < 3; minutes++) {
      nowMs += 59_000
      await hold('a', 'pod-1')
      await operators.lookAgain()
      expect(await stateOf('system/a')).toBe('alive')
    }
    nowMs += 60_001
    await operators.lookAgain()
    expect([await stateOf('system/a'), gone]).toEqual(['gone', ['system/a']])
  })

  it('are there while a replica takes over, and gone at once with their Lease', async () => {
    await hold('a', 'pod-1')
    expect(await stateOf('system/a')).toBe('alive')
    await hold('a', '')
    nowMs += 15_000
    expect(await stateOf('system/a')).toBe('alive')
    await hold('a', 'pod-2')
    nowMs += 15_000
    expect(await stateOf('system/a')).toBe('alive')
    await api.delete(leaseType, { namespace: 'system', name: 'a' }, {})
    nowMs += 15_000
    expect([await stateOf('system/a'), gone]).toEqual(['gone', ['system/a']])
  })

  it('are not this operator, and not what a mark names that is no Lease', async () => {
    for (const mark of ['system/own', '', 'a', 'a/b/c', 'A/b', '../b', `system/${'x'.repeat(254)}`])
      expect(await stateOf(mark), mark).toBeNull()
    expect(looks()).toBe(0)
  })

  it('are not known to be gone where their Lease cannot be read', async () => {
    api.failNext({ verb: 'get', type: 'leases' }, { kind: 'forbidden' })
    expect(await stateOf('system/a')).toBe('unknown')
    nowMs += 15_000
    api.failNext({ verb: 'get', type: 'leases' }, { kind: 'unavailable' })
    expect([await stateOf('system/a'), gone]).toEqual(['unknown', []])
  })

  it('are looked at once in five seconds, however many channels ask', async () => {
    await hold('a', 'pod-1')
    const before = looks()
    for (let times = 0; times < 10; times++) await operators.find('system/a')
    expect(looks() - before).toBe(1)
  })

  it('are remembered up to 64 of them, and those looked at longest ago are forgotten', async () => {
    for (let index = 0; index < 66; index++) {
      await hold(`of-${index}`, 'pod')
      await operators.find(`system/of-${index}`)
    }
    const before = looks()
    await operators.lookAgain()
    expect(looks() - before).toBe(64)
    await operators.find('system/of-0')
    expect(looks() - before).toBe(65)
  })
})
