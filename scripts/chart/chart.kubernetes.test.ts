import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readClassFile } from '../../operator/adapters/class-file.ts'
import { renderClassDefinition } from '../../api/v1alpha1/class-crd.ts'
import { renderCustomResourceDefinition } from '../../api/v1alpha1/crd.ts'
import type { RealtimeChannelClassSpec } from '../../api/v1alpha1/realtime-channel-class.ts'
import { operatorOptions } from '../../operator/config/options.ts'
import { parseOperatorOptions } from '../../operator/config/parse-options.ts'
import { policyRules, releasePermissions, renderRoles } from '../../operator/permissions.ts'
import type { KubernetesObject } from '../../api/kubernetes.ts'
import { askCluster, type ClusterAnswer } from '../../operator/testing/ask-cluster.ts'
import { useControlPlane } from '../../testing/use.ts'
import { codeBlocks, readPages } from '../docs/pages.ts'
import { chartFolder, helm, parseYaml, renderedObjects } from './helm.ts'
import { podTemplateOf, withPods } from './pod-templates.ts'

/** The chart, rendered by Helm, and checked by a real API server. */

const files = globSync('ci/*.yaml', { cwd: chartFolder })
  .toSorted()
  .map((path) => [basename(path, '-values.yaml'), join(chartFolder, path)] as const)
const renderings = new Map<string, readonly KubernetesObject[]>()

/** Renders each file once. */
function rendered(name: string): readonly KubernetesObject[] {
  const objects = renderings.get(name) ?? renderedObjects(['--values', join(chartFolder, `ci/${name}-values.yaml`)])
  renderings.set(name, objects)
  return objects
}

/** Paths by kind, of the kinds that every cluster has. */
const plurals: Readonly<Record<string, string>> = {
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  ConfigMap: 'configmaps',
  CustomResourceDefinition: 'customresourcedefinitions',
  Deployment: 'deployments',
  Job: 'jobs',
  NetworkPolicy: 'networkpolicies',
  Pod: 'pods',
  PodDisruptionBudget: 'poddisruptionbudgets',
  Role: 'roles',
  RoleBinding: 'rolebindings',
  Service: 'services',
  ServiceAccount: 'serviceaccounts',
}
/** Kinds that a cluster lacks before the chart or the Prometheus operator is installed. The release below checks them, or no test does. */
const ofOthers = ['RealtimeChannelClass', 'ServiceMonitor', 'PodMonitor', 'PrometheusRule']
const ofPrometheus = ['ServiceMonitor', 'PodMonitor', 'PrometheusRule']

const cluster = useControlPlane()
beforeAll(async () => {
  const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  for (const name of ['carillon-system', 'shop', 'chat']) {
    await askCluster(cluster, {
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: restricted } },
    })
  }
})

function pathOf({ apiVersion, kind, metadata }: KubernetesObject): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return `${root}${metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`}/${plurals[kind]}`
}

/** Applies server-side without storing anything, and refuses unknown fields. */
function applyDry(object: KubernetesObject): Promise<ClusterAnswer> {
  const path = `${pathOf(object)}/${object.metadata.name}?dryRun=All&fieldManager=test&fieldValidation=Strict`
  return askCluster(cluster, { method: 'PATCH', path, body: object, contentType: 'application/apply-patch+yaml' })
}

const named = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata.namespace ?? ''}/${metadata.name}`
const isHook = ({ metadata }: KubernetesObject): boolean => metadata.annotations?.['helm.sh/hook'] !== undefined

describe('helm lint and package', () => {
  it('find no fault, strictly', () => {
    for (const [, file] of files) expect(helm(['lint', '--strict', chartFolder, '--values', file])).toMatchObject({ isOk: true })
    expect(files.length).toBeGreaterThan(3)
  })

  it("leave out what only the chart's tests need", () => {
    const { stdout } = helm(['template', 'carillon', chartFolder, '--debug'])
    expect(stdout).not.toContain('registry.example.com')
  })
})

describe.each(files)('with the values of ci/%s-values.yaml', (name) => {
  it('every object is accepted by the API server', async () => {
    const objects = rendered(name)
    const unknown = objects.filter(({ kind }) => plurals[kind] === undefined && !ofOthers.includes(kind))
    expect(unknown.map(named)).toEqual([])
    const answers = await Promise.all(
      objects.filter(({ kind }) => plurals[kind] !== undefined).map(async (object) => [named(object), await applyDry(object)] as const),
    )
    expect(answers.length).toBeGreaterThan(0)
    expect(answers.filter(([, { code }]) => code >= 300).map(([which, { body }]) => `${which}: ${body.message}`)).toEqual([])
  })

  it('every pod is admitted at the restricted level', async () => {
    const pods = withPods(rendered(name)).map((object): KubernetesObject => {
      const { metadata, spec } = podTemplateOf(object)
      return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'pod', namespace: 'carillon-system' }, spec }
    })
    const answers = await Promise.all(
      pods.map((pod) => askCluster(cluster, { method: 'POST', path: `${pathOf(pod)}?dryRun=All&fieldValidation=Strict`, body: pod })),
    )
    expect(
      answers
        .map(({ code, body }) => (code < 300 ? '' : body.message))
        .filter((said) => said !== '' && !said?.includes('no PriorityClass')),
    ).toEqual([])
    expect(pods.length).toBeGreaterThan(0)
  })

  it('no two objects have one name, and labels name their owner', () => {
    const objects = rendered(name)
    expect(new Set(objects.map(named)).size).toBe(objects.length)
    expect(objects.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/instance'] !== 'carillon').map(named)).toEqual([])
  })

  it('the operator gets only options that it has, with valid values', () => {
    const deployment = rendered(name).find(({ kind }) => kind === 'Deployment')
    const variables = (deployment === undefined ? [] : (podTemplateOf(deployment).spec.containers[0]?.env ?? [])).filter(
      (variable) => !variable.name.startsWith('NODE_'),
    )
    const known = new Set<string>(Object.values(operatorOptions).map(({ env }) => env))
    expect(variables.filter((variable) => !known.has(variable.name))).toEqual([])
    const env = Object.fromEntries(variables.map(({ name: variable, value = '' }) => [variable, value]))
    // The Secrets are not mounted here.
    expect(parseOperatorOptions(env, [], { readable: () => true })).toMatchObject({ ok: true })
  })
})

const rulesOf = (objects: readonly KubernetesObject[], kind: string, name: string): unknown =>
  objects.find((object) => object.kind === kind && object.metadata.name === name)?.['rules']

describe('the roles', () => {
  it('are those of operator/permissions.ts, in the whole cluster', () => {
    const objects = rendered('default')
    expect(rulesOf(objects, 'ClusterRole', 'carillon-carillon-system')).toEqual([...policyRules('cluster'), ...policyRules('channels')])
    expect(rulesOf(objects, 'Role', 'carillon-own')).toEqual(policyRules('own-namespace'))
    expect(rulesOf(objects, 'ClusterRole', 'carillon-release-finalizers-carillon-system')).toEqual(
      policyRules('channels', releasePermissions),
    )
  })

  it('are those of operator/permissions.ts in each namespace, and allow writes nowhere else', () => {
    const objects = rendered('namespaced').filter((object) => !isHook(object))
    expect(rulesOf(objects, 'ClusterRole', 'carillon-carillon-system')).toEqual(policyRules('cluster'))
    const roles = objects.filter(({ kind, metadata }) => kind === 'Role' && metadata.name === 'carillon')
    expect(roles.map(({ metadata, rules }) => [metadata.namespace, rules])).toEqual([
      ['shop', policyRules('channels')],
      ['chat', policyRules('channels')],
    ])
  })

  it('bind the account of the pods', () => {
    const objects = rendered('everything')
    const bindings = objects.filter((object) => object.kind.endsWith('Binding') && !isHook(object))
    expect(bindings.map((binding) => binding['subjects'])).toEqual(
      bindings.map(() => [{ kind: 'ServiceAccount', name: 'realtime-operator', namespace: 'carillon-system' }]),
    )
    expect(bindings.length).toBeGreaterThan(2)
  })

  it('are the ones that renderRoles makes, which clusters without Helm use', async () => {
    for (const watchNamespaces of [[], ['shop', 'chat']]) {
      const answers = await Promise.all(
        renderRoles({ name: 'carillon', namespace: 'carillon-system', watchNamespaces }).map((object) =>
          applyDry(object as KubernetesObject),
        ),
      ) // with apiVersion, kind and metadata
      expect(answers.filter(({ code }) => code >= 300)).toEqual([])
    }
  })

  it('are one in each namespace that rbac.kafkaSecrets names, however often, with all its Secrets', () => {
    const roles = rendered('everything').filter(({ kind, metadata }) => kind === 'Role' && metadata.name === 'realtime-kafka-secrets')
    const names = roles.map((role) => [
      role.metadata.namespace,
      (role['rules'] as readonly { readonly resourceNames: readonly string[] }[])[0]?.resourceNames,
    ]) // checked by the API server above
    expect(names).toEqual([
      ['chat', ['kafka-user']],
      ['shop', ['kafka-user', 'kafka-client']],
    ])
  })

  it('allow to read no Secret but those that rbac.kafkaSecrets names, in their namespace', () => {
    const objects = rendered('namespaced')
    const about = objects.filter((object) => JSON.stringify(object['rules'] ?? '').includes('secrets'))
    expect(about.map((object) => [named(object), object['rules']])).toEqual([
      [
        'Role/shop/carillon-kafka-secrets',
        [{ apiGroups: [''], resources: ['secrets'], resourceNames: ['kafka-user', 'kafka-client'], verbs: ['get'] }],
      ],
    ])
  })
})

describe.each([renderCustomResourceDefinition(), renderClassDefinition()])('the CustomResourceDefinition $metadata.name', (own) => {
  const definitionOf = (name: string): KubernetesObject | undefined =>
    rendered(name).find(({ kind, metadata }) => kind === 'CustomResourceDefinition' && metadata.name === own.metadata.name)

  it('is that of the code, and is kept', () => {
    expect(definitionOf('default')?.['spec']).toEqual(JSON.parse(JSON.stringify(own.spec)))
    expect(definitionOf('default')?.metadata.annotations).toMatchObject({ 'helm.sh/resource-policy': 'keep', ...own.metadata.annotations })
  })

  it('is not kept, or not made, when the values say so', () => {
    expect(definitionOf('namespaced')?.metadata.annotations).not.toHaveProperty('helm.sh/resource-policy')
    expect(definitionOf('least')).toBeUndefined()
  })
})

describe('for the Prometheus operator', () => {
  it('finds the Service, the gateways and the alerts', () => {
    const objects = rendered('everything')
    const [service, serviceMonitor, podMonitor, rule] = ['Service', ...ofPrometheus].map((kind) =>
      objects.find((object) => object.kind === kind),
    )
    expect(serviceMonitor).toMatchObject({
      apiVersion: 'monitoring.coreos.com/v1',
      metadata: { labels: { release: 'prometheus' } },
      spec: { endpoints: [{ port: 'internal', path: '/metrics', interval: '15s', honorLabels: true }] },
    })
    expect(serviceMonitor).toMatchObject({
      spec: { selector: { matchLabels: { 'app.kubernetes.io/name': service?.metadata.labels?.['app.kubernetes.io/name'] } } },
    })
    expect(podMonitor).toMatchObject({ spec: { podMetricsEndpoints: [{ port: 'internal', path: '/metrics' }] } })
    expect(rule).toMatchObject({ spec: { groups: [{ name: 'carillon-gateways' }, { name: 'carillon-operator' }] } })
  })
})

describe('for Grafana', () => {
  it('finds each dashboard in a ConfigMap, as it is in the file, with the label of its sidecar', () => {
    const maps = rendered('everything').filter(({ kind }) => kind === 'ConfigMap')
    const texts = maps.flatMap(({ data }) => Object.entries(data as Readonly<Record<string, string>>)) // checked by the API server above
    expect(texts.map(([name]) => name)).toEqual(['carillon-gateways.json', 'carillon-operator.json'])
    for (const [name, text] of texts)
      expect(JSON.parse(text)).toEqual(
        JSON.parse(readFileSync(join(chartFolder, 'files/dashboards', name.replace('carillon-', '')), 'utf8')),
      )
    expect(maps.map(({ metadata }) => [metadata.labels?.['grafana_dashboard'], metadata.annotations])).toEqual(
      maps.map(() => ['1', { grafana_folder: 'Carillon' }]),
    )
  })

  it('finds no dashboard by default', () => {
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
  ['kafka.sasl.secretName=a', /mechanism is none: set kafka\.sasl\.mechanism/],
  ['kafka.channels.saslMechanism=plain', /kafka\.channels\.saslSecret/],
  ['kafka.channels.caSecret=a', /set kafka\.tls\.enabled/],
  ['kafka.tls.enabled=true,kafka.tls.secretName=a,kafka.tls.certKey=tls.crt', /belong together/],
  ['kafka.tls.secretName=a', /set kafka\.tls\.enabled/],
  ['serviceAccount.create=false', /serviceAccount\.name/],
  ['watchNamespaces={shop},rbac.kafkaSecrets[0].namespace=chat,rbac.kafkaSecrets[0].names={a}', /chat, which is not among watchNamespaces/],
  ['metrics.service.enabled=false,metrics.serviceMonitor.enabled=true', /needs metrics\.service\.enabled/],
  ['extraEnv[0].name=LOG_LEVEL,extraEnv[0].value=debug', /extraEnv names LOG_LEVEL, which the chart sets: use log\.level/],
  ['extraEnv[0].name=POD_NAME,extraEnv[0].value=a', /extraEnv names POD_NAME, which the chart sets: leave it out/],
  ['extraEnv[0].name=INTERNAL_PORT,extraEnv[0].value="9001"', /extraEnv names INTERNAL_PORT, .*ask port 9000/],
  ['extraEnv[0].name=WORKERS,extraEnv[1].name=WORKERS', /extraEnv names WORKERS twice/],
  ['extraEnv[0].name=WORKERS,extraEnv[0].value=16', /extraEnv\/0\/value.*want string/],
  ['extraEnv[0].name=WORKERS,extraEnv[0].values=a', /extraEnv\/0.*values/],
  ['extraEnv[0].value=16', /extraEnv\/0.*name/],
  ['trustedCa.configMap=a,extraEnv[0].name=NODE_EXTRA_CA_CERTS', /NODE_EXTRA_CA_CERTS, which the chart sets: use trustedCa/],
  ['trustedCa.configMap=a,trustedCa.secret=b', /trustedCa\.configMap and trustedCa\.secret/],
  ['extraVolumes[0].name=tmp', /extraVolumes names tmp, which is taken/],
  ['extraVolumes[0].name=a,extraVolumes[1].name=a', /extraVolumes names a, which is taken/],
  ['extraVolumes[0].name=a,extraVolumeMounts[0].name=a,extraVolumeMounts[0].mountPath=/tmp/', /the path \/tmp\/, which is taken/],
  [
    'extraVolumes[0].name=a,extraVolumeMounts[0].name=a,extraVolumeMounts[0].mountPath=/etc/carillon',
    /the path \/etc\/carillon, which is taken/,
  ],
  ['extraVolumeMounts[0].name=a,extraVolumeMounts[0].mountPath=/a', /the volume a, which is not among extraVolumes/],
  ['podLabels.app\\.kubernetes\\.io/name=a', /podLabels names app\.kubernetes\.io\/name, which the chart sets/],
  ['commonLabels.helm\\.sh/chart=a', /commonLabels names helm\.sh\/chart, which the chart sets/],
  ['metrics.podMonitor.labels.app\\.kubernetes\\.io/instance=a', /metrics\.podMonitor\.labels names app\.kubernetes\.io\/instance/],
  ['podAnnotations.kubectl\\.kubernetes\\.io/default-container=a', /podAnnotations names kubectl\.kubernetes\.io\/default-container/],
  ['networkPolicy.enabled=false,networkPolicy.egress.enabled=true', /needs networkPolicy\.enabled/],
  ['class=null', /earlier release of the chart \(--reuse-values\).*--reset-then-reuse-values/],
  ['topics.pattern=NAMESPACE.*', /topics\.pattern has moved: give class\.allowed\.topics as a list, such as \["NAMESPACE\.\*"\]/],
  ['class.allowed.host={a}', /class\/allowed.*host/],
  ['class.allowed.maxReplicas=0', /class\/allowed\/maxReplicas/],
  ['class.defaults.topic.name=a', /class\/defaults\/topic.*name/],
  ['extraEnv[0].name=TOPIC_PATTERN', /use class\.allowed\.topics/],
  ['rbac.clusterWide=false', /rbac\.clusterWide=false needs watchNamespaces/],
  ['networkPolicy.egress.enabled=true', /networkPolicy\.egress\.kafkaPorts/],
]

describe('bad values', () => {
  it.each(refused)('%s is refused with a message that names its place', (set, said) => {
    const answer = helm(['template', 'carillon', chartFolder, '--set', set])
    expect(answer.isOk).toBe(false)
    expect(answer.stderr).toMatch(said)
  })
})

describe('the pods', () => {
  // The Job and the test had none of these: in a namespace that injects sidecars the Job never ended.
  it('all have the labels, annotations, priority, placement and resources of the values', () => {
    const pods = withPods(rendered('everything'))
    expect(pods.map(({ kind }) => kind).toSorted()).toEqual(['Deployment', 'Job', 'Pod'])
    for (const pod of pods) {
      const { metadata, spec } = podTemplateOf(pod)
      expect(metadata).toMatchObject({ labels: { tier: 'control', team: 'platform' }, annotations: { 'sidecar.istio.io/inject': 'false' } })
      expect(spec).toMatchObject({
        priorityClassName: 'system-cluster-critical',
        imagePullSecrets: [{ name: 'registry' }],
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        tolerations: [{ operator: 'Exists' }],
        affinity: { nodeAffinity: {} },
      })
    }
    expect(pods.map((pod) => podTemplateOf(pod).spec.containers[0]?.resources)).toMatchObject([
      { requests: { cpu: '500m' } },
      { limits: { cpu: '100m' } },
      { limits: { cpu: '500m' } },
    ])
  })

  it('all request disk, because a quota may demand it', () => {
    const asked = withPods(rendered('default')).map((pod) => podTemplateOf(pod).spec.containers[0]?.resources)
    expect(asked).toEqual(
      asked.map(() => expect.objectContaining({ requests: expect.objectContaining({ 'ephemeral-storage': expect.any(String) }) })),
    )
    expect(asked.length).toBe(3)
  })

  const contextsOf = (objects: readonly KubernetesObject[]): readonly unknown[] =>
    withPods(objects).map((pod) => (podTemplateOf(pod).spec as { readonly securityContext?: object }).securityContext)
  const ids = { runAsUser: 65_532, runAsGroup: 65_532, fsGroup: 65_532 }
  const rest = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }

  it('leave their ids to the cluster where the values say so, or on OpenShift, and keep the rest', () => {
    expect(contextsOf(rendered('everything'))).toEqual(Array.from({ length: 3 }, () => ({ ...rest, supplementalGroups: [1000] })))
    const openShift = ['--api-versions', 'security.openshift.io/v1']
    expect(contextsOf(renderedObjects(openShift))).toEqual(Array.from({ length: 3 }, () => rest))
    expect(contextsOf(renderedObjects([...openShift, '--set', 'podUser=fixed']))).toEqual(
      Array.from({ length: 3 }, () => ({ ...rest, ...ids })),
    )
    expect(contextsOf(rendered('default'))).toEqual(Array.from({ length: 3 }, () => ({ ...rest, ...ids })))
  })

  it('give gateways the same choice, and Secrets that they can read without a group of their own', () => {
    const operatorOf = (podUser: string): unknown =>
      renderedObjects(['--set', `podUser=${podUser},kafka.tls.enabled=true,kafka.tls.secretName=a`]).find(
        ({ kind }) => kind === 'Deployment',
      )?.['spec']
    const spec = (podUser: string, defaultMode: number): object => ({
      containers: [{ env: expect.arrayContaining([{ name: 'GATEWAY_POD_USER', value: podUser }]) }],
      volumes: expect.arrayContaining([{ name: 'kafka-tls', secret: { secretName: 'a', defaultMode } }]),
    })
    expect(operatorOf('assigned')).toMatchObject({ template: { spec: spec('assigned', 0o444) } })
    expect(operatorOf('fixed')).toMatchObject({ template: { spec: spec('fixed', 0o440) } })
  })

  it('trust the authorities of trustedCa, from a ConfigMap or a Secret', () => {
    const operatorOf = (args: readonly string[]): unknown => renderedObjects(args).find(({ kind }) => kind === 'Deployment')?.['spec']
    for (const [kind, source] of [
      ['configMap', { configMap: { name: 'ca' } }],
      ['secret', { secret: expect.objectContaining({ secretName: 'ca' }) }],
    ] as const) {
      expect(operatorOf(['--set', `trustedCa.${kind}=ca`])).toMatchObject({
        template: {
          spec: {
            containers: [
              {
                env: expect.arrayContaining([{ name: 'NODE_EXTRA_CA_CERTS', value: '/etc/carillon/trusted-ca/ca.crt' }]),
                volumeMounts: expect.arrayContaining([{ name: 'trusted-ca', mountPath: '/etc/carillon/trusted-ca', readOnly: true }]),
              },
            ],
            volumes: expect.arrayContaining([expect.objectContaining({ name: 'trusted-ca', ...source })]),
          },
        },
      })
    }
  })
})

describe('the NetworkPolicies', () => {
  const egressOf = (args: readonly string[]): readonly unknown[] =>
    renderedObjects(args)
      .filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name === 'carillon')
      .map(({ spec }) => (spec as { readonly egress?: unknown }).egress)

  it("leave the operator's egress open by default", () => {
    expect(egressOf([])).toEqual([undefined])
  })

  it('allow only DNS, the API server and the ports of the brokers, when egress is limited', () => {
    const tcp = (...ports: readonly number[]): object => ({ ports: ports.map((port) => ({ port, protocol: 'TCP' })) })
    expect(egressOf(['--set', 'networkPolicy.egress.enabled=true,kafka.brokers={a:9093,[::1]:9094,b:9093}'])).toEqual([
      [
        {
          ports: expect.arrayContaining([
            { port: 53, protocol: 'UDP' },
            { port: 5353, protocol: 'TCP' },
          ]),
        },
        tcp(443, 6443),
        tcp(9093, 9094),
      ],
    ])
    expect(egressOf(['--set', 'networkPolicy.egress.enabled=true,networkPolicy.egress.kafkaPorts={9095}'])).toEqual([
      [expect.anything(), tcp(443, 6443), tcp(9095)],
    ])
  })

  it('allow what the test and the Job need', () => {
    const policies = rendered('everything').filter(({ kind }) => kind === 'NetworkPolicy')
    const chosen = policies.flatMap(
      ({ spec }) =>
        (spec as { readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> } }).podSelector.matchLabels[
          'app.kubernetes.io/name'
        ] ?? [],
    )
    expect(policies.find(({ metadata }) => metadata.name === 'realtime-helpers')).toMatchObject({
      spec: { podSelector: { matchExpressions: [{ operator: 'In', values: ['carillon-test', 'carillon-wait-for-definitions'] }] } },
    })
    expect(chosen.toSorted()).toEqual(['carillon-operator', 'carillon-release-finalizers'])
  })

  it('allow no peer to read metrics when none is named', () => {
    const objects = rendered('namespaced')
    expect(objects.find(({ kind }) => kind === 'NetworkPolicy')).toMatchObject({ spec: { ingress: [{ from: [{ podSelector: {} }] }] } })
    const operator = objects.find(({ kind }) => kind === 'Deployment')
    const env = Object.fromEntries(
      (operator === undefined ? [] : (podTemplateOf(operator).spec.containers[0]?.env ?? [])).map(({ name, value = '' }) => [name, value]),
    )
    expect(parseOperatorOptions(env, [], { readable: () => true })).toMatchObject({
      ok: true,
      value: { config: { metricsNamespaces: [] } },
    })
  })
})

describe('without rights in the cluster', () => {
  const ofCluster = ['ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition', 'RealtimeChannelClass']

  it('makes no cluster-scoped object, and gives the operator its class as a file', () => {
    const objects = rendered('without-cluster')
    expect(objects.filter(({ kind }) => ofCluster.includes(kind)).map(named)).toEqual([])
    const data = objects.find(({ kind }) => kind === 'ConfigMap')?.['data'] as Readonly<Record<string, string>> | undefined // checked by the API server above
    const { spec, ...rest } = JSON.parse(data?.['class.json'] ?? '') as { readonly spec: RealtimeChannelClassSpec }
    expect(rest).toEqual({ apiVersion: 'carillon.dev/v1alpha1', kind: 'RealtimeChannelClass', metadata: { name: 'default' } })
    expect(spec).toEqual({ defaults: { route: { tls: {} } }, allowed: { topics: ['NAMESPACE.*'], hosts: ['NAMESPACE.apps.example.com'] } })
    const file = join(cluster.directory, 'class.json')
    writeFileSync(file, data?.['class.json'] ?? '')
    expect(readClassFile(file)).toMatchObject({ ok: true, value: { name: 'default', bounds: { hosts: ['NAMESPACE.apps.example.com'] } } })
  })

  it('replaces its pods for another class, which is read at start', () => {
    const annotationsOf = (args: readonly string[]): unknown =>
      renderedObjects(['--set', 'watchNamespaces={shop},rbac.clusterWide=false', ...args])
        .filter(({ kind }) => kind === 'Deployment')
        .map((object) => podTemplateOf(object).metadata)
    expect(annotationsOf([])).toEqual(annotationsOf([]))
    expect(annotationsOf([])).not.toEqual(annotationsOf(['--set', 'class.allowed.maxReplicas=20']))
  })
})

describe('in a chart that has it as a dependency', () => {
  const renderUmbrella = (values: string): ReturnType<typeof helm> => {
    const folder = join(cluster.directory, 'umbrella')
    mkdirSync(join(folder, 'charts'), { recursive: true })
    cpSync(chartFolder, join(folder, 'charts/carillon'), { recursive: true })
    writeFileSync(
      join(folder, 'Chart.yaml'),
      `apiVersion: v2\nname: umbrella\nversion: 0.1.0\ndependencies:\n  - name: carillon\n    version: '*'\n    condition: carillon.enabled\n`,
    )
    writeFileSync(join(folder, 'values.yaml'), values)
    return helm(['template', 'umbrella', folder])
  }

  // "additional properties 'enabled' not allowed"
  it('takes the usual condition', () => {
    expect(renderUmbrella('carillon:\n  enabled: true\n')).toMatchObject({
      isOk: true,
      stdout: expect.stringContaining('kind: Deployment'),
    })
    expect(renderUmbrella('carillon:\n  enabled: false\n')).toMatchObject({
      isOk: true,
      stdout: expect.not.stringContaining('kind: Deployment'),
    })
  })
})

describe('the version of Kubernetes', () => {
  // In 1.29 preStop.sleep is off by default: the API server drops it, and gateways end before proxies notice.
  it('is 1.30 or later', () => {
    expect(helm(['template', 'carillon', chartFolder, '--kube-version', '1.29.15'])).toMatchObject({
      isOk: false,
      stderr: expect.stringContaining('>=1.30.0-0'),
    })
    expect(helm(['template', 'carillon', chartFolder, '--kube-version', '1.30.0-gke.1'])).toMatchObject({ isOk: true })
  })
})

describe('the pages about installing', () => {
  const blocks = readPages()
    .filter(({ path }) => ['docs/install.md', 'docs/rbac.md'].includes(path))
    .flatMap(codeBlocks)
    .filter(({ language }) => language === 'yaml')
  const values = blocks
    .filter(({ code }) => !/^apiVersion:|^resource\.customizations|^healthCheckExprs:/m.test(code))
    .map((block) => [`${block.page}:${block.line}`, block.code] as const)
  const objects = blocks.filter(({ code }) => /^apiVersion:/m.test(code)).flatMap(({ code }) => parseYaml(code))

  it.each(values)('show values that the chart accepts: %s', (_where, code) => {
    const file = join(cluster.directory, 'values.yaml')
    writeFileSync(file, code)
    expect(helm(['template', 'carillon', chartFolder, '--values', file])).toMatchObject({ isOk: true })
  })

  it('show objects that the API server accepts', async () => {
    const answers = await Promise.all(objects.map(applyDry))
    expect(answers.map(({ code }) => code)).toEqual([201, 201])
  })

  // Helm would not import a Role of the page's name that was made by hand, when the chart later got the Secret as well.
  it('show the role that the chart would make of its values, under another name, so that one may follow the other', () => {
    const [nameOnPage] = objects.map(({ metadata }) => metadata.name)
    const made = rendered('namespaced').filter(({ metadata }) => metadata.name === 'carillon-kafka-secrets')
    const asOnThePage = made.map(({ kind, metadata: { namespace }, roleRef, subjects }) => ({
      kind,
      metadata: { name: nameOnPage, namespace },
      roleRef: roleRef === undefined ? undefined : { ...roleRef, name: nameOnPage },
      subjects,
    }))
    expect(asOnThePage).toEqual(objects.map(({ kind, metadata, roleRef, subjects }) => ({ kind, metadata, roleRef, subjects })))
    expect(nameOnPage).not.toBe('carillon-kafka-secrets')
  })
})
