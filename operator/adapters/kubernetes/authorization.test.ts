import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Agent as HttpsAgent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAuthorizer, type Authorizer } from './authorization.ts'
import { loadKubeConfig } from './kube-config.ts'

let folder: string
let clock = 0
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'carillon-authorization-'))
  clock = 1_000_000
})
afterEach(() => rm(folder, { recursive: true }))

const put = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text)

/** A user with a certificate in two files. */
async function authorizer(cluster: object = {}): Promise<Authorizer> {
  await put('cert', 'first')
  await put('key', 'first')
  const config = {
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1', 'tls-server-name': 'api', ...cluster } }],
    users: [{ name: 'u', user: { 'client-certificate': 'cert', 'client-key': 'key' } }],
    contexts: [{ name: 'm', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'm',
  }
  await put('config', JSON.stringify(config))
  const options = { kubeconfigFile: join(folder, 'config'), context: null }
  const loaded = loadKubeConfig(options)
  if (!loaded.ok) throw new Error(loaded.error)
  return createAuthorizer(loaded.value, options, () => clock)
}

describe('authorization by a certificate', () => {
  it('keeps its connections while nothing changes, and makes new ones within seconds after a change of the certificate', async () => {
    const by = await authorizer()
    const first = (await by.authorize()).agent
    clock += 60_000
    expect((await by.authorize()).agent).toBe(first)
    await put('cert', 'second')
    expect((await by.authorize()).agent).toBe(first)
    clock += 10_000
    const second = (await by.authorize()).agent
    expect(second).not.toBe(first)
    expect(second).toBeInstanceOf(HttpsAgent)
    expect((second as HttpsAgent).options).toMatchObject({ cert: Buffer.from('second'), servername: 'api', keepAlive: true })
    expect(first.maxFreeSockets).toBe(0)
  })

  it('reads the credentials again when the clock was set back', async () => {
    const by = await authorizer()
    const first = (await by.authorize()).agent
    clock -= 3_600_000
    await put('cert', 'second')
    expect((await by.authorize()).agent).not.toBe(first)
  })

  it('fails with the reason when a file is gone, and recovers when it is back', async () => {
    const by = await authorizer()
    await rm(join(folder, 'key'))
    await expect(by.authorize()).rejects.toThrow('ENOENT')
    await put('key', 'again')
    await expect(by.authorize()).resolves.toMatchObject({ headers: {} })
    by.forget()
    await rm(join(folder, 'config'))
    await expect(by.authorize()).rejects.toThrow('cannot read the kubeconfig')
  })

  it('uses the proxy of the cluster', async () => {
    const by = await authorizer({ 'proxy-url': 'http://127.0.0.1:3128' })
    expect((await by.authorize()).agent).toHaveProperty('proxy')
    by.close()
  })
})
