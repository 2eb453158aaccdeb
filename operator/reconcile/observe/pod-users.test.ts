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
  it("are assigned when OpenShift's API is served, and not otherwise", async () => {
    expect(await rig([assigningGroup]).ask()).toEqual({ ok: true, value: true })
    expect(await rig(['route.openshift.io']).ask()).toEqual({ ok: true, value: false })
  })

  it('follow the option when it is set, without a request to the API server', async () => {
    const [assigned, fixed] = [rig([], 'assigned'), rig([assigningGroup], 'fixed')]
    expect([await assigned.ask(), await fixed.ask()]).toEqual([
      { ok: true, value: true },
      { ok: true, value: false },
    ])
    expect(assigned.looks() + fixed.looks()).toBe(0)
  })

  it('cost one request in ten minutes, for any number of channels', async () => {
    const { ask, clock, looks } = rig()
    await Promise.all(Array.from({ length: 100 }, ask))
    clock.nowMs = 10 * minute - 1
    await ask()
    expect(looks()).toBe(1)
    clock.nowMs = 10 * minute
    await ask()
    expect(looks()).toBe(2)
  })

  it('are unknown before the API server has responded, and the next caller asks again at once', async () => {
    const { api, ask } = rig([assigningGroup])
    api.failNext({ verb: 'servesGroup' }, { kind: 'unavailable' })
    expect(await ask()).toMatchObject({ ok: false, error: { kind: 'unavailable' } })
    expect(await ask()).toEqual({ ok: true, value: true })
  })

  it('stay unchanged while the API server does not respond: another result would restart every pod', async () => {
    const { api, ask, clock } = rig()
    await ask()
    clock.nowMs = 11 * minute
    api.failNext({ verb: 'servesGroup' }, { kind: 'unavailable' })
    expect(await ask()).toEqual({ ok: true, value: false })
  })

  it('stay assigned once they were, without further requests: an upgrade of the cluster may remove the API for a while', async () => {
    const { ask, clock, looks } = rig([assigningGroup])
    await ask()
    clock.nowMs = 60 * minute
    expect([await ask(), looks()]).toEqual([{ ok: true, value: true }, 1])
  })
})
