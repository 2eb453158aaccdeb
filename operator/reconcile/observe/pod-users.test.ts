import { describe, expect, it } from 'vitest'
import { createMemoryKubernetes } from '../../testing/memory-kubernetes.ts'
import { assigningGroup, createPodUsers } from './pod-users.ts'

const minute = 60_000

function rig(groups: readonly string[] = [], choice: 'auto' | 'fixed' | 'assigned' = 'auto') {
  const api = createMemoryKubernetes({ groups })
  const clock = { nowMs: 0 }
  const looks = (): number => api.requests().filter(({ verb }) => verb === 'servesGroup').length
  return { api, clock, looks, ask: createPodUsers({ api, choice, nowMs: () => clock.nowMs }) }
}

describe('the users of pods', () => {
  it("are assigned where OpenShift's API is served, and nowhere else", async () => {
    expect(await rig([assigningGroup]).ask()).toEqual({ ok: true, value: true })
    expect(await rig(['route.openshift.io']).ask()).toEqual({ ok: true, value: false })
  })

  it('are what the options say, and then the API server is not asked', async () => {
    const [assigned, fixed] = [rig([], 'assigned'), rig([assigningGroup], 'fixed')]
    expect([await assigned.ask(), await fixed.ask()]).toEqual([
      { ok: true, value: true },
      { ok: true, value: false },
    ])
    expect(assigned.looks() + fixed.looks()).toBe(0)
  })

  it('cost one look in ten minutes, however many channels there are', async () => {
    const { ask, clock, looks } = rig()
    await Promise.all(Array.from({ length: 100 }, ask))
    clock.nowMs = 10 * minute - 1
    await ask()
    expect(looks()).toBe(1)
    clock.nowMs = 10 * minute
    await ask()
    expect(looks()).toBe(2)
  })

  it('are not known before the API server has answered, and it is asked again at once', async () => {
    const { api, ask } = rig([assigningGroup])
    api.failNext({ verb: 'servesGroup' }, { kind: 'unavailable' })
    expect(await ask()).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
    expect(await ask()).toEqual({ ok: true, value: true })
  })

  it('stay what they were while the API server does not answer: another answer would start every pod anew', async () => {
    const { api, ask, clock } = rig()
    await ask()
    clock.nowMs = 11 * minute
    api.failNext({ verb: 'servesGroup' }, { kind: 'unavailable' })
    expect(await ask()).toEqual({ ok: true, value: false })
  })

  it('stay assigned once they were, and are asked for no more: an upgrade of the cluster may take the API away for a while', async () => {
    const { ask, clock, looks } = rig([assigningGroup])
    await ask()
    clock.nowMs = 60 * minute
    expect([await ask(), looks()]).toEqual([{ ok: true, value: true }, 1])
  })
})
