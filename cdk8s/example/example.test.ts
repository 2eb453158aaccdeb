import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { App, Chart, Testing } from 'cdk8s'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DevelopmentKafka } from './development-kafka.ts'

const program = fileURLToPath(new URL('main.ts', import.meta.url))
const run = (...args: readonly string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'carillon-example-'))
})
afterAll(() => rm(directory, { recursive: true }))

async function fileWith(content: unknown): Promise<string> {
  const path = join(directory, 'keys.json')
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('the example', () => {
  it('writes the manifests to standard output, with its defaults', async () => {
    const { status, stdout, stderr } = run()
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    await expect(stdout).toMatchFileSnapshot('snapshots/default.yaml')
  })

  it('writes keys, three brokers, volumes, a route and resume tickets when its flags ask for them', async () => {
    const jwks = await fileWith({
      keys: [{ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', kid: 'example' }],
    })
    const { stdout } = run(
      '--jwks',
      jwks,
      '--brokers',
      '3',
      '--storage',
      '1Gi',
      '--host',
      'live.example.com',
      '--name',
      'chat',
      '--tickets',
      'chat-tickets',
    )
    await expect(stdout).toMatchFileSnapshot('snapshots/everything.yaml')
  })

  it('writes one file for each object into the directory of --out', async () => {
    const out = join(directory, 'out')
    expect(run('--out', out)).toMatchObject({ status: 0, stdout: `wrote ${out}\n` })
    expect((await readdir(out)).sort()).toEqual([
      'Namespace.carillon-example.k8s.yaml',
      'RealtimeChannel.news.k8s.yaml',
      'RealtimeChannelClass.carillon-example.k8s.yaml',
      'Service.kafka-brokers.k8s.yaml',
      'Service.kafka.k8s.yaml',
      'StatefulSet.kafka.k8s.yaml',
    ])
  })

  it('prints its help', () => {
    expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringMatching(/--brokers +Kafka nodes, 1 to 3\. \[1\]/) })
  })

  it('reports a wrong flag or value in one line, and writes nothing', async () => {
    expect(run('--broker', '1')).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining("'--broker'") })
    expect(run('--brokers', '4')).toMatchObject({ status: 2, stdout: '', stderr: 'DevelopmentKafka has 1, 2 or 3 brokers, not 4\n' })
    expect(run('--host', 'https://a')).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('spec.route.host') })
    expect(run('--tickets', 'Chat_Tickets')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('spec.auth.resumeTickets.secretRef.name'),
    })
    expect(run('--jwks', join(directory, 'missing'))).toMatchObject({ status: 2, stderr: expect.stringContaining('no such file') })
    expect(run('--jwks', await fileWith('[]'))).toMatchObject({ status: 2, stderr: expect.stringContaining('no list `keys`') })
  })

  it('refuses to write private keys into a ConfigMap', async () => {
    const jwks = await fileWith({ keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'x', d: 'secret-part' }] })
    const { status, stdout, stderr } = run('--jwks', jwks)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain('holds private keys')
    expect(stderr).not.toContain('secret-part')
  })
})

describe('Kafka for development', () => {
  it('advertises each node and its bootstrap server by names that every namespace resolves', () => {
    const chart = new Chart(new App(), 'app', { namespace: 'other' })
    const kafka = new DevelopmentKafka(chart, 'kafka', { namespace: 'shop', brokers: 2 })
    expect(kafka.bootstrapServers).toEqual(['kafka.shop.svc:9092'])
    const text = JSON.stringify(Testing.synth(chart))
    expect(text).toContain('PLAINTEXT://$(POD_NAME).kafka-brokers.shop.svc:9092')
    expect(text).toContain('0@kafka-0.kafka-brokers.shop.svc:9093,1@kafka-1.kafka-brokers.shop.svc:9093')
  })
})
