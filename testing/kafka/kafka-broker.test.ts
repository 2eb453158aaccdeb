import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { findFreePortPair } from '../free-ports.ts'
import { startKafka } from './kafka-broker.ts'

describe('startKafka', () => {
  it('names what is missing when the command is not on the PATH', async () => {
    const start = startKafka({ command: 'kafka-server-that-is-not-there' })
    await expect(start).rejects.toThrow(/cannot run kafka-server-that-is-not-there: .*ENOENT.*must be on the PATH/)
  })

  it('reports how a command ended that does not run a broker', async () => {
    await expect(startKafka({ command: 'true' })).rejects.toThrow(/true on port \d+ did not start: .*it ended by itself \(0\)/)
  })

  it('gives up after the deadline and ends what it started, also behind a wrapper', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'carillon-wrapper-'))
    const [command, note] = [join(directory, 'wrapper'), join(directory, 'pid')]
    await writeFile(command, `#!/bin/sh\nsleep 600 &\necho $! > ${note}\nwait\n`, { mode: 0o755 })
    await expect(startKafka({ command, startTimeoutMs: 500 })).rejects.toThrow('not ready after 500 ms')
    const wrapped = Number(await readFile(note, 'utf8'))
    await vi.waitFor(() => expect(isAlive(wrapped)).toBe(false))
    await rm(directory, { recursive: true })
  })

  it('finds two free ports in a row', async () => {
    const port = await findFreePortPair()
    const servers = await Promise.all([port, port + 1].map(listen))
    expect(servers.map((server) => server.listening)).toEqual([true, true])
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  })
})

function listen(port: number): Promise<ReturnType<typeof createServer>> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

/** Sends signal 0, which only asks for the process. A zombie, ended but not waited for yet, is not alive. */
function isAlive(pid: number): boolean {
  try {
    return (
      process.kill(pid, 0) &&
      spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
        .stdout.trim()
        .startsWith('Z') === false
    )
  } catch {
    return false // ESRCH: there is no such process
  }
}
