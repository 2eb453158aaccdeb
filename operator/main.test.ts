import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findFreePortPair } from '../testing/free-ports.ts'
import { spawnProgram, type Program } from '../testing/processes/program.ts'

/** What `node operator/main.ts` does where it needs no cluster. */

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
  // Nobody's ~/.kube/config is looked at.
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
  it('explains itself, whatever the options are, and says its version', async () => {
    const [help, version] = await Promise.all([run(['--help'], { WORKERS: 'many' }), run(['--version'])])
    expect(help).toEqual({ code: 0, stdout: expect.stringMatching(/Usage: node operator\/main.ts[^]+--release-finalizers/), stderr: '' })
    expect(version).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' })
  })

  it('tells all that is wrong with its options at once, and ends with 2', async () => {
    const { code, stdout, stderr } = await run(['--workers=0'], { RESYNC_MS: 'often', LEASE_DURATION_MS: '5000', KAFKA_BROKERS: 'kafka' })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    for (const name of ['GATEWAY_IMAGE', 'WORKERS', 'RESYNC_MS', 'LEASE_DURATION_MS', 'KAFKA_BROKERS']) expect(stderr).toContain(name)
    expect(stderr).toContain('--help')
  })

  it('ends with 2 and says where it looked when no API server is known', async () => {
    const { code, stdout, stderr } = await run([], { GATEWAY_IMAGE: 'carillon:1' })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('no API server is known')
    expect(stderr).toContain('.kube/config')
  })

  it('warns of options that look wrong, and starts all the same', async () => {
    const operator = start([], {
      GATEWAY_IMAGE: 'carillon:1',
      NAMESPACE: 'shop',
      LEADER_ELECTION: 'false',
      KUBECONFIG: await kubeconfigOf(await findFreePortPair()),
      INTERNAL_HOST: '127.0.0.1',
      INTERNAL_PORT: '0',
    })
    await operator.line('the operator starts')
    const warnings = operator.lines.filter(({ msg }) => msg === 'an option looks wrong').map(({ warning }) => warning)
    expect(warnings).toEqual([
      'NAMESPACE is not an option and is ignored. Did you mean NAMESPACES?',
      expect.stringContaining('LEADER_ELECTION=false'),
    ])
    operator.signal('SIGTERM')
    expect(await operator.exited).toEqual({ code: 0, signal: null })
  })
})

describe('an operator whose API server does not answer', () => {
  it('lives, is not ready, tries again, and ends in order when it is told to', async () => {
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
    const { internalPort } = await operator.line('the operator starts')
    await operator.line('a watch failed; it is tried again and again')
    const probe = async (path: string): Promise<number> => (await fetch(`http://127.0.0.1:${Number(internalPort)}${path}`)).status
    expect([await probe('/livez'), await probe('/readyz')]).toEqual([200, 503])
    operator.signal('SIGTERM')
    expect(await operator.exited).toEqual({ code: 0, signal: null })
    silent.closeAllConnections()
    silent.close()
  })
})
