import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { KubernetesObject, ResourceType } from '../../../api/kubernetes.ts'
import { startControlPlane } from '../../../testing/control-plane/control-plane.ts'
import { useControlPlane } from '../../../testing/use.ts'
import {
  configMapType,
  deploymentOf,
  deploymentType,
  describeKubernetesApi,
  namespaceType,
  valueOf,
} from '../../testing/kubernetes-api-contract.ts'
import type { ClosableKubernetesApi } from './kubernetes-api.ts'
import { apiOf } from './testing/api-of.ts'

describeKubernetesApi('the real API server', async (namespaces) => {
  const cluster = await startControlPlane()
  const api = apiOf(cluster.kubeconfigFile)
  for (const name of namespaces) valueOf(await api.create(namespaceType, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }))
  return {
    api,
    forgetHistory: async () => {
      await cluster.compact()
      await cluster.restart()
    },
    vanish: cluster.kill,
    comeBack: cluster.restart,
    stop: async () => {
      api.close()
    },
  }
})

describe('a refusal by the real API server', () => {
  const mine = { fieldManager: 'carillon', force: true }
  const configMap = (more: object = {}): KubernetesObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'x', namespace: 'default' },
    ...more,
  })
  const admission = (plural: string, kind: string): ResourceType => ({
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    plural,
    kind,
    isNamespaced: false,
  })
  const cluster = useControlPlane({ users: [{ name: 'visitor' }] })
  let api: ClosableKubernetesApi
  const opened: ClosableKubernetesApi[] = []

  async function as(kubeconfig: string): Promise<ClosableKubernetesApi> {
    const file = join(cluster.directory, `kubeconfig-${opened.length}`)
    await writeFile(file, kubeconfig)
    opened.push(apiOf(file))
    return opened.at(-1) ?? api
  }

  beforeAll(async () => {
    api = apiOf(cluster.kubeconfigFile)
    opened.push(api)
  })
  afterAll(async () => {
    for (const each of opened) each.close()
    await cluster.stop()
  })

  it('is invalid for an unknown field, with every verb, and stores nothing', async () => {
    const invalid = { error: { kind: 'invalid', message: expect.stringContaining('nonsense') } }
    expect(await api.apply(configMapType, configMap({ nonsense: 1 }), mine)).toMatchObject(invalid)
    expect(await api.apply(configMapType, configMap({ nonsense: 1 }), { ...mine, isDryRun: true })).toMatchObject(invalid)
    expect(await api.create(configMapType, configMap({ nonsense: 1 }))).toMatchObject(invalid)
    expect(await api.get(configMapType, { namespace: 'default', name: 'x' })).toMatchObject({ error: { kind: 'not-found' } })
    const made = valueOf(await api.create(configMapType, configMap({ data: { a: '1' } })))
    expect(await api.update(configMapType, { ...made, nonsense: 1 })).toMatchObject(invalid)
    const patched = await api.mergePatch(configMapType, { namespace: 'default', name: 'x' }, { nonsense: { more: 'x'.repeat(500) } })
    expect(patched).toMatchObject(invalid)
    expect(JSON.stringify(patched)).not.toContain('xxxx')
    expect(await api.apply(deploymentType, { ...deploymentOf('default'), spec: { replicas: 'two' } }, mine)).toMatchObject({
      error: { kind: 'invalid' },
    })
  })

  it('differs for a missing namespace and a missing type', async () => {
    const elsewhere = { ...configMap(), metadata: { name: 'x', namespace: 'nowhere' } }
    expect(await api.apply(configMapType, elsewhere, mine)).toMatchObject({
      error: { kind: 'not-found', message: 'namespaces "nowhere" not found' },
    })
    expect(await api.list({ ...deploymentType, version: 'v9' }, {})).toMatchObject({ error: { kind: 'no-such-resource' } })
  })

  it('is forbidden without a grant in RBAC, also when impersonating, and unauthorized for an unknown user', async () => {
    const forbidden = { error: { kind: 'forbidden', code: 403, message: expect.stringContaining('cannot list resource "configmaps"') } }
    expect(await (await as(cluster.userKubeconfig('visitor'))).list(configMapType, {})).toMatchObject(forbidden)
    expect(await (await as(cluster.impersonatingKubeconfig('somebody', ['guests']))).list(configMapType, {})).toMatchObject(forbidden)
    const masters = await as(cluster.impersonatingKubeconfig('somebody', ['guests', 'system:masters']))
    expect(await masters.list(configMapType, {})).toMatchObject({ ok: true })
    expect(await (await as(cluster.kubeconfig.replace(cluster.token, 'nobody'))).list(configMapType, {})).toMatchObject({
      error: { kind: 'unauthorized', code: 401 },
    })
  })

  it("is unavailable when no trusted authority has signed the server's certificate", async () => {
    const kubeconfig = JSON.parse(cluster.kubeconfig) as { clusters: { cluster: Record<string, unknown> }[] } // made by the control plane
    delete kubeconfig.clusters[0]?.cluster['certificate-authority-data']
    expect(await (await as(JSON.stringify(kubeconfig))).list(configMapType, {})).toMatchObject({
      error: { kind: 'unavailable', code: 0, message: expect.stringContaining('certificate') },
    })
  })

  it('is forbidden when a quota or a policy denies, and unavailable when a webhook cannot be called', async () => {
    const quotaType: ResourceType = { group: '', version: 'v1', plural: 'resourcequotas', kind: 'ResourceQuota', isNamespaced: true }
    valueOf(await api.create(namespaceType, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'small' } }))
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'none', namespace: 'small' } }
    valueOf(await api.create(quotaType, { ...quota, spec: { hard: { 'count/configmaps': '0' } } }))
    valueOf(
      await api.apply(
        quotaType,
        { ...quota, status: { hard: { 'count/configmaps': '0' }, used: { 'count/configmaps': '0' } } },
        { ...mine, subresource: 'status' },
      ),
    )
    const small = { ...configMap(), metadata: { name: 'x', namespace: 'small' } }
    await vi.waitFor(
      async () =>
        expect(await api.create(configMapType, small)).toMatchObject({
          error: { kind: 'forbidden', message: expect.stringContaining('exceeded quota') },
        }),
      { timeout: 10_000 },
    )

    const rules = [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] }]
    const policyType = admission('validatingadmissionpolicies', 'ValidatingAdmissionPolicy')
    const bindingType = admission('validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding')
    const apiVersion = 'admissionregistration.k8s.io/v1'
    const spec = {
      matchConstraints: { resourceRules: rules },
      validations: [{ expression: 'object.spec.replicas < 2', message: 'too many' }],
    }
    valueOf(await api.create(policyType, { apiVersion, kind: policyType.kind, metadata: { name: 'few' }, spec }))
    valueOf(
      await api.create(bindingType, {
        apiVersion,
        kind: bindingType.kind,
        metadata: { name: 'few' },
        spec: { policyName: 'few', validationActions: ['Deny'] },
      }),
    )
    const dry = { ...mine, isDryRun: true }
    await vi.waitFor(
      async () =>
        expect(await api.apply(deploymentType, deploymentOf('default'), dry)).toMatchObject({
          error: { kind: 'forbidden', message: expect.stringContaining('too many') },
        }),
      { timeout: 20_000 },
    )
    valueOf(await api.delete(bindingType, { namespace: '', name: 'few' }, {}))

    const webhookType = admission('validatingwebhookconfigurations', 'ValidatingWebhookConfiguration')
    const webhook = {
      name: 'nobody.bells.example',
      clientConfig: { url: 'https://127.0.0.1:1/' },
      rules,
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      failurePolicy: 'Fail',
    }
    valueOf(await api.create(webhookType, { apiVersion, kind: webhookType.kind, metadata: { name: 'nobody' }, webhooks: [webhook] }))
    await vi.waitFor(
      async () =>
        expect(await api.apply(deploymentType, deploymentOf('default'), dry)).toMatchObject({
          error: { kind: 'unavailable', message: expect.stringContaining('failed calling webhook') },
        }),
      { timeout: 20_000 },
    )
  })
})
