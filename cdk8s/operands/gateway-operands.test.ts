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

function* everyValueIn(value: unknown): Generator {
  yield value
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) yield* everyValueIn(inner)
}

describe('the objects of a channel', () => {
  it.each(Object.keys(sampleInputs))('match the snapshot: %s', async (name) => {
    const input = sampleInputs[name] ?? operandInput()
    await expect(Yaml.stringify(...rendered(input))).toMatchFileSnapshot(`snapshots/${name}.yaml`)
  })

  it('come in the order of the table, in which they are applied', () => {
    expect(kinds(operandInput())).toEqual(['ServiceAccount', 'NetworkPolicy', 'Service', 'PodDisruptionBudget', 'Deployment'])
    const all = new Set(Object.values(sampleInputs).flatMap(kinds))
    expect([...all].sort()).toEqual(Object.keys(operandTypes).sort())
    for (const input of Object.values(sampleInputs)) {
      expect(kinds(input)).toEqual(Object.keys(operandTypes).filter((kind) => kinds(input).includes(kind)))
    }
  })

  it('hold no empty map or list, which server-side apply would own', () => {
    const meansSomething = (value: unknown, object: KubernetesObject): boolean =>
      object.kind === 'NetworkPolicy' && Object.keys(Object(value)).length === 0 && !Array.isArray(value)
    for (const object of Object.values(sampleInputs).flatMap(rendered)) {
      const empty = [...everyValueIn(object)].filter((value) => typeof value === 'object' && Object.keys(Object(value)).length === 0)
      expect(empty.filter((value) => !meansSomething(value, object))).toEqual([])
    }
  })

  it('are refused when the name of the channel is too long, or cannot be that of a Service', () => {
    const named = (name: string) => renderOperands(operandInput({ channel: { name, namespace: 'shop', uid: 'u' } }))
    expect(named('a'.repeat(maxChannelNameLength)).ok).toBe(true)
    expect(named('a'.repeat(maxChannelNameLength + 1))).toEqual({ ok: false, error: expect.stringContaining('at most 55 characters') })
    expect(named('a.b')).toEqual({ ok: false, error: expect.stringContaining('lower-case letters, digits and -') })
    expect(named('1a')).toMatchObject({ ok: false })
  })

  it('are refused as a whole when a route has no host, or two Secrets share a directory', () => {
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

  it('are an error value, not an exception, when cdk8s cannot render them', () => {
    // A key that JSON may have and that cdk8s stumbles over.
    const spec = specWith({ gateway: { affinity: { constructor: 'x' } } })
    expect(renderOperands(operandInput({ spec }))).toEqual({ ok: false, error: expect.stringContaining('cannot be rendered') })
  })
})

describe('the objects of any channel', () => {
  it('are the same for the same input, byte for byte', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        expect(JSON.stringify(rendered(structuredClone(input)))).toBe(JSON.stringify(rendered(input)))
      }),
    )
  })

  it('belong to the channel by name, labels and owner', () => {
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

  it('select the pods by name and instance alone', () => {
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
  it('have no number in the Deployment when an autoscaler decides', () => {
    expect(objectOf(operandInput({ scaling: { kind: 'handed-over' } }), 'Deployment').spec).not.toHaveProperty('replicas')
    expect(objectOf(operandInput({ scaling: { kind: 'fixed', replicas: 0 } }), 'Deployment').spec.replicas).toBe(0)
  })

  it('get the fields that the user writes, including those that the constructs do not know', () => {
    const affinity = {
      podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', mismatchLabelKeys: ['tenant'] }] },
    }
    const tolerations = [{ operator: 'Exists', fieldOfTheFuture: 1 }]
    expect(podOf(operandInput({ spec: specWith({ gateway: { affinity, tolerations } }) }))).toMatchObject({ affinity, tolerations })
  })

  it('are spread over nodes even if the nodes have no zones', () => {
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

  it('keep the labels of Carillon when the user sets the same keys', () => {
    const { labels } = objectOf(
      operandInput({ spec: specWith({ gateway: { podLabels: { 'app.kubernetes.io/instance': 'other', mine: 'yes' } } }) }),
      'Deployment',
    ).spec.template.metadata
    expect(labels).toMatchObject({ 'app.kubernetes.io/instance': 'news', mine: 'yes' })
  })

  it('mount whole directories, which follow the rotation of a Secret, with only the keys that are named', () => {
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

  it('sleep before they stop only if preStopSeconds is above 0', () => {
    expect(podOf(operandInput()).containers[0].lifecycle).toEqual({ preStop: { sleep: { seconds: 5 } } })
    expect(podOf(operandInput({ stopping: { preStopSeconds: 0, terminationGracePeriodSeconds: 30 } })).containers[0]).not.toHaveProperty(
      'lifecycle',
    )
  })
})

describe('the network policy', () => {
  const rulesFor = (peers: OperandInput['peers']): unknown => objectOf(operandInput({ peers }), 'NetworkPolicy').spec.ingress
  const ports = (port: number) => [{ port, protocol: 'TCP' }]

  it('lets every peer in when the peers are null, and none when the list is empty', () => {
    expect(rulesFor({ public: null, internal: null })).toEqual([{ ports: ports(8000) }, { ports: ports(9000) }])
    expect(rulesFor({ public: null, internal: [] })).toEqual([{ ports: ports(8000) }])
    expect(rulesFor({ public: [], internal: [] })).toBeUndefined()
  })

  it('passes peers on unchanged, because a peer that lost a field would let in more', () => {
    const peers = [{ namespaceSelektor: { matchLabels: { a: 'b' } }, podSelector: {} }]
    expect(rulesFor({ public: peers, internal: [] })).toEqual([{ ports: ports(8000), from: peers }])
  })
})

describe('a route', () => {
  it('exists when the channel asks for it', () => {
    expect(minimalSpec.route.type).toBe('None')
    expect(kinds(operandInput())).not.toContain('Ingress')
    expect(
      objectOf(operandInput({ spec: specWith({ route: { type: 'Ingress', host: 'a.example' } }) }), 'Ingress').spec,
    ).not.toHaveProperty('tls')
  })

  it('leads one exact path to the socket, and a prefix to the API', () => {
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
