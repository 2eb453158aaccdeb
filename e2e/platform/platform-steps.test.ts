import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { scriptedRun } from '../testing/scripted-run.ts'
import { kafkaObjects } from './manifests.ts'
import { placeOf } from './place.ts'
import { chartValues, findTools, sampleText } from './platform-steps.ts'
import { renderSummary } from './summary.ts'

const readText = (path: string): Promise<string> => readFile(new URL(`../${path}`, import.meta.url), 'utf8')
const options = { name: 'carillon', httpPort: 8080, httpsPort: 8443, brokers: 1, ipFamily: 'ipv4' as const, gatewayApiCrds: '', metrics: false, sample: true }

describe('the place', () => {
  it('has an origin as browsers write it: without the port that goes without saying', () => {
    expect(placeOf({ ...options, httpsPort: 443 }, '/r').origin).toBe('https://carillon.localhost')
    expect(placeOf(options, '/r').origin).toBe('https://carillon.localhost:8443')
  })

  it('keeps clusters apart', () => {
    expect(placeOf(options, '/r').folder).not.toBe(placeOf({ ...options, name: 'other' }, '/r').folder)
  })
})

describe('the tools', () => {
  it('are asked for all at once, and who lacks some is told where they are', async () => {
    const { run } = scriptedRun({ 'kind': { code: 127 }, 'docker version': { code: 1, stderr: 'Cannot connect to the Docker daemon\n' } })
    await expect(findTools({ run }).run(() => {})).rejects.toMatchObject({
      why: ['docker: Cannot connect to the Docker daemon', 'kind: no such command'],
      todo: 'see https://docs.docker.com/engine/install/, https://kind.sigs.k8s.io/',
    })
    expect(await findTools(scriptedRun()).run(() => {})).toBe('there')
  })
})

describe('the sample', () => {
  it('lets pages of this place connect, on whatever port', async () => {
    const text = await readText('sample/channel.yaml')
    expect(sampleText(text, placeOf({ ...options, httpsPort: 443 }, '/r'))).toContain("allowedOrigins: ['https://carillon.localhost']")
    expect(sampleText(text, placeOf(options, '/r'))).toBe(text)
  })
})

describe('the chart', () => {
  it('is given the image that was built, and Kafka where it is', () => {
    const { bootstrapServers } = kafkaObjects('kafka', { brokers: 1 })
    expect(chartValues({ repository: 'r', tag: 'dev-1' }, bootstrapServers)).toEqual({ image: { repository: 'r', tag: 'dev-1' }, kafka: { brokers: ['kafka.kafka.svc:9092'] }, gateway: { ingressNamespaces: ['traefik'] } })
  })
})

describe('Kafka', () => {
  it('is in a namespace that lets only the restricted in, with volumes where they are asked for', () => {
    const kinds = (objects: readonly { readonly kind: string }[]): readonly string[] => objects.map(({ kind }) => kind)
    expect(kinds(kafkaObjects('kafka', { brokers: 3 }).objects)).toEqual(['Namespace', 'Service', 'Service', 'StatefulSet'])
    expect(JSON.stringify(kafkaObjects('kafka', { brokers: 3, storage: '1Gi' }).objects)).toContain('volumeClaimTemplates')
    expect(JSON.stringify(kafkaObjects('kafka', { brokers: 3 }).objects)).not.toContain('volumeClaimTemplates')
  })
})

describe('the summary', () => {
  it('says where everything is, and what to try, in words that can be pasted', () => {
    const text = renderSummary({ place: placeOf(options, '/r'), options, root: '/r' }, 83.4)
    expect(text).toContain('is up, after 83 s')
    expect(text).toContain('wss://carillon.localhost:8443/wss/chrome-service/v1/ws')
    expect(text).toContain('export KUBECONFIG=$PWD/.infra/kind-carillon/kubeconfig')
    expect(text).toContain('make reload brings')
  })

  it('names the cluster where it is not the usual one', () => {
    const other = { ...options, name: 'mine', sample: false }
    const text = renderSummary({ place: placeOf(other, '/r'), options: other, root: '/r' }, 1)
    expect(text).toContain('make down ARGS="--name mine"')
    expect(text).toContain('ARGS="--user ada --scope carillon.emit --name mine"')
    expect(text).not.toContain('wss://')
  })
})
