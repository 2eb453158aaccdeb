import { beforeAll, describe, expect, it } from 'vitest'
import { isAmbiguous } from '../name-pattern.ts'
import { askCluster, complaintOf, type ClusterAnswer } from '../../operator/testing/ask-cluster.ts'
import { useControlPlane } from '../../testing/use.ts'
import { installChannelType } from '../../operator/testing/install-channel-type.ts'
import { boundsOf, fieldAt, reportedPath, withField } from '../testing/schema-bounds.ts'
import { classCrdName } from './class-crd.ts'
import { classExample, smallClassExample, type ClassManifest } from './examples.ts'
import { classSpecSchema } from './realtime-channel-class.ts'
import { walkSchema } from './walk-schema.ts'

/** Responses of the API server to classes, by the CustomResourceDefinition alone: there is no webhook. */
const classes = '/apis/carillon.dev/v1alpha1/realtimechannelclasses'

const cluster = useControlPlane()
beforeAll(async () => {
  await installChannelType(cluster)
})

const create = (manifest: ClassManifest, query = '&dryRun=All'): Promise<ClusterAnswer> =>
  askCluster(cluster, { method: 'POST', path: `${classes}?fieldValidation=Strict${query}`, body: manifest })
const complaint = async (manifest: ClassManifest): Promise<string> => complaintOf(await create(manifest))

describe('the CustomResourceDefinition of the class', () => {
  it('is established, and its schema is structural', async () => {
    const { body } = await askCluster(cluster, { path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${classCrdName}` })
    const { conditions } = body['status'] as { conditions: readonly { type: string; status: string }[] } // the server's own answer
    expect(Object.fromEntries(conditions.map(({ type, status }) => [type, status]))).toEqual({ NamesAccepted: 'True', Established: 'True' })
  })

  it.each([smallClassExample, classExample, { ...smallClassExample, spec: {} }])(
    'takes $metadata.name as it is written, and fills nothing in',
    async (example) => {
      const { code, body } = await create(example)
      expect({ code, spec: body['spec'] }).toEqual({ code: 201, spec: example.spec })
    },
  )

  it('has an example for every bound', () => {
    const unwritten = walkSchema(classSpecSchema.properties.allowed, 'spec.allowed').filter(
      ({ path }) => !path.includes('*') && fieldAt(classExample, path) === undefined,
    )
    expect(unwritten.map(({ path }) => path)).toEqual([])
  })

  it('shows the default class in the table of kubectl get', async () => {
    await create({ ...smallClassExample, metadata: { ...smallClassExample.metadata, name: 'shown' } }, '')
    const { body } = await askCluster(cluster, {
      path: `${classes}?includeObject=None`,
      accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
    })
    const { columnDefinitions, rows } = body as unknown as {
      columnDefinitions: readonly { name: string }[]
      rows: readonly { cells: readonly unknown[] }[]
    } // a Table
    const cells = rows.map((row) => Object.fromEntries(columnDefinitions.map(({ name }, index) => [name, row.cells[index]])))
    expect(cells).toEqual([expect.objectContaining({ Name: 'shown', Default: 'true' })])
  })
})

const fields = walkSchema(classSpecSchema.properties.allowed, 'spec.allowed').flatMap((field) =>
  boundsOf(field).length > 0 ? [[field.path, boundsOf(field)] as const] : [],
)

describe('the limits of a bound', () => {
  it.each(fields)('%s', async (path, bounds) => {
    for (const { name, within, beyond, complaint: expected } of bounds) {
      const [taken, refused] = await Promise.all([
        complaint(withField(smallClassExample, path, within)),
        complaint(withField(smallClassExample, path, beyond)),
      ])
      expect(refused, `beyond ${name}`).toContain(reportedPath(path))
      expect(refused, `beyond ${name}`).toContain(expected)
      expect(taken, `within ${name}`).not.toContain(expected)
    }
  })
})

describe('the defaults of a class', () => {
  it.each([
    ['spec.defaults.topic.name', 'shop.news'],
    ['spec.defaults.className', 'other'],
    ['spec.defaults.gateway.replicas', 3],
  ])('cannot have %s, which each channel has for itself', async (path, value) => {
    expect(await complaint(withField(smallClassExample, path, value))).toContain(`unknown field "${path}"`)
  })

  it('have the bounds and the rules of a channel', async () => {
    expect(await complaint(withField(smallClassExample, 'spec.defaults.topic.partitions', 0))).toContain('spec.defaults.topic.partitions')
    expect(await complaint(withField(smallClassExample, 'spec.defaults.auth.dangerouslyAllowAnyOrigin', true))).toContain(
      'auth takes allowedOrigins',
    )
    expect(
      await complaint(withField(smallClassExample, 'spec.defaults', { topic: { retention: '2m' }, replay: { window: '5m' } })),
    ).toContain('topic.retention must be at least replay.window')
  })

  it('may have NAMESPACE and NAME in the host and the paths', async () => {
    for (const host of ['NAMESPACE.apps.example.com', 'NAME.x-NAMESPACE.example.com', 'NAMESPACE'])
      expect(await complaint(withField(smallClassExample, 'spec.defaults.route.host', host))).toBe('')
    for (const host of ['namespace.Apps.example.com', '-NAME.example.com', 'NAMESPACE.', '*.example.com'])
      expect(await complaint(withField(smallClassExample, 'spec.defaults.route.host', host))).toContain('spec.defaults.route.host')
  })
})

describe('a pattern that may give one thing to two namespaces', () => {
  const patterns = [
    'NAMESPACE*',
    'NAMESPACE-*',
    'NAMESPACE-NAME',
    'NAMESPACENAME',
    '*NAMESPACE.x',
    'x.*-NAMESPACE',
    '*.NAMESPACE.*',
    'NAME.NAMESPACE.*',
    '*',
    'NAMESPACE',
    'NAMESPACE.*',
    'NAMESPACE.NAME',
    'x-NAMESPACE.NAME',
    'NAMESPACE-x.*',
    'NAME.NAMESPACE',
    'NAMESPACE.NAMESPACE.*',
  ]

  it.each(patterns)('is refused by the API server and by the operator alike: %s', async (pattern) => {
    for (const bound of ['topics', 'hosts', 'images']) {
      const said = await complaint(withField(smallClassExample, `spec.allowed.${bound}`, [pattern]))
      expect(said.includes('may give one thing to two namespaces'), bound).toBe(isAmbiguous(pattern))
    }
    // What a class provides has no `*`.
    if (pattern.includes('*')) return
    const { host, paths } = { host: pattern, paths: { socket: `/s/${pattern}`, api: `/a/${pattern}` } }
    for (const field of ['host', 'paths.socket', 'paths.api']) {
      const said = await complaint(withField(smallClassExample, 'spec.defaults.route', { host, paths }))
      expect(said.includes(`spec.defaults.route.${field}: Invalid value`), field).toBe(isAmbiguous(pattern))
    }
  })

  it('may be as long and as numerous as the schema allows', async () => {
    const many = Array.from({ length: 64 }, (_, index) => `NAMESPACE.${index}.${'*a'.repeat(115)}`)
    const lists = Object.fromEntries(['topics', 'hosts', 'images', 'bootstrapServers'].map((bound) => [bound, many]))
    expect(
      await complaint(withField(smallClassExample, 'spec.allowed', { ...lists, pathPrefixes: many.map((pattern) => `/${pattern}`) })),
    ).toBe('')
  })
})
