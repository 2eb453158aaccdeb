import { isIPv6 } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { kafkaObjects } from '../platform/manifests.ts'
import { namespaces } from '../platform/platform-steps.ts'
import { openProbe, type Probe } from '../testing/probe.ts'
import { openStage, type Stage } from '../testing/stage.ts'
import { gatewayOf, testChannel } from '../testing/test-channel.ts'

/**
 * Addresses of both families, on a cluster of either or of both: `make e2e ARGS="--ip-family ipv6"`, or `dual`. All checks run inside the
 * cluster, because a machine does not reach a cluster with IPv6 alone.
 */

const channel = 'plural'
const limited = 'limited'
let stage: Stage
let probe: Probe

beforeAll(async () => {
  stage = await openStage('families')
  const gateway = { replicas: 1, drainSeconds: 0, resources: { requests: { cpu: '50m', memory: '128Mi' } } }
  const fromProbes = [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'e2e-probe' } } }]
  const spec = { gateway, route: { type: 'None' as const }, service: { ipFamilyPolicy: 'PreferDualStack' as const } }
  await stage.apply(
    testChannel(stage, { name: channel, spec: { ...spec, network: { ingressFrom: fromProbes, metricsFrom: fromProbes } } }),
    testChannel(stage, { name: limited, spec: { ...spec, network: { ingressFrom: fromProbes, egress: {} } } }),
  )
  // The kubelet probes the first address of a pod, of either family.
  await stage.reaches(`rtc/${channel}`, 'condition=Ready')
  await stage.reaches(`rtc/${limited}`, 'condition=Ready')
  probe = await openProbe(stage, { name: 'visitor', serves: { program: "require('node:net').createServer().listen(7000)", port: 7000 } })
})
afterAll(() => stage?.leave())
beforeEach(() => stage.keepEvidence())

const addressesOf = async (what: string, path: string): Promise<readonly string[]> =>
  (await stage.demand(['get', ...what.split(' '), '--output', `jsonpath=${path}`])).trim().split(/\s+/)
const podOf = (name: string): string => `pods --selector app.kubernetes.io/instance=${name}`
const familiesOf = (addresses: readonly string[]): readonly string[] =>
  addresses.map((address) => (isIPv6(address) ? 'ipv6' : 'ipv4')).toSorted()

const wanted = (): readonly string[] => ({ ipv4: ['ipv4'], ipv6: ['ipv6'], dual: ['ipv4', 'ipv6'] })[stage.platform.options.ipFamily]

describe('a gateway', () => {
  it('has an address of each family of the cluster, and answers at each on both ports', async () => {
    const addresses = await addressesOf(podOf(channel), '{.items[0].status.podIPs[*].ip}')
    expect(familiesOf(addresses)).toEqual(wanted())
    for (const address of addresses)
      expect([address, await probe.connect(address, 8000), await probe.connect(address, 9000)]).toEqual([address, 'open', 'open'])
  })

  it('answers through its Service at an address of each family', async () => {
    const addresses = await addressesOf(`service ${gatewayOf(channel)}`, '{.spec.clusterIPs[*]}')
    expect(familiesOf(addresses)).toEqual(wanted())
    for (const address of addresses) expect([address, await probe.connect(address, 8000)]).toEqual([address, 'open'])
  })
})

describe('a gateway with limits on egress', () => {
  const from = (name: string, host: string, port: number): Promise<string> =>
    stage
      .demand([
        'exec',
        `deployment/${gatewayOf(name)}`,
        '--',
        'node',
        '--eval',
        `
      const socket = require('node:net').connect({ host: ${JSON.stringify(host)}, port: ${port} })
      const say = (text) => { console.log(text); process.exit() }
      socket.setTimeout(3000, () => say('timeout'))
      socket.once('connect', () => say('open'))
      socket.once('error', ({ code }) => say(code))`,
      ])
      .then((text) => text.trim())

  it('reaches Kafka and cluster DNS alone, where a gateway without limits reaches more', async () => {
    const [visitor = ''] = await addressesOf('pod visitor', '{.status.podIPs[*].ip}')
    expect(await from(channel, visitor, 7000)).toBe('open')
    await expect.poll(() => from(limited, visitor, 7000)).toBe('timeout')
    const [broker = ''] = kafkaObjects(namespaces.kafka, stage.platform.options).bootstrapServers
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(broker) ?? []
    expect(await from(limited, host, Number(port))).toBe('open')
  })
})
