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

/** Does one random thing on the server. */
async function happen(server: MemoryKubernetes, random: () => number): Promise<void> {
  const ref = { namespace: 'test', name: `object-${Math.floor(random() * 6)}` }
  const dice = random()
  if (dice < 0.55) {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: ref, data: { value: String(random()) } }
    valueOf(await server.apply(configMapType, object, { fieldManager: 'test', force: true }))
  } else if (dice < 0.85) await server.delete(configMapType, ref, {}) // the object may not exist
  else if (dice < 0.9) server.compact()
  else if (dice < 0.94) server.endWatches()
  else server.sendBookmarks()
}

interface Run {
  readonly reported: ReadonlyMap<string, string>
  readonly truth: ReadonlyMap<string, string>
  readonly violations: readonly string[]
  readonly troubles: Readonly<Record<string, number>>
}

/** Runs twelve minutes with failures, then fifteen minutes without. */
async function runScript(seed: number): Promise<Run> {
  const random = createRandom(seed)
  const server = createMemoryKubernetes()
  const scripted = createScriptedApi(server, random)
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
    for (let each = 0; each < random() * 3; each += 1) await happen(server, random)
    await vi.advanceTimersByTimeAsync(random() * 24_000)
  }
  scripted.calm()
  await vi.advanceTimersByTimeAsync(400_000)
  await happen(server, random)
  await vi.advanceTimersByTimeAsync(500_000)
  await watcher.stop()
  const bugs = lines.filter(({ level }) => level === 'error').map(({ message }) => message)
  const truth = new Map(server.objects(configMapType).map((object) => [`test/${object.metadata.name}`, identityOf(object)]))
  return { reported: recorder.objects, truth, violations: [...recorder.violations, ...bugs], troubles: scripted.troubles }
}

describe('a watch of a server in trouble', () => {
  it('ends with the state of the server after any failures, and never reports an impossible change', async () => {
    const troubles = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const run = await runScript(seed)
        for (const trouble of Object.keys(run.troubles)) troubles.add(trouble)
        expect(run.violations).toEqual([])
        expect(run.reported).toEqual(run.truth)
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
