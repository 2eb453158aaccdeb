import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { App, Chart, Testing } from 'cdk8s'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { minimalExample } from '../../api/v1alpha1/examples.ts'
import type { RealtimeChannel, RealtimeChannelClass } from '../../cdk8s/index.ts'
import { writeCdk8s, type Cdk8sBundle } from './cdk8s.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Inside the repository, so that cdk8s is found as in a user's project: in a node_modules further up. */
let directory = ''
let bundle: Cdk8sBundle
beforeAll(async () => {
  await mkdir(join(root, 'artifacts'), { recursive: true })
  directory = await mkdtemp(join(root, 'artifacts', 'published-'))
  bundle = await writeCdk8s(directory)
})
afterAll(() => rm(directory, { recursive: true }))

describe('the published construct', () => {
  it("makes a channel in a user's app, without type stripping", async () => {
    const published = (await import(pathToFileURL(join(directory, 'carillon-cdk8s.js')).href)) as {
      readonly RealtimeChannel: typeof RealtimeChannel
      readonly RealtimeChannelClass: typeof RealtimeChannelClass
    }
    expect(Object.keys(published)).toEqual(['RealtimeChannel', 'RealtimeChannelClass'])
    const chart = new Chart(new App(), 'app', { namespace: 'shop' })
    const channel = new published.RealtimeChannel(chart, 'news', { metadata: { name: 'news' }, ...minimalExample.spec })
    expect(channel.topicName).toBe('shop.news')
    expect(Testing.synth(chart)).toMatchObject([{ kind: 'RealtimeChannel', spec: minimalExample.spec }])
    expect(
      () => new published.RealtimeChannel(chart, 'bad', { ...minimalExample.spec, route: { type: 'HTTPRoute', className: 'traefik' } }),
    ).toThrow('className belongs to an Ingress')
    expect(() => new published.RealtimeChannelClass(chart, 'class', { allowed: { topics: ['NAMESPACE-*'] } })).toThrow(
      'spec.allowed.topics[0]: this pattern may give one thing to two namespaces',
    )
  })

  it('contains only the schema and the checks', () => {
    expect(
      bundle.sources.filter((source) => !/^(cdk8s|api|gateway\/config)\/|^program\/(result|is-record|durations)\.ts$/.test(source)),
    ).toEqual([])
    expect([...new Set([...bundle.code.matchAll(/from "([^"]+)"/g)].map(([, from]) => from))]).toEqual(['cdk8s'])
  })

  it('has the types of the schema, with its descriptions beside them', async () => {
    expect(bundle.types).toContain(
      '/** Number of partitions. It may grow, but not shrink: Kafka cannot remove partitions. From 1 to 1024. @default 3 */',
    )
    expect(bundle.types).toContain('get emitUrl(): string')
    await writeFile(join(directory, 'user.ts'), userProgram)
    await writeFile(
      join(directory, 'tsconfig.json'),
      JSON.stringify({
        extends: '../../tsconfig.json',
        compilerOptions: { skipLibCheck: false },
        include: ['user.ts', 'carillon-cdk8s.d.ts'],
      }),
    )
    const { stdout } = spawnSync(join(root, 'node_modules/typescript/bin/tsc'), ['--project', directory], { encoding: 'utf8' })
    // Types of libraries are checked as well, because ours are among them; errors in theirs do not count.
    expect(stdout.split('\n').filter((line) => line !== '' && !line.includes('node_modules') && !line.startsWith(' '))).toEqual([])
  })
})

const userProgram = `
import { App, Chart } from 'cdk8s'
import { RealtimeChannel, RealtimeChannelClass, type RealtimeChannelClassSpec, type RealtimeChannelSpec } from './carillon-cdk8s.js'
import type { RealtimeChannelClassSpec as ClassSource, RealtimeChannelSpec as Source } from '../../cdk8s/index.ts'

// The names of variables are said one by one in what is published; the source knows them as texts.
type WithoutEnv<S extends { readonly gateway?: object }> = Omit<S, 'gateway'> & { readonly gateway?: Omit<NonNullable<S['gateway']>, 'env'> }
export const toSource = (spec: RealtimeChannelSpec): Source => spec
export const fromSource = (spec: WithoutEnv<Source>): WithoutEnv<RealtimeChannelSpec> => spec

const auth = { jwks: { uri: 'https://a.example/keys' }, issuer: 'https://a.example', audience: ['a'], allowedOrigins: ['https://b.example'] }
const chart = new Chart(new App(), 'app')
export const url: string | null = new RealtimeChannel(chart, 'news', { metadata: { name: 'news' }, auth, route: { host: 'b.example', tls: {} } }).socketUrl
export const allowedToSource = (spec: Pick<RealtimeChannelClassSpec, 'allowed'>): Pick<ClassSource, 'allowed'> => spec
export const allowedFromSource = (spec: Pick<ClassSource, 'allowed'>): Pick<RealtimeChannelClassSpec, 'allowed'> => spec
new RealtimeChannel(chart, 'of-a-class', { className: new RealtimeChannelClass(chart, 'edge', { isDefault: true, defaults: { auth }, allowed: { hosts: ['*.b.example'] } }).className })
// @ts-expect-error -- no such bound
new RealtimeChannelClass(chart, 'other', { allowed: { host: ['b.example'] } })
// @ts-expect-error -- no such type of route
new RealtimeChannel(chart, 'with', { auth, route: { type: 'Funicular', host: 'b.example' } })
`
