import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { renderCustomResourceDefinition } from '../../operator/api/v1alpha1/crd.ts'
import { minimalExample } from '../../operator/api/v1alpha1/examples.ts'
import { operatorOptions } from '../../operator/config/options.ts'
import { parseOperatorOptions } from '../../operator/config/parse-options.ts'
import { policyRules, releasePermissions, renderRoles } from '../../operator/permissions.ts'
import type { KubernetesObject } from '../../operator/runtime/kubernetes-api.ts'
import { askCluster, type ClusterAnswer } from '../../operator/testing/ask-cluster.ts'
import { startControlPlane, type ControlPlane } from '../../operator/testing/control-plane.ts'
import { codeBlocks, readPages } from '../docs/pages.ts'
import { chartFolder, helm, parseYaml, renderedObjects } from './helm.ts'

/** The chart, rendered by Helm, and judged by a real API server. */

const files = globSync('ci/*.yaml', { cwd: chartFolder }).toSorted().map((path) => [basename(path, '-values.yaml'), join(chartFolder, path)] as const)
const renderings = new Map<string, readonly KubernetesObject[]>()

/** Each file is rendered once. */
function rendered(name: string): readonly KubernetesObject[] {
  const objects = renderings.get(name) ?? renderedObjects(['--values', join(chartFolder, `ci/${name}-values.yaml`)])
  renderings.set(name, objects)
  return objects
}

/** Paths by kind, of the kinds that every cluster has. */
const plurals: Readonly<Record<string, string>> = {
  ClusterRole: 'clusterroles', ClusterRoleBinding: 'clusterrolebindings', ConfigMap: 'configmaps', CustomResourceDefinition: 'customresourcedefinitions', Deployment: 'deployments', Job: 'jobs', NetworkPolicy: 'networkpolicies',
  Pod: 'pods', PodDisruptionBudget: 'poddisruptionbudgets', Role: 'roles', RoleBinding: 'rolebindings', Service: 'services', ServiceAccount: 'serviceaccounts',
}
const ofPrometheus = ['ServiceMonitor', 'PodMonitor', 'PrometheusRule']

let cluster: ControlPlane
beforeAll(async () => {
  cluster = await startControlPlane()
  const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  for (const name of ['carillon-system', 'shop', 'chat']) {
    await askCluster(cluster, { method: 'POST', path: '/api/v1/namespaces', body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: restricted } } })
  }
})
afterAll(() => cluster.stop())

function pathOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return `${root}${metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`}/${plurals[kind]}`
}

/** Server-side apply, without keeping anything, refusing fields that there are not. */
function judge(object: KubernetesObject): Promise<ClusterAnswer> {
  const path = `${pathOf(object)}/${object.metadata.name}?dryRun=All&fieldManager=test&fieldValidation=Strict`
  return askCluster(cluster, { method: 'PATCH', path, body: object, contentType: 'application/apply-patch+yaml' })
}

const named = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata.namespace ?? ''}/${metadata.name}`
const isHook = ({ metadata }: KubernetesObject): boolean => metadata.annotations?.['helm.sh/hook'] !== undefined

/** The API server holds these to this shape. */
interface PodTemplate {
  readonly metadata?: object
  readonly spec: { readonly containers: readonly { readonly env?: readonly { readonly name: string; readonly value?: string }[] }[] }
}
const templateOf = (object: KubernetesObject): PodTemplate => (object.kind === 'Pod' ? (object as unknown as PodTemplate) : (object['spec'] as { readonly template: PodTemplate }).template)
const withPods = (objects: readonly KubernetesObject[]): readonly KubernetesObject[] => objects.filter(({ kind }) => ['Deployment', 'Job', 'Pod'].includes(kind))

describe('helm', () => {
  it('finds nothing to complain about, strictly', () => {
    for (const [, file] of files) expect(helm(['lint', '--strict', chartFolder, '--values', file])).toMatchObject({ isOk: true })
    expect(files.length).toBeGreaterThan(3)
  })

  it('packs a chart without what only its tests need', () => {
    const { stdout } = helm(['template', 'carillon', chartFolder, '--debug'])
    expect(stdout).not.toContain('registry.example.com')
  })
})

describe.each(files)('with the values of ci/%s-values.yaml', (name) => {
  it('every object is one that the API server takes', async () => {
    const objects = rendered(name)
    const unknown = objects.filter(({ kind }) => plurals[kind] === undefined && !ofPrometheus.includes(kind))
    expect(unknown.map(named)).toEqual([])
    const answers = await Promise.all(objects.filter(({ kind }) => plurals[kind] !== undefined).map(async (object) => [named(object), await judge(object)] as const))
    expect(answers.length).toBeGreaterThan(0)
    expect(answers.filter(([, { code }]) => code >= 300).map(([which, { body }]) => `${which}: ${body.message}`)).toEqual([])
  })

  it('every pod is let in where Pod Security is restricted', async () => {
    const pods = withPods(rendered(name)).map((object): KubernetesObject => {
      const { metadata, spec } = templateOf(object)
      return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'pod', namespace: 'carillon-system' }, spec }
    })
    const answers = await Promise.all(pods.map((pod) => askCluster(cluster, { method: 'POST', path: `${pathOf(pod)}?dryRun=All&fieldValidation=Strict`, body: pod })))
    expect(answers.map(({ code, body }) => (code < 300 ? '' : body.message)).filter((said) => said !== '' && !said?.includes('no PriorityClass'))).toEqual([])
    expect(pods.length).toBeGreaterThan(0)
  })

  it('no two objects have one name, and labels say whose they are', () => {
    const objects = rendered(name)
    expect(new Set(objects.map(named)).size).toBe(objects.length)
    expect(objects.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/instance'] !== 'carillon').map(named)).toEqual([])
  })

  it('the operator is given only options that it has, with values that it takes', () => {
    const deployment = rendered(name).find(({ kind }) => kind === 'Deployment')
    const variables = (deployment === undefined ? [] : (templateOf(deployment).spec.containers[0]?.env ?? [])).filter((variable) => !variable.name.startsWith('NODE_'))
    const known = new Set<string>(Object.values(operatorOptions).map(({ env }) => env))
    expect(variables.filter((variable) => !known.has(variable.name))).toEqual([])
    const env = Object.fromEntries(variables.map(({ name: variable, value = '' }) => [variable, value]))
    // The Secrets are not mounted here.
    expect(parseOperatorOptions(env, [], { readable: () => true })).toMatchObject({ ok: true })
  })
})

const rulesOf = (objects: readonly KubernetesObject[], kind: string, name: string): unknown => objects.find((object) => object.kind === kind && object.metadata.name === name)?.['rules']

describe('the roles', () => {
  it('are those of operator/permissions.ts, in the whole cluster', () => {
    const objects = rendered('default')
    expect(rulesOf(objects, 'ClusterRole', 'carillon-carillon-system')).toEqual([...policyRules('cluster'), ...policyRules('channels')])
    expect(rulesOf(objects, 'Role', 'carillon-own')).toEqual(policyRules('own-namespace'))
    expect(rulesOf(objects, 'ClusterRole', 'carillon-release-finalizers-carillon-system')).toEqual(policyRules('channels', releasePermissions))
  })

  it('are those of operator/permissions.ts in each namespace, and let the operator write nowhere else', () => {
    const objects = rendered('namespaced').filter((object) => !isHook(object))
    expect(rulesOf(objects, 'ClusterRole', 'carillon-carillon-system')).toEqual(policyRules('cluster'))
    const roles = objects.filter(({ kind, metadata }) => kind === 'Role' && metadata.name === 'carillon')
    expect(roles.map(({ metadata, rules }) => [metadata.namespace, rules])).toEqual([['shop', policyRules('channels')], ['chat', policyRules('channels')]])
  })

  it('bind the account that the pods have', () => {
    const objects = rendered('everything')
    const bindings = objects.filter((object) => object.kind.endsWith('Binding') && !isHook(object))
    expect(bindings.map((binding) => binding['subjects'])).toEqual(bindings.map(() => [{ kind: 'ServiceAccount', name: 'realtime-operator', namespace: 'carillon-system' }]))
    expect(bindings.length).toBeGreaterThan(2)
  })

  it('are as many as renderRoles makes, which clusters without Helm take', async () => {
    for (const watchNamespaces of [[], ['shop', 'chat']]) {
      const answers = await Promise.all(renderRoles({ name: 'carillon', namespace: 'carillon-system', watchNamespaces }).map((object) => judge(object as KubernetesObject))) // with apiVersion, kind and metadata
      expect(answers.filter(({ code }) => code >= 300)).toEqual([])
    }
  })

  it('never let a Secret be read, but those that rbac.kafkaSecrets names, in their namespace', () => {
    const objects = rendered('namespaced')
    const about = objects.filter((object) => JSON.stringify(object['rules'] ?? '').includes('secrets'))
    expect(about.map((object) => [named(object), object['rules']])).toEqual([
      ['Role/shop/carillon-kafka-secret-reader', [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['kafka-user', 'kafka-client'], verbs: ['get'] }]],
    ])
  })
})

describe('the CustomResourceDefinition', () => {
  const definitionOf = (name: string): KubernetesObject | undefined => rendered(name).find(({ kind }) => kind === 'CustomResourceDefinition')

  it('is that of the code, and is kept', () => {
    expect(definitionOf('default')?.['spec']).toEqual(JSON.parse(JSON.stringify(renderCustomResourceDefinition().spec)))
    expect(definitionOf('default')?.metadata.annotations).toMatchObject({ 'helm.sh/resource-policy': 'keep', ...renderCustomResourceDefinition().metadata.annotations })
  })

  it('is not kept, or not there, when the values say so', () => {
    expect(definitionOf('namespaced')?.metadata.annotations).not.toHaveProperty('helm.sh/resource-policy')
    expect(definitionOf('least')).toBeUndefined()
  })
})

describe('for the Prometheus operator', () => {
  it('finds the Service, the gateways and the alerts', () => {
    const objects = rendered('everything')
    const [service, serviceMonitor, podMonitor, rule] = ['Service', ...ofPrometheus].map((kind) => objects.find((object) => object.kind === kind))
    expect(serviceMonitor).toMatchObject({ apiVersion: 'monitoring.coreos.com/v1', metadata: { labels: { release: 'prometheus' } }, spec: { endpoints: [{ port: 'internal', path: '/metrics', interval: '15s', honorLabels: true }] } })
    expect(serviceMonitor).toMatchObject({ spec: { selector: { matchLabels: { 'app.kubernetes.io/name': service?.metadata.labels?.['app.kubernetes.io/name'] } } } })
    expect(podMonitor).toMatchObject({ spec: { podMetricsEndpoints: [{ port: 'internal', path: '/metrics' }] } })
    expect(rule).toMatchObject({ spec: { groups: [{ name: 'carillon-gateways' }, { name: 'carillon-operator' }] } })
  })
})

describe('for Grafana', () => {
  it('finds each dashboard in a ConfigMap, as it is in the file, with the label that its sidecar looks for', () => {
    const maps = rendered('everything').filter(({ kind }) => kind === 'ConfigMap')
    const texts = maps.flatMap(({ data }) => Object.entries(data as Readonly<Record<string, string>>)) // judged by the API server above
    expect(texts.map(([name]) => name)).toEqual(['carillon-gateways.json', 'carillon-operator.json'])
    for (const [name, text] of texts) expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(join(chartFolder, 'files/dashboards', name.replace('carillon-', '')), 'utf8')))
    expect(maps.map(({ metadata }) => [metadata.labels?.['grafana_dashboard'], metadata.annotations])).toEqual(maps.map(() => ['1', { grafana_folder: 'Carillon' }]))
  })

  it('finds none where nobody asked for them', () => {
    expect(rendered('default').filter(({ kind }) => kind === 'ConfigMap')).toEqual([])
  })
})

const refused: readonly (readonly [set: string, said: RegExp])[] = [
  ['replicaCounts=1', /replicaCounts/],
  ['replicaCount=0.5', /replicaCount/],
  ['log.level=loud', /log\.level|\/log\/level/],
  ['watchNamespaces={Shop}', /watchNamespaces/],
  ['image.digest=0123', /digest/],
  ['kafka.brokers={kafka}', /brokers/],
  ['kafka.sasl.mechanism=plain', /kafka\.sasl\.mechanism is plain: name the Secret/],
  ['kafka.sasl.secretName=a', /say in kafka\.sasl\.mechanism/],
  ['kafka.channels.saslMechanism=plain', /kafka\.channels\.saslSecret/],
  ['kafka.channels.caSecret=a', /set kafka\.tls\.enabled/],
  ['kafka.tls.enabled=true,kafka.tls.secretName=a,kafka.tls.certKey=tls.crt', /belong together/],
  ['kafka.tls.secretName=a', /set kafka\.tls\.enabled/],
  ['serviceAccount.create=false', /serviceAccount\.name/],
  ['watchNamespaces={shop},rbac.kafkaSecrets[0].namespace=chat,rbac.kafkaSecrets[0].names={a}', /chat, which is not among watchNamespaces/],
  ['metrics.service.enabled=false,metrics.serviceMonitor.enabled=true', /needs metrics\.service\.enabled/],
]

describe('bad values', () => {
  it.each(refused)('%s is refused, and the message says where', (set, said) => {
    const answer = helm(['template', 'carillon', chartFolder, '--set', set])
    expect(answer.isOk).toBe(false)
    expect(answer.stderr).toMatch(said)
  })
})

describe('the pages about installing', () => {
  const blocks = readPages().filter(({ path }) => ['docs/install.md', 'docs/rbac.md'].includes(path)).flatMap(codeBlocks).filter(({ language }) => language === 'yaml')
  const values = blocks.filter(({ code }) => !/^apiVersion:|^resource\.customizations/m.test(code)).map((block) => [`${block.page}:${block.line}`, block.code] as const)
  const objects = blocks.filter(({ code }) => /^apiVersion:/m.test(code)).flatMap(({ code }) => parseYaml(code))

  it.each(values)('show values that the chart takes: %s', (_where, code) => {
    const file = join(cluster.directory, 'values.yaml')
    writeFileSync(file, code)
    expect(helm(['template', 'carillon', chartFolder, '--values', file])).toMatchObject({ isOk: true })
  })

  it('show objects that the API server takes', async () => {
    const answers = await Promise.all(objects.map(judge))
    expect(answers.map(({ code }) => code)).toEqual([201, 201])
  })

  it('show the role that the chart would make of its values', () => {
    const made = rendered('namespaced').filter(({ metadata }) => metadata.name === 'carillon-kafka-secret-reader')
    expect(made.map(({ kind, metadata, roleRef, subjects }) => ({ kind, metadata: { name: metadata.name, namespace: metadata.namespace }, roleRef, subjects }))).toEqual(
      objects.map(({ kind, metadata, roleRef, subjects }) => ({ kind, metadata, roleRef, subjects })),
    )
  })
})

describe('a release', () => {
  const release = (args: readonly string[]): void => {
    const answer = helm([...args, '--namespace', 'carillon-system'], { KUBECONFIG: cluster.kubeconfigFile })
    expect(answer.stderr.replaceAll(/^(level=|I\d{4}).*$/gm, '')).toBe('')
    expect(answer.isOk).toBe(true)
  }
  const channel = '/apis/carillon.dev/v1alpha1/namespaces/shop/realtimechannels'

  it('can be installed, upgraded and uninstalled, and leaves the channels where they are', async () => {
    release(['install', 'carillon', chartFolder])
    const created = await askCluster(cluster, { method: 'POST', path: channel, body: minimalExample })
    expect(created).toMatchObject({ code: 201 })
    release(['upgrade', 'carillon', chartFolder, '--set', 'replicaCount=3'])
    expect(await askCluster(cluster, { path: '/apis/apps/v1/namespaces/carillon-system/deployments/carillon' })).toMatchObject({ code: 200, body: { spec: { replicas: 3 } } })
    // Nothing runs pods here, so the Job after the deletion would be waited for in vain.
    release(['uninstall', 'carillon', '--no-hooks'])
    expect(await askCluster(cluster, { path: '/apis/apps/v1/namespaces/carillon-system/deployments/carillon' })).toMatchObject({ code: 404 })
    expect(await askCluster(cluster, { path: `${channel}/chrome-service` })).toMatchObject({ code: 200 })
  })

  it('can be installed again where one was, and takes over the definition that was kept', async () => {
    release(['install', 'carillon', chartFolder])
    expect(await askCluster(cluster, { path: `${channel}/chrome-service` })).toMatchObject({ code: 200 })
    release(['uninstall', 'carillon', '--no-hooks'])
  })
})
