/**
 * The folders of the product and the arrows between them: what each one holds, and what its code may import.
 * dependency-cruiser refuses every other arrow (.dependency-cruiser.cjs). The table of docs/architecture.md is rendered from here.
 *
 * A file belongs to the row with the longest path that is the file or a folder above it. A row's code may import its own files and the
 * files of the rows that `imports` names. A row stands below the rows that it imports, unless the two are a folder and its parts.
 * One arrow points the other way: the runtime counts in metrics, and the probes look at the runtime.
 *
 * @typedef {{ readonly path: string, readonly holds: string, readonly imports: readonly string[] }} Folder
 */

const floor = ['program']
const core = [
  'gateway/audience',
  'gateway/event',
  'gateway/filter',
  'gateway/replay',
  'gateway/session',
  'gateway/emit',
  'gateway/auth',
  'gateway/revocation',
]
const request = ['gateway/request']
const seen = ['gateway/config', 'gateway/observability']
const kafka = 'gateway/adapters/kafka'
const reconcile = 'operator/reconcile'
const ground = [...floor, 'api', 'cdk8s', 'gateway/config', 'operator/config', 'operator/runtime']
const stages = ['children', 'topic', 'route', 'class', 'watch', 'observe', 'plan', 'preview', 'apply', 'status'].map(
  (stage) => `${reconcile}/${stage}`,
)

/** @type {readonly Folder[]} */
const folders = [
  { path: 'program', holds: 'what both programs are made of: options, log, metrics, signals, clocks, waits', imports: [] },
  { path: 'gateway/config', holds: "the gateway's option table, its rules, and all that follows from it", imports: floor },
  {
    path: 'api',
    holds: 'the resources: schema, types, CRDs, names, labels, quantities, and the reader of the schema',
    imports: [...floor, 'gateway/config'],
  },
  { path: 'client', holds: "the browser's SDK, without dependencies", imports: [] },
  { path: 'react', holds: 'provider and hooks for React, over the client', imports: ['client'] },
  { path: 'cli', holds: 'the command `carillon`: listen, emit, revoke, token, doctor, conformance', imports: [...floor, 'client'] },

  { path: 'gateway/audience', holds: 'pure: who may see an event', imports: floor },
  {
    path: 'gateway/request',
    holds: 'what every transport reads of a request: target, Host, id, trace context; the table of problems (RFC 9457)',
    imports: floor,
  },
  { path: 'gateway/filter', holds: 'pure: filters of sessions, CloudEvents SQL', imports: floor },
  { path: 'gateway/event', holds: 'pure: decode, check and encode events', imports: [...floor, ...request, 'gateway/audience'] },
  {
    path: 'gateway/replay',
    holds: 'the replay log, cursors, indexes, frames, suppression of duplicates; the port `RecordSource`',
    imports: [...floor, 'gateway/audience', 'gateway/event'],
  },
  {
    path: 'gateway/session',
    holds: 'one connection: session, reader, control events, close codes; the ports `Socket` and `Admission`',
    imports: [...floor, ...request, 'gateway/audience', 'gateway/filter', 'gateway/replay'],
  },
  {
    path: 'gateway/observability',
    holds: "the gateway's table of metrics, traces, health",
    imports: [...floor, ...request, 'gateway/config', 'gateway/event', 'gateway/filter', 'gateway/replay', 'gateway/session'],
  },
  {
    path: 'gateway/auth',
    holds: 'tokens in requests, claims, origins; the port `Authenticator`',
    imports: [...floor, ...request, ...seen, 'gateway/audience'],
  },
  {
    path: 'gateway/emit',
    holds: 'who may emit, rates, publishing; the port `EventPublisher`',
    imports: [...floor, ...request, ...seen, 'gateway/audience', 'gateway/auth', 'gateway/event'],
  },
  {
    path: 'gateway/revocation',
    holds: 'revoked tokens: the table, the records of the control topic, the check of tokens',
    imports: [...floor, ...request, ...seen, 'gateway/audience', 'gateway/auth', 'gateway/emit', 'gateway/event', 'gateway/replay'],
  },
  {
    path: 'gateway/channel',
    holds: 'all connections: admission, hub, fan-out, upkeep, drain, ingest',
    imports: [...floor, ...request, ...seen, ...core],
  },
  {
    path: 'gateway/inbound',
    holds: 'what clients send on their connections: frames, commands, answers',
    imports: [
      ...floor,
      ...request,
      ...seen,
      'gateway/audience',
      'gateway/auth',
      'gateway/emit',
      'gateway/event',
      'gateway/filter',
      'gateway/session',
    ],
  },
  {
    path: 'gateway/upstream',
    holds: 'what becomes of an event that a client sends: rules, duplicates, writing; the port `CompileSchema`',
    imports: [
      ...floor,
      ...request,
      ...seen,
      'gateway/audience',
      'gateway/emit',
      'gateway/event',
      'gateway/filter',
      'gateway/inbound',
      'gateway/session',
    ],
  },
  { path: 'gateway/console', holds: 'the page `/console`', imports: ['client', 'gateway/audience', 'gateway/config'] },

  ...['memory', 'ws', 'http', 'jose'].map((name) => ({
    path: `gateway/adapters/${name}`,
    holds: {
      memory: 'a replay log without Kafka',
      ws: 'WebSocket, by ws',
      http: 'HTTP and event streams, by fastify',
      jose: 'tokens and keys, by jose',
    }[name],
    imports: [...floor, ...request, ...seen, ...core],
  })),
  { path: 'gateway/adapters/ajv', holds: 'schemas of data, by ajv', imports: [...floor, 'gateway/config', 'gateway/upstream'] },
  {
    path: kafka,
    holds: 'the log of events on Kafka; one client with TLS, SASL and errors',
    imports: [
      ...floor,
      ...seen,
      ...core,
      `${kafka}/consume`,
      `${kafka}/publish`,
      `${kafka}/dead-letters`,
      `${kafka}/records`,
      `${kafka}/wire`,
    ],
  },
  { path: `${kafka}/wire`, holds: 'requests and connections', imports: [...floor, kafka] },
  { path: `${kafka}/records`, holds: 'batches and codecs', imports: [...floor, 'gateway/event', `${kafka}/wire`] },
  {
    path: `${kafka}/consume`,
    holds: 'one fetch loop per leader',
    imports: [...floor, ...seen, 'gateway/event', 'gateway/replay', kafka, `${kafka}/wire`, `${kafka}/records`],
  },
  {
    path: `${kafka}/publish`,
    holds: 'one queue per leader',
    imports: [...floor, ...seen, 'gateway/emit', 'gateway/event', kafka, `${kafka}/wire`, `${kafka}/records`],
  },
  {
    path: `${kafka}/dead-letters`,
    holds: 'copies of records that cannot be decoded',
    imports: [
      ...floor,
      ...seen,
      'gateway/emit',
      'gateway/event',
      'gateway/replay',
      kafka,
      `${kafka}/wire`,
      `${kafka}/records`,
      `${kafka}/consume`,
    ],
  },
  {
    path: 'gateway',
    holds: 'the composition: `gateway.ts` of any adapters, `adapters.ts` of the real ones, `main.ts` the process',
    imports: [
      ...floor,
      ...request,
      ...seen,
      ...core,
      'gateway/channel',
      'gateway/inbound',
      'gateway/upstream',
      'gateway/console',
      kafka,
      'gateway/adapters/memory',
      'gateway/adapters/ws',
      'gateway/adapters/http',
      'gateway/adapters/jose',
      'gateway/adapters/ajv',
    ],
  },

  { path: 'cdk8s', holds: 'the objects of a channel (`operands`), the constructs for users, an example app', imports: [...floor, 'api'] },
  { path: 'operator/config', holds: "the operator's option table", imports: [...floor, 'gateway/config', 'api'] },
  {
    path: 'operator/runtime',
    holds: 'watch, queue, controller, leader election, Events; the ports `KubernetesApi` and `Watcher`',
    imports: [...floor, 'api', 'operator/observability'],
  },
  {
    path: 'operator/observability',
    holds: "the operator's table of metrics, probes, internal port",
    imports: [...floor, 'operator/runtime'],
  },
  {
    path: reconcile,
    holds:
      'one pass over a channel; `world.ts`, `settings.ts` and `plan-types.ts` are below its stages, `reconciler.ts` and `dry-run.ts` above',
    imports: [...ground, ...stages],
  },
  {
    path: `${reconcile}/children`,
    holds: 'what belongs to a channel: owners, owned fields, the running gateway',
    imports: [...ground, reconcile],
  },
  {
    path: `${reconcile}/topic`,
    holds: 'topics: names, claims, records, rules; the port `TopicAdmin`',
    imports: [...ground, reconcile, `${reconcile}/children`],
  },
  { path: `${reconcile}/route`, holds: 'routes: places, claims, records', imports: [...ground, reconcile] },
  { path: `${reconcile}/class`, holds: 'pure: the defaults and bounds of a class', imports: [...ground, reconcile, `${reconcile}/topic`] },
  {
    path: `${reconcile}/watch`,
    holds: 'news of channels, children, classes and routes; echoes of own writes; claims',
    imports: [...ground, reconcile, ...['topic', 'route', 'class'].map((stage) => `${reconcile}/${stage}`)],
  },
  {
    path: `${reconcile}/observe`,
    holds: 'reads the world: children, topic, route, pods, connection',
    imports: [...ground, reconcile, ...['children', 'topic', 'route', 'class', 'watch'].map((stage) => `${reconcile}/${stage}`)],
  },
  {
    path: `${reconcile}/plan`,
    holds: 'pure: world and settings to actions and refusals',
    imports: [...ground, reconcile, ...['children', 'topic', 'route'].map((stage) => `${reconcile}/${stage}`)],
  },
  {
    path: `${reconcile}/preview`,
    holds: 'what a plan would change, as an Event',
    imports: [...ground, reconcile, ...['topic', 'class', 'watch', 'plan'].map((stage) => `${reconcile}/${stage}`)],
  },
  {
    path: `${reconcile}/apply`,
    holds: 'carries actions out',
    imports: [...ground, reconcile, ...['topic', 'watch'].map((stage) => `${reconcile}/${stage}`)],
  },
  {
    path: `${reconcile}/status`,
    holds: 'pure: world, plan and outcomes to conditions',
    imports: [...ground, reconcile, ...['children', 'topic', 'route', 'class'].map((stage) => `${reconcile}/${stage}`)],
  },
  { path: 'operator/adapters/kubernetes', holds: 'the API server, by client-node', imports: [...floor, 'api', 'operator/runtime'] },
  {
    path: 'operator/adapters/kafka',
    holds: "topics, by the gateway's Kafka client; the port `TopicAdmin`",
    imports: [...floor, kafka, `${kafka}/wire`, 'operator/config', 'operator/reconcile/topic'],
  },
  {
    path: 'cli/kubectl',
    holds: 'the kubectl plugin: channels, status, plan',
    imports: [...floor, 'api', 'cli', 'operator/runtime', reconcile, `${reconcile}/preview`, 'operator/adapters/kubernetes'],
  },
  {
    path: 'operator',
    holds: 'the composition: `operator.ts` of any adapters, `adapters.ts` of the real ones, what it is started for, permissions',
    imports: [
      ...floor,
      'api',
      'cdk8s',
      'operator/config',
      'operator/runtime',
      'operator/observability',
      'operator/reconcile',
      ...stages,
      'operator/adapters/kubernetes',
      'operator/adapters/kafka',
    ],
  },
]

/** The top-level folders that the table is about. Tools (bench, e2e, interop, scripts, testing) use them; no product code uses a tool. */
const products = ['program', 'api', 'gateway', 'operator', 'cdk8s', 'client', 'react', 'cli']

/** Names for rows that are often imported together, for the table in the docs. */
const groups = { 'the core': core, 'the ground': ground, 'the stages': stages }

module.exports = { folders, products, groups }
