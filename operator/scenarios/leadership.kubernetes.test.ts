import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { leaseType } from '../runtime/lease.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import { testLeaseMs, type OperatorProcess } from '../../testing/processes/operator-process.ts'
import { readingVerbs, startRecordingProxy, type RecordedRequest, type RecordingProxy } from '../testing/recording-proxy.ts'
import { soon } from '../testing/scenario.ts'
import { operatorUser, startTestCluster, testChannel, type TestCluster } from '../testing/test-cluster.ts'

/** An operator, and all its requests to the API server. */
interface Watched {
  readonly operator: OperatorProcess
  readonly proxy: RecordingProxy
}

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster()
})
afterAll(() => cluster?.stop())

/** Returns all writes but those to the Lease, by which the operators elect their leader. */
const writesOf = ({ proxy }: Watched): readonly RecordedRequest[] =>
  proxy.requests.filter(({ verb, resource }) => !readingVerbs.has(verb) && resource !== 'leases')
const firstOf = (watched: Watched): number => Math.min(...writesOf(watched).map(({ startedAtMs }) => startedAtMs))
const lastOf = (watched: Watched): number => Math.max(...writesOf(watched).map(({ startedAtMs }) => startedAtMs))

describe('two operators', () => {
  /** The leader and the standby at the start of a test. The operator that takes over is the leader of the next test. */
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

  /** Creates more and more channels, so that there is something to write at every moment. */
  async function makeChannels(count: number): Promise<void> {
    await Promise.all(
      Array.from({ length: count }, () => testChannel(cluster, namespace, `c${(channels += 1)}`).apply({ topic: { partitions: 1 } })),
    )
  }
  const untilCarriedOut = (name: string): Promise<void> =>
    soon(async () => expect(await testChannel(cluster, namespace, name).child('Deployment')).not.toBe(null))

  /** Resolves while the leader is writing. */
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

  it('have one leader, and a standby that takes over at once when the leader is terminated', async () => {
    expect(writesOf(first).length).toBeGreaterThan(0)
    expect(writesOf(second)).toEqual([])
    expect(await Promise.all([first, second].map(({ operator }) => operator.probe('/readyz')))).toEqual([200, 200])
    const { spec } = valueOf(await cluster.api.get(leaseType, { namespace: 'default', name: 'carillon-operator' }))
    expect((await first.operator.line('became leader'))['identity']).toBe((spec as { readonly holderIdentity: string }).holderIdentity) // a Lease
    const busy = makeChannels(20)
    await untilBusy()
    first.operator.signal('SIGTERM')
    const stoppedAtMs = performance.now()
    expect(await first.operator.exited).toEqual({ code: 0, signal: null })
    await busy
    await soon(() => expect(writesOf(second).length).toBeGreaterThan(0))
    // Reconciles in progress end first. The standby reads the Lease every half second, and does not wait for its expiry.
    expect(firstOf(second) - stoppedAtMs).toBeLessThan(testLeaseMs - 500)
    expect(lastOf(first)).toBeLessThan(firstOf(second))
    for (let n = 1; n <= channels; n += 1) await untilCarriedOut(`c${n}`)
  })

  it('continue within the lease time when the leader is killed during its work', async () => {
    const busy = makeChannels(20)
    await untilBusy()
    first.operator.signal('SIGKILL')
    const killedAtMs = performance.now()
    await busy
    await soon(() => expect(writesOf(second).length).toBeGreaterThan(0))
    // The standby counts from the last renewal that it saw, and reads the Lease every half second. A busy machine needs time for the rest.
    expect(firstOf(second) - killedAtMs).toBeLessThan(testLeaseMs * 2)
    expect(lastOf(first)).toBeLessThan(firstOf(second))
    for (let n = 1; n <= channels; n += 1) await untilCarriedOut(`c${n}`)
  })

  it('continue when the leader is paused for longer than its lease. It writes nothing when it wakes up, and exits with 1', async () => {
    const busy = makeChannels(20)
    await untilBusy()
    first.operator.signal('SIGSTOP')
    await busy
    await soon(() => expect(writesOf(second).length).toBeGreaterThan(0))
    const written = writesOf(first).length
    first.operator.signal('SIGCONT')
    expect(await first.operator.exited).toEqual({ code: 1, signal: null })
    expect(first.operator.lines.some(({ msg }) => msg === 'lost leadership')).toBe(true)
    // No write more, not even one in flight from before the take-over.
    expect(writesOf(first).length).toBe(written)
    expect(lastOf(first)).toBeLessThan(firstOf(second))
    for (let n = 1; n <= channels; n += 1) await untilCarriedOut(`c${n}`)
  })

  it('never both work while the leader cannot reach the API server', async () => {
    first.proxy.cut()
    await makeChannels(5)
    expect(await first.operator.exited).toEqual({ code: 1, signal: null })
    first.proxy.resume()
    await untilCarriedOut('c6')
    expect(lastOf(first)).toBeLessThan(firstOf(second))
  })
})
