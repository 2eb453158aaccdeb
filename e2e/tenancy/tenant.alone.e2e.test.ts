import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import { planUsers } from '../proof/plan.ts'
import { namespaces } from '../platform/platform-steps.ts'
import { type Crowd, flawless, openCrowd, settleAndCheck, sinceNow } from '../testing/audience-of-users.ts'
import { type Emitting, emitUntilStopped } from '../testing/emit-until-stopped.ts'
import { openProbe } from '../testing/probe.ts'
import { openStage, type Stage } from '../testing/stage.ts'
import { makeTenant, type Tenant } from '../testing/tenant.ts'
import { testChannel } from '../testing/test-channel.ts'
import { askTopics } from '../testing/topics.ts'

const channel = 'vault'
const small = { gateway: { replicas: 1, drainSeconds: 0, resources: { requests: { cpu: '50m', memory: '128Mi' } } } } as const
const users = planUsers(20, 4)
/** Program that announces a response of 2 GiB, and sends zeros as long as the client reads. */
const floods = `require('node:net').createServer((socket) => {
  socket.on('error', () => {})
  socket.once('data', (request) => {
    const head = Buffer.alloc(8)
    head.writeInt32BE(0x7fffffff)
    request.copy(head, 4, 8, 12)
    socket.write(head)
    const zeros = Buffer.alloc(1 << 20)
    const more = () => { while (socket.write(zeros)); socket.once('drain', more) }
    more()
  })
}).listen(9092)`

let bank: Stage
let evil: Stage
let tenant: Tenant
let crowd: Crowd
let emitting: Emitting
let witnesses: ReturnType<typeof sinceNow>
let before: unknown

beforeAll(async () => {
  ;[bank, evil] = [await openStage('bank'), await openStage('evil')]
  tenant = await makeTenant(evil, 'mallory')
  // Older than the channel of the bank: by age alone its claims would come first.
  await made('early', { route: { type: 'None' }, gateway: { ...small.gateway, replicas: 0 } })
  crowd = await openCrowd(bank, { channel, users, clients: 40, spec: small })
  await askTopics(bank, ['--create', '--if-not-exists', '--topic', 'payments.ledger', '--partitions', '2'])
  await openProbe(evil, { name: 'broker', labels: { app: 'broker' }, serves: { program: floods, port: 9092 } })
  // By this name the class of the platform lets channels of the namespace have brokers of their own.
  await evil.apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kafka', namespace: evil.namespace },
    spec: { selector: { app: 'broker' }, ports: [{ port: 9092 }] },
  })
  witnesses = sinceNow(crowd)
  emitting = emitUntilStopped(crowd, users, { name: 'tenancy', seed: 7 })
  before = await possessions()
})
afterAll(async () => {
  emitting?.stop()
  crowd?.close()
  await Promise.all([bank?.leave(), evil?.leave()])
})
beforeEach(() => {
  bank.keepEvidence()
  evil.keepEvidence()
})

async function made(name: string, spec: Partial<RealtimeChannelSpec>, annotations?: Readonly<Record<string, string>>): Promise<void> {
  const { code, stderr } = await tenant.apply(
    testChannel(evil, { name, spec: { ...small, ...spec }, ...(annotations === undefined ? {} : { annotations }) }),
  )
  if (code !== 0) throw new Error(`the tenant may not apply ${name}: ${stderr}`)
}

/** State that the tenant must not change: specs and routes of the bank, topics of others, and the restarts of the operator. */
async function possessions(): Promise<unknown> {
  const specs = [
    'get',
    'realtimechannels,deployments,services,ingresses',
    '--output',
    'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.generation}{"\\n"}{end}',
  ]
  const restarts = [
    'get',
    'pods',
    '--namespace',
    namespaces.operator,
    '--output',
    'jsonpath={range .items[*]}{.metadata.uid} {.status.containerStatuses[*].restartCount}{"\\n"}{end}',
  ]
  const topics = await Promise.all(
    ['__consumer_offsets', 'payments.ledger', `${bank.namespace}.${channel}`].map((name) =>
      askTopics(bank, ['--describe', '--topic', name]),
    ),
  )
  return { bank: await bank.demand(specs), operator: await bank.demand(restarts), topics: topics.map((text) => text.split('\n')[0]) }
}

const readyOf = async (name: string): Promise<string> =>
  evil.demand([
    'get',
    `rtc/${name}`,
    '--output',
    'jsonpath={.status.conditions[?(@.type=="Ready")].reason}: {.status.conditions[?(@.type=="Ready")].message}',
  ])

interface Attack {
  readonly title: string
  readonly spec: () => Partial<RealtimeChannelSpec>
  readonly annotations?: Readonly<Record<string, string>>
  /** Condition Ready, as reason and message. */
  readonly says: RegExp
}

const adopt = { 'carillon.dev/adopt': 'true' }
const noRoute = { route: { type: 'None' } } as const
const destructive = {
  partitions: 60,
  config: { 'cleanup.policy': 'delete', 'retention.ms': '60000', 'max.message.bytes': '1000' },
  deletionPolicy: 'Delete',
} as const
const routeOf = (paths: { readonly socket: string; readonly api: string }, more: object = {}): Partial<RealtimeChannelSpec> => ({
  route: { type: 'Ingress', host: bank.platform.place.host, tls: {}, paths, ...more },
})

const attacks: readonly Attack[] = [
  {
    title: 'a topic that no channel has',
    spec: () => ({ ...noRoute, topic: { ...destructive, name: 'payments.ledger' } }),
    annotations: adopt,
    says: /^NotAllowedByClass: .*payments\.ledger/,
  },
  {
    title: 'the topic of another channel',
    spec: () => ({ ...noRoute, topic: { ...destructive, name: `${bank.namespace}.${channel}` } }),
    annotations: adopt,
    says: /^NotAllowedByClass: .*\.vault/,
  },
  {
    title: 'a path below that of another channel',
    spec: () => routeOf({ socket: `/wss/${channel}/v1/ws`, api: '/login' }),
    says: /^RouteClaimed: .*\/wss\/vault\/v1\/ws/,
  },
  {
    title: 'a host that its class does not allow',
    spec: () => routeOf({ socket: '/mine', api: '/my-api' }, { host: 'login.bank.example' }),
    says: /^NotAllowedByClass: spec\.route\.host is login\.bank\.example/,
  },
  {
    title: 'annotations that configure the ingress controller',
    spec: () => routeOf({ socket: '/mine', api: '/my-api' }, { annotations: { 'traefik.ingress.kubernetes.io/router.priority': '1000' } }),
    says: /^NotAllowedByClass: spec\.route\.annotations is traefik/,
  },
  { title: 'a path above that of another channel', spec: () => routeOf({ socket: '/wss', api: '/api' }), says: /^RouteClaimed: .*\/wss/ },
  {
    title: 'brokers that its class does not allow',
    spec: () => ({ ...noRoute, kafka: { bootstrapServers: ['169.254.169.254:80'] } }),
    says: /^NotAllowedByClass: spec\.kafka\.bootstrapServers is 169\.254\.169\.254:80/,
  },
  {
    title: 'a broker that announces 2 GiB',
    spec: () => ({ ...noRoute, kafka: { bootstrapServers: [`kafka.${evil.namespace}.svc:9092`] } }),
    says: /^KafkaUnreachable: /,
  },
]

it("a tenant's channel with the internal topic of the brokers is not even stored", async () => {
  await expect(made('internal', { ...noRoute, topic: { ...destructive, name: '__consumer_offsets' } }, adopt)).rejects.toThrow(
    'topics whose names begin with __ belong to Kafka itself',
  )
  expect(await possessions()).toEqual(before)
})

it.each(attacks)(
  'a tenant is refused $title, and the deletion of its channel leaves objects of other tenants alone',
  async ({ title, spec, annotations, says }) => {
    const name = `attack-${attacks.findIndex((attack) => attack.title === title)}`
    await made(name, spec(), annotations)
    await evil.reaches(`rtc/${name}`, 'condition=Ready=false')
    await expect.poll(() => readyOf(name), { interval: 1000 }).toMatch(says)
    expect(await evil.demand(['get', 'ingresses', '--output', 'name'])).toBe('')
    expect(await tenant.kubectl(['delete', `rtc/${name}`, '--wait', '--timeout=120s'])).toMatchObject({ code: 0 })
    expect(await possessions()).toEqual(before)
  },
)

it('a path stays with its channel when an older channel of a tenant asks for it later', async () => {
  await made('early', { ...routeOf({ socket: `/wss/${channel}`, api: `/api/${channel}` }), gateway: { ...small.gateway, replicas: 0 } })
  await expect.poll(() => readyOf('early'), { interval: 1000 }).toMatch(/^RouteClaimed: /)
  expect(await evil.demand(['get', 'ingresses', '--output', 'name'])).toBe('')
  expect(await possessions()).toEqual(before)
})

it('every client of the other team gets its events once, and no others', async () => {
  emitting.stop()
  const verdict = await settleAndCheck(crowd, 'tenancy: a tenant tries everything', { witnesses, ...(await emitting.emitted) })
  expect(verdict).toMatchObject({ ...flawless, delivered: verdict.expected })
  expect(await possessions()).toEqual(before)
})
