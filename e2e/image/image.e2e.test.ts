import { randomUUID } from 'node:crypto'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createRun, must } from '../platform/command.ts'
import { ownRepository } from '../platform/images.ts'
import { until } from '../../testing/until.ts'

/** The image by itself, in docker. The other suites run it on Kubernetes. */

const run = createRun(process.env)
/** Name that every build gives to the image. */
const image = `${ownRepository}:dev`
/** Flags of a careful administrator. */
const locked = ['--read-only', '--cap-drop=ALL', '--security-opt=no-new-privileges', '--network=none'] as const

const docker = (...words: readonly string[]): Promise<string> => must(run('docker', words), `docker ${words.join(' ')} failed`)
const inImage = (...words: readonly string[]): Promise<string> => docker('run', '--rm', ...locked, image, ...words)

/** Starts a gateway of the image, which ends with the test. @returns the name of its container */
async function startGateway(env: Readonly<Record<string, string>>): Promise<string> {
  const name = `carillon-image-${randomUUID()}`
  onTestFinished(async () => void (await run('docker', ['rm', '--force', name])))
  const variables = Object.entries({ NODE_ENV: 'development', ...env }).flatMap(([key, value]) => ['--env', `${key}=${value}`])
  await docker('run', '--detach', '--name', name, ...locked, ...variables, image)
  return name
}

interface Inspected {
  readonly Config: {
    readonly User: string
    readonly Labels: Readonly<Record<string, string>>
    readonly Entrypoint: readonly string[] | null
  }
}

async function inspect(): Promise<Inspected['Config']> {
  const [inspected] = JSON.parse(await docker('image', 'inspect', image)) as readonly Inspected[] // docker's format
  if (inspected === undefined) throw new Error(`docker has no image ${image}`)
  return inspected.Config
}

describe('the image', () => {
  it('has no program that installs packages of npm', async () => {
    const names = ['npm', 'npx', 'yarn', 'yarnpkg', 'corepack', 'pnpm'].flatMap((name) => ['-o', '-name', name]).slice(1)
    // Root may read every folder.
    const search = ['find', '/', '-xdev', '(', ...names, ')', '-not', '-path', '/proc/*']
    expect(await docker('run', '--rm', '--user=0', '--network=none', image, ...search)).toBe('')
  })

  it('runs as a user with a number, which may change none of the files of the programs', async () => {
    expect((await inspect()).User).toBe('65532:65532')
    expect(await inImage('id', '-u')).toBe('65532\n')
    expect(await inImage('find', '/app', '/nodejs', '-writable', '-not', '-type', 'l')).toBe('')
  })

  it('starts the program itself, so that it gets the signals', async () => {
    expect((await inspect()).Entrypoint).toBeNull()
    const name = await startGateway({})
    await until(async () => (await run('docker', ['exec', name, 'node', 'program/health-check/main.ts'])).code === 0, {
      what: 'the gateway to be ready',
    })
    await docker('stop', '--time', '60', name)
    expect(await docker('inspect', '--format', '{{.State.ExitCode}}', name)).toBe('0\n')
  })

  it('has the labels of OCI, without which a registry cannot show where it comes from', async () => {
    expect((await inspect()).Labels).toMatchObject({
      'org.opencontainers.image.title': 'carillon',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.source': 'https://github.com/carillon-dev/carillon',
      'org.opencontainers.image.version': 'dev',
    })
  })

  it('runs the operator, too, which names the option that is missing', async () => {
    expect(await inImage('node', 'operator/main.ts', '--help')).toContain('KAFKA_BROKERS')
    const { code, stderr } = await run('docker', ['run', '--rm', ...locked, image, 'node', 'operator/main.ts'])
    expect([code, stderr]).toEqual([2, expect.stringContaining('GATEWAY_IMAGE: expected the image of gateways')])
  })
})

describe('the health check of the image', () => {
  it('finds a gateway healthy that serves, on a root that is read only', async () => {
    const name = await startGateway({ INTERNAL_PORT: '9100' })
    const health = () => docker('inspect', '--format', '{{.State.Health.Status}}', name)
    await expect.poll(health, { interval: 500 }).toBe('healthy\n')
  })

  it('says what a gateway waits for that has no broker', async () => {
    const name = await startGateway({ KAFKA_BROKERS: '127.0.0.1:1' })
    const check = () => run('docker', ['exec', name, 'node', 'program/health-check/main.ts'])
    await until(async () => (await check()).stdout.includes('503'), { what: 'an answer of the gateway' })
    const { code, stdout } = await check()
    expect([code, stdout]).toEqual([1, expect.stringContaining('the log has not been opened yet')])
  })

  it('says that nothing listens', async () => {
    const { code, stdout } = await run('docker', ['run', '--rm', ...locked, image, 'node', 'program/health-check/main.ts'])
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^http:\/\/127\.0\.0\.1:9000\/readyz did not answer: /)])
  })
})
