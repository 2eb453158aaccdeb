import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRecordingLogger } from '../../gateway/testing/recording-logger.ts'
import { configMapType, valueOf } from '../testing/kubernetes-api-contract.ts'
import { createMemoryKubernetes, type MemoryKubernetes } from '../testing/memory-kubernetes.ts'
import { createWatchRecorder } from '../testing/watcher-contract-recorder.ts'
import type { KubernetesApi } from './kubernetes-api.ts'
import { isReplay } from './list-watch-known.ts'
import { createListWatch, type ListWatchOptions } from './list-watch.ts'
import type { WatchHandlers, WatchTarget } from './watcher.ts'

let server: MemoryKubernetes
beforeEach(() => {
  vi.useFakeTimers()
  server = createMemoryKubernetes()
})
afterEach(() => void vi.useRealTimers())

const put = async (name: string, value = ''): Promise<void> => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'test' }, data: { value } }
  valueOf(await server.apply(configMapType, object, { fieldManager: 'test', force: true }))
}
const remove = async (name: string): Promise<void> => valueOf(await server.delete(configMapType, { namespace: 'test', name }, {}))
const passMs = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)
const requests = (verb: string): number => server.requests().filter((each) => each.verb === verb).length

function watch(options: Partial<ListWatchOptions> = {}, api: Pick<KubernetesApi, 'list' | 'watch'> = server) {
  const recorder = createWatchRecorder()
  const { logger, lines } = createRecordingLogger()
  // `random` of one: every wait has its full length.
  const watcher = createListWatch({ api, logger, random: () => 1, target: { type: configMapType }, options })
  return { watcher, recorder, lines, start: (handlers: WatchHandlers = recorder.handlers) => watcher.start(handlers) }
}

/** A watch that ignores its signal, and ends without an event. */
async function* eventsAfter(work: Promise<void>): AsyncGenerator<never, void> {
  yield* (await work) ?? []
}

describe('listing', () => {
  it('reports only the difference after `gone`: changed, new, removed and replaced objects', async () => {
    for (const name of ['same', 'changed', 'removed', 'replaced']) await put(name)
    const { watcher, recorder, start } = watch({ pageSize: 2 })
    start()
    await passMs(0)
    server.vanish()
    await put('changed', 'x').catch(() => {}) // refused: the server is away
    server.comeBack()
    const reported = recorder.reported.length
    await put('changed', 'x')
    await remove('removed')
    await remove('replaced')
    await put('replaced')
    await put('new')
    server.compact()
    await passMs(60_000)
    expect(recorder.reported.slice(reported).toSorted()).toEqual(['+changed', '+new', '+replaced', '?removed', '?replaced'])
    expect(recorder.violations).toEqual([])
    await watcher.stop()
  })

  it('restarts a list whose pages ran out of history, and reports no object twice', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await put(name)
    const { watcher, recorder, start } = watch({ pageSize: 2 })
    let pages = 0
    const list: KubernetesApi['list'] = async (type, options) => {
      pages += 1
      if (pages === 2) server.compact()
      return server.list(type, options)
    }
    const other = watch({ pageSize: 2 }, { list, watch: server.watch })
    other.start()
    await passMs(0)
    expect(other.recorder.reported).toEqual(['+a', '+b'])
    expect(other.watcher.state().hasSynced).toBe(false)
    await passMs(1_000)
    expect(other.recorder.reported).toEqual(['+a', '+b', '+c', '+d', '+e'])
    expect(other.watcher.state()).toMatchObject({ hasSynced: true, relists: 2 })
    expect(other.lines).toEqual([])
    start()
    await passMs(0)
    expect(recorder.reported).toHaveLength(5)
    await Promise.all([watcher.stop(), other.watcher.stop()])
  })

  it('backs off from a server that does not respond, and logs two lines', async () => {
    server.vanish()
    const { watcher, lines, start } = watch()
    start()
    await passMs(60_000)
    // At 0, 1, 3, 7, 15, 31 and 61 s.
    expect(requests('list')).toBe(6)
    expect(watcher.state()).toMatchObject({ hasSynced: false, lastHeardAtMs: null })
    server.comeBack()
    await passMs(31_000)
    server.sendBookmarks()
    await passMs(0)
    expect(lines.map(({ level, message }) => `${level}: ${message}`)).toEqual(['warn: watch failed', 'info: watch recovered'])
    expect(watcher.state().hasSynced).toBe(true)
    await watcher.stop()
  })

  it('waits as long as an overloaded server asks for', async () => {
    server.failNext({ verb: 'list' }, { kind: 'overloaded', retryAfterMs: 20_000 })
    const { watcher, start } = watch()
    start()
    await passMs(20_500)
    expect(requests('list')).toBe(1)
    await passMs(600)
    expect(watcher.state().hasSynced).toBe(true)
    await watcher.stop()
  })

  // A CustomResourceDefinition that was removed and installed again was not noticed for up to a minute.
  it('requests a missing type soon and then from time to time, and reports the end of all its objects', async () => {
    await put('a')
    const { watcher, recorder, start } = watch()
    start()
    await passMs(0)
    server.uninstall(configMapType)
    await passMs(3_000)
    expect(watcher.state()).toMatchObject({ isTypeMissing: true, hasSynced: true })
    expect(recorder.reported).toEqual(['+a', '-a'])
    const asked = requests('list')
    await passMs(60_000)
    expect(requests('list')).toBe(asked + 4)
    await passMs(600_000)
    expect(requests('list')).toBe(asked + 14)
    server.install(configMapType)
    await put('b')
    await passMs(60_000)
    expect(recorder.reported).toEqual(['+a', '-a', '+b'])
    await watcher.stop()
  })
})

describe('synced', () => {
  it('resolves when the last page of the first list has been handed over', async () => {
    for (const name of ['a', 'b', 'c']) await put(name)
    const { watcher, recorder, start } = watch({ pageSize: 2 })
    const reported = watcher.synced.then(() => [...recorder.reported])
    start()
    await passMs(0)
    expect(await reported).toEqual(['+a', '+b', '+c'])
    await watcher.stop()
  })

  it('stays pending when the watcher is stopped before its first list is complete', async () => {
    const { watcher, start } = watch({}, { list: () => new Promise(() => {}), watch: server.watch })
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
    const watcher = createListWatch({ api: server, logger, random: () => 1, target: { type: configMapType, ...target } })
    return {
      watcher,
      recorder,
      reached,
      lines,
      start: () => watcher.start({ ...recorder.handlers, onReach: (isOut) => reached.push(isOut) }),
    }
  }
  const refuse = (times: number): void => server.failNext({ verb: 'list' }, refused, times)

  // A tenant deleted its namespace, and the operator's Role with it. After its next start the operator was never ready for any namespace.
  it('counts as empty after ten seconds of refusals, is requested again, and reports its objects when it can be read', async () => {
    await put('a')
    refuse(5)
    const { watcher, recorder, reached, lines, start } = watchNamespace()
    start()
    await passMs(9_000)
    expect([watcher.state().hasSynced, reached]).toEqual([false, []])
    await passMs(1_000)
    expect([watcher.state(), reached]).toMatchObject([{ hasSynced: true, isOutOfReach: true }, [true]])
    await passMs(60_000)
    expect([watcher.state(), reached, recorder.reported]).toMatchObject([{ hasSynced: true, isOutOfReach: false }, [true, false], ['+a']])
    expect(lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
      'warn: namespace out of reach',
      'info: namespace in reach again',
    ])
    await watcher.stop()
  })

  // A refusal is a response, too. /livez reported the watch as dead after five minutes, and the pod was restarted.
  it('counts as heard at each refusal, and is requested once or twice a minute', async () => {
    refuse(1_000)
    const { watcher, start } = watchNamespace()
    start()
    await passMs(600_000)
    expect(Date.now() - (watcher.state().lastHeardAtMs ?? 0)).toBeLessThanOrEqual(60_000)
    expect(requests('list')).toBeLessThan(20)
    await watcher.stop()
  })

  it('keeps its known objects for ten minutes, and then reports them as gone', async () => {
    await put('a')
    const { watcher, recorder, start } = watchNamespace()
    start()
    await passMs(0)
    refuse(1_000)
    server.compact()
    server.failNext({ verb: 'watch' }, { kind: 'gone' })
    server.endWatches()
    await passMs(590_000)
    expect([watcher.state().isOutOfReach, recorder.reported]).toEqual([true, ['+a']])
    await passMs(120_000)
    expect(recorder.reported).toEqual(['+a', '?a'])
    await watcher.stop()
  })

  it('restarts its ten seconds after a failure of another kind', async () => {
    refuse(4)
    server.failNext({ verb: 'list' }, { kind: 'unavailable', retryAfterMs: 20_000 })
    refuse(1)
    const { watcher, start } = watchNamespace()
    start()
    await passMs(30_000)
    expect(watcher.state()).toMatchObject({ isOutOfReach: false })
    await watcher.stop()
  })

  it('is not out of reach when the whole cluster is watched: then the watch has not synced', async () => {
    refuse(1_000)
    const { watcher, reached, start } = watchNamespace({})
    start()
    await passMs(120_000)
    expect([watcher.state(), reached]).toMatchObject([{ hasSynced: false, isOutOfReach: false }, []])
    await watcher.stop()
  })
})

describe('watching', () => {
  it('resumes from the last bookmark, so that a quiet type does not fall out of the history', async () => {
    const { watcher, start } = watch()
    start()
    await passMs(0)
    await server.create(
      { ...configMapType, plural: 'others', kind: 'Other' },
      { apiVersion: 'v1', kind: 'Other', metadata: { name: 'x', namespace: 'test' } },
    )
    server.sendBookmarks()
    await passMs(0)
    server.compact()
    server.endWatches()
    await passMs(5_000)
    expect(watcher.state().relists).toBe(1)
    expect(server.openWatches).toBe(1)
    await watcher.stop()
  })

  it('gives up a connection that was silent for three minutes, and lists again', async () => {
    const { watcher, recorder, lines, start } = watch()
    start()
    await passMs(0)
    server.vanish('silently')
    server.comeBack()
    await put('missed')
    await passMs(179_000)
    expect(recorder.reported).toEqual([])
    await passMs(2_000)
    expect(recorder.reported).toEqual(['+missed'])
    expect(lines).toMatchObject([
      {
        level: 'warn',
        message: 'watch silent for too long, listing again',
        fields: { resource: 'configmaps', silenceMs: 180_000 },
      },
    ])
    await watcher.stop()
  })

  it('keeps a connection that brings bookmarks', async () => {
    const { watcher, start } = watch({ watchSeconds: 3_600 })
    start()
    for (let minute = 0; minute < 30; minute += 1) {
      await passMs(60_000)
      server.sendBookmarks()
    }
    await passMs(0)
    expect(watcher.state()).toMatchObject({ relists: 1, lastHeardAtMs: Date.now() })
    expect(requests('watch')).toBe(1)
    await watcher.stop()
  })

  it('resumes when a connection breaks, and lists only when it breaks again', async () => {
    const { watcher, start } = watch()
    start()
    await passMs(0)
    server.vanish()
    server.comeBack()
    await passMs(2_000)
    expect(watcher.state().relists).toBe(1)
    expect(server.openWatches).toBe(1)
    await passMs(15_000)
    server.failNext({ verb: 'watch' }, { kind: 'unavailable' })
    server.vanish()
    server.comeBack()
    await passMs(30_000)
    expect(watcher.state().relists).toBe(2)
    await watcher.stop()
  })

  it('does not hammer a server that ends every watch at once', async () => {
    const open = vi.fn<() => AsyncIterable<never>>(() => eventsAfter(Promise.resolve()))
    const { watcher, start } = watch({}, { list: server.list, watch: open })
    start()
    await passMs(60_000)
    expect(requests('list')).toBe(1)
    expect(open).toHaveBeenCalledTimes(6)
    await watcher.stop()
  })

  it('does not hammer a server that allows lists but no watches', async () => {
    server.failNext({ verb: 'watch' }, { kind: 'forbidden' }, 1_000)
    const { watcher, lines, start } = watch()
    start()
    await passMs(300_000)
    expect(requests('watch')).toBeLessThan(16)
    expect(lines).toMatchObject([{ level: 'warn', fields: { doing: 'watch', kind: 'forbidden' } }])
    await watcher.stop()
  })

  it('survives handlers that throw, and logs the errors', async () => {
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
    expect(lines.map(({ level, message }) => `${level}: ${message}`)).toEqual(Array.from({ length: 3 }, () => 'error: watch handler threw'))
    expect(lines[0]?.fields).toMatchObject({ namespace: 'test', name: 'a', err: { message: 'oops' } })
    await watcher.stop()
  })

  it('survives an API that throws, and logs the errors', async () => {
    let calls = 0
    const list: KubernetesApi['list'] = (type, options) => {
      calls += 1
      if (calls === 1) throw new TypeError('oops')
      return calls === 2 ? Promise.reject(new Error('oops')) : server.list(type, options)
    }
    const { watcher, lines, start } = watch({}, { list, watch: server.watch })
    start()
    await passMs(10_000)
    expect(watcher.state().hasSynced).toBe(true)
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(2)
    await watcher.stop()
  })
})

describe('stopping', () => {
  it('ends each wait at once: for a list, for a retry, for a type, for events', async () => {
    const never = watch({}, { list: () => new Promise(() => {}), watch: server.watch })
    never.start()
    const backingOff = watch(
      {},
      { list: async () => ({ ok: false, error: { kind: 'unavailable', code: 0, message: '' } }), watch: server.watch },
    )
    backingOff.start()
    const typeless = watch(
      {},
      { list: async () => ({ ok: false, error: { kind: 'no-such-resource', code: 404, message: '' } }), watch: server.watch },
    )
    typeless.start()
    const deaf = watch({}, { list: server.list, watch: () => eventsAfter(new Promise(() => {})) })
    deaf.start()
    const watching = watch()
    watching.start()
    await passMs(0)
    await Promise.all([never, backingOff, typeless, deaf, watching].map(({ watcher }) => watcher.stop()))
    expect(server.openWatches).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('calls no handler afterwards, also when a handler stops the watcher', async () => {
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
