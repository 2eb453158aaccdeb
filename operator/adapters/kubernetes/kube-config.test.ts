import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { RequestOptions } from 'node:https'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { loadKubeConfig, type LoadedKubeConfig } from './kube-config.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'carillon-kubeconfig-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

async function put(path: string, text: string): Promise<string> {
  const file = join(folder, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
  return file
}

interface Parts {
  readonly cluster?: object
  readonly user?: object
  readonly context?: object
  readonly current?: string
}

const config = ({ cluster = {}, user = { token: 'secret' }, context = {}, current = 'main' }: Parts = {}): string =>
  JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://api.example:6443', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [
      { name: 'main', context: { cluster: 'c', user: 'u', ...context } },
      { name: 'other', context: { cluster: 'c', user: 'u', namespace: 'elsewhere' } },
    ],
    'current-context': current,
  })

const loadFile = async (text: string, context: string | null = null) =>
  loadKubeConfig({ kubeconfigFile: await put('config', text), context })
const loadedOf = (result: ReturnType<typeof loadKubeConfig>): LoadedKubeConfig => {
  if (!result.ok) throw new Error(result.error)
  return result.value
}
async function headersOf({ config: loaded }: LoadedKubeConfig): Promise<unknown> {
  const options: RequestOptions = {}
  await loaded.applyToHTTPSOptions(options)
  return options.headers
}

describe('a kubeconfig file', () => {
  it('provides the server and the identity', async () => {
    const loaded = loadedOf(await loadFile(config()))
    expect(loaded).toMatchObject({ source: 'file', server: 'https://api.example:6443', namespace: null, actAsGroups: [] })
    expect(await headersOf(loaded)).toEqual({ Authorization: 'Bearer secret' })
    expect(loadedOf(await loadFile(config(), 'other')).namespace).toBe('elsewhere')
  })

  it('can name a token file, which is read again', async () => {
    await put('tokens/mine', 'first')
    const loaded = loadedOf(await loadFile(config({ user: { tokenFile: 'tokens/mine' } })))
    expect(await headersOf(loaded)).toEqual({ Authorization: 'Bearer first' })
  })

  it('can impersonate a user with groups', async () => {
    const loaded = loadedOf(await loadFile(config({ user: { token: 'secret', as: 'somebody', 'as-groups': ['a', 'b'] } })))
    expect(loaded.actAsGroups).toEqual(['a', 'b'])
    expect(await headersOf(loaded)).toMatchObject({ 'Impersonate-User': 'somebody' })
  })

  it.each([
    ['is not there', null, null, /cannot read the kubeconfig .*: ENOENT/],
    ['is no YAML', '{', null, /cannot read the kubeconfig/],
    ['is empty', '', null, /cannot read the kubeconfig/],
    ['has no current context', config({ current: '' }), null, 'has no current-context: name a context; it has main, other'],
    ['has not the context that is asked for', config(), 'prod', 'has no context prod; it has main, other'],
    ['names a cluster that is missing', config({ context: { cluster: 'x' } }), null, 'names a cluster that the file does not have: x'],
    ['names a user that it does not have', config({ context: { user: 'x' } }), null, 'names a user that the file does not have: x'],
    ['has no URL for its server', config({ cluster: { server: 'api' } }), null, 'the server of c in'],
    [
      'names a missing file of authorities',
      config({ cluster: { 'certificate-authority': 'pki/ca.crt' } }),
      null,
      /the context main of .* cannot be used: its certificate-authority .*pki\/ca\.crt cannot be read: ENOENT/,
    ],
    [
      'names a missing certificate',
      config({ user: { 'client-certificate': '/nothing.crt', 'client-key': '/nothing.key' } }),
      null,
      /its client-certificate \/nothing\.crt cannot be read: ENOENT/,
    ],
    [
      'names a missing key',
      config({ user: { 'client-certificate': '/dev/null', 'client-key': '/nothing.key' } }),
      null,
      /its client-key \/nothing\.key cannot be read: ENOENT/,
    ],
    ['is for plain http without allowing it', config({ cluster: { server: 'http://api:8080' } }), null, 'is plain http'],
  ] as const)('is refused with a reason when it %s', async (_what, text, context, reason) => {
    const result = text === null ? loadKubeConfig({ kubeconfigFile: join(folder, 'nothing'), context }) : await loadFile(text, context)
    expect(result).toEqual({ ok: false, error: expect.stringMatching(reason) })
    expect(JSON.stringify(result)).not.toContain('secret')
  })
})

describe('without a kubeconfig file', () => {
  const account = 'var/run/secrets/kubernetes.io/serviceaccount'
  const load = (context: string | null = null) =>
    loadKubeConfig({ kubeconfigFile: null, context, root: `${folder}/`, home: join(folder, 'home') })

  it('uses the service account of the pod', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', 'fd00::1')
    vi.stubEnv('KUBERNETES_SERVICE_PORT', '443')
    await put(`${account}/token`, 'of the pod')
    await put(`${account}/ca.crt`, 'authority')
    await put(`${account}/namespace`, 'carillon-system\n')
    const loaded = loadedOf(load())
    expect(loaded).toMatchObject({ source: 'pod', server: 'https://[fd00::1]:443', namespace: 'carillon-system' })
    expect(await headersOf(loaded)).toEqual({ Authorization: 'Bearer of the pod' })
    expect(load('main')).toMatchObject({ error: expect.stringContaining('the context main needs a kubeconfig file') })
  })

  it('fails in a pod without its file of authorities', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', '10.0.0.1')
    vi.stubEnv('KUBERNETES_SERVICE_PORT', '443')
    await put(`${account}/token`, 'of the pod')
    expect(load()).toMatchObject({
      error: expect.stringMatching(/this pod has a service account, and its certificate-authority .*ca\.crt cannot be read: ENOENT/),
    })
  })

  it('fails in a pod without the variables of its server', async () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', undefined)
    vi.stubEnv('KUBERNETES_SERVICE_PORT', undefined)
    await put(`${account}/token`, 'of the pod')
    expect(load()).toMatchObject({ error: expect.stringContaining('KUBERNETES_SERVICE_HOST') })
  })

  it('uses the default file of the user outside of pods, or fails', async () => {
    expect(load()).toMatchObject({ error: expect.stringMatching(/no API server is configured: .*name a kubeconfig file/) })
    await put('home/.kube/config', config())
    expect(load()).toMatchObject({ value: { source: 'file', server: 'https://api.example:6443' } })
  })
})
