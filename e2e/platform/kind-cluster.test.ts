import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { scriptedRun } from '../testing/scripted-run.ts'
import { clusterConfig, deleteCluster, ensureCluster, nodesOf } from './kind-cluster.ts'
import { placeOf } from './place.ts'

const text = await readFile(new URL('../kind.yaml', import.meta.url), 'utf8')
const place = placeOf({ name: 'carillon', httpPort: 8080, httpsPort: 8443 }, '/repository')
const options = { config: text, progress: () => {} }

describe('the configuration of the kind cluster', () => {
  it('is the file e2e/kind.yaml for the default ports', () => {
    expect(clusterConfig(text, { ...place, ipFamily: 'ipv4' })).toBe(text)
  })

  it('has the address family of the options, and an API server that this machine reaches', () => {
    expect(clusterConfig(text, { ...place, ipFamily: 'dual' })).toBe(
      text.replace('nodes:\n', 'networking:\n  ipFamily: dual\n  apiServerAddress: 127.0.0.1\nnodes:\n'),
    )
    expect(clusterConfig(text, { ...place, ipFamily: 'ipv6' })).toContain('ipFamily: ipv6')
  })

  it('has the ports of the options, also when they are swapped defaults', () => {
    expect(clusterConfig(text, { httpPort: 8443, httpsPort: 8080, ipFamily: 'ipv4' }).match(/hostPort: \d+/g)).toEqual([
      'hostPort: 8443',
      'hostPort: 8080',
    ])
  })

  it('listens on this machine alone', () => {
    expect(text.match(/listenAddress: .*/g)).toEqual(['listenAddress: 127.0.0.1', 'listenAddress: 127.0.0.1'])
  })
})

describe('the kind cluster', () => {
  it('is made when it is missing', async () => {
    const { run, calls, inputs } = scriptedRun({ 'kind get clusters': 'other\n', 'kubectl wait': 'node/a\nnode/b\n' })
    expect(await ensureCluster(run, place, options)).toBe('2 nodes')
    expect(calls[1]).toBe(
      'kind create cluster --name carillon --kubeconfig /repository/.infra/kind-carillon/kubeconfig --config - --wait 120s',
    )
    expect(inputs).toEqual([text])
  })

  it('is reused when it listens on the ports of the options', async () => {
    const { run, calls } = scriptedRun({
      'kind get clusters': 'carillon\n',
      'docker port carillon-control-plane 30080': '127.0.0.1:8080\n',
      'docker port carillon-control-plane 30443': '127.0.0.1:8443\n',
      'kubectl wait': 'node/a\n',
    })
    expect(await ensureCluster(run, place, options)).toBe('1 nodes, there already')
    expect(calls.some((call) => call.startsWith('kind create'))).toBe(false)
  })

  it('is not reused when it listens on other ports', async () => {
    const { run } = scriptedRun({ 'kind get clusters': 'carillon\n', 'docker port carillon-control-plane 30080': '127.0.0.1:9090\n' })
    await expect(ensureCluster(run, place, options)).rejects.toMatchObject({
      message: 'The cluster carillon exists and listens on 127.0.0.1:9090, not on 127.0.0.1:8080.',
      todo: expect.stringContaining('make down'),
    })
  })

  it('reports why it could not be made, and where to look', async () => {
    const { run } = scriptedRun({ 'kind create': { code: 1, stderr: 'ERROR: port is already allocated\n' } })
    await expect(ensureCluster(run, place, options)).rejects.toMatchObject({
      why: ['ERROR: port is already allocated'],
      todo: expect.stringContaining('8443'),
    })
  })

  it('is deleted by its name, and its nodes are found by it', async () => {
    const { run, calls } = scriptedRun({ 'kind get nodes': 'c-worker\nc-control-plane\n' })
    await deleteCluster(run, place)
    expect(await nodesOf(run, 'carillon')).toEqual(['c-control-plane', 'c-worker'])
    expect(calls).toEqual([
      'kind delete cluster --name carillon --kubeconfig /repository/.infra/kind-carillon/kubeconfig',
      'kind get nodes --name carillon',
    ])
  })
})
