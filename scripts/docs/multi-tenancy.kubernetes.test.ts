import { Yaml } from 'cdk8s'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { smallestSpec } from '../../operator/testing/channel-builders.ts'
import { askCluster, type ClusterAnswer } from '../../operator/testing/ask-cluster.ts'
import { defaultControllers } from '../../testing/control-plane/control-plane.ts'
import { useControlPlane } from '../../testing/use.ts'
import { installChannelType } from '../../operator/testing/install-channel-type.ts'
import { filesOf } from './console-blocks.ts'
import { readPages } from './pages.ts'

/** Applies the files of docs/multi-tenancy.md to a real API server, and checks that they do what the page says. */

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

const pathOf: Readonly<Record<string, string>> = {
  RealtimeChannelClass: '/apis/carillon.dev/v1alpha1/realtimechannelclasses',
  ResourceQuota: '/api/v1/namespaces/shop/resourcequotas',
  ValidatingAdmissionPolicy: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings',
}

/** Account of the page; its rights are a matter of RBAC, and not of this test. */
const operatorAccount = 'system:serviceaccount:carillon-system:carillon'

const cluster = useControlPlane({
  controllers: [...defaultControllers, 'resourcequota-controller'],
  users: [{ name: operatorAccount, groups: ['system:masters'] }],
})
let files: ReadonlyMap<string, readonly Manifest[]>

async function manifestsOf(text: string): Promise<readonly Manifest[]> {
  const file = join(cluster.directory, 'page.yaml')
  await writeFile(file, text)
  return Yaml.load(file) as readonly Manifest[] // from the page, and checked by the API server
}

beforeAll(async () => {
  await installChannelType(cluster)
  const page = readPages().find(({ path }) => path === 'docs/multi-tenancy.md')
  if (page === undefined) throw new Error('there is no docs/multi-tenancy.md')
  const loaded = new Map<string, readonly Manifest[]>()
  for (const { name, text } of filesOf(page)) loaded.set(name, await manifestsOf(text))
  files = loaded
  for (const [name, labels] of [
    ['shop', {}],
    ['live', { 'example.com/stage': 'production' }],
  ] as const) {
    const { code, body } = await askCluster(cluster, {
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } },
    })
    if (code !== 201) throw new Error(`the namespace ${name}: ${body.message}`)
  }
})

async function applyFile(name: string): Promise<void> {
  const manifests = files.get(name) ?? []
  expect(manifests.length).toBeGreaterThan(0)
  for (const manifest of manifests) {
    const { code, body } = await askCluster(cluster, {
      method: 'POST',
      path: `${pathOf[manifest.kind]}?fieldValidation=Strict`,
      body: manifest,
    })
    expect([manifest.kind, code, body.message]).toEqual([manifest.kind, 201, undefined])
  }
}

interface Written {
  readonly namespace: string
  readonly name?: string
  readonly spec?: object
  readonly annotations?: object
}

function create({ namespace, name = 'tried', spec = {}, annotations = {} }: Written, query = ''): Promise<ClusterAnswer> {
  return askCluster(cluster, {
    method: 'POST',
    path: `/apis/carillon.dev/v1alpha1/namespaces/${namespace}/realtimechannels?fieldValidation=Strict${query}`,
    body: { apiVersion: 'carillon.dev/v1alpha1', kind: 'RealtimeChannel', metadata: { name, annotations }, spec },
  })
}

const answerTo = (namespace: string, spec: object = {}, annotations: object = {}): Promise<ClusterAnswer> =>
  create({ namespace, spec, annotations }, '&dryRun=All')

/** Retries until the API server has loaded the policy. Resolves with its message. */
async function untilRefused(namespace: string, spec: object = {}, annotations: object = {}): Promise<string> {
  await expect.poll(async () => (await answerTo(namespace, spec, annotations)).code, { timeout: 60_000 }).toBe(422)
  return (await answerTo(namespace, spec, annotations)).body.message ?? ''
}

describe('docs/multi-tenancy.md', () => {
  it('has a class that the API server accepts, and a smallest channel beside it', async () => {
    await applyFile('class.yaml')
    expect((await answerTo('shop')).code).toBe(201)
  })

  it('has a policy that refuses open origins and keys over plain HTTP, with its own message, and nothing else', async () => {
    await applyFile('policy-origins.yaml')
    expect(await untilRefused('shop', { auth: { dangerouslyAllowAnyOrigin: true } })).toContain(
      'dangerouslyAllowAnyOrigin is not allowed on this cluster',
    )
    expect(await untilRefused('shop', { auth: { jwks: { uri: 'http://sso.example.com/keys' } } })).toContain(
      'spec.auth.jwks.uri must be https',
    )
    for (const spec of [
      {},
      smallestSpec,
      { auth: { dangerouslyAllowAnyOrigin: false } },
      { auth: { jwks: { secretRef: { name: 'keys' } } } },
    ])
      expect((await answerTo('shop', spec)).code).toBe(201)
  })

  it('has a policy for the namespaces of production, and for no others', async () => {
    await applyFile('policy-production.yaml')
    expect(await untilRefused('live', { gateway: { replicas: 1 } })).toContain('at least two pods')
    expect(await untilRefused('live', {}, { 'carillon.dev/paused': 'true' })).toContain('is not paused; ask the platform team')
    for (const spec of [{}, { gateway: { replicas: 2 } }, { gateway: { autoscaling: { maxReplicas: 4 } } }])
      expect((await answerTo('live', spec, { 'example.com/any': 'a' })).code).toBe(201)
    expect((await answerTo('shop', { gateway: { replicas: 1 } }, { 'carillon.dev/paused': 'true' })).code).toBe(201)
  })

  it('lets the operator write the finalizer of a channel that was stored before a policy refused it', async () => {
    const path = '/apis/carillon.dev/v1alpha1/namespaces/live/realtimechannels'
    const paused = { 'carillon.dev/paused': 'true' }
    expect(
      (
        await askCluster(cluster, {
          method: 'POST',
          path,
          token: cluster.userToken(operatorAccount),
          body: {
            apiVersion: 'carillon.dev/v1alpha1',
            kind: 'RealtimeChannel',
            metadata: { name: 'stored', annotations: paused },
            spec: {},
          },
        })
      ).code,
    ).toBe(201)
    const patch = (token?: string): Promise<ClusterAnswer> =>
      askCluster(cluster, {
        method: 'PATCH',
        path: `${path}/stored`,
        ...(token === undefined ? {} : { token }),
        contentType: 'application/merge-patch+json',
        body: { metadata: { finalizers: ['carillon.dev/topic'] } },
      })
    expect((await patch()).code).toBe(422)
    expect((await patch(cluster.userToken(operatorAccount))).code).toBe(200)
  })

  it('has a quota that counts channels, and refuses the one beyond when it is applied', async () => {
    await applyFile('quota.yaml')
    const quota = async (): Promise<unknown> =>
      (
        (await askCluster(cluster, { path: `${pathOf['ResourceQuota']}/realtime` })).body['status'] as {
          readonly hard?: Readonly<Record<string, string>>
        }
      ).hard?.['count/realtimechannels.carillon.dev'] // status of a ResourceQuota
    await expect.poll(quota, { timeout: 60_000 }).toBe('5')
    for (const name of ['a', 'b', 'c', 'd', 'e']) expect((await create({ namespace: 'shop', name })).code).toBe(201)
    const beyond = await create({ namespace: 'shop', name: 'f' })
    expect([beyond.code, beyond.body.message]).toEqual([
      403,
      expect.stringContaining(
        'exceeded quota: realtime, requested: count/realtimechannels.carillon.dev=1, used: count/realtimechannels.carillon.dev=5',
      ),
    ])
  })
})
