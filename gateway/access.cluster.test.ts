import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { scramPassword, type SecureBroker, startSecureBroker, withAuthorizer } from './adapters/kafka/testing/secure-broker.ts'
import { type AccessRights, allRights, createAccessRights, type Named, resourceOf, type Right } from './testing/failover/access-rights.ts'
import { createClusterAdmin } from './testing/failover/cluster-admin.ts'
import { endWithTest, type Pod, startPod } from './testing/failover/pod.ts'
import { startPoison } from './testing/failover/poison.ts'
import { createAuthority } from '../testing/certificates.ts'
import { findQuietPortPair } from '../testing/free-ports.ts'
import { type GatewayProcess, spawnGateway } from '../testing/processes/gateway-process.ts'
import { startTcpProxy, type TcpProxy } from '../testing/tcp-proxy.ts'
import { openSocket } from './testing/test-socket.ts'

/** A gateway whose Kafka user has exactly the rights of docs/kafka.md, "Access". Its log lines when a right is missing, or the broker unreachable. */

let broker: SecureBroker
let rights: AccessRights
let silent: TcpProxy
const processes: { kill(): Promise<void> }[] = []

beforeAll(async () => {
  silent = await startTcpProxy(null)
  broker = await startSecureBroker(withAuthorizer)
  rights = createAccessRights([broker.plaintext], broker.user.name)
})

afterEach(async () => {
  await Promise.all(processes.splice(0).map((child) => child.kill()))
})

afterAll(async () => {
  await broker?.stop()
  await silent?.close()
})

const saslOverTls = (): Readonly<Record<string, string>> => ({
  KAFKA_BROKERS: broker.saslTls,
  KAFKA_TLS: 'true',
  KAFKA_TLS_CA_FILE: broker.caFile,
  KAFKA_SASL_MECHANISM: 'scram-sha-512',
  KAFKA_SASL_USERNAME: broker.user.name,
  KAFKA_SASL_PASSWORD: scramPassword,
})

const asUser = ({ clientId, topic }: Named): Readonly<Record<string, string>> => ({
  ...saslOverTls(),
  KAFKA_CLIENT_ID: clientId,
  KAFKA_TOPIC: topic,
})

/** A topic and its dead letters' topic, with two poison records in it. */
async function newTopic(name: string): Promise<Named> {
  const named = { clientId: `client-${name}`, topic: `topic-${name}` }
  const admin = createClusterAdmin([broker.plaintext])
  await admin.createTopic(named.topic, [[1], [1]])
  await admin.createTopic(`${named.topic}.dlq`, [[1], [1]])
  await writePoison(named)
  return named
}

async function writePoison({ topic }: Named): Promise<void> {
  const before = await countOf(topic)
  const poison = await startPoison({ brokers: [broker.plaintext], topic, partitions: 2, rate: 20 })
  await vi.waitFor(async () => expect(await countOf(topic)).toBeGreaterThan(before))
  await poison.stop()
}

const countOf = async (topic: string): Promise<number> =>
  (await createClusterAdmin([broker.plaintext]).ends(topic)).reduce((sum, end) => sum + end, 0)

const copiedIn = ({ topic }: Named): Promise<number> => countOf(`${topic}.dlq`)

async function newPod(named: Named): Promise<Pod> {
  const pod = await startPod(named.clientId, asUser(named))
  processes.push(pod)
  return pod
}

interface Spawned {
  readonly process: GatewayProcess
  /** Resolves when it has come so far that it answers probes, or has ended: a busy machine takes its time to load a program. */
  readonly begun: Promise<unknown>
}

async function spawn(env: Readonly<Record<string, string>>): Promise<Spawned> {
  const port = await findQuietPortPair()
  const child = spawnGateway({ env: { PORT: String(port), INTERNAL_PORT: String(port + 1), KAFKA_CREATE_TOPIC: 'off', ...env } })
  endWithTest(child.pid)
  processes.push(child)
  const answers = vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${port + 1}/livez`)).status).toBeGreaterThan(0), {
    timeout: 30_000,
  })
  answers.catch(() => undefined) // it may end before it answers
  return { process: child, begun: Promise.race([answers, child.exited]) }
}

/** Lines at warn or above, and the text on stderr. */
function complaints(child: GatewayProcess): readonly string[] {
  const lines = child.lines.filter(({ level }) => ['warn', 'error', 'fatal'].includes(String(level))).map((line) => JSON.stringify(line))
  return [...lines, ...child.stderr.split('\n').filter((line) => line !== '')]
}

/** One line names all of it, within ten seconds, and there is no flood of lines. */
async function expectComplaint(
  { process: child, begun }: Spawned | (Pod & { readonly begun?: undefined }),
  ...words: readonly (string | RegExp)[]
): Promise<void> {
  const named = (line: string): boolean => words.every((word) => (typeof word === 'string' ? line.includes(word) : word.test(line)))
  await begun
  await vi.waitFor(
    () => expect(complaints(child), `one line names ${words.join(' and ')}`).toSatisfy((lines: readonly string[]) => lines.some(named)),
    { timeout: 10_000 },
  )
  expect(complaints(child).length).toBeLessThan(10)
}

const emit = (pod: Pod, id: string): Promise<Response> =>
  fetch(`${pod.url}/api/chrome-service/v1/emit-message`, { method: 'POST', body: JSON.stringify({ id, type: 't', broadcast: true }) })

const operationOf = (right: Right): RegExp => (right.endsWith('Read') ? /\bread\b/i : /\bwrite\b/i)

describe('at the start', () => {
  it('with exactly the documented rights a pod reads, takes emits and copies dead letters', async () => {
    const named = await newTopic('all')
    await rights.grant(named)
    const pod = await newPod(named)
    await pod.untilReady(20_000)
    const socket = await openSocket(pod.socketUrl, { token: await pod.token('ann'), cursor: 'latest' })
    expect((await emit(pod, 'hello')).status).toBe(202)
    await socket.untilReceived('hello')
    socket.terminate()
    await vi.waitFor(async () => expect(await copiedIn(named)).toBeGreaterThan(0), { timeout: 20_000 })
    // The undecodable record is part of the test, and not a problem of access.
    expect(complaints(pod.process).filter((line) => !line.includes('record undecodable'))).toEqual([])
  })

  it.each(allRights.filter((right) => right !== 'topic Write'))(
    'a missing right (%s) is named in one line within ten seconds',
    async (right) => {
      const named = await newTopic(right.replaceAll(' ', '-'))
      await rights.grant(named, right)
      await expectComplaint(await spawn(asUser(named)), resourceOf(right, named), operationOf(right))
    },
  )

  it('a missing right to write to the topic is named in one line, and the emit is refused for it', async () => {
    const named = await newTopic('write')
    await rights.grant(named, 'topic Write')
    const pod = await newPod(named)
    await pod.untilReady(20_000)
    const answer = await emit(pod, 'refused')
    expect([answer.status >= 500, await answer.text()]).toEqual([true, expect.not.stringContaining('may be in it')])
    await expectComplaint(pod, named.topic, /\bwrite\b/i)
  })
})

describe('while it runs', () => {
  it('a pod without the right to write refuses emits as the broker does, and takes them when the right is back', async () => {
    const named = await newTopic('running-write')
    await rights.grant(named)
    const pod = await newPod(named)
    await pod.untilReady(20_000)
    await rights.take('topic Write', named)
    const refused = await vi.waitFor(
      async () => {
        const answer = await emit(pod, 'try')
        expect(answer.status).not.toBe(202)
        return answer.text()
      },
      { timeout: 10_000 },
    )
    expect(refused).not.toContain('may be in it')
    expect((await pod.readyz()).status).toBe(200)
    await rights.give('topic Write', named)
    await vi.waitFor(async () => expect((await emit(pod, 'try')).status).toBe(202), { timeout: 15_000 })
  })

  it('a pod without the right to read delivers what came while it was away, once and without a gap', async () => {
    const named = await newTopic('running-read')
    await rights.grant(named)
    const pod = await newPod(named)
    await pod.untilReady(20_000)
    const socket = await openSocket(pod.socketUrl, { token: await pod.token('ann'), cursor: 'latest' })
    await socket.untilReceived('!resumed')
    await rights.take('topic Read', named)
    await expectComplaint(pod, named.topic, /\bread\b/i)
    expect((await emit(pod, 'unreadable')).status).toBe(202)
    await rights.give('topic Read', named)
    await vi.waitFor(() => expect(socket.ids).toContain('unreadable'), { timeout: 15_000 })
    socket.terminate()
    expect(socket.ids.filter((what) => what !== '!bookmark')).toEqual(['!resumed', 'unreadable'])
  })

  it.each(['dead letter topic Write', 'group Read', 'transactional id Write'] as const)(
    'a pod without %s goes on delivering, says so, and copies dead letters when the right is back',
    async (right) => {
      const named = await newTopic(`running-${right.replaceAll(' ', '-')}`)
      await rights.grant(named)
      const pod = await newPod(named)
      await pod.untilReady(20_000)
      await vi.waitFor(async () => expect(await copiedIn(named)).toBeGreaterThan(0), { timeout: 20_000 })
      await rights.take(right, named)
      const before = await copiedIn(named)
      await writePoison(named)
      await expectComplaint(pod, resourceOf(right, named))
      const socket = await openSocket(pod.socketUrl, { token: await pod.token('ann'), cursor: 'latest' })
      expect((await emit(pod, 'hello')).status).toBe(202)
      await socket.untilReceived('hello')
      socket.terminate()
      await rights.give(right, named)
      await vi.waitFor(async () => expect(await copiedIn(named)).toBeGreaterThan(before), { timeout: 45_000 })
    },
  )
})

describe('a broker that cannot be reached is named in one line within ten seconds', () => {
  const file = (name: string): string => join(broker.directory, name)

  it('when its certificate is of an authority that the gateway was not given', async () => {
    writeFileSync(file('other.pem'), (await createAuthority('Other CA', { now: new Date(), days: 2 })).certificate)
    await expectComplaint(await spawn({ ...saslOverTls(), KAFKA_TLS_CA_FILE: file('other.pem') }), broker.saslTls, /certificate/)
  })

  it('when the file of authorities is not PEM', async () => {
    writeFileSync(file('garbage.pem'), 'this is no certificate\n')
    await expectComplaint(await spawn({ ...saslOverTls(), KAFKA_TLS_CA_FILE: file('garbage.pem') }), 'KAFKA_TLS_CA_FILE', /PEM/)
  })

  it('when the certificate and the key of the gateway do not fit', async () => {
    const env = {
      ...saslOverTls(),
      KAFKA_BROKERS: broker.mutualTls,
      KAFKA_SASL_MECHANISM: 'none',
      KAFKA_TLS_CERT_FILE: broker.certFile,
      KAFKA_TLS_KEY_FILE: file('server.key'),
    }
    await expectComplaint(await spawn({ ...env, KAFKA_SASL_USERNAME: '', KAFKA_SASL_PASSWORD: '' }), 'KAFKA_TLS_KEY_FILE')
  })

  it('when its port takes connections and is silent', async () => {
    await expectComplaint(await spawn({ KAFKA_BROKERS: `127.0.0.1:${silent.port}` }), `127.0.0.1:${silent.port}`)
  })

  it('when its port is silent where TLS is spoken', async () => {
    await expectComplaint(await spawn({ ...saslOverTls(), KAFKA_BROKERS: `127.0.0.1:${silent.port}` }), `127.0.0.1:${silent.port}`)
  })
})
