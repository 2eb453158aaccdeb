import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { classExample, minimalExample } from '../../api/v1alpha1/examples.ts'
import type { KubernetesObject } from '../../api/kubernetes.ts'
import { askCluster, type ClusterAnswer } from '../../operator/testing/ask-cluster.ts'
import { useControlPlane } from '../../testing/use.ts'
import { chartFolder, helm, parseYaml } from './helm.ts'
import { podTemplateOf } from './pod-templates.ts'

/** Releases of the chart, made by Helm on a real API server. Each test continues where the one before ended. */

const cluster = useControlPlane({
  users: [
    { name: 'account', groups: [] },
    { name: 'installer', groups: [] },
  ],
})
beforeAll(async () => {
  for (const name of ['carillon-system', 'shop', 'chat']) {
    await askCluster(cluster, {
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    })
  }
})

/** Helm runs beside a stand-in for a node. */
async function installWithHooks(args: readonly string[]): Promise<void> {
  await promisify(execFile)('helm', ['install', 'carillon', chartFolder, '--namespace', 'carillon-system', ...args], {
    env: { ...process.env, KUBECONFIG: cluster.kubeconfigFile },
  })
}

/** No node runs pods here. This runs the program of the Job with an account without roles, and marks the Job complete. */
async function finishWaiting(): Promise<void> {
  const path = '/apis/batch/v1/namespaces/carillon-system/jobs/carillon-wait-for-definitions'
  await expect.poll(async () => (await askCluster(cluster, { path })).code, { timeout: 120_000 }).toBe(200)
  const job = (await askCluster(cluster, { path })).body as unknown as KubernetesObject // the kind of the request
  const [node, evaluate, program = ''] = podTemplateOf(job).spec.containers[0]?.command ?? []
  expect([node, evaluate]).toEqual(['node', '--eval'])
  writeFileSync(join(cluster.directory, 'token'), cluster.userToken('account'))
  writeFileSync(join(cluster.directory, 'ca.crt'), cluster.certificateAuthority)
  const env = {
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    KUBERNETES_SERVICE_PORT: String(cluster.port),
    NODE_EXTRA_CA_CERTS: join(cluster.directory, 'ca.crt'),
  }
  await promisify(execFile)(
    process.execPath,
    ['--eval', program.replaceAll('/var/run/secrets/kubernetes.io/serviceaccount', cluster.directory)],
    { env },
  )
  const now = new Date().toISOString()
  const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({
    type,
    status: 'True',
    lastTransitionTime: now,
    reason: 'CompletionsReached',
  }))
  const status = { startTime: now, completionTime: now, succeeded: 1, conditions }
  expect(
    await askCluster(cluster, { method: 'PATCH', path: `${path}/status`, contentType: 'application/merge-patch+json', body: { status } }),
  ).toMatchObject({ code: 200 })
}

describe('a release', () => {
  const release = (args: readonly string[]): void => {
    const answer = helm([...args, '--namespace', 'carillon-system'], { KUBECONFIG: cluster.kubeconfigFile })
    expect(answer.stderr.replaceAll(/^(level=|I\d{4}).*$/gm, '')).toBe('')
    expect(answer.isOk).toBe(true)
  }
  const channel = '/apis/carillon.dev/v1alpha1/namespaces/shop/realtimechannels'
  const classOf = async (name: string): Promise<KubernetesObject> => {
    const { code, body } = await askCluster(cluster, { path: `/apis/carillon.dev/v1alpha1/realtimechannelclasses/${name}` })
    expect(code).toBe(200)
    return body as unknown as KubernetesObject // the kind of the request
  }

  it('is refused when no release makes the definition of the class', () => {
    const answer = helm(['install', 'carillon', chartFolder, '--namespace', 'carillon-system', '--set', 'crds.enabled=false'], {
      KUBECONFIG: cluster.kubeconfigFile,
    })
    expect(answer).toMatchObject({
      isOk: false,
      stderr: expect.stringContaining('class.create with crds.enabled=false needs the CustomResourceDefinitions first'),
    })
  })

  // A release cannot have an object of a kind that it brings along: "ensure CRDs are installed first".
  it('makes the definition and the class at once, and later releases, a rollback and an uninstallation keep that class', async () => {
    const values = join(cluster.directory, 'class-values.json')
    writeFileSync(values, JSON.stringify({ class: classExample.spec }))
    const installing = installWithHooks(['--values', values])
    await finishWaiting()
    await installing
    const made = await classOf('default')
    expect(made).toMatchObject({ metadata: { annotations: { 'carillon.dev/is-default-class': 'true' } }, spec: classExample.spec })
    release(['upgrade', 'carillon', chartFolder, '--set', 'class.allowed.hosts={*.example.com}'])
    const kept = await classOf('default')
    expect(kept).toMatchObject({ metadata: { uid: made.metadata.uid }, spec: { allowed: { hosts: ['*.example.com'] } } })
    expect(Object.keys(kept.metadata.annotations ?? {}).filter((name) => name.startsWith('helm.sh/hook'))).toEqual([])
    // The first release has the class as a hook, and not among its objects.
    release(['rollback', 'carillon', '1', '--no-hooks'])
    expect((await classOf('default')).metadata.uid).toBe(made.metadata.uid)
    release(['upgrade', 'carillon', chartFolder, '--reset-values'])
    const { metadata, spec } = await classOf('default')
    expect({ uid: metadata.uid, spec }).toEqual({ uid: made.metadata.uid, spec: { allowed: { topics: ['NAMESPACE.*'] } } })
    release(['uninstall', 'carillon', '--no-hooks'])
    expect((await classOf('default')).metadata.uid).toBe(made.metadata.uid)
  })

  it('can be installed, upgraded and uninstalled, and leaves the channels where they are', async () => {
    release(['install', 'carillon', chartFolder])
    const created = await askCluster(cluster, { method: 'POST', path: channel, body: minimalExample })
    expect(created).toMatchObject({ code: 201 })
    release(['upgrade', 'carillon', chartFolder, '--set', 'replicaCount=3'])
    expect(await askCluster(cluster, { path: '/apis/apps/v1/namespaces/carillon-system/deployments/carillon' })).toMatchObject({
      code: 200,
      body: { spec: { replicas: 3 } },
    })
    // No node runs pods here, so Helm would wait for the Job after the deletion in vain.
    release(['uninstall', 'carillon', '--no-hooks'])
    expect(await askCluster(cluster, { path: '/apis/apps/v1/namespaces/carillon-system/deployments/carillon' })).toMatchObject({
      code: 404,
    })
    expect(await askCluster(cluster, { path: `${channel}/chrome-service` })).toMatchObject({ code: 200 })
  })

  // "namespaces \"gone\" not found": one tenant who deleted a namespace blocked the upgrade for all.
  it('can be installed and upgraded when a watched namespace is missing or ending, and has roles in the others', async () => {
    const ending = '/api/v1/namespaces/ending'
    await askCluster(cluster, {
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ending' } },
    })
    release([
      'install',
      'carillon',
      chartFolder,
      '--set',
      'watchNamespaces={shop,ending,gone},rbac.kafkaSecrets[0].namespace=gone,rbac.kafkaSecrets[0].names={a}',
    ])
    const role = (namespace: string): Promise<ClusterAnswer> =>
      askCluster(cluster, { path: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles/carillon` })
    expect([(await role('shop')).code, (await role('ending')).code]).toEqual([200, 200])
    // No controller finishes namespaces here: it stays, keeps its objects, and takes nothing new.
    expect(await askCluster(cluster, { method: 'DELETE', path: ending })).toMatchObject({ code: 200 })
    const watched = ['--set', 'watchNamespaces={shop,ending,gone,chat}']
    release(['upgrade', 'carillon', chartFolder, ...watched])
    expect([(await role('shop')).code, (await role('ending')).code, (await role('chat')).code]).toEqual([200, 200, 200])
    await askCluster(cluster, { method: 'DELETE', path: '/apis/rbac.authorization.k8s.io/v1/namespaces/ending/roles/carillon' })
    release(['upgrade', 'carillon', chartFolder, ...watched])
    expect((await role('ending')).code).toBe(404)
    const hooks = parseYaml(
      helm(['get', 'hooks', 'carillon', '--namespace', 'carillon-system'], { KUBECONFIG: cluster.kubeconfigFile }).stdout,
    )
    const [job] = hooks.filter(({ kind }) => kind === 'Job').map((object) => podTemplateOf(object).spec.containers[0]?.env)
    expect(job).toContainEqual({ name: 'NAMESPACES', value: 'shop,chat' })
    expect(helm(['get', 'notes', 'carillon', '--namespace', 'carillon-system'], { KUBECONFIG: cluster.kubeconfigFile }).stdout).toMatch(
      /WARNING: .*ending, gone/,
    )
    release(['uninstall', 'carillon', '--no-hooks'])
  })

  it('is refused a second default class, which would leave channels without one, and may have another class', async () => {
    const install = ['install', 'carillon', chartFolder, '--set', 'class.name=other']
    const answer = helm([...install, '--namespace', 'carillon-system'], { KUBECONFIG: cluster.kubeconfigFile })
    expect(answer).toMatchObject({
      isOk: false,
      stderr: expect.stringContaining(
        'the class default is already the default class, and with two of them no channel gets one: set class.isDefault=false',
      ),
    })
    release([...install, '--set', 'class.isDefault=false'])
    expect((await classOf('other')).metadata.annotations).toMatchObject({ 'carillon.dev/is-default-class': 'false' })
    release(['uninstall', 'carillon', '--no-hooks'])
  })

  it('can be installed by a user with rights in its namespaces and none in the cluster', async () => {
    const everything = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]
    const apiVersion = 'rbac.authorization.k8s.io/v1'
    for (const namespace of ['carillon-system', 'shop', 'chat']) {
      const path = `/apis/${apiVersion}/namespaces/${namespace}`
      await askCluster(cluster, {
        method: 'POST',
        path: `${path}/roles`,
        body: { apiVersion, kind: 'Role', metadata: { name: 'installer' }, rules: everything },
      })
      const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'installer' }
      await askCluster(cluster, {
        method: 'POST',
        path: `${path}/rolebindings`,
        body: {
          apiVersion,
          kind: 'RoleBinding',
          metadata: { name: 'installer' },
          roleRef,
          subjects: [{ kind: 'User', name: 'installer' }],
        },
      })
    }
    const kubeconfig = join(cluster.directory, 'installer')
    writeFileSync(kubeconfig, cluster.userKubeconfig('installer'))
    const asInstaller = (args: readonly string[]): void =>
      expect(helm([...args, '--namespace', 'carillon-system'], { KUBECONFIG: kubeconfig })).toMatchObject({ isOk: true })
    asInstaller(['install', 'carillon', chartFolder, '--values', join(chartFolder, 'ci/without-cluster-values.yaml')])
    asInstaller(['upgrade', 'carillon', chartFolder, '--reuse-values', '--set', 'class.allowed.maxReplicas=20'])
    asInstaller(['uninstall', 'carillon', '--no-hooks'])
  })

  it('can be installed again, and takes over the definition that was kept', async () => {
    release(['install', 'carillon', chartFolder])
    expect(await askCluster(cluster, { path: `${channel}/chrome-service` })).toMatchObject({ code: 200 })
    release(['uninstall', 'carillon', '--no-hooks'])
  })
})
