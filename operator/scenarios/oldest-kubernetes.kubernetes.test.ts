import { afterAll, beforeAll, expect, it } from 'vitest'
import { sumOf, type OperatorProcess } from '../../testing/processes/operator-process.ts'
import { soon, untilReady } from '../testing/scenario.ts'
import { startTestCluster, testChannel, type TestCluster } from '../testing/test-cluster.ts'

/**
 * The oldest Kubernetes that gateways run on, emulated by a newer API server. In 1.30 `matchLabelKeys` of an affinity is off by default,
 * and the API server drops the field silently. A dropped field must not count as changed at every reconcile.
 */
const as130 = ['--emulated-version=1.31', '--feature-gates=MatchLabelKeysInPodAffinity=false']

let cluster: TestCluster
let operator: OperatorProcess
beforeAll(async () => {
  cluster = await startTestCluster({ apiServerFlags: as130 })
  operator = await cluster.startOperator({ env: { RESYNC_MS: '1000' } })
})
afterAll(() => cluster?.stop())

const reconciles = async (): Promise<number> => sumOf(await operator.metrics(), 'controller_runtime_reconcile_total')

it('keeps the wait of gateways before they stop, and is written once', async () => {
  const channel = testChannel(cluster, await cluster.makeNamespace())
  await channel.apply({ network: { egress: {} } })
  await untilReady(channel)
  const deployment = JSON.stringify(await channel.child('Deployment'))
  expect(deployment).toContain('"preStop":{"sleep":{"seconds":')
  // The field of the spread is kept, and the field of the affinity was dropped.
  expect(deployment.match(/"matchLabelKeys":\["pod-template-hash"\]/g)).toHaveLength(1)
  const [before, looked] = [await channel.versions(), await reconciles()]
  await soon(async () => expect(await reconciles()).toBeGreaterThan(looked + 3))
  expect(await channel.versions()).toEqual(before)
})
