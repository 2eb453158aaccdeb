import { Yaml } from 'cdk8s'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KubernetesObject } from '../../api/kubernetes.ts'
import { minimalSpec, operandInput, sampleInputs, specWith } from '../testing/operand-inputs.ts'
import { anyInput } from '../testing/any-input.ts'
import { renderOperands } from './gateway-operands.ts'
import type { OperandInput } from './operand-input.ts'
import { maxChannelNameLength, operandNames } from '../../api/child-names.ts'
import { operandTypes } from '../../api/child-types.ts'

function rendered(input: OperandInput): readonly KubernetesObject[] {
  const outcome = renderOperands(input)
  if (!outcome.ok) throw new Error(outcome.error)
  return outcome.value
}

const kinds = (input: OperandInput): readonly string[] => rendered(input).map(({ kind }) => kind)

/** One object, with its insides open: a test that reads what is not there fails. */
// oxlint-disable-next-line typescript/no-explicit-any -- the inside of a manifest
function objectOf(input: OperandInput, kind: string): any {
  return rendered(input).find((object) => object.kind === kind)
}

const podOf = (input: OperandInput) => objectOf(input, 'Deployment').spec.template.spec

function* everyValueIn(value: unknown): Generator<unknown> {
  yield value
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) yield* everyValueIn(inner)
}

describe('the objects of a channel', () => {
  it.each(Object.keys(sampleInputs))('are those of the snapshot: %s', async (name) => {
    const input = sampleInputs[name] ?? operandInput()
    await expect(Yaml.stringify(...rendered(input))).toMatchFileSnapshot(`snapshots/${name}.yaml`)
  })

  it('come in the order in which they are applied, which is that of the table', () => {
    expect(kinds(operandInput())).toEqual(['ServiceAccount', 'NetworkPolicy', 'Service', 'PodDisruptionBudget', 'Deployment'])
    const all = new Set(Object.values(sampleInputs).flatMap(kinds))
    expect([...all].sort()).toEqual(Object.keys(operandTypes).sort())
    for (const input of Object.values(sampleInputs)) {
      expect(kinds(input)).toEqual(Object.keys(operandTypes).filter((kind) => kinds(input).includes(kind)))
    }
  })

  it('hold no empty map or list that means nothing: server-side apply would own it', () => {
    const meansSomething = (value: unknown, object: KubernetesObject): boolean =>
      object.kind === 'NetworkPolicy' && Object.keys(Object(value)).length === 0 && !Array.isArray(value)
    for (const object of Object.values(sampleInputs).flatMap(rendered)) {
      const empty = [...everyValueIn(object)].filter((value) => typeof value === 'object' && Object.keys(Object(value)).length === 0)
      expect(empty.filter((value) => !meansSomething(value, object))).toEqual([])
    }
  })

  it('are as large as their names let them: a channel whose name is too long, or cannot be that of a Service, is refused', () => {
    const named = (name: string) => renderOperands(operandInput({ channel: { name, namespace: 'shop', uid: 'u' } }))
    expect(named('a'.repeat(maxChannelNameLength)).ok).toBe(true)
    expect(named('a'.repeat(maxChannelNameLength + 1))).toEqual({ ok: false, error: expect.stringContaining('at most 55 characters') })
    expect(named('a.b')).toEqual({ ok: false, error: expect.stringContaining('lower case letters, digits and -') })
    expect(named('1a')).toMatchObject({ ok: false })
  })

  it('are refused, not half made, when a route has no host or two Secrets share a directory', () => {
    expect(renderOperands(operandInput({ spec: specWith({ route: { type: 'HTTPRoute' } }) }))).toEqual({
      ok: false,
      error: expect.stringContaining('spec.route.host'),
    })
    const files = ['a', 'b'].map((name) => ({ path: `/etc/keys/${name}`, from: { kind: 'Secret' as const, name, key: 'k' } }))
    expect(renderOperands(operandInput({ files }))).toEqual({
      ok: false,
      error: '/etc/keys would hold files of Secret a and of Secret b: give each its own directory',
    })
  })

  it('are a failure, not a throw, when cdk8s cannot write them', () => {
    // A key that JSON may have and that cdk8s stumbles over.
    const spec = specWith({ gateway: { affinity: { constructor: 'x' } } })
    expect(renderOperands(operandInput({ spec }))).toEqual({ ok: false, error: expect.stringContaining('cannot be written') })
  })
})

describe('whatever the channel says', () => {
  it('the same input gives the same objects, byte for byte', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        expect(JSON.stringify(rendered(structuredClone(input)))).toBe(JSON.stringify(rendered(input)))
      }),
    )
  })

  it('every object belongs to the channel: by its name, its labels and its owner, so that it is found, and goes with it', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const { name, namespace, uid } = input.channel
        for (const { kind, metadata } of rendered(input)) {
          expect(Object.entries(operandNames(name))).toContainEqual([kind, metadata.name])
          expect(metadata.name.length).toBeLessThanOrEqual(63)
          expect(metadata.namespace).toBe(namespace)
          expect(metadata.labels).toMatchObject({
            'carillon.dev/channel': name,
            'app.kubernetes.io/managed-by': 'carillon-operator',
            'app.kubernetes.io/instance': name,
          })
          expect(metadata.labels).not.toHaveProperty(['app.kubernetes.io/version'])
          expect(metadata.ownerReferences).toEqual([
            { apiVersion: 'carillon.dev/v1alpha1', kind: 'RealtimeChannel', name, uid, controller: true, blockOwnerDeletion: true },
          ])
        }
      }),
    )
  })

  it('selectors are name and instance, nothing else, and find the pods', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const selector = { 'app.kubernetes.io/name': 'carillon-gateway', 'app.kubernetes.io/instance': input.channel.name }
        const { selector: ofDeployment, template } = objectOf(input, 'Deployment').spec
        expect(ofDeployment).toEqual({ matchLabels: selector })
        expect(template.metadata.labels).toMatchObject(selector)
        expect(objectOf(input, 'Service').spec.selector).toEqual(selector)
        expect(objectOf(input, 'PodDisruptionBudget').spec.selector).toEqual({ matchLabels: selector })
        expect(objectOf(input, 'NetworkPolicy').spec.podSelector).toEqual({ matchLabels: selector })
      }),
    )
  })
})

describe('the pods', () => {
  it('say nothing of their number when an autoscaler decides', () => {
    expect(objectOf(operandInput({ scaling: { kind: 'handed-over' } }), 'Deployment').spec).not.toHaveProperty('replicas')
    expect(objectOf(operandInput({ scaling: { kind: 'fixed', replicas: 0 } }), 'Deployment').spec.replicas).toBe(0)
  })

  it('get what the user says in the words of Kubernetes, also fields that the constructs do not know', () => {
    const affinity = {
      podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', mismatchLabelKeys: ['tenant'] }] },
    }
    const tolerations = [{ operator: 'Exists', fieldOfTheFuture: 1 }]
    expect(podOf(operandInput({ spec: specWith({ gateway: { affinity, tolerations } }) }))).toMatchObject({ affinity, tolerations })
  })

  it('are kept apart on nodes also where nodes have no zones: the scheduler passes over nodes that lack a label of any constraint', () => {
    // Three gateways on one of two nodes: a second constraint, for zones, had undone the first on a cluster without zones.
    const { topologySpreadConstraints, affinity } = podOf(operandInput())
    expect(topologySpreadConstraints).toMatchObject([{ topologyKey: 'kubernetes.io/hostname' }])
    expect(affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution).toMatchObject([
      { podAffinityTerm: { topologyKey: 'topology.kubernetes.io/zone' } },
    ])
    expect(podOf(operandInput({ spec: specWith({ gateway: { affinity: {}, topologySpreadConstraints: [] } }) }))).not.toHaveProperty(
      'affinity',
    )
  })

  it('keep the labels of Carillon when the user gives others for them', () => {
    const { labels } = objectOf(
      operandInput({ spec: specWith({ gateway: { podLabels: { 'app.kubernetes.io/instance': 'other', mine: 'yes' } } }) }),
      'Deployment',
    ).spec.template.metadata
    expect(labels).toMatchObject({ 'app.kubernetes.io/instance': 'news', mine: 'yes' })
  })

  it('mount whole directories, so that a rotated Secret arrives, and only the keys that are named', () => {
    const { volumes, containers, securityContext } = podOf(sampleInputs['everything'] ?? operandInput())
    expect(JSON.stringify(containers)).not.toContain('subPath')
    expect(volumes).toContainEqual({
      name: 'files-0',
      secret: {
        secretName: 'kafka-user',
        defaultMode: 0o440,
        items: [
          { key: 'user', path: 'username' },
          { key: 'password', path: 'password' },
        ],
      },
    })
    expect(containers[0].volumeMounts).toContainEqual({ name: 'files-1', mountPath: '/etc/carillon/keys', readOnly: true })
    expect(securityContext.fsGroup).toBe(65_532)
    expect(podOf(operandInput()).securityContext).not.toHaveProperty('fsGroup')
  })

  it('wait before they stop where there is something to wait for', () => {
    expect(podOf(operandInput()).containers[0].lifecycle).toEqual({ preStop: { sleep: { seconds: 5 } } })
    expect(podOf(operandInput({ stopping: { preStopSeconds: 0, terminationGracePeriodSeconds: 30 } })).containers[0]).not.toHaveProperty(
      'lifecycle',
    )
  })
})

describe('the network policy', () => {
  const rulesFor = (peers: OperandInput['peers']): unknown => objectOf(operandInput({ peers }), 'NetworkPolicy').spec.ingress
  const ports = (port: number) => [{ port, protocol: 'TCP' }]

  it('lets everybody in where peers are null, and nobody where the list is empty', () => {
    expect(rulesFor({ public: null, internal: null })).toEqual([{ ports: ports(8000) }, { ports: ports(9000) }])
    expect(rulesFor({ public: null, internal: [] })).toEqual([{ ports: ports(8000) }])
    expect(rulesFor({ public: [], internal: [] })).toBeUndefined()
  })

  it('passes peers on word for word: a peer that lost a field would let in more', () => {
    const peers = [{ namespaceSelektor: { matchLabels: { a: 'b' } }, podSelector: {} }]
    expect(rulesFor({ public: peers, internal: [] })).toEqual([{ ports: ports(8000), from: peers }])
  })
})

describe('a route', () => {
  it('is there when it is asked for', () => {
    expect(minimalSpec.route.type).toBe('None')
    expect(kinds(operandInput())).not.toContain('Ingress')
    expect(
      objectOf(operandInput({ spec: specWith({ route: { type: 'Ingress', host: 'a.example' } }) }), 'Ingress').spec,
    ).not.toHaveProperty('tls')
  })

  it('leads one exact path to the socket, which no longer prefix can take, and a prefix to the API', () => {
    const input = (route: object) =>
      operandInput({ spec: specWith({ route: { host: 'a.example', ...route } }), paths: { socket: '/wss/news/v1/ws', api: '/api/news' } })
    const ingress = objectOf(input({ type: 'Ingress' }), 'Ingress').spec
    expect(ingress).toMatchObject({
      rules: [
        {
          http: {
            paths: [
              { path: '/wss/news/v1/ws', pathType: 'Exact' },
              { path: '/api/news', pathType: 'Prefix' },
            ],
          },
        },
      ],
    })
    const httpRoute = objectOf(input({ type: 'HTTPRoute', parentRefs: [{ name: 'edge' }] }), 'HTTPRoute').spec
    expect(httpRoute).toMatchObject({
      rules: [
        { matches: [{ path: { type: 'Exact', value: '/wss/news/v1/ws' } }] },
        { matches: [{ path: { type: 'PathPrefix', value: '/api/news' } }] },
      ],
    })
  })
})
