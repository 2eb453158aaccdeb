import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRecordingLogger } from '../../gateway/testing/recording-logger.ts'
import { configMapType, valueOf } from '../testing/kubernetes-api-contract.ts'
import { createMemoryKubernetes, type MemoryKubernetes } from '../testing/memory-kubernetes.ts'
import { createWatchRecorder } from '../testing/watcher-contract-recorder.ts'
import type { KubernetesApi } from './kubernetes-api.ts'
import { isReplay } from './list-watch-known.ts'
import { createListWatch, type ListWatchOptions } from './list-watch.ts'
import type { WatchHandlers, WatchTarget } from './watcher.ts'

let twin: MemoryKubernetes
beforeEach(() => {
  vi.useFakeTimers()
  twin = createMemoryKubernetes()
})
afterEach(() => void vi.useRealTimers())

const put = async (name: string, value = ''): Promise<void> => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'test' }, data: { value } }
  valueOf(await twin.apply(configMapType, object, { fieldManager: 'test', force: true }))
}
const remove = async (name: string): Promise<void> => valueOf(await twin.delete(configMapType, { namespace: 'test', name }, {}))
const passMs = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)
const requests = (verb: string): number => twin.requests().filter((each) => each.verb === verb).length

function watch(options: Partial<ListWatchOptions> = {}, api: Pick<KubernetesApi, 'list' | 'watch'> = twin) {
  const recorder = createWatchRecorder()
  const { logger, lines } = createRecordingLogger()
  // `random` of one: every wait is as long as it may be.
  const watcher = createListWatch({ api, logger, random: () => 1, target: { type: configMapType }, options })
  return { watcher, recorder, lines, start: (handlers: WatchHandlers = recorder.handlers) => watcher.start(handlers) }
}

/** A watch that looks at no signal, and ends without an event. */
async function* eventsAfter(work: Promise<void>): AsyncGenerator<never, void> {
  yield* (await work) ?? []
}

describe('listing', () => {
  it('tells after `gone` only the difference: what changed, what is new, what is no more, and what is another of the same name', async () => {
    for (const name of ['same', 'changed', 'removed', 'replaced']) await put(name)
    const { watcher, recorder, start } = watch({ pageSize: 2 })
    start()
    await passMs(0)
    twin.vanish()
    await put('changed', 'x').catch(() => {}) // refused: it has vanished
    twin.comeBack()
    const told = recorder.told.length
    await put('changed', 'x')
    await remove('removed')
    await remove('replaced')
    await put('replaced')
    await put('new')
    twin.compact()
    await passMs(60_000)
    expect(recorder.told.slice(told).toSorted()).toEqual(['+changed', '+new', '+replaced', '?removed', '?replaced'])
    expect(recorder.objections).toEqual([])
    await watcher.stop()
  })

  it('starts a list over when its pages ran out of history, and tells nothing twice', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await put(name)
    const { watcher, recorder, start } = watch({ pageSize: 2 })
    let pages = 0
    const list: KubernetesApi['list'] = async (type, options) => {
      pages += 1
      if (pages === 2) twin.compact()
      return twin.list(type, options)
    }
    const other = watch({ pageSize: 2 }, { list, watch: twin.watch })
    other.start()
    await passMs(0)
    expect(other.recorder.told).toEqual(['+a', '+b'])
    expect(other.watcher.state().hasSynced).toBe(false)
    await passMs(1_000)
    expect(other.recorder.told).toEqual(['+a', '+b', '+c', '+d', '+e'])
    expect(other.watcher.state()).toMatchObject({ hasSynced: true, relists: 2 })
    expect(other.lines).toEqual([])
    start()
    await passMs(0)
    expect(recorder.told).toHaveLength(5)
    await Promise.all([watcher.stop(), other.watcher.stop()])
  })

  it('waits longer and longer for a server that does not answer, and says so in two lines', async () => {
    twin.vanish()
    const { watcher, lines, start } = watch()
    start()
    await passMs(60_000)
    // At 0, 1, 3, 7, 15, 31 and 61 s.
    expect(requests('list')).toBe(6)
    expect(watcher.state()).toMatchObject({ hasSynced: false, lastHeardAtMs: null })
    twin.comeBack()
    await passMs(31_000)
    twin.sendBookmarks()
    await passMs(0)
    expect(lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      'warn: a watch failed; it is tried again and again',
      'info: a watch that failed works again',
    ])
    expect(watcher.state().hasSynced).toBe(true)
    await watcher.stop()
  })

  it('comes back no earlier than a server that has too much to do has asked for', async () => {
    twin.failNext({ verb: 'list' }, { kind: 'overloaded', retryAfterMs: 20_000 })
    const { watcher, start } = watch()
    start()
    await passMs(20_500)
    expect(requests('list')).toBe(1)
    await passMs(600)
    expect(watcher.state().hasSynced).toBe(true)
    await watcher.stop()
  })

  // A CustomResourceDefinition that was taken away and put back was not seen for up to a minute.
  it('asks for a type that is not there soon and then from time to time, and tells the end of all when it is removed', async () => {
    await put('a')
    const { watcher, recorder, start } = watch()
    start()
    await passMs(0)
    twin.uninstall(configMapType)
    await passMs(3_000)
    expect(watcher.state()).toMatchObject({ isTypeMissing: true, hasSynced: true })
    expect(recorder.told).toEqual(['+a', '-a'])
    const asked = requests('list')
    await passMs(60_000)
    expect(requests('list')).toBe(asked + 4)
    await passMs(600_000)
    expect(requests('list')).toBe(asked + 14)
    twin.install(configMapType)
    await put('b')
    await passMs(60_000)
    expect(recorder.told).toEqual(['+a', '-a', '+b'])
    await watcher.stop()
  })
})

describe('synced', () => {
  it('resolves when the last page of the first list was handed over', async () => {
    for (const name of ['a', 'b', 'c']) await put(name)
    const { watcher, recorder, start } = watch({ pageSize: 2 })
    const told = watcher.synced.then(() => [...recorder.told])
    start()
    await passMs(0)
    expect(await told).toEqual(['+a', '+b', '+c'])
    await watcher.stop()
  })

  it('stays pending when the watcher is stopped before its first list is complete', async () => {
    const { watcher, start } = watch({}, { list: () => new Promise(() => {}), watch: twin.watch })
    let hasResolved = false
    void watcher.synced.then(() => (hasResolved = true))
    start()
    await passMs(1_000)
    await watcher.stop()
    await passMs(1_000)
    expect(hasResolved).toBe(false)
  })
})

describe('a namespace that the server refuses to show', () => {
  const refused = { kind: 'forbidden', message: 'configmaps is forbidden' } as const

  function watchNamespace(target: Partial<WatchTarget> = { namespace: 'test' }) {
    const recorder = createWatchRecorder()
    const reached: boolean[] = []
    const { logger, lines } = createRecordingLogger()
    const watcher = createListWatch({ api: twin, logger, random: () => 1, target: { type: configMapType, ...target } })
    return {
      watcher,
      recorder,
      reached,
      lines,
      start: () => watcher.start({ ...recorder.handlers, onReach: (isOut) => reached.push(isOut) }),
    }
  }
  const refuse = (times: number): void => twin.failNext({ verb: 'list' }, refused, times)

  // A tenant deleted its namespace, and the operator's Role with it. After its next start the operator was never ready, for no namespace.
  it('counts as empty after ten seconds of refusals, is asked for again, and tells of its objects when it can be read', async () => {
    await put('a')
    refuse(5)
    const { watcher, recorder, reached, lines, start } = watchNamespace()
    start()
    await passMs(9_000)
    expect([watcher.state().hasSynced, reached]).toEqual([false, []])
    await passMs(1_000)
    expect([watcher.state(), reached]).toMatchObject([{ hasSynced: true, isOutOfReach: true }, [true]])
    await passMs(60_000)
    expect([watcher.state(), reached, recorder.told]).toMatchObject([{ hasSynced: true, isOutOfReach: false }, [true, false], ['+a']])
    expect(lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      'warn: a namespace is out of reach; it counts as empty and is asked for again from time to time',
      'info: a namespace that was out of reach can be read again',
    ])
    await watcher.stop()
  })

  // Its answers are refusals, but they are answers. /livez called the watch dead after five minutes, and the pod was restarted.
  it('is heard of with each refusal, and asked for once or twice a minute', async () => {
    refuse(1_000)
    const { watcher, start } = watchNamespace()
    start()
    await passMs(600_000)
    expect(Date.now() - (watcher.state().lastHeardAtMs ?? 0)).toBeLessThanOrEqual(60_000)
    expect(requests('list')).toBeLessThan(20)
    await watcher.stop()
  })

  it('keeps what was known of it for ten minutes, and then its objects are gone', async () => {
    await put('a')
    const { watcher, recorder, start } = watchNamespace()
    start()
    await passMs(0)
    refuse(1_000)
    twin.compact()
    twin.failNext({ verb: 'watch' }, { kind: 'gone' })
    twin.endWatches()
    await passMs(590_000)
    expect([watcher.state().isOutOfReach, recorder.told]).toEqual([true, ['+a']])
    await passMs(120_000)
    expect(recorder.told).toEqual(['+a', '?a'])
    await watcher.stop()
  })

  it('begins its ten seconds anew when the server had other trouble in between', async () => {
    refuse(4)
    twin.failNext({ verb: 'list' }, { kind: 'unavailable', retryAfterMs: 20_000 })
    refuse(1)
    const { watcher, start } = watchNamespace()
    start()
    await passMs(30_000)
    expect(watcher.state()).toMatchObject({ isOutOfReach: false })
    await watcher.stop()
  })

  it('is no namespace when all of the cluster is watched: then nothing has synced', async () => {
    refuse(1_000)
    const { watcher, reached, start } = watchNamespace({})
    start()
    await passMs(120_000)
    expect([watcher.state(), reached]).toMatchObject([{ hasSynced: false, isOutOfReach: false }, []])
    await watcher.stop()
  })
})

describe('watching', () => {
  it('goes on from the last bookmark, so that a quiet type does not fall out of the history', async () => {
    const { watcher, start } = watch()
    start()
    await passMs(0)
    await twin.create(
      { ...configMapType, plural: 'others', kind: 'Other' },
      { apiVersion: 'v1', kind: 'Other', metadata: { name: 'x', namespace: 'test' } },
    )
    twin.sendBookmarks()
    await passMs(0)
    twin.compact()
    twin.endWatches()
    await passMs(5_000)
    expect(watcher.state().relists).toBe(1)
    expect(twin.openWatches).toBe(1)
    await watcher.stop()
  })

  it('gives up a connection on which nothing was heard for three minutes, and lists again', async () => {
    const { watcher, recorder, lines, start } = watch()
    start()
    await passMs(0)
    twin.vanish('silently')
    twin.comeBack()
    await put('missed')
    await passMs(179_000)
    expect(recorder.told).toEqual([])
    await passMs(2_000)
    expect(recorder.told).toEqual(['+missed'])
    expect(lines).toMatchObject([
      {
        level: 'warn',
        message: 'a watch said nothing for too long and is given up; everything is listed anew',
        fields: { resource: 'configmaps', silenceMs: 180_000 },
      },
    ])
    await watcher.stop()
  })

  it('does not give up a connection that brings bookmarks', async () => {
    const { watcher, start } = watch({ watchSeconds: 3_600 })
    start()
    for (let minute = 0; minute < 30; minute += 1) {
      await passMs(60_000)
      twin.sendBookmarks()
    }
    await passMs(0)
    expect(watcher.state()).toMatchObject({ relists: 1, lastHeardAtMs: Date.now() })
    expect(requests('watch')).toBe(1)
    await watcher.stop()
  })

  it('watches again from where it was when a connection breaks, and lists only when it breaks again', async () => {
    const { watcher, start } = watch()
    start()
    await passMs(0)
    twin.vanish()
    twin.comeBack()
    await passMs(2_000)
    expect(watcher.state().relists).toBe(1)
    expect(twin.openWatches).toBe(1)
    await passMs(15_000)
    twin.failNext({ verb: 'watch' }, { kind: 'unavailable' })
    twin.vanish()
    twin.comeBack()
    await passMs(30_000)
    expect(watcher.state().relists).toBe(2)
    await watcher.stop()
  })

  it('does not hammer a server that ends every watch at once', async () => {
    const open = vi.fn<() => AsyncIterable<never>>(() => eventsAfter(Promise.resolve()))
    const { watcher, start } = watch({}, { list: twin.list, watch: open })
    start()
    await passMs(60_000)
    expect(requests('list')).toBe(1)
    expect(open).toHaveBeenCalledTimes(6)
    await watcher.stop()
  })

  it('does not hammer a server that lets us list but not watch', async () => {
    twin.failNext({ verb: 'watch' }, { kind: 'forbidden' }, 1_000)
    const { watcher, lines, start } = watch()
    start()
    await passMs(300_000)
    expect(requests('watch')).toBeLessThan(16)
    expect(lines).toMatchObject([{ level: 'warn', fields: { doing: 'watch', kind: 'forbidden' } }])
    await watcher.stop()
  })

  it('survives handlers that throw, and says that they are a bug', async () => {
    const { watcher, lines, start } = watch()
    const onUpsert = vi.fn<() => void>(() => {
      throw new Error('oops')
    })
    start({ onUpsert, onDelete: onUpsert })
    await passMs(0)
    await put('a')
    await put('b')
    await remove('a')
    await passMs(0)
    expect(onUpsert).toHaveBeenCalledTimes(3)
    expect(lines.map(({ level, message }) => `${level}: ${message}`)).toEqual(
      Array.from({ length: 3 }, () => 'error: a handler of a watch threw: this is a bug'),
    )
    expect(lines[0]?.fields).toMatchObject({ namespace: 'test', name: 'a', err: { message: 'oops' } })
    await watcher.stop()
  })

  it('survives an implementation that throws, and says that it is a bug', async () => {
    let calls = 0
    const list: KubernetesApi['list'] = (type, options) => {
      calls += 1
      if (calls === 1) throw new TypeError('oops')
      return calls === 2 ? Promise.reject(new Error('oops')) : twin.list(type, options)
    }
    const { watcher, lines, start } = watch({}, { list, watch: twin.watch })
    start()
    await passMs(10_000)
    expect(watcher.state().hasSynced).toBe(true)
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(2)
    await watcher.stop()
  })
})

describe('stopping', () => {
  it('ends at once in each of its waits: for a list, for its turn, for a type, for events', async () => {
    const never = watch({}, { list: () => new Promise(() => {}), watch: twin.watch })
    never.start()
    const backingOff = watch(
      {},
      { list: async () => ({ ok: false, error: { kind: 'unavailable', code: 0, message: '' } }), watch: twin.watch },
    )
    backingOff.start()
    const typeless = watch(
      {},
      { list: async () => ({ ok: false, error: { kind: 'no-such-resource', code: 404, message: '' } }), watch: twin.watch },
    )
    typeless.start()
    const deaf = watch({}, { list: twin.list, watch: () => eventsAfter(new Promise(() => {})) })
    deaf.start()
    const watching = watch()
    watching.start()
    await passMs(0)
    await Promise.all([never, backingOff, typeless, deaf, watching].map(({ watcher }) => watcher.stop()))
    expect(twin.openWatches).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('calls no handler afterwards, also when a handler is what stops it', async () => {
    for (const name of ['a', 'b', 'c']) await put(name)
    const { watcher, start } = watch()
    const onUpsert = vi.fn<() => void>(() => void watcher.stop())
    start({ onUpsert, onDelete: onUpsert })
    await passMs(1_000)
    expect(onUpsert).toHaveBeenCalledTimes(1)
  })
})

describe('recognising a replay', () => {
  it('compares whole numbers of any length, and nothing else', () => {
    expect([isReplay('9', '10'), isReplay('10', '10'), isReplay('11', '10')]).toEqual([true, true, false])
    expect(isReplay('99999999999999999998', '99999999999999999999')).toBe(true)
    expect([isReplay('a', '10'), isReplay('9', ''), isReplay('', '10')]).toEqual([false, false, false])
  })
})
