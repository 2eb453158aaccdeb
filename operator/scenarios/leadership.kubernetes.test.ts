import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { leaseType } from '../runtime/lease.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import { testLeaseMs, type OperatorProcess } from '../../testing/processes/operator-process.ts'
import { readingVerbs, startRecordingProxy, type RecordedRequest, type RecordingProxy } from '../testing/recording-proxy.ts'
import { soon } from '../testing/scenario.ts'
import { operatorUser, startTestCluster, testChannel, type TestCluster } from '../testing/test-cluster.ts'

/** An operator, and all that it asks of the API server. */
interface Watched {
  readonly operator: OperatorProcess
  readonly proxy: RecordingProxy
}

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster()
})
afterAll(() => cluster?.stop())

/** All that changes something, the Lease alone excepted: that is how they find out who may. */
const writesOf = ({ proxy }: Watched): readonly RecordedRequest[] =>
  proxy.requests.filter(({ verb, resource }) => !readingVerbs.has(verb) && resource !== 'leases')
const firstOf = (watched: Watched): number => Math.min(...writesOf(watched).map(({ startedAtMs }) => startedAtMs))
const lastOf = (watched: Watched): number => Math.max(...writesOf(watched).map(({ startedAtMs }) => startedAtMs))

describe('two operators', () => {
  /** Who is at work, and who stands by, when a test begins. Whoever took over is the first of the next one. */
  let first: Watched
  let second: Watched
  const started: Watched[] = []
  let namespace: string
  let channels: number

  async function start(): Promise<Watched> {
    const proxy = await startRecordingProxy(cluster.plane)
    const watched = {
      proxy,
      operator: await cluster.startOperator({ kubeconfig: proxy.kubeconfig(cluster.plane.userToken(operatorUser)) }),
    }
    started.push(watched)
    return watched
  }

  /** More and more of them: something is to be written at every moment. */
  async function makeChannels(count: number): Promise<void> {
    await Promise.all(
      Array.from({ length: count }, () => testChannel(cluster, namespace, `c${(channels += 1)}`).apply({ topic: { partitions: 1 } })),
    )
  }
  const untilCarriedOut = (name: string): Promise<void> =>
    soon(async () => expect(await testChannel(cluster, namespace, name).child('Deployment')).not.toBe(null))

  /** In the middle of it. */
  async function untilBusy(): Promise<void> {
    const before = writesOf(first).length
    await soon(() => expect(writesOf(first).length).toBeGreaterThan(before + 20))
  }

  beforeAll(async () => {
    second = await start()
  })
  beforeEach(async () => {
    first = second
    await first.operator.line('became leader')
    second = await start()
    namespace = await cluster.makeNamespace()
    channels = 0
    await makeChannels(1)
    await untilCarriedOut('c1')
  })
  afterAll(() => Promise.all(started.map(({ proxy }) => proxy.stop())))

  it('have one at work, and the other ready to take over at once when that is told to end', async () => {
    expect(writesOf(first).length).toBeGreaterThan(0)
    expect(writesOf(second)).toEqual([])
    expect(await Promise.all([first, second].map(({ operator }) => operator.probe('/readyz')))).toEqual([200, 200])
    const { spec } = valueOf(await cluster.api.get(leaseType, { namespace: 'default', name: 'carillon-operator' }))
    expect((await first.operator.line('became leader'))['identity']).toBe((spec as { readonly holderIdentity: string }).holderIdentity) // of a Lease
    const busy = makeChannels(20)
    await untilBusy()
    first.operator.signal('SIGTERM')
    const toldAtMs = performance.now()
    expect(await first.operator.exited).toEqual({ code: 0, signal: null })
    await busy
    await soon(() => expect(writesOf(second).length).toBeGreaterThan(0))
    // What was under way ends first, and the other looks every half second. Nobody waits for the end of the lease.
    expect(firstOf(second) - toldAtMs).toBeLessThan(testLeaseMs - 500)
    expect(lastOf(first)).toBeLessThan(firstOf(second))
    for (let n = 1; n <= channels; n += 1) await untilCarriedOut(`c${n}`)
  })

  it('go on within the lease time when the one at work is killed in the middle of it', async () => {
    const busy = makeChannels(20)
    await untilBusy()
    first.operator.signal('SIGKILL')
    const killedAtMs = performance.now()
    await busy
    await soon(() => expect(writesOf(second).length).toBeGreaterThan(0))
    // It began to count when it last saw a renewal, and looks every half second. A busy machine takes its time for the rest.
    expect(firstOf(second) - killedAtMs).toBeLessThan(testLeaseMs * 2)
    expect(lastOf(first)).toBeLessThan(firstOf(second))
    for (let n = 1; n <= channels; n += 1) await untilCarriedOut(`c${n}`)
  })

  it('go on when the one at work is stopped for longer than its lease, which writes nothing when it wakes up, and ends with 1', async () => {
    const busy = makeChannels(20)
    await untilBusy()
    first.operator.signal('SIGSTOP')
    await busy
    await soon(() => expect(writesOf(second).length).toBeGreaterThan(0))
    const written = writesOf(first).length
    first.operator.signal('SIGCONT')
    expect(await first.operator.exited).toEqual({ code: 1, signal: null })
    expect(first.operator.lines.some(({ msg }) => msg === 'lost leadership')).toBe(true)
    // Not a write more, nor one that was on its way when another had begun.
    expect(writesOf(first).length).toBe(written)
    expect(lastOf(first)).toBeLessThan(firstOf(second))
    for (let n = 1; n <= channels; n += 1) await untilCarriedOut(`c${n}`)
  })

  it('never are both at work while the one at work cannot reach the API server', async () => {
    first.proxy.cut()
    await makeChannels(5)
    expect(await first.operator.exited).toEqual({ code: 1, signal: null })
    first.proxy.resume()
    await untilCarriedOut('c6')
    expect(lastOf(first)).toBeLessThan(firstOf(second))
  })
})
