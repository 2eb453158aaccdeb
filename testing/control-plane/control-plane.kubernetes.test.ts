import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { request } from 'node:https'
import { describe, expect, it, vi } from 'vitest'
import { defaultControllers, findControlPlaneCommands, startControlPlane } from './control-plane.ts'
import { useControlPlane } from '../use.ts'

const hasControllerManager = (): boolean => {
  const found = findControlPlaneCommands(process.env)
  return found.ok && found.value.kubeControllerManager !== null
}

const cluster = useControlPlane({
  users: [{ name: 'visitor', groups: ['guests'] }],
  controllers: hasControllerManager() ? defaultControllers : [],
})

interface Answer {
  readonly code: number
  readonly body: string
}

function ask(path: string, token: string, method = 'GET', body?: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const asked = request(
      `${cluster.server}${path}`,
      { method, headers, ca: cluster.certificateAuthority, agent: false, timeout: 1_000 },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (part: string) => (text += part))
        answer.once('end', () => resolve({ code: answer.statusCode ?? 0, body: text }))
      },
    )
    asked.once('timeout', () => asked.destroy(new Error('no answer')))
    asked.once('error', reject)
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

const namespaces = '/api/v1/namespaces'
const named = (name: string): object => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })

describe('the control plane for tests', () => {
  it('lets the administrator do everything, and other users what RBAC grants', async () => {
    expect(await ask(namespaces, cluster.token, 'POST', named('first'))).toMatchObject({ code: 201 })
    expect(await ask(namespaces, cluster.userToken('visitor'))).toMatchObject({ code: 403, body: expect.stringContaining('visitor') })
    expect(await ask(namespaces, 'of-nobody')).toMatchObject({ code: 401 })
    expect(() => cluster.userToken('stranger')).toThrow('no user stranger')
  })

  it('is reached through its kubeconfig', async () => {
    expect(JSON.parse(cluster.kubeconfig)).toMatchObject({ clusters: [{ cluster: { server: cluster.server } }] })
    expect(JSON.parse(cluster.impersonatingKubeconfig('somebody', ['a', 'b']))).toMatchObject({
      users: [{ user: { as: 'somebody', 'as-groups': ['a', 'b'] } }],
    })
  })

  it('keeps its objects, its port and its users over a kill and a restart', async () => {
    const { server } = cluster
    await cluster.kill()
    await expect(ask(namespaces, cluster.token)).rejects.toThrow('ECONNREFUSED')
    await cluster.restart()
    expect(cluster.server).toBe(server)
    expect(await ask(`${namespaces}/first`, cluster.token)).toMatchObject({ code: 200 })
    expect(await ask(namespaces, cluster.userToken('visitor'))).toMatchObject({ code: 403 })
  })

  it('does not answer while paused, and answers after it resumes', async () => {
    cluster.pause()
    await expect(ask(namespaces, cluster.token)).rejects.toThrow('no answer')
    cluster.resume()
    await vi.waitFor(async () => expect(await ask(namespaces, cluster.token)).toMatchObject({ code: 200 }))
  })

  it('has no history after compaction and a restart', async () => {
    const { body } = await ask(`${namespaces}?limit=1`, cluster.token)
    const { metadata } = JSON.parse(body) as { metadata: { continue: string } } // a list of more than one namespace
    await ask(namespaces, cluster.token, 'POST', named('second'))
    await cluster.compact()
    await cluster.restart()
    expect(await ask(`${namespaces}?limit=1&continue=${encodeURIComponent(metadata.continue)}`, cluster.token)).toMatchObject({ code: 410 })
  })

  it.runIf(hasControllerManager())('ends a namespace when its controller runs', async () => {
    expect(await ask(`${namespaces}/first`, cluster.token, 'DELETE')).toMatchObject({ code: 200 })
    await vi.waitFor(async () => expect(await ask(`${namespaces}/first`, cluster.token)).toMatchObject({ code: 404 }), {
      timeout: 30_000,
      interval: 100,
    })
  })

  it('ends with the process that started it, even when that process is killed', async () => {
    const script = `import { startControlPlane } from ${JSON.stringify(new URL('control-plane.ts', import.meta.url).href)}
      const { port, directory } = await startControlPlane()
      process.stdout.write(JSON.stringify({ port, directory }))`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const { directory } = await new Promise<{ directory: string }>((resolve) =>
      child.stdout.once('data', (text: Buffer) => resolve(JSON.parse(text.toString()) as { directory: string })),
    )
    expect(programsOf(directory)).toHaveLength(2)
    child.kill('SIGKILL')
    await vi.waitFor(() => expect(programsOf(directory)).toEqual([]), { timeout: 10_000 })
    await vi.waitFor(() => expect(existsSync(directory)).toBe(false))
  })

  it('leaves nothing behind after two stops, and does not start again', async () => {
    const other = await startControlPlane()
    expect(programsOf(other.directory)).toHaveLength(2)
    await Promise.all([other.stop(), other.stop()])
    expect(programsOf(other.directory)).toEqual([])
    expect(existsSync(other.directory)).toBe(false)
    await expect(other.restart()).rejects.toThrow('start a new one')
  })
})

/** Programs, without the guard, with the directory in their command line. */
function programsOf(directory: string): readonly string[] {
  const lines = spawnSync('ps', ['-eo', 'args='], { encoding: 'utf8' }).stdout.split('\n')
  return lines.filter((line) => line.includes(directory) && !line.startsWith('/bin/sh'))
}
