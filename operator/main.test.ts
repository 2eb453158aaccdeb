import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findFreePortPair } from '../testing/free-ports.ts'
import { spawnProgram, type Program } from '../testing/processes/program.ts'

/** Tests of `node operator/main.ts` that need no cluster. */

let folder: string
const started: Program[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'carillon-operator-'))
})
afterAll(async () => {
  await Promise.all(started.map((program) => program.kill()))
  await rm(folder, { recursive: true })
})

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
  // The ~/.kube/config of the developer is not read.
  const program = spawnProgram(fileURLToPath(new URL('./main.ts', import.meta.url)), { args, env: { HOME: folder, ...env } })
  started.push(program)
  return program
}

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const program = start(args, env)
  const { code } = await program.exited
  return { code, stdout: program.stdout, stderr: program.stderr }
}

async function kubeconfigOf(port: number): Promise<string> {
  const file = join(folder, `${port}`)
  const cluster = { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true }
  await writeFile(
    file,
    JSON.stringify({
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'm', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'm',
    }),
  )
  return file
}

describe('the command line of the operator', () => {
  it('prints its help with any options, and prints its version', async () => {
    const [help, version] = await Promise.all([run(['--help'], { WORKERS: 'many' }), run(['--version'])])
    expect(help).toEqual({ code: 0, stdout: expect.stringMatching(/Usage: node operator\/main.ts[^]+--release-finalizers/), stderr: '' })
    expect(version).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' })
  })

  it('prints all option errors at once, and exits with 2', async () => {
    const { code, stdout, stderr } = await run(['--workers=0'], { RESYNC_MS: 'often', LEASE_DURATION_MS: '5000', KAFKA_BROKERS: 'kafka' })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    for (const name of ['GATEWAY_IMAGE', 'WORKERS', 'RESYNC_MS', 'LEASE_DURATION_MS', 'KAFKA_BROKERS']) expect(stderr).toContain(name)
    expect(stderr).toContain('--help')
  })

  it('exits with 2 and prints where it looked when no API server is configured', async () => {
    const { code, stdout, stderr } = await run([], { GATEWAY_IMAGE: 'carillon:1' })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('no API server is configured')
    expect(stderr).toContain('.kube/config')
  })

  it('warns about options that look wrong, and starts', async () => {
    const operator = start([], {
      GATEWAY_IMAGE: 'carillon:1',
      NAMESPACE: 'shop',
      LEADER_ELECTION: 'false',
      KUBECONFIG: await kubeconfigOf(await findFreePortPair()),
      INTERNAL_HOST: '127.0.0.1',
      INTERNAL_PORT: '0',
    })
    await operator.line('operator started')
    const warnings = operator.lines.filter(({ msg }) => msg === 'suspicious option').map(({ warning }) => warning)
    expect(warnings).toEqual([
      'NAMESPACE is not an option and is ignored. Did you mean NAMESPACES?',
      expect.stringContaining('LEADER_ELECTION=false'),
    ])
    operator.signal('SIGTERM')
    expect(await operator.exited).toEqual({ code: 0, signal: null })
  })
})

describe('an operator whose API server does not answer', () => {
  it('is live, is not ready, retries, and stops in order after a signal', async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo // it listens on TCP
    const operator = start([], {
      GATEWAY_IMAGE: 'carillon:1',
      KUBECONFIG: await kubeconfigOf(port),
      API_TIMEOUT_MS: '500',
      INTERNAL_HOST: '127.0.0.1',
      INTERNAL_PORT: '0',
    })
    const { internalPort } = await operator.line('operator started')
    await operator.line('watch failed')
    const probe = async (path: string): Promise<number> => (await fetch(`http://127.0.0.1:${Number(internalPort)}${path}`)).status
    expect([await probe('/livez'), await probe('/readyz')]).toEqual([200, 503])
    operator.signal('SIGTERM')
    expect(await operator.exited).toEqual({ code: 0, signal: null })
    silent.closeAllConnections()
    silent.close()
  })
})
