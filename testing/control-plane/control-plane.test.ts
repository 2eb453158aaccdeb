import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findControlPlaneCommands, startControlPlane } from './control-plane.ts'

let folder: string
const put = async (path: string, script = '#!/bin/sh\nexit 3\n'): Promise<string> => {
  const file = join(folder, path)
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, script)
  await chmod(file, 0o755)
  return file
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'carillon-commands-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('findControlPlaneCommands', () => {
  it('prefers KUBEBUILDER_ASSETS to the PATH', async () => {
    const [etcd, kubeApiserver] = [await put('assets/etcd'), await put('bin/kube-apiserver')]
    await put('bin/etcd')
    const found = findControlPlaneCommands({ KUBEBUILDER_ASSETS: join(folder, 'assets'), PATH: `/nowhere:${join(folder, 'bin')}` })
    expect(found).toEqual({ ok: true, value: { etcd, kubeApiserver, kubeControllerManager: null } })
  })

  it('names what is missing and how to get it', async () => {
    await put('bin/etcd')
    const found = findControlPlaneCommands({ PATH: join(folder, 'bin') })
    expect(found).toEqual({ ok: false, error: expect.stringMatching(/^They need `kube-apiserver`, .*setup-envtest.*KUBEBUILDER_ASSETS/) })
  })

  it('takes neither a file that is not executable nor a folder', async () => {
    await chmod(await put('bin/etcd'), 0o644)
    await mkdir(join(folder, 'bin/kube-apiserver'))
    expect(findControlPlaneCommands({ PATH: join(folder, 'bin') })).toMatchObject({
      error: expect.stringContaining('`etcd` and `kube-apiserver`'),
    })
    expect(findControlPlaneCommands({})).toMatchObject({ ok: false })
  })
})

describe('startControlPlane', () => {
  it('refuses to start without one of its programs', async () => {
    await expect(startControlPlane({ env: {} })).rejects.toThrow(/cannot start a control plane. They need `etcd` and `kube-apiserver`/)
  })

  it('refuses controllers without kube-controller-manager', async () => {
    await put('bin/etcd')
    await put('bin/kube-apiserver')
    const start = startControlPlane({ env: { PATH: join(folder, 'bin') }, controllers: ['namespace-controller'] })
    await expect(start).rejects.toThrow('there is no `kube-controller-manager`')
  })

  it('reports how a program ended that ended at once', async () => {
    await put('bin/etcd', '#!/bin/sh\necho no room for me\nexit 3\n')
    await put('bin/kube-apiserver', '#!/bin/sh\nexec sleep 600\n')
    await expect(startControlPlane({ env: { PATH: join(folder, 'bin') } })).rejects.toThrow(/etcd ended by itself \(3\).*\nno room for me/)
  })

  it('gives up after the deadline', async () => {
    await put('bin/etcd', '#!/bin/sh\nexec sleep 600\n')
    await put('bin/kube-apiserver', '#!/bin/sh\nexec sleep 600\n')
    await expect(startControlPlane({ env: { PATH: join(folder, 'bin') }, startTimeoutMs: 300 })).rejects.toThrow(
      'was not ready after 300 ms',
    )
  })
})
