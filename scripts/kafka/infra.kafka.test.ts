import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { findFreePortPair } from '../../testing/free-ports.ts'
import { speaksKafka } from './speaks-kafka.ts'

const script = fileURLToPath(new URL('infra.ts', import.meta.url))

async function infra(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(process.execPath, [script, ...words], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  await once(child, 'close')
  return { code: child.exitCode ?? 1, output }
}

describe('make infra', () => {
  const folder = mkdtempSync(join(tmpdir(), 'carillon-infra-'))
  afterAll(async () => {
    await infra(['down', '--folder', folder])
    rmSync(folder, { recursive: true, force: true })
  })

  test('starts one Kafka when called twice, and make infra-down, called twice, ends it', async () => {
    const port = await findFreePortPair()
    const words = ['--native', '--port', String(port), '--folder', folder]
    // A variable of the gateway that some launchers would take for a setting of the broker.
    const first = await infra(['up', ...words], { KAFKA_BROKERS: '127.0.0.1:1' })
    expect(first).toMatchObject({ code: 0, output: expect.stringContaining(`KAFKA_BROKERS=127.0.0.1:${port} make start`) })
    expect(await speaksKafka('127.0.0.1', port)).toBe(true)
    expect(await infra(['up', ...words])).toMatchObject({ code: 0, output: expect.stringContaining('runs already.') })
    // Another folder did not start it: it says so, and does not end it.
    const stranger = ['--native', '--port', String(port), '--folder', join(folder, 'stranger')]
    expect(await infra(['up', ...stranger])).toMatchObject({ code: 0, output: expect.stringContaining('did not start it') })
    expect(await infra(['down', ...stranger])).toMatchObject({ code: 0, output: expect.stringContaining('nothing running') })
    expect(await speaksKafka('127.0.0.1', port)).toBe(true)
    expect(await infra(['down', ...words])).toMatchObject({ code: 0, output: expect.stringContaining('has stopped') })
    expect(await speaksKafka('127.0.0.1', port)).toBe(false)
    expect(await infra(['down', ...words])).toMatchObject({ code: 0, output: expect.stringContaining('nothing running') })
  })

  test('says what to install without docker and kafka-server', async () => {
    const port = await findFreePortPair()
    const result = await infra(['up', '--port', String(port), '--folder', folder], { PATH: '/nowhere', KAFKA_HOME: undefined })
    expect(result).toMatchObject({ code: 1, output: expect.stringMatching(/docker.*kafka\.apache\.org.*KAFKA_HOME/s) })
  })

  test("shows the end of the broker's output when it does not start", async () => {
    const port = await findFreePortPair()
    const result = await infra(['up', '--native', '--port', String(port), '--folder', folder], { PATH: '/nowhere', KAFKA_HOME: '/nowhere' })
    expect(result.code).toBe(1)
    expect(result.output).toContain('Kafka ended before it took connections')
  })
})

test('a port without a listener does not speak Kafka', async () => {
  expect(await speaksKafka('127.0.0.1', 1)).toBe(false)
})
