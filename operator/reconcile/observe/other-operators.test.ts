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

/** @param holder '': released */
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
  it('are alive while their Lease is renewed, and gone after a minute without a renewal, by our own clock', async () => {
    await hold('a', 'pod-1', 'of a clock that is wrong by years')
    expect(await stateOf('system/a')).toBe('alive')
    for (let minutes = 0; minutes < 3; minutes++) {
      nowMs += 59_000
      await hold('a', 'pod-1')
      await operators.refresh()
      expect(await stateOf('system/a')).toBe('alive')
    }
    nowMs += 60_001
    await operators.refresh()
    expect([await stateOf('system/a'), gone]).toEqual(['gone', ['system/a']])
  })

  it('are alive while a replica takes over, and gone at once when their Lease is deleted', async () => {
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

  it('do not include this operator, or a mark that names no Lease', async () => {
    for (const mark of ['system/own', '', 'a', 'a/b/c', 'A/b', '../b', `system/${'x'.repeat(254)}`])
      expect(await stateOf(mark), mark).toBeNull()
    expect(looks()).toBe(0)
  })

  it('are not counted as gone when their Lease cannot be read', async () => {
    api.failNext({ verb: 'get', type: 'leases' }, { kind: 'forbidden' })
    expect(await stateOf('system/a')).toBe('unknown')
    nowMs += 15_000
    api.failNext({ verb: 'get', type: 'leases' }, { kind: 'unavailable' })
    expect([await stateOf('system/a'), gone]).toEqual(['unknown', []])
  })

  it('are read at most once in five seconds, for any number of channels', async () => {
    await hold('a', 'pod-1')
    const before = looks()
    for (let times = 0; times < 10; times++) await operators.find('system/a')
    expect(looks() - before).toBe(1)
  })

  it('are limited to 64, and the one that was read longest ago is forgotten', async () => {
    for (let index = 0; index < 66; index++) {
      await hold(`of-${index}`, 'pod')
      await operators.find(`system/of-${index}`)
    }
    const before = looks()
    await operators.refresh()
    expect(looks() - before).toBe(64)
    await operators.find('system/of-0')
    expect(looks() - before).toBe(65)
  })
})
