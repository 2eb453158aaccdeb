import { describe, expect, it } from 'vitest'
import { channelType } from '../../../api/v1alpha1/realtime-channel.ts'
import { aChannel } from '../../testing/channel-builders.ts'
import { createMemoryKubernetes } from '../../testing/memory-kubernetes.ts'
import type { KubernetesObject } from '../../../api/kubernetes.ts'
import { releaseFinalizers } from './release-finalizers.ts'
import { names } from '../settings.ts'

const printed: string[] = []
const print = (line: string): void => void printed.push(line)

async function clusterWith(channels: readonly (readonly [namespace: string, name: string, finalizers: readonly string[]])[]) {
  const api = createMemoryKubernetes()
  for (const [namespace, name, finalizers] of channels) {
    const { uid: _uid, resourceVersion: _version, ...metadata } = aChannel({ metadata: { namespace, name, finalizers } }).metadata
    await api.create(channelType, { ...aChannel(), metadata } as unknown as KubernetesObject) // A channel is an object.
  }
  const finalizersOf = async (namespace: string, name: string) => {
    const found = await api.get(channelType, { namespace, name })
    return found.ok ? (found.value.metadata.finalizers ?? []) : found.error.kind
  }
  return { api, finalizersOf }
}

describe('releasing finalizers', () => {
  it("removes the operator's finalizer from all channels, and leaves the finalizers of others", async () => {
    const { api, finalizersOf } = await clusterWith([
      ['a', 'x', [names.finalizer, 'other.dev/one']],
      ['b', 'y', [names.finalizer]],
      ['b', 'z', []],
    ])
    expect(await releaseFinalizers({ api, namespaces: [], isDryRun: false, print })).toEqual({
      ok: true,
      value: { released: 2, failed: 0 },
    })
    expect(await finalizersOf('a', 'x')).toEqual(['other.dev/one'])
    expect(await finalizersOf('b', 'y')).toEqual([])
  })

  it('reads only the given namespaces', async () => {
    const { api, finalizersOf } = await clusterWith([
      ['a', 'x', [names.finalizer]],
      ['b', 'y', [names.finalizer]],
    ])
    expect(await releaseFinalizers({ api, namespaces: ['b'], isDryRun: false, print })).toEqual({
      ok: true,
      value: { released: 1, failed: 0 },
    })
    expect(await finalizersOf('a', 'x')).toEqual([names.finalizer])
  })

  it('frees a channel that waits only for this finalizer', async () => {
    const { api, finalizersOf } = await clusterWith([['a', 'x', [names.finalizer]]])
    await api.delete(channelType, { namespace: 'a', name: 'x' }, {})
    await releaseFinalizers({ api, namespaces: [], isDryRun: false, print })
    expect(await finalizersOf('a', 'x')).toBe('not-found')
  })

  it('only prints what it would do in a dry run', async () => {
    const { api, finalizersOf } = await clusterWith([['a', 'x', [names.finalizer]]])
    printed.length = 0
    await releaseFinalizers({ api, namespaces: [], isDryRun: true, print })
    expect(await finalizersOf('a', 'x')).toEqual([names.finalizer])
    expect(printed).toEqual(['a/x: would be released; its topic stays'])
  })

  it('continues with the other namespaces when one cannot be read, prints it, and counts a failure', async () => {
    const { api, finalizersOf } = await clusterWith([
      ['a', 'x', [names.finalizer]],
      ['b', 'y', [names.finalizer]],
    ])
    api.failNext({ verb: 'list' }, { kind: 'forbidden', message: 'not in a' })
    printed.length = 0
    expect(await releaseFinalizers({ api, namespaces: ['a', 'b'], isDryRun: false, print })).toEqual({
      ok: true,
      value: { released: 1, failed: 1 },
    })
    expect(await finalizersOf('b', 'y')).toEqual([])
    expect(printed[0]).toBe('a: its channels could not be listed: not in a')
  })

  it('retries when another writer was faster, and finds nothing when the type is unknown', async () => {
    const { api } = await clusterWith([['a', 'x', [names.finalizer]]])
    let conflicts = 2
    const busy: typeof api = {
      ...api,
      mergePatch: (...patch) =>
        conflicts-- > 0 ? Promise.resolve({ ok: false, error: { kind: 'conflict', message: '', code: 409 } }) : api.mergePatch(...patch),
    }
    expect(await releaseFinalizers({ api: busy, namespaces: [], isDryRun: false, print })).toEqual({
      ok: true,
      value: { released: 1, failed: 0 },
    })
    expect(
      await releaseFinalizers({ api: createMemoryKubernetes({ missing: [channelType] }), namespaces: [], isDryRun: false, print }),
    ).toEqual({ ok: true, value: { released: 0, failed: 0 } })
  })
})
