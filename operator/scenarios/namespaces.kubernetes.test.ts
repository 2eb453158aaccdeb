import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ResourceType } from '../../api/kubernetes.ts'
import { valueOf } from '../testing/kubernetes-api-contract.ts'
import type { OperatorProcess } from '../../testing/processes/operator-process.ts'
import { eventsOf, soon, untilReady } from '../testing/scenario.ts'
import { grantRoles, startTestCluster, testChannel, type TestCluster } from '../testing/test-cluster.ts'

const scoped = 'operator-of-two'
const lease = { namespace: 'default', name: scoped }
const namespaceType: ResourceType = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', isNamespaced: false }
const outOfReach = async (operator: OperatorProcess): Promise<number | undefined> =>
  (await operator.metrics()).get('carillon_operator_namespaces_out_of_reach')

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startTestCluster({ users: [scoped] })
})
afterAll(() => cluster?.stop())

const startScoped = (namespaces: readonly string[]): Promise<OperatorProcess> =>
  cluster.startOperator({ kubeconfig: cluster.plane.userKubeconfig(scoped), env: { NAMESPACES: namespaces.join(','), LEASE_NAME: scoped } })

/** Deletes a namespace as its owner would, with everything in it, including the operator's Role. */
async function deleteNamespace(name: string): Promise<void> {
  valueOf(await cluster.api.delete(namespaceType, { namespace: '', name }, {}))
  await soon(async () => expect((await cluster.api.get(namespaceType, { namespace: '', name })).ok).toBe(false), 120_000)
}

describe('a namespace of NAMESPACES that is deleted', () => {
  // After the next start of the operator, no process led and no channel of any namespace was reconciled.
  it('affects no other namespace: after a restart the others are reconciled, and so is this one when it exists again', async () => {
    const [one, two] = [await cluster.makeNamespace(), await cluster.makeNamespace()]
    await grantRoles(cluster.plane, { user: scoped, watchNamespaces: [one, two] })
    const [stays, goes] = [testChannel(cluster, one), testChannel(cluster, two)]
    const first = await startScoped([one, two])
    for (const channel of [stays, goes]) {
      await channel.apply()
      await untilReady(channel)
    }
    await deleteNamespace(two)
    await stays.apply({ gateway: { replicas: 3 } })
    await untilReady(stays)
    first.signal('SIGTERM')
    expect(await first.exited).toEqual({ code: 0, signal: null })

    const second = await startScoped([one, two])
    await second.line('became leader')
    expect([await second.probe('/readyz'), await second.probe('/livez')]).toEqual([200, 200])
    await stays.apply({ gateway: { replicas: 4 } })
    await untilReady(stays)
    expect(await stays.status()).toMatchObject({ replicas: 4 })
    expect(await outOfReach(second)).toBe(1)
    const event = await soon(async () => {
      const found = (await eventsOf(cluster, lease)).find(({ reason }) => reason === 'NamespaceOutOfReach')
      expect(found).toBeDefined()
      return found
    })
    expect(event).toMatchObject({
      type: 'Warning',
      note: expect.stringContaining(`The operator cannot read the namespace ${two} (NAMESPACES)`),
    })

    valueOf(await cluster.api.create(namespaceType, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: two } }))
    await grantRoles(cluster.plane, { user: scoped, watchNamespaces: [two] })
    await goes.apply()
    await soon(async () => expect(await outOfReach(second)).toBe(0), 120_000)
    await untilReady(goes)
    second.signal('SIGTERM')
    expect(await second.exited).toEqual({ code: 0, signal: null })
  }, 600_000)

  it('is reported by a run of --once, which reconciles the others and does not exit with 0', async () => {
    const [one, two] = [await cluster.makeNamespace(), await cluster.makeNamespace()]
    await grantRoles(cluster.plane, { user: scoped, watchNamespaces: [one] })
    const channel = testChannel(cluster, one)
    await channel.apply()
    const once = await cluster.startOperator({
      kubeconfig: cluster.plane.userKubeconfig(scoped),
      env: { NAMESPACES: `${one},${two}`, LEASE_NAME: scoped },
      args: ['--once'],
      isWaitedFor: false,
    })
    expect((await once.exited).code).toBe(1)
    expect(once.stdout).toContain(`The namespace ${two} cannot be read, so its channels were not reconciled.`)
    expect(await channel.child('Deployment')).not.toBe(null)
  })
})
