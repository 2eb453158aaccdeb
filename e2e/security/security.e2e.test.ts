import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { connectionTo } from '../platform/ingress-request.ts'
import { restrictedNamespace } from '../platform/manifests.ts'
import { namespaces } from '../platform/platform-steps.ts'
import { openProbe, type Probe } from '../testing/probe.ts'
import { openStage, type Stage } from '../testing/stage.ts'
import { gatewayOf, socketPath, testChannel } from '../testing/test-channel.ts'

const channel = 'vault'
const other = 'neighbour'
const monitoring = 'monitoring'
/** A host name of its own, so that nothing else is behind it. */
const host = 'vault.carillon.localhost'
let stage: Stage
let stranger: Probe
let prometheus: Probe

beforeAll(async () => {
  stage = await openStage('security')
  const one = { gateway: { replicas: 1, drainSeconds: 0, resources: { requests: { cpu: '50m', memory: '128Mi' } } } }
  await stage.apply(
    restrictedNamespace(monitoring),
    testChannel(stage, { name: channel, spec: one, host }),
    testChannel(stage, { name: other, spec: { ...one, route: { type: 'None' } } }),
  )
  await stage.reaches(`rtc/${channel}`, 'condition=Ready')
  await stage.reaches(`rtc/${other}`, 'condition=Ready')
  ;[stranger, prometheus] = await Promise.all([
    openProbe(stage, { name: 'stranger' }),
    openProbe(stage, { name: 'prometheus', namespace: monitoring }),
  ])
})
afterAll(async () => {
  await stage?.kubectl(['delete', 'namespace', monitoring, '--ignore-not-found', '--wait=false'])
  await stage?.leave()
})
beforeEach(() => stage.keepEvidence())

const can = async (words: readonly string[]): Promise<string> => (await stage.kubectl(['auth', 'can-i', ...words])).stdout.trim()
const service = (name: string): string => `${gatewayOf(name)}.${stage.namespace}.svc`

describe('pods', () => {
  it('run only at the restricted level', async () => {
    const running = await stage.demand([
      'get',
      'pods',
      '--selector',
      'app.kubernetes.io/name=carillon-gateway',
      '--field-selector',
      'status.phase=Running',
      '--output',
      'name',
    ])
    expect(running.trim().split('\n')).toHaveLength(2)
    const root = await stage.kubectl(['run', 'root', '--image=example.com/root:1', '--dry-run=server'])
    expect(root.stderr).toContain('violates PodSecurity "restricted')
  })

  it('have no token of a service account', async () => {
    const look = "console.log(require('node:fs').existsSync('/var/run/secrets/kubernetes.io'))"
    expect(await stage.demand(['exec', `deployment/${gatewayOf(channel)}`, '--', 'node', '--eval', look])).toBe('false\n')
  })

  it('cannot write to their root, and run as an unprivileged user', async () => {
    const look = "try { require('node:fs').writeFileSync('/app/x', '') } catch ({ code }) { console.log(code, process.getuid()) }"
    expect(await stage.demand(['exec', `deployment/${gatewayOf(channel)}`, '--', 'node', '--eval', look])).toBe('EROFS 65532\n')
  })

  it('have an account without permission to read, least of all the secrets of a neighbour', async () => {
    const account = `--as=system:serviceaccount:${stage.namespace}:${gatewayOf(channel)}`
    expect(await can(['get', 'secrets', account])).toBe('no')
    expect(await can(['get', 'pods', account])).toBe('no')
    expect(await can(['get', `secrets/${other}`, account])).toBe('no')
  })
})

describe('browsers', () => {
  const open = (origin: string | null): Promise<string> =>
    new Promise((resolve) => {
      const { place, own } = stage.platform
      const { host: address, port, ...tls } = connectionTo(place, host, own.ca.certificate)
      const headers = {
        host: `${host}:${place.httpsPort}`,
        authorization: `Bearer ${stage.token({ user_id: 'ada' })}`,
        ...(origin === null ? {} : { origin }),
      }
      const socket = new WebSocket(`wss://${String(address)}:${String(port)}${socketPath(channel)}`, 'cloudevents.json', {
        ca: tls.ca,
        servername: host,
        headers,
      } as WebSocket.ClientOptions) // ws hands `servername` on to tls.connect
      socket.once('open', () => {
        socket.terminate()
        resolve('open')
      })
      socket.once('unexpected-response', (_, response) => {
        socket.terminate()
        resolve(String(response.statusCode))
      })
      socket.on('error', () => {})
    })

  it('connect from an origin on the list, and from no other', async () => {
    expect(await open(stage.platform.place.origin)).toBe('open')
    expect(await open('https://evil.example')).toBe('403')
    expect(await open(`https://evil.${stage.platform.place.host}`)).toBe('403')
  })

  it('reach sockets and API alone, and not the internal port', async () => {
    const paths = ['/metrics', '/livez', '/console', '/health', `/api/${other}/v1/openapi.json`]
    const answers = await Promise.all(paths.map((path) => stage.ask({ host, path })))
    expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 404))
  })

  it('get nothing without a token, with a forged one, and with one of another issuer', async () => {
    const forged = `${stage.token({ user_id: 'ada' }).slice(0, -8)}AAAAAAAA`
    const headers = [
      {},
      { authorization: `Bearer ${forged}` },
      { authorization: `Bearer ${stage.token({ user_id: 'ada', aud: 'other' })}` },
    ]
    const answers = await Promise.all(headers.map((each) => stage.ask({ host, path: `/api/${channel}/v1/events`, headers: each })))
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401])
  })

  it('may not emit without the scope', async () => {
    const body = '{"type": "x", "broadcast": true, "payload": {}}'
    const answer = await stage.ask({
      host,
      path: `/api/${channel}/v1/emit-message`,
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${stage.token({ user_id: 'ada' })}` },
    })
    expect(answer).toMatchObject({ status: 403 })
  })
})

describe('network policies', () => {
  it('let only the ingress controller reach the public port', async () => {
    const answer = await stage.ask({ host, path: `/api/${channel}/v1/openapi.json` })
    expect(answer.status).toBe(200)
    expect(await stranger.connect(service(channel), 8000)).toBe('timeout')
    expect(await prometheus.connect(service(channel), 8000)).toBe('timeout')
  })

  it('let only monitoring reach the metrics of gateways and of the operator', async () => {
    expect(
      await prometheus.run(
        `fetch('http://${service(channel)}:9000/metrics').then((answer) => answer.text()).then((text) => console.log(text.includes('carillon_sessions')))`,
      ),
    ).toBe('true')
    expect(await stranger.connect(service(channel), 9000)).toBe('timeout')
    const operator = await stage.demand([
      'get',
      'pods',
      '--namespace',
      namespaces.operator,
      '--selector',
      'app.kubernetes.io/name=carillon-operator',
      '--output',
      'jsonpath={.items[0].status.podIP}',
    ])
    expect(await prometheus.connect(operator, 9000)).toBe('open')
    expect(await stranger.connect(operator, 9000)).toBe('timeout')
  })

  it('open a channel to the peers that it names', async () => {
    const patch = { spec: { network: { ingressFrom: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'e2e-probe' } } }] } } }
    await stage.demand(['patch', `rtc/${other}`, '--type=merge', '--patch', JSON.stringify(patch)])
    await stage.reaches(
      `networkpolicy/${gatewayOf(other)}`,
      'jsonpath={.spec.ingress[0].from[0].podSelector.matchLabels.app\\.kubernetes\\.io/name}=e2e-probe',
    )
    await expect.poll(() => stranger.connect(service(other), 8000)).toBe('open')
    expect(await prometheus.connect(service(other), 8000)).toBe('timeout')
  })
})

describe('the roles view and edit', () => {
  beforeAll(async () => {
    const binding = (role: string) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: `e2e-${role}`, namespace: stage.namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: `e2e-${role}` }],
    })
    await stage.apply(binding('view'), binding('edit'))
  })

  it.each([
    ['get', 'realtimechannels', 'yes', 'yes'],
    ['get', 'realtimechannels/status', 'yes', 'yes'],
    ['create', 'realtimechannels', 'no', 'yes'],
    ['delete', 'realtimechannels', 'no', 'yes'],
    ['patch', 'realtimechannels/scale', 'no', 'yes'],
    ['patch', 'realtimechannels/status', 'no', 'no'],
  ])('%s %s: view %s, edit %s', async (verb, resource, view, edit) => {
    const [name = '', subresource] = resource.split('/')
    const words = [verb, name, ...(subresource === undefined ? [] : [`--subresource=${subresource}`])]
    await expect.poll(() => can([...words, '--as=e2e-view'])).toBe(view)
    expect(await can([...words, '--as=e2e-edit'])).toBe(edit)
  })
})
