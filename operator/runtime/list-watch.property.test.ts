import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createRecordingLogger } from '../../gateway/testing/recording-logger.ts'
import { configMapType, valueOf } from '../testing/kubernetes-api-contract.ts'
import { createMemoryKubernetes, type MemoryKubernetes } from '../testing/memory-kubernetes.ts'
import { createRandom, createScriptedApi } from '../testing/scripted-api.ts'
import { createWatchRecorder, identityOf } from '../testing/watcher-contract-recorder.ts'
import { createListWatch } from './list-watch.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Something that happens on the server, by chance. */
async function happen(twin: MemoryKubernetes, random: () => number): Promise<void> {
  const ref = { namespace: 'test', name: `object-${Math.floor(random() * 6)}` }
  const dice = random()
  if (dice < 0.55) {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: ref, data: { value: String(random()) } }
    valueOf(await twin.apply(configMapType, object, { fieldManager: 'test', force: true }))
  } else if (dice < 0.85) await twin.delete(configMapType, ref, {}) // it may not be there
  else if (dice < 0.9) twin.compact()
  else if (dice < 0.94) twin.endWatches()
  else twin.sendBookmarks()
}

interface Run {
  readonly told: ReadonlyMap<string, string>
  readonly truth: ReadonlyMap<string, string>
  readonly objections: readonly string[]
  readonly troubles: Readonly<Record<string, number>>
}

/** Twelve minutes of trouble, then a quarter of an hour of peace. */
async function runScript(seed: number): Promise<Run> {
  const random = createRandom(seed)
  const twin = createMemoryKubernetes()
  const scripted = createScriptedApi(twin, random)
  const recorder = createWatchRecorder()
  const { logger, lines } = createRecordingLogger()
  const watcher = createListWatch({
    api: scripted,
    logger,
    random,
    target: { type: configMapType, namespace: 'test' },
    options: { pageSize: 2 },
  })
  watcher.start(recorder.handlers)
  for (let step = 0; step < 60; step += 1) {
    for (let each = 0; each < random() * 3; each += 1) await happen(twin, random)
    await vi.advanceTimersByTimeAsync(random() * 24_000)
  }
  scripted.calm()
  await vi.advanceTimersByTimeAsync(400_000)
  await happen(twin, random)
  await vi.advanceTimersByTimeAsync(500_000)
  await watcher.stop()
  const bugs = lines.filter(({ level }) => level === 'error').map(({ message }) => message)
  const truth = new Map(twin.objects(configMapType).map((object) => [`test/${object.metadata.name}`, identityOf(object)]))
  return { told: recorder.objects, truth, objections: [...recorder.objections, ...bugs], troubles: scripted.troubles }
}

describe('a watch of a server in trouble', () => {
  it('amounts in the end to what the server has, whatever happened in between, and never told nonsense', async () => {
    const troubles = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const run = await runScript(seed)
        for (const trouble of Object.keys(run.troubles)) troubles.add(trouble)
        expect(run.objections).toEqual([])
        expect(run.told).toEqual(run.truth)
      }),
      { numRuns: 200 },
    )
    expect([...troubles].toSorted()).toEqual([
      'list without an answer',
      'list: gone',
      'list: internal error',
      'list: no connection',
      'list: overloaded',
      'list: unauthorized',
      'replayed events',
      'slow list',
      'watch: break',
      'watch: end',
      'watch: gone',
      'watch: gone in between',
      'watch: half-open',
      'watch: half-open and deaf',
      'watch: internal error',
      'watch: no connection',
      'watch: none',
      'watch: overloaded',
      'watch: unauthorized',
    ])
  })
})
